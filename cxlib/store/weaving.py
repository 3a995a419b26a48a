"""Bringing sorted rows into a table that is sorted by its key: both are read side by side, nothing is sorted.

It takes as much memory as a few batches, however long the tables. What becomes of a row that is on both sides is said
in SQL (`Cells`), and only for those rows.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from cxlib.engine.duck import quoted
from cxlib.engine.row_groups import RowGroups
from cxlib.store.alignment import Stretch, aligned
from cxlib.store.cells import HERE, NEW, Cells
from cxlib.store.ordering import batches_of, kept_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import duckdb
    from numpy.typing import NDArray

    from cxlib.store.records import OnConflict
    from cxlib.tables import Table

STATUS = " status"  # no column can be called so


@dataclass(frozen=True)
class Sorted:
    """A Parquet file whose rows are in the order of the key, each key once."""

    path: Path
    columns: list[str]


class Weave:
    """Two sorted files of one table on their way into a third.

    Parameters
    ----------
    connection : DuckDBPyConnection
        For rows that are on both sides.
    old, new : Sorted
        What is there, and what comes in.
    columns : list of str
        Those of the outcome, in order.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        table: Table,
        old: Sorted,
        new: Sorted,
        *,
        columns: list[str],
        on_conflict: OnConflict,
    ) -> None:
        self._connection = connection
        self._table = table
        self._old, self._new = old, new
        self.columns = columns
        self._cells = Cells(table, old.columns, new.columns, table.key, on_conflict)
        self._schema = kept_schema(table, columns)

    def count(self, said: Callable[[int], None] | None = None) -> Counter[int]:
        """Return how many of the new rows meet each fate, and write nothing."""
        compared = [name for name in self._old.columns if name in self._new.columns]
        cells = Cells(self._table, compared, self._new.columns, self._table.key, self._cells.on_conflict)
        fates: Counter[int] = Counter()
        done = 0
        sides = batches_of(self._old.path, compared), batches_of(self._new.path, self._new.columns)
        for stretch in aligned(*sides, key=self._table.key, rest=False):
            rows, met = _met(stretch)
            fates[NEW] += rows
            if len(met):
                asked = f"SELECT {cells.status()} AS {quoted(STATUS)}"
                fates.update(self._asked(stretch, met, asked)[STATUS].to_pylist())
            done += rows + len(met)
            if said:
                said(done)
        return fates

    def write(self, path: Path, said: Callable[[int], None] | None = None) -> Counter[int]:
        """Write all rows, sorted, and return the fates of the new ones."""
        finals = ", ".join(f"{self._cells.final(each)} AS {quoted(each)}" for each in self.columns)
        asked = f"SELECT {finals}, {self._cells.status()} AS {quoted(STATUS)}"
        fates: Counter[int] = Counter()
        sides = batches_of(self._old.path, self._old.columns), batches_of(self._new.path, self._new.columns)
        with RowGroups(path, self._schema) as out:
            for stretch in aligned(*sides, key=self._table.key):
                rows, met = _met(stretch)
                fates[NEW] += rows
                both = None
                if len(met):
                    both = self._asked(stretch, met, asked)
                    fates.update(both[STATUS].to_pylist())
                out.add(self._gathered(stretch, met, both))
                if said:
                    said(out.rows)
        return fates

    def _asked(self, stretch: Stretch, met: NDArray[np.int64], select: str) -> pa.Table:
        """Return the answer for the rows that are on both sides, in their order."""
        assert stretch.old is not None and stretch.new is not None  # noqa: S101, PT018 - rows met
        assert stretch.from_old is not None and stretch.from_new is not None  # noqa: S101, PT018
        for name, rows, at in (("met_old", stretch.old, stretch.from_old), ("met_new", stretch.new, stretch.from_new)):
            self._connection.register(name, pa.Table.from_batches([rows.take(pa.array(at[met]))]))
        here = f"*, true AS {quoted(HERE)}"
        found: pa.Table = self._connection.sql(
            f"{select} FROM (SELECT {here} FROM met_old) b POSITIONAL JOIN (SELECT {here} FROM met_new) i"
        ).to_arrow_table()
        self._connection.unregister("met_old")
        self._connection.unregister("met_new")
        return found

    def _gathered(self, stretch: Stretch, met: NDArray[np.int64], both: pa.Table | None) -> pa.RecordBatch:
        if stretch.from_old is None or stretch.from_new is None:
            return self._widened(stretch.old if stretch.new is None else stretch.new)
        parts = [self._widened(stretch.old), self._widened(stretch.new)]
        n_old = parts[0].num_rows
        at = np.where(stretch.from_old >= 0, stretch.from_old, stretch.from_new + np.int32(n_old))
        if both is not None:
            parts += both.select(self.columns).cast(self._schema).to_batches()
            at[met] = np.arange(len(met), dtype=np.int32) + np.int32(n_old + parts[1].num_rows)
        return pa.concat_batches(parts).take(pa.array(at))

    def _widened(self, rows: pa.RecordBatch | None) -> pa.RecordBatch:
        """Return rows with all columns, empty where the side has none."""
        rows = pa.RecordBatch.from_pylist([], self._schema) if rows is None else rows
        names = rows.schema.names
        cells = [
            rows.column(names.index(field.name)) if field.name in names else pa.nulls(rows.num_rows, field.type)
            for field in self._schema
        ]
        return pa.RecordBatch.from_arrays(cells, schema=self._schema)


def in_order(table: Table, columns: Iterable[str]) -> list[str]:
    """Return columns in the order of the table, others after them."""
    present = list(dict.fromkeys(columns))
    known = [each for each in table.names if each in present]
    return [*known, *(each for each in present if each not in table.names)]


def _met(stretch: Stretch) -> tuple[int, NDArray[np.int64]]:
    """Return the number of rows that only come in, and the places of those that are on both sides."""
    if stretch.from_old is None or stretch.from_new is None:
        return (0 if stretch.new is None else stretch.new.num_rows), np.empty(0, np.int64)
    brought = stretch.from_new >= 0
    met = np.flatnonzero(brought & (stretch.from_old >= 0))
    return int(np.count_nonzero(brought)) - len(met), met
