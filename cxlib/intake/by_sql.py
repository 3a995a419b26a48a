"""Typed rows by SQL over all texts: for columns that take several cells, or more than one row, to tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from cxlib.engine.duck import quoted
from cxlib.intake.cells import ROW
from cxlib.intake.decide import decide
from cxlib.intake.problems import problem_frame
from cxlib.intake.targets import SORTED_BY, Found, Target, check_zone, checked, schema_of, target_of, wanted
from cxlib.tables import TABLES, Table

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from cxlib.intake.mapping import Mapping
    from cxlib.intake.text_table import TextTable


def by_sql(connection: duckdb.DuckDBPyConnection, text: TextTable, mapping: Mapping, zone: str | None) -> Found:
    """Read all rows with SQL; the text is in memory as a whole."""
    ids = {header: f"c{i}" for i, header in enumerate(text.columns)}
    connection.register("texts", _trimmed(text, mapping, ids))
    connection.execute("CREATE VIEW text_table AS SELECT *, 1 AS n FROM texts")
    decided = decide(connection, mapping, ids, zone=zone)
    check_zone(decided.zone)
    targets = [target_of(name, column, decided, ids, i) for i, (name, column) in enumerate(wanted(decided))]
    _cast(connection, targets, decided)
    duplicates = _duplicates(connection, TABLES[decided.table], targets, ids)
    problems = _problems(connection, targets, duplicates)
    typed, rows = _typed(connection, targets, decided.table)
    return Found(decided, typed, rows, problems, typed.num_rows)


def _trimmed(text: TextTable, mapping: Mapping, ids: dict[str, str]) -> pa.Table:
    """Return the text under the identifiers of SQL, without spaces of any kind around the cells that are mapped."""
    table = text.table
    used = {header for each in mapping.columns.values() for group in each.sources for header in group}
    for header in used:
        place = text.columns.index(header)
        table = table.set_column(place, header, pc.utf8_trim_whitespace(table.column(place)))
    return table.rename_columns([*ids.values(), ROW])


def _cast(connection: duckdb.DuckDBPyConnection, targets: list[Target], mapping: Mapping) -> None:
    """Make ``cast_rows`` (__row, values v0.., good, odd) and ``odd_rows`` with the texts and rules of the odd ones.

    Texts and rules of all rows would be twice the table; few rows have anything to say.
    """
    numbers = range(len(targets))
    values = ", ".join(f"v{i}" for i in numbers)
    good = " AND ".join(f"e{i} IS NULL" for i in numbers)
    odd = " OR ".join(f"e{i} IS NOT NULL OR w{i} IS NOT NULL" for i in numbers)
    every = checked("text_table", targets, mapping)
    connection.execute(f"CREATE TABLE cast_rows AS SELECT __row, {values}, {good} AS good, {odd} AS odd FROM ({every})")
    some = "(SELECT * FROM text_table WHERE __row IN (SELECT __row FROM cast_rows WHERE odd))"
    told = ", ".join(f"r{i}, e{i}, w{i}" for i in numbers)
    connection.execute(f"CREATE TABLE odd_rows AS SELECT __row, {told} FROM ({checked(some, targets, mapping)})")


def _duplicates(
    connection: duckdb.DuckDBPyConnection, table: Table, targets: list[Target], ids: dict[str, str]
) -> list[tuple[int | None, str, str, str]]:
    """Set aside all but the first of the good rows with the same key; the first row is named."""
    places = {each.name: i for i, each in enumerate(targets)}
    key = [f"v{places[name]}" for name in table.key_of(places) if name in places]
    if not key:
        return []
    listed = ", ".join(key)
    twice = f"SELECT {listed}, min(__row) AS first FROM cast_rows WHERE good GROUP BY {listed} HAVING count(*) > 1"
    same = " AND ".join(f"a.{each} IS NOT DISTINCT FROM d.{each}" for each in key)
    connection.execute(
        "CREATE TABLE again AS SELECT a.__row, d.first FROM cast_rows a "
        f"JOIN ({twice}) d ON {same} WHERE a.good AND a.__row > d.first"
    )
    cells = " AND ".join(f"t.{name} = f.{name}" for name in ids.values())
    rows = connection.execute(
        f"SELECT a.__row, a.first, {cells} FROM again a JOIN text_table t ON t.__row = a.__row "
        "JOIN text_table f ON f.__row = a.first ORDER BY a.__row"
    ).fetchall()
    if rows:
        connection.execute("UPDATE cast_rows SET good = false WHERE __row IN (SELECT __row FROM again)")
    shown = ", ".join(name for name in table.key_of(places) if name in places)
    return [(row, shown, "duplicate_row" if alike else "duplicate_key", f"= {first}") for row, first, alike in rows]


def _problems(
    connection: duckdb.DuckDBPyConnection, targets: list[Target], duplicates: list[tuple[int | None, str, str, str]]
) -> pd.DataFrame:
    found = list(duplicates)
    for i, each in enumerate(targets):
        for rule in (f"e{i}", f"w{i}"):
            rows = connection.execute(
                f"SELECT __row, {rule}, coalesce(r{i}, '') FROM odd_rows WHERE {rule} IS NOT NULL ORDER BY __row"
            ).fetchall()
            found += [(row, each.name, code, value) for row, code, value in rows]
    return problem_frame(sorted(found, key=lambda each: each[0] or 0))


def _typed(
    connection: duckdb.DuckDBPyConnection, targets: list[Target], table: str
) -> tuple[pa.Table, pa.ChunkedArray]:
    """Return the good rows, typed, and their row numbers in the file."""
    names = [each.name for each in targets]
    by = [name for name in SORTED_BY.get(table, ()) if name in names]
    order = ", ".join([*(f"v{names.index(name)}" for name in by), "__row"])
    listed = ", ".join(f"v{i} AS {quoted(each.name)}" for i, each in enumerate(targets))
    good = connection.sql(f"SELECT __row, {listed} FROM cast_rows WHERE good ORDER BY {order}").to_arrow_table()
    schema = schema_of([(each.name, each.column) for each in targets])
    return good.drop_columns([ROW]).cast(schema), good.column(ROW)
