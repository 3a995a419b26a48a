"""Plan matching side by side: 12,000,000 usage rows x 40 plans (or 200), from Parquet to one answer per customer.

Everybody answers the same question: who was flagged in any window of three months (one and the same other plan
strictly cheaper in each of three consecutive months on one plan held), at which month's end last, which plan saved most
over that window, and how much. So every row has to be billed on every plan. The checksums must agree.

    python bench/matching.py [--rows 12000000] [--plans 40] [--only ours,sql,pandas] [--repeat 1] [--json]
    python bench/matching.py --rows 12000000 --plans 200 --only ours,sql,pandas
    python bench/matching.py --rows 120000000 --only file        10,000,000 customers

*ours* is `plan_fit_file`, which reads a part at a time and returns all rows; *file* writes them to a Parquet file
instead, for tables larger than memory; *memory* is `plan_fit` on the whole table in memory.
Each contender runs in a process of its own. Its clock starts after its imports and a run on a handful of rows (which
loads compiled kernels), before it opens the Parquet file. Peak memory is that of the whole process. `--folder` keeps
the data for further runs with the same numbers.
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
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parent.parent
MONTHS = 12
CONTENDERS = ("ours", "sql", "pandas")
ANSWER = ("customer_id", "month", "better_plan_id", "saving_minor")
METERS = ("minutes", "sms", "data_mb")


def make(folder: Path, rows: int, plans: int) -> None:
    """Write usage.parquet, sorted by customer and month as the store does, and plans.parquet."""
    rng = np.random.default_rng(7)
    steps = np.arange(plans)
    table_of_plans = pa.table(
        {
            "plan_id": [f"P{k:03d}" for k in steps],
            "monthly_fee": 8.0 + 1.75 * steps,
            "included_minutes": 50.0 * steps,
            "overage_price_minutes": np.round(0.25 - 0.2 * steps / plans, 2),
            "included_sms": 20.0 * (steps % 7),
            "overage_price_sms": np.full(plans, 0.1),
            "included_data_mb": 1024.0 * steps,
            "overage_price_data_mb": np.round(6.0 - 4.0 * steps / plans, 2),
            "unit_size_data_mb": np.full(plans, 1024.0),
            "round_up_data_mb": np.ones(plans, dtype=bool),
        }
    )
    pq.write_table(table_of_plans, folder / "plans.parquet")
    customers = max(1, rows // MONTHS)
    month = pa.array((np.datetime64("2025-01") + np.arange(MONTHS)).astype("datetime64[D]"), pa.date32())
    with pq.ParquetWriter(folder / "usage.parquet", _schema(), compression="zstd") as writer:
        for start in range(0, customers, 80_000):
            n = min(80_000, customers - start)
            level = rng.lognormal(0.0, 0.7, n)
            fitting = _cheapest(level, table_of_plans)
            astray = np.where(rng.random(n) < 0.3, rng.integers(-9, 10, n), 0)
            held = np.repeat(np.clip(fitting + astray, 0, plans - 1), MONTHS).reshape(n, MONTHS)
            moved = rng.random(n) < 0.1  # a tenth changes plan once
            since = rng.integers(1, MONTHS, n)
            later = (np.arange(MONTHS) >= since[:, None]) & moved[:, None]
            held = np.where(later, rng.integers(0, plans, n)[:, None], held).ravel()
            size = (level[:, None] * rng.lognormal(0.0, 0.4, (n, MONTHS))).ravel()
            every = np.arange(start, start + n)
            keep = rng.random(n * MONTHS) >= 0.01  # one month in a hundred is missing
            table = pa.table(
                {
                    "customer_id": pa.array([f"C{k:08d}" for k in every]).take(
                        pa.array(np.repeat(np.arange(n), MONTHS))
                    ),
                    "month": month.take(pa.array(np.tile(np.arange(MONTHS), n))),
                    "plan_id": pa.array([f"P{k:03d}" for k in steps]).take(pa.array(held)),
                    "minutes": np.floor(size * 500),
                    "sms": np.floor(size * 60 * rng.random(n * MONTHS)),
                    "data_mb": np.round(size * 11_000, 2),
                },
                schema=_schema(),
            )
            writer.write_table(table.filter(pa.array(keep)))


def _cheapest(level: np.ndarray, plans: pa.Table) -> np.ndarray:
    """Return the plan that costs least at the customers' mean usage."""
    cost = np.repeat(plans["monthly_fee"].to_numpy()[:, None], len(level), axis=1)
    for meter, mean, unit in (("minutes", 540, 1), ("sms", 32, 1), ("data_mb", 11_900, 1024)):
        over = np.maximum(0, level * mean - plans[f"included_{meter}"].to_numpy()[:, None])
        cost += over / unit * plans[f"overage_price_{meter}"].to_numpy()[:, None]
    return cost.argmin(axis=0)


