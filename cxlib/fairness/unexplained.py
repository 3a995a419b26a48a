"""Passes that no rule accounts for: neither the order of arrival, nor the head start in force, nor the one declared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from cxlib.engine import threads
from cxlib.engine.frames import MICROSECONDS
from cxlib.fairness import pair_kernels
from cxlib.fairness.clock import period_numbers
from cxlib.fairness.declared import declared_head_starts
from cxlib.fairness.groups import By, share
from cxlib.fairness.head_start import MOST_PAIRS, implied_head_start
from cxlib.fairness.lines import POOL, SERVED, Lines, labels, lines_of
from cxlib.fairness.sampling import SEED, sample_days
from cxlib.fairness.standing import groups_of, standing, stretches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cxlib.fairness.overtakes import Passers

_FAR_US: Final = 10_000_000 * MICROSECONDS
"""A head start that nobody's arrival makes up for: strict priority."""
_EXCESS_S: Final = 7200
_TIED: Final = 20
"""Passes are gathered for the list up to this multiple of its length, where many go equally far beyond the rules."""


@dataclass(frozen=True, kw_only=True)
class UnexplainedPasses:
    """Passes beyond every rule.

    Attributes
    ----------
    counts : pandas frame, one row per group and pair of tiers with any pass
        The columns of the groups; passer, passed (tiers); passes; beyond_recovered and beyond_declared, those that the
        recovered (declared) head starts do not allow, missing where there is no such rule; unexplained, those that
        none of them allows; share_unexplained (of the passes).
    passes : pandas frame, one row per unexplained pass, those farthest beyond the rules first
        The columns of the groups; passer_id, passed_id (contacts); passer, passed (tiers); passer_arrived_at,
        passed_arrived_at, passed_at (when the passer's wait ended), UTC; later_by_s, by how much the passer arrived
        later; beyond_s, how much of that the most generous rule leaves.
    n : int
        Unexplained passes in all, of which `passes` lists some.
    n_days, n_days_used : int
        Days of the log, and those that were looked at.
    """

    counts: pd.DataFrame
    passes: pd.DataFrame
    n: int
    n_days: int
    n_days_used: int


def unexplained_passes(
    contacts: Any,
    *,
    by: By = "tier",
    each: Sequence[str] = ("queue",),
    zone: str = "UTC",
    pool: Sequence[str] | None = POOL,
    passers: Passers = "all",
    ranks: Any = None,
    declared: Any = None,
    head_starts: pd.DataFrame | None = None,
    most: int = 200,
    most_pairs: int = MOST_PAIRS,
    seed: int = SEED,
) -> UnexplainedPasses:
    """Return the passes that neither the order of arrival nor the recovered or declared head starts explain.

    First come, first served allows no pass at all. Head starts allow a pass where the passer's arrival less its head
    start is no later than that of the passed; so a pass within a tier is beyond every rule. Contacts without a tier
    are left out.

    Parameters
    ----------
    head_starts : pandas frame, optional
        What `implied_head_start` returned for the same `by` and `each`; computed where it is absent. Rules that it
        does not identify explain nothing.
    most : int
        Length of the list.
    most_pairs, seed
        A log of more pairs is represented by whole days, as for `implied_head_start`.

    Notes
    -----
    Nothing here says that somebody did wrong: a language, a skill, a call-back or a colleague passed on for good
    reasons look the same in the log.

    See `implied_head_start` and `overtakes` for the other parameters.
    """
    lines = lines_of(contacts, by=by, pool=pool, ranks=ranks, keep=each)
    said = declared_head_starts(declared, ranks)
    if head_starts is None:
        head_starts = implied_head_start(lines, each=each, zone=zone, declared=said, most_pairs=most_pairs, seed=seed)
    may_pass = (lines.outcome == SERVED) & lines.known & lines.has_tier & (lines.queued | (passers == "all"))
    may_be_passed = lines.queued & lines.known & lines.has_tier
    stood = standing(lines, may_pass | may_be_passed)
    work = stood.later_in_line()
    days = period_numbers(lines.hours(zone)[stood.row], "day")
    sample = sample_days(days, work, most=most_pairs, seed=seed)
    group, groups = groups_of(lines, stood, each)
    rules = _rules(lines, groups, head_starts, said)
    parts = list(stretches(stood, group, sample.holds(days), work))
    arrays = (stood.arrived, stood.ends, stood.tier, may_pass[stood.row], may_be_passed[stood.row])
    counts, by_excess = _counted(arrays, group, rules, parts)
    n = int(by_excess.sum())
    at_least = np.flatnonzero(by_excess[::-1].cumsum()[::-1] >= min(most, n))
    from_s = int(at_least[-1]) if at_least.size else 0
    found = _listed(arrays, group, rules, parts, from_s=from_s, most=most) if n else np.empty((0, 3), np.int64)
    return UnexplainedPasses(
        counts=_counts_frame(lines, groups, counts, rules),
        passes=_passes_frame(lines, groups.iloc[group[found[:, 1]]], stood.row[found[:, :2]], found[:, 2]),
        n=n,
        n_days=sample.n_days,
        n_days_used=sample.n_used,
    )


