"""The three steps of an import as jobs: read a file, prepare an import of several, commit it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from cxlib.errors import CxError
from cxlib.importing.digest import FileDigest
from cxlib.runner import Runner
from cxlib.store.data_sets import WORK
from cxlib.texts import N_, language

if TYPE_CHECKING:
    from collections.abc import Mapping as AnyMapping
    from collections.abc import Sequence
    from pathlib import Path

    from cxlib.intake import Mapping
    from cxlib.runner import Job
    from cxlib.store import OnConflict, Store

TASKS: Final = "cxlib.importing.tasks"


@dataclass(frozen=True, kw_only=True)
class Source:
    """One file to be read: where it lies, what it is called, and the state in which it was found.

    Two sources are the same file when their hashes are the same, or where one has none, their path, size and time.
    """

    path: Path
    name: str
    size_bytes: int
    mtime_ns: int
    sha256: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        state = {"sha256": self.sha256} if self.sha256 else {"mtime_ns": self.mtime_ns}
        return {"path": str(self.path), "name": self.name, "size_bytes": self.size_bytes, **state}


def source_of(path: Path, *, name: str | None = None, sha256: str | None = None) -> Source:
    """Return a file as it is now; spooled files are known by their hash.

    Raises
    ------
    CxError
        ``no_file``.
    """
    try:
        told = path.stat()
    except (OSError, ValueError) as error:
        raise no_file(name or path.name) from error
    if sha256 is None and path.parent.name == "spool" and len(path.name) == 64:
        sha256 = path.name
    return Source(
        path=path.absolute(),
        name=path.name if name is None else name,
        size_bytes=told.st_size,
        mtime_ns=told.st_mtime_ns,
        sha256=sha256,
    )


@cache
def runner_of(root: Path, *more: str) -> Runner:
    """Return the one runner of this process for the store in `root`; its processes load `more` modules ahead, too."""
    return Runner(root / WORK, imports=(TASKS, *more))


def start_read(
    runner: Runner,
    source: Source,
    *,
    store: Store | None = None,
    options: AnyMapping[str, Any] | None = None,
    table: str | None = None,
    mapping: Mapping | None = None,
    meter: str | None = None,
    zone: str | None = None,
) -> Job:
    """Read a file; `FileDigest.open(job.folder)` is what was found.

    Parameters
    ----------
    runner : Runner
    source : Source
    store : Store, optional
        Recall from it the mapping that was kept for the same headers, where no `mapping` is given.
    options : dict, optional
        Of `cxlib.intake.read_text_table`: encoding, delimiter, quote, sheet, ... as a person has confirmed them.
    table : str, optional
        Which table it is; left out, it is guessed. A `mapping` names its own.
    mapping : Mapping, optional
        How the columns are read; left out, it is recalled or suggested.
    meter, zone : str, optional
        Of events, and of times that carry none.
    """
    parameters = read_parameters(source, options=options, table=table, mapping=mapping, meter=meter, zone=zone)
    parameters |= {"store": None if store is None else str(store.root)}
    job = runner.start(f"{TASKS}:read_file", parameters, language=language())
    if store is not None and mapping is None and job.state == "done":
        found = FileDigest.open(job.folder)
        known = remembered(store, found.columns, found.table)
        if known != found.recalled:
            return runner.start(f"{TASKS}:read_file", parameters | {"recall": known}, language=language())
    return job


def read_parameters(
    source: Source,
    *,
    options: AnyMapping[str, Any] | None = None,
    table: str | None = None,
    mapping: Mapping | None = None,
    meter: str | None = None,
    zone: str | None = None,
) -> dict[str, Any]:
    """Return the parameters of `tasks.read_file`, without a store to recall mappings from."""
    return {
        "file": source.as_dict(),
        "options": {name: value for name, value in (options or {}).items() if value not in (None, "")},
        "table": table,
        "mapping": None if mapping is None else mapping.to_json(),
        "meter": meter,
        "zone": zone,
        "store": None,
        "recall": "",
    }


def start_prepare(
    runner: Runner,
    files: Sequence[tuple[Source, FileDigest]],
    *,
    store: Store,
    dataset: str | None,
    on_conflict: OnConflict = "replace",
    confirmed: bool = False,
) -> Job:
    """Find out what an import would do; `PrepareDigest.open(job.folder)` is what was found.

    Parameters
    ----------
    runner : Runner
    files : sequence of (Source, FileDigest)
        In the order in which they are brought in.
    store : Store
    dataset : str, optional
        Id of the data set; None for a new one.
    on_conflict : {"replace", "keep", "add"}
        As for `Store.commit`.
    confirmed : bool
        Take what is suggested where something is still asked.
    """
    parameters = {
        "files": [
            source.as_dict() | {"read": str(digest.folder), "asked": len(digest.questions)} for source, digest in files
        ],
        "store": str(store.root),
        "dataset": dataset,
        "version": None if dataset is None else store.version(dataset).number,
        "on_conflict": on_conflict,
        "confirmed": confirmed,
    }
    return runner.start(f"{TASKS}:prepare", parameters, language=language())


def start_commit(
    runner: Runner,
    prepared: Path,
    *,
    store: Store,
    dataset: str | None = None,
    new: str | None = None,
    who: str = "",
    note: str = "",
    remember: bool = True,
) -> Job:
    """Bring in what was prepared, as a whole or not at all.

    Its result holds dataset (id), version (number) and imports: a dict for each with file, table, rows_in_file,
    loaded, set_aside, new, replaced, kept.

    Parameters
    ----------
    runner : Runner
    prepared : Path
        Folder of the job that prepared it.
    store : Store
    dataset, new : str, optional
        Id of the data set for which it was prepared, or the name of the one to open.
    who, note : str
        As for `Store.commit`.
    remember : bool
        Keep the mappings for the next files with the same headers.
    """
    if (dataset is None) == (new is None):
        raise CxError("no_target", N_("Say where the files go."), hint=N_("Use --data NAME or --new NAME."))
    parameters = {
        "prepared": str(prepared),
        "store": str(store.root),
        "dataset": dataset,
        "new": new,
        "who": who,
        "note": note,
        "remember": remember,
    }
    return runner.start(f"{TASKS}:commit", parameters, keep=False, language=language())


def remembered(store: Store, columns: Sequence[str], table: str) -> str:
    """Return the hash of the mapping that is kept for these headers, empty where there is none."""
    known = store.recall_mapping(columns, table)
    return "" if known is None else hashlib.sha256(known.encode()).hexdigest()


def no_file(name: str) -> CxError:
    """Return the error of a file that cannot be opened."""
    return CxError(
        "no_file",
        N_("The file {name} cannot be opened."),
        hint=N_("Check its name and who may read it."),
        name=name,
    )
