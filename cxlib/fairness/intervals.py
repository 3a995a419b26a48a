"""Intervals that resample whole days, because contacts of one day resemble each other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from scipy import stats

from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEVEL: Final = 0.95
LEAST_DAYS: Final = 7
BOOTSTRAP_DAYS: Final = 28
DRAWS: Final = 1999
SEED: Final = 20260302
USABLE: Final = 0.9
"""Share of draws in which a statistic must be defined for its bootstrap to be believed."""
_WIDE: Final = 6
"""Sums per estimate up to which their products are summed by day; beyond, days are taken one by one."""
_CELLS: Final = 4_000_000
_TAIL: Final = 0.01

REASONS: Final = {
    "unknown": N_("Nothing in the data tells it."),
    "too_few": N_("Too few contacts."),
    "too_few_days": N_("Fewer than 7 days: no interval can be told."),
    "no_counterpart": N_("No contact has a counterpart under like conditions."),
    "no_variation": N_("All days are alike: no interval can be told."),
}
"""Why an interval is missing, as texts for the catalogues; the empty code says that it is there."""


class Statistic(NamedTuple):
    """A function of sums, and how it changes with them.

    `value` maps sums of shape [..., k] to estimates of shape [...], NaN where undefined. `gradient` maps them to
    derivatives of shape [..., k]. Without one, an interval leaves out day after day also in every draw.
    """

    value: Callable[[Floats], Floats]
    gradient: Callable[[Floats], Floats] | None = None


@dataclass(frozen=True, kw_only=True)
class DayIntervals:
    """Estimates with their intervals; arrays of the shape of the estimates.

    Attributes
    ----------
    estimate, low, high : float, NaN where it cannot be told
    n_days : int
        Days on which anything of the estimate was observed.
    method : str
        ``"bootstrap"``, ``"jackknife"`` or ``"none"``.
    reason : str
        Key of `REASONS` where there is no interval, else empty.
    error : float
        Standard error by the days.
    draws : float, [draws, ...], or None
        Studentised draws, NaN where undefined; None where no estimate has any.
    error_customers, n_customers : float and int, or None
        Standard error by the customers, of which one may have many contacts, where it was asked for, and how many.
    """

    estimate: Floats
    low: Floats
    high: Floats
    n_days: NDArray[np.int64]
    method: NDArray[Any]
    reason: NDArray[Any]
    error: Floats
    draws: Floats | None
    error_customers: Floats | None = None
    n_customers: int = 0

    def p_value(self, at: Any = 0.0) -> Floats:
        """Return the two-sided p-value of `at`, equal tails: the largest of the bootstrap's and of Student's t.

        Claims are made by it, and few draws lie as far out as claims among many need: what both say counts. So does
        Student's t on the error by customers where there is one: a customer who comes often resembles himself, on
        whatever days (two ways of clustering, of which the wider counts; Cameron and Miller 2015). Beyond the
        outermost hundredth of the draws their tail goes on as that of Student's t, stretched to meet them. NaN where
        there is no interval. An `at` inside the interval has a p-value above 1 - level.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            away = (self.estimate - np.asarray(at, np.float64)) / self.error
        df = np.maximum(self.n_days - 1, 1)
        out: Floats = 2 * stats.t.sf(np.abs(away), df)
        drawn = self.method == "bootstrap"
        if self.draws is not None and drawn.any():
            part, point, free = self.draws[:, drawn], away[drawn], df[drawn]
            n = np.isfinite(part).sum(axis=0)
            beyond = np.where(point > 0, (part >= point).sum(axis=0), (part <= point).sum(axis=0))
            edges = np.abs(np.nanquantile(part, [_TAIL, 1 - _TAIL], axis=0))
            edge = np.where(point > 0, edges[1], edges[0])
            far = 2 * stats.t.sf(np.abs(point) * stats.t.isf(_TAIL, free) / edge, free)
            by_draws = np.where(beyond < _TAIL * n, np.minimum(far, 2 * _TAIL), 2 * beyond / n)
            out[drawn] = np.maximum(out[drawn], np.minimum(by_draws, 1))
        if self.error_customers is not None:
            with np.errstate(invalid="ignore", divide="ignore"):
                apart = np.abs(self.estimate - np.asarray(at, np.float64)) / self.error_customers
            out = np.fmax(out, 2 * stats.t.sf(apart, max(self.n_customers - 1, 1)))
        return np.where(self.method == "none", np.nan, out)

    def reshaped(self, shape: tuple[int, ...]) -> DayIntervals:
        """Return the same with arrays of another shape."""
        arrays = ("estimate", "low", "high", "n_days", "method", "reason", "error")
        draws = None if self.draws is None else self.draws.reshape(len(self.draws), *shape)
        return replace(self, draws=draws, **{name: getattr(self, name).reshape(shape) for name in arrays})


