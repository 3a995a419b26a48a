"""How much a file may hold before it is refused.

Ratios alone do not tell an honest table from a bomb: ids that are sorted, months that repeat and meters that are zero
pack a hundred times and more. What cannot be honest is a file that holds gigabytes in almost nothing, for every
customer's id must be written somewhere; and what cannot be borne is more than streaming can take, or more at once than
memory can hold.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, Final

from cxlib.errors import CxError
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Iterator

MIB: Final = 1 << 20
MAX_EXPANDED_BYTES: Final = 8192 * MIB
"""No packed text may hold more than this."""
FREE_EXPANDED_BYTES: Final = 256 * MIB
"""Up to here the ratio does not matter: small files of zeros are harmless."""
FREE_GZIP_BYTES: Final = 64 * MIB
"""The same for packed text, of which the ratio is known while it is unpacked."""
MAX_RATIO: Final = 200
"""Honest texts pack 3 to 30 times."""
MAX_COLUMNS: Final = 2000

MAX_PARQUET_ROWS: Final = 1_000_000_000
MAX_PARQUET_BYTES: Final = 256 * 1024 * MIB
"""Parquet is read in parts: its whole is bounded by time and disk alone."""
MAX_PARQUET_RATIO: Final = 1000
"""From `FREE_EXPANDED_BYTES` on; an honest row takes more than a few hundredths of a byte."""
MAX_GROUP_BYTES: Final = 4096 * MIB
"""A column of one row group may have to be in memory as a whole."""
CELL_BYTES: Final = 8

MAX_SHEET_BYTES: Final = 300 * MIB
"""A workbook is held in memory several times over: its parts together may not be larger."""
MAX_SHEET_CELLS: Final = 50_000_000
"""Cells between the first and the last one, the empty ones too, for all are laid out."""
MAX_SHEET_PARTS: Final = 10_000
_CHUNK: Final = 1 << 20
_OVERLAP: Final = 64
_COLUMN: Final = re.compile(rb"""\sr\s*=\s*["']([A-Z]{1,4})[0-9]""")
_ROW: Final = re.compile(rb"""\sr\s*=\s*["'][A-Z]{0,4}([0-9]{1,10})["']""")


def check_expansion(
    packed: int,
    expanded: int,
    *,
    limit: int = MAX_EXPANDED_BYTES,
    most_times: float = MAX_RATIO,
    free: int = FREE_EXPANDED_BYTES,
) -> None:
    """Raise `CxError` ``too_large`` where `packed` bytes hold too many `expanded` bytes."""
    if expanded > limit or (expanded > free and expanded > most_times * max(packed, 1)):
        raise _too_large(packed, expanded)


def check_parquet(packed: int, metadata: Any) -> None:
    """Refuse a Parquet file of `packed` bytes by what its metadata declare, before anything of it is unpacked.

    Parameters
    ----------
    packed : int
        Bytes of the file.
    metadata : pyarrow.parquet.FileMetaData

    Raises
    ------
    CxError
        ``too_large``.
    """
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    declared = sum(group.total_byte_size for group in groups)
    expanded = max(declared, metadata.num_rows * metadata.num_columns * CELL_BYTES)
    check_parquet_part(packed, expanded)
    columns = (group.column(i) for group in groups for i in range(group.num_columns))
    largest = max((column.total_uncompressed_size for column in columns), default=0)
    if metadata.num_rows > MAX_PARQUET_ROWS or largest > MAX_GROUP_BYTES:
        raise _too_large(packed, expanded)


def check_parquet_part(packed: int, seen: int) -> None:
    """Refuse a Parquet file of `packed` bytes out of which `seen` bytes have come; metadata do not tell of long texts.

    Raises
    ------
    CxError
        ``too_large``.
    """
    check_expansion(packed, seen, limit=MAX_PARQUET_BYTES, most_times=MAX_PARQUET_RATIO)


def check_workbook(data: bytes) -> None:
    """Refuse a workbook by what its parts declare and by what they really hold, before it is opened.

    Raises
    ------
    CxError
        ``too_large``.
    zipfile.BadZipFile
        Where the parts are not as they declare.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        members = parts.infolist()
    declared = sum(each.file_size for each in members)
    if len(members) > MAX_SHEET_PARTS or declared > MAX_SHEET_BYTES:
        raise _too_large(len(data), declared)
    check_expansion(len(data), declared)
    if sum(each.compress_size for each in members) > len(data):
        raise zipfile.BadZipFile
    for each in members:
        _check_part(data, each)


def _check_part(data: bytes, part: zipfile.ZipInfo) -> None:
    sheet = part.filename.startswith("xl/worksheets/")
    total, rows, columns, before = 0, 0, {b"A"}, b""
    for chunk in _unpacked(data, part):
        total += len(chunk)
        if total > part.file_size:  # a reader that trusts the data more than what is declared of it
            raise zipfile.BadZipFile
        if sheet:
            text = before + chunk
            columns.update(_COLUMN.findall(text))
            rows = max(rows, max(map(int, _ROW.findall(text)), default=0))
            before = chunk[-_OVERLAP:]
            if rows * max(map(_place, columns)) > MAX_SHEET_CELLS:
                raise _too_large(len(data), rows * max(map(_place, columns)) * CELL_BYTES)


def _unpacked(data: bytes, part: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        name, extra = struct.unpack_from("<HH", data, part.header_offset + 26)
    except struct.error as error:
        raise zipfile.BadZipFile from error
    start = part.header_offset + 30 + name + extra
    rest: bytes | memoryview = memoryview(data)[start : start + part.compress_size]
    if part.compress_type == zipfile.ZIP_STORED:
        for at in range(0, len(rest), _CHUNK):
            yield bytes(rest[at : at + _CHUNK])
        return
    if part.compress_type != zipfile.ZIP_DEFLATED:
        raise zipfile.BadZipFile
    engine = zlib.decompressobj(wbits=-15)
    try:
        while not engine.eof and len(rest):
            yield engine.decompress(rest, _CHUNK)
            rest = engine.unconsumed_tail
    except zlib.error as error:
        raise zipfile.BadZipFile from error


def _place(letters: bytes) -> int:
    """Return the number of a column from its letters, 1 for A."""
    found = 0
    for letter in letters:
        found = 26 * found + letter - 64
    return found


def _too_large(packed: int, expanded: int) -> CxError:
    return CxError(
        "too_large",
        N_("The file holds at least {expanded} MB in {packed} MB."),
        hint=N_("Split the file, or save it as CSV."),
        expanded=round(expanded / MIB),
        packed=round(packed / MIB, 1),
    )
