"""Means and shares with intervals where rows of one customer, or of one day, resemble each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEVEL: Final = 0.95


class Estimate(NamedTuple):
    """A mean or a share with its 95 % interval, NaN where it cannot be told."""

    value: float
    low: float
    high: float
    n: int
    """Rows."""
    clusters: int


def clustered_mean(values: Any, cluster: Any) -> Estimate:
    """Return the mean of `values` with a t interval whose error is that of sums over clusters.

    Parameters
    ----------
    values : array, length n
        Without missing values.
    cluster : array, length n
        Whom a row belongs to; rows of different clusters count as independent.

    Notes
    -----
    Linearised variance of a mean over clusters of unequal size, with n / (n - 1) and n - 1 degrees of freedom for n
    clusters (Cochran 1977, ch. 9A). With fewer than two clusters there is no interval.
    """
    numbers = np.asarray(values, dtype=np.float64)
    code, n = _codes(cluster)
    if not n:
        return Estimate(np.nan, np.nan, np.nan, 0, 0)
    mean = float(numbers.mean())
    if n < 2:
        return Estimate(mean, np.nan, np.nan, len(numbers), n)
    away = float(stats.t.ppf((1 + LEVEL) / 2, n - 1)) * _error(numbers, code, n)
    return Estimate(mean, mean - away, mean + away, len(numbers), n)


def clustered_share(hits: Any, cluster: Any) -> Estimate:
    """Return the share of true `hits` with an interval that stays between 0 and 1 and is never empty.

    Parameters are those of `clustered_mean`.

    Notes
    -----
    Clopper and Pearson's interval at the effective sample size, n over the design effect, corrected for the degrees of
    freedom of the clusters (Korn and Graubard 1998, Survey Methodology 24). Where all rows agree, the error over
    clusters says nothing, and the effective size is the number of clusters.
    """
    numbers = np.asarray(hits, dtype=np.float64)
    code, n = _codes(cluster)
    if not n:
        return Estimate(np.nan, np.nan, np.nan, 0, 0)
    share, rows = float(numbers.mean()), len(numbers)
    if n < 2:
        return Estimate(share, np.nan, np.nan, rows, n)
    effective = float(n)
    if 0 < share < 1:
        narrowed = (stats.t.ppf((1 + LEVEL) / 2, rows - 1) / stats.t.ppf((1 + LEVEL) / 2, n - 1)) ** 2
        error = _error(numbers, code, n)
        plain = share * (1 - share) / (rows - 1)  # the squared error, were all rows independent
        effective = min(1.0, plain / error**2 * narrowed) * rows if error > 0 else float(n)
    at, tail = share * effective, (1 - LEVEL) / 2
    low = float(stats.beta.ppf(tail, at, effective - at + 1)) if at > 0 else 0.0
    high = float(stats.beta.ppf(1 - tail, at + 1, effective - at)) if at < effective else 1.0
    return Estimate(share, low, high, rows, n)


def _codes(cluster: Any) -> tuple[NDArray[np.intp], int]:
    names = np.asarray(cluster, dtype=object)
    _, code = np.unique(names, return_inverse=True) if len(names) else (names, np.zeros(0, np.intp))
    return code, int(code.max(initial=-1)) + 1


def _error(values: NDArray[np.float64], code: NDArray[np.intp], n: int) -> float:
    sums = np.bincount(code, weights=values - values.mean())
    return float(np.sqrt(n / (n - 1) * (sums**2).sum()) / len(values))
