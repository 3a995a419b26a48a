"""Two rules side by side: how each tier's wait goes on, who is passed, who passes whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import streamlit as st

from cxlib import charts, formats
from cxlib.exports.decision_note import NOTED, change_said, groups_of, value_said
from cxlib.queueing.study import IN_FORCE
from cxlib.texts import _
from cxlib.ui import definitions, link
from cxlib.ui.safe import safe
from cxlib.ui.show import Shown, chart, heading, rows, two_a_row

if TYPE_CHECKING:
    from cxlib.ui.policy_look import Look

PAGE: Final = "policies"
MOST_S: Final = 900.0
SHOWN_SHARE: Final = 0.01


def part(look: Look) -> None:
    """Show two rules beside each other."""
    names = [IN_FORCE, *(each for each in look.runs.policies if each != IN_FORCE)]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        one = link.choice("one", names, label=_("One rule"), say=look.said, page=PAGE)
        other = link.choice(
            "other", [*names, "mine"], label=_("Another rule"), say=_mine_or(look), default="mine", page=PAGE
        )
    other = look.mine.rule if other == "mine" else other
    if one == other:
        st.caption(_("Both are the same rule: choose another one."))
        return
    heading(safe(_said(look, one, other)), 4)
    places = two_a_row(len(look.order))
    for name, place in zip(look.order, places, strict=False):
        with place:
            _curves(look, name, one, other)
    left, right = st.columns(2, gap="large")
    with left:
        _passed(look, one, other)
    with right:
        _passes(look, one, other)
    _rows(look, one, other)


def _mine_or(look: Look) -> Any:
    def said(policy: str) -> str:
        return _("Rule to try: {rule}", rule=look.said(look.mine.rule)) if policy == "mine" else look.said(policy)

    return said


def _said(look: Look, one: str, other: str) -> str:
    """Return how the mean wait of each class differs."""
    summary = look.runs.summary().set_index(["policy", "class", "indicator"])["value"]
    parts = []
    for name in look.order:
        before, after = (formats.known(summary.get((policy, name, "mean_wait_s"))) for policy in (one, other))
        if before is not None and after is not None:
            parts.append(f"{look.group(name)} {formats.seconds(before)} → {formats.seconds(after)}")
    return _("Mean wait: {list}", list=formats.listed(parts)) if parts else _("Too few contacts to compare.")


def _curves(look: Look, name: str, one: str, other: str) -> None:
    series, colours = {}, {}
    end = 60.0
    for policy, colour in ((one, charts.MISSING), (other, look.pool.tiers.colours.get(look.group(name), charts.BLUE))):
        curve = look.runs.curves
        mine = curve[(curve["policy"] == policy) & (curve["class"] == name) & (curve["t_s"] <= MOST_S)]
        if mine.empty:
            continue
        label = look.brief(policy)
        series[label] = (list(mine["t_s"]), list(mine["share"]))
        colours[label] = colour
        still = mine.loc[mine["share"] > SHOWN_SHARE, "t_s"]
        end = max(end, float(still.max()) if len(still) else 0.0)
    if not series:
        st.caption(_("Nobody of {tier} had to wait.", tier=safe(look.group(name))))
        return
    cut = {
        label: ([x for x in xs if x <= end], [y for x, y in zip(xs, ys, strict=True) if x <= end])
        for label, (xs, ys) in series.items()
    }
    chart(
        charts.courses(
            cut,
            say=formats.share,
            x_title=_("Seconds in line"),
            y_title=_("Still waiting"),
            colours=colours,
            tickformat=".0%",
            y_top=1,
        ),
        title=safe(look.group(name)),
        definition=_(definitions.STILL_WAITING),
        key=f"curve-{name}",
    )


def _passed(look: Look, one: str, other: str) -> None:
    summary = look.runs.summary().set_index(["policy", "class", "indicator"])["value"]
    pairs = {
        look.group(group): tuple(formats.known(summary.get((policy, group, "passed_once"))) for policy in (one, other))
        for group in groups_of(look.runs)
    }
    chart(
        charts.dumbbells(
            pairs,  # type: ignore[arg-type]
            names=(look.brief(one), look.brief(other)),
            say=formats.share,
            axis=_("Passed at least once"),
            colours=look.pool.tiers.colours,
            tickformat=".0%",
        ),
        title=_("Who is passed"),
        definition=_(definitions.PASSED),
        key="passed-pair",
    )


def _passes(look: Look, one: str, other: str) -> None:
    """Show who passes whom under the other rule, per hundred queued contacts of the passed."""
    queued = look.runs.by_class.groupby(["policy", "class"])["n_queued"].sum()
    pairs = look.runs.pairs.groupby(["policy", "passing", "passed"])["passes"].sum().reset_index()
    rate = [
        100 * row["passes"] / max(queued.get((row["policy"], row["passed"]), 0), 1) for row in pairs.to_dict("records")
    ]
    pairs = pairs.assign(rate=rate)
    label = {name: look.group(name) for name in look.order}
    frame = pd.DataFrame(
        {
            "passing": [label.get(each, str(each)) for each in pairs["passing"]],
            "passed": [label.get(each, str(each)) for each in pairs["passed"]],
            "policy": pairs["policy"],
            "rate": pairs["rate"],
        }
    )
    wide = frame[frame["policy"].isin([one, other])].pivot_table(
        index=["passing", "passed"], columns="policy", values="rate", sort=False, aggfunc="first"
    )
    shown = wide.reset_index().rename(columns={one: "before", other: "after"})
    shown = shown[(shown["before"] > 0) | (shown["after"] > 0)].sort_values("before", ascending=False, kind="stable")
    heading(_("Who passes whom"), 4)
    if shown.empty:
        st.caption(_("Nobody passes anybody under either rule."))
        return
    st.caption(_("Passes for each 100 contacts in line of the tier that is passed."))
    columns = {
        "passing": Shown(_("Passes")),
        "passed": Shown(_("Is passed")),
        "before": Shown(look.brief(one), "number", decimals=1),
        "after": Shown(look.brief(other), "number", decimals=1),
    }
    rows(shown, columns, name="passes_by_rule", scope=look.pool.scope, key="passes_by_rule", folded=False)


def _rows(look: Look, one: str, other: str) -> None:
    values = look.runs.summary().set_index(["policy", "class", "indicator"])
    changes = look.runs.differences(one).set_index(["policy", "class", "indicator"])
    out = []
    for group in groups_of(look.runs):
        for name in NOTED:
            keys: list[Any] = [(policy, group, name) for policy in (one, other)]
            before, after = keys
            if before not in values.index or after not in changes.index:
                continue
            said, changed, away = value_said(name), change_said(name), changes.loc[after]
            out.append(
                {
                    "group": look.group(group),
                    "indicator": look.indicator(name),
                    "before": said(values.loc[before, "value"]),
                    "after": said(values.loc[after, "value"]),
                    "change": changed(away["value"]),
                    "between": f"{changed(away['low'])} … {changed(away['high'])}",
                }
            )
    columns = {
        "group": Shown(_("Tier")),
        "indicator": Shown(_("Indicator")),
        "before": Shown(look.brief(one)),
        "after": Shown(look.brief(other)),
        "change": Shown(_("Change")),
        "between": Shown(_("95 % interval")),
    }
    rows(
        pd.DataFrame(out, columns=list(columns)),
        columns,
        name="two_rules",
        scope=look.pool.scope.narrowed(_("Rules"), f"{look.said(one)} – {look.said(other)}"),
        key="two_rules",
        title=_("Every change with its interval"),
    )
