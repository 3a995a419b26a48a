"""How many damaged files a reader reads wrongly without a word: ours beside pandas, duckdb and polars.

All read texts only (no types are guessed), and are told nothing about the file.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pandas as pd
import polars as pl
from damaged import Seen, every_case, judged

from cxlib.errors import CxError
from cxlib.intake import read_text_table

if TYPE_CHECKING:
    from collections.abc import Callable


def ours(data: bytes) -> Seen:
    """Return what our reader makes of a file."""
    try:
        text = read_text_table(data)
    except CxError as error:
        return Seen(None, None, frozenset([error.row] if error.row else []), said=True, asked=True)
    rows = list(zip(*(text.table.column(name).to_pylist() for name in text.columns), strict=True))
    asked = bool(text.needs_confirmation) or len(text.rejected) > 0
    lines = frozenset(text.rejected["row"].tolist())
    return Seen(text.columns, rows, lines, said=asked or len(text.problems) > 0, asked=asked)


def pandas_default(data: bytes) -> Seen:
    """Return what pandas makes of a file."""
    return _pandas(data)


def pandas_skip(data: bytes) -> Seen:
    """Return what pandas makes of a file when it leaves out what it calls bad lines."""
    return _pandas(data, on_bad_lines="skip")


def _pandas(data: bytes, **options: str) -> Seen:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            frame = pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False, **options)
        except Exception as error:  # noqa: BLE001 - whatever it raises is a refusal
            return _refused(error)
    rows = frame.fillna("").astype(str).to_numpy().tolist()
    if not isinstance(frame.index, pd.RangeIndex):
        rows = [
            [*map(str, key if isinstance(key, tuple) else (key,)), *row]
            for key, row in zip(frame.index, rows, strict=True)
        ]
    return Seen([*map(str, frame.columns)], rows, said=bool(caught), asked=bool(caught))


def duckdb_auto(data: bytes) -> Seen:
    """Return what duckdb's own sniffing makes of a file."""
    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        Path(file.name).write_bytes(data)
        connection = duckdb.connect()
        try:
            found = connection.sql(f"SELECT * FROM read_csv('{file.name}', all_varchar = true)")
            rows = [["" if cell is None else cell for cell in row] for row in found.fetchall()]
            return Seen(found.columns, rows)
        except duckdb.Error as error:
            return _refused(error)
        finally:
            connection.close()


def polars_default(data: bytes) -> Seen:
    """Return what polars makes of a file."""
    try:
        frame = pl.read_csv(data, infer_schema_length=0)
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        return _refused(error)
    return Seen(frame.columns, [["" if cell is None else cell for cell in row] for row in frame.rows()])


def _refused(error: Exception) -> Seen:
    lines = [int(each) for each in re.findall(r"(?:line|Line:|row)\s+([0-9]+)", str(error))]
    return Seen(None, None, frozenset(lines[:1]), said=True, asked=True)


READERS: dict[str, Callable[[bytes], Seen]] = {
    "ours": ours,
    "pandas": pandas_default,
    "pandas skip": pandas_skip,
    "duckdb auto": duckdb_auto,
    "polars": polars_default,
}


def main() -> None:
    """Print the figures of all readers, and what each reads wrongly in silence most often."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--step", type=int, default=5, help="damage only every so manieth row in turn")
    parser.add_argument("--only", default=",".join(READERS))
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    cases = list(every_case(step=given.step))
    told = {}
    for name in given.only.split(","):
        begun = time.perf_counter()
        figures, failures = judged(READERS[name], cases)
        silent = Counter(case.kind.split(" '")[0] for wrong, case in failures if wrong == "silent").most_common(5)
        told[name] = {**figures.shares(), "files": figures.files, "s": round(time.perf_counter() - begun, 1)}
        if not given.json:
            shown = ", ".join(f"{key} {value:.1%}" for key, value in figures.shares().items())
            print(f"{name}: {shown}; {figures.files} files; most often: {silent}", flush=True)
    if given.json:
        json.dump(told, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
