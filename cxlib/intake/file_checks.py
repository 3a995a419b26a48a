"""The warnings of `checks` for rows that lie in files, without bringing them into memory as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cxlib.intake.checks import far_months, named_gaps, row_warnings
from cxlib.intake.filed import ROWS, TYPED, numbered
from cxlib.intake.problems import joined
from cxlib.intake.runs import holes, run_starts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import pandas as pd

    from cxlib.intake.mapping import Mapping
    from cxlib.intake.text_table import TextTable

NUMBER = " row"  # no column can be called so


def file_warnings(folder: Path, *, mapping: Mapping, text: TextTable) -> pd.DataFrame:
    """Return what `row_warnings` returns, for the rows in a folder (see `FiledRows`)."""
    if mapping.table != "usage":
        typed, rows = pq.read_table(folder / TYPED), pq.read_table(folder / ROWS)["row"]
        return row_warnings(typed, rows, table=mapping.table, mapping=mapping, text=text)
    far: dict[str, list[pd.DataFrame]] = {}
    missing = MissingMonths()
    for part in whole_runs(table.append_column(NUMBER, pa.array(rows)) for table, rows in numbered(folder)):
        rows, starts = part[NUMBER].to_numpy(), run_starts(part["customer_id"])
        for name, found in far_months(part.drop_columns([NUMBER]), rows, starts):
            far.setdefault(name, []).append(found)
        missing.look(part, starts)
    return joined(*(each for found in far.values() for each in found), missing.named("month"))


class MissingMonths:
    """Months that are missing between two months of the same customer, counted part by part."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._ordered = True

    def look(self, part: pa.Table, starts: np.ndarray) -> None:
        """Go through rows sorted by customer and month that end where a customer ends."""
        days = part["month"].cast(pa.date32()).cast(pa.int32()).to_numpy()
        found = holes(days, starts)
        if found is None:
            self._ordered = False
        else:
            months, counts = np.unique(found, return_counts=True)
            for month, count in zip(months.tolist(), counts.tolist(), strict=True):
                self._counts[month] = self._counts.get(month, 0) + count

    def named(self, column: str) -> pd.DataFrame:
        """Return the months as problems of a column, none where days went back."""
        return named_gaps(self._counts if self._ordered else {}, column)


def whole_runs(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Cut rows that are sorted by customer where one ends: no run is torn, and few rows are in memory."""
    rest: pa.Table | None = None
    for table in tables:
        if not table.num_rows:
            continue
        whole = table if rest is None else pa.concat_tables([rest, table])
        cut = int(run_starts(whole["customer_id"])[-1])
        if cut:
            yield whole.slice(0, cut)
        rest = whole.slice(cut).take(pa.array(np.arange(whole.num_rows - cut)))  # a copy, that the others can go
    if rest is not None:
        yield rest
