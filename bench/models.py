"""Which predictive distribution to ship: candidates side by side, chosen on inner folds.

    python bench/models.py [--demo-customers 600] [--ladders 6] [--seeds 10] [--only "NAME;NAME"] [--json]

*Inner* companies decide: the demo operator of seeds 101 to 103 with its own plans, and, where `CXLIB_REAL_DATA`
(default ../shared/data) has it, the months of a real operator before its last origin, on invented ladders. *Outer* ones
are reported and decide nothing: the same operator's 360 customer-origins on its two plans and on a ladder of seven.
Customers are judged by a model that never learned from them, nor from anything after the origin.

The rule: candidates are fit whose *strong* switches are right .95 of the time or more and whose 80 % intervals cover
.74 to .86 on every inner company, and who find the demo operator's mismatched customers with an F1 of .955 of the
oracle's (`oracle.py`) or more, mean over the seeds. Of these, the one with the least regret is shipped: regret as a
share of the least cost in hindsight; the three seeds are one company, and the geometric mean gives it and the real
operator the same say. Beside it is how much each of the others is above it, with the standard error of that, paired
and clustered by customer: what lies within it is equal for all that can be told.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

from boosting import BoostingRecommender  # noqa: E402
from companies import LADDER, TWO, Company, demo, megaline_usage, mobile_plans, on_ladder  # noqa: E402
from oracle import mismatch_scores  # noqa: E402

from cxlib.matching import Catalogue, PlanRecommender, backtest  # noqa: E402
from cxlib.matching.clusters import clustered_mean  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

INNER_SEEDS = (101, 102, 103)
STRONG_PRECISION = 0.95
COVERAGE = (0.74, 0.86)
LEAST_F1 = 0.955
DRAWING = ("own", "mixed")
"""Candidates whose names begin so depend on the seed."""


class OwnRecommender(PlanRecommender):
    """`PlanRecommender` on the customer's own months alone."""

    def _distributions(self, month: int) -> tuple[Any, Any]:
        _, alone = super()._distributions(month)
        return alone, alone


class ResamplingRecommender(PlanRecommender):
    """`PlanRecommender` on a plain resampling of the customer's own months."""

    def _distributions(self, month: int) -> tuple[Any, Any]:
        _, alone = super()._distributions(month)
        plain = replace(alone, urn=False)
        return plain, plain


CANDIDATES: dict[str, Callable[..., PlanRecommender]] = {
    "own months, resampled": ResamplingRecommender,
    "own months, urn": OwnRecommender,
    "nearest 40": partial(PlanRecommender, n_neighbors=40, n_own=0, half_life=2.0),
    "nearest 80": partial(PlanRecommender, n_neighbors=80, n_own=0, half_life=2.0),
    "nearest 40, half-life 6": partial(PlanRecommender, n_neighbors=40, n_own=0, half_life=6.0),
    "boosting, 100 residuals": partial(BoostingRecommender, n_neighbors=100, n_own=0, half_life=2.0),
    "mixed 20 + 40": partial(PlanRecommender, n_neighbors=20, n_own=40, half_life=2.0),
    "mixed 40 + 40": partial(PlanRecommender, n_neighbors=40, n_own=40, half_life=2.0),
    "mixed 40 + 20": partial(PlanRecommender, n_neighbors=40, n_own=20, half_life=2.0),
    "mixed 80 + 40": partial(PlanRecommender, n_neighbors=80, n_own=40, half_life=2.0),
    "mixed 40 + 20, half-life 4": partial(PlanRecommender, n_neighbors=40, n_own=20, half_life=4.0),
    "mixed 40 + 20, half-life 6": partial(PlanRecommender, n_neighbors=40, n_own=20, half_life=6.0),
}


def companies(demo_customers: int, ladders: int) -> tuple[list[list[Company]], list[Company]]:
    """Return the inner companies, each as a list of catalogues for one usage, and the outer ones."""
    inner = [[demo(seed, customers=demo_customers)] for seed in INNER_SEEDS]
    folder = Path(os.environ.get("CXLIB_REAL_DATA", ROOT.parent / "shared" / "data")) / "megaline"
    if not folder.exists():
        return inner, []
    usage = megaline_usage(folder)
    earlier = usage[usage["month"] < usage["month"].max()]
    inner.append([on_ladder("real operator, earlier, ladders", earlier, seed=seed) for seed in range(ladders)])
    outer = [Company("real operator, two plans", usage, mobile_plans(TWO))]
    outer.append(Company("real operator, seven plans", usage, mobile_plans(LADDER)))
    return inner, outer


def judged(make: Callable[..., PlanRecommender], company: Company, *, seeds: int = 1) -> pd.DataFrame:
    """Return the back-test's rows, once per seed, with the intervals as they were before they were stretched."""
    parts = []
    for seed in range(seeds):
        recommender = make(Catalogue(company.plans), random_state=seed)
        rows = backtest(recommender, company.usage, customers=company.customers)
        raw = backtest(recommender.set_params(conformal=False), company.usage, customers=company.customers)
        parts.append(rows.assign(seed=seed, covered_raw=raw["covered"]))
    return pd.concat(parts, ignore_index=True)


