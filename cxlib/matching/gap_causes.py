"""Why a bill differs from what plan and usage come to: the likely cause, told by what the gap itself looks like.

A gap is the amount billed less the amount calculated. Each cause has evidence that is hard to meet by chance:
a gap that is a whole number of days of the fee in a month in which the service began, ended or changed; that is what
rounding to started units would make; that many customers of a plan share in a month; that is the same share of the
bill, or the same amount, month after month. Where none is found, an amount above the calculated one is put down to
something that no meter of the usage counts, and one below it to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from cxlib.matching.months import first_day
from cxlib.texts import N_

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cxlib.matching.catalogue import Catalogue

CAUSES: Final = ("proration", "rounding", "missing_meter", "price", "unknown")
PRORATION, ROUNDING, MISSING_METER, PRICE, UNKNOWN = range(5)
CAUSE_NAMES: Final = {
    "proration": N_("Part of a month"),
    "rounding": N_("Rounding"),
    "missing_meter": N_("A charge no meter counts"),
    "price": N_("Another price"),
    "unknown": N_("Not known"),
}
CAUSE_TEXTS: Final = {
    "proration": N_("The bill is likely for some days of the month only."),
    "rounding": N_("Usage is likely rounded in another way than the catalogue says."),
    "missing_meter": N_("The bill likely holds a charge that no meter of the usage counts."),
    "price": N_("The price is likely another than the catalogue's: a tax, a discount or a changed fee."),
    "unknown": N_("What was billed is not what plan and usage come to, and no cause is likely."),
}
SHARED: Final = 0.5
"""A gap that this share of a plan's customers has in one month is one of the price."""
SHARED_LEAST: Final = 5
EVENT_SHARE: Final = 0.25
"""Rounding every event up is not taken to add more than this share to the usage."""
_DAYS_OF_BANKS: Final = 30
_DISCOUNT_STEP: Final = 50
"""Thousandths: discounts are mostly multiples of 5 %."""


class Gaps(NamedTuple):
    """G rows with a gap, sorted by customer and month; money in the smallest unit, int64."""

    owner: NDArray[np.int64]
    month: NDArray[np.int64]  # number of the month
    plan: NDArray[np.int64]
    calculated: NDArray[np.int64]
    gap: NDArray[np.int64]
    fee: NDArray[np.int64]
    fee_before: NDArray[np.int64]  # of the plan held the month before, where it is another, else that of `fee`
    fee_after: NDArray[np.int64]
    edge: NDArray[np.bool_]  # the customer's first or last row inside the months of the usage, or marked not complete
    served: NDArray[np.int64]  # days from joining to leaving within the month, -1 where that is all or not known
    used: NDArray[np.float64]  # [M, G], in units
    overage: NDArray[np.int64]  # [M, G]


