"""Results in folders by key, complete or not there at all; the least recently used ones go when there are too many.

A job writes into a folder of its own, which gets the name of its key when the job is done. Whoever computes holds the
lock of the key, so that others wait for it, in this process or another one; the operating system frees the lock of a
process that dies, and what it left behind can then be told from what is under way.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

KEPT_BYTES: Final = 4 << 30
IN_USE_S: Final = 900.0
"""What was asked for so recently may be read right now and is not removed for want of room."""
UNUSED_S: Final = 7 * 86400.0
RESULT: Final = "result.json"
ABOUT: Final = "about.json"


class Kept:
    """The folders of all results below one root."""

    def __init__(self, root: Path, *, limit_bytes: int = KEPT_BYTES) -> None:
        self._done = root / "done"
        self._running = root / "running"
        self._locks = root / "locks"
        self._limit_bytes = limit_bytes
        for folder in (root, self._done, self._running, self._locks):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def folder(self, key: str) -> Path:
        """Where the result of a key lies, once it is there."""
        return self._done / key

    def find(self, key: str) -> dict[str, Any] | None:
        """Return a result, which is not removed for a while, or None where it is not there as a whole."""
        folder = self.folder(key)
        try:
            os.utime(folder / ABOUT)
            about = json.loads((folder / ABOUT).read_text("utf-8"))
            whole = all((folder / name).stat().st_size == size for name, size in about["files"].items())
            return dict(json.loads((folder / RESULT).read_text("utf-8"))) if whole else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def desk(self, key: str) -> Path:
        """Return an empty folder for a job."""
        return Path(tempfile.mkdtemp(prefix=f"{key}.", dir=self._running))

    def keep(self, key: str, desk: Path, result: dict[str, Any], about: dict[str, Any]) -> Path:
        """Give the folder of a job its final name; call it while holding the key's lock."""
        (desk / RESULT).write_text(json.dumps(result), "utf-8")
        files = {str(path.relative_to(desk)): path.stat().st_size for path in desk.rglob("*") if path.is_file()}
        (desk / ABOUT).write_text(json.dumps({**about, "files": files}), "utf-8")
        self._remove(self.folder(key))  # damaged, or found to be incomplete
        desk.rename(self.folder(key))
        self._evict(key)
        return self.folder(key)

    def drop(self, desk: Path) -> None:
        """Remove what a job left."""
        shutil.rmtree(desk, ignore_errors=True)

    def forget(self, dataset: str | None = None, *, keys: frozenset[str] = frozenset()) -> None:
        """Remove the results of a data set and those that do not say where they are from; or those of `keys`."""
        for folder in _folders(self._done):
            if keys and folder.name not in keys:
                continue
            if keys or dataset is None or _about(folder).get("dataset") in (None, dataset):
                self._remove(folder)

    def lock(self, key: str) -> int | None:
        """Return a handle on the lock of a key, to be given to `free`, or None while somebody else has it."""
        path = self._locks / key
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.stat().st_ino == os.fstat(handle).st_ino:
                return handle
        except (BlockingIOError, FileNotFoundError):
            pass  # held, or removed meanwhile
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)
        return None

    def free(self, key: str, handle: int) -> None:
        """Give a lock back."""
        with suppress(FileNotFoundError):
            (self._locks / key).unlink()
        os.close(handle)

    def tidy(self) -> None:
        """Remove what jobs of dead processes left, and results that nobody has asked for in a long time."""
        now = time.time()
        for folder in _folders(self._done):
            if now - _used_at(folder) > UNUSED_S:
                self._remove(folder)
        left = [*self._running.iterdir(), *self._locks.iterdir()]
        for key in {path.name.partition(".")[0] for path in left}:
            handle = self.lock(key)
            if handle is not None:
                for desk in self._running.glob(f"{key}.*"):
                    self.drop(desk)
                self.free(key, handle)

    def _evict(self, newest: str) -> None:
        found = sorted((_used_at(folder), _size(folder), folder) for folder in _folders(self._done))
        total = sum(size for _at, size, _folder in found)
        for at, size, folder in found:
            if total <= self._limit_bytes or time.time() - at < IN_USE_S:
                return
            if folder.name != newest:
                self._remove(folder)
                total -= size

    def _remove(self, folder: Path) -> None:
        """Take a result away at once, so that nobody finds half of it."""
        away = Path(tempfile.mkdtemp(prefix="gone.", dir=self._running))
        with suppress(FileNotFoundError):
            folder.rename(away / "folder")
        shutil.rmtree(away, ignore_errors=True)


def forget(root: Path, dataset: str | None = None) -> None:
    """Remove the results below `root` of a data set and those that do not say where they are from; or all of them."""
    if (root / "done").is_dir():
        Kept(root).forget(dataset)


def key_of(parts: dict[str, Any]) -> str:
    """Return the hash of all that a result depends on."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _folders(parent: Path) -> list[Path]:
    return [path for path in parent.iterdir() if path.is_dir() and not path.is_symlink()]


def _about(folder: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((folder / ABOUT).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def _used_at(folder: Path) -> float:
    try:
        return (folder / ABOUT).stat().st_mtime
    except OSError:
        return 0.0


def _size(folder: Path) -> int:
    return sum(_about(folder).get("files", {}).values())
