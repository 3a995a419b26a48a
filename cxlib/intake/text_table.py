"""Stage one: the bytes of a file to a table of text, every line accounted for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cxlib.errors import CxError
from cxlib.intake.bounds import MAX_COLUMNS
from cxlib.intake.bytes_at import HeldBytes
from cxlib.intake.cells import ROW, Cells, MemoryCells
from cxlib.intake.delimited import MOST_BLANK_LINES, DelimitedCells, find_records
from cxlib.intake.dialect import Dialect, Fit, Layout, find_layout, split_line
from cxlib.intake.encodings import Decoded, Guess, decode
from cxlib.intake.parquet import ParquetCells, ParquetFile, open_parquet, read_parquet
from cxlib.intake.problems import Question, problem_frame
from cxlib.intake.returned import brought_back
from cxlib.intake.sheets import read_workbook
from cxlib.intake.sources import Source, open_large, open_source
from cxlib.intake.structure import TAIL, look_through
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

HEADER_NAMES_QUESTION: Final = N_("Some columns have no name, or the name of another one. They were renamed: {chosen}.")

SAMPLE_ROWS: Final = 2000

Rejected = tuple[int, str, str]
Found = tuple[int | None, str, str, str]


@dataclass(frozen=True)
class TextTable:
    """A file as text: nothing cast, nothing lost.

    Attributes
    ----------
    columns : list of str
        The file's own headers.
    cells : Cells
        The texts, in memory or still in the file; `table`, `column`, `take` and `head` read them.
    problems : pandas.DataFrame
        row, column, rule, value, hint, severity.
    rejected : pandas.DataFrame
        Rows of another width or with faulty quotes: row, rule, text (the line as it stands).
    encoding : str
        ``"utf-8"``, ``"gb18030"`` and so on; ``""`` for sheets and Parquet.
    dialect : Dialect or None
        Delimiter, quote, escape and line end; None for sheets and Parquet.
    needs_confirmation : list of Question
        What is not certain.
    rows_in_file : int
        Rows below the header: those in `table` and those rejected.
    blank_lines : tuple of int
        Numbers of the lines below the header that hold nothing, the first `MOST_BLANK_LINES` of them.
    dialects : tuple of Fit
        Separators and quotes under which the rows have a common width, the best first.
    encodings : tuple of Guess
        Encodings that the bytes allow, the best first, each with some texts as they read in it.
    returned : bool
        Whether these are rows that were set aside and come back; what was added to them is taken off.
    """

    columns: list[str]
    cells: Cells
    problems: pd.DataFrame
    rejected: pd.DataFrame
    encoding: str
    dialect: Dialect | None
    needs_confirmation: list[Question] = field(default_factory=list)
    rows_in_file: int = 0
    name: str = ""
    kind: str = "text"
    blank_lines: tuple[int, ...] = ()
    dialects: tuple[Fit, ...] = ()
    encodings: tuple[Guess, ...] = ()
    returned: bool = False

    @property
    def rows(self) -> int:
        """Rows that could be read as text."""
        return self.cells.rows

    @cached_property
    def table(self) -> pa.Table:
        """All texts, brought into memory when first asked for and kept.

        One string column per header (an empty cell is ``""``) and the int64 column ``__row``: the number of the
        line on which the row begins, as a text editor counts, or of the row in a sheet or a Parquet file.
        """
        return self.cells.table()

    def column(self, header: str) -> pa.ChunkedArray:
        """Return the texts of one column, without the others."""
        return self.cells.column(header)

    def sample(self, n: int = SAMPLE_ROWS) -> pa.Table:
        """Return the texts of the first rows, as `table` does of all."""
        return self._sample if n == SAMPLE_ROWS else self.cells.head(n)

    @cached_property
    def _sample(self) -> pa.Table:
        return self.cells.head(SAMPLE_ROWS)

    def take(self, rows: Sequence[int]) -> pa.Table:
        """Return the texts of the rows with these numbers in the file, in its order, as `table` does of all."""
        return self.cells.take(rows)

    def head(self, n: int = 20) -> pd.DataFrame:
        """Return the first rows, with the file's row numbers as index."""
        shown = self.sample(n)
        frame = pd.DataFrame({name: shown.column(name).to_pylist() for name in self.columns}, dtype="str")
        return frame.set_index(pd.Index(shown.column(ROW).to_pylist(), name="row"))


