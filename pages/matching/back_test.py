"""Back-test: whether past advice would have been right."""

import streamlit as st

from cxlib import formats
from cxlib.errors import CxError
from cxlib.texts import _
from cxlib.ui import definitions, link, long, matching, results, states
from cxlib.ui import judged_tables as tables
from cxlib.ui.judged import Judged, grouped, groupings, say_way
from cxlib.ui.judged_charts import course_chart, curve_chart, group_charts, rules_chart
from cxlib.ui.scope import Scope, current_scope
from cxlib.ui.show import chart, finding, heading, rows, verdicts
from cxlib.ui.tiers import tier_names
from cxlib.ui.verdicts import (
    against_rules,
    of_intervals,
    of_strong,
    said,
    say_why_not,
    title_of_course,
    title_of_curve,
    title_of_rules,
)


def answers(judged: Judged) -> None:
    """Show the three figures on which belief rests, each with what follows from it."""
    advised, money = judged.advised, matching.money_of(judged.scope)
    verdicts(
        {
            _("Regret"): (money(advised["mean_regret"]), *against_rules(judged)),
            _("Intervals held"): (formats.share(advised["coverage"]), *of_intervals(judged)),
            _("Strong held"): (formats.share(advised["strong_precision"]), *of_strong(judged)),
        }
    )


def rules(judged: Judged) -> None:
    """Show what following each rule would have cost."""
    title, scope = _("Regret by rule"), judged.scope
    chart(rules_chart(judged), title=title_of_rules(judged), definition=_(definitions.REGRET), key="rules")
    rows(tables.rules(judged), tables.rule_columns(scope), name="backtest_rules", scope=scope, key="rules", title=title)


def curve(judged: Judged) -> None:
    """Show whether what was said to be likely happened as often."""
    title, scope = _("P(saves) and what came"), judged.scope
    chart(curve_chart(judged), title=title_of_curve(judged), definition=_(definitions.RELIABILITY), key="curve")
    rows(judged.curve(), tables.curve_columns(), name="reliability", scope=scope, key="curve", title=title)


def groups(judged: Judged, by: str, label: str) -> None:
    """Show whether it holds for every segment, or direction of the advice."""
    heading(_("Does it hold for everybody?"))
    drawn, scope = group_charts(judged, by), judged.scope
    titles = {
        "regret": (_("Regret"), definitions.REGRET),
        "coverage": (_("Intervals held"), definitions.COVERAGE),
        "strong": (_("Strong held"), definitions.STRONG),
    }
    for place, (key, (title, meaning)) in zip(st.columns(3, gap="medium"), titles.items(), strict=True):
        with place:
            chart(drawn[key], title=title, definition=_(meaning), key=f"by-{key}")
    columns = tables.group_columns(scope, label)
    rows(grouped(judged, by), columns, name=f"backtest_by_{by}", scope=scope, key="groups", title=label)


def course(judged: Judged) -> None:
    """Show whether the advice gets better the more is known."""
    title, scope = _("Regret by month end"), judged.scope
    chart(course_chart(judged), title=title_of_course(judged), definition=_(definitions.REGRET), key="course")
    columns = tables.group_columns(scope, _("At the end of"))
    rows(grouped(judged, "month"), columns, name="backtest_by_month", scope=scope, key="course", title=title)


def filters(scope: Scope, judged: Judged) -> tuple[Judged, str]:
    """Let the reader choose advice, tier, and what stands side by side; return the part chosen."""
    tiers, labels = tier_names(scope, judged.tiers), groupings(judged.rows)
    names = {results.ALL: _("All")} | {tier: tiers.say(tier) for tier in tiers.order}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        way = link.choice("way", [results.ALL, *judged.ways], label=_("Advice"), say=say_way, page="backtest")
        tier = results.ALL
        if tiers.order:
            tier = link.choice("tier", list(names), label=_("Tier"), say=lambda name: names[name], page="backtest")
        by = link.choice("by", list(labels), label=_("Side by side"), say=lambda name: labels[name], page="backtest")
    scope = scope.narrowed(_("Advice"), say_way(way))
    scope = scope.narrowed(_("Tier"), names[tier]) if tiers.order else scope
    return Judged(scope, judged.rows, way=way, tier=tier), by


def page(scope: Scope) -> None:
    """Choose, state the finding, show the evidence."""
    found = long.rows_of(scope, "backtest", title=_("Judging past advice"))
    if found is None:
        return
    if found.empty or found["difference"].isna().all():
        say_why_not(scope, found)
        return
    judged, by = filters(scope, Judged(scope, found))
    if not judged.enough:
        states.too_few(judged.customers, judged.least)
        return
    text, more = said(judged)
    finding(text, more=more)
    answers(judged)
    left, right = st.columns(2, gap="large")
    with left:
        rules(judged)
    with right:
        curve(judged)
    groups(judged, by, groupings(found)[by])
    course(judged)
    title, columns = _("Every customer at every month end"), tables.case_columns(scope)
    rows(tables.cases(judged), columns, name="backtest_cases", scope=judged.scope, key="cases", title=title, most=500)


here = current_scope()
if here is None or not (here.has("usage") and here.has("plans")):
    states.empty(
        _("No usage here") if here is None or not here.has("usage") else _("No plans here"),
        _("Usage by month and the catalogue of plans bring this page; a file of customers adds tier and contract."),
    )
else:
    try:
        page(here)
    except CxError as error:
        states.refused(error)
