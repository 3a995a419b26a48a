"""The numbers about queues of a large log, part by part, from a committed data set; one of them beside SQL and pandas.

    python bench/queues.py [--rows 5000000] [--repeat 2] [--only parts,cost]

parts: everything that `queue_numbers` gives, step by step, from the store's file; then what is computed after an import
(the head start, unexplained passes, effects) and one replayed hour. cost: seconds of the others' waiting per priority
contact, ours beside duckdb's and pandas' way, each in a process of its own; the run fails where they differ.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from overtakes import ROOT, told, write_log

RANKS = {"T1": 1, "T2": 2, "T3": 3}
ZONE = "Asia/Shanghai"
COLUMNS = ["contact_id", "tier", "queue", "arrived_at", "wait_ended_at", "outcome", "queued"]
LIMIT_S = 3.0

IN_ORDER = """
    SELECT tier, epoch_us(wait_ended_at) - nth AS extra FROM (
        SELECT tier, wait_ended_at, queue,
               row_number() OVER (PARTITION BY queue ORDER BY arrived_at, wait_ended_at) AS k
        FROM contacts WHERE queued AND outcome = 'served'
    ) JOIN (
        SELECT queue, epoch_us(wait_ended_at) AS nth, row_number() OVER (PARTITION BY queue ORDER BY wait_ended_at) AS k
        FROM contacts WHERE queued AND outcome = 'served'
    ) USING (queue, k)
