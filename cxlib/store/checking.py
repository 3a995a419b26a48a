"""Looking through a store for whatever is not as it was saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from cxlib.errors import CxError
from cxlib.store.catalogue import CAMPAIGNS, IMPORTS, TABLES_OF_VERSIONS, named_files
from cxlib.store.files import digest, is_ours
from cxlib.store.records import Finding
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cxlib.store.catalogue import Catalogue
    from cxlib.store.files import Files

IMPOSSIBLE: Final = {
    "SELECT name, number FROM datasets d WHERE number != (SELECT max(number) FROM versions WHERE dataset_id = d.id) "
    "OR NOT EXISTS (SELECT 1 FROM versions WHERE dataset_id = d.id)": N_(
        "The data set {name} is said to be at version {number}, which is not its last."
    ),
    "SELECT d.name, v.number FROM versions v JOIN datasets d ON d.id = v.dataset_id WHERE v.number < 0 OR v.number > 0 "
    "AND NOT EXISTS (SELECT 1 FROM versions e WHERE e.dataset_id = v.dataset_id AND e.number = v.number - 1)": N_(
        "There is a version {number} of the data set {name}, and none before it."
    ),
    "SELECT d.name, v.number FROM versions v JOIN datasets d ON d.id = v.dataset_id WHERE EXISTS (SELECT 1 FROM "
    "(SELECT v.before AS n UNION ALL SELECT v.restores) WHERE n IS NOT NULL AND (n >= v.number OR NOT EXISTS "
    "(SELECT 1 FROM versions e WHERE e.dataset_id = v.dataset_id AND e.number = n)))": N_(
        "Version {number} of the data set {name} goes back to a version that cannot be."
    ),
    "SELECT d.name, t.number FROM tables_of_versions t JOIN datasets d ON d.id = t.dataset_id "
    "WHERE t.rows < 0 OR t.bytes < 0 OR length(t.sha256) != 64 OR t.sha256 GLOB '*[^0-9a-f]*'": N_(
        "Version {number} of the data set {name} names a file that cannot be."
    ),
    "SELECT d.name, i.number FROM imports i JOIN datasets d ON d.id = i.dataset_id WHERE "
    "length(coalesce(i.raw_sha256, printf('%064d', 0))) != 64 OR i.raw_sha256 GLOB '*[^0-9a-f]*' OR "
    "length(coalesce(i.quarantined_sha256, printf('%064d', 0))) != 64 OR i.quarantined_sha256 GLOB '*[^0-9a-f]*' OR "
    "min(i.loaded, i.quarantined, i.added, i.replaced, i.kept, i.identical, i.raw_bytes) < 0 OR "
    "i.added + i.replaced + i.kept + i.identical != i.loaded": N_(
        "An import of version {number} of the data set {name} has counts or a file that cannot be."
    ),
    "SELECT d.name, c.number FROM campaigns c JOIN datasets d ON d.id = c.dataset_id WHERE c.rows < 0 OR c.bytes < 0 "
    "OR c.number < 1 OR length(c.sha256) != 64 OR c.sha256 GLOB '*[^0-9a-f]*'": N_(
        "Campaign {number} of the data set {name} names a file that cannot be."
    ),
}
"""What the catalogue can never hold, as SQL that finds it, and what is said of it."""


def fsck(files: Files, catalogue: Catalogue) -> list[Finding]:
    """Hash every file again and look through the catalogue; return what is wrong, the harmless last."""
    try:
        with catalogue.reading() as connection:
            findings = list(_database(connection, files))
            if findings:
                return findings  # what it names cannot be believed
            raw, typed = named_files(connection)
            rows = _rows(connection)
    except CxError as error:
        if error.code != "catalogue_damaged":
            raise
        return [_damaged(files, str(error.__cause__))]
    wanted = [(files.raw_path(sha256), sha256) for sha256 in sorted(raw)]
    wanted += [(files.typed_path(sha256), sha256) for sha256 in sorted(typed)]
    for path, sha256 in wanted:
        findings += _file(path, sha256)
    damaged = {finding.path for finding in findings}
    for sha256, counts in sorted(rows.items()):
        path = files.typed_path(sha256)
        if str(path) not in damaged:
            findings += _table(path, counts)
    known = {path for path, _ in wanted}
    for folder in (files.raw, files.typed):
        findings += [_unknown(path) for path in sorted(folder.iterdir()) if path not in known]
    return findings


def _rows(connection: sa.Connection) -> dict[str, set[int]]:
    """Return how many rows each Parquet file is said to have."""
    said = [
        sa.select(TABLES_OF_VERSIONS.c.sha256, TABLES_OF_VERSIONS.c.rows),
        sa.select(IMPORTS.c.quarantined_sha256, IMPORTS.c.quarantined).where(IMPORTS.c.quarantined_sha256.is_not(None)),
        sa.select(CAMPAIGNS.c.sha256, CAMPAIGNS.c.rows),
    ]
    found: dict[str, set[int]] = {}
    for each in said:
        for sha256, rows in connection.execute(each):
            found.setdefault(sha256, set()).add(rows)
    return found


def _database(connection: sa.Connection, files: Files) -> Iterator[Finding]:
    said = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
    said = [*(each for each in said if each != "ok"), *connection.exec_driver_sql("PRAGMA foreign_key_check").all()]
    for each in said:
        yield _damaged(files, str(each))
    if not said:
        for sql, text in IMPOSSIBLE.items():
            for row in connection.exec_driver_sql(sql).mappings():
                values: dict[str, Any] = dict(row)
                yield Finding(code="catalogue_wrong", text=text, path=str(files.catalogue), values=values)


def _damaged(files: Files, reason: str) -> Finding:
    return Finding(
        code="catalogue_damaged",
        text=N_("The catalogue {path} is damaged: {reason}"),
        path=str(files.catalogue),
        values={"reason": reason},
    )


def _file(path: Path, sha256: str) -> Iterator[Finding]:
    try:
        found, _ = digest(path)
    except FileNotFoundError:
        yield Finding(code="missing", text=N_("{path} is missing."), path=str(path))
    except OSError as error:
        yield _unreadable(path, str(error))
    else:
        if found != sha256:
            yield Finding(code="changed", text=N_("{path} is not as it was saved."), path=str(path))


def _table(path: Path, counts: set[int]) -> Iterator[Finding]:
    try:
        found = pq.read_metadata(path).num_rows
    except (OSError, pa.ArrowException) as error:
        yield _unreadable(path, str(error))
        return
    for rows in sorted(counts - {found}):
        yield Finding(
            code="rows_differ",
            text=N_("{path} has {found} rows and not {rows}."),
            path=str(path),
            values={"found": found, "rows": rows},
        )


def _unreadable(path: Path, reason: str) -> Finding:
    text = N_("{path} cannot be read: {reason}")
    return Finding(code="unreadable", text=text, path=str(path), values={"reason": reason})


def _unknown(path: Path) -> Finding:
    if is_ours(path):
        return Finding(code="leftover", text=N_("{path} belongs to no data set."), path=str(path), harmless=True)
    return Finding(code="foreign", text=N_("{path} is not the product's own."), path=str(path), harmless=True)
