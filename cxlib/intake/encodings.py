"""Which encoding a text file is in, decided over the whole file and never by a prefix."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from cxlib.errors import CxError
from cxlib.intake.problems import Question
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Iterator

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NAMES: Final = ("gb18030", "big5", "windows-1252")
_CODECS: Final = {"gb18030": ("gb18030",), "big5": ("big5", "cp950"), "windows-1252": ("cp1252",)}
_NUL: Final = "cxlib-nul"
_CHUNK: Final = 1 << 22
_SHOWN_BYTES: Final = 1 << 16
_JUDGED_BYTES: Final = 1 << 22
MAX_BAD_SHARE: Final = 0.02
"""A file in which more of the characters beyond ASCII than this are faulty is in another encoding."""
LEAST_LIKENESS: Final = 0.3
SHOWN_CELLS: Final = 6
ENCODING_QUESTION: Final = N_("The file does not say its encoding. It was read as {chosen}: do the texts look right?")
MIXED_QUESTION: Final = N_(
    "Some lines are in another encoding than the rest. The file was read as {chosen} and those lines set aside: "
    "is that right?"
)
_UTF8_LINE: Final = re.compile(rb"(?:[\x01-\x7f]*(?:[\xe3-\xe9\xef][\x80-\xbf]{2})){2,}[\x01-\x7f]*")
_TEXTS: Final = re.compile(r"[^\x00-\x1f\"',;|]+")


@dataclass(frozen=True)
class Guess:
    """An encoding that the bytes allow, and some texts beyond ASCII as they read in it."""

    encoding: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Decoded:
    """A file's text as UTF-8 bytes without a byte order mark, and how it was found.

    `cut` tells that the last bytes are the beginning of a character: they were left out. Where `damaged`, bytes that
    are no characters stand as NUL, which no row may hold. `guesses` are what the bytes allow, the best first.
    """

    data: bytes
    encoding: str
    questions: tuple[Question, ...] = ()
    cut: bool = False
    damaged: bool = False
    guesses: tuple[Guess, ...] = ()


def decode(data: bytes, *, encoding: str | None = None) -> Decoded:
    """Decode strictly: by the mark, as UTF-8, as UTF-16 by its NULs, else as GB18030, Big5 or 1252, which is asked.

    A file that is nearly all in one encoding keeps it: the bytes that are not are marked, so that their rows are set
    aside.

    Raises
    ------
    CxError
        ``unknown_encoding`` where nothing fits, ``wrong_encoding`` where `encoding` does not.
    """
    if encoding is not None:
        return _given(data, encoding)
    for mark, name in _BOMS:
        if data.startswith(mark):
            return _given(data, name)
    nul_share = data.count(0) / len(data) if data.find(0) >= 0 else 0.0
    wide = _utf16(data, nul_share) if nul_share else None
    checked, cut = _utf8_end(data)
    if checked and not (wide and nul_share > 0.2):  # plain text in UTF-16 is half NULs
        asked = (_question(wide, [wide, "utf-8"]),) if wide and _has_controls(data) else ()
        if not asked:
            return Decoded(data[: len(data) - cut] if cut else data, "utf-8", cut=bool(cut))
    if wide:
        guesses = _guesses(data, [wide, *_NAMES[:2]])
        text, damaged = _wide_text(data, wide)
        return Decoded(text, wide, (_question(wide, [wide]),), damaged=damaged, guesses=guesses)
    return _nearly_utf8(data) or _chinese(data)


def _given(data: bytes, encoding: str) -> Decoded:
    try:
        name = codecs.lookup(encoding).name
        if name == "utf-8" or encoding == "utf-8-sig":
            body = data.removeprefix(codecs.BOM_UTF8)
            checked, cut = _utf8_end(body)
            if checked:
                return Decoded(body[: len(body) - cut] if cut else body, encoding, cut=bool(cut))
            if body.isascii() or _judged(body)[0] < _judged(body)[1]:
                body.decode()
            return Decoded(_marked_utf8(body), encoding, damaged=True)
        if name in ("utf-16", "utf-16-le", "utf-16-be"):
            text, damaged = _wide_text(data, encoding)
            return Decoded(text, encoding, damaged=damaged)
        return _decoded_as(data, encoding, _CODECS.get(encoding, (encoding,)))
    except LookupError as error:
        raise CxError(
            "unknown_encoding",
            N_("There is no encoding called {value}."),
            hint=N_("Choose one of: UTF-8, UTF-16, GB18030, Big5."),
            value=encoding,
        ) from error
    except UnicodeError as error:
        raise CxError(
            "wrong_encoding",
            N_("The file is not written in {value}."),
            hint=N_("Choose another encoding, or let it be found."),
            value=encoding,
        ) from error


def _decoded_as(data: bytes, name: str, tried: tuple[str, ...]) -> Decoded:
    """Decode by the first of some codecs that fits; a few faulty bytes are marked."""
    for codec in tried:
        try:
            return Decoded(data.decode(codec).removeprefix("\ufeff").encode(), name)
        except UnicodeDecodeError:
            continue
    if name == "windows-1252":  # in which nearly all bytes are characters
        raise UnicodeError
    text = data.decode(tried[0], errors=_NUL)
    _check_few_bad(text.count("\x00") - data.count(0), text)
    return Decoded(text.encode(), name, damaged=True)


def _check_few_bad(bad: int, text: str) -> None:
    beyond = len(text) - len(text.encode("ascii", "ignore"))
    if bad > max(1, MAX_BAD_SHARE * beyond):
        raise UnicodeError


def is_utf8(data: bytes | memoryview) -> bool:
    """Tell whether all bytes are UTF-8."""
    ends = pa.py_buffer(np.array([0, len(data)], np.int64))
    try:
        pa.Array.from_buffers(pa.large_string(), 1, [None, ends, pa.py_buffer(data)]).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _utf8_end(data: bytes) -> tuple[bool, int]:
    """Tell whether all bytes are UTF-8, and how many at the end only begin a character."""
    cut = _begun(data[-4:])
    if not cut:
        return is_utf8(data), 0
    return is_utf8(memoryview(data)[: len(data) - cut]), cut


def _begun(tail: bytes) -> int:
    decoder = codecs.getincrementaldecoder("utf-8")("ignore")
    decoder.decode(tail)
    return len(decoder.getstate()[0])


def _wide_text(data: bytes, encoding: str) -> tuple[bytes, bool]:
    """Decode UTF-16; an odd byte at the end or half a pair leaves a NUL, which sets the row aside."""
    try:
        return data.decode(encoding).removeprefix("\ufeff").encode(), False
    except UnicodeDecodeError as error:
        if error.end < len(data) - 2:
            raise
        text = data[: error.start].decode(encoding).removeprefix("\ufeff")
        return f"{text}\x00".encode(), True


def _utf16(data: bytes, nul_share: float) -> str | None:
    if nul_share > 0.9:  # hardly anything but NULs is no text
        return None
    even, odd = data[::2].count(0), data[1::2].count(0)
    if min(even, odd) > max(even, odd) / 20:
        return None
    name = "utf-16-le" if odd > even else "utf-16-be"
    try:
        text, damaged = _wide_text(data, name)
    except UnicodeDecodeError:
        return None
    return name if text.count(b"\x00") == damaged and not (damaged and nul_share < 0.1) else None


def _has_controls(data: bytes) -> bool:
    return re.search(rb"[\x01-\x08\x0e-\x1f]", data[:_SHOWN_BYTES]) is not None


def _nearly_utf8(data: bytes) -> Decoded | None:
    """Keep UTF-8 where most lines with characters beyond ASCII are written in it; the bytes that are not are marked."""
    good, bad = _judged(data)
    if good < max(bad, 1):
        return None
    questions: tuple[Question, ...] = ()
    if bad > max(2, MAX_BAD_SHARE * good):
        questions = (Question("encoding", MIXED_QUESTION, ("utf-8", "gb18030", "big5"), "utf-8"),)
    return Decoded(
        _marked_utf8(data), "utf-8", questions, damaged=True, guesses=_guesses(data, ["utf-8", "gb18030", "big5"])
    )


def _judged(data: bytes) -> tuple[int, int]:
    """Count lines that hold characters beyond ASCII in UTF-8, and lines that are not UTF-8."""
    good = bad = 0
    size = _JUDGED_BYTES // 4
    first = next(_faults(data))[0]
    places = {0, max(first - size // 2, 0), len(data) // 2, max(len(data) - size, 0)} if len(data) > 4 * size else {0}
    for place in places:
        part = data[place : place + (size if len(places) > 1 else len(data))]
        for line in re.findall(rb"[^\r\n]*[\x80-\xff][^\r\n]*", part):
            try:
                line.decode()
            except UnicodeDecodeError:
                bad += 1
            else:
                good += 1
    return good, bad


def _faults(data: bytes) -> Iterator[tuple[int, int]]:
    """Return the places of the bytes that are not UTF-8."""
    view, start = memoryview(data), 0
    while start < len(data):
        final = start + _CHUNK >= len(data)
        try:
            start += codecs.utf_8_decode(view[start : start + _CHUNK], "strict", final)[1]
        except UnicodeDecodeError as error:
            yield start + error.start, start + error.end
            start += error.end


def _marked_utf8(data: bytes) -> bytes:
    marked = bytearray(data)
    for start, end in _faults(data):
        marked[start:end] = bytes(end - start)
    return bytes(marked)


def _chinese(data: bytes) -> Decoded:
    """Choose among the encodings that say nothing of themselves, by the share of characters that are common in them."""
    plain, mixed = _without_utf8(data)
    found: dict[str, tuple[float, Decoded]] = {}
    for name in _NAMES:
        try:
            decoded = _decoded_as(data if name == "windows-1252" else plain, name, _CODECS[name])
        except UnicodeError:
            continue
        found[name] = (_likeness(decoded, data, name), decoded)
    order = sorted(found, key=lambda each: -found[each][0])
    if not order or found[order[0]][0] < LEAST_LIKENESS:
        raise CxError(
            "unknown_encoding",
            N_("The text is in none of the known encodings."),
            hint=N_("Save it as UTF-8, or choose the encoding yourself; a damaged file must be exported again."),
        )
    chosen = order[0]
    decoded = found[chosen][1]
    mixed = mixed and chosen != "windows-1252"
    asked = Question("encoding", MIXED_QUESTION, tuple(order), chosen) if mixed else _question(chosen, order)
    guesses = _guesses(data, order)
    return Decoded(decoded.data, chosen, (asked,), damaged=decoded.damaged or mixed, guesses=guesses)


def _without_utf8(data: bytes) -> tuple[bytes, bool]:
    """Mark the lines that are surely UTF-8 in a file that is not."""
    if len(data) > _JUDGED_BYTES:
        return data, False
    lines = data.split(b"\n")
    surely = [i for i, line in enumerate(lines) if not line.isascii() and _UTF8_LINE.fullmatch(line)]
    for i in surely:
        lines[i] = re.sub(rb"[\x80-\xff]", b"\x00", lines[i])
    return b"\n".join(lines), bool(surely)


def _likeness(decoded: Decoded, data: bytes, name: str) -> float:
    """Share of the characters beyond ASCII that are common in the encoding, 0 to 1."""
    if name == "windows-1252":
        runs = [len(run) for run in re.findall(rb"[\x80-\xff]+", data[:_JUDGED_BYTES])]
        return 0.97 if runs and sum(runs) <= 1.1 * len(runs) and 0 not in data else 0.01
    penalty = 0.02 if decoded.damaged else 0.0
    return _common_share(decoded.data[:_JUDGED_BYTES].decode(errors="ignore"), name) - penalty


def _common_share(text: str, encoding: str) -> float:
    """Share of the characters beyond ASCII that stand in the first, common level of the encoding."""
    counts: dict[str, int] = {}
    for character in text:
        if character > "\x7f":
            counts[character] = counts.get(character, 0) + 1
    total = sum(counts.values())
    codec = "gb2312" if encoding == "gb18030" else "big5"
    common = sum(n for character, n in counts.items() if _is_common(character, codec))
    return common / total if total else 0.0


def _is_common(character: str, codec: str) -> bool:
    code = character.encode(codec, errors="ignore")
    if len(code) != 2:  # a character of both sets takes two bytes
        return False
    lead = code[0]
    if codec == "gb2312":
        return 0xA1 <= lead <= 0xA3 or 0xB0 <= lead <= 0xD7  # punctuation, first level
    return 0xA1 <= lead <= 0xA3 or 0xA4 <= lead <= 0xC6


def _question(chosen: str, options: list[str]) -> Question:
    return Question("encoding", ENCODING_QUESTION, tuple(options), chosen)


def _guesses(data: bytes, order: list[str]) -> tuple[Guess, ...]:
    """Return texts of the first lines that are not ASCII, as they read in each encoding."""
    found = []
    at = re.search(rb"[\x80-\xff]", data)
    start = data.rfind(b"\n", 0, at.start()) + 1 if at else 0
    for name in order:
        begin = start - start % 2 if name.startswith("utf-16") else start
        text = data[begin : begin + _SHOWN_BYTES].decode(_CODECS.get(name, (name,))[0], errors="replace")
        cells = [each.strip() for each in _TEXTS.findall(text) if not each.isascii()]
        found.append(Guess(name, tuple(dict.fromkeys(each[:40] for each in cells))[:SHOWN_CELLS]))
    return tuple(found)


def _as_nul(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\x00", error.end


codecs.register_error(_NUL, _as_nul)
