"""Data sets and their versions: opened, renamed, deleted, undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from cxlib.errors import CxError
from cxlib.runner import forget
from cxlib.store import history
from cxlib.store.catalogue import DATASETS, now
from cxlib.store.names import check_free, clean_name, clean_who, new_id
from cxlib.store.records import Version
from cxlib.store.shelf import Shelf
from cxlib.texts import N_

if TYPE_CHECKING:
    from pathlib import Path

    from cxlib.store.records import DataSet, ImportRecord, Tombstone

DEMO_ID: Final = "demo"
WORK: Final = "work"
"""Folder in which jobs keep their results, see `cxlib.runner`."""


def root_of(folder: Path) -> Path:
    """Return the root of the store in whose folder of jobs a job writes."""
    return next(parent.parent for parent in folder.parents if parent.name == WORK)


class DataSets(Shelf):
    """What a store knows of its data sets."""

    def datasets(self) -> list[DataSet]:
        """Return all data sets by name, the demo last."""
        with self._catalogue.reading() as connection:
            return history.data_sets(connection)

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
            return history.data_set(connection, open_data_set(connection, name, clean_who(who), demo=demo))

    def rename(self, dataset_id: str, name: str) -> DataSet:
        """Give a data set another name."""
        name = clean_name(name)
        with self._catalogue.writing() as connection:
            check_own(history.data_set(connection, dataset_id))
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
            self._catalogue.forget()
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

    def undo(self, dataset_id: str, who: str = "", *, to: int | None = None) -> Version:
        """Make a new version with the tables of the one before, or of version `to`; nothing is forgotten.

        Undoing again goes further back. To take back an undo, name the version with `to`.

        Raises
        ------
        CxError
            ``nothing_to_undo``, ``unknown_version`` or ``demo_read_only``.
        """
        with self._alone_on(dataset_id), self._catalogue.writing() as connection:
            check_own(history.data_set(connection, dataset_id))
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


def open_data_set(connection: sa.Connection, name: str, who: str, *, demo: bool = False) -> str:
    """Add an empty data set of that name, version 0, and return its id; a name that is taken is refused."""
    found = history.data_sets(connection)
    check_free(found, name)
    dataset_id = DEMO_ID if demo else new_id(each.id for each in found)
    moment = now()
    values = {"id": dataset_id, "name": name, "demo": demo, "created_at": moment, "who": who, "number": 0}
    connection.execute(sa.insert(DATASETS).values(**values))
    history.add_version(connection, dataset_id, Version(number=0, created_at=moment, who=who, note=""))
    return dataset_id


def check_own(found: DataSet) -> None:
    """Refuse to change the demo."""
    if found.demo:
        raise CxError(
            "demo_read_only",
            N_("The demo cannot be changed."),
            hint=N_("Import your files into a data set of your own."),
        )
