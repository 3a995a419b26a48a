"""What one price version of a plan says: read from a row of the catalogue, checked, and exact."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from cxlib.errors import CxError
from cxlib.tables import MAX_DECIMALS, PLANS
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Sequence

DAWN: Final = dt.date(1, 1, 1)
END: Final = dt.date(9999, 12, 31)
MOST_ROLLOVER: Final = 60
"""Months that an unused amount may be kept at most."""
MOST_PROMO: Final = 120
KINDS: Final = ("graduated", "volume")
ORDERS: Final = ("after", "before")
CAP_KINDS: Final = ("throttle", "hard")
_WORDS: Final = {"yes": True, "true": True, "1": True, "是": True, "no": False, "false": False, "0": False, "否": False}
_OPEN: Final = ("*", "", "unlimited", "inf", "∞", "rest", "不限", "其余", "以上")


@dataclass(frozen=True, kw_only=True)
class Tier:
    """One price of the overage: that of one unit, up to an overage of `up_to`, None for the last one, which is open."""

    up_to: Fraction | None
    price: Fraction


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What one plan includes of one meter, and what more costs.

    `included` is None where the meter is unlimited. `tiers` are prices of one unit of `unit_size`, by overage: one open
    tier where there is one price, none where more is only to be had in packs or not at all. With `volume` all of the
    overage has the price of the tier that it reaches, else each part that of its own. With `round_up` each started unit
    of the month's overage is charged in full. `rollover_months` is how long what was not used is kept; it is used
    after the month's own allowance, or first, with `carried_first`. More than `cap` cannot be had.
    """

    included: Fraction | None
    tiers: tuple[Tier, ...]
    volume: bool = False
    unit_size: Fraction = Fraction(1)
    round_up: bool = False
    pack_size: Fraction | None = None
    pack_price: Fraction = Fraction(0)
    rollover_months: int = 0
    carried_first: bool = False
    cap: Fraction | None = None
    cap_kind: str | None = None

    @property
    def overage_price(self) -> Fraction:
        """Price of the first unit beyond what is included, 0 where none is charged."""
        return self.tiers[0].price if self.tiers else Fraction(0)

    @property
    def plain(self) -> bool:
        """Whether an allowance and one price say everything."""
        more = self.pack_size is not None or self.rollover_months > 0 or self.cap is not None
        return len(self.tiers) <= 1 and not more


@dataclass(frozen=True, kw_only=True)
class Version:
    """One price version of a plan: its terms from `valid_from` to `valid_to`, both days included.

    In the first `promo_months` months on the plan the fee is `promo_fee`; afterwards `monthly_fee`, or, where there is
    a `next_plan_id`, everything is as on that plan.
    """

    plan_id: str
    name: str
    monthly_fee: Fraction
    valid_from: dt.date
    valid_to: dt.date
    on_sale: bool
    segment: str | None
    regions: tuple[str, ...]
    min_tenure_months: int
    cool_off_months: int
    exit_fee: Fraction
    activation_fee: Fraction
    unit_cost: Fraction | None
    min_charge: Fraction
    promo_months: int
    promo_fee: Fraction
    next_plan_id: str | None
    pooled: bool
    line_fee: Fraction
    terms: tuple[Terms, ...]

    @property
    def plain(self) -> bool:
        """Whether a month's bill is the fee and, by meter, an allowance with one price, whatever came before."""
        more = self.min_charge > 0 or self.promo_months > 0 or self.pooled
        return not more and all(each.plain for each in self.terms)


