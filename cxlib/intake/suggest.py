"""Which table a file is, and which of its columns are which of ours: suggestions to be looked at."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pyarrow.compute as pc

from cxlib.intake.casts import NO, YES
from cxlib.intake.dates import TIME_OF_DAY
from cxlib.intake.mapping import ROW_NUMBER, ColumnMap, Mapping
from cxlib.intake.problems import Question
from cxlib.tables import METER_NAME, METERS, TABLES, plain
from cxlib.texts import N_

if TYPE_CHECKING:
    from cxlib.intake.text_table import TextTable
    from cxlib.tables import Column, Table

METER_QUESTION: Final = N_("The events were taken to be of the meter {chosen}: which meter is it?")
ROUNDING_QUESTION: Final = N_("Each event is rounded up to whole units of {chosen}: is that how it is billed?")
UNIT_QUESTION: Final = N_("{column} was taken to be in {chosen}: is that right?")
PRICE_UNIT_QUESTION: Final = N_("The price is per GB: it was read as {chosen} MB, each started one charged in full.")
CODES_QUESTION: Final = N_("The codes of {column} were read as: {chosen}. Is that right?")
METER_COLUMN_QUESTION: Final = N_("{column} was taken to be a meter: is that right?")
ROW_NUMBER_QUESTION: Final = N_("No column is unique for each row; {column} was taken from the row's number.")
CURRENCY_QUESTION: Final = N_("The currency was taken from the headers: {chosen}.")

MB_PER_GB: Final = 1024
_METER_WORDS: Final[dict[str, str]] = {
    word: meter
    for meter, words in {
        "minutes": "minutes minute min mins voice call calls 分钟 分钟数 通话 通话分钟 语音",
        "sms": "sms message messages text texts 短信 短信条数",
        "data_mb": "mb gb data internet 流量 流量mb",
        "kwh": "kwh energy electricity 电量 用电量",
    }.items()
    for word in words.split()
}
_INCLUDED_WORDS: Final = frozenset({"included", "incl", "include", "allowance", "free", "包含", "内含", "含"})
_PRICE_WORDS: Final = frozenset({"per", "overage", "extra", "over", "excess", "price", "超出", "单价", "超出单价"})
_UNIT_WORDS: Final = frozenset({"计价单位"})
_ROUND_WORDS: Final = frozenset({"向上取整"})
_CURRENCIES: Final = ("usd", "eur", "gbp", "cny", "rmb", "jpy", "chf")
_OUTCOMES: Final = {
    "served": ("served", "answered", "agent", "completed", "handled", "success", "接通", "已接听", "已接通", "成功",
               "已服务"),
    "abandoned": ("abandoned", "abandon", "hang", "hangup", "hung up", "lost", "放弃", "已放弃", "挂断", "未接通"),
    "dropped": ("dropped", "phantom", "test", "invalid", "error", "无效", "测试"),
}  # fmt: skip


def suggest_mapping(text: TextTable, *, table: str) -> Mapping:
    """Suggest where the columns of a table come from, by headers in both languages and by values.

    What is not certain is in `Mapping.questions`. Columns that are not found are left out, required ones too:
    `read` then says which is missing.
    """
    known = TABLES[table]
    columns = _by_alias(text, known)
    questions: list[Question] = []
    if table == "contacts":
        columns = _joined_times(text, known, columns)
        columns, asked = _outcomes(text, columns)
        questions += asked
        columns, asked = _contact_ids(text, columns)
        questions += asked
    if table == "plans":
        columns, asked = _plan_meters(text, columns)
        questions += asked
    if table == "usage":
        columns, asked = _usage_meters(text, columns)
        questions += asked
    mapping = Mapping(table=table, columns=columns, questions=tuple(questions))
    return _event_meter(text, mapping) if table == "events" else mapping


def guess_table(text: TextTable) -> list[tuple[str, float]]:
    """Rank the tables that a file may be: (name, score), best first.

    The score is the share of the file's columns that find a place, with 1 more where nothing required is missing.
    """
    scores = []
    for name, table in TABLES.items():
        mapping = suggest_mapping(text, table=name)
        used = {header for each in mapping.columns.values() for group in each.sources for header in group}
        complete = all(column in mapping.columns for column in table.required)
        own = len(mapping.columns) > len(table.required) or name in ("tiers", "events")
        scores.append((name, round(complete * own + len(used) / len(text.columns), 3)))
    return sorted(scores, key=lambda each: -each[1])


def _by_alias(text: TextTable, table: Table) -> dict[str, ColumnMap]:
    """Give each column the header that stands first among its aliases; a header serves one column."""
    folded: dict[str, str] = {}
    for header in text.columns:
        folded.setdefault(plain(header), header)
    claims = []
    for place, column in enumerate(table.columns):
        for rank, alias in enumerate((column.name, *column.aliases)):
            claims += [(rank, place, column.name, folded[plain(alias)])] if plain(alias) in folded else []
    found: dict[str, ColumnMap] = {}
    taken: set[str] = set()
    for _, _, name, header in sorted(claims):
        if name not in found and header not in taken:
            found[name] = _column_map(text, table[name], header)
            taken.add(header)
    for header in text.columns:
        if table.name != "usage" and header not in taken and table.meter_column(header) is not None:
            found[header] = ColumnMap.of(header)
    return {name: found[name] for name in (*table.names, *found) if name in found}


def _column_map(text: TextTable, column: Column, header: str) -> ColumnMap:
    if column.kind == "boolean":
        values = {each.lower() for each in _values(text, header)}
        if values and not values <= {*YES, *NO}:
            return ColumnMap.of(header)
    return ColumnMap.of(header)


def _values(text: TextTable, header: str) -> list[str]:
    sample = text.sample().column(header).to_pylist()
    return [each.strip() for each in sample if each.strip()]


def _numeric(text: TextTable, header: str) -> bool:
    values = _values(text, header)
    fits = sum(1 for each in values if re.fullmatch(r"[+-]?[0-9][0-9.,]*", each))
    return bool(values) and fits >= 0.9 * len(values)


def _joined_times(text: TextTable, table: Table, columns: dict[str, ColumnMap]) -> dict[str, ColumnMap]:
    """Put the file's date column before each column that holds only a time of day."""
    used = {header for each in columns.values() for group in each.sources for header in group}
    dates = [
        header for header in text.columns if header not in used and plain(header) in ("date", "day", "calldate", "日期")
    ]
    if not dates:
        return columns
    found = dict(columns)
    for name, mapped in columns.items():
        if table[name].kind != "time":
            continue
        header = mapped.sources[0][0]
        values = _values(text, header)
        if not values or not all(re.fullmatch(TIME_OF_DAY, each) for each in values):
            continue
        zeros = tuple(sorted({each for each in values if re.fullmatch(r"0?0:00(:00)?", each)}))
        blank = zeros if sum(each in zeros for each in values) > 0.01 * len(values) else ()
        after = "arrived_at" if name != "arrived_at" and "arrived_at" in columns else None
        found[name] = replace(mapped, sources=((dates[0], header),), blank=blank, not_before=after)
    return found


