"""What other rules would do to a queue of a data set, worked out once and kept: the tasks behind the page of policies.

The parameters, as JSON holds them, are made by `Asked`. A task writes its frames into its folder; `compute` returns
the same without a process of its own.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from cxlib.errors import CxError
from cxlib.fairness.contacts import tier_ranks
from cxlib.fairness.tasks import with_tiers
from cxlib.queueing.calibration import calibrate
from cxlib.queueing.naming import rule_of
from cxlib.queueing.promises import Promise, Solved, solve
from cxlib.queueing.runs import REPLICATIONS, SLA_S, Runs, replicate
from cxlib.queueing.study import FRAMES as OF_STUDY
from cxlib.queueing.study import OF_RUNS, USUAL, changed, study
from cxlib.store import Store
from cxlib.store.data_sets import root_of
from cxlib.texts import N_, _

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Report = Callable[[float | None, str], None]

FRAMES: Final = {"study": OF_STUDY, "trial": OF_RUNS, "solve": ("kept", "tried", "told")}
"""The frames of each task, by name."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A pool of a data set, the staff that it would have, and what is asked about it.

    Attributes
    ----------
    dataset, version
        Of the store.
    zone : str
        Of months and hours.
    where : dict of column to value
        What the contacts of the pool have in common; empty for all as one line.
    month : str
        Such as ``2026-04``; ``""`` for all.
    sla_s : float
    agents : float
        More or fewer on duty under every rule but the one in force.
    hours : dict of local hour (as text) to a further change
    roster : list of [from, to, agents]
        With times as texts with a zone; empty where those on duty are told from the log.
    rules : list of str
        Short texts; empty for the usual ones (task ``study``).
    promises : list of [group, indicator, bound]
    family, rule : str
        For the task ``solve``.
    """

    dataset: str
    version: int
    zone: str
    where: dict[str, str] = field(default_factory=dict)
    month: str = ""
    sla_s: float = SLA_S
    agents: float = 0.0
    hours: dict[str, float] = field(default_factory=dict)
    roster: list[list[Any]] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    promises: list[list[Any]] = field(default_factory=list)
    family: str = ""
    rule: str = ""
    replications: int = REPLICATIONS
    random_state: int = 0

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of a task, for JSON."""
        return asdict(self)


def parts(task: str, asked: Asked) -> dict[str, Any]:
    """Return what the frames of a task depend on besides the data set: only what that task looks at."""
    left_out = {"dataset", "version"} | {
        "study": {"promises", "family", "rule"},
        "trial": {"promises", "family", "rule"},
        "solve": {"rules"},
    }[task]
    return {name: value for name, value in asked.parameters().items() if name not in left_out}


def run_study(parameters: dict[str, Any], folder: Path, report: Report) -> dict[str, Any]:
    """Write the frames of `Study.frames`."""
    return _written(compute("study", Asked(**parameters), root_of(folder), report=report), folder)


def run_trial(parameters: dict[str, Any], folder: Path, report: Report) -> dict[str, Any]:
    """Write the runs of the rules that are asked for."""
    return _written(compute("trial", Asked(**parameters), root_of(folder), report=report), folder)


def run_solve(parameters: dict[str, Any], folder: Path, report: Report) -> dict[str, Any]:
    """Write the mildest rule that keeps the promises."""
    return _written(compute("solve", Asked(**parameters), root_of(folder), report=report), folder)


