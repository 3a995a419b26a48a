"""The exact state machine for delimited text, compiled.

Every record is either as wide as the header and quoted without fault, or it is set aside with its line and the
reason. After a fault reading goes on at the next physical line, so that a quote which is never closed costs one row
and not the rest of the file. Where quoted values with line ends do occur in the file, the lines up to the fault are
set aside together, since the second half of such a value could look like a row of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

LF: Final = 10
CR: Final = 13
SPACE: Final = 32
BACKSLASH: Final = 92
MAX_FIELD_BYTES: Final = 1 << 20

STRAY_QUOTE: Final = 1
TEXT_AFTER_QUOTE: Final = 2
OPEN_QUOTE: Final = 3
STRAY_RETURN: Final = 4
NUL: Final = 5
TOO_FEW_FIELDS: Final = 6
TOO_MANY_FIELDS: Final = 7
BLANK: Final = 8
REPEATED_HEADER: Final = 9
FAULTS: Final = {
    STRAY_QUOTE: "stray_quote",
    TEXT_AFTER_QUOTE: "text_after_quote",
    OPEN_QUOTE: "open_quote",
    STRAY_RETURN: "stray_return",
    NUL: "nul",
    TOO_FEW_FIELDS: "too_few_fields",
    TOO_MANY_FIELDS: "too_many_fields",
    REPEATED_HEADER: "repeated_header",
}
_INCOMPLETE: Final = -1
ENDS_VALUE: Final = 1
FAULTY: Final = 2

ANY_WIDTH: Final = -1


def stop_table(grammar: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return, per byte, whether it ends a value without quotes, may not stand in one, or neither."""
    stops = np.zeros(256, np.uint8)
    stops[0] = FAULTY
    if grammar[1]:
        stops[grammar[1]] = FAULTY
    stops[[grammar[0], LF, CR]] = ENDS_VALUE
    return stops


@njit(cache=True, nogil=True)
def scan_block(  # noqa: PLR0917 - compiled code takes arrays by place
    text: np.ndarray,
    final: bool,
    line: int,
    grammar: np.ndarray,
    stops: np.ndarray,
    width: int,
    starts: np.ndarray,
    ends: np.ndarray,
    escaped: np.ndarray,
    lines: np.ndarray,
    counts: np.ndarray,
    faults: np.ndarray,
) -> tuple[int, int, int, int, int, int]:
    """Split a block into records and fields.

    Parameters
    ----------
    text : uint8 array
        UTF-8, beginning at the start of a record.
    final : bool
        Whether the file ends with the block; if not, a last record without its end is left for the next block.
    line : int
        Number of the first line.
    grammar : int64 array of length 6 or 7
        Delimiter, quote (0 for none), whether backslash escapes, whether a space after a delimiter is skipped,
        whether a lone carriage return ends a line, whether a faulty record takes all its lines with it, and
        whether blank lines are noted as bad records, with the fault `BLANK`.
    stops : uint8 array of length 256
        What each byte does to a value without quotes, from `stop_table`.
    width : int
        Fields of a good record, or `ANY_WIDTH`.
    starts, ends, escaped
        Out: fields of good records, one after the other; ``escaped`` where the value holds escapes.
    lines, counts
        Out: line and number of fields of each good record.
    faults : int64 array, n x 4
        Out: first byte, end, line and fault of each bad record.

    Returns
    -------
    rows, bad rows, bytes used, next line, good records over several lines, bad records over several lines
    """
    size = len(text)
    cr_ends, take_all = grammar[4] != 0, grammar[5] != 0
    blanks = len(grammar) > 6 and grammar[6] != 0
    rows = bad = fields = long_good = long_bad = 0
    pos = 0
    while pos < size:
        blank_end = _blank_line(text, pos, final, cr_ends)
        if blank_end == _INCOMPLETE:
            break
        if blank_end > pos:
            if blanks:
                faults[bad, 0], faults[bad, 1], faults[bad, 2], faults[bad, 3] = pos, blank_end, line, BLANK
                bad += 1
            pos, line = blank_end, line + 1
            continue
        end, next_line, n, fault, at = _record(text, pos, final, line, grammar, stops, starts, ends, escaped, fields)
        if fault == _INCOMPLETE:
            break
        if fault == 0 and width not in (ANY_WIDTH, n):
            fault = TOO_FEW_FIELDS if n < width else TOO_MANY_FIELDS
        elif fault:
            several = next_line != line
            long_bad += several
            first = at if several and take_all else pos
            end = _line_end(text, first, final, cr_ends)
            if end == _INCOMPLETE:
                break
            next_line = (next_line if first == at else line) + 1
        if fault:
            faults[bad, 0], faults[bad, 1], faults[bad, 2], faults[bad, 3] = pos, end, line, fault
            bad += 1
        else:
            lines[rows], counts[rows] = line, n
            long_good += next_line != line + 1
            rows += 1
            fields += n
        pos, line = end, next_line
    return rows, bad, pos, line, long_good, long_bad


