"""Data sets, versions and imports as rows of the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from cxlib.errors import CxError
from cxlib.store.catalogue import CAMPAIGNS, DATASETS, IMPORTS, TABLES_OF_VERSIONS, TOMBSTONES, VERSIONS, now
from cxlib.store.records import DataSet, ImportRecord, TableFile, Tombstone, Version
from cxlib.store.refusals import busy
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Iterable


def data_sets(connection: sa.Connection) -> list[DataSet]:
    """Return all data sets, the demo last, the others by name."""
    rows = connection.execute(sa.select(DATASETS).order_by(DATASETS.c.demo, DATASETS.c.name)).mappings()
    return [DataSet(**row) for row in rows]


def data_set(connection: sa.Connection, dataset_id: str) -> DataSet:
    """Return a data set, or raise `CxError` ``unknown_dataset``."""
    row = connection.execute(sa.select(DATASETS).where(DATASETS.c.id == dataset_id)).mappings().first()
    if row is None:
        raise CxError(
            "unknown_dataset",
            N_("There is no data set {value}."),
            hint=N_("It may have been deleted; choose another one."),
            value=dataset_id,
        )
    return DataSet(**row)


def versions(connection: sa.Connection, dataset_id: str, number: int | None = None) -> list[Version]:
    """Return the versions of a data set, the newest first, or the one with that number, if there is one."""
    wanted = VERSIONS.c.dataset_id == dataset_id
    if number is not None:
        wanted &= VERSIONS.c.number == number
    rows = connection.execute(sa.select(VERSIONS).where(wanted).order_by(VERSIONS.c.number.desc())).mappings().all()
    tables: dict[int, dict[str, TableFile]] = {row["number"]: {} for row in rows}
    arrivals: dict[int, list[ImportRecord]] = {row["number"]: [] for row in rows}
    for table in _of(connection, TABLES_OF_VERSIONS, dataset_id, number, TABLES_OF_VERSIONS.c.name):
        tables[table["number"]][table["name"]] = TableFile(
            sha256=table["sha256"], rows=table["rows"], columns=tuple(table["columns"]), bytes=table["bytes"]
        )
    by_number = {row["number"]: row for row in rows}
    for each in _of(connection, IMPORTS, dataset_id, number, IMPORTS.c.id):
        arrivals[each["number"]].append(_import(each, by_number[each["number"]]))
    return [
        Version(
            number=row["number"],
            created_at=row["created_at"],
            who=row["who"],
            note=row["note"],
            tables=tables[row["number"]],
            imports=tuple(arrivals[row["number"]]),
            before=row["before"],
            restores=row["restores"],
        )
        for row in rows
    ]


def version(connection: sa.Connection, dataset_id: str, number: int | None = None) -> Version:
    """Return a version, the current one without a number, or raise `CxError` ``unknown_version``."""
    current = data_set(connection, dataset_id)
    found = versions(connection, dataset_id, current.number if number is None else number)
    if not found:
        raise CxError(
            "unknown_version",
            N_("The data set {dataset} has no version {value}."),
            value=number,
            dataset=current.name,
        )
    return found[0]


def add_version(connection: sa.Connection, dataset_id: str, new: Version) -> None:
    """Write a version with its tables and imports, and make it the current one.

    Raises
    ------
    CxError
        ``store_busy`` where the data set is not at the version before it any more.
    """
    current = data_set(connection, dataset_id).number
    if new.number and current != new.number - 1:
        raise busy()
    connection.execute(
        sa.insert(VERSIONS).values(
            dataset_id=dataset_id,
            number=new.number,
            created_at=new.created_at,
            who=new.who,
            note=new.note,
            before=new.before,
            restores=new.restores,
        )
    )
    for name, table in new.tables.items():
        connection.execute(
            sa.insert(TABLES_OF_VERSIONS).values(
                dataset_id=dataset_id,
                number=new.number,
                name=name,
                sha256=table.sha256,
                rows=table.rows,
                columns=table.columns,
                bytes=table.bytes,
            )
        )
    for each in new.imports:
        values = {column.name: getattr(each, column.name) for column in IMPORTS.c if hasattr(each, column.name)}
        connection.execute(sa.insert(IMPORTS).values(dataset_id=dataset_id, number=new.number, **values))
    connection.execute(sa.update(DATASETS).where(DATASETS.c.id == dataset_id).values(number=new.number))


def standing_imports(found: Iterable[Version], number: int) -> list[ImportRecord]:
    """Return the imports whose rows a version holds, the oldest first; those that were undone are left out."""
    by_number = {each.number: each for each in found}
    standing: list[ImportRecord] = []
    at: int | None = number
    while at is not None:
        here = by_number[at]
        if here.restores is not None:
            here = by_number[here.restores]
        standing = [*here.imports, *standing]
        at = here.before
    return standing


def bury(connection: sa.Connection, dataset_id: str, who: str) -> Tombstone:
    """Remove a data set with all that hangs on it, and leave its tombstone."""
    gone = data_set(connection, dataset_id)
    all_versions = versions(connection, dataset_id)
    files: dict[str, dict[str, Any]] = {}
    for each in all_versions:
        for name, table in each.tables.items():
            files[table.sha256] = _trace("typed", table.sha256, name, table.rows, table.bytes)
        for arrival in each.imports:
            if arrival.raw_sha256:
                raw = _trace("raw", arrival.raw_sha256, arrival.table, arrival.rows_in_file, arrival.raw_bytes)
                files[arrival.raw_sha256] = raw
    for row in _of(connection, CAMPAIGNS, dataset_id, None, CAMPAIGNS.c.number):
        files[row["sha256"]] = _trace("typed", row["sha256"], "campaign", row["rows"], row["bytes"])
    tombstone = Tombstone(
        dataset_id=gone.id,
        name=gone.name,
        deleted_at=now(),
        who=who,
        versions=len(all_versions),
        files=tuple(files.values()),
    )
    connection.execute(sa.delete(DATASETS).where(DATASETS.c.id == dataset_id))
    connection.execute(
        sa.insert(TOMBSTONES).values(
            dataset_id=tombstone.dataset_id,
            name=tombstone.name,
            deleted_at=tombstone.deleted_at,
            who=who,
            versions=tombstone.versions,
            files=tombstone.files,
        )
    )
    return tombstone


def tombstones(connection: sa.Connection) -> list[Tombstone]:
    """Return what is left of deleted data sets, the latest first."""
    rows = connection.execute(sa.select(TOMBSTONES).order_by(TOMBSTONES.c.id.desc())).mappings()
    return [
        Tombstone(
            **{name: value for name, value in row.items() if name not in {"id", "files"}}, files=tuple(row["files"])
        )
        for row in rows
    ]


def _trace(kind: str, sha256: str, table: str, rows: int, size: int) -> dict[str, Any]:
    return {"kind": kind, "sha256": sha256, "table": table, "rows": rows, "bytes": size}


def _of(
    connection: sa.Connection, table: sa.Table, dataset_id: str, number: int | None, order: sa.Column[Any]
) -> list[sa.RowMapping]:
    wanted = table.c.dataset_id == dataset_id
    if number is not None:
        wanted &= table.c.number == number
    return list(connection.execute(sa.select(table).where(wanted).order_by(order)).mappings())


def _import(row: sa.RowMapping, of_version: sa.RowMapping) -> ImportRecord:
    values = {name: value for name, value in row.items() if name not in {"id", "dataset_id", "number", "columns"}}
    return ImportRecord(
        version=of_version["number"],
        created_at=of_version["created_at"],
        who=of_version["who"],
        columns=tuple(row["columns"]),
        **values,
    )
