"""Compute what the first look at a data set shows, before anybody looks: ``python -m cxlib.ui.prepare``."""

from __future__ import annotations

import logging
import threading
import time
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Final

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
from cxlib.ui.segments import Segments, segments_of
from cxlib.ui.session import store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cxlib.runner import Job
    from cxlib.ui.scope import Scope
    from cxlib.ui.tiers import TierNames

_busy = threading.Lock()
_turns = count(1)
_turn = {"latest": 0}
LARGE: Final = 1_000_000
"""Rows of a table from which on a first click on a filter would make its reader wait."""
BREATH_S: Final = 0.2
"""Between two steps, whoever waits for an answer has the processor."""


def prepare(scope: Scope) -> None:
    """Compute and keep the results of the pages as they open first; what is kept already costs nothing."""
    try:
        decisions(scope)
        if scope.has("contacts"):
            tiers = balance.tiers_here(scope)
            _contacts(scope, tiers, {"month": results.ALL})
            if tiers.ranked:
                policy_tasks.ahead(scope, tiers)
        if scope.has("usage") and scope.has("plans"):
            _month(scope, results.usage_months(scope)[-1])
    except CxError as error:  # the page says so when it is opened
        logging.getLogger(__name__).info("not prepared: %s", error.code)


def prepare_filters(scope: Scope, *, wanted: Callable[[], bool] = lambda: True) -> None:
    """Compute and keep what a first click on each filter of a large data set shows, one value after the other.

    A small one answers at once without. It ends early when it is not `wanted` any more.
    """
    for step in _steps(scope):
        if not wanted():
            return
        try:
            step()
        except CxError as error:
            logging.getLogger(__name__).info("not prepared: %s", error.code)
        time.sleep(BREATH_S)


def _steps(scope: Scope) -> Iterator[Callable[[], object]]:
    if scope.has("contacts") and scope.version.tables["contacts"].rows > LARGE:
        tiers = balance.tiers_here(scope)
        whole = {"month": results.ALL}
        for by in segments_of(scope):
            yield Segments(scope=scope, by=by, tiers=tiers, where=whole).prepare
        by_tier = Segments(scope=scope, by="tier", tiers=tiers, where=whole)
        for alike in by_tier.alikes():
            yield partial(by_tier.prepare_gaps, alike=alike, most=None if alike == "usual" else 1)
        yield partial(_queue, scope, tiers, {**whole, "queue": results.ALL}, one_line=True)
        for month in reversed(results.contact_months(scope)):
            yield partial(_contacts, scope, tiers, {"month": month})
        if "queue" in results.columns_of(scope, "contacts"):
            if tiers.ranked:
                yield partial(substance.of_tiers, scope, per="queue", **whole)
            for queue in results.values_of(scope, "contacts", "queue"):
                yield partial(_queue, scope, tiers, {"month": results.ALL, "queue": queue})
    if scope.has("usage") and scope.has("plans") and scope.version.tables["usage"].rows > LARGE:
        for month in reversed(results.usage_months(scope)):
            yield partial(_month, scope, month)
            yield partial(_month, scope, month, absent="zero")


def _contacts(scope: Scope, tiers: TierNames, where: dict[str, str]) -> None:
    """Compute what the pages about contacts show of a period."""
    _queue(scope, tiers, {**where, "queue": results.ALL})
    if tiers.order:
        results.allocation_by(scope, "tier", **where)
        _tiers(scope, tiers, where)


def _queue(scope: Scope, tiers: TierNames, where: dict[str, str], *, one_line: bool = False) -> None:
    """Compute what the Queues page shows: every count, what is careful about it, and the hours to replay."""
    if tiers.ranked:
        balance.said_balance(scope, tiers, results.ONE_LINE if one_line else results.WITHIN, where)
    queues = queue_results.Queues(scope, where, one_line=one_line)
    queue_results.numbers(queues, "pairs")
    queue_results.to_replay(queues)
    queue_results.found_traps(scope, **queues.where)
    if tiers.order:
        results.waits_by(scope, "tier", **where)
        results.curves(scope, **where)


def _month(scope: Scope, month: str, *, absent: str = results.MISSING) -> None:
    """Compute what Plan fit shows at the end of a month."""
    results.values_of(scope, "customers", "tier")
    matching.said_matching(scope, fit_rows.Chosen(month=month, absent=absent))
    results.flag_course(scope, absent)
    reconciled.said(scope, month)
    results.reasons_of(scope, results.flagged(scope, month, absent), month, absent)
    if long.is_small(scope, "advise"):
        advised.rows(scope, month)


def _tiers(scope: Scope, tiers: TierNames, where: dict[str, str]) -> None:
    """Compute what the pages of allocation and tiers show first."""
    Segments(scope=scope, by="tier", tiers=tiers, where=where).prepare()
    if tiers.ranked:
        substance.of_tiers(scope, **where)
    substance.of_needs(scope, **where)
    substance.labels(scope)


def prepare_all(*, wait: bool = False) -> None:
    """Prepare every data set, one after the other; `wait` for what takes long, too.

    The first sights of all come before the filters of any; those end when it is called once more.
    """
    mine = _turn["latest"] = next(_turns)
    with _busy:
        scopes = [scope_of(dataset) for dataset in store().datasets()]
        for scope in scopes:
            prepare(scope)
        begun = [judge_ahead(scope) for scope in scopes if scope.has("usage") and scope.has("plans")]
        begun += [job for scope in scopes if scope.has("contacts") for job in _rules_ahead(scope)]
    for scope in scopes:
        prepare_filters(scope, wanted=lambda: _turn["latest"] == mine)
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