def _schema() -> pa.Schema:
    kinds = {"customer_id": pa.string(), "month": pa.date32(), "plan_id": pa.string()}
    return pa.schema(kinds | dict.fromkeys(METERS, pa.float64()))


def ours(folder: Path) -> pd.DataFrame:
    from cxlib.matching import Catalogue, plan_fit_file  # noqa: PLC0415 - only this contender's process loads it

    catalogue = Catalogue(pq.read_table(folder / "plans.parquet"))
    fit = plan_fit_file(folder / "usage.parquet", catalogue, as_of="any")
    return fit.loc[fit["state"] == "flagged", list(ANSWER)]


def ours_to_file(folder: Path) -> Path:
    from cxlib.matching import Catalogue, plan_fit_file  # noqa: PLC0415 - only this contender's process loads it

    catalogue, out = Catalogue(pq.read_table(folder / "plans.parquet")), folder / "fit.parquet"
    plan_fit_file(folder / "usage.parquet", catalogue, as_of="any", out=out)
    return out


def ours_in_memory(folder: Path) -> pd.DataFrame:
    from cxlib.matching import Catalogue, plan_fit  # noqa: PLC0415 - only this contender's process loads it

    usage = pq.read_table(folder / "usage.parquet", read_dictionary=["customer_id", "plan_id"])
    fit = plan_fit(usage, Catalogue(pq.read_table(folder / "plans.parquet")), as_of="any")
    return fit.loc[fit["state"] == "flagged", list(ANSWER)]


def pandas_loop(folder: Path) -> pd.DataFrame:
    """Loop over the plans as an analyst would, each step vectorised over all rows."""
    usage = pd.read_parquet(folder / "usage.parquet")
    plans = pd.read_parquet(folder / "plans.parquet")

    def cents(plan: pd.DataFrame | pd.Series) -> pd.Series:
        total = np.rint(plan["monthly_fee"] * 100)
        for meter in ("minutes", "sms"):
            over = (usage[meter] - plan[f"included_{meter}"]).clip(lower=0)
            total = total + np.floor(over * (plan[f"overage_price_{meter}"] * 100) + 0.5)
        over = (usage["data_mb"] - plan["included_data_mb"]).clip(lower=0)
        return total + np.ceil(over / plan["unit_size_data_mb"]) * np.rint(plan["overage_price_data_mb"] * 100)

    paid = cents(usage[["plan_id"]].merge(plans, on="plan_id", how="left"))
    month = usage["month"].astype("datetime64[s]")
    number = month.dt.year * 12 + month.dt.month
    same = (usage["customer_id"] == usage["customer_id"].shift()) & (usage["plan_id"] == usage["plan_id"].shift())
    follows = same & (number == number.shift() + 1)
    window = follows & follows.shift(fill_value=False)
    best = pd.Series(0.0, index=usage.index)
    plan = pd.Series("", index=usage.index, dtype="category").cat.set_categories(["", *plans["plan_id"]])
    for row in plans.to_dict("records"):
        saved = paid - cents(row)
        one, two = saved.shift(1), saved.shift(2)
        total = saved + one + two
        better = window & (saved > 0) & (one > 0) & (two > 0) & (total > best)
        best = best.where(~better, total)
        plan = plan.where(~better, row["plan_id"])
    flagged = best > 0
    found = usage.loc[flagged, ["customer_id", "month"]].assign(
        better_plan_id=plan[flagged].astype("str"), saving_minor=best[flagged].astype("int64")
    )
    return found.drop_duplicates("customer_id", keep="last")


