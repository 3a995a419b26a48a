"""Which table a file is, and which of its columns are which of ours: suggestions to be looked at."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pyarrow.compute as pc

from cxlib.intake.codes import MOST_CODES, asked_codes
from cxlib.intake.dates import TIME_OF_DAY
from cxlib.intake.mapping import ROW_NUMBER, ColumnMap, Mapping
from cxlib.intake.numerals import base_of
from cxlib.intake.problems import Question
from cxlib.intake.units import FACTORS, GB_1024, factor_of, unit_by_values, unit_in, unit_question, words_of
from cxlib.intake.values import by_values, is_month
from cxlib.tables import METER_NAME, METERS, PLANS, TABLES, plain
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Collection

    from cxlib.intake.text_table import TextTable
    from cxlib.tables import Column, Table

METER_QUESTION: Final = N_("The events were taken to be of the meter {chosen}: which meter is it?")
ROUNDING_QUESTION: Final = N_("Each event is rounded up to whole units of {chosen}: is that how it is billed?")
PRICE_UNIT_QUESTION: Final = N_("The price is per GB: it was read as {chosen} MB, each started one charged in full.")
METER_COLUMN_QUESTION: Final = N_("{column} was taken to be a meter: is that right?")
ROW_NUMBER_QUESTION: Final = N_("No column is unique for each row; {column} was taken from the row's number.")
CURRENCY_QUESTION: Final = N_("The currency was taken from the headers: {chosen}.")
LEAVE_OUT: Final = N_("leave it out")

SAMPLE_ROWS: Final = 2000
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
_COUNT_WORDS: Final = frozenset({"count", "counts", "number", "num", "no", "次数", "笔数", "fee", "charge", "cost"})
_INCLUDED_WORDS: Final = frozenset(
    {"included", "incl", "include", "allowance", "free", "包含", "内含", "含", "套内", "免费", "赠送"}
)
_CHINESE_PRICE_WORDS: Final = frozenset({"超出", "单价", "超出单价", "套外", "超套", "资费", "价格"})
_PRICE_WORDS: Final = frozenset({"per", "overage", "extra", "over", "excess", "price", *_CHINESE_PRICE_WORDS})
_UNIT_WORDS: Final = frozenset({"计价单位"})
_ROUND_WORDS: Final = frozenset({"向上取整"})
_OWN_WORDS: Final = ("included", "overage_price", "unit_size", "round_up")
"""What of a plan's terms is found by the words above."""
_GLUED_WORDS: Final = tuple(
    word for word in (*_METER_WORDS, *_INCLUDED_WORDS, *_PRICE_WORDS, *_UNIT_WORDS, *_ROUND_WORDS) if not word.isascii()
)
"""Chinese headers are written without spaces: these are looked for inside a word."""
_CURRENCIES: Final = ("usd", "eur", "gbp", "cny", "rmb", "jpy", "chf")
_OFFER_COLUMNS: Final = {"campaign", "group", "offered", "accepted"}
_DATES: Final = frozenset(
    {
        "date",
        "day",
        "calldate",
        "rowdate",
        "segdate",
        "日期",
        "业务日期",
        "呼叫日期",
        "来电日期",
        "通话日期",
        "取号日期",
    }
)
_CLOCK: Final = re.compile(rf"{TIME_OF_DAY}( ?[AaPp]\.?[Mm]\.?)?")


def suggest_mapping(text: TextTable, *, table: str, plans: Collection[str] = ()) -> Mapping:
    """Suggest where the columns of a table come from, by headers in both languages and by values.

    What is not certain is in `Mapping.questions`. Columns that are not found are left out, required ones too:
    `read` then says which is missing.

    Parameters
    ----------
    text : TextTable
    table : str
        Which table.
    plans : strings
        Plans of the catalogue: a column of them is one of plans, whatever its header.
    """
    known = TABLES[table]
    columns = _by_alias(text, known)
    questions: list[Question] = []
    if table == "contacts":
        columns = _joined_times(text, known, columns)
        columns, asked = _contact_ids(text, columns)
        questions += asked
    if table == "plans":
        columns, asked = _plan_meters(text, columns)
        questions += asked
    samples = {header: _values(text, header) for header in text.columns}
    if table == "usage":
        columns, asked = _usage_meters(text, columns, by_values(samples, known, columns, plans=plans)[0])
        questions += asked
    columns, asked = by_values(samples, known, columns, plans=plans)
    questions += asked
    columns, asked = _codes(text, known, columns)
    mapping = Mapping(table=table, columns=columns, questions=(*questions, *asked))
    if table == "events":
        mapping = _event_meter(text, mapping)
    return _units(text, mapping)


