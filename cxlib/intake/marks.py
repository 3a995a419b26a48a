"""Rows that deserve a second look, found while a file is scanned: few among millions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numba import njit

from cxlib.intake.structure import TOTAL_WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MOST_MARKED: Final = 10_000
"""From here on no further rows are marked: what is that frequent is data, and the casts will judge it."""
_LETTERS: Final = np.array([chr(i).isalpha() or i >= 0x80 for i in range(256)], np.bool_)


@dataclass(frozen=True)
class Marks:
    """What marks a row: words with which its first value begins, and letters in a column of nothing but numbers.

    `words` are lower-case UTF-8, one after the other, the i-th from `offsets[i]`; `firsts` tells with which two bytes
    (256 x the first + the second, 0 where there is none) a value may begin with one; `column` is the column of
    numbers, or -1.
    """

    words: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    firsts: NDArray[np.bool_]
    column: int


def marks_for(header: Sequence[str], column: int) -> Marks:
    """Return the marks for a table: the words of totals, the first name of its header, letters in `column`."""
    named = next((name.strip() for name in header if name.strip()), "")
    words = [word.lower().encode() for word in (*TOTAL_WORDS, *([named] if named else []))]
    offsets = np.cumsum([0, *map(len, words)], dtype=np.int64)
    firsts = np.zeros((256, 256), np.bool_)
    for word in words:
        seconds = [word[1], *word[1:2].upper()] if len(word) > 1 else range(256)
        firsts[np.ix_([word[0], *word[:1].upper()], seconds)] = True
    return Marks(np.frombuffer(b"".join(words), np.uint8), offsets, firsts.reshape(-1), column)


def marked_rows(
    text: NDArray[np.uint8], starts: NDArray[Any], ends: NDArray[Any], shape: tuple[int, int], marks: Marks
) -> NDArray[np.int64]:
    """Return the places of the marked rows among the (rows, fields) of a block, at most `MOST_MARKED` of them."""
    out = np.empty(min(shape[0], MOST_MARKED), np.int64)
    found = _mark(text, starts, ends, shape, marks.words, marks.offsets, marks.firsts, marks.column, _LETTERS, out)
    return out[:found]


@njit(cache=True, nogil=True)
def _mark(  # noqa: PLR0917 - compiled code takes arrays by place
    text: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
    shape: tuple[int, int],
    words: np.ndarray,
    offsets: np.ndarray,
    firsts: np.ndarray,
    column: int,
    letters: np.ndarray,
    out: np.ndarray,
) -> int:
    rows, width = shape
    found = 0
    for row in range(rows):
        base = row * width
        if found >= len(out):
            break
        odd = False
        if column >= 0:
            pos, end = starts[base + column], ends[base + column]
            while pos < end and text[pos] == 32:
                pos += 1
            odd = pos < end and letters[text[pos]]
        if not odd:
            odd = width > 1  # where nothing is filled
            for i in range(base, base + width):
                pos, end = starts[i], ends[i]
                while pos < end and text[pos] == 32:
                    pos += 1
                if pos < end:
                    second = text[pos + 1] if pos + 1 < end else 0
                    odd = firsts[256 * int(text[pos]) + int(second)] and _begins(text, pos, end, words, offsets)
                    break
        if odd:
            out[found] = row
            found += 1
    return found


@njit(cache=True, nogil=True)
def _begins(text: np.ndarray, pos: int, end: int, words: np.ndarray, offsets: np.ndarray) -> bool:
    """Tell whether a value begins with one of the words and goes on, if at all, without a letter or digit."""
    for k in range(len(offsets) - 1):
        first, size = offsets[k], offsets[k + 1] - offsets[k]
        if size > end - pos:
            continue
        same = True
        for i in range(size):
            c = text[pos + i]
            if 65 <= c <= 90:
                c += 32
            if c != words[first + i]:
                same = False
                break
        if same:
            if pos + size == end:
                return True
            c = text[pos + size]
            if not (48 <= c <= 57 or 65 <= c <= 90 or 97 <= c <= 122 or c == 95):
                return True
    return False