def _outcomes(text: TextTable, columns: dict[str, ColumnMap]) -> tuple[dict[str, ColumnMap], list[Question]]:
    if "outcome" not in columns:
        return columns, []
    codes = {}
    for value in sorted(set(text.column(columns["outcome"].sources[0][0]).unique().to_pylist())):
        meaning = next((name for name, words in _OUTCOMES.items() if value.strip().lower() in words), None)
        if meaning is not None:
            codes[value.strip()] = meaning
    if set(codes) == set(codes.values()):
        return columns, []
    shown = ", ".join(f"{code} = {meaning}" for code, meaning in codes.items())
    asked = Question("codes", CODES_QUESTION, (shown,), shown, "outcome")
    return {**columns, "outcome": replace(columns["outcome"], codes=codes)}, [asked]


def _contact_ids(text: TextTable, columns: dict[str, ColumnMap]) -> tuple[dict[str, ColumnMap], list[Question]]:
    """Take the row number for an id where the file has none that is unique."""
    if "contact_id" in columns:
        cells = text.column(columns["contact_id"].sources[0][0])
        if pc.count_distinct(cells).as_py() >= 0.99 * len(cells):
            return columns, []
    asked = Question("row_number", ROW_NUMBER_QUESTION, (ROW_NUMBER,), ROW_NUMBER, "contact_id")
    return {**columns, "contact_id": ColumnMap(constant=ROW_NUMBER)}, [asked]


