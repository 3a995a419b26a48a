"""Taking a copy of everything while others work, and bringing it back."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from cxlib.errors import CxError
from cxlib.store.catalogue import (
    CAMPAIGNS,
    DATASETS,
    FORMAT,
    METADATA,
    SAVED,
    SETTINGS,
    TOMBSTONES,
    VERSIONS,
    Catalogue,
    complete,
    named_files,
    too_new,
)
from cxlib.store.checking import fsck
from cxlib.store.files import Files, Staged, sync_folder
from cxlib.store.records import BackupReport
from cxlib.store.refusals import is_damage, said_clearly
from cxlib.texts import N_

if TYPE_CHECKING:
    from cxlib.store.records import Finding


def backup(files: Files, path: Path) -> BackupReport:
    """Copy the store into a new folder while others read and write.

    All that was acknowledged before it began is in it. Results, jobs, uploads under way and the inbox are not.

    Raises
    ------
    CxError
        ``backup_exists`` when something is at `path` already, ``backup_inside`` when that is within the store.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise _exists(path)
    if path.resolve().is_relative_to(files.root):
        raise CxError(
            "backup_inside",
            N_("{value} lies in the data folder itself."),
            hint=N_("Name a folder elsewhere, best on another disk."),
            value=str(path),
        )
    partial: Path | None = None
    try:
        with said_clearly(), files.writing():
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = Path(tempfile.mkdtemp(prefix=f"{path.name}.partial-", dir=path.parent))
            copy = Files(partial)
            _copy_catalogue(files.catalogue, copy.catalogue)
            total, count, damaged = _copy_files(files, copy)
            for folder in (copy.raw, copy.typed, copy.root):
                sync_folder(folder)
            try:
                partial.replace(path)
            except OSError as error:
                if path.exists() and any(path.iterdir()):
                    raise _exists(path) from error  # somebody was quicker
                raise
            sync_folder(path.parent)
    finally:
        if partial is not None:
            shutil.rmtree(partial, ignore_errors=True)
    return BackupReport(path=path, files=count, bytes=total, damaged=damaged)


def restore(files: Files, catalogue: Catalogue, path: Path, *, replace: bool) -> None:
    """Make the store what the backup holds; call it alone. The backup is only read.

    Until its last step, one transaction of the catalogue, the store is what it was.

    Raises
    ------
    CxError
        ``no_backup``, ``backup_damaged``, ``store_too_new``, or ``would_lose`` when the store has versions that the
        backup lacks and `replace` is not set.
    """
    source = Files.existing(path)
    if source is None:
        raise CxError("no_backup", N_("{value} holds no backup."), value=str(path))
    with said_clearly(), files.desk() as desk:
        copied = desk / "catalogue.sqlite"
        try:
            _copy_catalogue(source.catalogue, copied)
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                raise _damaged(str(error)) from error
            raise
        copy = Catalogue(copied)
        try:
            raw, typed = _check_backup(source, copy)
            if not replace:
                with catalogue.reading() as connection:
                    _check_nothing_lost(connection, copy)
            pairs = [(source.raw_path(each), files.raw_path(each)) for each in raw]
            pairs += [(source.typed_path(each), files.typed_path(each)) for each in typed]
            for origin, target in pairs:
                staged = files.stage_raw(origin, desk)
                if not target.name.startswith(staged.sha256):
                    raise _damaged(str(origin))  # changed since it was checked
                files.publish([Staged(staged.temporary, target, staged.sha256, staged.bytes)])
            _take_over(catalogue, copy, replace=replace)
        finally:
            copy.close()


def _take_over(catalogue: Catalogue, copy: Catalogue, *, replace: bool) -> None:
    """Put the rows of one catalogue in place of those of another, in one transaction."""
    tables = METADATA.sorted_tables
    with copy.reading() as connection:
        rows = {table.name: [dict(row) for row in connection.execute(sa.select(table)).mappings()] for table in tables}
    with catalogue.writing() as connection:
        if not replace:
            _check_nothing_lost(connection, copy)  # again: others may have come in between
        rows[TOMBSTONES.name] += _stones(connection, rows)
        for table in reversed(tables):
            connection.execute(sa.delete(table))
        for table in tables:
            if rows[table.name]:
                connection.execute(sa.insert(table), rows[table.name])


def _stones(connection: sa.Connection, rows: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return the tombstones that the backup lacks, of data sets that do not come back."""
    back = {row["id"] for row in rows[DATASETS.name]} | {row["dataset_id"] for row in rows[TOMBSTONES.name]}
    last = max((row["id"] for row in rows[TOMBSTONES.name]), default=0)
    here = connection.execute(sa.select(TOMBSTONES).order_by(TOMBSTONES.c.id)).mappings()
    missing = [dict(row) for row in here if row["dataset_id"] not in back]
    return [{**row, "id": last + i} for i, row in enumerate(missing, 1)]


def _copy_catalogue(origin: Path, target: Path) -> None:
    """Copy a database as of one moment, also one that may only be read, into a single file."""
    with closing(_opened(origin)) as source, closing(sqlite3.connect(target, timeout=60)) as copy:
        target.chmod(0o600)
        copy.execute("PRAGMA synchronous = FULL")
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")


def _opened(origin: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(origin, timeout=60)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        if origin.with_name(f"{origin.name}-wal").exists():
            raise  # what is in the log would be missed
        return sqlite3.connect(f"{origin.resolve().as_uri()}?immutable=1", uri=True)  # on a disk that is read-only
    except BaseException:
        connection.close()
        raise
    return connection


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


def _check_backup(source: Files, copy: Catalogue) -> tuple[set[str], set[str]]:
    """Look through the backup; return the files that it names."""
    try:
        with copy.reading() as connection:
            if connection.exec_driver_sql("PRAGMA user_version").scalar_one() > FORMAT:
                raise too_new()
        with copy.writing() as connection:
            complete(connection)  # the copy, of a backup that an earlier version made
    except CxError as error:
        if error.code != "catalogue_damaged":
            raise
        raise _damaged(str(source.catalogue)) from error
    wrong: list[Finding] = [finding for finding in fsck(source, copy) if not finding.harmless]
    if wrong:
        raise _damaged(wrong[0].said)
    with copy.reading() as connection:
        return named_files(connection)


def _check_nothing_lost(connection: sa.Connection, copy: Catalogue) -> None:
    lost: set[str] = set()
    for kept in (VERSIONS, SETTINGS, CAMPAIGNS, SAVED):
        listed = (
            sa.select(DATASETS.c.name, kept.c.dataset_id, kept.c.number, kept.c.created_at)
            .join_from(kept, DATASETS)
            .where(~DATASETS.c.demo)
        )
        with copy.reading() as other:
            there = {tuple(row)[1:] for row in other.execute(listed)}
        lost |= {row[0] for row in connection.execute(listed).all() if tuple(row)[1:] not in there}
    if lost:
        raise CxError(
            "would_lose",
            N_("These data sets have versions, settings, campaigns or saved views that the backup lacks: {value}."),
            hint=N_("Back them up first, then bring the backup back and replace them."),
            value=", ".join(sorted(lost)),
        )


def _damaged(reason: str) -> CxError:
    return CxError(
        "backup_damaged",
        N_("The backup is damaged and was not brought back: {value}"),
        hint=N_("Use another backup."),
        value=reason,
    )


def _exists(path: Path) -> CxError:
    return CxError(
        "backup_exists",
        N_("{value} exists already."),
        hint=N_("Name a folder that does not exist yet."),
        value=str(path),
    )
