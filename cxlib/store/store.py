"""The store: every data set with all its versions, in one folder."""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from cxlib.errors import CxError
from cxlib.runner import forget
from cxlib.store import choices, history, upkeep
from cxlib.store.catalogue import DATASETS, Catalogue, named_files, now
from cxlib.store.draft import Draft, same_bytes
from cxlib.store.files import Files, said_clearly
from cxlib.store.kinds import table_named
from cxlib.store.merge import Merge
from cxlib.store.names import check_free, clean_name, clean_who, new_id
from cxlib.store.records import FilePreview, Preview, Version
from cxlib.store.results import RESULTS_BYTES, Results
from cxlib.store.settings import Settings
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from types import TracebackType

    import pandas as pd

    from cxlib.store.records import BackupReport, DataSet, Finding, ImportRecord, Incoming, OnConflict, Tombstone
    from cxlib.store.settings import SettingsVersion

DEMO_ID: Final = "demo"
WORK: Final = "work"
"""Folder in which jobs keep their results, see `cxlib.runner`."""
RULES: Final = ("replace", "keep", "add")


def default_root() -> Path:
    """Return the data folder: ``CXLIB_HOME``, or ``cxlib`` in the user's data folder."""
    named = os.environ.get("CXLIB_HOME")
    if named:
        return Path(named).expanduser()
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "cxlib"


