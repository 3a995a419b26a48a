"""SQL that reads texts as months, dates and times of day, in the forms that people and programs write.

Every expression is a function of the cell's text alone. Texts are folded first (full-width characters, Chinese
words of the clock), then matched as a whole: duckdb's own casts accept more than people mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cxlib.engine.duck import literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cxlib.intake.mapping import ColumnMap

TIME_OF_DAY: Final = r"([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.,][0-9]{1,9})?)?"
HALF_DAY_TIME: Final = r"(0?[0-9]|1[0-2]):[0-5][0-9](:[0-5][0-9]([.,][0-9]{1,9})?)? ?[AaPp]\.?[Mm]\.?"
OFFSET: Final = r"(Z|UTC|GMT|(?:UTC|GMT)?[+-][0-9]{1,2}(?::?[0-9]{2})?)"
CLOCK: Final = rf"({HALF_DAY_TIME}|{TIME_OF_DAY})"
_GAP: Final = "[ T,]+"

_D: Final = "[0-9]{1,2}"
_Y: Final = "(19|20|21)[0-9]{2}"
_YY: Final = "[0-9]{2}"
_MON: Final = "[A-Za-z]{3}"
_MONTH: Final = "[A-Za-z]{4,9}"
_DIVIDERS: Final = ("-", " ", "/")


def _numbered(first: str, second: str, third: str, forms: str) -> Iterable[tuple[str, str]]:
    """Return shapes of three numbers with each of the marks between them; `forms` are letters of strptime."""
    a, b, c = (f"%{each}" for each in forms)
    for mark in "/-.":
        pattern = "\\." if mark == "." else mark
        yield f"{first}{pattern}{second}{pattern}{third}", f"{a}{mark}{b}{mark}{c}"


def _named(before: str, after: str, forms: tuple[str, str]) -> Iterable[tuple[str, str]]:
    """Return shapes with the name of a month, short or whole, between two parts."""
    for mark in _DIVIDERS:
        for word, form in ((_MON, "%b"), (_MONTH, "%B")):
            shape = mark.join(part for part in (before, word, after) if part)
            yield shape, mark.join(part for part in (forms[0], form, forms[1]) if part)


DATE_SHAPES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "ymd": (
        *_numbered(_Y, _D, _D, "Ymd"),
        (f"{_Y}[0-9]{{4}}", "%Y%m%d"),
        (f"{_Y}年{_D}月{_D}日", "%Y年%m月%d日"),
        (f"{_Y}-{_MON}-{_D}", "%Y-%b-%d"),
    ),
    "dmy": (
        *_numbered(_D, _D, _YY, "dmy"),
        *_numbered(_D, _D, _Y, "dmY"),
        ("[0-9]{6}", "%d%m%y"),
        (f"[0-9]{{4}}{_Y}", "%d%m%Y"),
        *_named(_D, _YY, ("%d", "%y")),
        *_named(_D, _Y, ("%d", "%Y")),
    ),
    "mdy": (
        *_numbered(_D, _D, _YY, "mdy"),
        *_numbered(_D, _D, _Y, "mdY"),
        ("[0-9]{6}", "%m%d%y"),
        (f"[0-9]{{4}}{_Y}", "%m%d%Y"),
        (f"{_MON} {_D}, {_Y}", "%b %d, %Y"),
        (f"{_MON} {_D} {_Y}", "%b %d %Y"),
        (f"{_MONTH} {_D}, {_Y}", "%B %d, %Y"),
        (f"{_MONTH} {_D} {_Y}", "%B %d %Y"),
    ),
    "yymmdd": (
        ("[0-9]{6}", "%y%m%d"),
        *_numbered(_YY, _D, _D, "ymd"),
    ),
}
"""Shapes of dates by order. Two-digit years stand first: duckdb's ``%Y`` would take 26 for the year 26."""
MONTH_SHAPES: Final = (
    (f"{_Y}-{_D}", "%Y-%m"),
    ("(19|20|21)[0-9]{2}(0[1-9]|1[0-2])", "%Y%m"),
    (f"{_Y}/{_D}", "%Y/%m"),
    (f"{_Y}\\.{_D}", "%Y.%m"),
    (f"{_D}/{_Y}", "%m/%Y"),
    (f"{_D}-{_Y}", "%m-%Y"),
    (f"{_D}\\.{_Y}", "%m.%Y"),
    (f"{_Y}年{_D}月", "%Y年%m月"),
    (f"{_Y}年{_D}月份", "%Y年%m月份"),
    (f"{_Y}M{_D}", "%YM%m"),
    (f"{_MON}-{_YY}", "%b-%y"),
    *_named("", _Y, ("", "%Y")),
)
_SIX_DIGITS: Final = 1
"""Place of the month of six digits, which in a column of yymmdd would be a day."""
EXCEL_SERIAL: Final = r"[2-7][0-9]{4}(\.[0-9]*)?"
"""Excel's day numbers from 1954 to 2119; what stands after the point is the time of day."""
_EXACT_DECIMALS: Final = 8
"""From so many decimals on a serial number tells milliseconds; with fewer, whole seconds."""
OPEN_ENDED: Final = (
    "(2999|9999|0000|0001)[-/.年]?[0-9]{1,2}[-/.月]?[0-9]{1,2}日?|[0-9]{1,2}[-/.][0-9]{1,2}[-/.](2999|9999|0000|0001)"
)
"""Days that systems write where there is none."""

