"""Which rule of those that one can name describes best in what order contacts were served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from cxlib.fairness.head_start import head_start_thresholds, implied_head_start
from cxlib.queueing.calibration import Calibration
from cxlib.queueing.order_kernels import count_choices
from cxlib.queueing.policies import Fcfs, HeadStart, Policy, Reserved, Strict
from cxlib.queueing.pool_log import UNKNOWN, PoolLog, pool_log
from cxlib.queueing.staffing import INTERVAL_S, presence
from cxlib.texts import N_

if TYPE_CHECKING:
    from numpy.typing import NDArray

KINDS: Final = ("fcfs", "strict", "head_start", "reserved")
"""The simpler first."""
TIE: Final = 0.001
"""Shares of violations that are no farther apart are the same."""
LEAST_PAIRS: Final = 100
MOST_VIOLATED: Final = 0.2
"""A rule that more pairs violate describes nothing."""
OVERFLOW_SHARE: Final = 0.02
WHY: Final = {
    "few_pairs": N_("Fewer than {n} pairs of different tiers waited at the same time: they do not tell a rule."),
    "no_rule": N_(
        "Even the rule that fits best is violated by {share} of the pairs: none of these rules describes it."
    ),
}


@dataclass(frozen=True, kw_only=True)
class Fit:
    """The rule in force as the order of service shows it.

    Attributes
    ----------
    kind : str
        Of `KINDS`, or ``"cannot_tell"``.
    rule : Policy or None
        With its numbers; None where it cannot be told.
    candidates : pandas frame
        Best first: kind, rule, violations, share (of the pairs that have another order; of reserved servers by halves:
        who is reserved is told from one half of the time and counted on the other).
    pairs : int
    runner_up : str
        The best kind that does not fit as well, ``""`` if there is none.
    distance : float
        By how much its share is larger.
    alike : tuple of str
        Kinds that fit as well (within 0.1 point) and are less simple.
    at_least_s : float or None
        Where a strict rule cannot be told from a head start: how long that would have to be at least.
    why : str
        Of `WHY`, where no rule can be told.
    """

    kind: str
    rule: Policy | None
    candidates: pd.DataFrame
    pairs: int
    runner_up: str
    distance: float
    alike: tuple[str, ...]
    at_least_s: float | None
    why: str


def fit_rule(contacts: Any, **chosen: Any) -> Fit:
    """Find the rule that the fewest pairs violate, and the simplest of those that fit as well.

    Parameters
    ----------
    contacts : frame, PoolLog or Calibration
    **chosen
        Those of `pool_log`: where, from_at, until_at, by, ranks, zone.

    Notes
    -----
    A pair is two queued contacts of different classes that waited at the same time, of whom the first to end was
    served. It violates first come, first served, where that one came later; strict priority where it is of the later
    class; a head start as in `cxlib.fairness.implied_head_start`. With reserved servers it depends on who served: an
    agent kept for a class must take it first, all others go by arrival. For that the log must name agents.
    """
    log = contacts.log if isinstance(contacts, Calibration) else contacts
    log = log if isinstance(log, PoolLog) else pool_log(log, **chosen)
    counts = _choices(log)
    pairs = int(counts.sum())
    if pairs < LEAST_PAIRS:
        return _untold(pairs, "few_pairs", pd.DataFrame(columns=["kind", "rule", "violations", "share"]))
    whole = counts.sum(axis=(0, 1))
    k = len(log.class_order)
    rows: list[tuple[str, Policy, int]] = [
        ("fcfs", Fcfs(), int(whole[:, :, 1].sum())),
        ("strict", Strict(), int(whole.sum(axis=2)[np.tril_indices(k, -1)].sum())),
    ]
    head_start, low = _head_start(log)
    if head_start is not None:
        rows.append(("head_start", *head_start))
    if log.has_agents:
        rows.append(("reserved", *_reserved(log, counts)))
    table = pd.DataFrame(rows, columns=["kind", "rule", "violations"])
    table["share"] = table["violations"] / pairs
    table = table.sort_values("share", kind="stable", ignore_index=True)
    least = float(table["share"].iloc[0])
    if least > MOST_VIOLATED:
        return _untold(pairs, "no_rule", table)
    as_good = [kind for kind in KINDS if (table.loc[table["kind"] == kind, "share"] <= least + TIE).any()]
    kind = as_good[0]
    own = table[table["kind"] == kind].iloc[0]
    others = table[~table["kind"].isin(as_good)]
    return Fit(
        kind=kind,
        rule=own["rule"],
        candidates=table,
        pairs=pairs,
        runner_up="" if others.empty else str(others["kind"].iloc[0]),
        distance=np.nan if others.empty else float(others["share"].iloc[0] - own["share"]),
        alike=tuple(as_good[1:]),
        at_least_s=low if kind == "strict" and "head_start" in as_good else None,
        why="",
    )


def _untold(pairs: int, why: str, table: pd.DataFrame) -> Fit:
    return Fit(
        kind="cannot_tell",
        rule=None,
        candidates=table,
        pairs=pairs,
        runner_up="",
        distance=np.nan,
        alike=(),
        at_least_s=None,
        why=why,
    )


def _choices(log: PoolLog) -> NDArray[np.int64]:
    """Return the counts of `order_kernels.count_choices`."""
    mine = log.queued & (log.classes != UNKNOWN)
    order = np.flatnonzero(mine)
    order = order[np.lexsort((log.ended_s[order], log.arrived_s[order]))]
    k = len(log.class_order)
    out = np.zeros((len(log.agents) + 1, 2, k, k, 2), np.int64)
    # whoever serves is told from every other day (every other hour of a short log), and counted on the rest
    span = 86_400.0 if np.ptp(log.arrived_s) > 4 * 86_400.0 else max(np.ptp(log.arrived_s) / 20, 1.0)
    half = (log.arrived_s[order] // span).astype(np.int64) % 2
    count_choices(
        log.arrived_s[order],
        log.ended_s[order],
        log.classes[order],
        log.served[order],
        np.where(log.agent[order] < 0, len(log.agents), log.agent[order]),
        half,
        out,
    )
    return out


def _head_start(log: PoolLog) -> tuple[tuple[HeadStart, int] | None, float | None]:
    """Return the head starts that fit best with their violations, and the first class's own."""
    found = implied_head_start(head_start_thresholds(log.lines, each=()))
    key = log.lines.key
    if found.empty:
        return None, None
    best = {str(tier): float(value) for tier, value in zip(found[key], found["best_s"], strict=True)}
    least = min(best.values())
    seconds = {name: best.get(name, least) - least for name in log.class_order}
    first = found[found[key] == log.class_order[0]]
    low = float(first["best_s"].iloc[0]) if not first.empty else None
    return (HeadStart(seconds), int(found["all_violations"].iloc[0])), low


