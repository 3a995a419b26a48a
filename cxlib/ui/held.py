"""Frames held in memory, the ones used last, up to a number of bytes."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


class Held:
    """The frames used last, by their marks, as many as `most` bytes hold."""

    def __init__(self, most: int) -> None:
        self._frames: OrderedDict[tuple[str, int, int], tuple[pd.DataFrame, int]] = OrderedDict()
        self._most, self._bytes, self._guard = most, 0, Lock()

    def get(self, mark: tuple[str, int, int]) -> pd.DataFrame | None:
        with self._guard:
            if mark not in self._frames:
                return None
            self._frames.move_to_end(mark)
            return self._frames[mark][0]

    def put(self, mark: tuple[str, int, int], frame: pd.DataFrame, size: int) -> None:
        with self._guard:
            self._bytes += size - self._frames.pop(mark, (None, 0))[1]
            self._frames[mark] = frame, size
            while self._bytes > self._most:
                self._bytes -= self._frames.popitem(last=False)[1][1]
