"""Results that take long: at once where the data set is small, else by a process of their own that is watched.

A page asks for the rows and draws on only when they are there::

    rows = long.rows_of(scope, "backtest", title=_("Judging past advice"))
    if rows is not None:
        ...
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from cxlib import formats
from cxlib.matching import tasks
from cxlib.texts import _, language
from cxlib.ui import jobs, results, states
from cxlib.ui.session import store

if TYPE_CHECKING:
    import pandas as pd

    from cxlib.runner import Job
    from cxlib.ui.scope import Scope

TASKS: Final = "cxlib.matching.tasks"
AT_ONCE: Final = {"advise": 500_000, "backtest": 30_000}
"""Rows of usage up to which a task is done within the page: about two seconds."""

MOST_AHEAD: Final = 20_000_000
"""Rows of usage up to which a task is begun before anybody has asked for it."""


def options_of(scope: Scope) -> dict[str, Any]:
    """Return the settings of the data set that recommendations depend on."""
    settings = scope.settings
    return {"horizon": settings.horizon, "months": settings.months, "min_saving": settings.min_saving}


def rows_of(scope: Scope, task: str, *, title: str, as_of: str = "last", **options: Any) -> pd.DataFrame | None:
    """Return the rows of a task of `cxlib.matching.tasks`, or None after showing why they are not there yet.

    Parameters
    ----------
    scope : Scope
    task : {"advise", "backtest"}
    title : str
        What is being worked out, in the reader's language.
    as_of : str
        Of ``advise``: the month.
    **options
        Settings of `PlanRecommender` other than those of the data set.

    Returns
    -------
    pandas frame or None
        None while it is computed (progress and a button to cancel are shown), and where it failed or was cancelled
        (that is said, with a button to try again).
    """
    if is_small(scope, task):
        return _at_once(scope, task, as_of, options)
    key = f"{task}:{scope.dataset.id}:{scope.version.number}:{as_of}:{sorted({**options_of(scope), **options}.items())}"
    job = jobs.asked(key, lambda: start(scope, task, as_of=as_of, **options))
    if job.state == "done":
        found: pd.DataFrame = _rows_in(str(job.folder))
        return found.copy(deep=False)
    if job.over:
        _stopped(job, task, key)
    else:
        _under_way(scope, job, task, title)
    return None


def ahead(scope: Scope, task: str) -> Job | None:
    """Have the rows there before anybody asks for them; what takes long is begun, and its job returned."""
    if is_small(scope, task):
        _at_once(scope, task, _last(scope, task), {})
    elif scope.version.tables["usage"].rows <= MOST_AHEAD:
        return start(scope, task, as_of=_last(scope, task), ahead=True)
    return None


def there(scope: Scope, task: str) -> pd.DataFrame | None:
    """Return the rows where somebody has had them worked out, else None; nothing is shown and nothing begun."""
    if is_small(scope, task):
        kept = store().result(scope.key(task, as_of=_last(scope, task), **options_of(scope)))
        return None if kept is None else kept.to_pandas()
    return kept_of(scope, task, as_of=_last(scope, task))


def _last(scope: Scope, task: str) -> str:
    """Return as of when a task is asked for first: advice by its month, as the page about plan fit asks for it."""
    return results.usage_months(scope)[-1] if task == "advise" else "last"


def kept_of(scope: Scope, task: str, *, as_of: str) -> pd.DataFrame | None:
    """Return the rows of what takes long where they are kept, else None; nothing is begun."""
    parameters = tasks.parameters_of(scope.dataset.id, scope.version.number, as_of=as_of, **options_of(scope))
    job = jobs.runner().kept(f"{TASKS}:{task}", parameters)
    return None if job is None else _rows_in(str(job.folder)).copy(deep=False)


def is_small(scope: Scope, task: str) -> bool:
    """Whether a task is done within the page."""
    return scope.version.tables["usage"].rows <= AT_ONCE[task]


def start(scope: Scope, task: str, *, as_of: str = "last", ahead: bool = False, **options: Any) -> Job:
    """Ask for the rows in a process of their own; what is there already is found."""
    every = {**options_of(scope), **options}
    parameters = tasks.parameters_of(scope.dataset.id, scope.version.number, as_of=as_of, **every)
    return jobs.runner().start(f"{TASKS}:{task}", parameters, language=language(), ahead=ahead)


def _at_once(scope: Scope, task: str, as_of: str, options: dict[str, Any]) -> pd.DataFrame:
    every = {**options_of(scope), **options}
    parameters = tasks.parameters_of(scope.dataset.id, scope.version.number, as_of=as_of, **every)
    return results.kept(scope, task, lambda: tasks.compute(task, parameters, store().root), as_of=as_of, **every)


@st.cache_resource(max_entries=4, show_spinner=False)
def _rows_in(folder: str) -> pd.DataFrame:
    return tasks.rows_in(Path(folder))


def _under_way(scope: Scope, job: Job, task: str, title: str) -> None:
    with st.container(border=True, key=f"long-{task}"):
        jobs.watch({title: job}, key=task, say=lambda job: formats.share(job.share, decimals=0))
        st.caption(
            _(
                "Worked out once for these {n} months of usage, then kept. It goes on if you leave the page.",
                n=formats.number(scope.version.tables["usage"].rows),
            )
        )


def _stopped(job: Job, task: str, key: str) -> None:
    if job.state == "cancelled":
        states.empty(_("Not worked out"), _("It was cancelled before its end."), to_import=False)
    elif job.error is not None:
        states.refused(job.error)
    if st.button(_("Try again"), key=f"again:{task}", icon=":material/refresh:"):
        jobs.again(key)
        st.rerun()
