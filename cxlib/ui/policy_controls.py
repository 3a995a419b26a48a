"""The reader's own rule: which kind, its numbers, who else comes first, and how many are on duty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from cxlib import formats
from cxlib.errors import CxError
from cxlib.queueing.naming import COURTESY, rule_of
from cxlib.queueing.runs import NEED
from cxlib.texts import N_, _, ngettext
from cxlib.ui import link
from cxlib.ui.safe import safe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cxlib.queueing.study import Study
    from cxlib.ui.tiers import TierNames

PAGE: Final = "policies"
KINDS: Final = {
    "fcfs": N_("First come, first served"),
    "strict": N_("Strict priority"),
    "head_start": N_("Head start"),
    "max_passes": N_("Strict, nobody passed more than m times"),
    "wait_cap": N_("Strict, up to a longest wait"),
    "accumulating": N_("Priority that grows with the wait"),
    "reserved": N_("Agents kept for a tier, who help others"),
    "reserved_only": N_("Agents kept for a tier alone"),
}
"""Kinds of rules, as ids of their short texts."""
NUMBERS: Final = {
    "head_start": (0.0, 600.0, 1.0, 60.0),
    "max_passes": (0.0, 20.0, 1.0, 2.0),
    "wait_cap": (0.0, 900.0, 1.0, 120.0),
    "accumulating": (1.0, 10.0, 0.1, 2.0),
    "reserved": (0.0, 20.0, 1.0, 1.0),
    "reserved_only": (0.0, 20.0, 1.0, 1.0),
}
"""Least, most, step and usual number of each kind that has some."""
BY_CLASS: Final = ("head_start", "accumulating", "reserved", "reserved_only")
MOST_AGENTS: Final = 20


@dataclass(frozen=True)
class Mine:
    """The rule that the reader tries, as its short text, and how many more are on duty."""

    rule: str
    agents: float
    hours: dict[str, float]

    def staff_said(self) -> str:
        """Return in words how those on duty differ from today; "" where they do not."""
        parts = []
        n = int(self.agents)
        if n > 0:
            parts.append(ngettext("{n} agent more than today", "{n} agents more than today", n))
        if n < 0:
            parts.append(ngettext("{n} agent fewer than today", "{n} agents fewer than today", -n))
        if self.hours:
            changes = [
                _("{hour}:00 {change}", hour=hour, change=f"{'+' if change > 0 else '−'}{formats.ratio(abs(change))}")
                for hour, change in sorted(self.hours.items(), key=lambda each: int(each[0]))
            ]
            parts.append(_("by hour: {list}", list=formats.listed(changes)))
        return formats.listed(parts) if parts else ""


def staff_asked() -> tuple[float, dict[str, float]]:
    """Return how many more are on duty, as the address says: always, and by hour."""
    agents = link.text("agents", page=PAGE, default="0", known=_is_number)
    hours = link.text("hours", page=PAGE, known=lambda text: hours_of(text) is not None)
    return max(-float(MOST_AGENTS), min(float(agents), float(MOST_AGENTS))), hours_of(hours) or {}


def hours_of(text: str) -> dict[str, float] | None:
    """Return the changes by hour that a text such as ``9:1,10:-0.5`` stands for; None where it stands for none."""
    out = {}
    for part in filter(None, text.split(",")):
        hour, _colon, change = part.partition(":")
        if not (hour.isdecimal() and int(hour) < 24 and _is_number(change)):
            return None
        out[str(int(hour))] = float(change)
    return out


def hours_text(hours: dict[str, float]) -> str:
    """Return the text that `hours_of` reads."""
    return ",".join(f"{hour}:{change:g}" for hour, change in sorted(hours.items(), key=lambda each: int(each[0])))


def usual_rule(study: Study) -> str:
    """Return the rule that is tried first: the plainest one that is not in force."""
    return "head_start=60" if study.fit.kind in ("fcfs", "cannot_tell") else "fcfs"


def own_rule(study: Study, tiers: TierNames) -> str:
    """Let the reader make a rule; return its short text."""
    usual, order = usual_rule(study), study.class_order
    text = link.text("rule", page=PAGE, default=usual, known=lambda each: _is_rule(each, order))
    courteous, kind, numbers = _parts(text)
    state = st.session_state
    if text != state.get("policies:made") or "policies:kind" not in state:
        state["policies:kind"], state["policies:courtesy"] = kind, courteous
        for i, number in enumerate(numbers):
            state[f"policies:{kind}:{i}"] = _inside(kind, number)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        own_agents()
        kind = st.selectbox(
            _("Rule to try"), list(KINDS), format_func=lambda each: _(KINDS[each]), key="policies:kind", width=300
        )
        numbers = _numbers(kind, order, tiers)
    if NEED in set(study.runs.by_class["class"]):
        courteous = st.toggle(
            _("Those with a need (elderly, disabled) are served like the first tier"), key="policies:courtesy"
        )
    made: str = (
        (COURTESY if courteous else "") + kind + (f"={','.join(f'{each:g}' for each in numbers)}" if numbers else "")
    )
    state["policies:made"] = made
    link.set_text("rule", made, page=PAGE, default=usual)
    return made


def own_agents() -> None:
    """Let the reader say how many more or fewer are on duty."""
    asked, _hours = staff_asked()
    state = st.session_state
    if "policies:agents" not in state or state["policies:agents"] != asked:
        state["policies:agents"] = int(asked)

    def changed() -> None:
        link.set_text("agents", f"{state['policies:agents']:g}", page=PAGE, default="0")

    st.number_input(
        _("Agents more or fewer"),
        -MOST_AGENTS,
        MOST_AGENTS,
        step=1,
        key="policies:agents",
        width=170,
        on_change=changed,
        help=_("Under every rule that is tried, whenever anybody is on duty. By hour: under “Fit and staff”."),
    )


def _numbers(kind: str, order: Sequence[str], tiers: TierNames) -> list[float]:
    if kind not in NUMBERS:
        return []
    low, high, step, usual = NUMBERS[kind]
    labels = [_label(kind, safe(tiers.say(name))) for name in order[:-1]] if kind in BY_CLASS else [_label(kind, "")]
    out = []
    for i, label in enumerate(labels):
        key = f"policies:{kind}:{i}"
        if key not in st.session_state:
            none = 1.0 if kind == "accumulating" else 0.0
            st.session_state[key] = usual if i == 0 else none
        out.append(float(st.slider(label, low, high, step=step, format="%g", key=key, width=240)))
    return out


def _label(kind: str, tier: str) -> str:
    return {
        "head_start": _("Head start of {tier}, seconds", tier=tier),
        "max_passes": _("Passed at most, times"),
        "wait_cap": _("Longest wait, seconds"),
        "accumulating": _("{tier}: priority grows times as fast", tier=tier),
        "reserved": _("Agents kept for {tier}", tier=tier),
        "reserved_only": _("Agents kept for {tier}", tier=tier),
    }[kind]


def _parts(text: str) -> tuple[bool, str, list[float]]:
    kind, _equals, numbers = text.removeprefix(COURTESY).partition("=")
    return text.startswith(COURTESY), kind, [float(each) for each in numbers.split(",") if each]


def _inside(kind: str, number: float) -> float:
    low, high, step, _usual = NUMBERS[kind]
    return min(max(low, round(number / step) * step), high)


def _is_rule(text: str, order: Sequence[Any]) -> bool:
    try:
        rule_of(text, order)
    except CxError:
        return False
    return True


def _is_number(text: str) -> bool:
    try:
        return abs(float(text)) < 1e6
    except ValueError:
        return False
