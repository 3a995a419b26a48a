"""Cells of a workbook that show an error, or a formula without its result: they would read as empty."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from html import unescape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_ERRORS: Final = 10_000
_CHUNK: Final = 1 << 20
_LONGEST_CELL: Final = 1 << 16
_SHEET: Final = re.compile(rb"<(?:\w+:)?sheet\s[^>]*?\br?:?id=\"(?P<id>[^\"]+)\"[^>]*>")
_TARGET: Final = re.compile(rb"<(?:\w+:)?Relationship\s[^>]*>")
_CELL: Final = re.compile(
    rb"<(?:\w+:)?c\s(?P<told>[^>]*[^/>])>(?P<held>(?:(?!</(?:\w+:)?c>).)*)</(?:\w+:)?c>", re.DOTALL
)
_PLACE: Final = re.compile(rb"\br=\"([A-Z]{1,3})([0-9]+)\"")
_VALUE: Final = re.compile(rb"<(?:\w+:)?v[^>]*>([^<]*)</")
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[\s>/]")
NO_RESULT: Final = "#FORMULA"


def error_cells(data: bytes, place: int) -> list[tuple[int, int, str]]:
    """Return (row, column, text) of the faulty cells of the sheet at a place in the workbook, counted from 1.

    The text is the error as it is shown, such as ``#N/A``; ``#FORMULA`` stands for a formula whose result was not
    saved with the file.
    """
    found: list[tuple[int, int, str]] = []
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            name = _part(parts, place)
            if name is None:
                return []
            for told, held in _suspects(parts, name):
                where = _PLACE.search(told)
                text = _error(told, held)
                if where and text:
                    found.append((int(where[2]), _column(where[1].decode()), text))
                if len(found) >= MOST_ERRORS:
                    break
    except (zipfile.BadZipFile, KeyError, OSError, EOFError, zipfile.zlib.error):  # type: ignore[attr-defined]
        return found
    return found


def _part(parts: zipfile.ZipFile, place: int) -> str | None:
    sheets = _SHEET.findall(parts.read("xl/workbook.xml"))
    if place >= len(sheets):
        return None
    for told in _TARGET.findall(parts.read("xl/_rels/workbook.xml.rels")):
        named = dict(re.findall(rb"(\w+)=\"([^\"]*)\"", told))
        if named.get(b"Id") == sheets[place]:
            target = unescape(named[b"Target"].decode())
            return target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
    return None


def _suspects(parts: zipfile.ZipFile, name: str) -> Iterator[tuple[bytes, bytes]]:
    """Return attributes and contents of the cells that may be faulty, piece by piece."""
    with parts.open(name) as stream:
        rest = b""
        while True:
            piece = stream.read(_CHUNK)
            text = rest + piece
            cut = text.rfind(b"</c>") + 4 if b"</c>" in text else len(text) if not piece else 0
            whole, rest = text[:cut], text[cut:][-_LONGEST_CELL:]
            if b't="e"' in whole or b"<f" in whole or b":f" in whole:
                for cell in _CELL.finditer(whole):
                    yield cell["told"], cell["held"]
            if not piece:
                return


def _error(told: bytes, held: bytes) -> str:
    value = _VALUE.search(held)
    if b't="e"' in told:
        return unescape(value[1].decode(errors="replace")) if value else "#ERROR"
    if _FORMULA.search(held) and not (value and value[1]) and b't="str"' not in told:
        return NO_RESULT
    return ""


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return number
