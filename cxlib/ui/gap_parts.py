"""The parts about gaps: crude and like for like, what drives them, and equal courtesy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st
from babel.dates import get_day_names

from cxlib import charts, formats
from cxlib.errors import CxError
from cxlib.fairness.substance import COURTESIES
from cxlib.texts import _, language
from cxlib.ui import balance, definitions, link, views
from cxlib.ui.fragments import fragment
from cxlib.ui.margin_parts import margin_chart, verdict_columns, verdict_rows, with_margins
from cxlib.ui.safe import safe
from cxlib.ui.segments import ALIKE, MOST, SEGMENTS, outcome_said, reason, refused_quietly
from cxlib.ui.show import Shown, chart, heading, rows, two_a_row

if TYPE_CHECKING:
    import pandas as pd

    from cxlib.ui.scope import Scope
    from cxlib.ui.segments import Segments

SCREENS: Final = ("1.1", "1.25", "1.5", "2")
DRIVERS: Final = 10
PAIRS: Final = 5


@fragment
def gaps(chosen: Segments) -> None:
    """Show how far the segments are apart, crude and like for like, and what drives it."""
    heading(_("Like for like"))
    try:
        _gaps(chosen)
    except CxError as error:
        if not refused_quietly(error):
            raise
        st.caption(_("There are no two groups to set beside each other."))


def _gaps(chosen: Segments) -> None:
    sla_s = chosen.scope.settings.sla_s
    with st.container(horizontal=True, vertical_alignment="bottom"):
        alike = link.choice(
            "alike", chosen.alikes(), label=_("Alike in"), say=lambda each: _(ALIKE[each]), page="allocation"
        )
        screen = link.choice(
            "screen",
            SCREENS,
            default="1.25",
            label=_("Screen from a ratio of"),
            say=lambda each: formats.ratio(float(each)),
            page="allocation",
            help=_("Ratios beyond it either way are worth a look. A screen, not a verdict."),
        )
        if alike != "usual" and not _at_hand(chosen, alike):
            return
        table = chosen.gaps(alike=alike, screen=float(screen))
        told = list(dict.fromkeys(table.loc[table["crude"].notna(), "outcome"]))
        if not told:
            st.caption(_("Too few contacts on either side."))
            return
        outcome = link.choice(
            "gap", told, label=_("Outcome"), say=lambda each: outcome_said(each, sla_s).label, page="allocation"
        )
    if outcome != told[0] and not _at_hand(chosen, alike):
        return
    scope = chosen.scope.narrowed(_("Alike in"), _(ALIKE[alike])).narrowed(_("Screen"), formats.ratio(float(screen)))
    part = table[table["outcome"] == outcome]
    shown = _largest_gaps(chosen, part)
    left, right = st.columns(2, gap="large")
    with left:
        _three_ways(chosen, shown, outcome)
    with right:
        _drivers(chosen, shown, outcome, alike)
    _listed(chosen, table, scope, float(screen))


def _at_hand(chosen: Segments, alike: str) -> bool:
    return views.at_hand(chosen.scope, "gaps", by=chosen.by, alike=alike, **chosen.where)


def _largest_gaps(chosen: Segments, part: pd.DataFrame) -> pd.DataFrame:
    if chosen.by == "tier" or len(part) <= PAIRS:
        return part
    order = part["like"].abs().sort_values(ascending=False, kind="stable").index[:PAIRS]
    return part.loc[sorted(order)]


def _three_ways(chosen: Segments, part: pd.DataFrame, outcome: str) -> None:
    """Show each gap crude, under common conditions, and like for like."""
    said = outcome_said(outcome, chosen.scope.settings.sla_s)
    kinds = {"like": _("like for like"), "crude": _("crude"), "common": _("common")}
    values, notes, unknown, colours = {}, {}, {}, {}
    for row in part.to_dict("records"):
        name = chosen.say(row["other"])
        for kind, words in kinds.items():
            label = name if kind == "like" else f"{name}, {words}"
            ends = (formats.known(row[f"{kind}{end}"]) for end in ("", "_low", "_high"))
            values[label] = tuple(ends)
            unknown[label] = reason(row[f"{kind}_reason"]) or _("too few")
            colours[label] = chosen.colours.get(name, charts.BLUE) if kind == "like" else charts.MISSING
        notes[name] = kinds["like"]
    reference = chosen.say(part.iloc[0]["reference"])
    chart(
        charts.intervals(
            values,  # type: ignore[arg-type]
            say=said.change,
            axis=_("{measure}: difference to {reference}", measure=said.label, reference=reference),
            colours=colours,
            notes=notes,
            tickformat=said.ticks,
            unknown={label: words for label, words in unknown.items() if values[label][0] is None},
        ),
        title=_gap_title(chosen, part, outcome),
        definition=_(definitions.GAP),
        key="gaps",
    )
    told = [
        f"{chosen.say(row['other'])} {formats.share(row['share_counterpart'], decimals=0)}"
        for row in part.to_dict("records")
    ]
    st.caption(_("With a counterpart: {shares}.", shares=safe(formats.listed(told))))


def _gap_title(chosen: Segments, part: pd.DataFrame, outcome: str) -> str:
    said = outcome_said(outcome, chosen.scope.settings.sla_s)
    clear = part[part["differs"].fillna(False)]
    if clear.empty:
        return _("{measure}: no gap beyond chance", measure=said.label)
    row = clear.iloc[int(clear["like"].abs().to_numpy().argmax())]
    return _("{other}: {gap} like for like", other=chosen.say(row["other"]), gap=said.change(row["like"]))


def _drivers(chosen: Segments, part: pd.DataFrame, outcome: str, alike: str) -> None:
    """Show which conditions drive the largest of the gaps."""
    known = part[part["like"].notna()]
    if known.empty:
        return
    row = known.iloc[int(known["like"].abs().to_numpy().argmax())]
    table = chosen.drivers(outcome, row["other"], row["reference"], alike=alike)
    conditions = list(dict.fromkeys(table["condition"]))
    if not conditions:
        return
    said = outcome_said(outcome, chosen.scope.settings.sla_s)
    condition = conditions[0]
    if len(conditions) > 1:
        condition = link.choice(
            "driver", conditions, label=_("Driven by"), say=_condition, look="segments", page="allocation"
        )
    top = table[table["condition"] == condition].head(DRIVERS)
    chart(
        charts.contributions(
            {_value(condition, value): each for value, each in zip(top["value"], top["contribution"], strict=True)},
            say=said.change,
            axis=_("Adds to the gap of {other}", other=chosen.say(row["other"])),
            tickformat=said.ticks,
        ),
        title=_("What drives it"),
        definition=_(definitions.DRIVERS),
        key="drivers",
    )
    columns = {
        "condition": Shown(_("Condition")),
        "value": Shown(_("Value")),
        "contribution": Shown(_("Adds"), "number", decimals=4),
        "share_of_gap": Shown(_("Of the gap"), "share"),
        "n_other": Shown(_("n compared"), "count"),
        "n_reference": Shown(_("n reference"), "count"),
        "remark": Shown(_("Remark")),
    }
    listed = table.assign(
        value=[_value(name, value) for name, value in zip(table["condition"], table["value"], strict=True)],
        condition=[_condition(name) for name in table["condition"]],
        remark=[_("too few") if few else "" for few in table["too_few"]],
    )
    rows(listed, columns, name=f"drivers_{outcome}", scope=chosen.scope, key="drivers", title=_("What drives it"))


def _listed(chosen: Segments, table: pd.DataFrame, scope: Scope, screen: float) -> None:
    """Show all gaps, with what the screen marks."""
    sla_s = chosen.scope.settings.sla_s
    marked = int(table["screened"].fillna(False).sum())
    st.caption(
        _(
            "{n} of {all} gaps are beyond the screen of {screen}: worth a look, no verdict.",
            n=marked,
            all=len(table),
            screen=formats.ratio(screen),
        )
    )
    columns = {
        "outcome": Shown(_("Outcome")),
        "other": Shown(_("Group")),
        "reference": Shown(_("Beside")),
        "screen": Shown(_("Screen")),
        "chance": Shown(_("Beyond chance")),
        "like_ratio": Shown(_("Ratio, like for like"), "number"),
        "like_ratio_low": Shown(_("From"), "number"),
        "like_ratio_high": Shown(_("To"), "number"),
        "crude_ratio": Shown(_("Ratio, crude"), "number"),
        "common_ratio": Shown(_("Ratio, common"), "number"),
        "like": Shown(_("Difference, like for like"), "number", decimals=3),
        "like_low": Shown(_("Difference, from"), "number", decimals=3),
        "like_high": Shown(_("Difference, to"), "number", decimals=3),
        "crude": Shown(_("Difference, crude"), "number", decimals=3),
        "share_counterpart": Shown(_("With a counterpart"), "share"),
        "n_strata": Shown(_("Strata"), "count"),
        "n_other": Shown(_("n group"), "count"),
        "n_reference": Shown(_("n beside"), "count"),
        "n_days": Shown(_("Days"), "count"),
        "remark": Shown(_("Remark")),
    }
    yes, no = _("yes"), _("no")
    listed = table.assign(
        outcome=[outcome_said(name, sla_s).label for name in table["outcome"]],
        other=[chosen.say(value) for value in table["other"]],
        reference=[chosen.say(value) for value in table["reference"]],
        screen=[_("worth a look") if mark is True else "" for mark in table["screened"].astype(object)],
        chance=["" if mark is None else yes if mark else no for mark in _nullable(table["differs"])],
        remark=[reason(code) for code in table["like_reason"]],
    )
    rows(listed, columns, name="gaps", scope=scope, key="gaps", title=_("Like for like"))


def _nullable(marks: pd.Series[bool]) -> list[bool | None]:
    return [None if missing else bool(mark) for mark, missing in zip(marks.astype(object), marks.isna(), strict=True)]


def courtesy(chosen: Segments) -> None:
    """Show whether, once served, tiers and needs are treated alike."""
    heading(_("Once served: equal courtesy"))
    try:
        table = chosen.courtesy()
    except CxError as error:
        if not refused_quietly(error):
            raise
        st.caption(f"{error.said} {error.hint}")
        return
    if table["advantage"].isna().all():
        st.caption(_("Times of service, resolution or satisfaction of enough contacts would tell."))
        return
    sla_s = chosen.scope.settings.sla_s

    def say(by: str, value: object) -> str:
        return chosen.tiers.say(value) if by == "tier" else balance.say_segment(value)

    pairs = list(table.groupby(["by", "group", "compared_with"], sort=False))
    st.markdown(_courtesy_said(table))
    shown = pairs[:MOST]
    for i, (place, (names, part)) in enumerate(zip(two_a_row(len(shown)), shown, strict=True)):
        by, group, beside = map(str, names)
        with place:
            chart(
                margin_chart(
                    part, words=COURTESIES, sla_s=sla_s, colour=chosen.tiers.colours.get(say(by, group), charts.BLUE)
                ),
                title=_("{group} beside {other}", group=say(by, group), other=say(by, beside)),
                definition=_(definitions.COURTESY),
                key=f"courtesy-{i}",
            )
    listed = verdict_rows(table, words=COURTESIES, say=say, sla_s=sla_s)
    listed["by"] = [_(SEGMENTS[name]) for name in listed["by"]]
    rows(
        listed,
        verdict_columns(table, {"by": _("By")}),
        name="courtesy",
        scope=with_margins(chosen.scope),
        key="courtesy",
        title=_("Once served: equal courtesy"),
    )


def _courtesy_said(table: pd.DataFrame) -> str:
    unequal = table[table["verdict"].isin(["substantive", "reversed"])]
    told = int(table["advantage"].notna().sum())
    if unequal.empty:
        alike = int((table["verdict"] == "symbolic").sum())
        return _("{alike} of {all} comparisons show equal courtesy; none shows a difference.", alike=alike, all=told)
    return _("{n} of {all} comparisons show a difference of practical weight once served.", n=len(unequal), all=told)


def _condition(name: str) -> str:
    fixed = {"weekday": _("Weekday"), "hour": _("Hour")}
    return fixed[name] if name in fixed else _(SEGMENTS[name]) if name in SEGMENTS else name


def _value(condition: str, value: object) -> str:
    if condition == "weekday":
        return str(get_day_names("abbreviated", locale=language())[int(str(value))])
    return f"{value}:00" if condition == "hour" else str(value)
