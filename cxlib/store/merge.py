"""Bringing new rows into a table by its key.

It all happens in a private duckdb that spills to disk, so that tables larger than memory can be merged. What a file
does to a row with a known key is decided cell by cell in `usage` and `customers`, where files bring a few columns at a
time (one meter, one attribute), and row by row in the other tables, whose columns belong together.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

from cxlib.engine.duck import literal, locked, quoted
from cxlib.errors import CxError
from cxlib.store.cells import HERE, IDENTICAL, KEPT, NEW, REPLACED, UNTOUCHED, Cells
from cxlib.store.kinds import ORDERED_BY, check_schema, key_of, sql_type, table_named
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

    from cxlib.store.records import Incoming, OnConflict
    from cxlib.tables import Table

MEMORY_LIMIT: Final = "900MB"  # beside the rows that came in memory, 12 million stay within 2 GB
ROW_GROUP_ROWS: Final = 1 << 20
AT: Final = " at"  # no column can be called so
STATUS: Final = " status"


@dataclass(frozen=True)
class Effect:
    """What one file does to its table: rows by fate, and what it covers."""

    rows: int
    new: int
    replaced: int
    kept: int
    identical: int
    columns: tuple[str, ...]
    columns_new: tuple[str, ...]
    months: tuple[str, ...]
    customers: int


@dataclass
class _State:
    relation: str
    columns: list[str]
    changed: bool


class Merge:
    """The tables of a data set as they become, file after file.

    Parameters
    ----------
    base : dict of str to Path
        Parquet file of each table of the version that it starts from.
    work : Path
        Folder for what does not fit into memory.
    readable : list of Path
        Further files or folders that files come from.
    """

    def __init__(self, base: Mapping[str, Path], *, work: Path, readable: Iterable[Path] = ()) -> None:
        self._base = base
        self._states: dict[str, _State] = {}
        self._names = 0
        self._open = ExitStack()
        self._connection = self._open.enter_context(
            locked(read=[*base.values(), *readable], write=[work], memory_limit=MEMORY_LIMIT, spill=work)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._open.close()

    def take(self, incoming: Incoming, *, on_conflict: OnConflict) -> Effect:
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
        brought, columns = self._bring(table, incoming)
        self._check_keys(table, brought, columns, incoming.file_name)
        state = self._state(table)
        columns_new = tuple(each for each in columns if state is None or each not in state.columns)
        if state is None:
            self._states[table.name] = _State(brought, _in_order(table, columns), changed=True)
            fates = {NEW: self._one(f"SELECT count(*) FROM {brought}")[0]}
        else:
            fates = self._join(table, state, brought, columns, on_conflict)
            state.changed |= bool(columns_new or fates.get(NEW) or fates.get(REPLACED))
        months, customers = self._covers(table, brought, columns)
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

    @property
    def changed(self) -> tuple[str, ...]:
        """Tables that are not as they were."""
        return tuple(name for name, state in self._states.items() if state.changed)

    def write(self, name: str, path: Path) -> tuple[int, tuple[str, ...]]:
        """Write a table as sorted Parquet; return its rows and columns."""
        state = self._states[name]
        order = ", ".join(quoted(each) for each in ORDERED_BY.get(name, (AT,)))
        self._connection.execute(
            f"COPY (SELECT {_list(state.columns)} FROM {state.relation} ORDER BY {order}) TO {literal(str(path))} "
            f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP_ROWS})"
        )
        return pq.read_metadata(path).num_rows, tuple(state.columns)

    def _one(self, sql: str) -> tuple[Any, ...]:
        rows: list[tuple[Any, ...]] = self._connection.execute(sql).fetchall()  # all: an unfinished result blocks
        return rows[0] if rows else ()

    def _name(self) -> str:
        self._names += 1
        return f"step_{self._names}"

    def _state(self, table: Table) -> _State | None:
        if table.name not in self._states and table.name in self._base:
            path = self._base[table.name]
            relation = self._view(table, _parquet(path), pq.read_schema(path), "file_row_number")
            columns = list(pq.read_schema(path).names)
            self._states[table.name] = _State(relation, columns, changed=False)
        return self._states.get(table.name)

    def _bring(self, table: Table, incoming: Incoming) -> tuple[str, list[str]]:
        data = incoming.data
        schema = pq.read_schema(data) if isinstance(data, Path) else data.schema
        check_schema(table, schema, incoming.file_name)
        if isinstance(data, Path):
            return self._view(table, _parquet(data), schema, "file_row_number"), list(schema.names)
        source = self._name()
        position = "0"
        if table.name not in ORDERED_BY:
            data = data.append_column(AT, pa.array(range(data.num_rows), pa.int64()))
            position = quoted(AT)
        self._connection.register(source, data)
        return self._view(table, source, schema, position), list(schema.names)

    def _view(self, table: Table, source: str, schema: pa.Schema, position: str) -> str:
        name = self._name()
        cells = ", ".join(f"CAST({quoted(c)} AS {sql_type(table, c)}) AS {quoted(c)}" for c in schema.names)
        self._connection.execute(f"CREATE TEMP VIEW {name} AS SELECT {cells}, {position} AS {quoted(AT)} FROM {source}")
        return name

    def _check_keys(self, table: Table, brought: str, columns: list[str], file_name: str) -> None:
        key = [each for each in key_of(table, set(columns)) if each in columns]
        for each in key:
            if each in table.required and (self._one(f"SELECT 1 FROM {brought} WHERE {quoted(each)} IS NULL LIMIT 1")):
                raise CxError(
                    "missing_key",
                    N_("{file_name}: {column} is empty in some row."),
                    hint=N_("Each row of {table} needs it."),
                    column=each,
                    file_name=file_name,
                    table=table.name,
                )
        twice = key and self._one(f"SELECT {_list(key)} FROM {brought} GROUP BY ALL HAVING count(*) > 1 LIMIT 1")
        if twice:
            raise CxError(
                "duplicate_key",
                N_("{file_name}: {value} comes more than once; {column} must be unique in {table}."),
                hint=N_("Keep one of the rows, or correct the key."),
                column=" + ".join(key),
                value=" ".join(str(each) for each in twice),
                file_name=file_name,
                table=table.name,
            )

    def _join(
        self, table: Table, state: _State, brought: str, columns: list[str], on_conflict: OnConflict
    ) -> dict[int, int]:
        if table.name == "plans" and ("meter" in state.columns) != ("meter" in columns):
            raise CxError(
                "plans_form_differs",
                N_(
                    "The plans are kept with one row per plan and this file has one per plan and meter, or the reverse."
                ),
                hint=N_("Bring the plans in the form that they have, or into a new data set."),
            )
        everything = _in_order(table, [*state.columns, *columns])
        key = key_of(table, set(everything))
        cells = Cells(table, state.columns, columns, key, on_conflict)
        finals = ", ".join(f"{cells.final(each)} AS {quoted(each)}" for each in everything)
        at = f"CASE WHEN b.{quoted(HERE)} THEN b.{quoted(AT)} ELSE i.{quoted(AT)} + 1000000000000 END"
        name = self._name()
        self._connection.execute(
            f"CREATE TEMP TABLE {name} AS SELECT {finals}, {at} AS {quoted(AT)}, {cells.status()} AS {quoted(STATUS)} "
            f"FROM (SELECT *, true AS {quoted(HERE)} FROM {state.relation}) b "
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
        self._drop(state.relation)
        state.relation, state.columns = name, everything
        return {fate: count for fate, count in fates.items() if fate != UNTOUCHED}

    def _drop(self, relation: str) -> None:
        if self._one(f"SELECT 1 FROM duckdb_tables() WHERE table_name = '{relation}'"):
            self._connection.execute(f"DROP TABLE {relation}")

    def _covers(self, table: Table, brought: str, columns: list[str]) -> tuple[tuple[str, ...], int]:
        moment = {
            "usage": '"month"',
            "events": '"occurred_at"',
            "contacts": 'make_timestamp(epoch_us("arrived_at"))',
        }.get(table.name)
        months: set[str] = set()
        if moment:
            found = f"SELECT DISTINCT date_trunc('month', {moment}) FROM {brought} WHERE {moment} IS NOT NULL"
            months = {f"{month:%Y-%m}" for (month,) in self._connection.execute(found).fetchall()}
        customers = 0
        if "customer_id" in columns:
            customers = self._one(f'SELECT count(DISTINCT "customer_id") FROM {brought}')[0]
        return tuple(sorted(months)), customers


def _in_order(table: Table, columns: Iterable[str]) -> list[str]:
    present = list(dict.fromkeys(columns))
    known = [each for each in table.names if each in present]
    return [*known, *(each for each in present if each not in table.names)]


def _parquet(path: Path) -> str:
    return f"read_parquet({literal(str(path))}, file_row_number = true)"


def _list(names: Iterable[str]) -> str:
    return ", ".join(quoted(each) for each in names)
