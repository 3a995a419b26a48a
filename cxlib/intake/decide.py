"""What the values of a column tell about how it is written, and what has to be asked."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cxlib.intake.casts import NUMBER_KINDS, UNLIMITED, raw_text
from cxlib.intake.dates import MONTH_SHAPES, date_value, day_of, offset_minutes
from cxlib.intake.mapping import FORMATS, ColumnMap, Mapping
from cxlib.intake.problems import Question
from cxlib.tables import MAX_DECIMALS, TABLES, Column
from cxlib.texts import N_

if TYPE_CHECKING:
    import duckdb

NULL_WORDS: Final = frozenset({"null", "na", "n/a", "nan", "none", "nil", "\\n", "-", "--", "#n/a", "空", "nat"})
CURRENCY_SIGNS: Final = ("$", "€", "£", "¥", "￥", "元", "USD", "EUR", "GBP", "CNY", "RMB")
THOUSANDS_SPACES: Final = (" ", "\u00a0", "\u202f", "'", "’")
DEFAULT_ZONE: Final = "UTC"
DISTINCT_LIMIT: Final = 200_000
CLOSE: Final = 0.95
"""A rival order of dates that reads this share of what the best one reads makes the order a question."""

ORDER_QUESTION: Final = N_("Day and month of {column} could be either. They were read as {chosen}: is that right?")
SERIAL_QUESTION: Final = N_("The dates of {column} look like Excel's day numbers and were read as such: is that right?")
MARK_QUESTION: Final = N_(
    "The comma in {column} could mark thousands or decimals. It was read as {chosen}: is that right?"
)
MIXED_QUESTION: Final = N_(
    "{column} mixes decimal points and decimal commas. It was read with {chosen}, and the others set aside."
)
BLANK_QUESTION: Final = N_("In {column}, {chosen} was taken to mean that nothing is known. Is that right?")
ROUND_QUESTION: Final = N_("{column} has more than 6 decimals. They were rounded to 6: is that right?")
ZONE_QUESTION: Final = N_("The times carry no time zone. They were read as {chosen}: which zone are they in?")

_QUICK: Final = rf"[+-]?[0-9]{{1,9}}(\.[0-9]{{0,{MAX_DECIMALS}}})?"


def decide(
    connection: duckdb.DuckDBPyConnection, mapping: Mapping, ids: dict[str, str], *, zone: str | None
) -> Mapping:
    """Fill in what a mapping leaves open, from all values of the file, and ask what they do not decide.

    Parameters
    ----------
    connection
        Knows the file's text as ``text_table``.
    ids : dict
        Headers to the identifiers of ``text_table``.
    zone : str, optional
        Time zone that the caller knows; it is then not asked.

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
        columns[name], asked = _decide_column(connection, name, column, mapped, ids)
        questions += asked
    decided = replace(mapping, columns=columns, questions=tuple(questions))
    return _decide_zone(connection, decided, ids, zone)


def _decide_column(
    connection: duckdb.DuckDBPyConnection, name: str, column: Column, mapped: ColumnMap, ids: dict[str, str]
) -> tuple[ColumnMap, list[Question]]:
    raw = raw_text(column, mapped, ids)
    if column.kind in ("month", "date", "time") and mapped.format is None:
        return _decide_order(connection, name, column, mapped, raw)
    if column.kind in NUMBER_KINDS and mapped.decimal is None:
        return _decide_marks(connection, name, mapped, raw)
    return mapped, []


