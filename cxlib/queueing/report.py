"""A queue under several rules in one go: the rule in force found, its simulation beside the log, and what others do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from cxlib import formats
from cxlib.engine.records import records
from cxlib.queueing.beside import REASONS, VERDICTS, Beside, observed, set_beside
from cxlib.queueing.calibration import CAUTIONS, Calibration, Caution, calibrate
from cxlib.queueing.fitting import LEAST_PAIRS, WHY, Fit, fit_rule
from cxlib.queueing.frontier import frontier
from cxlib.queueing.naming import rule_of, rule_said
from cxlib.queueing.policies import Fcfs
from cxlib.queueing.promises import Promise, Solved, kept, solve
from cxlib.queueing.runs import REPLICATIONS, SLA_S, Runs, replicate
from cxlib.texts import _, sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cxlib.queueing.policies import Policy

IN_FORCE: Final = "in_force"
USUAL: Final = (
    "fcfs",
    "strict",
    "head_start=15",
    "head_start=30",
    "head_start=60",
    "head_start=120",
    "max_passes=2",
    "wait_cap=120",
    "accumulating=2",
)
"""Rules that are tried where none are named."""
SHOWN: Final = ("mean_wait_s", "p90_wait_s", "sla", "abandonment", "passed_once", "passed_thrice")
TODAY_PART: Final = 0.1
"""Of the work, until the rule in force has been simulated."""


@dataclass(frozen=True, kw_only=True)
class PolicyReport:
    """What a queue's rule is, whether its simulation may be believed, and what other rules would do.

    Attributes
    ----------
    calibration : Calibration
    fit : Fit
    taken : Policy
        The rule simulated as the one in force: the one found, else first come, first served.
    beside : Beside
    policies : dict of str to Policy
        ``IN_FORCE`` and the others, by their short texts.
    runs : Runs
    frontier : pandas frame
        `frontier`: what the first class gains in mean wait against what the last one loses.
    promised : dict of str to pandas frame
        `promises.kept` under each policy; empty without promises.
    solved : tuple of Solved
        The mildest rules that keep the promises, by family that was asked for.
    """

    calibration: Calibration
    fit: Fit
    taken: Policy
    beside: Beside
    policies: dict[str, Policy]
    runs: Runs
    frontier: pd.DataFrame
    promised: dict[str, pd.DataFrame]
    solved: tuple[Solved, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the report for JSON; what is missing is None."""
        order = self.calibration.class_order
        candidates = self.fit.candidates.assign(rule=[rule_said(rule, order) for rule in self.fit.candidates["rule"]])
        return {
            "classes": list(order),
            "days": self.calibration.n_days,
            "load": self.calibration.load,
            "cautions": [vars(each) | {"classes": list(each.classes)} for each in self.calibration.cautions],
            "fit": {
                "kind": self.fit.kind,
                "rule": None if self.fit.rule is None else rule_said(self.fit.rule, order),
                "pairs": self.fit.pairs,
                "runner_up": self.fit.runner_up,
                "distance": formats.known(self.fit.distance),
                "alike": list(self.fit.alike),
                "at_least_s": self.fit.at_least_s,
                "why": self.fit.why,
                "candidates": records(candidates),
            },
            "beside": {
                "verdict": self.beside.verdict,
                "reasons": list(self.beside.reasons),
                "rows": records(self.beside.table),
            },
            "rules": {name: rule_said(rule, order) for name, rule in self.policies.items()},
            "summary": records(self.runs.summary()),
            "frontier": records(self.frontier),
            "promised": {name: records(table) for name, table in self.promised.items()},
            "solved": [
                {
                    "family": each.family,
                    "value": each.value,
                    "closest": each.closest,
                    "rule": rule_said(each.rule, order),
                    "kept": records(each.kept),
                }
                for each in self.solved
            ],
        }

    @property
    def said(self) -> str:
        """The report as text."""
        order = self.calibration.class_order
        judged = self.beside.table[self.beside.table["judged"]].drop(columns=["judged"])
        wide = self.runs.summary().pivot_table(
            index=["policy", "class"], columns="indicator", values="value", sort=False
        )[list(SHOWN)]
        parts = [
            sentences(
                _("{said}.", said=_(VERDICTS[self.beside.verdict])), *(_(REASONS[each]) for each in self.beside.reasons)
            ),
            fit_said(self.fit, order),
            *(caution_said(each) for each in self.calibration.cautions),
            judged.round(4).to_string(index=False),
            _("What each rule would do"),
            *(f"{name}: {rule_said(rule, order)}" for name, rule in self.policies.items()),
            wide.round(4).reset_index().to_string(index=False),
            _("What {first} gains in mean wait, and {last} loses, in seconds", first=order[0], last=order[-1]),
            self.frontier.round(3).to_string(index=False),
            *(self._promises_said(name) for name in self.promised),
            *(f"{solved_said(each, order)}\n{each.kept.round(4).to_string(index=False)}" for each in self.solved),
        ]
        return "\n\n".join(parts)

    def _promises_said(self, name: str) -> str:
        said = _("Promises under {rule}", rule=name)
        return f"{said}\n{self.promised[name].round(4).to_string(index=False)}"


