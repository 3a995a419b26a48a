"""Texts in the reader's language.

The language of the running context lives in a context variable, so that two sessions of one server never
see each other's. Catalogues are gettext ``.po`` files in ``cxlib/locales``; a text is its English form.
"""

from __future__ import annotations

import gettext
import io
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

if TYPE_CHECKING:
    from collections.abc import Iterator

LANGUAGES: Final = {"en": "English", "zh_CN": "简体中文"}
DEFAULT_LANGUAGE: Final = "en"
_FULL_STOPS: Final = ("。", "？", "！")
"""After these the next sentence follows without a space."""
LOCALES: Final = Path(__file__).parent / "locales"

_language: ContextVar[str] = ContextVar("cxlib_language", default=DEFAULT_LANGUAGE)


def N_(text: str) -> str:  # noqa: N802 - the name gettext tools look for
    """Mark a text for the catalogues and return it unchanged."""
    return text


def _(text: str, /, **values: Any) -> str:
    """Return the text in the reader's language, its ``{names}`` filled in from `values`."""
    said = _translations(language()).gettext(text) if text else ""
    return said.format(**values) if values else said


def ngettext(one: str, many: str, n: int, /, **values: Any) -> str:
    """Return the form of the text that fits the number `n`, which it may also show as ``{n}``."""
    return _translations(language()).ngettext(one, many, n).format(n=n, **values)


def sentences(*said: str) -> str:
    """Return sentences one after the other, as the language sets them apart; empty ones are left out."""
    whole = ""
    for each in filter(None, said):
        whole += each if not whole or whole.endswith(_FULL_STOPS) else f" {each}"
    return whole


def language() -> str:
    """Return the language in force: a key of `LANGUAGES`."""
    return _language.get()


def set_language(name: str) -> None:
    """Set the language of the running context; an unknown name means English."""
    _language.set(name if name in LANGUAGES else DEFAULT_LANGUAGE)


@contextmanager
def speaking(name: str) -> Iterator[None]:
    """Set the language for the length of a block."""
    token = _language.set(name if name in LANGUAGES else DEFAULT_LANGUAGE)
    try:
        yield
    finally:
        _language.reset(token)


def match_language(asked: str | None) -> str:
    """Return the catalogue nearest to a browser's or system's locale, such as ``zh-Hans-CN``."""
    return "zh_CN" if asked and asked.lower().replace("_", "-").startswith("zh") else DEFAULT_LANGUAGE


@cache
def _translations(name: str) -> gettext.NullTranslations:
    path = LOCALES / name / "LC_MESSAGES" / "cxlib.po"
    if not path.exists():
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=name))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