def day_intervals(
    sums: Any,
    statistic: Statistic,
    *,
    n_days: Any = None,
    level: float = LEVEL,
    bounds: tuple[float, float] = (-np.inf, np.inf),
    seed: int = SEED,
    draws: int = DRAWS,
) -> DayIntervals:
    """Return estimates made of sums over days, with intervals that resample whole days.

    Parameters
    ----------
    sums : array, [days, ..., k]
        Per day of the log, estimate and summand. Each estimate is made of its own k sums alone.
    statistic : Statistic
        From the sums of all days to the estimates.
    n_days : int array of the shape of the estimates, optional
        Days that tell something of the estimate; default: those on which any of its sums is not 0. Give it where an
        estimate compares two sides, of which one may be seen on fewer days.
    level : float
        Of the interval.
    bounds : (float, float)
        What the estimate cannot go beyond, (0, 1) for a share.
    seed, draws : int
        Of the bootstrap. The same days are drawn for all estimates.

    Notes
    -----
    Under 7 days there is no interval. Under 28 it is Student's t on the error of the jackknife over days, with one
    degree of freedom fewer than days. From 28 days it is the bootstrap-t (Efron and Tibshirani 1993, ch. 12; Hall
    1988, Annals of Statistics 16): days are drawn with replacement, and each draw is studentised by its own error over
    days, to first order of the jackknife where the statistic has a gradient. Where the statistic is undefined in more
    than a tenth of the draws, the interval is that of the jackknife.
    """
    days = np.asarray(sums, dtype=np.float64)
    shape = days.shape[1:-1]
    flat = days.reshape(days.shape[0], int(np.prod(shape)), days.shape[-1])
    seen = (flat != 0).any(axis=2).sum(axis=0) if n_days is None else np.asarray(n_days).reshape(-1)
    seen = np.broadcast_to(seen, flat.shape[1:2]).astype(np.int64)
    total = flat.sum(axis=0)
    with np.errstate(all="ignore"):
        estimate = np.asarray(statistic.value(total), np.float64)
        error = _jackknife(flat, total, estimate, statistic)
    studentised = None
    candidates = np.flatnonzero(np.isfinite(error) & (seen >= BOOTSTRAP_DAYS))
    own = error.copy()
    if candidates.size:
        studentised = np.full((draws, len(estimate)), np.nan)
        weights = drawn_days(flat.shape[0], draws, seed)
        with np.errstate(all="ignore"):
            own[candidates], studentised[:, candidates] = _bootstrap(
                flat[:, candidates], estimate[candidates], statistic, weights
            )
    found = concluded(
        estimate=estimate, error=error, own=own, studentised=studentised, n_days=seen, level=level, bounds=bounds
    )
    return found.reshaped(shape)


def concluded(
    *,
    estimate: Floats,
    error: Floats,
    n_days: NDArray[np.int64],
    own: Floats | None = None,
    studentised: Floats | None = None,
    level: float = LEVEL,
    bounds: tuple[float, float] = (-np.inf, np.inf),
) -> DayIntervals:
    """Return the intervals that errors and studentised draws of estimates make; see `day_intervals`.

    Parameters
    ----------
    estimate, error : float, [estimates]
        The error is that of the jackknife over days, NaN where one day alone makes the estimate.
    n_days : int, [estimates]
    own : float, [estimates], optional
        The error by which draws are studentised, where it is not `error`.
    studentised : float, [draws, estimates], optional
        (estimate of the draw - estimate) / error of the draw; NaN where undefined.
    """
    known = np.isfinite(estimate)
    reason = np.where(known, "", "unknown").astype(object)
    reason[known & ((n_days < LEAST_DAYS) | ~np.isfinite(error))] = "too_few_days"
    reason[(reason == "") & (error <= rounding(estimate))] = "no_variation"
    method = np.where(reason == "", "jackknife", "none").astype(object)
    away = error * stats.t.ppf((1 + level) / 2, np.maximum(n_days - 1, 1))
    low, high = estimate - away, estimate + away
    error = error.copy()
    if studentised is not None:
        chosen = np.flatnonzero(
            (reason == "") & (n_days >= BOOTSTRAP_DAYS) & (np.isfinite(studentised).mean(axis=0) >= USABLE)
        )
        if own is not None:
            error[chosen] = own[chosen]
        if chosen.size:
            tails = np.nanquantile(studentised[:, chosen], [(1 + level) / 2, (1 - level) / 2], axis=0)
            low[chosen], high[chosen] = estimate[chosen] - tails * error[chosen]
        method[chosen] = "bootstrap"
    none = method == "none"
    low, high = np.clip(low, *bounds), np.clip(high, *bounds)
    low[none], high[none], error[none] = np.nan, np.nan, np.nan
    return DayIntervals(
        estimate=estimate,
        low=low,
        high=high,
        n_days=n_days,
        method=method,
        reason=reason,
        error=error,
        draws=studentised,
    )


