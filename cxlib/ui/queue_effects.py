"""What priority costs the others, and what goes with being passed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import streamlit as st

from cxlib import charts, formats
from cxlib.fairness.effects import OUTCOMES
from cxlib.fairness.intervals import REASONS
from cxlib.texts import N_, _
from cxlib.ui import definitions, queue_tasks, states
from cxlib.ui.fragments import fragment
from cxlib.ui.queue_results import Queues, numbers
from cxlib.ui.safe import safe
from cxlib.ui.show import Shown, chart, heading, rows
from cxlib.ui.sitemap import link_to

if TYPE_CHECKING:
    from cxlib.ui.tiers import TierNames

AXES: Final = {
    "csat": N_("Difference in satisfaction"),
    "repeat": N_("Difference in the share who came again"),
    "leaving": N_("Difference in the share who left the company"),
    "abandonment": N_("Difference in giving up per minute in line"),
}


def cost(queues: Queues, tiers: TierNames) -> None:
    """Show how many seconds of the others' waiting each priority contact costs."""
    found = numbers(queues, "cost")
    if found is None or not tiers.ranked:
        states.empty(
            _("What priority costs cannot be told yet"),
            _("Give each tier a rank to set them side by side."),
            to_import=False,
        )
        link_to("tiers", label=_("Rank the tiers"))
        return
    heading(said_cost(found, tiers), 4)
    by_queue = numbers(queues, "cost_by_queue")
    lines = found.assign(queue=_("All"))
    if by_queue is not None and len(by_queue) > 1:
        lines = pd.concat([lines, by_queue.sort_values("cost_s", ascending=False)], ignore_index=True)
    left, right = st.columns(2, gap="large")
    with left:
        _by_queue(queues, lines)
    with right:
        _re_served(queues, tiers)


def said_cost(found: pd.DataFrame, tiers: TierNames) -> str:
    """Return what a priority contact costs, in one sentence."""
    if found.empty or found["too_few"].iloc[0]:
        return _("Too few contacts to say what priority costs.")
    row, first = found.iloc[0], formats.listed(safe(tiers.say(tier)) for tier in tiers.first)
    between, ends = "", (row["low_s"], row["high_s"])
    if not pd.isna(row["low_s"]):
        low, high = ends if row["cost_s"] >= 0 else (-ends[1], -ends[0])
        between = f" ({_in_seconds(low)} – {_in_seconds(high)})"
    told = {"first": first, "cost": _in_seconds(abs(row["cost_s"])), "between": between}
    if row["cost_s"] < 0:
        return _("Each contact of {first} spares the others {cost}{between} of waiting, taken together.", **told)
    return _("Each contact of {first} costs the others {cost}{between} of waiting, taken together.", **told)


def _in_seconds(value: float | None) -> str:
    return formats.seconds(value)


def _by_queue(queues: Queues, lines: pd.DataFrame) -> None:
    named = {str(row["queue"]): row for row in lines.to_dict("records")}
    chart(
        charts.intervals(
            {
                name: (formats.known(row["cost_s"]), formats.known(row["low_s"]), formats.known(row["high_s"]))
                for name, row in named.items()
            },
            say=_in_seconds,
            axis=_("Seconds of the others' waiting per priority contact"),
            notes={name: _("n = {n}", n=formats.number(row["n_priority"])) for name, row in named.items()},
        ),
        title=_("What priority costs the others"),
        definition=_(definitions.COST),
        key="cost",
    )
    columns = {
        "queue": Shown(_("Queue")),
        "cost_s": Shown(_("Cost per priority contact"), "seconds"),
        "low_s": Shown(_("from"), "seconds", help=_("Lower end of the 95 % interval; whole days are drawn again.")),
        "high_s": Shown(_("to"), "seconds", help=_("Upper end of the 95 % interval.")),
        "extra_wait_s": Shown(_("Extra wait of each of the others"), "seconds"),
        "n_priority": Shown(_("Priority contacts"), "count"),
        "n_others": Shown(_("Others"), "count"),
        "n_days": Shown(_("Days"), "count"),
        "why": Shown(_("Why no interval")),
    }
    lines = lines.assign(why=lines["reason"].map(_why))
    rows(
        lines, columns, name="cost_to_others", scope=queues.scope, key="cost", title=_("What priority costs the others")
    )


def _why(reason: str) -> str | None:
    return _(REASONS[reason]) if reason in REASONS else None


