"""The parts of the Customer page: usage, bills on every plan, cost as usage varies, what-if, line items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from cxlib import charts, formats
from cxlib.matching import customer_view
from cxlib.tables import METERS
from cxlib.texts import _, sentences
from cxlib.ui import customers, definitions, matching, results
from cxlib.ui.fragments import fragment
from cxlib.ui.safe import safe
from cxlib.ui.show import Shown, chart, heading, rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from cxlib.ui.scope import Scope

GB: Final = 1024
BARS: Final = 10
WHOLE_FROM: Final = 1000
"""From here on the bars of a chart are written without decimals; the rows below have them."""
CURVES: Final = 5
WHAT_IF_ROWS, WHAT_IF_HEIGHT = 5, 213
FULL: Final = 300
"""Most that a slider sets usage to, in percent of today's."""


def say_meter(meter: str) -> str:
    """Return the word for a meter, with its unit."""
    if meter not in METERS:
        return meter
    word, unit = _(METERS[meter][0]), METERS[meter][1]
    unit = "GB" if unit == "MB" else unit
    return f"{word} ({unit})" if unit else word


def usage_chart(scope: Scope, customer_id: str, excluded: Sequence[str]) -> None:
    """Show usage against the allowances, meter by meter."""
    frame = customer_view.usage_by_month(
        customers.usage_of(scope, customer_id),
        results.catalogue(scope),
        customers=customers.row_of(scope, customer_id),
        excluded=excluded,
    )
    courses = {}
    for meter in results.catalogue(scope).meters:
        mine = frame[frame["meter"] == meter]
        unit = GB if meter in METERS and METERS[meter][1] == "MB" else 1
        courses[say_meter(meter)] = charts.MeterCourse(
            months=list(mine["month"].dt.date),
            used=[used / unit for used in mine["used"]],
            included=[None if _boundless(limit) else limit / unit for limit in mine["included"]],
            counted=list(mine["state"] == "counted"),
        )
    chart(
        charts.allowances(courses, say=lambda value: formats.number(value, decimals=1 if value and value < 10 else 0)),
        title=_("Usage beside what is included"),
        definition=_(definitions.ALLOWANCE),
        key="usage",
    )


def bills_chart(scope: Scope, bills: pd.DataFrame, months: Sequence[str]) -> None:
    """Show what the months would have cost on every plan, the one held marked."""
    priced = bills[bills["total"].notna()].sort_values("total", kind="stable")
    top = priced[(priced.reset_index().index < BARS) | priced["held"].to_numpy()]
    chart(
        charts.bars(
            dict(zip(top["plan_id"], top["total"], strict=True)),
            say=matching.money_of(scope, decimals=0 if top["total"].max() >= WHOLE_FROM else 2),
            axis=_("Bill of {n} months ({currency})", n=len(months), currency=matching.currency_of(scope)),
            colours={row.plan_id: _colour(row) for row in top.itertuples()},
            notes={row.plan_id: _note(row) for row in top.itertuples()},
            sort=False,
        ),
        title=_("The same months on every plan"),
        definition=_(definitions.ON_EVERY_PLAN),
        key="bills",
    )


def curve_chart(scope: Scope, customer_id: str, bills: pd.DataFrame, months: Sequence[str]) -> None:
    """Show what the held and the five cheapest plans would cost as usage varies."""
    curve = customer_view.cost_curve(
        customers.usage_of(scope, customer_id),
        results.catalogue(scope),
        months=months,
        customers=customers.row_of(scope, customer_id),
    )
    held = next(iter(bills.loc[bills["held"], "plan_id"]), "")
    may = bills[bills["may_take"] & ~bills["held"] & bills["total"].notna()]
    least = curve[curve["plan_id"].isin(may["plan_id"])].groupby("plan_id")["cost"].min()
    near = may.nsmallest(CURVES - 1, "total")["plan_id"].tolist()
    named = [*([held] if held else []), *near, *[p for p in least.nsmallest(1).index if p not in near]]
    lines = {plan_id: _costs(curve, plan_id) for plan_id in named}
    chart(
        charts.cost_lines(
            lines,
            factors=list(customer_view.FACTORS),
            held=held,
            say=matching.money_of(scope),
            y_title=_("Cost of a month ({currency})", currency=matching.currency_of(scope)),
        ),
        title=_("What it costs as usage varies"),
        definition=_(definitions.COST_CURVE),
        key="curve",
    )


