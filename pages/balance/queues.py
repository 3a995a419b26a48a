"""Queues: who is passed by whom, and how the waits of the tiers compare."""

import streamlit as st

from cxlib import charts, formats
from cxlib.errors import CxError
from cxlib.texts import _
from cxlib.ui import balance, definitions, link, results, states
from cxlib.ui.scope import Scope, current_scope
from cxlib.ui.show import Shown, chart, rows
from cxlib.ui.tiers import TierNames


def passes(scope: Scope, tiers: TierNames, pool: str, where: dict[str, str]) -> None:
    """Show who passes whom, and how many are passed."""
    pairs = results.passing(scope, "pairs", pool=pool, **where)
    in_line = set(pairs.loc[pairs["n_of_passed"] > 0, "passed"].fillna(""))
    pairs = pairs[pairs["passed"].fillna("").isin(in_line) & ((pairs["passes"] > 0) | pairs["passer"].notna())]
    shown = pairs.assign(passer=pairs["passer"].map(tiers.say), passed=pairs["passed"].map(tiers.say))
    passers = [tiers.say(tier) for tier in tiers.sorted(pairs["passer"].unique())]
    passed = [tiers.say(tier) for tier in tiers.sorted(pairs["passed"].unique())]
    summary = results.passing(scope, "summary", pool=pool, **where)
    summary = summary[summary["n"] > 0]
    left, right = st.columns(2, gap="large")
    with left:
        chart(
            charts.matrix(
                {(p, q): n for p, q, n in zip(shown["passer"], shown["passed"], shown["passes"], strict=True)},
                rows=passers,
                columns=passed,
                say=formats.number,
                row_title=_("Passes"),
                column_title=_("Is passed"),
            ),
            title=_("Who passes whom"),
            definition=_(definitions.OVERTAKE),
            key="pairs",
        )
    with right:
        named = {tiers.say(row.tier): row for row in summary.itertuples()}
        chart(
            charts.bars(
                {name: None if row.too_few else row.share_passed for name, row in named.items()},
                say=formats.share,
                axis=_("Share of those in line passed at least once"),
                colours=tiers.colours,
                notes={name: _("n = {n}", n=formats.number(row.n)) for name, row in named.items()},
                tickformat=".0%",
            ),
            title=_("How many are passed"),
            definition=_(definitions.PASSED),
            key="passed",
        )
    columns = {
        "passer": Shown(_("Passes")),
        "passed": Shown(_("Is passed")),
        "passes": Shown(_("Passes in all"), "count"),
        "passed_abandoned": Shown(_("of one who left"), "count"),
        "n_passed": Shown(_("Contacts passed"), "count"),
        "n_of_passed": Shown(_("In line"), "count"),
        "share_passed": Shown(_("Share passed"), "share"),
    }
    rows(shown, columns, name="overtakes", scope=scope, key="pairs", title=_("Who passes whom"))
    columns = {
        "tier": Shown(_("Tier")),
        "share_passed": Shown(_("Passed at least once"), "share"),
        "share_passed_3": Shown(_("Passed three times or more"), "share"),
        "mean_passed": Shown(_("Times passed, mean"), "number"),
        "most_passed": Shown(_("Most"), "count"),
        "n": Shown(_("In line"), "count"),
    }
    rows(
        summary.assign(tier=summary["tier"].map(tiers.say)),
        columns,
        name="passed",
        scope=scope,
        key="passed",
        title=_("How many are passed"),
    )


