"""What the rows of a back-test add up to: regret, money saved, coverage, and whether "95 % sure" was 95 % right.

Every function takes the frame of `backtest` or a part of it. All intervals are of 95 % and treat customers, who come
again at every origin, as clusters. What a rate or a mean cannot be told of is null.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from cxlib.matching.clusters import Estimate, clustered_mean, clustered_share
from cxlib.matching.rules import RULES

BINS: Final = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
"""Edges of the reliability curve; the last bin is that of *strong*. A bin holds its lower edge, the last both."""
ADVISED: Final = "recommended"


def summarise_backtest(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what a back-test says of each rule.

    Returns
    -------
    pandas frame, one row per rule
        rule; customer_origins; customers; mean_regret with regret_low and regret_high; hit_rate (share of choices that
        cost no more than the best) with hit_low and hit_high; saved, the money saved against staying over all rows,
        mean_saved with saved_low and saved_high; saved_share of what perfect foresight saves, losses deducted;
        difference, the mean regret of the recommender less that of the rule on the same rows, with difference_low and
        difference_high (null for the recommender itself): an interval that holds 0 is noise. Of the recommender alone:
        coverage of its 80 % intervals with coverage_low and coverage_high; strong (how many), strong_customers,
        strong_share, strong_precision (share of strong switches that saved) with strong_low and strong_high,
        strong_saved and strong_saved_share.
    """
    found = [_of_rule(rows, rule) for rule in RULES]
    return pd.DataFrame(found).astype({"rule": "str"})


def backtest_by(rows: pd.DataFrame, by: str, *, rule: str = ADVISED, min_group: int = 10) -> pd.DataFrame:
    """Return what a back-test says of the recommender or of another rule, by segment, direction, origin or plan.

    Parameters
    ----------
    rows : frame
        Of `backtest`.
    by : str
        A column of it: tier, need, region, direction (of the switch advised), month (the origin), plan_id (held), ...
    rule : str
        One of `RULES`.
    min_group : int
        Groups of fewer customers keep their numbers alone; everything else about them is null. So is the precision of
        *strong* where fewer customers have a strong recommendation.

    Returns
    -------
    pandas frame, one row per value of `by`, a missing one last
        `by`; what `summarise_backtest` says of the rule; stay_regret, the mean regret of staying, with
        stay_low and stay_high; enough, whether there are as many customers as `min_group`.
    """
    found = [
        {by: value, **_of_group(part, rule, min_group)}
        for value, part in rows.groupby(by, dropna=False, sort=True, observed=True)
    ]
    frame = pd.DataFrame(found, columns=[by, *_of_group(rows.iloc[:0], rule, min_group)])
    return frame.astype({by: rows[by].dtype})


def reliability_curve(rows: pd.DataFrame, *, min_group: int = 10, bins: tuple[float, ...] = BINS) -> pd.DataFrame:
    """Return, by how likely the best other plan was said to save, how often it did.

    Every row counts in which there was another plan, also where the advice was to stay.

    Parameters
    ----------
    rows : frame
        Of `backtest`.
    min_group : int
        In bins of fewer customers the observed share is null.
    bins : tuple of float
        Ascending edges from 0 to 1.

    Returns
    -------
    pandas frame, one row per bin
        bin_low, bin_high; n, customers; predicted (mean of `p_other`); observed (share of rows in which the other plan
        saved), with observed_low and observed_high; enough.
    """
    known = rows[rows["p_other"].notna() & rows["saved_other"].notna()]
    place = np.clip(np.searchsorted(bins, known["p_other"], side="right") - 1, 0, len(bins) - 2)
    found = []
    for at in range(len(bins) - 1):
        part = known[place == at]
        observed = clustered_share(part["saved_other"] > 0, part["customer_id"])
        enough = observed.clusters >= min_group
        found.append(
            {
                "bin_low": bins[at],
                "bin_high": bins[at + 1],
                "n": observed.n,
                "customers": observed.clusters,
                "predicted": part["p_other"].mean() if len(part) else np.nan,
                "observed": observed.value if enough else np.nan,
                "observed_low": observed.low if enough else np.nan,
                "observed_high": observed.high if enough else np.nan,
                "enough": enough,
            }
        )
    return pd.DataFrame(found)


