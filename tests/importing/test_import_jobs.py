"""Reading, preparing and committing files in child processes: what the server learns of them, and what is kept."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import time
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from cxlib.errors import CxError
from cxlib.importing import (
    FileDigest,
    PrepareDigest,
    inbox,
    inbox_path,
    listed,
    source_of,
    spool,
    start_commit,
    start_prepare,
    start_read,
    tidy_spool,
    unspool,
)
from cxlib.runner import Job, Runner
from cxlib.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLANS = b"plan_id,monthly_fee,included_minutes,overage_price_minutes\nS,10,100,0.10\nL,30,1000,0.10\n"
USAGE = b"customer_id,month,plan_id,minutes\n007,2026-01,S,400\n007,2026-02,S,401\n008,2026-13,L,5\n008,2026-01,XXL,6\n"


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    with Runner(tmp_path_factory.mktemp("server") / "work", imports=("cxlib.importing.tasks",)) as found:
        yield found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store") as found:
        yield found


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def read(runner: Runner, path: Path, **options: Any) -> tuple[Any, FileDigest]:
    source = source_of(path)
    job = start_read(runner, source, **options)
    job.result()
    return source, FileDigest.open(job.folder)


def refused(job: Job) -> CxError:
    with pytest.raises(CxError) as caught:
        job.result()
    return caught.value


def test_from_files_to_a_data_set_and_from_there_on(runner: Runner, store: Store, tmp_path: Path) -> None:
    usage = read(runner, written(tmp_path, "usage.csv", USAGE), store=store)
    plans = read(runner, written(tmp_path, "plans.csv", PLANS), store=store)
    digest = usage[1]
    assert (digest.name, digest.size_bytes, digest.encoding, digest.kind) == ("usage.csv", len(USAGE), "utf-8", "text")
    assert (digest.table, digest.guesses[0][0], digest.remembered) == ("usage", "usage", False)
    assert list(digest.head.index) == [2, 3, 4, 5]
    assert list(digest.head.columns) == digest.columns == ["customer_id", "month", "plan_id", "minutes"]
    assert digest.counts["rows_in_file"] == digest.rows_in_file == 4
    assert (digest.counts["rows_loaded"], digest.counts["rows_quarantined"]) == (3, 1)
    assert digest.groups[["rule", "column", "count", "rows", "examples"]].to_numpy().tolist() == [
        ["no_such_month", "month", 1, "4", "2026-13"]
    ]
    assert digest.said_groups()["title"].str.len().min() > 0
    assert digest.values["plan_id"] == ["L", "S", "XXL"]  # noqa: PD011 - no frame
    assert digest.covers == {"rows": 3, "customers": 2, "months": ["2026-01", "2026-02"]}
    assert list(digest.set_aside()["row"]) == [4]
    assert pq.read_table(digest.typed)["customer_id"].to_pylist() == ["007", "007", "008"]

    job = start_prepare(runner, [usage, plans], store=store, dataset=None)
    job.result()
    prepared = PrepareDigest.open(job.folder)
    assert prepared.ready
    first = prepared.files[0]
    assert (first.rows, first.new, first.quarantined, first.unknown_plans) == (2, 2, 2, [("XXL", 1)])
    assert first.months == ("2026-01", "2026-02")
    assert first.quarantined_path is not None
    assert list(pd.read_parquet(first.quarantined_path)["row"]) == [4, 5]
    assert list(pd.read_parquet(first.quarantined_path)["reasons"]) == ["no_such_month", "unknown_plan"]
    assert prepared.files[1].quarantined_path is None
    assert start_prepare(runner, [usage, plans], store=store, dataset=None).state == "done"

    done = start_commit(runner, job.folder, store=store, new="A", who="Ada").result()
    assert done["version"] == 1
    assert [each["set_aside"] for each in done["imports"]] == [2, 0]
    record = store.version(done["dataset"]).imports[0]
    assert (record.who, record.file_name, record.rows_in_file) == ("Ada", "usage.csv", 4)
    raw = store.raw_path(record)
    assert raw is not None
    assert raw.read_bytes() == USAGE

    again, recalled = read(runner, usage[0].path, store=store)
    assert recalled.remembered
    job = start_prepare(runner, [(again, recalled)], store=store, dataset=done["dataset"])
    job.result()
    prepared = PrepareDigest.open(job.folder)
    assert (prepared.number, prepared.files[0].identical, prepared.files[0].new) == (1, 2, 0)
    assert prepared.files[0].already_imported is not None
    assert prepared.files[0].already_imported["file_name"] == "usage.csv"
    store.undo(done["dataset"])
    late = start_commit(runner, job.folder, store=store, dataset=done["dataset"])
    assert refused(late).code == "data_set_changed"
    assert store.version(done["dataset"]).number == 2


def test_events_are_rolled_up_and_what_is_asked_is_not_kept(runner: Runner, store: Store, tmp_path: Path) -> None:
    calls = b"customer_id,call_date,duration\n1,2026-01-05,3.2\n1,2026-01-06,0.1\n"
    texts = b"customer_id,message_date\n1,2026-01-07\n2,2026-02-01\n"
    files = [read(runner, written(tmp_path, name, data)) for name, data in (("calls.csv", calls), ("sms.csv", texts))]
    assert all(digest.questions for _source, digest in files)
    job = start_prepare(runner, files, store=store, dataset=None)
    job.result()
    assert not PrepareDigest.open(job.folder).ready
    error = refused(start_commit(runner, job.folder, store=store, new="A"))
    assert error.code == "not_confirmed"
    assert error.values["questions"]  # noqa: PD011 - no frame
    assert store.datasets() == []
    job = start_prepare(runner, files, store=store, dataset=None, confirmed=True)
    job.result()
    dataset = start_commit(runner, job.folder, store=store, new="A").result()["dataset"]
    usage = store.load(dataset, "usage").to_pylist()
    assert [(each["customer_id"], each["minutes"], each["sms"]) for each in usage] == [("1", 5.0, 1.0), ("2", 0.0, 1.0)]


def test_the_same_file_is_read_once_and_a_changed_one_again(runner: Runner, tmp_path: Path) -> None:
    path = written(tmp_path, "usage.csv", USAGE)
    source, digest = read(runner, path)
    assert start_read(runner, source).folder == digest.folder
    path.write_bytes(USAGE + b"009,2026-01,S,1\n")
    os.utime(path, ns=(source.mtime_ns + 1, source.mtime_ns + 1))
    assert read(runner, path)[1].rows_in_file == 5
    runner.forget()
    assert refused(start_read(runner, source)).code == "file_changed"


@pytest.mark.parametrize(
    "name",
    [
        "套餐 用量.csv",
        'it\'s "quoted"; DROP TABLE usage; --.csv',
        "two\nlines.csv",
        "-rf *.csv",
        "$(touch x).csv",
        "café.CSV",
    ],
)
def test_the_name_of_a_file_is_only_text(runner: Runner, store: Store, tmp_path: Path, name: str) -> None:
    digest = read(runner, written(tmp_path, name, PLANS))
    assert digest[1].name == name
    assert digest[1].counts["rows_loaded"] == 2
    if "DROP" in name or "\n" in name:
        job = start_prepare(runner, [digest], store=store, dataset=None)
        job.result()
        done = start_commit(runner, job.folder, store=store, new="A").result()
        assert done["imports"][0]["file"]
        assert store.load(done["dataset"], "plans").num_rows == 2


def test_what_looks_like_code_in_a_cell_or_header_stays_text(runner: Runner, store: Store, tmp_path: Path) -> None:
    cells = [
        "=1+1",
        "x'; DROP TABLE plans; --",
        "<script>alert(1)</script>",
        "![x](http://localhost/x)",
        "{value}",
        "%s",
    ]
    header = 'customer_id,"""); SELECT 1; --",region'
    rows = "".join(f'"{cell}","{cell}","{cell}"\n' for cell in cells)
    found = read(runner, written(tmp_path, "customers.csv", f"{header}\n{rows}".encode()), table="customers")
    assert found[1].columns[1] == '"); SELECT 1; --'
    assert found[1].head["customer_id"].tolist() == cells
    job = start_prepare(runner, [found], store=store, dataset=None, confirmed=True)
    job.result()
    dataset = start_commit(runner, job.folder, store=store, new="A").result()["dataset"]
    kept = store.load(dataset, "customers")
    assert sorted(kept["customer_id"].to_pylist()) == sorted(kept["region"].to_pylist()) == sorted(cells)


