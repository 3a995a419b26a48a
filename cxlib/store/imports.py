"""Files on their way in: what they would do, and doing it."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from cxlib.errors import CxError
from cxlib.store import history
from cxlib.store.catalogue import now
from cxlib.store.data_sets import DataSets, check_own, open_data_set
from cxlib.store.draft import Draft, same_bytes
from cxlib.store.files import digest
from cxlib.store.merge import Merge
from cxlib.store.names import check_free, clean_name, clean_text, clean_who
from cxlib.store.progress import Progress
from cxlib.store.records import FilePreview, Preview, Version
from cxlib.store.refusals import file_damaged, file_missing, said_clearly
from cxlib.texts import N_, _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import pandas as pd
    import sqlalchemy as sa

    from cxlib.store.progress import Report
    from cxlib.store.records import DataSet, Effect, ImportRecord, Incoming, OnConflict

RULES: Final = ("replace", "keep", "add")


class Imports(DataSets):
    """How files come into a store."""

    def preview(
        self,
        dataset_id: str | None,
        incoming: Sequence[Incoming],
        *,
        on_conflict: OnConflict = "replace",
        report: Report | None = None,
    ) -> Preview:
        """Say what a commit of the same files would do, and change nothing.

        Parameters
        ----------
        dataset_id : str or None
            The data set; None stands for a new one.
        incoming : sequence of Incoming
            The files.
        on_conflict : {"replace", "keep", "add"}
            What would be done where a key is there already.
        report : callable, optional
            Told the share that is done (0 to 1, or None) and what is being done.

        Raises
        ------
        CxError
            What `commit` would raise, except that files imported before are named and not refused.
        """
        _check_incoming(incoming, on_conflict)
        progress = Progress(report).part(0, 1, _("Comparing with what is there"))
        with said_clearly(), self._files.writing(), self._files.desk() as desk:
            base, before = self._start(dataset_id)
            with self._merge(base, incoming, desk, counting=True) as merge:
                files = tuple(
                    _previewed(each, merge.take(each, on_conflict=on_conflict, progress=part), before)
                    for each, part in zip(incoming, progress.split(len(incoming)), strict=True)
                )
            progress(1.0)
        return Preview(number=base.number, files=files)

    def commit(
        self,
        dataset_id: str,
        incoming: Sequence[Incoming],
        *,
        who: str = "",
        note: str = "",
        on_conflict: OnConflict = "replace",
        report: Report | None = None,
    ) -> Version:
        """Bring files in as a new version; when it returns, they are safe.

        Files are merged in their order by the key of their table. Of a row whose key is there already:

        - ``"replace"`` takes the new one. In `usage` and `customers`, columns that the file does not bring keep
          their values; in the other tables the whole row is replaced.
        - ``"keep"`` leaves the old one. In `usage` and `customers`, cells that were empty are filled.
        - ``"add"`` sums the meters of `usage`, for events that come in parts; other cells are replaced where the
          file has a value.

        Parameters
        ----------
        dataset_id : str
            The data set; the demo can be filled once.
        incoming : sequence of Incoming
            The files.
        who, note : str
            Who brings them ("local" if empty), and why.
        on_conflict : {"replace", "keep", "add"}
            What to do where a key is there already.
        report : callable, optional
            Told the share that is done (0 to 1, or None) and what is being done.

        Raises
        ------
        CxError
            ``file_changed``, ``file_damaged``, ``demo_read_only``, ``nothing_to_import``, ``already_imported`` (adding
            the same bytes twice), ``unknown_table``, ``unknown_column``, ``duplicate_column``, ``missing_column``,
            ``wrong_type``, ``missing_key``, ``duplicate_key``, ``cannot_add`` or ``plans_form_differs``.
        """
        _check_incoming(incoming, on_conflict)

        def enter(connection: sa.Connection, version: Version) -> None:
            history.add_version(connection, dataset_id, version)

        with self._alone_on(dataset_id):
            number = self._bring(dataset_id, incoming, enter, (who, note, on_conflict), Progress(report))
        return self.version(dataset_id, number)

    def commit_new(
        self,
        name: str,
        incoming: Sequence[Incoming],
        *,
        who: str = "",
        note: str = "",
        on_conflict: OnConflict = "replace",
        report: Report | None = None,
    ) -> DataSet:
        """Open a data set with its first files; there is none where they are refused or the process dies.

        Parameters and errors are those of `create` and `commit`.
        """
        _check_incoming(incoming, on_conflict)
        name = clean_name(name)
        with self._catalogue.reading() as connection:
            check_free(history.data_sets(connection), name)
        opened: list[str] = []

        def enter(connection: sa.Connection, version: Version) -> None:
            opened[:] = [open_data_set(connection, name, clean_who(who))]
            history.add_version(connection, opened[0], version)

        self._bring(None, incoming, enter, (who, note, on_conflict), Progress(report))
        return self.dataset(opened[0])

    def _bring(
        self,
        dataset_id: str | None,
        incoming: Sequence[Incoming],
        enter: Callable[[sa.Connection, Version], None],
        how: tuple[str, str, OnConflict],
        progress: Progress,
    ) -> int:
        """Put a new version on disk and let `enter` write it into the catalogue; return its number."""
        who, note, on_conflict = how
        try:
            with said_clearly(), self._files.writing(), self._files.desk() as desk:
                if dataset_id is not None:
                    _check_writable(self.dataset(dataset_id))
                base, before = self._start(dataset_id)
                draft = Draft(self._files, desk, base, before, who=clean_who(who), note=clean_text(note))
                with self._merge(base, incoming, desk) as merge, self._watched(base, incoming) as check:
                    for each, part in zip(incoming, progress.part(0, 0.8).split(len(incoming)), strict=True):
                        text = _("Bringing in {file}", file=each.file_name or each.table)
                        effect = merge.take(each, on_conflict=on_conflict, progress=part.part(0, 0.7, text))
                        draft.take(each, effect, on_conflict, progress=part.part(0.7, 1, text))
                    draft.write(merge, progress.part(0.8, 0.95, _("Saving")))
                    check()
                self._files.publish(draft.staged)
                version = draft.version()
                progress.part(0, 0.97, _("Saving"))(1.0)  # the last word: after the next step it must not fail
                with self._catalogue.writing() as connection:
                    enter(connection, version)
        except BaseException:
            self._tidy()
            raise
        return version.number

    def _start(self, dataset_id: str | None) -> tuple[Version, list[ImportRecord]]:
        """Return the version to start from, and the imports that stand in it."""
        if dataset_id is None:
            return Version(number=0, created_at=now(), who="", note=""), []
        base = self.version(dataset_id)
        return base, self.standing_imports(dataset_id, base.number)

    @contextmanager
    def _watched(self, base: Version, incoming: Iterable[Incoming]) -> Iterator[Callable[[], None]]:
        """Hash the tables that are merged into meanwhile: damage must not come back under a new and right hash."""
        used = {each.table for each in incoming} & set(base.tables)
        paths = {name: self._files.typed_path(base.tables[name].sha256) for name in used}
        with ThreadPoolExecutor(1) as pool:
            found = {name: pool.submit(digest, path) for name, path in paths.items()}

            def check() -> None:
                for name, path in paths.items():
                    try:
                        sha256, _size = found[name].result()
                    except FileNotFoundError:
                        raise file_missing(path) from None
                    if sha256 != base.tables[name].sha256:
                        raise file_damaged(path)

            try:
                yield check
            except (OSError, duckdb.Error, pa.ArrowException):
                check()  # perhaps that is why
                raise

    def _merge(self, base: Version, incoming: Iterable[Incoming], desk: Path, *, counting: bool = False) -> Merge:
        paths = {name: self._files.typed_path(table.sha256) for name, table in base.tables.items()}
        readable = [each.data for each in incoming if isinstance(each.data, Path)]
        return Merge(paths, desk=desk, readable=readable, counting=counting)


def _check_incoming(incoming: Sequence[Incoming], on_conflict: str) -> None:
    if on_conflict not in RULES:
        raise ValueError(f"on_conflict is one of {RULES}")
    if not incoming:
        raise CxError("nothing_to_import", N_("There is no file to import."), hint=N_("Choose at least one file."))


def _check_writable(found: DataSet) -> None:
    if found.number:
        check_own(found)


def _previewed(incoming: Incoming, effect: Effect, before: Iterable[ImportRecord]) -> FilePreview:
    same = same_bytes(before, incoming.table, incoming.raw_sha256 or _hash(incoming.raw))
    return FilePreview(
        file_name=incoming.file_name,
        table=incoming.table,
        rows=effect.rows,
        new=effect.new,
        replaced=effect.replaced,
        kept=effect.kept,
        identical=effect.identical,
        quarantined=_length(incoming.quarantined),
        months=effect.months,
        customers=effect.customers,
        columns=effect.columns,
        columns_new=effect.columns_new,
        already_imported=same[-1] if same else None,
    )


def _hash(raw: bytes | Path | None) -> str | None:
    if isinstance(raw, Path):
        return digest(raw)[0]
    return None if raw is None else hashlib.sha256(raw).hexdigest()


def _length(rows: pa.Table | pd.DataFrame | Path | None) -> int:
    if isinstance(rows, Path):
        return int(pq.read_metadata(rows).num_rows)
    return 0 if rows is None else len(rows)
