"""Everything that the measures of matching need of a company's usage, plans and customers, brought together once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cxlib.engine.threads import blocks, run
from cxlib.errors import CxError
from cxlib.matching.absent import with_zeros
from cxlib.matching.accounts import pool
from cxlib.matching.kernels import Offers, Rows, Tariff
from cxlib.matching.months import month_number
from cxlib.matching.people import NEVER, CustomerTable, People, cooling, offers_of, segments_of
from cxlib.matching.rates import rates_for
from cxlib.matching.rating import LONG_AGO, taken_months
from cxlib.matching.tariffs import catalogue_decimals, tariff_for, versions_at
from cxlib.matching.usage import NO_PLAN, UNKNOWN_PLAN, Usage, read_usage, unknown_plan
from cxlib.matching.windows import LONGEST, Customers, streaks
from cxlib.texts import N_

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cxlib.matching.catalogue import Catalogue
    from cxlib.matching.rating import Rates

Absent = Literal["missing", "zero"]


@dataclass(frozen=True)
class Case:
    """A company's usage, ready for the kernels; `first` is the month that the rows count from."""

    usage: Usage
    people: People
    catalogue: Catalogue
    tariff: Tariff
    offers: Offers
    rows: Rows
    customers: Customers
    first: int
    last: int
    until: int
    kind: Any
    dearest: int
    taken: NDArray[np.int32]  # month in which each row's plan was taken; empty where nothing depends on it
    rates: Rates | None  # None where every plan is plain

    def blocks(self) -> list[tuple[int, int]]:
        """Split the customers into ranges of about equal work."""
        n = len(self.usage.customer_ids)
        return blocks(n, parts=1 + len(self.usage.month) // 100_000)

    @property
    def money(self) -> int:
        """Smallest units of money in one unit."""
        return int(10**self.catalogue.minor_digits)


def open_case(
    usage: Any,
    catalogue: Catalogue,
    *,
    customers: Any = None,
    months: int = 3,
    absent: Absent = "missing",
    until: Any = None,
    held: bool = True,
    billed: bool = False,
) -> Case:
    """Read usage and customers and compile the catalogue for them; without `held` nobody needs to hold a plan.

    With `billed` the amounts billed are read too; they go with ``absent="missing"`` alone.

    Raises
    ------
    CxError
        ``no_usage``, ``bad_setting``, ``missing_plan``, ``no_price``, or as `usage.read_usage`, `CustomerTable` and
        `tariffs.tariff_for`.
    """
    if not isinstance(months, int | np.integer) or not 1 <= months <= LONGEST:
        raise CxError("bad_setting", N_("A window has 1 to 120 months, not {value}."), value=months)
    table = CustomerTable(customers)
    least = catalogue_decimals(catalogue)
    read = read_usage(usage, meters=catalogue.meters, plan_ids=catalogue.plan_ids, least=least, billed=billed)
    _refuse_nothing(read)
    first, last = _span(read.month)
    end = last if until is None else month_number(until)
    if absent == "zero":
        read = with_zeros(read, table, catalogue, (first, end))
        _refuse_nothing(read)
        first, last = _span(read.month)
    elif absent != "missing":
        raise CxError("bad_setting", N_("absent is missing or zero, not {value}."), value=absent)
    if last - first > 2**15 - 2:
        raise CxError("bad_month", N_("The usage spans more than 2,700 years."), column="month")
    read, people = with_people(read, table, catalogue, held=held)
    rates, beside = None, 0
    if not all(catalogue.plain):
        most = 1 if read.lines is None else int(read.lines.max())
        shape = versions_at(catalogue, first, last)
        rates, beside = rates_for(catalogue, shape, decimals=read.decimals, largest=read.largest, lines=most)
    tariff, kind, dearest = tariff_for(
        catalogue, first=first, last=last, decimals=read.decimals, largest=read.largest, months=months, beside=beside
    )
    rows = Rows(
        quantity=read.quantity.astype(kind, copy=False),
        month=(read.month - np.int32(first)).astype(np.int16),
        held=read.held,
    )
    if held:
        _refuse_unpriced(read, rows, tariff, catalogue)
    taken = taken_of(read, people, catalogue, first)
    return Case(
        usage=read,
        people=people,
        catalogue=catalogue,
        tariff=tariff,
        offers=offers_of(catalogue, people, read.starts, tariff.version_of, first),
        rows=rows,
        customers=_customers(read, rows, people, first)._replace(
            cooling=cooling(catalogue, tariff.version_of, read.held, rows.month, taken)
        ),
        first=first,
        last=last,
        until=end,
        kind=kind,
        dearest=dearest,
        taken=taken,
        rates=rates,
    )


def _refuse_nothing(usage: Usage) -> None:
    if not len(usage.month):
        raise CxError("no_usage", N_("There is no usage."), hint=N_("Bring usage of at least one customer."))


def taken_of(usage: Usage, people: People, catalogue: Catalogue, first: int) -> NDArray[np.int32]:
    """Return the month, counted from `first`, in which the plan of each row was taken: `rating.LONG_AGO` if not known.

    A change of plan within the usage says it; of the plan held last, `plan_since` of the customers; and of somebody who
    joined in the month of the first row or later, that month. Empty where nothing of the catalogue depends on it.
    """
    versions = [version for found in catalogue.versions.values() for version in found]
    if not any(version.promo_months or version.cool_off_months for version in versions):
        return np.zeros(0, np.int32)
    last = usage.held[usage.starts[1:] - 1]
    known = (people.since < NEVER) & ((people.plan < 0) | (people.plan == last))
    since = np.where(known, people.since - first, LONG_AGO)
    joined = np.where(people.joined < NEVER, people.joined - first, LONG_AGO)
    taken = np.empty(len(usage.month), np.int32)
    month = usage.month - np.int32(first)
    parts = blocks(len(usage.customer_ids), parts=1 + len(month) // 500_000)
    run(taken_months, [(usage.starts, month, usage.held, since, joined, lo, hi, taken) for lo, hi in parts])
    return taken


def _span(month: NDArray[np.int32]) -> tuple[int, int]:
    return int(month.min()), int(month.max())


def _customers(usage: Usage, rows: Rows, people: People, first: int) -> Customers:
    n = len(usage.month)
    streak, whole = np.empty(n, np.int8), np.empty(n, np.int8)
    complete = np.zeros(0, np.bool_) if usage.complete is None else usage.complete
    parts = blocks(len(usage.customer_ids), parts=1 + n // 500_000)
    run(streaks, [(usage.starts, rows.month, rows.held, complete, lo, hi, streak, whole) for lo, hi in parts])
    return Customers(
        starts=usage.starts,
        month=rows.month,
        streak=streak,
        whole=whole,
        free=people.free - np.int32(first),
        cooling=np.zeros(0, np.bool_),
    )


def with_people(usage: Usage, table: CustomerTable, catalogue: Catalogue, *, held: bool) -> tuple[Usage, People]:
    """Fill in plans, put the lines of accounts together, and look up who they are; not `held`, plans may be missing."""
    segments = segments_of(catalogue)
    people = table.look_up(usage.customer_ids, plan_ids=catalogue.plan_ids, segments=segments)
    if held or not all(catalogue.plain):
        usage = _with_plans(usage, people, table, needed=held)
    pooled = pool(usage, table, catalogue)
    if pooled.customer_ids is not usage.customer_ids:
        people = table.look_up(pooled.customer_ids, plan_ids=catalogue.plan_ids, segments=segments)
    return pooled, people


def _with_plans(usage: Usage, people: People, table: CustomerTable, *, needed: bool) -> Usage:
    """Fill in the plans that the usage does not say from the table of customers; not `needed`, they may be missing."""
    missing = usage.held == NO_PLAN
    if not missing.any():
        return usage
    theirs = np.repeat(people.plan, np.diff(usage.starts))
    held = np.where(missing, theirs, usage.held)
    if not needed:
        return replace(usage, held=np.where(held == UNKNOWN_PLAN, np.int16(NO_PLAN), held))
    if (held == NO_PLAN).any():
        row = int((held == NO_PLAN).argmax())
        raise CxError(
            "missing_plan",
            N_("No plan is known of customer {customer} in {month}."),
            hint=N_("Add plan_id to the usage, or bring the table of customers."),
            column="plan_id",
            **usage.named(row),
        )
    if (held == UNKNOWN_PLAN).any():
        named = usage.named(int((held == UNKNOWN_PLAN).argmax()))
        raise unknown_plan(table.plan_of(named["customer"]), **named)
    return replace(usage, held=held)


def _refuse_unpriced(usage: Usage, rows: Rows, tariff: Tariff, catalogue: Catalogue) -> None:
    if (tariff.version_of >= 0).all():
        return
    unpriced = tariff.version_of[rows.held, rows.month] < 0
    if unpriced.any():
        row = int(unpriced.argmax())
        raise CxError(
            "no_price",
            N_("Customer {customer} holds plan {plan} in {month}, when the plan has no price."),
            hint=N_("Extend the validity of the plan's versions."),
            column="valid_from",
            plan=catalogue.plan_ids[int(rows.held[row])],
            **usage.named(row),
        )