def sql(folder: Path) -> pd.DataFrame:
    """Ask duckdb in whole cents: per customer one bit mask of cheaper months for each plan, then savings of flags only.

    The fastest of the forms that were tried: ``(x + abs(x)) / 2`` beats greatest() and CASE, one column per plan beats
    a cross join and lists, masks beat window functions, which are left to those who changed their plan.
    """
    import duckdb  # noqa: PLC0415 - only this contender's process loads it

    plans = pq.read_table(folder / "plans.parquet").to_pylist()
    every = range(len(plans))

    def twice(plan: dict[str, float]) -> str:
        """Return twice the bill in cents."""
        parts = [str(2 * round(plan["monthly_fee"] * 100))]
        for meter in ("minutes", "sms"):
            over = f"{meter} - {int(plan[f'included_{meter}'])}"
            parts.append(f"({over} + abs({over})) * {round(plan[f'overage_price_{meter}'] * 100)}")
        over = f"data - {int(plan['included_data_mb']) * 100}"
        parts.append(f"({over} + abs({over}) + 204799) // 204800 * {2 * round(plan['overage_price_data_mb'] * 100)}")
        return " + ".join(parts)

    masks = ", ".join(
        f"bit_or(CASE WHEN {twice(plan)} < paid THEN bit ELSE 0 END) AS m{k}" for k, plan in enumerate(plans)
    )
    runs = ", ".join(f"m{k} & (m{k} << 1) & (m{k} << 2) & whole AS w{k}" for k in every)
    any_run = " | ".join(f"w{k}" for k in every)
    sums = ", ".join(f"sum(paid - ({twice(plan)})) AS s{k}, any_value(w{k}) AS w{k}" for k, plan in enumerate(plans))
    savings = ", ".join(f"CASE WHEN w{k} >> last & 1 = 1 THEN s{k} ELSE 0 END" for k in every)
    connection = duckdb.connect()
    connection.execute(f"""
        CREATE TEMP TABLE billed AS
        WITH plans AS (SELECT *, row_number() OVER (ORDER BY plan_id) - 1 AS plan FROM '{folder / "plans.parquet"}')
        SELECT customer_id, CAST(plan AS INTEGER) AS plan, CAST(month(month) AS INTEGER) AS k,
            CAST(1 << month(month) AS INTEGER) AS bit, CAST(minutes AS INTEGER) AS minutes, CAST(sms AS INTEGER) AS sms,
            CAST(round(data_mb * 100) AS INTEGER) AS data,
            CAST(2 * (round(monthly_fee * 100)
                + greatest(0, minutes - included_minutes) * round(overage_price_minutes * 100)
                + greatest(0, sms - included_sms) * round(overage_price_sms * 100)
                + ceil(greatest(0, data_mb - included_data_mb) / 1024) * round(overage_price_data_mb * 100)
            ) AS INTEGER) AS paid
        FROM '{folder / "usage.parquet"}' JOIN plans USING (plan_id)
    """)  # fmt: skip
    return connection.execute(f"""
        WITH marked AS (
            SELECT customer_id, bit_or(bit) AS there, min(plan) < max(plan) AS moved, {masks}
            FROM billed GROUP BY customer_id
        ),
        steps AS (
            SELECT customer_id, bit,
                k = lag(k, 2) OVER w + 2 AND plan = lag(plan) OVER w AND plan = lag(plan, 2) OVER w AS good
            FROM billed WHERE customer_id IN (SELECT customer_id FROM marked WHERE moved)
            WINDOW w AS (PARTITION BY customer_id ORDER BY k)
        ),
        movers AS (SELECT customer_id, bit_or(bit) AS whole FROM steps WHERE good GROUP BY customer_id),
        whole AS (
            SELECT marked.*, CASE WHEN moved THEN coalesce(whole, 0) ELSE there END AS whole
            FROM marked LEFT JOIN movers USING (customer_id)
        ),
        runs AS (SELECT customer_id, {runs} FROM whole),
        flagged AS (SELECT *, CAST(floor(log2({any_run})) AS INTEGER) AS last FROM runs WHERE ({any_run}) > 0),
        summed AS (
            SELECT customer_id, any_value(last) AS last, {sums}
            FROM billed JOIN flagged USING (customer_id) WHERE k BETWEEN last - 2 AND last GROUP BY customer_id
        ),
        saved AS (SELECT customer_id, last, [{savings}] AS savings FROM summed)
        SELECT customer_id, make_date(2025, last, 1) AS month,
            printf('P%03d', list_position(savings, list_max(savings)) - 1) AS better_plan_id,
            CAST(list_max(savings) / 2 AS BIGINT) AS saving_minor
        FROM saved
    """).df()  # fmt: skip


