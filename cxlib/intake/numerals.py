"""How the numbers of a column are written: marks, signs, currencies, units and clocks, from its odd texts."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cxlib.intake.dates import OPEN_ENDED
from cxlib.intake.mapping import CLOCKS, ColumnMap
from cxlib.intake.problems import Question
from cxlib.intake.units import BASES, GB_1000, GB_1024, unit_of_suffix
from cxlib.tables import MAX_DECIMALS, TABLES
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cxlib.intake.mapping import Mapping
    from cxlib.tables import Column

NULL_WORDS: Final = frozenset(
    {
        *("null", "(null)", "<null>", "na", "n/a", "#n/a", "nan", "nat", "none", "nil", "\\n", "-", "--", "/", "?"),
        *("unknown", "#value!", "#ref!", "#div/0!", "#name?", "空", "无", "暂无", "未知", "不详"),
    }
)
CURRENCIES: Final = {
    "$": ("US$", "USD", "$"),
    "€": ("EUR", "€"),
    "£": ("GBP", "£"),
    "¥": ("CNY", "RMB", "￥", "¥", "元"),
    "HK$": ("HK$", "HKD"),
    "NT$": ("NT$", "TWD"),
    "A$": ("A$", "AUD"),
    "C$": ("C$", "CAD"),
    "S$": ("S$", "SGD"),
    "R$": ("R$", "BRL"),
    "JPY": ("JPY", "円"),
    "CHF": ("CHF", "Fr."),
    "INR": ("INR", "₹"),
    "KRW": ("KRW", "₩"),
    "RUB": ("RUB", "₽"),
    "kr": ("SEK", "NOK", "DKK", "kr"),
    "zł": ("PLN", "zł"),
}
"""By currency, the signs that may stand before or after an amount."""
SIGNS: Final = sorted((sign for signs in CURRENCIES.values() for sign in signs), key=lambda sign: (-len(sign), sign))
THOUSANDS_SPACES: Final = (" ", "'", "’")
_SPACES: Final = {ord(c): " " for c in "\u3000\u00a0\u202f"}
THOUSANDS, DECIMALS = N_("thousands"), N_("decimals")
ALL_OF_THEM: Final = N_("all of them")
AS_TEXT: Final = N_("a value of its own")
MINUTES_SECONDS, HOURS_MINUTES = N_("minutes and seconds"), N_("hours and minutes")
TURNED: Final = N_("minutes")

MARK_QUESTION: Final = N_(
    "The comma in {column} could mark thousands or decimals. It was read as {chosen}: is that right?"
)
POINT_QUESTION: Final = N_(
    "The point in {column} could mark thousands or decimals. It was read as {chosen}: is that right?"
)
MIXED_QUESTION: Final = N_(
    "{column} mixes decimal points and decimal commas. It was read with {chosen}, and the others set aside."
)
BLANK_QUESTION: Final = N_("In {column}, {chosen} was taken to mean that nothing is known. Is that right?")
ROUND_QUESTION: Final = N_("{column} has more than 6 decimals. They were rounded to 6: is that right?")
CURRENCY_QUESTION: Final = N_("{column} has amounts in several currencies. Only those in {chosen} were read: right?")
CLOCK_QUESTION: Final = N_("The times in {column} have two parts. They were read as {chosen}: is that right?")
CLOCK_UNIT_QUESTION: Final = N_("{column} is written like a clock and was turned into {chosen}: is that right?")
SUFFIX_QUESTION: Final = N_("{column} carries its units: {chosen}. Is that right?")

_THREE: Final = re.compile(r"([0-9]{1,3}[. d]+)?[0-9]{1,4}:[0-5]?[0-9]:[0-5]?[0-9](\.[0-9]+)?")
_TWO: Final = re.compile(r"[0-9]{0,5}:[0-5]?[0-9](\.[0-9]+)?")
_SPELLED: Final = re.compile(
    r"([0-9]+ ?(h|hr|hrs|hours?|小时|时))? ?([0-9]+ ?(m|mins?|minutes?|分钟?))? ?([0-9.]+ ?(s|secs?|seconds?|秒))?"
)
_SUFFIXED: Final = re.compile(r"[+-]?[0-9][0-9.,]*\s?([A-Za-z]{1,12}|[\u4e00-\u9fff]{1,3})")


def read_numbers(
    name: str, column: Column, mapped: ColumnMap, words: dict[str, int], *, mapping: Mapping, points: int
) -> tuple[ColumnMap, list[Question]]:
    """Decide how the numbers of a column are written.

    Parameters
    ----------
    name : str
        Of our column, such as ``wait_s`` or ``included_data_mb``.
    words : dict
        Its texts that are no plain numbers (up to 9 digits, a point, up to 6 decimals), and how often each occurs.
    points : int
        How many of its cells are plain numbers with a point.
    """
    mapped, asked = taken_as_blank(name, mapped, words)
    texts = {fold(each): n for each, n in words.items() if each not in mapped.blank}
    clock = _clock(name, column, mapped, texts, mapping)
    if clock is not None:
        return clock[0], asked + clock[1]
    mapped, more, texts = _suffixes(name, column, mapped, texts, mapping)
    asked += more
    mapped, more, cores = _currencies(name, mapped, texts)
    asked += more
    decimal, thousands, question = _marks(name, cores, points)
    asked += [question] if question else []
    long = any(_decimals(each, decimal) > MAX_DECIMALS for each in cores)
    if long and not mapped.rounded:
        mapped = replace(mapped, rounded=True)
        asked.append(Question("round", ROUND_QUESTION, ("6",), "6", name))
    return replace(mapped, decimal=decimal, thousands=thousands), asked


def point_question(name: str) -> Question:
    """Return the question about points that all have three digits behind them and one to three before."""
    return Question("point", POINT_QUESTION, (DECIMALS, THOUSANDS), DECIMALS, name)


def taken_as_blank(name: str, mapped: ColumnMap, words: Iterable[str]) -> tuple[ColumnMap, list[Question]]:
    """Take the words that mean nothing as blank, and the days that never come, and ask."""
    found = tuple(sorted(each for each in words if _means_nothing(each) and each not in mapped.blank))
    if not found:
        return mapped, []
    shown = ", ".join(found)
    asked = Question("blank", BLANK_QUESTION, (shown, AS_TEXT), shown, name)
    return replace(mapped, blank=(*mapped.blank, *found)), [asked]


def _means_nothing(text: str) -> bool:
    return text.lower() in NULL_WORDS or re.fullmatch(OPEN_ENDED + r"([ T]+[0-9:.]+)?", text) is not None


def fold(text: str) -> str:
    """Return a number's text as SQL folds it: width does not matter, and a sign of accounts stands in front."""
    wide = "".join(unicodedata.normalize("NFKC", c) if "\uff01" <= c <= "\uff5e" else c for c in text)
    plain = wide.translate(_SPACES).replace("−", "-").strip()
    return re.sub(r"^\((.*)\)$|^([^-].*[^ ]) ?-$|^([0-9])-$", r"-\1\2\3", plain)


