"""The separator, quotes and header of a text file: one dialect under which the rows are as wide as the header."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from cxlib.errors import CxError
from cxlib.intake.problems import Question
from cxlib.intake.scan import ANY_WIDTH, scan_block, stop_table
from cxlib.intake.structure import (
    NO_HEADER,
    ROWS_LOOKED_AT,
    find_head,
    is_header,
    is_value,
    several_tables,
    typed_columns,
    value_columns,
)
from cxlib.texts import N_

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cxlib.intake.structure import Cells, Numbered

DELIMITERS: Final = (",", ";", "\t", "|")
NAMES: Final = {",": N_("comma"), ";": N_("semicolon"), "\t": N_("tab"), "|": N_("bar")}
SAMPLE_BYTES: Final = 1 << 17
PROBES: Final = 15
"""Further places of a large file at which quotes and escapes are looked for."""
LEAST_SHARE: Final = 0.5
ROWS_TRIED: Final = ROWS_LOOKED_AT + 30
SAMPLE_CELLS: Final = 6

DELIMITER_QUESTION: Final = N_(
    "More than one separator fits the file. It was read with {chosen}: are the columns right?"
)
QUOTE_QUESTION: Final = N_(
    "Some values stand in single quotes. The file's quote was taken to be {chosen}: is that right?"
)
ESCAPE_QUESTION: Final = N_(
    "Backslashes in quoted values could belong to them or mark the sign that follows. They were {chosen}: right?"
)
ESCAPES: Final = {"double": N_("kept"), "backslash": N_("taken out")}
NO_TABLE: Final = N_("No table was found: the lines have different numbers of fields under every separator.")


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
class Fit:
    """How well a dialect fits: the share of sampled rows that are as wide as its header, and the first cells."""

    dialect: Dialect
    columns: int
    share: float
    cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layout:
    """A dialect with the header that was found under it.

    `header_line` is the number of its line, `header_at` and `body_at` the places of its first byte and of the one
    after its last line; `share` is the share of the sampled rows below it that are as wide as the header, `coverage`
    the share among all of them, those above it included. `typed` are the columns that hold numbers, dates or times,
    `pure` is one that holds nothing else (or -1), `second` the line of a second row of names that was left out.
    `fits` are all dialects that came into question, the best first.
    """

    dialect: Dialect
    header: tuple[str, ...]
    header_line: int
    header_at: int
    body_at: int
    body_line: int
    share: float
    coverage: float
    above: tuple[int, ...] = ()
    questions: tuple[Question, ...] = ()
    typed: tuple[int, ...] = ()
    pure: int = -1
    second: int | None = None
    fits: tuple[Fit, ...] = ()
    named: bool = True


@dataclass(frozen=True)
class _Told:
    """What a person has said."""

    delimiter: str | None = None
    quote: str | None = None
    header_line: int | None = None
    header: str | None = None
    escape: str | None = None


def find_layout(
    data: bytes,
    *,
    delimiter: str | None = None,
    quote: str | None = None,
    header_line: int | None = None,
    header: str | None = None,
    escape: str | None = None,
) -> Layout:
    """Choose the dialect and the header of a text in UTF-8.

    Parameters
    ----------
    data : bytes
    delimiter, quote : str, optional
        As a person has named them; a delimiter also by its name, such as ``"comma"``.
    header_line : int, optional
        Line of the header.
    header : str, optional
        Which names count where the header takes two lines, one of `structure.TWO_LINES`.
    escape : str, optional
        ``"double"`` or ``"backslash"``, or what `ESCAPES` says of them.

    Raises
    ------
    CxError
        ``no_table`` where the rows have no common width, ``no_header`` where the first row holds values or no row
        begins on `header_line`, ``several_tables``, ``unknown_delimiter``.
    """
    named_escape = {said: name for name, said in ESCAPES.items()}.get(escape or "", escape)
    told = _Told(_mark(delimiter), quote, header_line, header, named_escape)
    sample = _sample(data)
    candidates = [
        layout
        for each in _dialects(sample, data, told)
        if (layout := _try(each, sample, told, whole=len(sample) == len(data))) is not None
    ]
    if header_line is not None and not candidates:
        raise CxError(
            "no_header",
            N_("No row begins on line {value}."),
            hint=N_("Name the line that holds the names of the columns."),
            value=header_line,
        )
    named = [each for each in candidates if each.named]
    wide = [each for each in named if len(each.header) > 1]
    if not wide:
        return _single_column(candidates, named)
    order = sorted(wide, key=lambda each: (-each.share * each.coverage, -len(each.header)))
    best = order[0]
    if best.share < LEAST_SHARE and delimiter is None:
        _refuse_table()
    _refuse_earlier_table(best, sample)
    fits = tuple(Fit(each.dialect, len(each.header), each.share, each.header[:SAMPLE_CELLS]) for each in order)
    return replace(best, questions=tuple(_questions(best, wide, asked=delimiter is None)), fits=fits)


def split_line(text: str, dialect: Dialect) -> Cells:
    """Split the text of one row that may be damaged; what cannot be split by the rules is split at each delimiter."""
    data = text.encode()
    rows = _scan(dialect, data, whole=True)
    if len(rows.lines) == 1 and not rows.bad:
        return rows.cells(0, 1)[0][1]
    return tuple(text.split(dialect.delimiter))


def _mark(delimiter: str | None) -> str | None:
    if delimiter is None:
        return None
    mark = {name: mark for mark, name in NAMES.items()}.get(delimiter, delimiter)
    if len(mark) != 1 or not mark.isascii() or mark in "\"'\r\n\\" or mark.isalnum():
        raise CxError(
            "unknown_delimiter",
            N_("{value} cannot separate values."),
            hint=N_("Choose one of: comma, semicolon, tab, bar, or another single sign."),
            value=delimiter,
        )
    return mark


def _refuse_table() -> None:
    raise CxError("no_table", NO_TABLE, hint=N_("Name the separator, or save the table again as CSV."))


def _single_column(candidates: list[Layout], named: list[Layout]) -> Layout:
    narrow = [each for each in named if len(each.header) == 1 and each.share == 1.0]
    if narrow and all(len(each.header) == 1 for each in candidates):
        return replace(narrow[0], fits=(Fit(narrow[0].dialect, 1, 1.0, narrow[0].header),))
    headless = [each for each in candidates if len(each.header) > 1] or candidates
    if not headless or named:
        _refuse_table()
    best = max(headless, key=lambda each: (each.share, len(each.header)))
    raise CxError(
        "no_header",
        NO_HEADER,
        hint=N_("Put the names of the columns into the first line."),
        row=best.header_line,
        value=next((cell for cell in best.header if is_value(cell)), ""),
    )


def _questions(best: Layout, wide: list[Layout], *, asked: bool) -> list[Question]:
    found = []
    rivals = {
        NAMES.get(each.dialect.delimiter, each.dialect.delimiter)
        for each in wide
        if each.dialect.delimiter != best.dialect.delimiter
        and each.share >= min(best.share, 0.9)
        and each.coverage >= 0.9 * best.coverage
    }
    chosen = NAMES.get(best.dialect.delimiter, best.dialect.delimiter)
    if rivals and asked:
        found.append(Question("delimiter", DELIMITER_QUESTION, (chosen, *sorted(rivals)), chosen))
    quotes = [each for each in wide if replace(each.dialect, quote=best.dialect.quote) == best.dialect]
    if any(each.dialect != best.dialect and each.header == best.header and _as_good(each, best) for each in quotes):
        found.append(Question("quote", QUOTE_QUESTION, ("'", '"'), best.dialect.quote))
    alike = [each for each in wide if replace(each.dialect, escape=best.dialect.escape) == best.dialect]
    if any(each.dialect != best.dialect and _as_good(each, best) for each in alike):
        said = ESCAPES[best.dialect.escape]
        found.append(Question("escape", ESCAPE_QUESTION, tuple(ESCAPES.values()), said))
    return [*found, *best.questions]


def _as_good(one: Layout, other: Layout) -> bool:
    return one.share >= other.share and one.coverage >= other.coverage


def _sample(data: bytes) -> bytes:
    if len(data) <= SAMPLE_BYTES:
        return data
    cut = max(data.rfind(b"\n", 0, SAMPLE_BYTES), data.rfind(b"\r", 0, SAMPLE_BYTES)) + 1
    if cut < SAMPLE_BYTES // 2 and len(data) > SAMPLE_BYTES:  # very long lines
        cut = max(data.find(b"\n", SAMPLE_BYTES), data.find(b"\r", SAMPLE_BYTES), 0) + 1
    return data[: cut or SAMPLE_BYTES]


def _probes(data: bytes) -> bytes:
    """Return the sample and some lines from further places of a large file."""
    if len(data) <= SAMPLE_BYTES:
        return data
    size = SAMPLE_BYTES // 4
    places = [len(data) * i // (PROBES + 1) for i in range(1, PROBES + 1)]
    return b"\n".join([data[:SAMPLE_BYTES], *(data[place : place + size] for place in places)])


def _dialects(sample: bytes, data: bytes, told: _Told) -> list[Dialect]:
    line_end = "\r\n" if b"\r\n" in sample else "\n"
    if b"\r" in sample and b"\n" not in sample and b"\n" not in data:
        line_end = "\r"
    probes = _probes(data)
    found = []
    for mark in (told.delimiter,) if told.delimiter else DELIMITERS:
        code = mark.encode()
        marks = sample.count(code)
        if not marks and mark != "," and not told.delimiter:
            continue
        space_after = mark != "\t" and marks > 0 and sample.count(code + b" ") >= 0.95 * marks
        sign = told.quote if told.quote is not None else _quote(probes, code)
        for quoting in (sign, '"') if sign == "'" and told.quote is None else (sign,):
            base = Dialect(mark, quoting, "double", line_end, space_after)
            if told.escape != "backslash":
                found.append(base)
            if told.escape == "backslash" or (quoting and told.escape is None and _escapes(probes, quoting.encode())):
                found.append(replace(base, escape="backslash"))
    return found


def _escapes(sample: bytes, quote: bytes) -> bool:
    """Tell whether backslashes may escape: one stands before a quote, or all stand in pairs."""
    if b"\\" not in sample or quote not in sample:
        return False
    pairs = sample.count(b"\\\\")
    return b"\\" + quote in sample or (pairs > 0 and sample.count(b"\\") == 2 * pairs)


def _quote(sample: bytes, delimiter: bytes) -> str:
    """Return the quote in which the most values stand, a double one where none do."""
    between = rb"(?:^|[\r\n]|" + re.escape(delimiter) + rb") ?"
    if b"'" not in sample or re.search(between + b"'", sample) is None:
        return '"'
    after = rb"(?=$|[\r\n]|" + re.escape(delimiter) + rb")"
    body = rb"[^\r\n" + re.escape(delimiter) + rb"]*"
    double = len(re.findall(between + b'"' + body + b'"' + after, sample))
    single = len(re.findall(between + b"'" + body + b"'" + after, sample))
    return "'" if single > double else '"'


@dataclass(frozen=True)
class _Scanned:
    """Fields of a sample under one dialect, of any width; `faults` are the lines that break its rules."""

    sample: bytes
    dialect: Dialect
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    escaped: NDArray[np.bool_]
    lines: NDArray[np.int64]
    widths: NDArray[np.int32]
    faults: NDArray[np.int64]

    @property
    def bad(self) -> int:
        return len(self.faults)

    def cells(self, first: int, end: int) -> list[Numbered]:
        """Return line and values of some rows."""
        field = int(self.widths[:first].sum())
        found = []
        for row in range(first, min(end, len(self.lines))):
            places = range(field, field + int(self.widths[row]))
            found.append((int(self.lines[row]), tuple(self._cell(i) for i in places)))
            field += int(self.widths[row])
        return found

    def _cell(self, i: int) -> str:
        text = self.sample[self.starts[i] : self.ends[i]].decode(errors="replace")
        return _unescape(text, self.dialect) if self.escaped[i] else text

    def begin(self, row: int) -> int:
        """Place of a row's first byte."""
        at = int(self.starts[int(self.widths[:row].sum())])
        quote = self.dialect.quote
        return at - (1 if quote and at and self.sample[at - 1] == ord(quote) else 0)

    def after(self, row: int) -> tuple[int, int]:
        """Place and number of the line after a row."""
        end = int(self.ends[int(self.widths[: row + 1].sum()) - 1])
        sign = b"\r" if self.dialect.line_end == "\r" else b"\n"
        line = int(self.lines[row]) + self.sample.count(sign, self.begin(row), end)
        found = self.sample.find(sign, end)
        return (len(self.sample), line) if found < 0 else (found + 1, line + 1)