def _jackknife(days: Floats, total: Floats, estimate: Floats, statistic: Statistic) -> Floats:
    """Return the error of the estimates by leaving out each day; NaN where one day alone makes the estimate."""
    squares = np.zeros(len(estimate))
    for day in days[(days != 0).any(axis=(1, 2))]:  # to leave out an empty day changes nothing
        squares += np.where((day == 0).all(axis=1), 0, (statistic.value(total - day) - estimate) ** 2)
    out: Floats = np.sqrt(squares * (len(days) - 1) / max(len(days), 1))
    return out


def _bootstrap(days: Floats, estimate: Floats, statistic: Statistic, weights: Floats) -> tuple[Floats, Floats]:
    """Return the error of the estimates, and (draw - estimate) / error of the draw, [draws, estimates]."""
    n, groups, k = days.shape
    once = np.ones((1, n))
    own = np.empty(groups)
    out = np.empty((len(weights), groups))
    wide = statistic.gradient is not None and k > _WIDE
    step = 1 if wide else max(1, _CELLS // (len(weights) * k * max(k, 1)))
    rows = max(1, _CELLS // (k + n)) if wide else len(weights)
    for first in range(0, groups, step):
        part = slice(first, first + step)
        own[part] = _drawn(days[:, part], statistic, once)[1][0]
        for top in range(0, len(weights), rows):
            some = slice(top, top + rows)
            value, error = _drawn(days[:, part], statistic, weights[some])
            out[some, part] = np.where(error > rounding(value), (value - estimate[part]) / error, np.nan)
    return own, out


def _drawn(days: Floats, statistic: Statistic, weights: Floats) -> tuple[Floats, Floats]:
    """Return the estimates and their errors in each draw: weights [draws, days] on days [days, estimates, k]."""
    n, groups, k = days.shape
    sums = (weights @ days.reshape(n, -1)).reshape(-1, groups, k)
    value = np.asarray(statistic.value(sums), np.float64)
    if statistic.gradient is None:
        squares = np.zeros(value.shape)
        told = (days != 0).any(axis=(1, 2))
        for day, times in zip(days[told], weights.T[told], strict=True):
            change = np.where(times[:, None] > 0, statistic.value(sums - day) - value, 0)
            squares += times[:, None] * change**2
        return value, np.sqrt(squares * (n - 1) / n)
    slope = statistic.gradient(sums)
    mean = (slope * sums).sum(axis=2) / n
    if k <= _WIDE:
        products = (days[..., :, None] * days[..., None, :]).reshape(n, -1)
        spread = (weights @ products).reshape(-1, groups, k, k)
        squares = (slope * (spread @ slope[..., None])[..., 0]).sum(axis=2)
    else:
        squares = np.stack([(weights * (slope[:, g] @ days[:, g].T) ** 2).sum(axis=1) for g in range(groups)], axis=1)
    return value, np.sqrt(np.maximum(squares - n * mean**2, 0) * n / (n - 1))


@lru_cache(maxsize=8)
def drawn_days(days: int, draws: int, seed: int) -> Floats:
    """Return how often each day is drawn, [draws, days]."""
    random = np.random.default_rng(seed)
    drawn: Floats = random.multinomial(days, np.full(days, 1 / days), size=draws).astype(np.float64)
    drawn.flags.writeable = False
    return drawn


def rounding(estimate: Floats) -> Floats:
    """Return errors so small that they come from rounding alone."""
    small: Floats = 1e-9 * np.maximum(np.abs(estimate), 1e-3)
    return small
