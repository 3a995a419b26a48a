"""The rule in force and what passing does: at once where the log is short, else by a process that is watched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from cxlib import formats
from cxlib.fairness import tasks
from cxlib.texts import _, language
from cxlib.ui import jobs, results
from cxlib.ui.session import store

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from cxlib.runner import Job
    from cxlib.ui.scope import Scope

AT_ONCE: Final = 300_000
"""Contacts up to which a task is done within the page: a few seconds, once."""


def frames_of(scope: Scope, task: str, *, title: str) -> dict[str, pd.DataFrame] | None:
    """Return the frames of a task of `cxlib.fairness.tasks`, or None after showing why they are not there yet.

    They are of the whole log: the filters of the page choose among their rows.
    """
    if is_small(scope):
        return _at_once(scope, task)
    n = formats.number(scope.version.tables["contacts"].rows)
    job = jobs.watched(
        f"{task}:{scope.dataset.id}:{scope.version.number}:{scope.settings.min_group}",
        lambda: start(scope, task),
        title=title,
        about=_("Worked out once for these {n} contacts, then kept. It goes on if you leave the page.", n=n),
        place=task,
    )
    found: dict[str, pd.DataFrame] | None = None if job is None else _frames_in(str(job.folder), task)
    return found


def ahead(scope: Scope) -> list[Job]:
    """Have the frames there before anybody asks; what takes long is begun, and its jobs returned."""
    if is_small(scope):
        for task in tasks.FRAMES:
            _at_once(scope, task)
        return []
    return [start(scope, task, ahead=True) for task in tasks.FRAMES]


def there(scope: Scope, task: str) -> dict[str, pd.DataFrame] | None:
    """Return the frames where somebody has had them worked out, else None; nothing is shown and nothing begun."""
    if is_small(scope):
        parts = _parts_of(_asked(scope))
        found = {name: results.there(scope, f"{task} {name}", **parts) for name in tasks.FRAMES[task]}
        kept = {name: each for name, each in found.items() if each is not None}
        return kept if len(kept) == len(found) else None
    job = jobs.runner().kept(_name(task), _asked(scope))
    return None if job is None else _frames_in(str(job.folder), task)


def is_small(scope: Scope) -> bool:
    """Whether a task is done within the page."""
    return scope.version.tables["contacts"].rows <= AT_ONCE


def _asked(scope: Scope) -> dict[str, Any]:
    passers = "queued" if results.trap(scope)["warned"] else "all"
    return tasks.parameters_of(
        scope.dataset.id,
        scope.version.number,
        zone=results.zone(scope),
        passers=passers,
        min_group=scope.settings.min_group,
    )


def start(scope: Scope, task: str, *, ahead: bool = False) -> Job:
    """Ask for the frames in a process of their own; what is there already is found."""
    return jobs.runner().start(_name(task), _asked(scope), language=language(), ahead=ahead)


def _name(task: str) -> str:
    return f"cxlib.fairness.tasks:{task}"


def _at_once(scope: Scope, task: str) -> dict[str, pd.DataFrame]:
    asked = _asked(scope)
    computed: dict[str, pd.DataFrame] = {}

    def one(name: str) -> Callable[[], pd.DataFrame]:
        def compute() -> pd.DataFrame:
            if not computed:
                computed.update(tasks.compute(task, asked, store().root))
            return computed[name]

        return compute

    parts = _parts_of(asked)
    return {name: results.kept(scope, f"{task} {name}", one(name), **parts) for name in tasks.FRAMES[task]}


def _parts_of(asked: dict[str, Any]) -> dict[str, Any]:
    return {"passers": asked["passers"], "min_group": asked["min_group"]}


@st.cache_resource(max_entries=4, show_spinner=False)
def _frames_in(folder: str, task: str) -> dict[str, pd.DataFrame]:
    return tasks.frames_in(Path(folder), task)
