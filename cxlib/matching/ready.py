"""Bills on every plan of a catalogue with finer terms, a block of customers at a time, before savings are looked for.

A plan that is not held is billed at its *standing* terms, as if it had long been held: after any promotion, with what
is carried over since the first of the consecutive months. The plan held is billed at what the customer really pays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cxlib.errors import CxError
from cxlib.matching.kernels import bill_some_rows
from cxlib.matching.rating import LONG_AGO, WITHIN, as_held, as_if_held
from cxlib.texts import N_

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cxlib.matching.case import Case
    from cxlib.matching.rating import Rates

_NO_LINES: NDArray[np.int64] = np.zeros((0, 0), np.int64)
_NO_TABLE: NDArray[np.int64] = np.zeros((0, 0, 0), np.int64)


def ready_bills(case: Case, lo: int, hi: int) -> NDArray[Any]:
    """Return what the rows of customers lo..hi cost on each plan, [P, rows]; without columns where all plans are plain.

    The dearest of all bills and one more stands where a plan has no price, where the usage is beyond its cap, and where
    one of it and the plan held is pooled and the other not. Of the plan held it is always the bill.

    Raises
    ------
    CxError
        ``no_price`` where a plan held has none.
    """
    plans, rates = len(case.catalogue), case.rates
    if rates is None:
        return np.zeros((plans, 0), case.kind)
    a, b = int(case.usage.starts[lo]), int(case.usage.starts[hi])
    out = np.empty((plans, b - a), np.int64)
    none = int(case.tariff.unpriced[0])
    plain = np.flatnonzero(case.catalogue.plain)
    bill_some_rows(case.rows, case.tariff, plain, a, b, out)
    held = case.rows.held[a:b].astype(np.int64)
    pooled = rates.pooled[held] == 1
    if pooled.any():
        out[np.ix_(plain, np.flatnonzero(pooled))] = none
    rich = np.flatnonzero(~np.array(case.catalogue.plain))
    total, state, _ = bills_as_if_held(case, rates, rich, lo, hi, none=none)
    out[rich] = np.where(state == WITHIN, total, none)
    own, _, _ = bills_as_held(case, rates, lo, hi)
    out[held, np.arange(b - a)] = np.where(np.isin(held, rich), own, out[held, np.arange(b - a)])
    if own.min(initial=0) < 0:
        raise unpriced(case, a + int((own < 0).argmax()))
    return out


def bills_as_if_held(
    case: Case, rates: Rates, plans: NDArray[np.int64], lo: int, hi: int, *, none: int, lines: bool = False
) -> tuple[NDArray[np.int64], NDArray[np.int8], NDArray[np.int64]]:
    """Bill customers lo..hi on `plans` at standing terms: totals and states [K, rows], lines [rows, K, 3 + 2 M]."""
    n = int(case.usage.starts[hi] - case.usage.starts[lo])
    width = 3 + 2 * len(case.catalogue.meters)
    total, state = np.empty((len(plans), n), np.int64), np.empty((len(plans), n), np.int8)
    table = np.empty((n, len(plans), width), np.int64) if lines else _NO_TABLE
    starts, rows, counts = case.usage.starts, case.rows, _counts(case)
    as_if_held(rates, starts, rows.month, rows.held, rows.quantity, counts, plans, lo, hi, none, total, state, table)
    return total, state, table


def bills_as_held(
    case: Case, rates: Rates, lo: int, hi: int, *, lines: bool = False
) -> tuple[NDArray[np.int64], NDArray[np.int8], NDArray[np.int64]]:
    """Bill customers lo..hi on the plans that they hold: totals and states [rows], lines [rows, 3 + 2 M]."""
    n = int(case.usage.starts[hi] - case.usage.starts[lo])
    width = 3 + 2 * len(case.catalogue.meters)
    total, state = np.empty(n, np.int64), np.empty(n, np.int8)
    table = np.empty((n, width), np.int64) if lines else _NO_LINES
    usage, rows = case.usage, case.rows
    taken = case.taken if len(case.taken) else np.full(len(rows.month), LONG_AGO, np.int32)
    as_held(
        rates, usage.starts, rows.month, rows.held, taken, rows.quantity, _counts(case), lo, hi, total, state, table
    )  # fmt: skip
    return total, state, table


def _counts(case: Case) -> NDArray[np.int32]:
    return np.zeros(0, np.int32) if case.usage.lines is None else case.usage.lines


def unpriced(case: Case, row: int) -> CxError:
    """Return the error of a row whose plan held has no price in its month."""
    return CxError(
        "no_price",
        N_("Customer {customer} holds plan {plan} in {month}, when the plan has no price."),
        hint=N_("Extend the validity of the plan's versions."),
        column="valid_from",
        plan=case.catalogue.plan_ids[int(case.rows.held[row])],
        **case.usage.named(row),
    )