def checksums(found: pd.DataFrame | Path) -> dict[str, int]:
    """Return what must agree between contenders, whatever the order of their rows."""
    frames = [found] if isinstance(found, pd.DataFrame) else _flagged_in(found)
    sums = {"flagged": 0, "saving_minor": 0, "mixed": 0}
    for frame in frames:
        month = frame["month"].astype("datetime64[s]").dt.month.astype("int64")
        plan = frame["better_plan_id"].str.slice(1).astype("int64") + 1
        number = frame["customer_id"].str.slice(1).astype("int64") % 9973 + 1
        sums["flagged"] += len(frame)
        sums["saving_minor"] += int(frame["saving_minor"].sum())
        sums["mixed"] += int((number * plan * (month + 1)).sum())
    return sums


def _flagged_in(path: Path) -> Iterator[pd.DataFrame]:
    for batch in pq.ParquetFile(path).iter_batches(columns=["state", *ANSWER]):
        frame = batch.to_pandas()
        yield frame[frame["state"] == "flagged"]


def contend(name: str, folder: Path, small: Path) -> dict[str, object]:
    """Run one contender and return its time, memory and checksums."""
    answer: Callable[[Path], pd.DataFrame | Path] = {
        "ours": ours,
        "file": ours_to_file,
        "memory": ours_in_memory,
        "pandas": pandas_loop,
        "sql": sql,
    }[name]
    answer(small)
    start = time.perf_counter()
    found = answer(folder)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"name": name, "seconds": seconds, "peak_gb": peak / 1e9, **checksums(found)}


def compare(
    rows: int, plans: int, only: tuple[str, ...], repeat: int = 1, kept: Path | None = None
) -> list[dict[str, object]]:
    """Make the data and run every contender in a process of its own, the fastest of `repeat` runs each."""
    with tempfile.TemporaryDirectory() as name:
        folder = kept or Path(name)
        small = folder / "small"
        small.mkdir(parents=True, exist_ok=True)
        for where, n in ((folder, rows), (small, 1_200)):
            if not (where / "usage.parquet").exists():
                _run("--make", str(where), "--rows", str(n), "--plans", str(plans))
        done = []
        for contender in only:
            runs = [json.loads(_run("--contender", contender, str(folder), str(small))) for _ in range(repeat)]
            done.append(min(runs, key=lambda run: run["seconds"]))
        return done


def _run(*arguments: str) -> str:
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    command, environment = [sys.executable, __file__, *arguments], {**os.environ, "PYTHONPATH": path}
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout


def main() -> None:
    """Run the comparison and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=12_000_000)
    parser.add_argument("--plans", type=int, default=40)
    parser.add_argument("--only", default=",".join(CONTENDERS))
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--folder", type=Path, help="Keep the data here.")
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--contender", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.make:
        make(options.make, options.rows, options.plans)
        return
    if options.contender:
        name, folder, small = options.contender
        print(json.dumps(contend(name, Path(folder), Path(small))))
        return
    done = compare(options.rows, options.plans, tuple(options.only.split(",")), options.repeat, options.folder)
    if options.json:
        print(json.dumps(done))
        return
    print(f"{options.rows:,} usage rows x {options.plans} plans, from Parquet to one answer per customer")
    for each in done:
        ratio = each["seconds"] / done[0]["seconds"]
        print(
            f"{each['name']:>7}  {each['seconds']:8.2f} s  {ratio:6.1f} x  peak {each['peak_gb']:5.2f} GB   "
            f"flagged {each['flagged']:,}  saved {each['saving_minor']:,}  mixed {each['mixed']}"
        )
    agree = len({(each["flagged"], each["saving_minor"], each["mixed"]) for each in done}) == 1
    print("checksums agree" if agree else "CHECKSUMS DIFFER")
    sys.exit(0 if agree else 1)


if __name__ == "__main__":
    main()