@fragment
def sliders(scope: Scope, customer_id: str, bills: pd.DataFrame, months: Sequence[str]) -> None:
    """Let the reader change the usage of each meter and see what every plan would then cost."""
    heading(_("If usage were another"), 4)
    catalogue = results.catalogue(scope)
    changes = {}
    for meter in catalogue.meters:
        percent = st.slider(
            _("{meter}, of today's", meter=say_meter(meter)),
            min_value=0,
            max_value=FULL,
            value=100,
            step=5,
            format="%d%%",
            key=f"what_if:{customer_id}:{meter}",
        )
        changes[meter] = percent / 100
    found = customer_view.what_if(
        customers.usage_of(scope, customer_id),
        catalogue,
        changes=changes,
        months=months,
        customers=customers.row_of(scope, customer_id),
    )
    found = found.merge(bills[["plan_id", "held", "may_take"]], on="plan_id")
    open_ = found[found["may_take"] | found["held"]].dropna(subset=["then"]).sort_values("then", kind="stable")
    if open_.empty:
        return
    best, held = open_.iloc[0], open_[open_["held"]]
    money = matching.money_of(scope)
    said = _("**{plan}** would cost least: {cost} a month.", plan=safe(best["plan_id"]), cost=money(best["then"]))
    if not held.empty and not best["held"]:
        said = sentences(said, _("The plan held would cost {cost}.", cost=money(held.iloc[0]["then"])))
    st.markdown(said)
    columns = {
        "then": Shown(_("Then ({currency})", currency=matching.currency_of(scope)), "money"),
        "plan_id": Shown(_("Plan")),
        "now": Shown(_("Today ({currency})", currency=matching.currency_of(scope)), "money"),
        "change": Shown(_("Change"), "money"),
        "held": Shown(_("Held"), "boolean"),
    }
    height = WHAT_IF_HEIGHT if len(open_) > WHAT_IF_ROWS else None
    rows(open_, columns, name="what_if", scope=scope, key="what_if", folded=False, height=height)


def items_table(scope: Scope, customer_id: str, plan_ids: Sequence[str], months: Sequence[str]) -> None:
    """Show the bills of the plan held and a better one line by line."""
    heading(_("The bills line by line"), 4)
    items = customers.line_items_of(scope, customer_id, plan_ids, months)
    wide = matching.line_items_shown(items)
    columns = {"month": Shown(_("Month")), "item": Shown(_("Item"))} | {
        plan: Shown(plan, "money") for plan in wide.columns if plan not in ("month", "item")
    }
    rows(wide, columns, name="line_items", scope=scope, key="items", folded=False)


def bills_of(scope: Scope, customer_id: str, month: str, months: Sequence[str]) -> pd.DataFrame:
    """Return what some months of a customer would have cost on every plan, see `customer_view.bills_by_plan`."""
    return customer_view.bills_by_plan(
        customers.usage_of(scope, customer_id),
        results.catalogue(scope),
        month=month,
        months=months,
        customers=customers.row_of(scope, customer_id),
    )


def bill_columns(scope: Scope) -> dict[str, Shown]:
    """Return how the bills on every plan are shown as rows."""
    money = matching.currency_of(scope)
    return {
        "total": Shown(_("Bill ({currency})", currency=money), "money"),
        "plan_id": Shown(_("Plan")),
        "name": Shown(_("Name")),
        "a_month": Shown(_("A month ({currency})", currency=money), "money"),
        "monthly_fee": Shown(_("Fee ({currency})", currency=money), "money"),
        "held": Shown(_("Held"), "boolean"),
        "may_take": Shown(_("May be taken"), "boolean"),
    }


