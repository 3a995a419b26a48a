"""Which rule gives most to the first tier and takes least from the others: the frontier, and all rules in rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from cxlib import charts, formats
from cxlib.charts import Traded
from cxlib.exports.decision_note import between_said, change_said, groups_of
from cxlib.exports.page_report import Words
from cxlib.queueing.frontier import frontier
from cxlib.queueing.runs import INDICATORS
from cxlib.queueing.study import IN_FORCE
from cxlib.texts import _
from cxlib.ui import definitions, link, record
from cxlib.ui.policy_look import WEIGHED, Look, change_ticks, kind_of, unit_of
from cxlib.ui.safe import safe
from cxlib.ui.show import Shown, chart, rows

if TYPE_CHECKING:
    import pandas as pd

PAGE = "policies"


def part(look: Look) -> None:
    """Show the frontier on the indicators that the reader weighs, and the rules in rows."""
    gainer, gain, loser, loss = _weighed(look)
    table = frontier(look.runs, gain=(gainer, gain), loss=(loser, loss), base=IN_FORCE)
    if gainer == loser and gain == loss:
        st.caption(_("Gain and loss are of the same here: choose another tier or another indicator for one of them."))
    left, right = st.columns([3, 2], gap="large")
    with left:
        chart(
            charts.frontier_marks(
                [_traded(look, row) for row in table.to_dict("records")],
                say_gain=change_said(gain),
                say_loss=change_said(loss),
                x_title=_("What {group} loses: {indicator}, {unit}", **_told(look, loser, loss)),
                y_title=_("What {group} gains: {indicator}, {unit}", **_told(look, gainer, gain)),
                ticks=(change_ticks(gain), change_ticks(loss)),
            ),
            title=_("Gain for {first}, loss for {last}", first=safe(look.group(gainer)), last=safe(look.group(loser))),
            definition=_(definitions.FRONTIER),
            key="frontier",
        )
    with right:
        _said(look, table, (gainer, gain), (loser, loss))
    _rows(look, table, (gainer, gain), (loser, loss))
    _all_rows(look)


def _told(look: Look, group: str, indicator: str) -> dict[str, str]:
    return {"group": look.group(group), "indicator": look.indicator(indicator), "unit": unit_of(indicator)}


def _largest(look: Look) -> str:
    """Return the class with most contacts but for the first: those whom a gain of the first would cost most."""
    rows = look.runs.by_class
    n = rows[rows["policy"] == IN_FORCE].groupby("class")["n"].mean()
    others = look.order[1:] or look.order
    return max(others, key=lambda each: float(n.get(each, 0.0)))


def _weighed(look: Look) -> tuple[str, str, str, str]:
    """Let the reader choose who is to gain, who may lose, and on what."""
    groups = [str(each) for each in groups_of(look.runs)]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        gainer = link.choice("gainer", groups, label=_("Who is to gain"), say=look.group, page=PAGE)
        loser = link.choice("loser", groups, label=_("Who may lose"), say=look.group, default=_largest(look), page=PAGE)
        gain = link.choice("gain", list(WEIGHED), label=_("Weighed by"), say=look.indicator, page=PAGE)
        with st.popover(_("Another indicator for the loss"), icon=":material/tune:", type="tertiary"):
            loss = link.choice(
                "loss",
                ["same", *WEIGHED],
                label=_("Loss weighed by"),
                say=lambda name: _("the same") if name == "same" else look.indicator(name),
                page=PAGE,
            )
    return gainer, gain, loser, gain if loss == "same" else loss


def _traded(look: Look, row: dict[Any, Any]) -> Traded:
    policy = str(row["policy"])
    kind = "today" if policy == IN_FORCE else "mine" if policy == look.mine.rule else "plain"
    if kind == "plain" and row["dominated"]:
        kind = "dominated"
    known = {name: formats.known(row[name]) for name in row if name.startswith(("gain", "loss"))}
    return Traded(
        name=look.said(policy),
        brief=look.brief(policy),
        gain=(known["gain"], known["gain_low"], known["gain_high"]),
        loss=(known["loss"], known["loss_low"], known["loss_high"]),
        look=kind,
    )


def _said(look: Look, table: pd.DataFrame, gain: tuple[str, str], loss: tuple[str, str]) -> None:
    """Say which rules nothing is better than, and where the reader's own one stands."""
    mine = table[table["policy"] == look.mine.rule].iloc[0]
    best = table[~table["dominated"]].sort_values("gain", ascending=False)
    said_gain, said_loss = change_said(gain[1]), change_said(loss[1])
    lines = []
    if mine["dominated"]:
        lines.append(
            _(
                "**{better}** gives {group} as much or more than **{rule}** and takes no more from {other}.",
                better=safe(look.said(str(mine["dominated_by"]))),
                rule=safe(look.said(look.mine.rule)),
                group=safe(look.group(gain[0])),
                other=safe(look.group(loss[0])),
            )
        )
    else:
        lines.append(_("No rule tried is better than **{rule}** on both.", rule=safe(look.said(look.mine.rule))))
    lines.append(
        _(
            "Best for {group}: **{rule}** ({gain}; {other}: {loss}).",
            group=safe(look.group(gain[0])),
            rule=safe(look.said(str(best["policy"].iloc[0]))),
            gain=_("gain {value}", value=said_gain(best["gain"].iloc[0])),
            other=safe(look.group(loss[0])),
            loss=_("loss {value}", value=said_loss(best["loss"].iloc[0])),
        )
    )
    mildest = table.sort_values("loss").iloc[0]
    lines.append(
        _(
            "Mildest for {other}: **{rule}** ({loss}; {group}: {gain}).",
            other=safe(look.group(loss[0])),
            rule=safe(look.said(str(mildest["policy"]))),
            loss=_("loss {value}", value=said_loss(mildest["loss"])),
            group=safe(look.group(gain[0])),
            gain=_("gain {value}", value=said_gain(mildest["gain"])),
        )
    )
    st.markdown("\n".join(f"- {line}" for line in lines))
    for line in lines:
        record.add(Words("text", line))
    st.caption(
        _(
            "All rules were run on the same {n} repetitions of the log: their differences are sharper than each by "
            "itself. Faint: another rule is better on both.",
            n=look.runs.replications,
        )
    )