def shared_gaps(
    plan: NDArray[Any], month: NDArray[Any], gap: NDArray[np.int64], counts: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return for each plan and month the gap that at least `SHARED` of its rows have, else 0.

    Parameters
    ----------
    plan, month, gap : arrays of length G
        Rows with a gap; `month` counts from 0.
    counts : int64 [P, T]
        All rows that were compared.

    Returns
    -------
    int64 [P, T]
    """
    out = np.zeros(counts.shape, dtype=np.int64)
    if not len(gap):
        return out
    order = np.lexsort((gap, month, plan))
    p, t, g = plan[order], month[order], gap[order]
    new = np.append(True, (p[1:] != p[:-1]) | (t[1:] != t[:-1]) | (g[1:] != g[:-1]))
    first = np.flatnonzero(new)
    n = np.diff(np.append(first, len(g)))
    p, t, g = p[first], t[first], g[first]
    common = (n >= SHARED_LEAST) & (n >= SHARED * counts[p, t])
    # a share of one half can be had by two gaps: the more frequent one, written last, stays
    last = np.flatnonzero(common)[np.argsort(n[common], kind="stable")]
    out[p[last], t[last]] = g[last]
    return out


def likely_causes(gaps: Gaps, catalogue: Catalogue, *, shared: NDArray[np.int64]) -> NDArray[np.int8]:
    """Return the position in `CAUSES` of each gap's likely cause.

    Parameters
    ----------
    gaps : Gaps
        All gaps of some customers: what the months of one customer have in common is evidence.
    shared : int64, length G
        The gap that is common on the plan in the month, see `shared_gaps`, 0 where there is none.
    """
    meters = len(catalogue.meters)
    small = np.abs(gaps.gap) <= 1 + meters
    terms = _terms(gaps, catalogue)
    found = np.full(len(gaps.gap), UNKNOWN, dtype=np.int8)
    found[gaps.gap > 0] = MISSING_METER
    below = (gaps.gap < 0) & (gaps.gap >= -gaps.fee)
    found[(gaps.served >= 0) & below] = PRORATION
    open_rows = ~small & ~_prorated(gaps) & ~_other_units(gaps, terms)
    found[_by_event(gaps, terms) & open_rows] = ROUNDING
    found[_of_unused_meter(gaps, terms, open_rows)] = MISSING_METER
    found[_priced(gaps, open_rows) & open_rows] = PRICE
    found[(shared != 0) & (np.abs(gaps.gap - shared) <= 1)] = PRICE
    found[_other_units(gaps, terms)] = ROUNDING
    found[_prorated(gaps)] = PRORATION
    found[small] = ROUNDING
    return found


class _Terms(NamedTuple):
    """What the plan held says of each meter, [M, G]; the price is 0 where it is not one price above one allowance."""

    included: NDArray[np.float64]
    price: NDArray[np.float64]  # minor units
    size: NDArray[np.float64]
    started: NDArray[np.bool_]


def _terms(gaps: Gaps, catalogue: Catalogue) -> _Terms:
    pairs, at = np.unique(gaps.plan * 2**20 + gaps.month, return_inverse=True)
    table = np.zeros((4, len(catalogue.meters), len(pairs)))
    for k, pair in enumerate(pairs.tolist()):
        version = catalogue.version(catalogue.plan_ids[pair >> 20], pair & (2**20 - 1))
        for m, terms in enumerate(version.terms if version is not None else ()):
            price = 0 if terms.included is None or not terms.plain else terms.overage_price * 10**catalogue.minor_digits
            table[:, m, k] = terms.included or 0, price, terms.unit_size, terms.round_up
    included, price, size, started = table[:, :, at.reshape(-1)]
    return _Terms(included, price, np.where(size > 0, size, 1.0), started > 0)


def _prorated(gaps: Gaps) -> NDArray[np.bool_]:
    """Mark gaps that are whole days of the fee, or of the difference of two fees, where that can be."""
    days = np.array([(first_day(m + 1) - first_day(m)).days for m in gaps.month.tolist()], dtype=np.int64)
    known = gaps.served >= 0
    found = known & _days_of(gaps.gap, gaps.fee, days, days - gaps.served)
    anywhere = np.full(len(days), -1)
    for length in (days, np.full_like(days, _DAYS_OF_BANKS)):
        found |= gaps.edge & ~known & _days_of(gaps.gap, gaps.fee, length, anywhere)
        found |= known & _days_of(gaps.gap, gaps.fee, length, anywhere) & (gaps.gap < 0)
        for other in (gaps.fee_before, gaps.fee_after):
            found |= (other != gaps.fee) & _days_of(gaps.gap, gaps.fee - other, length, anywhere)
    return found


def _days_of(
    gap: NDArray[np.int64], fee: NDArray[np.int64], length: NDArray[np.int64], days: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Mark gaps that are a whole number of days of a fee within one smallest unit; `days` is how many, -1 for any."""
    number = np.where(days >= 0, days, np.rint(np.abs(gap) * length / np.maximum(np.abs(fee), 1)))
    exact = np.abs(np.abs(gap) - np.abs(fee) * number / length) <= 1
    told = (days >= 0) & (gap < 0)
    found: NDArray[np.bool_] = (fee != 0) & (number > 0) & (number <= length) & exact & ((days < 0) | told)
    return found


def _other_units(gaps: Gaps, terms: _Terms) -> NDArray[np.bool_]:
    """Mark gaps that are what started units in the place of units (or the reverse) would make, of one meter or all."""
    over = np.maximum(gaps.used - terms.included, 0) / terms.size
    other = terms.price * np.where(terms.started, over, np.ceil(over - 1e-9))
    change = np.where(terms.price > 0, np.rint(other) - gaps.overage, 0)
    some = np.abs(change) > 2
    one = (some & (np.abs(change - gaps.gap) <= 1)).any(axis=0)
    found: NDArray[np.bool_] = one | ((some.sum(axis=0) > 1) & (np.abs(change.sum(axis=0) - gaps.gap) <= len(change)))
    return found


def _by_event(gaps: Gaps, terms: _Terms) -> NDArray[np.bool_]:
    """Mark gaps that are some more units of a meter above its allowance, two months or more of one customer."""
    with np.errstate(divide="ignore", invalid="ignore"):
        units = gaps.gap / terms.price
        whole = np.abs(terms.price * np.rint(units) - gaps.gap) <= 1
        fits = whole & (gaps.overage > 0) & (units * terms.size <= EVENT_SHARE * gaps.used)
    often = np.zeros(len(gaps.gap), dtype=bool)
    for mine in fits & (gaps.gap > 0):
        often[_times(gaps.owner, np.zeros_like(gaps.owner), mine) > 1] = True
    return often


def _of_unused_meter(gaps: Gaps, terms: _Terms, open_rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark gaps that are whole units of a meter without usage, where those of all the customer's months are."""
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = np.abs(terms.price * np.rint(gaps.gap / terms.price) - gaps.gap) <= 1
    fits = open_rows & (gaps.gap > 0) & ((gaps.used == 0) & (terms.price > 1) & whole).any(axis=0)
    same = np.zeros_like(gaps.owner)
    times = _times(gaps.owner, same, fits)
    found: NDArray[np.bool_] = (times > 1) & (times == _times(gaps.owner, same, open_rows))
    return found


def _priced(gaps: Gaps, open_rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark gaps that are the same share of the bill or the same amount in most months of a customer that have one.

    A single month counts where it is a multiple of 5 % below what was calculated: a discount.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        thousandths = np.where(gaps.calculated > 0, np.rint(1000 * gaps.gap / gaps.calculated), 0)
    exact = open_rows & (thousandths != 0) & (np.abs(gaps.gap - thousandths * gaps.calculated / 1000) <= 1)
    every = _times(gaps.owner, np.zeros_like(gaps.owner), open_rows)
    found: NDArray[np.bool_] = exact & (gaps.gap < 0) & (thousandths % _DISCOUNT_STEP == 0)
    for key, among in ((thousandths.astype(np.int64), exact), (gaps.gap, open_rows)):
        times = _times(gaps.owner, key, among)
        found |= (times > 1) & (2 * times >= every)
    return found | _near_the_median(gaps, open_rows)


def _near_the_median(gaps: Gaps, open_rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark the gaps of customers whose open gaps are mostly one share of the bill, whatever it is."""
    at = np.flatnonzero(open_rows & (gaps.calculated > 0))
    found = np.zeros(len(gaps.gap), dtype=bool)
    if not len(at):
        return found
    ratio = gaps.gap[at] / gaps.calculated[at]
    order = np.lexsort((ratio, gaps.owner[at]))
    at, ratio = at[order], ratio[order]
    new = np.append(True, gaps.owner[at][1:] != gaps.owner[at][:-1])
    first = np.flatnonzero(new)
    n = np.diff(np.append(first, len(at)))
    median = np.repeat(ratio[first + (n - 1) // 2], n)
    near = np.abs(gaps.gap[at] - median * gaps.calculated[at]) <= 2
    mostly = np.add.reduceat(near, first)
    found[at] = near & np.repeat((mostly >= 2) & (2 * mostly > n), n)
    return found


def _times(owner: NDArray[np.int64], key: NDArray[np.int64], among: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Count for each row in how many rows its customer has the same key, all of them `among`; 0 for the others."""
    at = np.flatnonzero(among)
    times = np.zeros(len(owner), dtype=np.int64)
    if not len(at):
        return times
    order = at[np.lexsort((key[at], owner[at]))]
    new = np.append(True, (owner[order][1:] != owner[order][:-1]) | (key[order][1:] != key[order][:-1]))
    first = np.flatnonzero(new)
    n = np.diff(np.append(first, len(order)))
    times[order] = np.repeat(n, n)
    return times
