"""Intervals of rates and means, of differences between two groups, and tests that belong together."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class Estimate(NamedTuple):
    """A number with its interval; all NaN where there is none."""

    value: float
    low: float
    high: float


class Difference(NamedTuple):
    """A difference with its interval and the p-value of no difference."""

    value: float
    low: float
    high: float
    p_value: float


NOTHING = Estimate(np.nan, np.nan, np.nan)
NO_DIFFERENCE = Difference(np.nan, np.nan, np.nan, np.nan)


def normal_quantile(share: float) -> float:
    """Return the quantile of the standard normal distribution."""
    return NormalDist().inv_cdf(share)


def wilson(share: float, n: float, *, level: float = 0.95) -> Estimate:
    """Return a rate with its score interval (E. B. Wilson, JASA 22, 1927); `n` may be an effective number."""
    if not n > 0:
        return NOTHING
    z = normal_quantile(0.5 + level / 2)
    middle, spread = share + z * z / (2 * n), z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low = 0.0 if share == 0 else float((middle - spread) / scale)
    high = 1.0 if share == 1 else float((middle + spread) / scale)
    return Estimate(share, low, high)


def newcombe(one: float, n_one: float, two: float, n_two: float, *, level: float = 0.95) -> Difference:
    """Return the difference of two independent rates, ``one - two``.

    The interval is the hybrid of the two score intervals (R. G. Newcombe, Statistics in Medicine 17, 1998, method
    10), the p-value that of the score test with the rate of both together.
    """
    if not (n_one > 0 and n_two > 0):
        return NO_DIFFERENCE
    a, b = wilson(one, n_one, level=level), wilson(two, n_two, level=level)
    value = one - two
    low = value - np.hypot(one - a.low, b.high - two)
    high = value + np.hypot(a.high - one, two - b.low)
    both = (one * n_one + two * n_two) / (n_one + n_two)
    error = np.sqrt(both * (1 - both) * (1 / n_one + 1 / n_two))
    p_value = math.erfc(abs(value) / error / math.sqrt(2)) if error > 0 else 1.0
    return Difference(value, float(low), float(high), p_value)


def mean_of(values: NDArray[Any], *, level: float = 0.95) -> Estimate:
    """Return a mean with its t interval (Student, Biometrika 6, 1908); no interval of fewer than 2 values."""
    n = len(values)
    if n < 2:
        return Estimate(float(values[0]), np.nan, np.nan) if n else NOTHING
    mean = float(values.mean())
    away = _t_quantile(n - 1, 0.5 + level / 2) * float(values.std(ddof=1)) / np.sqrt(n)
    return Estimate(mean, mean - away, mean + away)


def welch(one: NDArray[Any], two: NDArray[Any], *, level: float = 0.95) -> Difference:
    """Return the difference of two means of unequal variance, ``one - two`` (B. L. Welch, Biometrika 34, 1947)."""
    if len(one) < 2 or len(two) < 2:
        return NO_DIFFERENCE
    value = float(one.mean() - two.mean())
    a, b = float(one.var(ddof=1)) / len(one), float(two.var(ddof=1)) / len(two)
    error = np.sqrt(a + b)
    if not error > 0:
        return Difference(value, value, value, 1.0 if value == 0 else 0.0)
    freedom = (a + b) ** 2 / (a * a / (len(one) - 1) + b * b / (len(two) - 1))
    away = _t_quantile(freedom, 0.5 + level / 2) * error
    return Difference(value, float(value - away), float(value + away), 2 * _t_below(freedom, -abs(value) / error))


def effective_number(hits: NDArray[Any], cluster: NDArray[Any]) -> float:
    """Return how many independent rows tell as much of a rate as these, which come in clusters.

    It is ``p (1 - p)`` over the variance of the rate by sums over clusters, at most the number of rows (E. L. Korn
    and B. I. Graubard, Survey Methodology 24, 1998), and the number of clusters where the rate is 0 or 1.

    Parameters
    ----------
    hits : bool or 0/1 array, n
    cluster : int array, n
        Codes from 0.
    """
    n = len(hits)
    if not n:
        return 0.0
    share = float(np.mean(hits))
    sums = np.bincount(cluster, weights=np.asarray(hits, dtype=np.float64) - share)
    groups = len(np.unique(cluster))
    if not 0 < share < 1 or groups < 2:
        return float(groups)
    variance = groups / (groups - 1) * float((sums**2).sum()) / n**2
    return min(float(n), share * (1 - share) / variance) if variance > 0 else float(n)


def holm(p_values: Sequence[float]) -> NDArray[np.float64]:
    """Return p-values that hold for all of them together (S. Holm, Scand. J. Statistics 6, 1979); NaN stays NaN."""
    given = np.asarray(p_values, dtype=np.float64)
    out = np.full(len(given), np.nan)
    known = np.flatnonzero(~np.isnan(given))
    order = known[np.argsort(given[known], kind="stable")]
    steps = given[order] * np.arange(len(order), 0, -1)
    out[order] = np.minimum(1.0, np.maximum.accumulate(steps)) if len(order) else steps
    return out


def _t_quantile(freedom: float, share: float) -> float:
    from scipy.special import stdtrit  # noqa: PLC0415 - half a second to import

    return float(stdtrit(freedom, share))


def _t_below(freedom: float, value: float) -> float:
    from scipy.special import stdtr  # noqa: PLC0415

    return float(stdtr(freedom, value))
