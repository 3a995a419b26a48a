"""What the store takes and gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import cxlib
from cxlib.texts import _

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    import pandas as pd
    import pyarrow as pa

OnConflict = Literal["replace", "keep", "add"]


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """One company's tables. `number` is its current version; the demo is read-only once it is filled."""

    id: str
    name: str
    demo: bool
    created_at: datetime
    who: str
    number: int


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """One file on its way in.

    Parameters
    ----------
    table : str
        Name of the table that it brings rows for.
    data : pyarrow.Table or Path
        The typed rows, or a Parquet file of them, which needs less memory. Rows of `usage` and `customers` that come
        in the store's types and in the order of their key are taken as they are, others are sorted.
    raw : bytes or Path, optional
        The file as it came; absent for what was typed on a page or generated.
    raw_sha256 : str, optional
        What the file hashed to when it was read, in hexadecimal; a file that has changed since is refused.
    mapping : dict or str, optional
        How its headers became columns: values for JSON, or JSON itself.
    rows_in_file : int, optional
        Rows of data in the file; None counts the rows loaded and quarantined.
    quarantined : pyarrow.Table, pandas.DataFrame or Path, optional
        Rows that were set aside, as text, with their reasons; or a Parquet file of them.
    """

    table: str
    data: pa.Table | Path
    raw: bytes | Path | None = None
    raw_sha256: str | None = None
    file_name: str = ""
    mapping: Mapping[str, Any] | str | None = None
    encoding: str = ""
    rows_in_file: int | None = None
    quarantined: pa.Table | pd.DataFrame | Path | None = None
    reader_version: str = cxlib.__version__


@dataclass(frozen=True)
class Effect:
    """What one file does to its table: rows by fate, and what it covers."""

    rows: int
    new: int
    replaced: int
    kept: int
    identical: int
    columns: tuple[str, ...]
    columns_new: tuple[str, ...]
    months: tuple[str, ...]
    customers: int


@dataclass(frozen=True, kw_only=True)
class TableFile:
    """One table of one version: the Parquet file that holds it."""

    sha256: str
    rows: int
    columns: tuple[str, ...]
    bytes: int


@dataclass(frozen=True, kw_only=True)
class ImportRecord:
    """One file that came in with a version, and what became of its rows.

    `loaded` rows passed the checks: `added` have a new key, `replaced` changed a row that was there, `kept` differ
    from the row that was there and gave way to it, `identical` change nothing. `quarantined` rows did not pass.
    `columns` are those that the file brought.
    """

    version: int
    created_at: datetime
    who: str
    file_name: str
    raw_sha256: str | None
    raw_bytes: int
    table: str
    columns: tuple[str, ...]
    mapping: Any
    encoding: str
    rows_in_file: int
    loaded: int
    quarantined: int
    quarantined_sha256: str | None
    added: int
    replaced: int
    kept: int
    identical: int
    reader_version: str


@dataclass(frozen=True, kw_only=True)
class Version:
    """One state of a data set.

    Number 0 is the empty data set. `before` is the version to which an undo returns, and `restores` the version whose
    tables an undo brought back.
    """

    number: int
    created_at: datetime
    who: str
    note: str
    tables: dict[str, TableFile] = field(default_factory=dict)
    imports: tuple[ImportRecord, ...] = ()
    before: int | None = None
    restores: int | None = None


@dataclass(frozen=True, kw_only=True)
class FilePreview:
    """What one file would do: counts of its rows, the months and customers that it covers.

    `columns_new` are columns that the table does not have yet. `already_imported` is the import by which the same
    bytes came into the same table before.
    """

    file_name: str
    table: str
    rows: int
    new: int
    replaced: int
    kept: int
    identical: int
    quarantined: int
    months: tuple[str, ...]
    customers: int
    columns: tuple[str, ...]
    columns_new: tuple[str, ...]
    already_imported: ImportRecord | None


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a commit would do to version `number`, file by file in the order given."""

    number: int
    files: tuple[FilePreview, ...]


@dataclass(frozen=True, kw_only=True)
class Tombstone:
    """What is left of a deleted data set: `files` has kind, sha256, rows and bytes of each file it held."""

    dataset_id: str
    name: str
    deleted_at: datetime
    who: str
    versions: int
    files: tuple[dict[str, Any], ...]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that is not as it should be. `code` is stable; `harmless` ones lose nothing."""

    code: str
    text: str
    path: str
    harmless: bool = False
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def said(self) -> str:
        """The finding in the reader's language."""
        return _(self.text, path=self.path, **self.values)


@dataclass(frozen=True, kw_only=True)
class BackupReport:
    """What a backup holds; `damaged` files were copied as they are and differ from what was once saved."""

    path: Path
    files: int
    bytes: int
    damaged: tuple[str, ...]
