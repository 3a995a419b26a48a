"""Units in which files give times and amounts: what a header says of them, and what the values let one think."""

from __future__ import annotations

import re
import statistics
from typing import TYPE_CHECKING, Final

from cxlib.intake.problems import Question
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Sequence

UNIT_QUESTION: Final = N_("{column} was taken to be in {chosen}: is that right?")

SECONDS, MINUTES, HOURS, MILLISECONDS = N_("seconds"), N_("minutes"), N_("hours"), N_("milliseconds")
MB, KB, BYTES = N_("MB"), N_("KB"), N_("bytes")
GB_1024, GB_1000 = N_("GB = 1024 MB"), N_("GB = 1000 MB")
KWH, WH, MWH = N_("kWh"), N_("Wh"), N_("MWh")

FACTORS: Final[dict[str, dict[str, float]]] = {
    "s": {SECONDS: 1.0, MINUTES: 60.0, HOURS: 3600.0, MILLISECONDS: 0.001},
    "min": {MINUTES: 1.0, SECONDS: 1 / 60, HOURS: 60.0, MILLISECONDS: 1 / 60_000},
    "MB": {MB: 1.0, GB_1024: 1024.0, GB_1000: 1000.0, KB: 1 / 1024, BYTES: 1 / 1024**2},
    "kWh": {KWH: 1.0, WH: 0.001, MWH: 1000.0},
}
"""By our own unit, the units that files use and their factors."""
BASES: Final = {"minutes": "min", "data_mb": "MB", "kwh": "kWh"}
"""Our unit of each meter that has one."""

_WORDS: Final[dict[str, str]] = {
    word: unit
    for unit, words in {
        SECONDS: "s sec secs second seconds 秒 秒数",
        MINUTES: "min mins minute minutes 分 分钟 分钟数",
        HOURS: "h hr hrs hour hours 小时",
        MILLISECONDS: "ms msec millis milliseconds 毫秒",
        MB: "mb mbyte mbytes megabytes 兆 m",
        GB_1024: "gb gbyte gbytes gigabytes g",
        KB: "kb kbyte kbytes kilobytes k",
        BYTES: "b byte bytes 字节",
        KWH: "kwh 度 千瓦时",
        WH: "wh",
        MWH: "mwh 兆瓦时",
    }.items()
    for word in words.split()
}
_CHINESE_ENDS: Final = ("毫秒", "分钟数", "分钟", "秒数", "秒", "小时数", "小时", "兆瓦时", "千瓦时", "字节")
_LONE_LETTERS: Final = frozenset("shmgkb")


def words_of(header: str) -> list[str]:
    """Split a header into lower-case words; Chinese units at the end of a word stand apart."""
    spaced = re.sub(r"([a-z0-9])([A-Z][a-z])", r"\1 \2", header)
    parts = re.findall(r"[a-z]+|[0-9]+|[\u4e00-\u9fff]+", spaced.lower())
    found: list[str] = []
    for part in parts:
        end = next((each for each in _CHINESE_ENDS if part.endswith(each) and part != each), "")
        found += [part.removesuffix(end), end] if end else [part]
    return found


def unit_in(header: str, base: str) -> str | None:
    """Return the unit that a header names, such as minutes for ``wait (min)``; None where it names none."""
    words = words_of(header)
    for word in reversed(words):
        unit = _WORDS.get(word.removesuffix("数") if word == "小时数" else word)
        lone = word in _LONE_LETTERS and (len(words) == 1 or word != words[-1])
        if unit in FACTORS.get(base, {}) and not lone:
            return unit
    return None


def unit_of_suffix(suffix: str, base: str) -> float | None:
    """Return the factor of a unit written behind a number, such as ``GB`` or ``秒``."""
    unit = _WORDS.get(suffix.lower())
    return FACTORS.get(base, {}).get(unit) if unit else None


def unit_question(column: str, chosen: str, base: str) -> Question:
    """Return the question in which unit a column is."""
    options = tuple(dict.fromkeys([chosen, *FACTORS[base]]))
    return Question("unit", UNIT_QUESTION, options, chosen, column, {"base": base})


def factor_of(unit: str, base: str) -> float | None:
    """Return the factor from a unit, as a question offers it, to ours; None where it is unknown."""
    bases = (base,) if base else tuple(FACTORS)
    return next((FACTORS[each][unit] for each in bases if unit in FACTORS[each]), None)


def unit_by_values(values: Sequence[str], base: str, *, event: bool = False) -> tuple[str, bool]:
    """Return (the likelier unit, whether it has to be asked) of numbers whose header names no unit.

    Waits of more than ten minutes as a rule are hardly given in minutes, and single calls of more than twenty whole
    units hardly in minutes either; a month's mobile data under 200 is as likely in GB.
    """
    numbers = [float(each.replace(",", ".")) for each in values if re.fullmatch(r"[0-9]+([.,][0-9]+)?", each)]
    positive = sorted(each for each in numbers if each > 0)
    if not positive:
        return next(iter(FACTORS[base])), False
    middle, most = statistics.median(positive), positive[int(0.99 * (len(positive) - 1))]
    parts = sum(each != int(each) for each in positive) > 0.2 * len(positive)
    if base == "s":
        return _of_waits(middle, most, parts=parts)
    if base == "min":
        doubtful = not parts and middle >= (20 if event else 3000)
        return (SECONDS, True) if doubtful else (MINUTES, False)
    if base == "MB":
        return _of_data(middle, most, parts=parts, event=event)
    return next(iter(FACTORS[base])), False


def _of_data(middle: float, most: float, *, parts: bool, event: bool) -> tuple[str, bool]:
    if middle >= 1e8:
        return BYTES, True
    if middle >= (1e5 if event else 1e6):
        return KB, True
    return (GB_1024 if parts else MB, True) if most < 200 and not event else (MB, False)


def _of_waits(middle: float, most: float, *, parts: bool) -> tuple[str, bool]:
    if middle >= 20_000:
        return MILLISECONDS, True
    if parts and most < 60:
        return MINUTES, True
    return SECONDS, most < 30
