"""Delimited text, read piece by piece from where it lies."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from cxlib.engine.threads import run, stream
from cxlib.intake.cells import ROW, Column, places_of
from cxlib.intake.marks import MOST_MARKED, marked_rows, marks_for
from cxlib.intake.scan import BLANK, CR, FAULTS, LF, REPEATED_HEADER, header_rows, scan_block, stop_table
from cxlib.intake.split import HARD, MORE_FAULTS, PADDING, split_block

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from cxlib.intake.bytes_at import FileBytes, HeldBytes
    from cxlib.intake.cells import Piece, T
    from cxlib.intake.dialect import Layout

    Text = HeldBytes | FileBytes

BLOCK_BYTES: Final = 1 << 22
SHOWN_CHARACTERS: Final = 2000
MOST_BLANK_LINES: Final = 1000
_LOOK_BYTES: Final = 1 << 16
_SCRATCH = threading.local()

Rejected = tuple[int, str, str]


@dataclass(frozen=True)
class Extent:
    """Whole records of a file: their bytes, the line on which they begin, how many are good, and how they are read.

    `hard` records need the state machine; `last_line` is that of the last good record. They were found by looking at
    the bytes up to `reach`: what comes behind the records can decide how a stray quote before it is read, so they are
    always read with it.
    """

    start: int
    end: int
    reach: int
    line: int
    rows: int
    hard: bool
    last_line: int
    next_line: int


@dataclass
class Records:
    """What the first pass over a file tells: where its records are, the rows set aside, blank lines.

    `rejected` holds (line, rule, text of the line), `marked` the lines of rows that deserve a second look.
    """

    extents: list[Extent] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    blank_lines: list[int] = field(default_factory=list)
    marked: list[int] = field(default_factory=list)
    long_good: int = 0
    long_bad: int = 0
    take_all: bool = False

    @property
    def rows(self) -> int:
        """How many good records there are."""
        return sum(each.rows for each in self.extents)

    @property
    def last_line(self) -> int:
        """The line of the last good record, 0 where there is none."""
        return max((each.last_line for each in self.extents), default=0)


def find_records(text: Text, layout: Layout, *, block_bytes: int = BLOCK_BYTES) -> Records:
    """Go through all records below the header; rows of another width or with faulty quotes are set aside."""
    records = _find(text, layout, take_all=False, block_bytes=block_bytes)
    if records.long_good and records.long_bad:
        return _find(text, layout, take_all=True, block_bytes=block_bytes)
    return records


class DelimitedCells:
    """Texts that are read from the file each time that they are asked for.

    Parameters
    ----------
    names : dict
        Our name of each column to its place in the file.
    dropped : ascending array of int
        Lines of records that are no rows.
    """

    def __init__(
        self, text: Text, layout: Layout, records: Records, names: dict[str, int], dropped: Sequence[int] = ()
    ) -> None:
        self._text = text
        self._layout = layout
        self._records = records
        self._names = names
        self._dropped = np.unique(np.asarray(dropped, np.int64))
        self._extents = [each for each in records.extents if each.rows]

    def without(self, rows: Sequence[int]) -> DelimitedCells:
        """Return the texts without the rows with these numbers, which are the lines on which they begin."""
        dropped = np.union1d(self._dropped, np.asarray(rows, np.int64)).tolist()
        return DelimitedCells(self._text, self._layout, self._records, self._names, dropped)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self._records.rows - len(self._dropped)

    def table(self) -> pa.Table:
        """Return all texts."""
        return self._joined(self.each(lambda _, piece: _table(piece, [*self._names])))

    def column(self, name: str) -> pa.ChunkedArray:
        """Return the texts of one column."""
        return pa.chunked_array(self.each(lambda _, piece: piece.column(name).texts()), pa.string())

    def head(self, n: int) -> pa.Table:
        """Return the first rows."""
        parts, found = [], 0
        for extent in self._extents:
            part = _table(self._piece(extent), [*self._names])
            parts.append(part)
            found += part.num_rows
            if found >= n:
                break
        return self._joined(parts).slice(0, n)

    def tail(self, n: int) -> pa.Table:
        """Return the last rows."""
        parts: list[pa.Table] = []
        found = 0
        for extent in reversed(self._extents):
            part = _table(self._piece(extent), [*self._names])
            parts.insert(0, part)
            found += part.num_rows
            if found >= n:
                break
        return self._joined(parts).slice(max(found - n, 0))

    def take(self, rows: Sequence[int]) -> pa.Table:
        """Return the rows with these numbers, in the order of the file."""
        wanted = np.unique(np.asarray(rows, np.int64))
        edges = np.searchsorted(wanted, [each.line for each in self._extents])
        parts = np.split(wanted, edges[1:]) if len(self._extents) else []
        asked = [(extent, part) for extent, part in zip(self._extents, parts, strict=True) if len(part)]
        return self._joined(run(self._some, asked))

    @property
    def pieces(self) -> int:
        """In how many pieces `each` goes through the rows."""
        return len(self._extents)

    def each(self, function: Callable[[int, Piece], T]) -> list[T]:
        """Call a function with each piece, in parallel."""
        return list(self.stream(function))

    def stream(self, function: Callable[[int, Piece], T], first: int = 0) -> Iterator[T]:
        """Call a function with each piece from `first` on."""
        parts = list(enumerate(self._extents))[first:]
        return stream(lambda i, extent: function(i, self._piece(extent)), parts)

    def _some(self, extent: Extent, rows: NDArray[np.int64]) -> pa.Table:
        piece = self._piece(extent)
        return _table(piece, [*self._names], places_of(piece.lines, rows)[0])

    def _joined(self, parts: list[pa.Table]) -> pa.Table:
        schema = pa.schema([*((name, pa.string()) for name in self._names), (ROW, pa.int64())])
        return pa.concat_tables(parts) if parts else schema.empty_table()

    def _piece(self, extent: Extent) -> DelimitedPiece:
        grammar = _grammar(self._layout, take_all=self._records.take_all)
        block = _block(self._text, extent.start, extent.reach)
        scanned = _scanned(block, self._layout, grammar, hard=extent.hard, final=extent.reach == len(self._text))
        piece = DelimitedPiece(block.bytes, scanned, extent.line, self._names, self._layout)
        if len(self._dropped):
            piece.drop(self._dropped)
        return piece


class DelimitedPiece:
    """The fields of some records; its arrays are used again for the next one in the same thread."""

    def __init__(
        self, text: NDArray[np.uint8], scanned: _Scanned, line: int, names: dict[str, int], layout: Layout
    ) -> None:
        self.lines: NDArray[np.int64] = scanned.lines[: scanned.rows] + line
        self._text = text
        self._scanned = scanned
        self._names = names
        self._width = len(layout.header)
        self._marks = (ord(layout.dialect.quote) if layout.dialect.quote else 0, layout.dialect.escape == "backslash")

    def column(self, name: str) -> Column:
        """Return the cells of one column as text."""
        got = self._scanned
        return Column(
            self._text, got.starts, got.ends, got.escaped, len(self.lines), self._width, self._names[name], self._marks
        )

    def typed(self, name: str) -> pa.Array | None:  # noqa: ARG002 - all is text
        """Return None: there are no types."""
        return None

    def drop(self, lines: NDArray[np.int64]) -> None:
        """Leave out the rows that begin on some lines."""
        places, _ = places_of(self.lines, lines)
        if not len(places):
            return
        got, kept = self._scanned, np.ones(len(self.lines), np.bool_)
        kept[places] = False
        cells = np.repeat(kept, self._width)
        self._scanned = replace(
            got,
            **{name: getattr(got, name)[: len(cells)][cells] for name in ("starts", "ends", "escaped")},
        )
        self.lines = self.lines[kept]


def _table(piece: Piece, names: list[str], rows: NDArray[np.int64] | None = None) -> pa.Table:
    columns = [piece.column(name) for name in names]
    lines = piece.lines
    if rows is not None:
        columns, lines = [each.some(rows) for each in columns], lines[rows]
    return pa.table([*(each.texts() for each in columns), pa.array(lines)], names=[*names, ROW])


@dataclass(frozen=True)
class _Scanned:
    """Fields and faults of a block; lines count from 0."""

    rows: int
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    escaped: NDArray[np.bool_]
    lines: NDArray[np.int64]
    faults: NDArray[np.int64]
    used: int
    next_line: int
    hard: bool
    long_good: int = 0
    long_bad: int = 0


@dataclass
class _Block:
    """Some bytes of a file with room behind them, and the arrays of the thread that works on them."""

    bytes: NDArray[np.uint8]
    size: int


class _Scratch:
    """Arrays that a thread uses again and again."""

    def __init__(self) -> None:
        self.bytes = np.empty(0, np.uint8)
        self.starts = self.ends = np.empty(0, np.int32)
        self.escaped = self.plain = np.zeros(0, np.bool_)
        self.lines = np.empty(0, np.int64)
        self.faults = np.empty((0, 4), np.int64)

    def grow(self, fields: int, rows: int, faults: int) -> None:
        if len(self.starts) < fields:
            self.starts, self.ends = np.empty(fields, np.int32), np.empty(fields, np.int32)
            self.escaped, self.plain = np.empty(fields, np.bool_), np.zeros(fields, np.bool_)
        if len(self.lines) < rows:
            self.lines = np.empty(rows, np.int64)
        if len(self.faults) < faults:
            self.faults = np.empty((faults, 4), np.int64)


def _scratch() -> _Scratch:
    if not hasattr(_SCRATCH, "arrays"):
        _SCRATCH.arrays = _Scratch()
    found: _Scratch = _SCRATCH.arrays
    return found


def _grammar(layout: Layout, *, take_all: bool) -> NDArray[np.int64]:
    return np.append(layout.dialect.grammar(take_all=take_all), 1)


def _block(text: Text, start: int, end: int) -> _Block:
    scratch, size = _scratch(), end - start
    if len(scratch.bytes) < size + 2 * PADDING:
        scratch.bytes = np.zeros(size + size // 8 + 2 * PADDING, np.uint8)
    text.read_into(scratch.bytes[:size].data, start)
    scratch.bytes[size : size + PADDING] = 0
    return _Block(scratch.bytes, size)


def _scanned(block: _Block, layout: Layout, grammar: NDArray[np.int64], *, hard: bool | None, final: bool) -> _Scanned:
    """Split a block; where `hard` is None it is found out whether the state machine is needed."""
    if not hard and not grammar[4]:
        found = _split(block, layout, grammar, final=final)
        if found is not None:
            return found
    return _exact(block, layout, grammar, final=final)


def _split(block: _Block, layout: Layout, grammar: NDArray[np.int64], *, final: bool) -> _Scanned | None:
    size, open_end = block.size, bool(block.size) and block.bytes[block.size - 1] != LF
    if open_end and not final:
        return None
    if open_end:
        block.bytes[size] = LF
    cells = [cell.encode() for cell in layout.header]
    header, header_ends = np.frombuffer(b"".join(cells), np.uint8), np.cumsum([len(each) for each in cells])
    scratch = _scratch()
    scratch.grow(size // 8 + 2 * len(cells) + 256, size // 16 + 256, 256)
    while True:
        state, rows, bad, line, _ = split_block(
            block.bytes, size + open_end, 0, grammar, header, header_ends,
            scratch.starts, scratch.ends, scratch.lines, scratch.faults,
        )  # fmt: skip
        if state == 0:
            break
        if state == HARD:
            block.bytes[size] = 0
            return None
        if state == MORE_FAULTS:
            scratch.grow(0, 0, 4 * len(scratch.faults))
        else:
            scratch.grow(2 * len(scratch.starts), 2 * len(scratch.lines), 0)
    faults = scratch.faults[:bad].copy()
    faults[:, 1] = np.minimum(faults[:, 1], size)
    return _Scanned(rows, scratch.starts, scratch.ends, scratch.plain, scratch.lines, faults, size, line, hard=False)


def _exact(block: _Block, layout: Layout, grammar: NDArray[np.int64], *, final: bool) -> _Scanned:
    text, width = block.bytes[: block.size], len(layout.header)
    line_ends = int(np.count_nonzero(text == LF) + np.count_nonzero(text == CR)) + 2
    scratch = _scratch()
    scratch.grow(int(np.count_nonzero(text == grammar[0])) + line_ends, line_ends, line_ends)
    rows, bad, used, line, long_good, long_bad = scan_block(
        text, final, 0, grammar, stop_table(grammar), width,
        scratch.starts, scratch.ends, scratch.escaped, scratch.lines, np.empty(line_ends, np.int32), scratch.faults,
    )  # fmt: skip
    found = _Scanned(
        rows, scratch.starts, scratch.ends, scratch.escaped, scratch.lines, scratch.faults[:bad].copy(), used, line,
        hard=True, long_good=long_good, long_bad=long_bad,
    )  # fmt: skip
    return _without_headers(found, text, layout, grammar)


def _without_headers(found: _Scanned, text: NDArray[np.uint8], layout: Layout, grammar: NDArray[np.int64]) -> _Scanned:
    """Turn rows that are the header once more into faults."""
    cells, rows, width = [cell.encode() for cell in layout.header], found.rows, len(layout.header)
    header, header_ends = np.frombuffer(b"".join(cells), np.uint8), np.cumsum([len(each) for each in cells])
    marks = (int(grammar[1]), bool(grammar[2]))
    again = header_rows(text, found.starts, found.ends, found.escaped, rows, marks, header, header_ends)
    if not len(again):
        return found
    kept = np.ones(rows, np.bool_)
    kept[again] = False
    fields = np.repeat(kept, width)
    first = found.starts[again * width].astype(np.int64)
    more = np.stack([first, first, found.lines[again], np.full(len(again), REPEATED_HEADER)], axis=1)
    return replace(
        found,
        rows=rows - len(again),
        starts=found.starts[: len(fields)][fields],
        ends=found.ends[: len(fields)][fields],
        escaped=found.escaped[: len(fields)][fields],
        lines=found.lines[:rows][kept],
        faults=np.concatenate([found.faults, more]),
    )


@dataclass(frozen=True)
class _Part:
    """What is kept of a block that was scanned in the first pass."""

    start: int
    end: int
    reach: int
    rows: int
    last_line: int
    lines: int
    hard: bool
    long_good: int
    long_bad: int
    rejected: list[Rejected]
    blank_lines: list[int]
    marked: list[int]


def _find(text: Text, layout: Layout, *, take_all: bool, block_bytes: int) -> Records:
    """Scan all blocks at once, then accept those that begin where the one before ended, and scan the others again.

    Blocks are cut at line ends. Where a quoted value runs over the cut, the block before does not end there, and the
    next one is read again from the true place.
    """
    grammar = _grammar(layout, take_all=take_all)
    edges = _edges(text, layout, block_bytes)
    parts = run(_part, [(text, layout, grammar, *part) for part in itertools.pairwise(edges)])
    records = Records(take_all=take_all)
    at, line, k = layout.body_at, layout.body_line, 0
    while k < len(parts):
        if parts[k].start == at:
            part, k = parts[k], k + 1
        else:
            part, k = _again(text, layout, grammar, at, edges, k)
        _accept(records, part, line)
        at, line = part.end, line + part.lines
        while k < len(parts) and parts[k].end <= at:
            k += 1
    if at < len(text):
        part = _part(text, layout, grammar, at, len(text))
        _accept(records, part, line)
    return records


def _again(  # noqa: PLR0917 - what `_part` takes, and where
    text: Text, layout: Layout, grammar: NDArray[np.int64], at: int, edges: list[int], k: int
) -> tuple[_Part, int]:
    """Scan from a place inside a block, over as many blocks as a record needs to end."""
    reach = 1
    while True:
        last = min(k + reach, len(edges) - 1)
        part = _part(text, layout, grammar, at, edges[last])
        if part.end > at or last == len(edges) - 1:
            return part, k
        reach *= 2


def _part(text: Text, layout: Layout, grammar: NDArray[np.int64], start: int, end: int) -> _Part:
    marks = marks_for(layout.header, layout.pure)
    block = _block(text, start, end)
    found = _scanned(block, layout, grammar, hard=None, final=end == len(text))
    rejected, blanks = [], []
    for first, after, at, fault in found.faults.tolist():
        if fault == BLANK:
            blanks.append(at)
        elif fault == REPEATED_HEADER:
            rejected.append((at, FAULTS[fault], layout.dialect.delimiter.join(layout.header)))
        else:
            shown = block.bytes[first : min(after, first + 4 * SHOWN_CHARACTERS)].tobytes().decode(errors="replace")
            rejected.append((at, FAULTS[fault], shown.rstrip("\r\n")[:SHOWN_CHARACTERS]))
    marked = marked_rows(block.bytes, found.starts, found.ends, (found.rows, len(layout.header)), marks)
    if found.long_good:  # rows over several lines among them
        gaps = np.diff(found.lines[: found.rows], append=found.next_line) > 1
        marked = np.union1d(marked, np.flatnonzero(gaps)[:MOST_MARKED])
    last = int(found.lines[found.rows - 1]) if found.rows else -1
    return _Part(
        start, start + found.used, end, found.rows, last, found.next_line, found.hard, found.long_good, found.long_bad,
        rejected, blanks[:MOST_BLANK_LINES], found.lines[marked].tolist(),
    )  # fmt: skip


def _accept(records: Records, part: _Part, line: int) -> None:
    last = part.last_line + line if part.rows else 0
    end = line + part.lines
    records.extents.append(Extent(part.start, part.end, part.reach, line, part.rows, part.hard, last, end))
    records.rejected += [(at + line, rule, shown) for at, rule, shown in part.rejected]
    room = MOST_BLANK_LINES - len(records.blank_lines)
    records.blank_lines += [at + line for at in part.blank_lines[:room]]
    records.marked += [at + line for at in part.marked[: MOST_MARKED - len(records.marked)]]
    records.long_good += part.long_good
    records.long_bad += part.long_bad


def _edges(text: Text, layout: Layout, block_bytes: int) -> list[int]:
    """Cut the body behind line ends, about every `block_bytes`."""
    mark = b"\r" if layout.dialect.line_end == "\r" else b"\n"
    edges, size = [layout.body_at], len(text)
    while edges[-1] < size:
        at = edges[-1] + block_bytes
        found = -1
        while at < size and found < 0:
            found = text[at : at + _LOOK_BYTES].find(mark)
            at += _LOOK_BYTES if found < 0 else found + 1
        if found >= 0 and text[at : at + 1] == b"\n":  # of a carriage return with its line feed
            at += 1
        edges.append(min(at, size) if found >= 0 else size)
    return edges
