"""Excel workbooks to columns of text."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from cxlib.errors import CxError
from cxlib.intake.bounds import check_workbook
from cxlib.intake.problems import Question
from cxlib.intake.sheet_errors import error_cells
from cxlib.intake.structure import (
    NO_HEADER,
    ROWS_LOOKED_AT,
    TAIL,
    begins_total,
    find_head,
    is_value,
    look_through,
    value_columns,
)
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cxlib.intake.structure import Cells, Head, Numbered

EXACT_INTEGER: Final = 10**15
EXACT_DIGITS: Final = 15
SHEET_QUESTION: Final = N_("The workbook has several sheets. It was read from {chosen}: is that the right one?")


@dataclass(frozen=True)
class Sheet:
    """One sheet as text: header, columns, row numbers, and what is no row.

    `rejected` holds (row, rule, text) of rows set aside, `notes` (row, column, rule, value) of what is only said.
    """

    header: list[str]
    columns: list[list[str]]
    rows: list[int]
    header_row: int
    rejected: list[tuple[int, str, str]] = field(default_factory=list)
    notes: list[tuple[int | None, str, str, str]] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)


def read_workbook(
    data: bytes, *, sheet: str | int | None = None, header_line: int | None = None, header: str | None = None
) -> Sheet:
    """Read one sheet of a workbook: the named one, or the first that can be seen and is not empty.

    Parameters
    ----------
    data : bytes
    sheet : str or int, optional
        Name or place of the sheet.
    header_line, header : optional
        As for `read_text_table`.

    Raises
    ------
    CxError
        ``too_large``, ``damaged_workbook``, ``no_sheet``, ``empty_file``, ``no_header``, ``several_tables``.
    """
    book = _open(data)
    chosen, questions = _chosen(book, sheet)
    try:
        cells = book.get_sheet_by_name(chosen).to_python(skip_empty_area=False)
    except CalamineError as error:
        raise _damaged() from error
    rows = [tuple(_text(cell) for cell in row) for row in cells]
    errors = error_cells(data, book.sheet_names.index(chosen))
    for row, column, text in errors:
        if row <= len(rows) and column <= len(rows[row - 1]) and not rows[row - 1][column - 1]:
            rows[row - 1] = (*rows[row - 1][: column - 1], text, *rows[row - 1][column:])
    found = _table(rows, header_line, header)
    below = [(row, text) for row, _, text in errors if row > found.header_row]
    notes = [*found.notes, *((row, "", "error_cell", text) for row, text in below)]
    return Sheet(
        found.header, found.columns, found.rows, found.header_row, found.rejected, notes, [*questions, *found.questions]
    )


def _chosen(book: CalamineWorkbook, sheet: str | int | None) -> tuple[str, list[Question]]:
    tables = [each for each in book.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet]
    names = [each.name for each in tables]
    if sheet is not None:
        chosen = names[sheet] if isinstance(sheet, int) and 0 <= sheet < len(names) else sheet
        if chosen in names:
            return str(chosen), []
        raise CxError(
            "no_sheet",
            N_("The workbook has no sheet called {value}."),
            hint=N_("Its sheets are: {sheets}."),
            value=sheet,
            sheets=", ".join(names),
        )
    seen = [each.name for each in tables if each.visible == SheetVisibleEnum.Visible]
    filled = [name for name in seen if _filled(book, name)] or [name for name in names if _filled(book, name)]
    if not filled:
        raise CxError("empty_file", N_("The file is empty."), hint=N_("Export it again, with its header and its rows."))
    hidden = [name for name in names if name not in seen]
    if len(filled) == 1 and filled[0] in seen:
        return filled[0], []
    return filled[0], [Question("sheet", SHEET_QUESTION, (*filled, *hidden), filled[0])]


def _filled(book: CalamineWorkbook, name: str) -> bool:
    try:
        return book.get_sheet_by_name(name).start is not None
    except CalamineError:
        return False


def _open(data: bytes) -> CalamineWorkbook:
    try:
        check_workbook(data)
        return CalamineWorkbook.from_filelike(io.BytesIO(data))
    except (zipfile.BadZipFile, CalamineError) as error:
        raise _damaged() from error


def _damaged() -> CxError:
    return CxError(
        "damaged_workbook",
        N_("The workbook is damaged or locked with a password."),
        hint=N_("Save it again without a password, or as CSV."),
    )


def _text(cell: Any) -> str:
    """Write a cell as a person would type it; a number beyond 15 digits keeps its exponent, for its digits are lost."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return _number(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ") if cell.time() != dt.time() else cell.date().isoformat()
    if isinstance(cell, dt.timedelta):
        return _duration(cell)
    return str(cell)


def _number(value: float) -> str:
    if value.is_integer():
        return str(int(value)) if abs(value) < EXACT_INTEGER else f"{value:E}"
    shown = repr(value)
    return shown if len(shown.strip("-0").replace(".", "")) <= EXACT_DIGITS else f"{value:.{EXACT_DIGITS}g}"


