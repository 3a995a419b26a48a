"""Stage two: a table of text to a typed table; rows in the file are loaded or set aside, never lost."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from cxlib.engine.duck import locked
from cxlib.intake.by_pieces import by_pieces
from cxlib.intake.by_sql import by_sql
from cxlib.intake.cells import ROW
from cxlib.intake.checks import row_warnings
from cxlib.intake.file_checks import file_warnings
from cxlib.intake.filed import ROWS, TYPED, write_filed
from cxlib.intake.mapping import Mapping, check_mapping
from cxlib.intake.problems import Question, joined
from cxlib.intake.suggest import suggest_mapping
from cxlib.intake.targets import ARROW_TYPES
from cxlib.intake.text_table import TextTable, read_text_table
from cxlib.texts import _

if TYPE_CHECKING:
    from collections.abc import Callable

    from cxlib.intake.targets import Found

    Report = Callable[[float | None, str], None]

__all__ = ["ARROW_TYPES", "Reading", "read", "set_aside"]

MEMORY_LIMIT: Final = "6GB"


@dataclass(frozen=True)
class Reading:
    """A file as one typed table, and everything that is not in it.

    Attributes
    ----------
    typed : pyarrow.Table or Path
        The rows, or the Parquet file of them; `table` reads it.
    quarantined : pandas.DataFrame
        Rows set aside: row, reasons (rules, joined by ``;``), text (of rows that could not be split), then the
        file's own columns as text.
    problems : pandas.DataFrame
        row, column, rule, value, hint, severity; by row.
    text : TextTable
    mapping : Mapping
        As it was used, nothing left open: confirmed, it reads the next file of the same kind without a question.
    counts : dict
        rows_in_file = rows_loaded + rows_quarantined; errors, warnings.
    needs_confirmation : list of Question
        Nobody should keep the table before these are answered.
    numbers : pyarrow.ChunkedArray or Path
        The file's row number of each row, or the Parquet file of them; `rows` reads it.
    """

    typed: pa.Table | Path
    quarantined: pd.DataFrame
    problems: pd.DataFrame
    text: TextTable
    mapping: Mapping
    counts: dict[str, int]
    needs_confirmation: list[Question] = field(default_factory=list)
    numbers: pa.ChunkedArray | Path = field(default_factory=lambda: pa.chunked_array([], pa.int64()))

    @cached_property
    def table(self) -> pa.Table:
        """The good rows.

        Physical types as in `ARROW_TYPES`; ``usage`` is sorted by customer and month, others are in file order.
        """
        return pq.read_table(self.typed, memory_map=True) if isinstance(self.typed, Path) else self.typed

    @cached_property
    def rows(self) -> pa.ChunkedArray:
        """int64, the file's row number of each row of `table`."""
        return pq.read_table(self.numbers, memory_map=True)["row"] if isinstance(self.numbers, Path) else self.numbers