def _scan(dialect: Dialect, sample: bytes, *, whole: bool) -> _Scanned:
    text = np.frombuffer(sample, dtype=np.uint8)
    ends_of_lines = sample.count(b"\n") + sample.count(b"\r") + 2
    most = ends_of_lines + sample.count(dialect.delimiter.encode())
    starts, ends = np.empty(most, np.int32), np.empty(most, np.int32)
    escaped = np.empty(most, np.bool_)
    lines, counts = np.empty(ends_of_lines, np.int64), np.empty(ends_of_lines, np.int32)
    faults = np.empty((ends_of_lines, 4), np.int64)
    grammar = dialect.grammar()
    rows, bad, *_ = scan_block(
        text, whole, 1, grammar, stop_table(grammar), ANY_WIDTH, starts, ends, escaped, lines, counts, faults
    )
    return _Scanned(sample, dialect, starts, ends, escaped, lines[:rows], counts[:rows], faults[:bad, 2])


def _try(dialect: Dialect, sample: bytes, told: _Told, *, whole: bool) -> Layout | None:
    scanned = _scan(dialect, sample, whole=whole)
    rows, widths = len(scanned.lines), scanned.widths
    if not rows:
        return None
    usual = max(Counter(widths.tolist()).items(), key=lambda each: (each[1], each[0]))[0]
    if rows + scanned.bad <= 2:  # too few to vote: the first row is the header
        usual = int(widths[0])
    if told.header_line is not None:
        there = np.flatnonzero(scanned.lines == told.header_line)
        if not len(there):
            return None
        usual = int(widths[there[0]])
    begin = int(np.argmax(widths == usual))
    first = max(begin - 3, 0) if told.header_line is None else max(int(there[0]) - 3, 0)
    looked_at = scanned.cells(first, begin + (ROWS_TRIED if usual > 1 else 5))
    earlier = [*scanned.lines[:first].tolist(), *scanned.faults.tolist()]
    head = find_head(looked_at, usual, line=told.header_line, lines=told.header, above=earlier)
    if head is None:
        return None
    at = first + head.at
    last = at + head.lines - 1
    line = int(scanned.lines[at])
    below = int((scanned.faults > line).sum())
    share = float((widths[at:] == usual).sum()) / (rows - at + below)
    body_at, body_line = scanned.after(last)
    body = [cells for _, cells in looked_at[last + 1 - first :] if len(cells) == usual]
    typed, pure = value_columns(body, usual)
    return Layout(
        dialect=dialect,
        header=head.names,
        header_line=line,
        header_at=scanned.begin(at),
        body_at=body_at,
        body_line=body_line,
        share=share,
        coverage=float((widths[at:] == usual).sum()) / (rows + scanned.bad),
        above=head.above,
        questions=head.questions,
        typed=tuple(typed),
        pure=pure,
        second=head.second,
        named=told.header_line is not None or _names(head.names),
    )


def _refuse_earlier_table(best: Layout, sample: bytes) -> None:
    """Refuse a file in which another table of at least two rows stands above the header."""
    if len(best.above) < 2:
        return
    rows = _scan(best.dialect, sample[: best.header_at], whole=True).cells(0, 200)
    for (line, names), (after, row) in pairwise(rows):
        alike = len(names) >= 2 and len(names) == len(row) and after == line + 1
        if alike and any(is_value(cell) for cell in row) and is_header(names, typed_columns([row], len(row))):
            raise several_tables(best.header_line)


def _unescape(cell: str, dialect: Dialect) -> str:
    if dialect.escape == "backslash":
        return re.sub(r"\\(.)", r"\1", cell, flags=re.DOTALL)
    return cell.replace(dialect.quote * 2, dialect.quote)


def _names(header: Cells) -> bool:
    return any(cell.strip() for cell in header) and not any(is_value(cell) for cell in header)
