"""A queue under other rules as the page of policies shows it: worked out at once where it is short, else watched."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import streamlit as st

from cxlib import formats
from cxlib.queueing import tasks
from cxlib.queueing.study import USUAL, Study, joined, study_of
from cxlib.queueing.tasks import Asked
from cxlib.texts import _, language
from cxlib.ui import jobs, results, views
from cxlib.ui.session import store

if TYPE_CHECKING:
    from collections.abc import Callable

    from cxlib.queueing.promises import Solved
    from cxlib.queueing.runs import Runs
    from cxlib.ui.scope import Scope
    from cxlib.ui.tiers import TierNames

AT_ONCE: Final = 15_000_000
"""Simulated contacts up to which a task is done within the page: about two seconds, once."""
SEARCH: Final = 30
"""Rules that a search tries, about."""
TASKS: Final = "cxlib.queueing.tasks"


@dataclass(frozen=True, kw_only=True)
class Pool:
    """The contacts that wait in one line, chosen on the page, and the staff that rules are tried with.

    Attributes
    ----------
    scope : Scope
    tiers : TierNames
    where : dict of column to value, as ids of the link
    contacts : int
    agents : float
        More or fewer on duty under the rules tried.
    hours : dict of local hour (as text) to a further change
    roster : list of [from, to, agents]
    """

    scope: Scope
    tiers: TierNames
    where: dict[str, str]
    contacts: int
    agents: float = 0.0
    hours: dict[str, float] | None = None
    roster: list[list[Any]] | None = None

    @property
    def asked(self) -> Asked:
        """What is asked of the tasks."""
        month = self.where.get("month", results.ALL)
        return Asked(
            dataset=self.scope.dataset.id,
            version=self.scope.version.number,
            zone=results.zone(self.scope),
            where={name: value for name, value in self.where.items() if name != "month" and value != results.ALL},
            month="" if month == results.ALL else month,
            sla_s=float(self.scope.settings.sla_s),
            agents=self.agents,
            hours=self.hours or {},
            roster=self.roster or [],
        )

    def with_staff(self, agents: float, hours: dict[str, float]) -> Pool:
        """Return the same pool with other numbers on duty under the rules tried."""
        return replace(self, agents=agents, hours={hour: change for hour, change in hours.items() if change})

    def study(self) -> Study | None:
        """Return the rule in force and what the usual ones do; None after showing why it is not there yet."""
        frames = self._frames("study", self.asked, len(USUAL) + 1, title=_("Simulating the queue"))
        return None if frames is None else study_of(frames)

    def prepare(self) -> None:
        """Work out the study here and now, and keep it."""
        self._at_once("study", self.asked)

    def tried(self, study: Study, rule: str) -> Runs | None:
        """Return the runs of a study with those of one more rule, under its short text; None while it is worked out."""
        if rule in study.runs.policies:
            return study.runs
        frames = self._frames("trial", replace(self.asked, rules=[rule]), 1, title=_("Simulating this rule"))
        return None if frames is None else joined(study.runs, tasks.runs_of(frames, study.runs))

    def solved(self, study: Study, promises: list[list[Any]], family: str, rule: str) -> Solved | None:
        """Return the mildest rule of a family that keeps the promises; None while it is searched."""
        asked = replace(self.asked, promises=promises, family=family, rule=rule if family == "agents" else "")
        frames = self._frames("solve", asked, SEARCH, title=_("Looking for the mildest rule"))
        return None if frames is None else tasks.solved_of(frames, rule, study.class_order)

    @property
    def is_small(self) -> bool:
        """Whether the study is done within the page."""
        return self.contacts * (len(USUAL) + 1) * self.asked.replications <= AT_ONCE

    def _frames(self, task: str, asked: Asked, rules: int, *, title: str) -> dict[str, pd.DataFrame] | None:
        if self.contacts * rules * asked.replications <= AT_ONCE and not self._goes_aside(task, asked):
            return self._at_once(task, asked)
        parameters = asked.parameters()
        n = formats.number(self.contacts)
        job = jobs.watched(
            f"policies:{task}:{parameters}",
            lambda: jobs.runner().start(f"{TASKS}:run_{task}", parameters, language=language()),
            title=title,
            about=_("Worked out once for these {n} contacts, then kept. It goes on if you leave the page.", n=n),
            place=f"policies-{task}",
        )
        found: dict[str, pd.DataFrame] | None = None if job is None else _frames_in(str(job.folder), task)
        return found

    def _goes_aside(self, task: str, asked: Asked) -> bool:
        """Whether what nobody has worked out yet is left to a process of its own, as the log is a large one."""
        if not views.is_large(self.scope, "contacts"):
            return False
        more = tasks.parts(task, asked)
        frames = (results.there(self.scope, f"policies {task} {name}", **more) for name in tasks.FRAMES[task])
        return any(frame is None for frame in frames)

    def _at_once(self, task: str, asked: Asked) -> dict[str, pd.DataFrame]:
        computed: dict[str, pd.DataFrame] = {}
        root = store().root

        def one(name: str) -> Callable[[], pd.DataFrame]:
            def compute() -> pd.DataFrame:
                if not computed:
                    computed.update(tasks.compute(task, asked, root))
                return computed[name]

            return compute

        parts = tasks.parts(task, asked)
        return {
            name: results.kept(self.scope, f"policies {task} {name}", one(name), **parts) for name in tasks.FRAMES[task]
        }


def ahead(scope: Scope, tiers: TierNames) -> None:
    """Work out what the page opens with, before anybody asks; nothing where it would take long."""
    queue = busiest(scope)
    where = {"month": results.ALL} | ({} if queue is None else {"queue": queue})
    places = locations(scope, where)
    if len(places) > 1:
        where["location"] = places[0]
    pool = Pool(scope=scope, tiers=tiers, where=where, contacts=contacts_there(scope, where))
    if pool.contacts and pool.is_small:
        pool.prepare()


def sizes(scope: Scope, month: str) -> pd.DataFrame:
    """Return how many contacts each queue has in each location in a month: queue, location, n, the largest first.

    Columns that the contacts lack are missing.
    """

    def compute() -> pd.DataFrame:
        columns = tuple(name for name in ("queue", "location") if name in results.columns_of(scope, "contacts"))
        found = results.contacts_in(scope, (*columns, "arrived_at"), month=month)
        if not columns:
            return pd.DataFrame({"n": [found.num_rows]})
        counted = found.group_by(list(columns)).aggregate([("arrived_at", "count")]).to_pandas()
        table: pd.DataFrame = counted.rename(columns={"arrived_at_count": "n"})
        return table.sort_values("n", ascending=False, kind="stable")

    return results.kept(scope, "pool sizes", compute, month=month)


def busiest(scope: Scope) -> str | None:
    """Return the queue with most contacts in the whole log; None where contacts have no queue."""
    found = sizes(scope, results.ALL)
    if "queue" not in found or not found["queue"].notna().any():
        return None
    return str(found.groupby("queue")["n"].sum().idxmax())


def locations(scope: Scope, where: dict[str, str]) -> list[str]:
    """Return the locations of a queue, the one with most contacts first."""
    found = sizes(scope, results.ALL)
    if "location" not in found:
        return []
    if where.get("queue", results.ALL) != results.ALL:
        found = found[found["queue"] == where["queue"]]
    counted = found.dropna(subset=["location"]).groupby("location")["n"].sum()
    return [str(each) for each in counted.sort_values(ascending=False, kind="stable").index]


def contacts_there(scope: Scope, where: dict[str, str]) -> int:
    """Return how many contacts a pool has."""
    found = sizes(scope, where.get("month", results.ALL))
    for name in ("queue", "location"):
        if where.get(name, results.ALL) != results.ALL and name in found:
            found = found[found[name] == where[name]]
    return int(found["n"].sum())


@st.cache_resource(max_entries=16, show_spinner=False)
def _frames_in(folder: str, task: str) -> dict[str, pd.DataFrame]:
    return tasks.frames_in(Path(folder), task)
