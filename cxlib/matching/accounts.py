"""Accounts: the lines of a family or company whose pooled plan is billed for all of them together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cxlib.errors import CxError
from cxlib.matching.months import month_text
from cxlib.tables import MAX_DECIMALS
from cxlib.texts import N_

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cxlib.matching.catalogue import Catalogue
    from cxlib.matching.people import CustomerTable
    from cxlib.matching.usage import Usage

_MONTHS = 1 << 20
"""More months than any calendar has."""


def pool(usage: Usage, table: CustomerTable, catalogue: Catalogue) -> Usage:
    """Put the lines of each account that are on a pooled plan together, month by month, under the account's name.

    Usage is added up; a month of the account is complete if it is of all lines; `lines` counts those that have a row in
    the month. A customer on a pooled plan without an account is an account of its own. Everybody else stays.

    Raises
    ------
    CxError
        ``two_pooled_plans`` where lines of an account are on different pooled plans in one month,
        ``account_is_customer`` where an account has the name of a customer with another plan in the month,
        ``too_large``.
    """
    if not any(catalogue.pooled):
        return usage
    n, customers = len(usage.month), len(usage.customer_ids)
    pooled = (usage.held >= 0) & np.array(catalogue.pooled)[usage.held]
    accounts = table.accounts_of(usage.customer_ids)
    if accounts is None or not pooled.any():
        return replace(usage, lines=np.ones(n, np.int32))
    names = pc.unique(pa.concat_arrays([usage.customer_ids, accounts.drop_null()]))
    names = names.take(pc.sort_indices(names))
    own = pc.index_in(usage.customer_ids, value_set=names).to_numpy().astype(np.int64)
    theirs = pc.index_in(accounts.fill_null(""), value_set=names).fill_null(-1).to_numpy().astype(np.int64)
    theirs = np.where(accounts.is_null().to_numpy(zero_copy_only=False), own, theirs)
    owner = np.repeat(np.arange(customers), np.diff(usage.starts))
    key = np.where(pooled, theirs[owner], own[owner]) * _MONTHS + usage.month
    order = np.argsort(key, kind="stable")
    unit, first = np.unique(key[order], return_index=True)
    lines = np.diff(np.append(first, n))
    held = usage.held[order]
    mixed = held != np.repeat(held[first], lines)
    if mixed.any():
        at = int(mixed.argmax())
        group = int(np.searchsorted(first, at, side="right")) - 1
        rows = int(order[first[group]]), int(order[at])
        raise _mixture(usage, catalogue, rows, str(names[int(unit[group] // _MONTHS)].as_py()))
    if any(int(most) * int(lines.max()) > 2**63 - 1 for most in usage.largest):
        raise CxError("too_large", N_("The numbers are too large to be counted exactly."))
    quantity = np.add.reduceat(usage.quantity[:, order].astype(np.int64), first, axis=1)
    whose = unit // _MONTHS
    kept = np.unique(whose)
    complete = None if usage.complete is None else np.logical_and.reduceat(usage.complete[order], first)
    return replace(
        usage,
        customer_ids=names.take(pa.array(kept)).cast(pa.large_string()),
        starts=np.append(np.searchsorted(whose, kept), len(unit)).astype(np.int64),
        month=(unit % _MONTHS).astype(np.int32),
        quantity=quantity,
        largest=tuple(int(each.max(initial=0)) for each in quantity),
        held=held[first],
        complete=complete,
        billed=None if usage.billed is None else _sums(usage.billed, order, first),
        lines=lines.astype(np.int32),
    )


def _sums(billed: pa.ChunkedArray, order: NDArray[np.int64], first: NDArray[np.int64]) -> pa.ChunkedArray:
    """Add up what was billed to the lines of each month; missing where it is of all of them."""
    amounts = billed.cast(pa.float64()).to_numpy()[order]
    known = ~np.isnan(amounts)
    total = np.round(np.add.reduceat(np.where(known, amounts, 0.0), first), MAX_DECIMALS)
    return pa.chunked_array([pa.array(total, mask=~np.logical_or.reduceat(known, first))])


def _mixture(usage: Usage, catalogue: Catalogue, rows: tuple[int, int], name: str) -> CxError:
    """Return the error of two rows of one month under one name that are not on one pooled plan."""
    plans = [int(usage.held[row]) for row in rows]
    told: dict[str, Any] = {"customer": name, "month": month_text(int(usage.month[rows[0]]))}
    if min(plans) >= 0 and all(catalogue.pooled[p] for p in plans):
        return CxError(
            "two_pooled_plans",
            N_("Lines of account {customer} are on different pooled plans in {month}: {plan} and {other}."),
            hint=N_("Give lines that are billed apart different accounts."),
            column="account_id",
            plan=catalogue.plan_ids[plans[0]],
            other=catalogue.plan_ids[plans[1]],
            **told,
        )
    return CxError(
        "account_is_customer",
        N_("In {month} {customer} is the account of a pooled plan and also a customer on another plan."),
        hint=N_("Give accounts names that no customer has."),
        column="account_id",
        **told,
    )