def version_of(row: dict[str, Any], meters: Sequence[str]) -> Version:
    """Read one row of the wide form.

    Raises
    ------
    CxError
        Naming plan, column and, where there is one, meter.
    """
    plan_id = plan_id_of(row)
    if missing(row["monthly_fee"]):
        raise bad("missing_price", N_("Plan {plan} has no monthly fee."), row, column="monthly_fee")
    start, end = day_of(row.get("valid_from")) or DAWN, day_of(row.get("valid_to")) or END
    if end < start:
        raise bad("bad_version", N_("A version of plan {plan} ends before it starts."), row, column="valid_to")
    return Version(
        plan_id=plan_id,
        name=plan_id if missing(row.get("name")) else str(row["name"]),
        monthly_fee=_amount(row, "monthly_fee"),
        valid_from=start,
        valid_to=end,
        on_sale=_truth(row, "on_sale", default=True),
        segment=None if missing(row.get("segment")) else str(row["segment"]),
        regions=_regions(row.get("region")),
        min_tenure_months=math.ceil(_amount(row, "min_tenure_months")),
        cool_off_months=math.ceil(_amount(row, "cool_off_months")),
        exit_fee=_amount(row, "exit_fee"),
        activation_fee=_amount(row, "activation_fee"),
        unit_cost=None if missing(row.get("unit_cost")) else _amount(row, "unit_cost"),
        min_charge=_amount(row, "min_charge"),
        **_promotion(row),
        **_pooling(row),
        terms=tuple(_terms(row, meter) for meter in meters),
    )


def _regions(value: Any) -> tuple[str, ...]:
    named = [] if missing(value) else [each.strip() for each in re.split(r"[;；]", str(value))]
    return tuple(sorted({each for each in named if each}))


def _promotion(row: dict[str, Any]) -> dict[str, Any]:
    months = math.ceil(_amount(row, "promo_months"))
    if months > MOST_PROMO:
        text = N_("The promotion of plan {plan} lasts {value} months: at most 120 can be counted.")
        raise bad("too_long", text, row, column="promo_months", value=months)
    following = None if missing(row.get("next_plan_id")) else str(row["next_plan_id"])
    if months and following is None and missing(row.get("promo_fee")):
        text = N_("Plan {plan} has promotional months, but neither their fee nor the plan that follows.")
        raise bad("missing_price", text, row, column="promo_fee")
    for name in ("promo_fee", "next_plan_id"):
        if not months and not missing(row.get(name)):
            text = N_("Plan {plan} has {column} but does not say how many months the promotion lasts.")
            raise bad("missing_promo_months", text, row, column=name)
    fee = "monthly_fee" if missing(row.get("promo_fee")) else "promo_fee"
    return {"promo_months": months, "promo_fee": _amount(row, fee), "next_plan_id": following}


def _pooling(row: dict[str, Any]) -> dict[str, Any]:
    pooled, line_fee = _truth(row, "pooled", default=False), _amount(row, "line_fee")
    if line_fee > 0 and not pooled:
        text = N_("Plan {plan} has a fee for further lines but is not pooled.")
        raise bad("not_pooled", text, row, column="line_fee")
    return {"pooled": pooled, "line_fee": line_fee}


def _terms(row: dict[str, Any], meter: str) -> Terms:
    included, price, size = (f"{field}_{meter}" for field in ("included", "overage_price", "unit_size"))
    unlimited = row.get(included) == math.inf
    if not unlimited and missing(row.get(included)) and included in row:
        text = N_("Plan {plan} does not say how much of {meter} is included.")
        raise bad("missing_allowance", text, row, column=included, meter=meter)
    allowance = None if unlimited else _amount(row, included)
    tiers, volume = _tiers(row, meter)
    pack_size, pack_price = _pack(row, meter)
    cap, cap_kind = _cap(row, meter)
    reached = allowance is not None and (cap is None or cap > allowance)
    if reached and not tiers and pack_size is None:
        raise bad("missing_price", N_("Plan {plan} has no overage price of {meter}."), row, column=price, meter=meter)
    unit_size = Fraction(1) if missing(row.get(size)) else _amount(row, size)
    if unit_size == 0:
        raise bad("bad_unit", N_("Plan {plan} prices units of {meter} of size 0."), row, column=size, meter=meter)
    return Terms(
        included=allowance,
        tiers=tiers,
        volume=volume,
        unit_size=unit_size,
        round_up=_truth(row, f"round_up_{meter}", default=False),
        pack_size=pack_size,
        pack_price=pack_price,
        **_rollover(row, meter),
        cap=cap,
        cap_kind=cap_kind,
    )


