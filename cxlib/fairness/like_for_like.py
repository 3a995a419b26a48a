"""What goes with an exposure, like for like: levels of it compared within strata, with intervals by days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cxlib.fairness.intervals import day_intervals
from cxlib.fairness.statistics import STANDARDISED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Observed:
    """Observations, length n: level of exposure (0, 1, ...), stratum, day; `top` / `base` summed up is the mean."""

    level: Ints
    stratum: Ints
    day: Ints
    top: Floats
    base: Floats


def contrasts(seen: Observed, *, n_levels: int, min_group: int, level: float, seed: int) -> list[dict[str, Any]]:
    """Compare each level with level 0 within strata, as the contacts of that level lie over them.

    Returns
    -------
    list of dict, one per level
        base and mean of the level; base_compared and share_compared, the part in strata that level 0 has too;
        mean_compared (of that part) and mean_unexposed (of level 0, standardised to it); difference, low, high, n_days,
        method, reason.
    """
    _, stratum = np.unique(seen.stratum, return_inverse=True)
    _, day = np.unique(seen.day, return_inverse=True)
    n_strata = int(stratum.max(initial=-1)) + 1
    cell = stratum * n_levels + seen.level
    top, base = (
        np.bincount(cell, weights=part, minlength=n_strata * n_levels).reshape(n_strata, n_levels)
        for part in (seen.top, seen.base)
    )
    return [
        _contrast(seen, (stratum, day), (top, base), k=k, min_group=min_group, level=level, seed=seed)
        for k in range(n_levels)
    ]


def _contrast(
    seen: Observed,
    places: tuple[Ints, Ints],
    sums: tuple[Any, Any],
    *,
    k: int,
    min_group: int,
    level: float,
    seed: int,
) -> dict[str, Any]:
    top, base = sums[0][:, k], sums[1][:, k]
    whole = float(base.sum())
    out: dict[str, Any] = {"base": whole, "mean": float(top.sum()) / whole if whole >= max(min_group, 1) else np.nan}
    unknown = dict.fromkeys(("mean_compared", "mean_unexposed", "difference", "low", "high"), np.nan)
    if k == 0:
        return {**out, "base_compared": whole, "share_compared": np.nan, **unknown, "n_days": 0, **_reason("")}
    both = np.flatnonzero((base > 0) & (sums[1][:, 0] > 0))
    compared = float(base[both].sum())
    out |= {"base_compared": compared, "share_compared": compared / whole if whole else np.nan}
    if compared < max(min_group, 1) or float(sums[1][both, 0].sum()) < min_group:
        return {**out, **unknown, "n_days": 0, **_reason("too_few")}
    stacked, n_days = _by_day(seen, places, both, k)
    found = day_intervals(stacked[:, None], STANDARDISED, n_days=np.array([n_days]), level=level, seed=seed)
    mine, unexposed = float(top[both].sum()), float((base[both] * sums[0][both, 0] / sums[1][both, 0]).sum())
    return {
        **out,
        "mean_compared": mine / compared,
        "mean_unexposed": unexposed / compared,
        "difference": float(found.estimate[0]),
        "low": float(found.low[0]),
        "high": float(found.high[0]),
        "n_days": int(found.n_days[0]),
        "method": str(found.method[0]),
        "reason": str(found.reason[0]),
    }


def _by_day(seen: Observed, places: tuple[Ints, Ints], both: Ints, k: int) -> tuple[Floats, int]:
    """Return the sums that `STANDARDISED` takes, [days, 4 strata], and the days that tell of both levels."""
    stratum, day = places
    number = np.full(int(stratum.max()) + 1, -1)
    number[both] = np.arange(both.size)
    used = (number[stratum] >= 0) & ((seen.level == k) | (seen.level == 0))
    n_days = int(day.max()) + 1
    parts, days = [], []
    for which in (k, 0):
        mine = used & (seen.level == which)
        cell = day[mine] * both.size + number[stratum[mine]]
        for part in (seen.top, seen.base):
            sums = np.bincount(cell, weights=part[mine], minlength=n_days * both.size)
            parts.append(sums.reshape(n_days, both.size))
        days.append(int((parts[-1].sum(axis=1) > 0).sum()))
    return np.concatenate(parts, axis=1), min(days)


def _reason(reason: str) -> dict[str, str]:
    return {"method": "none", "reason": reason}
