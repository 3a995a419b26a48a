"""Excel workbooks to columns of text."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from python_calamine import CalamineError, CalamineWorkbook

from cxlib.errors import CxError
from cxlib.intake.bounds import check_workbook
from cxlib.intake.problems import Question
from cxlib.intake.structure import HEADER_QUESTION, NO_HEADER, is_value
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Sequence

EXACT_INTEGER: Final = 10**15
SHEET_QUESTION: Final = N_("The workbook has several sheets. It was read from {chosen}: is that the right one?")


def read_workbook(
    data: bytes, *, sheet: str | int | None
) -> tuple[list[str], list[list[str]], list[int], list[tuple[int, str, str]], list[Question]]:
    """Read one sheet as (header, columns, row numbers, rejected rows, questions).

    Raises
    ------
    CxError
        ``too_large``, ``damaged_workbook``, ``no_sheet``, ``empty_file``, ``no_header``.
    """
    book = _open(data)
    names = book.sheet_names
    questions = []
    chosen = names[sheet] if isinstance(sheet, int) and sheet < len(names) else sheet
    if sheet is None:
        chosen = names[0]
        if len(names) > 1:
            questions.append(Question("sheet", SHEET_QUESTION, tuple(names), names[0]))
    if chosen not in names:
        raise CxError(
            "no_sheet",
            N_("The workbook has no sheet called {value}."),
            hint=N_("Its sheets are: {sheets}."),
            value=sheet,
            sheets=", ".join(names),
        )
    rows = [
        [_text(cell) for cell in row] for row in book.get_sheet_by_name(str(chosen)).to_python(skip_empty_area=False)
    ]
    return _table(rows, questions)


def _open(data: bytes) -> CalamineWorkbook:
    try:
        check_workbook(data)
        return CalamineWorkbook.from_filelike(io.BytesIO(data))
    except (zipfile.BadZipFile, CalamineError) as error:
        raise CxError(
            "damaged_workbook",
            N_("The workbook is damaged or locked with a password."),
            hint=N_("Save it again without a password, or as CSV."),
        ) from error


def _text(cell: Any) -> str:
    """Write a cell as a person would type it; a number beyond 15 digits keeps its exponent, for its digits are lost."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        if cell.is_integer():
            return str(int(cell)) if abs(cell) < EXACT_INTEGER else f"{cell:E}"
        return repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ") if cell.time() != dt.time() else cell.date().isoformat()
    if isinstance(cell, dt.timedelta):
        return str(cell)
    return str(cell)


def _table(
    rows: list[list[str]], questions: list[Question]
) -> tuple[list[str], list[list[str]], list[int], list[tuple[int, str, str]], list[Question]]:
    filled = [(number, row) for number, row in enumerate(rows, start=1) if any(cell.strip() for cell in row)]
    if not filled:
        raise CxError("empty_file", N_("The file is empty."), hint=N_("Export it again, with its header and its rows."))
    usual = max(Counter(_width(row) for _, row in filled).items(), key=lambda each: (each[1], each[0]))[0]
    first = next(i for i, (_, row) in enumerate(filled) if _width(row) >= min(usual, 2))
    number, header_row = filled[first]
    header = header_row[: max(_width(header_row), 1)]
    faulty = next((cell for cell in header if is_value(cell)), None)
    if faulty is not None:
        raise CxError(
            "no_header",
            NO_HEADER,
            hint=N_("Put the names of the columns into the first line."),
            row=number,
            value=faulty,
        )
    if first:
        questions.append(Question("header", HEADER_QUESTION, (str(number),), str(number)))
    rejected = [(n, "above_header", _joined(row)) for n, row in filled[:first]]
    body = filled[first + 1 :]
    rejected += [(n, "too_many_fields", _joined(row)) for n, row in body if _width(row) > len(header)]
    good = [(n, row) for n, row in body if _width(row) <= len(header)]
    columns = [[row[i] if i < len(row) else "" for _, row in good] for i in range(len(header))]
    return header, columns, [n for n, _ in good], rejected, questions


def _width(row: Sequence[str]) -> int:
    return max((i for i, cell in enumerate(row, start=1) if cell.strip()), default=0)


def _joined(row: Sequence[str]) -> str:
    return "\t".join(row).rstrip("\t")