def _re_served(queues: Queues, tiers: TierNames) -> None:
    frame = numbers(queues, "re_served")
    if frame is None or frame.empty:
        return
    named: dict[str, Any] = {tiers.say(row.tier): row for row in frame.itertuples()}
    order = [tiers.say(tier) for tier in tiers.sorted(frame["tier"])]
    chart(
        charts.dumbbells(
            {
                name: (formats.known(named[name].mean_fcfs_wait_s), formats.known(named[name].mean_wait_s))
                for name in order
            },
            names=(_("in order of arrival"), _("as it was")),
            say=formats.seconds,
            axis=_("Mean wait, seconds"),
            colours=tiers.colours,
            tickformat=",",
        ),
        title=_("Who gains and who pays"),
        definition=_(definitions.COST),
        key="re_served",
    )
    columns = {
        "tier": Shown(_("Tier")),
        "mean_wait_s": Shown(_("As it was"), "seconds"),
        "mean_fcfs_wait_s": Shown(_("In order of arrival"), "seconds"),
        "extra_wait_s": Shown(_("Difference"), "seconds"),
        "n": Shown(_("Served"), "count"),
    }
    rows(
        frame.assign(tier=frame["tier"].map(tiers.say)),
        columns,
        name="waits_in_order_of_arrival",
        scope=queues.scope,
        key="re_served",
        title=_("Who gains and who pays"),
    )


@fragment
def effects(queues: Queues) -> None:
    """Show what goes with being passed, as association."""
    frames = queue_tasks.frames_of(queues.scope, "effects", title=_("Comparing who was passed with the like"))
    if frames is None:
        return
    heading(_("What goes with being passed"))
    st.caption(
        _(
            "An association, not a proof: contacts are compared with the like never passed, of the same tier, line, "
            "hour and length of wait. All months and queues together."
        )
    )
    sides = {"passed": _("Being passed"), "passes": _("Passing others (priority)")}
    there = {name: frame for name, frame in frames.items() if len(frame)}
    if not there:
        states.empty(_("Nothing to compare"), _("The file tells no outcome of the contacts."), to_import=False)
        return
    side = st.segmented_control(
        _("Compare"), list(there), format_func=lambda each: sides[each], default=next(iter(there)), key="effects:side"
    )
    frame = there[side or next(iter(there))]
    places = st.columns(2, gap="large")
    for i, outcome in enumerate(dict.fromkeys(frame["outcome"])):
        with places[i % 2]:
            _outcome(frame[frame["outcome"] == outcome], str(outcome))
    _effect_rows(queues, frame)


def said_times(times: int, or_more: bool) -> str:
    """Return how often a contact was passed."""
    return _("{n} times or more", n=times) if or_more else _("once") if times == 1 else _("{n} times", n=times)


def _outcome(frame: pd.DataFrame, outcome: str) -> None:
    told = frame[frame["times"] > 0]
    kind = str(frame["kind"].iloc[0])
    say = _points if kind == "share" else _plain
    named: dict[str, Any] = {
        said_times(int(row["times"]), bool(row["or_more"])): row for row in told.to_dict("records")
    }
    chart(
        charts.intervals(
            {
                name: (formats.known(row["difference"]), formats.known(row["low"]), formats.known(row["high"]))
                for name, row in named.items()
            },
            say=say,
            axis=_(AXES[outcome]),
            notes={name: _("n = {n}", n=formats.number(row["n_compared"])) for name, row in named.items()},
            mark=(_("no difference"), 0.0),
            tickformat="+.0%" if kind == "share" else "+,.2f",
        ),
        title=_(OUTCOMES[outcome]),
        definition=_(definitions.EFFECTS),
        key=f"effect:{outcome}",
    )


def _points(value: float | None) -> str:
    return formats.NOTHING if value is None else _("{n} points", n=_signed(100 * value, 1))


def _plain(value: float | None) -> str:
    return formats.NOTHING if value is None else _signed(value, 2)


def _signed(value: float, decimals: int) -> str:
    return ("+" if value > 0 else "") + formats.number(value, decimals=decimals)


def _effect_rows(queues: Queues, frame: pd.DataFrame) -> None:
    columns = {
        "outcome": Shown(_("Outcome")),
        "times": Shown(_("Times")),
        "difference": Shown(_("Difference"), "number", decimals=3),
        "low": Shown(_("from"), "number", decimals=3, help=_("Lower end of the 95 % interval.")),
        "high": Shown(_("to"), "number", decimals=3, help=_("Upper end of the 95 % interval.")),
        "mean_compared": Shown(_("Theirs"), "number", decimals=3),
        "mean_unexposed": Shown(_("The like without"), "number", decimals=3),
        "n": Shown(_("n"), "count"),
        "share_compared": Shown(_("With a counterpart"), "share"),
        "why": Shown(_("Why no interval")),
    }
    told = frame[frame["times"] > 0]
    rows(
        told.assign(
            outcome=[_(OUTCOMES[each]) for each in told["outcome"]],
            times=[said_times(int(n), bool(more)) for n, more in zip(told["times"], told["or_more"], strict=True)],
            why=told["reason"].map(_why),
        ),
        columns,
        name="what_being_passed_does",
        scope=queues.scope,
        key="effects",
        title=_("What goes with being passed"),
    )
