"""The store: every data set with all its versions, in one folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cxlib.runner import forget
from cxlib.store import checking, choices, history, upkeep
from cxlib.store.campaigns import Campaigns
from cxlib.store.data_sets import WORK
from cxlib.store.imports import Imports
from cxlib.store.kinds import table_named
from cxlib.store.names import clean_who
from cxlib.store.saved import SavedThings
from cxlib.store.settings import Settings
from cxlib.store.shelf import default_root

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    import pandas as pd
    import pyarrow as pa

    from cxlib.store.records import BackupReport, Finding
    from cxlib.store.settings import SettingsVersion

__all__ = ["Store", "default_root"]


class Store(Imports, Campaigns, SavedThings):
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

    def result_mark(self, key_parts: Mapping[str, Any]) -> tuple[str, int, int] | None:
        """Return what tells a kept result from all others while it is there, for who holds it in memory; else None."""
        return self._results.mark(key_parts)

    def keep_result(self, key_parts: Mapping[str, Any], table: pa.Table | pd.DataFrame) -> pa.Table:
        """Keep a result; give the data set's id as ``key_parts["dataset"]`` so that it goes when the data set goes."""
        return self._results.keep(key_parts, table)

    def cached(self, key_parts: Mapping[str, Any], compute: Callable[[], pa.Table | pd.DataFrame]) -> pa.Table:
        """Return a kept result or compute and keep it, once however many threads ask; errors are not kept."""
        return self._results.cached(key_parts, compute)

    def fsck(self) -> list[Finding]:
        """Hash every file again and say what is wrong; an empty list means that all is well."""
        with self._files.writing():
            return checking.fsck(self._files, self._catalogue)

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
