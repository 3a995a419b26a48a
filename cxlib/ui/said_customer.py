"""What is said of one customer: why it is flagged or not, what is advised, how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cxlib import formats
from cxlib.matching import say_reason
from cxlib.matching.strength import strength
from cxlib.texts import _, ngettext, sentences
from cxlib.ui import customers, results
from cxlib.ui.matching import money_of, say_direction
from cxlib.ui.safe import safe
from cxlib.ui.tiers import tier_names

if TYPE_CHECKING:
    import pandas as pd

    from cxlib.ui.scope import Scope


def said_who(scope: Scope, customer_id: str, plan_id: str | None) -> str:
    """Return the line that says who a customer is: plan, tier, need, since when, contract, left."""
    about = customers.about(scope, customer_id)
    said = [_("Plan {plan}", plan=safe(say_plan(scope, plan_id)))] if plan_id else []
    if "tier" in about:
        said.append(safe(tier_names(scope).say(about["tier"])))
    if "joined_on" in about:
        said.append(_("since {day}", day=formats.day(about["joined_on"])))
    if "contract_end" in about:
        said.append(_("contract to {day}", day=formats.day(about["contract_end"])))
    if "left_on" in about:
        said.append(_("left on {day}: on no campaign list", day=formats.day(about["left_on"])))
    if about.get("consent") is False:
        said.append(_("does not want offers"))
    return " · ".join(said)


def say_plan(scope: Scope, plan_id: str | None) -> str:
    """Return a plan's id, and its name where that says more."""
    versions = results.catalogue(scope).versions
    if plan_id is None or plan_id not in versions:
        return formats.NOTHING if plan_id is None else plan_id
    name = versions[plan_id][-1].name
    return plan_id if name in ("", plan_id) else f"{plan_id} ({name})"


def said_fit(scope: Scope, fit: pd.Series | None, month: str) -> str:
    """Return in one sentence why a customer is flagged, or why not."""
    n, at = scope.settings.months, formats.month(month)
    if fit is None:
        return _("There is no usage up to {month}.", month=at)
    if fit["state"] == "flagged":
        row = customers.reason_of(scope, fit, month)
        return safe(say_reason(row, currency=results.catalogue(scope).currency, months=n))
    if fit["state"] == "changed":
        return _("The plan was changed within the {n} months to {month}: there is no flag.", n=n, month=at)
    if fit["state"] == "short":
        return _("There are no {n} complete months in a row up to {month}: there is no flag.", n=n, month=at)
    return _(
        "Paid {paid} in {n} months; no other plan would have cost less in each of them.",
        paid=money_of(scope)(float(fit["paid"])),
        n=n,
    )


def said_flag(scope: Scope, fit: pd.Series | None) -> str:
    """Return what a flag amounts to: saving, direction, and how long it has stood; empty where there is none."""
    if fit is None or fit["state"] != "flagged":
        return ""
    return ngettext(
        "{saving} less on {plan} in {months} months. {direction}, flagged for {n} month.",
        "{saving} less on {plan} in {months} months. {direction}, flagged for {n} months.",
        int(fit["since"]),
        saving=money_of(scope)(float(fit["saving"])),
        plan=safe(str(fit["better_plan_id"])),
        months=scope.settings.months,
        direction=say_direction(str(fit["direction"])),
    )


def say_strength(p_saves: float | None) -> str:
    """Return the word for how sure it is that an advised plan saves."""
    words = {"strong": _("strong"), "likely": _("likely"), "unsure": _("unsure")}
    return words.get(strength(p_saves) or "", formats.NOTHING)


def said_advice(scope: Scope, advice: pd.Series | None, *, bound: str | None) -> tuple[str, str]:
    """Return the advice in a few words, and how sure it is.

    Parameters
    ----------
    bound : str or None
        Why no other plan may be taken, in words, where none may.
    """
    if advice is None or advice["state"] == "not_enough_data":
        known = 0 if advice is None else int(advice["months_known"])
        more = _(
            "{known} complete months with usage are known besides the first; {needed} are needed.",
            known=known,
            needed=scope.settings.months,
        )
        return _("No advice yet: not enough data"), more
    if advice["state"] == "not_reconciled":
        return (
            _("No advice: the bills do not agree"),
            _("What this page reckons for the plan held is not what was billed; see below."),
        )
    plan = safe(say_plan(scope, str(advice["plan_id"])))
    if bound is not None:
        return _("Stay on {plan}", plan=plan), bound
    if advice["state"] != "switch":
        return _("Stay on {plan}", plan=plan), _interval(scope, advice)
    return _("Change to {plan}", plan=safe(say_plan(scope, str(advice["advised_plan_id"])))), _expected(scope, advice)


def said_difference(fit: pd.Series | None, advice: pd.Series | None) -> str:
    """Return a sentence where flag and advice name different plans; else nothing."""
    if fit is None or advice is None or fit["state"] != "flagged" or advice["state"] not in ("switch", "stay"):
        return ""
    flag, ahead = str(fit["better_plan_id"]), str(advice["advised_plan_id"])
    if flag == ahead:
        return ""
    return _(
        "The flag looks back and names {flag}; the advice looks ahead and names {ahead}.",
        flag=safe(flag),
        ahead=safe(ahead),
    )


def _expected(scope: Scope, advice: pd.Series) -> str:
    money, horizon = money_of(scope), scope.settings.horizon
    said = [
        _(
            "Expected to save {saving} in the next {n} months; it saves with a probability of {p} ({strength}).",
            saving=money(float(advice["expected_saving"])),
            n=horizon,
            p=formats.chance(float(advice["p_saves"])),
            strength=say_strength(float(advice["p_saves"])),
        ),
        _interval(scope, advice),
    ]
    cost = float(advice["switching_cost"])
    if cost > 0:
        said.append(_("The change costs {cost} once, which is taken off.", cost=money(cost)))
        payback = _number(advice, "payback_months")
        if payback is not None:
            said.append(_("It is earned back in {months} months.", months=formats.number(payback, decimals=1)))
    within = _number(advice, "p_within")
    if within is not None and within < 1:
        said.append(
            _(
                "Usage stays within what the plan can give with a probability of {p}.",
                p=formats.chance(within),
            )
        )
    return sentences(*said)


def _interval(scope: Scope, advice: pd.Series) -> str:
    low, high = (_number(advice, name) for name in ("interval_low", "interval_high"))
    if low is None or high is None:
        return ""
    money = money_of(scope)
    said = _(
        "In four cases out of five the best other plan saves between {low} and {high} in {n} months.",
        low=money(low),
        high=money(high),
        n=scope.settings.horizon,
    )
    return said if low >= 0 else sentences(said, _("Below 0 it would cost more."))


def _number(row: Any, name: str) -> float | None:
    value = row.get(name)
    return None if value is None or value != value else float(value)  # noqa: PLR0124 - NaN
