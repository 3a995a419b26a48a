"""The plans that customers hold or may take, with their price versions, checked before anything is billed."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import narwhals as nw

from cxlib.errors import CxError
from cxlib.matching.months import first_day, last_day
from cxlib.matching.terms import END, FIELDS, Terms, Tier, Version, bad, day_of, missing, plan_id_of, version_of
from cxlib.tables import METERS, PLANS, plain
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Catalogue", "Terms", "Tier", "Version"]

_UP_TO: Final = "up_to"


class Catalogue:
    """Plans by name, in the order of the file, each with its price versions.

    Parameters
    ----------
    plans : frame
        Wide (one row a plan or version, `included_{meter}`, `overage_price_{meter}`, `unit_size_{meter}`,
        `round_up_{meter}` and so on, see the table of plans) or long (one row a plan and meter, columns `meter`,
        `included`, `overage_price` and so on). An infinite `included` means unlimited. Price tiers are a text in the
        wide form, ``tiers_{meter}`` = ``100: 0.10; 500: 0.08; *: 0.05``, and rows in the long one, which then has the
        column `up_to`, the upper bound of the overage, empty for the last tier.
    minor_digits : int
        Digits of the smallest unit of money behind the point: 2 for cents.

    Attributes
    ----------
    plan_ids, meters : tuple of str
    currency : str or None
    versions : dict of plan_id to tuple of `Version`, by date
    plain : tuple of bool, per plan
        Whether its bills are the fee and, by meter, an allowance and one price.
    pooled : tuple of bool, per plan
    remembers : bool
        Whether bills or what may be taken can depend on the months before.
    has_caps, has_minimum, has_line_fees : bool
    longest_rollover : int
        Months for which what is left of any meter is kept at most.
    packed : tuple of str
        Meters of which a plan has packs.

    Raises
    ------
    CxError
        ``no_plans``, ``missing_column``, ``missing_price``, ``negative``, ``duplicate_plan``,
        ``overlapping_versions``, ``two_currencies``, ``closed_tier``, ``tier_order``, ``doubled_tier``,
        ``unknown_plan`` and the like, naming the plan and, where there is one, the meter.

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
            version = version_of(row, self.meters)
            versions.setdefault(version.plan_id, []).append(version)
        self.versions = {plan_id: _in_order(found) for plan_id, found in versions.items()}
        self.plan_ids = tuple(self.versions)
        _check_followers(self.versions)
        every = [version for found in self.versions.values() for version in found]
        self.plain = tuple(all(version.plain for version in found) for found in self.versions.values())
        self.pooled = tuple(found[0].pooled for found in self.versions.values())
        self.remembers = not all(self.plain) or any(version.cool_off_months > 0 for version in every)
        self.has_caps = any(terms.cap is not None for version in every for terms in version.terms)
        self.has_minimum = any(version.min_charge > 0 for version in every)
        self.has_line_fees = any(version.line_fee > 0 for version in every)
        self.longest_rollover = max((terms.rollover_months for v in every for terms in v.terms), default=0)
        self.packed = tuple(
            meter for m, meter in enumerate(self.meters) if any(v.terms[m].pack_size is not None for v in every)
        )

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