def _duration(value: dt.timedelta) -> str:
    """Write a duration in hours, however many, minutes and seconds."""
    sign, whole = ("-", -value) if value < dt.timedelta() else ("", value)
    minutes, seconds = divmod(whole.days * 86400 + whole.seconds, 60)
    part = f".{whole.microseconds:06d}".rstrip("0") if whole.microseconds else ""
    return f"{sign}{minutes // 60}:{minutes % 60:02d}:{seconds:02d}{part}"


def _table(rows: list[Cells], header_line: int | None, header: str | None) -> Sheet:
    filled = [(number, row) for number, row in enumerate(rows, start=1) if any(cell.strip() for cell in row)]
    if not filled:
        raise CxError("empty_file", N_("The file is empty."), hint=N_("Export it again, with its header and its rows."))
    head = _head(filled, header_line, header)
    width = max(_width(head.names), 1)
    body = filled[head.at + head.lines :]
    left = min([_indent(head.names), *(_indent(row) for _, row in body)])
    names = head.names[left:width]
    faulty = next((cell for cell in names if is_value(cell)), None)
    if header_line is None and (faulty is not None or not any(name.strip() for name in names)):
        raise CxError(
            "no_header",
            NO_HEADER,
            hint=N_("Put the names of the columns into the first line."),
            row=filled[head.at][0],
            value=faulty or "",
        )
    rejected = [(n, "too_many_fields", _joined(row)) for n, row in body if _width(row) > width]
    good = [(n, _fitted(row, left, width)) for n, row in body if _width(row) <= width]
    good, rejected = _second_look(names, good, rejected, [n for n, _ in filled])
    notes = [(n, "", "above_header", _joined(rows[n - 1])) for n in head.above[:20]]
    if head.second is not None:
        notes.append((head.second, "", "second_header_line", _joined(rows[head.second - 1])))
    columns = [[row[i] for _, row in good] for i in range(len(names))]
    return Sheet(
        list(names), columns, [n for n, _ in good], filled[head.at][0], rejected, [*notes], list(head.questions)
    )


def _head(filled: list[Numbered], header_line: int | None, header: str | None) -> Head:
    """Find the header; rows are as wide as the widest one that is not mostly empty."""
    first = filled[: ROWS_LOOKED_AT + 40]
    dense = [_width(row) for _, row in first if 2 * sum(1 for cell in row if cell.strip()) >= _width(row)]
    width = max(dense or [_width(row) for _, row in first])
    if header_line is not None:
        width = max([width, *(_width(row) for n, row in filled if n == header_line)])
        first = [each for each in filled if each[0] >= header_line - 3][: ROWS_LOOKED_AT + 40]
    earlier = [n for n, _ in filled if n < first[0][0]]
    skipped = len(earlier)
    head = find_head(
        [(n, _fitted(row, 0, width)) for n, row in first], width, line=header_line, lines=header, above=earlier
    )
    if head is None:
        raise CxError(
            "no_header",
            N_("No row begins on line {value}."),
            hint=N_("Name the line that holds the names of the columns."),
            value=header_line,
        )
    return head.shifted(skipped)


def _second_look(
    names: Cells, good: list[Numbered], rejected: list[tuple[int, str, str]], filled: list[int]
) -> tuple[list[Numbered], list[tuple[int, str, str]]]:
    """Set totals, notes and repeated headers aside and refuse a second table."""
    typed, pure = value_columns([row for _, row in good[:ROWS_LOOKED_AT]], len(names))
    after_blank = {n for n, before in zip(filled[1:], filled, strict=False) if n > before + 1}
    candidates = [
        (n, row)
        for n, row in good
        if n in after_blank
        or n - 1 in after_blank
        or begins_total(row)
        or row == names
        or (pure >= 0 and row[pure][:1].isalpha())
    ]
    found = look_through(
        header=names,
        typed=typed,
        candidates=candidates,
        tail=good[-TAIL:],
        rejected=rejected,
        split=lambda text: tuple(text.split("\t")),
        after_blank=after_blank,
    )
    rules = dict(found.aside)
    away = [(n, rules[n], _joined(row)) for n, row in good if n in rules]
    return [each for each in good if each[0] not in rules], sorted([*found.rejected, *away])


def _width(row: Sequence[str]) -> int:
    return max((i for i, cell in enumerate(row, start=1) if cell.strip()), default=0)


def _indent(row: Sequence[str]) -> int:
    return next((i for i, cell in enumerate(row) if cell.strip()), len(row))


def _fitted(row: Cells, left: int, width: int) -> Cells:
    return (*row[left:width], *("" for _ in range(width - max(len(row), left))))


def _joined(row: Sequence[str]) -> str:
    return "\t".join(row).rstrip("\t")
