"""Allocation: who gets how much service, by tier or any other segment."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from cxlib import charts, formats
from cxlib.errors import CxError
from cxlib.texts import _
from cxlib.ui import balance, definitions, link, results, states
from cxlib.ui.safe import safe
from cxlib.ui.scope import Scope, current_scope
from cxlib.ui.show import Shown, chart, finding, rows
from cxlib.ui.sitemap import link_to


def headline(scope: Scope, frame: pd.DataFrame, say: Callable[[object], str], by: str) -> None:
    """State which segment gets most and least agent time for its size."""
    known = frame.dropna(subset=["representation", by])
    period = dict(scope.filters)[_("Period")]
    n = _("{n} contacts, {period}.", n=formats.number(frame["n"].sum()), period=period)
    if len(known) > 1:
        most, least = known.loc[known["representation"].idxmax()], known.loc[known["representation"].idxmin()]
        finding(
            _(
                "For its share of customers, {most} gets {a} times the agent time, {least} {b} times.",
                most=safe(say(most[by])),
                a=formats.ratio(most["representation"]),
                least=safe(say(least[by])),
                b=formats.ratio(least["representation"]),
            ),
            more=n,
        )
        return
    timed = frame.dropna(subset=["share_agent_time", by])
    if len(timed) > 1:
        most = timed.loc[timed["share_agent_time"].idxmax()]
        shares = {
            "most": safe(say(most[by])),
            "time": formats.share(most["share_agent_time"], decimals=0),
            "contacts": formats.share(most["share_contacts"], decimals=0),
        }
        finding(_("{most}: {contacts} of the contacts, {time} of the agent time.", **shares), more=n)
    else:
        finding(_("{n} contacts in {k} segments.", n=formats.number(frame["n"].sum()), k=len(frame)), more=n)
    if not scope.has("customers"):
        st.caption(_("A file of customers brings the share of customers and the representation ratio."))
        link_to("import", label=_("Import customers"))


def shares(frame: pd.DataFrame, names: list[str], colours: dict[str, str]) -> None:
    """Show the share of agent time beside the share of customers, or of contacts where customers are not known."""
    base = "share_customers" if frame["share_customers"].notna().any() else "share_contacts"
    label = _("Share of customers") if base == "share_customers" else _("Share of contacts")
    pairs = zip(frame[base], frame["share_agent_time"], strict=True)
    chart(
        charts.dumbbells(
            {name: (formats.known(a), formats.known(b)) for name, (a, b) in zip(names, pairs, strict=True)},
            names=(label, _("Share of agent time")),
            say=formats.share,
            axis=_("Share of the whole"),
            colours=colours,
        ),
        title=_("Service beside size"),
        definition=_(definitions.REPRESENTATION),
        key="shares",
    )


def measures_of(scope: Scope) -> dict[str, tuple[str, Callable[[float | None], str], str, str]]:
    """Return the outcomes to choose from: label, how to write a value, tick format, and the column with its n."""
    sla = formats.seconds(scope.settings.sla_s)
    return {
        "sla": (_("Served within {wait}", wait=sla), formats.share, ".0%", "n_queued"),
        "mean_wait_s": (_("Mean wait, seconds"), formats.seconds, ",", "n_served_queued"),
        "abandonment": (_("Left, of those in line"), formats.share, ".0%", "n_queued"),
        "resolution": (_("Resolved"), formats.share, ".0%", "n_resolution"),
        "csat": (_("Satisfaction, mean"), formats.ratio, ",", "n_csat"),
    }


def outcome(scope: Scope, frame: pd.DataFrame, names: list[str], colours: dict[str, str], measure: str) -> None:
    """Show one outcome by segment."""
    label, say, ticks, n = measures_of(scope)[measure]
    if not frame[measure].notna().any():
        states.too_few(int(frame["n"].sum()), scope.settings.min_group)
        return
    chart(
        charts.bars(
            {name: formats.known(value) for name, value in zip(names, frame[measure], strict=True)},
            say=say,
            axis=label,
            colours=colours,
            notes={name: _("n = {n}", n=formats.number(count)) for name, count in zip(names, frame[n], strict=True)},
            sort=False,
            tickformat=ticks,
        ),
        title=label,
        definition=_(definitions.OUTCOMES),
        key="outcome",
    )


def course(scope: Scope, by: str, say: Callable[[object], str], colours: dict[str, str], where: dict[str, str]) -> None:
    """Show the service level week by week."""
    frame = results.allocation_course(scope, by, **where)
    parts = {say(value): part for value, part in frame.groupby(by, dropna=False, sort=False)}
    if frame["period"].nunique() < 2:
        return
    chart(
        charts.courses(
            {name: (list(part["period"]), [formats.known(v) for v in part["sla"]]) for name, part in parts.items()},
            say=formats.share,
            x_title=_("Week from"),
            y_title=_("Served within {wait}", wait=formats.seconds(scope.settings.sla_s)),
            colours=colours,
            tickformat=".0%",
        ),
        title=_("Week by week"),
        definition=_(definitions.SERVICE_LEVEL),
        key="course",
    )


def page(scope: Scope) -> None:
    """Choose, state the finding, show the evidence."""
    labels = {
        "tier": _("Tier"),
        "need": _("Need"),
        "region": _("Region"),
        "queue": _("Queue"),
        "channel": _("Channel"),
        "location": _("Location"),
    }
    there = {*results.columns_of(scope, "contacts"), *results.columns_of(scope, "customers")}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        segments = [name for name in labels if name in there]
        if not segments:
            states.empty(
                _("No segments here"), _("A column for tier, need, region, queue or channel would bring them.")
            )
            return
        by = link.choice(
            "by", segments, label=_("By"), say=lambda name: labels[name], look="segments", page="allocation"
        )
        scope, where = balance.filters(scope)
        measures = measures_of(scope)
        measure = link.choice(
            "measure", list(measures), label=_("Outcome"), say=lambda name: measures[name][0], page="allocation"
        )
    scope = scope.narrowed(_("By"), labels[by])
    tiers = balance.tiers_here(scope)
    frame = results.allocation_by(scope, by, **where)
    say = tiers.say if by == "tier" else balance.say_segment
    names = [say(value) for value in frame[by]]
    colours = tiers.colours if by == "tier" else {}
    headline(scope, frame, say, by)
    if by == "tier":
        balance.warn_of_trap(scope, where)
    left, right = st.columns(2, gap="large")
    with left:
        shares(frame, names, colours)
    with right:
        outcome(scope, frame, names, colours, measure)
    listed(scope, frame.assign(**{by: names}), by, labels[by])
    if len(names) <= 5:
        course(scope, by, say, colours, where)


def listed(scope: Scope, frame: pd.DataFrame, by: str, label: str) -> None:
    """Show every measure of every segment, with its n."""
    columns = {
        by: Shown(label),
        "representation": Shown(_("Representation"), "number", help=_("Share of agent time over share of customers.")),
        "share_customers": Shown(_("Customers"), "share"),
        "share_contacts": Shown(_("Contacts"), "share"),
        "share_agent_time": Shown(_("Agent time"), "share"),
        "share_value": Shown(_("Value"), "share"),
        "contacts_per_customer": Shown(_("Contacts per customer"), "number"),
        "mean_wait_s": Shown(_("Mean wait"), "seconds"),
        "median_wait_s": Shown(_("Median wait"), "seconds"),
        "p90_wait_s": Shown(_("9 of 10 within"), "seconds"),
        "sla": Shown(_("In time, of those in line"), "share"),
        "sla_offered": Shown(_("In time, of all"), "share"),
        "abandonment": Shown(_("Left, of those in line"), "share"),
        "resolution": Shown(_("Resolved"), "share"),
        "csat": Shown(_("Satisfaction"), "number"),
        "n_customers": Shown(_("n customers"), "count"),
        "n": Shown(_("n contacts"), "count"),
        "n_queued": Shown(_("n in line"), "count"),
    }
    there = {name: shown for name, shown in columns.items() if name in frame and frame[name].notna().any()}
    rows(frame, there, name="allocation", scope=scope, key="allocation", folded=False)
    if frame["too_few"].any():
        least = scope.settings.min_group
        st.caption(_("Rates of fewer than {least} contacts are left empty: too few to say anything.", least=least))


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
