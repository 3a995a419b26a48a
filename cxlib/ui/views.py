"""What pages show of a choice, worked out as a whole: ahead, or, where the data set is large, beside the server.

A page asks before it draws::

    if not views.at_hand(scope, "queues", **where):
        return

On a small data set the answer is always yes, and the page works out what it shows. On a large one what nobody has
worked out before goes to a process of its own; the page says so at once and comes back when it is there.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import streamlit as st

from cxlib import formats
from cxlib.errors import CxError
from cxlib.texts import _, language
from cxlib.ui import advised, balance, fit_rows, jobs, long, matching, queue_results, reconciled, results, substance
from cxlib.ui.scope import scope_of
from cxlib.ui.segments import Segments
from cxlib.ui.session import store

if TYPE_CHECKING:
    from collections.abc import Callable

    from cxlib.runner import Job
    from cxlib.ui.scope import Scope
    from cxlib.ui.tiers import TierNames

LARGE: Final = 1_000_000
"""Rows of a table from which on a first click on a filter would make its reader wait."""
USUAL: Final = {"pool": results.WITHIN, "absent": results.MISSING}
"""What is chosen where nothing is."""
TABLE: Final = {"plan_fit": "usage"}
"""The table that a view is of, where that is not the contacts."""


def at_hand(scope: Scope, view: str, **asked: str) -> bool:
    """Whether all that a view shows first is there; else say that it is being worked out, or why it is not.

    Parameters
    ----------
    scope : Scope
    view : str
        One of `VIEWS`.
    **asked
        The choice as ids of the link, for the function of the view.
    """
    name = TABLE.get(view, "contacts")
    if not is_large(scope, name):
        return True
    asked = _asked(**asked)
    if results.frame_of(_mark(scope, view, asked)) is not None:
        return True
    key = f"view:{view}:{scope.dataset.id}:{scope.version.number}:{sorted(asked.items())}:{_settings(scope)}"
    held = st.session_state.get("jobs", {}).get(key)
    if held is not None and held.state == "done":
        return True
    n = formats.number(scope.version.tables[name].rows)
    job = jobs.watched(
        key,
        lambda: start(scope, view, asked),
        title=_("Working this out for the first time"),
        about=_("Worked out once for these {n} rows, then kept. It goes on if you choose something else.", n=n),
        place=f"view-{view}",
    )
    return job is not None


def is_large(scope: Scope, table: str) -> bool:
    """Whether a table is so large that pages do not work out anything themselves."""
    return scope.has(table) and scope.version.tables[table].rows > LARGE


def start(scope: Scope, view: str, asked: dict[str, str]) -> Job:
    """Ask for a view in a process of its own."""
    parameters = {
        "dataset": scope.dataset.id,
        "version": scope.version.number,
        "settings": _settings(scope),
        "view": view,
        "asked": asked,
    }
    return jobs.runner().start(f"{jobs.TASKS}:work_out", parameters, keep=False, language=language())


def work_out(scope: Scope, view: str, asked: dict[str, str]) -> None:
    """Compute and keep all that a view shows first; what is kept already costs nothing."""
    try:
        VIEWS[view](scope, balance.tiers_here(scope), **asked)
    except CxError as error:  # the page says so
        logging.getLogger(__name__).info("not prepared: %s", error.code)
    store().keep_result(_mark(scope, view, asked), pd.DataFrame({"view": [view]}))


def current(dataset: str, version: int) -> Scope | None:
    """Return the scope of a data set that is at a version still."""
    found = [each for each in store().datasets() if each.id == dataset]
    scope = scope_of(found[0]) if found else None
    return scope if scope is not None and scope.version.number == version else None


def _mark(scope: Scope, view: str, asked: dict[str, str]) -> dict[str, object]:
    return scope.key("view", view=view, settings=_settings(scope), asked=asked)


def _settings(scope: Scope) -> dict[str, Any]:
    return scope.settings.as_dict()


def contacts(scope: Scope, tiers: TierNames, *, month: str = results.ALL) -> None:
    """What the pages about contacts show of a period as they open."""
    work_out(scope, "queues", _asked(month=month))
    if tiers.order:
        results.allocation_by(scope, "tier", month=month)
        work_out(scope, "allocation", _asked(by="tier", month=month))
        work_out(scope, "tiers", _asked(month=month))


def _asked(**ids: str) -> dict[str, str]:
    """Return a choice without what it would be anyhow, so that the same choice has one name."""
    return {name: value for name, value in ids.items() if value not in (results.ALL, USUAL.get(name))}


def _queues(
    scope: Scope,
    tiers: TierNames,
    *,
    month: str = results.ALL,
    queue: str | None = None,
    pool: str = results.WITHIN,
) -> None:
    """Every count of the Queues page, what is careful about it, and the hours to replay."""
    where = {"month": month}
    if "queue" in results.columns_of(scope, "contacts"):
        where["queue"] = queue or results.ALL
    if tiers.ranked:
        balance.said_balance(scope, tiers, pool, where)
    queues = queue_results.Queues(scope, where, one_line=pool != results.WITHIN)
    queue_results.numbers(queues, "pairs")
    queue_results.to_replay(queues)
    queue_results.found_traps(scope, **queues.where)
    results.passing(scope, "summary", pool=pool, **where)
    if tiers.order:
        results.waits_by(scope, "tier", **where)
        results.curves(scope, **where)


def _allocation(scope: Scope, tiers: TierNames, *, by: str, month: str = results.ALL) -> None:
    """Shares, measures through time and against before, gaps, and courtesy."""
    Segments(scope=scope, by=by, tiers=tiers, where={"month": month}).prepare()


def _hours(scope: Scope, tiers: TierNames, *, by: str, measure: str, month: str = results.ALL) -> None:
    """A measure by hour of the week."""
    Segments(scope=scope, by=by, tiers=tiers, where={"month": month}).hours(measure)


def _gaps(scope: Scope, tiers: TierNames, *, by: str, alike: str, month: str = results.ALL) -> None:
    """The gaps under other conditions, and what drives the largest of each outcome."""
    Segments(scope=scope, by=by, tiers=tiers, where={"month": month}).prepare_gaps(alike=alike)


def _tiers(scope: Scope, tiers: TierNames, *, month: str = results.ALL) -> None:
    """Whether tiers and needs have substance."""
    if tiers.ranked:
        substance.of_tiers(scope, month=month)
    substance.of_needs(scope, month=month)
    substance.labels(scope)
    results.trap(scope, month=month)


def _tiers_by_queue(scope: Scope, tiers: TierNames, *, month: str = results.ALL) -> None:
    """Whether tiers have substance in each queue."""
    if tiers.ranked:
        substance.of_tiers(scope, per="queue", month=month)


def _plan_fit(scope: Scope, _tiers: TierNames, *, month: str, absent: str = results.MISSING) -> None:
    """Who is flagged at the end of a month, why, and how that went on."""
    results.values_of(scope, "customers", "tier")
    matching.said_matching(scope, fit_rows.Chosen(month=month, absent=absent))
    results.flag_course(scope, absent)
    reconciled.said(scope, month)
    results.reasons_of(scope, results.flagged(scope, month, absent), month, absent)
    if long.is_small(scope, "advise"):
        advised.rows(scope, month)


VIEWS: Final[dict[str, Callable[..., None]]] = {
    "queues": _queues,
    "allocation": _allocation,
    "hours": _hours,
    "gaps": _gaps,
    "tiers": _tiers,
    "tiers_by_queue": _tiers_by_queue,
    "plan_fit": _plan_fit,
}
"""What is worked out for a choice: functions of the scope, its tiers and the ids chosen."""


def view(name: str, scope: Scope, **asked: str) -> Callable[[], None]:
    """Return what works out a view when it is called."""
    return partial(work_out, scope, name, _asked(**asked))
