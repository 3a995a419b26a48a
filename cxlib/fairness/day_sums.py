"""Sums per local day: all that intervals need of a log, however long it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import narwhals as nw
import numpy as np
import pandas as pd

from cxlib.engine.frames import MICROSECONDS, Frame, pandas, utc_offsets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cxlib.fairness.contacts import Contacts

_DAY: Final = 86_400 * MICROSECONDS


@dataclass(frozen=True, kw_only=True)
class DaySums:
    """Sums of groups by day.

    Attributes
    ----------
    days : int, [days]
        Local days with a contact, in days since 1970-01-01.
    groups : pandas frame
        One row per group, the columns grouped by.
    sums : dict of name to float, [days, groups]
        Whole numbers, exact up to 2**53.
    """

    days: NDArray[np.int64]
    groups: pd.DataFrame
    sums: dict[str, NDArray[np.float64]]

    def stacked(self, *names: str) -> NDArray[np.float64]:
        """Return sums as `intervals.day_intervals` takes them, [days, groups, names]."""
        return np.stack([self.sums[name] for name in names], axis=-1)


def with_local_day(frame: Frame, contacts: Contacts, *, zone: str) -> Frame:
    """Return the frame with local_day, the day of arrived_us on the clock of a zone, in days since 1970-01-01."""
    offsets = utc_offsets(zone, contacts.first_us or 0, contacts.until_us or 0)
    shift: Any = nw.lit(offsets[0][1])
    for since, offset in offsets[1:]:
        shift = nw.when(nw.col("arrived_us") >= since).then(nw.lit(offset)).otherwise(shift)
    return frame.with_columns(_local=nw.col("arrived_us") + shift).with_columns(local_day=nw.col("_local") // _DAY)


def day_sums(frame: Frame, keys: Sequence[str], names: Sequence[str]) -> DaySums:
    """Return sums of whole-number columns by group and day.

    Parameters
    ----------
    frame : narwhals frame
        Prepared contacts with local_day.
    keys : sequence of str
        Columns to group by; a missing value is a group. They stand in the result as text or whole numbers.
    names : sequence of str
        Columns of int64 to add up; ``n`` is the number of rows.
    """
    added = [nw.len().alias(name) if name == "n" else nw.col(name).sum().alias(name) for name in names]
    return laid_out(pandas(frame.group_by(*keys, "local_day").agg(*added)), keys, names)


def laid_out(table: pd.DataFrame, keys: Sequence[str], names: Sequence[str]) -> DaySums:
    """Return a table of sums by group and local_day as arrays; groups in order of their keys, missing last."""
    days, day = np.unique(table["local_day"].to_numpy(np.int64), return_inverse=True)
    groups = table[list(keys)].drop_duplicates().sort_values(list(keys), na_position="last", ignore_index=True)
    if keys:
        places = pd.MultiIndex.from_frame(groups).get_indexer(pd.MultiIndex.from_frame(table[list(keys)]))
    else:
        groups, places = pd.DataFrame(index=range(min(len(table), 1))), np.zeros(len(table), np.int64)
    sums = {}
    for name in names:
        sums[name] = np.zeros((len(days), len(groups)))
        np.add.at(sums[name], (day, places), table[name].fillna(0).to_numpy(np.float64))
    return DaySums(days=days, groups=groups, sums=sums)
