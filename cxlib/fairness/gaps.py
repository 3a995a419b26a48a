"""How far groups are apart: crude, and like for like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from cxlib.errors import CxError
from cxlib.fairness.groups import MIN_GROUP, NO_NEED, keys_of
from cxlib.fairness.intervals import LEVEL, SEED, DayIntervals
from cxlib.fairness.outcomes import OUTCOMES
from cxlib.fairness.standardising import Cells, have_both, seen_days, standardised
from cxlib.fairness.stratified import Stratified, stratified
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

SCREEN: Final = 1.25
"""Ratio from which a gap is worth a look: a screen, not a verdict."""
KINDS: Final = ("crude", "common", "like")


def gaps(
    contacts: Any,
    *,
    outcomes: str | Iterable[str] | None = None,
    by: str | Mapping[str, str] = "tier",
    reference: str | None = None,
    other: str | Sequence[str] | None = None,
    strata: Sequence[str] | None = None,
    customers: Any = None,
    ranks: Any = None,
    zone: str = "UTC",
    sla_s: float = 20,
    screen: float = SCREEN,
    min_group: int = MIN_GROUP,
    level: float = LEVEL,
    seed: int = SEED,
    only: tuple[str, str] | None = None,
) -> pd.DataFrame:
    """Return how far other groups are from the group of reference: crude, and like for like.

    Parameters
    ----------
    contacts : frame
        The typed table of contacts, or prepared contacts.
    outcomes : str or iterable of str, optional
        Of `outcomes.OUTCOMES`; default: all that the file tells.
    by : str or mapping
        A column of the contacts or of the customers, or a mapping from tier to group. Contacts without a value are
        left out; by need, known customers without one are the group ``"none"``.
    reference : str, optional
        Default: the first rank; by need those without one; else the largest group.
    other : str or sequence of str, optional
        Default: every other group. The like-for-like gap weights strata as the contacts of the other lie: let it be
        the lower tier.
    strata : sequence of str, optional
        Columns, ``"weekday"`` and ``"hour"`` under which conditions are alike. Default: queue, weekday and hour.
    customers : frame, optional
        The typed table of customers, where the contacts lack a column.
    ranks : mapping or table of tiers, optional
    zone : str
        Name of the company's time zone.
    sla_s : float
        Seconds T of the service level.
    screen : float
        Ratio above 1 from which a gap either way is worth a look.
    min_group : int
        With fewer contacts on either side a gap is missing.
    level : float
        Of the intervals.
    only : (column, value), optional
        Look only at contacts with this value, such as ``("queue", "billing")``.

    Returns
    -------
    pandas frame, one row per outcome and other group
        outcome, kind (share, seconds or score), reference, other; n_reference, n_other (contacts that the outcome is
        told of). Then three gaps, each ``{gap}_reference`` and ``{gap}_other`` (the means), ``{gap}`` (other -
        reference) with ``{gap}_low`` and ``{gap}_high``, ``{gap}_ratio`` (other / reference) with its low and high,
        and ``{gap}_reason`` (a key of `intervals.REASONS` where an interval is missing, else empty): *crude*; *common*,
        crude within the strata that have both; *like*, like for like. n_strata (that have both), share_counterpart
        (of the other's contacts), n_days, method; p_value of no difference like for like; differs, whether that holds
        at `level` with Holm's correction over all rows (missing where it cannot be told); screened, whether the
        like-for-like ratio is beyond the screen either way: worth a look, whatever the interval.

    Raises
    ------
    CxError
        ``one_group``, ``unknown_group``, ``bad_screen``, ``missing_column``, ``unknown_choice``.
    """
    _refuse_bad(screen)
    tally = stratified(
        contacts,
        by=by,
        outcomes=outcomes,
        strata=strata,
        customers=customers,
        ranks=ranks,
        zone=zone,
        sla_s=sla_s,
        only=only,
    )
    pairs = pairs_of(tally, keys_of(by)[0], reference, other)
    table = gap_rows(tally, pairs, min_group=min_group, level=level, seed=seed)
    table["differs"] = pd.array(holm(table["p_value"].to_numpy()) <= 1 - level, dtype="boolean")
    table.loc[table["p_value"].isna(), "differs"] = pd.NA
    return screened(table, screen)


def screened(table: pd.DataFrame, screen: float = SCREEN) -> pd.DataFrame:
    """Return the rows of `gaps` with the column `screened` by another ratio.

    Raises
    ------
    CxError
        ``bad_screen``.
    """
    _refuse_bad(screen)
    ratio = np.abs(np.log(table["like_ratio"].to_numpy(np.float64)))
    beyond = pd.array(ratio > np.log(screen), dtype="boolean")
    beyond[np.isnan(ratio)] = pd.NA
    return table.assign(screened=beyond)


def _refuse_bad(screen: float) -> None:
    if not screen >= 1:
        raise CxError(
            "bad_screen", N_("“{value}” is no ratio to screen by."), hint=N_("Give a ratio of 1 or more."), value=screen
        )


def gap_strata(
    contacts: Any,
    *,
    outcome: str,
    by: str | Mapping[str, str] = "tier",
    reference: str | None = None,
    other: str | None = None,
    strata: Sequence[str] | None = None,
    customers: Any = None,
    ranks: Any = None,
    zone: str = "UTC",
    sla_s: float = 20,
    min_group: int = MIN_GROUP,
    only: tuple[str, str] | None = None,
) -> pd.DataFrame:
    """Return which strata drive a like-for-like gap.

    Returns
    -------
    pandas frame, one row per stratum that has both groups, the strongest first
        The columns of the strata; n_reference, n_other, mean_reference, mean_other and difference (missing where a side
        has fewer than `min_group` contacts), weight (share of the other's contacts in such strata), contribution (in
        the unit of the outcome; they add up to the gap), share_of_gap; too_few.

    See `gaps` for the parameters; `other` defaults to the last rank, or to the smallest group.
    """
    tally = stratified(
        contacts,
        by=by,
        outcomes=[outcome],
        strata=strata,
        customers=customers,
        ranks=ranks,
        zone=zone,
        sla_s=sla_s,
        only=only,
    )
    ((first, second),) = pairs_of(tally, keys_of(by)[0], reference, other)[-1:]
    columns = list(tally.strata.columns)
    if outcome not in tally.outcomes:
        sums, both = np.zeros((len(tally.strata), 4)), np.zeros(len(tally.strata), bool)
    else:
        sums = tally.cells(outcome, first, second).by_stratum()
        both = have_both(sums)
    y, n, y_reference, n_reference = sums[both].T / [[OUTCOMES[outcome].scale], [1], [OUTCOMES[outcome].scale], [1]]
    difference = y / n - y_reference / n_reference
    contribution = n * difference / max(n.sum(), 1)
    enough = (n >= min_group) & (n_reference >= min_group)
    gap = contribution.sum()
    out = tally.strata.loc[both, columns].reset_index(drop=True)
    out = out.assign(
        n_reference=n_reference.astype(np.int64),
        n_other=n.astype(np.int64),
        mean_reference=np.where(enough, y_reference / n_reference, np.nan),
        mean_other=np.where(enough, y / n, np.nan),
        difference=np.where(enough, difference, np.nan),
        weight=n / max(n.sum(), 1),
        contribution=contribution,
        share_of_gap=contribution / gap if gap else np.nan,
        too_few=~enough,
    )
    order = np.argsort(-np.abs(contribution), kind="stable")
    return out.iloc[order].reset_index(drop=True)


def pairs_of(
    tally: Stratified, key: str, reference: str | None, other: str | Sequence[str] | None
) -> list[tuple[str, str]]:
    """Return whom to set beside whom, (reference, other); `CxError` where there are not two groups."""
    groups = tally.groups
    if len(groups) < 2:
        raise CxError(
            "one_group",
            N_("“{column}” has no two groups to set beside each other; it has: {there}."),
            hint=N_("Choose another column, or bring the values of the others."),
            column=key,
            there=", ".join(groups) or "-",
        )
    if reference is None:
        reference = NO_NEED if key == "need" and NO_NEED in groups else groups[0]
    others = [other] if isinstance(other, str) else list(other or [])
    for name in (reference, *others):
        if name not in groups:
            raise CxError(
                "unknown_group",
                N_("No contact belongs to “{value}”."),
                hint=N_("Choose one of: {known}."),
                column=key,
                value=name,
                known=", ".join(groups),
            )
    if not others and tally.ranks and key == "tier":
        others = [name for name in groups if name in tally.ranks] or groups
    return [(reference, name) for name in others or groups if name != reference]


def gap_rows(
    tally: Stratified,
    pairs: Sequence[tuple[str, str]],
    *,
    min_group: int = MIN_GROUP,
    level: float = LEVEL,
    seed: int = SEED,
) -> pd.DataFrame:
    """Return the rows of `gaps` for pairs (reference, other), without what is judged over all rows."""
    rows = [
        _row(tally, name, *pair, min_group=min_group, level=level, seed=seed)
        for pair in pairs
        for name in tally.outcomes
    ]
    return pd.DataFrame(rows, columns=_columns())


def holm(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return p-values corrected for how many there are (Holm 1979); missing ones do not count."""
    out = np.full(len(p_values), np.nan)
    known = np.flatnonzero(~np.isnan(p_values))
    order = known[np.argsort(p_values[known], kind="stable")]
    steps = p_values[order] * np.arange(len(order), 0, -1)
    out[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return out


def _columns() -> list[str]:
    one = ["reference", "other", "", "low", "high", "ratio", "ratio_low", "ratio_high", "reason"]
    gap = [f"{kind}_{part}".rstrip("_") for kind in KINDS for part in one]
    return [
        "outcome",
        "kind",
        "reference",
        "other",
        "n_reference",
        "n_other",
        *gap,
        "n_strata",
        "share_counterpart",
        "n_days",
        "method",
        "p_value",
    ]


def _row(
    tally: Stratified, outcome: str, reference: str, other: str, *, min_group: int, level: float, seed: int
) -> dict[str, Any]:
    cells = tally.cells(outcome, reference, other)
    sums = cells.by_stratum()
    both = have_both(sums)
    whole, common = cells.pooled(np.ones(len(sums), bool)), cells.pooled(both)
    n, n_both = whole.sums.sum(axis=0)[[1, 3]], common.sums.sum(axis=0)[[1, 3]]
    scale = OUTCOMES[outcome].scale
    row: dict[str, Any] = {
        "outcome": outcome,
        "kind": OUTCOMES[outcome].kind,
        "reference": reference,
        "other": other,
        "n_reference": int(n[1]),
        "n_other": int(n[0]),
        "n_strata": int(both.sum()),
        "share_counterpart": n_both[0] / n[0] if n[0] >= max(min_group, 1) else np.nan,
        "n_days": seen_days(common.sums),
        "method": "none",
        "p_value": np.nan,
    }
    row |= _crude("crude", whole, scale, min_group=min_group, level=level, seed=seed)
    row |= _crude("common", common, scale, min_group=min_group, level=level, seed=seed)
    like = dict.fromkeys((name for name in _columns() if name.startswith("like")), np.nan)
    if not both.any():
        return row | like | {"like_reason": "no_counterpart" if n.min() > 0 else "unknown"}
    if n_both.min() < min_group:
        return row | like | {"like_reason": "too_few"}
    people = tally.customer_cells(outcome, reference, other)
    found = standardised(cells, n_days=seen_days(common.sums), customers=people, level=level, seed=seed)
    mine = sums[both, 0].sum() / n_both[0] / scale
    row["method"], row["p_value"] = found.method[0], found.p_value(0.0)[0]
    return row | _gap("like", found, scale, mine)


def _crude(kind: str, cells: Cells, scale: int, *, min_group: int, level: float, seed: int) -> dict[str, Any]:
    y, n, _, n_reference = cells.sums.sum(axis=0)
    names = [name for name in _columns() if name == kind or name.startswith(f"{kind}_")]
    if min(n, n_reference) < max(min_group, 1):
        return dict.fromkeys(names, np.nan) | {f"{kind}_reason": "too_few" if max(n, n_reference) else "unknown"}
    found = standardised(cells, n_days=seen_days(cells.sums), level=level, seed=seed)
    return _gap(kind, found, scale, y / n / scale)


def _gap(kind: str, found: DayIntervals, scale: int, mean_other: float) -> dict[str, Any]:
    """Return the columns of one gap from its difference and its log ratio."""
    ratio = np.exp([found.estimate[1], found.low[1], found.high[1]])
    difference = found.estimate[0] / scale
    return {
        f"{kind}_reference": mean_other - difference,
        f"{kind}_other": mean_other,
        kind: difference,
        f"{kind}_low": found.low[0] / scale,
        f"{kind}_high": found.high[0] / scale,
        f"{kind}_ratio": ratio[0],
        f"{kind}_ratio_low": ratio[1],
        f"{kind}_ratio_high": ratio[2],
        f"{kind}_reason": found.reason[0],
    }
