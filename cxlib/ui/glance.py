"""The first rows of a text file under any encoding, to be looked at before it is decided how the file is read."""

from __future__ import annotations

import codecs
import csv
import gzip
import zlib
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

if TYPE_CHECKING:
    from pathlib import Path

HEAD_BYTES: Final = 1 << 15
ROWS: Final = 5
COLUMNS: Final = 8
CELL: Final = 40
GZIP: Final = b"\x1f\x8b"
ENCODINGS: Final = ("utf-8", "gb18030", "big5", "utf-16-le", "utf-16-be", "windows-1252")


def first_rows(path: Path, *, encoding: str, delimiter: str = ",") -> pd.DataFrame | None:
    """Return the header and the first rows as they are under an encoding; what it cannot decode shows as ``\ufffd``.

    Only the first bytes are read, and nothing is concluded from them. None where the file is not there.
    """
    try:
        head = _head(path)
    except (OSError, EOFError, zlib.error):
        return None
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head).removeprefix("\ufeff")
    lines = [line for line in text.splitlines()[:-1] or text.splitlines() if line.strip()][: ROWS + 1]
    cells = [[cell[:CELL] for cell in row[:COLUMNS]] for row in _split(lines, delimiter)]
    if not cells:
        return None
    wide = max(map(len, cells))
    even: list[list[Any]] = [[*row, *[""] * (wide - len(row))] for row in cells]
    names = [f"{name or ' '}{'' if name not in even[0][:i] else f' {i + 1}'}" for i, name in enumerate(even[0])]
    return pd.DataFrame(even[1:], columns=names, dtype="str")


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head.startswith(GZIP):
        return head
    with gzip.open(path) as unpacked:
        return unpacked.read(HEAD_BYTES)


def _split(lines: list[str], delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        return [line.split(delimiter) for line in lines]
