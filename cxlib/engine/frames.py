"""One door for frames of any engine: columns of known types in, pandas out, times as whole microseconds.

A measure is written once against narwhals and runs on pandas, polars and duckdb. Those differ in how they hold what
is missing and in what they can do with times; `standard` levels that: text, nullable flags, float64 numbers, and
int64 microseconds since 1970 (UTC) for times. A pyarrow table runs on duckdb, because its own median is approximate.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb
import narwhals as nw
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from cxlib.errors import CxError
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Frame: TypeAlias = "nw.DataFrame[Any] | nw.LazyFrame[Any]"
Holds = Literal["text", "flag", "number", "time"]

MICROSECONDS: Final = 1_000_000
_DAY: Final = 86_400 * MICROSECONDS
_ERA: Final = 10 * 146_097
"""Days of 4,000 years of the calendar, a whole number of weeks."""
_SQL_TYPES: Final = {"text": "VARCHAR", "flag": "BOOLEAN", "number": "DOUBLE", "time": "BIGINT"}
_TYPES: Final[dict[str, Any]] = {"text": nw.String, "flag": nw.Boolean, "number": nw.Float64, "time": nw.Int64}


def standard(frame: Any, holds: Mapping[str, Holds]) -> Frame:
    """Return the named columns of a frame in the types that measures rely on, in the engine that the frame came in.

    Parameters
    ----------
    frame : pandas or polars frame, pyarrow table, duckdb relation, a narwhals frame over one of them, or the path of a
        Parquet file
    holds : mapping of column name to ``"text"``, ``"flag"``, ``"number"`` or ``"time"``
        Columns that the frame lacks come back all missing. A time without a zone is read as UTC.

    Raises
    ------
    CxError
        ``not_a_frame``; ``wrong_kind`` where a column cannot hold what is asked of it.
    """
    native: Any = opened(frame)
    if isinstance(native, pd.DataFrame):
        built = {name: _pandas_column(native, name, kind) for name, kind in holds.items()}
        return nw.from_native(pd.DataFrame(built, index=native.index))
    known = nw.from_native(native)
    schema = known.collect_schema()
    for name, kind in holds.items():
        if name in schema and not _fits(schema[name], kind):
            raise _wrong(name, kind)
    if isinstance(native, duckdb.DuckDBPyRelation):
        columns = ", ".join(_sql(name, kind, name in schema) for name, kind in holds.items())
        return nw.from_native(native.project(columns))
    level: Frame = known.select(*(_expression(name, kind, schema) for name, kind in holds.items()))
    return level


def opened(frame: Any) -> Any:
    """Return the native frame: pandas, polars (eager) or a duckdb relation, which a pyarrow table and a file become."""
    native = nw.to_native(frame, pass_through=True)
    if isinstance(native, Path):
        return duckdb.connect().read_parquet(str(native))
    if isinstance(native, pa.Table):
        return duckdb.connect().from_arrow(native)
    if isinstance(native, (pd.DataFrame, duckdb.DuckDBPyRelation)):
        return native
    known = nw.from_native(native, pass_through=True)
    if isinstance(known, nw.LazyFrame):
        return nw.to_native(known.collect())
    if not isinstance(known, nw.DataFrame):
        raise CxError(
            "not_a_frame",
            N_("This is no table: {found}."),
            hint=N_("Pass a pandas or polars frame, a pyarrow table, a duckdb relation or the path of a Parquet file."),
            found=type(native).__name__,
        )
    return native


def names(frame: Any) -> list[str]:
    """Return the names of the columns, in order."""
    native = nw.to_native(frame, pass_through=True)
    if isinstance(native, Path):
        return [str(each) for each in pq.read_schema(native).names]
    return [str(each) for each in (native.column_names if isinstance(native, pa.Table) else native.columns)]


def on_one_engine(*frames: Any) -> list[Any]:
    """Return the frames such that they can be joined: in the engine they share, else all on one duckdb connection."""
    native = [opened(each) for each in frames]
    first = type(native[0])
    if first is not duckdb.DuckDBPyRelation and all(type(each) is first for each in native):
        return native
    connection = duckdb.connect()
    return [connection.from_arrow(arrow(each)) for each in native]


def arrow(frame: Any) -> pa.Table:
    """Return the frame as a pyarrow table."""
    native = nw.to_native(frame, pass_through=True)
    if isinstance(native, pa.Table):
        return native
    if isinstance(native, duckdb.DuckDBPyRelation):
        return native.to_arrow_table()
    if isinstance(native, pd.DataFrame):
        return pa.Table.from_pandas(native, preserve_index=False)
    return native.to_arrow()


def pandas(frame: Any) -> pd.DataFrame:
    """Return a pandas frame with plain columns: str, bool, int64, or float64 where something is missing."""
    table = arrow(frame)
    for place, field in enumerate(table.schema):
        if pa.types.is_decimal(field.type):  # duckdb sums whole numbers as such
            whole = pa.int64() if field.type.scale == 0 else pa.float64()
            table = table.set_column(place, field.name, table.column(place).cast(whole))
    out: pd.DataFrame = table.to_pandas(ignore_metadata=True)
    for name in out.columns:
        if pd.api.types.is_object_dtype(out[name].dtype):
            flags = pd.api.types.infer_dtype(out[name], skipna=True) == "boolean"
            out[name] = out[name].astype("boolean") if flags else out[name].astype("str")
    return out


def distinct(frame: Frame, column: str) -> list[Any]:
    """Return the sorted values of a column, without the missing one."""
    found = pandas(frame.select(column).unique())[column].dropna()
    return sorted(found.tolist())


def local_clock(frame: Frame, column: str, *, zone: str, first: int | None, last: int | None) -> Frame:
    """Return the frame with the wall clock of a zone beside a column of microseconds since 1970 (UTC).

    Parameters
    ----------
    column : str
        The column of microseconds.
    zone : str
        Name of the zone, such as ``"Asia/Shanghai"``.
    first, last : int or None
        Least and greatest value of the column; changes of the clock between them are followed.

    Returns
    -------
    narwhals frame
        With local_hour (0 to 23), local_weekday (0 is Monday), and local_day, local_week and local_month: the day, the
        Monday and the first of the month, in days since 1970-01-01.

    Notes
    -----
    All is whole-number arithmetic, so that engines agree, in steps, because SQL repeats an operand that is divided.
    The calendar follows H. Hinnant, "chrono-compatible low-level date algorithms" (2013).
    """
    c = nw.col
    offsets = utc_offsets(zone, first or 0, last or 0)
    shift: Any = nw.lit(offsets[0][1])
    for since, offset in offsets[1:]:
        shift = nw.when(c(column) >= since).then(nw.lit(offset)).otherwise(shift)
    there = frame.collect_schema().names()
    steps: tuple[dict[str, nw.Expr], ...] = (
        {"_us": c(column) + shift + _ERA * _DAY},  # above zero, where all engines divide alike
        {"_day": c("_us") // _DAY, "local_hour": c("_us") % _DAY // (3600 * MICROSECONDS)},
        {
            "local_day": c("_day") - _ERA,
            "local_weekday": (c("_day") + 3) % 7,  # day 0 was a Thursday, and the era is whole weeks
            "_of_era": (c("_day") + 719_468) % 146_097,
        },
        {"local_week": c("local_day") - c("local_weekday"), "_leap": c("_of_era") // 1_460},
        {"_leap": c("_leap") - c("_of_era") // 36_524 + c("_of_era") // 146_096},
        {"_year": (c("_of_era") - c("_leap")) // 365},
        {"_of_year": c("_of_era") - 365 * c("_year") - c("_year") // 4 + c("_year") // 100},
        {"_month": (5 * c("_of_year") + 2) // 153},
        {"_before": (153 * c("_month") + 2) // 5},
        {"local_month": c("local_day") - c("_of_year") + c("_before")},
    )
    for step in steps:
        frame = frame.with_columns(**step)
    return frame.select(*there, *(f"local_{part}" for part in ("day", "hour", "weekday", "week", "month")))


def utc_offsets(zone: str, first: int, last: int) -> list[tuple[int, int]]:
    """Return the offsets of a zone from UTC between two instants as ``(since, offset)``, all in microseconds."""
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CxError(
            "unknown_zone",
            N_("There is no time zone “{value}”."),
            hint=N_("Name it like Asia/Shanghai or Europe/Berlin."),
            value=zone,
        ) from error

    def offset(second: int) -> int:
        away = datetime.fromtimestamp(second, tz=place).utcoffset()
        return 0 if away is None else round(away.total_seconds())

    start, stop = first // MICROSECONDS, last // MICROSECONDS
    found = [(first, offset(start))]
    for low in range(start, stop + 1, 86_400):
        high = min(low + 86_400, stop)
        if offset(high) == found[-1][1]:
            continue
        before = low
        while high - before > 1:
            middle = (before + high) // 2
            before, high = (before, middle) if offset(middle) != found[-1][1] else (middle, high)
        found.append((high * MICROSECONDS, offset(high)))
    return [(since, away * MICROSECONDS) for since, away in found]


def _pandas_column(frame: pd.DataFrame, name: str, kind: Holds) -> Any:
    if name not in frame.columns:
        return pd.Series(
            None, index=frame.index, dtype={"text": "str", "flag": "boolean", "number": "Float64"}.get(kind, "Int64")
        )
    column = frame[name]
    try:
        if kind == "time":
            return _pandas_microseconds(column, name)
        if kind == "number":
            return column.astype("Float64")
        if kind == "flag":
            return column.astype("boolean")
        if pd.api.types.is_float_dtype(column.dtype):
            return column.astype("Int64").astype("string").astype("str")  # whole numbers beside gaps
        return column.astype("string").astype("str")
    except (TypeError, ValueError) as error:
        raise _wrong(name, kind) from error


def _pandas_microseconds(column: pd.Series[Any], name: str) -> Any:
    if column.isna().all() and column.dtype == object:
        return column.astype("Int64")
    if not pd.api.types.is_datetime64_any_dtype(column.dtype):
        raise _wrong(name, "time")
    if isinstance(column.dtype, pd.ArrowDtype):
        unit: Any = column.astype("datetime64[us, UTC]" if column.dt.tz is not None else "datetime64[us]")
    else:
        unit = column.dt.as_unit("us")
    whole = unit.astype("int64").to_numpy()
    return pd.Series(pd.arrays.IntegerArray(whole.copy(), column.isna().to_numpy(dtype=bool)), index=column.index)


def _fits(found: Any, kind: Holds) -> bool:
    if found == nw.Unknown or str(found) in {"Null", "Unknown"}:
        return True
    if kind == "time":
        return isinstance(found, nw.Datetime) or found == nw.Datetime
    if kind == "number":
        return bool(found.is_numeric())
    if kind == "flag":
        return bool(found == nw.Boolean)
    return not (found.is_float() or found.is_temporal() or found.is_nested())


def _expression(name: str, kind: Holds, schema: Any) -> nw.Expr:
    if name not in schema or str(schema[name]) in {"Null", "Unknown"}:
        return nw.lit(None, dtype=_TYPES[kind]).alias(name)
    column = nw.col(name)
    if kind == "time":
        return column.dt.timestamp("us").cast(nw.Int64)
    if kind == "number" and schema[name].is_float():
        return nw.when(~column.is_nan()).then(column.cast(nw.Float64)).alias(name)
    return column.cast(_TYPES[kind])


def _sql(name: str, kind: Holds, there: bool) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    if not there:
        return f"CAST(NULL AS {_SQL_TYPES[kind]}) AS {quoted}"
    if kind == "time":
        return f"epoch_us({quoted}) AS {quoted}"
    if kind == "number":
        return f"CASE WHEN isnan(CAST({quoted} AS DOUBLE)) THEN NULL ELSE CAST({quoted} AS DOUBLE) END AS {quoted}"
    return f"CAST({quoted} AS {_SQL_TYPES[kind]}) AS {quoted}"


def _wrong(name: str, kind: Holds) -> CxError:
    wanted = {
        "text": N_("Column “{column}” does not hold text."),
        "flag": N_("Column “{column}” does not hold yes and no."),
        "number": N_("Column “{column}” does not hold numbers."),
        "time": N_("Column “{column}” does not hold times."),
    }
    return CxError(
        "wrong_kind", wanted[kind], hint=N_("Import the file again and check how this column is read."), column=name
    )


def missing(names_wanted: Iterable[str], there: Iterable[str], *, table: str) -> None:
    """Raise `CxError` for the first wanted column that is not there."""
    found = list(there)
    for name in names_wanted:
        if name not in found:
            raise CxError(
                "missing_column",
                N_("The table “{table}” has no column “{column}”."),
                hint=N_("It has: {there}."),
                column=name,
                table=table,
                there=", ".join(found),
            )
