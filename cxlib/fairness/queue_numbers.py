"""All that is told of a log of queues at once: read, lined up and counted once, whatever is asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cxlib.errors import CxError
from cxlib.fairness.cost import cost_to_others, waits_re_served
from cxlib.fairness.groups import MIN_GROUP, By
from cxlib.fairness.hours import hours_that_hurt
from cxlib.fairness.lines import POOL, lines_of
from cxlib.fairness.overtakes import (
    Passers,
    count_overtakes,
    overtakes,
    overtakes_over_time,
    passed_distribution,
    passed_summary,
    routing_and_rank,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class QueueNumbers:
    """The numbers of a log of queues, each as the function of that name returns it.

    Attributes
    ----------
    pairs, summary : pandas frames
        `overtakes` and `passed_summary`, each pool by itself.
    pairs_one_line, summary_one_line : pandas frames
        The same as if all contacts were one line.
    routing : pandas frame
        `routing_and_rank`.
    by_queue : pandas frame or None
        `passed_summary` by queue; None where the file has no queues.
    by_hour_of_day, by_hour_of_week, by_day : pandas frames
        `overtakes_over_time`.
    times_passed, times_passing : pandas frames
        `passed_distribution` of ``"passed"`` and ``"passes"``.
    re_served : pandas frame
        `waits_re_served`.
    cost, cost_by_queue, worst_hours, worst_hours_of_week : pandas frames or None
        `cost_to_others` (over all, by queue) and `hours_that_hurt`; None where nobody is known to have priority.
    """

    pairs: pd.DataFrame
    summary: pd.DataFrame
    pairs_one_line: pd.DataFrame
    summary_one_line: pd.DataFrame
    routing: pd.DataFrame
    by_queue: pd.DataFrame | None
    by_hour_of_day: pd.DataFrame
    by_hour_of_week: pd.DataFrame
    by_day: pd.DataFrame
    times_passed: pd.DataFrame
    times_passing: pd.DataFrame
    re_served: pd.DataFrame
    cost: pd.DataFrame | None
    cost_by_queue: pd.DataFrame | None
    worst_hours: pd.DataFrame | None
    worst_hours_of_week: pd.DataFrame | None

    @property
    def frames(self) -> dict[str, pd.DataFrame]:
        """The frames that there are, by name."""
        return {name: frame for name, frame in vars(self).items() if frame is not None}


def queue_numbers(
    contacts: Any,
    *,
    priority: Sequence[str] | None = None,
    by: By = "tier",
    zone: str = "UTC",
    pool: Sequence[str] | None = POOL,
    passers: Passers = "all",
    min_group: int = MIN_GROUP,
    ranks: Any = None,
) -> QueueNumbers:
    """Return all numbers of a log of queues, computed from one reading and one count of each pooling.

    Parameters
    ----------
    contacts : frame
        The typed table of contacts, prepared contacts, or `Lines`. A table with only the columns that are needed is
        read faster: contact_id, the tier, queue, location, arrived_at, outcome, queued, and the columns of the wait.
    priority : sequence of str, optional
        The tiers set against the rest; default: those of the first rank.

    See `overtakes` for the other parameters.
    """
    lines = lines_of(contacts, by=by, pool=pool, ranks=ranks)
    counts = count_overtakes(lines, passers=passers)
    one = counts if len(lines.spans) <= 1 else count_overtakes(lines.as_one_line(), passers=passers)
    named: dict[str, Any] = {"priority": priority, "zone": zone, "min_group": min_group}
    try:
        cost: pd.DataFrame | None = cost_to_others(lines, **named)
    except CxError as error:
        if error.code != "no_priority":
            raise
        cost = None
    has_queues = "queue" in lines.prepared.there
    return QueueNumbers(
        pairs=overtakes(counts),
        summary=passed_summary(counts, min_group=min_group),
        pairs_one_line=overtakes(one),
        summary_one_line=passed_summary(one, min_group=min_group),
        routing=routing_and_rank(counts, one_line=one),
        by_queue=passed_summary(counts, each=("queue",), min_group=min_group) if has_queues else None,
        by_hour_of_day=overtakes_over_time(counts, every="hour_of_day", zone=zone, min_group=min_group),
        by_hour_of_week=overtakes_over_time(counts, every="hour_of_week", zone=zone, min_group=min_group),
        by_day=overtakes_over_time(counts, every="day", zone=zone, min_group=min_group),
        times_passed=passed_distribution(counts, of="passed", min_group=min_group),
        times_passing=passed_distribution(counts, of="passes", min_group=min_group),
        re_served=waits_re_served(lines, min_group=min_group),
        cost=cost,
        cost_by_queue=None if cost is None or not has_queues else cost_to_others(lines, each=("queue",), **named),
        worst_hours=None if cost is None else hours_that_hurt(counts, every="hour_of_day", **named),
        worst_hours_of_week=None if cost is None else hours_that_hurt(counts, every="hour_of_week", **named),
    )
