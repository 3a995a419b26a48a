"""The separator, quotes and header of a text file: one dialect under which the rows are as wide as the header."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from cxlib.errors import CxError
from cxlib.intake.problems import Question
from cxlib.intake.scan import ANY_WIDTH, scan_block, stop_table
from cxlib.texts import N_

if TYPE_CHECKING:
    from numpy.typing import NDArray

DELIMITERS: Final = (",", ";", "\t", "|")
NAMES: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
SAMPLE_BYTES: Final = 1 << 20
LEAST_SHARE: Final = 0.5

DELIMITER_QUESTION: Final = N_(
    "More than one separator fits the file. It was read with {chosen}: are the columns right?"
)
HEADER_QUESTION: Final = N_("The header was found in line {chosen}; the lines above it were left out. Is that right?")
NO_TABLE: Final = N_("No table was found: the lines have different numbers of fields under every separator.")
NO_HEADER: Final = N_("The first row holds values, not the names of columns: {value}.")

_VALUE: Final = re.compile(
    r"[+-]?[0-9]+([.,][0-9]+)*%?"
    r"|[0-9]{1,4}[-/.][0-9]{1,2}([-/.][0-9]{1,4})?([ T][0-9:.]+)?"
    r"|[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?"
)


@dataclass(frozen=True)
class Dialect:
    """How values are separated.

    `quote` is empty where nothing is quoted; `escape` is ``"double"`` or ``"backslash"``; `line_end` is the usual
    one, all kinds are read; `space_after` tells that a space follows each delimiter and belongs to it.
    """

    delimiter: str
    quote: str = '"'
    escape: str = "double"
    line_end: str = "\n"
    space_after: bool = False

    def grammar(self, *, take_all: bool = False) -> NDArray[np.int64]:
        """Return the dialect as `scan_block` takes it."""
        return np.array(
            [
                ord(self.delimiter),
                ord(self.quote) if self.quote else 0,
                self.escape == "backslash",
                self.space_after,
                self.line_end == "\r",
                take_all,
            ],
            dtype=np.int64,
        )


@dataclass(frozen=True)
class Layout:
    """A dialect with the header that was found under it.

    `header_line` is the number of its line, `header_at` and `body_at` the places of its first byte and of the one
    after it, `share` the share of the sampled rows that are as wide as the header.
    """

    dialect: Dialect
    header: tuple[str, ...]
    header_line: int
    header_at: int
    body_at: int
    body_line: int
    share: float
    above: tuple[int, ...] = ()
    questions: tuple[Question, ...] = ()


def find_layout(data: bytes, *, delimiter: str | None = None, quote: str | None = None) -> Layout:
    """Choose the dialect and the header of a text in UTF-8.

    Raises
    ------
    CxError
        ``no_table`` where the rows have no common width, ``no_header`` where the first row holds values.
    """
    sample = _sample(data)
    candidates = [
        layout
        for each in _dialects(sample, data, delimiter, quote)
        if (layout := _try(each, sample, whole=len(sample) == len(data))) is not None
    ]
    named = [each for each in candidates if _faulty_cell(each.header) is None]
    wide = [each for each in named if len(each.header) > 1]
    if not wide:
        return _single_column(candidates, named)
    best = max(wide, key=lambda each: (each.share, len(each.header)))
    if best.share < LEAST_SHARE:
        raise CxError("no_table", NO_TABLE, hint=N_("Name the separator, or save the table again as CSV."))
    return replace(best, questions=tuple(_questions(best, wide, asked=delimiter is None)))


def is_value(cell: str) -> bool:
    """Tell whether a header cell is a number, a date or a time rather than a name."""
    return _VALUE.fullmatch(cell.strip()) is not None


def _single_column(candidates: list[Layout], named: list[Layout]) -> Layout:
    narrow = [each for each in named if len(each.header) == 1 and each.share == 1.0]
    if narrow and all(len(each.header) == 1 for each in candidates):
        return narrow[0]
    headless = [each for each in candidates if len(each.header) > 1] or candidates
    if not headless or named:
        raise CxError("no_table", NO_TABLE, hint=N_("Name the separator, or save the table again as CSV."))
    best = max(headless, key=lambda each: (each.share, len(each.header)))
    raise CxError(
        "no_header",
        NO_HEADER,
        hint=N_("Put the names of the columns into the first line."),
        row=best.header_line,
        value=_faulty_cell(best.header),
    )


def _questions(best: Layout, wide: list[Layout], *, asked: bool) -> list[Question]:
    found = []
    rivals = {
        NAMES.get(each.dialect.delimiter, each.dialect.delimiter)
        for each in wide
        if each.dialect.delimiter != best.dialect.delimiter and each.share >= min(best.share, 0.9)
    }
    chosen = NAMES.get(best.dialect.delimiter, best.dialect.delimiter)
    if rivals and asked:
        found.append(Question("delimiter", DELIMITER_QUESTION, (chosen, *sorted(rivals)), chosen))
    if best.above:
        found.append(Question("header", HEADER_QUESTION, (str(best.header_line),), str(best.header_line)))
    return found


def _sample(data: bytes) -> bytes:
    if len(data) <= SAMPLE_BYTES:
        return data
    cut = max(data.rfind(b"\n", 0, SAMPLE_BYTES), data.rfind(b"\r", 0, SAMPLE_BYTES)) + 1
    return data[: cut or SAMPLE_BYTES]


def _dialects(sample: bytes, data: bytes, delimiter: str | None, quote: str | None) -> list[Dialect]:
    line_end = "\r\n" if b"\r\n" in sample else "\n"
    if b"\n" not in data and b"\r" in sample:
        line_end = "\r"
    found = []
    for mark in (delimiter,) if delimiter else DELIMITERS:
        code = mark.encode()
        marks = sample.count(code)
        if not marks and mark != "," and not delimiter:
            continue
        space_after = mark != "\t" and marks > 0 and sample.count(code + b" ") >= 0.95 * marks
        sign = quote if quote is not None else _quote(sample, code)
        base = Dialect(mark, sign, "double", line_end, space_after)
        found.append(base)
        if sign and b"\\" + sign.encode() in sample:
            found.append(replace(base, escape="backslash"))
    return found


def _quote(sample: bytes, delimiter: bytes) -> str:
    """Return the quote in which the most values stand, a double one where none do."""
    between = rb"(?:^|[\r\n]|" + re.escape(delimiter) + rb") ?"
    after = rb"(?=$|[\r\n]|" + re.escape(delimiter) + rb")"
    body = rb"[^\r\n" + re.escape(delimiter) + rb"]*"
    double = len(re.findall(between + b'"' + body + b'"' + after, sample))
    single = len(re.findall(between + b"'" + body + b"'" + after, sample))
    return "'" if single > double else '"'


def _try(dialect: Dialect, sample: bytes, *, whole: bool) -> Layout | None:
    text = np.frombuffer(sample, dtype=np.uint8)
    most = sample.count(dialect.delimiter.encode()) + sample.count(b"\n") + sample.count(b"\r") + 2
    starts, ends = np.empty(most, np.int32), np.empty(most, np.int32)
    escaped = np.empty(most, np.bool_)
    lines, counts = np.empty(most, np.int64), np.empty(most, np.int32)
    faults = np.empty((most, 4), np.int64)
    grammar = dialect.grammar()
    rows, bad, *_ = scan_block(
        text, whole, 1, grammar, stop_table(grammar), ANY_WIDTH, starts, ends, escaped, lines, counts, faults
    )
    if not rows:
        return None
    widths = counts[:rows]
    usual = max(Counter(widths.tolist()).items(), key=lambda each: (each[1], each[0]))[0]
    if rows + bad <= 2:  # too few to vote: the first row is the header
        usual = int(widths[0])
    first = int(np.argmax(widths == usual))
    field = int(widths[:first].sum())
    quote = dialect.quote
    cells = tuple(
        _unescape(sample[starts[i] : ends[i]].decode(errors="replace"), dialect)
        if escaped[i]
        else sample[starts[i] : ends[i]].decode(errors="replace")
        for i in range(field, field + usual)
    )
    header_at = int(starts[field]) - (1 if quote and starts[field] and sample[starts[field] - 1] == ord(quote) else 0)
    header_line = int(lines[first])
    late_faults = int((faults[:bad, 2] > header_line).sum())
    share = float((widths[first:] == usual).sum()) / (rows - first + late_faults)
    above = sorted([*lines[:first].tolist(), *faults[:bad, 2][faults[:bad, 2] < header_line].tolist()])
    end = int(ends[field + usual - 1])
    body_at, body_line = _after_line(sample, end, header_line + sample[header_at:end].count(b"\n"), dialect)
    return Layout(dialect, cells, header_line, header_at, body_at, body_line, share, tuple(above))


def _after_line(sample: bytes, end: int, line: int, dialect: Dialect) -> tuple[int, int]:
    """Place and line after the line end that follows the header's last value."""
    mark = dialect.line_end.encode()[-1:]
    found = sample.find(mark, end)
    return (len(sample), line) if found < 0 else (found + 1, line + 1)


def _unescape(cell: str, dialect: Dialect) -> str:
    if dialect.escape == "backslash":
        return re.sub(r"\\(.)", r"\1", cell, flags=re.DOTALL)
    return cell.replace(dialect.quote * 2, dialect.quote)


def _faulty_cell(header: tuple[str, ...]) -> str | None:
    """Return the first header cell that is a value; None where all are names."""
    if not any(cell.strip() for cell in header):
        return ""
    return next((cell for cell in header if is_value(cell)), None)
