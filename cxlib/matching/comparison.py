"""Every customer-month's bill of the plan held beside the amount billed, with the likely cause of each gap."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

from cxlib.engine.fixed import fixed_chunks
from cxlib.engine.threads import blocks, run
from cxlib.errors import CxError
from cxlib.matching.bills import held_lines
from cxlib.matching.case import Case, open_case
from cxlib.matching.gap_causes import Gaps, likely_causes, shared_gaps
from cxlib.matching.months import month_number, month_starts
from cxlib.matching.people import CustomerTable
from cxlib.matching.usage import columns_of
from cxlib.tables import MAX_DECIMALS
from cxlib.texts import N_

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cxlib.matching.catalogue import Catalogue

NO_CAUSE: Final = -1
_BLOCK: Final = 100_000
_NEVER: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, kw_only=True)
class Tolerance:
    """How far a bill may be from the calculated one: a share of that or an amount of money, whichever is more.

    `amount` is one unit of the currency where it is None.
    """

    share: float
    amount: float | None = None

    def in_units(self, money: int) -> tuple[int, int, int]:
        """Return numerator and denominator of the share, and the amount in the smallest unit, `money` to one unit.

        Raises
        ------
        CxError
            ``bad_setting``
        """
        for name, value in (("tolerance_share", self.share), ("tolerance_amount", self.amount or 0)):
            if not 0 <= value < math.inf:
                raise CxError("bad_setting", N_("{name} is 0 or more, not {value}."), name=name, value=value)
        share = min(Fraction(str(self.share)).limit_denominator(10**6), Fraction(1000))
        amount = money if self.amount is None else math.floor(Fraction(str(self.amount)) * money)
        return share.numerator, share.denominator, min(amount, 2**62)


@dataclass(frozen=True)
class Comparison:
    """N rows of usage, sorted by customer and month, with what was billed; money in the smallest unit, int64.

    `known` are the rows that have an amount and are not after `until`; `gap` is 0 elsewhere.
    """

    case: Case
    customers: Any
    known: NDArray[np.bool_]
    billed: NDArray[np.int64]
    lines: NDArray[np.int64]  # as of `bills.held_lines`
    calculated: NDArray[np.int64]
    gap: NDArray[np.int64]
    outside: NDArray[np.bool_]


def compare(
    usage: Any, catalogue: Catalogue, *, customers: Any, tolerance: Tolerance, until: Any = None
) -> Comparison | None:
    """Bill the plan held and set it beside `billed_amount`; None where no amount is known."""
    numerator, denominator, least = tolerance.in_units(10**catalogue.minor_digits)
    amounts = columns_of(usage, ["billed_amount"])
    if not amounts.num_columns or amounts.column(0).null_count == amounts.num_rows:
        return None
    case = open_case(usage, catalogue, customers=customers, months=1, billed=True)
    billed, known = _billed(case)
    known &= case.usage.month <= (case.last if until is None else month_number(until))
    if not known.any():
        return None
    lines = held_lines(case)
    n = len(billed)
    calculated, gap, outside = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.bool_)
    run(
        _gaps_of,
        [
            (lines, billed, known, numerator, denominator, least, lo, hi, calculated, gap, outside)
            for lo, hi in blocks(n, parts=1 + n // 200_000)
        ],
    )
    return Comparison(case, customers, known, billed, lines, calculated, gap, outside)


@njit(cache=True, nogil=True)
def _gaps_of(  # noqa: PLR0917 - a kernel takes its arrays by position
    lines: Any, billed: Any, known: Any, numerator: int, denominator: int, least: int, lo: int, hi: int,
    calculated: Any, gap: Any, outside: Any,
) -> None:  # fmt: skip
    """Fill what rows lo..hi come to, the gap, and whether it is beyond the tolerance."""
    for i in range(lo, hi):
        total = np.int64(0)
        for k in range(lines.shape[1]):
            total += lines[i, k]
        calculated[i] = total
        gap[i] = billed[i] - total if known[i] else 0
        share = total // denominator * numerator + total % denominator * numerator // denominator
        outside[i] = abs(gap[i]) > max(share, least)


def causes_of(found: Comparison, rows: NDArray[np.int64]) -> NDArray[np.int8]:
    """Return the likely causes of the gaps of `rows`, ascending, for all N rows; `NO_CAUSE` for the others."""
    out = np.full(len(found.gap), NO_CAUSE, dtype=np.int8)
    if not len(rows):
        return out
    case = found.case
    plans, stay = case.tariff.version_of.shape
    held, month = case.rows.held.astype(np.int64), case.rows.month.astype(np.int64)
    counts = np.bincount((held * stay + month)[found.known], minlength=plans * stay).reshape(plans, stay)
    every = np.flatnonzero(found.outside)
    shared = shared_gaps(held[every], month[every], found.gap[every], counts)
    owner = np.searchsorted(case.usage.starts, rows, side="right") - 1
    served = _served_days(found, owner, rows)
    cuts = [0]
    while cuts[-1] < len(rows):
        at = min(cuts[-1] + _BLOCK, len(rows))
        cuts.append(int(np.searchsorted(owner, owner[at - 1], side="right")))

    def explain(lo: int, hi: int) -> None:
        mine = rows[lo:hi]
        gaps = _gaps(found, mine, owner[lo:hi], served[lo:hi])
        out[mine] = likely_causes(gaps, case.catalogue, shared=shared[held[mine], month[mine]])

    run(explain, itertools.pairwise(cuts))
    return out


def _billed(case: Case) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the amounts in the smallest unit, a half away from zero, and which rows have one."""
    column = pa.nulls(len(case.usage.month)) if case.usage.billed is None else case.usage.billed
    column = column.cast(pa.float64())
    known = np.asarray(pc.fill_null(pc.invert(pc.is_nan(column)), False))
    amounts = np.where(known, np.asarray(column.fill_null(0.0)), 0.0)
    digits = case.catalogue.minor_digits
    try:
        minor, decimals, _ = fixed_chunks([amounts], least=digits, most=MAX_DECIMALS)
    except CxError as error:
        row = error.values["position"]
        raise CxError(
            error.code,
            N_("{column} of customer {customer} in {month} cannot be compared: {value}."),
            hint=error.hint_text,
            column="billed_amount",
            value=amounts[row],
            decimals=MAX_DECIMALS,
            **case.usage.named(row),
        ) from None
    if decimals == digits:
        return minor, known
    unit = 10 ** (decimals - digits)
    return np.sign(minor) * ((2 * np.abs(minor) + unit) // (2 * unit)), known


def _gaps(found: Comparison, rows: NDArray[np.int64], owner: NDArray[np.int64], served: NDArray[np.int64]) -> Gaps:
    case = found.case
    starts, held, n = case.usage.starts, case.rows.held, len(found.gap)
    first, last = rows == starts[owner], rows == starts[owner + 1] - 1
    before, after = np.maximum(rows - 1, 0), np.minimum(rows + 1, n - 1)
    fee = found.lines[rows, 0]
    month = case.usage.month[rows].astype(np.int64)
    edge = (first & (month > case.first)) | (last & (month < case.last))
    if case.usage.complete is not None:
        edge |= ~case.usage.complete[rows]
    scale = 10.0 ** np.array(case.usage.decimals)[:, None]
    return Gaps(
        owner=owner,
        month=month,
        plan=held[rows].astype(np.int64),
        calculated=found.calculated[rows],
        gap=found.gap[rows],
        fee=fee,
        fee_before=np.where(~first & (held[before] != held[rows]), found.lines[before, 0], fee),
        fee_after=np.where(~last & (held[after] != held[rows]), found.lines[after, 0], fee),
        edge=edge,
        served=served,
        used=case.usage.quantity[:, rows] / scale,
        overage=_overages(found, rows).T,
    )


def _overages(found: Comparison, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return what more than is included costs by meter, packs and overage, [rows, M]."""
    meters = len(found.case.catalogue.meters)
    lines = found.lines[rows]
    return lines[:, 1 : 1 + meters] + (lines[:, 1 + meters : 1 + 2 * meters] if found.case.rates is not None else 0)


def _served_days(found: Comparison, owner: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the days from joining to leaving within each row's month, -1 where that is all of it or not known."""
    start = month_starts(found.case.usage.month[rows]).astype("datetime64[D]").astype(np.int64)
    end = month_starts(found.case.usage.month[rows] + 1).astype("datetime64[D]").astype(np.int64)
    table = None if found.customers is None else CustomerTable(found.customers)
    if table is None:
        return np.full(len(rows), -1, dtype=np.int64)
    place = pc.index_in(found.case.usage.customer_ids, value_set=table.ids)
    joined, left = (_days(table, name, place)[owner] for name in ("joined_on", "left_on"))
    begin = np.where(joined == _NEVER, start, np.maximum(start, joined))
    stop = np.where(left == _NEVER, end, np.minimum(end, left + 1))
    served = np.maximum(stop - begin, 0)
    return np.where(served < end - start, served, -1)


def _days(table: CustomerTable, name: str, place: pa.Int32Array) -> NDArray[np.int64]:
    """Return a date of the customers as days since 1970, `_NEVER` where it is not known."""
    if table.table is None or name not in table.table.column_names:
        return np.full(len(place), _NEVER)
    column = table.table[name]
    if not pa.types.is_temporal(column.type):
        return np.full(len(place), _NEVER)
    if pa.types.is_timestamp(column.type) and column.type.tz is not None:
        column = pc.local_timestamp(column)
    days = column.cast(pa.date32(), safe=False).cast(pa.int32()).cast(pa.int64()).take(place)
    return np.asarray(days.fill_null(_NEVER))
