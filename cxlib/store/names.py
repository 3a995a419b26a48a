"""Names and ids of data sets, and of those who work on them."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from cxlib.errors import CxError
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cxlib.store.records import DataSet

ALPHABET: Final = "23456789bcdfghjkmnpqrstvwxz"  # no vowels: no words; nothing that looks like another
ID_LENGTH: Final = 8
MAX_NAME: Final = 80
MAX_TEXT: Final = 4000


def check_free(taken: Iterable[DataSet], name: str) -> None:
    """Refuse a name that another data set has."""
    if name.casefold() in {each.name.casefold() for each in taken}:
        raise CxError(
            "name_taken",
            N_("There is a data set named {value} already."),
            hint=N_("Choose another name."),
            value=name,
        )


def clean_name(name: str) -> str:
    """Return a data set's name without needless spaces, or refuse it."""
    cleaned = " ".join(clean_text(name).split())
    if not cleaned or len(cleaned) > MAX_NAME or not cleaned.isprintable():
        raise CxError(
            "bad_name",
            N_("A data set needs a name of 1 to {length} characters."),
            value=name,
            length=MAX_NAME,
        )
    return cleaned


def clean_who(who: str) -> str:
    """Return who it was, "local" where nobody said."""
    return " ".join(clean_text(who).split())[:MAX_NAME].strip() or "local"


def clean_text(text: str) -> str:
    """Return text as a database can keep it: bytes of a name that are no text are spelled out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")[:MAX_TEXT]


def new_id(taken: Iterable[str]) -> str:
    """Return a short text for links that names a data set for good."""
    known = set(taken)
    while True:
        found = "".join(secrets.choice(ALPHABET) for _ in range(ID_LENGTH))
        if found not in known:
            return found
