"""What became of a campaign: results brought back and read against the customers who were held out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from cxlib.engine.intervals import NO_DIFFERENCE, NOTHING, Difference, Estimate, holm, mean_of, newcombe, welch, wilson
from cxlib.matching.campaign import HOLD_OUT, OFFER
from cxlib.matching.power import detectable_mean, detectable_rates
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


MEASURES: Final = ("acceptance", "leaving", "revenue")
VERDICTS: Final = ("lower", "higher", "cannot_tell", "too_few", "no_hold_out")
WARNINGS: Final = {
    "hold_out_missing": N_("Nothing is known of held-out customers, so that the effect of the offer cannot be told."),
    "hold_out_too_small": N_("The hold-out is too small to notice any fall in leaving."),
    "hold_out_contaminated": N_("Held-out customers were offered a plan all the same; the effect looks smaller."),
    "not_offered": N_("Customers who were to be offered a plan were not; the effect looks smaller."),
    "offered_refused": N_("Customers were offered a plan who had refused offers."),
    "results_missing": N_("Nothing came back of customers of the campaign."),
    "blank_as_no": N_("Blanks count as no, because the file says yes of some customers and no of nobody."),
    "not_in_campaign": N_("Results came of customers who are not in the campaign; they are left out."),
    "group_differs": N_("The file names another group than the campaign drew; the campaign's counts."),
}
ALPHA: Final = 0.05


def offer_outcomes(
    joined: pd.DataFrame, *, by: Sequence[str] = ("all", "tier", "direction"), min_group: int = 10
) -> pd.DataFrame:
    """Read the results of a campaign against its hold-out.

    Parameters
    ----------
    joined : DataFrame
        Of `join_results`.
    by : sequence of str
        Of "all", "tier", "direction".
    min_group : int
        Customers below which nothing but their number is shown.

    Returns
    -------
    DataFrame
        One row per group and measure: by, group (missing for "all" and for customers without one); measure:
        "acceptance" (of the customers really offered a plan, share who took it; the held out have none), "leaving"
        (share who left), "revenue" (money per customer since the campaign); offer_n, offer with offer_low and
        offer_high; hold_out_n, hold_out, hold_out_low, hold_out_high; difference (offer less hold-out) with
        difference_low, difference_high, p_value, p_holm; detectable (the smallest fall of leaving, or difference of
        revenue, that groups of this size notice with a chance of 80 %); verdict: "lower" or "higher" where the interval
        leaves 0 out (and, over several groups, p_holm is under .05), else "cannot_tell"; "too_few", "no_hold_out".

    Notes
    -----
    Customers count in the group that was drawn for them, whether or not they were really offered a plan (by intention
    to treat): only so are the groups alike. Rates have Wilson's intervals, their difference Newcombe's (1998, method
    10); money has t intervals and Welch's difference (see `engine.intervals`). 95 % throughout.
    """
    found: list[dict[str, Any]] = []
    rows = joined[joined["group"].notna()]
    for each in by:
        names: list[Any] = [None]
        if each != "all":
            names = [*sorted(rows[each].dropna().unique()), *([None] if rows[each].isna().any() else [])]
        for measure in MEASURES:
            block = []
            for name in names:
                part = rows if each == "all" else rows[rows[each].isna() if name is None else rows[each] == name]
                block.append({"by": each, "group": name, "measure": measure} | _compared(part, measure, min_group))
            for row, p_holm in zip(block, holm([row["p_value"] for row in block]), strict=True):
                row["p_holm"] = float(p_holm)
                row["verdict"] = _verdict(row, min_group)
            found += block
    table = pd.DataFrame(found, columns=list(_COLUMNS))
    return table.astype(dict.fromkeys(("by", "group", "measure", "verdict"), "str"))


_COLUMNS: Final = (
    "by", "group", "measure", "offer_n", "offer", "offer_low", "offer_high", "hold_out_n", "hold_out", "hold_out_low",
    "hold_out_high", "difference", "difference_low", "difference_high", "p_value", "p_holm", "detectable", "verdict",
)  # fmt: skip


def outcome_warnings(joined: pd.DataFrame, *, min_group: int = 10) -> pd.DataFrame:
    """Return what stands against trusting the outcomes: code (a key of `WARNINGS`), customers, of (how many)."""
    offer, held = joined["group"] == OFFER, joined["group"] == HOLD_OUT
    offered = joined["offered"].fillna(False).astype(bool)
    leaving = joined["left"].notna()
    alike = joined["file_group"].isna() | joined["group"].isna() | (joined["file_group"] == joined["group"])
    found: list[tuple[str, int, int]] = []

    def warn(code: str, which: pd.Series[bool], among: pd.Series[bool]) -> None:
        if which.any():
            found.append((code, int(which.sum()), int(among.sum())))

    one, two = (joined.loc[each & leaving, "left"].to_numpy(dtype=np.float64) for each in (offer, held))
    if not len(two) and not joined.loc[held, "revenue"].notna().any():
        found.append(("hold_out_missing", int(held.sum()), int((offer | held).sum())))
    elif len(two) < min_group or _in_vain(one, two):
        found.append(("hold_out_too_small", len(two), int((offer | held).sum())))
    warn("hold_out_contaminated", held & offered, held)
    warn("not_offered", offer & joined["in_file"] & ~joined["offered"].fillna(True).astype(bool), offer)
    warn("offered_refused", offered & ~joined["consent"].fillna(True).astype(bool), offered)
    warn("results_missing", (offer | held) & ~joined["in_file"], offer | held)
    warn("blank_as_no", joined["blank_as_no"], joined["in_file"])
    warn("not_in_campaign", joined["group"].isna(), joined["in_file"])
    warn("group_differs", ~alike, joined["in_file"])
    return pd.DataFrame(found, columns=["code", "customers", "of"]).astype({"code": "str"})


def _compared(part: pd.DataFrame, measure: str, min_group: int) -> dict[str, Any]:
    if measure == "acceptance":
        asked = part[(part["group"] == OFFER) & part["offered"].fillna(False).astype(bool) & part["accepted"].notna()]
        one = asked["accepted"].to_numpy(dtype=np.float64)
        return _told(one, np.zeros(0), NO_DIFFERENCE, np.nan, rate=True, min_group=min_group)
    column = "left" if measure == "leaving" else "revenue"
    known = part[part[column].notna()]
    one, two = (known.loc[known["group"] == name, column].to_numpy(dtype=np.float64) for name in (OFFER, HOLD_OUT))
    enough = min(len(one), len(two)) >= max(min_group, 2)
    if measure == "leaving":
        gap = newcombe(one.mean(), len(one), two.mean(), len(two)) if enough else NO_DIFFERENCE
        least = _fall(one, two) if enough else np.nan
        return _told(one, two, gap, least, rate=True, min_group=min_group)
    gap = welch(one, two) if enough else NO_DIFFERENCE
    least = detectable_mean(float(two.std(ddof=1)), offer=len(one), hold_out=len(two)) if enough else np.nan
    return _told(one, two, gap, least, rate=False, min_group=min_group)


def _told(
    one: NDArray[Any], two: NDArray[Any], gap: Difference, least: float, *, rate: bool, min_group: int
) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, values in (("offer", one), ("hold_out", two)):
        found: Estimate = NOTHING
        if len(values) >= max(min_group, 1):
            found = wilson(float(values.mean()), len(values)) if rate else mean_of(values)
        out |= {f"{name}_n": len(values), name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
    return out | {
        "difference": gap.value,
        "difference_low": gap.low,
        "difference_high": gap.high,
        "p_value": gap.p_value,
        "detectable": least,
    }


def _in_vain(one: NDArray[Any], two: NDArray[Any]) -> bool:
    """Whether some left, no difference is to be seen, and groups of this size would hardly have shown one."""
    if not len(one) or not one.sum() + two.sum() or not np.isnan(_fall(one, two)):
        return False
    gap = newcombe(one.mean(), len(one), two.mean(), len(two))
    return gap.low <= 0 <= gap.high


def _fall(one: NDArray[Any], two: NDArray[Any]) -> float:
    """Return the smallest fall of leaving that groups of this size would notice, from the rate of both together."""
    both = (one.sum() + two.sum()) / (len(one) + len(two))
    return detectable_rates(float(both), offer=len(one), hold_out=len(two))[1]


def _verdict(row: dict[str, Any], min_group: int) -> str | None:
    if row["measure"] == "acceptance":
        return "too_few" if row["offer_n"] < min_group else None
    if not row["hold_out_n"]:
        return "no_hold_out"
    if np.isnan(row["difference"]):
        return "too_few"
    if row["difference_low"] <= 0 <= row["difference_high"] or not row["p_holm"] < ALPHA:
        return "cannot_tell"
    return "lower" if row["difference"] < 0 else "higher"
