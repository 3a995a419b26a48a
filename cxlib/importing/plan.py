"""Several files that were read, put together with each other and with a data set."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cxlib.importing.arrival import event_usage, no_meter, not_confirmed, usage_of_events
from cxlib.importing.digest import GROUPS, FileDigest, groups_of, with_hints
from cxlib.importing.joins import compare_files
from cxlib.intake import Reading, read_text_table
from cxlib.intake.filed import ROWS
from cxlib.intake.references import against_catalogue
from cxlib.matching import rollup_events
from cxlib.store import Incoming, Store
from cxlib.store.ordering import batches_of
from cxlib.texts import _

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cxlib.store import FilePreview, OnConflict

    Report = Callable[[float | None, str], None]

INCOMING: Final = "incoming.json"
REFERRED: Final = ("usage", "customers", "contacts", "plans", "offers")
"""Tables that refer to each other."""


@dataclass
class Compared:
    """One file that was read, as it goes on: its good rows, those set aside, and the plans that nobody knows."""

    told: dict[str, Any]
    digest: FileDigest
    data: Path
    quarantined: Path
    unknown_plans: list[tuple[str, int]]

    @property
    def table(self) -> str:
        return self.digest.table


def prepared(
    files: Sequence[dict[str, Any]],
    folder: Path,
    *,
    store: Store,
    dataset: str | None,
    on_conflict: OnConflict,
    confirmed: bool,
    report: Report,
) -> dict[str, Any]:
    """Return the digest of an import, and leave in `folder` what `taken` needs to do it."""
    found, brought = arranged(
        files,
        folder,
        store=store,
        dataset=dataset,
        on_conflict=on_conflict,
        confirmed=confirmed,
        report=_within(report, 0, 0.5),
    )
    preview = store.preview(
        dataset, [each for _file, each in brought], on_conflict=on_conflict, report=_within(report, 0.5, 0.8)
    )
    report(0.8, _("Comparing the tables with each other"))
    joins = _joins([incoming for _file, incoming in brought], store, dataset, folder)
    asked = any(each.digest.questions for each in found)
    return {
        "number": preview.number,
        "files": [_said(file, each) for (file, _in), each in zip(brought, preview.files, strict=True)],
        "joins": joins,
        "ready": confirmed or not asked,
    }


def arranged(
    files: Sequence[dict[str, Any]],
    folder: Path,
    *,
    store: Store,
    dataset: str | None,
    on_conflict: OnConflict,
    confirmed: bool,
    report: Report,
) -> tuple[list[Compared], list[tuple[Compared | None, Incoming]]]:
    """Compare files with the plans, roll events up, and leave in `folder` what `taken` needs; return both."""
    found = compared(files, folder, store=store, dataset=dataset, report=_within(report, 0, 0.6))
    report(0.6, _("Rolling events up"))
    brought = _brought(found, folder, store, dataset)
    body = {
        "number": 0 if dataset is None else store.version(dataset).number,
        "on_conflict": on_conflict,
        "files": [
            each.told | {
                "columns": each.digest.columns,
                "table": each.table,
                "mapping": each.digest.mapping.confirmed().to_json(),
                "asked": [] if confirmed else [question.as_dict() for question in each.digest.questions],
            }
            for each in found
        ],
        "incoming": [_told(file, incoming) for file, incoming in brought],
    }  # fmt: skip
    (folder / INCOMING).write_text(json.dumps(body), "utf-8")
    return found, brought


def compared(
    files: Sequence[dict[str, Any]], folder: Path, *, store: Store | None, dataset: str | None, report: Report
) -> list[Compared]:
    """Return files that were read, those rows set aside whose plan neither a file nor the data set knows."""
    found = [_opened(each, folder / f"{i}") for i, each in enumerate(files)]
    plans = _plans(found, store, dataset)
    for i, each in enumerate(found):
        report(i / len(found), _("Comparing {file} with the plans", file=each.digest.name))
        _compare(each, plans)
    return found


def taken(folder: Path) -> tuple[list[dict[str, Any]], list[Incoming], OnConflict, int]:
    """Return what `prepared` left: the files, what the store takes, the rule, and the version it was prepared for.

    Raises
    ------
    CxError
        ``not_confirmed`` for the first file about which something is still asked.
    """
    body = json.loads((folder / INCOMING).read_text("utf-8"))
    for each in body["files"]:
        if each["asked"]:
            raise not_confirmed(each["name"], each["asked"])
    incoming = [
        Incoming(
            **each
            | {
                "data": folder / each["data"],
                "raw": None if each["raw"] is None else Path(each["raw"]),
                "quarantined": None if each["quarantined"] is None else folder / each["quarantined"],
            }
        )
        for each in body["incoming"]
    ]
    return body["files"], incoming, body["on_conflict"], body["number"]


def _opened(told: dict[str, Any], into: Path) -> Compared:
    """Take what was read from a file, so that it stays when the reading is forgotten."""
    digest = FileDigest.open(Path(told["read"]))
    data, quarantined = into.with_suffix(".parquet"), into.with_suffix(".aside.parquet")
    for origin, target in ((digest.typed, data), (digest.quarantined, quarantined)):
        try:
            os.link(origin, target)
        except OSError:  # the disk knows no second names
            shutil.copyfile(origin, target)
    return Compared(told, digest, data, quarantined, [])


def _plans(files: Sequence[Compared], store: Store | None, dataset: str | None) -> set[str]:
    known: set[str] = set()
    for each in files:
        if each.table == "plans":
            known |= set(pq.read_table(each.data, columns=["plan_id"])["plan_id"].to_pylist())
    if store is not None and dataset is not None and store.has(dataset, "plans"):
        known |= set(store.load(dataset, "plans", columns=["plan_id"])["plan_id"].to_pylist())
    return known


def _compare(file: Compared, plans: set[str]) -> None:
    """Set aside the rows whose plan is in no catalogue; only then is the file opened again, for those rows."""
    if not plans or file.table not in REFERRED or "plan_id" not in pq.read_schema(file.data).names:
        return
    unknown = {} if file.table == "plans" else _unknown_plans(file.data, pa.array(sorted(plans), pa.string()))
    if not unknown:
        return
    digest = file.digest
    text = read_text_table(Path(file.told["path"]), name=digest.name, **digest.options)
    reading = against_catalogue(
        Reading(
            typed=file.data,
            quarantined=digest.set_aside(),
            problems=with_hints(pq.read_table(digest.problems)),
            text=text,
            mapping=digest.mapping,
            counts=digest.counts,
            numbers=digest.folder / ROWS,
        ),
        plans,
    )
    file.unknown_plans = sorted(unknown.items())
    aside = pa.Table.from_pandas(reading.quarantined, preserve_index=False)
    for table, path in ((reading.table, file.data), (aside, file.quarantined)):
        path.unlink()  # the reading has it too
        pq.write_table(table, path, compression="zstd", compression_level=1)
    groups = pd.DataFrame(groups_of(reading.problems), columns=list(GROUPS))
    file.digest = replace(digest, counts=reading.counts, groups=groups)


def _unknown_plans(path: Path, known: pa.Array) -> dict[str, int]:
    """Return how many rows have which plan that is not known."""
    found: dict[str, int] = {}
    for batch in batches_of(path, ["plan_id"]):
        for each in pc.value_counts(batch.column(0).drop_null()).to_pylist():
            found[each["values"]] = found.get(each["values"], 0) + each["counts"]
    plans = pa.array(found, pa.string())
    unknown = plans.filter(pc.invert(pc.is_in(plans, value_set=known)))
    return {plan: found[plan] for plan in unknown.to_pylist()}


def _brought(
    files: Sequence[Compared], folder: Path, store: Store, dataset: str | None
) -> list[tuple[Compared | None, Incoming]]:
    """Return what the store takes, each with the file that it is from; None for zeros that no file brings."""
    found: list[tuple[Compared | None, Incoming]] = [
        (each, _incoming(each, each.data, each.table)) for each in files if each.table != "events"
    ]
    events = [each for each in files if each.table == "events"]
    rolled = []
    for each in events:
        mapping = each.digest.mapping
        if not mapping.meter:
            raise no_meter(each.digest.name)
        rolled.append(
            (
                str(mapping.meter),
                rollup_events(pq.read_table(each.data), meter=str(mapping.meter), round_event=mapping.round_event),
            )
        )
    tables = usage_of_events(rolled, event_usage(store if events else None, dataset))
    for i, (file, table) in enumerate(zip([*events, *[None] * (len(tables) - len(events))], tables, strict=True)):
        path = folder / f"usage-{i}.parquet"
        pq.write_table(table, path, compression="zstd", compression_level=1)
        found.append((file, Incoming(table="usage", data=path) if file is None else _incoming(file, path, "usage")))
    return found


def _incoming(file: Compared, data: Path, table: str) -> Incoming:
    digest = file.digest
    return Incoming(
        table=table,
        data=data,
        raw=Path(file.told["path"]),
        raw_sha256=digest.sha256,
        file_name=digest.name,
        mapping=digest.mapping.confirmed().to_json(),
        encoding=digest.encoding,
        rows_in_file=digest.counts["rows_in_file"],
        quarantined=file.quarantined,
    )


def _within(report: Report, first: float, last: float) -> Report:
    """Return a report of a part of the whole."""
    return lambda share, said: report(None if share is None else first + (last - first) * share, said)


def _preview_told(preview: FilePreview) -> dict[str, Any]:
    before = preview.already_imported
    told = {name: getattr(preview, name) for name in preview.__dataclass_fields__}
    return told | {
        "already_imported": None
        if before is None
        else {
            "file_name": before.file_name,
            "created_at": before.created_at.isoformat(),
            "who": before.who,
            "version": before.version,
        }
    }


def _said(file: Compared | None, preview: FilePreview) -> dict[str, Any]:
    aside = file.quarantined.name if file is not None and preview.quarantined else None
    return _preview_told(preview) | {
        "unknown_plans": [] if file is None else file.unknown_plans,
        "quarantined_path": aside,
    }


def _told(file: Compared | None, incoming: Incoming) -> dict[str, Any]:
    return {
        "table": incoming.table,
        "data": Path(str(incoming.data)).name,
        "raw": None if incoming.raw is None else str(incoming.raw),
        "raw_sha256": incoming.raw_sha256,
        "file_name": incoming.file_name,
        "mapping": incoming.mapping,
        "encoding": incoming.encoding,
        "rows_in_file": incoming.rows_in_file,
        "quarantined": None if file is None else file.quarantined.name,
    }


def _joins(incoming: Sequence[Incoming], store: Store, dataset: str | None, folder: Path) -> list[dict[str, Any]]:
    """Compare the tables, as they will be, by the columns by which they refer to each other."""
    files: dict[str, list[Path]] = {}
    if dataset is not None:
        for table in REFERRED:
            if store.has(dataset, table):
                files.setdefault(table, []).append(store.path(dataset, table))
    for each in incoming:
        if each.table in REFERRED and isinstance(each.data, Path):
            files.setdefault(each.table, []).append(each.data)
    spill = folder / "spill"
    spill.mkdir()
    found = compare_files(files, spill)[["rule", "column", "value", "severity"]]
    shutil.rmtree(spill)
    return [{str(name): str(value) for name, value in row.items()} for row in found.to_dict("records")]
