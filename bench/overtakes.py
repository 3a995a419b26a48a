"""Overtakes of a large log: ours beside duckdb's window function, each in a process of its own, in one run.

    python bench/overtakes.py [--rows 5000000] [--repeat 3] [--shuffled]

First the form that SQL can say: one tier, served over served, per contact the times that it was passed. Then the full
form, which it cannot: tiers, contacts that left, contacts that wait still, both directions, every tier pair.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).parent.parent
QUEUES = 12
SPACING_US = 400_000

WINDOW = """
    SELECT contact_id, queue, a, s,
           rank(ORDER BY s) OVER (
               PARTITION BY queue ORDER BY a RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
           ) - rank() OVER (PARTITION BY queue, a ORDER BY s) AS passed
    FROM (SELECT contact_id, queue, epoch_us(arrived_at) AS a, epoch_us(wait_ended_at) AS s FROM contacts)
"""


def main() -> None:
    arguments = parse()
    if arguments.worker:
        print(json.dumps(WORKERS[arguments.worker](arguments.file, arguments.repeat)))
        return
    with tempfile.TemporaryDirectory() as folder:
        one = write_log(Path(folder) / "one.parquet", arguments.rows, full=False, shuffled=arguments.shuffled)
        full = write_log(Path(folder) / "full.parquet", arguments.rows, full=True, shuffled=arguments.shuffled)
        ours = measured("ours", one, arguments.repeat)
        theirs = measured("duckdb", one, arguments.repeat)
        whole = measured("full", full, arguments.repeat)
    report(arguments, ours, theirs, whole)
    if ours["checksum"] != theirs["checksum"]:
        sys.exit("the checksums differ")


def report(arguments: argparse.Namespace, ours: dict, theirs: dict, whole: dict) -> None:
    order = "shuffled" if arguments.shuffled else "in order of arrival"
    print(
        f"{arguments.rows:,} contacts, {QUEUES} queues, rows {order}; best of {arguments.repeat + 1}, cold one included"
    )
    print(f"{'one tier, served over served':32}{'s':>8}{'s cold':>8}{'peak GB':>9}  passes, checksum")
    for name, run in (("cxlib overtakes_by_contact", ours), ("duckdb rank() over a window", theirs)):
        print(f"{name:32}{run['best_s']:8.2f}{run['first_s']:8.2f}{run['peak_gb']:9.2f}  {run['checksum']}")
    print(f"ratio of the times, ours to duckdb: {ours['best_s'] / theirs['best_s']:.3f} (limit 1.2)")
    same = "equal" if ours["checksum"] == theirs["checksum"] else "DIFFERENT"
    print(f"checksums {same}; ours, its kernel alone: {ours['kernel_s']:.2f} s")
    print(f"{'full form, tier pairs':32}{whole['best_s']:8.2f}{whole['first_s']:8.2f}{whole['peak_gb']:9.2f}", end="  ")
    print(whole["checksum"])
    print(f"full form, ratio to duckdb's one-tier form: {whole['best_s'] / theirs['best_s']:.3f}")


def measured(worker: str, file: Path, repeat: int) -> dict:
    command = [sys.executable, __file__, "--worker", worker, "--file", str(file), "--repeat", str(repeat)]
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
    )
    return json.loads(done.stdout.splitlines()[-1])


def write_log(path: Path, rows: int, *, full: bool, shuffled: bool) -> Path:
    """Write a log in which most waits are short and some are long; arrivals and ends tie here and there."""
    chance = np.random.default_rng(20260302)
    arrived = np.sort(chance.integers(0, rows * SPACING_US // 1000, rows)) * 1000
    wait = chance.exponential(np.where(chance.random(rows) < 0.05, 1800e6, 150e6)).astype(np.int64) // 1000 * 1000
    ended = np.datetime64("2026-01-01", "us") + arrived + wait
    table = {
        "contact_id": pa.array(np.arange(rows)).cast(pa.string()),
        "queue": pa.DictionaryArray.from_arrays(
            chance.integers(0, QUEUES, rows).astype(np.int32), [f"queue {i}" for i in range(QUEUES)]
        ).cast(pa.string()),
        "arrived_at": pa.array(np.datetime64("2026-01-01", "us") + arrived).cast(pa.timestamp("us", tz="UTC")),
    }
    tier = chance.choice(3, rows, p=[0.1, 0.3, 0.6]) if full else np.zeros(rows, np.int64)
    table["tier"] = pa.DictionaryArray.from_arrays(tier.astype(np.int32), ["T1", "T2", "T3"]).cast(pa.string())
    outcome = (chance.random(rows) < 0.15).astype(np.int64) if full else np.zeros(rows, np.int64)
    if full:  # the log ends at the last arrival, and whoever waits then waits still
        outcome[arrived + wait > arrived[-1]] = 2
    codes = pa.DictionaryArray.from_arrays(outcome.astype(np.int32), ["served", "abandoned", "waiting"]).cast(
        pa.string()
    )
    table["outcome"] = codes
    table["wait_ended_at"] = pa.array(ended, mask=outcome == 2).cast(pa.timestamp("us", tz="UTC"))
    table["queued"] = pa.array(wait > 0)
    written = pa.table(table)
    pq.write_table(written.take(chance.permutation(rows)) if shuffled else written, path)
    return path


def timed(work, repeat: int) -> tuple[list[float], object]:  # noqa: ANN001
    seconds, result = [], None
    for _ in range(repeat + 1):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return seconds, result


def told(seconds: list[float], checksum: list[int], **more: float) -> dict:
    """Give the first time (cold: code is loaded) and the best of all."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return {"first_s": seconds[0], "best_s": min(seconds), "peak_gb": peak, "checksum": checksum, **more}


