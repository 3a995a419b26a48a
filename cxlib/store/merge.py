"""Bringing new rows into tables by their keys.

What a file does to a row with a known key is decided cell by cell in `usage` and `customers`, where files bring a few
columns at a time (one meter, one attribute), and row by row in the other tables, whose columns belong together.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import pyarrow.parquet as pq

from cxlib.engine.duck import literal, locked, quoted
from cxlib.engine.row_groups import ROW_GROUP_ROWS, RowGroups
from cxlib.errors import CxError
from cxlib.store.cells import IDENTICAL, KEPT, NEW, REPLACED
from cxlib.store.joining import Joined, cast
from cxlib.store.kinds import ORDERED_BY, check_schema, table_named
from cxlib.store.ordering import batches_of, is_kept_as_is, kept_schema, order_of
from cxlib.store.progress import Progress
from cxlib.store.records import Effect
from cxlib.store.weaving import Sorted, Weave, in_order
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

    import duckdb
    import pyarrow as pa

    from cxlib.store.ordering import Order
    from cxlib.store.records import Incoming, OnConflict
    from cxlib.tables import Table

MEMORY_LIMIT: Final = "800MB"  # for what must be sorted or joined; the rest is spilled to the desk
SEEN: Final = 0.2  # the share of the work that is spent on looking through a file


class Merge:
    """The tables of a data set as they become, file after file.

    Parameters
    ----------
    base : dict of str to Path
        Parquet file of each table of the version that it starts from.
    desk : Path
        Folder for new tables, and for what does not fit into memory.
    readable : list of Path
        Further files that rows come from.
    counting : bool
        Whether only the effects are asked for, so that nothing need be written.
    """

    def __init__(
        self, base: Mapping[str, Path], *, desk: Path, readable: Iterable[Path] = (), counting: bool = False
    ) -> None:
        self._base = base
        self._desk = desk
        self._counting = counting
        self._tables: dict[str, Joined | Woven] = {}
        self._open = ExitStack()
        self._connection = self._open.enter_context(
            locked(read=[*base.values(), *readable], write=[desk], memory_limit=MEMORY_LIMIT, spill=desk)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._open.close()

    def take(self, incoming: Incoming, *, on_conflict: OnConflict, progress: Progress | None = None) -> Effect:
        """Bring in one file after those before it.

        Raises
        ------
        CxError
            ``unknown_table``, ``unknown_column``, ``missing_column``, ``wrong_type``, ``missing_key``,
            ``duplicate_key``, ``cannot_add`` or ``plans_form_differs``.
        """
        table = table_named(incoming.table)
        if on_conflict == "add" and table.name != "usage" and table.key:
            raise CxError(
                "cannot_add",
                N_("Only usage can be added up; {table} cannot."),
                hint=N_("Choose to replace or to keep what is there."),
                table=table.name,
            )
        if table.name not in self._tables:
            base = self._base.get(table.name)
            self._tables[table.name] = (
                Woven(self._connection, table, base, self._desk, counting=self._counting)
                if ORDERED_BY.get(table.name) == table.key
                else Joined(self._connection, table, base, self._desk)
            )
        return self._tables[table.name].take(incoming, on_conflict, progress or Progress())

    @property
    def changed(self) -> tuple[str, ...]:
        """Tables that are not as they were."""
        return tuple(name for name, table in self._tables.items() if table.changed)

    def write(self, name: str, progress: Progress | None = None) -> tuple[Path, int, tuple[str, ...]]:
        """Return a table's file, its rows and columns; it lies on the desk, or is a file that came as it should be."""
        table = self._tables[name]
        path = table.write(progress or Progress())
        return path, pq.read_metadata(path).num_rows, tuple(table.columns)


