"""The parts of the page of allocation: size and service, an outcome by segment, through time and through the week."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st
from babel.dates import get_day_names

from cxlib import charts, formats
from cxlib.fairness.measures import MEASURES, TYPICAL_WAITS
from cxlib.texts import _, language
from cxlib.ui import definitions, link, results, states, views
from cxlib.ui.allocation_said import change_said
from cxlib.ui.fragments import fragment
from cxlib.ui.segments import FIRST_SHOWN, MOST, measure_said, reason
from cxlib.ui.show import Shown, chart, heading, rows
from cxlib.ui.sitemap import link_to

if TYPE_CHECKING:
    from cxlib.ui.segments import Said, Segments

LINES = 5
PANELS = 4


def size(chosen: Segments) -> None:
    """Show the share of agent time beside the share of customers, or of contacts where customers are not known."""
    whole = _largest(chosen, chosen.whole())
    known = bool(whole["share_customers"].notna().any())
    base, label = ("share_customers", _("Share of customers")) if known else ("share_contacts", _("Share of contacts"))
    pairs = {
        chosen.say(row[chosen.by]): (formats.known(row[base]), formats.known(row["share_agent_time"]))
        for row in whole.to_dict("records")
    }
    chart(
        charts.dumbbells(
            pairs,
            names=(label, _("Share of agent time")),
            say=formats.share,
            axis=_("Share of the whole"),
            colours=chosen.colours,
        ),
        title=_("Service beside size"),
        definition=_(definitions.REPRESENTATION),
        key="shares",
    )
    if not chosen.scope.has("customers"):
        st.caption(_("A file of customers brings the share of customers and the representation ratio."))
        link_to("import", label=_("Import customers"))


@fragment
def outcomes(chosen: Segments) -> None:
    """Let the reader choose an outcome, and show it by segment, against the period before, and through time."""
    table = chosen.measures()
    told = [name for name in (*MEASURES, *TYPICAL_WAITS) if (table.loc[table["measure"] == name, "n"] > 0).any()]
    sla_s = chosen.scope.settings.sla_s
    name = link.choice(
        "measure",
        told,
        default=FIRST_SHOWN,
        label=_("Outcome"),
        say=lambda each: measure_said(each, sla_s).label,
        page="allocation",
    )
    said = measure_said(name, sla_s)
    left, right = st.columns(2, gap="large")
    with left:
        by_segment(chosen, name, said)
        course(chosen, name, said)
        size(chosen)
    with right:
        against_before(chosen, name, said)
        week(chosen, name, said)


def by_segment(chosen: Segments, name: str, said: Said) -> None:
    """Show a measure of every segment with its interval."""
    table = _largest(chosen, chosen.measure(name))
    names = [chosen.say(value) for value in table[chosen.by]]
    chart(
        charts.intervals(
            {
                label: (formats.known(row["value"]), formats.known(row["low"]), formats.known(row["high"]))
                for label, row in zip(names, table.to_dict("records"), strict=True)
            },
            say=said.say,
            axis=said.label + (_(", seconds") if said.kind == "seconds" else ""),
            colours=chosen.colours,
            notes={label: _("n = {n}", n=formats.number(n)) for label, n in zip(names, table["n"], strict=True)},
            mark=(_("as its size"), 1.0) if name == "representation" else None,
            tickformat=said.ticks,
        ),
        title=said.label,
        definition=_(definitions.MEASURED),
        key="outcome",
    )
    known = table[table["value"].notna()]
    if len(known) and known["low"].isna().all():
        st.caption(reason(known["reason"].iloc[0]))
    rows(
        _remarked(chosen, chosen.measure(name)),
        _measure_columns(chosen, said),
        name=f"allocation_{name}",
        scope=chosen.scope,
        key="outcome",
        title=said.label,
    )


def against_before(chosen: Segments, name: str, said: Said) -> None:
    """Show a measure beside the same number of days before."""
    table, months = chosen.change(), chosen.compared_months()
    if table is None or months is None:
        heading(_("Against the period before"), 4)
        st.caption(_("There is no whole month before to compare with."))
        return
    part = _largest(chosen, table[table["measure"] == name])
    if part.empty:
        return
    chart(
        charts.dumbbells(
            {
                chosen.say(row[chosen.by]): (formats.known(row["before"]), formats.known(row["value"]))
                for row in part.to_dict("records")
            },
            names=(formats.month(months[0]), formats.month(months[1])),
            say=said.say,
            axis=said.label,
            colours=chosen.colours,
            tickformat=said.ticks,
            missing=_("too few"),
        ),
        title=change_said(chosen, name),
        definition=_(definitions.BEFORE),
        key="before",
    )
    columns = {
        chosen.by: Shown(chosen.label),
        "before": Shown(formats.month(months[0]), said.kind),
        "value": Shown(formats.month(months[1]), said.kind),
        "change": Shown(_("Change"), said.kind),
        "low": Shown(_("Change, from"), said.kind),
        "high": Shown(_("Change, to"), said.kind),
        "n_before": Shown(_("n before"), "count"),
        "n": Shown("n", "count"),
        "remark": Shown(_("Remark")),
    }
    rows(
        _remarked(chosen, table[table["measure"] == name]),
        columns,
        name=f"before_{name}",
        scope=chosen.scope.narrowed(_("Compared"), f"{months[0]}, {months[1]}"),
        key="before",
        title=_("Against the period before"),
    )


def course(chosen: Segments, name: str, said: Said) -> None:
    """Show a measure week by week."""
    table = _largest(chosen, chosen.weeks(name), most=LINES)
    if table.loc[table["value"].notna(), "period"].nunique() < 2:
        return
    parts = {
        chosen.say(value): part
        for value, part in table.groupby(chosen.by, dropna=False, sort=False)
        if part["value"].notna().any()
    }
    chart(
        charts.courses(
            {
                label: (list(part["period"].dt.date), [formats.known(value) for value in part["value"]])
                for label, part in parts.items()
            },
            say=said.say,
            x_title=_("Week from"),
            y_title=said.label,
            colours=chosen.colours or dict(zip(parts, charts.tier_colours(list(parts)).values(), strict=True)),
            tickformat=said.ticks,
        ),
        title=_("Week by week"),
        definition=_(definitions.MEASURED),
        key="course",
    )
    rows(
        _remarked(chosen, chosen.weeks(name)).assign(period=lambda each: each["period"].dt.date.astype("str")),
        {"period": Shown(_("Week from")), **_measure_columns(chosen, said)},
        name=f"weeks_{name}",
        scope=chosen.scope,
        key="course",
        title=_("Week by week"),
    )


def week(chosen: Segments, name: str, said: Said) -> None:
    """Show a measure by hour of the week."""
    asked = {"by": chosen.by, "measure": name, **chosen.where}
    if name != FIRST_SHOWN and not views.at_hand(chosen.scope, "hours", **asked):
        return
    every = chosen.hours(name)
    if every["period"].nunique() < 2 or not every["value"].notna().any():
        return
    table = _largest(chosen, every, most=PANELS)
    parts = {chosen.say(value): part for value, part in table.groupby(chosen.by, dropna=False, sort=False)}
    short = get_day_names("abbreviated", locale=language())
    chart(
        charts.hours_of_week(
            {
                label: dict(zip(part["period"].astype(int), map(formats.known, part["value"]), strict=True))
                for label, part in parts.items()
            },
            say=said.say,
            axis=_("Hour of arrival ({zone})", zone=results.zone(chosen.scope)),
            measured=said.label,
            days=[short[day] for day in range(7)],
            notes={
                label: {
                    int(hour): _("n = {n}", n=formats.number(count))
                    for hour, count in zip(part["period"], part["n"], strict=True)
                }
                for label, part in parts.items()
            },
            tickformat=said.ticks,
        ),
        title=_("Through the week"),
        definition=_(definitions.THROUGH_THE_WEEK),
        key="week",
    )
    rows(
        _remarked(chosen, every).assign(
            day=[short[int(hour) // 24] for hour in every["period"]], hour=every["period"].astype("int64") % 24
        ),
        {
            "day": Shown(_("Weekday")),
            "hour": Shown(_("Hour"), "count"),
            **_measure_columns(chosen, said),
        },
        name=f"week_{name}",
        scope=chosen.scope,
        key="week",
        title=_("Through the week"),
    )


def listed(chosen: Segments) -> None:
    """Show every measure of every segment, each with its n and interval."""
    sla_s = chosen.scope.settings.sla_s
    whole = chosen.whole()
    names = [chosen.say(value) for value in whole[chosen.by]]
    columns = {
        chosen.by: Shown(chosen.label),
        "representation": Shown(_("Representation"), "number", help=_("Share of agent time over share of customers.")),
        "share_customers": Shown(_("Customers"), "share"),
        "share_contacts": Shown(_("Contacts"), "share"),
        "share_agent_time": Shown(_("Agent time"), "share"),
        "share_value": Shown(_("Value"), "share"),
        "contacts_per_customer": Shown(_("Contacts per customer"), "number"),
        "mean_wait_s": Shown(_("Mean wait"), "seconds"),
        "sla": Shown(_("In time, of those in line"), "share"),
        "abandonment": Shown(_("Left, of those in line"), "share"),
        "resolution": Shown(_("Resolved"), "share"),
        "csat": Shown(_("Satisfaction"), "number"),
        "n_customers": Shown(_("n customers"), "count"),
        "n": Shown(_("n contacts"), "count"),
        "n_queued": Shown(_("n in line"), "count"),
        "few": Shown(_("Too few for"), help=_("What is left empty because too few contacts tell it, with their n.")),
    }
    whole = whole.assign(few=[_few(chosen, value) for value in whole[chosen.by]])
    there = {
        name: shown
        for name, shown in columns.items()
        if name in whole and whole[name].notna().any() and (whole[name] != "").any()
    }
    rows(
        whole.assign(**{chosen.by: names}), there, name="allocation", scope=chosen.scope, key="allocation", folded=False
    )
    if whole["too_few"].any():
        least = chosen.scope.settings.min_group
        st.caption(_("Rates of fewer than {least} contacts are left empty: too few to say anything.", least=least))
    every = _remarked(chosen, chosen.measures())
    every["told"] = [measure_said(name, sla_s).label for name in every["measure"]]
    rows(
        every,
        {
            chosen.by: Shown(chosen.label),
            "told": Shown(_("Measure")),
            "value": Shown(_("Value (share, seconds or score)"), "number", decimals=4),
            "low": Shown(_("From"), "number", decimals=4),
            "high": Shown(_("To"), "number", decimals=4),
            "n": Shown("n", "count"),
            "n_days": Shown(_("Days"), "count"),
            "remark": Shown(_("Remark")),
        },
        name="allocation_measures",
        scope=chosen.scope,
        key="measures",
        title=_("Every measure with n and interval"),
    )


def _few(chosen: Segments, value: Any) -> str:
    """Return which measures of a segment too few contacts tell, with their n."""
    table = chosen.measures()
    mine = table[chosen.by].isna() if pd.isna(value) else table[chosen.by] == value
    few = table[mine & (table["reason"] == "too_few")]
    sla_s = chosen.scope.settings.sla_s
    told = [
        f"{measure_said(name, sla_s).label} ({n})" for name, n in few[["measure", "n"]].itertuples(index=False) if n > 0
    ]
    return ", ".join(told)


def too_few(chosen: Segments) -> bool:
    """Say so where no segment has enough contacts for a rate; return whether that is so."""
    table = chosen.measures()
    wholes = [name for name, measure in MEASURES.items() if measure.whole]
    if table.loc[~table["measure"].isin(wholes), "value"].notna().any():
        return False
    states.too_few(int(chosen.whole()["n"].sum()), chosen.scope.settings.min_group)
    return True


def _largest(chosen: Segments, table: pd.DataFrame, most: int = MOST) -> pd.DataFrame:
    """Return the rows of the largest segments, in the order of the table."""
    if chosen.by == "tier":
        order = {value: place for place, value in enumerate(chosen.tiers.sorted(table["tier"].unique()))}
        return table.sort_values("tier", key=lambda each: each.map(order), kind="stable", ignore_index=True)
    if table[chosen.by].nunique(dropna=False) <= most:
        return table.reset_index(drop=True)
    kept = set(chosen.there()[:most])
    return table[table[chosen.by].isin(kept)].reset_index(drop=True)


def _remarked(chosen: Segments, table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with the names of their segments, and in words why a value or its interval is missing."""
    few = _("too few")
    remarks = [few if code == "too_few" else reason(code) for code in table["reason"]]
    return table.assign(**{chosen.by: [chosen.say(value) for value in table[chosen.by]]}, remark=remarks)


def _measure_columns(chosen: Segments, said: Said) -> dict[str, Shown]:
    kind = said.kind
    return {
        chosen.by: Shown(chosen.label),
        "value": Shown(said.label, kind),
        "low": Shown(_("From"), kind),
        "high": Shown(_("To"), kind),
        "n": Shown("n", "count"),
        "n_days": Shown(_("Days"), "count"),
        "remark": Shown(_("Remark")),
    }
