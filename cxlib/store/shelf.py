"""An open store: its folders, its catalogue, its locks; what crashes left is removed."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from cxlib.errors import CxError
from cxlib.store import history
from cxlib.store.catalogue import Catalogue, named_files
from cxlib.store.files import DATASET, Files
from cxlib.store.refusals import said_clearly
from cxlib.store.results import RESULTS_BYTES, Results

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from cxlib.store.records import DataSet

ROOT_VARIABLE: Final = "CXLIB_HOME"


def default_root() -> Path:
    """Return the data folder: ``CXLIB_HOME``, or ``cxlib`` in the user's data folder."""
    named = os.environ.get(ROOT_VARIABLE)
    if named:
        return Path(named).expanduser()
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "cxlib"


class Shelf:
    """The folder of a store, opened; what all that it can do rests on."""

    def __init__(self, root: Path | None = None, *, results_bytes: int = RESULTS_BYTES) -> None:
        self.root = (root or default_root()).expanduser().resolve()
        with said_clearly():
            self._files = Files(self.root)
            self._results = Results(self._files, limit_bytes=results_bytes)
            with self._files.locked("catalogue"):
                self._catalogue = Catalogue.opened(self._files)
        self._tidy()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the catalogue."""
        self._catalogue.close()

    def dataset(self, dataset_id: str) -> DataSet:
        """Return one data set."""
        with self._catalogue.reading() as connection:
            return history.data_set(connection, dataset_id)

    @contextmanager
    def _alone_on(self, dataset_id: str) -> Iterator[None]:
        name = self.dataset(dataset_id).id  # refuses unknown ids before they become the name of a lock
        with said_clearly(), self._files.locked(f"{DATASET}{name}"):
            yield

    def _tidy(self) -> None:
        try:
            with self._files.removing(patience_s=0):
                self._sweep()
        except (CxError, OSError):  # somebody is writing, or nobody may: the next start tidies
            return

    def _sweep(self) -> None:
        """Remove what nobody names, while nobody else is at work on the files."""
        locks = self._files.dataset_locks()  # listed first: a lock is made after its data set
        with self._catalogue.reading() as connection:
            raw, typed = named_files(connection)
            known = {each.id for each in history.data_sets(connection)}
        leftovers = self._files.leftovers(raw=raw, typed=typed)
        if leftovers:
            self._catalogue.settle()
            self._files.remove(leftovers)
        self._files.remove([path for name, path in locks.items() if name not in known])