def base_of(name: str, column: Column, mapping: Mapping) -> str:
    """Return our unit of a column: ``s``, ``min``, ``MB``, ``kWh``, or nothing."""
    if column.kind == "duration":
        return "s"
    if column.kind not in ("quantity", "allowance"):
        return ""
    found = TABLES[mapping.table].meter_column(name)
    meter = mapping.meter if mapping.table == "events" else (found[1] if found else None)
    return BASES.get(meter or "", "")


def _clock(
    name: str, column: Column, mapped: ColumnMap, texts: dict[str, int], mapping: Mapping
) -> tuple[ColumnMap, list[Question]] | None:
    """Recognise durations such as 00:03:25, 3:25, 3m25s."""
    if column.kind not in ("duration", "quantity"):
        return None
    three = [each for each in texts if _THREE.fullmatch(each)]
    two = [each for each in texts if _TWO.fullmatch(each)]
    spelled = [each for each in texts if each and _SPELLED.fullmatch(each.lower()) and not each[-1].isdigit()]
    kinds = {re.sub(r"[0-9. ]+", "", each) for each in spelled}
    told = len(kinds) > 1 or any(len(re.findall(r"[0-9]+ ?[^0-9. ]+", each)) > 1 for each in spelled)
    hits = sum(texts[each] for each in (*three, *two, *(spelled if told else ())))
    if hits < 0.5 * sum(texts.values()) or not hits:
        return None
    asked: list[Question] = []
    base = base_of(name, column, mapping) or "min"
    style = mapped.format if mapped.format in CLOCKS else ("ms" if two or spelled else "hms")
    if two and not any("." in each or each.startswith(":") for each in two) and mapped.format is None:
        options = (MINUTES_SECONDS, HOURS_MINUTES)
        asked.append(Question("clock", CLOCK_QUESTION, options, MINUTES_SECONDS, name))
    if base != "s":
        asked.append(Question("clock_unit", CLOCK_UNIT_QUESTION, (TURNED,), TURNED, name))
    return replace(mapped, format=style, unit=1.0 if base == "s" else 1 / 60, decimal="."), asked


