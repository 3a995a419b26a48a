"""Whether tiers, and priority for those in need, differ in what customers get: verdicts against a margin."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd

from cxlib.errors import CxError
from cxlib.fairness.contacts import prepare, tier_ranks
from cxlib.fairness.gaps import holm, pairs_of
from cxlib.fairness.groups import MIN_GROUP
from cxlib.fairness.intervals import LEVEL, SEED
from cxlib.fairness.outcomes import ONCE_SERVED, OUTCOMES, Outcome
from cxlib.fairness.standardising import Cells, have_both, seen_days, standardised
from cxlib.fairness.stratified import Stratified, stratified
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MARGIN_SHARE: Final = 0.05
MARGIN_WAIT: Final = 0.10
IN_LINE: Final = ("wait", "sla", "abandonment")
"""Outcomes in which priority would show."""

OF_TIERS: Final = tuple(name for name in OUTCOMES if name != "repeat")
"""Outcomes in which a tier may have substance.

Customers who make contact more often come again within 7 days more often by that alone, whatever they get: repeat
contact is left out unless asked for.
"""

VERDICTS: Final = {
    "substantive": N_("Substantive"),
    "reversed": N_("Reversed"),
    "symbolic": N_("Symbolic"),
    "cannot_tell": N_("Cannot tell yet"),
}
"""What is said of a tier, or of priority for a need, as texts for the catalogues."""
COURTESIES: Final = {
    "substantive": N_("Better"),
    "reversed": N_("Worse"),
    "symbolic": N_("Equal"),
    "cannot_tell": N_("Cannot tell yet"),
}
"""The same verdicts as they are said of courtesy."""


@dataclass(frozen=True, kw_only=True)
class Margins:
    """Differences without practical weight.

    `share` is of a share, and of the width of the scale of a score; `wait` is relative to the mean of the group that
    one compares with, for waits and handling times.
    """

    share: float = MARGIN_SHARE
    wait: float = MARGIN_WAIT

    def of(self, outcome: Outcome, width: float) -> float:
        """Return the margin of an outcome; `width` is that of the scale of scores."""
        return {"share": self.share, "seconds": self.wait, "score": self.share * width}[outcome.kind]


def tier_substance(
    contacts: Any,
    *,
    ranks: Any = None,
    outcomes: str | Iterable[str] | None = OF_TIERS,
    per: str | None = None,
    strata: Sequence[str] | None = None,
    customers: Any = None,
    zone: str = "UTC",
    sla_s: float = 20,
    margin_share: float = MARGIN_SHARE,
    margin_wait: float = MARGIN_WAIT,
    min_group: int = MIN_GROUP,
    level: float = LEVEL,
    seed: int = SEED,
) -> pd.DataFrame:
    """Return whether each tier gets more than the next one below, like for like, outcome by outcome.

    Parameters
    ----------
    contacts : frame
        The typed table of contacts, or contacts prepared with ranks.
    ranks : mapping or table of tiers
        Rank 1 is the highest. Tiers of one rank are each set beside all of the next rank.
    outcomes : str or iterable of str, optional
        Of `outcomes.OUTCOMES`; default: `OF_TIERS`, as far as the file tells them.
    per : str, optional
        A column, such as ``"queue"``, each value of which is judged by itself.
    margin_share, margin_wait : float
        See `Margins`.

    Returns
    -------
    pandas frame, one row per value of `per`, pair of neighbouring tiers, and outcome
        The column `per`; tier, next_tier, outcome, kind; n_tier, n_next (contacts that the outcome is told of);
        value_tier, value_next (like for like, strata weighted as the contacts of the next tier lie); advantage of the
        tier, positive where it is better off, with advantage_low and advantage_high, and margin: of shares the
        difference, of scores in their unit, of times relative to value_next; share_counterpart, n_days, method,
        reason (a key of `intervals.REASONS`, else empty); p_differs, p_within, corrected; verdict, a key of `VERDICTS`.

    Notes
    -----
    *symbolic*: the whole interval lies within the margin. *substantive*, *reversed*: the interval leaves out 0 and the
    advantage is beyond the margin, for or against the tier. Else *cannot_tell*. The level of each interval is that of
    Holm's procedure (1979) over all rows: once for the claims of a difference, once for those of none, whose p-value
    is that of the margin which the interval would cross first. p-values are cautious, see `DayIntervals.p_value`.
    The interval shown is at `level`.

    Raises
    ------
    CxError
        ``no_ranks``, and those of `gaps`.

    See `gaps` for the other parameters.
    """
    prepared = prepare(contacts, ranks=ranks, keep=[*(strata or ()), *([per] if per else [])])
    order = tier_ranks(ranks) if ranks is not None else prepared.ranks
    if not order:
        raise CxError(
            "no_ranks", N_("Nothing says which tier ranks first."), hint=N_("Fill in the ranks on the page of tiers.")
        )
    options: dict[str, Any] = {"outcomes": outcomes, "strata": strata, "customers": customers, "ranks": order}
    options |= {"zone": zone, "sla_s": sla_s}
    how = _How(Margins(share=margin_share, wait=margin_wait), min_group, level, seed, favoured="reference")
    parts = [
        _compared(tally, _neighbours(tally), how).assign(**({per: value} if per else {}))
        for value, tally in _tallies(prepared, per, by="tier", **options)
    ]
    table = judged(pd.concat(parts, ignore_index=True), level=level)
    names = {"group": "tier", "compared_with": "next_tier", "n_group": "n_tier", "n_compared_with": "n_next"}
    names |= {"value_group": "value_tier", "value_compared_with": "value_next"}
    first = [per] if per else []
    return table[[*first, *(name for name in table.columns if name != per)]].rename(columns=names)


def need_substance(
    contacts: Any,
    *,
    outcomes: str | Iterable[str] | None = IN_LINE,
    per: str | None = None,
    strata: Sequence[str] | None = None,
    customers: Any = None,
    zone: str = "UTC",
    sla_s: float = 20,
    margin_share: float = MARGIN_SHARE,
    margin_wait: float = MARGIN_WAIT,
    min_group: int = MIN_GROUP,
    level: float = LEVEL,
    seed: int = SEED,
) -> pd.DataFrame:
    """Return whether priority for the elderly and disabled shows in their waits, like for like.

    Returns
    -------
    pandas frame, one row per value of `per`, need, and outcome
        As `tier_substance`, with group (the need) and compared_with (``"none"``) for tier and next_tier: n_group,
        n_compared_with, value_group, value_compared_with. Strata are weighted as the contacts of the need lie; times
        are relative to those of customers without a need.

    See `tier_substance` for the parameters and the verdicts.
    """
    prepared = prepare(contacts, keep=[*(strata or ()), *([per] if per else [])])
    how = _How(Margins(share=margin_share, wait=margin_wait), min_group, level, seed, favoured="other")
    parts = [
        _compared(tally, pairs_of(tally, "need", None, None), how).assign(**({per: value} if per else {}))
        for value, tally in _tallies(
            prepared,
            per,
            by="need",
            outcomes=outcomes,
            strata=strata,
            customers=customers,
            ranks=None,
            zone=zone,
            sla_s=sla_s,
        )
    ]
    table = judged(pd.concat(parts, ignore_index=True), level=level)
    first = [per] if per else []
    return table[[*first, *(name for name in table.columns if name != per)]]


def equal_courtesy(
    contacts: Any,
    *,
    ranks: Any = None,
    outcomes: str | Iterable[str] | None = ONCE_SERVED,
    strata: Sequence[str] | None = None,
    customers: Any = None,
    zone: str = "UTC",
    margin_share: float = MARGIN_SHARE,
    margin_wait: float = MARGIN_WAIT,
    min_group: int = MIN_GROUP,
    level: float = LEVEL,
    seed: int = SEED,
) -> pd.DataFrame:
    """Return whether, once served, all are treated alike: tiers beside the next one below, needs beside none.

    Returns
    -------
    pandas frame, one row per group and outcome
        by (``"tier"`` or ``"need"``), group, compared_with, and the columns of `need_substance`; verdict a key of
        `COURTESIES`. Holm's correction is over all rows. Who makes contact more often comes again more often by that
        alone: read repeat contact beside the contacts per customer. Without ranks, or with one tier, there are no rows
        by tier; without needs none by need.

    Raises
    ------
    CxError
        ``nothing_to_compare`` where there are neither two ranked tiers nor a need.
    """
    prepared = prepare(contacts, ranks=ranks, keep=strata or ())
    order = tier_ranks(ranks) if ranks is not None else prepared.ranks
    margins = Margins(share=margin_share, wait=margin_wait)
    options: dict[str, Any] = {"outcomes": outcomes, "strata": strata, "customers": customers, "zone": zone}
    parts = []
    favours: dict[str, Literal["reference", "other"]] = {"tier": "reference", "need": "other"}
    for by, favoured in favours.items():
        if by == "tier" and not order:
            continue
        how = _How(margins, min_group, level, seed, favoured=favoured)
        try:
            tally = stratified(prepared, by=by, ranks=order, **options)
            pairs = _neighbours(tally) if by == "tier" else pairs_of(tally, by, None, None)
        except CxError as refused:
            if refused.code not in {"one_group", "missing_column"} or refused.column not in {by, "customer_id"}:
                raise
            continue
        parts.append(_compared(tally, pairs, how).assign(by=by))
    if not parts:
        raise CxError(
            "nothing_to_compare",
            N_("There are neither two ranked tiers nor a need to compare."),
            hint=N_("Bring the tier or the need of the customers, and fill in the ranks."),
        )
    table = judged(pd.concat(parts, ignore_index=True), level=level)
    return table[["by", *(name for name in table.columns if name != "by")]]


def judged(table: pd.DataFrame, *, level: float = LEVEL) -> pd.DataFrame:
    """Return a table of comparisons with p_differs and p_within corrected over all rows, and the verdicts."""
    out = table.copy()
    for name in ("p_differs", "p_within"):
        out[name] = holm(out[name].to_numpy(np.float64))
    beyond = out["advantage"].abs() > out["margin"]
    differs, within = out["p_differs"] <= 1 - level, out["p_within"] <= 1 - level
    out["verdict"] = np.select(
        [within, differs & beyond & (out["advantage"] > 0), differs & beyond],
        ["symbolic", "substantive", "reversed"],
        "cannot_tell",
    )
    return out


def said_of_tiers(table: pd.DataFrame) -> pd.DataFrame:
    """Return one verdict per pair of tiers of `tier_substance`.

    Returns
    -------
    pandas frame
        tier, next_tier, the number of outcomes with each verdict, and verdict: *substantive* or *reversed* where some
        outcome is and none is the other, *mixed* where both are, *symbolic* where each outcome that is told is, else
        *cannot_tell*.
    """
    keys = [name for name in table.columns[:3] if name not in {"outcome", "kind"}]
    told = table[table["reason"] != "unknown"]
    flags = {name: (told["verdict"] == name).astype("int64") for name in VERDICTS}
    counts = told[keys].assign(**flags).groupby(keys, sort=False, dropna=False, as_index=False).sum()
    better, worse = counts["substantive"] > 0, counts["reversed"] > 0
    counts["verdict"] = np.select(
        [better & worse, better, worse, (counts["symbolic"] > 0) & (counts["cannot_tell"] == 0)],
        ["mixed", "substantive", "reversed", "symbolic"],
        "cannot_tell",
    )
    return counts


@dataclass(frozen=True)
class _How:
    margins: Margins
    min_group: int
    level: float
    seed: int
    favoured: Literal["reference", "other"]


def _tallies(prepared: Any, per: str | None, **options: Any) -> Iterator[tuple[str, Stratified]]:
    """Give the tally of all contacts, or of each value of a column that has two groups."""
    whole = stratified(prepared, also=per, **options)
    if per is None:
        yield "", whole
        return
    pairs_of(whole, options["by"], None, None)
    for value, part in whole.split(per).items():
        if len(part.groups) > 1:
            yield value, part


def _neighbours(tally: Stratified) -> list[tuple[str, str]]:
    """Return (tier, next tier below) by rank."""
    pairs_of(tally, "tier", None, None)
    ranks = tally.ranks or {}
    levels = sorted({ranks[name] for name in tally.groups if name in ranks})
    at = {level: [name for name in tally.groups if ranks.get(name) == level] for level in levels}
    return [(a, b) for high, low in itertools.pairwise(levels) for a in at[high] for b in at[low]]


def _compared(tally: Stratified, pairs: Sequence[tuple[str, str]], how: _How) -> pd.DataFrame:
    rows = []
    for pair in pairs:
        group, compared_with = pair if how.favoured == "reference" else pair[::-1]
        for name in tally.outcomes:
            outcome = OUTCOMES[name]
            margin = how.margins.of(outcome, tally.score_width)
            row = {"group": group, "compared_with": compared_with, "outcome": name, "kind": outcome.kind}
            people = tally.customer_cells(name, *pair)
            rows.append(row | _row(tally.cells(name, *pair), people, outcome, margin, how))
    return pd.DataFrame(rows, columns=["group", "compared_with", "outcome", "kind", *_COLUMNS])


_ALL: Final = -1 + 1e-9
_COLUMNS: Final = (
    "n_group",
    "n_compared_with",
    "value_group",
    "value_compared_with",
    "advantage",
    "advantage_low",
    "advantage_high",
    "margin",
    "share_counterpart",
    "n_days",
    "method",
    "reason",
    "p_differs",
    "p_within",
)


def _row(cells: Cells, people: Cells | None, outcome: Outcome, margin: float, how: _How) -> dict[str, Any]:
    sums = cells.by_stratum()
    both = have_both(sums)
    n_other, n_reference = sums[:, [1, 3]].sum(axis=0)
    common = cells.pooled(both)
    n_both = common.sums.sum(axis=0)[[1, 3]]
    first = how.favoured == "reference"
    row: dict[str, Any] = dict.fromkeys(_COLUMNS, np.nan) | {
        "n_group": int(n_reference if first else n_other),
        "n_compared_with": int(n_other if first else n_reference),
        "margin": margin,
        "n_days": seen_days(common.sums),
        "method": "none",
    }
    if min(n_other, n_reference) == 0:
        return row | {"reason": "unknown"}
    row["share_counterpart"] = n_both[0] / n_other
    if n_both.min() < how.min_group:
        return row | {"reason": "too_few" if both.any() else "no_counterpart"}
    found = standardised(cells, n_days=seen_days(common.sums), customers=people, level=how.level, seed=how.seed)
    relative = outcome.kind == "seconds"
    at = int(relative)
    row |= {"reason": found.reason[at], "method": found.method[at]}
    mean_other = common.sums[:, 0].sum() / n_both[0] / outcome.scale
    mean_reference = mean_other - found.estimate[0] / outcome.scale
    row["value_group"], row["value_compared_with"] = (
        (mean_reference, mean_other) if first else (mean_other, mean_reference)
    )
    away = -1.0 if first else 1.0  # from other - reference to group - compared_with
    sign = 1.0 if outcome.more_is_better else -1.0

    def advantage(value: float) -> float:
        return float(sign * (np.expm1(away * value) if relative else away * value / outcome.scale))

    ends = sorted(advantage(value[at]) for value in (found.low, found.high))
    row["advantage"], row["advantage_low"], row["advantage_high"] = advantage(found.estimate[at]), *ends
    limits = np.log1p([max(-margin, _ALL), margin]) if relative else np.array([-margin, margin]) * outcome.scale
    row["p_differs"] = found.p_value(0.0)[at]
    inside = abs(row["advantage"]) < margin
    row["p_within"] = max(found.p_value(away * limit)[at] for limit in limits) if inside else 1.0
    if np.isnan(row["p_differs"]):
        row["p_within"] = np.nan
    return row