def _decide_order(
    connection: duckdb.DuckDBPyConnection, name: str, column: Column, mapped: ColumnMap, raw: str
) -> tuple[ColumnMap, list[Question]]:
    day = day_of("raw")
    known = [shape for shape, _ in MONTH_SHAPES] if column.kind == "month" else []
    other = " AND ".join(["day IS NOT NULL", *(f"NOT regexp_full_match(day, '{shape}')" for shape in known)])
    days = (
        f"SELECT DISTINCT {day} AS day FROM (SELECT DISTINCT {raw} AS raw FROM text_table) LIMIT {DISTINCT_LIMIT}"
        if column.kind != "time"
        else f"SELECT DISTINCT {day} AS day FROM (SELECT {raw} AS raw FROM text_table) LIMIT {DISTINCT_LIMIT}"
    )
    mapped, asked = _null_words(connection, name, mapped, days.replace("AS day", "AS word", 1))
    values = ", ".join(f"{date_value(replace(mapped, format=each), 'day')} AS {each}" for each in FORMATS)
    counts = ", ".join(f"count({each})" for each in FORMATS)
    parsed = f"(SELECT {values} FROM (SELECT day FROM ({days}) WHERE {other}))"
    found = connection.execute(f"SELECT {counts} FROM {parsed}").fetchall()[0]
    scores = dict(zip(FORMATS, found, strict=True))
    best = max(FORMATS, key=lambda each: scores[each])
    if not scores[best]:
        return replace(mapped, format="ymd"), asked
    rivals = [each for each in FORMATS if each != best and scores[each] >= CLOSE * scores[best]]
    differing = [each for each in rivals if _differ(connection, parsed, best, each)]
    if differing:
        asked.append(Question("date_order", ORDER_QUESTION, (best, *differing), best, name))
    elif best == "excel":
        asked.append(Question("excel_dates", SERIAL_QUESTION, ("excel",), "excel", name))
    return replace(mapped, format=best), asked


def _differ(connection: duckdb.DuckDBPyConnection, parsed: str, one: str, other: str) -> bool:
    return bool(connection.execute(f"SELECT count(*) FROM {parsed} WHERE {one} <> {other}").fetchall()[0][0])


def _null_words(
    connection: duckdb.DuckDBPyConnection, name: str, mapped: ColumnMap, words: str
) -> tuple[ColumnMap, list[Question]]:
    listed = ", ".join("'" + each + "'" for each in sorted(NULL_WORDS))
    rows = connection.execute(f"SELECT word FROM ({words}) WHERE lower(word) IN ({listed}) ORDER BY word").fetchall()
    found = tuple(row[0] for row in rows)
    if not found:
        return mapped, []
    shown = ", ".join(found)
    asked = [Question("blank", BLANK_QUESTION, (shown,), shown, name)]
    return replace(mapped, blank=(*mapped.blank, *found)), asked


def _decide_marks(
    connection: duckdb.DuckDBPyConnection, name: str, mapped: ColumnMap, raw: str
) -> tuple[ColumnMap, list[Question]]:
    odd = (
        f"SELECT raw AS word, count(*) AS n FROM (SELECT {raw} AS raw FROM text_table) "
        f"WHERE NOT regexp_full_match(raw, '{_QUICK}') GROUP BY raw ORDER BY n DESC, raw LIMIT {DISTINCT_LIMIT}"
    )
    words: dict[str, int] = dict(connection.execute(odd).fetchall())
    if not words:
        return replace(mapped, decimal="."), []
    mapped, asked = _blanks_among(name, mapped, words)
    texts = [each for each in words if each.lower() not in UNLIMITED]
    strip = tuple(sign for sign in CURRENCY_SIGNS if any(_signed(each, sign) for each in texts))
    cores = [_core(each, strip) for each in texts]
    points = _plain_points(connection, raw)
    decimal, thousands, question = _marks(name, cores, points)
    asked += [question] if question else []
    long = [
        each
        for each in cores
        if re.fullmatch(r"[+-]?[0-9]*[.,][0-9]*[1-9]", each) and len(each) - 1 - _mark_at(each) > MAX_DECIMALS
    ]
    rounded = mapped.rounded
    if long and not rounded:
        rounded = True
        asked.append(Question("round", ROUND_QUESTION, ("6",), "6", name))
    return replace(mapped, decimal=decimal, thousands=thousands, strip=(*mapped.strip, *strip), rounded=rounded), asked