def compute(
    task: str, asked: Asked, root: Path, *, report: Report = lambda _share, _said: None
) -> dict[str, pd.DataFrame]:
    """Return the frames of the task ``study``, ``trial`` or ``solve`` over the store in `root`, see `FRAMES`."""
    report(0.0, _("Reading the contacts"))
    contacts, chosen = _log(asked, root)
    options: dict[str, Any] = {
        "sla_s": asked.sla_s,
        "replications": asked.replications,
        "random_state": asked.random_state,
        "report": lambda share: report(0.1 + 0.9 * share, _("Simulating")),
    }
    hours = {int(hour): float(change) for hour, change in asked.hours.items()}
    if task == "study":
        done = study(contacts, rules=asked.rules or USUAL, agents=asked.agents, hours=hours, **options, **chosen)
        return done.frames()
    found = changed(calibrate(contacts, **chosen), asked.agents, hours)
    if task == "trial":
        rules = {text: rule_of(text, found.class_order) for text in asked.rules}
        runs = replicate(found.replayed(), rules, **options)
        return {name: getattr(runs, name) for name in OF_RUNS}
    promises = [Promise(*each) for each in asked.promises]
    rule = rule_of(asked.rule, found.class_order) if asked.rule else None
    return solved_frames(solve(found, promises, family=asked.family, rule=rule, **options))


def frames_in(folder: Path, task: str) -> dict[str, pd.DataFrame]:
    """Return the frames that a task wrote."""
    return {name: pq.read_table(folder / f"{name}.parquet").to_pandas() for name in FRAMES[task]}


def runs_of(frames: dict[str, pd.DataFrame], like: Runs) -> Runs:
    """Return the runs of the task ``trial``, of the same customers as those of a study."""
    return Runs(
        policies=tuple(dict.fromkeys(map(str, frames["by_class"]["policy"]))),
        class_order=like.class_order,
        sla_s=like.sla_s,
        replications=like.replications,
        **{name: frames[name] for name in OF_RUNS},
    )


def solved_frames(solved: Solved) -> dict[str, pd.DataFrame]:
    """Return what `solve` found as frames of plain columns."""
    told = {"family": solved.family, "value": solved.value, "closest": solved.closest}
    return {
        "kept": solved.kept,
        "tried": solved.tried,
        "told": pd.DataFrame({"json": [json.dumps(told)]}),
    }


def solved_of(frames: dict[str, pd.DataFrame], rule: str, class_order: tuple[str, ...]) -> Solved:
    """Return what `solved_frames` wrote; `rule` is the one under which agents were searched."""
    told = json.loads(str(frames["told"]["json"].iloc[0]))
    text = rule if told["family"] == "agents" else f"{told['family']}={told['closest']:.0f}"
    return Solved(**told, rule=rule_of(text or "fcfs", class_order), kept=frames["kept"], tried=frames["tried"])


def _log(asked: Asked, root: Path) -> tuple[Any, dict[str, Any]]:
    """Return the contacts of a data set, and how its pool is chosen."""
    with Store(root) as store:
        there = store.version(asked.dataset, asked.version).tables
        contacts, customers, tiers = (
            store.load(asked.dataset, name, version=asked.version) if name in there else None
            for name in ("contacts", "customers", "tiers")
        )
    if contacts is None:
        raise CxError("no_contacts", N_("There are no contacts."), hint=N_("Bring a file of contacts."))
    chosen: dict[str, Any] = {
        "where": asked.where,
        "ranks": None if tiers is None else tier_ranks(tiers),
        "zone": asked.zone,
    }
    if asked.month:
        start = pd.Timestamp(f"{asked.month}-01", tz=ZoneInfo(asked.zone))
        chosen |= {"from_at": start.to_pydatetime(), "until_at": (start + pd.DateOffset(months=1)).to_pydatetime()}
    if asked.roster:
        table = pd.DataFrame(asked.roster, columns=["from_at", "to_at", "agents"])
        chosen["roster"] = table.assign(
            from_at=pd.to_datetime(table["from_at"], utc=True), to_at=pd.to_datetime(table["to_at"], utc=True)
        )
    return with_tiers(contacts, customers), chosen


def _written(frames: dict[str, pd.DataFrame], folder: Path) -> dict[str, Any]:
    for name, frame in frames.items():
        pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), folder / f"{name}.parquet")
    return {name: len(frame) for name, frame in frames.items()}
