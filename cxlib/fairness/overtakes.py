"""Who is passed by whom.

A contact passes another when it arrived strictly later, was served, and its wait ended strictly earlier. Whoever is
passed was queued; one who left is passed while it waits and passes nobody; one who waits still has no end yet.

Every measure here takes contacts, or what `count_overtakes` made of them: counting is the dear part, and one count
serves all measures of the same groups, pools and passers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from cxlib.engine import threads
from cxlib.errors import CxError
from cxlib.fairness import kernels
from cxlib.fairness.groups import MIN_GROUP, By, share
from cxlib.fairness.lines import ABANDONED, MOST_TIERS, POOL, SERVED, Lines, labels, lines_of
from cxlib.fairness.periods import Every, period_starts
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = [
    "MOST_TIERS",
    "POOL",
    "OvertakeCounts",
    "Passers",
    "count_overtakes",
    "overtakes",
    "overtakes_by_contact",
    "overtakes_over_time",
    "passed_distribution",
    "passed_summary",
    "routing_and_rank",
]

Passers = Literal["all", "queued"]

_BLOCK: Final = 1 << 18
_CHUNK: Final = 1 << 15  # ends, items and counts of so many fit in a core's cache


@dataclass(frozen=True, kw_only=True)
class OvertakeCounts:
    """Overtakes counted per contact.

    Attributes
    ----------
    lines : Lines
        The contacts, length n, of K tiers.
    passers : str
        ``"all"`` or ``"queued"``, see `overtakes`.
    passer, passed : int8 arrays, length n
        The tier of each contact as one who may pass and as one who may be passed; K where it cannot.
    passed_by, passes_of : int32 arrays, n by K
        How often the contact was passed by each tier, and passed each tier.
    """

    lines: Lines
    passers: Passers
    passer: NDArray[np.int8]
    passed: NDArray[np.int8]
    passed_by: NDArray[np.int32]
    passes_of: NDArray[np.int32]

    @cached_property
    def pair_sums(self) -> NDArray[np.int64]:
        """Counts by tier pair, see `kernels.pair_sums`."""
        left = self.lines.outcome == ABANDONED
        n_tiers = len(self.lines.tiers)
        parts = threads.run(
            lambda a, b: kernels.pair_sums(
                self.passed_by[a:b], self.passes_of[a:b], self.passer[a:b], self.passed[a:b], left[a:b]
            ),
            threads.blocks(len(self.lines), parts=4),
        )
        sums: NDArray[np.int64] = np.sum(parts, axis=0).reshape(5, n_tiers, n_tiers)
        return sums

    @cached_property
    def times_passed(self) -> NDArray[np.int64]:
        """How often each contact was passed."""
        times: NDArray[np.int64] = self.passed_by.sum(axis=1, dtype=np.int64)
        return times

    @cached_property
    def times_passing(self) -> NDArray[np.int64]:
        """How many others each contact passed."""
        times: NDArray[np.int64] = self.passes_of.sum(axis=1, dtype=np.int64)
        return times


def count_overtakes(
    contacts: Any,
    *,
    by: By = "tier",
    pool: Sequence[str] | None = POOL,
    passers: Passers = "all",
    ranks: Any = None,
    keep: Sequence[str] = (),
) -> OvertakeCounts:
    """Count the overtakes of each contact once, for all measures that rest on them.

    Parameters
    ----------
    contacts : frame
        The typed table of contacts, prepared contacts, `Lines`, or counts, which are returned as they are.
    by, pool, passers, ranks
        As for `overtakes`.
    keep : sequence of str
        Columns beyond the canonical ones that measures will group by.
    """
    if isinstance(contacts, OvertakeCounts):
        return contacts
    if passers not in {"all", "queued"}:
        raise CxError(
            "unknown_choice",
            N_("“{value}” is no choice."),
            hint=N_("Choose one of: {known}."),
            value=passers,
            known="all, queued",
        )
    lines = lines_of(contacts, by=by, pool=pool, ranks=ranks, keep=keep)
    n_tiers = len(lines.tiers)
    passes = (lines.outcome == SERVED) & lines.known & (lines.queued | (passers == "all"))
    passer = np.where(passes, lines.tier, n_tiers).astype(np.int8)
    passed = np.where(lines.queued & lines.known, lines.tier, n_tiers).astype(np.int8)
    passed_by, passes_of = _inversions(lines, passer=passer, passed=passed)
    return OvertakeCounts(
        lines=lines, passers=passers, passer=passer, passed=passed, passed_by=passed_by, passes_of=passes_of
    )


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
    counts = count_overtakes(contacts, by=by, pool=pool, passers=passers, ranks=ranks)
    tiers, n = counts.lines.tiers, len(counts.lines.tiers)
    passes, of_left, n_passed, n_left, n_passers = (each.ravel() for each in counts.pair_sums)
    queued = np.tile(np.bincount(counts.passed, minlength=n + 1)[:n], n)
    return pd.DataFrame(
        {
            "passer": labels(np.repeat(np.arange(n), n), tiers),
            "passed": labels(np.tile(np.arange(n), n), tiers),
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
    counts = count_overtakes(contacts, by=by, pool=pool, passers=passers, ranks=ranks)
    lines = counts.lines
    shown = lines.columns("contact_id")
    columns = {
        lines.key: pa.DictionaryArray.from_arrays(lines.tier, pa.array(lines.tiers, pa.string())).cast(pa.string()),
        "queued": pa.array(lines.queued),
        "outcome": pa.DictionaryArray.from_arrays(lines.outcome, ["served", "abandoned", "waiting"]).cast(pa.string()),
    }
    for name, column in columns.items():
        shown = shown.append_column(name, column) if name not in shown.column_names else shown
    out: pd.DataFrame = shown.to_pandas(ignore_metadata=True)
    out["passed"], out["passes"] = counts.times_passed, counts.times_passing
    if lines.ranks is None:
        return out
    rank = np.array([lines.ranks.get(tier, -1) if tier is not None else -1 for tier in lines.tiers], np.int64)
    own = rank[lines.tier][:, None]
    known = (own >= 0) & (rank >= 0)[None, :]
    for name, there in (("higher", rank < own), ("same", rank == own), ("lower", rank > own)):
        out[f"passed_by_{name}"] = (counts.passed_by * (there & known)).sum(axis=1, dtype=np.int64)
        out[f"passes_{name}"] = (counts.passes_of * (there & known)).sum(axis=1, dtype=np.int64)
    return out


def passed_summary(
    contacts: Any,
    *,
    by: By = "tier",
    each: Sequence[str] = (),
    pool: Sequence[str] | None = POOL,
    passers: Passers = "all",
    min_group: int = MIN_GROUP,
    ranks: Any = None,
) -> pd.DataFrame:
    """Return how much being passed the queued contacts of each tier met.

    Parameters
    ----------
    each : sequence of str
        Columns of the contacts, such as ``("queue",)``: one row per tier and combination of their values.

    Returns
    -------
    pandas frame, one row per tier (and values of `each` with queued contacts)
        The columns of `each`; the tier; n (queued contacts); passed (times in all); share_passed and share_passed_3,
        the shares passed at least once and at least three times; mean_passed; most_passed; n_passed and n_passed_3
        (contacts); n_passed_abandoned and n_unpassed_abandoned, those who left of the passed and of the others;
        share_passed_abandoned (of the passed) and share_unpassed_abandoned (of the others); too_few.

    Notes
    -----
    Who waits longer is passed more and leaves more: the last two shares describe, `passed_effects` compares.

    See `overtakes` for the other parameters.
    """
    counts = count_overtakes(contacts, by=by, pool=pool, passers=passers, ranks=ranks, keep=each)
    n_tiers = len(counts.lines.tiers)
    place, values = np.zeros(len(counts.lines), np.int64), []
    for name in each:
        value, code = counts.lines.coded(name)
        place = place * len(value) + code
        values.append(value)
    n_places = int(np.prod([len(value) for value in values], dtype=np.int64))
    out = _summary(counts, place, n_places, min_group)
    number = np.repeat(np.arange(n_places), n_tiers)
    for name, value in zip(reversed(each), reversed(values), strict=True):
        out.insert(0, name, labels(number % max(len(value), 1), value))
        number //= max(len(value), 1)
    return out[out["n"] > 0].reset_index(drop=True) if each else out


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
    counts = count_overtakes(contacts, by=by, pool=pool, passers=passers, ranks=ranks)
    number = counts.lines.periods(zone, every)
    first = int(number.min()) if number.size else 0
    n_periods = int(number.max()) - first + 1 if number.size else 0
    out = _summary(counts, number - first, n_periods, min_group)
    periods = np.repeat(np.arange(first, first + n_periods), len(counts.lines.tiers))
    out.insert(0, "period", period_starts(periods, every))
    return out[out["n"] > 0].reset_index(drop=True)


def passed_distribution(
    contacts: Any,
    *,
    of: Literal["passed", "passes"] = "passed",
    most: int = 10,
    by: By = "tier",
    pool: Sequence[str] | None = POOL,
    passers: Passers = "all",
    min_group: int = MIN_GROUP,
    ranks: Any = None,
) -> pd.DataFrame:
    """Return how many contacts of each tier were passed, or passed others, 0, 1, 2, ... times.

    Parameters
    ----------
    of : "passed" or "passes"
        Times passed, of the queued contacts; or others passed, of the contacts that may pass.
    most : int
        The last row of a tier counts those of `most` times or more.

    Returns
    -------
    pandas frame, `most` + 1 rows per tier
        The tier, times, or_more (true in the last row), n, n_abandoned (always 0 for passes), share (of the tier's
        contacts; missing where they are fewer than `min_group`), share_at_least (`times` or more), too_few.

    See `overtakes` for the other parameters.
    """
    if of not in {"passed", "passes"}:
        raise CxError(
            "unknown_choice",
            N_("“{value}” is no choice."),
            hint=N_("Choose one of: {known}."),
            value=of,
            known="passed, passes",
        )
    counts = count_overtakes(contacts, by=by, pool=pool, passers=passers, ranks=ranks)
    n_tiers = len(counts.lines.tiers)
    tier, times = (counts.passed, counts.times_passed) if of == "passed" else (counts.passer, counts.times_passing)
    cell = tier.astype(np.int64) * (most + 1) + np.minimum(times, most)
    cells = n_tiers * (most + 1)
    n = np.bincount(cell, minlength=cells)[:cells]
    left = np.bincount(cell[counts.lines.outcome == ABANDONED], minlength=cells)[:cells]
    by_tier = n.reshape(n_tiers, most + 1)
    whole = np.repeat(by_tier.sum(axis=1), most + 1)
    at_least = by_tier[:, ::-1].cumsum(axis=1)[:, ::-1].ravel()
    return pd.DataFrame(
        {
            counts.lines.key: labels(np.repeat(np.arange(n_tiers), most + 1), counts.lines.tiers),
            "times": np.tile(np.arange(most + 1), n_tiers),
            "or_more": np.tile(np.arange(most + 1) == most, n_tiers),
            "n": n,
            "n_abandoned": left,
            "share": share(n, whole, at_least=min_group),
            "share_at_least": share(at_least, whole, at_least=min_group),
            "too_few": whole < min_group,
        }
    )


def routing_and_rank(
    contacts: Any,
    *,
    by: By = "tier",
    pool: Sequence[str] | None = POOL,
    passers: Passers = "all",
    ranks: Any = None,
    one_line: OvertakeCounts | None = None,
) -> pd.DataFrame:
    """Return how many passes come of who stands in which line, and how many of who is called first within a line.

    Had all contacts been one line, whoever came later and was served earlier passed. Of those passes, some are within
    a pool: the order within the line, so rank. The others are between pools: the lines go at different speeds, so
    routing and staffing.

    Parameters
    ----------
    one_line : OvertakeCounts, optional
        What `count_overtakes` made of the same contacts as one pool; counted where it is absent.

    Returns
    -------
    pandas frame, one row per ordered pair of tiers
        passer, passed (tiers); passes (as one line); passes_within and passes_between, their parts; share_within and
        share_between (missing where nobody passed); one_line, whether the file has no column of pools, so that nothing
        can be between.

    See `overtakes` for the other parameters.
    """
    counts = count_overtakes(contacts, by=by, pool=pool, passers=passers, ranks=ranks)
    within = overtakes(counts)
    lines = counts.lines
    if one_line is None and len(lines.spans) > 1:
        one_line = count_overtakes(lines.as_one_line(), passers=counts.passers)
    whole = within if one_line is None else overtakes(one_line)
    inside = within["passes"].to_numpy()
    between = whole["passes"].to_numpy() - inside
    return pd.DataFrame(
        {
            "passer": within["passer"],
            "passed": within["passed"],
            "passes": whole["passes"],
            "passes_within": inside,
            "passes_between": between,
            "share_within": share(inside, whole["passes"], at_least=1),
            "share_between": share(between, whole["passes"], at_least=1),
            "one_line": not lines.pools,
        }
    )


def _inversions(
    lines: Lines, *, passer: NDArray[np.int8], passed: NDArray[np.int8]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return passed_by and passes_of (contacts by tiers), each pool counted on the threads."""
    n, n_tiers, order = len(lines), len(lines.tiers), lines.order
    sorted_ends, items = lines.ends_in_line.copy(), np.arange(n, dtype=np.int32)
    by_place = np.empty(n, np.int8), np.empty(n, np.int8)
    counts = np.zeros((n, n_tiers), np.int32), np.zeros((n, n_tiers), np.int32)

    def bring(begin: int, end: int) -> None:
        mine = order[begin:end]
        by_place[0][begin:end], by_place[1][begin:end] = passer[mine], passed[mine]

    def count(begin: int, end: int, width: int) -> None:
        kernels.sort_and_count(sorted_ends, items, begin, end, width, *by_place, n_tiers, *counts)

    def count_block(begin: int, end: int) -> None:
        bring(begin, end)
        for low in range(begin, end, _CHUNK):
            count(low, min(low + _CHUNK, end), 0)
        count(begin, end, _CHUNK)

    spans = lines.spans
    threads.run(count_block, [(a, min(a + _BLOCK, end)) for begin, end in spans for a in range(begin, end, _BLOCK)])
    threads.run(count, [(begin, end, _BLOCK) for begin, end in spans if end - begin > _BLOCK])
    scattered = [np.empty_like(each) for each in counts]
    pairs = list(zip(counts, scattered, strict=True))
    threads.run(kernels.scatter, [(a, b, order, *pair) for pair in pairs for a, b in threads.blocks(n, parts=8)])
    return scattered[0], scattered[1]