def _reserved(log: PoolLog, counts: NDArray[np.int64]) -> tuple[Reserved, int]:
    """Return the reserved servers that fit best, and how many pairs violate them when told from the other half."""
    by_half = _violations(counts)
    violated = 0
    for half in (0, 1):
        kept = by_half[:, 1 - half].argmin(axis=1)
        violated += int(by_half[np.arange(kept.size), half, kept].sum())
    kept = by_half.sum(axis=1).argmin(axis=1) - 1
    kept[-1] = UNKNOWN  # those without a name
    servers, others, mine = {}, 0, 0
    timed = log.served & ~np.isnan(log.done_s) & (log.agent >= 0)
    last = float(np.fmax(log.done_s[timed], log.ended_s[timed]).max(initial=INTERVAL_S))
    edges = np.arange(0.0, last + INTERVAL_S, INTERVAL_S)
    of = kept[log.agent]
    for k, name in enumerate(log.class_order):
        team = timed & (of == k)
        if not team.any():
            continue
        there = presence(log.agent[team], log.ended_s[team], np.fmax(log.done_s, log.ended_s)[team], edges)
        servers[name] = max(1, round(float(np.median(there[there > 0]))))
        known = team & (log.classes != UNKNOWN)
        others, mine = others + int((log.classes[known] != k).sum()), mine + int(known.sum())
    return Reserved(servers, overflow=others > OVERFLOW_SHARE * max(mine, 1)), violated


def _violations(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the pairs that violate each way of choosing, [agents + 1, 2, 1 + K]: by arrival, or a class first."""
    agents, _two, k = counts.shape[:3]
    out = np.zeros((agents, 2, 1 + k), np.int64)
    later = counts[..., 1]
    out[..., 0] = later.sum(axis=(2, 3))
    for own in range(k):
        rest = [other for other in range(k) if other != own]
        out[..., 1 + own] = counts[:, :, rest, own].sum(axis=(2, 3)) + later[:, :, rest][:, :, :, rest].sum(axis=(2, 3))
    return out
