"""Bills: what usage costs on each plan.

Money is exact. A bill is the sum of its lines, and **every line is rounded half up to the smallest unit of money**, so
the bill is the exact sum of what is shown. Of one month the lines are, in this order:

- *fee*: the monthly fee; in the first `promo_months` months on the plan the promotional one; afterwards, where the plan
  names a `next_plan_id`, everything is as on that plan.
- *overage* of each meter. Usage beyond a cap cannot be had and is not charged. What exceeds the allowance, and what is
  carried over from earlier months, is `over`. With packs, the number of packs and the overage of the rest are chosen
  so that the two lines together cost least; of equals the fewest packs; without an overage price there are packs alone.
  With `round_up` the month's overage is first raised to whole units of `unit_size`. Graduated tiers charge each part of
  it at its own price, volume tiers all of it at the price of the tier that it reaches; bounds belong to the tier below.
- *packs* of each meter.
- *line_fee*: of each line of a pooled account beyond the first.
- *minimum*: what tops the bill up to `min_charge`.

Rounding happens in two places and nowhere else: per event, while events are rolled up (`rollup_events`), and per month,
by `round_up`.

What was included and not used is carried into the next `rollover_months` months; there it is used after the month's
own allowance, or before it with `rollover_order` = before, what lapses first before the rest. A gap in the months or a
change of plan empties it, a new price version does not.
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
from cxlib.matching.people import CustomerTable
from cxlib.matching.rates import rates_for
from cxlib.matching.rating import WITHIN, as_if_held
from cxlib.matching.ready import bills_as_held, bills_as_if_held, unpriced
from cxlib.matching.tariffs import catalogue_decimals, tariff_for, versions_at
from cxlib.matching.texts import coded, strings
from cxlib.matching.usage import as_texts, columns_of
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cxlib.matching.case import Case
    from cxlib.matching.catalogue import Catalogue
    from cxlib.matching.rating import Rates


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
        the smallest unit, int64. Where the catalogue has such terms also packs_{meter}, line_fee and minimum, in money,
        and within, whether the usage stays within the plan's caps; what exceeds them is not billed. A plan that has no
        price in a month has no row, nor has a pooled plan for whom the plan held is not, and the reverse. The plan held
        is billed at what the customer pays, the others at standing terms, as if they had long been held.

    Raises
    ------
    CxError
        ``unknown_plan``, ``no_price``, or as `plan_fit`.
    """
    case = open_case(usage, catalogue, customers=customers, months=1, held=plans == "held")
    n = len(case.usage.month)
    if plans == "held":
        position = case.rows.held[:, None].astype(np.int64)
        flat, within = held_lines_within(case)
    else:
        named = catalogue.plan_ids if plans == "all" else plans
        chosen = np.array([_position(each, catalogue) for each in named], dtype=np.int64)
        position = np.tile(chosen, (n, 1))
        amounts, within = _lines_on(case, chosen)
        flat = amounts.reshape(n * len(chosen), amounts.shape[2])
    priced = flat[:, 0] >= 0
    owner = np.repeat(np.arange(len(case.usage.customer_ids)), np.diff(case.usage.starts))
    row = np.repeat(np.arange(n), position.shape[1])[priced]
    flat = flat[priced]
    shown = {"within": within.reshape(-1)[priced]} if catalogue.has_caps else {}
    return pd.DataFrame(
        {
            "customer_id": strings(case.usage.customer_ids.take(pa.array(owner[row]))),
            "month": month_starts(case.usage.month[row]),
            "plan_id": coded(position.reshape(-1)[priced], catalogue.plan_ids),
            **{item: flat[:, k] / case.money for item, k in bill_items(catalogue).items()},
            **shown,
            "total": flat.sum(axis=1) / case.money,
            "total_minor": flat.sum(axis=1),
        }
    )


def held_lines(case: Case) -> NDArray[np.int64]:
    """Bill every row on the plan held, in the smallest unit: int64 [N, 1 + M], fee and overage of each meter.

    Where the catalogue has finer terms there are all lines of `rating`, [N, 3 + 2 M].
    """
    return held_lines_within(case)[0]


