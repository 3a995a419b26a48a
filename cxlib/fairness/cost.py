"""What priority costs everybody else: waits as they were against the same starts given out in order of arrival."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cxlib.engine import threads
from cxlib.engine.frames import MICROSECONDS
from cxlib.fairness import kernels
from cxlib.fairness.groups import MIN_GROUP, By, share
from cxlib.fairness.intervals import LEVEL, SEED, day_intervals
from cxlib.fairness.lines import POOL, SERVED, Lines, labels, lines_of
from cxlib.fairness.priority import priority_tiers
from cxlib.fairness.standing import Standing, groups_of, standing
from cxlib.fairness.statistics import RATIO

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray


def cost_to_others(
    contacts: Any,
    *,
    priority: Sequence[str] | None = None,
    by: By = "tier",
    each: Sequence[str] = (),
    zone: str = "UTC",
    pool: Sequence[str] | None = POOL,
    min_group: int = MIN_GROUP,
    ranks: Any = None,
    level: float = LEVEL,
    seed: int = SEED,
) -> pd.DataFrame:
    """Return how many seconds of the others' waiting each priority contact costs.

    In each pool the contacts that queued and were served are served again with the same starts, in order of arrival:
    the k-th to arrive gets the k-th start. The cost is what the others waited longer than that, summed up, per
    priority contact. Over all contacts the differences come to 0.

    Parameters
    ----------
    contacts : frame
        The typed table of contacts, prepared contacts, or `Lines`.
    priority : sequence of str, optional
        The tiers set against the rest; default: those of the first rank. All others, those without a tier included,
        are the rest.
    each : sequence of str
        Columns of the contacts to tell apart, such as ``("queue",)``; empty: one row.
    zone : str
        Of the days that are resampled.
    ranks : mapping or table of tiers, optional
    level, seed : float, int
        Of the interval, see `day_intervals`.

    Returns
    -------
    pandas frame, one row per group
        The columns of `each`; n_priority and n_others (queued and served); cost_s, seconds of the others' waiting per
        priority contact (negative where the others gain), with low_s, high_s, n_days, method and reason as in
        `DayIntervals`; extra_wait_s, the mean that each of the others waits longer; total_s, the sum of that; too_few.
        cost_s is missing where there are fewer than `min_group` priority contacts, extra_wait_s where there are fewer
        others.

    Notes
    -----
    Those who left are not served again: what would have become of them is for the simulator to say.

    Raises
    ------
    CxError
        ``no_priority``, and those of `lines_of`.
    """
    lines = lines_of(contacts, by=by, pool=pool, ranks=ranks, keep=each)
    first = priority_tiers(lines, priority)
    stood, extra = re_served(lines)
    group, groups = groups_of(lines, stood, each)
    has_priority = first[stood.tier] if stood.tier.size else np.zeros(0, bool)
    days = lines.periods(zone, "day")[stood.row]
    day = days - (days.min() if days.size else 0)
    cell, shape = day * len(groups) + group, (int(day.max(initial=-1)) + 1, len(groups))
    costs = _sums(cell, np.where(has_priority, 0, extra), shape)
    n_priority, n_others = (_sums(cell, part.astype(np.int64), shape) for part in (has_priority, ~has_priority))
    sums = np.stack([costs / MICROSECONDS, n_priority], axis=-1)
    seen = (n_priority + n_others > 0).sum(axis=0)
    found = day_intervals(sums, RATIO, n_days=seen, level=level, seed=seed)
    total, n_first, n_rest = costs.sum(axis=0), n_priority.sum(axis=0), n_others.sum(axis=0)
    enough = n_first >= min_group
    return groups.assign(
        n_priority=n_first,
        n_others=n_rest,
        cost_s=share(total / MICROSECONDS, n_first, at_least=min_group),
        low_s=np.where(enough, found.low, np.nan),
        high_s=np.where(enough, found.high, np.nan),
        n_days=found.n_days,
        method=np.where(enough, found.method, "none").astype(str),
        reason=np.where(enough, found.reason, "too_few").astype(str),
        extra_wait_s=share(total / MICROSECONDS, n_rest, at_least=min_group),
        total_s=total / MICROSECONDS,
        too_few=~enough,
    )


def waits_re_served(
    contacts: Any,
    *,
    by: By = "tier",
    each: Sequence[str] = (),
    pool: Sequence[str] | None = POOL,
    min_group: int = MIN_GROUP,
    ranks: Any = None,
) -> pd.DataFrame:
    """Return the waits of each tier as they were and as the same starts in order of arrival would have made them.

    Returns
    -------
    pandas frame, one row per group and tier with contacts that queued and were served
        The columns of `each`; the tier; n; mean_wait_s; mean_fcfs_wait_s; extra_wait_s, the mean difference (positive:
        waits longer than in order of arrival); total_us, the sum of the differences in microseconds (exact; over all
        tiers of a pool it is 0); too_few.

    See `cost_to_others` for the parameters.
    """
    lines = lines_of(contacts, by=by, pool=pool, ranks=ranks, keep=each)
    stood, extra = re_served(lines)
    group, groups = groups_of(lines, stood, each)
    k = len(lines.tiers)
    cell, cells = group * k + stood.tier, len(groups) * k
    n, total = np.bincount(cell, minlength=cells), _sums(cell, extra, (cells,))
    waited = _sums(cell, stood.ends - stood.arrived, (cells,))
    out = groups.loc[groups.index.repeat(k)].reset_index(drop=True)
    out[lines.key] = labels(np.tile(np.arange(k), len(groups)), lines.tiers)
    out["n"] = n
    out["mean_wait_s"] = share(waited, n, at_least=min_group) / MICROSECONDS
    out["mean_fcfs_wait_s"] = share(waited - total, n, at_least=min_group) / MICROSECONDS
    out["extra_wait_s"] = share(total, n, at_least=min_group) / MICROSECONDS
    out["total_us"] = total
    out["too_few"] = n < min_group
    return out[out["n"] > 0].reset_index(drop=True)


def re_served(lines: Lines) -> tuple[Standing, NDArray[np.int64]]:
    """Return who queued and was served, and how much longer each waited than in order of arrival.

    The second is in microseconds, in the order of the first; within each pool it sums to 0.
    """
    found: tuple[Standing, NDArray[np.int64]] = lines.kept("re_served", lambda: _re_served(lines))
    return found


def _re_served(lines: Lines) -> tuple[Standing, NDArray[np.int64]]:
    stood = standing(lines, lines.queued & lines.known & (lines.outcome == SERVED))
    extra = stood.ends.copy()

    def serve(begin: int, end: int) -> None:
        extra[begin:end] -= np.sort(stood.ends[begin:end])

    threads.run(serve, stood.spans)
    return stood, extra


def _sums(cell: NDArray[np.int64], values: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.int64]:
    sums: NDArray[np.int64] = kernels.summed(cell, values, int(np.prod(shape))).reshape(shape)
    return sums