def guess_table(text: TextTable) -> list[tuple[str, float]]:
    """Rank the tables that a file may be: (name, score), best first.

    The score is the share of the file's columns that find a place by their headers, with 1 more where nothing
    required is missing, and half of that where what is missing is found by its values.
    """
    scores = []
    samples = {header: _values(text, header) for header in text.columns}
    for name, table in TABLES.items():
        columns = _by_alias(text, table)
        if name == "plans":
            columns, _ = _plan_meters(text, columns)
        if name == "usage":
            columns = {**columns, **_meters_by_name(text, columns)}
        if name == "events" and "quantity" not in columns:
            columns = {**columns, **_meters_by_name(text, columns)}
        scores.append((name, round(_score(text, table, columns, samples), 3)))
    return sorted(scores, key=lambda each: -each[1])


def _score(text: TextTable, table: Table, columns: dict[str, ColumnMap], samples: dict[str, list[str]]) -> float:
    used = {header for each in columns.values() for group in each.sources for header in group}
    required = [name for name in table.required if name != "contact_id"]
    lacking = [name for name in required if name not in columns]
    filled, _ = by_values(samples, table, columns)
    complete = 1.0 if not lacking else 0.5 * all(name in filled for name in lacking)
    more = len(columns) - sum(name in columns for name in table.required)
    own = more > 0 or table.name in ("tiers", "events") or (table.name == "usage" and "month" in filled)
    if table.needs_one_of and not any(set(each) <= set(columns) for each in table.needs_one_of):
        complete *= 0.5
    if table.name == "events" and _holds_months(samples, columns):
        complete *= 0.5
    if table.name == "offers":
        told = _OFFER_COLUMNS & set(columns)
        complete *= 0.5 if told <= {"group"} else 1.0 + 0.25 * (len(told) > 1)  # customers come in groups too
    return complete * own + len(used) / len(text.columns)


def _holds_months(samples: dict[str, list[str]], columns: dict[str, ColumnMap]) -> bool:
    """Tell whether the days of the events are months: then the file is usage."""
    mapped = columns.get("occurred_at")
    values = samples.get(mapped.sources[0][0], []) if mapped is not None and mapped.sources else []
    return bool(values) and sum(map(is_month, values)) >= 0.9 * len(values)


def _folded(header: str) -> list[str]:
    """Return the forms under which a header is compared: whole, without what stands in brackets, without its unit."""
    bare = re.sub(r"[（(\[【].*?[)）\]】]", " ", header)
    words = words_of(bare)
    kept = [word for word in words if not any(unit_in(word, base) for base in FACTORS)]
    found = [plain(header), plain(bare), plain("".join(kept))]
    return list(dict.fromkeys(each for each in found if each))


def _by_alias(text: TextTable, table: Table) -> dict[str, ColumnMap]:
    """Give each column the header that stands first among its aliases; a header serves one column."""
    folded: dict[str, tuple[int, str]] = {}
    for worse in range(3):
        for header in text.columns:
            for form in _folded(header)[worse : worse + 1]:
                folded.setdefault(form, (worse, header))
    long = any(plain(each) in folded for column in table.long_form[:1] for each in (column.name, *column.aliases))
    further = (*table.long_form, *table.per_meter) if long else ()
    claims = [
        (folded[plain(alias)][0], not column.required, rank, place, column.name, folded[plain(alias)][1])
        for place, column in enumerate((*table.columns, *further))
        for rank, alias in enumerate((column.name, *column.aliases))
        if plain(alias) in folded
    ]
    found: dict[str, ColumnMap] = {}
    taken: set[str] = set()
    for *_, name, header in sorted(claims):
        if name not in found and header not in taken:
            found[name] = ColumnMap.of(header)
            taken.add(header)
    parts = {header: table.meter_column(header) for header in text.columns if table.name != "usage"}
    per_meter = [header for header, each in parts.items() if each is not None and (each[1] or long)]
    found |= {header: ColumnMap.of(header) for header in per_meter if header not in taken}
    return {name: found[name] for name in (*table.names, *found) if name in found}


