"""What rule is really in force: the head starts that the log shows, beside those declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import streamlit as st

from cxlib import charts, formats
from cxlib.fairness.declared import CLOSE_S
from cxlib.fairness.head_start import WHY
from cxlib.texts import _, sentences
from cxlib.ui import definitions, queue_tasks, results, states
from cxlib.ui.fragments import fragment
from cxlib.ui.safe import safe
from cxlib.ui.show import Shown, chart, heading, rows
from cxlib.ui.sitemap import link_to

if TYPE_CHECKING:
    from cxlib.ui.queue_results import Queues
    from cxlib.ui.tiers import TierNames


@fragment
def part(queues: Queues, tiers: TierNames) -> None:
    """Show the rule in force by queue, its curve, and what no rule explains."""
    if len(tiers.order) < 2:
        told = _("A rule tells one tier from another: there are no two of them here.")
        states.empty(_("No rule to look for"), told, to_import=False)
        return
    frames = queue_tasks.frames_of(queues.scope, "rule", title=_("Looking for the rule in force"))
    if frames is None:
        return
    whole = frames["head_starts"]
    if whole.empty:
        states.empty(
            _("No rule to look for"),
            _("No two contacts of different tiers ever waited at the same time in the same line."),
            to_import=False,
        )
        return
    queue = _queue(queues, whole)
    found, curves = _of(whole, queue), _of(frames["curves"], queue)
    heading(said_rule(found, tiers, queue), 4)
    st.caption(_basis(found))
    link_to("policies", label=_("What another rule would do"), **({} if queue is None else {"queue": queue}))
    left, right = st.columns(2, gap="large")
    with left:
        _curve(found, curves, tiers)
    with right:
        _head_starts(found, tiers)
    _by_month(_of(frames["by_month"], queue), tiers)
    _tables(queues, tiers, whole, frames["by_month"])
    _unexplained(queues, tiers, _of(frames["unexplained"], queue), _of(frames["unexplained_passes"], queue))


def _queue(queues: Queues, whole: pd.DataFrame) -> str | None:
    """Return the queue chosen on the page, else one chosen here; the one with most pairs comes first."""
    if "queue" not in whole:
        return None
    pairs = whole.groupby("queue", dropna=False)["all_pairs"].max().sort_values(ascending=False, kind="stable")
    names = [str(each) for each in pairs.index if isinstance(each, str)]
    chosen = queues.where.get("queue", results.ALL)
    if chosen != results.ALL:
        return chosen
    if len(names) < 2:
        return names[0] if names else None
    return str(st.selectbox(_("Rule of the queue"), names, key="rule:queue", width=300))


def _of(frame: pd.DataFrame, queue: str | None) -> pd.DataFrame:
    return frame if queue is None or "queue" not in frame else frame[frame["queue"] == queue]


def said_rule(found: pd.DataFrame, tiers: TierNames, queue: str | None) -> str:
    """Return in one sentence what head start the first tier has, and what was declared."""
    ours = found[~found["is_reference"]]
    if ours.empty:
        return _("Nothing tells the rule here: too few of different tiers waited at the same time.")
    row = min(
        ours.to_dict("records"), key=lambda each: tiers.order.index(each["tier"]) if each["tier"] in tiers.order else 99
    )
    last = tiers.say(found.loc[found["is_reference"], "tier"].iloc[0])
    told = {"tier": safe(tiers.say(row["tier"])), "last": safe(last), "queue": safe(queue or _("All"))}
    why = row["why"]
    if not row["identified"]:
        return sentences(_("The rule for {tier} cannot be told in “{queue}”.", **told), _(WHY[why]) + _("."))
    seconds = float(row["theta_s"])
    told["ahead"] = formats.seconds(abs(seconds))
    if abs(seconds) <= 1:
        text = _("In “{queue}” {tier} is served like {last}: no head start.", **told)
    elif seconds > 0:
        text = _("In “{queue}” {tier} is served as if it had come {ahead} earlier than {last}.", **told)
    else:
        text = _("In “{queue}” {tier} is served as if it had come {ahead} later than {last}.", **told)
    return sentences(text, _beside(seconds, row["declared_s"]))


def _beside(seconds: float, declared: float | None) -> str:
    if declared is None or pd.isna(declared):
        return _("No rule is declared.")
    if np.isinf(declared):
        return _("Declared is that it always goes first.")
    if abs(declared - seconds) <= CLOSE_S:
        return _("That is the rule declared: {declared}.", declared=formats.seconds(declared))
    return _("Declared: {declared}.", declared=formats.seconds(declared))


def _basis(found: pd.DataFrame) -> str:
    row = found.iloc[0]
    pairs, against = int(row["all_pairs"]), int(row["all_violations"])
    told = {"pairs": formats.number(pairs), "against": formats.number(against)}
    told["share"] = formats.share(against / pairs if pairs else None)
    text = _("{against} of {pairs} pairs ({share}) that waited at the same time go against this rule.", **told)
    if row["n_days_used"] < row["n_days"]:
        n, all_days = formats.number(row["n_days_used"]), formats.number(row["n_days"])
        text = sentences(text, _("Worked out on {n} of {all} days, drawn at random.", n=n, all=all_days))
    return sentences(text, _("All months together, whatever the period chosen."))


def _curve(found: pd.DataFrame, curves: pd.DataFrame, tiers: TierNames) -> None:
    if curves.empty:
        states.too_few(0, 100)
        return
    curves = curves[curves["tier"].isin(found["tier"])]
    series = {
        tiers.say(tier): (list(part["theta_s"]), list(part["share"]))
        for tier, part in curves.groupby("tier", sort=False)
    }
    chart(
        charts.courses(
            series,
            say=formats.share,
            x_title=_("Head start, seconds"),
            y_title=_("Pairs against the rule"),
            colours=tiers.colours,
            tickformat=".0%",
        ),
        title=_("How well each head start fits"),
        definition=_(definitions.HEAD_START),
        key="head_start",
    )


def _head_starts(found: pd.DataFrame, tiers: TierNames) -> None:
    ours = found[~found["is_reference"]]
    pairs = {
        tiers.say(row["tier"]): (_finite(row["declared_s"]), _finite(row["theta_s"]) if row["identified"] else None)
        for row in ours.to_dict("records")
    }
    chart(
        charts.dumbbells(
            pairs,
            names=(_("declared"), _("in force")),
            say=formats.seconds,
            axis=_("Head start, seconds"),
            colours=tiers.colours,
            tickformat=",",
        ),
        title=_("In force and declared"),
        definition=_(definitions.HEAD_START),
        key="declared",
    )


def _by_month(found: pd.DataFrame, tiers: TierNames) -> None:
    """Show whether the rule has changed, where there is more than one month."""
    ours = found[~found["is_reference"].astype(bool)]
    if ours["period"].nunique() < 2 or not ours["identified"].any():
        return
    months = {each: formats.month(f"{each:%Y-%m}") for each in sorted(pd.to_datetime(ours["period"]).unique())}
    series = {}
    for tier, part in ours.groupby("tier", sort=False):
        told = dict(zip(pd.to_datetime(part["period"]), part["theta_s"].where(part["identified"]), strict=True))
        values = [told.get(month) for month in months]
        series[tiers.say(tier)] = (list(months.values()), [None if pd.isna(each) else each for each in values])
    chart(
        charts.courses(
            series,
            say=formats.seconds,
            x_title=_("Month"),
            y_title=_("Head start, seconds"),
            colours=tiers.colours,
        ),
        title=_("Head start in force, month by month"),
        definition=_(definitions.HEAD_START),
        key="head_start_months",
    )


def _finite(value: float | None) -> float | None:
    return None if value is None or pd.isna(value) or np.isinf(value) else float(value)


def _tables(queues: Queues, tiers: TierNames, whole: pd.DataFrame, by_month: pd.DataFrame) -> None:
    columns = {
        "queue": Shown(_("Queue")),
        "month": Shown(_("Month")),
        "tier": Shown(_("Tier")),
        "said": Shown(_("Head start in force")),
        "declared": Shown(_("Declared")),
        "low_s": Shown(_("from"), "count", help=_("The least head start that fits equally well, in seconds.")),
        "high_s": Shown(_("to"), "count", help=_("The greatest head start that fits equally well, in seconds.")),
        "pairs": Shown(_("Pairs"), "count"),
        "violations": Shown(_("Against it"), "count"),
        "violations_declared": Shown(_("Against the one declared"), "count"),
        "violations_fcfs": Shown(_("Against order of arrival"), "count"),
    }
    rows(
        _said_rows(whole, tiers),
        columns,
        name="head_starts",
        scope=queues.scope,
        key="head_starts",
        title=_("All queues"),
    )
    monthly = by_month.assign(month=pd.to_datetime(by_month["period"]).dt.strftime("%Y-%m"))
    rows(
        _said_rows(monthly, tiers),
        columns,
        name="head_starts_by_month",
        scope=queues.scope,
        key="head_starts_by_month",
        title=_("Queue by queue and month by month"),
    )


def _said_rows(frame: pd.DataFrame, tiers: TierNames) -> pd.DataFrame:
    def said(row: dict[Any, Any]) -> str:
        if row["is_reference"]:
            return _("0 s (the others are told from it)")
        why = row["why"]
        return formats.seconds(float(row["theta_s"])) if row["identified"] else _(WHY[why])

    def declared(value: float) -> str:
        return _("always first") if np.isinf(value) else formats.seconds(value)

    found = frame.replace({"low_s": [np.inf, -np.inf], "high_s": [np.inf, -np.inf]}, np.nan)
    return found.assign(
        tier=frame["tier"].map(tiers.say),
        said=[said(row) for row in frame.to_dict("records")],
        declared=[declared(float(value)) for value in frame["declared_s"]],
    )


def _unexplained(queues: Queues, tiers: TierNames, counts: pd.DataFrame, passes: pd.DataFrame) -> None:
    n, every = int(counts["unexplained"].sum()), int(counts["passes"].sum())
    told = {"n": formats.number(n), "every": formats.number(every)}
    if not n:
        heading(_("A rule explains every one of {every} passes", **told), 4)
    else:
        heading(_("{n} of {every} passes are explained by no rule", **told), 4)
    if n:
        st.caption(
            _(
                "Neither the order of arrival nor a head start allows them. Nothing here says that somebody did wrong: "
                "a language, a skill or a call-back looks the same in the log."
            )
        )
    columns = {
        "queue": Shown(_("Queue")),
        "passer": Shown(_("Passes")),
        "passed": Shown(_("Is passed")),
        "passes": Shown(_("Passes in all"), "count"),
        "unexplained": Shown(_("Unexplained"), "count"),
        "share_unexplained": Shown(_("Share unexplained"), "share"),
    }
    named = {"passer": counts["passer"].map(tiers.say), "passed": counts["passed"].map(tiers.say)}
    rows(
        counts.assign(**named),
        columns,
        name="unexplained_by_pair",
        scope=queues.scope,
        key="unexplained",
        title=_("Unexplained passes by pair of tiers"),
    )
    if passes.empty:
        return
    zone = results.zone(queues.scope)
    columns = {
        "queue": Shown(_("Queue")),
        "passer_id": Shown(_("Contact that passed")),
        "passer": Shown(_("Its tier")),
        "passed_id": Shown(_("Contact passed")),
        "passed": Shown(_("Tier of the passed")),
        "passed_at": Shown(_("When")),
        "later_by_s": Shown(_("Came later by"), "seconds"),
        "beyond_s": Shown(_("Beyond every rule by"), "seconds"),
    }
    shown = passes.assign(
        passer=passes["passer"].map(tiers.say),
        passed=passes["passed"].map(tiers.say),
        passed_at=passes["passed_at"].dt.tz_convert(zone).dt.strftime("%Y-%m-%d %H:%M:%S"),
    )
    rows(
        shown,
        columns,
        name="unexplained_passes",
        scope=queues.scope,
        key="unexplained_passes",
        title=_("The farthest beyond every rule"),
    )
