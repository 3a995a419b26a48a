"""Who is passed by whom.

A contact passes another when it arrived strictly later, was served, and its wait ended strictly earlier. Whoever is
passed was queued; one who left is passed while it waits and passes nobody; one who waits still has no end yet.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa

from cxlib.engine import threads
from cxlib.engine.frames import arrow
from cxlib.errors import CxError
from cxlib.fairness import kernels
from cxlib.fairness.contacts import Contacts, prepare
from cxlib.fairness.groups import MIN_GROUP, By, grouped, keys_of, share
from cxlib.fairness.periods import Every, period_starts, with_period
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Passers = Literal["all", "queued"]

POOL: Final = ("queue", "location")
"""Waits are compared within one queue of one location."""
MOST_TIERS: Final = 64
"""More tiers than this are no tiers; a column of another kind was taken."""

_STILL_WAITING: Final = np.iinfo(np.int64).max
_BLOCK: Final = 1 << 18
_CHUNK: Final = 1 << 15  # ends, items and counts of so many fit in a core's cache


def overtakes(
    contacts: Any,
    *,
    by: By = "tier",
    pool: Sequence[str] | None = POOL,
    passers: Passers = "all",
    ranks: Any = None,
) -> pd.DataFrame:
    """Return how often contacts of each tier passed contacts of each tier.

    Parameters
    ----------
    contacts : frame
        The typed table of contacts, or prepared contacts.
    by : str, one-element list, or mapping from tier to group
        What the pairs are made of.
    pool : sequence of str or None
        Columns within whose values contacts are compared; those that the file lacks are left out. None is one pool.
    passers : "all" or "queued"
        Whether those served at once while others waited count as passing.
    ranks : mapping or table of tiers, optional
        Orders the rows.

    Returns
    -------
    pandas frame, one row per ordered pair of tiers, also where nobody passed
        passer, passed (tiers); passes; passed_abandoned, the passes of one who later left; n_passed and
        n_passed_abandoned, the contacts passed at least once by the passer's tier (and those of them who left);
        n_passers, the contacts that passed at least one of the passed tier; n_of_passed, the queued contacts of the
        passed tier; share_passed = n_passed / n_of_passed (missing where there is none).
    """
    counted = _count(contacts, by=by, pool=pool, passers=passers, ranks=ranks)
    tiers, n = counted.tiers, len(counted.tiers)
    pairs = kernels.pair_sums(counted.passed_by, counted.passes_of, counted.passer, counted.passed, counted.left)
    passes, of_left, n_passed, n_left, n_passers = (np.asarray(each).ravel() for each in pairs)
    queued = np.tile(np.bincount(counted.passed, minlength=n + 1)[:n], n)
    return pd.DataFrame(
        {
            "passer": _labels(np.repeat(np.arange(n), n), tiers),
            "passed": _labels(np.tile(np.arange(n), n), tiers),
            "passes": passes,
            "passed_abandoned": of_left,
            "n_passed": n_passed,
            "n_passed_abandoned": n_left,
            "n_passers": n_passers,
            "n_of_passed": queued,
            "share_passed": share(n_passed, queued, at_least=1),
        }
    )


def overtakes_by_contact(
    contacts: Any,
    *,
    by: By = "tier",
    pool: Sequence[str] | None = POOL,
    passers: Passers = "all",
    ranks: Any = None,
) -> pd.DataFrame:
    """Return how often each contact was passed and passed others.

    Returns
    -------
    pandas frame, one row per contact
        contact_id, tier (or the column of `by`), queued, outcome, passed (times it was passed), passes (times it
        passed another); where ranks are given also passed_by_higher, passed_by_same, passed_by_lower and passes_higher,
        passes_same, passes_lower, by the rank of the other beside its own (rank 1 is the highest; contacts without a
        rank, and passes by or of such, count in none).

    See `overtakes` for the parameters.
    """
    counted = _count(contacts, by=by, pool=pool, passers=passers, ranks=ranks, details=True)
    out = counted.details.copy()
    out["passed"] = counted.passed_by.sum(axis=1, dtype=np.int64)
    out["passes"] = counted.passes_of.sum(axis=1, dtype=np.int64)
    if counted.ranks is None:
        return out
    rank = np.array([counted.ranks.get(tier, -1) if tier is not None else -1 for tier in counted.tiers], np.int64)
    own = rank[counted.tier][:, None]
    known = (own >= 0) & (rank >= 0)[None, :]
    for name, there in (("higher", rank < own), ("same", rank == own), ("lower", rank > own)):
        out[f"passed_by_{name}"] = (counted.passed_by * (there & known)).sum(axis=1, dtype=np.int64)
        out[f"passes_{name}"] = (counted.passes_of * (there & known)).sum(axis=1, dtype=np.int64)
    return out


def passed_summary(
    contacts: Any,
    *,
    by: By = "tier",
    pool: Sequence[str] | None = POOL,
    passers: Passers = "all",
    min_group: int = MIN_GROUP,
    ranks: Any = None,
) -> pd.DataFrame:
    """Return how much being passed the queued contacts of each tier met.

    Returns
    -------
    pandas frame, one row per tier
        The tier; n (queued contacts); passed (times in all); share_passed and share_passed_3, the shares passed at
        least once and at least three times; mean_passed; most_passed; too_few.

    See `overtakes` for the parameters.
    """
    counted = _count(contacts, by=by, pool=pool, passers=passers, ranks=ranks)
    times = counted.passed_by.sum(axis=1, dtype=np.int64)
    return _summary(counted.passed.astype(np.int64), times, counted, min_group)


def overtakes_over_time(
    contacts: Any,
    *,
    by: By = "tier",
    every: Every = "day",
    zone: str = "UTC",
    pool: Sequence[str] | None = POOL,
    passers: Passers = "all",
    min_group: int = MIN_GROUP,
    ranks: Any = None,
) -> pd.DataFrame:
    """Return how much being passed the queued contacts of each tier met, by when they arrived.

    Returns
    -------
    pandas frame, one row per period and tier with queued contacts
        period (a number, or the local date and time, naive, at which it begins) and the columns of `passed_summary`.

    See `overtakes` for the parameters, and `allocation_over_time` for `every` and `zone`.
    """
    prepared = prepare(contacts, ranks=ranks, keep=[*keys_of(by), *(pool or ())])
    counted = _count(prepared, by=by, pool=pool, passers=passers, ranks=ranks)
    arrivals = nw.from_native(pd.DataFrame({"arrived_us": counted.arrived}))
    found = with_period(arrivals, every, zone=zone, first=prepared.first_us, last=prepared.until_us)
    period, place = np.unique(found["period"].to_numpy(), return_inverse=True)
    tiers = len(counted.tiers)
    times = counted.passed_by.sum(axis=1, dtype=np.int64)
    cell = np.where(counted.passed < tiers, place * tiers + counted.passed, period.size * tiers)
    out = _summary(cell, times, counted, min_group, repeats=period.size)
    out.insert(0, "period", np.repeat(period_starts(period, every), tiers))
    return out[out["n"] > 0].reset_index(drop=True)


@dataclass(frozen=True, kw_only=True)
class _Counted:
    """Counts per contact: ``passed_by`` and ``passes_of`` are int32, contacts by tiers."""

    key: str
    tiers: list[str | None]
    ranks: dict[str, int] | None
    tier: NDArray[np.int8]
    passer: NDArray[np.int8]
    passed: NDArray[np.int8]
    left: NDArray[np.bool_]
    arrived: NDArray[np.int64]
    passed_by: NDArray[np.int32]
    passes_of: NDArray[np.int32]
    details: pd.DataFrame


def _count(
    contacts: Any,
    *,
    by: By,
    pool: Sequence[str] | None,
    passers: Passers,
    ranks: Any,
    details: bool = False,
) -> _Counted:
    if passers not in {"all", "queued"}:
        raise CxError(
            "unknown_choice",
            N_("“{value}” is no choice."),
            hint=N_("Choose one of: {known}."),
            value=passers,
            known="all, queued",
        )
    if isinstance(pool, str):
        pool = (pool,)
    (key,) = keys_of(by)
    prepared = prepare(contacts, ranks=ranks, keep=[key, *(pool or ())])
    prepared.need(key)
    pools = [name for name in pool or () if name in prepared.there]
    table = _columns(prepared, by, key, pools, details=details)
    coded: Any = threads.run(
        lambda work, *arguments: work(*arguments), [(_codes, table[key], prepared.ranks), (_pools, table, pools)]
    )
    (tiers, tier), (order, begins) = coded
    if len(tiers) > MOST_TIERS:
        raise CxError(
            "too_many_tiers",
            N_("Column “{column}” has {n} values: too many for pairs."),
            hint=N_("Choose a column with at most {most} values."),
            column=key,
            n=len(tiers),
            most=MOST_TIERS,
        )
    outcome = table["outcome"].combine_chunks().to_numpy(zero_copy_only=False)
    queued = table["queued"].combine_chunks().to_numpy(zero_copy_only=False).astype(bool)
    arrived = _int64(table["arrived_us"], 0)
    ends = _int64(table["end_us"], _STILL_WAITING)
    known = (ends != _STILL_WAITING) | (outcome == _WAITING)
    passes = (outcome == _SERVED) & known & (queued | (passers == "all"))
    passer = np.where(passes, tier, len(tiers)).astype(np.int8)
    passed = np.where(queued & known, tier, len(tiers)).astype(np.int8)
    by_contact = _inversions(order, begins, arrived, ends, passer=passer, passed=passed, n_tiers=len(tiers))
    kept = [name for name in ("contact_id", key, "queued") if details and name in table.column_names]
    shown = table.select(kept)
    if details:
        named = pa.DictionaryArray.from_arrays(outcome, ["served", "abandoned", "waiting"]).cast(pa.string())
        shown = shown.append_column("outcome", named)
    return _Counted(
        key=key,
        tiers=tiers,
        ranks=prepared.ranks,
        tier=tier,
        passer=passer,
        passed=passed,
        left=outcome == _ABANDONED,
        arrived=arrived,
        passed_by=by_contact[0],
        passes_of=by_contact[1],
        details=shown.to_pandas(ignore_metadata=True),
    )


_SERVED, _ABANDONED, _WAITING = range(3)


def _columns(prepared: Contacts, by: By, key: str, pools: list[str], *, details: bool) -> pa.Table:
    wanted = list(dict.fromkeys([*(["contact_id"] if details else []), key, *pools]))
    code = nw.when(nw.col("outcome") == "abandoned").then(nw.lit(_ABANDONED)).otherwise(nw.lit(_WAITING))
    code = nw.when(nw.col("outcome") == "served").then(nw.lit(_SERVED)).otherwise(code)
    frame = grouped(prepared.frame, by).with_columns(outcome=code.cast(nw.Int8))
    return arrow(nw.to_native(frame.select(*wanted, "outcome", "queued", "arrived_us", "end_us")))


def _codes(column: pa.ChunkedArray, ranks: dict[str, int] | None) -> tuple[list[str | None], NDArray[np.int8]]:
    """Return the values, by rank where known, then by name, the missing one last, and each row's place among them."""
    coded = column.dictionary_encode(null_encoding="encode").combine_chunks()
    values = coded.dictionary.to_pylist()
    places = dict(ranks or {})
    order = sorted(
        range(len(values)),
        key=lambda i: (values[i] is None, places.get(values[i] or "", len(places) + 1), values[i] or ""),
    )
    if len(values) > MOST_TIERS:
        return [values[i] for i in order], np.zeros(0, np.int8)
    place = np.empty(max(len(values), 1), np.int8)
    place[order] = np.arange(len(values), dtype=np.int8)
    return [values[i] for i in order], place[coded.indices.to_numpy(zero_copy_only=False)]