def _summary(counts: OvertakeCounts, place: NDArray[np.int64], n_places: int, min_group: int) -> pd.DataFrame:
    """Sum up the times passed per place (a period, or a group) and tier; rows of all cells, by place."""
    tiers = counts.lines.tiers
    cells = n_places * len(tiers)
    left = counts.lines.outcome == ABANDONED
    parts = threads.run(
        lambda a, b: kernels.cell_sums(
            place[a:b], counts.passed[a:b], counts.times_passed[a:b], left[a:b], n_places, len(tiers)
        ),
        threads.blocks(place.size, parts=4 if cells < 1 << 20 else 1),
    )
    n, total, once, thrice, passed_left, others_left = (sum(each) for each in zip(*(p[:6] for p in parts), strict=True))
    most = np.max([part[6] for part in parts], axis=0)
    return pd.DataFrame(
        {
            counts.lines.key: labels(np.tile(np.arange(len(tiers)), n_places), tiers),
            "n": n,
            "passed": total,
            "share_passed": share(once, n, at_least=min_group),
            "share_passed_3": share(thrice, n, at_least=min_group),
            "mean_passed": share(total, n, at_least=min_group),
            "most_passed": most,
            "n_passed": once,
            "n_passed_3": thrice,
            "n_passed_abandoned": passed_left,
            "n_unpassed_abandoned": others_left,
            "share_passed_abandoned": share(passed_left, once, at_least=min_group),
            "share_unpassed_abandoned": share(others_left, n - once, at_least=min_group),
            "too_few": n < min_group,
        }
    )
