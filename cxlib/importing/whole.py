"""A whole import, or a whole check, in one child process: for the command line, where nobody looks in between."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxlib import formats
from cxlib.importing import tasks
from cxlib.importing.arrival import not_confirmed
from cxlib.importing.digest import FileDigest
from cxlib.importing.plan import arranged, compared
from cxlib.store import Store
from cxlib.texts import _

if TYPE_CHECKING:
    from collections.abc import Callable

    Report = Callable[[float | None, str], None]


def check_files(parameters: dict[str, Any], folder: Path, report: Report) -> dict[str, Any]:
    """Read files and compare them with each other.

    Parameters
    ----------
    parameters : dict
        files: a list of parameters of `tasks.read_file`.
    folder : Path
        Gets the rows that are set aside.
    report : callable

    Returns
    -------
    dict
        files: for each name, table, encoding, counts, groups (of problems), questions, mapping (JSON), set_aside (a
        Parquet file in `folder`).
    """
    files = []
    for i, each in enumerate(parameters["files"]):
        digest = _read(each, folder / f"read-{i}", report)
        files.append({**each["file"], "read": str(digest.folder)})
    found = []
    for each in compared(files, folder, store=None, dataset=None, report=report):
        digest = each.digest
        found.append(
            {
                "name": digest.name,
                "table": digest.table,
                "encoding": digest.encoding,
                "counts": digest.counts,
                "groups": digest.groups.to_numpy().tolist(),
                "questions": [question.as_dict() for question in digest.questions],
                "mapping": digest.mapping.to_json(),
                "set_aside": each.quarantined.name,
            }
        )
    return {"files": found}


def import_files(parameters: dict[str, Any], folder: Path, report: Report) -> dict[str, Any]:
    """Read files and bring them in, all or none.

    Parameters
    ----------
    parameters : dict
        files: a list of parameters of `tasks.read_file`; confirmed: whether what is suggested is taken; store,
        dataset, new, who, on_conflict as for `jobs.start_commit`.
    folder : Path
    report : callable

    Returns
    -------
    dict
        As of `tasks.commit`, and asked: a list of file and question (as a dict) that were taken as suggested.
    """
    files, asked = [], []
    for i, each in enumerate(parameters["files"]):
        digest = _read(each, folder / f"read-{i}", report)
        if digest.questions and not parameters["confirmed"]:
            raise not_confirmed(digest.name, [question.as_dict() for question in digest.questions])
        asked += [[digest.name, question.as_dict()] for question in digest.questions]
        files.append({**each["file"], "read": str(digest.folder)})
    with Store(Path(parameters["store"])) as store:
        arranged(
            files,
            folder,
            store=store,
            dataset=parameters["dataset"],
            on_conflict=parameters["on_conflict"],
            confirmed=True,
            report=report,
        )
    done = {"prepared": str(folder), "note": "", "remember": False}
    return {**tasks.commit({**parameters, **done}, folder, report), "asked": asked}


def _read(parameters: dict[str, Any], folder: Path, report: Report) -> FileDigest:
    folder.mkdir()
    tasks.read_file(parameters, folder, report)
    digest = FileDigest.open(folder)
    report(None, _("{file}: {n} rows read", file=digest.name, n=formats.number(digest.rows_in_file)))
    return digest
