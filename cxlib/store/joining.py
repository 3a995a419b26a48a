"""Bringing rows into a table in SQL, for tables that are not sorted by their key.

It all happens in a private duckdb that spills to disk, so that tables larger than memory can be joined.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from cxlib.engine.duck import literal, quoted
from cxlib.engine.row_groups import ROW_GROUP_ROWS
from cxlib.errors import CxError
from cxlib.store.cells import HERE, IDENTICAL, KEPT, NEW, REPLACED, UNTOUCHED, Cells
from cxlib.store.kinds import ORDERED_BY, check_schema, key_of, sql_type
from cxlib.store.ordering import duplicate_key, missing_key
from cxlib.store.records import Effect
from cxlib.store.weaving import STATUS, in_order
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

    from cxlib.store.progress import Progress
    from cxlib.store.records import Incoming, OnConflict
    from cxlib.tables import Table

AT = " at"  # no column can be called so


class Joined:
    """One table as it becomes, file after file.

    Parameters
    ----------
    connection : DuckDBPyConnection
        It may read the files and write to `desk`.
    base : Path or None
        The Parquet file of the version that it starts from.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: Table, base: Path | None, desk: Path) -> None:
        self._connection = connection
        self._table = table
        self._desk = desk
        self._names = 0
        self._relation: str | None = None
        self.columns: list[str] = []
        self.changed = False
        if base is not None:
            schema = pq.read_schema(base)
            self._relation = self._view(_parquet(base), schema, "file_row_number")
            self.columns = list(schema.names)

    def take(self, incoming: Incoming, on_conflict: OnConflict, progress: Progress) -> Effect:
        """Bring in one file after those before it."""
        progress(None)
        brought, columns = self._bring(incoming)
        self._check_keys(brought, columns, incoming.file_name)
        columns_new = tuple(each for each in columns if each not in self.columns)
        if self._relation is None:
            self._relation, self.columns, self.changed = brought, in_order(self._table, columns), True
            fates = {NEW: self._one(f"SELECT count(*) FROM {brought}")[0]}
        else:
            fates = self._join(brought, columns, on_conflict)
            self.changed |= bool(columns_new or fates.get(NEW) or fates.get(REPLACED))
        months, customers = self._covers(brought, columns)
        return Effect(
            rows=sum(fates.values()),
            new=fates.get(NEW, 0),
            replaced=fates.get(REPLACED, 0),
            kept=fates.get(KEPT, 0),
            identical=fates.get(IDENTICAL, 0),
            columns=tuple(columns),
            columns_new=columns_new,
            months=months,
            customers=customers,
        )

    def write(self, progress: Progress) -> Path:
        """Write the table as Parquet in its order, on the desk."""
        progress(None)
        path = self._desk / f"{self._table.name}.parquet"
        order = ", ".join(quoted(each) for each in ORDERED_BY.get(self._table.name, (AT,)))
        self._connection.execute(
            f"COPY (SELECT {_list(self.columns)} FROM {self._relation} ORDER BY {order}) TO {literal(str(path))} "
            f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP_ROWS})"
        )
        return path

    def _one(self, sql: str) -> tuple[Any, ...]:
        rows: list[tuple[Any, ...]] = self._connection.execute(sql).fetchall()  # all: an unfinished result blocks
        return rows[0] if rows else ()

    def _name(self) -> str:
        self._names += 1
        return f"{self._table.name}_{self._names}"

    def _bring(self, incoming: Incoming) -> tuple[str, list[str]]:
        data = incoming.data
        schema = pq.read_schema(data) if isinstance(data, Path) else data.schema
        check_schema(self._table, schema, incoming.file_name)
        if isinstance(data, Path):
            return self._view(_parquet(data), schema, "file_row_number"), list(schema.names)
        source = self._name()
        position = "0"
        if self._table.name not in ORDERED_BY:
            data = data.append_column(AT, pa.array(range(data.num_rows), pa.int64()))
            position = quoted(AT)
        self._connection.register(source, data)
        return self._view(source, schema, position), list(schema.names)

    def _view(self, source: str, schema: pa.Schema, position: str) -> str:
        name = self._name()
        self._connection.execute(
            f"CREATE TEMP VIEW {name} AS SELECT {cast(self._table, schema.names)}, {position} AS {quoted(AT)} "
            f"FROM {source}"
        )
        return name

    def _check_keys(self, brought: str, columns: list[str], file_name: str) -> None:
        table = self._table
        key = [each for each in key_of(table, set(columns)) if each in columns]
        for each in key:
            if each in table.required and self._one(f"SELECT 1 FROM {brought} WHERE {quoted(each)} IS NULL LIMIT 1"):
                raise missing_key(table, each, file_name)
        twice = key and self._one(f"SELECT {_list(key)} FROM {brought} GROUP BY ALL HAVING count(*) > 1 LIMIT 1")
        if twice:
            raise duplicate_key(table, key, twice, file_name)

    def _join(self, brought: str, columns: list[str], on_conflict: OnConflict) -> dict[int, int]:
        table = self._table
        if table.name == "plans" and ("meter" in self.columns) != ("meter" in columns):
            raise CxError(
                "plans_form_differs",
                N_(
                    "The plans are kept with one row per plan and this file has one per plan and meter, or the reverse."
                ),
                hint=N_("Bring the plans in the form that they have, or into a new data set."),
            )
        everything = in_order(table, [*self.columns, *columns])
        key = key_of(table, set(everything))
        cells = Cells(table, self.columns, columns, key, on_conflict)
        finals = ", ".join(f"{cells.final(each)} AS {quoted(each)}" for each in everything)
        at = f"CASE WHEN b.{quoted(HERE)} THEN b.{quoted(AT)} ELSE i.{quoted(AT)} + 1000000000000 END"
        name = self._name()
        self._connection.execute(
            f"CREATE TEMP TABLE {name} AS SELECT {finals}, {at} AS {quoted(AT)}, {cells.status()} AS {quoted(STATUS)} "
            f"FROM (SELECT *, true AS {quoted(HERE)} FROM {self._relation}) b "
            f"FULL JOIN (SELECT *, true AS {quoted(HERE)} FROM {brought}) i ON {cells.matches()}"
        )
        counted = f"SELECT {quoted(STATUS)}, count(*) FROM {name} GROUP BY ALL"
        fates = dict(self._connection.execute(counted).fetchall())
        if table.name not in ORDERED_BY:  # small tables: number the rows again, for the next file
            numbered = self._name()
            self._connection.execute(
                f"CREATE TEMP TABLE {numbered} AS SELECT * REPLACE "
                f"(row_number() OVER (ORDER BY {quoted(AT)}) - 1 AS {quoted(AT)}) FROM {name}"
            )
            name = numbered
        self._drop(str(self._relation))
        self._relation, self.columns = name, everything
        return {fate: count for fate, count in fates.items() if fate != UNTOUCHED}

    def _drop(self, relation: str) -> None:
        if self._one(f"SELECT 1 FROM duckdb_tables() WHERE table_name = '{relation}'"):
            self._connection.execute(f"DROP TABLE {relation}")

    def _covers(self, brought: str, columns: list[str]) -> tuple[tuple[str, ...], int]:
        moment = {
            "events": '"occurred_at"',
            "contacts": 'make_timestamp(epoch_us("arrived_at"))',
        }.get(self._table.name)
        months: set[str] = set()
        if moment:
            found = f"SELECT DISTINCT date_trunc('month', {moment}) FROM {brought} WHERE {moment} IS NOT NULL"
            months = {f"{month:%Y-%m}" for (month,) in self._connection.execute(found).fetchall()}
        customers = 0
        if "customer_id" in columns:
            customers = self._one(f'SELECT count(DISTINCT "customer_id") FROM {brought}')[0]
        return tuple(sorted(months)), customers


def cast(table: Table, columns: Iterable[str]) -> str:
    """Return SQL for columns in the types in which the store keeps them."""
    return ", ".join(f"CAST({quoted(c)} AS {sql_type(table, c)}) AS {quoted(c)}" for c in columns)


def _parquet(path: Path) -> str:
    return f"read_parquet({literal(str(path))}, file_row_number = true)"


def _list(names: Iterable[str]) -> str:
    return ", ".join(quoted(each) for each in names)