def policy_report(
    contacts: Any,
    *,
    rules: Sequence[str] = (),
    agents: float = 0.0,
    promises: Sequence[Promise] = (),
    families: Sequence[str] = (),
    sla_s: float = SLA_S,
    replications: int = REPLICATIONS,
    random_state: int = 0,
    report: Callable[[float], None] | None = None,
    **chosen: Any,
) -> PolicyReport:
    """Calibrate a queue, find the rule in force, and simulate it beside the log and beside other rules.

    Parameters
    ----------
    contacts : frame
        The typed table of contacts.
    rules : sequence of str
        Short texts, see `naming.rule_of`; default: `USUAL`.
    agents : float
        So many more (or fewer) on duty under every rule but the one in force.
    promises : sequence of Promise
        Checked under each rule.
    families : sequence of str
        Of `promises.FAMILIES`: look also for the mildest of each that keeps all promises; agents under the rule in
        force.
    report : function of a share 0 to 1, optional
        What it raises ends the work.
    **chosen
        Those of `calibrate`: where, from_at, until_at, by, ranks, zone, roster.
    """
    found = calibrate(contacts, **chosen)
    fit = fit_rule(found)
    taken = fit.rule or Fcfs()
    options: dict[str, Any] = {"replications": replications, "sla_s": sla_s, "random_state": random_state}
    tell = report or (lambda _share: None)
    policies = {text: rule_of(text, found.class_order) for text in rules or USUAL}
    today = replicate(found.replayed(), {IN_FORCE: taken}, report=lambda part: tell(TODAY_PART * part), **options)
    beside = set_beside(observed(found, sla_s), today.summary())
    changed = found.with_servers(agents) if agents else found
    others = replicate(
        changed.replayed(), policies, report=lambda part: tell(TODAY_PART + (1 - TODAY_PART) * part), **options
    )
    runs = joined(today, others)
    first, last = found.class_order[0], found.class_order[-1]
    return PolicyReport(
        calibration=found,
        fit=fit,
        taken=taken,
        beside=beside,
        policies={IN_FORCE: taken, **policies},
        runs=runs,
        frontier=frontier(runs, gain=(first, "mean_wait_s"), loss=(last, "mean_wait_s"), base=IN_FORCE),
        promised={name: kept(runs, name, promises) for name in runs.policies} if promises else {},
        solved=tuple(
            solve(found, promises, family=family, rule=taken, report=tell, **options)
            for family in dict.fromkeys(families)
        ),
    )


def joined(one: Runs, other: Runs) -> Runs:
    """Return two runs of the same customers as one; the policies must have different names."""
    frames = {
        name: pd.concat([getattr(one, name), getattr(other, name)], ignore_index=True)
        for name in ("by_class", "pairs", "servers", "curves")
    }
    return Runs(
        policies=(*one.policies, *other.policies),
        class_order=one.class_order,
        sla_s=one.sla_s,
        replications=one.replications,
        **frames,
    )


def fit_said(fit: Fit, class_order: Sequence[Any]) -> str:
    """Return the rule in force in the reader's words, with how sure it is."""
    if fit.rule is None:
        share = 0.0 if fit.candidates.empty else float(fit.candidates["share"].min())
        return _(str(WHY[fit.why]), n=LEAST_PAIRS, share=formats.share(share))
    own = float(fit.candidates.loc[fit.candidates["kind"] == fit.kind, "share"].iloc[0])
    first = _(
        "The order of service is that of: {rule}. {share} of {n} pairs do not follow it.",
        rule=rule_said(fit.rule, class_order),
        share=formats.share(own),
        n=formats.number(fit.pairs),
    )
    told = ""
    if fit.at_least_s is not None:
        told = _(
            "It cannot be told from a head start of {wait} or more.",
            wait=formats.seconds(fit.at_least_s),
        )
    next_best = ""
    if fit.runner_up:
        away = fit.candidates.loc[fit.candidates["kind"] == fit.runner_up, "rule"].iloc[0]
        next_best = _(
            "Next comes: {rule}, {points} points worse.",
            rule=rule_said(away, class_order),
            points=formats.number(100 * fit.distance, decimals=1),
        )
    return sentences(first, told, next_best)


def solved_said(solved: Solved, class_order: Sequence[Any]) -> str:
    """Return what `solve` found in the reader's words."""
    first, amount = class_order[0], formats.number(abs(solved.closest))
    said = {
        "head_start": _("a head start of {n} s for {first}", n=amount, first=first),
        "max_passes": _("strict priority with at most {n} passes", n=amount),
        "agents": _("{n} agents fewer than today", n=amount)
        if solved.closest < 0
        else _("{n} agents more than today", n=amount),
    }[solved.family]
    if solved.value is None:
        return _("None of these keeps all promises; closest comes {rule}.", rule=said)
    return _("The promises are kept by {rule}.", rule=said)


def caution_said(caution: Caution) -> str:
    """Return a caution in the reader's words."""
    return _(
        CAUTIONS[caution.code],
        share=formats.share(caution.share),
        n=formats.number(caution.n),
        classes=formats.listed(caution.classes),
    )
