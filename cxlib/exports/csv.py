"""CSV that opens in a spreadsheet as it was meant, and runs nothing there."""

from __future__ import annotations

import csv
import io
import math
import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

PLAIN_NUMBER: Final = re.compile(r"[+-][0-9][0-9.,]*%?")
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(value: Any, *, numbers_in_text: bool = False) -> Any:
    """Return a cell that no spreadsheet takes for a formula; numbers stay numbers.

    With `numbers_in_text`, a text such as ``-5`` stays too, so that it comes back as it was.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return "" if value != value else value.isoformat(sep=" ")  # noqa: PLR0124 - NaT
    if isinstance(value, date):
        return value.isoformat()
    text = str(value)
    if numbers_in_text and PLAIN_NUMBER.fullmatch(text):
        return text
    return "'" + text if text.startswith(FORMULA_STARTS) else text


def csv_bytes(frame: pd.DataFrame, *, scope: Sequence[tuple[str, str]] = (), numbers_in_text: bool = False) -> bytes:
    """Return the frame as CSV in UTF-8 with a byte order mark, lines ending in CR LF.

    Parameters
    ----------
    frame : pandas.DataFrame
        The rows; column names become the header.
    scope : sequence of (label, value)
        What the rows are about; written above the header as lines that start with ``#``.
    numbers_in_text : bool
        As for `safe_cell`.
    """
    out = io.StringIO()
    for label, value in scope:
        out.write(f"# {_one_line(label)}: {_one_line(value)}\r\n")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([safe_cell(str(name)) for name in frame.columns])
    plain = frame.astype(object).where(frame.notna(), None)
    writer.writerows(
        [safe_cell(value, numbers_in_text=numbers_in_text) for value in row]
        for row in plain.itertuples(index=False, name=None)
    )
    return out.getvalue().encode("utf-8-sig")


def _one_line(text: str) -> str:
    return " ".join(str(text).split())
