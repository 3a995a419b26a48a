"""Where the texts of a file stay until somebody asks for them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence

ROW: Final = "__row"
"""Column of the file's own row numbers."""


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

    def take(self, rows: Sequence[int]) -> pa.Table:
        """Return the rows with these numbers in the file, in the order of the file; unknown numbers are passed over."""


class MemoryCells:
    """Texts that are in memory."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

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

    def take(self, rows: Sequence[int]) -> pa.Table:
        """Return the rows with these numbers, in the order of the file."""
        wanted = np.unique(np.asarray(rows, np.int64))
        places = np.searchsorted(self._numbers, wanted)
        inside = places < len(self._numbers)
        places = places[inside]
        return self._table.take(pa.array(places[self._numbers[places] == wanted[inside]]))

    @cached_property
    def _numbers(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        numbers: np.ndarray[tuple[int], np.dtype[np.int64]] = self._table.column(ROW).to_numpy()
        return numbers