def _codes(text: TextTable, table: Table, columns: dict[str, ColumnMap]) -> tuple[dict[str, ColumnMap], list[Question]]:
    """Ask what each code of a column means that takes few values."""
    found, questions = dict(columns), []
    for name, mapped in columns.items():
        per_meter = table.meter_column(name)
        column = table[name] if name in table.names else (per_meter[0] if per_meter else None)
        if column is None or len(mapped.sources) != 1 or len(mapped.sources[0]) != 1 or mapped.constant is not None:
            continue
        if column.kind != "boolean" and not column.codes:
            continue
        values = _different(text, mapped.sources[0][0])
        codes, asked = asked_codes(name, column, values)
        if codes is not None:
            found[name] = replace(mapped, codes=codes)
            questions += asked
    return found, questions


def _different(text: TextTable, header: str) -> set[str]:
    """Return the different texts of a column, or a few more than are ever asked about."""
    unique = pc.unique(text.column(header)).slice(0, 20 * MOST_CODES).to_pylist()
    return {each.strip() for each in unique}


def _units(text: TextTable, mapping: Mapping) -> Mapping:
    """Take units from the headers, else from the values, and ask about them."""
    table, columns, questions = TABLES[mapping.table], dict(mapping.columns), list(mapping.questions)
    asked = {each.column for each in questions if each.code == "unit"}
    for name, mapped in mapping.columns.items():
        per_meter = table.meter_column(name)
        column: Column | None = table[name] if name in table.names else (per_meter[0] if per_meter else None)
        if column is None or not mapped.sources or name in asked:
            continue
        base = base_of(name, column, mapping)
        if not base:
            continue
        header = mapped.sources[0][0]
        unit = unit_in(header, base)
        doubtful = unit is not None and factor_of(unit, base) != 1.0
        if unit is None and column.kind != "allowance":
            unit, doubtful = unit_by_values(_values(text, header), base, event=mapping.table == "events")
        if unit is not None and doubtful:
            columns[name] = replace(mapped, unit=factor_of(unit, base) or 1.0)
            questions.append(unit_question(name, unit, base))
    return replace(mapping, columns=columns, questions=tuple(questions))


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
    dates = [header for header in text.columns if header not in used and plain(header) in _DATES]
    if not dates:
        return columns
    found = dict(columns)
    for name, mapped in columns.items():
        if table[name].kind != "time":
            continue
        header = mapped.sources[0][0]
        values = _values(text, header)
        if not values or not all(_CLOCK.fullmatch(each) for each in values):
            continue
        zeros = tuple(sorted({each for each in values if re.fullmatch(r"0?0:00(:00)?", each)}))
        blank = zeros if sum(each in zeros for each in values) > 0.01 * len(values) else ()
        after = "arrived_at" if name != "arrived_at" and "arrived_at" in columns else None
        found[name] = replace(mapped, sources=((dates[0], header),), blank=blank, not_before=after)
    return found


def _contact_ids(text: TextTable, columns: dict[str, ColumnMap]) -> tuple[dict[str, ColumnMap], list[Question]]:
    """Take the row number for an id where the file has none that is unique."""
    if "contact_id" in columns:
        cells = text.column(columns["contact_id"].sources[0][0])
        if pc.count_distinct(cells).as_py() >= 0.99 * len(cells):
            return columns, []
    asked = Question("row_number", ROW_NUMBER_QUESTION, (ROW_NUMBER,), ROW_NUMBER, "contact_id")
    return {**columns, "contact_id": ColumnMap(constant=ROW_NUMBER)}, [asked]


def _meters_by_name(text: TextTable, columns: dict[str, ColumnMap]) -> dict[str, ColumnMap]:
    """Find the meters that the headers name."""
    used = {header for each in columns.values() for group in each.sources for header in group}
    found: dict[str, ColumnMap] = {}
    for forms in range(3):
        for header in text.columns:
            folded = _folded(header)
            if header in used or forms >= len(folded):
                continue
            meter = next(
                (name for name, (_, _, words) in METERS.items() if folded[forms] in map(plain, (name, *words))), None
            )
            if meter is not None and meter not in found and meter not in columns:
                found[meter] = ColumnMap.of(header)
                used.add(header)
    return found


