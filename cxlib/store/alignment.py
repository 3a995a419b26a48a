"""Which rows of two tables with sorted keys meet, and in what order all of them follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

Keys = tuple["NDArray[np.int32]", "NDArray[np.uint8]", "NDArray[np.int32]"]


@dataclass(frozen=True)
class Stretch:
    """Rows that follow each other: the batch of either side, and per row its place in both, -1 where it has none.

    Where both places are None, all rows are those of one side, in its order.
    """

    old: pa.RecordBatch | None
    new: pa.RecordBatch | None
    from_old: NDArray[np.int32] | None = None
    from_new: NDArray[np.int32] | None = None


def aligned(
    old: Iterator[pa.RecordBatch], new: Iterator[pa.RecordBatch], *, key: tuple[str, ...], rest: bool = True
) -> Iterator[Stretch]:
    """Go through two sorted sides at once.

    Parameters
    ----------
    old, new : iterators of RecordBatch
        Sorted by `key`, which is unique on either side.
    key : tuple of str
        A column of text, and a column of dates after it or none.
    rest : bool
        Whether to go on to the end of `old` once `new` has ended.
    """
    one, other = _Side(old, key), _Side(new, key)
    while other.fill() and one.fill():
        before = one.at, other.at
        room = len(one) - one.at + len(other) - other.at
        from_old, from_new = np.empty(room, np.int32), np.empty(room, np.int32)
        one.at, other.at, count = _align(*one.keys, one.at, *other.keys, other.at, from_old, from_new)
        from_old, from_new = from_old[:count], from_new[:count]
        if other.at == before[1]:
            yield Stretch(one.rows(before[0], one.at), None)
        elif one.at == before[0]:
            yield Stretch(None, other.rows(before[1], other.at))
        else:
            yield Stretch(one.batch, other.batch, from_old, from_new)
    while other.fill():
        yield Stretch(None, other.rows(other.at, len(other)))
        other.at = len(other)
    while rest and one.fill():
        yield Stretch(one.rows(one.at, len(one)), None)
        one.at = len(one)


class _Side:
    def __init__(self, batches: Iterator[pa.RecordBatch], key: tuple[str, ...]) -> None:
        self._batches = batches
        self._key = key
        self.batch: pa.RecordBatch | None = None
        self.at = 0
        self.keys: Keys

    def __len__(self) -> int:
        return 0 if self.batch is None else int(self.batch.num_rows)

    def fill(self) -> bool:
        """Whether there are more rows; the next batch is taken where the last one is through."""
        while self.at >= len(self):
            self.batch = next(self._batches, None)
            if self.batch is None:
                return False
            self.at = 0
            self.keys = _keys(self.batch, self._key)
        return True

    def rows(self, first: int, end: int) -> pa.RecordBatch | None:
        return None if self.batch is None else self.batch.slice(first, end - first)


def _keys(batch: pa.RecordBatch, key: tuple[str, ...]) -> Keys:
    names = batch.column(batch.schema.get_field_index(key[0]))
    _, ends, text = names.buffers()
    offsets = np.frombuffer(ends, np.int32)[names.offset : names.offset + len(names) + 1]
    letters = np.frombuffer(text, np.uint8) if text is not None and text.size else np.zeros(1, np.uint8)
    days = np.zeros(len(names), np.int32)
    if len(key) > 1:
        days = batch.column(batch.schema.get_field_index(key[1])).cast(pa.int32()).to_numpy()
    return offsets, letters, days


@njit(cache=True, nogil=True)
def _align(  # noqa: PLR0917 - compiled
    old_ends: NDArray[np.int32],
    old_text: NDArray[np.uint8],
    old_days: NDArray[np.int32],
    at_old: int,
    new_ends: NDArray[np.int32],
    new_text: NDArray[np.uint8],
    new_days: NDArray[np.int32],
    at_new: int,
    from_old: NDArray[np.int32],
    from_new: NDArray[np.int32],
) -> tuple[int, int, int]:
    """Merge two sorted runs until one ends; text is compared byte by byte, as unsigned numbers."""
    count = 0
    while at_old < len(old_days) and at_new < len(new_days):
        first, other = old_ends[at_old], new_ends[at_new]
        length, other_length = old_ends[at_old + 1] - first, new_ends[at_new + 1] - other
        order = 0
        for i in range(min(length, other_length)):
            a, b = old_text[first + i], new_text[other + i]
            if a != b:
                order = -1 if a < b else 1
                break
        if order == 0:
            order = length - other_length
        if order == 0:
            order = np.int64(old_days[at_old]) - np.int64(new_days[at_new])  # type: ignore[assignment]
        from_old[count] = from_new[count] = -1
        if order <= 0:
            from_old[count] = at_old
            at_old += 1
        if order >= 0:
            from_new[count] = at_new
            at_new += 1
        count += 1
    return at_old, at_new, count