def read_text_table(
    source: Path | str | bytes,
    *,
    name: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    quote: str | None = None,
    sheet: str | int | None = None,
    header_line: int | str | None = None,
    header: str | None = None,
    escape: str | None = None,
) -> TextTable:
    """Read CSV, TSV, TXT (plain or gzip), xlsx or Parquet as text.

    Parameters
    ----------
    source : path or bytes
    name : str, optional
        The file's name, to be shown; nothing is concluded from it.
    encoding, delimiter, quote, sheet : optional
        What a person has confirmed; left out, it is found, and asked where it is not certain.
    header_line : int, optional
        The line of the header, or the row of a sheet.
    header : str, optional
        Where two lines seem to be names: ``"first"``, ``"second"`` or ``"joined"`` for the names to be taken,
        ``"data"`` where the second is a row of values.
    escape : str, optional
        ``"double"`` or ``"backslash"``: what stands before a quote within quotes.

    Raises
    ------
    CxError
        ``empty_file``, ``nul_file``, ``other_kind``, ``too_large``, ``no_header``, ``no_table``,
        ``several_tables``, ``unknown_delimiter``, ``unknown_encoding``, ``wrong_encoding``, ``no_sheet``,
        ``damaged_gzip``, ``damaged_workbook``, ``damaged_parquet``, ``nested``, ``too_many_columns``.
    """
    told = {
        "delimiter": delimiter,
        "quote": quote,
        "header_line": _number(header_line),
        "header": header,
        "escape": escape,
    }
    large = open_large(source, encoding=encoding, name=name)
    if large is not None:
        return _from_text(*large, told)
    groups = open_parquet(source)
    if groups is not None:
        return _from_groups(groups, name if name is not None else groups.path.name)
    opened = open_source(source, name=name)
    if opened.kind == "xlsx":
        return brought_back(_from_workbook(opened, sheet, _number(header_line), header))
    if opened.kind == "parquet":
        return _from_parquet(opened)
    return brought_back(_from_text(opened, decode(opened.data, encoding=encoding), told))


def _number(line: int | str | None) -> int | None:
    return int(line) if line is not None and str(line).isdecimal() else None


def _from_text(source: Source, decoded: Decoded, told: dict[str, Any]) -> TextTable:
    layout = find_layout(decoded.data, **told)
    text = HeldBytes(decoded.data) if isinstance(decoded.data, bytes) else decoded.data
    records = find_records(text, layout)
    rejected = _named_by_encoding(records.rejected) if decoded.damaged else list(records.rejected)
    dropped: list[int] = []
    notes: list[Found] = []
    last, last_rejected = records.last_line, max((each[0] for each in rejected), default=0)
    if decoded.cut and last > last_rejected:
        names = {str(i): i for i in range(len(layout.header))}
        torn = DelimitedCells(text, layout, records, names).take([last]).drop_columns([ROW]).to_pylist()[0]
        rejected.append((last, "undecodable", layout.dialect.delimiter.join(torn.values())))
        dropped.append(last)
    if not decoded.data.endswith((b"\n", b"\r")) and (last or rejected):
        notes.append((max(last, last_rejected), "", "no_line_end", ""))
    notes += [(line, "", "above_header", _line(decoded.data, line)) for line in layout.above[:20]]
    if layout.second is not None:
        notes.append((layout.second, "", "second_header_line", _line(decoded.data, layout.second)))
    return _built(
        header=list(layout.header),
        cells=lambda names: DelimitedCells(text, layout, records, names, dropped),
        rejected=rejected,
        notes=notes,
        header_line=layout.header_line,
        questions=[*decoded.questions, *layout.questions],
        encoding=decoded.encoding,
        dialect=layout.dialect,
        source=source,
        blank_lines=tuple(records.blank_lines[:MOST_BLANK_LINES]),
        marked=records.marked,
        layout=layout,
        encodings=decoded.guesses,
    )


def _named_by_encoding(rejected: Sequence[Rejected]) -> list[Rejected]:
    """Name rows for the bytes that could not be decoded, which stand as NUL."""
    shown = [(line, rule, text.replace("\x00", "\ufffd")) for line, rule, text in rejected]
    return [(line, "undecodable" if rule == "nul" else rule, text) for line, rule, text in shown]


def _line(data: bytes, number: int) -> str:
    lines = data[: 1 << 16].splitlines()
    return lines[number - 1].decode(errors="replace")[:200] if number <= len(lines) else ""


def _from_workbook(source: Source, sheet: str | int | None, header_line: int | None, header: str | None) -> TextTable:
    found = read_workbook(source.data, sheet=sheet, header_line=header_line, header=header)
    return _built(
        header=found.header,
        cells=_held(
            [pa.chunked_array([pa.array(column, pa.string())]) for column in found.columns],
            pa.array(found.rows, pa.int64()),
        ),
        rejected=found.rejected,
        notes=found.notes,
        header_line=found.header_row,
        questions=found.questions,
        encoding="",
        dialect=None,
        source=source,
    )


def _from_parquet(source: Source) -> TextTable:
    header, columns = read_parquet(source.data)
    rows = len(columns[0]) if columns else 0
    return _built(
        header=header,
        cells=_held(columns, pa.array(np.arange(1, rows + 1, dtype=np.int64))),
        rejected=[],
        notes=[],
        header_line=0,
        questions=[],
        encoding="",
        dialect=None,
        source=source,
    )


def _from_groups(file: ParquetFile, name: str) -> TextTable:
    return _built(
        header=file.names,
        cells=lambda names: ParquetCells(file, names),
        rejected=[],
        notes=[],
        header_line=0,
        questions=[],
        encoding="",
        dialect=None,
        source=Source(b"", "parquet", name, file.packed),
    )


