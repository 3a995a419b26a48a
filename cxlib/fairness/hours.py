"""Which hours hurt those without priority most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd

from cxlib.engine import threads
from cxlib.engine.frames import MICROSECONDS
from cxlib.errors import CxError
from cxlib.fairness import kernels
from cxlib.fairness.clock import period_numbers
from cxlib.fairness.cost import re_served
from cxlib.fairness.groups import MIN_GROUP, By, share
from cxlib.fairness.intervals import LEVEL, SEED, DayIntervals, day_intervals
from cxlib.fairness.lines import ABANDONED, POOL
from cxlib.fairness.overtakes import OvertakeCounts, Passers, count_overtakes
from cxlib.fairness.periods import period_starts
from cxlib.fairness.priority import priority_tiers
from cxlib.fairness.statistics import RATIO
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cxlib.fairness.periods import Every

Measure = Literal["share_passed", "mean_passed", "extra_wait_s"]
MEASURES: Final[tuple[Measure, ...]] = ("share_passed", "mean_passed", "extra_wait_s")
_PARTS: Final = ("n", "n_passed", "passed", "n_passed_abandoned", "n_served", "extra_us")
_SUMS: Final[dict[str, tuple[str, str]]] = {
    "share_passed": ("n_passed", "n"),
    "mean_passed": ("passed", "n"),
    "extra_wait_s": ("extra_us", "n_served"),
}


def hours_that_hurt(
    contacts: Any,
    *,
    priority: Sequence[str] | None = None,
    every: Every = "hour_of_day",
    zone: str = "UTC",
    measure: Measure = "share_passed",
    by: By = "tier",
    pool: Sequence[str] | None = POOL,
    passers: Passers = "all",
    min_group: int = MIN_GROUP,
    ranks: Any = None,
    level: float = LEVEL,
    seed: int = SEED,
) -> pd.DataFrame:
    """Return how much those without priority are passed by those who have it, hour by hour, the worst first.

    Parameters
    ----------
    contacts : frame
        The typed table of contacts, prepared contacts, or `OvertakeCounts`.
    priority : sequence of str, optional
        The tiers set against the rest; default: those of the first rank.
    every : str
        ``"hour_of_day"``, ``"hour_of_week"``, ``"hour"`` (of the calendar, to be replayed) or another period.
    measure : str
        What to rank by, with an interval: ``"share_passed"`` (of the others, passed by a priority contact at least
        once), ``"mean_passed"`` (times) or ``"extra_wait_s"`` (see `cost_to_others`).

    Returns
    -------
    pandas frame, one row per period in which others queued, the worst first, those of too few last
        place (1 is the worst; missing for too few); period; n (others that queued); n_passed, share_passed,
        passed (times), mean_passed; n_passed_abandoned and share_passed_abandoned (those who left, of the passed);
        n_served, extra_wait_s; low, high, n_days, method, reason of the measure, as in `DayIntervals`; too_few.

    See `overtakes` and `cost_to_others` for the other parameters.
    """
    if measure not in MEASURES:
        raise CxError(
            "unknown_choice",
            N_("“{value}” is no choice."),
            hint=N_("Choose one of: {known}."),
            value=measure,
            known=", ".join(MEASURES),
        )
    counts = count_overtakes(contacts, by=by, pool=pool, passers=passers, ranks=ranks)
    first = priority_tiers(counts.lines, priority)
    name = ("hours that hurt", counts.passers, first.tobytes(), zone)
    first_hour, sums = counts.lines.kept(name, lambda: _by_hour(counts, first, zone))
    there = sums[0] > 0
    hours, sums = first_hour + np.flatnonzero(there), sums[:, there]
    numbers, cell = np.unique(period_numbers(hours, every), return_inverse=True)
    table = {name: kernels.summed(cell, part, numbers.size) for name, part in zip(_PARTS, sums, strict=True)}
    out = _rates(table, period_starts(numbers, every), min_group)
    # an hour of the calendar is on one day
    day = period_numbers(hours, "day")
    day = np.zeros_like(day) if every == "hour" else np.unique(day, return_inverse=True)[1]
    found = _interval(measure, dict(zip(_PARTS, sums, strict=True)), day, cell, level=level, seed=seed)
    enough = table[_SUMS[measure][1]] >= min_group
    out["low"], out["high"] = np.where(enough, found.low, np.nan), np.where(enough, found.high, np.nan)
    out["n_days"] = found.n_days
    out["method"] = np.where(enough, found.method, "none").astype(str)
    out["reason"] = np.where(enough, found.reason, "too_few").astype(str)
    out["too_few"] = ~enough
    out = out.sort_values([measure, "period"], ascending=[False, True], na_position="last", ignore_index=True)
    place = pd.Series(np.arange(1, len(out) + 1), dtype="Int64")
    out.insert(0, "place", place.mask(out["too_few"]))
    return out


def _by_hour(counts: OvertakeCounts, first: NDArray[np.bool_], zone: str) -> tuple[int, NDArray[np.int64]]:
    """Return the first local hour of the log, and what those without priority met from hour to hour (`_PARTS`)."""
    lines = counts.lines
    hours = lines.hours(zone)
    if not hours.size:
        return 0, np.zeros((len(_PARTS), 0), np.int64)
    stood, extra = re_served(lines)
    by_row = np.full(len(lines), np.iinfo(np.int64).min)
    by_row[stood.row] = extra
    other = np.append(~first, False)[counts.passed]
    left, base, n = lines.outcome == ABANDONED, int(hours.min()), int(np.ptp(hours)) + 1
    parts = threads.run(
        lambda a, b: kernels.hour_sums(
            hours[a:b] - base, other[a:b], counts.passed_by[a:b], first, left[a:b], by_row[a:b], n
        ),
        threads.blocks(hours.size, parts=4),
    )
    return base, np.sum(parts, axis=0)


def _interval(
    measure: Measure,
    parts: dict[str, NDArray[Any]],
    day: NDArray[np.int64],
    cells: NDArray[np.int64],
    *,
    level: float,
    seed: int,
) -> DayIntervals:
    n_days, n_cells = int(day.max(initial=0)) + 1, int(cells.max(initial=-1)) + 1
    scale = MICROSECONDS if measure == "extra_wait_s" else 1
    top, bottom = (
        kernels.summed(day * n_cells + cells, parts[name], n_days * n_cells).reshape(n_days, n_cells)
        for name in _SUMS[measure]
    )
    bounds = (0.0, 1.0) if measure == "share_passed" else (-np.inf, np.inf)
    return day_intervals(np.stack([top / scale, bottom], axis=-1), RATIO, level=level, seed=seed, bounds=bounds)


def _rates(table: dict[str, NDArray[np.int64]], periods: Any, min_group: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "period": periods,
            "n": table["n"],
            "n_passed": table["n_passed"],
            "share_passed": share(table["n_passed"], table["n"], at_least=min_group),
            "passed": table["passed"],
            "mean_passed": share(table["passed"], table["n"], at_least=min_group),
            "n_passed_abandoned": table["n_passed_abandoned"],
            "share_passed_abandoned": share(table["n_passed_abandoned"], table["n_passed"], at_least=min_group),
            "n_served": table["n_served"],
            "extra_wait_s": share(table["extra_us"], table["n_served"], at_least=min_group) / MICROSECONDS,
        }
    )
