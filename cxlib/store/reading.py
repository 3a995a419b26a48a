"""Tables of a version, for reading."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cxlib.errors import CxError
from cxlib.store.data_sets import DataSets
from cxlib.store.kinds import table_named
from cxlib.store.refusals import file_damaged, file_missing, said_clearly
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from cxlib.store.records import ImportRecord


class Tables(DataSets):
    """How tables are taken out of a store."""

    def has(self, dataset_id: str, table: str, *, version: int | None = None) -> bool:
        """Whether a version holds the table with at least one row."""
        found = self.version(dataset_id, version).tables.get(table_named(table).name)
        return found is not None and found.rows > 0

    def path(self, dataset_id: str, table: str, *, version: int | None = None) -> Path:
        """Return the Parquet file of a table, for reading only, or raise `CxError` ``no_table``."""
        found = self.version(dataset_id, version).tables.get(table_named(table).name)
        if found is None:
            raise CxError(
                "no_table",
                N_("This data set has no {value} yet."),
                hint=N_("Import a file that brings it."),
                value=table,
            )
        return self._files.typed_path(found.sha256)

    def zone(self, dataset_id: str, table: str = "contacts", *, version: int | None = None) -> str:
        """Return the time zone in which the times of a table were read last, up to a version; else UTC."""
        number = self.version(dataset_id, version).number
        for each in self.versions(dataset_id):
            for record in each.imports if each.number <= number else ():
                if record.table == table and isinstance(record.mapping, dict) and record.mapping.get("zone"):
                    return str(record.mapping["zone"])
        return "UTC"

    def load(
        self,
        dataset_id: str,
        table: str,
        *,
        version: int | None = None,
        columns: Sequence[str] | None = None,
        arrived: tuple[datetime, datetime] | None = None,
    ) -> pa.Table:
        """Return a table, or some of its columns, as Arrow.

        With `arrived`, of contacts only those that arrived from its first instant on and before its second one; the
        other parts of the file are not read.

        `usage` is sorted by customer_id and month, `customers` by customer_id, `contacts` by arrived_at and
        contact_id; plans and tiers are in the order in which they came.

        Raises
        ------
        CxError
            ``no_table``, ``no_column``, ``file_missing`` or ``file_damaged``.
        """
        path = self.path(dataset_id, table, version=version)
        with reading_of(path):
            names = pq.read_schema(path, memory_map=True).names
            for name in columns or ():
                if name not in names:
                    raise CxError(
                        "no_column",
                        N_("The {table} of this data set have no column {column}."),
                        hint=N_("Columns are: {known}."),
                        column=name,
                        table=table,
                        known=", ".join(names),
                    )
            at = pc.field("arrived_at")
            found = pq.read_table(
                path,
                columns=None if columns is None else list(columns),
                filters=None if arrived is None else (at >= arrived[0]) & (at < arrived[1]),
                memory_map=True,
                page_checksum_verification=True,
            )
        return pa.table(found.columns, schema=pa.schema([field.with_nullable(True) for field in found.schema]))

    def rows_of_customers(
        self, dataset_id: str, table: str, customer_ids: Sequence[str], *, version: int | None = None
    ) -> pa.Table:
        """Return the rows of some customers of `usage` or `customers`, reading only the parts of the file they are in.

        Of `customers`, also those whose account has one of these names.
        """
        path = self.path(dataset_id, table, version=version)
        with reading_of(path):
            wanted = pc.field("customer_id").isin(list(customer_ids))
            if table == "customers" and "account_id" in pq.read_schema(path, memory_map=True).names:
                wanted |= pc.field("account_id").isin(list(customer_ids))
            found = pq.read_table(path, filters=wanted, memory_map=True)
        return pa.table(found.columns, schema=pa.schema([field.with_nullable(True) for field in found.schema]))

    def quarantined(self, dataset_id: str, version: int | None = None) -> list[tuple[ImportRecord, pa.Table]]:
        """Return the rows that were set aside when a version came in, by import."""
        found = []
        for each in self.version(dataset_id, version).imports:
            if each.quarantined_sha256:
                path = self._files.typed_path(each.quarantined_sha256)
                with reading_of(path):
                    found.append((each, pq.read_table(path, memory_map=True, page_checksum_verification=True)))
        return found

    def raw_path(self, record: ImportRecord) -> Path | None:
        """Return the file as it came, for reading only."""
        return self._files.raw_path(record.raw_sha256) if record.raw_sha256 else None


@contextmanager
def reading_of(path: Path) -> Iterator[None]:
    """Say clearly that a kept file is missing or damaged."""
    try:
        with said_clearly():
            yield
    except FileNotFoundError:
        raise file_missing(path) from None
    except (OSError, pa.ArrowException) as error:
        raise file_damaged(path) from error
