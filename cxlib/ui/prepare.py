"""Compute what the first look at a data set shows, before anybody looks: ``python -m cxlib.ui.prepare``.

Large data sets are left to the server, which prepares them while pages are open; with ``--all`` nothing is left to it.
"""

from __future__ import annotations

import logging
import sys
import threading
from typing import TYPE_CHECKING

from cxlib.errors import CxError
from cxlib.texts import language
from cxlib.ui import balance, customers, jobs, long, policy_tasks, queue_tasks, results, views
from cxlib.ui.decisions import decisions
from cxlib.ui.scope import scope_of
from cxlib.ui.segments import Segments, segments_of
from cxlib.ui.session import store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cxlib.runner import Job
    from cxlib.ui.scope import Scope

_busy = threading.Lock()
_begun: list[tuple[Scope, Job]] = []
"""What processes of their own were asked to prepare."""


def prepare(scope: Scope) -> None:
    """Compute and keep the results of the pages as they open first; what is kept already costs nothing."""
    try:
        decisions(scope)
        if scope.has("contacts"):
            tiers = balance.tiers_here(scope)
            views.contacts(scope, tiers)
            if tiers.ranked:
                policy_tasks.ahead(scope, tiers)
        if scope.has("usage") and scope.has("plans"):
            views.work_out(scope, "plan_fit", {"month": results.usage_months(scope)[-1]})
    except CxError as error:  # the page says so when it is opened
        logging.getLogger(__name__).info("not prepared: %s", error.code)


def prepare_filters(scope: Scope, *, told: Callable[[float], None] = lambda _share: None) -> None:
    """Compute and keep what a first click on each filter of a large data set shows, one value after the other.

    A small one answers at once without. `told` hears how far it is, from 0 to 1.
    """
    steps = list(_steps(scope))
    for i, step in enumerate(steps):
        told(i / len(steps))
        try:
            step()
        except CxError as error:
            logging.getLogger(__name__).info("not prepared: %s", error.code)


def _steps(scope: Scope) -> Iterator[Callable[[], object]]:
    if views.is_large(scope, "contacts"):
        yield from _of_contacts(scope)
    if scope.has("plans") and views.is_large(scope, "usage"):
        for month in reversed(results.usage_months(scope)):
            for absent in (results.MISSING, results.ZERO):
                yield views.view("plan_fit", scope, month=month, absent=absent)


def _of_contacts(scope: Scope) -> Iterator[Callable[[], object]]:
    tiers = balance.tiers_here(scope)
    for by in segments_of(scope):
        yield views.view("allocation", scope, by=by)
    by_tier = Segments(scope=scope, by="tier", tiers=tiers, where={"month": results.ALL})
    for alike in by_tier.alikes():
        yield views.view("gaps", scope, by="tier", alike=alike)
    yield views.view("queues", scope, pool=results.ONE_LINE)
    yield views.view("tiers_by_queue", scope)
    for month in reversed(results.contact_months(scope)):
        for name in ("queues", "tiers", "tiers_by_queue"):
            yield views.view(name, scope, month=month)
        for by in segments_of(scope):
            yield views.view("allocation", scope, by=by, month=month)
    for queue in results.values_of(scope, "contacts", "queue"):
        yield views.view("queues", scope, queue=queue)


def prepare_all(*, wait: bool = False) -> None:
    """Prepare every data set; `wait` for what takes long, too.

    What pages open with comes before the filters. Large data sets are prepared in processes of their own; what an
    earlier call began for a version that is no longer the current one ends.
    """
    with _busy:
        scopes = [scope_of(dataset) for dataset in store().datasets()]
        _end_others(scopes)
        large = [scope for scope in scopes if _is_large(scope)]
        begun = [_begin(scope, "first_sights") for scope in large]
        for scope in scopes:
            if scope not in large:
                prepare(scope)
        begun += [job for scope in scopes if scope.has("usage") and scope.has("plans") for job in judge_ahead(scope)]
        begun += [job for scope in scopes if scope.has("contacts") for job in _rules_ahead(scope)]
        begun += [_begin(scope, "filters") for scope in large]
    for scope in large if not wait else []:
        customers.learn_ahead(scope)
    for job in begun if wait else []:
        job.wait()


def prepare_small() -> None:
    """Prepare the data sets that take no longer than a reader would wait for the dashboard to open."""
    for scope in map(scope_of, store().datasets()):
        if not _is_large(scope):
            prepare(scope)


def _is_large(scope: Scope) -> bool:
    return views.is_large(scope, "contacts") or views.is_large(scope, "usage")


def _begin(scope: Scope, task: str) -> Job:
    parameters = {
        "dataset": scope.dataset.id,
        "version": scope.version.number,
        "settings": scope.settings.as_dict(),
    }
    job = jobs.runner().start(f"{jobs.TASKS}:{task}", parameters, language=language(), ahead=True)
    _begun.append((scope, job))
    return job


def _end_others(scopes: list[Scope]) -> None:
    now = {(scope.dataset.id, scope.version.number) for scope in scopes}
    for scope, job in _begun:
        if (scope.dataset.id, scope.version.number) not in now:
            job.cancel()
    _begun[:] = [(scope, job) for scope, job in _begun if not job.over]


def judge_ahead(scope: Scope) -> list[Job]:
    """Work out, or begin to, the advice to all customers and the back-test of a data set."""
    try:
        return [job for task in ("advise", "backtest") if (job := long.ahead(scope, task)) is not None]
    except CxError as error:  # the page says so when it is opened
        logging.getLogger(__name__).info("not judged: %s", error.code)
        return []


def _rules_ahead(scope: Scope) -> list[Job]:
    """Work out, or begin to, which rule is in force and what goes with being passed."""
    try:
        return queue_tasks.ahead(scope)
    except CxError as error:  # the page says so when it is opened
        logging.getLogger(__name__).info("no rule: %s", error.code)
        return []


def prepare_in_background() -> None:
    """Prepare every data set without keeping anybody waiting."""
    threading.Thread(target=prepare_all, name="prepare", daemon=True).start()


if __name__ == "__main__":
    if sys.argv[1:] == ["--all"]:
        prepare_all(wait=True)
    else:
        prepare_small()
