"""What the values of a column tell about how it is written, and what has to be asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cxlib.engine.duck import literal
from cxlib.intake.casts import NUMBER_KINDS, raw_text
from cxlib.intake.dates import MONTH_SHAPES, OPEN_ENDED, date_value, day_of, offset_minutes
from cxlib.intake.identifiers import LONG, odd_identifier, read_identifiers
from cxlib.intake.mapping import FORMATS, ColumnMap, Mapping
from cxlib.intake.numerals import NULL_WORDS, point_question, read_numbers, taken_as_blank
from cxlib.intake.problems import Question
from cxlib.tables import MAX_DECIMALS, TABLES, Column
from cxlib.texts import N_

if TYPE_CHECKING:
    import duckdb

AMOUNTS: Final = ("money", "quantity", "allowance", "number")
DEFAULT_ZONE: Final = "UTC"
TEXTS: Final = "text_table"
DISTINCT_LIMIT: Final = 200_000
CLOSE: Final = 0.95
"""A rival order of dates that reads this share of what the best one reads makes the order a question."""

ORDER_QUESTION: Final = N_("Day and month of {column} could be either. They were read as {chosen}: is that right?")
SERIAL_QUESTION: Final = N_("The dates of {column} look like Excel's day numbers and were read as such: is that right?")
AS_WRITTEN: Final = N_("as written")
OFFSET_QUESTION: Final = N_(
    "{column} carries times with an offset from UTC. Its days were taken {chosen}: is that right?"
)
ZONE_QUESTION: Final = N_("The times carry no time zone. They were read as {chosen}: which zone are they in?")

_QUICK: Final = rf"[+-]?[0-9]{{1,9}}(\.[0-9]{{0,{MAX_DECIMALS}}})?"


def decide(
    connection: duckdb.DuckDBPyConnection,
    mapping: Mapping,
    ids: dict[str, str],
    *,
    zone: str | None,
    seen: dict[str, str] | None = None,
) -> Mapping:
    """Fill in what a mapping leaves open, from all values of the file, and ask what they do not decide.

    Parameters
    ----------
    connection
        Knows the file's text as ``text_table``, with a column ``n``: how many rows each row stands for.
    ids : dict
        Headers to the identifiers of ``text_table``.
    zone : str, optional
        Time zone that the caller knows; it is then not asked.
    seen : dict, optional
        By column of ours, the name of a table to be asked instead of ``text_table``: texts of its cells and how often
        they occur, with examples for those of the plainest shapes.

    Returns
    -------
    Mapping
        With every `format` and `decimal` set, and with further questions.
    """
    table = TABLES[mapping.table]
    columns: dict[str, ColumnMap] = {}
    questions = list(mapping.questions)
    for name, mapped in mapping.columns.items():
        per_meter = table.meter_column(name)
        column = table[name] if name in table.names else (per_meter[0] if per_meter else None)
        if column is None or mapped.constant is not None or mapped.all_present:
            columns[name] = mapped
            continue
        columns[name], asked = _decide_column(connection, name, column, mapping, (ids, (seen or {}).get(name, TEXTS)))
        questions += asked
    columns, questions = _by_other_columns(columns, questions)
    decided = replace(mapping, columns=columns, questions=tuple(questions))
    return _decide_zone(connection, decided, ids, zone, seen or {})


def _by_other_columns(
    columns: dict[str, ColumnMap], questions: list[Question]
) -> tuple[dict[str, ColumnMap], list[Question]]:
    """Read an undecided column in the order that the values of another one decide; it is asked all the same."""
    asked = {each.column for each in questions if each.code == "date_order"}
    known = [each.format for name, each in columns.items() if name not in asked and each.format in FORMATS]
    changed, found = dict(columns), []
    for question in questions:
        other = next((each for each in known if each in question.options), None)
        if question.code != "date_order" or other is None:
            found.append(question)
            continue
        found.append(replace(question, chosen=other))
        changed[question.column] = replace(columns[question.column], format=other)
    return changed, found


def _decide_column(
    connection: duckdb.DuckDBPyConnection, name: str, column: Column, mapping: Mapping, told: tuple[dict[str, str], str]
) -> tuple[ColumnMap, list[Question]]:
    mapped = mapping.columns[name]
    rows = f"(SELECT {raw_text(column, mapped, told[0])} AS raw, n FROM {told[1]})"
    if column.kind in ("month", "date", "time"):
        return _decide_order(connection, name, column, mapped, rows) if mapped.format is None else (mapped, [])
    if mapped.decimal is not None:
        return mapped, []
    if column.kind in NUMBER_KINDS:
        return _decide_numbers(connection, name, column, mapping, rows)
    if column.kind in ("id", "text", "category") and not mapped.codes:
        return _decide_identifier(connection, name, mapped, rows)
    return mapped, []


def _decide_order(
    connection: duckdb.DuckDBPyConnection, name: str, column: Column, mapped: ColumnMap, rows: str
) -> tuple[ColumnMap, list[Question]]:
    day = day_of("raw")
    known = [shape for shape, _ in MONTH_SHAPES] if column.kind == "month" else []
    other = " AND ".join(["day IS NOT NULL", *(f"NOT regexp_full_match(day, '{shape}')" for shape in known)])
    texts = f"(SELECT DISTINCT raw FROM {rows})" if column.kind != "time" else rows
    days = f"SELECT DISTINCT {day} AS day FROM {texts} LIMIT {DISTINCT_LIMIT}"
    mapped, asked = _null_words(connection, name, mapped, days.replace("AS day", "AS word", 1))
    values = ", ".join(f"{date_value(replace(mapped, format=each), 'day')} AS {each}" for each in FORMATS)
    counts = ", ".join(f"count({each})" for each in FORMATS)
    parsed = f"(SELECT {values} FROM (SELECT day FROM ({days}) WHERE {other}))"
    found = connection.execute(f"SELECT {counts} FROM {parsed}").fetchall()[0]
    scores = dict(zip(FORMATS, found, strict=True))
    best = max(FORMATS, key=lambda each: scores[each])
    if not scores[best]:
        return replace(mapped, format="ymd"), asked
    everything = connection.execute(f"SELECT count(*) FROM ({days}) WHERE {other}").fetchall()[0][0]
    close = scores[best] if scores[best] == everything else CLOSE * scores[best]
    rivals = [each for each in FORMATS if each != best and scores[each] >= close]
    differing = [each for each in rivals if _differ(connection, parsed, best, each)]
    if differing:
        first = _all_on_the_first(connection, parsed, (best, *differing)) if column.kind == "month" else None
        options, best = (best, *differing), first or best
        asked.append(Question("date_order", ORDER_QUESTION, options, best, name))
    elif best == "excel":
        asked.append(Question("excel_dates", SERIAL_QUESTION, ("excel",), "excel", name))
    if column.kind != "time" and _carries_offsets(connection, rows):
        asked.append(Question("offset_days", OFFSET_QUESTION, (AS_WRITTEN,), AS_WRITTEN, name))
    return replace(mapped, format=best), asked


def _all_on_the_first(connection: duckdb.DuckDBPyConnection, parsed: str, orders: tuple[str, ...]) -> str | None:
    """Return the order under which every date is the first of its month, if only one is."""
    tests = ", ".join(f"coalesce(bool_and(day({each}) = 1), false)" for each in orders)
    found = connection.execute(f"SELECT {tests} FROM {parsed}").fetchall()[0]
    hits = [each for each, hit in zip(orders, found, strict=True) if hit]
    return hits[0] if len(hits) == 1 else None


def _carries_offsets(connection: duckdb.DuckDBPyConnection, rows: str) -> bool:
    test = f"contains(raw, ':') AND {offset_minutes('raw')} IS NOT NULL"
    return bool(connection.execute(f"SELECT 1 FROM {rows} WHERE {test} LIMIT 1").fetchall())


def _differ(connection: duckdb.DuckDBPyConnection, parsed: str, one: str, other: str) -> bool:
    return bool(connection.execute(f"SELECT count(*) FROM {parsed} WHERE {one} <> {other}").fetchall()[0][0])


def _null_words(
    connection: duckdb.DuckDBPyConnection, name: str, mapped: ColumnMap, words: str
) -> tuple[ColumnMap, list[Question]]:
    listed = ", ".join(map(literal, sorted(NULL_WORDS)))
    test = f"lower(word) IN ({listed}) OR regexp_full_match(word, {literal(OPEN_ENDED)})"
    rows = connection.execute(f"SELECT word FROM ({words}) WHERE {test} ORDER BY word").fetchall()
    return taken_as_blank(name, mapped, [row[0] for row in rows])


def _decide_numbers(
    connection: duckdb.DuckDBPyConnection, name: str, column: Column, mapping: Mapping, rows: str
) -> tuple[ColumnMap, list[Question]]:
    mapped = mapping.columns[name]
    odd = (
        f"SELECT raw AS word, CAST(sum(n) AS BIGINT) AS n FROM {rows} "
        f"WHERE NOT regexp_full_match(raw, '{_QUICK}') GROUP BY raw ORDER BY n DESC, raw LIMIT {DISTINCT_LIMIT}"
    )
    words: dict[str, int] = dict(connection.execute(odd).fetchall())
    if words:
        points = _plain_points(connection, rows)
        return read_numbers(name, column, mapped, words, mapping=mapping, points=points)
    mapped = replace(mapped, decimal=".")
    if column.kind in AMOUNTS and _all_in_thousands(connection, rows):
        return mapped, [point_question(name)]
    return mapped, []


def _all_in_thousands(connection: duckdb.DuckDBPyConnection, rows: str) -> bool:
    """Tell whether every point has one to three digits before it and three behind: 1.234 may be either."""
    pointed = f"FROM {rows} WHERE contains(raw, '.')"
    other = f"SELECT 1 {pointed} AND NOT regexp_full_match(raw, '[+-]?[1-9][0-9]{{0,2}}\\.[0-9]{{3}}') LIMIT 1"
    return not connection.execute(other).fetchall() and bool(
        connection.execute(f"SELECT 1 {pointed} LIMIT 1").fetchall()
    )


def _decide_identifier(
    connection: duckdb.DuckDBPyConnection, name: str, mapped: ColumnMap, rows: str
) -> tuple[ColumnMap, list[Question]]:
    number = "coalesce(CAST(sum(n) AS BIGINT), 0)"
    odd = f"SELECT raw, {number} FROM {rows} WHERE {odd_identifier('raw')} GROUP BY raw LIMIT {DISTINCT_LIMIT}"
    words: dict[str, int] = dict(connection.execute(odd).fetchall())
    if not words:
        return mapped, []
    long = f"SELECT {number} FROM {rows} WHERE length(raw) >= {LONG} AND NOT ends_with(raw, '0')"
    return read_identifiers(name, mapped, words, long_others=connection.execute(long).fetchall()[0][0])


def _plain_points(connection: duckdb.DuckDBPyConnection, rows: str) -> int:
    return int(
        connection.execute(
            f"SELECT coalesce(CAST(sum(n) AS BIGINT), 0) FROM {rows} "
            "WHERE regexp_full_match(raw, '[+-]?[0-9]+\\.[0-9]+')"
        ).fetchall()[0][0]
    )


def _decide_zone(
    connection: duckdb.DuckDBPyConnection,
    mapping: Mapping,
    ids: dict[str, str],
    zone: str | None,
    seen: dict[str, str],
) -> Mapping:
    table = TABLES[mapping.table]
    times = [
        (name, each) for name, each in mapping.columns.items() if name in table.names and table[name].kind == "time"
    ]
    if mapping.zone is not None or not times:
        return mapping
    if zone is not None:
        return replace(mapping, zone=zone)
    for name, mapped in times:
        raw = raw_text(table[name], mapped, ids)
        bare = f"raw IS NOT NULL AND {offset_minutes('raw')} IS NULL"
        naive = f"SELECT count(*) FROM (SELECT {raw} AS raw FROM {seen.get(name, TEXTS)}) WHERE {bare}"
        if connection.execute(naive).fetchall()[0][0]:
            asked = Question("zone", ZONE_QUESTION, (DEFAULT_ZONE,), DEFAULT_ZONE)
            return replace(mapping, zone=DEFAULT_ZONE, questions=(*mapping.questions, asked))
    return replace(mapping, zone=DEFAULT_ZONE)