@njit(cache=True, nogil=True)
def column_offsets(  # noqa: PLR0917 - compiled code takes arrays by place
    text: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
    escaped: np.ndarray,
    shape: tuple[int, int, int],
    marks: tuple[int, bool],
    offsets: np.ndarray,
) -> int:
    """Fill the Arrow offsets of one column and return the bytes that its values take.

    `shape` is (rows, width, column), `marks` is (quote, whether backslash escapes).
    """
    rows, width, column = shape
    total = 0
    for row in range(rows):
        i = row * width + column
        offsets[row] = total
        total += ends[i] - starts[i]
        if escaped[i]:
            total -= _escapes(text, starts[i], ends[i], marks)
    offsets[rows] = total
    return total


@njit(cache=True, nogil=True)
def column_values(  # noqa: PLR0917 - compiled code takes arrays by place
    text: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
    escaped: np.ndarray,
    shape: tuple[int, int, int],
    marks: tuple[int, bool],
    values: np.ndarray,
) -> None:
    """Copy the values of one column one after the other, without their escapes."""
    rows, width, column = shape
    mark = BACKSLASH if marks[1] else marks[0]
    out = 0
    for row in range(rows):
        i = row * width + column
        pos, end, drop = starts[i], ends[i], escaped[i]
        while pos < end:
            if drop and text[pos] == mark and pos + 1 < end:
                pos += 1
            values[out] = text[pos]
            out += 1
            pos += 1


@njit(cache=True, nogil=True)
def _escapes(text: np.ndarray, start: int, end: int, marks: tuple[int, bool]) -> int:
    mark = BACKSLASH if marks[1] else marks[0]
    found, pos = 0, start
    while pos + 1 < end:
        if text[pos] == mark:
            found += 1
            pos += 1
        pos += 1
    return found


@njit(cache=True, nogil=True)
def _record(  # noqa: PLR0917 - compiled code takes arrays by place
    text: np.ndarray,
    pos: int,
    final: bool,
    line: int,
    grammar: np.ndarray,
    stops: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
    escaped: np.ndarray,
    base: int,
) -> tuple[int, int, int, int, int]:
    """Read one record: (end, next line, fields, fault, where the fault is)."""
    size = len(text)
    delimiter, quote, skip_space, cr_ends = grammar[0], grammar[1], grammar[3] != 0, grammar[4] != 0
    n = 0
    while True:
        if skip_space and n and pos < size and text[pos] == SPACE:
            pos += 1
        start, drop = pos, False
        if quote and pos < size and text[pos] == quote:
            start = pos + 1
            pos, line, drop, fault = _quoted(text, start, final, line, grammar)
            end = pos
            pos += 1
        else:
            pos, fault = _unquoted(text, pos, stops)
            end = pos
        if fault:
            return pos, line, n, fault, min(end, size)
        starts[base + n], ends[base + n], escaped[base + n] = start, end, drop
        n += 1
        if pos >= size:
            return size, line + 1, n, (0 if final else _INCOMPLETE), pos
        if text[pos] == delimiter:
            pos += 1
            continue
        after = _terminator(text, pos, final, cr_ends)
        if after == _INCOMPLETE:
            return pos, line, n, _INCOMPLETE, pos
        if after == pos:
            return pos, line, n, (STRAY_RETURN if text[pos] == CR else TEXT_AFTER_QUOTE), pos
        return after, line + 1, n, 0, pos


