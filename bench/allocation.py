"""Allocation by tier and hour over a year's log: ours beside pandas, each in a process of its own, in one run.

    python bench/allocation.py [--rows 5000000] [--repeat 2]

Both read the same Parquet file, written as data sets are kept, and return the same table: contacts and agent time with
their shares, mean, median and p90 of the waits, service level and abandonment over queued and over offered, resolution
and csat.
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
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).parent.parent
ZONE = "Asia/Shanghai"
SLA_S = 20
SHOWN = ["share_contacts", "share_agent_time", "abandonment", "abandonment_offered", "mean_wait_s", "median_wait_s"]
SHOWN += ["p90_wait_s", "sla", "sla_offered", "resolution", "csat"]


def main() -> None:
    arguments = parse()
    if arguments.worker:
        print(json.dumps(worked(arguments)))
        return
    with tempfile.TemporaryDirectory() as folder:
        file = write_log(Path(folder) / "contacts.parquet", arguments.rows)
        ours = measured("ours", file, folder, arguments.repeat)
        theirs = measured("pandas", file, folder, arguments.repeat)
        same = measured("engine", file, folder, arguments.repeat)
        apart = difference(*(pd.read_parquet(Path(folder) / f"{name}.parquet") for name in ("ours", "pandas")))
    print(f"{arguments.rows:,} contacts, 4 tiers x 8,760 hours; best of {arguments.repeat + 1}, cold included")
    print(f"{'':24}{'s':>8}{'s cold':>8}{'CPU s':>8}{'from memory, s':>16}{'peak GB':>9}")
    for name, run in (("cxlib", ours), ("pandas by hand", theirs), ("cxlib on pandas", same)):
        times = f"{run['best_s']:8.2f}{run['first_s']:8.2f}{run['cpu_s']:8.2f}{run['held_s']:16.2f}"
        print(f"{name:24}{times}{run['peak_gb']:9.2f}")
    from_file, held = (theirs[name] / ours[name] for name in ("best_s", "held_s"))
    print(f"pandas by hand takes {from_file:.1f} times as long, {held:.1f} from memory (limit: at least 5)")
    print(f"largest difference between the two tables: {apart:.2g}")
    if apart > 1e-9:
        sys.exit("the tables differ")


def measured(worker: str, file: Path, folder: str, repeat: int) -> dict:
    command = [sys.executable, __file__, "--worker", worker, "--file", str(file), "--folder", folder]
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    done = subprocess.run(
        [*command, "--repeat", str(repeat)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    return json.loads(done.stdout.splitlines()[-1])


def worked(arguments: argparse.Namespace) -> dict:
    read, work = {"ours": (Path, ours), "pandas": (read_pandas, theirs), "engine": (pd.read_parquet, ours)}[
        arguments.worker
    ]
    seconds, held, processor = [], [], []
    for _ in range(arguments.repeat + 1):
        start, used = time.perf_counter(), time.process_time()
        table = work(read(arguments.file))
        seconds.append(time.perf_counter() - start)
        processor.append(time.process_time() - used)
    whole = pq.read_table(arguments.file) if arguments.worker == "ours" else read(arguments.file)
    for _ in range(arguments.repeat + 1):
        start = time.perf_counter()
        work(whole)
        held.append(time.perf_counter() - start)
    table.to_parquet(Path(arguments.folder) / f"{arguments.worker}.parquet")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return {
        "first_s": seconds[0],
        "best_s": min(seconds),
        "held_s": min(held),
        "cpu_s": min(processor),
        "peak_gb": peak,
    }


def ours(contacts: Any) -> pd.DataFrame:
    from cxlib.fairness import allocation_over_time  # noqa: PLC0415

    table = allocation_over_time(contacts, every="hour", zone=ZONE, sla_s=SLA_S)
    return table[["period", "tier", "n", *SHOWN]]


def read_pandas(file: str) -> pd.DataFrame:
    columns = ["tier", "arrived_at", "wait_ended_at", "ended_at", "outcome", "queued", "resolved", "csat"]
    return pd.read_parquet(file, columns=columns)


def theirs(log: pd.DataFrame) -> pd.DataFrame:
    """Say the same in pandas, as its guide would: few passes, no Python function per group."""
    local = log["arrived_at"].dt.tz_convert(ZONE).dt
    wait = (log["wait_ended_at"] - log["arrived_at"]).dt.total_seconds()
    served, queued, left = log["outcome"] == "served", log["queued"], log["outcome"] == "abandoned"
    in_time = served & (wait <= SLA_S)
    both = served & queued
    frame = pd.DataFrame(
        {
            "period": local.tz_localize(None).dt.floor("h"),
            "tier": log["tier"],
            "service": (log["ended_at"] - log["wait_ended_at"]).dt.total_seconds().where(served),
            "wait": wait.where(both),
            "queued": queued.astype("int64"),
            "in_time": in_time.astype("int64"),
            "in_time_queued": (in_time & queued).astype("int64"),
            "left": left.astype("int64"),
            "left_queued": (left & queued).astype("int64"),
            "resolved": log["resolved"].astype("float64"),
            "csat": log["csat"],
        }
    )
    groups = frame.groupby(["period", "tier"], sort=True)
    out = groups[["service", "queued", "in_time", "in_time_queued", "left", "left_queued"]].sum()
    out["n"] = groups.size()
    out[["mean_wait_s", "resolution", "csat"]] = groups[["wait", "resolved", "csat"]].mean()
    out["median_wait_s"], out["p90_wait_s"] = groups["wait"].median(), groups["wait"].quantile(0.9)
    whole = out.groupby("period")[["n", "service"]].transform("sum")
    out["share_contacts"], out["share_agent_time"] = out["n"] / whole["n"], out["service"] / whole["service"]
    out["abandonment"], out["abandonment_offered"] = out["left_queued"] / out["queued"], out["left"] / out["n"]
    out["sla"], out["sla_offered"] = out["in_time_queued"] / out["queued"], out["in_time"] / out["n"]
    return out.reset_index()[["period", "tier", "n", *SHOWN]]


def difference(first: pd.DataFrame, second: pd.DataFrame) -> float:
    if not first[["period", "tier", "n"]].equals(
        second[["period", "tier", "n"]].astype(first[["period", "tier", "n"]].dtypes)
    ):
        return float("inf")
    a, b = first[SHOWN].to_numpy(np.float64), second[SHOWN].to_numpy(np.float64)
    return float(np.nanmax(np.abs(a - b) / np.maximum(np.abs(b), 1)))


def write_log(path: Path, rows: int) -> Path:
    chance = np.random.default_rng(20260302)
    year_us = 365 * 86_400_000_000
    arrived = np.datetime64("2025-07-01", "us") + np.sort(chance.integers(0, year_us, rows))
    wait = np.where(chance.random(rows) < 0.4, 0, chance.exponential(90e6, rows)).astype(np.int64)
    service = chance.exponential(240e6, rows).astype(np.int64)
    left = (chance.random(rows) < 0.12) & (wait > 0)
    ended = arrived + wait
    stamp = pa.timestamp("us", tz="UTC")
    answered = ~left & (chance.random(rows) < 0.3)
    tiers = pa.DictionaryArray.from_arrays(
        chance.choice(4, rows, p=[0.1, 0.2, 0.25, 0.45]).astype(np.int32), ["T1", "T2", "T3", "T4"]
    )
    outcomes = pa.DictionaryArray.from_arrays(left.astype(np.int32), ["served", "abandoned"])
    table = pa.table(
        {
            "contact_id": pa.array(np.arange(rows)).cast(pa.string()),
            "tier": tiers.cast(pa.string()),
            "arrived_at": pa.array(arrived).cast(stamp),
            "wait_ended_at": pa.array(ended).cast(stamp),
            "ended_at": pa.array(ended + service, mask=left).cast(stamp),
            "outcome": outcomes.cast(pa.string()),
            "queued": pa.array(wait > 0),
            "resolved": pa.array(chance.random(rows) < 0.8, mask=left),
            "csat": pa.array(chance.integers(1, 6, rows).astype(np.float64), mask=~answered),
        }
    )
    sys.path.insert(0, str(ROOT))
    from cxlib.engine.row_groups import RowGroups  # noqa: PLC0415

    with RowGroups(path, table.schema) as out:
        for batch in table.to_batches():
            out.add(batch)
    return path


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--worker", choices=["ours", "pandas", "engine"], help=argparse.SUPPRESS)
    parser.add_argument("--file", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
