"""What tables in files say about each other, as `cxlib.intake.check_references` says it of tables in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cxlib.engine.duck import literal, locked, quoted
from cxlib.intake.checks import MOST_NAMED, check_references, named_unknown
from cxlib.intake.file_checks import MissingMonths, whole_runs
from cxlib.intake.runs import run_starts
from cxlib.store.alignment import aligned
from cxlib.store.ordering import batches_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from cxlib.store.alignment import Stretch

KEY: Final = ("customer_id", "month")
REFERENCES: Final = (
    ("usage", "plan_id", "plans", "unknown_plan"),
    ("customers", "plan_id", "plans", "unknown_plan"),
    ("usage", "customer_id", "customers", "unknown_customer"),
    ("contacts", "customer_id", "customers", "unknown_customer"),
    ("offers", "customer_id", "customers", "unknown_customer"),
)
MEMORY_LIMIT: Final = "1GB"


def compare_files(files: Mapping[str, Sequence[Path]], spill: Path) -> pd.DataFrame:
    """Compare tables by the columns by which they refer to each other.

    Parameters
    ----------
    files : dict
        Parquet files of each table, the rows of all of them together; those of usage each by customer and month.
    spill : Path
        Folder for what does not fit into memory.
    """
    frames = []
    for name, column, known_in, rule in REFERENCES:
        held = _with(files.get(name, ()), column)
        if held and known_in in files:
            frames.append(_unknown(held, _with(files[known_in], column), (name, column, rule), spill))
    usage = _with(files.get("usage", ()), "month")
    if usage:
        frames.append(_gaps(usage))
    given = [frame for frame in frames if len(frame)]
    return pd.concat(given, ignore_index=True) if given else check_references({})


def _with(paths: Sequence[Path], column: str) -> list[Path]:
    return [path for path in paths if column in pq.read_schema(path).names]


def _unknown(held: list[Path], known: list[Path], what: tuple[str, str, str], spill: Path) -> pd.DataFrame:
    name, column, rule = what
    cell = quoted(column)
    there = f"SELECT DISTINCT {cell} FROM {_files(known)} WHERE {cell} IS NOT NULL" if known else "SELECT NULL LIMIT 0"
    lost = (
        f"SELECT {cell} AS v, count(*) AS n FROM {_files(held)} h WHERE {cell} IS NOT NULL "
        f"AND NOT EXISTS (SELECT 1 FROM ({there}) k({cell}) WHERE k.{cell} = h.{cell}) GROUP BY ALL"
    )
    with locked(read=[*held, *known], memory_limit=MEMORY_LIMIT, spill=spill) as connection:
        connection.execute(f"CREATE TEMP TABLE lost AS {lost}")
        different, rows = connection.execute("SELECT count(*), coalesce(sum(n), 0)::BIGINT FROM lost").fetchall()[0]
        most = connection.execute(f"SELECT v, n FROM lost ORDER BY n DESC, v LIMIT {MOST_NAMED}").fetchall()
    most = sorted(most) if different <= MOST_NAMED else most
    return named_unknown(most, rows - sum(n for _, n in most), f"{name}.{column}", rule)


def _files(paths: list[Path]) -> str:
    return f"read_parquet([{', '.join(literal(str(path)) for path in paths)}], union_by_name = true)"


def _gaps(paths: list[Path]) -> pd.DataFrame:
    missing, last = MissingMonths(), ""
    for part in whole_runs(pa.Table.from_batches([batch]) for batch in _merged(paths)):
        starts = run_starts(part["customer_id"])
        names = part["customer_id"].take(pa.array(starts))
        ascending = pc.all(pc.less(names.slice(0, len(names) - 1), names.slice(1))).as_py() is not False
        if not ascending or not _months_rise(part, starts) or (last and names[0].as_py() <= last):
            return check_references(
                {"usage": pa.concat_tables([pq.read_table(each, columns=[*KEY]) for each in paths])}
            )
        missing.look(part, starts)
        last = names[-1].as_py()
    return missing.named("usage.month")


def _months_rise(part: pa.Table, starts: NDArray[np.int64]) -> bool:
    """Tell whether the months of each customer, whose rows begin at `starts`, are in order."""
    month = part["month"].combine_chunks()
    falls = pc.less(month.slice(1), month.slice(0, len(month) - 1)).fill_null(False).to_numpy(zero_copy_only=False)
    falls[np.asarray(starts)[1:] - 1] = False
    return not falls.any()


def _merged(paths: Sequence[Path]) -> Iterator[pa.RecordBatch]:
    """Go through several sorted files at once."""
    found = batches_of(paths[0], KEY)
    for path in paths[1:]:
        found = map(_gathered, aligned(found, batches_of(path, KEY), key=KEY))
    return found


def _gathered(stretch: Stretch) -> pa.RecordBatch:
    if stretch.from_old is None or stretch.from_new is None:
        return stretch.old if stretch.new is None else stretch.new
    parts: list[pa.RecordBatch] = [stretch.old, stretch.new]
    places = np.where(stretch.from_old >= 0, stretch.from_old, stretch.from_new + np.int32(parts[0].num_rows))
    return pa.concat_batches(parts).take(pa.array(places))