@njit(cache=True, nogil=True)
def _quoted(text: np.ndarray, pos: int, final: bool, line: int, grammar: np.ndarray) -> tuple[int, int, bool, int]:
    """Find the closing quote: (its place, line, whether escapes were met, fault)."""
    size, start = len(text), pos
    quote, backslash, newline = grammar[1], grammar[2] != 0, (CR if grammar[4] else LF)
    drop = False
    while pos < size:
        c = text[pos]
        if c == quote:
            if pos + 1 >= size and not final:
                return pos, line, drop, _INCOMPLETE
            if backslash or pos + 1 >= size or text[pos + 1] != quote:
                return pos, line, drop, 0
            drop = True
            pos += 2
            continue
        if backslash and c == BACKSLASH:
            drop = True
            pos += 1
            if pos >= size:
                break
            c = text[pos]
        if c == newline:
            line += 1
        elif c == 0:
            return pos, line, drop, NUL
        pos += 1
        if pos - start > MAX_FIELD_BYTES:
            return pos, line, drop, OPEN_QUOTE
    return size, line, drop, (OPEN_QUOTE if final else _INCOMPLETE)


@njit(cache=True, nogil=True)
def _unquoted(text: np.ndarray, pos: int, stops: np.ndarray) -> tuple[int, int]:
    size = len(text)
    while pos < size and stops[text[pos]] == 0:
        pos += 1
    if pos >= size or stops[text[pos]] == ENDS_VALUE:
        return pos, 0
    return pos, (NUL if text[pos] == 0 else STRAY_QUOTE)


@njit(cache=True, nogil=True)
def _terminator(text: np.ndarray, pos: int, final: bool, cr_ends: bool) -> int:
    """Place after the line end at `pos`; `pos` itself where there is none."""
    size = len(text)
    if text[pos] == LF:
        return pos + 1
    if text[pos] != CR:
        return pos
    if pos + 1 < size:
        if text[pos + 1] == LF:
            return pos + 2
        return pos + 1 if cr_ends else pos
    return pos + 1 if final or cr_ends else _INCOMPLETE


@njit(cache=True, nogil=True)
def _line_end(text: np.ndarray, pos: int, final: bool, cr_ends: bool) -> int:
    """Place after the physical line that holds `pos`."""
    size = len(text)
    while pos < size:
        if text[pos] == LF or (cr_ends and text[pos] == CR):
            return pos + 1
        pos += 1
    return size if final else _INCOMPLETE


@njit(cache=True, nogil=True)
def _blank_line(text: np.ndarray, pos: int, final: bool, cr_ends: bool) -> int:
    """Place after a line of nothing but spaces; `pos` where the line holds more."""
    size, at = len(text), pos
    while at < size and text[at] == SPACE:
        at += 1
    if at >= size:
        return size if final else _INCOMPLETE
    after = _terminator(text, at, final, cr_ends)
    if after == _INCOMPLETE:
        return _INCOMPLETE
    return after if after > at else pos


@njit(cache=True, nogil=True)
def header_rows(  # noqa: PLR0917 - compiled code takes arrays by place
    text: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
    escaped: np.ndarray,
    rows: int,
    marks: tuple[int, bool],
    header: np.ndarray,
    header_ends: np.ndarray,
) -> np.ndarray:
    """Return the places of the rows whose cells are those of the header, which lie one after the other."""
    width = len(header_ends)
    mark = BACKSLASH if marks[1] else marks[0]
    found = np.zeros(rows, np.bool_)
    for row in range(rows):
        first, same = 0, True
        for column in range(width):
            i = row * width + column
            pos, end, drop = starts[i], ends[i], escaped[i]
            at = first
            while pos < end and same:
                if drop and text[pos] == mark and pos + 1 < end:
                    pos += 1
                same = at < header_ends[column] and text[pos] == header[at]
                at += 1
                pos += 1
            same = same and at == header_ends[column]
            if not same:
                break
            first = header_ends[column]
        found[row] = same
    return np.flatnonzero(found)
