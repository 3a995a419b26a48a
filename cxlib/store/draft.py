"""A version on its way into the store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from cxlib.errors import CxError
from cxlib.store.catalogue import now
from cxlib.store.kinds import table_named
from cxlib.store.names import clean_text
from cxlib.store.records import ImportRecord, TableFile, Version
from cxlib.store.results import as_table
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    import pyarrow as pa

    from cxlib.store.files import Files, Staged
    from cxlib.store.merge import Merge
    from cxlib.store.progress import Progress
    from cxlib.store.records import Effect, Incoming, OnConflict


class Draft:
    """What the files brought so far, and the files to publish: `staged`."""

    def __init__(
        self, files: Files, desk: Path, base: Version, before: list[ImportRecord], *, who: str, note: str
    ) -> None:
        self._files = files
        self._desk = desk
        self._base = base
        self._before = list(before)
        self._who = who
        self._note = note
        self._moment = now()
        self._imports: list[ImportRecord] = []
        self._tables = dict(base.tables)
        self.staged: list[Staged] = []

    def take(self, incoming: Incoming, effect: Effect, on_conflict: OnConflict, *, progress: Progress) -> None:
        """Note what a file did and put its bytes on the desk; refuse what would count twice or has changed."""
        raw = self._keep_raw(incoming, progress)
        if raw and incoming.raw_sha256 and raw.sha256 != incoming.raw_sha256:
            raise CxError(
                "file_changed",
                N_("{file_name} has changed since it was read."),
                hint=N_("Read it again."),
                file_name=incoming.file_name,
            )
        quarantined, kept_aside = self._set_aside(incoming.quarantined)
        self.staged += [each for each in (raw, kept_aside) if each]
        record = ImportRecord(
            version=self._base.number + 1,
            created_at=self._moment,
            who=self._who,
            file_name=clean_text(incoming.file_name),
            raw_sha256=raw.sha256 if raw else None,
            raw_bytes=raw.bytes if raw else 0,
            table=incoming.table,
            columns=effect.columns,
            mapping=json.loads(incoming.mapping) if isinstance(incoming.mapping, str) else incoming.mapping,
            encoding=incoming.encoding,
            rows_in_file=effect.rows + quarantined if incoming.rows_in_file is None else incoming.rows_in_file,
            loaded=effect.rows,
            quarantined=quarantined,
            quarantined_sha256=kept_aside.sha256 if kept_aside else None,
            added=effect.new,
            replaced=effect.replaced,
            kept=effect.kept,
            identical=effect.identical,
            reader_version=incoming.reader_version,
        )
        _check_not_doubled([*self._before, *self._imports], record, on_conflict)
        self._imports.append(record)

    def write(self, merge: Merge, progress: Progress) -> None:
        """Put the tables that changed on the desk."""
        for name in merge.changed:
            path, rows, columns = merge.write(name, progress)
            staged = self._files.stage_typed(path, self._desk)
            self._tables[name] = TableFile(sha256=staged.sha256, rows=rows, columns=columns, bytes=staged.bytes)
            self.staged.append(staged)

    def version(self) -> Version:
        """Return the version to be."""
        return Version(
            number=self._base.number + 1,
            created_at=self._moment,
            who=self._who,
            note=self._note,
            tables=self._tables,
            imports=tuple(self._imports),
            before=self._base.number,
        )

    def _keep_raw(self, incoming: Incoming, progress: Progress) -> Staged | None:
        try:
            return None if incoming.raw is None else self._files.stage_raw(incoming.raw, self._desk, progress)
        except FileNotFoundError:
            raise CxError(
                "file_gone",
                N_("{file_name} is not there any more."),
                hint=N_("Put it back and read it again."),
                file_name=incoming.file_name,
            ) from None

    def _set_aside(self, given: pa.Table | pd.DataFrame | Path | None) -> tuple[int, Staged | None]:
        """Return how many rows were set aside, and the file of them."""
        if given is None:
            return 0, None
        if isinstance(given, Path):
            rows: int = pq.read_metadata(given).num_rows
            return rows, self._files.stage_typed(given, self._desk) if rows else None
        table = as_table(given)
        if not table.num_rows:
            return 0, None
        path = self._desk / f"aside-{len(self._imports)}.parquet"
        pq.write_table(table, path, compression="zstd", write_page_checksum=True)
        return table.num_rows, self._files.stage_typed(path, self._desk)


def same_bytes(before: Iterable[ImportRecord], table: str, sha256: str | None) -> list[ImportRecord]:
    """Return the imports that brought the same bytes into the same table."""
    return [each for each in before if sha256 and each.raw_sha256 == sha256 and each.table == table]


def _check_not_doubled(before: list[ImportRecord], new: ImportRecord, on_conflict: OnConflict) -> None:
    table = table_named(new.table)
    if table.key and on_conflict != "add":
        return
    for each in same_bytes(before, new.table, new.raw_sha256):
        if not table.key or set(each.columns) & set(new.columns) - set(table.names):
            raise CxError(
                "already_imported",
                N_("{file_name} was imported already, as {earlier} in version {version}; it would count twice."),
                hint=N_("Leave it out, or undo the earlier import first."),
                file_name=new.file_name,
                earlier=each.file_name,
                version=each.version,
            )