def _usage_meters(
    text: TextTable, columns: dict[str, ColumnMap], with_values: dict[str, ColumnMap]
) -> tuple[dict[str, ColumnMap], list[Question]]:
    """Find the meters, and ask about further columns of numbers."""
    found, questions = {**columns, **_meters_by_name(text, columns)}, []
    used = {header for each in (*found.values(), *with_values.values()) for group in each.sources for header in group}
    for header in text.columns:
        if header in used or not _numeric(text, header):
            continue
        words = words_of(header)
        meter = next((_METER_WORDS[word] for word in words if word in _METER_WORDS), None)
        if meter is not None and meter not in found and not _COUNT_WORDS & set(words):
            found[meter] = ColumnMap.of(header)
            questions.append(_meter_column(meter, header))
        elif METER_NAME.fullmatch(header) and header not in found and header not in TABLES["usage"].names:
            found[header] = ColumnMap.of(header)
            questions.append(_meter_column(header, header))
    return found, questions


def _meter_column(name: str, header: str) -> Question:
    return Question("meter_column", METER_COLUMN_QUESTION, (header, LEAVE_OUT), header, name)


def _plan_meters(text: TextTable, columns: dict[str, ColumnMap]) -> tuple[dict[str, ColumnMap], list[Question]]:
    """Recognise headers such as minutes_included, usd_per_gb, 包含_短信."""
    used = {header for each in columns.values() for group in each.sources for header in group}
    found, questions = dict(columns), []
    for header in text.columns:
        words = _plan_words(header)
        meter = next((_METER_WORDS[word] for word in words if word in _METER_WORDS), None)
        if header in used or meter is None:
            continue
        by_gb = "gb" in words
        field = _plan_field(header)
        if field is not None:
            found.setdefault(f"{field}_{meter}", ColumnMap.of(header))
        elif _INCLUDED_WORDS & set(words) and not _CHINESE_PRICE_WORDS & set(words):
            name = f"included_{meter}"
            found.setdefault(name, ColumnMap.of(header, unit=float(MB_PER_GB) if by_gb else 1.0))
            if by_gb:
                questions.append(unit_question(name, GB_1024, "MB"))
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


def _plan_field(header: str) -> str | None:
    """Return which of the finer terms of a plan a header speaks of, by the longest name that it holds."""
    folded, words = plain(header), f"_{'_'.join(words_of(header))}_"
    names = [
        (len(alias), column.name)
        for column in PLANS.per_meter
        if column.name not in _OWN_WORDS
        for alias in (column.name, *column.aliases)
        if (f"_{alias}_" in words if alias.isascii() else plain(alias) in folded)
    ]
    return max(names)[1] if names else None


def _plan_words(header: str) -> list[str]:
    words = [word for word in re.split(r"[^a-z0-9\u4e00-\u9fff]+", header.lower()) if word]
    return words + [each for word in words for each in _GLUED_WORDS if each in word and each != word]


def _event_meter(text: TextTable, mapping: Mapping) -> Mapping:
    """Suggest the meter, and whole minutes for calls; it is asked unless the header is the meter's own name."""
    header = mapping.columns["quantity"].sources[0][0] if "quantity" in mapping.columns else ""
    columns = dict(mapping.columns)
    if not header:
        by_name = _meters_by_name(text, columns)
        if by_name:
            columns["quantity"] = next(iter(by_name.values()))
            header = columns["quantity"].sources[0][0]
    found = _meter_of(text, header)
    if not header:
        columns["quantity"] = ColumnMap(constant="1")
    questions = list(mapping.questions)
    if plain(header) not in map(plain, (found, METERS[found][2][-1], "流量MB")):
        options = (found, *(m for m in METERS if m != found))
        questions.append(Question("meter", METER_QUESTION, options, found))
    round_event = 1.0 if found == "minutes" else None
    if round_event is not None:
        questions.append(Question("round_event", ROUNDING_QUESTION, ("1", ""), "1"))
    return replace(mapping, columns=columns, meter=found, round_event=round_event, questions=tuple(questions))


def _meter_of(text: TextTable, header: str) -> str:
    """Return the meter that the headers or the file's name speak of."""
    forms = _folded(header) if header else []
    found: str | None = next(
        (name for name, (_, _, known) in METERS.items() if set(forms) & {plain(name), *map(plain, known)}), None
    )
    if found is not None and plain(header) not in ("duration", "时长"):
        return found
    if header and unit_in(header, "MB") is not None:
        return "data_mb"
    words = " ".join([header, *text.columns, text.name]).lower()
    hints = {
        "message": "sms", "sms": "sms", "短信": "sms", "mb": "data_mb", "流量": "data_mb", "data": "data_mb",
        "call": "minutes", "通话": "minutes", "kwh": "kwh", "电量": "kwh",
    }  # fmt: skip
    return next((meter for word, meter in hints.items() if word in words), "minutes" if header else "sms")
