"""What the cells of a file tell of how they are written: few things of each piece, whatever is kept of its values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from cxlib.intake.columns import parse
from cxlib.intake.quick import DAY_BASE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from cxlib.intake.cells import Cells, Piece
    from cxlib.intake.columns import Parsed, Plan

    Codes = list[list[NDArray[np.int32]]]


@dataclass(frozen=True)
class Seen:
    """What one column of one piece tells: its different words and how often they occur, and see `Parsed`."""

    words: pa.Array
    often: NDArray[np.int64]
    counts: dict[str, int]
    days: NDArray[np.int64]
    naive: int
    times: bool

    @classmethod
    def of(cls, parsed: Parsed) -> Seen:
        """Look at a column that was parsed."""
        words = parsed.words
        often = np.bincount(words.indices.to_numpy(), minlength=len(words.dictionary))
        times = isinstance(parsed.values, np.ndarray) and parsed.values.dtype == np.int64
        return cls(words.dictionary, often, parsed.counts, parsed.days, parsed.naive, times)


class FirstLook:
    """A first pass over all pieces, by plans for the columns.

    Parameters
    ----------
    room : float
        So many bytes of the first pieces are kept as they were parsed; the others are parsed again when needed.
    tell : callable
        Told the rows of each piece that is done.

    Attributes
    ----------
    kept : list of (lines, columns)
        The file's row numbers of the first pieces, and their columns.
    seen : list of list of Seen
        By column and piece.
    """

    def __init__(
        self,
        cells: Cells,
        plans: list[Plan],
        constants: Sequence[str | None],
        *,
        room: float,
        tell: Callable[[int], None],
    ) -> None:
        self.cells = cells
        self.plans = plans
        self.kept: list[tuple[NDArray[np.int64], list[Parsed]]] = []
        self._constants = constants
        pieces: list[list[Seen]] = []
        for lines, parsed, seen in cells.stream(self._first):
            pieces.append(seen)
            room -= lines.nbytes + sum(_size(each) for each in parsed)
            if room >= 0:
                self.kept.append((lines, parsed))
            tell(len(lines))
        self.seen = [[piece[i] for piece in pieces] for i in range(len(plans))]

    def parse(self, piece: Piece) -> list[Parsed]:
        """Read all columns of a piece."""
        return [parse(piece, plan, self._constants[i]) for i, plan in enumerate(self.plans)]

    def again(self, changed: dict[int, Plan]) -> None:
        """Read some columns by other plans."""
        for i, plan in changed.items():
            self.plans[i] = plan
            self.seen[i] = []

        def each(_: int, piece: Piece) -> tuple[list[Parsed], list[Seen]]:
            parsed = [parse(piece, plan) for plan in changed.values()]
            return parsed, [Seen.of(each) for each in parsed]

        for k, (parsed, seen) in enumerate(self.cells.stream(each) if changed else ()):
            for place, i in enumerate(changed):
                self.seen[i].append(seen[place])
                if k < len(self.kept):
                    self.kept[k][1][i] = parsed[place]

    def _first(self, _: int, piece: Piece) -> tuple[NDArray[np.int64], list[Parsed], list[Seen]]:
        parsed = self.parse(piece)
        return piece.lines.copy(), parsed, [Seen.of(each) for each in parsed]


def _size(parsed: Parsed) -> int:
    parts = [parsed.values, parsed.valid, parsed.odd, parsed.words]
    return sum(each.nbytes for each in parts if each is not None)


def unified(parts: Sequence[Seen]) -> tuple[pa.Array, list[NDArray[np.int32]]]:
    """Return (the different words of all pieces, the place of each piece's words among them)."""
    chunks = [
        pa.DictionaryArray.from_arrays(pa.array(np.arange(len(each.words), dtype=np.int32)), each.words)
        for each in parts
    ]
    whole = pa.chunked_array(chunks, pa.dictionary(pa.int32(), pa.string())).unify_dictionaries()
    if not whole.num_chunks:
        return pa.array([], pa.string()), []
    codes = [chunk.indices.to_numpy() for chunk in whole.chunks]
    longest = max(whole.chunks, key=lambda chunk: len(chunk.dictionary))
    return longest.dictionary, codes


def evidence(parts: Sequence[Seen], words: pa.Array, codes: Sequence[NDArray[np.int32]]) -> tuple[pa.Array, pa.Array]:
    """Return texts and how often they occur: all odd ones, examples of plain ones, and each plain day once."""
    counts = np.zeros(len(words), np.int64)
    for part, places in zip(parts, codes, strict=True):
        counts[places] += part.often
    examples: dict[str, int] = {}
    for part in parts:
        for text, n in part.counts.items():
            examples[text] = examples.get(text, 0) + n
    days = np.unique(np.concatenate([np.empty(0, np.int64), *(each.days for each in parts)]))
    named = np.datetime_as_string((days + DAY_BASE).astype("datetime64[D]")).tolist() if len(days) else []
    if any(each.times for each in parts):
        # of times it matters whether any says how far it is from UTC
        named = [f"{day} 00:00:00{'' if any(each.naive for each in parts) else 'Z'}" for day in named]
    more = pa.array([*examples, *named], pa.string())
    often = np.concatenate([counts, np.array([*examples.values()], np.int64), np.ones(len(named), np.int64)])
    return pa.concat_arrays([words, more]), pa.array(often)
