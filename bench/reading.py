"""A large file of usage: ours beside duckdb's own typed reader, each in a process of its own, in one run.

    python bench/reading.py [--rows 12000000] [--bad 12000] [--repeat 2] [--only duckdb,ours,polars,pandas] [--json]

Ours goes from the path to typed, checked rows, sorted by customer and month, with every bad row named by its number
and rule; duckdb reads the clean file into a table with all types and the dialect given, and checks nothing. The
file for ours has bad rows of four kinds planted in it; sums over all good rows prove that both read the same.
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

ROOT = Path(__file__).parent.parent
KINDS = {"not_a_number": "minutes", "no_such_month": "month", "too_many_fields": "", "missing": "customer_id"}
COLUMNS = ("customer_id", "month", "plan_id", "minutes", "sms", "data_mb", "billed_amount")
TYPES = {name: "VARCHAR" if i < 3 else "DOUBLE" for i, name in enumerate(COLUMNS)}
NUMBERS = COLUMNS[3:]


def main() -> None:
    arguments = parse()
    if arguments.worker:
        print(json.dumps(WORKERS[arguments.worker](arguments.file, arguments.repeat)))
        return
    with tempfile.TemporaryDirectory() as folder:
        clean, planted = Path(folder) / "clean.csv", Path(folder) / "usage.csv"
        write_usage(clean, arguments.rows)
        bad, lost = plant(clean, planted, arguments.rows, arguments.bad)
        chosen = [each for each in WORKERS if each in arguments.only.split(",")]
        runs = {each: measured(each, planted if each == "ours" else clean, arguments.repeat) for each in chosen}
    wrong = faults(runs, bad, lost)
    if arguments.json:
        print(json.dumps({"runs": {k: {**v, "bad": None} for k, v in runs.items()}, "faults": wrong}))
    else:
        report(arguments, runs, len(bad))
    if wrong:
        sys.exit("; ".join(wrong))


def report(arguments: argparse.Namespace, runs: dict, planted: int) -> None:
    print(f"{arguments.rows:,} rows, {planted:,} of them bad in the file for ours; best of {arguments.repeat}")
    print(f"{'':10}{'s':>8}{'peak GB':>10}{'bad rows named':>17}")
    for name, run in runs.items():
        print(f"{name:10}{run['best_s']:8.2f}{run['peak_gb']:10.2f}{len(run.get('bad', [])):17,}")
    if {"ours", "duckdb"} <= set(runs):
        print(f"ratio of the times, ours to duckdb: {runs['ours']['best_s'] / runs['duckdb']['best_s']:.2f} (limit 2)")


def faults(runs: dict, bad: dict[int, str], lost: list[float]) -> list[str]:
    """Return what is not as it must be: bad rows that were not named, sums that differ by more than rounding."""
    found = []
    if "ours" in runs and dict(runs["ours"]["bad"]) != bad:
        differing = set(dict(runs["ours"]["bad"]).items()) ^ set(bad.items())
        found.append(f"{len(differing)} bad rows are not named as planted")
    sums = {name: run["sums"] for name, run in runs.items()}
    if "ours" in sums:  # the good rows and those that were spoilt are all of them
        sums["ours"] = [a + b for a, b in zip(sums["ours"], lost, strict=True)]
    first = next(iter(sums.values()))
    same = all(abs(a - b) <= 1e-10 * abs(a) for each in sums.values() for a, b in zip(first, each, strict=True))
    return found if same else [*found, "the checksums differ"]


def measured(worker: str, file: Path, repeat: int) -> dict:
    command = [sys.executable, __file__, "--worker", worker, "--file", str(file), "--repeat", str(repeat)]
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
    )
    return json.loads(done.stdout.splitlines()[-1])


def write_usage(path: Path, rows: int) -> None:
    """Write usage sorted by customer and month, twelve months a customer."""
    import duckdb  # noqa: PLC0415 - only the process that writes needs it

    duckdb.execute(f"""
        COPY (
            SELECT 'C' || lpad((i // 12)::VARCHAR, 7, '0') AS customer_id,
                   strftime(DATE '2025-01-01' + to_months((i % 12)::INT), '%Y-%m') AS month,
                   ['S', 'M', 'L', 'XL'][1 + ((i // 12) * 7) % 4] AS plan_id,
                   50 + (hash(i) % 900)::INT AS minutes, 1 + (hash(i + 5) % 200)::INT AS sms,
                   round(5000 + (hash(i + 9) % 400000) / 100.0, 2) AS data_mb,
                   round(10 + (hash(i + 77) % 9000) / 100.0, 2) AS billed_amount
            FROM range({rows}) r(i) ORDER BY i
        ) TO '{path}' (HEADER, DELIMITER ',')
    """)


def plant(clean: Path, planted: Path, rows: int, bad: int) -> tuple[dict[int, str], list[float]]:
    """Copy the file with every so-manieth row spoilt; return the rule that each breaks by its line, and their sums."""
    step, kinds = max(rows // max(bad, 1), 1), list(KINDS)
    found: dict[int, str] = {}
    lost = [0.0] * (1 + len(NUMBERS))
    with clean.open("rb") as source, planted.open("wb") as target:
        for line, text in enumerate(source, start=1):
            place = line - 2
            if place < 0 or place % step != step // 2 or len(found) >= bad:
                target.write(text)
                continue
            kind = kinds[len(found) % len(kinds)]
            found[line] = kind
            lost = [a + b for a, b in zip(lost, [1.0, *map(float, text.split(b",")[3:])], strict=True)]
            target.write(spoilt(text.rstrip(b"\r\n"), kind) + b"\n")
    return found, lost


def spoilt(row: bytes, kind: str) -> bytes:
    if kind == "too_many_fields":
        return row + b","
    cells = row.split(b",")
    column = COLUMNS.index(KINDS[kind])
    cells[column] = {"not_a_number": b"many", "no_such_month": b"2025-13", "missing": b""}[kind]
    return b",".join(cells)


def timed(work, repeat: int) -> dict:  # noqa: ANN001
    seconds, told = [], {}
    for _ in range(repeat):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
        told = result()
    return {"first_s": seconds[0], "best_s": min(seconds), "peak_gb": peak, **told}


def ours(file: str, repeat: int) -> dict:
    import pyarrow.compute as pc  # noqa: PLC0415

    from cxlib.intake import read  # noqa: PLC0415 - only this process needs it

    read(b"customer_id,month,plan_id,minutes\nC1,2026-01,S,1.5\nC2,2026-13,,x\n")  # what is compiled is loaded

    def work():  # noqa: ANN202
        reading = read(Path(file))
        errors = reading.problems[reading.problems["severity"] == "error"]
        table = reading.table

        def told() -> dict:
            return {
                "sums": [table.num_rows, *(pc.sum(table[name]).as_py() for name in NUMBERS)],
                "bad": list(zip(errors["row"].tolist(), errors["rule"].tolist(), strict=True)),
            }

        return told

    return timed(work, repeat)


def theirs(file: str, repeat: int) -> dict:
    import duckdb  # noqa: PLC0415

    connection = duckdb.connect()
    types = ", ".join(f"'{name}': '{kind}'" for name, kind in TYPES.items())
    sums = ", ".join(f"sum({name})" for name in NUMBERS)
    source = f"read_csv('{file}', header=true, delim=',', quote='\"', columns={{{types}}}, auto_detect=false)"

    def work():  # noqa: ANN202
        connection.execute(f"CREATE OR REPLACE TEMP TABLE usage AS SELECT * FROM {source}")
        return lambda: {"sums": list(connection.execute(f"SELECT count(*), {sums} FROM usage").fetchone() or ())}

    return timed(work, repeat)


def in_polars(file: str, repeat: int) -> dict:
    import polars  # noqa: PLC0415, ICN001

    kinds = {name: polars.String if kind == "VARCHAR" else polars.Float64 for name, kind in TYPES.items()}

    def work():  # noqa: ANN202
        frame = polars.read_csv(file, schema_overrides=kinds)
        return lambda: {"sums": [len(frame), *(frame[name].sum() for name in NUMBERS)]}

    return timed(work, repeat)


def in_pandas(file: str, repeat: int) -> dict:
    import pandas  # noqa: PLC0415, ICN001

    kinds = {name: "str" if kind == "VARCHAR" else "float64" for name, kind in TYPES.items()}

    def work():  # noqa: ANN202
        frame = pandas.read_csv(file, dtype=kinds)
        return lambda: {"sums": [len(frame), *(float(frame[name].sum()) for name in NUMBERS)]}

    return timed(work, repeat)


WORKERS = {"duckdb": theirs, "ours": ours, "polars": in_polars, "pandas": in_pandas}


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=12_000_000)
    parser.add_argument("--bad", type=int, default=12_000)
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--only", default="duckdb,ours", help="of duckdb, ours, polars, pandas")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--worker", choices=WORKERS, help=argparse.SUPPRESS)
    parser.add_argument("--file", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
