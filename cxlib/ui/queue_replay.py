"""An hour of one line as the customers lived it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import streamlit as st
from babel.dates import format_skeleton

from cxlib import charts, formats
from cxlib.texts import _, language
from cxlib.ui import definitions, results, states
from cxlib.ui.queue_results import replayed
from cxlib.ui.safe import safe
from cxlib.ui.show import Shown, chart, rows

if TYPE_CHECKING:
    from cxlib.fairness import Replay
    from cxlib.ui.queue_results import Queues
    from cxlib.ui.scope import Scope
    from cxlib.ui.tiers import TierNames

MARKED: Final = "replay:contact"
AROUND: Final = pd.Timedelta(minutes=2)


def show(queues: Queues, tiers: TierNames, hours: pd.DataFrame, said_hour: str) -> None:
    """Let the reader choose a day and line, and a contact, and show how each fared.

    `hours` are those of `hours_to_replay` at the chosen hour of the day, the worst first.
    """
    if hours.empty:
        states.empty(_("Nothing to replay"), _("Nobody was passed from {hour}.", hour=said_hour), to_import=False)
        return
    zone = results.zone(queues.scope)
    ids = [f"{row.from_at:%Y%m%dT%H%M}{_line(row)}" for row in hours.itertuples()]
    named = dict(zip(ids, [_said_stretch(row, zone) for row in hours.itertuples()], strict=True))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            _("Day and line to replay"), ids, format_func=lambda each: named[each], key=f"replay:{said_hour}", width=430
        )
        hour = hours.iloc[ids.index(chosen)]
        found = replayed(queues, hour)
        contact = _contact(found, tiers)
        looks = {"hour": _("The whole hour"), "around": _("Around the contact")}
        look = st.segmented_control(
            _("Show"),
            list(looks),
            format_func=lambda each: looks[each],
            default="hour",
            required=True,
            key="replay:look",
        )
    _draw(queues, tiers, found, contact, zone, around=look == "around")


def _contact(found: Replay, tiers: TierNames) -> str:
    """Let the reader choose a contact; the one passed most often comes first."""
    frame = found.contacts.sort_values(["passed", "passes", "place"], ascending=[False, False, True], kind="stable")
    said: dict[str, str] = {
        str(row["contact_id"]): _(
            "{contact} · {tier} · passed {n}, passes {m}",
            contact=row["contact_id"],
            tier=tiers.say(row["tier"]),
            n=formats.number(row["passed"]),
            m=formats.number(row["passes"]),
        )
        for row in frame.to_dict("records")
    }
    if st.session_state.get(MARKED) not in said:
        st.session_state[MARKED] = next(iter(said))
    return str(
        st.selectbox(_("Contact to mark"), list(said), format_func=lambda each: said[each], key=MARKED, width=360)
    )


def _near(frame: pd.DataFrame, contact: str) -> pd.DataFrame:
    """Return those who stood in line while the contact did, or shortly before and after."""
    mine = frame[frame["contact_id"] == contact].iloc[0]
    begin, end = mine["arrived_at"] - AROUND, mine["wait_ended_at"] + AROUND
    late = frame["wait_ended_at"] < begin
    found: pd.DataFrame = frame[~late & ~(frame["arrived_at"] > end)]
    return found.assign(place=range(len(found)))


def _draw(queues: Queues, tiers: TierNames, found: Replay, contact: str, zone: str, *, around: bool) -> None:
    frame = found.contacts.assign(tier=found.contacts["tier"].map(tiers.say))
    if around:
        frame = _near(frame, contact)
    passes = found.passes_of(contact)
    order = [tiers.say(tier) for tier in tiers.sorted(found.contacts["tier"].unique())]
    by, of = (int((passes["direction"] == each).sum()) for each in ("passed_by", "passes"))

    def picked(chosen: str) -> None:
        st.session_state[MARKED] = chosen

    st.caption(
        _(
            "{contact} is passed by {by} and passes {of}. {n} of {m} who stood in line are shown.",
            contact=safe(contact),
            by=formats.number(by),
            of=formats.number(of),
            n=formats.number(len(frame)),
            m=formats.number(found.n_in_line),
        )
    )
    chart(
        charts.replay_bars(
            frame,
            zone=zone,
            tiers=order,
            colours=tiers.colours,
            said=[_said_bar(row) for row in frame.itertuples()],
            x_title=_("Time of day ({zone})", zone=zone),
            stretch=(found.from_at, found.to_at),
            passes=passes,
            chosen=contact,
        ),
        title=_("The hour as the customers lived it"),
        definition=_(definitions.REPLAY),
        key="replay",
        picked=picked,
    )
    scope = queues.scope.narrowed(
        _("Replayed"), f"{formats.instant(found.from_at, zone)} – {formats.instant(found.to_at, zone)} ({zone})"
    )
    _rows(scope, tiers, found, zone)
    _overtakes(scope.narrowed(_("Contact"), contact), tiers, passes, zone)


def _outcomes() -> dict[str, str]:
    return {"served": _("served"), "abandoned": _("gave up"), "waiting": _("still waiting")}


def _rows(scope: Scope, tiers: TierNames, found: Replay, zone: str) -> None:
    columns = {
        "contact_id": Shown(_("Contact")),
        "customer_id": Shown(_("Customer")),
        "tier": Shown(_("Tier")),
        "arrived_at": Shown(_("Arrived")),
        "wait_ended_at": Shown(_("Wait ended")),
        "wait_s": Shown(_("Wait"), "seconds"),
        "outcome": Shown(_("Outcome")),
        "passed": Shown(_("Times passed"), "count"),
        "passes": Shown(_("Others passed"), "count"),
    }
    rows(
        _local(found.contacts, zone).assign(
            tier=found.contacts["tier"].map(tiers.say), outcome=found.contacts["outcome"].map(_outcomes())
        ),
        columns,
        name="replay",
        scope=scope,
        key="replay",
        title=_("The hour as the customers lived it"),
    )


def _overtakes(scope: Scope, tiers: TierNames, passes: pd.DataFrame, zone: str) -> None:
    directions = {"passed_by": _("passed it"), "passes": _("was passed by it")}
    columns = {
        "direction": Shown(_("What happened")),
        "contact_id": Shown(_("The other")),
        "tier": Shown(_("Tier")),
        "at": Shown(_("When")),
        "later_by_s": Shown(_("Came later by"), "seconds"),
        "outcome": Shown(_("Outcome")),
    }
    rows(
        _local(passes, zone).assign(
            tier=passes["tier"].map(tiers.say),
            outcome=passes["outcome"].map(_outcomes()),
            direction=passes["direction"].map(directions),
        ),
        columns,
        name="passes_of_contact",
        scope=scope,
        key="passes_of",
        title=_("Every overtake of the marked contact"),
    )


def _local(frame: pd.DataFrame, zone: str) -> pd.DataFrame:
    times = [name for name in ("arrived_at", "wait_ended_at", "at") if name in frame]
    return frame.assign(**{name: frame[name].dt.tz_convert(zone).dt.strftime("%Y-%m-%d %H:%M:%S") for name in times})


def _line(row: Any) -> str:
    return "".join(f"|{getattr(row, name)}" for name in ("queue", "location") if hasattr(row, name))


def _said_stretch(row: Any, zone: str) -> str:
    day = format_skeleton("MMMEd", row.from_at.tz_convert(zone), locale=language())
    line = [str(getattr(row, name)) for name in ("queue", "location") if isinstance(getattr(row, name, None), str)]
    told = _("{n} of {m} passed", n=formats.number(row.n_passed), m=formats.number(row.n))
    return " · ".join([day, *line, told])


def _said_bar(row: Any) -> str:
    return _(
        "{contact}, {tier}: waited {wait}, {outcome}; passed {n}, passes {m}",
        contact=row.contact_id,
        tier=row.tier,
        wait=formats.seconds(row.wait_s),
        outcome=_outcomes()[row.outcome],
        n=formats.number(row.passed),
        m=formats.number(row.passes),
    )
