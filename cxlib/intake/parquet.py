"""Parquet files: small ones to columns of text, large ones read group by group, by their own types."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cxlib.engine.threads import run, stream
from cxlib.errors import CxError
from cxlib.intake.bounds import check_expansion, check_parquet, check_parquet_part
from cxlib.intake.cells import ROW, Column, MemoryCells, column_of
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from cxlib.intake.cells import Cells, Piece, T

PROBE_ROWS: Final = 256
MANY_ROWS: Final = 2_000_000
"""A file with more rows is never in memory as a whole."""
BATCH_ROWS: Final = 8192
"""Long texts of which a dictionary holds one copy come out at once for this many rows."""
PIECE_ROWS: Final = 1 << 20
"""Groups with more rows are read one piece after the other."""
MOST_PIECE_BYTES: Final = 1 << 30
"""The texts of one column of one piece have to be in memory at once."""


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
        """Read one column of one group a few rows at a time; texts that are kept once each come so."""
        name = self.names[place]
        once = self.metadata.row_group(group).column(place).has_dictionary_page and _is_text(self.schema.types[place])
        file = pq.ParquetFile(self.path, metadata=self.metadata, read_dictionary=[name] if once else None)
        try:
            yield from file.iter_batches(batch_size=rows, row_groups=[group], columns=[name])
        finally:
            file.close()

    def values(self, group: int, place: int) -> pa.Array:
        """Read one column of one group with its own types; texts are checked as they come."""
        rows = self.metadata.row_group(group).num_rows
        part = GroupColumn(self, group, place).take(0, rows)
        return part.texts() if isinstance(part, Column) else part


class GroupColumn:
    """One column of one group, to be read from its beginning to its end, some rows at a time."""

    def __init__(self, file: ParquetFile, group: int, place: int) -> None:
        self._name = file.names[place]
        self._text = _is_text(file.schema.types[place])
        self._type = file.schema.types[place]
        self._batches = file.batches(group, place)
        self._packed = file.packed
        self._rest: list[pa.Array] = []
        self._at = 0
        self._seen = 0

    def take(self, first: int, after: int) -> Column | pa.Array:
        """Return the cells from row `first` on, which is not before any that was asked for, to `after`.

        Texts are a `Column` into one copy of each text, checked before anything is made of them.
        """
        self._pull(first)
        return self._column(self._pull(after)) if self._text else self._values(self._pull(after))

    def _pull(self, after: int) -> list[pa.Array]:
        parts = []
        while self._at < after:
            if not self._rest:
                batch = next(self._batches, None)
                if batch is None:
                    break
                self._rest = [batch.column(0)]
            part = self._rest.pop()
            if len(part) > after - self._at:
                self._rest = [part.slice(after - self._at)]
                part = part.slice(0, after - self._at)
            parts.append(part)
            self._at += len(part)
        return parts

    def _values(self, parts: list[pa.Array]) -> pa.Array:
        return pa.concat_arrays(parts) if parts else pa.array([], self._type)

    def _column(self, parts: list[pa.Array]) -> Column:
        if parts and all(pa.types.is_dictionary(each.type) for each in parts):
            found = _by_codes(pa.chunked_array(parts))
            if found is not None:
                self._check(int((found.ends - found.starts).sum(dtype=np.int64)))
                return found
        texts = []
        for part in parts:
            texts.append(_parquet_text(self._name, part))
            self._check(texts[-1].nbytes)
        return column_of(pa.concat_arrays(texts) if texts else pa.array([], pa.string()))

    def _check(self, more: int) -> None:
        self._seen += more
        check_parquet_part(self._packed, self._seen)
        check_expansion(self._packed, more, limit=MOST_PIECE_BYTES, most_times=np.inf)


def _by_codes(texts: pa.ChunkedArray) -> Column | None:
    """Return coded texts as cells of one copy of each; None where the copies alone are too many for that."""
    whole = texts.cast(pa.dictionary(pa.int32(), pa.string())).unify_dictionaries()
    copies = max((chunk.dictionary for chunk in whole.chunks), key=len)
    held = column_of(copies)
    starts, ends = np.append(held.starts, 0).astype(np.int32), np.append(held.ends, 0).astype(np.int32)
    codes = np.concatenate([pc.fill_null(chunk.indices, len(copies)).to_numpy() for chunk in whole.chunks])
    return Column(held.text, starts[codes], ends[codes], np.zeros(len(codes), np.bool_), len(codes), 1, 0)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_dictionary(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind))


class ParquetCells:
    """The cells of a large Parquet file, read group by group each time that they are asked for."""

    def __init__(self, file: ParquetFile, names: dict[str, int]) -> None:
        self._file = file
        self._names = names
        self._pieces = [
            (group, first, min(first + PIECE_ROWS, rows))
            for group, rows in enumerate(np.diff(file.edges).tolist())
            for first in range(0, rows, PIECE_ROWS)
        ]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return int(self._file.edges[-1])

    @property
    def pieces(self) -> int:
        """In how many pieces `each` goes through the rows."""
        return len(self._pieces)

    def each(self, function: Callable[[int, Piece], T]) -> list[T]:
        """Call a function with each piece, in parallel."""
        return list(self.stream(function))

    def stream(self, function: Callable[[int, Piece], T], first: int = 0) -> Iterator[T]:
        """Call a function with each piece from `first` on."""
        found = stream(lambda i, piece: _guarded(lambda: function(i, piece)), self._in_order(first))
        while True:
            try:
                yield _guarded(lambda: next(found))
            except StopIteration:
                return

    def _in_order(self, first: int) -> Iterator[tuple[int, ParquetPiece]]:
        """Open pieces; what is not a group of its own is read here, one piece after the other."""
        columns: dict[int, GroupColumn] = {}
        for i, (group, begin, end) in enumerate(self._pieces):
            if i < first:
                continue
            piece = ParquetPiece(self._file, (group, begin, end), self._names)
            if end - begin < self._file.edges[group + 1] - self._file.edges[group]:
                if i == first or not begin:
                    columns = {place: GroupColumn(self._file, group, place) for place in self._names.values()}
                piece.load(columns)
            yield i, piece

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
        groups = range(self._file.metadata.num_row_groups)
        for place in self._names.values():
            parts: list[pa.Array] = []
            for batch in (each for group in groups for each in self._file.batches(group, place)):
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
    """Some rows of one group, given as (group, first row in it, row after the last)."""

    def __init__(self, file: ParquetFile, rows: tuple[int, int, int], names: dict[str, int]) -> None:
        self._file = file
        self._rows = rows
        self._names = names
        self._found: dict[int, Column | pa.Array] = {}

    @property
    def lines(self) -> NDArray[np.int64]:
        """The file's number of each row."""
        group, first, after = self._rows
        start = int(self._file.edges[group])
        return np.arange(start + first + 1, start + after + 1)

    def load(self, columns: dict[int, GroupColumn]) -> None:
        """Read all columns."""
        for place, column in columns.items():
            self._found[place] = column.take(*self._rows[1:])

    def column(self, name: str) -> Column:
        """Return the cells of one column as text."""
        found = self._read(name)
        return found if isinstance(found, Column) else column_of(_parquet_text(name, found))

    def typed(self, name: str) -> pa.Array | None:
        """Return the values of one column where they are not texts."""
        found = self._read(name)
        return None if isinstance(found, Column) else found

    def _read(self, name: str) -> Column | pa.Array:
        place = self._names[name]
        if place not in self._found:
            self._found[place] = GroupColumn(self._file, self._rows[0], place).take(*self._rows[1:])
        return self._found[place]


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
