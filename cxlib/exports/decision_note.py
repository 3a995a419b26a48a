"""One page that says which rule is proposed, who gains, who loses, how sure that is, and what it takes for granted."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, Final

from cxlib import formats
from cxlib.charts.frontiers import ORANGE
from cxlib.charts.intervals import BLUE
from cxlib.exports.paper import Paper
from cxlib.queueing.beside import REASONS, VERDICTS
from cxlib.queueing.naming import rule_of, rule_said
from cxlib.queueing.report import caution_said, fit_said
from cxlib.queueing.runs import ALL, NEED
from cxlib.queueing.study import IN_FORCE
from cxlib.texts import N_, _, sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from cxlib.queueing.runs import Runs
    from cxlib.queueing.study import Study

    Say = Callable[[float | None], str]

LABELS: Final = {
    "mean_wait_s": N_("Mean wait"),
    "median_wait_s": N_("Median wait"),
    "p90_wait_s": N_("Nine in ten wait at most"),
    "sla": N_("Served in time"),
    "sla_offered": N_("Served in time, of all"),
    "abandonment": N_("Gave up"),
    "passed_once": N_("Passed at least once"),
    "passed_thrice": N_("Passed three times or more"),
    "mean_passed": N_("Passed, times on average"),
    "most_passed": N_("Passed at most"),
}
"""How an indicator of `cxlib.queueing.runs.INDICATORS` is called."""
SHARES: Final = ("sla", "sla_offered", "abandonment", "passed_once", "passed_thrice")
LONG_S: Final = 120.0
"""From here on lengths of time are told in minutes."""
NOTED: Final = ("mean_wait_s", "p90_wait_s", "sla", "abandonment", "passed_thrice")
TAKEN_FOR_GRANTED: Final = (
    N_("The same contacts come, and take as long to serve, whatever the rule."),
    N_("Nobody is more or less patient because of the rule: patience is that of each tier in the log."),
    N_("Agents take whoever is next at once, and serve every contact of this queue alike."),
)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a note speaks about.

    Attributes
    ----------
    study : Study
    runs : Runs
        Those of the study with those of the rule proposed.
    rule : str
        The policy of `runs` that is proposed.
    place : str
        Which queue, in the reader's words.
    staff : str
        How those on duty would differ from today, in words; "" where they would not.
    promised : pandas frame or None
        `promises.kept` under the rule proposed.
    say : callable
        The name of a class.
    names : mapping of rule to name
        Of `runs.policies`, in words; those of the study where not given.
    """

    study: Study
    runs: Runs
    rule: str
    place: str
    staff: str = ""
    promised: pd.DataFrame | None = None
    say: Callable[[Any], str] = str
    names: dict[str, str] = field(default_factory=dict)


def indicator_said(name: str, sla_s: float) -> str:
    """Return how an indicator is called, with its threshold."""
    if name in ("sla", "sla_offered"):
        return _("{label} ({wait})", label=_(LABELS[name]), wait=formats.seconds(sla_s))
    return _(LABELS[name])


def value_said(name: str) -> Say:
    """Return how the values of an indicator are written."""
    if name in SHARES:
        return formats.share
    return formats.seconds if name.endswith("_s") else formats.ratio


def change_said(name: str) -> Say:
    """Return how differences of an indicator are written, signed; shares in percentage points."""

    def said(value: float | None) -> str:
        known = formats.known(value)
        if known is None:
            return formats.NOTHING
        if name in SHARES:
            return _("{n} points", n=_signed(100 * known, 1))
        if abs(known) >= LONG_S:
            return ("+" if known > 0 else "−") + value_said(name)(abs(known))
        n = _signed(known, 0 if abs(known) >= 10 else 1)
        return _("{n} s", n=n) if name.endswith("_s") else n

    return said


def between_said(name: str, value: float | None, low: float | None, high: float | None) -> str:
    """Return a difference of an indicator with its interval, in seconds or percentage points, without the unit."""
    ends = [formats.known(each) for each in (value, low, high)]
    scale = 100 if name in SHARES else 1
    digits = 1 if name in SHARES or max(abs(each or 0) for each in ends) < 10 else 0
    said = [formats.NOTHING if each is None else _signed(scale * each, digits) for each in ends]
    return f"{said[0]} [{said[1]}, {said[2]}]"


