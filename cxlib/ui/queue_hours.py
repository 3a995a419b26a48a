"""Which hour hurts those without priority most, and that hour replayed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd
import streamlit as st

from cxlib import charts, formats
from cxlib.texts import _
from cxlib.ui import definitions, link, queue_replay, results, states
from cxlib.ui.fragments import fragment
from cxlib.ui.queue_results import Queues, numbers, to_replay
from cxlib.ui.show import Shown, chart, heading, rows

if TYPE_CHECKING:
    from cxlib.ui.tiers import TierNames

HOURS: Final = "#cc6318"


@fragment
def part(queues: Queues, tiers: TierNames) -> None:
    """Show which hour hurts most, and replay the chosen one."""
    worst = numbers(queues, "worst_hours")
    if worst is None:
        worst = _anybody(queues)
    there = to_replay(queues)
    hours = sorted({int(hour) for hour in worst["period"]})
    if not hours:
        states.empty(_("Nobody had to wait in line."), _("There is no hour to look at."), to_import=False)
        return
    told = worst[~worst["too_few"]]
    hurts = int(told["period"].iloc[0]) if len(told) else hours[0]
    heading(_said(told, tiers), 4)
    hour = int(
        link.choice(
            "hour",
            [str(each) for each in hours],
            label=_("Hour of the day"),
            say=lambda each: said_hour(int(each)),
            default=str(hurts),
            page="queues",
            help=_("The one that hurts most is chosen to begin with. A click on its bar chooses another."),
        )
    )
    _bars(queues, worst, hour)
    queue_replay.show(queues, tiers, there[there["hour_of_day"] == hour], said_hour(hour))


def said_hour(hour: int) -> str:
    """Return an hour of the day."""
    return f"{hour:02d}:00–{(hour + 1) % 24:02d}:00"


def _said(told: pd.DataFrame, tiers: TierNames) -> str:
    if told.empty:
        return _("Too few contacts to say which hour hurts most.")
    row = told.iloc[0]
    if not row["n_passed"]:
        if tiers.ranked:
            return _("At no hour is anybody passed by somebody with priority.")
        return _("Nobody was passed at any hour.")
    share = formats.share(row["share_passed"], decimals=0)
    between = (
        ""
        if pd.isna(row["low"])
        else f" ({formats.share(row['low'], decimals=0)} – {formats.share(row['high'], decimals=0)})"
    )
    if not tiers.ranked:
        return _(
            "Most are passed from {hour}: {share}{between} of those in line.",
            hour=said_hour(int(row["period"])),
            share=share,
            between=between,
        )
    return _(
        "{hour} hurts the others most: {share}{between} of them are passed by somebody with priority.",
        hour=said_hour(int(row["period"])),
        share=share,
        between=between,
    )


def _bars(queues: Queues, worst: pd.DataFrame, hour: int) -> None:
    frame = worst.sort_values("period")

    def picked(chosen: str) -> None:
        st.session_state["choice:queues:hour"] = chosen

    chart(
        charts.hour_bars(
            [int(each) for each in frame["period"]],
            [formats.known(each) for each in frame["share_passed"]],
            [(formats.known(a), formats.known(b)) for a, b in zip(frame["low"], frame["high"], strict=True)],
            chosen=hour,
            say=formats.share,
            x_title=_("Hour of arrival ({zone})", zone=results.zone(queues.scope)),
            y_title=_("Passed at least once"),
            notes=[_("n = {n}", n=formats.number(n)) for n in frame["n"]],
            colour=HOURS,
        ),
        title=_("When it happens"),
        definition=_(definitions.HOURS),
        key="hours",
        picked=picked,
    )
    columns = {
        "place": Shown(_("Place"), "count", help=_("1 hurts most.")),
        "hour": Shown(_("Hour")),
        "share_passed": Shown(_("Passed at least once"), "share"),
        "low": Shown(_("from"), "share", help=_("Lower end of the 95 % interval; whole days are drawn again.")),
        "high": Shown(_("to"), "share", help=_("Upper end of the 95 % interval.")),
        "mean_passed": Shown(_("Times passed, mean"), "number"),
        "extra_wait_s": Shown(_("Extra wait"), "seconds", help=_("Longer than in order of arrival, mean.")),
        "share_passed_abandoned": Shown(_("Left, of those passed"), "share"),
        "n": Shown(_("In line"), "count"),
        "n_days": Shown(_("Days"), "count"),
    }
    rows(
        worst.assign(hour=[said_hour(int(each)) for each in worst["period"]]),
        columns,
        name="hours_that_hurt",
        scope=queues.scope,
        key="hours",
        title=_("When it happens"),
    )


def _anybody(queues: Queues) -> pd.DataFrame:
    """Return the hours without regard to priority, where nobody is known to have it."""
    frame = numbers(queues, "by_hour_of_day")
    if frame is None:
        return pd.DataFrame(columns=["period", "too_few", "n_passed", "share_passed", "low", "high", "n"])
    found = frame.groupby("period", as_index=False)[["n", "n_passed", "passed"]].sum()
    enough = found["n"] >= queues.scope.settings.min_group
    found["share_passed"] = (found["n_passed"] / found["n"]).where(enough)
    found["mean_passed"] = (found["passed"] / found["n"]).where(enough)
    found = found.assign(low=float("nan"), high=float("nan"), too_few=~enough)
    return found.sort_values("share_passed", ascending=False, na_position="last", ignore_index=True)
