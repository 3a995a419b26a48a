"""The plans that customers hold or may take, with their price versions, checked before anything is billed."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import narwhals as nw

from cxlib.errors import CxError
from cxlib.matching.months import first_day, last_day
from cxlib.tables import MAX_DECIMALS, PLANS
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Iterable

_DAWN: Final = dt.date(1, 1, 1)
_END: Final = dt.date(9999, 12, 31)
_FIELDS: Final = ("included", "overage_price", "unit_size", "round_up")


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What one plan includes of one meter, and what more costs.

    `included` is None where the meter is unlimited. `overage_price` is the price of one unit of `unit_size`;
    with `round_up` each started unit of the month's overage is charged in full.
    """

    included: Fraction | None
    overage_price: Fraction
    unit_size: Fraction
    round_up: bool


@dataclass(frozen=True, kw_only=True)
class Version:
    """One price version of a plan: its terms from `valid_from` to `valid_to`, both days included."""

    plan_id: str
    name: str
    monthly_fee: Fraction
    valid_from: dt.date
    valid_to: dt.date
    on_sale: bool
    segment: str | None
    min_tenure_months: int
    exit_fee: Fraction
    activation_fee: Fraction
    unit_cost: Fraction | None
    terms: tuple[Terms, ...]


class Catalogue:
    """Plans by name, in the order of the file, each with its price versions.

    Parameters
    ----------
    plans : frame
        Wide (one row a plan or version, `included_{meter}`, `overage_price_{meter}`, `unit_size_{meter}`,
        `round_up_{meter}`) or long (one row a plan and meter, columns `meter`, `included`, `overage_price`,
        `unit_size`, `round_up`). An infinite `included` means unlimited.
    minor_digits : int
        Digits of the smallest unit of money behind the point: 2 for cents.

    Attributes
    ----------
    plan_ids, meters : tuple of str
    currency : str or None
    versions : dict of plan_id to tuple of `Version`, by date

    Raises
    ------
    CxError
        ``no_plans``, ``missing_column``, ``missing_price``, ``negative``, ``duplicate_plan``,
        ``overlapping_versions``, ``two_currencies`` and the like, naming the plan.

    Notes
    -----
    A version without `valid_to` lasts until the next one starts.
    A month is billed at the latest version that is in force on any of its days. A plan is on sale at the end of a
    month if the version of the month's last day says so.
    """

    def __init__(self, plans: Any, *, minor_digits: int = 2) -> None:
        if not 0 <= minor_digits <= 4:
            raise CxError("bad_setting", N_("Money has 0 to 4 decimal places, not {value}."), value=minor_digits)
        rows = _rows_of(plans)
        if not rows:
            raise CxError("no_plans", N_("The catalogue has no plan."), hint=N_("Bring a file with at least one plan."))
        _require(rows, ("plan_id", "monthly_fee"))
        wide = _widen(rows) if "meter" in rows[0] else rows
        self.minor_digits = minor_digits
        self.meters = _meters(wide)
        self.currency = _one_currency(wide)
        versions: dict[str, list[Version]] = {}
        for row in wide:
            version = _version(row, self.meters)
            versions.setdefault(version.plan_id, []).append(version)
        self.versions = {plan_id: _in_order(found) for plan_id, found in versions.items()}
        self.plan_ids = tuple(self.versions)

    def __len__(self) -> int:
        """Return the number of plans."""
        return len(self.plan_ids)

    def __repr__(self) -> str:
        """Return the catalogue's size."""
        return f"Catalogue({len(self)} plans, meters {', '.join(self.meters)})"

    def version(self, plan_id: str, month: int) -> Version | None:
        """Return the version at which a month (see `months.month_number`) is billed, None where there is none."""
        first, last = first_day(month), last_day(month)
        for version in reversed(self.versions[plan_id]):
            if version.valid_from <= last and version.valid_to >= first:
                return version
        return None

    def on_sale(self, plan_id: str, month: int) -> bool:
        """Return whether the plan may be taken at the end of the month by whoever is eligible."""
        version = self.version(plan_id, month)
        return version is not None and version.on_sale and version.valid_to >= last_day(month)

    def line_up(self, plan_id: str, month: int | None = None) -> Version:
        """Return the version of a month, or the latest one where no month is given."""
        version = self.versions[plan_id][-1] if month is None else self.version(plan_id, month)
        if version is None:
            raise CxError("no_price", N_("Plan {plan} has no price in that month."), column="valid_from", plan=plan_id)
        return version