def test_a_commit_that_is_killed_leaves_all_or_nothing(runner: Runner, store: Store, tmp_path: Path) -> None:
    rows = "".join(f"{i},2026-01,S,{i % 97}\n" for i in range(100_000))
    files = [read(runner, written(tmp_path, "usage.csv", b"customer_id,month,plan_id,minutes\n" + rows.encode()))]
    job = start_prepare(runner, files, store=store, dataset=None)
    job.result()
    outcomes = set()
    for i in range(6):
        assert runner.ready(timeout_s=60)
        name = f"set {i}"
        pid = runner._spare.pid  # type: ignore[union-attr]
        commit = start_commit(runner, job.folder, store=store, new=name)
        time.sleep(0.05 + 0.1 * i)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        commit.wait(60)
        there = [each for each in store.datasets() if each.name == name]
        outcomes.add(len(there))
        assert len(there) == 1 or commit.state == "failed"
        for each in there:
            assert each.number == 1
            assert store.load(each.id, "usage").num_rows == 100_000
    assert store.fsck() == []
    assert outcomes


def test_uploads_go_to_disk_under_the_name_of_their_content(tmp_path: Path) -> None:
    path = spool(io.BytesIO(USAGE), tmp_path)
    assert path.read_bytes() == USAGE
    assert spool(io.BytesIO(USAGE), tmp_path) == path
    assert source_of(path, name="../../etc/passwd").sha256 == path.name
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    tidy_spool(tmp_path)
    assert path.exists()
    os.utime(path, (0, 0))
    tidy_spool(tmp_path)
    assert not path.exists()
    path = spool(io.BytesIO(USAGE), tmp_path)
    elsewhere = written(tmp_path, "usage.csv", USAGE)
    unspool(path, elsewhere)
    assert not path.exists()
    assert elsewhere.exists()


def test_the_inbox_lists_files_and_follows_no_links(tmp_path: Path) -> None:
    folder = inbox(tmp_path / "store")
    assert inbox(tmp_path / "store") == folder
    assert len(listed(folder)) == 0
    old = written(folder, "年 2025.csv", USAGE)
    os.utime(old, (1e9, 1e9))
    written(folder, "growing.csv", b"x")
    written(folder, ".hidden", b"x")
    (folder / "link.csv").symlink_to("/etc/passwd")
    (folder / "folder").mkdir()
    found = listed(folder)
    assert found["name"].tolist() == ["growing.csv", "年 2025.csv"]
    assert found["bytes"].tolist() == [1, len(USAGE)]
    assert found["being_written"].tolist() == [True, False]
    assert str(found["modified"].iloc[1]) == "2001-09-09 01:46:40+00:00"
    assert inbox_path(folder, "年 2025.csv") == old
    for name in ("link.csv", "../catalogue.sqlite", "/etc/passwd", ".hidden", "folder", ""):
        with pytest.raises(CxError) as caught:
            inbox_path(folder, name)
        assert caught.value.code == "not_in_inbox"
