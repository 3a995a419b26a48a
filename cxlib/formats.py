"""Numbers, money, shares, times and months in the reader's format."""

from __future__ import annotations

import math
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_skeleton
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_symbol

from cxlib.texts import _, language, ngettext

if TYPE_CHECKING:
    from collections.abc import Iterable

NOTHING: Final = "–"
"""Stands where there is no value."""
ALL_BUT_CERTAIN: Final = 0.98
"""The highest probability that is told as a number."""


def number(value: float | None, *, decimals: int = 0) -> str:
    """Return a count or amount with the reader's group and decimal marks."""
    if _absent(value):
        return NOTHING
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return _decimal(value, pattern, language())


def money(value: float | None, currency: str | None = None, *, decimals: int = 2) -> str:
    """Return an amount of money; without a currency the bare amount."""
    if _absent(value):
        return NOTHING
    if not currency:
        return number(value, decimals=decimals)
    pattern = "¤#,##0" + ("." + "0" * decimals if decimals else "")
    if language() == "en" and len(get_currency_symbol(currency, locale="en")) > 1:
        pattern = pattern.replace("¤", "¤ ")
    return str(format_currency(value, currency, pattern, locale=language(), currency_digits=False))


def moneys(values: Iterable[float], currency: str | None = None) -> list[str]:
    """Return amounts as `money` does with two decimals, many times faster where there are many."""
    zero = money(0.0, currency)
    if "0.00" not in zero or number(1234567.5, decimals=2) != "1,234,567.50":
        return [money(value, currency) for value in values]
    before, after = zero.split("0.00")
    return [f"{before}{value:,.2f}{after}" if 0 <= value < math.inf else money(value, currency) for value in values]


def share(value: float | None, *, decimals: int = 1) -> str:
    """Return a share between 0 and 1 as a percentage."""
    if _absent(value):
        return NOTHING
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "") + "%"
    return _percent(value, pattern, language())


def chance(value: float | None) -> str:
    """Return a probability told by a few dozen possible futures: what is all but certain is not called certain."""
    if value is None or _absent(value):
        return NOTHING
    if value > ALL_BUT_CERTAIN:
        return _("more than {share}", share=share(ALL_BUT_CERTAIN, decimals=0))
    if value < 1 - ALL_BUT_CERTAIN:
        return _("less than {share}", share=share(1 - ALL_BUT_CERTAIN, decimals=0))
    return share(value, decimals=0)


def ratio(value: float | None) -> str:
    """Return a ratio with two decimals."""
    return number(value, decimals=2)


def seconds(value: float | None) -> str:
    """Return a length of time: seconds below two minutes, then minutes and seconds, then hours and minutes."""
    if value is None or _absent(value):
        return NOTHING
    if abs(value) < 120:
        return _("{n} s", n=number(value, decimals=0 if abs(value) >= 10 or value == 0 else 1))
    if value < 0:
        return f"-{seconds(-value)}"
    if abs(value) < 7200:
        minutes, rest = divmod(round(value), 60)
        return _("{minutes} min {seconds} s", minutes=minutes, seconds=rest) if rest else _("{n} min", n=minutes)
    hours, rest = divmod(round(value / 60), 60)
    told = number(hours)
    return _("{hours} h {minutes} min", hours=told, minutes=rest) if rest else _("{n} h", n=told)


def month(value: date | str | None) -> str:
    """Return a calendar month, such as Dec 2026; text of the form 2026-12 is taken too."""
    if value is None:
        return NOTHING
    when = date.fromisoformat(f"{value}-01") if isinstance(value, str) else value
    return str(format_skeleton("yMMM", when, locale=language()))


def day(value: date | None) -> str:
    """Return a date."""
    return NOTHING if value is None else str(format_date(value, "medium", locale=language()))


def instant(value: datetime | None, zone: str = "UTC") -> str:
    """Return a date and time of day in a zone named as the IANA does."""
    if value is None:
        return NOTHING
    return str(format_datetime(value, "short", tzinfo=ZoneInfo(zone), locale=language()))


def size(value: float) -> str:
    """Return a number of bytes."""
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{number(value, decimals=0 if unit == 'B' or value >= 10 else 1)} {unit}"
        value /= 1000
    raise AssertionError


def people(n: int) -> str:
    """Return a number of customers, with the noun."""
    return ngettext("{count} customer", "{count} customers", n, count=number(n))


def rows(n: int) -> str:
    """Return a number of rows, with the noun."""
    return ngettext("{count} row", "{count} rows", n, count=number(n))


def one_in(value: float | None) -> str:
    """Return a share in words where a simple fraction lies near it, else as a percentage."""
    if value is None or _absent(value) or value <= 0:
        return share(value)
    for n, text in ((2, _("half")), (3, _("one in three")), (4, _("one in four")), (5, _("one in five"))):
        if abs(value - 1 / n) <= 0.04 / n:
            return text
    if value < 0.19 and abs(1 / value - round(1 / value)) < 0.15 and 1 / value < 21:
        return _("one in {n}", n=round(1 / value))
    return share(value, decimals=0)


def listed(parts: Iterable[str]) -> str:
    """Return short texts one after the other, set apart as the reader's language does."""
    return ("、" if language() == "zh_CN" else ", ").join(parts)


def known(value: float | None) -> float | None:
    """Return the value, or None for what is missing, as charts want it."""
    return None if _absent(value) else value


@lru_cache(maxsize=1 << 15, typed=True)
def _decimal(value: float, pattern: str, locale: str) -> str:
    return str(format_decimal(value, pattern, locale=locale))  # a tenth of a millisecond each, and pages repeat them


@lru_cache(maxsize=1 << 15, typed=True)
def _percent(value: float, pattern: str, locale: str) -> str:
    return str(format_percent(value, pattern, locale=locale))


def _absent(value: Any) -> bool:
    return value is None or value != value or (isinstance(value, float) and math.isinf(value))  # noqa: PLR0124 - NaN, NaT
