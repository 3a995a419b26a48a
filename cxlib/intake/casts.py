"""SQL that reads texts as numbers, months, dates, times, codes: exactly, or not at all.

Every expression gives a value or NULL; `reason` says why a text gave none. Texts are only ever compared and cast by
patterns that they match as a whole, since duckdb's own casts accept more than people mean (``1_000``, ``inf``,
``7:02 PM`` as seven in the morning).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cxlib.engine.duck import literal
from cxlib.intake.dates import (
    date_diagnosis,
    date_value,
    day_of,
    folded,
    month_value,
    offset_minutes,
    straight,
    time_value,
)
from cxlib.intake.mapping import CLOCKS, ROW_NUMBER
from cxlib.tables import MAX_DECIMALS, MAX_DIGITS

if TYPE_CHECKING:
    from cxlib.intake.mapping import ColumnMap
    from cxlib.tables import Column

__all__ = ["Cast", "cast_of", "date_value", "offset_minutes", "raw_text"]

YES: Final = ("yes", "y", "true", "t", "1", "是", "有", "对", "真")
NO: Final = ("no", "n", "false", "f", "0", "否", "无", "不", "假", "没有")
UNLIMITED: Final = ("unlimited", "inf", "infinite", "infinity", "∞", "不限", "不限量", "无限", "无限量")
NUMBER_KINDS: Final = ("money", "quantity", "allowance", "duration", "share", "number", "integer")

TOTALS: Final = (
    *("total", "totals", "grand total", "grand totals", "subtotal", "sub-total", "sub total", "sum", "overall"),
    *(
        "合计",
        "总计",
        "小计",
        "汇总",
        "共计",
        "总和",
        "累计",
        "本页合计",
        "合计:",
        "总计:",
        "合计：",
        "总计：",
        "total:",
        "sum:",
    ),
)
"""What stands in place of an identifier in a row of sums."""
NAMES_OF_PEOPLE: Final = ("customer_id", "contact_id")
"""Identifiers that no company gives in words: in them, a word of `TOTALS` is a row of sums."""
EXPONENT: Final = r"[+-]?[0-9]([.,][0-9]+)?[eE]\+[0-9]+|[+-]?[0-9][.,][0-9]+[eE][0-9]+"
"""An identifier that a spreadsheet wrote as a number in short."""
ROUNDED_ID: Final = r"[0-9]{16,}\.0+"
"""An identifier that a program took for a number of more digits than it could hold."""
_SUFFIX: Final = " ?([A-Za-z]+|[一-龥]+)$"


@dataclass(frozen=True)
class Cast:
    """Expressions of one column: raw text, text prepared for casting, value, rule broken (NULL where none).

    A time of two cells has the raw text date, space, time of day.
    """

    raw: str
    prepared: str
    value: str
    reason: str
    warning: str = "NULL"


def cast_of(column: Column, mapped: ColumnMap, ids: dict[str, str], names: tuple[str, str, str]) -> Cast:
    """Return the SQL of one column.

    Parameters
    ----------
    column : Column
        What it is to become.
    mapped : ColumnMap
        With its `format` and `decimal` decided.
    ids : dict
        Headers of the file to the identifiers under which SQL knows them.
    names : tuple of str
        The identifiers under which the raw text, the prepared text and the value are found.
    """
    raw, ready, value_name = names
    if mapped.all_present and column.kind == "boolean":
        tests = " AND ".join(f"{_cell(ids[each], mapped)} IS NOT NULL" for each in mapped.sources[0])
        return Cast(f"CASE WHEN {tests} THEN 'yes' ELSE 'no' END", raw, f"{raw} = 'yes'", "NULL")
    text = raw_text(column, mapped, ids)
    value, diagnosis, warning = _value(column, mapped, raw, ready)
    missing = "'missing'" if column.required else "NULL"
    limits = _limits(column, value_name) if column.kind in NUMBER_KINDS else ""
    checked = f"WHEN {value_name} IS NOT NULL THEN {limits or 'NULL'} "
    reason = f"CASE WHEN {raw} IS NULL THEN {missing} {checked}ELSE {diagnosis} END"
    return Cast(text, _prepared(column, mapped, raw), value, reason, warning)


def _cell(name: str, mapped: ColumnMap) -> str:
    """Return a cell, NULL where it is blank."""
    if not mapped.blank:
        return f"nullif({name}, '')"
    blanks = ", ".join(literal(each) for each in ("", *mapped.blank))
    return f"CASE WHEN {name} IN ({blanks}) THEN NULL ELSE {name} END"


def raw_text(column: Column, mapped: ColumnMap, ids: dict[str, str]) -> str:
    """Return the SQL of a column's text: NULL where blank, from the first alternative that is filled.

    The cells are taken to have no spaces around them.
    """
    if mapped.constant is not None:
        return "CAST(__row AS VARCHAR)" if mapped.constant == ROW_NUMBER else literal(mapped.constant)
    glue = " " if column.kind == "time" else "-"
    groups = [
        f" || {literal(glue)} || ".join(f"({_cell(ids[each], mapped)})" for each in group) for group in mapped.sources
    ]
    return groups[0] if len(groups) == 1 else f"coalesce({', '.join(groups)})"


def _value(column: Column, mapped: ColumnMap, raw: str, ready: str) -> tuple[str, str, str]:  # noqa: PLR0911 - one per kind
    """Return (value, diagnosis where there is no value, warning) of one column."""
    if column.kind in NUMBER_KINDS:
        return _number(column, mapped, raw, ready)
    if column.kind == "month":
        return month_value(mapped, ready)
    if column.kind == "date":
        return date_value(mapped, ready), date_diagnosis(ready, "not_a_date"), "NULL"
    if column.kind == "time":
        return time_value(mapped, ready), "'not_a_time'", "NULL"
    if column.kind == "boolean":
        return _codes(mapped, raw, {**dict.fromkeys(YES, "true"), **dict.fromkeys(NO, "false")}, "BOOLEAN")
    if column.kind == "id":
        return _identifier(column, mapped, raw)
    if mapped.codes or column.codes:
        return _codes(mapped, raw, {code: code for code in column.codes}, "VARCHAR")
    return raw, "NULL", "NULL"


def _codes(mapped: ColumnMap, raw: str, usual: dict[str, str], kind: str) -> tuple[str, str, str]:
    given = mapped.codes
    pairs, key = (given, raw) if given is not None else (usual, f"lower({raw})")
    meanings = {"yes": "true", "no": "false"} if kind == "BOOLEAN" else {}
    arms = " ".join(f"WHEN {literal(k)} THEN {literal(meanings.get(v, v))}" for k, v in pairs.items())
    value = f"CAST(CASE {key} {arms or 'WHEN NULL THEN NULL'} ELSE NULL END AS {kind})"
    rule = "not_yes_or_no" if kind == "BOOLEAN" and given is None else "unmapped_code"
    return value, literal(rule), "NULL"


def _prepared(column: Column, mapped: ColumnMap, raw: str) -> str:
    """Return the text as it is cast: a number with a point and nothing else, a day without its time."""
    if column.kind in ("month", "date"):
        return day_of(raw)
    if column.kind == "time":
        return straight(raw)
    if column.kind not in NUMBER_KINDS:
        return raw
    text = folded(raw)
    if mapped.format in CLOCKS:
        return text
    text = _signed(text)
    if mapped.units:
        text = f"regexp_replace({text}, '{_SUFFIX}', '')"
    if mapped.strip:
        marks = "|".join(_pattern(each) for each in mapped.strip)
        text = _signed(f"regexp_replace({text}, '^([+-]?) *({marks}) *|() *({marks})$', '\\1')")
    if column.kind == "share":
        text = f"rtrim({text}, '% ')"
    mark = mapped.decimal or "."
    if mapped.thousands:
        mark_of_thousands = " " if mapped.thousands.isspace() else mapped.thousands
        sign = _pattern(mark_of_thousands)
        grouped = f"[+-]?[0-9]{{1,3}}({sign}[0-9]{{3}})+({_pattern(mark)}[0-9]*)?"
        joined = f"replace({text}, {literal(mark_of_thousands)}, '')"
        text = f"CASE WHEN regexp_full_match({text}, '{grouped}') THEN {joined} ELSE {text} END"
    if mark != ".":
        # a point is then no decimal mark: it must not survive as one
        text = f"CASE WHEN contains({text}, '.') THEN 'x' ELSE replace({text}, {literal(mark)}, '.') END"
    return text


def _factor(mapped: ColumnMap, raw: str, text: str) -> str:
    """Return the SQL of the factor of the unit behind a number; 0 needs none."""
    suffix = f"regexp_extract({folded(raw)}, '{_SUFFIX}', 1)"
    arms = " ".join(f"WHEN {literal(each)} THEN {factor!r}" for each, factor in (mapped.units or {}).items())
    return f"CASE {suffix} {arms} ELSE CASE WHEN try_cast({text} AS DOUBLE) = 0 THEN 1.0 END END"


def _signed(text: str) -> str:
    """Write (123) and 123-, as accounts do, with the sign in front."""
    moved = f"regexp_replace({text}, '^\\((.*)\\)$|^([^-].*[^ ]) ?-$|^([0-9])-$', '-\\1\\2\\3')"
    return f"CASE WHEN ends_with({text}, ')') OR ends_with({text}, '-') THEN {moved} ELSE {text} END"


def _identifier(column: Column, mapped: ColumnMap, raw: str) -> tuple[str, str, str]:
    """Return (value, diagnosis, warning) of what names something: its text, without what a program put around it."""
    text = raw
    if mapped.strip:
        marks = "|".join(_pattern(each) for each in mapped.strip)
        text = f"regexp_replace({raw}, '^({marks})|({marks})$', '', 'g')"
    lost = f"regexp_full_match({raw}, '{EXPONENT}|{ROUNDED_ID}')"
    rule = "id_in_exponent" if column.required else "id_left_out"
    faults = [(lost, rule)]
    if column.name in NAMES_OF_PEOPLE and column.required:
        words = ", ".join(map(literal, TOTALS))
        faults.append((f"lower({raw}) IN ({words})", "totals_row"))
    value = f"CASE WHEN {' OR '.join(test for test, _ in faults)} THEN NULL ELSE {text} END"
    if not column.required:
        return value, "NULL", f"CASE WHEN {lost} THEN 'id_left_out' END"
    return value, f"CASE {' '.join(f'WHEN {test} THEN {literal(code)}' for test, code in faults)} END", "NULL"


def _clock_seconds(mapped: ColumnMap, text: str) -> str:
    """Return the SQL of a duration in seconds that is written as a clock shows it, or in words."""
    second = "([0-5]?[0-9](?:\\.[0-9]{1,6})?)"
    three = f"'^(?:([0-9]{{1,3}})[. d]+)?([0-9]{{1,4}}):([0-5]?[0-9]):{second}$'"
    two = f"'^([0-9]{{1,5}}):{second if mapped.format != 'hm' else '([0-5]?[0-9])'}$'"
    words = (
        "'^(?:([0-9]+) ?(?:h|hr|hrs|hours?|小时|时))? ?(?:([0-9]+) ?(?:m|mins?|minutes?|分钟?))?"
        " ?(?:([0-9]+(?:\\.[0-9]{1,6})?) ?(?:s|secs?|seconds?|秒))?$'"
    )

    def part(pattern: str, group: int, factor: int) -> str:
        return f"coalesce(try_cast(regexp_extract({text}, {pattern}, {group}) AS DOUBLE), 0) * {factor}"

    def whole(pattern: str, factors: tuple[int, ...]) -> str:
        return " + ".join(part(pattern, i, factor) for i, factor in enumerate(factors, start=1))

    large, small = (3600, 60) if mapped.format == "hm" else (60, 1)
    lower = f"lower({text})"
    return (
        f"CASE WHEN regexp_full_match({text}, {three}) THEN {whole(three, (86400, 3600, 60, 1))} "
        f"WHEN regexp_full_match({text}, {two}) THEN {whole(two, (large, small))} "
        f"WHEN regexp_full_match({lower}, {words}) THEN {whole(words, (3600, 60, 1)).replace(text, lower)} END"
    )


def _number(column: Column, mapped: ColumnMap, raw: str, text: str) -> tuple[str, str, str]:
    if mapped.format in CLOCKS:
        seconds = f"({_clock_seconds(mapped, text)})"
        return f"round({seconds} * {mapped.unit!r}, {MAX_DECIMALS})", "'not_a_duration'", "NULL"
    shape = f"regexp_full_match({text}, '[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)')"
    quick = f"regexp_full_match({text}, '[+-]?[0-9]{{1,{MAX_DIGITS - MAX_DECIMALS}}}(\\.[0-9]{{0,{MAX_DECIMALS}}})?')"
    shortest = f"regexp_replace({text}, '\\.0*$|(\\.[0-9]*[1-9])0+$', '\\1')"
    digits = f"length(ltrim(regexp_replace({shortest}, '[^0-9]', '', 'g'), '0'))"
    decimals = f"length(regexp_extract({text}, '\\.([0-9]*[1-9])', 1))"
    exact = f"{shape} AND {digits} <= {MAX_DIGITS} AND {decimals} <= {MAX_DECIMALS}"
    if mapped.rounded:
        exact = shape
    factor = repr(mapped.unit) if not mapped.units else _factor(mapped, raw, text)
    value = f"CASE WHEN {quick} OR ({exact}) THEN CAST({text} AS DOUBLE) END"
    if column.kind == "share":
        value = f"CASE WHEN ends_with({folded(raw)}, '%') THEN round(({value}) / 100, {MAX_DECIMALS}) ELSE {value} END"
    if factor != "1.0" or mapped.rounded:
        value = f"round(({value}) * {factor}, {MAX_DECIMALS})"
    diagnosis = (
        f"CASE WHEN NOT {shape} THEN 'not_a_number' "
        f"WHEN {decimals} > {MAX_DECIMALS} THEN 'too_many_decimals' ELSE 'too_many_digits' END"
    )
    if mapped.units:
        diagnosis = f"CASE WHEN {shape} AND ({factor}) IS NULL THEN 'no_unit' ELSE {diagnosis} END"
    if column.kind == "integer":
        whole = f"try_cast(CASE WHEN regexp_full_match({text}, '[+-]?[0-9]+(\\.0*)?') THEN ({value}) END AS BIGINT)"
        return whole, f"CASE WHEN {shape} THEN 'not_an_integer' ELSE 'not_a_number' END", "NULL"
    if column.kind == "allowance":
        words = ", ".join(map(literal, UNLIMITED))
        value = f"CASE WHEN lower({raw}) IN ({words}) THEN CAST('Infinity' AS DOUBLE) ELSE {value} END"
    return value, diagnosis, "NULL"


def _limits(column: Column, value: str) -> str:
    arms = ""
    if column.minimum is not None:
        arms += f" WHEN {value} < {column.minimum!r} THEN 'below_minimum'"
    if column.maximum is not None:
        arms += f" WHEN {value} > {column.maximum!r} THEN 'above_maximum'"
    return f"CASE{arms} END" if arms else ""


def _pattern(text: str) -> str:
    escaped = "".join(f"\\{c}" if not c.isalnum() and c.isascii() else c for c in text)
    return escaped.replace("'", "''")
