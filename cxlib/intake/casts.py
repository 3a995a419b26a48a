"""SQL that reads texts as numbers, months, dates, times, codes: exactly, or not at all.

Every expression gives a value or NULL; `reason` says why a text gave none. Texts are only ever compared and cast by
patterns that they match as a whole, since duckdb's own casts accept more than people mean (``1_000``, ``inf``,
``7:02 PM`` as seven in the morning).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cxlib.engine.duck import literal
from cxlib.intake.mapping import ROW_NUMBER
from cxlib.tables import MAX_DECIMALS, MAX_DIGITS

if TYPE_CHECKING:
    from cxlib.intake.mapping import ColumnMap
    from cxlib.tables import Column

YES: Final = ("yes", "y", "true", "t", "1", "是", "有", "对", "真")
NO: Final = ("no", "n", "false", "f", "0", "否", "无", "不", "假", "没有")
UNLIMITED: Final = ("unlimited", "inf", "infinite", "infinity", "∞", "不限", "不限量", "无限", "无限量")
NUMBER_KINDS: Final = ("money", "quantity", "allowance", "duration", "share", "number", "integer")

TIME_OF_DAY: Final = r"([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?"
HALF_DAY_TIME: Final = r"(0?[0-9]|1[0-2]):[0-5][0-9](:[0-5][0-9])? ?[AaPp][Mm]"
OFFSET: Final = r"(Z|[+-][0-9]{2}:?[0-9]{2})"
_CLOCK: Final = rf"({HALF_DAY_TIME}|{TIME_OF_DAY})"

_D: Final = "[0-9]{1,2}"
_Y: Final = "(19|20|21)[0-9]{2}"
_YY: Final = "[0-9]{2}"
DATE_SHAPES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "ymd": (
        (f"{_Y}-{_D}-{_D}", "%Y-%m-%d"),
        (f"{_Y}/{_D}/{_D}", "%Y/%m/%d"),
        (f"{_Y}\\.{_D}\\.{_D}", "%Y.%m.%d"),
        (f"{_Y}[0-9]{{4}}", "%Y%m%d"),
        (f"{_Y}年{_D}月{_D}日", "%Y年%m月%d日"),
    ),
    "dmy": (
        (f"{_D}/{_D}/{_YY}", "%d/%m/%y"),
        (f"{_D}-{_D}-{_YY}", "%d-%m-%y"),
        (f"{_D}\\.{_D}\\.{_YY}", "%d.%m.%y"),
        (f"{_D}/{_D}/{_Y}", "%d/%m/%Y"),
        (f"{_D}-{_D}-{_Y}", "%d-%m-%Y"),
        (f"{_D}\\.{_D}\\.{_Y}", "%d.%m.%Y"),
        (f"[0-9]{{4}}{_Y}", "%d%m%Y"),
        (f"{_D}-[A-Za-z]{{3}}-{_YY}", "%d-%b-%y"),
        (f"{_D}-[A-Za-z]{{3}}-{_Y}", "%d-%b-%Y"),
        (f"{_D} [A-Za-z]{{3}} {_Y}", "%d %b %Y"),
    ),
    "mdy": (
        (f"{_D}/{_D}/{_YY}", "%m/%d/%y"),
        (f"{_D}-{_D}-{_YY}", "%m-%d-%y"),
        (f"{_D}/{_D}/{_Y}", "%m/%d/%Y"),
        (f"{_D}-{_D}-{_Y}", "%m-%d-%Y"),
        (f"{_D}\\.{_D}\\.{_Y}", "%m.%d.%Y"),
        (f"[0-9]{{4}}{_Y}", "%m%d%Y"),
        (f"[A-Za-z]{{3}} {_D}, {_Y}", "%b %d, %Y"),
    ),
    "yymmdd": (
        ("[0-9]{6}", "%y%m%d"),
        (f"{_YY}-{_D}-{_D}", "%y-%m-%d"),
        (f"{_YY}/{_D}/{_D}", "%y/%m/%d"),
    ),
}
"""Shapes of dates by order. Two-digit years stand first: duckdb's ``%Y`` would take 26 for the year 26."""
MONTH_SHAPES: Final = (
    (f"{_Y}-{_D}", "%Y-%m"),
    (f"{_Y}[0-9]{{2}}", "%Y%m"),
    (f"{_Y}/{_D}", "%Y/%m"),
    (f"{_Y}\\.{_D}", "%Y.%m"),
    (f"{_D}/{_Y}", "%m/%Y"),
    (f"{_D}-{_Y}", "%m-%Y"),
    (f"{_D}\\.{_Y}", "%m.%Y"),
    (f"{_Y}年{_D}月", "%Y年%m月"),
    (f"{_Y}年{_D}月份", "%Y年%m月份"),
    (f"[A-Za-z]{{3}} {_Y}", "%b %Y"),
    (f"[A-Za-z]{{3}}-{_YY}", "%b-%y"),
    (f"[A-Za-z]{{3}}-{_Y}", "%b-%Y"),
)
EXCEL_SERIAL: Final = r"[1-9][0-9]{3,4}(\.0*)?"


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
        return _month(mapped, raw, ready)
    if column.kind == "date":
        return date_value(mapped, ready), _date_diagnosis(ready, "not_a_date"), "NULL"
    if column.kind == "time":
        return _time(mapped, raw), "'not_a_time'", "NULL"
    if column.kind == "boolean":
        return _codes(mapped, raw, {**dict.fromkeys(YES, "true"), **dict.fromkeys(NO, "false")}, "BOOLEAN")
    if column.kind == "id":
        exponent = f"regexp_full_match({raw}, '[+-]?[0-9](\\.[0-9]+)?[eE]\\+[0-9]+')"
        value = f"CASE WHEN {exponent} THEN NULL ELSE {raw} END"
        if column.required:
            return value, "'id_in_exponent'", "NULL"
        return value, "NULL", f"CASE WHEN {exponent} THEN 'id_left_out' END"
    if mapped.codes or column.codes:
        return _codes(mapped, raw, {code: code for code in column.codes}, "VARCHAR")
    return raw, "NULL", "NULL"