def bound(scope: Scope, customer_id: str, month: str) -> str | None:
    """Return in words why a customer may take no other plan; None where some plan may be taken."""
    usage, row = customers.usage_of(scope, customer_id), customers.row_of(scope, customer_id)
    catalogue = results.catalogue(scope)
    held = customer_view.plan_held(usage, catalogue, month=month, customers=row)
    codes = customer_view.why_not(catalogue, customer_id=customer_id, month=month, customers=row, held=held)
    others = [code for plan_id, code in zip(catalogue.plan_ids, codes, strict=True) if plan_id != held]
    if any(code is None for code in others):
        return None
    if "contract" not in others:
        return _("No other plan may be taken.")
    until = customers.about(scope, customer_id).get("contract_end")
    return _("The contract runs to {day}: no other plan may be taken before.", day=formats.day(until))


def options(scope: Scope, advice: pd.Series | None) -> None:
    """Offer up to three plans: the cheapest expected, the safest bill, the most headroom."""
    if advice is None or advice["state"] not in ("switch", "stay"):
        return
    reasons = {
        "cheapest_plan_id": _("costs least, as expected"),
        "safest_plan_id": _("has the safest bill"),
        "headroom_plan_id": _("leaves most headroom"),
    }
    money = matching.money_of(scope)
    expected = {advice["plan_id"]: float(advice["expected_cost_held"])}
    if advice["state"] == "switch":
        expected[advice["advised_plan_id"]] = float(advice["expected_cost_advised"])
    plans: dict[str, list[str]] = {}
    for column, reason in reasons.items():
        if isinstance(advice[column], str):
            plans.setdefault(advice[column], []).append(reason)
    with st.container(horizontal=True, gap="large"):
        for plan_id, why in plans.items():
            version = results.catalogue(scope).line_up(plan_id)
            said = _("Fee {fee} a month", fee=money(float(version.monthly_fee)))
            if plan_id in expected:
                said += " · " + _("expected {cost} a month", cost=money(expected[plan_id] / scope.settings.horizon))
            mark = f" ({_('held now')})" if plan_id == advice["plan_id"] else ""
            st.markdown(f"**{safe(plan_id)}**{mark}  \n{formats.listed(why)}  \n:small[{safe(said)}]", width="content")


def side_by_side(held: str | None, fit: pd.Series | None, advice: pd.Series | None) -> list[str]:
    """Return the plans whose bills are set side by side: the one held, the better one, the one advised."""
    better = fit["better_plan_id"] if fit is not None and fit["state"] == "flagged" else None
    ahead = advice["advised_plan_id"] if advice is not None and advice["state"] == "switch" else None
    return list(dict.fromkeys(plan for plan in (held, better, ahead) if isinstance(plan, str)))


def say_why_not(code: str | None) -> str:
    """Return in words why a plan may not be taken."""
    words = {
        "no_price": _("no price then"),
        "not_on_sale": _("not on sale any more"),
        "reserved": _("for others only"),
        "tenure": _("asks for a longer time as a customer"),
        "contract": _("the contract binds"),
        "pooled": _("for accounts only, or only for those without"),
        "cool_off": _("too soon after the last change"),
        "cap": _("usage is beyond what it can give"),
        "not_allowed": _("may not be taken"),
    }
    return words.get(code or "", "")


def _colour(row: object) -> str:
    if row.held:  # type: ignore[attr-defined]
        return charts.ABOVE
    return charts.WITHIN if row.may_take else charts.MISSING  # type: ignore[attr-defined]


def _note(row: object) -> str:
    name = "" if row.name == row.plan_id else str(row.name)  # type: ignore[attr-defined]
    state = _("held now") if row.held else say_why_not(row.why_not if isinstance(row.why_not, str) else None)  # type: ignore[attr-defined]
    return " · ".join(part for part in (name, state) if part)


def _costs(curve: pd.DataFrame, plan_id: str) -> list[float | None]:
    return [formats.known(cost) for cost in curve.loc[curve["plan_id"] == plan_id, "cost"]]


def _boundless(limit: float) -> bool:
    return limit != limit or limit == float("inf")  # noqa: PLR0124 - NaN