def _rules(
    lines: Lines, groups: pd.DataFrame, head_starts: pd.DataFrame, declared: dict[str, float]
) -> list[dict[str, NDArray[np.int64]]]:
    """Return per group the head starts by tier, in microseconds, of the rules that there are."""
    out: list[dict[str, NDArray[np.int64]]] = []
    columns = list(groups.columns)
    for _, group in groups.iterrows():
        mine = head_starts
        for name in columns:
            same = mine[name].isna() if pd.isna(group[name]) else mine[name] == group[name]
            mine = mine[same]
        rules = {}
        if len(mine) and mine["identified"].all():
            found = dict(zip(mine[lines.key], mine["theta_s"], strict=True))
            rules["recovered"] = np.array([found.get(t, 0) * MICROSECONDS for t in lines.tiers], np.int64)
        known = [t for t in lines.tiers if t is not None or lines.key != "tier"]
        if declared and all(str(t) in declared for t in known):
            ahead = [declared.get(str(t), 0.0) for t in lines.tiers]
            k = len(lines.tiers)
            rules["declared"] = np.array(
                [_FAR_US * (k - i) if np.isinf(s) else round(s * MICROSECONDS) for i, s in enumerate(ahead)], np.int64
            )
        out.append(rules)
    return out


def _stacked(rules: dict[str, NDArray[np.int64]], n_tiers: int) -> NDArray[np.int64]:
    return np.stack(list(rules.values())) if rules else np.empty((0, n_tiers), np.int64)


def _counted(
    arrays: tuple[Any, ...], group: NDArray[np.int64], rules: list[dict[str, NDArray[np.int64]]], parts: list[Any]
) -> tuple[dict[int, NDArray[np.int64]], NDArray[np.int64]]:
    """Return per group the counts of `pair_kernels.beyond_rules`, and the excess of all."""
    n_tiers = int(arrays[2].max(initial=0)) + 1

    def count(begin: int, end: int, stop: int) -> tuple[int, NDArray[np.int64], NDArray[np.int64]]:
        number = int(group[begin])
        stacked = _stacked(rules[number], n_tiers)
        counts = np.zeros((n_tiers, n_tiers, len(stacked) + 2), np.int64)
        by_excess = np.zeros(_EXCESS_S + 1, np.int64)
        pair_kernels.beyond_rules(*arrays, begin, end, stop, stacked, counts, by_excess)
        return number, counts, by_excess

    counts: dict[int, NDArray[np.int64]] = {}
    by_excess = np.zeros(_EXCESS_S + 1, np.int64)
    for number, some, excess in threads.stream(count, parts):
        counts[number] = counts.get(number, 0) + some
        by_excess += excess
    return counts, by_excess


def _listed(
    arrays: tuple[Any, ...],
    group: NDArray[np.int64],
    rules: list[dict[str, NDArray[np.int64]]],
    parts: list[Any],
    *,
    from_s: int,
    most: int,
) -> NDArray[np.int64]:
    """Return passer, passed (places) and microseconds beyond of the unexplained passes that go farthest."""
    n_tiers = int(arrays[2].max(initial=0)) + 1

    def find(begin: int, end: int, stop: int) -> NDArray[np.int64]:
        out = np.empty((_TIED * max(most, 1), 3), np.int64)
        stacked = _stacked(rules[int(group[begin])], n_tiers)
        n = pair_kernels.list_beyond_rules(*arrays, begin, end, stop, stacked, from_s, out)
        return out[: min(n, len(out))].copy()

    found = np.concatenate(list(threads.stream(find, parts)))
    order = np.lexsort((found[:, 0], found[:, 1], arrays[1][found[:, 0]], -found[:, 2]))
    return found[order[:most]]


def _counts_frame(
    lines: Lines, groups: pd.DataFrame, counts: dict[int, NDArray[np.int64]], rules: list[dict[str, Any]]
) -> pd.DataFrame:
    rows = []
    for number in sorted(counts):
        for i, j in zip(*np.nonzero(counts[number][:, :, 0]), strict=True):
            passes, *beyond, unexplained = counts[number][i, j].tolist()
            said = dict(zip(rules[number], beyond, strict=True))
            rows.append(
                {
                    **groups.iloc[number].to_dict(),
                    "passer": lines.tiers[i],
                    "passed": lines.tiers[j],
                    "passes": passes,
                    "beyond_recovered": said.get("recovered"),
                    "beyond_declared": said.get("declared"),
                    "unexplained": unexplained,
                }
            )
    measures = ["passer", "passed", "passes", "beyond_recovered", "beyond_declared", "unexplained"]
    out = pd.DataFrame(rows, columns=[*groups.columns, *measures])
    out = out.astype(dict.fromkeys([*groups.columns, "passer", "passed"], "str"))
    out = out.astype({"passes": "int64", "unexplained": "int64"})
    out = out.astype({"beyond_recovered": "Int64", "beyond_declared": "Int64"})
    return out.assign(share_unexplained=share(out["unexplained"], out["passes"], at_least=1))


def _passes_frame(
    lines: Lines, groups: pd.DataFrame, rows: NDArray[np.int32], beyond: NDArray[np.int64]
) -> pd.DataFrame:
    out = groups.reset_index(drop=True)
    passer, passed = rows[:, 0], rows[:, 1]
    ids = lines.columns("contact_id")["contact_id"]
    out["passer_id"], out["passed_id"] = (
        pd.Series(ids.take(each).to_pylist(), dtype="str") for each in (passer, passed)
    )
    out["passer"], out["passed"] = labels(lines.tier[passer], lines.tiers), labels(lines.tier[passed], lines.tiers)
    times = {"passer_arrived_at": lines.arrived[passer], "passed_arrived_at": lines.arrived[passed]}
    for name, when in {**times, "passed_at": lines.ends[passer]}.items():
        out[name] = pd.to_datetime(when, unit="us", utc=True).as_unit("us")
    out["later_by_s"] = (lines.arrived[passer] - lines.arrived[passed]) / MICROSECONDS
    out["beyond_s"] = beyond / MICROSECONDS
    return out