def _widen(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Bring one row per plan and meter, or plan, meter and price tier, to one row per plan."""
    _require(rows, ("included", "overage_price"))
    wide: dict[tuple[str, Any], dict[str, Any]] = {}
    for row in rows:
        shared = {k: v for k, v in row.items() if k not in {*FIELDS, "meter", _UP_TO}}
        key = (plan_id_of(row), day_of(row.get("valid_from")))
        into = wide.setdefault(key, dict(shared))
        _agree(into, shared, row)
        meter = "" if missing(row["meter"]) else _meter_called(str(row["meter"]).strip())
        if not meter:
            raise bad("missing_meter", N_("A row of plan {plan} names no meter."), row, column="meter")
        if f"included_{meter}" not in into:
            into |= {f"{field}_{meter}": row.get(field) for field in FIELDS if field in row}
            if not missing(row.get(_UP_TO)):
                into |= {f"tiers_{meter}": [(row[_UP_TO], row["overage_price"])], f"overage_price_{meter}": None}
        else:
            _add_tier(into, row, meter)
    return list(wide.values())


def _meter_called(name: str) -> str:
    """Return the known meter of that name or header, else the name; a name in GB is none of a meter in MB."""
    folded = plain(name)
    known = (meter for meter, (_, _, words) in METERS.items() if folded in map(plain, (meter, *words)))
    return name if "gb" in folded else next(known, name)


def _agree(into: dict[str, Any], shared: dict[str, Any], row: dict[str, Any]) -> None:
    """Take over what is said for the first time, and refuse what contradicts what was said."""
    for name, value in shared.items():
        if missing(into.get(name)):
            into[name] = value
        elif not missing(value) and value != into[name]:
            raise bad("conflicting_plan", N_("Plan {plan} has two values of {column}."), row, column=name)


def _add_tier(into: dict[str, Any], row: dict[str, Any], meter: str) -> None:
    """Add a further row of a plan and meter, which is the next price tier."""
    tiers, price = f"tiers_{meter}", f"overage_price_{meter}"
    if _UP_TO not in row:
        raise bad("duplicate_plan", N_("Plan {plan} names meter {meter} twice."), row, column="meter", meter=meter)
    if not isinstance(into.get(tiers), list):
        into |= {tiers: [(None, into.get(price))], price: None}
    into[tiers].append((row[_UP_TO], row["overage_price"]))
    _agree(
        into, {f"{field}_{meter}": row.get(field) for field in FIELDS if field not in {"tiers", "overage_price"}}, row
    )


def _meters(rows: list[dict[str, Any]]) -> tuple[str, ...]:
    names = dict.fromkeys(name for row in rows for name in row)
    found = [PLANS.meter_column(name) for name in names]
    return tuple(dict.fromkeys(meter for each in found if each for _, meter in [each] if meter))


def _one_currency(rows: list[dict[str, Any]]) -> str | None:
    named = list(dict.fromkeys(str(row["currency"]) for row in rows if not missing(row.get("currency"))))
    if len(named) > 1:
        raise CxError(
            "two_currencies",
            N_("The catalogue mixes currencies: {value}."),
            hint=N_("Keep one catalogue per currency."),
            column="currency",
            value=", ".join(named),
        )
    return named[0] if named else None


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
        if before.valid_to == END:
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


def _check_followers(versions: dict[str, tuple[Version, ...]]) -> None:
    """Refuse plans that follow a promotion but are not there, and versions of one plan that differ in being pooled."""
    for plan_id, found in versions.items():
        for version in found:
            if version.pooled != found[0].pooled:
                text = N_("Plan {plan} is pooled in one version and not in another.")
                raise _plan_error("conflicting_plan", text, plan_id, column="pooled")
            after = version.next_plan_id
            if after is None:
                continue
            if after not in versions:
                text = N_("Plan {value}, which follows the promotion of plan {plan}, is not in the catalogue.")
                raise _plan_error("unknown_plan", text, plan_id, column="next_plan_id", value=after)
            if after == plan_id or any(each.next_plan_id is not None for each in versions[after]):
                text = N_("Plan {value}, which follows the promotion of plan {plan}, is followed by a plan itself.")
                raise _plan_error("promotion_chain", text, plan_id, column="next_plan_id", value=after)
            if versions[after][0].pooled != version.pooled:
                text = N_("Of plan {plan} and plan {value}, which follows its promotion, only one is pooled.")
                raise _plan_error("conflicting_plan", text, plan_id, column="next_plan_id", value=after)


def _plan_error(code: str, text: str, plan_id: str, *, column: str, value: Any = None) -> CxError:
    hint = N_("Correct the plan in the catalogue.")
    return CxError(code, text, hint=hint, column=column, value=value, plan=plan_id)
