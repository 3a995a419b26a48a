"""A queue under several rules, without its log: what can be kept, sent on and shown."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from cxlib.queueing.beside import Beside, observed, set_beside
from cxlib.queueing.calibration import Calibration, Caution, calibrate
from cxlib.queueing.fitting import Fit, fit_rule
from cxlib.queueing.naming import rule_of, rule_text
from cxlib.queueing.policies import Fcfs
from cxlib.queueing.runs import REPLICATIONS, SLA_S, Runs, replicate
from cxlib.queueing.sizing import busiest_hour

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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
TODAY_PART: Final = 0.1
"""Of the work, until the rule in force has been simulated."""
OF_RUNS: Final = ("by_class", "pairs", "servers", "curves")
FRAMES: Final = (*OF_RUNS, "beside", "candidates", "staff", "told")
"""The frames of `Study.frames`, by name."""


@dataclass(frozen=True, kw_only=True)
class Study:
    """What a queue's rule is, whether its simulation may be believed, and what came of each rule.

    Attributes
    ----------
    class_order : tuple of str
        The classes, the one that is served first first.
    contacts, days : int
        How many contacts on how many local days it rests on.
    load : float
        Work that arrives over work that those on duty can do.
    arrivals_per_h, service_s, patience_s : float
        Of the busiest local hour of the day: arrivals while anybody was on duty; mean service; mean patience (infinite
        where nobody left). For sizing.
    from_roster : bool
        Whether those on duty are known from a roster, not told from the log.
    cautions : tuple of Caution
    fit : Fit
    taken : Policy
        The rule simulated as the one in force: the one found, else first come, first served.
    beside : Beside
    staff : pandas frame
        hour (local), agents (mean over the days with anybody on duty then).
    policies : dict of str to Policy
        ``IN_FORCE`` and the others, by their short texts.
    runs : Runs
    """

    class_order: tuple[str, ...]
    contacts: int
    days: int
    load: float
    arrivals_per_h: float
    service_s: float
    patience_s: float
    from_roster: bool
    cautions: tuple[Caution, ...]
    fit: Fit
    taken: Policy
    beside: Beside
    staff: pd.DataFrame
    policies: dict[str, Policy]
    runs: Runs

    def frames(self) -> dict[str, pd.DataFrame]:
        """Return all of it as frames of plain columns, which `study_of` reads back."""
        order = self.class_order
        told = {
            name: getattr(self, name)
            for name in ("contacts", "days", "load", "arrivals_per_h", "service_s", "patience_s", "from_roster")
        }
        fit = {
            name: getattr(self.fit, name)
            for name in ("kind", "pairs", "runner_up", "distance", "alike", "at_least_s", "why")
        }
        told |= {
            "class_order": order,
            "cautions": [asdict(each) for each in self.cautions],
            "taken": rule_text(self.taken, order),
            "fit": fit | {"rule": None if self.fit.rule is None else rule_text(self.fit.rule, order)},
            "verdict": self.beside.verdict,
            "reasons": self.beside.reasons,
            "policies": {name: rule_text(rule, order) for name, rule in self.policies.items()},
            "sla_s": self.runs.sla_s,
            "replications": self.runs.replications,
        }
        texts = [rule_text(rule, order) for rule in self.fit.candidates["rule"]]
        return {
            **{name: getattr(self.runs, name) for name in OF_RUNS},
            "beside": self.beside.table,
            "candidates": self.fit.candidates.assign(rule=pd.Series(texts, dtype="str")),
            "staff": self.staff,
            "told": pd.DataFrame({"json": [json.dumps(told)]}),
        }


def study_of(frames: Mapping[str, pd.DataFrame]) -> Study:
    """Return what `Study.frames` wrote."""
    told = json.loads(str(frames["told"]["json"].iloc[0]))
    order = tuple(told["class_order"])
    candidates = frames["candidates"]
    rules = pd.Series([rule_of(str(text), order) for text in candidates["rule"]], dtype=object)
    fit = told["fit"]
    rule = None if fit.pop("rule") is None else rule_of(told["taken"], order)
    fit["alike"] = tuple(fit["alike"])
    plain = ("contacts", "days", "load", "arrivals_per_h", "service_s", "patience_s", "from_roster")
    return Study(
        **{name: told[name] for name in plain},
        class_order=order,
        cautions=tuple(Caution(**each | {"classes": tuple(each["classes"])}) for each in told["cautions"]),
        fit=Fit(rule=rule, candidates=candidates.assign(rule=rules), **fit),
        taken=rule_of(told["taken"], order),
        beside=Beside(table=frames["beside"], verdict=told["verdict"], reasons=tuple(told["reasons"])),
        staff=frames["staff"],
        policies={name: rule_of(text, order) for name, text in told["policies"].items()},
        runs=Runs(
            policies=tuple(told["policies"]),
            class_order=order,
            sla_s=tuple(told["sla_s"]),
            replications=told["replications"],
            **{name: frames[name] for name in OF_RUNS},
        ),
    )


def study(
    contacts: Any,
    *,
    rules: Sequence[str] = (),
    agents: float = 0.0,
    hours: Mapping[int, float] | None = None,
    sla_s: float | Mapping[Any, float] = SLA_S,
    replications: int = REPLICATIONS,
    random_state: int = 0,
    report: Callable[[float], None] | None = None,
    **chosen: Any,
) -> Study:
    """Calibrate a queue, find the rule in force, and simulate it beside the log and beside other rules.

    Parameters
    ----------
    contacts : frame or Calibration
    rules : sequence of str
        Short texts, see `naming.rule_of`; default: `USUAL`.
    agents : float
        So many more (or fewer) on duty under every rule but the one in force.
    hours : mapping of local hour to further change, optional
    sla_s : float or mapping of class to float, seconds
    report : function of a share 0 to 1, optional
        What it raises ends the work.
    **chosen
        Those of `calibrate`: where, from_at, until_at, by, ranks, zone, roster.
    """
    found = contacts if isinstance(contacts, Calibration) else calibrate(contacts, **chosen)
    fit = fit_rule(found)
    taken = fit.rule or Fcfs()
    options: dict[str, Any] = {"replications": replications, "sla_s": sla_s, "random_state": random_state}
    tell = report or (lambda _share: None)
    today = replicate(found.replayed(), {IN_FORCE: taken}, report=lambda part: tell(TODAY_PART * part), **options)
    policies = {text: rule_of(text, found.class_order) for text in rules or USUAL}
    others = replicate(
        changed(found, agents, hours).replayed(),
        policies,
        report=lambda part: tell(TODAY_PART + (1 - TODAY_PART) * part),
        **options,
    )
    arrivals, service, patience = busiest_hour(found)
    return Study(
        class_order=found.class_order,
        contacts=int(found.log.arrived_s.size),
        days=found.n_days,
        load=found.load,
        arrivals_per_h=arrivals,
        service_s=service,
        patience_s=patience,
        from_roster=found.from_roster,
        cautions=found.cautions,
        fit=fit,
        taken=taken,
        beside=set_beside(observed(found, sla_s), today.summary()),
        staff=found.staff_by_hour(),
        policies={IN_FORCE: taken, **policies},
        runs=joined(today, others),
    )


def changed(calibration: Calibration, agents: float, hours: Mapping[int, float] | None = None) -> Calibration:
    """Return a queue with other numbers on duty; the same one where nothing changes."""
    return calibration.with_servers(agents, hours=hours) if agents or any((hours or {}).values()) else calibration


def joined(one: Runs, other: Runs) -> Runs:
    """Return two runs of the same customers as one; the policies must have different names."""
    frames = {name: pd.concat([getattr(one, name), getattr(other, name)], ignore_index=True) for name in OF_RUNS}
    return Runs(
        policies=(*one.policies, *other.policies),
        class_order=one.class_order,
        sla_s=one.sla_s,
        replications=one.replications,
        **frames,
    )
