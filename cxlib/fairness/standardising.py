# ruff: noqa: PLR0917 - compiled loops take arrays by position
"""Means of two groups set beside each other stratum by stratum, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from cxlib.engine import threads
from cxlib.fairness.intervals import (
    BOOTSTRAP_DAYS,
    DRAWS,
    LEVEL,
    SEED,
    DayIntervals,
    concluded,
    drawn_days,
    rounding,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Int64s = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Cells:
    """Sums of two groups per day and stratum, one cell each, sorted by day.

    `day` and `stratum` count from 0 to `n_days` and `n_strata`; `sums` is [cells, 4]: what is averaged and the contacts
    of the other, then of the reference; whole numbers.
    """

    day: NDArray[np.int64]
    stratum: NDArray[np.int64]
    sums: Floats
    n_days: int
    n_strata: int

    def by_stratum(self) -> Floats:
        """Return the sums of all days, [strata, 4]."""
        out = np.zeros((self.n_strata, 4))
        np.add.at(out, self.stratum, self.sums)
        return out

    def pooled(self, strata: NDArray[np.bool_]) -> Cells:
        """Return the cells of some strata taken as one: a crude comparison."""
        kept = strata[self.stratum]
        sums = np.zeros((self.n_days, 4))
        np.add.at(sums, self.day[kept], self.sums[kept])
        days = np.arange(self.n_days)
        return Cells(day=days, stratum=np.zeros_like(days), sums=sums, n_days=self.n_days, n_strata=1)


def have_both(sums: Floats) -> NDArray[np.bool_]:
    """Return which of the sums by stratum, [strata, 4], have contacts of both groups."""
    found: NDArray[np.bool_] = (sums[:, 1] > 0) & (sums[:, 3] > 0)
    return found


def seen_days(sums: Floats) -> int:
    """Return, from sums by day, [days, 4], on how many days the group is seen that is seen on fewer."""
    return int(min((sums[:, 1] > 0).sum(), (sums[:, 3] > 0).sum()))


def standardised(
    cells: Cells,
    *,
    n_days: int,
    customers: Cells | None = None,
    level: float = LEVEL,
    seed: int = SEED,
    draws: int = DRAWS,
) -> DayIntervals:
    """Return the other's mean less the reference's, like for like, and the log of their ratio, with intervals.

    Parameters
    ----------
    cells : Cells
    n_days : int
        Days on which the side that is seen on fewer of them is seen, in strata that have both.
    customers : Cells, optional
        The same contacts with a customer in the place of each day: p-values then allow for customers who come again.
    level, seed, draws
        As for `intervals.day_intervals`.

    Returns
    -------
    DayIntervals, two estimates
        Difference, and log ratio, NaN where one of the means is 0.

    Notes
    -----
    Direct standardisation (Fleiss, Statistical Methods for Rates and Proportions, ch. 19): within each stratum that
    has both groups the means are set beside each other, and strata are weighted as the other's contacts lie. Errors
    leave out day after day, also in every draw of the bootstrap; see `intervals.day_intervals`.
    """
    once = np.ones((1, cells.n_days))
    value, error = _run(cells, once)
    seen = np.full(2, n_days, dtype=np.int64)
    studentised = None
    if n_days >= BOOTSTRAP_DAYS and np.isfinite(error).any():
        drawn, errors = _run(cells, drawn_days(cells.n_days, draws, seed))
        with np.errstate(invalid="ignore", divide="ignore"):
            studentised = np.where(errors > rounding(drawn), (drawn - value) / errors, np.nan)
    found = concluded(
        estimate=value[0], error=error[0], n_days=seen, studentised=studentised, level=level, bounds=(-np.inf, np.inf)
    )
    if customers is None or customers.n_days < 2:
        return found
    by_customers = _run(customers, np.ones((1, customers.n_days)))[1][0]
    return replace(found, error_customers=by_customers, n_customers=customers.n_days)


def _run(cells: Cells, weights: Floats) -> tuple[Floats, Floats]:
    """Return estimates and errors by leaving out days, [draws, 2] each, in each draw of days [draws, days]."""
    values, errors = np.empty((len(weights), 2)), np.empty((len(weights), 2))
    edges = np.searchsorted(cells.day, np.arange(cells.n_days + 1))
    arguments = (cells.stratum, cells.sums, edges, cells.n_strata, values, errors)
    threads.run(_draw_block, [(low, high, weights, *arguments) for low, high in threads.blocks(len(weights))])
    return values, errors


@njit(cache=True, nogil=True)
def _term(y: float, n: float, y_reference: float, n_reference: float) -> tuple[float, float, float]:
    """Return what a stratum adds to the other's sum, to the reference's weighted alike, and to the other's contacts."""
    if n > 0 and n_reference > 0:
        return y, n * y_reference / n_reference, n
    return 0.0, 0.0, 0.0


@njit(cache=True, nogil=True)
def _estimates(mine: float, theirs: float, n: float) -> tuple[float, float]:
    difference = (mine - theirs) / n if n > 0 else np.nan
    ratio = np.log(mine / theirs) if n > 0 and mine > 0 and theirs > 0 else np.nan
    return difference, ratio


@njit(cache=True, nogil=True)
def _add_up(times: Floats, stratum: Int64s, sums: Floats, edges: Int64s, total: Floats) -> None:
    total[:] = 0
    for day in range(len(times)):
        if times[day] > 0:
            for cell in range(edges[day], edges[day + 1]):
                for i in range(4):
                    total[stratum[cell], i] += times[day] * sums[cell, i]


@njit(cache=True, nogil=True)
def _draw(
    times: Floats, stratum: Int64s, sums: Floats, edges: Int64s, total: Floats, value: Floats, error: Floats
) -> None:
    """Fill in the two estimates of one draw of days, and their errors by leaving out each day drawn."""
    _add_up(times, stratum, sums, edges, total)
    mine = theirs = n = 0.0
    for s in range(len(total)):
        a, b, c = _term(total[s, 0], total[s, 1], total[s, 2], total[s, 3])
        mine, theirs, n = mine + a, theirs + b, n + c
    value[0], value[1] = _estimates(mine, theirs, n)
    error[:] = 0
    days = len(times)
    for day in range(days):
        if times[day] == 0:
            continue
        less_mine, less_theirs, less_n = mine, theirs, n
        for cell in range(edges[day], edges[day + 1]):
            t, u = total[stratum[cell]], sums[cell]
            a, b, c = _term(t[0], t[1], t[2], t[3])
            d, e, f = _term(t[0] - u[0], t[1] - u[1], t[2] - u[2], t[3] - u[3])
            less_mine, less_theirs, less_n = less_mine + d - a, less_theirs + e - b, less_n + f - c
        difference, ratio = _estimates(less_mine, less_theirs, less_n)
        error[0] += times[day] * (difference - value[0]) ** 2
        error[1] += times[day] * (ratio - value[1]) ** 2
    error[:] = np.sqrt(error * (days - 1) / days)


@njit(cache=True, nogil=True)
def _draw_block(
    low: int,
    high: int,
    weights: Floats,
    stratum: Int64s,
    sums: Floats,
    edges: Int64s,
    strata: int,
    values: Floats,
    errors: Floats,
) -> None:
    total = np.zeros((strata, 4))
    for draw in range(low, high):
        _draw(weights[draw], stratum, sums, edges, total, values[draw], errors[draw])
