"""duckdb connections that can reach nothing but what they are given."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MEMORY_LIMIT = "2GB"


@contextmanager
def locked(
    *,
    read: Iterable[Path | str] = (),
    write: Iterable[Path | str] = (),
    memory_limit: str = MEMORY_LIMIT,
    spill: Path | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a connection in memory whose settings cannot be changed any more.

    Parameters
    ----------
    read, write : paths
        The only files and folders that SQL may open. duckdb does not tell reading from writing: both lists
        allow both, and are apart for the reader of the call.
    memory_limit : str
        As duckdb writes it, such as ``"2GB"``.
    spill : Path, optional
        Folder for what does not fit in memory; without it nothing is ever written outside `write`.

    Yields
    ------
    duckdb.DuckDBPyConnection
        For one thread; others take ``.cursor()``. Rows keep their order, times are UTC.
    """
    config: dict[str, Any] = {
        "memory_limit": memory_limit,
        "temp_directory": str(spill) if spill else "",
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    connection = duckdb.connect(":memory:", config=config)
    try:
        folders, files = _split([*read, *write, *([spill] if spill else [])])
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"SET allowed_directories = {_list(folders)}")
        connection.execute(f"SET allowed_paths = {_list(files)}")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection
    finally:
        connection.close()


def quoted(name: str) -> str:
    """Return an identifier of SQL, whatever the name contains."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a string of SQL, whatever the text contains."""
    return "'" + text.replace("'", "''") + "'"


def _split(paths: Iterable[Path | str]) -> tuple[list[str], list[str]]:
    folders: list[str] = []
    files: list[str] = []
    for path in map(Path, paths):
        resolved = path.resolve()
        (folders if resolved.is_dir() else files).append(str(resolved))
    return folders, files


def _list(values: list[str]) -> str:
    return "[" + ", ".join(map(literal, values)) + "]::VARCHAR[]"