def _signed(value: float, decimals: int) -> str:
    rounded = round(value, decimals)
    sign = "+" if rounded > 0 else "−" if rounded < 0 else ""
    return sign + formats.number(abs(rounded), decimals=decimals)


def group_said(group: Any, say: Callable[[Any], str]) -> str:
    """Return the name of a class, of all together, or of those with a need."""
    return {ALL: _("All"), NEED: _("With a need")}.get(group) or say(group)


def change_sentence(decision: Decision) -> str:
    """Return in one sentence what the rule proposed changes in mean waits, for the first class and for the last."""
    changes = decision.runs.differences(IN_FORCE)
    mine = changes[(changes["policy"] == decision.rule) & (changes["indicator"] == "mean_wait_s")].set_index("class")
    order = decision.study.class_order
    told = [_moved(mine, group, decision.say) for group in dict.fromkeys((order[0], order[-1]))]
    rule = decision.names.get(decision.rule) or rule_said(_rule(decision), order, decision.say)
    if decision.staff:
        rule = _("{rule}, {staff}", rule=rule, staff=decision.staff)
    return _("{rule}: {changes}, compared with today.", rule=rule, changes=formats.listed(told))


def decision_note(decision: Decision, *, scope: Sequence[tuple[str, str]]) -> bytes:
    """Return the note as a self-contained HTML file in the reader's language."""
    study, runs, say = decision.study, decision.runs, decision.say
    order = study.class_order
    proposed = decision.names.get(decision.rule) or rule_said(_rule(decision), order, say)
    paper = Paper(title=_("{place}: {rule}", place=decision.place, rule=proposed), kind=_("Decision note"))
    paper.lead(change_sentence(decision))
    if study.beside.verdict != "good":
        paper.warning(_verdict(study))
    paper.heading(_("The rule"))
    today = rule_said(study.taken, order, say)
    paper.points(
        [
            _("Today: {rule}.", rule=today),
            _("Proposed: {rule}.", rule=proposed),
            *([_("On duty: {staff}.", staff=decision.staff)] if decision.staff else []),
        ]
    )
    paper.heading(_("Who gains, who loses"))
    paper.figure(_("Change in mean wait"), _bars(decision))
    paper.table(*_changes(decision))
    paper.text(
        _(
            "Under the rule; below it the change from today, in seconds or percentage points, with its 95 % interval "
            "over {n} simulated repetitions of the same contacts.",
            n=runs.replications,
        )
    )
    if decision.promised is not None and len(decision.promised):
        paper.heading(_("Promises"))
        paper.points(promise_said(row, say, runs.sla_s[0]) for row in decision.promised.to_dict("records"))
    paper.heading(_("How sure"))
    days = _("{contacts} contacts on {days} days.", contacts=formats.number(study.contacts), days=study.days)
    paper.points([_verdict(study), sentences(days, fit_said(study.fit, order, say))])
    paper.heading(_("Taken for granted"))
    roster = (
        _("How many were on duty is known from a roster.")
        if study.from_roster
        else _("How many were on duty is told from who was busy while others waited.")
    )
    paper.points([*map(_, TAKEN_FOR_GRANTED), roster, *(caution_said(each, say) for each in study.cautions)])
    return paper.html(scope)


def promise_said(row: Mapping[Any, Any], say: Callable[[Any], str], sla_s: float) -> str:
    """Return a promise, and whether a rule keeps it, from a row of `promises.kept`."""
    written = value_said(row["indicator"])
    told = {
        "group": group_said(row["group"], say),
        "indicator": indicator_said(row["indicator"], sla_s),
        "bound": written(row["bound"]),
        "value": written(row["value"]),
    }
    promise = (
        _("{group} – {indicator}: at least {bound}", **told)
        if row["at_least"]
        else _("{group} – {indicator}: at most {bound}", **told)
    )
    if row["kept"] and row["sure"]:
        return _("{promise}. Kept: {value}.", promise=promise, value=told["value"])
    if row["kept"]:
        return _("{promise}. Kept on average ({value}), not surely.", promise=promise, value=told["value"])
    return _("{promise}. Not kept: {value}.", promise=promise, value=told["value"])


