"""Some of the contacts of a log in the order in which they stood, cut into stretches that the threads share."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from cxlib.fairness import pair_kernels
from cxlib.fairness.periods import period_starts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from cxlib.fairness.lines import Lines

_BLOCK_PAIRS: Final = 4_000_000
_FEW: Final = 1 << 22
"""Combinations of keys up to which they are counted; beyond, they are sorted."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Contacts by pool, arrival and end, length n.

    `row` is their row of the log, `arrived` and `ends` are microseconds, `tier` is the place of their tier, and `spans`
    are begin and end of each pool.
    """

    row: NDArray[np.int32]
    arrived: NDArray[np.int64]
    ends: NDArray[np.int64]
    tier: NDArray[np.int8]
    spans: list[tuple[int, int]]

    def later_in_line(self) -> NDArray[np.int64]:
        """Return how many of its pool arrived after each contact before its wait ended."""
        out = np.zeros(self.row.size, np.int64)
        for begin, stop in self.spans:
            pair_kernels.later_in_line(self.arrived, self.ends, begin, stop, out)
        return out


def standing(lines: Lines, chosen: NDArray[np.bool_]) -> Standing:
    """Return the chosen contacts (by row) in the order in which they stood."""
    there = chosen[lines.order]
    before = np.concatenate([[0], np.cumsum(there)])
    row = lines.order[there]
    return Standing(
        row=row,
        arrived=lines.arrived[row],
        ends=lines.ends[row],
        tier=lines.tier[row],
        spans=[(int(before[a]), int(before[b])) for a, b in lines.spans if before[b] > before[a]],
    )


def groups_of(
    lines: Lines,
    stood: Standing,
    each: Sequence[str],
    period: NDArray[np.int64] | None = None,
    every: str | None = None,
) -> tuple[NDArray[np.int64], pd.DataFrame]:
    """Return the number of each contact's group, and what the groups are, one row each.

    Parameters
    ----------
    each : sequence of str
        Columns to group by; those that the file lacks are left out. Without any, all are one group, also nobody.
    period : int64 array, optional
        Number of the period of each contact, of kind `every`; the groups then have a column period.
    """
    place = np.zeros(stood.row.size, np.int64)
    keys: dict[str, tuple[Any, NDArray[Any]]] = {}
    for name in each:
        if name in lines.prepared.there:
            values, code = lines.coded(name)
            keys[name] = (values, code[stood.row])
    if period is not None and every is not None:
        numbers, number = np.unique(period, return_inverse=True)
        keys["period"] = (period_starts(numbers, every), number)
    n_places = 1
    for values, code in keys.values():
        place = place * len(values) + code
        n_places *= len(values)
    if n_places <= _FEW:
        found = np.flatnonzero(np.bincount(place, minlength=n_places)) if keys else np.zeros(1, np.int64)
        number = np.zeros(max(n_places, 1), np.int64)
        number[found] = np.arange(found.size)
        group = number[place]
    else:
        found, group = np.unique(place, return_inverse=True)
    groups = pd.DataFrame(index=range(found.size))
    for name, (values, _) in reversed(keys.items()):
        taken = np.asarray(values, dtype=None if name == "period" else object)[found % max(len(values), 1)]
        groups.insert(0, name, taken if name == "period" else pd.Series(taken, dtype="str"))
        found //= max(len(values), 1)
    return group, groups


def stretches(
    stood: Standing, group: NDArray[np.int64], used: NDArray[np.bool_], work: NDArray[np.int64]
) -> Iterator[tuple[int, int, int]]:
    """Yield contacts of one group and pool that are used, in pieces of not too many pairs.

    Yields begin and end of a piece, and where its pool ends.
    """
    for first, stop in stood.spans:
        same = (np.diff(group[first:stop]) == 0) & (used[first + 1 : stop] == used[first : stop - 1])
        edges = [first, *(first + 1 + np.flatnonzero(~same)).tolist(), stop]
        for begin, end in itertools.pairwise(edges):
            if not used[begin]:
                continue
            pieces = np.cumsum(work[begin:end]) // _BLOCK_PAIRS
            cuts = [begin, *(begin + 1 + np.flatnonzero(np.diff(pieces))).tolist(), end]
            yield from ((a, b, stop) for a, b in itertools.pairwise(cuts))
