"""Numbers, days, times and identifiers of the plainest shapes, read straight from the bytes of a file, compiled.

A cell that is not of the plain shape is *odd*: its place is given back, and SQL says what it means (see `casts`). Here
stand only shapes of which SQL says the same: plain digits with a decimal mark, 2026-03, 2026-03-14, 2026-03-14 09:05:40
with or without an offset, and identifiers of ASCII letters and digits.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit

DAY_BASE: Final = -25567
"""1900-01-01, in days from 1970."""
DAYS: Final = 109_573
"""Days from 1900 to 2199."""
PLAIN_INTEGER, PLAIN_THOUSAND, PLAIN_POINT, PLAIN_OPEN = 0, 1, 2, 3
"""Places in `counts` of 7, 1.234, 1.5 and 5."""
LONG_TEXT: Final = 16
_POWERS: Final = 10.0 ** np.arange(7)
_CLASSES: Final = np.zeros(256, np.uint8)
_CLASSES[[*b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-"]] = 1
_CLASSES[[*b"0123456789"]] = 2


@njit(cache=True, nogil=True)
def plain_numbers(  # noqa: C901, PLR0912, PLR0917 - one loop over millions of cells, compiled
    text: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
    escaped: np.ndarray,
    shape: tuple[int, int, int],
    mark: int,
    low: float,
    high: float,
    whole: bool,
    values: np.ndarray,
    valid: np.ndarray,
    odd: np.ndarray,
    counts: np.ndarray,
) -> int:
    """Read ``[+-]?[0-9]{1,9}(mark[0-9]{0,6})?`` between `low` and `high`; `mark` 0 for none, `whole`: no decimals.

    Fills `values` (float64, the nearest to the text), `valid` (False where nothing stands), `odd` and `counts`, and
    returns how many are odd.
    """
    rows, stride, place = shape
    found = 0
    for row in range(rows):
        i = row * stride + place
        pos, end = int(starts[i]), int(ends[i])
        while pos < end and (text[pos] == 32 or 9 <= text[pos] <= 13):
            pos += 1
        while end > pos and (text[end - 1] == 32 or 9 <= text[end - 1] <= 13):
            end -= 1
        values[row] = 0.0
        valid[row] = False
        if pos == end:
            continue
        negative = text[pos] == 45
        if negative or text[pos] == 43:
            pos += 1
        first, number = pos, 0
        while pos < end and 48 <= text[pos] <= 57:
            number = number * 10 + (int(text[pos]) - 48)
            pos += 1
            if pos - first > 9:
                break
        digits, decimals, kind = pos - first, 0, PLAIN_INTEGER
        plain = 0 < digits <= 9 and not escaped[i]
        if plain and pos < end:
            plain = mark != 0 and text[pos] == mark
            pos += 1
            behind, part = pos, 0
            while plain and pos < end and pos - behind < 7:
                digit = int(text[pos]) - 48
                if digit < 0 or digit > 9:
                    break
                part = part * 10 + digit
                number = number * 10 + digit
                pos += 1
            decimals = pos - behind
            plain = plain and pos == end and decimals <= 6 and not (whole and part)
            kind = PLAIN_POINT if decimals else PLAIN_OPEN
            if decimals == 3 and digits <= 3 and text[first] != 48:
                kind = PLAIN_THOUSAND
        value = number / _POWERS[decimals] if plain else 0.0
        if negative:
            value = -value
        if not plain or value < low or value > high:
            odd[found] = row
            found += 1
            continue
        values[row] = value
        valid[row] = True
        counts[kind] += 1
    return found


@njit(cache=True, nogil=True)
def plain_days(  # noqa: C901, PLR0917 - one loop over millions of cells, compiled
    text: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
    escaped: np.ndarray,
    shape: tuple[int, int, int],
    month: bool,
    iso: bool,
    blank: np.ndarray,
    values: np.ndarray,
    valid: np.ndarray,
    odd: np.ndarray,
    seen: np.ndarray,
) -> int:
    """Read 2026-03 where a `month` is wanted (and 2026-03-01), else 2026-03-14; only months unless `iso`.

    Fills `values` (int32, days from 1970), `valid`, `odd`, and `seen` with 1 for each day that was written out; the
    days in `blank` are odd. Returns how many are odd.
    """
    rows, stride, place = shape
    found = 0
    for row in range(rows):
        i = row * stride + place
        pos, end = int(starts[i]), int(ends[i])
        while pos < end and (text[pos] == 32 or 9 <= text[pos] <= 13):
            pos += 1
        while end > pos and (text[end - 1] == 32 or 9 <= text[end - 1] <= 13):
            end -= 1
        values[row] = 0
        valid[row] = False
        if pos == end:
            continue
        day = -1
        if not escaped[i]:
            if month and end - pos == 7:
                day = _day(text, pos, False)
            elif iso and end - pos == 10:
                day = _day(text, pos, True)
                if day >= 0 and month and not (text[pos + 8] == 48 and text[pos + 9] == 49):
                    day = -1
                for each in blank:
                    if day == each:
                        day = -1
                if day >= 0:
                    seen[day] = 1
        if day < 0:
            odd[found] = row
            found += 1
            continue
        values[row] = day + DAY_BASE
        valid[row] = True
    return found


@njit(cache=True, nogil=True)
def plain_times(  # noqa: C901, PLR0912, PLR0915, PLR0917 - one loop over millions of cells, compiled
    text: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
    escaped: np.ndarray,
    shape: tuple[int, int, int],
    blank: np.ndarray,
    values: np.ndarray,
    valid: np.ndarray,
    odd: np.ndarray,
    seen: np.ndarray,
) -> tuple[int, int]:
    """Read 2026-03-14 09:05, :40 and .123456 behind it or not, and then Z, +08:00 or nothing.

    Fills `values` (int64, microseconds from 1970; in UTC where the text says how far it is from it), `valid`, `odd`
    and `seen`. Returns how many are odd, and how many do not say how far they are from UTC.
    """
    rows, stride, place = shape
    found = naive = 0
    for row in range(rows):
        i = row * stride + place
        pos, end = int(starts[i]), int(ends[i])
        while pos < end and (text[pos] == 32 or 9 <= text[pos] <= 13):
            pos += 1
        while end > pos and (text[end - 1] == 32 or 9 <= text[end - 1] <= 13):
            end -= 1
        values[row] = 0
        valid[row] = False
        if pos == end:
            continue
        day, micros = -1, np.int64(0)
        if not escaped[i] and end - pos >= 16 and (text[pos + 10] == 32 or text[pos + 10] == 84):
            day = _day(text, pos, True)
            for each in blank:
                if day == each:
                    day = -1
        if day >= 0:
            at = pos + 11
            hour, minute = _two(text, at), _two(text, at + 3)
            plain = 0 <= hour <= 23 and 0 <= minute <= 59 and text[at + 2] == 58
            at += 5
            second = 0
            if plain and at + 3 <= end and text[at] == 58:
                second = _two(text, at + 1)
                plain = 0 <= second <= 59
                at += 3
                if plain and at < end and text[at] == 46:
                    at += 1
                    first, scale = at, 100_000
                    while at < end and at - first < 7 and 48 <= text[at] <= 57:
                        micros += (int(text[at]) - 48) * scale
                        scale //= 10
                        at += 1
                    plain = 1 <= at - first <= 6
            offset = 0
            if plain and at < end and text[at] == 90:
                at += 1
            elif plain and at + 6 == end and (text[at] == 43 or text[at] == 45) and text[at + 3] == 58:
                hours, minutes = _two(text, at + 1), _two(text, at + 4)
                plain = 0 <= hours <= 14 and 0 <= minutes <= 59
                offset = (hours * 60 + minutes) * (-1 if text[at] == 45 else 1)
                at += 6
            elif plain and at == end:
                naive += 1
            else:
                plain = False
            if plain and at == end:
                values[row] = (
                    ((np.int64(day) + DAY_BASE) * 1440 + hour * 60 + minute - offset) * 60 + second
                ) * 1_000_000 + micros
                valid[row] = True
                seen[day] = 1
                continue
        odd[found] = row
        found += 1
    return found, naive


@njit(cache=True, nogil=True)
def plain_texts(  # noqa: PLR0917 - compiled code takes arrays by place
    text: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
    escaped: np.ndarray,
    shape: tuple[int, int, int],
    firsts: np.ndarray,
    offsets: np.ndarray,
    valid: np.ndarray,
    odd: np.ndarray,
) -> tuple[int, int]:
    """Find texts of ASCII letters, digits, ``_`` and ``-`` with at least one digit; 16 or more may not end in 0.

    Fills `firsts` (int32, where each begins), `offsets` (as Arrow wants them), `valid` and `odd`. Returns how many are
    odd, and how many of the others are long.
    """
    rows, stride, place = shape
    found = long = total = 0
    for row in range(rows):
        i = row * stride + place
        pos, end = int(starts[i]), int(ends[i])
        while pos < end and (text[pos] == 32 or 9 <= text[pos] <= 13):
            pos += 1
        while end > pos and (text[end - 1] == 32 or 9 <= text[end - 1] <= 13):
            end -= 1
        offsets[row] = total
        firsts[row] = pos
        valid[row] = False
        if pos == end:
            continue
        classes, strange = 0, False
        for at in range(pos, end):
            each = _CLASSES[text[at]]
            strange |= each == 0
            classes |= each
        is_long = end - pos >= LONG_TEXT
        if strange or classes < 2 or escaped[i] or (is_long and text[end - 1] == 48):
            odd[found] = row
            found += 1
            continue
        long += is_long
        total += end - pos
        valid[row] = True
    offsets[rows] = total
    return found, long


@njit(cache=True, nogil=True)
def coded(  # noqa: PLR0917 - compiled code takes arrays by place
    text: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
    shape: tuple[int, int, int],
    slots: np.ndarray,
    firsts: np.ndarray,
    codes: np.ndarray,
) -> int:
    """Number the different texts of a column in the order in which they first occur.

    Parameters
    ----------
    slots : int32 array of -1, its length a power of two
        Room for a table of hashes.
    firsts, codes
        Out: the row in which each text first occurs, and the number of each row's text.

    Returns
    -------
    How many different texts there are; -1 where there are more than there is room for in `firsts`.
    """
    rows, stride, place = shape
    found, mask = 0, len(slots) - 1
    for row in range(rows):
        i = row * stride + place
        pos, end = int(starts[i]), int(ends[i])
        mixed = np.uint64(end - pos)
        for at in range(pos, end):
            mixed = (mixed ^ np.uint64(text[at])) * np.uint64(0x9E3779B97F4A7C15)
            mixed ^= mixed >> np.uint64(29)
        slot = int(mixed) & mask
        while True:
            code = slots[slot]
            if code < 0:
                if found >= len(firsts):
                    return -1
                slots[slot], firsts[found] = found, row
                code = found
                found += 1
                break
            k = firsts[code] * stride + place
            size, first = int(ends[k]) - int(starts[k]), int(starts[k])
            same = size == end - pos
            at = 0
            while same and at < size:
                same = text[first + at] == text[pos + at]
                at += 1
            if same:
                break
            slot = (slot + 1) & mask
        codes[row] = code
    return found


@njit(cache=True, nogil=True)
def copied(text: np.ndarray, firsts: np.ndarray, offsets: np.ndarray, values: np.ndarray) -> None:
    """Copy texts one after the other, each from its first byte."""
    for row in range(len(firsts)):
        first, out = firsts[row], offsets[row]
        for k in range(offsets[row + 1] - out):
            values[out + k] = text[first + k]


@njit(cache=True, nogil=True)
def _two(text: np.ndarray, at: int) -> int:
    tens, ones = int(text[at]) - 48, int(text[at + 1]) - 48
    return tens * 10 + ones if 0 <= tens <= 9 and 0 <= ones <= 9 else -1


@njit(cache=True, nogil=True)
def _day(text: np.ndarray, at: int, whole: bool) -> int:
    """Return the day of 2026-03-14, or of the first of 2026-03, in days from 1900-01-01; -1 where there is none."""
    century, years, month = _two(text, at), _two(text, at + 2), _two(text, at + 5)
    if not (19 <= century <= 21) or years < 0 or text[at + 4] != 45 or not (1 <= month <= 12):
        return -1
    year, day = century * 100 + years, 1
    if whole:
        day = _two(text, at + 8)
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        last = 30 + ((month + month // 8) % 2) if month != 2 else (29 if leap else 28)
        if text[at + 7] != 45 or not (1 <= day <= last):
            return -1
    # days of the civil calendar, with years that begin in March (Hinnant 2013)
    shifted = year - (month <= 2)
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return int(shifted * 365 + shifted // 4 - shifted // 100 + shifted // 400 + of_year - 719468 - DAY_BASE)
