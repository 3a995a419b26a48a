"""Delimited text to columns of text, block by block."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from cxlib.engine.threads import run
from cxlib.intake.marks import MOST_MARKED, Marks, marked_rows, marks_for
from cxlib.intake.scan import BLANK, FAULTS, column_offsets, column_values, scan_block, stop_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cxlib.intake.dialect import Layout

BLOCK_BYTES: Final = 1 << 25
SHOWN_CHARACTERS: Final = 2000
MOST_BLANK_LINES: Final = 1000


@dataclass
class Records:
    """What the scan of a file gives: one list of chunks per column, lines, and the rows set aside.

    `rejected` holds (line, rule, text of the line), `marked` the lines of rows that deserve a second look.
    """

    columns: list[list[pa.Array]]
    lines: list[NDArray[np.int64]] = field(default_factory=list)
    rejected: list[tuple[int, str, str]] = field(default_factory=list)
    long_good: int = 0
    long_bad: int = 0
    blank_lines: list[int] = field(default_factory=list)
    marked: list[int] = field(default_factory=list)


def read_records(data: bytes, layout: Layout, *, block_bytes: int = BLOCK_BYTES) -> Records:
    """Read all rows below the header; rows of another width or with faulty quotes are set aside."""
    records = _read(data, layout, take_all=False, block_bytes=block_bytes)
    if records.long_good and records.long_bad:
        return _read(data, layout, take_all=True, block_bytes=block_bytes)
    return records


def _read(data: bytes, layout: Layout, *, take_all: bool, block_bytes: int) -> Records:
    width = len(layout.header)
    grammar = np.append(layout.dialect.grammar(take_all=take_all), 1)
    text = np.frombuffer(data, dtype=np.uint8)
    records = Records([[] for _ in range(width)])
    marks = marks_for(layout.header, layout.pure)
    pos, line, size = layout.body_at, layout.body_line, block_bytes
    while pos < len(data):
        block = text[pos : pos + size]
        final = pos + size >= len(data)
        used, line = _block(block, final, line, grammar, marks, records)
        if not used and not final:
            size *= 2
            continue
        pos, size = pos + used, block_bytes
        if final:
            break
    return records


def _block(  # noqa: PLR0917 - handed to compiled code
    block: NDArray[np.uint8], final: bool, line: int, grammar: NDArray[np.int64], marks: Marks, records: Records
) -> tuple[int, int]:
    width = len(records.columns)
    ends_of_lines = int(np.count_nonzero(block == ord("\n")) + np.count_nonzero(block == ord("\r"))) + 2
    most = int(np.count_nonzero(block == grammar[0])) + ends_of_lines
    starts, ends = np.empty(most, np.int32), np.empty(most, np.int32)
    escaped = np.empty(most, np.bool_)
    lines, counts = np.empty(ends_of_lines, np.int64), np.empty(ends_of_lines, np.int32)
    faults = np.empty((ends_of_lines, 4), np.int64)
    rows, bad, used, line, long_good, long_bad = scan_block(
        block, final, line, grammar, stop_table(grammar), width, starts, ends, escaped, lines, counts, faults
    )
    if len(records.marked) < MOST_MARKED:
        records.marked += lines[marked_rows(block, starts, ends, (rows, width), marks)].tolist()
    signs = (int(grammar[1]), bool(grammar[2]))
    arrays = run(_column, [(block, starts, ends, escaped, (rows, width, i), signs) for i in range(width)])
    for chunks, array in zip(records.columns, arrays, strict=True):
        chunks.append(array)
    records.lines.append(lines[:rows].copy())
    for start, end, at, fault in faults[:bad].tolist():
        if fault == BLANK:
            records.blank_lines.append(at)
            continue
        shown = block[start : min(end, start + 4 * SHOWN_CHARACTERS)].tobytes().decode(errors="replace")
        records.rejected.append((at, FAULTS[fault], shown.rstrip("\r\n")[:SHOWN_CHARACTERS]))
    records.long_good += long_good
    records.long_bad += long_bad
    return int(used), int(line)


def _column(  # noqa: PLR0917 - handed to compiled code
    block: NDArray[np.uint8],
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    escaped: NDArray[np.bool_],
    shape: tuple[int, int, int],
    marks: tuple[int, bool],
) -> pa.Array:
    rows = shape[0]
    offsets = np.empty(rows + 1, np.int32)
    total = column_offsets(block, starts, ends, escaped, shape, marks, offsets)
    values = np.empty(total, np.uint8)
    column_values(block, starts, ends, escaped, shape, marks, values)
    return pa.Array.from_buffers(pa.string(), rows, [None, pa.py_buffer(offsets), pa.py_buffer(values)])
