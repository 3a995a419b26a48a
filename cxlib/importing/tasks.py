"""The steps of an import as they run in a child process, see `cxlib.runner`.

``read_file`` writes one file's good rows, the rows set aside and a digest; ``prepare`` puts several of them together
and finds out what they would do to a data set; ``commit`` brings in what was prepared. No step reads again what the
one before has read.
"""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cxlib.errors import CxError
from cxlib.importing.covers import covers
from cxlib.importing.digest import DIGEST, HEAD, PROBLEMS, QUARANTINED, groups_of
from cxlib.importing.jobs import no_file, remembered, source_of
from cxlib.importing.plan import prepared, taken
from cxlib.intake import (
    Mapping,
    TextTable,
    guess_table,
    read,
    read_text_table,
    suggest_mapping,
)
from cxlib.intake.filed import TYPED
from cxlib.store import Store
from cxlib.texts import N_, _

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from cxlib.intake import Reading

    Report = Callable[[float | None, str], None]

HEAD_ROWS: Final = 20
MOST_VALUES: Final = 40
VALUE_ROWS: Final = 100_000


def warm() -> None:
    """Read a small file, so that all code is loaded and compiled before the first job comes."""
    read(b"customer_id,month,plan_id,minutes\n1,2026-01,S,1.5\n2,2026-13,,x\n", table="usage", name="warm.csv")


def read_file(parameters: dict[str, Any], folder: Path, report: Report) -> dict[str, Any]:
    """Read a file and write what was found; parameters are those of `jobs.start_read`."""
    path = _unchanged(parameters["file"])
    report(None, _("Reading the file"))
    hashing = ThreadPoolExecutor(1).submit(_sha256, path)
    text = read_text_table(path, name=parameters["file"]["name"], **parameters["options"])
    guesses = guess_table(text)
    mapping, recalled = _mapping(parameters, text, guesses[0][0])
    reading = read(
        text,
        mapping=mapping,
        zone=parameters["zone"],
        out=folder,
        report=lambda share, said: report(None if share is None else 0.9 * share, said),
    )
    _unchanged(parameters["file"])
    report(0.9, _("Writing what was read"))
    _write(reading, folder)
    digest = {
        "name": parameters["file"]["name"],
        "size_bytes": path.stat().st_size,
        "kind": text.kind,
        "encoding": text.encoding,
        "encodings": _options(text, "encoding"),
        "dialect": None if text.dialect is None else asdict(text.dialect),
        "columns": text.columns,
        "returned": text.returned,
        "rows_in_file": reading.counts["rows_in_file"],
        "guesses": guesses,
        "table": reading.mapping.table,
        "mapping": reading.mapping.to_json(),
        "remembered": bool(recalled),
        "recalled": recalled,
        "counts": reading.counts,
        "questions": [question.as_dict() for question in reading.needs_confirmation],
        "groups": groups_of(reading.problems),
        "values": _values(text),
        "covers": covers(folder / TYPED, folder),
        "sheets": _options(text, "sheet"),
        "options": parameters["options"],
        "sha256": hashing.result(),
    }
    (folder / DIGEST).write_text(json.dumps(digest), "utf-8")
    return {"rows_in_file": reading.counts["rows_in_file"], "asked": len(reading.needs_confirmation)}


def prepare(parameters: dict[str, Any], folder: Path, report: Report) -> dict[str, Any]:
    """Find out what an import would do and write what it needs; parameters are those of `jobs.start_prepare`."""
    for each in parameters["files"]:
        _unchanged(each)
    with Store(Path(parameters["store"])) as store:
        digest = prepared(
            parameters["files"],
            folder,
            store=store,
            dataset=parameters["dataset"],
            on_conflict=parameters["on_conflict"],
            confirmed=parameters["confirmed"],
            report=report,
        )
    (folder / DIGEST).write_text(json.dumps(digest), "utf-8")
    return {"ready": digest["ready"]}


