"""Whether rows come in the order of their key, each key once: one pass, no sort."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cxlib.errors import CxError
from cxlib.store.kinds import arrow_type
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from cxlib.tables import Table

BATCH_ROWS = 1 << 18


@dataclass
class Order:
    """What a pass over sorted rows has seen: counts, months as days since 1970, distinct first keys."""

    rows: int = 0
    customers: int = 0
    days: set[int] = field(default_factory=set)

    @property
    def months(self) -> tuple[str, ...]:
        """Months as ``YYYY-MM``, in order."""
        days = np.fromiter(self.days, np.int64, len(self.days)).astype("datetime64[D]")
        return tuple(str(month) for month in np.unique(days.astype("datetime64[M]")))


def kept_schema(table: Table, columns: Iterable[str]) -> pa.Schema:
    """Return the physical types in which the store keeps these columns."""
    return pa.schema([(name, arrow_type(table, name)) for name in columns])


def is_kept_as_is(table: Table, schema: pa.Schema) -> bool:
    """Whether the columns have the types that the store would give them, in whatever order they stand."""
    return list(schema.types) == list(kept_schema(table, schema.names).types)


def batches_of(path: Path, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Read some columns of a Parquet file, a batch at a time, in the order asked for."""
    with pq.ParquetFile(path, pre_buffer=False) as file:
        for batch in file.iter_batches(BATCH_ROWS, columns=list(columns)):
            yield batch.select(list(columns))


def order_of(
    batches: Iterable[pa.RecordBatch],
    table: Table,
    *,
    file_name: str = "",
    seen: Callable[[int], None] | None = None,
) -> Order | None:
    """Look through the key columns; return None as soon as a row belongs before the one above it.

    Parameters
    ----------
    batches : iterable of RecordBatch
        The key columns of `table`, in the order of the key.
    table : Table
        Sorted by its key in the store.
    seen : callable, optional
        Told the rows seen so far.

    Raises
    ------
    CxError
        ``missing_key`` for an empty key, ``duplicate_key`` for one that stands in two rows one after the other.
    """
    found = Order()
    last: list[pa.Array] | None = None
    for batch in batches:
        if not batch.num_rows:
            continue
        columns = batch.columns
        for name, column in zip(table.key, columns, strict=True):
            if column.null_count:
                raise missing_key(table, name, file_name)
        if last is not None:
            columns = [pa.concat_arrays([above, column]) for above, column in zip(last, columns, strict=True)]
        more = _in_order([c[:-1] for c in columns], [c[1:] for c in columns], table, file_name)
        if more is None:
            return None
        found.customers += more + (last is None)
        found.rows += batch.num_rows
        if "month" in table.key:
            days = pc.unique(batch.column(table.key.index("month"))).cast(pa.int32()).to_pylist()
            found.days.update(days)
        last = [column.take(pa.array([batch.num_rows - 1])) for column in batch.columns]
        if seen:
            seen(found.rows)
    return found


def missing_key(table: Table, column: str, file_name: str) -> CxError:
    """Return the error ``missing_key``, for a row whose key is not complete."""
    return CxError(
        "missing_key",
        N_("{file_name}: {column} is empty in some row."),
        hint=N_("Each row of {table} needs it."),
        column=column,
        file_name=file_name,
        table=table.name,
    )


def duplicate_key(table: Table, key: Iterable[str], values: Iterable[Any], file_name: str) -> CxError:
    """Return the error ``duplicate_key``, for two rows with the same key."""
    return CxError(
        "duplicate_key",
        N_("{file_name}: {value} comes more than once; {column} must be unique in {table}."),
        hint=N_("Keep one of the rows, or correct the key."),
        column=" + ".join(key),
        value=" ".join(str(each) for each in values),
        file_name=file_name,
        table=table.name,
    )


def _in_order(above: list[pa.Array], below: list[pa.Array], table: Table, file_name: str) -> int | None:
    """Return how often the first column changes, or None where a row belongs before the one above it."""
    less = pc.less(above[0], below[0])
    same = pc.equal(above[0], below[0])
    changes: int = pc.sum(less).as_py() or 0
    for one, other in zip(above[1:], below[1:], strict=True):
        less = pc.or_(less, pc.and_(same, pc.less(one, other)))
        same = pc.and_(same, pc.equal(one, other))
    twice = pc.index(same, value=True).as_py()
    if twice >= 0:
        raise duplicate_key(table, table.key, [column[twice].as_py() for column in below], file_name)
    return changes if (pc.sum(less).as_py() or 0) == len(less) else None
