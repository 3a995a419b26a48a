"""Which hours of the calendar are worth replaying: those in which most were passed, line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from cxlib.engine.frames import MICROSECONDS, utc_offsets
from cxlib.fairness.lines import POOL
from cxlib.fairness.overtakes import Passers, count_overtakes
from cxlib.fairness.priority import priority_tiers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cxlib.fairness.groups import By

MOST_PER_HOUR: Final = 30
_HOUR_US: Final = 3600 * MICROSECONDS


def hours_to_replay(
    contacts: Any,
    *,
    priority: Sequence[str] | None = None,
    by: By = "tier",
    zone: str = "UTC",
    pool: Sequence[str] | None = POOL,
    passers: Passers = "all",
    ranks: Any = None,
    most: int = MOST_PER_HOUR,
) -> pd.DataFrame:
    """Return the hours of the calendar in which those without priority were passed most often, line by line.

    Parameters
    ----------
    contacts : frame
        The typed table of contacts, prepared contacts, or `OvertakeCounts`.
    priority : sequence of str, optional
        The tiers set against the rest; default: those of the first rank; without ranks everybody is counted, and being
        passed by anybody.
    most : int
        Rows returned per hour of the day.

    Returns
    -------
    pandas frame, one row per line and hour in which anybody was passed, the one with most passes first
        The columns of `pool` that the file has; hour_of_day; from_at, to_at (UTC); n, the others that queued and
        arrived in the hour; n_passed of them, passed (times). An hour that is there twice is two hours.

    See `hours_that_hurt` for the other parameters.
    """
    counts = count_overtakes(contacts, by=by, pool=pool, passers=passers, ranks=ranks)
    lines = counts.lines
    if priority is None and not lines.ranks:
        passed, counted = counts.times_passed, counts.passed < len(lines.tiers)
    else:
        first = priority_tiers(lines, priority)
        passed = counts.passed_by[:, first].sum(axis=1, dtype=np.int64)
        counted = np.append(~first, False)[counts.passed]
    rows = np.flatnonzero(counted)
    begin_us = _hour_begins(lines.arrived[rows], zone)
    keys: dict[str, Any] = {}
    for name in lines.pools:
        values, code = lines.coded(name)
        keys[name] = pd.Series(np.asarray(values, object)[code[rows]], dtype="str")
    frame = pd.DataFrame({**keys, "from_us": begin_us, "hour_of_day": lines.hours(zone)[rows] % 24})
    frame["n"], frame["n_passed"], frame["passed"] = 1, (passed[rows] > 0).astype(np.int64), passed[rows]
    out = frame.groupby([*keys, "from_us", "hour_of_day"], dropna=False, as_index=False, sort=False).sum()
    out = out[out["passed"] > 0].sort_values(
        ["passed", "n_passed", "from_us", *keys], ascending=[False, False, *[True] * (1 + len(keys))], kind="stable"
    )
    out = out.groupby("hour_of_day", sort=False).head(most).reset_index(drop=True)
    start = pd.to_datetime(out.pop("from_us"), unit="us", utc=True)
    out.insert(len(keys) + 1, "from_at", start)
    out.insert(len(keys) + 2, "to_at", start + pd.Timedelta(hours=1))
    return out


def _hour_begins(arrived: NDArray[np.int64], zone: str) -> NDArray[np.int64]:
    """Return when the local hour of each arrival began, in microseconds since 1970."""
    if not arrived.size:
        return arrived
    offsets = utc_offsets(zone, int(arrived.min()), int(arrived.max()))
    since, away = (np.array(part, np.int64) for part in zip(*offsets, strict=True))
    offset = away[np.maximum(np.searchsorted(since, arrived, side="right") - 1, 0)]
    begins: NDArray[np.int64] = (arrived + offset) // _HOUR_US * _HOUR_US - offset
    return begins
