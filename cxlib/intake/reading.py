"""Stage two: a table of text to a typed table; rows in the file are loaded or set aside, never lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from zoneinfo import available_timezones

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cxlib.engine.duck import literal, locked, quoted
from cxlib.errors import CxError
from cxlib.intake.casts import Cast, cast_of, offset_minutes
from cxlib.intake.cells import ROW
from cxlib.intake.checks import row_warnings
from cxlib.intake.decide import decide
from cxlib.intake.mapping import Mapping, check_mapping
from cxlib.intake.problems import Question, joined, problem_frame
from cxlib.intake.suggest import suggest_mapping
from cxlib.intake.text_table import TextTable, read_text_table
from cxlib.tables import TABLES, Column, Table
from cxlib.texts import N_

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

ARROW_TYPES: Final = {
    "id": pa.string(),
    "text": pa.string(),
    "category": pa.string(),
    "boolean": pa.bool_(),
    "month": pa.date32(),
    "date": pa.date32(),
    "time": pa.timestamp("us", tz="UTC"),
    "integer": pa.int64(),
}
"""Physical type by kind; all kinds of numbers that are not listed are float64."""
SORTED_BY: Final[dict[str, tuple[str, ...]]] = {"usage": ("customer_id", "month")}
MEMORY_LIMIT: Final = "6GB"


@dataclass(frozen=True)
class Reading:
    """A file as one typed table, and everything that is not in it.

    Attributes
    ----------
    table : pyarrow.Table
        Physical types as in `ARROW_TYPES`; ``usage`` is sorted by customer and month, others are in file order.
    quarantined : pandas.DataFrame
        Rows set aside: row, reasons (rules, joined by ``;``), text (of rows that could not be split), then the
        file's own columns as text.
    problems : pandas.DataFrame
        row, column, rule, value, hint, severity; by row.
    text : TextTable
    mapping : Mapping
        As it was used, nothing left open: confirmed, it reads the next file of the same kind without a question.
    counts : dict
        rows_in_file = rows_loaded + rows_quarantined; errors, warnings.
    needs_confirmation : list of Question
        Nobody should keep the table before these are answered.
    rows : pyarrow.ChunkedArray
        int64, the file's row number of each row of `table`.
    """

    table: pa.Table
    quarantined: pd.DataFrame
    problems: pd.DataFrame
    text: TextTable
    mapping: Mapping
    counts: dict[str, int]
    needs_confirmation: list[Question] = field(default_factory=list)
    rows: pa.ChunkedArray = field(default_factory=lambda: pa.chunked_array([], pa.int64()))


@dataclass(frozen=True)
class _Target:
    name: str
    column: Column
    cast: Cast


def read(
    source: Path | str | bytes | TextTable,
    *,
    table: str = "usage",
    mapping: Mapping | None = None,
    zone: str | None = None,
    name: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    quote: str | None = None,
    sheet: str | int | None = None,
) -> Reading:
    """Read a file into one of the tables of `cxlib.tables`.

    Parameters
    ----------
    source : path, bytes or TextTable
    table : str
        Which table; a `mapping` names its own.
    mapping : Mapping, optional
        How columns are read; without it, the suggestion is taken and its doubts are asked.
    zone : str, optional
        Time zone (IANA) of times that carry none; without it and without one in the mapping, it is asked.
    name, encoding, delimiter, quote, sheet
        As for `read_text_table`.

    Raises
    ------
    CxError
        Of `read_text_table` and `check_mapping`, ``unknown_zone``.
    """
    if isinstance(source, TextTable):
        text = source
    else:
        text = read_text_table(source, name=name, encoding=encoding, delimiter=delimiter, quote=quote, sheet=sheet)
    chosen = mapping if mapping is not None else suggest_mapping(text, table=table)
    check_mapping(chosen, text.columns)
    ids = {header: f"c{i}" for i, header in enumerate(text.columns)}
    with locked(memory_limit=MEMORY_LIMIT) as connection:
        connection.register("text_table", _trimmed(text, chosen, ids))
        decided = decide(connection, chosen, ids, zone=zone)
        _check_zone(decided.zone)
        targets = _targets(decided, ids)
        _cast(connection, targets, decided)
        duplicates = _duplicates(connection, TABLES[decided.table], targets, ids)
        problems = _problems(connection, targets, duplicates)
        typed, rows = _typed(connection, targets, decided.table)
    warnings = row_warnings(typed, rows, table=decided.table)
    return _reading(text, decided, typed, rows, joined(text.problems, problems, warnings))


def _trimmed(text: TextTable, mapping: Mapping, ids: dict[str, str]) -> pa.Table:
    """Return the text under the identifiers of SQL, without spaces of any kind around the cells that are mapped."""
    table = text.table
    used = {header for each in mapping.columns.values() for group in each.sources for header in group}
    for header in used:
        place = text.columns.index(header)
        table = table.set_column(place, header, pc.utf8_trim_whitespace(table.column(place)))
    return table.rename_columns([*ids.values(), ROW])


def _check_zone(zone: str | None) -> None:
    if zone is not None and zone not in available_timezones():
        raise CxError(
            "unknown_zone",
            N_("There is no time zone called {value}."),
            hint=N_("Write it like Europe/Berlin or Asia/Shanghai."),
            value=zone,
        )


def _targets(mapping: Mapping, ids: dict[str, str]) -> list[_Target]:
    table = TABLES[mapping.table]
    order = [*table.names, *(name for name in mapping.columns if name not in table.names)]
    found: list[_Target] = []
    for name in (each for each in order if each in mapping.columns):
        per_meter = table.meter_column(name)
        column = table[name] if name in table.names else (per_meter[0] if per_meter else None)
        if column is not None:
            i = len(found)
            found.append(
                _Target(name, column, cast_of(column, mapping.columns[name], ids, (f"r{i}", f"p{i}", f"v{i}")))
            )
    return found


def _cast(connection: duckdb.DuckDBPyConnection, targets: list[_Target], mapping: Mapping) -> None:
    """Make ``cast_rows`` (__row, values v0.., good, odd) and ``odd_rows`` with the texts and rules of the odd ones.

    Texts and rules of all rows would be twice the table; few rows have anything to say.
    """
    numbers = range(len(targets))
    values = ", ".join(f"v{i}" for i in numbers)
    good = " AND ".join(f"e{i} IS NULL" for i in numbers)
    odd = " OR ".join(f"e{i} IS NOT NULL OR w{i} IS NOT NULL" for i in numbers)
    every = _checked("text_table", targets, mapping)
    connection.execute(f"CREATE TABLE cast_rows AS SELECT __row, {values}, {good} AS good, {odd} AS odd FROM ({every})")
    some = "(SELECT * FROM text_table WHERE __row IN (SELECT __row FROM cast_rows WHERE odd))"
    told = ", ".join(f"r{i}, e{i}, w{i}" for i in numbers)
    connection.execute(f"CREATE TABLE odd_rows AS SELECT __row, {told} FROM ({_checked(some, targets, mapping)})")


def _checked(rows: str, targets: list[_Target], mapping: Mapping) -> str:
    """Return the query for __row, texts r0.., values v0.., rules broken e0.. and warnings w0.. of some rows."""
    raws = ", ".join(f"{each.cast.raw} AS r{i}" for i, each in enumerate(targets))
    values = ", ".join(f"{each.cast.value} AS v{i}" for i, each in enumerate(targets))
    ready = ", ".join(f"{each.cast.prepared} AS p{i}" for i, each in enumerate(targets))
    query = f"SELECT *, {values} FROM (SELECT *, {ready} FROM (SELECT __row, {raws} FROM {rows}))"
    query, extra = _in_utc(_later_days(query, targets, mapping), targets, mapping)
    rules = ", ".join(
        f"{extra.get(i, each.cast.reason)} AS e{i}, {each.cast.warning} AS w{i}" for i, each in enumerate(targets)
    )
    return f"SELECT *, {rules} FROM ({query})"


def _later_days(query: str, targets: list[_Target], mapping: Mapping) -> str:
    """Move times of day past midnight: those more than half a day before the time that they may not precede."""
    places = {each.name: i for i, each in enumerate(targets)}
    for name in _after_one_another(mapping):
        mapped = mapping.columns[name]
        if mapped.not_before is None or name not in places:
            continue
        time, least = f"v{places[name]}", f"v{places[mapped.not_before]}"
        late = f"{time} < {least} - INTERVAL 12 HOUR AND {time} > {least} - INTERVAL 24 HOUR"
        query = (
            f"SELECT * REPLACE (CASE WHEN {late} THEN {time} + INTERVAL 1 DAY ELSE {time} END AS {time}) FROM ({query})"
        )
    return query


def _after_one_another(mapping: Mapping) -> list[str]:
    """Names in an order in which each comes after the one that it may not precede."""
    order: list[str] = []
    for start in mapping.columns:
        chain, name = [], start
        while name is not None and name not in order and name not in chain:
            chain.append(name)
            name = mapping.columns[name].not_before if name in mapping.columns else None  # type: ignore[assignment]
        order += reversed(chain)
    return order


def _in_utc(query: str, targets: list[_Target], mapping: Mapping) -> tuple[str, dict[int, str]]:
    """Turn local times into UTC; return also the rules for times that the clocks skipped or repeated."""
    reasons: dict[int, str] = {}
    changed = []
    zone = mapping.zone or "UTC"
    for i, each in enumerate(targets):
        if each.column.kind != "time":
            continue
        offset = offset_minutes(f"r{i}")
        there = f"v{i}" if zone == "UTC" else f"timezone('UTC', timezone({literal(zone)}, v{i}))"
        changed.append(f"CASE WHEN {offset} IS NULL THEN {there} ELSE v{i} - to_minutes({offset}) END AS v{i}")
        if zone != "UTC":
            back = f"timezone({literal(zone)}, timezone('UTC', v{i}))"
            skipped = f"({offset}) IS NULL AND {back} <> l{i}"
            reasons[i] = f"CASE WHEN {skipped} THEN 'nonexistent_time' ELSE {each.cast.reason} END"
    if not changed:
        return query, reasons
    local = ", ".join(f"v{i} AS l{i}" for i in reasons)
    return f"SELECT * REPLACE ({', '.join(changed)}){', ' + local if local else ''} FROM ({query})", reasons


def _duplicates(
    connection: duckdb.DuckDBPyConnection, table: Table, targets: list[_Target], ids: dict[str, str]
) -> list[tuple[int | None, str, str, str]]:
    """Set aside all but the first of the good rows with the same key; the first row is named."""
    places = {each.name: i for i, each in enumerate(targets)}
    key = [f"v{places[name]}" for name in table.key if name in places]
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
    shown = ", ".join(name for name in table.key if name in places)
    return [(row, shown, "duplicate_row" if alike else "duplicate_key", f"= {first}") for row, first, alike in rows]


def _problems(
    connection: duckdb.DuckDBPyConnection, targets: list[_Target], duplicates: list[tuple[int | None, str, str, str]]
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
    connection: duckdb.DuckDBPyConnection, targets: list[_Target], table: str
) -> tuple[pa.Table, pa.ChunkedArray]:
    """Return the good rows, typed, and their row numbers in the file."""
    names = [each.name for each in targets]
    by = [name for name in SORTED_BY.get(table, ()) if name in names]
    order = ", ".join([*(f"v{names.index(name)}" for name in by), "__row"])
    listed = ", ".join(f"v{i} AS {quoted(each.name)}" for i, each in enumerate(targets))
    good = connection.sql(f"SELECT __row, {listed} FROM cast_rows WHERE good ORDER BY {order}").to_arrow_table()
    schema = pa.schema([(each.name, ARROW_TYPES.get(each.column.kind, pa.float64())) for each in targets])
    return good.drop_columns([ROW]).cast(schema), good.column(ROW)


def _reading(
    text: TextTable, mapping: Mapping, typed: pa.Table, rows: pa.ChunkedArray, problems: pd.DataFrame
) -> Reading:
    errors = problems[problems["severity"] == "error"]
    quarantined = set_aside(text, errors)
    counts = {
        "rows_in_file": text.rows_in_file,
        "rows_loaded": int(typed.num_rows),
        "rows_quarantined": len(quarantined),
        "errors": len(errors),
        "warnings": len(problems) - len(errors),
    }
    if counts["rows_in_file"] != counts["rows_loaded"] + counts["rows_quarantined"]:
        message = f"rows were lost: {counts}"
        raise AssertionError(message)
    asked = [*text.needs_confirmation, *mapping.questions]
    return Reading(typed, quarantined, problems, text, mapping, counts, asked, rows)


def set_aside(text: TextTable, errors: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a file that are not in its typed table, as `Reading.quarantined`.

    Parameters
    ----------
    text : TextTable
    errors : pandas.DataFrame
        row, rule: the problems for which a row is set aside, those of rejected rows included.

    Returns
    -------
    pandas.DataFrame
        By row of the file: row (called `ROW` where the file has a column ``row`` of its own), reasons (each rule once,
        joined by ``;``), text (the line as it stands of a rejected row, else ``""``), then the file's own columns as
        text, ``""`` in rejected rows.
    """
    reasons = errors.groupby("row", sort=True)["rule"].agg(lambda rules: ";".join(dict.fromkeys(rules)))
    whole = text.take([int(row) for row in reasons.index])
    cells = {name: pd.Series(whole.column(name).to_pylist(), dtype="str") for name in text.columns}
    split = pd.DataFrame({ROW: pd.Series(whole.column(ROW).to_pylist(), dtype="int64"), **cells})
    torn_text, why = (name if name not in text.columns else f"__{name}" for name in ("text", "reasons"))
    split.insert(1, torn_text, "")
    torn = text.rejected.rename(columns={"row": ROW, "text": torn_text})[[ROW, torn_text]]
    frame = pd.concat([split, torn], ignore_index=True) if len(torn) else split
    frame = frame.sort_values(ROW, kind="stable", ignore_index=True)
    frame.insert(1, why, frame[ROW].map(reasons).astype("str"))
    frame[text.columns] = frame[text.columns].fillna("")
    return frame.rename(columns={ROW: "row"} if "row" not in text.columns else {})