_WIDE: Final = "０１２３４５６７８９．，：／－（）％＋−\u3000\u00a0\u202f"
_NARROW: Final = "0123456789.,:/-()%+-   "


def folded(text: str) -> str:
    """Return the SQL of a text with full-width digits, marks and spaces as the usual ones."""
    return f"CASE WHEN strlen({text}) = length({text}) THEN {text} ELSE {_narrow(text)} END"


def _narrow(text: str) -> str:
    return f"translate({text}, {literal(_WIDE)}, {literal(_NARROW)})"


def straight(raw: str) -> str:
    """Return the SQL of a day or time in one form: day, space, time of day, offset; others as they are."""
    text = _narrow(raw)
    text = _replaced(text, r"日 *([0-9上下])", r"日 \1")
    text = _replaced(text, r"([0-9]{1,2})[时点]([0-9]{1,2})分([0-9]{1,2})秒", r"\1:0\2:0\3")
    text = _replaced(text, r"([0-9]{1,2})[时点]([0-9]{1,2})分?$", r"\1:0\2")
    text = _replaced(text, r":0([0-9]{2})", r":\1", "g")
    text = _replaced(text, r"上午 *([0-9:.]+)", r"\1 AM")
    text = _replaced(text, r"下午 *([0-9:.]+)", r"\1 PM")
    text = _replaced(text, r"^([0-9]{8})[ T]?([0-9]{2})([0-9]{2})([0-9]{2})$", r"\1 \2:\3:\4")
    text = _replaced(text, rf"({_GAP})([0-9]{{1,2}})\.([0-9]{{2}})\.([0-9]{{2}})", r"\1\2:\3:\4")
    # a date column may carry a midnight, a column of times the day on which Excel begins
    text = _replaced(text, r"[ T]+(0?0:00(:00(\.0+)?)?|12:00(:00)? ?[Aa][Mm])[ T]+([0-9]{1,2}:)", r" \5")
    text = _replaced(text, r" (1899-12-3[01]|1900-01-0[01])[ T]+", " ")
    plain = f"strlen({raw}) = length({raw}) AND regexp_full_match({raw}, {literal(_PLAIN)})"
    return f"CASE WHEN {plain} THEN {raw} ELSE {text} END"


_PLAIN: Final = rf"[^ :]{{1,11}}|[0-9/.-]{{6,10}}[ T]{TIME_OF_DAY}{OFFSET}?"


def _replaced(text: str, pattern: str, by: str, options: str = "") -> str:
    how = f", {literal(options)}" if options else ""
    return f"regexp_replace({text}, {literal(pattern)}, {literal(by)}{how})"


def day_of(raw: str) -> str:
    """Return the SQL of the day in a text: folded, and without the time of day at its end."""
    cut = _replaced(straight(raw), rf"{_GAP}{CLOCK} ?{OFFSET}?$", "")
    short = f"length({raw}) <= 10 AND strlen({raw}) = length({raw})"
    return f"CASE WHEN {short} THEN {raw} ELSE {cut} END"


def _shaped(text: str, shapes: tuple[tuple[str, str], ...]) -> str:
    union = "|".join(shape for shape, _ in shapes)
    forms = ", ".join(literal(form) for _, form in shapes)
    return (
        f"CAST(CASE WHEN regexp_full_match({text}, {literal(union)}) THEN try_strptime({text}, [{forms}]) END AS DATE)"
    )


def date_value(mapped: ColumnMap, text: str) -> str:
    """Return the SQL of a date in the order of the mapping, from the text of a day (see `day_of`)."""
    if mapped.format == "excel":
        days = f"CAST(floor(CAST({text} AS DOUBLE)) AS INTEGER)"
        return f"CASE WHEN regexp_full_match({text}, '{EXCEL_SERIAL}') THEN DATE '1899-12-30' + {days} END"
    return _shaped(text, DATE_SHAPES[mapped.format or "ymd"])


def date_diagnosis(text: str, otherwise: str) -> str:
    """Return the SQL of the rule that a text breaks which is no date."""
    looks = f"regexp_full_match({text}, '[0-9]{{1,4}}[-/.年][0-9]{{1,2}}[-/.月][0-9]{{1,4}}日?|[0-9]{{8}}')"
    return f"CASE WHEN {looks} THEN 'no_such_date' ELSE {literal(otherwise)} END"