def ours(file: str, repeat: int) -> dict:
    overtakes = import_module("cxlib.fairness.overtakes")  # the package has a function of this name
    contacts = pq.read_table(file)
    kernel: list[float] = []
    inversions = overtakes._inversions  # noqa: SLF001

    def watched(*arrays, **named):  # noqa: ANN002, ANN003, ANN202
        start = time.perf_counter()
        result = inversions(*arrays, **named)
        kernel.append(time.perf_counter() - start)
        return result

    overtakes._inversions = watched  # noqa: SLF001
    seconds, people = timed(lambda: overtakes.overtakes_by_contact(contacts), repeat)
    passed = people["passed"].to_numpy()
    weight = people["contact_id"].astype("int64").to_numpy() % 1_000_003
    checksum = [int(passed.sum()), int((passed * weight).sum())]
    return told(seconds, checksum, kernel_s=min(kernel[1:]))


def theirs(file: str, repeat: int) -> dict:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE contacts AS SELECT * FROM read_parquet(?)", [file])
    seconds, table = timed(
        lambda: connection.sql(f"SELECT contact_id, passed FROM ({WINDOW})").to_arrow_table(), repeat
    )
    checksum = "SELECT sum(passed)::BIGINT, sum(passed * (contact_id::BIGINT % 1000003))::BIGINT FROM answer"
    connection.register("answer", table)
    return told(seconds, list(connection.execute(checksum).fetchone() or ()))


def full(file: str, repeat: int) -> dict:
    from cxlib.fairness.overtakes import overtakes  # noqa: PLC0415 - only this process needs it

    contacts = pq.read_table(file)
    seconds, pairs = timed(lambda: overtakes(contacts, ranks={"T1": 1, "T2": 2, "T3": 3}), repeat)
    return told(seconds, [int(pairs["passes"].sum()), int(pairs["passed_abandoned"].sum())])


WORKERS = {"ours": ours, "duckdb": theirs, "full": full}


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--shuffled", action="store_true", help="rows in random order, not by arrival")
    parser.add_argument("--worker", choices=WORKERS, help=argparse.SUPPRESS)
    parser.add_argument("--file", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