def _tiers(row: dict[str, Any], meter: str) -> tuple[tuple[Tier, ...], bool]:
    """Return the prices of the overage in rising order, and whether all of it has the price that it reaches."""
    column, price = f"tiers_{meter}", f"overage_price_{meter}"
    given = row.get(column)
    if not isinstance(given, list) and missing(given):
        return (() if missing(row.get(price)) else (Tier(up_to=None, price=_amount(row, price)),)), False
    if not missing(row.get(price)):
        text = N_("Plan {plan} has both an overage price and price tiers of {meter}.")
        raise bad("two_prices", text, row, column=price, meter=meter)
    pairs = given if isinstance(given, list) else _written_tiers(row, column, meter)
    tiers = []
    for up_to, cost in pairs:
        if missing(cost):
            text = N_("A price tier of {meter} on plan {plan} has no price.")
            raise bad("missing_price", text, row, column=column, meter=meter)
        bound = None if missing(up_to) else _exact(row, column, up_to)
        tiers.append(Tier(up_to=bound, price=_exact(row, column, cost)))
    _check_order(row, column, meter, tiers)
    kind = row.get(f"tier_kind_{meter}")
    if len(tiers) == 1:
        return tuple(tiers), False
    if missing(kind):
        text = N_("Plan {plan} does not say whether its price tiers of {meter} are graduated or volume.")
        raise bad("missing_tier_kind", text, row, column=f"tier_kind_{meter}", meter=meter)
    return tuple(tiers), _one_of(row, f"tier_kind_{meter}", KINDS) == "volume"


def _written_tiers(row: dict[str, Any], column: str, meter: str) -> list[tuple[str | None, str]]:
    """Split a text such as ``100: 0.10; 500: 0.08; *: 0.05``."""
    pairs: list[tuple[str | None, str]] = []
    text = unicodedata.normalize("NFKC", str(row[column]))
    for part in (each.strip() for each in text.split(";")):
        if not part:
            continue
        bound, colon, price = (each.strip() for each in part.partition(":"))
        if not colon or ":" in price:
            raise CxError(
                "bad_tiers",
                N_("The price tiers of {meter} on plan {plan} cannot be read: {value}."),
                hint=N_("Write them as 100: 0.10; 500: 0.08; *: 0.05, the last one without an end."),
                column=column,
                value=row[column],
                plan=row.get("plan_id"),
                meter=meter,
            )
        pairs.append((None if bound.casefold() in _OPEN else bound, price))
    return pairs


def _check_order(row: dict[str, Any], column: str, meter: str, tiers: list[Tier]) -> None:
    bounds = [each.up_to for each in tiers]
    twice: Fraction | int | None = next((each for each in bounds if bounds.count(each) > 1), 0)
    if twice is None or twice:
        text = N_("Plan {plan} has two price tiers of {meter} up to {value}.")
        shown = "*" if twice is None else _shown(twice)
        raise bad("doubled_tier", text, row, column=column, value=shown, meter=meter)
    closed = [each for each in bounds if each is not None]
    if closed != sorted(closed) or None in bounds[:-1] or (closed and closed[0] <= 0):
        text = N_("The price tiers of {meter} on plan {plan} do not rise one after the other: {value}.")
        shown = ", ".join("*" if each is None else _shown(each) for each in bounds)
        raise bad("tier_order", text, row, column=column, value=shown, meter=meter)
    if not bounds or bounds[-1] is not None:
        raise CxError(
            "closed_tier",
            N_("The last price tier of {meter} on plan {plan} ends at {value}: more would have no price."),
            hint=N_("Leave the last tier open."),
            column=column,
            value=_shown(closed[-1]) if closed else "",
            plan=row.get("plan_id"),
            meter=meter,
        )


def _shown(value: Fraction | int) -> str:
    return str(int(value)) if value.denominator == 1 else str(float(value))


def _pack(row: dict[str, Any], meter: str) -> tuple[Fraction | None, Fraction]:
    size, price = f"pack_size_{meter}", f"pack_price_{meter}"
    if missing(row.get(size)) and missing(row.get(price)):
        return None, Fraction(0)
    for name in (size, price):
        if missing(row.get(name)):
            text = N_("Plan {plan} has packs of {meter} without {column}.")
            raise bad("missing_price", text, row, column=name, meter=meter)
    amount = _amount(row, size)
    if amount == 0:
        raise bad("bad_unit", N_("Plan {plan} has packs of {meter} of size 0."), row, column=size, meter=meter)
    return amount, _amount(row, price)