def read(
    source: Path | str | bytes | TextTable,
    *,
    table: str = "usage",
    mapping: Mapping | None = None,
    zone: str | None = None,
    name: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    quote: str | None = None,
    sheet: str | int | None = None,
    header_line: int | str | None = None,
    header: str | None = None,
    escape: str | None = None,
    out: Path | None = None,
    report: Report | None = None,
) -> Reading:
    """Read a file into one of the tables of `cxlib.tables`.

    Parameters
    ----------
    source : path, bytes or TextTable
    table : str
        Which table; a `mapping` names its own.
    mapping : Mapping, optional
        How columns are read; without it, the suggestion is taken and its doubts are asked.
    zone : str, optional
        Time zone (IANA) of times that carry none; without it and without one in the mapping, it is asked.
    name, encoding, delimiter, quote, sheet, header_line, header, escape
        As for `read_text_table`.
    out : Path, optional
        An existing folder. Rows go to ``typed.parquet`` in it as they are read, their numbers to ``rows.parquet``, and
        it takes as much memory as some pieces of the file, however long that is. What is returned is the same.
    report : callable, optional
        Told the share that is done (0 to 1) and what is being done.

    Raises
    ------
    CxError
        Of `read_text_table` and `check_mapping`, ``unknown_zone``.
    """
    if isinstance(source, TextTable):
        text = source
    else:
        text = read_text_table(
            source, name=name, encoding=encoding, delimiter=delimiter, quote=quote, sheet=sheet,
            header_line=header_line, header=header, escape=escape,
        )  # fmt: skip
    chosen = mapping if mapping is not None else suggest_mapping(text, table=table)
    check_mapping(chosen, text.columns)
    tell = _teller(report)
    with locked(memory_limit=MEMORY_LIMIT) as connection:
        found = by_pieces(connection, text, chosen, zone, out=out, tell=lambda share: tell(0.9 * share))
        found = found or by_sql(connection, text, chosen, zone)
    typed, numbers = found.table, found.rows
    if out is None:
        warnings = row_warnings(typed, numbers, table=found.mapping.table, mapping=found.mapping, text=text)
    else:
        if typed is not None:
            write_filed(out, typed, numbers)
        typed, numbers = out / TYPED, out / ROWS
        warnings = file_warnings(out, mapping=found.mapping, text=text)
    problems = joined(text.problems, found.problems, warnings)
    reading = _reading(text, replace(found, table=typed, rows=numbers, problems=problems))
    tell(1.0)
    return reading


def _teller(report: Report | None) -> Callable[[float], None]:
    said = _("Checking every row")
    return lambda share: None if report is None else report(share, said)


def _reading(text: TextTable, found: Found) -> Reading:
    problems = found.problems
    errors = problems[problems["severity"] == "error"]
    quarantined = set_aside(text, errors)
    counts = {
        "rows_in_file": text.rows_in_file,
        "rows_loaded": found.loaded,
        "rows_quarantined": len(quarantined),
        "errors": len(errors),
        "warnings": len(problems) - len(errors),
    }
    if counts["rows_in_file"] != counts["rows_loaded"] + counts["rows_quarantined"]:
        message = f"rows were lost: {counts}"
        raise AssertionError(message)
    asked = [*text.needs_confirmation, *found.mapping.questions]
    return Reading(found.table, quarantined, problems, text, found.mapping, counts, asked, found.rows)


def set_aside(text: TextTable, errors: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a file that are not in its typed table, as `Reading.quarantined`.

    Parameters
    ----------
    text : TextTable
    errors : pandas.DataFrame
        row, rule: the problems for which a row is set aside, those of rejected rows included.

    Returns
    -------
    pandas.DataFrame
        By row of the file: row (called `ROW` where the file has a column ``row`` of its own), reasons (each rule once,
        joined by ``;``), text (the line as it stands of a rejected row, else ``""``), then the file's own columns as
        text, ``""`` in rejected rows.
    """
    reasons = errors.groupby("row", sort=True)["rule"].agg(lambda rules: ";".join(dict.fromkeys(rules)))
    whole = text.take([int(row) for row in reasons.index])
    cells = {name: pd.Series(whole.column(name).to_pylist(), dtype="str") for name in text.columns}
    split = pd.DataFrame({ROW: pd.Series(whole.column(ROW).to_pylist(), dtype="int64"), **cells})
    torn_text, why = (name if name not in text.columns else f"__{name}" for name in ("text", "reasons"))
    split.insert(1, torn_text, "")
    torn = text.rejected.rename(columns={"row": ROW, "text": torn_text})[[ROW, torn_text]]
    frame = pd.concat([split, torn], ignore_index=True) if len(torn) else split
    frame = frame.sort_values(ROW, kind="stable", ignore_index=True)
    frame.insert(1, why, frame[ROW].map(reasons).astype("str"))
    frame[text.columns] = frame[text.columns].fillna("")
    return frame.rename(columns={ROW: "row"} if "row" not in text.columns else {})
