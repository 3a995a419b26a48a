"""Columns of a typed table, piece by piece: plain cells at once, all others as distinct texts for SQL to judge.

For every column there is a `Plan`: which shapes may be read straight from the bytes under its map. What is not of these
shapes is kept as codes into a dictionary of texts, so that SQL sees each different text once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cxlib.intake.casts import NUMBER_KINDS
from cxlib.intake.cells import column_of
from cxlib.intake.mapping import ROW_NUMBER
from cxlib.intake.parquet import texts_of
from cxlib.intake.plain_values import plain_values
from cxlib.intake.quick import (
    DAY_BASE,
    DAYS,
    LONG_TEXT,
    PLAIN_INTEGER,
    PLAIN_OPEN,
    PLAIN_POINT,
    PLAIN_THOUSAND,
    coded,
    copied,
    plain_days,
    plain_numbers,
    plain_texts,
    plain_times,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cxlib.intake.cells import Column, Piece
    from cxlib.intake.mapping import ColumnMap
    from cxlib.tables import Column as Wanted

Way = Literal["number", "day", "time", "text", "words", "row"]
_DIGITS: Final = re.compile(r"[0-9+.,-]")
_DAY: Final = re.compile(r"(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}")
_MONTH: Final = re.compile(r"(19|20|21)[0-9]{2}-[0-9]{2}")
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,9}([.,][0-9]{0,6})?")
MANY_WORDS: Final = 1024
"""Up to here the different texts of a piece are numbered by a small table."""
MANY_ODD: Final = 8
"""Where more than one cell in so many is odd, all texts of the piece go the way of the odd ones."""


@dataclass(frozen=True)
class Plan:
    """How the cells of one column are read.

    `mark` is the decimal mark, or empty where only whole numbers are plain; `iso` tells whether days may be plain, and
    `blank` lists days that mean nothing (from 1900).
    """

    header: str
    way: Way
    mark: str = "."
    low: float = -np.inf
    high: float = np.inf
    whole: bool = False
    month: bool = False
    iso: bool = True
    blank: tuple[int, ...] = ()


@dataclass(frozen=True)
class Parsed:
    """One column of one piece.

    Attributes
    ----------
    values : array, or None where all cells are words
        float64, int32 days, int64 microseconds, or an Arrow array of strings.
    valid : bool array, or None where all are
        False where nothing stands, and where the cell is odd.
    odd : int64 array
        Places of odd cells; empty where `values` is None, for then all are.
    words : pyarrow.DictionaryArray
        Their texts, without spaces around them.
    counts : dict
        Examples of plain cells, and how many there are of each.
    days : int64 array
        The days that plain cells name, from 1900.
    """

    values: NDArray[np.generic] | pa.Array | None
    valid: NDArray[np.bool_] | None
    odd: NDArray[np.int64]
    words: pa.DictionaryArray
    counts: dict[str, int] = field(default_factory=dict)
    days: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    naive: int = 0


def plan_of(column: Wanted, mapped: ColumnMap) -> Plan | None:  # noqa: PLR0911 - one per kind
    """Return how a column is read under its map; None where it takes more than one cell or one step to tell."""
    if mapped.constant is not None:
        row_number = mapped.constant == ROW_NUMBER
        if row_number and (column.kind != "id" or mapped.strip):
            return None
        return Plan("", "row" if row_number else "words")
    single = len(mapped.sources) == 1 and len(mapped.sources[0]) == 1
    if not single or mapped.all_present or mapped.not_before is not None:
        return None
    header = mapped.sources[0][0]
    if column.kind in NUMBER_KINDS:
        return _number_plan(header, column, mapped)
    if column.kind in ("month", "date", "time"):
        iso = mapped.format in (None, "ymd")
        days = tuple(_day_number(each) for each in mapped.blank if _DAY.match(each))
        if column.kind == "time":
            return Plan(header, "time", blank=days) if iso else Plan(header, "words")
        months = any(_MONTH.fullmatch(each) for each in mapped.blank)
        way: Way = "words" if months and column.kind == "month" else "day"
        return Plan(header, way, month=column.kind == "month", iso=iso, blank=days)
    if column.kind in ("id", "text", "category") and not (mapped.codes or column.codes or mapped.blank or mapped.strip):
        return Plan(header, "text")
    return Plan(header, "words")


def _number_plan(header: str, column: Wanted, mapped: ColumnMap) -> Plan:
    """Plain digits mean the same under most maps; where not, all goes by words."""
    strange = (
        mapped.unit != 1.0
        or mapped.units
        or mapped.format is not None
        or any(_DIGITS.search(each) for each in mapped.strip)
        or any(_NUMBER.fullmatch(each) for each in mapped.blank)
        or (_DIGITS.fullmatch(mapped.thousands or "x") and mapped.thousands not in (",", "."))
    )
    if strange:
        return Plan(header, "words")
    mark = mapped.decimal or "."
    if mark not in (".", ",") or mapped.thousands == mark:
        mark = ""
    low = -np.inf if column.minimum is None else column.minimum
    high = np.inf if column.maximum is None else column.maximum
    return Plan(header, "number", mark=mark, low=low, high=high, whole=column.kind == "integer")


def _day_number(text: str) -> int:
    return int((np.datetime64(text[:10], "D") - np.datetime64("1900-01-01", "D")).astype(np.int64))


def parse(piece: Piece, plan: Plan, constant: str | None = None) -> Parsed:
    """Read one column of a piece."""
    if plan.way == "row":
        lines = piece.lines
        return _all_plain(pc.cast(pa.array(lines), pa.string()))
    if constant is not None:
        rows = len(piece.lines)
        words = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([constant], pa.string()))
        return Parsed(None, None, NO_PLACES, words)
    typed = piece.typed(plan.header) if plan.way in ("number", "day") else None
    if typed is not None:
        found = plain_values(typed, plan)
        return _of_texts(typed, plan) if found is None else _of_values(typed, *found)
    readers = {"number": _numbers, "day": _days, "time": _times, "text": _texts}
    column = piece.column(plan.header)
    return _words(column) if plan.way == "words" else readers[plan.way](column, plan)


def _of_values(
    given: pa.Array, values: NDArray[np.generic], valid: NDArray[np.bool_], odd: NDArray[np.int64]
) -> Parsed:
    words = NO_WORDS
    if len(odd):
        words = pc.utf8_trim_whitespace(texts_of(given.take(pa.array(odd)))).dictionary_encode()
    days = NO_PLACES
    if pa.types.is_date(given.type):
        seen = np.zeros(DAYS, np.bool_)
        seen[values[valid].astype(np.int64) - DAY_BASE] = True
        days = np.flatnonzero(seen)
    return Parsed(values, _some(valid), odd, words, days=days)


def _of_texts(given: pa.Array, plan: Plan) -> Parsed:
    texts = column_of(texts_of(given))
    return _numbers(texts, plan) if plan.way == "number" else _days(texts, plan)


def _all_plain(values: pa.Array) -> Parsed:
    return Parsed(values, None, NO_PLACES, NO_WORDS)


NO_PLACES: Final = np.empty(0, np.int64)
NO_WORDS: Final = pa.DictionaryArray.from_arrays(pa.array([], pa.int32()), pa.array([], pa.string()))


def _odd_words(column: Column, odd: NDArray[np.int64]) -> pa.DictionaryArray:
    if not len(odd):
        return NO_WORDS
    return pc.utf8_trim_whitespace(column.some(odd).texts()).dictionary_encode()


def _words(column: Column) -> Parsed:
    slots, firsts = np.full(4 * MANY_WORDS, -1, np.int32), np.empty(MANY_WORDS, np.int64)
    codes = np.empty(column.rows, np.int32)
    found = coded(column.text, column.starts, column.ends, column.shape, slots, firsts, codes)
    if found < 0 or column.escaped[column.place : column.rows * column.stride : column.stride].any():
        return Parsed(None, None, NO_PLACES, pc.utf8_trim_whitespace(column.texts()).dictionary_encode())
    different = pc.utf8_trim_whitespace(column.some(firsts[:found]).texts()).dictionary_encode()
    merged = different.indices.to_numpy()[codes] if found else codes
    words = pa.DictionaryArray.from_arrays(pa.array(merged, pa.int32()), different.dictionary)
    return Parsed(None, None, NO_PLACES, words)


def _numbers(column: Column, plan: Plan) -> Parsed:
    rows = column.rows
    values, valid, odd = np.empty(rows), np.empty(rows, np.bool_), np.empty(rows, np.int64)
    counts = np.zeros(4, np.int64)
    found = plain_numbers(
        column.text, column.starts, column.ends, column.escaped, column.shape,
        ord(plan.mark) if plan.mark else 0, plan.low, plan.high, plan.whole, values, valid, odd, counts,
    )  # fmt: skip
    point = plan.mark or "."
    examples = {PLAIN_INTEGER: "7", PLAIN_THOUSAND: f"1{point}234", PLAIN_POINT: f"1{point}5", PLAIN_OPEN: f"5{point}"}
    told = {examples[kind]: n for kind, n in enumerate(counts.tolist()) if n}
    return Parsed(values, _some(valid), odd[:found].copy(), _odd_words(column, odd[:found]), told)


def _days(column: Column, plan: Plan) -> Parsed:
    rows = column.rows
    values, valid, odd = np.empty(rows, np.int32), np.empty(rows, np.bool_), np.empty(rows, np.int64)
    seen = np.zeros(DAYS, np.bool_)
    found = plain_days(
        column.text, column.starts, column.ends, column.escaped, column.shape,
        plan.month, plan.iso, np.array(plan.blank, np.int64), values, valid, odd, seen,
    )  # fmt: skip
    words = _odd_words(column, odd[:found])
    return Parsed(values, _some(valid), odd[:found].copy(), words, days=np.flatnonzero(seen))


def _times(column: Column, plan: Plan) -> Parsed:
    rows = column.rows
    values, valid, odd = np.empty(rows, np.int64), np.empty(rows, np.bool_), np.empty(rows, np.int64)
    seen = np.zeros(DAYS, np.bool_)
    found, naive = plain_times(
        column.text, column.starts, column.ends, column.escaped, column.shape,
        np.array(plan.blank, np.int64), values, valid, odd, seen,
    )  # fmt: skip
    words = _odd_words(column, odd[:found])
    return Parsed(values, _some(valid), odd[:found].copy(), words, days=np.flatnonzero(seen), naive=naive)


def _texts(column: Column, _: Plan) -> Parsed:
    rows = column.rows
    firsts, offsets = np.empty(rows, np.int32), np.empty(rows + 1, np.int32)
    valid, odd = np.empty(rows, np.bool_), np.empty(rows, np.int64)
    found, long = plain_texts(
        column.text, column.starts, column.ends, column.escaped, column.shape, firsts, offsets, valid, odd
    )
    if found * MANY_ODD > rows:
        return _words(column)
    values = np.empty(offsets[rows], np.uint8)
    copied(column.text, firsts, offsets, values)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(values)]
    texts = pa.Array.from_buffers(pa.string(), rows, buffers)
    told = {"x" * LONG_TEXT: long} if long else {}
    return Parsed(texts, _some(valid), odd[:found].copy(), _odd_words(column, odd[:found]), told)


def _some(valid: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    return None if valid.all() else valid