def _rollover(row: dict[str, Any], meter: str) -> dict[str, Any]:
    column, order = f"rollover_months_{meter}", f"rollover_order_{meter}"
    months = math.ceil(_amount(row, column))
    if months > MOST_ROLLOVER:
        text = N_("Plan {plan} keeps what is left of {meter} for {value} months: at most 60 can be counted.")
        raise bad("too_long", text, row, column=column, value=months, meter=meter)
    first = not missing(row.get(order)) and _one_of(row, order, ORDERS) == "before"
    return {"rollover_months": months, "carried_first": first and months > 0}


def _cap(row: dict[str, Any], meter: str) -> tuple[Fraction | None, str | None]:
    column, kind = f"cap_{meter}", f"cap_kind_{meter}"
    unlimited = missing(row.get(column)) or row.get(column) == math.inf
    if unlimited and not missing(row.get(kind)):
        text = N_("Plan {plan} has {column} but does not say where the cap on {meter} lies.")
        raise bad("missing_cap", text, row, column=kind, meter=meter)
    if unlimited:
        return None, None
    return _amount(row, column), None if missing(row.get(kind)) else _one_of(row, kind, CAP_KINDS)


def _one_of(row: dict[str, Any], column: str, known: Sequence[str]) -> str:
    value = str(row[column]).strip().casefold()
    if value not in known:
        text = N_("{column} of plan {plan} is {value}: it can be {known}.")
        raise bad("bad_choice", text, row, column=column, value=row[column], known=", ".join(known))
    return value


def plan_id_of(row: dict[str, Any]) -> str:
    """Return the plan that a row is of, or raise ``missing_plan_id``."""
    if missing(row["plan_id"]):
        raise CxError("missing_plan_id", N_("A plan has no name."), column="plan_id")
    return str(row["plan_id"])


def missing(value: Any) -> bool:
    """Return whether a cell is empty."""
    return value is None or value != value or (isinstance(value, str) and not value.strip())  # noqa: PLR0124 - NaN


def bad(code: str, text: str, row: dict[str, Any], *, column: str, value: Any = None, **values: Any) -> CxError:
    """Return the error of a row of the catalogue."""
    hint = N_("Correct the plan in the catalogue.")
    return CxError(code, text, hint=hint, column=column, value=value, plan=row.get("plan_id"), **values)


def _amount(row: dict[str, Any], name: str) -> Fraction:
    value = row.get(name)
    return Fraction(0) if missing(value) else _exact(row, name, value)


def _exact(row: dict[str, Any], name: str, value: Any) -> Fraction:
    """Return the decimal that a cell stands for."""
    try:
        amount = Decimal(repr(value)) if isinstance(value, float) else Decimal(str(value))
    except ArithmeticError:
        amount = Decimal("nan")
    if not amount.is_finite():
        raise bad(
            "not_a_number", N_("{column} of plan {plan} is {value}, not a number."), row, column=name, value=value
        )
    if amount < 0:
        raise bad("negative", N_("{column} of plan {plan} is below 0: {value}."), row, column=name, value=value)
    exact = Fraction(amount)
    if 10**MAX_DECIMALS % exact.denominator:
        text = N_("{column} of plan {plan} has more than 6 decimal places: {value}.")
        raise bad("too_many_decimals", text, row, column=name, value=value)
    return exact


def _truth(row: dict[str, Any], column: str, *, default: bool) -> bool:
    value = row.get(column)
    if missing(value) or not isinstance(value, str):
        return default if missing(value) else bool(value)
    word = value.strip().casefold()
    if word not in _WORDS:
        text = N_("{column} of plan {plan} is {value}: it can be {known}.")
        raise bad("bad_choice", text, row, column=column, value=value, known="yes, no")
    return _WORDS[word]


def day_of(value: Any) -> dt.date | None:
    """Return the day of a cell, None where it is empty."""
    if missing(value):
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


FIELDS: Final = tuple(column.name for column in PLANS.per_meter)
"""What a plan says of each meter."""