def _suffixes(
    name: str, column: Column, mapped: ColumnMap, texts: dict[str, int], mapping: Mapping
) -> tuple[ColumnMap, list[Question], dict[str, int]]:
    """Recognise units behind the numbers, such as 1.5GB, 72 s, 12 分钟."""
    base = base_of(name, column, mapping)
    matches = {each: _SUFFIXED.fullmatch(each) for each in texts}
    found = {m.group(1) for m in matches.values() if m}
    units = {each: unit_of_suffix(each, base) for each in sorted(found)} if base else {}
    known = {each: factor for each, factor in units.items() if factor is not None}
    if not known or mapped.units:
        return mapped, [], {_without(each, mapped.units): n for each, n in texts.items()}
    by_gb = any(factor >= 1024 for factor in known.values()) and base == "MB"
    shown = ", ".join(f"{each} = {factor:g} {base}" for each, factor in known.items())
    options = (GB_1024, GB_1000) if by_gb else (shown,)
    asked = Question(
        "unit_words", SUFFIX_QUESTION, options, GB_1024 if by_gb else shown, name,
        {"units": dict(known)},
    )  # fmt: skip
    rest = {_without(each, known): n for each, n in texts.items()}
    return replace(mapped, units=known, unit=1.0), [asked], rest


def _without(text: str, units: dict[str, float] | None) -> str:
    match = _SUFFIXED.fullmatch(text)
    return text.removesuffix(match.group(1)).strip() if match and units and match.group(1) in units else text


def _currencies(name: str, mapped: ColumnMap, texts: dict[str, int]) -> tuple[ColumnMap, list[Question], list[str]]:
    """Find the signs of currencies; of several currencies only the most frequent is read until it is answered."""
    counts: dict[str, int] = {}
    signs: dict[str, set[str]] = {}
    for text, n in texts.items():
        sign = _sign_of(text)
        if sign and sign not in mapped.strip:
            currency = next(each for each, known in CURRENCIES.items() if sign in known)
            counts[currency] = counts.get(currency, 0) + n
            signs.setdefault(currency, set()).add(sign)
    asked: list[Question] = []
    taken = sorted({sign for each in signs.values() for sign in each})
    if len(counts) > 1:
        most = max(counts, key=lambda each: (counts[each], each))
        options = (*counts, ALL_OF_THEM)
        listed = {each: sorted(found) for each, found in signs.items()}
        asked.append(Question("currencies", CURRENCY_QUESTION, options, most, name, {"signs": listed}))
        taken = sorted(signs[most])
    strip = (*mapped.strip, *taken)
    every = {*strip, *(sign for each in signs.values() for sign in each)}
    return replace(mapped, strip=strip), asked, [_core(each, every) for each in texts]


def _sign_of(text: str) -> str:
    """Return the sign of a currency before or after a number; nothing where there is none."""
    rest = text.lstrip("+-")
    for sign in SIGNS:
        other = rest.removeprefix(sign) if rest.startswith(sign) else rest.removesuffix(sign)
        if other != rest and other.strip().lstrip("-(")[:1].isdigit():
            return sign
    return ""


def _core(text: str, signs: set[str]) -> str:
    core = text.rstrip("% ")
    for sign in sorted(signs, key=len, reverse=True):
        head = core[:1] if core[:1] in ("+", "-") else ""
        core = head + core.removeprefix(head).removeprefix(sign).removesuffix(sign).strip()
    return fold(core)


def _decimals(text: str, mark: str) -> int:
    match = re.fullmatch(rf"[+-]?[0-9.,' ]*{re.escape(mark)}([0-9]*[1-9])0*", text)
    return len(match.group(1)) if match else 0


def _marks(  # noqa: PLR0911 - one per kind of evidence
    name: str, cores: Sequence[str], points: int
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
    pointed = points + having(r"[+-]?[0-9]+\.[0-9]+")
    either = having(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
    commas = decimal_comma + grouped_comma
    if commas and not grouped_point and commas >= points:
        mixed = points and not (grouped_comma or dotted) and points > 0.05 * commas
        asked = Question("decimal", MIXED_QUESTION, (",", "."), ",", name) if mixed else None
        return ",", ("." if grouped_comma or dotted else ""), asked
    if commas and pointed:
        asked = Question("decimal", MIXED_QUESTION, (".", ","), ".", name) if commas > 0.05 * pointed else None
        return ".", ("," if grouped_point else ""), asked
    if grouped_point or (either and pointed):
        return ".", ",", None
    if dotted and not points:
        return ",", ".", None
    if either:
        return ".", ",", Question("decimal", MARK_QUESTION, (THOUSANDS, DECIMALS), THOUSANDS, name)
    return ".", "", None