def held_lines_within(case: Case) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return `held_lines`, and whether the usage of each row is within what can be had on the plan."""
    n, rates, meters = len(case.usage.month), case.rates, len(case.catalogue.meters)
    within = np.ones(n, dtype=np.bool_)
    if rates is None:
        return _plain_held_lines(case), within
    amounts = np.empty((n, 3 + 2 * meters), dtype=np.int64)

    def fill(lo: int, hi: int) -> None:
        a, b = int(case.usage.starts[lo]), int(case.usage.starts[hi])
        _, state, amounts[a:b] = bills_as_held(case, rates, lo, hi, lines=True)
        within[a:b] = state == WITHIN

    run(fill, case.blocks())
    if amounts.min(initial=0) < 0:
        raise unpriced(case, int((amounts[:, 0] < 0).argmax()))
    return amounts, within


def _plain_held_lines(case: Case) -> NDArray[np.int64]:
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


def bill_items(catalogue: Catalogue) -> dict[str, int]:
    """Return the lines that bills of the catalogue can have, each with its place among the lines of `rating`."""
    meters = catalogue.meters
    items = {"fee": 0} | {f"overage_{meter}": 1 + m for m, meter in enumerate(meters)}
    items |= {f"packs_{meter}": 1 + len(meters) + m for m, meter in enumerate(meters) if meter in catalogue.packed}
    if catalogue.has_line_fees:
        items["line_fee"] = 1 + 2 * len(meters)
    if catalogue.has_minimum:
        items["minimum"] = 2 + 2 * len(meters)
    return items


def _lines_on(case: Case, chosen: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Bill every row on some plans: lines [N, K, 1 + M], or all [N, K, 3 + 2 M] where there are finer terms; within."""
    n, meters, rates = len(case.usage.month), len(case.catalogue.meters), case.rates
    amounts = np.full((n, len(chosen), 1 + meters), -1, dtype=np.int64)
    parts = blocks(n, parts=1 + n // 20_000)
    run(bill_lines, [(case.rows, case.tariff, chosen, lo, hi, amounts[lo:hi]) for lo, hi in parts])
    within = np.ones((n, len(chosen)), np.bool_)
    if rates is None:
        return amounts, within
    plain, amounts = amounts, np.zeros((n, len(chosen), 3 + 2 * meters), np.int64)
    amounts[:, :, : 1 + meters] = plain
    amounts[plain[:, :, 0] < 0] = -1
    flat = np.array(case.catalogue.plain)[chosen]
    rich = np.flatnonzero(~flat)

    def fill(lo: int, hi: int) -> None:
        a, b = int(case.usage.starts[lo]), int(case.usage.starts[hi])
        own = case.rows.held[a:b]
        amounts[a:b][(own >= 0)[:, None] & (rates.pooled[own][:, None] != rates.pooled[chosen])] = -1
        _, state, lines = bills_as_if_held(case, rates, chosen[rich], lo, hi, none=-1, lines=True)
        amounts[a:b, rich], within[a:b, rich] = lines, state.T == WITHIN
        _, state, lines = bills_as_held(case, rates, lo, hi, lines=True)
        row, k = np.nonzero((chosen == own[:, None]) & ~flat)
        amounts[a + row, k], within[a + row, k] = lines[row], state[row] == WITHIN

    run(fill, case.blocks())
    return amounts, within


def line_items(
    usage: Any,
    catalogue: Catalogue,
    *,
    customer_id: str,
    plan_ids: Sequence[str],
    months: Sequence[Any] | None = None,
    customers: Any = None,
) -> pd.DataFrame:
    """Put one customer's bills on some plans side by side, line by line: the reason of a flag.

    Parameters
    ----------
    plan_ids : sequence of str
        Such as the plan held and the better one.
    months : sequence of months, optional
        Such as those of the window; all if not given.
    customers : frame, optional
        As for `plan_fit`: who is on a pooled plan needs it, as do promotions.

    Returns
    -------
    DataFrame
        One row per month, plan and item: month, plan_id, item (``fee``, ``overage_{meter}``, the other lines of `bill`,
        ``total``), amount in money, amount_minor in the smallest unit, int64.

    Raises
    ------
    CxError
        ``unknown_customer``, ``unknown_plan``, or as `bill`.
    """
    table = columns_of(usage, ["customer_id", "month", "plan_id", "complete", *catalogue.meters])
    named = CustomerTable(customers).lines_of(str(customer_id)) if any(catalogue.pooled) else [str(customer_id)]
    ids = as_texts(table["customer_id"]).cast(pa.large_string())
    mine = table.filter(pc.is_in(ids, value_set=pa.array(named, pa.large_string())))
    bills = bill(mine, catalogue, plans=list(plan_ids), customers=customers) if mine.num_rows else None
    if bills is not None:
        bills = bills[bills["customer_id"] == str(customer_id)]
    if bills is None or bills.empty:
        raise CxError(
            "unknown_customer",
            N_("The usage has no customer {value}."),
            hint=N_("Check the number of the customer."),
            column="customer_id",
            value=customer_id,
        )
    if months is not None:
        bills = bills[bills["month"].isin(month_starts([month_number(month) for month in months]))]
    items = [*bill_items(catalogue), "total"]
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
    """Bill an array of usage on all plans, each row as a month of its own.

    Nothing is carried over, promotions are over, there is one line, and usage beyond a cap is billed as within it.

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
    rates, beside = None, 0
    if not all(catalogue.plain):
        rates, beside = rates_for(catalogue, versions_at(catalogue, first, last), decimals=digits, largest=largest)
    tariff, kind, _ = tariff_for(
        catalogue, first=first, last=last, decimals=digits, largest=largest, months=1, beside=beside
    )
    rows = Rows(
        quantity=np.array(counted, dtype=kind).reshape(len(counted), n),
        month=(number - first).astype(np.int16),
        held=np.zeros(0, dtype=np.int16),
    )
    run(bill_all_rows, [(rows, tariff, lo, hi, out) for lo, hi in blocks(n, parts=1 + n // 50_000)])
    if rates is not None:
        _bill_alone(catalogue, rates, rows, out)
    return out.T


def _bill_alone(catalogue: Catalogue, rates: Rates, rows: Rows, out: NDArray[np.int64]) -> None:
    """Bill each row on the plans that are not plain as a month of its own, into `out` [P, n]."""
    rich, n = np.flatnonzero(~np.array(catalogue.plain)), out.shape[1]
    nobody, ones = np.full(n, -1, np.int16), np.zeros(0, np.int32)

    def fill(lo: int, hi: int) -> None:
        total, state = np.empty((len(rich), hi - lo), np.int64), np.empty((len(rich), hi - lo), np.int8)
        nothing = np.zeros((0, 0, 0), np.int64)
        starts = np.arange(n + 1, dtype=np.int64)
        as_if_held(rates, starts, rows.month, nobody, rows.quantity, ones, rich, lo, hi, -1, total, state, nothing)
        out[rich, lo:hi] = total

    run(fill, blocks(n, parts=1 + n // 50_000))


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
