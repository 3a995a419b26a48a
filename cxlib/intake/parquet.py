"""Parquet files to columns of text."""

from __future__ import annotations

import io
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cxlib.errors import CxError
from cxlib.intake.bounds import check_parquet, check_parquet_part
from cxlib.texts import N_

BATCH_ROWS: Final = 8192
"""Long texts of which a dictionary holds one copy come out at once for this many rows."""


def read_parquet(data: bytes) -> tuple[list[str], list[pa.ChunkedArray]]:
    """Read a Parquet file as (header, columns of text), bounded before it is opened.

    Raises
    ------
    CxError
        ``too_large``, ``damaged_parquet``, ``nested``.
    """
    try:
        file = pq.ParquetFile(io.BytesIO(data))
        check_parquet(len(data), file.metadata)
        names = file.schema_arrow.names
        columns: list[list[pa.Array]] = [[] for _ in names]
        seen = 0
        for batch in file.iter_batches(batch_size=BATCH_ROWS):
            for name, cells, chunks in zip(names, batch.columns, columns, strict=True):
                chunks.append(_parquet_text(name, cells))
                seen += chunks[-1].nbytes
                check_parquet_part(len(data), seen)
    except (pa.ArrowInvalid, OSError) as error:
        raise CxError(
            "damaged_parquet",
            N_("The Parquet file is damaged or cut off."),
            hint=N_("Copy or export it again."),
        ) from error
    return names, [pa.chunked_array(chunks, pa.string()) for chunks in columns]


def _parquet_text(name: str, column: pa.Array) -> pa.Array:
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