def _codes(mapped: ColumnMap, raw: str, usual: dict[str, str], kind: str) -> tuple[str, str, str]:
    given = mapped.codes
    pairs, key = (given, raw) if given is not None else (usual, f"lower({raw})")
    meanings = {"yes": "true", "no": "false"} if kind == "BOOLEAN" else {}
    arms = " ".join(f"WHEN {literal(k)} THEN {literal(meanings.get(v, v))}" for k, v in pairs.items())
    value = f"CAST(CASE {key} {arms} ELSE NULL END AS {kind})"
    rule = "not_yes_or_no" if kind == "BOOLEAN" and given is None else "unmapped_code"
    return value, literal(rule), "NULL"


def _prepared(column: Column, mapped: ColumnMap, raw: str) -> str:
    """Return the text as it is cast: a number with a point and nothing else, a day without its time."""
    if column.kind in ("month", "date"):
        return without_clock(raw)
    if column.kind not in NUMBER_KINDS:
        return raw
    text = raw
    if mapped.strip:
        marks = "|".join(_pattern(each) for each in mapped.strip)
        text = f"regexp_replace({text}, '^([+-]?) *({marks}) *|() *({marks})$', '\\1')"
    if column.kind == "share":
        text = f"rtrim({text}, '% ')"
    mark = mapped.decimal or "."
    if mapped.thousands:
        sign = _pattern(mapped.thousands)
        grouped = f"[+-]?[0-9]{{1,3}}({sign}[0-9]{{3}})+({_pattern(mark)}[0-9]*)?"
        joined = f"replace({text}, {literal(mapped.thousands)}, '')"
        text = f"CASE WHEN regexp_full_match({text}, '{grouped}') THEN {joined} ELSE {text} END"
    if mark != ".":
        # a point is then no decimal mark: it must not survive as one
        text = f"CASE WHEN contains({text}, '.') THEN 'x' ELSE replace({text}, {literal(mark)}, '.') END"
    return text


def _number(column: Column, mapped: ColumnMap, raw: str, text: str) -> tuple[str, str, str]:
    shape = f"regexp_full_match({text}, '[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)')"
    quick = f"regexp_full_match({text}, '[+-]?[0-9]{{1,{MAX_DIGITS - MAX_DECIMALS}}}(\\.[0-9]{{0,{MAX_DECIMALS}}})?')"
    shortest = f"regexp_replace({text}, '\\.0*$|(\\.[0-9]*[1-9])0+$', '\\1')"
    digits = f"length(ltrim(regexp_replace({shortest}, '[^0-9]', '', 'g'), '0'))"
    decimals = f"length(regexp_extract({text}, '\\.([0-9]*[1-9])', 1))"
    exact = f"{shape} AND {digits} <= {MAX_DIGITS} AND {decimals} <= {MAX_DECIMALS}"
    if mapped.rounded:
        exact = shape
    factor = mapped.unit
    value = f"CASE WHEN {quick} OR ({exact}) THEN CAST({text} AS DOUBLE) END"
    if column.kind == "share":
        value = f"CASE WHEN ends_with({raw}, '%') THEN round(({value}) / 100, {MAX_DECIMALS}) ELSE {value} END"
    if factor != 1.0 or mapped.rounded:
        value = f"round(({value}) * {factor!r}, {MAX_DECIMALS})"
    diagnosis = (
        f"CASE WHEN NOT {shape} THEN 'not_a_number' "
        f"WHEN {decimals} > {MAX_DECIMALS} THEN 'too_many_decimals' ELSE 'too_many_digits' END"
    )
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


