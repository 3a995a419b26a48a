"""Which encoding a text file is in, decided over the whole file and never by a prefix."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Final

from cxlib.errors import CxError
from cxlib.intake.problems import Question
from cxlib.texts import N_

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHUNK: Final = 1 << 24
ENCODING_QUESTION: Final = N_("The file does not say its encoding. It was read as {chosen}: do the texts look right?")


@dataclass(frozen=True)
class Decoded:
    """A file's text as UTF-8 bytes without a byte order mark, and how it was found.

    `cut` tells that the last bytes are the beginning of a character: they were left out.
    """

    data: bytes
    encoding: str
    questions: tuple[Question, ...] = ()
    cut: bool = False


def decode(data: bytes, *, encoding: str | None = None) -> Decoded:
    """Decode strictly: by the mark, as UTF-8, as UTF-16 by its NULs, else as GB18030 or Big5, which is asked.

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
    nul_share = data.count(0) / len(data)
    wide = _utf16(data, nul_share) if nul_share else None
    checked, cut = _utf8_end(data)
    if checked and not (wide and nul_share > 0.2):  # plain text in UTF-16 is half NULs
        return Decoded(data[: len(data) - cut], "utf-8", cut=bool(cut))
    if wide:
        text = data.decode(wide)
        return Decoded(text.encode(), wide, (_question(wide, [wide]),))
    return _chinese(data)


def _given(data: bytes, encoding: str) -> Decoded:
    try:
        name = codecs.lookup(encoding).name
        if name == "utf-8" or encoding == "utf-8-sig":
            body = data.removeprefix(codecs.BOM_UTF8)
            checked, cut = _utf8_end(body)
            if not checked:
                body.decode()
            return Decoded(body[: len(body) - cut], encoding, cut=bool(cut))
        return Decoded(data.decode(encoding).removeprefix("\ufeff").encode(), encoding)
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


def _utf8_end(data: bytes) -> tuple[bool, int]:
    """Tell whether all bytes are UTF-8, and how many at the end only begin a character."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    view = memoryview(data)
    try:
        for start in range(0, len(view), _CHUNK):
            decoder.decode(view[start : start + _CHUNK])
    except UnicodeDecodeError:
        return False, 0
    return True, len(decoder.getstate()[0])


def _utf16(data: bytes, nul_share: float) -> str | None:
    if len(data) % 2 or nul_share > 0.9:  # hardly anything but NULs is no text
        return None
    even, odd = data[::2].count(0), data[1::2].count(0)
    if min(even, odd) > max(even, odd) / 20:
        return None
    name = "utf-16-le" if odd > even else "utf-16-be"
    try:
        text = data.decode(name)
    except UnicodeDecodeError:
        return None
    return name if "\x00" not in text else None


def _chinese(data: bytes) -> Decoded:
    """Choose GB18030 or Big5 by the share of characters that are common in it."""
    shares: dict[str, float] = {}
    for name, codec in (("gb18030", "gb18030"), ("big5", "big5"), ("big5", "cp950")):
        if name in shares:
            continue
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        shares[name] = _common_share(text, name)
    if not shares:
        raise CxError(
            "unknown_encoding",
            N_("The text is in none of the known encodings."),
            hint=N_("Save it as UTF-8, or choose the encoding yourself; a damaged file must be exported again."),
        )
    order = sorted(shares, key=lambda each: -shares[each])
    chosen = order[0]
    codec = chosen if chosen == "gb18030" else _big5_codec(data)
    return Decoded(data.decode(codec).encode(), chosen, (_question(chosen, order),))


def _big5_codec(data: bytes) -> str:
    try:
        data.decode("big5")
    except UnicodeDecodeError:
        return "cp950"
    return "big5"


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
