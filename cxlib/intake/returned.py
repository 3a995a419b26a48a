"""Rows that were set aside, corrected and brought back: what the product added to them is taken off again."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from cxlib.intake.cells import ROW, MemoryCells
from cxlib.intake.problems import joined, problem_block
from cxlib.intake.rules import RULES, title
from cxlib.texts import LANGUAGES, speaking

if TYPE_CHECKING:
    from cxlib.intake.text_table import TextTable

OURS: Final = (("row", f"{ROW} (2)"), ("reasons", "__reasons"), ("text", "__text"))
"""The columns that stand before the file's own, and what they are called where the file has such a column itself."""
DELIMITERS: Final = (",", ";", "\t", "|")
_ESCAPED: Final = re.compile(r"'(?=[=+\-@\t\r])")
_NUMBER: Final = re.compile(r'"?([0-9]{1,18})"?[,;\t|]')


def brought_back(text: TextTable) -> TextTable:
    """Return a file of rows set aside as the file that they came from would have been read; others as they are.

    The columns row, reasons and text are taken off; rows have the numbers that they had in their first file. A row
    that could not be split has only its text: it is split again, if it was corrected there. Apostrophes that keep
    spreadsheets from running a cell are taken off.
    """
    own = _own_columns(text)
    if own is None:
        return text
    table = text.table
    ours = [table.column(i).to_pylist() for i in range(len(OURS))]
    numbers = [int(each) for each in ours[0]]
    cells = [[_ESCAPED.sub("", each) for each in table.column(name).to_pylist()] for name in own]
    torn: list[tuple[int, str, str]] = []
    for i, line in enumerate(ours[2]):
        if line.strip() and not any(column[i].strip() for column in cells):
            parts = _split(_ESCAPED.sub("", line), len(own))
            if parts is None:
                torn.append((numbers[i], _reason(ours[1][i]), line))
            for place, column in enumerate(cells):
                column[i] = parts[place] if parts is not None else column[i]
    lost = {number for number, _, _ in torn}
    kept = sorted((number, i) for i, number in enumerate(numbers) if number not in lost)
    columns = {
        name: pa.array([column[i] for _, i in kept], pa.string()) for name, column in zip(own, cells, strict=True)
    }
    back = pa.table({**columns, ROW: pa.array([number for number, _ in kept], pa.int64())})
    return _with_rows(text, own, back, torn)


def _own_columns(text: TextTable) -> list[str] | None:
    """Return the file's own columns; None where the first three are not ours."""
    names = text.columns
    if len(names) <= len(OURS) or any(names[i] not in known for i, known in enumerate(OURS)):
        return None
    numbers, reasons = (text.column(names[i]).to_pylist() for i in (0, 1))
    told = [each for each in reasons if each.strip()]  # somebody may have cleared those that are mended
    if (
        not told
        or not all(map(_codes, told))
        or not all(re.fullmatch(r"[0-9]{1,18}", each) for each in numbers)
        or len(set(numbers)) < len(numbers)
    ):
        return None
    return [name if name != f"{ROW} (2)" else "row" for name in names[len(OURS) :]]


def _reason(reasons: str) -> str:
    return next(iter(_codes(reasons)), "too_few_fields")


def _codes(reasons: str) -> list[str]:
    """Return the codes of the reasons of a row, given as codes or as their titles in any language; none if unknown."""
    parts = [part for part in reasons.split(";") if part]
    if all(part in RULES for part in parts):
        return parts
    left, found = reasons.strip(), []
    while left:
        said = next((each for each in _titles() if left.startswith(each)), None)
        if said is None:
            return []
        found.append(_titles()[said])
        left = left[len(said) :].removeprefix(", ")
    return found


@cache
def _titles() -> dict[str, str]:
    """Return the codes by title in all languages, the longest titles first: one may begin as another does."""
    found: dict[str, str] = {}
    for name in LANGUAGES:
        with speaking(name):
            found |= {title(code): code for code in RULES}
    return dict(sorted(found.items(), key=lambda each: -len(each[0])))


def _split(line: str, width: int) -> list[str] | None:
    """Split a line at the mark that gives the right number of fields; None where none does."""
    for mark in DELIMITERS:
        rows = list(csv.reader([line], delimiter=mark))
        if len(rows) == 1 and len(rows[0]) == width and (width > 1 or mark == ","):
            return rows[0]
    return None


def _with_rows(text: TextTable, own: list[str], back: pa.Table, torn: list[tuple[int, str, str]]) -> TextTable:
    """Put rows, rejected lines and problems under the numbers of the first file."""
    lines = {}
    for line, said in zip(text.rejected["row"].tolist(), text.rejected["text"].tolist(), strict=True):
        match = _NUMBER.match(said)
        lines[line] = int(match.group(1)) if match else line
    rejected = text.rejected.assign(row=[lines[row] for row in text.rejected["row"].tolist()])
    more = pd.DataFrame(torn, columns=["row", "rule", "text"]).astype({"row": "int64", "rule": "str", "text": "str"})
    every = pd.concat([each for each in (rejected, more) if len(each)] or [rejected], ignore_index=True)
    every = every.sort_values("row", kind="stable", ignore_index=True)
    problems = text.problems[~text.problems["rule"].isin(["duplicate_header", "empty_header", "above_header"])]
    numbers: Any = problems["row"].map(lambda row: lines.get(row, row), na_action="ignore").astype("Int64")
    named = [problem_block(np.array([row]), "", rule, [said]) for row, rule, said in torn]
    return replace(
        text,
        columns=own,
        cells=MemoryCells(back),
        problems=joined(problems.assign(row=numbers), *named),
        rejected=every,
        needs_confirmation=[each for each in text.needs_confirmation if each.code != "header_names"],
        rows_in_file=back.num_rows + len(every),
        returned=True,
    )