def _rule(decision: Decision) -> Any:
    policies = decision.study.policies
    if decision.rule in policies:
        return policies[decision.rule]
    return rule_of(decision.rule, decision.study.class_order)


def _moved(mine: pd.DataFrame, group: Any, say: Callable[[Any], str]) -> str:
    if group not in mine.index or formats.known(mine.loc[group, "value"]) is None:
        return _("{group}: too few to tell", group=say(group))
    row = mine.loc[group]
    low, high = (formats.seconds(each) for each in sorted((abs(row["low"]), abs(row["high"]))))
    value = formats.seconds(abs(row["value"]))
    if low != high:
        value = _("{value} ({low} to {high})", value=value, low=low, high=high)
    told = {"group": say(group), "value": value}
    if row["low"] <= 0 <= row["high"]:
        return _("{group} waits about as long", **told)
    if row["value"] < 0:
        return _("{group} waits {value} less", **told)
    return _("{group} waits {value} longer", **told)


def _verdict(study: Study) -> str:
    return sentences(
        _("{said}.", said=_(VERDICTS[study.beside.verdict])), *(_(REASONS[each]) for each in study.beside.reasons)
    )


def groups_of(runs: Runs) -> list[Any]:
    """Return the classes, then all together, then those with a need where needs are known."""
    there = set(runs.by_class["class"])
    return [*runs.class_order, *(group for group in (ALL, NEED) if group in there)]


def _changes(decision: Decision) -> tuple[list[str], list[list[str | tuple[str, str]]]]:
    runs = decision.runs
    keys = ["policy", "class", "indicator"]
    values, changes = runs.summary().set_index(keys), runs.differences(IN_FORCE).set_index(keys)
    header = [_("Tier"), *(indicator_said(name, runs.sla_s[0]) for name in NOTED)]
    rows: list[list[str | tuple[str, str]]] = []
    for group in groups_of(runs):
        row: list[str | tuple[str, str]] = [group_said(group, decision.say)]
        for name in NOTED:
            key: Any = (decision.rule, group, name)
            if key not in values.index or formats.known(values.loc[key, "value"]) is None:
                row.append(formats.NOTHING)
                continue
            said = ""
            if key in changes.index:
                away = changes.loc[key]
                said = between_said(name, away["value"], away["low"], away["high"])
            row.append((value_said(name)(values.loc[key, "value"]), said))
        rows.append(row)
    return header, rows


def _bars(decision: Decision) -> str:
    """Return upright-free bars, one per class, from the middle to the left (less) or the right (longer)."""
    changes = decision.runs.differences(IN_FORCE)
    mine = changes[(changes["policy"] == decision.rule) & (changes["indicator"] == "mean_wait_s")].set_index("class")
    shown = [group for group in groups_of(decision.runs) if group in mine.index]
    shown = [group for group in shown if formats.known(mine.loc[group, "value"]) is not None]
    most = max((abs(mine.loc[group, "value"]) for group in shown), default=0.0) or 1.0
    tall, half, middle = 20, 150, 330
    parts = [f'<line x1="{middle}" y1="0" x2="{middle}" y2="{tall * len(shown)}" stroke="#7d8590"/>']
    for i, group in enumerate(shown):
        value = float(mine.loc[group, "value"])
        wide, y = abs(value) / most * half, tall * i
        x, colour = (middle, ORANGE) if value > 0 else (middle - wide, BLUE)
        at, anchor = (middle + wide + 5, "start") if value > 0 else (middle - wide - 5, "end")
        parts.append(
            f'<text x="0" y="{y + 14}">{escape(group_said(group, decision.say))}</text>'
            f'<rect x="{x:.1f}" y="{y + 4}" width="{wide:.1f}" height="{tall - 8}" fill="{colour}"/>'
            f'<text x="{at:.1f}" y="{y + 14}" text-anchor="{anchor}">{escape(change_said("mean_wait_s")(value))}</text>'
        )
    return (
        f'<svg viewBox="0 0 560 {tall * max(len(shown), 1)}" style="width:100%;max-width:145mm" role="img" '
        f'font-size="11" '
        f'aria-label="{escape(_("Change in mean wait"))}" fill="#1d2731" xmlns="http://www.w3.org/2000/svg">'
        f"{''.join(parts)}</svg>"
    )
