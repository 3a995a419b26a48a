"""Reconciliation: whether customers were billed what the catalogue makes of their usage.

The plan held is billed again for every customer-month with a `billed_amount` and set beside it; the gap is billed less
calculated, exact in the smallest unit of money. A month is *within* where the gap is at most a share of the calculated
bill or at most an amount, whichever is more. A customer is *reconciled* where all of the last `months` complete months
with an amount are within, whatever the cause of a gap: the same months that a flag and a forecast rest on. A customer
of whom one is not gets no recommendation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cxlib.errors import CxError
from cxlib.matching.comparison import NO_CAUSE, Comparison, Tolerance, causes_of, compare
from cxlib.matching.gap_causes import CAUSES
from cxlib.matching.gap_sums import by_cause, distribution
from cxlib.matching.history import MONTHS
from cxlib.matching.months import month_starts
from cxlib.matching.texts import coded, strings
from cxlib.matching.usage import columns_of
from cxlib.texts import N_

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cxlib.matching.catalogue import Catalogue

TOLERANCE_SHARE: Final = 0.02


@dataclass(frozen=True, kw_only=True)
class ReconcileSummary:
    """How bills and calculation agree.

    Attributes
    ----------
    customers, compared, reconciled, withheld : int
        Customers; those with an amount in a complete month; of these, within and outside the tolerance in their last
        months.
    share : float or None
        reconciled / compared; None where nothing could be compared: *not reconciled*.
    customer_months, within : int
        Customer-months with an amount, and those within the tolerance.
    causes : DataFrame
        One row per cause of `gap_causes.CAUSES`: cause; customer_months outside the tolerance; gap, their sum, money,
        and gap_minor, int64; customers withheld on its account.
    gaps : DataFrame
        The distribution of the gap: from_share and to_share of the calculated bill (the lower bound of the first and
        the upper of the last are null; both 0: no gap at all), customer_months, gap (sum, money), gap_minor.
    """

    customers: int
    compared: int
    reconciled: int
    withheld: int
    share: float | None
    customer_months: int
    within: int
    causes: pd.DataFrame
    gaps: pd.DataFrame


def reconcile(
    usage: Any,
    catalogue: Catalogue,
    *,
    customers: Any = None,
    tolerance_share: float = TOLERANCE_SHARE,
    tolerance_amount: float | None = None,
    until: Any = None,
) -> pd.DataFrame:
    """Set every amount billed beside what the plan held comes to.

    Parameters
    ----------
    usage, catalogue
        As for `plan_fit`; usage with `billed_amount`, missing where it is not known.
    customers : frame, optional
        customer_id; plan_id?, joined_on?, left_on?, which tell part months.
    tolerance_share, tolerance_amount : float
        A gap is within the tolerance if it is at most this share of the calculated bill, or at most this much money
        (one unit of the currency if not given).
    until : month, optional
        Leave out what comes after.

    Returns
    -------
    DataFrame
        One row per customer-month with an amount, by customer and month: customer_id, month, plan_id, complete;
        billed, calculated, gap (billed - calculated), money; gap_minor, in the smallest unit, int64; within; cause,
        the likely one of `gap_causes.CAUSES`, missing where there is no gap. No row where the usage has no amount.

    Raises
    ------
    CxError
        ``bad_setting``, or as `bill`.
    """
    tolerance = Tolerance(share=tolerance_share, amount=tolerance_amount)
    found = compare(usage, catalogue, customers=customers, tolerance=tolerance, until=until)
    if found is None:
        return _no_rows()
    return _rows_frame(found, causes_of(found, np.flatnonzero(found.known & (found.gap != 0))))


def reconcile_customers(
    usage: Any,
    catalogue: Catalogue,
    *,
    customers: Any = None,
    months: int = 3,
    tolerance_share: float = TOLERANCE_SHARE,
    tolerance_amount: float | None = None,
    until: Any = None,
) -> pd.DataFrame:
    """Say of each customer whether the last bills are what the catalogue says.

    Parameters
    ----------
    usage, catalogue, customers, tolerance_share, tolerance_amount, until
        As for `reconcile`.
    months : int
        How many of the last complete months with an amount must be within the tolerance.

    Returns
    -------
    DataFrame
        One row per customer of the usage, sorted: customer_id; months_compared, up to `months`; months_outside, of
        these; gap, the largest of those outside, with its sign, money (0 where none is), and gap_minor, int64; cause,
        that behind most of the money outside; reconciled, whether all are within, null where no month was compared.
    """
    _check_months(months)
    tolerance = Tolerance(share=tolerance_share, amount=tolerance_amount)
    found = compare(usage, catalogue, customers=customers, tolerance=tolerance, until=until)
    if found is None:
        ids = pc.unique(columns_of(usage, ["customer_id"])["customer_id"].cast(pa.large_string()))
        return _unknown_customers(ids.take(pc.sort_indices(ids)))
    return _customer_frame(found, *_judge(found, months))


def withheld(
    usage: Any,
    catalogue: Catalogue,
    *,
    customers: Any = None,
    months: int = 3,
    tolerance_share: float = TOLERANCE_SHARE,
    tolerance_amount: float | None = None,
    until: Any = None,
) -> pd.DataFrame:
    """Return the customers who get no recommendation, because their bills are not what the catalogue says.

    The parameters are those of `reconcile_customers`.

    Returns
    -------
    DataFrame
        One row per customer who is not reconciled, sorted: customer_id, cause, gap (money), gap_minor,
        months_outside. Without amounts nobody is withheld.
    """
    _check_months(months)
    tolerance = Tolerance(share=tolerance_share, amount=tolerance_amount)
    found = compare(usage, catalogue, customers=customers, tolerance=tolerance, until=until)
    columns = ["customer_id", "cause", "gap", "gap_minor", "months_outside"]
    if found is None:
        return _unknown_customers(pa.array([], pa.large_string()))[columns]
    compared, outside, gap, cause = _judge(found, months)
    chosen = np.flatnonzero(outside > 0)
    return _customer_frame(found, compared, outside, gap, cause, chosen=chosen)[columns]


def withheld_at(
    usage: Any,
    catalogue: Catalogue,
    customer_ids: pa.LargeStringArray,
    month: NDArray[Any],
    *,
    customers: Any = None,
    months: int = 3,
    tolerance_share: float = TOLERANCE_SHARE,
    tolerance_amount: float | None = None,
) -> NDArray[np.bool_]:
    """Return whether the advice to each of Q customers at the end of a month would have been withheld, bool [Q].

    Parameters
    ----------
    customer_ids : array of large_string, length Q
        A customer may be asked about more than once.
    month : int [Q]
        Month numbers; no bill after them counts.
    usage, catalogue, customers, months, tolerance_share, tolerance_amount
        As for `reconcile_customers`.
    """
    _check_months(months)
    tolerance = Tolerance(share=tolerance_share, amount=tolerance_amount)
    found = compare(usage, catalogue, customers=customers, tolerance=tolerance)
    if found is None:
        return np.zeros(len(customer_ids), dtype=np.bool_)
    rows = found.case.usage
    judged = np.flatnonzero(_judged(found))
    owner = np.searchsorted(rows.starts, judged, side="right") - 1
    key = owner * MONTHS + rows.month[judged]
    outside = np.concatenate([[0], np.cumsum(found.outside[judged])])
    who = pc.index_in(customer_ids, value_set=rows.customer_ids).fill_null(-1).to_numpy().astype(np.int64)
    first = np.searchsorted(key, who * MONTHS)
    stop = np.searchsorted(key, who * MONTHS + month, side="right")
    return np.asarray((who >= 0) & (outside[stop] > outside[np.maximum(first, stop - months)]))


def reconcile_summary(
    usage: Any,
    catalogue: Catalogue,
    *,
    customers: Any = None,
    months: int = 3,
    tolerance_share: float = TOLERANCE_SHARE,
    tolerance_amount: float | None = None,
    until: Any = None,
) -> ReconcileSummary:
    """Count how bills and calculation agree; the parameters are those of `reconcile_customers`."""
    _check_months(months)
    tolerance = Tolerance(share=tolerance_share, amount=tolerance_amount)
    found = compare(usage, catalogue, customers=customers, tolerance=tolerance, until=until)
    money = 10**catalogue.minor_digits
    if found is None:
        ids = columns_of(usage, ["customer_id"])["customer_id"]
        none = np.zeros(0, dtype=np.int64)
        return ReconcileSummary(
            customers=pc.count_distinct(ids).as_py(), compared=0, reconciled=0, withheld=0, share=None,
            customer_months=0, within=0,
            causes=by_cause(none, none, none, money), gaps=distribution(none, none, money),
        )  # fmt: skip
    compared, outside, _gap, cause = _judge(found, months)
    rows = np.flatnonzero(found.outside)
    n, bad = int((compared > 0).sum()), int((outside > 0).sum())
    known = np.flatnonzero(found.known)
    return ReconcileSummary(
        customers=len(compared),
        compared=n,
        reconciled=n - bad,
        withheld=bad,
        share=(n - bad) / n if n else None,
        customer_months=len(known),
        within=len(known) - len(rows),
        causes=by_cause(causes_of(found, rows)[rows], found.gap[rows], cause[cause >= 0], money),
        gaps=distribution(found.gap[known], found.calculated[known], money),
    )


def _check_months(months: int) -> None:
    if not isinstance(months, int | np.integer) or months < 1:
        raise CxError("bad_setting", N_("{name} is a whole number from 1, not {value}."), name="months", value=months)


def _judged(found: Comparison) -> NDArray[np.bool_]:
    """Return the rows that count: complete months with an amount."""
    complete = found.case.usage.complete
    return found.known if complete is None else found.known & complete


def _judge(found: Comparison, months: int) -> tuple[NDArray[Any], ...]:
    """Return of each customer the months compared and outside, the largest gap outside and its cause, -1 for none."""
    usage = found.case.usage
    judged = _judged(found)
    ends = usage.starts[1:]
    so_far = np.concatenate([[0], np.cumsum(judged)])
    after = np.repeat(so_far[ends], np.diff(usage.starts)) - so_far[1:]
    recent = judged & (after < months)
    compared = np.minimum(so_far[ends] - so_far[usage.starts[:-1]], months)
    rows = np.flatnonzero(recent & found.outside)
    owner = np.searchsorted(usage.starts, rows, side="right") - 1
    n = len(ends)
    outside = np.bincount(owner, minlength=n)
    gap, cause = np.zeros(n, dtype=np.int64), np.full(n, NO_CAUSE, dtype=np.int64)
    size = np.abs(found.gap[rows])
    order = np.lexsort((-rows, size))  # the largest gap last, of equal ones the first
    gap[owner[order]] = found.gap[rows[order]]
    every = found.known & (found.gap != 0) & np.repeat(outside > 0, np.diff(usage.starts))
    kinds = causes_of(found, np.flatnonzero(every))[rows]
    weight = np.zeros((n, len(CAUSES)))
    np.add.at(weight, (owner, kinds), size)
    cause[owner] = weight.argmax(axis=1)[owner]
    return compared, outside, gap, cause


def _rows_frame(found: Comparison, cause: NDArray[np.int8]) -> pd.DataFrame:
    case, rows = found.case, np.flatnonzero(found.known)
    owner = np.searchsorted(case.usage.starts, rows, side="right") - 1
    complete = np.ones(len(rows), dtype=bool) if case.usage.complete is None else case.usage.complete[rows]
    return pd.DataFrame(
        {
            "customer_id": strings(case.usage.customer_ids.take(pa.array(owner))),
            "month": month_starts(case.usage.month[rows]),
            "plan_id": coded(case.rows.held[rows], case.catalogue.plan_ids),
            "complete": complete,
            "billed": found.billed[rows] / case.money,
            "calculated": found.calculated[rows] / case.money,
            "gap": found.gap[rows] / case.money,
            "gap_minor": found.gap[rows],
            "within": ~found.outside[rows],
            "cause": coded(cause[rows], CAUSES),
        }
    )


def _no_rows() -> pd.DataFrame:
    texts = pd.Series([], dtype="str")
    amount, flag = pd.Series([], dtype="float64"), pd.Series([], dtype="bool")
    return pd.DataFrame(
        {
            "customer_id": texts,
            "month": month_starts([]),
            "plan_id": texts,
            "complete": flag,
            "billed": amount,
            "calculated": amount,
            "gap": amount,
            "gap_minor": pd.Series([], dtype="int64"),
            "within": flag,
            "cause": texts,
        }
    )


def _customer_frame(
    found: Comparison,
    compared: NDArray[Any],
    outside: NDArray[Any],
    gap: NDArray[Any],
    cause: NDArray[Any],
    *,
    chosen: NDArray[np.int64] | None = None,
) -> pd.DataFrame:
    at = np.arange(len(compared)) if chosen is None else chosen
    known = pd.array(outside[at] == 0, dtype="boolean")
    known[compared[at] == 0] = pd.NA
    return pd.DataFrame(
        {
            "customer_id": strings(found.case.usage.customer_ids.take(pa.array(at))),
            "months_compared": compared[at],
            "months_outside": outside[at],
            "gap": gap[at] / found.case.money,
            "gap_minor": gap[at],
            "cause": coded(cause[at], CAUSES),
            "reconciled": known,
        }
    )


def _unknown_customers(ids: pa.LargeStringArray) -> pd.DataFrame:
    n = len(ids)
    return pd.DataFrame(
        {
            "customer_id": strings(ids),
            "months_compared": np.zeros(n, dtype=np.int64),
            "months_outside": np.zeros(n, dtype=np.int64),
            "gap": np.zeros(n),
            "gap_minor": np.zeros(n, dtype=np.int64),
            "cause": coded(np.full(n, NO_CAUSE), CAUSES),
            "reconciled": pd.array([pd.NA] * n, dtype="boolean"),
        }
    )
