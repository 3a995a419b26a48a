"""What the pages about matching share: money, words, and the list of flagged customers with the advice."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cxlib import formats
from cxlib.matching import say_reason
from cxlib.tables import METERS
from cxlib.texts import _, ngettext
from cxlib.ui import customers, results
from cxlib.ui.tiers import tier_names

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from cxlib.ui.scope import Scope


def currency_of(scope: Scope) -> str:
    """Return the currency of the data set's plans, or a word for money where the file names none."""
    return results.catalogue(scope).currency or _("money")


def money_of(scope: Scope, *, decimals: int = 2) -> Callable[[float | None], str]:
    """Return what writes an amount of the data set's money."""
    return partial(formats.money, currency=results.catalogue(scope).currency, decimals=decimals)


def say_direction(way: str | None) -> str:
    """Return the word for a direction of mismatch."""
    words = {
        "under_provisioned": _("Under-provisioned"),
        "over_provisioned": _("Over-provisioned"),
        "sideways": _("Sideways"),
    }
    return words.get(way or "", formats.NOTHING)


def said_matching(scope: Scope, month: str, way: str = results.ALL, absent: str = results.MISSING) -> tuple[str, str]:
    """Return the sentence about how many are flagged, and what it rests on."""
    fit = results.fit(scope, month, absent)
    flagged = flagged_of(fit, way)
    n = scope.settings.months
    whole = int((fit["state"] != "short").sum())
    if not whole:
        return (
            _("Nobody has {months} complete months in a row yet.", months=n),
            _("Usage up to {month}: {n}.", n=formats.people(len(fit)), month=formats.month(month)),
        )
    text = ngettext(
        "{count} of {all} customers paid more than one other plan would have cost, {months} months running.",
        "{count} of {all} customers paid more than one other plan would have cost, {months} months running.",
        len(flagged),
        count=formats.number(len(flagged)),
        all=formats.number(whole),
        months=n,
    )
    more = _(
        "On the better plan they would have paid {saving} less in the {months} months to {month}. {short} customers "
        "have no {months} complete months in a row and are not counted.",
        saving=money_of(scope)(float(flagged["saving"].sum())),
        short=formats.number(len(fit) - whole),
        months=n,
        month=formats.month(month),
    )
    months = results.usage_months(scope)
    if month in months[1:]:
        before = len(flagged_of(results.fit(scope, months[months.index(month) - 1], absent), way))
        more += " " + _("The month before: {n}.", n=formats.number(before))
    return text, more


def flagged_of(fit: pd.DataFrame, way: str = results.ALL) -> pd.DataFrame:
    """Return the flagged customers, all or of one direction."""
    flagged = fit[fit["state"] == "flagged"]
    return flagged if way == results.ALL else flagged[flagged["direction"] == way]


def who_loses_most(scope: Scope, month: str, absent: str = results.MISSING) -> str | None:
    """Return the flagged customer with the largest saving, who has not left; else the first of the usage."""
    flagged = results.flagged(scope, month, absent)
    here = flagged[~flagged["left"]]
    if not here.empty:
        return str(here.iloc[0]["customer_id"])
    ids = customers.customer_ids(scope)
    return str(ids[0].as_py()) if len(ids) else None


def line_items_shown(items: pd.DataFrame) -> pd.DataFrame:
    """Return line items with one column per plan, in the reader's words."""
    wide = items.pivot_table(index=["month", "item"], columns="plan_id", values="amount", sort=False).reset_index()
    wide["month"] = [formats.month(month) for month in wide["month"]]
    wide["item"] = wide["item"].map(say_item)
    return wide


def say_item(item: str) -> str:
    """Return the word for a line of a bill: the fee, or the overage of a meter."""
    if item == "fee":
        return _("Fee")
    if item == "total":
        return _("Total")
    meter = item.removeprefix("overage_")
    return _("Overage: {meter}", meter=_(METERS[meter][0]) if meter in METERS else meter)


def flagged_with_advice(scope: Scope, flagged: pd.DataFrame, month: str, absent: str = results.MISSING) -> pd.DataFrame:
    """Return the flagged customers, the dearest first, each with its reason and the recommender's advice."""
    advice = results.advice(scope, month)[["customer_id", "advised_plan_id", "state", "p_saves"]]
    advice = advice.rename(columns={"state": "advice_state"})
    frame = flagged.merge(advice, on="customer_id", how="left").sort_values("saving", ascending=False)
    words = {"stay": _("Stay"), "not_enough_data": _("Not enough data")}
    said = frame["advice_state"].map(words)
    frame["advice"] = said.where(said.notna(), frame["advised_plan_id"])
    currency = results.catalogue(scope).currency
    frame["reason"] = [
        say_reason(row, currency=currency, months=scope.settings.months)
        for row in results.reasons_of(scope, frame, month, absent).itertuples()
    ]
    frame["direction"] = frame["direction"].map(say_direction)
    customers = results.table(scope, "customers")
    if customers is not None and "tier" in customers.column_names:
        names = tier_names(scope)
        tiers = customers.select(["customer_id", "tier"]).to_pandas()
        frame = frame.merge(tiers.assign(tier=tiers["tier"].map(names.say)), on="customer_id", how="left")
    return frame.reset_index(drop=True)
