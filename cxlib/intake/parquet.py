"""Parquet files to columns of text."""

from __future__ import annotations

import io
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cxlib.errors import CxError
from cxlib.intake.bounds import check_expansion
from cxlib.texts import N_

_CELL_BYTES: Final = 8


def read_parquet(data: bytes) -> tuple[list[str], list[pa.ChunkedArray]]:
    """Read a Parquet file as (header, columns of text), bounded before it is opened.

    Raises
    ------
    CxError
        ``too_large``, ``damaged_parquet``, ``nested``.
    """
    try:
        file = pq.ParquetFile(io.BytesIO(data))
        told = sum(file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups))
        cells = file.metadata.num_rows * file.metadata.num_columns
        check_expansion(len(data), max(told, cells * _CELL_BYTES))
        batches, total = [], 0
        for batch in file.iter_batches(batch_size=1 << 16):
            total += batch.nbytes
            check_expansion(len(data), total)
            batches.append(batch)
        table = pa.Table.from_batches(batches, schema=file.schema_arrow)
    except (pa.ArrowInvalid, OSError) as error:
        raise CxError(
            "damaged_parquet",
            N_("The Parquet file is damaged or cut off."),
            hint=N_("Copy or export it again."),
        ) from error
    return table.column_names, [_parquet_text(name, table.column(name)) for name in table.column_names]


def _parquet_text(name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        raise CxError(
            "nested",
            N_("The column {column} holds no plain values."),
            hint=N_("Write each part to a column of its own."),
            column=name,
        )
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    return pc.fill_null(column.cast(pa.string()), "")
