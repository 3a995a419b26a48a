"""Where the texts of a file stay until somebody asks for them: whole, by rows, or piece by piece."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

import numpy as np
import pyarrow as pa

from cxlib.engine.threads import stream
from cxlib.intake.scan import column_offsets, column_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

ROW: Final = "__row"
"""Column of the file's own row numbers."""
PIECE_ROWS: Final = 1 << 17

T = TypeVar("T")


@dataclass(frozen=True)
class Column:
    """The cells of one column of a piece: cell i is ``text[starts[i * stride + place] : ends[i * stride + place]]``.

    Where `escaped` is set, the cell holds escapes, written with the marks (quote, whether a backslash escapes).
    """

    text: NDArray[np.uint8]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    escaped: NDArray[np.bool_]
    rows: int
    stride: int
    place: int
    marks: tuple[int, bool] = (0, False)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, stride and place, as compiled code takes them."""
        return self.rows, self.stride, self.place

    def texts(self) -> pa.Array:
        """Return the cells as strings."""
        offsets = np.empty(self.rows + 1, np.int32)
        cells = (self.text, self.starts, self.ends, self.escaped, self.shape, self.marks)
        values = np.empty(column_offsets(*cells, offsets), np.uint8)
        column_values(*cells, values)
        return pa.Array.from_buffers(pa.string(), self.rows, [None, pa.py_buffer(offsets), pa.py_buffer(values)])

    def some(self, rows: NDArray[np.int64]) -> Column:
        """Return the cells of some rows."""
        at = rows * self.stride + self.place
        return Column(self.text, self.starts[at], self.ends[at], self.escaped[at], len(at), 1, 0, self.marks)


class Piece(Protocol):
    """Rows that follow one another in a file; of use only within the call that it is given to."""

    @property
    def lines(self) -> NDArray[np.int64]:
        """The file's number of each row."""

    def column(self, name: str) -> Column:
        """Return the cells of one column as text."""

    def typed(self, name: str) -> pa.Array | None:
        """Return the values of one column where the file itself has types; None where it holds texts."""


class Cells(Protocol):
    """The rows of a file below its header as text: one column per header, and `ROW`, ascending."""

    @property
    def rows(self) -> int:
        """How many rows there are."""

    def table(self) -> pa.Table:
        """Return all texts: strings, and the int64 column `ROW`."""

    def column(self, name: str) -> pa.ChunkedArray:
        """Return the texts of one column."""

    def head(self, n: int) -> pa.Table:
        """Return the first rows."""

    def tail(self, n: int) -> pa.Table:
        """Return the last rows."""

    def take(self, rows: Sequence[int]) -> pa.Table:
        """Return the rows with these numbers in the file, in the order of the file; unknown numbers are passed over."""

    def without(self, rows: Sequence[int]) -> Cells:
        """Return the texts without the rows with these numbers in the file."""

    @property
    def pieces(self) -> int:
        """In how many pieces `each` goes through the rows."""

    def each(self, function: Callable[[int, Piece], T]) -> list[T]:
        """Call a function with each piece and its place, in parallel, and return the results in order."""

    def stream(self, function: Callable[[int, Piece], T], first: int = 0) -> Iterator[T]:
        """Do what `each` does from piece `first` on, a few pieces ahead of whoever takes the results."""


class MemoryCells:
    """Texts that are in memory."""

    def __init__(self, table: pa.Table, *, piece_rows: int = PIECE_ROWS) -> None:
        self._table = table
        self._piece_rows = piece_rows

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return int(self._table.num_rows)

    def table(self) -> pa.Table:
        """Return all texts."""
        return self._table

    def column(self, name: str) -> pa.ChunkedArray:
        """Return the texts of one column."""
        return self._table.column(name)

    def head(self, n: int) -> pa.Table:
        """Return the first rows."""
        return self._table.slice(0, n)

    def tail(self, n: int) -> pa.Table:
        """Return the last rows."""
        return self._table.slice(max(self.rows - n, 0))

    def without(self, rows: Sequence[int]) -> MemoryCells:
        """Return the texts without the rows with these numbers."""
        kept = np.ones(self.rows, np.bool_)
        kept[places_of(self._numbers, np.unique(np.asarray(rows, np.int64)))[0]] = False
        return MemoryCells(self._table.filter(pa.array(kept)), piece_rows=self._piece_rows)

    def take(self, rows: Sequence[int]) -> pa.Table:
        """Return the rows with these numbers, in the order of the file."""
        places, _ = places_of(self._numbers, np.unique(np.asarray(rows, np.int64)))
        return self._table.take(pa.array(places))

    @property
    def pieces(self) -> int:
        """In how many pieces `each` goes through the rows."""
        return -(-self.rows // self._piece_rows)

    def each(self, function: Callable[[int, Piece], T]) -> list[T]:
        """Call a function with each piece, in parallel."""
        return list(self.stream(function))

    def stream(self, function: Callable[[int, Piece], T], first: int = 0) -> Iterator[T]:
        """Call a function with each piece from `first` on."""
        parts = ((i, self._table.slice(i * self._piece_rows, self._piece_rows)) for i in range(first, self.pieces))
        return stream(lambda i, part: function(i, ArrowPiece(part)), parts)

    @cached_property
    def _numbers(self) -> NDArray[np.int64]:
        numbers: NDArray[np.int64] = self._table.column(ROW).to_numpy()
        return numbers


class ArrowPiece:
    """A piece of a table of strings."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    @property
    def lines(self) -> NDArray[np.int64]:
        """The file's number of each row."""
        lines: NDArray[np.int64] = self._table.column(ROW).to_numpy()
        return lines

    def column(self, name: str) -> Column:
        """Return the cells of one column as text."""
        return column_of(self._table.column(name))

    def typed(self, name: str) -> pa.Array | None:  # noqa: ARG002 - all is text
        """Return None: there are no types."""
        return None


def column_of(texts: pa.ChunkedArray | pa.Array) -> Column:
    """Return strings without NULLs as the cells of a column."""
    array = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], pa.string())
    _, offsets, values = array.buffers()
    rows = len(array)
    ends = np.frombuffer(offsets, np.int32)[array.offset : array.offset + rows + 1] if rows else np.zeros(1, np.int32)
    text = np.frombuffer(values, np.uint8) if values is not None and values.size else np.zeros(0, np.uint8)
    return Column(text, ends[:-1], ends[1:], np.zeros(rows, np.bool_), rows, 1, 0)


def places_of(numbers: NDArray[np.int64], wanted: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the places of ascending `wanted` numbers in ascending `numbers`, and those that are there."""
    places = np.searchsorted(numbers, wanted)
    inside = places < len(numbers)
    places, wanted = places[inside], wanted[inside]
    there = numbers[places] == wanted
    return places[there], wanted[there]
