"""Parquet files: small ones to columns of text, large ones read group by group, by their own types."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cxlib.engine.threads import run
from cxlib.errors import CxError
from cxlib.intake.bounds import check_parquet, check_parquet_part
from cxlib.intake.cells import ROW, Column, MemoryCells, column_of
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from cxlib.intake.cells import Cells, Piece, T

PROBE_ROWS: Final = 256
MANY_ROWS: Final = 2_000_000
"""A file with more rows is never in memory as a whole."""
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


def open_parquet(source: Path | str | bytes) -> ParquetFile | None:
    """Return a Parquet file with very many rows, to be read group by group; None for everything else.

    Raises
    ------
    CxError
        ``too_large``, ``damaged_parquet``, ``nested``.
    """
    if isinstance(source, bytes) or not Path(source).is_file():
        return None
    with Path(source).open("rb") as file:
        if file.read(4) != b"PAR1":
            return None
    return _guarded(lambda: ParquetFile.opened(Path(source)))


def _guarded(work: Callable[[], T]) -> T:
    try:
        return work()
    except (pa.ArrowInvalid, OSError) as error:
        raise CxError(
            "damaged_parquet",
            N_("The Parquet file is damaged or cut off."),
            hint=N_("Copy or export it again."),
        ) from error


class ParquetFile:
    """A Parquet file at a path and its metadata; `names` are its columns."""

    def __init__(self, path: Path, metadata: Any, schema: pa.Schema) -> None:
        self.path = path
        self.metadata = metadata
        self.schema = schema
        self.names: list[str] = schema.names
        self.packed = path.stat().st_size
        sizes = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
        self.edges: NDArray[np.int64] = np.cumsum([0, *sizes])

    @classmethod
    def opened(cls, path: Path) -> ParquetFile | None:
        """Look at the metadata and at some texts; None where the file is small enough to be read as a whole."""
        with pq.ParquetFile(path) as file:
            if file.metadata.num_rows <= MANY_ROWS:
                return None
            found = cls(path, file.metadata, file.schema_arrow)
        check_parquet(found.packed, found.metadata)
        seen = 0.0
        for place, kind in enumerate(found.schema.types):
            if _is_text(kind):
                for group in range(found.metadata.num_row_groups):
                    batch = next(found.batches(group, place, rows=PROBE_ROWS), None)
                    if batch is not None and batch.num_rows:
                        rows = found.metadata.row_group(group).num_rows
                        texts = _parquet_text(found.names[place], batch.column(0))
                        seen += texts.nbytes / len(texts) * rows
                        check_parquet_part(found.packed, int(seen))
            else:
                _parquet_text(found.names[place], pa.array([], kind))
        return found

    def batches(self, group: int, place: int, *, rows: int = BATCH_ROWS) -> Any:
        """Read one column of one group a few rows at a time."""
        file = pq.ParquetFile(self.path, metadata=self.metadata)
        try:
            yield from file.iter_batches(batch_size=rows, row_groups=[group], columns=[self.names[place]])
        finally:
            file.close()

    def values(self, group: int, place: int) -> pa.Array:
        """Read one column of one group with its own types; texts are checked as they come."""
        if _is_text(self.schema.types[place]):
            parts, seen = [], 0
            for batch in self.batches(group, place):
                parts.append(_parquet_text(self.names[place], batch.column(0)))
                seen += parts[-1].nbytes
                check_parquet_part(self.packed, seen)
            return pa.concat_arrays(parts) if parts else pa.array([], pa.string())
        with pq.ParquetFile(self.path, metadata=self.metadata) as file:
            column = file.read_row_group(group, columns=[self.names[place]], use_threads=False).column(0)
        return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_dictionary(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind))


class ParquetCells:
    """The cells of a large Parquet file, read group by group each time that they are asked for."""

    def __init__(self, file: ParquetFile, names: dict[str, int]) -> None:
        self._file = file
        self._names = names

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return int(self._file.edges[-1])

    @property
    def pieces(self) -> int:
        """In how many pieces `each` goes through the rows."""
        return len(self._file.edges) - 1

    def each(self, function: Callable[[int, Piece], T]) -> list[T]:
        """Call a function with each piece, in parallel."""
        groups = [(i,) for i in range(self.pieces)]
        return _guarded(lambda: run(lambda i: function(i, ParquetPiece(self._file, i, self._names)), groups))

    def table(self) -> pa.Table:
        """Return all texts."""
        schema = pa.schema([*((name, pa.string()) for name in self._names), (ROW, pa.int64())])
        parts = self.each(lambda _, piece: _text_table(piece, [*self._names]))
        return pa.concat_tables(parts) if parts else schema.empty_table()

    def column(self, name: str) -> pa.ChunkedArray:
        """Return the texts of one column."""
        return pa.chunked_array(self.each(lambda _, piece: piece.column(name).texts()), pa.string())

    def head(self, n: int) -> pa.Table:
        """Return the first rows."""
        columns = []
        for place in self._names.values():
            parts: list[pa.Array] = []
            for batch in (each for group in range(self.pieces) for each in self._file.batches(group, place)):
                parts.append(_parquet_text(self._file.names[place], batch.column(0)))
                if sum(map(len, parts)) >= n:
                    break
            columns.append(pa.concat_arrays(parts).slice(0, n))
        return pa.table([*columns, pa.array(np.arange(1, len(columns[0]) + 1))], names=[*self._names, ROW])

    def tail(self, n: int) -> pa.Table:
        """Return the last rows."""
        return self.take(list(range(max(self.rows - n, 0) + 1, self.rows + 1)))

    def take(self, rows: Sequence[int]) -> pa.Table:
        """Return the rows with these numbers, in the order of the file."""
        wanted = np.unique(np.asarray(rows, np.int64)) - 1
        wanted = wanted[(wanted >= 0) & (wanted < self.rows)]
        groups = np.searchsorted(self._file.edges, wanted, side="right") - 1
        parts = _guarded(
            lambda: run(self._some, [(group, wanted[groups == group]) for group in np.unique(groups).tolist()])
        )
        schema = pa.schema([*((name, pa.string()) for name in self._names), (ROW, pa.int64())])
        return pa.concat_tables(parts) if parts else schema.empty_table()

    def without(self, rows: Sequence[int]) -> Cells:
        """Return the texts without the rows with these numbers, in memory."""
        return MemoryCells(self.table()).without(rows)

    def _some(self, group: int, places: NDArray[np.int64]) -> pa.Table:
        inside = pa.array(places - self._file.edges[group])
        names = self._file.names
        columns = [
            _parquet_text(names[place], self._file.values(group, place).take(inside)) for place in self._names.values()
        ]
        return pa.table([*columns, pa.array(places + 1)], names=[*self._names, ROW])


class ParquetPiece:
    """One group of rows."""

    def __init__(self, file: ParquetFile, group: int, names: dict[str, int]) -> None:
        self._file = file
        self._group = group
        self._names = names

    @property
    def lines(self) -> NDArray[np.int64]:
        """The file's number of each row."""
        first, after = self._file.edges[self._group : self._group + 2]
        return np.arange(first + 1, after + 1)

    def column(self, name: str) -> Column:
        """Return the cells of one column as text."""
        place = self._names[name]
        return column_of(_parquet_text(self._file.names[place], self._file.values(self._group, place)))

    def typed(self, name: str) -> pa.Array | None:
        """Return the values of one column where they are not texts."""
        place = self._names[name]
        return None if _is_text(self._file.schema.types[place]) else self._file.values(self._group, place)


def texts_of(values: pa.Array) -> pa.Array:
    """Return values as the texts that they stand for, empty where there is none."""
    return _parquet_text("", values)


def _text_table(piece: Piece, names: list[str]) -> pa.Table:
    return pa.table([*(piece.column(name).texts() for name in names), pa.array(piece.lines)], names=[*names, ROW])


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