def calibration(rows: pd.DataFrame) -> dict[str, Any]:
    """Return how often the best other plan saved beside how often it was said to, over all rows.

    Returns
    -------
    dict
        predicted; observed with low and high; gap, observed less predicted, with gap_low and gap_high; n; customers.
    """
    known = rows[rows["p_other"].notna() & rows["saved_other"].notna()]
    saved = (known["saved_other"] > 0).astype(float)
    observed = clustered_share(saved, known["customer_id"])
    gap = clustered_mean(saved - known["p_other"], known["customer_id"])
    return {
        "predicted": float(known["p_other"].mean()) if len(known) else np.nan,
        "observed": observed.value,
        "low": observed.low,
        "high": observed.high,
        "gap": gap.value,
        "gap_low": gap.low,
        "gap_high": gap.high,
        "n": observed.n,
        "customers": observed.clusters,
    }


def _of_rule(rows: pd.DataFrame, rule: str) -> dict[str, Any]:
    regret, whose = rows[f"regret_{rule}"], rows["customer_id"]
    saved = rows["regret_stay"] - regret
    perfect = rows["regret_stay"].sum()
    mean = clustered_mean(regret, whose)
    differs = rule != ADVISED
    return {
        "rule": rule,
        "customer_origins": mean.n,
        "customers": mean.clusters,
        **_named("mean_regret", "regret", mean),
        **_named("hit_rate", "hit", clustered_share(regret <= 0, whose)),
        "saved": float(saved.sum()),
        **_named("mean_saved", "saved", clustered_mean(saved, whose)),
        "saved_share": saved.sum() / perfect if perfect else np.nan,
        **_named(
            "difference",
            "difference",
            clustered_mean(rows[f"regret_{ADVISED}"] - regret, whose) if differs else _UNKNOWN,
        ),
        **(_NOT_OF_RULES if differs else _of_advice(rows)),
    }


def _of_advice(rows: pd.DataFrame) -> dict[str, Any]:
    """Return what only the recommender claims, and whether it held."""
    judged, strong = rows[rows["difference"].notna()], rows[rows["strong"]]
    saved = strong["regret_stay"] - strong[f"regret_{ADVISED}"]
    perfect = rows["regret_stay"].sum()
    return {
        **_named("coverage", "coverage", clustered_share(judged["covered"], judged["customer_id"])),
        "strong": len(strong),
        "strong_customers": strong["customer_id"].nunique(),
        "strong_share": len(strong) / len(rows) if len(rows) else np.nan,
        **_named("strong_precision", "strong", clustered_share(saved > 0, strong["customer_id"])),
        "strong_saved": float(saved.sum()),
        "strong_saved_share": saved.sum() / perfect if perfect else np.nan,
    }


def _of_group(rows: pd.DataFrame, rule: str, min_group: int) -> dict[str, Any]:
    found = {name: value for name, value in _of_rule(rows, rule).items() if name != "rule"}
    stayed = clustered_mean(rows["regret_stay"], rows["customer_id"])
    found |= _named("stay_regret", "stay", stayed)
    enough = stayed.clusters >= min_group
    if not enough:
        found = {name: value if name in _COUNTS else np.nan for name, value in found.items()}
    elif not found["strong_customers"] >= min_group:
        found |= dict.fromkeys(("strong_precision", "strong_low", "strong_high"), np.nan)
    return {**found, "enough": enough}


def _named(value: str, bounds: str, found: Estimate) -> dict[str, float]:
    return {value: found.value, f"{bounds}_low": found.low, f"{bounds}_high": found.high}


_UNKNOWN: Final = Estimate(np.nan, np.nan, np.nan, 0, 0)
_COUNTS: Final = frozenset({"customer_origins", "customers", "strong", "strong_customers"})
_NOTHING: Final = pd.DataFrame(
    {"difference": [], "covered": [], "strong": [], "customer_id": [], "regret_stay": [], f"regret_{ADVISED}": []}
).astype({"strong": bool, "covered": bool})
_NOT_OF_RULES: Final = dict.fromkeys(_of_advice(_NOTHING), np.nan)
