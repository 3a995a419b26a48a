"""Long work elsewhere: found again, joined, watched, cancelled, bounded, and never the end of the server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from cxlib.errors import CxError
from cxlib.runner import Job, Limits, Runner, forget
from cxlib.texts import speaking

WAIT_S = 60


def refused(job: Job) -> CxError:
    with pytest.raises(CxError) as caught:
        job.result()
    return caught.value


def left(root: Path) -> list[str]:
    """What is there of jobs that are not done."""
    return [path.name for path in (root / "running").iterdir()]


def pid_of(job: Job) -> int:
    until = time.monotonic() + WAIT_S
    while not job.said.startswith("step") and time.monotonic() < until:
        time.sleep(0.02)
    return int(job.said.split()[-1])


def gone(pid: int) -> bool:
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state in "ZX":
            return True
        time.sleep(0.02)
    return False


def test_a_result_is_computed_once_and_found_again(runner: Any, another: Any, tmp_path: Path) -> None:
    asked = {"log": str(tmp_path / "log"), "text": "名 'a'\nb"}
    job = runner.start("jobs_to_try:noted", asked)
    assert job.result() == {"called": "名 'a'\nb"}
    assert (job.folder / "wrote.txt").read_text("utf-8") == "名 'a'\nb"
    assert (job.state, job.share) == ("done", 1.0)
    again = runner.start("jobs_to_try:noted", asked)
    assert again.state == "done"
    assert again.result() == job.result()
    assert again.folder == job.folder
    assert another().start("jobs_to_try:noted", asked).state == "done"
    assert len((tmp_path / "log").read_text("utf-8").splitlines()) == 1
    runner.start("jobs_to_try:noted", {**asked, "text": "other"}).result()
    assert len((tmp_path / "log").read_text("utf-8").splitlines()) == 2


def test_what_is_kept_is_told_and_nothing_is_begun(runner: Any, tmp_path: Path) -> None:
    asked = {"log": str(tmp_path / "log"), "text": "x"}
    assert runner.kept("jobs_to_try:noted", asked) is None
    assert runner.jobs() == []
    runner.start("jobs_to_try:noted", asked).result()
    assert runner.kept("jobs_to_try:noted", asked).result() == {"called": "x"}
    assert len((tmp_path / "log").read_text("utf-8").splitlines()) == 1


def test_work_ahead_stands_back_and_keeps_nobody_waiting(runner: Any, tmp_path: Path) -> None:
    def asked(text: str) -> dict[str, Any]:
        return {"log": str(tmp_path / "log"), "text": text, "wait_s": 0.5}

    early = [runner.start("jobs_to_try:noted", asked(f"early {i}"), ahead=True) for i in range(3)]
    now = runner.start("jobs_to_try:noted", asked("now"))
    assert now.wait(WAIT_S)
    assert sum(job.over for job in early) <= 1  # the other ones did not get in before it
    assert runner.start("jobs_to_try:noted", asked("early 2")) is early[2]  # somebody waits for it from now on
    assert early[2].wait(WAIT_S)
    assert early[1].wait(WAIT_S)


def test_no_two_run_ahead_at_once(runner: Any) -> None:
    early = [runner.start("jobs_to_try:slow", {"tenths": 5 + i}, ahead=True) for i in range(3)]
    together = 0
    while not all(job.over for job in early):
        together = max(together, sum(job.state == "running" for job in early))
        time.sleep(0.02)
    assert together == 1


def test_those_who_ask_meanwhile_join(runner: Any, another: Any, tmp_path: Path) -> None:
    asked = {"log": str(tmp_path / "log"), "wait_s": 1.0, "text": "x"}
    first = runner.start("jobs_to_try:noted", asked)
    assert runner.start("jobs_to_try:noted", asked) is first
    elsewhere = another().start("jobs_to_try:noted", asked)
    assert elsewhere is not first
    assert elsewhere.result() == first.result() == {"called": "x"}
    assert elsewhere.folder == first.folder
    assert len((tmp_path / "log").read_text("utf-8").splitlines()) == 1


def test_a_result_that_is_not_whole_is_computed_again(runner: Any, tmp_path: Path) -> None:
    asked = {"log": str(tmp_path / "log"), "text": "x"}
    job = runner.start("jobs_to_try:noted", asked)
    job.result()
    (job.folder / "wrote.txt").write_bytes(b"")
    assert runner.start("jobs_to_try:noted", asked).result() == {"called": "x"}
    assert (job.folder / "wrote.txt").read_bytes() == b"x"
    assert len((tmp_path / "log").read_text("utf-8").splitlines()) == 2


def test_nothing_stays_of_what_is_not_to_be_kept(runner: Any, root: Path, tmp_path: Path) -> None:
    asked = {"log": str(tmp_path / "log"), "text": "x"}
    for _ in range(2):
        assert runner.start("jobs_to_try:noted", asked, keep=False).result() == {"called": "x"}
    assert len((tmp_path / "log").read_text("utf-8").splitlines()) == 2
    assert list((root / "done").iterdir()) == left(root) == []


def test_progress_is_told(runner: Any) -> None:
    job = runner.start("jobs_to_try:slow", {})
    seen = set()
    until = time.monotonic() + WAIT_S
    while len(seen) < 3 and time.monotonic() < until:
        seen.add(job.share)
        job.wait(0.05)
    assert len(seen) >= 3
    assert job.state == "running"
    assert job.seconds > 0
    job.cancel()


def test_cancelling_leaves_no_process_and_no_file(runner: Any, root: Path) -> None:
    job = runner.start("jobs_to_try:slow", {})
    pid = pid_of(job)
    assert not gone(pid) or pytest.fail("it never ran")
    job.cancel()
    assert job.wait(5)
    assert job.state == "cancelled"
    assert refused(job).code == "cancelled"
    assert gone(pid)
    assert left(root) == []
    assert list((root / "locks").iterdir()) == []
    assert list((root / "done").iterdir()) == []


def test_two_at_once_and_the_others_in_order(runner: Any) -> None:
    jobs = [runner.start("jobs_to_try:slow", {"n": i}) for i in range(4)]
    pid_of(jobs[0])
    pid_of(jobs[1])
    assert [job.state for job in jobs] == ["running", "running", "waiting", "waiting"]
    assert runner.jobs() == jobs
    jobs[2].cancel()
    assert jobs[2].state == "cancelled"
    jobs[0].cancel()
    pid_of(jobs[3])
    assert jobs[3].state == "running"


@pytest.mark.parametrize(
    ("task", "parameters", "code"),
    [
        ("segfault", {}, "reader_crashed"),
        ("leave", {"code": 0}, "reader_crashed"),
        ("leave", {"code": 3}, "reader_crashed"),
        ("killed", {}, "reader_crashed"),
        ("mistake", {}, "reader_crashed"),
        ("no_memory", {}, "out_of_memory"),
    ],
)
def test_a_child_that_dies_is_an_error_and_no_more(
    runner: Any, root: Path, task: str, parameters: dict[str, Any], code: str
) -> None:
    job = runner.start(f"jobs_to_try:{task}", parameters)
    error = refused(job)
    assert error.code == code
    assert error.said
    assert error.hint
    assert "{" not in str(error)
    assert job.state == "failed"
    assert left(root) == []
    assert runner.start("jobs_to_try:chatter", {"after": task}).result()["flags"] == 1


def test_a_child_that_is_killed_from_outside(runner: Any) -> None:
    job = runner.start("jobs_to_try:slow", {})
    os.kill(pid_of(job), signal.SIGSEGV)
    assert refused(job).code == "reader_crashed"


@pytest.mark.parametrize(
    ("task", "limits", "code"),
    [
        ("eat", Limits(memory_bytes=300 << 20), "out_of_memory"),
        ("slow", Limits(wall_s=1), "took_too_long"),
        ("spin", Limits(cpu_s=1), "took_too_long"),
        ("fill", Limits(file_bytes=1 << 20), "disk_full"),
    ],
)
def test_limits_hold(runner: Any, root: Path, task: str, limits: Limits, code: str) -> None:
    began = time.monotonic()
    assert refused(runner.start(f"jobs_to_try:{task}", {}, limits=limits)).code == code
    assert time.monotonic() - began < 30
    assert left(root) == []


def test_a_refusal_arrives_as_it_was_said_and_is_tried_again(runner: Any) -> None:
    job = runner.start("jobs_to_try:refuse", {})
    error = refused(job)
    assert (error.code, error.row, error.value, error.values["more"]) == ("refused", 7, "plan", ["a", 1])
    assert str(error) == "No plan in row 7. Bring plan."
    assert runner.start("jobs_to_try:refuse", {}) is not job


def test_errors_speak_the_reader_s_language(runner: Any) -> None:
    error = refused(runner.start("jobs_to_try:leave", {"code": 1}))
    with speaking("en"):
        assert "unexpectedly" in error.said


def test_what_a_task_prints_disturbs_nothing(runner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    told = runner.start("jobs_to_try:chatter", {}).result()
    assert told["flags"] == 1
    assert told["cwd"] == "/"
    assert "/nowhere" not in told["path"]


@pytest.mark.parametrize("task", ["os:system", "cxlib.runner.child:_answer", "cxlib", "cxlib.x:y; z", "subprocess:run"])
def test_only_tasks_of_the_product_are_taken(tmp_path: Path, task: str) -> None:
    with Runner(tmp_path) as plain, pytest.raises(ValueError, match="no task"):
        plain.start(task, {})


def test_deleting_a_data_set_removes_its_results(runner: Any, root: Path, tmp_path: Path) -> None:
    jobs = {
        name: runner.start("jobs_to_try:noted", {"log": str(tmp_path / "log"), "dataset": name})
        for name in ("a", "b", None)
    }
    for job in jobs.values():
        job.result()
    forget(root, "a")
    assert [name for name, job in jobs.items() if job.folder.exists()] == ["b"]
    forget(root)
    assert not jobs["b"].folder.exists()


def test_what_nobody_asked_for_in_a_long_time_goes_first(another: Any, tmp_path: Path) -> None:
    small = another(kept_bytes=5000)
    jobs = []
    for i in range(4):
        job = small.start("jobs_to_try:noted", {"log": str(tmp_path / "log"), "text": f"{i}" * 1000})
        job.result()
        jobs.append(job)
        os.utime(job.folder / "about.json", (time.time() - 7200 + i, time.time() - 7200 + i))
    assert [job.folder.exists() for job in jobs] == [False, False, True, True]
    recent = small.start("jobs_to_try:noted", {"log": str(tmp_path / "log"), "text": "2" * 1000})
    assert recent.state == "done"
    small.start("jobs_to_try:noted", {"log": str(tmp_path / "log"), "text": "5" * 1000}).result()
    assert [job.folder.exists() for job in jobs] == [False, False, True, False]


def test_a_start_removes_what_a_dead_server_left_and_nothing_of_a_living_one(root: Path, another: Any) -> None:
    living = another()
    job = living.start("jobs_to_try:slow", {})
    pid_of(job)
    held = set(left(root))
    (root / "running" / "abc.left").mkdir()
    (root / "running" / "abc.left" / "file").write_bytes(b"x")
    another()
    assert set(left(root)) == held
    assert job.state == "running"


def test_two_processes_on_one_root_compute_once(root: Path, runner: Any, tmp_path: Path) -> None:
    asked = {"log": str(tmp_path / "log"), "wait_s": 1.5, "text": "x"}
    script = (
        "import json, sys; sys.path[:0] = json.loads(sys.argv[1])\n"
        "from pathlib import Path; from conftest import TriedRunner\n"
        "with TriedRunner(Path(sys.argv[2])) as runner:\n"
        "    print(json.dumps(runner.start('jobs_to_try:noted', json.loads(sys.argv[3])).result()))\n"
    )
    paths = [str(Path(__file__).parent), str(Runner.paths[0])]
    with subprocess.Popen(
        [sys.executable, "-c", script, json.dumps(paths), str(root), json.dumps(asked)],
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        job = runner.start("jobs_to_try:noted", asked)
        assert job.result() == {"called": "x"}
        said, _ = other.communicate(timeout=WAIT_S)
    assert json.loads(said) == {"called": "x"}
    assert len((tmp_path / "log").read_text("utf-8").splitlines()) == 1


def test_children_go_with_their_server(root: Path) -> None:
    script = (
        "import json, os, sys, time; sys.path[:0] = json.loads(sys.argv[1])\n"
        "from pathlib import Path; from conftest import TriedRunner\n"
        "runner = TriedRunner(Path(sys.argv[2]), imports=['json'])\n"
        "job = runner.start('jobs_to_try:slow', {})\n"
        "while not job.said.startswith('step'): time.sleep(.02)\n"
        "assert runner.ready(30)\n"
        "print(job.said.split()[-1], runner._spare.pid, flush=True); time.sleep(60)\n"
    )
    paths = [str(Path(__file__).parent), str(Runner.paths[0])]
    with subprocess.Popen(
        [sys.executable, "-c", script, json.dumps(paths), str(root)], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        pids = [int(each) for each in server.stdout.readline().split()]
        server.kill()
        server.communicate()
    assert len(pids) == 2
    assert all(gone(pid) for pid in pids)


def test_a_spare_child_takes_the_next_job(another: Any, tmp_path: Path) -> None:
    runner = another(imports=["pandas"])
    assert runner.ready(timeout_s=WAIT_S)
    spare = runner._spare.pid
    runner.start("jobs_to_try:noted", {"log": str(tmp_path / "log")}).result()
    assert (tmp_path / "log").read_text("utf-8").split() == [str(spare)]
    assert runner.ready(timeout_s=WAIT_S)
    assert runner._spare.pid != spare


def test_a_spare_child_that_died_is_replaced(another: Any, tmp_path: Path) -> None:
    runner = another(imports=["json"])
    assert runner.ready(timeout_s=WAIT_S)
    os.kill(runner._spare.pid, signal.SIGKILL)
    assert gone(runner._spare.pid)
    assert runner.start("jobs_to_try:noted", {"log": str(tmp_path / "log")}).result() == {"called": ""}