"""


def main() -> None:
    arguments = parse()
    if arguments.worker:
        print(json.dumps(WORKERS[arguments.worker](arguments.file, arguments.repeat)))
        return
    with tempfile.TemporaryDirectory() as folder:
        file = write_log(Path(folder) / "full.parquet", arguments.rows, full=True, shuffled=False)
        print(f"{arguments.rows:,} contacts, 12 queues, 3 tiers; best of {arguments.repeat + 1}, cold one included")
        if "parts" in arguments.only:
            show_parts(measured("parts", committed(file, Path(folder)), arguments.repeat))
        if "cost" in arguments.only:
            show_costs({name: measured(name, file, arguments.repeat) for name in ("ours", "duckdb", "pandas")})


def committed(file: Path, folder: Path) -> Path:
    """Bring the log into a data set and return the file that the store keeps."""
    from cxlib.store import Incoming, Store  # noqa: PLC0415 - only the parts need it

    with Store(folder / "store") as store:
        opened = store.create(name="bench").id
        store.commit(opened, [Incoming(table="contacts", data=pq.read_table(file))])
        return store.path(opened, "contacts")


def show_parts(run: dict) -> None:
    for name, seconds in run["parts"].items():
        print(f"  {name:34}{seconds:8.2f}")
    print(
        f"{'numbers of the page, in all':36}{run['best_s']:8.2f} s, cold {run['first_s']:.2f}, {run['peak_gb']:.2f} GB"
    )
    print(f"  limit {LIMIT_S:.1f} s on two cores with nothing else running")
    for name, seconds in run["later"].items():
        print(f"  {name:34}{seconds:8.2f}")


def show_costs(runs: dict[str, dict]) -> None:
    for name, run in runs.items():
        print(f"{'cost to others, ' + name:36}{run['best_s']:8.2f} s  {run['checksum']}", end="")
        print(f"  ours to it: {runs['ours']['best_s'] / run['best_s']:.3f}")
    if len({tuple(run["checksum"]) for run in runs.values()}) > 1:
        sys.exit("the checksums differ")
    print("checksums equal")


def measured(worker: str, file: Path, repeat: int) -> dict:
    command = [sys.executable, __file__, "--worker", worker, "--file", str(file), "--repeat", str(repeat)]
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
    )
    return json.loads(done.stdout.splitlines()[-1])


def parts(file: str, repeat: int) -> dict:
    from cxlib import fairness as f  # noqa: PLC0415 - only this process needs it
    from cxlib.fairness.lines import lines_of  # noqa: PLC0415

    best: dict[str, float] = {}
    totals: list[float] = []
    for _ in range(repeat + 1):
        start = time.perf_counter()
        table = pq.read_table(file, columns=COLUMNS)
        steps = [("read the file", time.perf_counter() - start)]
        whole = time.perf_counter()
        numbers = f.queue_numbers(table, ranks=RANKS, zone=ZONE)
        steps.append(("all numbers", time.perf_counter() - whole))
        totals.append(time.perf_counter() - start)
        best = {name: min(seconds, best.get(name, seconds)) for name, seconds in steps}
    for name, work in steps_of(f, lines_of, table):
        best[f"  {name}"] = min(clocked(work) for _ in range(repeat + 1))
    later = {
        "head start by queue and month": lambda: f.implied_head_start(table, every="month", ranks=RANKS, zone=ZONE),
        "unexplained passes": lambda: f.unexplained_passes(table, ranks=RANKS, zone=ZONE),
        "giving up by times passed": lambda: f.passed_effects(table, ranks=RANKS, zone=ZONE),
        "traps": lambda: f.traps(table, ranks=RANKS, zone=ZONE),
        "an hour replayed": lambda: an_hour(f, file),
    }
    seconds = {name: min(clocked(work) for _ in range(repeat + 1)) for name, work in later.items()}
    return told(totals, [int(numbers.pairs["passes"].sum())], parts=best, later=seconds)


def steps_of(f, lines_of, table: pa.Table):  # noqa: ANN001, ANN201
    """Yield the steps of `queue_numbers`, each as work that can be repeated."""
    prepared = f.prepare(table, ranks=RANKS)
    lines = lines_of(prepared)
    counts = f.count_overtakes(lines)
    yield "prepare", lambda: f.prepare(table, ranks=RANKS)
    yield "line up", lambda: lines_of(prepared)
    yield "count within pools", lambda: f.count_overtakes(lines)
    yield "count as one line", lambda: f.count_overtakes(lines.as_one_line())
    yield "who passes whom", lambda: f.overtakes(counts)
    yield "by queue", lambda: f.passed_summary(counts, each=("queue",))
    yield "by hour of the week", lambda: f.overtakes_over_time(counts, every="hour_of_week", zone=ZONE)
    yield "cost to others", lambda: f.cost_to_others(lines, zone=ZONE)
    yield "hours that hurt", lambda: f.hours_that_hurt(counts, zone=ZONE)


def an_hour(f, file: str) -> None:  # noqa: ANN001
    arrived = pq.ParquetFile(file).read_row_group(0, columns=["arrived_at"])["arrived_at"]
    begin = pc.max(arrived).as_py()
    contacts = duckdb.connect().read_parquet(file)
    found = f.replay(contacts, queue="queue 3", from_at=begin, to_at=begin.replace(minute=59), ranks=RANKS)
    found.passes_of(str(found.contacts["contact_id"].iloc[-1]))


def clocked(work) -> float:  # noqa: ANN001
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def timed(work, repeat: int) -> tuple[list[float], list[int]]:  # noqa: ANN001
    seconds, answer = [], []
    for _ in range(repeat + 1):
        start = time.perf_counter()
        answer = work()
        seconds.append(time.perf_counter() - start)
    return seconds, answer


def ours(file: str, repeat: int) -> dict:
    from cxlib.fairness import waits_re_served  # noqa: PLC0415 - only this process needs it

    table = pq.read_table(file, columns=COLUMNS)

    def work() -> list[int]:
        found = waits_re_served(table, ranks=RANKS).set_index("tier")
        return [int(found["n"]["T1"]), int(found["total_us"]["T1"])]

    return told(*timed(work, repeat))


def by_duckdb(file: str, repeat: int) -> dict:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE contacts AS SELECT * FROM read_parquet(?)", [file])
    query = f"SELECT count(*), sum(extra)::BIGINT FROM ({IN_ORDER}) WHERE tier = 'T1'"
    return told(*timed(lambda: list(connection.execute(query).fetchone() or ()), repeat))


def by_pandas(file: str, repeat: int) -> dict:
    contacts = pq.read_table(file, columns=COLUMNS).to_pandas()

    def work() -> list[int]:
        line = contacts[contacts["queued"] & (contacts["outcome"] == "served")]
        line = line.sort_values(["queue", "arrived_at", "wait_ended_at"])
        starts = line.sort_values(["queue", "wait_ended_at"])["wait_ended_at"].astype("int64").to_numpy()
        extra = line["wait_ended_at"].astype("int64") - starts
        return [int((line["tier"] == "T1").sum()), int(extra[line["tier"] == "T1"].sum())]

    return told(*timed(work, repeat))


WORKERS = {"parts": parts, "ours": ours, "duckdb": by_duckdb, "pandas": by_pandas}


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--only", default="parts,cost", type=lambda text: text.split(","))
    parser.add_argument("--worker", choices=WORKERS, help=argparse.SUPPRESS)
    parser.add_argument("--file", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
