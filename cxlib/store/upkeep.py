"""Checking everything, taking a copy of everything, and bringing it back."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from cxlib.errors import CxError
from cxlib.store.catalogue import DATASETS, FORMAT, TABLES_OF_VERSIONS, VERSIONS, Catalogue, named_files, too_new
from cxlib.store.files import Files, Staged, digest, said_clearly, sync_folder
from cxlib.store.records import BackupReport, Finding
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def fsck(files: Files, catalogue: Catalogue) -> list[Finding]:
    """Hash every file again and look through the catalogue; return what is wrong, the harmless last."""
    with catalogue.reading() as connection:
        findings = list(_database(connection, files))
        raw, typed = named_files(connection)
        wanted = [(files.raw_path(sha256), sha256) for sha256 in sorted(raw)]
        wanted += [(files.typed_path(sha256), sha256) for sha256 in sorted(typed)]
        for path, sha256 in wanted:
            findings += _file(path, sha256)
        damaged = {finding.path for finding in findings}
        for sha256, rows in connection.execute(
            sa.select(TABLES_OF_VERSIONS.c.sha256, TABLES_OF_VERSIONS.c.rows).distinct()
        ):
            if str(files.typed_path(sha256)) not in damaged:
                findings += _table(files.typed_path(sha256), rows)
    known = {path for path, _ in wanted}
    for folder in (files.raw, files.typed):
        findings += [
            Finding(code="leftover", text=N_("{path} belongs to no data set."), path=str(path), harmless=True)
            for path in sorted(folder.iterdir())
            if path not in known
        ]
    return findings


def backup(files: Files, path: Path) -> BackupReport:
    """Copy the store into a new folder while others read and write.

    Raises
    ------
    CxError
        ``backup_exists`` when something is at `path` already.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise CxError(
            "backup_exists",
            N_("{value} exists already."),
            hint=N_("Name a folder that does not exist yet."),
            value=str(path),
        )
    partial = path.with_name(f"{path.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        with said_clearly(), files.writing():
            copy = Files(partial)
            _copy_catalogue(files.catalogue, copy.catalogue)
            total, count, damaged = _copy_files(files, copy)
            for folder in (copy.raw, copy.typed, copy.root):
                sync_folder(folder)
            partial.replace(path)
            sync_folder(path.parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return BackupReport(path=path, files=count, bytes=total, damaged=damaged)


def restore(files: Files, catalogue: Catalogue, path: Path, *, replace: bool) -> None:
    """Make the store what the backup holds; call it alone.

    Raises
    ------
    CxError
        ``no_backup``, ``backup_damaged``, ``store_too_new``, or ``would_lose`` when the store has versions that the
        backup lacks and `replace` is not set.
    """
    source = Files.existing(path)
    if source is None:
        raise CxError("no_backup", N_("{value} holds no backup."), value=str(path))
    copy = Catalogue(source.catalogue)
    try:
        with said_clearly(), files.desk() as desk:
            _check_backup(source, copy)
            if not replace:
                _check_nothing_lost(catalogue, copy)
            with copy.reading() as connection:
                raw, typed = named_files(connection)
            pairs = [(source.raw_path(each), files.raw_path(each)) for each in raw]
            pairs += [(source.typed_path(each), files.typed_path(each)) for each in typed]
            for origin, target in pairs:
                staged = files.stage_raw(origin, desk)
                files.publish([Staged(staged.temporary, target, staged.sha256, staged.bytes)])
            _copy_catalogue(source.catalogue, files.catalogue)
    finally:
        copy.close()


def _database(connection: sa.Connection, files: Files) -> Iterator[Finding]:
    said = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
    said = [*(each for each in said if each != "ok"), *connection.exec_driver_sql("PRAGMA foreign_key_check").all()]
    for each in said:
        yield Finding(
            code="catalogue_damaged",
            text=N_("The catalogue {path} is damaged: {reason}"),
            path=str(files.catalogue),
            values={"reason": str(each)},
        )


def _file(path: Path, sha256: str) -> Iterator[Finding]:
    try:
        found, _ = digest(path)
    except FileNotFoundError:
        yield Finding(code="missing", text=N_("{path} is missing."), path=str(path))
    except OSError as error:
        values = {"reason": str(error)}
        yield Finding(code="unreadable", text=N_("{path} cannot be read: {reason}"), path=str(path), values=values)
    else:
        if found != sha256:
            yield Finding(code="changed", text=N_("{path} is not as it was saved."), path=str(path))


def _table(path: Path, rows: int) -> Iterator[Finding]:
    try:
        found = pq.read_metadata(path).num_rows
    except (OSError, pa.ArrowException) as error:
        values = {"reason": str(error)}
        yield Finding(code="unreadable", text=N_("{path} cannot be read: {reason}"), path=str(path), values=values)
        return
    if found != rows:
        yield Finding(
            code="rows_differ",
            text=N_("{path} has {found} rows and not {rows}."),
            path=str(path),
            values={"found": found, "rows": rows},
        )


def _copy_catalogue(origin: Path, target: Path) -> None:
    with closing(sqlite3.connect(origin, timeout=60)) as source, closing(sqlite3.connect(target, timeout=60)) as copy:
        copy.execute("PRAGMA synchronous = FULL")
        source.backup(copy)


def _copy_files(files: Files, copy: Files) -> tuple[int, int, tuple[str, ...]]:
    copied = Catalogue(copy.catalogue)
    try:
        with copied.reading() as connection:
            raw, typed = named_files(connection)
    finally:
        copied.close()
    pairs = [(files.raw_path(each), copy.raw_path(each), each) for each in sorted(raw)]
    pairs += [(files.typed_path(each), copy.typed_path(each), each) for each in sorted(typed)]
    total, count, damaged = 0, 0, []
    for origin, target, sha256 in pairs:
        try:
            staged = copy.stage_raw(origin, copy.desks)
        except FileNotFoundError:
            damaged.append(str(origin))
            continue
        staged.temporary.replace(target)
        total, count = total + staged.bytes, count + 1
        if staged.sha256 != sha256:
            damaged.append(str(origin))
    return total, count, tuple(damaged)


def _check_backup(source: Files, copy: Catalogue) -> None:
    with copy.reading() as connection:
        if connection.exec_driver_sql("PRAGMA user_version").scalar_one() > FORMAT:
            raise too_new()
    wrong = [finding for finding in fsck(source, copy) if not finding.harmless]
    if wrong:
        raise CxError(
            "backup_damaged",
            N_("The backup is damaged and was not brought back: {value}"),
            hint=N_("Use another backup."),
            value=wrong[0].said,
        )


def _check_nothing_lost(catalogue: Catalogue, copy: Catalogue) -> None:
    listed = sa.select(DATASETS.c.name, VERSIONS.c.dataset_id, VERSIONS.c.number, VERSIONS.c.created_at).join_from(
        VERSIONS, DATASETS
    ).where(~DATASETS.c.demo)  # fmt: skip
    with catalogue.reading() as connection:
        here = connection.execute(listed).all()
    with copy.reading() as connection:
        there = {tuple(row)[1:] for row in connection.execute(listed)}
    lost = sorted({row[0] for row in here if tuple(row)[1:] not in there})
    if lost:
        raise CxError(
            "would_lose",
            N_("These data sets have versions that the backup lacks: {value}."),
            hint=N_("Back them up first, then bring the backup back and replace them."),
            value=", ".join(lost),
        )