def figures(rows: pd.DataFrame) -> dict[str, float]:
    """Return what the table says of one candidate on one company; seeds, and ladders, are averaged."""
    by = rows["customer_id"].astype(str)
    regret = clustered_mean(rows["regret_recommended"], by)
    saved, strong = rows["regret_stay"] - rows["regret_recommended"], rows["strong"]
    known = rows["difference"].notna()
    precise = clustered_mean((saved > 0)[strong], by[strong])
    return {
        "regret": regret.value,
        "regret_low": regret.low,
        "regret_high": regret.high,
        "relative": rows["regret_recommended"].sum() / rows["cost_best"].sum(),
        "coverage_raw": rows.loc[known, "covered_raw"].mean(),
        "coverage": rows.loc[known, "covered"].mean(),
        "precision": precise.value,
        "precision_low": precise.low,
        "precision_high": precise.high,
        "kept": saved[strong].sum() / rows["regret_stay"].sum(),
    }


def choose(inner: dict[str, dict[str, pd.DataFrame]], f1: dict[str, float]) -> tuple[str, pd.DataFrame]:
    """Choose by the rule, from the rows of each candidate on each inner company.

    Returns
    -------
    (name, frame)
        The candidate, and per candidate its relative regret, by how many parts it is above the best and the standard
        error of this, the least precision and the range of coverage over companies, F1 as a part of the oracle's, and
        whether it is fit.
    """
    table = pd.DataFrame({name: _over_companies(found) for name, found in inner.items()}).T.assign(f1=f1)
    table["fit"] = (
        (table["precision"] >= STRONG_PRECISION)
        & table["coverage_low"].ge(COVERAGE[0])
        & table["coverage_high"].le(COVERAGE[1])
        & table["f1"].ge(LEAST_F1)
    )
    best = table.loc[table["fit"] if table["fit"].any() else table.index, "relative"].idxmin()
    pairs = {name: _above(found, inner[best]) for name, found in inner.items()}
    return str(best), table.assign(
        above={name: each[0] for name, each in pairs.items()}, error={name: each[1] for name, each in pairs.items()}
    )


def _over_companies(found: dict[str, pd.DataFrame]) -> dict[str, float]:
    each = pd.DataFrame({name: figures(rows) for name, rows in found.items()}).T
    synthetic = each.index.str.startswith("demo")
    means = [group["relative"].mean() for group in (each[synthetic], each[~synthetic]) if len(group)]
    return {
        "relative": float(np.exp(np.mean(np.log(means)))),
        "precision": each["precision"].min(),
        "coverage_low": each["coverage"].min(),
        "coverage_high": each["coverage"].max(),
    }


def _above(found: dict[str, pd.DataFrame], best: dict[str, pd.DataFrame]) -> tuple[float, float]:
    """Return by how many parts the regret is above that of the best, and the standard error of this.

    The log of a ratio of means is linearised around the best; companies have the weights of the geometric mean.
    """
    synthetic = [name for name in found if name.startswith("demo")]
    kinds = 1 + (len(found) > len(synthetic))
    means, variances = [], []
    for name, rows in found.items():
        weight = 1 / kinds / (len(synthetic) if name in synthetic else 1)
        more = (rows["regret_recommended"] - best[name]["regret_recommended"]) / best[name]["regret_recommended"].mean()
        mean = clustered_mean(more, rows["customer_id"].astype(str))
        means.append(weight * mean.value)
        variances.append((weight * (mean.high - mean.low) / 2 / 1.96) ** 2)
    return float(np.sum(means)), float(np.sqrt(np.sum(variances)))


def _f1(make: Callable[..., PlanRecommender]) -> float:
    """Return F1 as a part of the oracle's, on the inner demo operators."""
    found = pd.DataFrame([mismatch_scores(make, seed=seed, customers=3_000) for seed in INNER_SEEDS]).mean()
    return float(found["recommended"] / found["oracle"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--demo-customers", type=int, default=600)
    parser.add_argument("--ladders", type=int, default=6)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--only", default="")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    names = [name for name in CANDIDATES if not options.only or name in options.only.split(";")]
    inner, outer = companies(options.demo_customers, options.ladders)
    rows: dict[str, dict[str, pd.DataFrame]] = {}
    report: list[dict[str, Any]] = []
    for name in names:
        rows[name] = {}
        for group in inner:
            parts = [judged(CANDIDATES[name], each) for each in group]
            rows[name][group[0].name] = pd.concat(parts, ignore_index=True)
            report.append({"model": name, "company": group[0].name, **figures(rows[name][group[0].name])})
        for company in outer:
            seeds = options.seeds if name.startswith(DRAWING) else 1
            found = judged(CANDIDATES[name], company, seeds=seeds)
            report.append({"model": name, "company": company.name, **figures(found)})
    f1 = {name: _f1(CANDIDATES[name]) for name in names}
    chosen, table = choose(rows, f1)
    if options.json:
        print(json.dumps({"chosen": chosen, "rows": report, "table": table.to_dict("index")}))
        return
    with pd.option_context("display.width", 250, "display.max_columns", 30, "display.max_rows", 200):
        print(pd.DataFrame(report).round(4).to_string(index=False))
        print(table.to_string())
    print(f"shipped by the rule: {chosen}")


if __name__ == "__main__":
    main()