class Store:
    """All data sets in one folder, safe for several threads and processes at once.

    What a method that writes has returned is on disk and stays. What it has not returned for is either there as a
    whole or not at all.

    Parameters
    ----------
    root : Path, optional
        The folder; `default_root` unless told. It is made where it is missing.
    results_bytes : int
        What kept results may take on disk.

    Raises
    ------
    CxError
        From any method: ``disk_full``, ``store_busy``, ``store_not_writable``, ``store_too_new``,
        ``unknown_dataset``.
    """

    def __init__(self, root: Path | None = None, *, results_bytes: int = RESULTS_BYTES) -> None:
        self.root = (root or default_root()).expanduser().resolve()
        self._files = Files(self.root)
        self._catalogue = Catalogue(self._files.catalogue)
        self._results = Results(self._files, limit_bytes=results_bytes)
        with self._files.locked("catalogue"):
            self._catalogue.prepare()
        self._tidy()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the catalogue."""
        self._catalogue.close()

    def datasets(self) -> list[DataSet]:
        """Return all data sets by name, the demo last."""
        with self._catalogue.reading() as connection:
            return history.data_sets(connection)

    def dataset(self, dataset_id: str) -> DataSet:
        """Return one data set."""
        with self._catalogue.reading() as connection:
            return history.data_set(connection, dataset_id)

    def create(self, *, name: str, who: str = "", demo: bool = False) -> DataSet:
        """Open an empty data set, version 0.

        The demo takes one commit and is read-only from then on. While it is empty, it is returned again.

        Raises
        ------
        CxError
            ``bad_name``, ``name_taken`` or ``demo_exists``.
        """
        name = clean_name(name)
        with self._catalogue.writing() as connection:
            found = {each.id: each for each in history.data_sets(connection)}
            if demo and DEMO_ID in found:
                if found[DEMO_ID].number == 0:
                    return found[DEMO_ID]
                raise CxError("demo_exists", N_("The demo is there already."))
            check_free(found.values(), name)
            dataset_id = DEMO_ID if demo else new_id(found)
            moment = now()
            connection.execute(
                sa.insert(DATASETS).values(
                    id=dataset_id, name=name, demo=demo, created_at=moment, who=clean_who(who), number=0
                )
            )
            history.add_version(
                connection, dataset_id, Version(number=0, created_at=moment, who=clean_who(who), note="")
            )
            return history.data_set(connection, dataset_id)

    def rename(self, dataset_id: str, name: str) -> DataSet:
        """Give a data set another name."""
        name = clean_name(name)
        with self._catalogue.writing() as connection:
            _check_own(history.data_set(connection, dataset_id))
            check_free((each for each in history.data_sets(connection) if each.id != dataset_id), name)
            connection.execute(sa.update(DATASETS).where(DATASETS.c.id == dataset_id).values(name=name))
            return history.data_set(connection, dataset_id)

    def delete(self, dataset_id: str, who: str = "") -> Tombstone:
        """Remove a data set, its results and all bytes that no other data set uses; a tombstone stays."""
        with self._alone_on(dataset_id), self._files.removing():
            with self._catalogue.writing() as connection:
                tombstone = history.bury(connection, dataset_id, clean_who(who))
            self._results.forget(dataset_id)
            forget(self.root / WORK, dataset_id)
            self._sweep()
            return tombstone

    def tombstones(self) -> list[Tombstone]:
        """Return what is left of deleted data sets, the latest first."""
        with self._catalogue.reading() as connection:
            return history.tombstones(connection)

    def versions(self, dataset_id: str) -> list[Version]:
        """Return all versions of a data set, the newest first."""
        with self._catalogue.reading() as connection:
            history.data_set(connection, dataset_id)
            return history.versions(connection, dataset_id)

    def version(self, dataset_id: str, number: int | None = None) -> Version:
        """Return one version, the current one without a number."""
        with self._catalogue.reading() as connection:
            return history.version(connection, dataset_id, number)

    def standing_imports(self, dataset_id: str, number: int | None = None) -> list[ImportRecord]:
        """Return the imports whose rows a version holds, the oldest first; undone ones are left out."""
        with self._catalogue.reading() as connection:
            at = history.version(connection, dataset_id, number).number
            return history.standing_imports(history.versions(connection, dataset_id), at)

    def preview(self, dataset_id: str, incoming: Sequence[Incoming], *, on_conflict: OnConflict = "replace") -> Preview:
        """Say what a commit of the same files would do, and write nothing.

        Raises
        ------
        CxError
            What `commit` would raise, except that files imported before are named and not refused.
        """
        _check_incoming(incoming, on_conflict)
        base = self.version(dataset_id)
        before = self.standing_imports(dataset_id, base.number)
        with (
            said_clearly(),
            self._files.writing(),
            self._files.desk() as desk,
            self._merge(base, incoming, desk, counting=True) as merge,
        ):
            files = []
            for each in incoming:
                effect = merge.take(each, on_conflict=on_conflict)
                same = same_bytes(before, each.table, _hash(each.raw))
                files.append(
                    FilePreview(
                        file_name=each.file_name,
                        table=each.table,
                        rows=effect.rows,
                        new=effect.new,
                        replaced=effect.replaced,
                        kept=effect.kept,
                        identical=effect.identical,
                        quarantined=_length(each.quarantined),
                        months=effect.months,
                        customers=effect.customers,
                        columns=effect.columns,
                        columns_new=effect.columns_new,
                        already_imported=same[-1] if same else None,
                    )
                )
        return Preview(number=base.number, files=tuple(files))

    def commit(
        self,
        dataset_id: str,
        incoming: Sequence[Incoming],
        *,
        who: str = "",
        note: str = "",
        on_conflict: OnConflict = "replace",
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

        Raises
        ------
        CxError
            ``demo_read_only``, ``nothing_to_import``, ``already_imported`` (adding the same bytes twice),
            ``unknown_table``, ``unknown_column``, ``duplicate_column``, ``missing_column``, ``wrong_type``,
            ``missing_key``, ``duplicate_key``, ``cannot_add`` or ``plans_form_differs``.
        """
        _check_incoming(incoming, on_conflict)
        with self._alone_on(dataset_id):
            _check_writable(self.dataset(dataset_id))
            base = self.version(dataset_id)
            before = self.standing_imports(dataset_id, base.number)
            try:
                with said_clearly(), self._files.writing(), self._files.desk() as desk:
                    draft = Draft(self._files, desk, base, before, who=clean_who(who), note=note)
                    with self._merge(base, incoming, desk) as merge:
                        for each in incoming:
                            draft.take(each, merge.take(each, on_conflict=on_conflict), on_conflict)
                        draft.write(merge)
                    self._files.publish(draft.staged)
                    with self._catalogue.writing() as connection:
                        history.add_version(connection, dataset_id, draft.version())
            except BaseException:
                self._tidy()
                raise
        return self.version(dataset_id, base.number + 1)

    def undo(self, dataset_id: str, who: str = "", *, to: int | None = None) -> Version:
        """Make a new version with the tables of the one before, or of version `to`; nothing is forgotten.

        Undoing again goes further back. To take back an undo, name the version with `to`.

        Raises
        ------
        CxError
            ``nothing_to_undo``, ``unknown_version`` or ``demo_read_only``.
        """
        with self._alone_on(dataset_id), self._catalogue.writing() as connection:
            _check_own(history.data_set(connection, dataset_id))
            current = history.version(connection, dataset_id)
            target = current.before if to is None else to
            if target is None:
                raise CxError("nothing_to_undo", N_("There is nothing to undo; the data set is empty."))
            restored = history.version(connection, dataset_id, target)
            new = Version(
                number=current.number + 1,
                created_at=now(),
                who=clean_who(who),
                note="",
                tables=restored.tables,
                before=restored.before,
                restores=restored.number if restored.restores is None else restored.restores,
            )
            history.add_version(connection, dataset_id, new)
            return history.version(connection, dataset_id)

    def has(self, dataset_id: str, table: str, *, version: int | None = None) -> bool:
        """Whether a version holds the table with at least one row."""
        found = self.version(dataset_id, version).tables.get(table_named(table).name)
        return found is not None and found.rows > 0

    def path(self, dataset_id: str, table: str, *, version: int | None = None) -> Path:
        """Return the Parquet file of a table, for reading only, or raise `CxError` ``no_table``."""
        found = self.version(dataset_id, version).tables.get(table_named(table).name)
        if found is None:
            raise CxError(
                "no_table",
                N_("This data set has no {value} yet."),
                hint=N_("Import a file that brings it."),
                value=table,
            )
        return self._files.typed_path(found.sha256)

    def load(
        self, dataset_id: str, table: str, *, version: int | None = None, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """Return a table, or some of its columns, as Arrow.

        `usage` is sorted by customer_id and month, `customers` by customer_id, `contacts` by arrived_at and
        contact_id; plans and tiers are in the order in which they came.

        Raises
        ------
        CxError
            ``no_table``, ``no_column`` or ``file_missing``.
        """
        path = self.path(dataset_id, table, version=version)
        try:
            with said_clearly():
                names = pq.read_schema(path, memory_map=True).names
                for name in columns or ():
                    if name not in names:
                        raise CxError(
                            "no_column",
                            N_("The {table} of this data set have no column {column}."),
                            hint=N_("Columns are: {known}."),
                            column=name,
                            table=table,
                            known=", ".join(names),
                        )
                found = pq.read_table(path, columns=None if columns is None else list(columns), memory_map=True)
                return pa.table(found.columns, schema=pa.schema([field.with_nullable(True) for field in found.schema]))
        except FileNotFoundError:
            raise CxError(
                "file_missing",
                N_("The file {value} is missing from the data folder."),
                hint=N_("Bring back a backup; cxlib fsck says what else is missing."),
                value=str(path),
            ) from None

    def quarantined(self, dataset_id: str, version: int | None = None) -> list[tuple[ImportRecord, pa.Table]]:
        """Return the rows that were set aside when a version came in, by import."""
        return [
            (each, pq.read_table(self._files.typed_path(each.quarantined_sha256), memory_map=True))
            for each in self.version(dataset_id, version).imports
            if each.quarantined_sha256
        ]

    def raw_path(self, record: ImportRecord) -> Path | None:
        """Return the file as it came, for reading only."""
        return self._files.raw_path(record.raw_sha256) if record.raw_sha256 else None

    def settings(self, dataset_id: str) -> Settings:
        """Return the settings in force."""
        past = self.settings_history(dataset_id)
        return past[0].settings if past else Settings()

    def settings_history(self, dataset_id: str) -> list[SettingsVersion]:
        """Return all settings that were saved, the newest first."""
        with self._catalogue.reading() as connection:
            history.data_set(connection, dataset_id)
            return choices.settings_history(connection, dataset_id)

    def save_settings(self, dataset_id: str, settings: Settings, who: str = "") -> None:
        """Put settings in force; the same ones again change nothing."""
        with self._catalogue.writing() as connection:
            history.data_set(connection, dataset_id)
            choices.save_settings(connection, dataset_id, settings, clean_who(who))

    def remember_mapping(self, headers: Iterable[str], table: str, mapping_json: str) -> None:
        """Keep how a file's headers became columns, for the next file with the same headers in any order."""
        with self._catalogue.writing() as connection:
            choices.remember_mapping(connection, headers, table_named(table).name, mapping_json)

    def recall_mapping(self, headers: Iterable[str], table: str) -> str | None:
        """Return the mapping last kept for this set of headers, as JSON."""
        with self._catalogue.reading() as connection:
            return choices.recall_mapping(connection, headers, table)

    def result(self, key_parts: Mapping[str, Any]) -> pa.Table | None:
        """Return a kept result: `key_parts` name data set, version, measure and parameters, the code is added."""
        return self._results.get(key_parts)

    def keep_result(self, key_parts: Mapping[str, Any], table: pa.Table | pd.DataFrame) -> pa.Table:
        """Keep a result; give the data set's id as ``key_parts["dataset"]`` so that it goes when the data set goes."""
        return self._results.keep(key_parts, table)

    def cached(self, key_parts: Mapping[str, Any], compute: Callable[[], pa.Table | pd.DataFrame]) -> pa.Table:
        """Return a kept result or compute and keep it, once however many threads ask; errors are not kept."""
        return self._results.cached(key_parts, compute)

    def fsck(self) -> list[Finding]:
        """Hash every file again and say what is wrong; an empty list means that all is well."""
        with self._files.writing():
            return upkeep.fsck(self._files, self._catalogue)

    def backup(self, path: Path) -> BackupReport:
        """Copy everything but results into a new folder, while others go on working."""
        return upkeep.backup(self._files, path.expanduser().absolute())

    def restore(self, path: Path, *, replace: bool = False) -> None:
        """Make this store what a backup holds.

        Raises
        ------
        CxError
            ``no_backup``, ``backup_damaged``, or ``would_lose`` where versions would be lost and `replace` is false.
        """
        with self._files.removing():
            upkeep.restore(self._files, self._catalogue, path.expanduser().absolute(), replace=replace)
            self._results.forget()
            forget(self.root / WORK)
            self._sweep()

    @contextmanager
    def _alone_on(self, dataset_id: str) -> Iterator[None]:
        name = self.dataset(dataset_id).id  # refuses unknown ids before they become the name of a lock
        with said_clearly(), self._files.locked(f"dataset-{name}"):
            yield

    def _merge(self, base: Version, incoming: Iterable[Incoming], desk: Path, *, counting: bool = False) -> Merge:
        paths = {name: self._files.typed_path(table.sha256) for name, table in base.tables.items()}
        readable = [each.data for each in incoming if isinstance(each.data, Path)]
        return Merge(paths, desk=desk, readable=readable, counting=counting)

    def _tidy(self) -> None:
        try:
            with self._files.removing(patience_s=0):
                self._sweep()
        except (CxError, OSError):  # somebody is writing, or nobody may: the next start tidies
            return

    def _sweep(self) -> None:
        with self._catalogue.reading() as connection:
            raw, typed = named_files(connection)
        leftovers = self._files.leftovers(raw=raw, typed=typed)
        if leftovers:
            self._catalogue.settle()
            self._files.remove(leftovers)


def _check_incoming(incoming: Sequence[Incoming], on_conflict: str) -> None:
    if on_conflict not in RULES:
        raise ValueError(f"on_conflict is one of {RULES}")
    if not incoming:
        raise CxError("nothing_to_import", N_("There is no file to import."), hint=N_("Choose at least one file."))


def _check_own(found: DataSet) -> None:
    if found.demo:
        raise CxError(
            "demo_read_only",
            N_("The demo cannot be changed."),
            hint=N_("Import your files into a data set of your own."),
        )


def _check_writable(found: DataSet) -> None:
    if found.number:
        _check_own(found)


def _hash(raw: bytes | Path | None) -> str | None:
    if isinstance(raw, Path):
        with raw.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    return None if raw is None else hashlib.sha256(raw).hexdigest()


def _length(rows: pa.Table | pd.DataFrame | None) -> int:
    return 0 if rows is None else len(rows)
