"""The three-month flag: whose plan has been dearer than one other plan, months running."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from cxlib.engine.threads import blocks, run
from cxlib.errors import CxError
from cxlib.matching import windows
from cxlib.matching.case import Absent, Case, open_case
from cxlib.matching.kernels import savings, summary
from cxlib.matching.months import month_number, month_starts
from cxlib.matching.rating import NEXT_PLAN
from cxlib.matching.ready import ready_bills
from cxlib.matching.texts import coded, strings
from cxlib.texts import N_

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cxlib.matching.catalogue import Catalogue

DIRECTIONS: Final = ("under_provisioned", "over_provisioned", "sideways")
STATES: Final = ("flagged", "fits", "changed", "short")
STATUSES: Final = (None, "new", "standing", "resolved")
_AS_OF: Final = {"last": windows.FIXED, "own": windows.OWN, "any": windows.ANY}


def plan_fit(
    usage: Any,
    catalogue: Catalogue,
    *,
    customers: Any = None,
    months: int = 3,
    min_saving: float = 0,
    as_of: Literal["last", "own", "any"] | str = "last",  # noqa: PYI051 - or a month
    absent: Absent = "missing",
    until: Any = None,
) -> pd.DataFrame:
    """Say for each customer whether one and the same other plan was cheaper in each of the last months.

    A customer is *flagged* at month M if one other plan that the customer may take at M (on sale, eligible, contract
    and cool-off over; exit fees do not matter) is cheaper than the plan held by strictly more than `min_saving` in each
    of the `months` consecutive calendar months ending at M, all of them there and complete, on one plan held. Of
    several, the better plan is the one with the largest total saving; ties go to the order of the catalogue. The plan
    held is billed at what the customer really pays, others at standing terms (`ready`). One with a cap qualifies only
    if all of the usage is within it, a pooled plan only where the plan held is pooled, and the reverse.

    Parameters
    ----------
    usage : frame
        customer_id, month, one column per meter of the catalogue; optionally plan_id (else that of `customers`) and
        complete. Any order; sorted by customer and month it is read fastest.
    catalogue : Catalogue
    customers : frame, optional
        customer_id; optionally plan_id, tier, need, region, joined_on, left_on, contract_end, plan_since, account_id.
    months : int
        Length of the window.
    min_saving : float
        Money that each month must save more than.
    as_of : {"last", "own", "any"} or a month such as "2018-12"
        M: the last month of the usage, each customer's own last month, the latest month at which the customer was
        flagged (else the own last one), or that month.
    absent : {"missing", "zero"}
        Whether a month without a row breaks the run, or counts as zero usage: each customer's months are then exactly
        those from the month of `joined_on` (else of the first row) to that of `left_on` (else the last month), none
        before the first month of the usage.
    until : month, optional
        Leave out what comes after.

    Returns
    -------
    DataFrame
        One row per customer with usage at or before M, sorted by customer_id: customer_id; month, the window's last;
        plan_id held then; state (``flagged``, ``fits``, ``changed``: the plan held changed inside the window,
        ``short``: not `months` consecutive complete months up to M); better_plan_id; direction
        (``under_provisioned``: the better plan has the higher fee, ``over_provisioned``, ``sideways``); saving over
        the window, money; saving_minor, the same in the smallest unit, int64; least_saving, its smallest month; since,
        month ends in a row at which the flag has stood; status against the month before (``new``, ``standing``,
        ``resolved``); left, whether the customer left by the end of M; paid, the bills of the plan held over the
        window. Savings are 0 and texts missing where there is no flag.

    Raises
    ------
    CxError
        ``no_usage``, ``nothing_on_sale``, ``unknown_plan``, ``no_price``, ``negative_usage``, ``duplicate_month`` and
        the like, naming customer and month.
    """
    case = open_case(usage, catalogue, customers=customers, months=months, absent=absent, until=until)
    _refuse_nothing_on_sale(catalogue)
    mode = _AS_OF.get(as_of, windows.FIXED)
    if as_of in _AS_OF:
        last = min(case.until, case.last)
    else:
        last = month_number(as_of) if until is None else min(case.until, month_number(as_of))
    out = _fits(case, months, _floor(min_saving, case), mode, last - case.first)
    return _fit_frame(case, out)


def flag_history(
    usage: Any,
    catalogue: Catalogue,
    *,
    customers: Any = None,
    months: int = 3,
    min_saving: float = 0,
    absent: Absent = "missing",
    until: Any = None,
) -> pd.DataFrame:
    """Count the flags of `plan_fit` at the end of every month.

    Returns
    -------
    DataFrame
        One row per month from the first to the last and direction: month, direction; standing, customers flagged at
        the month's end; new, those of them who were not flagged a month before; resolved, those flagged a month before
        and no longer (by the direction of then); saving over the windows of those standing, money, and saving_minor.
    """
    case = open_case(usage, catalogue, customers=customers, months=months, absent=absent, until=until)
    _refuse_nothing_on_sale(catalogue)
    last = min(case.until, case.last) - case.first
    floor = _floor(min_saving, case)
    fees = _fees(case)

    def count(lo: int, hi: int) -> NDArray[np.int64]:
        found = _savings(case, lo, hi, months, floor)
        into = np.zeros((last + 2, len(DIRECTIONS), 4), dtype=np.int64)
        windows.history_block(case.customers, lo, hi, last, months, found[0], found[2], case.rows.held, fees, into)
        return into

    counts = np.sum(run(count, case.blocks()), axis=0)[: last + 1]
    each = np.repeat(np.arange(last + 1), len(DIRECTIONS))
    flat = counts.reshape(-1, 4)
    return pd.DataFrame(
        {
            "month": month_starts(each + case.first),
            "direction": pd.Series(DIRECTIONS * (last + 1), dtype="str"),
            "standing": flat[:, 0],
            "new": flat[:, 1],
            "resolved": flat[:, 2],
            "saving": flat[:, 3] / case.money,
            "saving_minor": flat[:, 3],
        }
    )


def fit_summary(
    usage: Any, catalogue: Catalogue, *, customers: Any = None, absent: Absent = "missing", until: Any = None
) -> pd.DataFrame:
    """Sum the bills of all customer-months by plan held, and on each single plan.

    Returns
    -------
    DataFrame
        One row per plan of the catalogue: plan_id; customer_months on it; paid for them; mismatched, months in which
        some plan that the customer might take cost strictly less; ties, months in which the best of them cost just as
        much; cheapest, what the customer-months would have cost on the cheapest plan of each month (the one held
        included); all_on, what *all* customer-months would cost on this plan, NaN where it had no price in one of them
        or could not be had: beyond its cap, or pooled for somebody whose plan is not. Bills are those of `plan_fit`.
        Money is in units; paid_minor, cheapest_minor and all_on_minor (-1 for none) are in the smallest unit, int64.
    """
    case = open_case(usage, catalogue, customers=customers, months=1, absent=absent, until=until)
    keep = case.usage.month <= case.until
    if case.dearest * len(keep) > 2**63 - 1:
        raise CxError("too_large", N_("Usage and prices lead to bills too large to be counted exactly."))
    rows, offers = case.rows, case.offers
    bound = np.repeat(case.people.free, np.diff(case.usage.starts)) > case.usage.month
    if len(case.customers.cooling):
        bound |= case.customers.cooling
    if not keep.all():
        owner = offers.customer[keep] if len(offers.customer) else offers.customer
        rows, offers = (
            type(rows)(rows.quantity[:, keep], rows.month[keep], rows.held[keep]),
            offers._replace(customer=owner),
        )
        bound = bound[keep]
    bound = bound if bound.any() else np.zeros(0, np.bool_)
    plans, n = len(catalogue), int(keep.sum())
    before = np.append(0, np.cumsum(keep))[case.usage.starts]

    def add(lo: int, hi: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        held, on_plan = np.zeros((plans, 5), dtype=np.int64), np.zeros((plans, 2), dtype=np.int64)
        ready = ready_bills(case, lo, hi)
        a, b = int(before[lo]), int(before[hi])
        if ready.shape[1]:
            ready = np.ascontiguousarray(ready[:, keep[case.usage.starts[lo] : case.usage.starts[hi]]])
        summary(rows, case.tariff, offers, bound, ready, a, b, held, on_plan)
        return held, on_plan

    parts = blocks(len(case.usage.customer_ids), parts=max(32, 1 + n // 100_000))
    sums = run(add, parts)
    held, on_plan = np.sum([each[0] for each in sums], axis=0), np.sum([each[1] for each in sums], axis=0)
    priced = on_plan[:, 1] == 0
    return pd.DataFrame(
        {
            "plan_id": pd.Series(catalogue.plan_ids, dtype="str"),
            "customer_months": held[:, 0],
            "paid": held[:, 1] / case.money,
            "mismatched": held[:, 2],
            "ties": held[:, 3],
            "cheapest": held[:, 4] / case.money,
            "all_on": np.where(priced, on_plan[:, 0] / case.money, np.nan),
            "paid_minor": held[:, 1],
            "cheapest_minor": held[:, 4],
            "all_on_minor": np.where(priced, on_plan[:, 0], -1),
        }
    )


def _refuse_nothing_on_sale(catalogue: Catalogue) -> None:
    """Refuse a catalogue without a plan that may ever be taken: that all plans fit would say nothing."""
    if not any(version.on_sale for found in catalogue.versions.values() for version in found):
        raise CxError(
            "nothing_on_sale",
            N_("No plan of the catalogue is on sale: there is nothing to compare with."),
            hint=N_("Check on_sale of the plans."),
            column="on_sale",
        )


def _floor(min_saving: float, case: Case) -> NDArray[np.int64]:
    """Return the saving that a month must exceed, in the smallest unit."""
    if not 0 <= min_saving < np.inf:
        raise CxError("bad_setting", N_("The least saving is 0 or more, not {value}."), value=min_saving)
    exact = math.floor(Fraction(str(min_saving)) * case.money)
    return np.array([min(exact, case.dearest)], dtype=case.kind)


def _savings(case: Case, lo: int, hi: int, months: int, floor: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """Run the kernel over the rows of customers lo..hi: best saving, its smallest month, plan, bill of what is held."""
    a, b = int(case.usage.starts[lo]), int(case.usage.starts[hi])
    best, low, paid = (np.empty(b - a, case.kind) for _ in range(3))
    plan = np.empty(b - a, np.int32)
    ready = ready_bills(case, lo, hi)
    savings(case.rows, case.tariff, case.offers, ready, a, b, months, floor, best, low, plan, paid)
    return best, low, plan, paid


def _fits(case: Case, months: int, floor: NDArray[Any], mode: int, last: int) -> windows.Fits:
    n = len(case.usage.customer_ids)
    out = windows.Fits(
        row=np.empty(n, np.int64),
        month=np.empty(n, np.int32),
        state=np.empty(n, np.int8),
        better=np.empty(n, np.int32),
        way=np.empty(n, np.int8),
        saving=np.empty(n, np.int64),
        least=np.empty(n, np.int64),
        since=np.empty(n, np.int32),
        status=np.empty(n, np.int8),
        paid=np.empty(n, np.int64),
    )

    fees = _fees(case)

    def fit(lo: int, hi: int) -> None:
        found = _savings(case, lo, hi, months, floor)
        windows.fit_block(case.customers, lo, hi, mode, last, months, *found, case.rows.held, fees, out)

    run(fit, case.blocks())
    return out


def _fees(case: Case) -> NDArray[np.int64]:
    """Return the standing monthly fee of each plan in each month, int64 [P, months], -1 where it has none."""
    versions = case.tariff.version_of
    fees = np.where(versions < 0, np.int64(-1), case.tariff.fee.astype(np.int64)[np.maximum(versions, 0)])
    if case.rates is not None:  # the fee of the plan that follows a promotion
        after = np.where(versions < 0, -1, case.rates.versions[np.maximum(versions, 0), NEXT_PLAN])
        fees = np.where(after < 0, fees, fees[after, np.arange(fees.shape[1])])
    return np.asarray(fees, dtype=np.int64)


def _fit_frame(case: Case, out: windows.Fits) -> pd.DataFrame:
    listed = np.flatnonzero(out.row >= 0)
    every = len(listed) == len(out.row)
    chosen = windows.Fits(*out) if every else windows.Fits(*(column[listed] for column in out))
    ids = case.usage.customer_ids if every else case.usage.customer_ids.take(pa.array(listed))
    held = case.rows.held[chosen.row]
    left = case.people.left if every else case.people.left[listed]
    plan_ids = case.catalogue.plan_ids
    texts = run(
        coded,
        [
            (held, plan_ids),
            (chosen.state, STATES),
            (chosen.better, plan_ids),
            (chosen.way, DIRECTIONS),
            (chosen.status, STATUSES),
        ],
    )
    return pd.DataFrame(
        {
            "customer_id": strings(ids),
            "month": month_starts(chosen.month.astype(np.int64) + case.first),
            "plan_id": texts[0],
            "state": texts[1],
            "better_plan_id": texts[2],
            "direction": texts[3],
            "saving": chosen.saving / case.money,
            "saving_minor": chosen.saving,
            "least_saving": chosen.least / case.money,
            "since": chosen.since.astype(np.int64),
            "status": texts[4],
            "left": left <= chosen.month.astype(np.int64) + case.first,
            "paid": chosen.paid / case.money,
        }
    )
