"""Bills: what usage costs on each plan.

Money is exact. A bill is the fee plus, for each meter, the overage; **every line, the fee and each meter's overage,
is rounded half up to the smallest unit of money, and the bill is the exact sum of its lines**.
The overage of a meter is ``max(0, used - included) / unit_size`` units at the overage price; with `round_up` the
month's overage is first raised to whole units.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cxlib.engine.fixed import fixed_chunks
from cxlib.engine.threads import blocks, run
from cxlib.errors import CxError
from cxlib.matching.case import open_case
from cxlib.matching.kernels import Rows, bill_all_rows, bill_lines
from cxlib.matching.months import month_number, month_starts
from cxlib.matching.tariffs import catalogue_decimals, tariff_for
from cxlib.matching.texts import coded, strings
from cxlib.matching.usage import as_texts, columns_of
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cxlib.matching.case import Case
    from cxlib.matching.catalogue import Catalogue


def bill(
    usage: Any,
    catalogue: Catalogue,
    *,
    plans: Literal["held", "all"] | Sequence[str] = "held",
    customers: Any = None,
) -> pd.DataFrame:
    """Bill every customer-month, line by line.

    Parameters
    ----------
    usage, catalogue, customers
        As for `plan_fit`.
    plans : {"held", "all"} or sequence of plan ids
        The plan held in the month, every plan, or those named.

    Returns
    -------
    DataFrame
        One row per customer, month and plan, in that order (plans in the order of the catalogue, or as named):
        customer_id, month, plan_id, fee, overage_{meter} for each meter, total, in money; total_minor, the total in
        the smallest unit, int64. A plan that has no price in a month has no row.

    Raises
    ------
    CxError
        ``unknown_plan``, ``no_price``, or as `plan_fit`.
    """
    case = open_case(usage, catalogue, customers=customers, months=1, held=plans == "held")
    n, lines = len(case.usage.month), 1 + len(catalogue.meters)
    if plans == "held":
        position = case.rows.held[:, None].astype(np.int64)
        flat = held_lines(case)
    else:
        named = catalogue.plan_ids if plans == "all" else plans
        chosen = np.array([_position(each, catalogue) for each in named], dtype=np.int64)
        position = np.tile(chosen, (n, 1))
        amounts = np.full((n, len(chosen), lines), -1, dtype=np.int64)
        parts = blocks(n, parts=1 + n // 20_000)
        run(bill_lines, [(case.rows, case.tariff, chosen, lo, hi, amounts[lo:hi]) for lo, hi in parts])
        flat = amounts.reshape(-1, lines)
    priced = flat[:, 0] >= 0
    owner = np.repeat(np.arange(len(case.usage.customer_ids)), np.diff(case.usage.starts))
    row = np.repeat(np.arange(n), position.shape[1])[priced]
    flat = flat[priced]
    items = ["fee", *(f"overage_{meter}" for meter in catalogue.meters)]
    return pd.DataFrame(
        {
            "customer_id": strings(case.usage.customer_ids.take(pa.array(owner[row]))),
            "month": month_starts(case.usage.month[row]),
            "plan_id": coded(position.reshape(-1)[priced], catalogue.plan_ids),
            **{item: flat[:, k] / case.money for k, item in enumerate(items)},
            "total": flat.sum(axis=1) / case.money,
            "total_minor": flat.sum(axis=1),
        }
    )


def held_lines(case: Case) -> NDArray[np.int64]:
    """Bill every row on the plan held: fee and overage of each meter in the smallest unit, int64 [N, 1 + M]."""
    n, rows = len(case.usage.month), case.rows
    amounts = np.empty((n, 1 + len(case.catalogue.meters)), dtype=np.int64)

    def fill(lo: int, hi: int) -> None:
        order = lo + np.argsort(rows.held[lo:hi], kind="stable")
        held = rows.held[order]
        edges = [0, *(np.flatnonzero(np.diff(held)) + 1), hi - lo]
        for a, b in itertools.pairwise(edges):
            mine = order[a:b]
            part = Rows(rows.quantity[:, mine], rows.month[mine], held[a:b])
            room = np.empty((b - a, 1, amounts.shape[1]), dtype=np.int64)
            bill_lines(part, case.tariff, held[a : a + 1].astype(np.int64), 0, b - a, room)
            amounts[mine] = room[:, 0]

    run(fill, blocks(n, parts=1 + n // 200_000))
    return amounts


def line_items(
    usage: Any, catalogue: Catalogue, *, customer_id: str, plan_ids: Sequence[str], months: Sequence[Any] | None = None
) -> pd.DataFrame:
    """Put one customer's bills on some plans side by side, line by line: the reason of a flag.

    Parameters
    ----------
    plan_ids : sequence of str
        Such as the plan held and the better one.
    months : sequence of months, optional
        Such as those of the window; all if not given.

    Returns
    -------
    DataFrame
        One row per month, plan and item: month, plan_id, item (``fee``, ``overage_{meter}``, ``total``), amount in
        money, amount_minor in the smallest unit, int64.

    Raises
    ------
    CxError
        ``unknown_customer``, ``unknown_plan``, or as `bill`.
    """
    table = columns_of(usage, ["customer_id", "month", *catalogue.meters])
    mine = table.filter(pc.equal(as_texts(table["customer_id"]).cast(pa.large_string()), str(customer_id)))
    if not mine.num_rows:
        raise CxError(
            "unknown_customer",
            N_("The usage has no customer {value}."),
            hint=N_("Check the number of the customer."),
            column="customer_id",
            value=customer_id,
        )
    bills = bill(mine, catalogue, plans=list(plan_ids))
    if months is not None:
        bills = bills[bills["month"].isin(month_starts([month_number(month) for month in months]))]
    items = [name for name in bills.columns if name == "fee" or name.startswith("overage_")] + ["total"]
    amounts = bills[items].to_numpy(dtype=np.float64)
    return pd.DataFrame(
        {
            "month": np.repeat(bills["month"].to_numpy(), len(items)),
            "plan_id": bills["plan_id"].repeat(len(items)).reset_index(drop=True),
            "item": pd.Series(items * len(bills), dtype="str"),
            "amount": amounts.reshape(-1),
            "amount_minor": np.rint(amounts * 10**catalogue.minor_digits).astype(np.int64).reshape(-1),
        }
    )


def bill_all(
    quantities: Any, catalogue: Catalogue, months: Any, *, decimals: Sequence[int] | None = None
) -> NDArray[np.int64]:
    """Bill an array of usage on all plans.

    Parameters
    ----------
    quantities : array of shape (n, meters)
        Usage in the order of ``catalogue.meters``: float64 with at most 6 decimals, or int64 in units of
        ``10 ** -decimals``.
    catalogue : Catalogue
    months : int, text, date, or array of n month numbers
        Whose prices hold, see `months.month_number`.
    decimals : sequence of int, optional
        One per meter, with integer `quantities`; 0 if not given.

    Returns
    -------
    array of int64, shape (n, plans)
        Bills in the smallest unit of money, in the order of ``catalogue.plan_ids``; -1 where a plan has no price.

    Raises
    ------
    CxError
        ``negative_usage``, or as `engine.fixed.fixed_point`.
    """
    given = np.asarray(quantities)
    if given.ndim != 2 or given.shape[1] != len(catalogue.meters):
        raise CxError("bad_shape", N_("Usage needs one column for each meter of the catalogue."))
    n, out = len(given), np.empty((len(catalogue), len(given)), dtype=np.int64)
    if not n:
        return out.T
    counted, digits = _counted(given, catalogue_decimals(catalogue), decimals)
    scalar = not isinstance(months, np.ndarray | list | tuple)
    number = np.full(n, month_number(months) if scalar and not isinstance(months, int | np.integer) else months)
    first, last = int(number.min()), int(number.max())
    largest = [int(column.max()) for column in counted]
    tariff, kind, _ = tariff_for(catalogue, first=first, last=last, decimals=digits, largest=largest, months=1)
    rows = Rows(
        quantity=np.array(counted, dtype=kind).reshape(len(counted), n),
        month=(number - first).astype(np.int16),
        held=np.zeros(0, dtype=np.int16),
    )
    run(bill_all_rows, [(rows, tariff, lo, hi, out) for lo, hi in blocks(n, parts=1 + n // 50_000)])
    return out.T


def _position(plan_id: str, catalogue: Catalogue) -> int:
    if plan_id not in catalogue.versions:
        raise CxError(
            "unknown_plan",
            N_("The catalogue has no plan {value}."),
            hint=N_("Add the plan to the catalogue, or correct its name."),
            column="plan_id",
            value=plan_id,
        )
    return catalogue.plan_ids.index(plan_id)


def _counted(
    given: NDArray[Any], needed: Sequence[int], decimals: Sequence[int] | None
) -> tuple[list[NDArray[np.int64]], list[int]]:
    """Return the columns in fixed point, with the decimals of each, at least those that the catalogue needs."""
    columns, digits = [], []
    for m, least in enumerate(needed):
        if given.dtype.kind in "iu":
            own = 0 if decimals is None else decimals[m]
            more = max(0, least - own)
            column = given[:, m].astype(np.int64)
            if int(np.abs(column).max()) > (2**63 - 1) // 10**more:
                raise CxError("too_large", N_("The numbers are too large to be counted exactly."))
            column, kept = column * 10**more, own + more
        else:
            column, kept, _ = fixed_chunks([np.ascontiguousarray(given[:, m], dtype=np.float64)], least=least)
        if int(column.min()) < 0:
            raise CxError("negative_usage", N_("Usage is below 0."), hint=N_("Usage is 0 or more."))
        columns.append(column)
        digits.append(kept)
    return columns, digits
