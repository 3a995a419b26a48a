"""The catalogue of the synthetic operator, and what usage is expected to cost on its plans."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from cxlib.demo.operator import METERS, NOISE_CV

CATALOGUE: Final = Path(__file__).resolve().parents[2] / "data" / "demo_plans.csv"
LOG_VARIANCE: Final = float(np.log1p(NOISE_CV**2))
EXACT_UNITS: Final = 60
MEANS: Final = (1e-3, 1e8)
LOG_MEANS: Final = np.linspace(np.log(MEANS[0]), np.log(MEANS[1]), 6001)
"""Where expected units are evaluated; in between, the error of interpolation is below 3 in a million."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Tariff:
    """The plans at one month's prices, in catalogue order; arrays of P plans, or of P plans x 3 meters."""

    plan_ids: tuple[str, ...]
    fee: Floats
    included: Floats
    price: Floats
    unit: Floats
    round_up: NDArray[np.bool_]
    on_sale: NDArray[np.bool_]
    segment: NDArray[Any]
    min_tenure_months: NDArray[np.int64]

    def index(self, plan_ids: Any) -> NDArray[np.int64]:
        """Return the places of plans in the catalogue."""
        return np.asarray(pd.Index(self.plan_ids).get_indexer(plan_ids), dtype=np.int64)

    def expected_cost(self, mean: Floats) -> Floats:
        """Return the expected bill of n customers (n x 3 means of a month) on each plan, n x P."""
        total = np.tile(self.fee, (len(mean), 1))
        at = (np.log(mean.clip(MEANS[0], MEANS[1] / 2)) - LOG_MEANS[0]) / (LOG_MEANS[1] - LOG_MEANS[0])
        below = at.astype(np.int64)
        share = at - below
        for p in range(len(self.plan_ids)):
            for m in range(len(METERS)):
                if self.price[p, m] > 0:
                    units = _expected_units(self.included[p, m], self.unit[p, m], self.round_up[p, m])
                    low, high = units[below[:, m]], units[below[:, m] + 1]
                    total[:, p] += self.price[p, m] * (low + share[:, m] * (high - low))
        return total

    def may_take(self, needs: Any, tenure_months: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which plans n customers may take, contracts apart: n x P."""
        fits = (self.segment[None, :] == "") | (self.segment[None, :] == np.asarray(needs)[:, None])
        allowed: NDArray[np.bool_] = self.on_sale & fits & (tenure_months[:, None] >= self.min_tenure_months)
        return allowed


def read_plans() -> pd.DataFrame:
    """Read the shipped catalogue, typed: one row per plan and price version."""
    plans = pd.read_csv(CATALOGUE, dtype=str, keep_default_na=False)
    for name in plans.columns:
        if name.startswith("included_"):
            plans[name] = plans[name].replace("unlimited", "inf").astype(float)
        elif name.startswith(("monthly_fee", "exit_fee", "activation_fee", "unit_", "overage_")):
            plans[name] = plans[name].astype(float)
        elif name.startswith("round_up_") or name == "on_sale":
            plans[name] = plans[name] == "yes"
        elif name.startswith("valid_"):
            plans[name] = pd.to_datetime(plans[name].replace("", None))
    plans["min_tenure_months"] = plans["min_tenure_months"].astype("int64")
    return plans


def tariff(plans: pd.DataFrame, month: np.datetime64) -> Tariff:
    """Return the plans at the prices of a month."""
    day = pd.Timestamp(month)
    rows = plans[~(plans["valid_from"] > day) & ~(plans["valid_to"] < day)]

    def by_meter(field: str) -> Any:
        return rows[[f"{field}_{meter}" for meter in METERS]].to_numpy()

    return Tariff(
        plan_ids=tuple(rows["plan_id"]),
        fee=rows["monthly_fee"].to_numpy(),
        included=by_meter("included"),
        price=by_meter("overage_price"),
        unit=by_meter("unit_size"),
        round_up=by_meter("round_up"),
        on_sale=rows["on_sale"].to_numpy(),
        segment=rows["segment"].to_numpy(dtype=object),
        min_tenure_months=rows["min_tenure_months"].to_numpy(),
    )


@cache
def _expected_units(included: float, unit: float, round_up: bool) -> Floats:
    """Expected priced units of lognormal usage of each mean of `LOG_MEANS`, per started unit where `round_up`.

    The expected number of started units is the sum of P(usage > included + j unit) over j = 0, 1, ...: exact for the
    first `EXACT_UNITS`, and beyond them the expected excess and half a unit, which is all but exact there.
    """
    mean = np.exp(LOG_MEANS)
    if not round_up:
        return _expected_excess(mean, included) / unit
    exact = np.zeros_like(mean)
    for j in range(EXACT_UNITS):
        exact += _exceeds(mean, included + j * unit)
    far = included + EXACT_UNITS * unit
    return exact + _expected_excess(mean, far) / unit + _exceeds(mean, far) / 2


def _exceeds(mean: Floats, limit: float) -> Floats:
    if limit <= 0:
        return (mean > 0).astype(np.float64)
    with np.errstate(divide="ignore"):
        known: Floats = ndtr((np.log(mean / limit) - LOG_VARIANCE / 2) / np.sqrt(LOG_VARIANCE))
    return known


def _expected_excess(mean: Floats, limit: float) -> Floats:
    """E[max(X - limit, 0)] of a lognormal X: Black and Scholes (1973) without interest."""
    if limit <= 0:
        return mean.copy()
    with np.errstate(divide="ignore"):
        upper: Floats = ndtr((np.log(mean / limit) + LOG_VARIANCE / 2) / np.sqrt(LOG_VARIANCE))
    return mean * upper - limit * _exceeds(mean, limit)
