"""What the store does with large tables: bringing in, looking ahead, merging, checking, copying, bringing back.

    python bench/importing.py [--rows 12000000] [--raw-mb 470] [--only commit_year,...]

A year of usage (one row per customer and month) is brought into an empty data set, then a thirteenth month; then the
last month once more under each of the three rules; then the year in random order. Each step runs in a process of its
own, so that its peak of memory is its own. Beside the thirteenth month: the same by duckdb's union and sort.
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
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).parent.parent
MONTHS = 12


def main() -> None:
    arguments = parse()
    if arguments.worker:
        print(json.dumps(worker(arguments.worker, Path(arguments.folder))))
        return
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        make(Path(folder), arguments.rows // MONTHS, arguments.raw_mb)
        found = {}
        print(f"{arguments.rows:,} rows\n{'step':24}{'s':>8}{'CPU s':>8}{'peak MB':>9}{'load':>6}", flush=True)
        for name in (each for each in STEPS if each in arguments.only):
            run = found[name] = measured(name, folder)
            told = f"{run['s']:8.2f}{run['cpu_s']:8.2f}{run['peak_mb']:9.0f}{os.getloadavg()[0]:6.1f}"
            print(f"{name:24}{told}  {run['said']}", flush=True)
    if {"commit_next", "duckdb_next"} <= set(found) and found["commit_next"]["said"] != found["duckdb_next"]["said"]:
        sys.exit("the checksums differ")


def make(folder: Path, customers: int, raw_mb: int) -> None:
    """Write the typed files as reading leaves them, and bytes in place of the file that they came from."""
    chance = np.random.default_rng(20260302)
    names = np.char.add("C", np.char.zfill(np.arange(customers).astype(str), 8))
    for name, first, months in (("year", 0, MONTHS), ("next", MONTHS, 1), ("again", MONTHS - 1, 1)):
        days = (np.datetime64("2025-01") + np.arange(first, first + months)).astype("datetime64[D]")
        rows = customers * months
        table = pa.table(
            {
                "customer_id": pa.array(np.repeat(names, months)),
                "month": pa.array(np.tile(days, customers)),
                "plan_id": pa.DictionaryArray.from_arrays(
                    np.repeat(np.arange(customers) % 4, months).astype(np.int32), ["S", "M", "L", "XL"]
                ).cast(pa.string()),
                "minutes": pa.array(chance.integers(0, 900, rows).astype(float)),
                "sms": pa.array(chance.integers(0, 200, rows).astype(float)),
                "data_mb": pa.array(chance.integers(0, 4_000_000, rows) / 100),
            }
        )
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd", compression_level=1)
        if name == "year":
            pq.write_table(table.take(chance.permutation(rows)), folder / "shuffled.parquet", compression="zstd")
    with (folder / "raw").open("wb") as out:
        for _ in range(raw_mb):
            out.write(chance.bytes(1 << 20))


def measured(name: str, folder: str) -> dict:
    command = [sys.executable, __file__, "--worker", name, "--folder", folder]
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
    )
    return json.loads(done.stdout.splitlines()[-1])


def worker(name: str, folder: Path) -> dict:
    prepare, step = STEPS[name]
    prepare(folder)
    started, cpu = time.perf_counter(), time.process_time()
    said = step(folder)
    seconds, cpu_s = time.perf_counter() - started, time.process_time() - cpu
    status = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
    peak_mb = int(status["VmHWM"].split()[0]) / 1024  # ru_maxrss would begin at what the parent had
    told = checksum(said) if isinstance(said, Path) else said  # after the clock was stopped
    return {"s": seconds, "cpu_s": cpu_s, "peak_mb": peak_mb, "said": told}


def store(folder: Path):  # noqa: ANN201
    from cxlib.store import Store  # noqa: PLC0415 - not for duckdb's process

    return Store(folder / "home")


def usage(folder: Path, name: str, *, raw: bool = False):  # noqa: ANN201
    from cxlib.store import Incoming  # noqa: PLC0415

    return [Incoming(table="usage", data=folder / f"{name}.parquet", raw=folder / "raw" if raw else None)]


def opened(folder: Path) -> None:
    """Load what is loaded once, on a small import, and open an empty data set."""
    from cxlib.store import Incoming  # noqa: PLC0415

    with store(folder) as own:
        small = pa.table({"customer_id": ["a"], "month": pa.array([0], pa.date32()), "minutes": [1.0]})
        warm = own.create(name=f"warm {time.time_ns()}").id
        for _ in range(2):
            own.commit(warm, [Incoming(table="usage", data=small)])
        own.delete(warm)


def year(folder: Path) -> None:
    opened(folder)
    with store(folder) as own:
        ids = [each.id for each in own.datasets() if each.name == "year"]
        if not ids:
            own.commit(own.create(name="year").id, usage(folder, "year"))
        elif own.dataset(ids[0]).number != 1:
            own.undo(ids[0], to=1)


def bring(folder: Path, file: str, *, rule: str = "replace", raw: bool = False, into: str = "") -> Path:
    with store(folder) as own:
        ids = [each.id for each in own.datasets() if each.name == into]
        found = ids[0] if ids else own.create(name=f"new {time.time_ns()}").id
        own.commit(found, usage(folder, file, raw=raw), on_conflict=rule)
        return own.path(found, "usage")


def ahead(folder: Path, file: str, *, into: str = "") -> str:
    with store(folder) as own:
        ids = [each.id for each in own.datasets() if each.name == into]
        (seen,) = own.preview(ids[0] if ids else None, usage(folder, file)).files
        return f"{seen.new:,} new, {seen.replaced:,} replaced"


def checksum(path: Path) -> str:
    meters = pq.read_table(path, columns=["minutes", "data_mb"])
    cents = np.rint(meters["data_mb"].to_numpy() * 100).astype(np.int64).sum()
    return f"{meters.num_rows:,} rows, {int(meters['minutes'].to_numpy().sum())}, {cents}"


def by_duckdb(folder: Path) -> Path:
    connection = duckdb.connect(config={"memory_limit": "2GB", "temp_directory": str(folder / "spill")})
    both = f"SELECT * FROM '{folder / 'year.parquet'}' UNION ALL SELECT * FROM '{folder / 'next.parquet'}'"
    connection.execute(
        f"COPY ({both} ORDER BY customer_id, month) TO '{folder / 'merged.parquet'}' (FORMAT parquet, COMPRESSION zstd)"
    )
    return folder / "merged.parquet"


def checked(folder: Path) -> str:
    with store(folder) as own:
        return f"{len(own.fsck())} findings"


def copied(folder: Path) -> str:
    with store(folder) as own:
        return f"{own.backup(folder / 'copy').bytes / 1e6:,.0f} MB"


def brought_back(folder: Path) -> str:
    with store(folder) as own:
        own.restore(folder / "copy", replace=True)
        return f"{len(own.datasets())} data sets"


def nothing(folder: Path) -> None:
    """Start at once."""


STEPS = {
    "preview_year": (opened, lambda folder: ahead(folder, "year")),
    "commit_year": (opened, lambda folder: bring(folder, "year")),
    "commit_year_with_raw": (opened, lambda folder: bring(folder, "year", raw=True)),
    "commit_year_shuffled": (opened, lambda folder: bring(folder, "shuffled")),
    "preview_next": (year, lambda folder: ahead(folder, "next", into="year")),
    "commit_next": (year, lambda folder: bring(folder, "next", into="year")),
    "duckdb_next": (nothing, by_duckdb),
    "preview_replace": (year, lambda folder: ahead(folder, "again", into="year")),
    "commit_replace": (year, lambda folder: bring(folder, "again", into="year")),
    "commit_keep": (year, lambda folder: bring(folder, "again", into="year", rule="keep")),
    "commit_add": (year, lambda folder: bring(folder, "again", into="year", rule="add")),
    "fsck": (year, checked),
    "backup": (nothing, copied),
    "restore": (nothing, brought_back),
}


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=12_000_000)
    parser.add_argument("--raw-mb", type=int, default=470)
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(STEPS))
    parser.add_argument("--folder", help="where to work; the folder for temporary files unless told")
    parser.add_argument("--worker", choices=STEPS, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
