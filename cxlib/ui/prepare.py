"""Compute what the first look at a data set shows, before anybody looks: ``python -m cxlib.ui.prepare``."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from cxlib.errors import CxError
from cxlib.ui import (
    advised,
    balance,
    fit_rows,
    long,
    matching,
    policy_tasks,
    queue_results,
    queue_tasks,
    reconciled,
    results,
    substance,
)
from cxlib.ui.decisions import decisions
from cxlib.ui.scope import scope_of
from cxlib.ui.segments import Segments
from cxlib.ui.session import store

if TYPE_CHECKING:
    from cxlib.runner import Job
    from cxlib.ui.scope import Scope
    from cxlib.ui.tiers import TierNames

_busy = threading.Lock()


def prepare(scope: Scope) -> None:
    """Compute and keep the results of the pages as they open first; what is kept already costs nothing."""
    try:
        decisions(scope)
        where = {"month": results.ALL}
        if scope.has("contacts"):
            tiers = balance.tiers_here(scope)
            if tiers.ranked:
                balance.said_balance(scope, tiers, results.WITHIN, where)
            _queues(scope)
            if tiers.order:
                results.waits_by(scope, "tier", **where, queue=results.ALL)
                results.allocation_by(scope, "tier", **where)
                results.curves(scope, **where, queue=results.ALL)
                _tiers(scope, tiers, where)
            if tiers.ranked:
                policy_tasks.ahead(scope, tiers)
        if scope.has("usage") and scope.has("plans"):
            month = results.usage_months(scope)[-1]
            chosen = fit_rows.Chosen(month=month)
            matching.said_matching(scope, chosen)
            results.flag_course(scope)
            reconciled.said(scope, month)
            results.reasons_of(scope, results.flagged(scope, month), month)
            if long.is_small(scope, "advise"):
                advised.rows(scope, month)
    except CxError as error:  # the page says so when it is opened
        logging.getLogger(__name__).info("not prepared: %s", error.code)


def _tiers(scope: Scope, tiers: TierNames, where: dict[str, str]) -> None:
    """Compute what the pages of allocation and tiers show first."""
    Segments(scope=scope, by="tier", tiers=tiers, where=where).prepare()
    if tiers.ranked:
        substance.of_tiers(scope, **where)
    substance.of_needs(scope, **where)
    substance.labels(scope)


def prepare_all(*, wait: bool = False) -> None:
    """Prepare every data set, one after the other; `wait` for what takes long, too."""
    with _busy:
        scopes = [scope_of(dataset) for dataset in store().datasets()]
        for scope in scopes:
            prepare(scope)
        begun = [judge_ahead(scope) for scope in scopes if scope.has("usage") and scope.has("plans")]
        begun += [job for scope in scopes if scope.has("contacts") for job in _rules_ahead(scope)]
        for job in begun if wait else []:
            if job is not None:
                job.wait()


def judge_ahead(scope: Scope) -> Job | None:
    """Begin the back-test of a data set."""
    try:
        return long.ahead(scope, "backtest")
    except CxError as error:  # the page says so when it is opened
        logging.getLogger(__name__).info("not judged: %s", error.code)
        return None


def _queues(scope: Scope) -> None:
    """Prepare the Queues page: every count, what is careful about it, and the hours to replay."""
    queues = queue_results.Queues(scope, {"month": results.ALL, "queue": results.ALL})
    queue_results.numbers(queues, "pairs")
    queue_results.to_replay(queues)
    queue_results.found_traps(scope, **queues.where)


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
    prepare_all(wait=True)