def commit(parameters: dict[str, Any], folder: Path, report: Report) -> dict[str, Any]:  # noqa: ARG001 - of every task
    """Bring in what was prepared, as a whole or not at all; parameters are those of `jobs.start_commit`."""
    try:
        files, incoming, rule, number = taken(Path(parameters["prepared"]))
    except FileNotFoundError as error:
        raise _data_set_changed() from error
    for each in files:
        _unchanged(each)
    with Store(Path(parameters["store"])) as store:
        how: dict[str, Any] = {
            "who": parameters["who"],
            "note": parameters["note"],
            "on_conflict": rule,
            "report": report,
        }
        dataset = parameters["dataset"]
        if dataset is None:
            dataset = store.commit_new(parameters["new"], incoming, **how).id
            version = store.version(dataset)
        else:
            if store.version(dataset).number != number:
                raise _data_set_changed()
            version = store.commit(dataset, incoming, **how)
        if parameters["remember"]:
            for each in files:
                store.remember_mapping(each["columns"], each["table"], each["mapping"])
    return {
        "dataset": dataset,
        "version": version.number,
        "imports": [
            {
                "file": each.file_name,
                "table": each.table,
                "rows_in_file": each.rows_in_file,
                "loaded": each.loaded,
                "set_aside": each.quarantined,
                "new": each.added,
                "replaced": each.replaced,
                "kept": each.kept,
            }
            for each in version.imports
        ],
    }


def write_frame(frame: pd.DataFrame, path: Path) -> None:
    """Write a small frame as Parquet, without its index."""
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path, compression="zstd")


def _data_set_changed() -> CxError:
    return CxError(
        "data_set_changed",
        N_("The data set has changed since this import was prepared; nothing was brought in."),
        hint=N_("Look again at what the import does, then import."),
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unchanged(file: dict[str, Any]) -> Path:
    """Return the path of a file that is still as it was when it was chosen."""
    path = Path(file["path"])
    now = source_of(path, name=file["name"])
    if now.size_bytes != file["size_bytes"] or file.get("mtime_ns", now.mtime_ns) != now.mtime_ns:
        raise CxError(
            "file_changed",
            N_("The file {name} has changed meanwhile."),
            hint=N_("Wait until it is complete, then choose it again."),
            name=file["name"],
        )
    if not path.is_file():
        raise no_file(file["name"])
    return path


def _mapping(parameters: dict[str, Any], text: TextTable, guessed: str) -> tuple[Mapping, str]:
    """Return the mapping by which to read, and the hash of the one that was kept for these headers."""
    if parameters["mapping"] is not None:
        return Mapping.from_json(parameters["mapping"]), ""
    table = parameters["table"] or guessed
    mappings = parameters.get("mappings", {})
    if {table, ""} & set(mappings):
        return Mapping.from_json(mappings.get(table, mappings.get(""))), ""
    known = None
    if parameters["store"] is not None:
        with Store(Path(parameters["store"])) as store:
            known = store.recall_mapping(text.columns, table)
            recalled = remembered(store, text.columns, table)
    mapping = suggest_mapping(text, table=table) if known is None else Mapping.from_json(known)
    if parameters["meter"] is not None:
        asked = tuple(q for q in mapping.questions if q.code not in ("meter", "round_event"))
        mapping = replace(mapping, meter=parameters["meter"], questions=asked)
    return mapping, "" if known is None else recalled


def _write(reading: Reading, folder: Path) -> None:
    head = reading.text.head(HEAD_ROWS)
    index = head.index.to_series().to_numpy()
    cells = [
        pa.array(index, pa.int64()),
        *(pa.array(head.iloc[:, i].tolist(), pa.string()) for i in range(head.shape[1])),
    ]
    pq.write_table(pa.Table.from_arrays(cells, names=["__row", *reading.text.columns]), folder / HEAD)
    write_frame(reading.quarantined, folder / QUARANTINED)
    write_frame(reading.problems.drop(columns="hint"), folder / PROBLEMS)


def _options(text: TextTable, code: str) -> list[str]:
    return [option for each in text.needs_confirmation if each.code == code for option in each.options]


def _values(text: TextTable) -> dict[str, list[str]]:
    found = {}
    sample = text.sample()
    for header in text.columns:
        if 0 < pc.count_distinct(sample.column(header)).as_py() <= MOST_VALUES:
            cells = text.column(header) if text.rows <= VALUE_ROWS else text.sample(VALUE_ROWS).column(header)
            values = cells.unique().to_pylist()
            if len(values) <= MOST_VALUES:
                found[header] = sorted(values)
    return found