def _usage_meters(text: TextTable, columns: dict[str, ColumnMap]) -> tuple[dict[str, ColumnMap], list[Question]]:
    used = {header for each in columns.values() for group in each.sources for header in group}
    found, questions = dict(columns), []
    for header in text.columns:
        if header in used:
            continue
        meter = next(
            (name for name, (_, _, words) in METERS.items() if plain(header) in map(plain, (name, *words))), None
        )
        if meter is not None and meter not in found:
            found[meter] = ColumnMap.of(header)
        elif meter is None and METER_NAME.fullmatch(header) and header not in found and _numeric(text, header):
            found[header] = ColumnMap.of(header)
            questions.append(Question("meter_column", METER_COLUMN_QUESTION, (header,), header, header))
    return found, questions


def _plan_meters(text: TextTable, columns: dict[str, ColumnMap]) -> tuple[dict[str, ColumnMap], list[Question]]:
    """Recognise headers such as minutes_included, usd_per_gb, 包含_短信."""
    used = {header for each in columns.values() for group in each.sources for header in group}
    found, questions = dict(columns), []
    for header in text.columns:
        words = [word for word in re.split(r"[^a-z0-9\u4e00-\u9fff]+", header.lower()) if word]
        meter = next((_METER_WORDS[word] for word in words if word in _METER_WORDS), None)
        if header in used or meter is None:
            continue
        by_gb = "gb" in words
        if _INCLUDED_WORDS & set(words):
            name = f"included_{meter}"
            found.setdefault(name, ColumnMap.of(header, unit=float(MB_PER_GB) if by_gb else 1.0))
            if by_gb:
                questions.append(
                    Question("unit", UNIT_QUESTION, ("GB = 1024 MB", "GB = 1000 MB"), "GB = 1024 MB", name)
                )
        elif (_UNIT_WORDS | _ROUND_WORDS) & set(words):
            found[f"{'unit_size' if _UNIT_WORDS & set(words) else 'round_up'}_{meter}"] = ColumnMap.of(header)
        elif _PRICE_WORDS & set(words):
            name = f"overage_price_{meter}"
            found.setdefault(name, ColumnMap.of(header))
            if by_gb and f"unit_size_{meter}" not in found:
                found[f"unit_size_{meter}"] = ColumnMap(constant=str(MB_PER_GB))
                found[f"round_up_{meter}"] = ColumnMap(constant="yes")
                options = (str(MB_PER_GB), "1000")
                questions.append(
                    Question("price_unit", PRICE_UNIT_QUESTION, options, str(MB_PER_GB), f"unit_size_{meter}")
                )
    named = next((each for each in _CURRENCIES for header in text.columns if each in header.lower().split("_")), None)
    if "currency" not in found and named is not None:
        found["currency"] = ColumnMap(constant=named.upper())
        questions.append(Question("currency", CURRENCY_QUESTION, (named.upper(),), named.upper(), "currency"))
    return found, questions


def _event_meter(text: TextTable, mapping: Mapping) -> Mapping:
    """Suggest the meter, and whole minutes for calls."""
    header = mapping.columns["quantity"].sources[0][0] if "quantity" in mapping.columns else ""
    words = " ".join([header, *text.columns, text.name]).lower()
    columns = dict(mapping.columns)
    found: str | None = next(
        (name for name, (_, _, known) in METERS.items() if plain(header) in map(plain, known)), None
    )
    if found is None:
        hints = (("message", "sms"), ("sms", "sms"), ("短信", "sms"), ("mb", "data_mb"), ("流量", "data_mb"),
                 ("call", "minutes"), ("通话", "minutes"), ("kwh", "kwh"))  # fmt: skip
        found = next((meter for word, meter in hints if word in words), "minutes" if header else "sms")
    if not header:
        columns["quantity"] = ColumnMap(constant="1")
    questions = [
        *mapping.questions,
        Question("meter", METER_QUESTION, (found, *(m for m in METERS if m != found)), found),
    ]
    round_event = 1.0 if found == "minutes" else None
    if round_event is not None:
        questions.append(Question("round_event", ROUNDING_QUESTION, ("1", ""), "1"))
    return replace(mapping, columns=columns, meter=found, round_event=round_event, questions=tuple(questions))