def _blanks_among(name: str, mapped: ColumnMap, words: dict[str, int]) -> tuple[ColumnMap, list[Question]]:
    found = tuple(sorted(each for each in words if each.lower() in NULL_WORDS))
    if not found:
        return mapped, []
    shown = ", ".join(found)
    return replace(mapped, blank=(*mapped.blank, *found)), [Question("blank", BLANK_QUESTION, (shown,), shown, name)]


def _signed(text: str, sign: str) -> bool:
    rest = text.lstrip("+-")
    other = rest.removeprefix(sign) if rest.startswith(sign) else rest.removesuffix(sign)
    return other != rest and other.strip()[:1].isdigit()


def _core(text: str, strip: tuple[str, ...]) -> str:
    core = text.rstrip("% ")
    for sign in strip:
        head = core[:1] if core[:1] in "+-" else ""
        core = head + core.removeprefix(head).removeprefix(sign).removesuffix(sign).strip()
    return core


def _mark_at(text: str) -> int:
    return max(text.rfind("."), text.rfind(","))


def _plain_points(connection: duckdb.DuckDBPyConnection, raw: str) -> int:
    return int(
        connection.execute(
            f"SELECT count(*) FROM (SELECT {raw} AS raw FROM text_table) "
            "WHERE regexp_full_match(raw, '[+-]?[0-9]+\\.[0-9]+')"
        ).fetchall()[0][0]
    )


def _marks(  # noqa: PLR0911 - one per kind of evidence
    name: str, cores: list[str], points: int
) -> tuple[str, str, Question | None]:
    """Return (decimal mark, thousands mark, question)."""

    def having(pattern: str) -> int:
        return sum(1 for each in cores if re.fullmatch(pattern, each))

    for space in THOUSANDS_SPACES:
        if having(rf"[+-]?[0-9]{{1,3}}({re.escape(space)}[0-9]{{3}})+([.,][0-9]*)?"):
            commas = having(rf"[+-]?[0-9]+({re.escape(space)}[0-9]{{3}})*,[0-9]+")
            return ("," if commas and not points else "."), space, None
    decimal_comma = having(r"[+-]?([0-9]*,([0-9]{1,2}|[0-9]{4,})|0,[0-9]+|[0-9]{4,},[0-9]+)")
    grouped_comma = having(r"[+-]?[0-9]{1,3}(\.[0-9]{3})+,[0-9]+")
    grouped_point = having(r"[+-]?[0-9]{1,3}(,[0-9]{3})+\.[0-9]*|[+-]?[0-9]{1,3}(,[0-9]{3}){2,}")
    dotted = having(r"[+-]?[0-9]{1,3}(\.[0-9]{3}){2,}")
    either = having(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
    commas = decimal_comma + grouped_comma
    if commas and not grouped_point and commas >= points:
        mixed = points and not (grouped_comma or dotted) and points > 0.05 * commas
        asked = Question("decimal", MIXED_QUESTION, (",", "."), ",", name) if mixed else None
        return ",", ("." if grouped_comma or dotted else ""), asked
    if commas and points:
        asked = Question("decimal", MIXED_QUESTION, (".", ","), ".", name) if commas > 0.05 * points else None
        return ".", ("," if grouped_point else ""), asked
    if grouped_point or (either and points):
        return ".", ",", None
    if dotted and not points:
        return ",", ".", None
    if either:
        asked = Question("decimal", MARK_QUESTION, (N_("thousands"), N_("decimals")), "thousands", name)
        return ".", ",", asked
    return ".", "", None


def _decide_zone(
    connection: duckdb.DuckDBPyConnection, mapping: Mapping, ids: dict[str, str], zone: str | None
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
        naive = f"SELECT count(*) FROM (SELECT {raw} AS raw FROM text_table) WHERE {bare}"
        if connection.execute(naive).fetchall()[0][0]:
            asked = Question("zone", ZONE_QUESTION, (DEFAULT_ZONE,), DEFAULT_ZONE)
            return replace(mapping, zone=DEFAULT_ZONE, questions=(*mapping.questions, asked))
    return replace(mapping, zone=DEFAULT_ZONE)
