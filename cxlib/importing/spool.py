"""Uploads on the disk instead of in memory, until they are imported or a day old."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

CHUNK_BYTES: Final = 1 << 20
KEPT_S: Final = 86400.0
FOLDER: Final = "spool"


def spool(buffer: BinaryIO, root: Path) -> Path:
    """Write what a buffer holds to a file below the store's root, and return its path.

    The file is named by its content (SHA-256), so that the same upload is there once. Nothing of the name under which
    it was uploaded becomes part of the path.

    Parameters
    ----------
    buffer : binary file
        Read from its start in chunks; its position afterwards is its end.
    root : Path
        The store's root.
    """
    folder = _folder(root)
    found = hashlib.sha256()
    buffer.seek(0)
    handle, name = tempfile.mkstemp(prefix="part.", dir=folder)
    try:
        with os.fdopen(handle, "wb") as out:
            while chunk := buffer.read(CHUNK_BYTES):
                found.update(chunk)
                out.write(chunk)
        target = folder / found.hexdigest()
        if target.exists():
            os.utime(target)
        else:
            Path(name).replace(target)
    finally:
        Path(name).unlink(missing_ok=True)
    return target


def unspool(*paths: Path) -> None:
    """Remove spooled files; paths elsewhere are left alone."""
    for path in paths:
        if path.parent.name == FOLDER and len(path.name) == 64 and not path.is_symlink():
            path.unlink(missing_ok=True)


def tidy_spool(root: Path, *, older_than_s: float = KEPT_S) -> None:
    """Remove what was spooled long ago and never imported."""
    oldest = time.time() - older_than_s
    for path in _folder(root).iterdir():
        with suppress(FileNotFoundError):
            if path.lstat().st_mtime < oldest:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _folder(root: Path) -> Path:
    folder = root / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