class Woven:
    """A table that is kept in the order of its key, as it becomes."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, table: Table, base: Path | None, desk: Path, *, counting: bool
    ) -> None:
        self._connection = connection
        self._table = table
        self._desk = desk
        self._counting = counting
        self._files = 0
        self._here = None if base is None else Sorted(base, list(pq.read_schema(base).names))
        self._next: Weave | None = None
        self.changed = False

    @property
    def columns(self) -> list[str]:
        """The columns so far."""
        if self._next is not None:
            return self._next.columns
        return [] if self._here is None else self._here.columns

    def take(self, incoming: Incoming, on_conflict: OnConflict, progress: Progress) -> Effect:
        """Bring in one file after those before it."""
        brought, order, columns = self._sorted(incoming, progress.part(0, SEEN))
        self._settle()
        columns_new = tuple(each for each in columns if each not in self.columns)
        if self._here is None:
            self._here, self.changed = brought, True
            fates = {NEW: order.rows}
        else:
            everything = in_order(self._table, [*self._here.columns, *columns])
            weave = Weave(
                self._connection, self._table, self._here, brought, columns=everything, on_conflict=on_conflict
            )
            rest = progress.part(SEEN, 1)
            if self._counting:
                fates, self._next = weave.count(rest.of(order.rows)), weave
            else:
                path = self._fresh()
                there = pq.read_metadata(self._here.path).num_rows
                fates = weave.write(path, rest.of(there + order.rows))
                if columns_new or fates[NEW] or fates[REPLACED]:
                    self._here, self.changed = Sorted(path, everything), True
        return Effect(
            rows=order.rows,
            new=fates.get(NEW, 0),
            replaced=fates.get(REPLACED, 0),
            kept=fates.get(KEPT, 0),
            identical=fates.get(IDENTICAL, 0),
            columns=tuple(columns),
            columns_new=columns_new,
            months=order.months,
            customers=order.customers,
        )

    def write(self, progress: Progress) -> Path:
        """Return the file of the table."""
        self._settle()
        progress(1.0)
        assert self._here is not None  # noqa: S101 - it changed
        return self._here.path

    def _settle(self) -> None:
        """Do what was only counted so far: another file meets its outcome."""
        if self._next is not None:
            path = self._fresh()
            self._next.write(path)
            self._here, self._next = Sorted(path, self._next.columns), None

    def _fresh(self) -> Path:
        self._files += 1
        return self._desk / f"{self._table.name}-{self._files}.parquet"

    def _sorted(self, incoming: Incoming, progress: Progress) -> tuple[Sorted, Order, list[str]]:
        """Return a file of the rows, as the store keeps them; only rows that do not come in order are sorted."""
        data, table = incoming.data, self._table
        schema = pq.read_schema(data) if isinstance(data, Path) else data.schema
        check_schema(table, schema, incoming.file_name)
        columns = list(schema.names)
        if is_kept_as_is(table, schema):
            rows = pq.read_metadata(data).num_rows if isinstance(data, Path) else data.num_rows
            batches = batches_of(data, table.key) if isinstance(data, Path) else data.select(table.key).to_batches()
            order = order_of(batches, table, file_name=incoming.file_name, seen=progress.of(rows))
            if order is not None:
                path = data if isinstance(data, Path) else self._written(data)
                return Sorted(path, columns), order, columns
        progress(None)
        columns = in_order(table, columns)
        path = self._sorted_by_key(data, columns)
        order = order_of(batches_of(path, table.key), table, file_name=incoming.file_name)
        assert order is not None  # noqa: S101 - it was sorted
        return Sorted(path, columns), order, list(schema.names)

    def _written(self, data: pa.Table) -> Path:
        path = self._fresh()
        with RowGroups(path, kept_schema(self._table, data.column_names)) as out:
            for batch in data.to_batches():
                out.add(batch)
        return path

    def _sorted_by_key(self, data: pa.Table | Path, columns: list[str]) -> Path:
        path = self._fresh()
        source = f"read_parquet({literal(str(data))})" if isinstance(data, Path) else "unsorted"
        if not isinstance(data, Path):
            self._connection.register("unsorted", data)
        key = ", ".join(quoted(each) for each in self._table.key)
        self._connection.execute(
            f"COPY (SELECT {cast(self._table, columns)} FROM {source} ORDER BY {key}) TO {literal(str(path))} "
            f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP_ROWS})"
        )
        if not isinstance(data, Path):
            self._connection.unregister("unsorted")
        return path
