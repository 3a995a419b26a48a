"""Rows and fields of text without quotes, 64 bytes at a time.

Where a block of a file holds no quote, no NUL and no lone carriage return, its rows end where its lines end, and
separators can be looked for with vector instructions. Everything else is left to the state machine of `scan`, which
this agrees with wherever it applies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from cxlib.intake.scan import BLANK, CR, LF, REPEATED_HEADER, SPACE, TOO_FEW_FIELDS, TOO_MANY_FIELDS

if TYPE_CHECKING:
    import numpy as np

PADDING: Final = 64
"""Bytes that must be readable behind a block."""
HARD: Final = 1
MORE_FIELDS: Final = 2
MORE_FAULTS: Final = 3


@intrinsic
def _equal64(_context: Any, text: Any, _at: Any, _byte: Any) -> Any:
    """Bit i of the result tells whether ``text[at + i]`` is the byte."""
    signature = types.uint64(text, types.int64, types.uint8)

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = ir.VectorType(ir.IntType(8), 64)
        chunk = _chunk(context, builder, signature, arguments, vector)
        same = builder.icmp_unsigned("==", chunk, _splat(builder, arguments[2], vector))
        return builder.bitcast(same, ir.IntType(64))

    return signature, build


@intrinsic
def _high64(_context: Any, text: Any, _at: Any) -> Any:
    """Bit i of the result tells whether ``text[at + i]`` is beyond ASCII."""
    signature = types.uint64(text, types.int64)

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = ir.VectorType(ir.IntType(8), 64)
        chunk = _chunk(context, builder, signature, arguments, vector)
        high = builder.icmp_signed("<", chunk, ir.Constant(vector, [0] * 64))
        return builder.bitcast(high, ir.IntType(64))

    return signature, build


@intrinsic
def _lowest_bit(_context: Any, _mask: Any) -> Any:
    """Place of the lowest bit that is set; there is one."""

    def build(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), build


def _chunk(context: Any, builder: Any, signature: Any, arguments: Any, vector: Any) -> Any:
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    place = builder.gep(builder.bitcast(array.data, cgutils.voidptr_t), [arguments[1]])
    return builder.load(builder.bitcast(place, vector.as_pointer()), align=1)


def _splat(builder: Any, byte: Any, vector: Any) -> Any:
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), byte, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(
        one, ir.Constant(vector, ir.Undefined), ir.Constant(ir.VectorType(ir.IntType(32), 64), [0] * 64)
    )


@njit(cache=True, nogil=True)
def split_block(  # noqa: C901, PLR0912, PLR0915, PLR0917 - one loop over millions of bytes, compiled
    text: np.ndarray,
    size: int,
    line: int,
    grammar: np.ndarray,
    header: np.ndarray,
    header_ends: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
    lines: np.ndarray,
    faults: np.ndarray,
) -> tuple[int, int, int, int, bool]:
    """Split a block of whole lines, each ended by a line feed, into rows and fields.

    Parameters
    ----------
    text : uint8 array
        With `PADDING` bytes behind the first `size`.
    line : int
        Number of the first line.
    grammar : int64 array
        As for `scan_block`.
    header, header_ends
        The cells of the header one after the other, and where each ends: its width is that of a good row.
    starts, ends, lines, faults
        Out: as for `scan_block`.

    Returns
    -------
    state, rows, bad rows, next line, whether there are bytes beyond ASCII
        The state is 0, `HARD` where the block is not of the simple kind, `MORE_FIELDS` or `MORE_FAULTS` where the
        arrays are too short.
    """
    delimiter, quote, skip_space = grammar[0], grammar[1], grammar[3] != 0
    width = len(header_ends)
    rows = bad = fields = n = start = row_start = 0
    carried, high = types.uint64(0), types.uint64(0)
    room, fault_room, row_room = len(ends) - width - 66, len(faults), len(lines)
    for at in range(0, size, 64):
        feeds = _equal64(text, at, types.uint8(LF))
        seps = _equal64(text, at, types.uint8(delimiter))
        returns = _equal64(text, at, types.uint8(CR))
        hard = _equal64(text, at, types.uint8(0))
        if quote:
            hard |= _equal64(text, at, types.uint8(quote))
        beyond = _high64(text, at)
        if size - at < 64:
            inside = (types.uint64(1) << types.uint64(size - at)) - types.uint64(1)
            feeds, seps, returns, hard, beyond = (
                feeds & inside,
                seps & inside,
                returns & inside,
                hard & inside,
                beyond & inside,
            )
        high |= beyond
        if hard | (((returns << types.uint64(1)) | carried) & ~feeds):
            return HARD, rows, bad, line, high != 0
        carried = returns >> types.uint64(63)
        if fields > room:
            return MORE_FIELDS, rows, bad, line, high != 0
        marks = feeds | seps
        while marks:
            bit = _lowest_bit(marks)
            marks &= marks - types.uint64(1)
            place = at + bit
            if n < width:
                starts[fields + n] = start
                ends[fields + n] = place
            n += 1
            start = place + 1
            if not (feeds >> types.uint64(bit)) & types.uint64(1):
                if skip_space and text[start] == SPACE:
                    start += 1
                continue
            stop = place
            if stop > row_start and text[stop - 1] == CR:
                stop -= 1
            fault = 0
            if n == width:
                ends[fields + n - 1] = max(stop, starts[fields + n - 1])
                if _is_header(text, starts, ends, fields, header, header_ends):
                    fault = REPEATED_HEADER
            else:
                fault = TOO_FEW_FIELDS if n < width else TOO_MANY_FIELDS
            if n == 1 and _only_spaces(text, row_start, stop):
                fault = BLANK
            if fault:
                if bad >= fault_room:
                    return MORE_FAULTS, rows, bad, line, high != 0
                faults[bad, 0], faults[bad, 1], faults[bad, 2], faults[bad, 3] = row_start, place + 1, line, fault
                bad += 1
            else:
                if rows >= row_room:
                    return MORE_FIELDS, rows, bad, line, high != 0
                lines[rows] = line
                rows += 1
                fields += width
            n = 0
            line += 1
            row_start = start
    return 0, rows, bad, line, high != 0


@njit(cache=True, nogil=True)
def _only_spaces(text: np.ndarray, start: int, end: int) -> bool:
    at = start
    while at < end and text[at] == SPACE:
        at += 1
    return at == end


@njit(cache=True, nogil=True)
def _is_header(  # noqa: PLR0917 - compiled code takes arrays by place
    text: np.ndarray, starts: np.ndarray, ends: np.ndarray, base: int, header: np.ndarray, header_ends: np.ndarray
) -> bool:
    first = 0
    for i in range(len(header_ends)):
        start, length = starts[base + i], header_ends[i] - first
        if ends[base + i] - start != length:
            return False
        for k in range(length):
            if text[start + k] != header[first + k]:
                return False
        first = header_ends[i]
    return True
