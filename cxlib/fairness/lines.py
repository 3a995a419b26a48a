"""Contacts as arrays, in the lines in which they stood: what counting pairs of them needs."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import narwhals as nw
import numpy as np
import pandas as pd

from cxlib.engine import threads
from cxlib.engine.frames import arrow
from cxlib.errors import CxError
from cxlib.fairness import kernels
from cxlib.fairness.clock import local_hours, period_numbers
from cxlib.fairness.contacts import Contacts, prepare
from cxlib.fairness.groups import By, grouped, keys_of
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

POOL: Final = ("queue", "location")
"""Waits are compared within one queue of one location."""
MOST_TIERS: Final = 64
"""More tiers than this are no tiers; a column of another kind was taken."""

SERVED, ABANDONED, WAITING = range(3)
STILL_WAITING: Final = np.iinfo(np.int64).max
"""The end of a wait that has none."""


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Contacts by row of the log, and the order in which they stood in line.

    Attributes
    ----------
    key : str
        The column that tells the tiers.
    tiers : list of str or None, length K
        By rank where known, then by name; the missing one last.
    ranks : dict or None
    tier : int8 array, length n
        Place in `tiers`.
    outcome : int8 array, length n
        `SERVED`, `ABANDONED` or `WAITING`.
    queued, known : bool arrays, length n
        Whether the contact queued; whether the end of its wait is known, or known to be still ahead.
    arrived, ends : int64 arrays, length n
        Microseconds since 1970; `ends` is `STILL_WAITING` where the wait has no end.
    order : int32 array, length n
        Rows by pool, arrival and end.
    begins : int64 array
        Where each pool begins in `order`; one more than there are pools.
    ends_in_line : int64 array, length n
        ``ends[order]``.
    pools : list of str
        The columns that tell pools apart.
    prepared : Contacts
    """

    key: str
    tiers: list[str | None]
    ranks: dict[str, int] | None
    tier: NDArray[np.int8]
    outcome: NDArray[np.int8]
    queued: NDArray[np.bool_]
    known: NDArray[np.bool_]
    arrived: NDArray[np.int64]
    ends: NDArray[np.int64]
    order: NDArray[np.int32]
    begins: NDArray[np.int64]
    ends_in_line: NDArray[np.int64]
    pools: list[str]
    prepared: Contacts
    frame: Any

    def __len__(self) -> int:
        """Return the number of contacts."""
        return len(self.order)

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        """Begin and end of each pool in `order`, empty ones left out."""
        return [(int(a), int(b)) for a, b in itertools.pairwise(self.begins) if b > a]

    @property
    def has_tier(self) -> NDArray[np.bool_]:
        """Whether each contact is of a known tier; of other columns a missing value is a group like any other."""
        unknown = self.tiers.index(None) if self.key == "tier" and None in self.tiers else -1
        known: NDArray[np.bool_] = self.tier != unknown
        return known

    def as_one_line(self) -> Lines:
        """Return the same contacts as one pool."""
        order, begins = np.arange(len(self), dtype=np.int32), np.array([0, len(self)], np.int64)
        in_line = line_up(order, begins, self.arrived, self.ends)
        return replace(self, order=order, begins=begins, ends_in_line=in_line, pools=[])

    def columns(self, *names: str) -> pa.Table:
        """Return further columns of the prepared contacts, by row."""
        return arrow(nw.to_native(self.frame.select(*names)))

    def kept(self, name: Any, make: Callable[[], Any]) -> Any:
        """Return what was made of the lines before under a name, or make it."""
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    @cached_property
    def _made(self) -> dict[Any, Any]:
        return {}

    def hours(self, zone: str) -> NDArray[np.int64]:
        """Return the local hour of each arrival, see `clock.local_hours`."""
        found: NDArray[np.int64] = self.kept(("hours", zone), lambda: local_hours(self.arrived, zone=zone))
        return found

    def periods(self, zone: str, every: str) -> NDArray[np.int64]:
        """Return the number of the period of each arrival, see `clock.period_numbers`."""
        found: NDArray[np.int64] = self.kept(("periods", zone, every), lambda: period_numbers(self.hours(zone), every))
        return found

    def coded(self, name: str) -> tuple[list[str | None], NDArray[np.int32]]:
        """Return the values of a text column, sorted, the missing one last, and each row's place among them."""
        found: tuple[list[str | None], NDArray[np.int32]] = self.kept(("codes", name), lambda: self._coded(name))
        return found

    def _coded(self, name: str) -> tuple[list[str | None], NDArray[np.int32]]:
        self.prepared.need(name)
        coded = self.columns(name)[name].dictionary_encode(null_encoding="encode").combine_chunks()
        values = coded.dictionary.to_pylist()
        order = sorted(range(len(values)), key=lambda i: (values[i] is None, values[i] or ""))
        place = np.empty(max(len(values), 1), np.int32)
        place[order] = np.arange(len(values), dtype=np.int32)
        return [values[i] for i in order], place[coded.indices.to_numpy(zero_copy_only=False)]


