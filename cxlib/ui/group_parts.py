"""Whether a tier, a need or a region is left on the wrong plan more often, as the page about plan fit shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from cxlib import charts, formats
from cxlib.matching.group_fit import group_fit
from cxlib.texts import N_, _
from cxlib.ui import definitions, link, long, matching, results, states
from cxlib.ui.balance import say_segment
from cxlib.ui.safe import safe
from cxlib.ui.show import Shown, chart, finding, rows
from cxlib.ui.tiers import TierNames, tier_names

if TYPE_CHECKING:
    import pandas as pd

    from cxlib.ui.scope import Scope

BY: Final = {"tier": N_("Tier"), "need": N_("Need"), "region": N_("Region")}
MEASURES: Final = {
    "flag_rate": N_("Share flagged"),
    "saving": N_("Saving per customer"),
    "coverage": N_("Intervals held"),
}
SHARES: Final = frozenset({"flag_rate", "coverage"})


def part(scope: Scope, month: str, absent: str) -> None:
    """Choose by what to group, state whether any group is worse off, show each with its interval."""
    there = [name for name in BY if name in results.columns_of(scope, "customers")]
    if not there:
        states.empty(_("No groups here"), _("A file of customers with tier, need or region brings them."))
        return
    by = link.choice("by", there, label=_("By"), say=lambda name: _(BY[name]), look="segments", page="fit")
    found = fit_by_group(scope, month, absent)
    found = found[found["by"] == by]
    names = tier_names(scope, found["group"].dropna().unique())
    found = found.assign(said=[_say(by, group, names) for group in found["group"]])
    finding(said(found))
    drawn = [measure for measure in MEASURES if (found["measure"] == measure).any()]
    for place, measure in zip(st.columns(len(drawn), gap="large"), drawn, strict=True):
        with place:
            _drawn(scope, found[found["measure"] == measure], by, names, measure=measure, title=_(MEASURES[measure]))
    _rows(scope, found, by)


def fit_by_group(scope: Scope, month: str, absent: str) -> pd.DataFrame:
    """Return `cxlib.matching.group_fit` at the end of a month, with the back-test's intervals where it was made."""
    judged = long.there(scope, "backtest")
    options = {"months": scope.settings.months, "min_saving": scope.settings.min_saving}
    least = scope.settings.min_group
    return results.kept(
        scope,
        "group_fit",
        lambda: group_fit(
            results.fit(scope, month, absent),
            customers=results.table(scope, "customers"),
            backtest=judged,
            min_group=least,
        ),
        month=month,
        absent=absent,
        min_group=least,
        judged=judged is not None,
        **options,
    )


def said(found: pd.DataFrame) -> str:
    """Return in one sentence which groups are flagged more often than all others together."""
    rates = found[found["measure"] == "flag_rate"]
    more = rates[rates["verdict"] == "more"].sort_values("value", ascending=False)
    if more.empty:
        return _("No group is shown to be on the wrong plan more often than the others.")
    worst = more.iloc[0]
    return _(
        "{group}: {share} are on the wrong plan, {rest} of all others.",
        group=safe(worst["said"]),
        share=formats.share(worst["value"]),
        rest=formats.share(worst["rest"]),
    )


def _drawn(scope: Scope, rows_: pd.DataFrame, by: str, names: TierNames, *, measure: str, title: str) -> None:
    say = formats.share if measure in SHARES else matching.money_of(scope)
    order = rows_
    if by == "tier":
        place = {names.say(tier): i for i, tier in enumerate(names.order)}
        order = rows_.sort_values("said", key=lambda said: said.map(place).fillna(len(place)))
    values = {
        row["said"]: (formats.known(row["value"]), formats.known(row["low"]), formats.known(row["high"]))
        for row in order.to_dict("records")
    }
    axis = title if measure in SHARES else f"{title} ({matching.currency_of(scope)})"
    chart(
        charts.intervals(
            values,
            say=say,
            axis=axis,
            colours=names.colours if by == "tier" else None,
            notes={row["said"]: formats.people(row["n"]) for row in order.to_dict("records")},
            tickformat=".0%" if measure in SHARES else ",",
        ),
        title=title,
        definition=_(definitions.GROUP_FIT),
        key=f"group:{measure}",
    )


def _rows(scope: Scope, found: pd.DataFrame, by: str) -> None:
    verdicts = {
        "more": _("more than the others"),
        "less": _("less than the others"),
        "cannot_tell": _("cannot tell"),
        "too_few": _("too few"),
    }
    shown = found.assign(
        measure=[_(MEASURES[name]) for name in found["measure"]], verdict=found["verdict"].map(verdicts)
    )
    columns = {
        "said": Shown(_(BY[by])),
        "measure": Shown(_("Figure")),
        "n": Shown(_("Customers"), "count"),
        "value": Shown(_("Value"), "number", decimals=3),
        "low": Shown(_("from"), "number", decimals=3),
        "high": Shown(_("to"), "number", decimals=3),
        "rest": Shown(_("All others"), "number", decimals=3),
        "p_holm": Shown(_("p (Holm)"), "number", decimals=4),
        "verdict": Shown(_("Verdict")),
    }
    rows(shown, columns, name="groups", scope=scope, key="groups", title=_("Groups"))


def _say(by: str, group: object, names: TierNames) -> str:
    return names.say(group) if by == "tier" else say_segment(group)
