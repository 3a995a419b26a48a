"""Typed rows that go to files while they are read: in order, each key once, however many there are."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cxlib.engine.duck import literal, locked, quoted
from cxlib.engine.row_groups import RowGroups
from cxlib.intake.cells import ROW
from cxlib.intake.rows import ASCENDING, order_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    from numpy.typing import NDArray

TYPED: Final = "typed.parquet"
ROWS: Final = "rows.parquet"
"""The file's number of each row of `TYPED`, group by group."""
SPILL: Final = "spill"
SORT_MEMORY: Final = "1GB"
SAME: Final = 1
"""Neighbours are equal, none goes back, see `order_of`."""
_NUMBERS: Final = pa.schema([("row", pa.int64())])


class FiledRows:
    """Two files side by side in a folder, the rows and their numbers.

    Parameters
    ----------
    by : sequence of str
        Columns by which rows are to ascend (one of text, one of days), or none.

    Attributes
    ----------
    order : int
        How the rows so far come, as `order_of` says.
    """

    def __init__(self, folder: Path, schema: pa.Schema, by: Sequence[str] = ()) -> None:
        self.order = ASCENDING
        self._by = tuple(by)
        self._last: pa.RecordBatch | None = None
        self._typed = RowGroups(folder / TYPED, schema)
        self._rows = RowGroups(folder / ROWS, _NUMBERS)
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self._open.enter_context(self._typed)
        self._open.enter_context(self._rows)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._open.__exit__(kind, error, at)

    def add(self, batch: pa.RecordBatch, lines: NDArray[np.int64]) -> None:
        """Take the next rows."""
        if not batch.num_rows:
            return
        if self._by:
            self.order = max(self.order, self._order(batch))
        self._typed.add(batch)
        self._rows.add(pa.RecordBatch.from_arrays([pa.array(lines)], schema=_NUMBERS))

    def _order(self, batch: pa.RecordBatch) -> int:
        customer, month = self._by
        keys = batch.select([customer, month])
        order = order_of(keys.column(customer), keys.column(month))
        if self._last is not None:
            joint = pa.Table.from_batches([self._last, keys.slice(0, 1)]).combine_chunks()
            order = max(order, order_of(joint[customer].chunk(0), joint[month].chunk(0)))
        self._last = keys.take(pa.array([keys.num_rows - 1]))  # a copy: one row does not hold all the others
        return order

    def extend(self, table: pa.Table, lines: NDArray[np.int64]) -> None:
        """Take the next rows, which are known to come as they should."""
        at = 0
        for batch in table.to_batches():
            self.add(batch, lines[at : at + batch.num_rows])
            at += batch.num_rows


def numbered(folder: Path, columns: Sequence[str] | None = None) -> Iterator[tuple[pa.Table, NDArray[np.int64]]]:
    """Read what lies in a folder group by group: rows and their numbers."""
    with pq.ParquetFile(folder / TYPED) as typed, pq.ParquetFile(folder / ROWS) as rows:
        for group in range(typed.num_row_groups):
            numbers = rows.read_row_group(group).column(0).to_numpy()
            yield typed.read_row_group(group, columns=columns), numbers


def write_filed(folder: Path, table: pa.Table, rows: pa.ChunkedArray) -> None:
    """Write rows that are in memory, and their numbers."""
    with FiledRows(folder, table.schema) as filed:
        filed.extend(table, rows.to_numpy())


def put_in_order(folder: Path, by: Sequence[str], order: int) -> NDArray[np.int64]:
    """Sort rows where they are not, and leave out those whose key occurred before.

    Returns
    -------
    int64 array, one line per row left out
        Its number, and that of the first row with its key; ascending.
    """
    if order == ASCENDING:
        return np.empty((0, 2), np.int64)
    desk = folder / SPILL
    desk.mkdir()
    try:
        schema = pq.read_schema(folder / TYPED)
        source = numbered(folder) if order == SAME else _sorted(folder, desk, schema, by)
        found = []
        with FiledRows(desk, schema) as filed:
            for table, numbers, again in _once(source, by):
                found.append(again)
                filed.extend(table, numbers)
        _replace(desk, folder)
    finally:
        shutil.rmtree(desk)
    again = np.concatenate([np.empty((0, 2), np.int64), *found])
    return again[np.argsort(again[:, 0])]


