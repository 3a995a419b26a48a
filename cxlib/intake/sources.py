"""The bytes of a file, unpacked, and what kind of file they are."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from cxlib.errors import CxError
from cxlib.intake.bounds import FREE_GZIP_BYTES, MIB, check_expansion
from cxlib.intake.bytes_at import FileBytes, plain_file
from cxlib.intake.encodings import Decoded
from cxlib.texts import N_

SourceKind = Literal["text", "xlsx", "parquet"]

LARGE_BYTES: Final = 8 * MIB
"""A file of text from here on is read piece by piece and never held as a whole."""

_OTHER_KINDS: Final = (
    (b"%PDF", "PDF"),
    (b"\x7fELF", N_("program")),
    (b"\xd0\xcf\x11\xe0", N_("old Excel or Office file")),
    (b"SQLite format 3\x00", "SQLite"),
    (b"\x89PNG", N_("picture")),
    (b"\xff\xd8\xff", N_("picture")),
    (b"GIF8", N_("picture")),
    (b"Rar!\x1a\x07", "RAR"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xcf\xfa\xed\xfe", N_("program")),
    (b"ARROW1\x00\x00", "Arrow"),
    (b"{\\rtf", "RTF"),
)
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_PEEKED: Final = MIB
_FED: Final = 1 << 16
_PICKLE: Final = re.compile(rb"\x80[\x02-\x06]")
_HTML: Final = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype|html|head|body|table|\?xml|!--)", re.IGNORECASE)
_JSON: Final = re.compile(rb'(\xef\xbb\xbf)?\s*(\{\s*("[^"]*"\s*:|\})|\[\s*[\[{]|\[\s*\]\s*$)')


@dataclass(frozen=True)
class Source:
    """The bytes of one file, no longer packed by gzip, and its kind."""

    data: bytes
    kind: SourceKind
    name: str
    packed: int


def open_source(source: Path | str | bytes, *, name: str | None = None) -> Source:
    """Read a file whole, unpack gzip, and tell its kind by its first bytes, never by its name.

    Raises
    ------
    CxError
        ``no_file``, ``empty_file``, ``other_kind`` (naming the kind), ``too_large``, ``damaged_gzip``.
    """
    data = source if isinstance(source, bytes) else _read(Path(source))
    called = name if name is not None else ("" if isinstance(source, bytes) else Path(source).name)
    packed = len(data)
    if data[:2] == b"\x1f\x8b":
        data = _gunzip(data)
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        _refuse_empty(data)
    return Source(data=data, kind=_kind(data), name=called, packed=packed)


def open_large(source: Path | str | bytes, *, encoding: str | None, name: str | None) -> tuple[Source, Decoded] | None:
    """Return a large file of UTF-8 text without bringing it into memory; None for everything else."""
    path = Path() if isinstance(source, bytes) else Path(source)
    if isinstance(source, bytes) or not path.is_file() or path.stat().st_size < LARGE_BYTES:
        return None
    _check_not_all_nul(path)
    text = FileBytes(path)
    head, tail = text[:4096], text[len(text) - 4 :]
    if encoding is not None and encoding.lower().replace("_", "-") not in ("utf-8", "utf8", "utf-8-sig"):
        return None
    if head[:2] in (b"\x1f\x8b", b"PK") or (head[:4] == b"PAR1" and tail == b"PAR1") or _kind(head) != "text":
        return None
    found = plain_file(path)
    if found is None:
        return None
    text, skipped, cut = found
    called = name if name is not None else path.name
    decoded = Decoded(text, encoding or ("utf-8-sig" if skipped else "utf-8"), cut=cut)  # type: ignore[arg-type]
    return Source(b"", "text", called, len(text)), decoded


def _read(path: Path) -> bytes:
    """Read a file whole, unless its first bytes tell already that it is no table."""
    try:
        with path.open("rb") as file:
            head = file.read(_PEEKED)
            if head[:2] != b"\x1f\x8b" and head[:4] not in _ZIP:
                _check_other_kinds(head)
            return head + file.read()
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise CxError(
            "no_file",
            N_("The file {name} cannot be opened."),
            hint=N_("Check its name and who may read it."),
            name=path.name,
        ) from error


def _check_not_all_nul(path: Path) -> None:
    """Refuse a large file with nothing at its beginning, in its middle and at its end."""
    size = path.stat().st_size
    with path.open("rb") as file:
        for place in (0, size // 2, max(size - _PEEKED, 0)):
            file.seek(place)
            if file.read(_PEEKED).strip(b"\x00"):
                return
    _refuse_empty(b"\x00")


def _refuse_empty(data: bytes) -> None:
    if b"\x00" in data:
        raise CxError(
            "nul_file",
            N_("The file holds nothing but NUL bytes."),
            hint=N_("It was damaged on its way: export it again."),
        )
    raise CxError("empty_file", N_("The file is empty."), hint=N_("Export it again, with its header and its rows."))


def _kind(data: bytes) -> SourceKind:
    if data[:4] == b"PAR1" and data[-4:] == b"PAR1":
        return "parquet"
    if data[:4] in _ZIP:
        if b"xl/workbook.xml" in data:
            return "xlsx"
        _refuse_kind("ZIP")
    _check_other_kinds(data)
    return "text"


def _check_other_kinds(data: bytes) -> None:
    for magic, kind in _OTHER_KINDS:
        if data.startswith(magic):
            _refuse_kind(kind)
    head = data[:4096]
    if head[:2] == b"MZ" and b"\x00" in head:
        _refuse_kind(N_("program"))
    if _PICKLE.match(head):
        _refuse_kind("pickle")
    if _HTML.match(head):
        _refuse_kind("HTML/XML")
    if _JSON.match(head):
        _refuse_kind("JSON")


def _refuse_kind(kind: str) -> None:
    raise CxError(
        "other_kind",
        N_("This is no table but another kind of file: {kind}."),
        hint=N_("Save the table as CSV, Excel (.xlsx) or Parquet and bring that file."),
        kind=kind,
    )


def _gunzip(data: bytes) -> bytes:
    """Unpack all members, stopping as soon as what was read of them has held too much."""
    parts: list[bytes] = []
    total, at, packed = 0, 0, memoryview(data)
    try:
        while data[at : at + 2] == b"\x1f\x8b":
            engine = zlib.decompressobj(wbits=31)
            rest: bytes | memoryview = b""
            while not engine.eof:
                if not rest:  # a little at a time: what is left over is copied
                    rest = packed[at : at + _FED]
                    at += len(rest)
                given = len(rest)
                part = engine.decompress(rest, MIB)
                rest = engine.unconsumed_tail
                if not part and not given:
                    raise zlib.error  # noqa: TRY301 - cut off, which zlib itself does not say
                parts.append(part)
                total += len(part)
                check_expansion(at - len(rest), total, free=FREE_GZIP_BYTES)
            at -= len(engine.unused_data)
    except zlib.error as error:
        raise CxError(
            "damaged_gzip",
            N_("The packed file is damaged or cut off."),
            hint=N_("Copy or export it again."),
        ) from error
    return b"".join(parts)