def _int64(column: pa.ChunkedArray, missing: int) -> NDArray[np.int64]:
    filled = column.fill_null(missing) if column.null_count else column
    whole: NDArray[np.int64] = filled.combine_chunks().to_numpy(zero_copy_only=False).astype(np.int64, copy=False)
    return whole


def _pools(table: pa.Table, pools: list[str]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    code, n = np.zeros(table.num_rows, np.int64), 1
    for name in pools:
        coded = table[name].dictionary_encode(null_encoding="encode").combine_chunks()
        code = code * len(coded.dictionary) + coded.indices.to_numpy(zero_copy_only=False)
        n *= len(coded.dictionary)
        if n > 1 << 20:  # only pairs that occur
            found, code = np.unique(code, return_inverse=True)
            n = len(found)
    order, begins = kernels.pool_order(code.astype(np.int32), n)
    return order, begins


def _inversions(
    order: NDArray[np.int32],
    begins: NDArray[np.int64],
    arrived: NDArray[np.int64],
    ends: NDArray[np.int64],
    *,
    passer: NDArray[np.int8],
    passed: NDArray[np.int8],
    n_tiers: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return passed_by and passes_of (contacts by tiers), each pool counted on the threads."""
    n = order.shape[0]
    sorted_ends, items = np.empty(n, np.int64), np.arange(n, dtype=np.int32)
    by_place = np.empty(n, np.int8), np.empty(n, np.int8)
    counts = np.zeros((n, n_tiers), np.int32), np.zeros((n, n_tiers), np.int32)
    spans = [(int(a), int(b)) for a, b in itertools.pairwise(begins) if b > a]

    def line_up(begin: int, end: int) -> None:
        mine = order[begin:end]
        when = arrived[mine]
        if not kernels.rises(when):
            by_arrival = np.argsort(when)
            when, mine[:] = when[by_arrival], mine[by_arrival]
        sorted_ends[begin:end] = ends[mine]
        if not kernels.settle_ties(mine, when, sorted_ends[begin:end]):
            settled = np.lexsort((sorted_ends[begin:end], when))
            mine[:], sorted_ends[begin:end] = mine[settled], sorted_ends[begin:end][settled]
        by_place[0][begin:end], by_place[1][begin:end] = passer[mine], passed[mine]

    def count(begin: int, end: int, width: int) -> None:
        kernels.sort_and_count(sorted_ends, items, begin, end, width, *by_place, n_tiers, *counts)

    def count_block(begin: int, end: int) -> None:
        for low in range(begin, end, _CHUNK):
            count(low, min(low + _CHUNK, end), 0)
        count(begin, end, _CHUNK)

    threads.run(line_up, spans)
    threads.run(count_block, [(a, min(a + _BLOCK, end)) for begin, end in spans for a in range(begin, end, _BLOCK)])
    threads.run(count, [(begin, end, _BLOCK) for begin, end in spans if end - begin > _BLOCK])
    scattered = [np.empty_like(each) for each in counts]
    for to, source in zip(scattered, counts, strict=True):
        to[order] = source
    return scattered[0], scattered[1]


def _summary(
    cell: NDArray[np.int64], times: NDArray[np.int64], counted: _Counted, min_group: int, *, repeats: int = 1
) -> pd.DataFrame:
    """Sum up `times` per cell (a period and a tier); the cell past the last one is of those who were not queued."""
    tiers = len(counted.tiers)
    cells = repeats * tiers
    n = np.bincount(cell, minlength=cells + 1)[:cells]
    total = np.zeros(cells + 1, np.int64)
    np.add.at(total, cell, times)
    most = np.zeros(cells + 1, np.int64)
    np.maximum.at(most, cell, times)
    once = np.bincount(cell[times >= 1], minlength=cells + 1)[:cells]
    thrice = np.bincount(cell[times >= 3], minlength=cells + 1)[:cells]
    return pd.DataFrame(
        {
            counted.key: _labels(np.tile(np.arange(tiers), repeats), counted.tiers),
            "n": n,
            "passed": total[:cells],
            "share_passed": share(once, n, at_least=min_group),
            "share_passed_3": share(thrice, n, at_least=min_group),
            "mean_passed": share(total[:cells], n, at_least=min_group),
            "most_passed": most[:cells],
            "too_few": n < min_group,
        }
    )


def _labels(codes: NDArray[np.int64], tiers: list[str | None]) -> pd.Series[str]:
    return pd.Series(np.array([*tiers, None], dtype=object)[codes], dtype="str")
