"""Calendar months as whole numbers: ``year * 12 + month - 1``, so that consecutive months differ by one."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cxlib.engine.threads import run
from cxlib.errors import CxError
from cxlib.texts import N_

_EPOCH: Final = 1970 * 12
_WRITTEN: Final = re.compile(r"(\d{4})[-/]?(\d{2})(?:[-/]?\d{2}(?:[ T].*)?)?")


def month_number(value: Any) -> int:
    """Return the number of the month of a date, a time, a period, or a text such as ``2018-12``.

    Raises
    ------
    CxError
        ``bad_month`` where no month can be read.
    """
    if hasattr(value, "year") and hasattr(value, "month"):
        return int(value.year) * 12 + int(value.month) - 1
    if isinstance(value, np.datetime64) and not np.isnat(value):
        return int(value.astype("datetime64[M]").astype(np.int64)) + _EPOCH
    written = _WRITTEN.fullmatch(str(value).strip())
    if written is None or not 1 <= int(written[2]) <= 12:
        raise CxError(
            "bad_month",
            N_("{value} is not a month."),
            hint=N_("Write months as 2026-03."),
            column="month",
            value=value,
        )
    return int(written[1]) * 12 + int(written[2]) - 1


def month_text(number: int) -> str:
    """Return the month as ``2018-12``."""
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def first_day(number: int) -> dt.date:
    """Return the first day of the month."""
    return dt.date(number // 12, number % 12 + 1, 1)


def last_day(number: int) -> dt.date:
    """Return the last day of the month."""
    return first_day(number + 1) - dt.timedelta(days=1)


def month_starts(numbers: Any) -> np.ndarray[Any, np.dtype[np.datetime64]]:
    """Return the first instants of the months as datetime64[us]."""
    return (np.asarray(numbers, dtype=np.int64) - _EPOCH).astype("datetime64[M]").astype("datetime64[us]")


def month_numbers(column: pa.ChunkedArray) -> np.ndarray[Any, np.dtype[np.int32]]:
    """Return the month numbers of a column of dates, times or texts; a missing one is -1."""
    if pa.types.is_dictionary(column.type) or not _temporal(column.type):
        return _from_texts(column)
    if not pa.types.is_date32(column.type):
        column = _local(column).cast(pa.date32(), safe=False)
    parts = run(_from_days, [(chunk.view(pa.int32()),) for chunk in column.chunks])
    return np.concatenate(parts or [np.zeros(0, dtype=np.int32)])


def _temporal(kind: pa.DataType) -> bool:
    return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind))


def _local(column: pa.ChunkedArray) -> pa.ChunkedArray:
    aware = pa.types.is_timestamp(column.type) and column.type.tz is not None
    return pc.local_timestamp(column) if aware else column


def _from_days(days: pa.Int32Array) -> np.ndarray[Any, np.dtype[np.int32]]:
    known = days.drop_null() if days.null_count else days
    if not len(known):
        return np.full(len(days), -1, dtype=np.int32)
    found = known.to_numpy(zero_copy_only=False)
    low, high = int(found.min()), int(found.max())
    if not -720_000 < low <= high < 3_000_000:
        raise CxError(
            "bad_month", N_("A month is out of every calendar."), hint=N_("Write months as 2026-03."), column="month"
        )
    calendar = np.arange(low, high + 1).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) + _EPOCH
    months = calendar.astype(np.int32)[found - np.int32(low)]
    if len(known) == len(days):
        return np.asarray(months, dtype=np.int32)
    out = np.full(len(days), -1, dtype=np.int32)
    out[days.is_valid().to_numpy(zero_copy_only=False)] = months
    return out


def _from_texts(column: pa.ChunkedArray) -> np.ndarray[Any, np.dtype[np.int32]]:
    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    parts = []
    for chunk in coded.chunks:
        known = [-1 if value is None else month_number(value) for value in chunk.dictionary.to_pylist()]
        indices = chunk.indices.fill_null(len(known)).to_numpy(zero_copy_only=False)
        parts.append(np.array([*known, -1], dtype=np.int32)[indices])
    return np.concatenate(parts or [np.zeros(0, dtype=np.int32)])