def _rows_of(plans: Any) -> list[dict[str, Any]]:
    table = nw.from_native(plans, eager_only=True).to_arrow()
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def _require(rows: list[dict[str, Any]], names: Iterable[str]) -> None:
    for name in names:
        if name not in rows[0]:
            raise CxError(
                "missing_column",
                N_("The plans have no column {column}."),
                hint=N_("Add it, or map one of the file's columns to it."),
                column=name,
            )


def _missing(value: Any) -> bool:
    return value is None or value != value or (isinstance(value, str) and not value.strip())  # noqa: PLR0124 - NaN


def _widen(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Bring one row per plan and meter to one row per plan."""
    _require(rows, ("included", "overage_price"))
    wide: dict[tuple[str, Any], dict[str, Any]] = {}
    for row in rows:
        shared = {k: v for k, v in row.items() if k not in {*_FIELDS, "meter"}}
        key = (_plan_id(row), _date(row.get("valid_from")))
        into = wide.setdefault(key, dict(shared))
        for name, value in shared.items():
            if not (_missing(value) and _missing(into[name])) and value != into[name]:
                raise _bad("conflicting_plan", N_("Plan {plan} has two values of {column}."), row, column=name)
        meter = "" if _missing(row["meter"]) else str(row["meter"]).strip()
        if not meter:
            raise _bad("missing_meter", N_("A row of plan {plan} names no meter."), row, column="meter")
        if f"included_{meter}" in into:
            raise _bad("duplicate_plan", N_("Plan {plan} names meter {meter} twice."), row, column="meter", meter=meter)
        into |= {f"{field}_{meter}": row.get(field) for field in _FIELDS}
    return list(wide.values())


def _meters(rows: list[dict[str, Any]]) -> tuple[str, ...]:
    names = dict.fromkeys(name for row in rows for name in row)
    found = [PLANS.meter_column(name) for name in names]
    return tuple(dict.fromkeys(meter for each in found if each for _, meter in [each]))


def _one_currency(rows: list[dict[str, Any]]) -> str | None:
    named = list(dict.fromkeys(str(row["currency"]) for row in rows if not _missing(row.get("currency"))))
    if len(named) > 1:
        raise CxError(
            "two_currencies",
            N_("The catalogue mixes currencies: {value}."),
            hint=N_("Keep one catalogue per currency."),
            column="currency",
            value=", ".join(named),
        )
    return named[0] if named else None


def _bad(code: str, text: str, row: dict[str, Any], *, column: str, value: Any = None, **values: Any) -> CxError:
    hint = N_("Correct the plan in the catalogue.")
    return CxError(code, text, hint=hint, column=column, value=value, plan=row.get("plan_id"), **values)


def _plan_id(row: dict[str, Any]) -> str:
    if _missing(row["plan_id"]):
        raise CxError("missing_plan_id", N_("A plan has no name."), column="plan_id")
    return str(row["plan_id"])


def _version(row: dict[str, Any], meters: tuple[str, ...]) -> Version:
    plan_id = _plan_id(row)
    if _missing(row["monthly_fee"]):
        raise _bad("missing_price", N_("Plan {plan} has no monthly fee."), row, column="monthly_fee")
    start, end = _date(row.get("valid_from")) or _DAWN, _date(row.get("valid_to")) or _END
    if end < start:
        raise _bad("bad_version", N_("A version of plan {plan} ends before it starts."), row, column="valid_to")
    return Version(
        plan_id=plan_id,
        name=plan_id if _missing(row.get("name")) else str(row["name"]),
        monthly_fee=_amount(row, "monthly_fee"),
        valid_from=start,
        valid_to=end,
        on_sale=_truth(row.get("on_sale"), default=True),
        segment=None if _missing(row.get("segment")) else str(row["segment"]),
        min_tenure_months=math.ceil(_amount(row, "min_tenure_months")),
        exit_fee=_amount(row, "exit_fee"),
        activation_fee=_amount(row, "activation_fee"),
        unit_cost=None if _missing(row.get("unit_cost")) else _amount(row, "unit_cost"),
        terms=tuple(_terms(row, meter) for meter in meters),
    )


def _terms(row: dict[str, Any], meter: str) -> Terms:
    included, price, size = (f"{field}_{meter}" for field in _FIELDS[:3])
    unlimited = row.get(included) == math.inf
    if not unlimited and _missing(row.get(included)) and included in row:
        text = N_("Plan {plan} does not say how much of {meter} is included.")
        raise _bad("missing_allowance", text, row, column=included, meter=meter)
    if not unlimited and _missing(row.get(price)):
        raise _bad("missing_price", N_("Plan {plan} has no overage price of {meter}."), row, column=price, meter=meter)
    unit_size = Fraction(1) if _missing(row.get(size)) else _amount(row, size)
    if unit_size == 0:
        raise _bad("bad_unit", N_("Plan {plan} prices units of {meter} of size 0."), row, column=size, meter=meter)
    return Terms(
        included=None if unlimited else _amount(row, included),
        overage_price=_amount(row, price),
        unit_size=unit_size,
        round_up=_truth(row.get(f"round_up_{meter}"), default=False),
    )


def _amount(row: dict[str, Any], name: str) -> Fraction:
    value = row.get(name)
    if _missing(value):
        return Fraction(0)
    try:
        amount = Decimal(repr(value)) if isinstance(value, float) else Decimal(str(value))
    except ArithmeticError:
        amount = Decimal("nan")
    if not amount.is_finite():
        raise _bad(
            "not_a_number", N_("{column} of plan {plan} is {value}, not a number."), row, column=name, value=value
        )
    if amount < 0:
        raise _bad("negative", N_("{column} of plan {plan} is below 0: {value}."), row, column=name, value=value)
    exact = Fraction(amount)
    if 10**MAX_DECIMALS % exact.denominator:
        text = N_("{column} of plan {plan} has more than 6 decimal places: {value}.")
        raise _bad("too_many_decimals", text, row, column=name, value=value)
    return exact


def _truth(value: Any, *, default: bool) -> bool:
    return default if _missing(value) else bool(value)


def _date(value: Any) -> dt.date | None:
    if _missing(value):
        return None
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(str(value)[:10])
    except ValueError:
        raise CxError(
            "bad_date", N_("{value} is not a day."), hint=N_("Write days as 2026-03-01."), value=value
        ) from None


def _in_order(found: list[Version]) -> tuple[Version, ...]:
    ordered = sorted(found, key=lambda version: version.valid_from)
    for at, (before, after) in enumerate(itertools.pairwise(ordered)):
        if before.valid_from == after.valid_from:
            raise CxError(
                "duplicate_plan",
                N_("Plan {plan} is there twice."),
                hint=N_("Keep one row, or give each version its valid_from."),
                column="plan_id",
                value=after.plan_id,
                plan=after.plan_id,
            )
        if before.valid_to == _END:
            ordered[at] = replace(before, valid_to=after.valid_from - dt.timedelta(days=1))
        elif before.valid_to >= after.valid_from:
            raise CxError(
                "overlapping_versions",
                N_("Two versions of plan {plan} hold on {value}."),
                hint=N_("Let each version end before the next one starts."),
                column="valid_to",
                value=after.valid_from,
                plan=after.plan_id,
            )
    return tuple(ordered)
