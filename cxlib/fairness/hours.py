"""Which hours hurt those without priority most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd

from cxlib.engine.frames import MICROSECONDS
from cxlib.errors import CxError
from cxlib.fairness.clock import local_hours, period_numbers
from cxlib.fairness.cost import extra_waits
from cxlib.fairness.groups import MIN_GROUP, By, share
from cxlib.fairness.intervals import LEVEL, SEED, DayIntervals, day_intervals
from cxlib.fairness.lines import ABANDONED, POOL
from cxlib.fairness.overtakes import Passers, count_overtakes
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
    lines, n_tiers = counts.lines, len(counts.lines.tiers)
    first = priority_tiers(lines, priority)
    others = np.append(~first, False)[counts.passed]
    times = counts.passed_by[:, first].sum(axis=1, dtype=np.int64) if n_tiers else np.zeros(len(lines), np.int64)
    row, extra_us = extra_waits(lines)
    extra, served = np.zeros(len(lines), np.int64), np.zeros(len(lines), bool)
    extra[row], served[row] = extra_us, True
    hours = local_hours(lines.arrived, zone=zone)
    number, days = period_numbers(hours, every), period_numbers(hours, "day")
    was = others & (times > 0)
    parts = {
        "n": others,
        "n_passed": was,
        "passed": np.where(others, times, 0),
        "n_passed_abandoned": was & (lines.outcome == ABANDONED),
        "n_served": others & served,
        "extra_us": np.where(others, extra, 0),
    }
    base, n_periods = (int(number.min()), int(np.ptp(number)) + 1) if number.size else (0, 0)
    table = pd.DataFrame({name: _summed(number - base, part, n_periods) for name, part in parts.items()})
    table.insert(0, "number", np.arange(base, base + n_periods))
    table = table[table["n"] > 0].reset_index(drop=True)
    out = _rates(table, every, min_group)
    cells = np.searchsorted(table["number"], number[others])
    # an hour of the calendar is on one day
    day = np.zeros(cells.size, np.int64) if every == "hour" else days[others] - days.min(initial=np.iinfo(np.int64).max)
    mine = {name: part[others] for name, part in parts.items()}
    found = _interval(measure, mine, day, cells, level=level, seed=seed)
    enough = (table[_SUMS[measure][1]] >= min_group).to_numpy()
    out["low"], out["high"] = np.where(enough, found.low, np.nan), np.where(enough, found.high, np.nan)
    out["n_days"] = found.n_days
    out["method"] = np.where(enough, found.method, "none").astype(str)
    out["reason"] = np.where(enough, found.reason, "too_few").astype(str)
    out["too_few"] = ~enough
    out = out.sort_values([measure, "period"], ascending=[False, True], na_position="last", ignore_index=True)
    place = pd.Series(np.arange(1, len(out) + 1), dtype="Int64")
    out.insert(0, "place", place.mask(out["too_few"]))
    return out


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
        _summed(day * n_cells + cells, parts[name], n_days * n_cells).reshape(n_days, n_cells)
        for name in _SUMS[measure]
    )
    bounds = (0.0, 1.0) if measure == "share_passed" else (-np.inf, np.inf)
    return day_intervals(np.stack([top / scale, bottom], axis=-1), RATIO, level=level, seed=seed, bounds=bounds)


def _rates(table: pd.DataFrame, every: str, min_group: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "period": period_starts(table["number"].to_numpy(), every),
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


def _summed(cell: Any, values: Any, cells: int) -> Any:
    out = np.zeros(cells, np.int64)
    np.add.at(out, cell, values)
    return out