def month_value(mapped: ColumnMap, day: str) -> tuple[str, str, str]:
    """Return the SQL of (first day of the month, rule broken, warning) from the text of a day."""
    shapes = [each for i, each in enumerate(MONTH_SHAPES) if not (mapped.format == "yymmdd" and i == _SIX_DIGITS)]
    month, date = _shaped(day, tuple(shapes)), date_value(mapped, day)
    value = f"coalesce({month}, CAST(date_trunc('month', {date}) AS DATE))"
    shape = f"regexp_extract({day}, '^[0-9]{{4}}[-/.年]?([0-9]{{1,2}})([-/.月].*)?$', 1)"
    other = f"regexp_extract({day}, '^([0-9]{{1,2}})[-/.][0-9]{{4}}$', 1)"
    number = f"coalesce(try_cast({shape} AS INTEGER), try_cast({other} AS INTEGER))"
    wide = (
        "[0-9]{4}|[0-9]{4}[- /]?[QqWwHh][1-9]?[0-9]|[QqHh][1-4][- /]?[0-9]{4}|"
        "[0-9]{4}年?第?[0-9一二三四]{1,2}(季度?|周)|[0-9]{4}年([上下]半年)?"
    )
    arms = (
        f"WHEN regexp_full_match({day}, {literal(wide)}) THEN 'no_single_month' "
        f"WHEN {number} NOT BETWEEN 1 AND 12 THEN 'no_such_month'"
    )
    diagnosis = f"CASE {arms} ELSE {date_diagnosis(day, 'not_a_month')} END"
    return value, diagnosis, f"CASE WHEN day({date}) > 1 AND {month} IS NULL THEN 'day_dropped' END"


def time_value(mapped: ColumnMap, text: str) -> str:
    """Return the SQL of a local timestamp from a text as `straight` leaves it; `offset_minutes` tells its offset."""
    if mapped.format == "excel":
        number = f"CAST({text} AS DOUBLE)"
        fine = f"length(regexp_extract({text}, '\\.([0-9]*)', 1)) >= {_EXACT_DECIMALS}"
        part = f"CASE WHEN {fine} THEN round({number} * 86400000) ELSE round({number} * 86400) * 1000 END"
        serial = f"TIMESTAMP '1899-12-30' + to_milliseconds(CAST({part} AS BIGINT))"
        alone = f"CASE WHEN regexp_full_match({text}, '{EXCEL_SERIAL}') THEN {serial} END"
        return f"coalesce({alone}, {_day_and_clock(mapped, text)})"
    return _day_and_clock(mapped, text)


def _day_and_clock(mapped: ColumnMap, text: str) -> str:
    day = f"regexp_replace({text}, {literal(rf'{_GAP}{CLOCK} ?{OFFSET}?$')}, '')"
    clock = f"regexp_extract({text}, {literal(rf'{_GAP}{CLOCK} ?{OFFSET}?$')}, 1)"
    # more than microseconds are kept nowhere
    cut = (r"[.,]([0-9]{1,6})[0-9]*", r".\1")
    short = f"CASE WHEN length({clock}) <= 8 THEN {clock} ELSE {_replaced(clock, *cut)} END"
    early = f"CASE WHEN regexp_full_match({clock}, {literal(TIME_OF_DAY)}) THEN try_cast({short} AS TIME) "
    half = _replaced(_replaced(clock, r" ?([AaPp])\.?[Mm]\.?$", r" \1M"), *cut)
    forms = ", ".join(map(literal, ("%I:%M:%S %p", "%I:%M %p", "%I:%M:%S.%f %p")))
    is_half = f"regexp_full_match({clock}, {literal(HALF_DAY_TIME)})"
    late = f"WHEN {is_half} THEN CAST(try_strptime({half}, [{forms}]) AS TIME) END"
    return f"({date_value(mapped, day)}) + ({early}{late})"


def offset_minutes(raw: str) -> str:
    """Return the SQL for the minutes by which the text says it is ahead of UTC; NULL where it does not say."""
    pattern = rf"[:.秒分][0-9.,]* ?(?:[AaPp]\.?[Mm]\.? ?)?{OFFSET}$"
    mark = f"regexp_extract({folded(raw)}, {literal(pattern)}, 1)"
    bare = f"regexp_replace({mark}, '^(UTC|GMT|Z)', '')"
    sign = f"CASE WHEN starts_with({bare}, '-') THEN -1 ELSE 1 END"
    parts = "'^[+-]([0-9]{1,2}):?([0-9]{2})?$'"
    hours, minutes = (f"coalesce(try_cast(regexp_extract({bare}, {parts}, {i}) AS INTEGER), 0)" for i in (1, 2))
    unsaid = f"{raw} IS NULL OR {mark} = ''"
    return f"CASE WHEN {unsaid} THEN NULL ELSE {sign} * ({hours} * 60 + {minutes}) END"