def _held(columns: Sequence[pa.Array], lines: pa.Array) -> Callable[[dict[str, int]], Cells]:
    return lambda names: MemoryCells(pa.table([*(columns[i] for i in names.values()), lines], names=[*names, ROW]))


def _built(
    *,
    header: list[str],
    cells: Callable[[dict[str, int]], Cells],
    rejected: list[Rejected],
    notes: Sequence[Found],
    header_line: int,
    questions: list[Question],
    encoding: str,
    dialect: Dialect | None,
    source: Source,
    blank_lines: tuple[int, ...] = (),
    marked: Sequence[int] = (),
    layout: Layout | None = None,
    encodings: tuple[Guess, ...] = (),
) -> TextTable:
    if len(header) > MAX_COLUMNS:
        raise CxError(
            "too_many_columns",
            N_("The file has {value} columns."),
            hint=N_("At most {most} columns are read: check the separator."),
            value=len(header),
            most=MAX_COLUMNS,
        )
    names, kept, header_notes = _header(header, lambda i: cells({"": i}).column(""), header_line)
    if header_notes:
        shown = ", ".join(sorted({each[1] for each in header_notes}))
        questions = [*questions, Question("header_names", HEADER_NAMES_QUESTION, (shown,), shown)]
    found_cells = cells(dict(zip(names, kept, strict=True)))
    rejected = sorted(rejected)
    if layout is not None:
        looked_at = (marked, blank_lines)
        found_cells, rejected = _second_look(found_cells, [header[i] for i in kept], rejected, layout, looked_at)
    found = [*notes, *header_notes, *[(row, "", rule, text) for row, rule, text in rejected]]
    problems = problem_frame(sorted(found, key=lambda each: each[0] or 0))
    return TextTable(
        columns=names,
        cells=found_cells,
        problems=problems,
        rejected=pd.DataFrame(
            {
                "row": pd.array([each[0] for each in rejected], dtype="int64"),
                "rule": pd.Series([each[1] for each in rejected], dtype="str"),
                "text": pd.Series([each[2] for each in rejected], dtype="str"),
            }
        ),
        encoding=encoding,
        dialect=dialect,
        needs_confirmation=questions,
        rows_in_file=found_cells.rows + len(rejected),
        name=source.name,
        kind=source.kind,
        blank_lines=blank_lines,
        dialects=layout.fits if layout is not None else (),
        encodings=encodings,
    )


def _second_look(
    cells: Cells,
    header: list[str],
    rejected: list[Rejected],
    layout: Layout,
    places: tuple[Sequence[int], Sequence[int]],
) -> tuple[Cells, list[Rejected]]:
    """Set totals and notes aside and refuse a second table, which only the rows that stand out are looked at for."""
    dialect = layout.dialect
    looked_at = dict(_numbered(cells.take([*places[0], *_next_two(places[1])])))
    empty = [line for line, row in looked_at.items() if not any(cell.strip() for cell in row)]
    looked_at |= dict(_numbered(cells.take(_next_two(empty))))
    found = look_through(
        header=tuple(header),
        typed=layout.typed,
        candidates=list(looked_at.items()),
        tail=_numbered(cells.tail(TAIL)),
        rejected=rejected,
        split=lambda text: split_line(text, dialect),
        after_blank=[line + 1 for line in (*places[1], *empty)],
        delimiter=dialect.delimiter,
    )
    if not found.aside:
        return cells, found.rejected
    rules = dict(found.aside)
    away = [(line, rules[line], dialect.delimiter.join(row)) for line, row in _numbered(cells.take(list(rules)))]
    return cells.without(list(rules)), sorted([*found.rejected, *away])


def _next_two(lines: Sequence[int]) -> list[int]:
    return [line + i for line in lines for i in (1, 2)]


def _numbered(table: pa.Table) -> list[tuple[int, tuple[str, ...]]]:
    columns = [
        column.to_pylist() for name, column in zip(table.column_names, table.columns, strict=True) if name != ROW
    ]
    return list(zip(table.column(ROW).to_pylist(), zip(*columns, strict=True), strict=True))


def _header(
    header: list[str], column: Callable[[int], pa.ChunkedArray], line: int
) -> tuple[list[str], list[int], list[Found]]:
    """Give every column a name of its own; a column without header and values at the end is left out."""
    kept = list(range(len(header)))
    while len(kept) > 1 and not header[kept[-1]].strip() and _all_blank(column(kept[-1])):
        kept.pop()
    names: list[str] = []
    notes: list[Found] = []
    for i in kept:
        name, rule = header[i].strip(), ""
        if not name:
            name, rule = f"column {i + 1}", "empty_header"
        base, n = name, 1
        while name in names or name == ROW:
            n += 1
            name, rule = f"{base} ({n})", rule or "duplicate_header"
        if rule:
            notes.append((line or None, name, rule, header[i]))
        names.append(name)
    return names, kept, notes


def _all_blank(column: pa.ChunkedArray) -> bool:
    return bool(pc.all(pc.equal(pc.utf8_trim_whitespace(column), "")).as_py() is not False)
