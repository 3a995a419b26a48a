"""Twelve months of usage, and what was billed for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from cxlib.demo import operator as op
from cxlib.demo.plans import LOG_VARIANCE, Floats, tariff
from cxlib.matching import Catalogue, bill_all
from cxlib.matching.months import month_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cxlib.demo.customers import Law

DORMANT_SHARE: Final = 0.06
"""Share of customers who do not use anything for one to three months."""
ZERO_SHARE: Final = 0.5
"""Of the dormant, the share whose file has zeros; of the others it has no row."""
DISCOUNT_SHARE: Final = 0.015
EXTRA_SHARE: Final = 0.006
EXTRAS: Final = (9.0, 60.0)
UNMARKED_SHARE: Final = 0.4
"""Share of partial months that are not marked as such."""


def draw_usage(
    random: np.random.Generator, people: pd.DataFrame, law: Law, held: NDArray[Any]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw the usage of all customers in all months of theirs.

    Returns
    -------
    usage : DataFrame
        `place`, `m` (place of the month), `plan_id`, the meters, `complete`, `days_share` (of the month).
    dormant : DataFrame
        `place`, `m`, `as_zero`.
    """
    n = len(people)
    share = _days_share(people)
    noise = _noise(random, n)
    used = law.mean[:, : op.MONTHS] * noise * share[:, :, None]
    asleep, as_zero = _dormant(random, n)
    asleep &= share == 1
    used[asleep] = 0
    used[:, :, :2] = np.rint(used[:, :, :2])
    used[:, :, 2] = np.round(used[:, :, 2], 1)
    there = (share > 0) & ~(asleep & ~as_zero[:, None])
    place, m = np.nonzero(there)
    marked = random.random((n, op.MONTHS)) >= UNMARKED_SHARE
    usage = pd.DataFrame({"place": place, "m": m, "plan_id": held[place, m]})
    for k, meter in enumerate(op.METERS):
        usage[meter] = used[place, m, k]
    usage["complete"] = ~((share < 1) & marked)[place, m]
    usage["days_share"] = share[place, m]
    where, when = np.nonzero(asleep & (share > 0))
    return usage, pd.DataFrame({"place": where, "m": when, "as_zero": as_zero[where]})


def bill_usage(
    random: np.random.Generator, usage: pd.DataFrame, plans: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add `calculated` and `billed_amount`, and say where and why they differ.

    Returns
    -------
    usage : DataFrame
    unreconciled : DataFrame
        `row` of the usage, `cause` (proration, discount, unmetered charge), `difference` (billed - calculated).
    """
    catalogue = Catalogue(plans)
    month = usage["m"].to_numpy() + month_number(op.FIRST_MONTH)
    held = pd.Index(catalogue.plan_ids).get_indexer(pd.Index(usage["plan_id"]))
    bills = bill_all(usage[list(catalogue.meters)].to_numpy(), catalogue, month)
    calculated = bills[np.arange(len(usage)), held] / 100
    fee = _fees(usage, plans)
    billed, cause = calculated.copy(), np.full(len(usage), "", dtype=object)
    partial = usage["days_share"].to_numpy() < 1
    billed -= np.where(partial, np.round(fee * (1 - usage["days_share"].to_numpy()), 2), 0)
    cause[partial] = "proration"
    n = int(usage["place"].max()) + 1
    reduced, since = random.random(n) < DISCOUNT_SHARE, random.integers(0, op.MONTHS, n)
    rate = random.choice([0.1, 0.15, 0.2], size=n)
    place = usage["place"].to_numpy()
    discount = reduced[place] & (usage["m"].to_numpy() >= since[place]) & ~partial
    billed = np.where(discount, np.round(billed * (1 - rate[place]), 2), billed)
    cause[discount] = "discount"
    extra = (random.random(len(usage)) < EXTRA_SHARE) & (cause == "")
    billed = billed + np.where(extra, np.round(random.uniform(*EXTRAS, len(usage)), 2), 0)
    cause[extra] = "unmetered charge"
    billed = np.round(billed, 2)
    rows = np.flatnonzero(billed != calculated)
    unreconciled = pd.DataFrame(
        {"row": rows, "cause": cause[rows], "difference": np.round(billed - calculated, 2)[rows]}
    )
    return usage.assign(calculated=calculated, billed_amount=billed), unreconciled


def _fees(usage: pd.DataFrame, plans: pd.DataFrame) -> Floats:
    fee = np.zeros(len(usage))
    for m in range(op.MONTHS):
        rows, prices = np.flatnonzero(usage["m"] == m), tariff(plans, op.FIRST_MONTH + m)
        fee[rows] = prices.fee[prices.index(usage["plan_id"].to_numpy()[rows])]
    return fee


def _noise(random: np.random.Generator, n: int) -> Floats:
    own, shared = random.standard_normal((n, op.MONTHS, 3)), random.standard_normal((n, op.MONTHS, 1))
    normal = np.sqrt(op.SHARED_NOISE) * shared + np.sqrt(1 - op.SHARED_NOISE) * own
    noise: Floats = np.exp(np.sqrt(LOG_VARIANCE) * normal - LOG_VARIANCE / 2)
    return noise


def _days_share(people: pd.DataFrame) -> Floats:
    """Return which share of each month's days a customer was one: n x 12."""
    month = (op.FIRST_MONTH + np.arange(op.MONTHS + 1)).astype("datetime64[D]")
    joined = people["joined_on"].to_numpy().astype("datetime64[D]")[:, None]
    left = people["left_on"].to_numpy().astype("datetime64[D]")[:, None]
    end = np.where(np.isnat(left), month[-1], left + 1)
    days = np.minimum(end, month[1:]) - np.maximum(joined, month[:-1])
    share: Floats = np.maximum(days.astype(np.float64), 0) / (month[1:] - month[:-1]).astype(np.float64)
    return share


def _dormant(random: np.random.Generator, n: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    sleeps = random.random(n) < DORMANT_SHARE
    begin, length = random.integers(1, op.MONTHS - 1, n), random.integers(1, 4, n)
    month = np.arange(op.MONTHS)
    asleep = sleeps[:, None] & (month >= begin[:, None]) & (month < (begin + length)[:, None])
    return asleep, random.random(n) < ZERO_SHARE
