"""Files that survive a crash: complete under the name of their content, or not there at all.

A file is written under a temporary name, synced, renamed to the hash of its content, and its folder synced; only then
may the catalogue speak of it. Who writes holds the store's lock together with others; who removes holds it alone. The
operating system frees the locks of a process that dies, so a file that nobody names can be removed whenever the lock
can be had alone.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import stat
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from cxlib.errors import CxError
from cxlib.store.refusals import busy, said_clearly
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from cxlib.store.progress import Progress

CHUNK_BYTES: Final = 1 << 20
OURS: Final = re.compile(r"[0-9a-f]{64}(\.parquet)?")
DATASET: Final = "dataset-"
PATIENCE_S: Final = 600.0
TURN_S = 20.0
POLL_S: Final = 0.02


@dataclass(frozen=True)
class Staged:
    """A complete file under a temporary name, on its way to `target`."""

    temporary: Path
    target: Path
    sha256: str
    bytes: int


class Files:
    """The folders of a store, and the locks over them."""

    def __init__(self, root: Path, *, make: bool = True) -> None:
        self.root = root
        self.raw = root / "raw"
        self.typed = root / "typed"
        self.results = root / "results"
        self.desks = root / "desks"
        self.locks = root / "locks"
        self.catalogue = root / "catalogue.sqlite"
        if not make:
            return
        with said_clearly():
            for folder in (root, self.raw, self.typed, self.results, self.desks, self.locks):
                if not folder.is_dir():
                    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                    sync_folder(folder.parent)

    @classmethod
    def existing(cls, root: Path) -> Files | None:
        """Return the folders of a store that is there, or None."""
        return cls(root, make=False) if (root / "catalogue.sqlite").is_file() else None

    def raw_path(self, sha256: str) -> Path:
        """Where the bytes of an imported file lie."""
        return self.raw / sha256

    def typed_path(self, sha256: str) -> Path:
        """Where a table lies."""
        return self.typed / f"{sha256}.parquet"

    @contextmanager
    def locked(self, name: str, *, alone: bool = True, patience_s: float = PATIENCE_S) -> Iterator[None]:
        """Hold a lock between threads and processes, alone or together with others who do not want it alone.

        Raises
        ------
        CxError
            ``store_busy`` when it cannot be had within `patience_s`.
        """
        handle = os.open(self.locks / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _acquire(handle, fcntl.LOCK_EX if alone else fcntl.LOCK_SH, patience_s)
            yield
        finally:
            os.close(handle)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep others from removing files that the catalogue does not name yet."""
        with ExitStack() as held:
            with self.locked("gate", alone=False):
                held.enter_context(self.locked("store", alone=False))
            yield

    @contextmanager
    def removing(self, *, patience_s: float = PATIENCE_S) -> Iterator[None]:
        """Be the only one at work on the files.

        Who comes later waits at the gate meanwhile, so that the turn does come; but not for long, since what is under
        way may be a backup of an hour.
        """
        until = time.monotonic() + patience_s
        with ExitStack() as held:
            while True:
                with self.locked("gate", patience_s=max(until - time.monotonic(), 0)):
                    left = until - time.monotonic()
                    try:
                        held.enter_context(self.locked("store", patience_s=min(max(left, 0), TURN_S)))
                        break
                    except CxError:
                        if left <= TURN_S:
                            raise
                time.sleep(POLL_S * 5)
            yield

    @contextmanager
    def desk(self) -> Iterator[Path]:
        """Give a folder for temporary files, which is gone afterwards."""
        folder = Path(tempfile.mkdtemp(dir=self.desks))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def stage_raw(self, source: bytes | Path, desk: Path, progress: Progress | None = None) -> Staged:
        """Copy the bytes of a file to the desk.

        It is a copy in any case: the file is its owner's and may be written to later.
        """
        temporary, sha256, size = _copy(source, desk, progress)
        return Staged(temporary, self.raw_path(sha256), sha256, size)

    def stage_typed(self, path: Path, desk: Path) -> Staged:
        """Take a Parquet file that was written on the desk, or a copy of one that lies elsewhere."""
        if path.parent != desk:
            temporary, sha256, size = _copy(path, desk)
            return Staged(temporary, self.typed_path(sha256), sha256, size)
        temporary = path
        temporary.chmod(0o600)
        sha256, size = digest(temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        return Staged(temporary, self.typed_path(sha256), sha256, size)

    def publish(self, staged: Collection[Staged]) -> None:
        """Give staged files their final names. What has the same content is replaced by itself."""
        for each in staged:
            each.temporary.replace(each.target)
        for folder in {each.target.parent for each in staged}:
            sync_folder(folder)

    def any_kept(self) -> bool:
        """Whether there is any file that a catalogue must have named."""
        return any(is_ours(path) for folder in (self.raw, self.typed) for path in folder.iterdir())

    def dataset_locks(self) -> dict[str, Path]:
        """Return the locks of data sets by id."""
        return {path.name.removeprefix(DATASET): path for path in self.locks.glob(f"{DATASET}*")}

    def leftovers(self, *, raw: set[str], typed: set[str]) -> list[Path]:
        """Return temporary files, and raw and typed ones that are not named; what is not the store's is left alone."""
        named = raw | {f"{sha256}.parquet" for sha256 in typed}
        kept = [path for folder in (self.raw, self.typed) for path in folder.iterdir() if path.name not in named]
        return [*filter(is_ours, kept), *self.desks.iterdir()]

    def remove(self, leftovers: Collection[Path]) -> None:
        """Remove files for good; only while `removing`."""
        for path in leftovers:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        for folder in {path.parent for path in leftovers}:
            sync_folder(folder)


def is_ours(path: Path) -> bool:
    """Whether a file is called as the store calls its files: by the hash of what it holds."""
    return OURS.fullmatch(path.name) is not None


def digest(path: Path) -> tuple[str, int]:
    """Return the SHA-256 of a file and its length in bytes."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256")
        return found.hexdigest(), file.tell()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder as durable as the files."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _acquire(handle: int, kind: int, patience_s: float) -> None:
    until = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise busy() from None
            time.sleep(POLL_S)
        else:
            return


def _copy(source: bytes | Path, desk: Path, progress: Progress | None = None) -> tuple[Path, str, int]:
    found = hashlib.sha256()
    handle, name = tempfile.mkstemp(dir=desk)
    with os.fdopen(handle, "wb") as out:
        if isinstance(source, Path):
            with _plain_file(source) as file:
                said = None if progress is None else progress.of(os.fstat(file.fileno()).st_size)
                while chunk := file.read(CHUNK_BYTES):
                    found.update(chunk)
                    out.write(chunk)
                    if said:
                        said(out.tell())
        else:
            found.update(source)
            out.write(source)
        out.flush()
        os.fsync(out.fileno())
        size = out.tell()
    return Path(name), found.hexdigest(), size


def _plain_file(path: Path) -> BinaryIO:
    """Open a file; a pipe or a device, which may never end, is refused."""
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise CxError(
            "not_a_file",
            N_("{value} is not a plain file."),
            hint=N_("Copy what it holds into a file."),
            value=str(path),
        )
    return file