def leave_out(folder: Path, lines: NDArray[np.int64]) -> None:
    """Leave out the rows with some numbers."""
    desk = folder / SPILL
    desk.mkdir()
    try:
        with FiledRows(desk, pq.read_schema(folder / TYPED)) as filed:
            for table, numbers in numbered(folder):
                kept = ~np.isin(numbers, lines)
                filed.extend(table.filter(pa.array(kept)), numbers[kept])
        _replace(desk, folder)
    finally:
        shutil.rmtree(desk)


def repeated(folder: Path, key: Sequence[str]) -> NDArray[np.int64]:
    """Return the rows whose key occurred before, as `put_in_order`, for rows in any order."""
    listed = ", ".join(quoted(name) for name in key)
    same = " AND ".join(f"a.{quoted(name)} IS NOT DISTINCT FROM d.{quoted(name)}" for name in key)
    twice = f"SELECT {listed}, min({ROW}) AS first FROM keys GROUP BY {listed} HAVING count(*) > 1"
    desk = folder / SPILL
    desk.mkdir()
    try:
        with locked(read=[folder], memory_limit=SORT_MEMORY, spill=desk) as connection:
            connection.execute(f"CREATE VIEW keys AS SELECT {listed}, {ROW} FROM {_both(folder)}")
            connection.execute(f"CREATE TABLE twice AS {twice}")
            found = connection.execute(
                f"SELECT a.{ROW}, d.first FROM keys a JOIN twice d ON {same} WHERE a.{ROW} > d.first ORDER BY a.{ROW}"
            ).fetchnumpy()
    finally:
        shutil.rmtree(desk)
    return np.stack([np.asarray(each, np.int64) for each in found.values()], axis=1)


def _both(folder: Path) -> str:
    typed, rows = (f"read_parquet({literal(str(folder / name))})" for name in (TYPED, ROWS))
    return f"(SELECT t.*, r.row AS {ROW} FROM {typed} t POSITIONAL JOIN {rows} r)"


def _sorted(
    folder: Path, desk: Path, schema: pa.Schema, by: Sequence[str]
) -> Iterator[tuple[pa.Table, NDArray[np.int64]]]:
    order = ", ".join([*map(quoted, by), ROW])
    path = desk / "sorted.parquet"
    with locked(read=[folder], write=[desk], memory_limit=SORT_MEMORY, spill=desk) as connection:
        connection.execute(
            f"COPY (SELECT * FROM {_both(folder)} ORDER BY {order}) TO {literal(str(path))} "
            "(FORMAT parquet, COMPRESSION snappy)"
        )
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(1 << 18):
            table = pa.Table.from_batches([batch])
            yield table.select(schema.names).cast(schema), table[ROW].to_numpy()
    path.unlink()


def _once(
    source: Iterable[tuple[pa.Table, NDArray[np.int64]]], by: Sequence[str]
) -> Iterator[tuple[pa.Table, NDArray[np.int64], NDArray[np.int64]]]:
    """Yield sorted rows without those whose key is that of the row before, their numbers, and those left out."""
    last: pa.Table | None = None
    first = 0
    for table, numbers in source:
        if not table.num_rows:
            continue
        keys = table.select([*by])
        below = keys if last is None else pa.concat_tables([last, keys])
        above, below = below.slice(0, below.num_rows - 1), below.slice(1)
        same = np.ones(below.num_rows, np.bool_)
        for name in by:
            same &= pc.equal(above[name], below[name]).to_numpy()
        repeats = np.concatenate([[False], same]) if last is None else same
        places = np.maximum.accumulate(np.where(repeats, -1, np.arange(len(numbers))))
        firsts = np.where(places < 0, first, numbers[places])
        again = np.stack([numbers[repeats], firsts[repeats]], axis=1)
        last, first = keys.take(pa.array([len(numbers) - 1])), int(firsts[-1])
        yield (table.filter(pa.array(~repeats)) if repeats.any() else table), numbers[~repeats], again


def _replace(desk: Path, folder: Path) -> None:
    for name in (TYPED, ROWS):
        (desk / name).replace(folder / name)
