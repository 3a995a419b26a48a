"""Parquet written in the background while the next rows are made."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

ROW_GROUP_ROWS: Final = 1 << 20


class RowGroups:
    """A Parquet file that takes batches and writes row groups of one size, one behind while the next fills."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._schema = schema
        self._batches: list[pa.RecordBatch] = []
        self._waiting = 0
        self._writer = pq.ParquetWriter(path, schema, **_form(schema))
        self._thread = ThreadPoolExecutor(1)
        self._pending: Future[None] | None = None
        self.rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if kind is None and self._waiting:
                self._hand_over(self._waiting)
        finally:
            self._thread.shutdown(wait=True)
            self._writer.close()
        if kind is None and self._pending is not None:
            self._pending.result()

    def add(self, batch: pa.RecordBatch) -> None:
        """Take rows of the file's schema."""
        self._batches.append(batch)
        self._waiting += batch.num_rows
        self.rows += batch.num_rows
        while self._waiting >= ROW_GROUP_ROWS:
            self._hand_over(ROW_GROUP_ROWS)

    def _hand_over(self, rows: int) -> None:
        table = pa.Table.from_batches(self._batches, schema=self._schema)
        rest = table.slice(rows)
        self._batches, self._waiting = rest.to_batches(), rest.num_rows
        if self._pending is not None:
            self._pending.result()
        self._pending = self._thread.submit(self._writer.write_table, table.slice(0, rows), ROW_GROUP_ROWS)


def _form(schema: pa.Schema) -> dict[str, Any]:
    """Return how columns are written: whole numbers and times by their differences, all others by what repeats."""
    whole = [field.name for field in schema if pa.types.is_int64(field.type) or pa.types.is_timestamp(field.type)]
    return {
        "compression": "zstd",
        "compression_level": 1,
        "use_dictionary": [name for name in schema.names if name not in whole] or False,
        "column_encoding": dict.fromkeys(whole, "DELTA_BINARY_PACKED") or None,
        "write_page_checksum": True,
    }
