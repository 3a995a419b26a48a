"""Functions of sums that measures are made of, with their derivatives, for `intervals.day_intervals`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from cxlib.fairness.intervals import Statistic

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_QUIET: Final = np.errstate(divide="ignore", invalid="ignore")
"""What divides by 0 is undefined, and said by NaN."""


@_QUIET
def _ratio(s: Floats) -> Floats:
    out: Floats = np.where(s[..., 1] > 0, s[..., 0] / s[..., 1], np.nan)
    return out


def _ratio_slope(s: Floats) -> Floats:
    return np.stack([1 / s[..., 1], -s[..., 0] / s[..., 1] ** 2], axis=-1)


RATIO: Final = Statistic(_ratio, _ratio_slope)
"""a / b, a mean or a share; sums (a, b)."""


def _difference(s: Floats) -> Floats:
    return _ratio(s[..., :2]) - _ratio(s[..., 2:])


def _difference_slope(s: Floats) -> Floats:
    return np.concatenate([_ratio_slope(s[..., :2]), -_ratio_slope(s[..., 2:])], axis=-1)


DIFFERENCE: Final = Statistic(_difference, _difference_slope)
"""a / b - c / d; sums (a, b, c, d)."""


@_QUIET
def _log_ratio(s: Floats) -> Floats:
    first, second = _ratio(s[..., :2]), _ratio(s[..., 2:])
    out: Floats = np.where((first > 0) & (second > 0), np.log(first) - np.log(second), np.nan)
    return out


def _log_ratio_slope(s: Floats) -> Floats:
    return np.stack([1 / s[..., 0], -1 / s[..., 1], -1 / s[..., 2], 1 / s[..., 3]], axis=-1)


LOG_RATIO: Final = Statistic(_log_ratio, _log_ratio_slope)
"""log of (a / b) / (c / d); sums (a, b, c, d). Its interval is that of the ratio, on a scale without a bound."""


def _strata(s: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return y and n of the other, y and n of the reference, 0 in strata that lack one of the two."""
    cells = s.reshape(*s.shape[:-1], 4, -1)
    both = (cells[..., 1, :] > 0) & (cells[..., 3, :] > 0)
    y_other, n_other, y_reference, n_reference = (np.where(both, cells[..., i, :], 0) for i in range(4))
    return y_other, n_other, y_reference, np.where(both, n_reference, 1)


@_QUIET
def _standardised(s: Floats) -> Floats:
    y, n, y_reference, n_reference = _strata(s)
    whole = n.sum(axis=-1)
    away = (y - n * y_reference / n_reference).sum(axis=-1)
    out: Floats = np.where(whole > 0, away / whole, np.nan)
    return out


def _standardised_slope(s: Floats) -> Floats:
    y, n, y_reference, n_reference = _strata(s)
    both, mean = (n > 0).astype(np.float64), y_reference / n_reference
    whole = n.sum(axis=-1)[..., None]
    gap = ((y - n * mean).sum(axis=-1)[..., None]) / whole
    weight = n / n_reference
    slopes = (both / whole, -both * (mean + gap) / whole, -weight / whole, weight * mean / whole)
    return np.concatenate(slopes, axis=-1)


STANDARDISED: Final = Statistic(_standardised, _standardised_slope)
"""The other's mean - the reference's mean, strata weighted as the other's contacts lie, over strata that have both.

Sums: y of the other by stratum, n of the other, y of the reference, n of the reference, one after the other. Direct
standardisation to the other (Fleiss, Statistical Methods for Rates and Proportions, ch. 19).
"""


@_QUIET
def _standardised_log(s: Floats) -> Floats:
    y, n, y_reference, n_reference = _strata(s)
    mine, theirs = y.sum(axis=-1), (n * y_reference / n_reference).sum(axis=-1)
    out: Floats = np.where((mine > 0) & (theirs > 0), np.log(mine) - np.log(theirs), np.nan)
    return out


def _standardised_log_slope(s: Floats) -> Floats:
    y, n, y_reference, n_reference = _strata(s)
    both, mean, weight = (n > 0).astype(np.float64), y_reference / n_reference, n / n_reference
    mine, theirs = y.sum(axis=-1)[..., None], (n * mean).sum(axis=-1)[..., None]
    return np.concatenate([both / mine, -mean * both / theirs, -weight / theirs, weight * mean / theirs], axis=-1)


STANDARDISED_LOG_RATIO: Final = Statistic(_standardised_log, _standardised_log_slope)
"""log of the other's mean / the reference's mean, standardised as `STANDARDISED`; same sums."""
