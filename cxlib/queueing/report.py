"""A queue under several rules in one go: the rule in force found, its simulation beside the log, and what others do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cxlib import formats
from cxlib.engine.records import records
from cxlib.queueing.beside import REASONS, VERDICTS
from cxlib.queueing.calibration import CAUTIONS, Caution, calibrate
from cxlib.queueing.fitting import LEAST_PAIRS, WHY, Fit
from cxlib.queueing.frontier import frontier
from cxlib.queueing.naming import rule_said
from cxlib.queueing.promises import Promise, Solved, kept, solve
from cxlib.queueing.runs import REPLICATIONS, SLA_S
from cxlib.queueing.study import IN_FORCE, Study, study
from cxlib.texts import _, sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

SHOWN: Final = ("mean_wait_s", "p90_wait_s", "sla", "abandonment", "passed_once", "passed_thrice")


@dataclass(frozen=True, kw_only=True)
class PolicyReport:
    """What a queue's rule is, whether its simulation may be believed, and what other rules would do.

    Attributes
    ----------
    study : Study
    frontier : pandas frame
        `frontier`: what the first class gains in mean wait against what the last one loses.
    promised : dict of str to pandas frame
        `promises.kept` under each policy; empty without promises.
    solved : tuple of Solved
        The mildest rules that keep the promises, by family that was asked for.
    """

    study: Study
    frontier: pd.DataFrame
    promised: dict[str, pd.DataFrame]
    solved: tuple[Solved, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the report for JSON; what is missing is None."""
        order = self.study.class_order
        candidates = self.study.fit.candidates.assign(
            rule=[rule_said(rule, order) for rule in self.study.fit.candidates["rule"]]
        )
        return {
            "classes": list(order),
            "days": self.study.days,
            "load": self.study.load,
            "cautions": [vars(each) | {"classes": list(each.classes)} for each in self.study.cautions],
            "fit": {
                "kind": self.study.fit.kind,
                "rule": None if self.study.fit.rule is None else rule_said(self.study.fit.rule, order),
                "pairs": self.study.fit.pairs,
                "runner_up": self.study.fit.runner_up,
                "distance": formats.known(self.study.fit.distance),
                "alike": list(self.study.fit.alike),
                "at_least_s": self.study.fit.at_least_s,
                "why": self.study.fit.why,
                "candidates": records(candidates),
            },
            "beside": {
                "verdict": self.study.beside.verdict,
                "reasons": list(self.study.beside.reasons),
                "rows": records(self.study.beside.table),
            },
            "rules": {name: rule_said(rule, order) for name, rule in self.study.policies.items()},
            "summary": records(self.study.runs.summary()),
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
        order = self.study.class_order
        judged = self.study.beside.table[self.study.beside.table["judged"]].drop(columns=["judged"])
        wide = self.study.runs.summary().pivot_table(
            index=["policy", "class"], columns="indicator", values="value", sort=False
        )[list(SHOWN)]
        parts = [
            sentences(
                _("{said}.", said=_(VERDICTS[self.study.beside.verdict])),
                *(_(REASONS[each]) for each in self.study.beside.reasons),
            ),
            fit_said(self.study.fit, order),
            *(caution_said(each) for each in self.study.cautions),
            judged.round(4).to_string(index=False),
            _("What each rule would do"),
            *(f"{name}: {rule_said(rule, order)}" for name, rule in self.study.policies.items()),
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
        Short texts, see `naming.rule_of`; default: `study.USUAL`.
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
    options: dict[str, Any] = {"replications": replications, "sla_s": sla_s, "random_state": random_state}
    options["report"] = report
    done = study(found, rules=rules, agents=agents, **options)
    first, last = done.class_order[0], done.class_order[-1]
    return PolicyReport(
        study=done,
        frontier=frontier(done.runs, gain=(first, "mean_wait_s"), loss=(last, "mean_wait_s"), base=IN_FORCE),
        promised={name: kept(done.runs, name, promises) for name in done.runs.policies} if promises else {},
        solved=tuple(
            solve(found, promises, family=family, rule=done.taken, **options) for family in dict.fromkeys(families)
        ),
    )


def fit_said(fit: Fit, class_order: Sequence[Any], say: Callable[[Any], str] = str) -> str:
    """Return the rule in force in the reader's words, with how sure it is; `say` gives the name of a class."""
    if fit.rule is None:
        share = 0.0 if fit.candidates.empty else float(fit.candidates["share"].min())
        return _(str(WHY[fit.why]), n=LEAST_PAIRS, share=formats.share(share))
    own = float(fit.candidates.loc[fit.candidates["kind"] == fit.kind, "share"].iloc[0])
    first = _(
        "The order of service is that of: {rule}. {share} of {n} pairs do not follow it.",
        rule=rule_said(fit.rule, class_order, say),
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
            rule=rule_said(away, class_order, say),
            points=formats.number(100 * fit.distance, decimals=1),
        )
    return sentences(first, told, next_best)


def solved_said(solved: Solved, class_order: Sequence[Any], say: Callable[[Any], str] = str) -> str:
    """Return what `solve` found in the reader's words; `say` gives the name of a class."""
    first, amount = say(class_order[0]), formats.number(abs(solved.closest))
    said = {
        "head_start": _("a head start of {n} s for {first}", n=amount, first=first),
        "max_passes": _("strict priority with at most {n} passes", n=amount),
        "agents": _("as many agents as today")
        if solved.closest == 0
        else _("{n} agents fewer than today", n=amount)
        if solved.closest < 0
        else _("{n} agents more than today", n=amount),
    }[solved.family]
    if solved.value is None:
        return _("None of these keeps all promises; closest comes {rule}.", rule=said)
    return _("The promises are kept by {rule}.", rule=said)


def caution_said(caution: Caution, say: Callable[[Any], str] = str) -> str:
    """Return a caution in the reader's words; `say` gives the name of a class."""
    return _(
        CAUTIONS[caution.code],
        share=formats.share(caution.share),
        n=formats.number(caution.n),
        classes=formats.listed(map(say, caution.classes)),
    )
