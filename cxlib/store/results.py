"""Results that are computed once per data set version, parameters and code, and kept."""

from __future__ import annotations

import hashlib
import json
import os
from concurrent.futures import Future
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

import cxlib
from cxlib.errors import CxError
from cxlib.store.refusals import said_clearly

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from cxlib.store.files import Files

PARTS: Final = b"cxlib_parts"
RESULTS_BYTES: Final = 2 << 30

_running: dict[tuple[str, str], Future[pa.Table]] = {}
_guard = Lock()


class _AbandonedError(Exception):
    """Who computed was stopped from outside; the next in line computes."""


class Results:
    """Parquet files named by what went into them, the least recently used ones removed when there are too many.

    Parameters
    ----------
    files : Files
        The folders of the store.
    limit_bytes : int
        What all results together may take; the newest one stays in any case.
    """

    def __init__(self, files: Files, *, limit_bytes: int = RESULTS_BYTES) -> None:
        self._files = files
        self._limit_bytes = limit_bytes

    def get(self, parts: Mapping[str, Any]) -> pa.Table | None:
        """Return the result, or None where it has not been computed or cannot be read any more."""
        path = self._path(parts)
        try:
            os.utime(path)
            return pq.read_table(path, page_checksum_verification=True)
        except FileNotFoundError:
            return None
        except (OSError, pa.ArrowException):
            path.unlink(missing_ok=True)
            return None

    def mark(self, parts: Mapping[str, Any]) -> tuple[str, int, int] | None:
        """Return what tells a kept result from all others, and marks it as used; None where there is none."""
        path = self._path(parts)
        try:
            os.utime(path)
            found = path.stat()
        except FileNotFoundError:
            return None
        return str(path), found.st_ino, found.st_size

    def keep(self, parts: Mapping[str, Any], result: pa.Table | pd.DataFrame) -> pa.Table:
        """Keep a result and return it as a table."""
        table = as_table(result)
        described = table.replace_schema_metadata({**(table.schema.metadata or {}), PARTS: _canonical(parts).encode()})
        with said_clearly(), self._files.writing(), self._files.desk() as desk:
            temporary = desk / "result"
            pq.write_table(described, temporary, compression="zstd", write_page_checksum=True)
            temporary.chmod(0o600)
            temporary.replace(self._path(parts))
        self._evict()
        return described

    def cached(self, parts: Mapping[str, Any], compute: Callable[[], pa.Table | pd.DataFrame]) -> pa.Table:
        """Return the result, computing it if need be; who asks meanwhile waits for the same computation."""
        key = (str(self._files.root), key_of(parts))
        while True:
            with _guard:
                running = _running.get(key)
                mine: Future[pa.Table] | None = None
                if running is None:
                    mine = _running[key] = Future()
            if mine is not None:
                return self._compute(key, mine, parts, compute)
            try:
                return running.result() if running else None
            except _AbandonedError:
                continue

    def forget(self, dataset_id: str | None = None) -> None:
        """Remove the results of a data set, and those that do not say where they are from; or all of them."""
        for path in self._files.results.iterdir():
            try:
                said = json.loads((pq.read_schema(path).metadata or {}).get(PARTS, b"{}"))
            except (OSError, pa.ArrowException, ValueError):
                said = {}
            if dataset_id is None or said.get("dataset", dataset_id) == dataset_id:
                path.unlink(missing_ok=True)

    def _compute(
        self,
        key: tuple[str, str],
        mine: Future[pa.Table],
        parts: Mapping[str, Any],
        compute: Callable[[], pa.Table | pd.DataFrame],
    ) -> pa.Table:
        try:
            table = self.get(parts)
            if table is None:
                table = as_table(compute())
                with suppress(CxError):  # a full disk must not cost the reader the answer
                    table = self.keep(parts, table)
        except Exception as error:
            self._release(key)
            mine.set_exception(error)
            raise
        except BaseException:
            self._release(key)
            mine.set_exception(_AbandonedError())
            raise
        self._release(key)
        mine.set_result(table)
        return table

    def _release(self, key: tuple[str, str]) -> None:
        with _guard:
            _running.pop(key, None)

    def _path(self, parts: Mapping[str, Any]) -> Path:
        return self._files.results / f"{key_of(parts)}.parquet"

    def _evict(self) -> None:
        found = []
        for entry in os.scandir(self._files.results):
            try:
                found.append((entry.stat().st_mtime_ns, entry.stat().st_size, Path(entry.path)))
            except FileNotFoundError:  # another process evicts too
                continue
        found.sort()
        total = sum(size for _, size, _ in found)
        for _, size, path in found[:-1]:
            if total <= self._limit_bytes:
                return
            path.unlink(missing_ok=True)
            total -= size


def key_of(parts: Mapping[str, Any]) -> str:
    """Return the hash of what goes into a result and of the code that computes it."""
    return hashlib.sha256(f"{code_version()}\n{_canonical(parts)}".encode()).hexdigest()


@cache
def code_version() -> str:
    """Return the product's version and a hash of its source files."""
    package = Path(cxlib.__file__).parent
    found = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        found.update(str(path.relative_to(package)).encode() + b"\0")
        found.update(path.read_bytes() + b"\0")
    return f"{cxlib.__version__}+{found.hexdigest()[:16]}"


def as_table(frame: pa.Table | pd.DataFrame) -> pa.Table:
    """Return an Arrow table of a frame without its index."""
    return frame if isinstance(frame, pa.Table) else pa.Table.from_pandas(frame, preserve_index=False)


def _canonical(parts: Mapping[str, Any]) -> str:
    return json.dumps(parts, sort_keys=True, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    if hasattr(value, "as_dict"):
        return value.as_dict()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} cannot be part of a result's key")