def waiting(scope: Scope, tiers: TierNames, where: dict[str, str]) -> None:
    """Show how long each tier waits."""
    frame = results.waits_by(scope, "tier", **where)
    frame = frame[frame["n_queued"] > 0]
    sla = f"sla_{scope.settings.sla_s:g}"
    curves = results.curves(scope, **where)
    curves = curves[curves["t_s"] <= curves.loc[curves["unserved"] >= 0.02, "t_s"].max()]
    parts = {tiers.say(tier): part for tier, part in curves.groupby("tier", dropna=False, sort=False)}
    order = [tiers.say(tier) for tier in tiers.sorted(frame["tier"])]
    left, right = st.columns(2, gap="large")
    with left:
        chart(
            charts.courses(
                {name: (parts[name]["t_s"], parts[name]["unserved"]) for name in order if name in parts},
                say=formats.share,
                x_title=_("Seconds in line"),
                y_title=_("Still not served"),
                colours=tiers.colours,
                shape="hv",
                tickformat=".0%",
                y_top=1.02,
                marks={formats.seconds(scope.settings.sla_s): scope.settings.sla_s},
            ),
            title=_("How the wait goes on"),
            definition=_(definitions.VIRTUAL_WAIT),
            key="curves",
        )
    with right:
        named = {tiers.say(row["tier"]): row for row in frame.to_dict("records")}
        chart(
            charts.bars(
                {name: formats.known(row[sla]) for name, row in named.items()},
                say=formats.share,
                axis=_("Served within {wait}, of those in line", wait=formats.seconds(scope.settings.sla_s)),
                colours=tiers.colours,
                notes={name: _("n = {n}", n=formats.number(row["n_queued"])) for name, row in named.items()},
                tickformat=".0%",
            ),
            title=_("Served in time"),
            definition=_(definitions.SERVICE_LEVEL),
            key="sla",
        )
    columns = {
        "tier": Shown(_("Tier")),
        "mean_wait_s": Shown(_("Mean wait"), "seconds"),
        "median_wait_s": Shown(_("Median wait"), "seconds"),
        "p90_wait_s": Shown(_("9 of 10 within"), "seconds"),
        "virtual_wait_s": Shown(_("Virtual wait"), "seconds", help=_("The median wait had nobody given up.")),
        sla: Shown(_("In time"), "share", help=_("Served in time, of those in line.")),
        f"{sla}_offered": Shown(_("… of all"), "share", help=_("Served in time, of all contacts.")),
        "abandonment": Shown(_("Left"), "share", help=_("Gave up, of those in line.")),
        "n": Shown(_("Contacts"), "count"),
        "n_queued": Shown(_("In line"), "count"),
        "n_served_queued": Shown(_("Served"), "count", help=_("Served of those in line.")),
    }
    rows(frame.assign(tier=frame["tier"].map(tiers.say)), columns, name="waits", scope=scope, key="waits", folded=False)


def hours(scope: Scope, tiers: TierNames, pool: str, where: dict[str, str]) -> None:
    """Show at which hour of the day being passed is most frequent."""
    frame = results.passing(scope, "hours", pool=pool, **where)
    parts = {tiers.say(tier): part for tier, part in frame.groupby("tier", dropna=False, sort=False)}
    order = [tiers.say(tier) for tier in tiers.sorted(frame["tier"].unique())]
    chart(
        charts.courses(
            {
                n: (parts[n]["period"], [formats.known(v) for v in parts[n]["share_passed"]])
                for n in order
                if n in parts
            },
            say=formats.share,
            x_title=_("Hour of arrival ({zone})", zone=results.zone(scope)),
            y_title=_("Passed at least once"),
            colours=tiers.colours,
            tickformat=".0%",
        ),
        title=_("When it happens"),
        definition=_(definitions.PASSED),
        key="hours",
    )
    columns = {
        "period": Shown(_("Hour"), "count"),
        "tier": Shown(_("Tier")),
        "share_passed": Shown(_("Passed at least once"), "share"),
        "n": Shown(_("In line"), "count"),
    }
    rows(
        frame.assign(tier=frame["tier"].map(tiers.say)),
        columns,
        name="passed_by_hour",
        scope=scope,
        key="hours",
        title=_("When it happens"),
    )


def page(scope: Scope) -> None:
    """Choose, state the finding, show the evidence."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        scope, where = balance.filters(scope, queues=True)
        says = {"within": _("Each queue by itself"), "one": _("All as one line")}
        pool = link.choice(
            "pool", list(says), label=_("Compare"), say=lambda name: says[name], look="segments", page="queues"
        )
    tiers = balance.tiers_here(scope)
    if not tiers.order:
        states.empty(
            _("No tiers here"),
            _("Contacts or customers with a column for the tier bring them; a file of tiers can be imported too."),
        )
        return
    balance.headline(scope, tiers, pool, where)
    passes(scope.narrowed(_("Compared"), says[pool]), tiers, pool, where)
    waiting(scope, tiers, where)
    hours(scope.narrowed(_("Compared"), says[pool]), tiers, pool, where)


here = current_scope()
if here is None or not here.has("contacts"):
    states.empty(
        _("No contacts here"),
        _("A file of contacts brings this page: when each joined the queue, when the wait ended, and how."),
    )
else:
    try:
        page(here)
    except CxError as error:
        states.refused(error)
