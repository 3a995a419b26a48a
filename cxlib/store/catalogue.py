"""The catalogue: which data sets, versions and files there are. A change counts once its transaction is committed."""

from __future__ import annotations

import json
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from cxlib.errors import CxError
from cxlib.store.files import sync_folder
from cxlib.store.refusals import said_clearly
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cxlib.store.files import Files

FORMAT: Final = 2
BUSY_S = 60.0
"""How long to wait while another process writes."""
MANNERS: Final = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
)


class Moment(sa.types.TypeDecorator[datetime]):
    """An instant in UTC to the microsecond, as text that sorts."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else datetime.fromisoformat(value)


class Json(sa.types.TypeDecorator[Any]):
    """Values as JSON text."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str:  # noqa: ARG002
        return json.dumps(value)  # in ASCII: half characters of a file's name can be kept too

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:  # noqa: ARG002
        return json.loads(value)


def _text(name: str, **options: Any) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, **options)


def _count(name: str, **options: Any) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, **options)


def _to_version() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["dataset_id", "number"], ["versions.dataset_id", "versions.number"], ondelete="CASCADE"
    )


METADATA: Final = sa.MetaData()

DATASETS: Final = sa.Table(
    "datasets",
    METADATA,
    _text("id", primary_key=True),
    _text("name", unique=True),
    sa.Column("demo", sa.Boolean, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    _text("who"),
    _count("number"),
)

VERSIONS: Final = sa.Table(
    "versions",
    METADATA,
    sa.Column("dataset_id", sa.ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True),
    _count("number", primary_key=True, autoincrement=False),
    sa.Column("created_at", Moment, nullable=False),
    _text("who"),
    _text("note"),
    sa.Column("before", sa.Integer),
    sa.Column("restores", sa.Integer),
)

TABLES_OF_VERSIONS: Final = sa.Table(
    "tables_of_versions",
    METADATA,
    _text("dataset_id", primary_key=True),
    _count("number", primary_key=True, autoincrement=False),
    _text("name", primary_key=True),
    _text("sha256", index=True),
    _count("rows"),
    sa.Column("columns", Json, nullable=False),
    _count("bytes"),
    _to_version(),
)

IMPORTS: Final = sa.Table(
    "imports",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    _text("dataset_id"),
    _count("number"),
    _text("file_name"),
    sa.Column("raw_sha256", sa.Text, index=True),
    _count("raw_bytes"),
    _text("table"),
    sa.Column("columns", Json, nullable=False),
    sa.Column("mapping", Json, nullable=False),
    _text("encoding"),
    _count("rows_in_file"),
    _count("loaded"),
    _count("quarantined"),
    sa.Column("quarantined_sha256", sa.Text, index=True),
    _count("added"),
    _count("replaced"),
    _count("kept"),
    _count("identical"),
    _text("reader_version"),
    _to_version(),
    sa.Index("imports_of_version", "dataset_id", "number"),
)

TOMBSTONES: Final = sa.Table(
    "tombstones",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    _text("dataset_id"),
    _text("name"),
    sa.Column("deleted_at", Moment, nullable=False),
    _text("who"),
    _count("versions"),
    sa.Column("files", Json, nullable=False),
)

SETTINGS: Final = sa.Table(
    "settings",
    METADATA,
    sa.Column("dataset_id", sa.ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True),
    _count("number", primary_key=True, autoincrement=False),
    sa.Column("created_at", Moment, nullable=False),
    _text("who"),
    sa.Column("record", Json, nullable=False),
)

CAMPAIGNS: Final = sa.Table(
    "campaigns",
    METADATA,
    sa.Column("dataset_id", sa.ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True),
    _count("number", primary_key=True, autoincrement=False),
    sa.Column("created_at", Moment, nullable=False),
    _text("who"),
    _count("version"),
    sa.Column("record", Json, nullable=False),
    _text("sha256", index=True),
    _count("rows"),
    _count("bytes"),
)

SAVED: Final = sa.Table(
    "saved",
    METADATA,
    sa.Column("dataset_id", sa.ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True),
    _text("kind", primary_key=True),
    _count("number", primary_key=True, autoincrement=False),
    _text("name"),
    sa.Column("created_at", Moment, nullable=False),
    _text("who"),
    _count("version"),
    sa.Column("record", Json, nullable=False),
)

DISMISSED: Final = sa.Table(
    "dismissed",
    METADATA,
    _text("who", primary_key=True),
    _text("hint", primary_key=True),
)

MAPPINGS: Final = sa.Table(
    "mappings",
    METADATA,
    _text("headers", primary_key=True),
    _text("table", primary_key=True),
    _text("mapping"),
    sa.Column("used_at", Moment, nullable=False),
)


class Catalogue:
    """The SQLite database of a store, safe for several threads and processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        url = sa.URL.create("sqlite", database=str(path))  # whatever the folder is called
        self.engine = sa.create_engine(url, connect_args={"timeout": BUSY_S, "isolation_level": None})
        sa.event.listen(self.engine, "connect", _be_careful)
        sa.event.listen(self.engine, "begin", _begin)

    @classmethod
    def opened(cls, files: Files) -> Catalogue:
        """Return the catalogue of a store, made if the store is new; call it alone.

        Raises
        ------
        CxError
            ``catalogue_missing`` where files are there and no catalogue that names them, ``catalogue_damaged``,
            ``store_too_new``.
        """
        if not (files.catalogue.is_file() and files.catalogue.stat().st_size):
            if files.any_kept():
                raise CxError(
                    "catalogue_missing",
                    N_("The catalogue {value} is missing, and the files beside it mean nothing without it."),
                    hint=N_("Put it back, or bring a backup into a new folder: cxlib restore."),
                    value=str(files.catalogue),
                )
            files.catalogue.touch(mode=0o600)
            sync_folder(files.root)
        catalogue = cls(files.catalogue)
        try:
            catalogue.prepare()
        except BaseException:
            catalogue.close()
            raise
        return catalogue

    def prepare(self) -> None:
        """Make the tables where they are missing; call it alone.

        Raises
        ------
        CxError
            ``store_too_new`` when a later version of the product has written here.
        """
        with said_clearly():
            with self.engine.connect().execution_options(begin="") as connection:
                connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            with self.writing() as connection:
                found = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
                if found > FORMAT:
                    raise too_new()
                complete(connection)
                connection.exec_driver_sql(f"PRAGMA user_version = {FORMAT}")

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """See one state of the catalogue, whatever others commit meanwhile."""
        with said_clearly(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Change the catalogue alone; leaving the block without an error is the acknowledgement."""
        with (
            said_clearly(),
            self.engine.connect().execution_options(begin="IMMEDIATE") as connection,
            connection.begin(),
        ):
            yield connection

    def settle(self) -> None:
        """Write once, so that a commit that failed can never come back.

        When the disk refuses to sync a commit, its pages may be in the log all the same, and count after a crash unless
        others have been written over them. Files that only such a commit names may go after that.
        """
        with self.writing() as connection:
            connection.exec_driver_sql(f"PRAGMA user_version = {FORMAT}")

    def forget(self) -> None:
        """Take what was deleted out of the log too, unless somebody reads just now."""
        with suppress(sa.exc.DBAPIError), self.engine.connect().execution_options(begin="") as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 1000")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.invalidate()

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()


def complete(connection: sa.Connection) -> None:
    """Make the tables that are missing: all of them, or those that an earlier version did not know."""
    METADATA.create_all(connection)


def named_files(connection: sa.Connection) -> tuple[set[str], set[str]]:
    """Return the hashes of the raw and of the typed files that any version refers to."""
    raw = sa.select(IMPORTS.c.raw_sha256).where(IMPORTS.c.raw_sha256.is_not(None))
    typed = sa.union(
        sa.select(TABLES_OF_VERSIONS.c.sha256),
        sa.select(IMPORTS.c.quarantined_sha256).where(IMPORTS.c.quarantined_sha256.is_not(None)),
        sa.select(CAMPAIGNS.c.sha256),
    )
    return set(connection.scalars(raw)), set(connection.scalars(typed))


def now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


def too_new() -> CxError:
    """Return the error ``store_too_new``, for data that a later version of the product has written."""
    return CxError(
        "store_too_new",
        N_("The data folder was written by a later version of this product."),
        hint=N_("Install that version or a later one."),
    )


def _be_careful(connection: Any, record: Any) -> None:  # noqa: ARG001
    connection.execute(f"PRAGMA busy_timeout = {int(BUSY_S * 1000)}")
    for manner in MANNERS:
        connection.execute(manner)


def _begin(connection: sa.Connection) -> None:
    # The driver's own transactions begin late and cannot be upgraded when two writers meet.
    kind = connection.get_execution_options().get("begin", "DEFERRED")
    if kind:
        connection.exec_driver_sql(f"BEGIN {kind}")