def lines_of(
    contacts: Any,
    *,
    by: By = "tier",
    pool: Sequence[str] | None = POOL,
    ranks: Any = None,
    keep: Sequence[str] = (),
) -> Lines:
    """Return contacts as arrays, in the lines in which they stood.

    Parameters
    ----------
    contacts : frame or Lines
        The typed table of contacts, or prepared contacts; lines are returned as they are.
    by : str, one-element list, or mapping from tier to group
    pool : sequence of str or None
        Columns within whose values contacts are compared; those that the file lacks are left out. None is one pool.
    ranks : mapping or table of tiers, optional
    keep : sequence of str
        Further columns that `Lines.columns` may be asked for.

    Raises
    ------
    CxError
        ``missing_column``, ``too_many_tiers``, and those of `prepare`.
    """
    if isinstance(contacts, Lines):
        return contacts
    if isinstance(pool, str):
        pool = (pool,)
    (key,) = keys_of(by)
    prepared = prepare(contacts, ranks=ranks, keep=[key, *(pool or ()), *keep])
    prepared.need(key)
    pools = [name for name in pool or () if name in prepared.there]
    frame = grouped(prepared.frame, by)
    table = _columns(frame, key, pools)
    coded: Any = threads.run(
        lambda work, *arguments: work(*arguments), [(_codes, table[key], prepared.ranks), (_pools, table, pools)]
    )
    (tiers, tier), (order, begins) = coded
    if len(tiers) > MOST_TIERS:
        raise CxError(
            "too_many_tiers",
            N_("Column “{column}” has {n} values: too many for pairs."),
            hint=N_("Choose a column with at most {most} values."),
            column=key,
            n=len(tiers),
            most=MOST_TIERS,
        )
    outcome = table["outcome"].combine_chunks().to_numpy(zero_copy_only=False)
    arrived = _int64(table["arrived_us"], 0)
    ends = _int64(table["end_us"], STILL_WAITING)
    in_line = line_up(order, begins, arrived, ends)
    return Lines(
        key=key,
        tiers=tiers,
        ranks=prepared.ranks,
        tier=tier,
        outcome=outcome,
        queued=table["queued"].combine_chunks().to_numpy(zero_copy_only=False).astype(bool),
        known=(ends != STILL_WAITING) | (outcome == WAITING),
        arrived=arrived,
        ends=ends,
        order=order,
        begins=begins,
        ends_in_line=in_line,
        pools=pools,
        prepared=prepared,
        frame=frame,
    )


def line_up(
    order: NDArray[np.int32], begins: NDArray[np.int64], arrived: NDArray[np.int64], ends: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Put the rows of each pool in order of arrival and end, in place, and return the ends in that order."""
    in_line = np.empty(order.size, np.int64)

    def settle(begin: int, end: int) -> None:
        mine = order[begin:end]
        when = arrived[mine]
        if not kernels.rises(when):
            by_arrival = np.argsort(when)
            when, mine[:] = when[by_arrival], mine[by_arrival]
        in_line[begin:end] = ends[mine]
        if not kernels.settle_ties(mine, when, in_line[begin:end]):
            settled = np.lexsort((in_line[begin:end], when))
            mine[:], in_line[begin:end] = mine[settled], in_line[begin:end][settled]

    threads.run(settle, [(int(a), int(b)) for a, b in itertools.pairwise(begins) if b > a])
    return in_line


def labels(codes: Any, values: Sequence[str | None]) -> pd.Series[str]:
    """Return the values that codes stand for; a code past the last one is missing."""
    return pd.Series(np.array([*values, None], dtype=object)[codes], dtype="str")


def _columns(frame: Any, key: str, pools: list[str]) -> pa.Table:
    wanted = list(dict.fromkeys([key, *pools]))
    code = nw.when(nw.col("outcome") == "abandoned").then(nw.lit(ABANDONED)).otherwise(nw.lit(WAITING))
    code = nw.when(nw.col("outcome") == "served").then(nw.lit(SERVED)).otherwise(code)
    frame = frame.with_columns(outcome=code.cast(nw.Int8))
    return arrow(nw.to_native(frame.select(*wanted, "outcome", "queued", "arrived_us", "end_us")))


def _codes(column: pa.ChunkedArray, ranks: dict[str, int] | None) -> tuple[list[str | None], NDArray[np.int8]]:
    """Return the values, by rank where known, then by name, the missing one last, and each row's place among them."""
    coded = column.dictionary_encode(null_encoding="encode").combine_chunks()
    values = coded.dictionary.to_pylist()
    places = dict(ranks or {})
    last = max(places.values(), default=0) + 1
    order = sorted(
        range(len(values)), key=lambda i: (values[i] is None, places.get(values[i] or "", last), values[i] or "")
    )
    if len(values) > MOST_TIERS:
        return [values[i] for i in order], np.zeros(0, np.int8)
    place = np.empty(max(len(values), 1), np.int8)
    place[order] = np.arange(len(values), dtype=np.int8)
    return [values[i] for i in order], place[coded.indices.to_numpy(zero_copy_only=False)]


def _int64(column: pa.ChunkedArray, missing: int) -> NDArray[np.int64]:
    filled = column.fill_null(missing) if column.null_count else column
    whole: NDArray[np.int64] = filled.combine_chunks().to_numpy(zero_copy_only=False).astype(np.int64, copy=False)
    return whole


def _pools(table: pa.Table, pools: list[str]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    code, n = np.zeros(table.num_rows, np.int64), 1
    for name in pools:
        coded = table[name].dictionary_encode(null_encoding="encode").combine_chunks()
        code = code * len(coded.dictionary) + coded.indices.to_numpy(zero_copy_only=False)
        n *= len(coded.dictionary)
        if n > 1 << 20:  # only pairs that occur
            found, code = np.unique(code, return_inverse=True)
            n = len(found)
    order, begins = kernels.pool_order(code.astype(np.int32), n)
    return order, begins
