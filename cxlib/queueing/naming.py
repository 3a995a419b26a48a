"""Rules written as short texts, for the command line, the link and what is kept, and said in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cxlib import formats
from cxlib.errors import CxError
from cxlib.queueing.policies import (
    Accumulating,
    Courtesy,
    Fcfs,
    HeadStart,
    MaxPasses,
    Policy,
    Reserved,
    Strict,
    WaitCap,
)
from cxlib.texts import N_, _

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COURTESY: Final = "courtesy+"
KNOWN: Final = (
    "fcfs",
    "strict",
    "head_start=60",
    "head_start=120,60",
    "accumulating=3",
    "max_passes=2",
    "wait_cap=120",
    "reserved=2",
    "reserved_only=2",
)
"""Examples of all texts; any may follow ``courtesy+``."""


def rule_of(text: str, class_order: Sequence[Any]) -> Policy:
    """Return the rule that a short text stands for.

    Parameters
    ----------
    text : str
        One of the kinds of `KNOWN`. Several numbers between commas are those of the classes in their order, the first
        class's first; classes without a number have no head start, a rate of 1, no servers of their own.

    Raises
    ------
    CxError
        ``bad_rule``, and those of the rules.

    Examples
    --------
    >>> rule_of("head_start=60", ["first", "rest"])
    HeadStart(seconds={'first': 60.0})
    """
    plain = text.strip().lower()
    courteous = plain.startswith(COURTESY)
    kind, _equals, numbers = plain.removeprefix(COURTESY).partition("=")
    try:
        given = [float(each) for each in numbers.split(",") if each.strip()]
    except ValueError:
        raise _bad(text) from None
    makers: dict[str, tuple[range, Callable[[], Any]]] = {
        "fcfs": (range(1), Fcfs),
        "strict": (range(1), Strict),
        "max_passes": (range(1, 2), lambda: MaxPasses(_whole(given[0], text))),
        "wait_cap": (range(1, 2), lambda: WaitCap(given[0])),
        "head_start": (range(1, len(class_order) + 1), lambda: HeadStart(by_class)),
        "accumulating": (range(1, len(class_order) + 1), lambda: Accumulating(by_class)),
        "reserved": (range(1, len(class_order) + 1), lambda: Reserved(_wholes(by_class, text))),
        "reserved_only": (range(1, len(class_order) + 1), lambda: Reserved(_wholes(by_class, text), overflow=False)),
    }
    by_class = dict(zip(class_order, given, strict=False))
    numbers_of, make = makers.get(kind, (range(0), Fcfs))
    if len(given) not in numbers_of:
        raise _bad(text)
    rule = make()
    return Courtesy(rule) if courteous else rule


def _wholes(given: dict[Any, float], text: str) -> dict[Any, int]:
    return {name: _whole(value, text) for name, value in given.items()}


def _whole(value: float, text: str) -> int:
    if not value.is_integer():
        raise _bad(text)
    return int(value)


def rule_text(rule: Policy, class_order: Sequence[Any]) -> str:
    """Return the short text that `rule_of` reads as this rule."""
    if isinstance(rule, Courtesy):
        return COURTESY + rule_text(rule.rule, class_order)
    if isinstance(rule, HeadStart):
        text = _texted("head_start", rule.seconds, class_order, 0.0)
    elif isinstance(rule, Accumulating):
        text = _texted("accumulating", rule.rates, class_order, 1.0)
    elif isinstance(rule, Reserved):
        text = _texted("reserved" if rule.overflow else "reserved_only", rule.servers, class_order, 0.0)
    elif isinstance(rule, MaxPasses):
        text = f"max_passes={rule.most}"
    elif isinstance(rule, WaitCap):
        text = f"wait_cap={_plain(rule.seconds)}"
    else:
        text = "strict" if isinstance(rule, Strict) else "fcfs"
    return text


def _texted(kind: str, given: Any, class_order: Sequence[Any], usual: float) -> str:
    by_class = dict(_told(given, class_order))
    numbers = [by_class.get(name, usual) for name in class_order]
    while len(numbers) > 1 and numbers[-1] == usual:
        numbers.pop()
    return f"{kind}={','.join(map(_plain, numbers))}"


def _plain(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() else repr(float(value))


def rule_said(rule: Policy, class_order: Sequence[Any], say: Callable[[Any], str] = str) -> str:
    """Return a rule in the reader's words; `say` gives the name of a class."""
    if isinstance(rule, Courtesy):
        return _("{rule}, those with a need as the first tier", rule=rule_said(rule.rule, class_order, say))
    if isinstance(rule, Strict):
        said = _("Strict priority")
    elif isinstance(rule, MaxPasses):
        said = _("Strict priority, nobody passed more than {n} times", n=int(rule.most))
    elif isinstance(rule, WaitCap):
        said = _("Strict priority up to a wait of {wait}", wait=formats.seconds(rule.seconds))
    elif isinstance(rule, HeadStart) and any(value for _name, value in _told(rule.seconds, class_order)):
        some = [f"{say(name)} {formats.seconds(value)}" for name, value in _told(rule.seconds, class_order) if value]
        said = _("Head start: {list}", list=formats.listed(some))
    elif isinstance(rule, Accumulating):
        some = [f"{say(name)} × {formats.ratio(value)}" for name, value in _told(rule.rates, class_order) if value != 1]
        said = _("Priority that grows with the wait: {list}", list=formats.listed(some))
    elif isinstance(rule, Reserved):
        some = [f"{say(name)} {formats.number(value)}" for name, value in _told(rule.servers, class_order) if value]
        kept = (
            _("Agents kept for {list}, who help others when idle")
            if rule.overflow
            else _("Agents kept for {list} alone")
        )
        said = kept.format(list=formats.listed(some))
    else:
        said = _("First come, first served")
    return said


def rule_brief(rule: Policy, class_order: Sequence[Any]) -> str:
    """Return a rule in two or three words, for a mark on a chart."""
    if isinstance(rule, Courtesy):
        return _("{rule} + need", rule=rule_brief(rule.rule, class_order))
    if isinstance(rule, Strict):
        said = _("strict")
    elif isinstance(rule, MaxPasses):
        said = _("≤ {n} passes", n=int(rule.most))
    elif isinstance(rule, WaitCap):
        said = _("cap {n} s", n=_plain(rule.seconds))
    elif isinstance(rule, HeadStart) and any(value for _name, value in _told(rule.seconds, class_order)):
        said = f"+{'/'.join(_plain(value) for _name, value in _told(rule.seconds, class_order) if value)} s"
    elif isinstance(rule, Accumulating):
        said = f"×{'/'.join(_plain(value) for _name, value in _told(rule.rates, class_order) if value != 1)}"
    elif isinstance(rule, Reserved):
        said = _("{n} kept", n="/".join(_plain(value) for _name, value in _told(rule.servers, class_order) if value))
    else:
        said = _("in order")
    return said


def _told(given: Any, class_order: Sequence[Any]) -> list[tuple[Any, float]]:
    pairs = given.items() if hasattr(given, "items") else zip(class_order, given, strict=True)
    return [(name, float(value)) for name, value in pairs]


def _bad(text: str) -> CxError:
    return CxError(
        "bad_rule",
        N_("“{value}” is no rule."),
        hint=N_("Write one like these: {known}."),
        value=text,
        known=", ".join(KNOWN),
    )