def _rows(look: Look, table: pd.DataFrame, gain: tuple[str, str], loss: tuple[str, str]) -> None:
    """Show one row per rule: gain and loss, and the indicators of the two groups."""
    summary = look.runs.summary().set_index(["policy", "class", "indicator"])["value"]
    frame = table.assign(
        rule=table["policy"].map(lambda policy: look.said(str(policy))),
        better=[look.brief(each) if each else "" for each in table["dominated_by"]],
    )
    signs = {"gain": gain[1], "loss": loss[1]}
    columns: dict[str, Shown] = {"rule": Shown(_("Service rule"))}
    for name, (group, indicator) in {"gain": gain, "loss": loss}.items():
        told = {"group": look.group(group), "unit": unit_of(indicator)}
        label = _("Gain of {group} ({unit})", **told) if name == "gain" else _("Loss of {group} ({unit})", **told)
        frame[f"{name}_said"] = [
            between_said(signs[name], row[name], row[f"{name}_low"], row[f"{name}_high"])
            for row in table.to_dict("records")
        ]
        columns[f"{name}_said"] = Shown(label, help=look.indicator(indicator))
    for group, indicator in dict.fromkeys((gain, loss)):
        key = f"{group}:{indicator}"
        frame[key] = [summary.get((policy, group, indicator)) for policy in table["policy"]]
        columns[key] = Shown(look.group(group), kind_of(indicator), help=look.indicator(indicator))
    columns["better"] = Shown(_("Better is"), help=_("The rule that is better on one and not worse on the other."))
    rows(frame, columns, name="rules", scope=look.pool.scope, key="rules", folded=False)


def _all_rows(look: Look) -> None:
    """Show every indicator of every class under every rule, with intervals in the download."""
    summary = look.runs.summary()
    wide = summary.pivot_table(index=["policy", "class"], columns="indicator", values="value", sort=False, dropna=False)
    frame = wide.reset_index()
    frame = frame.assign(
        rule=[look.said(str(each)) for each in frame["policy"]], group=[look.group(each) for each in frame["class"]]
    )
    columns = {
        "rule": Shown(_("Service rule")),
        "group": Shown(_("Tier")),
        **{name: Shown(look.indicator(name), kind_of(name)) for name in INDICATORS if name in frame},
    }
    rows(
        frame,
        columns,
        name="rules_by_tier",
        scope=look.pool.scope,
        key="rules_by_tier",
        title=_("Every tier under every rule"),
    )