def _shaped(text: str, shapes: tuple[tuple[str, str], ...]) -> str:
    union = "|".join(shape for shape, _ in shapes)
    forms = ", ".join(literal(form) for _, form in shapes)
    return (
        f"CAST(CASE WHEN regexp_full_match({text}, {literal(union)}) THEN try_strptime({text}, [{forms}]) END AS DATE)"
    )


def date_value(mapped: ColumnMap, text: str) -> str:
    """Return the SQL of a date in the order of the mapping."""
    if mapped.format == "excel":
        days = f"CAST(CAST({text} AS DOUBLE) AS INTEGER)"
        return f"CASE WHEN regexp_full_match({text}, '{EXCEL_SERIAL}') THEN DATE '1899-12-30' + {days} END"
    return _shaped(text, DATE_SHAPES[mapped.format or "ymd"])


def _date_diagnosis(text: str, otherwise: str) -> str:
    looks = f"regexp_full_match({text}, '[0-9]{{1,4}}[-/.年][0-9]{{1,2}}[-/.月][0-9]{{1,4}}日?|[0-9]{{8}}')"
    return f"CASE WHEN {looks} THEN 'no_such_date' ELSE {literal(otherwise)} END"


def _month(mapped: ColumnMap, raw: str, day: str) -> tuple[str, str, str]:
    month, date = _shaped(day, MONTH_SHAPES), date_value(mapped, day)
    value = f"coalesce({month}, CAST(date_trunc('month', {date}) AS DATE))"
    shape = f"regexp_extract({raw}, '^[0-9]{{4}}[-/.年]?([0-9]{{1,2}})([-/.月].*)?$', 1)"
    other = f"regexp_extract({raw}, '^([0-9]{{1,2}})[-/.][0-9]{{4}}$', 1)"
    number = f"coalesce(try_cast({shape} AS INTEGER), try_cast({other} AS INTEGER))"
    otherwise = _date_diagnosis(day, "not_a_month")
    diagnosis = f"CASE WHEN {number} NOT BETWEEN 1 AND 12 THEN 'no_such_month' ELSE {otherwise} END"
    return value, diagnosis, f"CASE WHEN day({date}) > 1 AND {month} IS NULL THEN 'day_dropped' END"


def without_clock(raw: str) -> str:
    """Return the SQL of a text without the time of day at its end."""
    return f"CASE WHEN contains({raw}, ':') THEN regexp_replace({raw}, '[ T]+{_CLOCK}{OFFSET}?$', '') ELSE {raw} END"


def _time(mapped: ColumnMap, raw: str) -> str:
    """Return a local timestamp, or UTC where the text has an offset (see `has_offset`)."""
    day = f"regexp_replace({raw}, '[ T]+{_CLOCK} ?{OFFSET}?$', '')"
    clock = f"regexp_extract({raw}, '[ T]({_CLOCK}) ?{OFFSET}?$', 1)"
    early = f"CASE WHEN regexp_full_match({clock}, {literal(TIME_OF_DAY)}) THEN try_cast({clock} AS TIME) "
    late = (
        f"WHEN regexp_full_match({clock}, {literal(HALF_DAY_TIME)}) THEN "
        f"CAST(coalesce(try_strptime({clock}, ['%I:%M:%S %p', '%I:%M:%S%p', '%I:%M %p', '%I:%M%p'])) AS TIME) END"
    )
    return f"({date_value(mapped, day)}) + ({early}{late})"


def offset_minutes(raw: str) -> str:
    """Return the SQL for the minutes by which the text says it is ahead of UTC; NULL where it does not say."""
    mark = f"regexp_extract({raw}, ':[0-9.]+ ?{OFFSET}$', 1)"
    sign = f"CASE WHEN starts_with({mark}, '-') THEN -1 ELSE 1 END"
    hours, minutes = f"CAST(substr({mark}, 2, 2) AS INTEGER)", f"CAST(right({mark}, 2) AS INTEGER)"
    arms = f"WHEN {mark} = '' OR {raw} IS NULL THEN NULL WHEN {mark} = 'Z' THEN 0"
    return f"CASE {arms} ELSE {sign} * ({hours} * 60 + {minutes}) END"


def _pattern(text: str) -> str:
    escaped = "".join(f"\\{c}" if not c.isalnum() and c.isascii() else c for c in text)
    return escaped.replace("'", "''")
