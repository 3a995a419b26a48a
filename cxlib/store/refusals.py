"""What a disk, a database or another process refuses, said so that the reader can act on it."""

from __future__ import annotations

import errno
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import duckdb
import pyarrow as pa
import sqlalchemy.exc

from cxlib.errors import CxError
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

READ_ONLY_WORDS: Final = ("readonly database", "read-only file system", "unable to open database file")
DAMAGED_WORDS: Final = ("malformed", "not a database", "file is encrypted")
SQLITE: Final = (sqlite3.Error, sqlalchemy.exc.DBAPIError)
FULL: Final = frozenset({errno.ENOSPC, errno.EFBIG, errno.EDQUOT})
FORBIDDEN: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
FULL_WORDS: Final = (
    "no space left",
    "file too large",
    "disk is full",
    "disk i/o error",
    "quota exceeded",
    "max_temp_directory_size",
)


@contextmanager
def said_clearly() -> Iterator[None]:
    """Turn a full disk, a busy or a read-only store into an error that says what to do."""
    try:
        yield
    except (OSError, duckdb.Error, pa.ArrowException, *SQLITE) as error:
        refusal = _refusal(error)
        if refusal is None:
            raise
        raise refusal from error


def is_damage(error: Exception) -> bool:
    """Whether a database says that it is damaged."""
    return isinstance(error, SQLITE) and any(each in str(error).casefold() for each in DAMAGED_WORDS)


def busy() -> CxError:
    """Return the error ``store_busy``."""
    return CxError(
        "store_busy",
        N_("Somebody else is saving; nothing was changed."),
        hint=N_("Try again in a moment."),
    )


def file_missing(path: Path) -> CxError:
    """Return the error ``file_missing``, for a file that the catalogue names."""
    return CxError(
        "file_missing",
        N_("The file {value} is missing from the data folder."),
        hint=N_("Bring back a backup; cxlib fsck says what else is missing."),
        value=str(path),
    )


def file_damaged(path: Path) -> CxError:
    """Return the error ``file_damaged``, for a file that is not as it was saved."""
    return CxError(
        "file_damaged",
        N_("The file {value} in the data folder is damaged."),
        hint=N_("Bring back a backup; cxlib fsck says what else is wrong."),
        value=str(path),
    )


def _refusal(error: Exception) -> CxError | None:
    words = str(error).casefold()
    number = getattr(error, "errno", None)
    if number in FULL or any(each in words for each in FULL_WORDS):
        return CxError(
            "disk_full",
            N_("The disk is full or takes no more; nothing was changed."),
            hint=N_("Free some space or move the data folder, then try again."),
        )
    if isinstance(error, SQLITE) and "locked" in words:
        return busy()
    if is_damage(error):
        return CxError(
            "catalogue_damaged",
            N_("The catalogue of the data folder is damaged; nothing was changed."),
            hint=N_("Bring a backup into a new folder with cxlib restore, and keep this one until that is done."),
        )
    if number in FORBIDDEN or any(each in words for each in READ_ONLY_WORDS):
        return CxError(
            "store_not_writable",
            N_("The data folder cannot be written to; nothing was changed."),
            hint=N_("Give this user the right to write there, or name another folder with CXLIB_HOME."),
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return CxError(
            "too_large",
            N_("There is not enough memory to merge these files; nothing was changed."),
            hint=N_("Bring fewer rows at once, such as one month."),
        )
    return None
