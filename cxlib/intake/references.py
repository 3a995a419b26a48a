"""What one file says of another: a plan that the catalogue lacks sets its row aside."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from cxlib.intake.problems import joined, problem_frame
from cxlib.intake.reading import set_aside
from cxlib.intake.text_table import ROW

if TYPE_CHECKING:
    from collections.abc import Collection

    from cxlib.intake.mapping import ColumnMap
    from cxlib.intake.reading import Reading
    from cxlib.intake.text_table import TextTable


def against_catalogue(reading: Reading, plan_ids: Collection[str]) -> Reading:
    """Return the reading with the rows set aside whose plan is not among `plan_ids`; each is named with its row."""
    mapped = reading.mapping.columns.get("plan_id")
    if (
        reading.mapping.table not in ("usage", "customers")
        or mapped is None
        or "plan_id" not in reading.table.column_names
    ):
        return reading
    known = pa.array(sorted(plan_ids), pa.string())
    plans = reading.table["plan_id"]
    good = pc.or_kleene(pc.is_null(plans), pc.is_in(plans, value_set=known))
    if pc.all(good).as_py() is not False:
        return reading
    aside = set(reading.quarantined[ROW if ROW in reading.quarantined else "row"])
    said = zip(reading.text.table[ROW].to_pylist(), _values(reading.text, mapped), strict=True)
    unknown = [
        (row, "plan_id", "unknown_plan", plan)
        for row, plan in said
        if plan and plan not in plan_ids and row not in aside
    ]
    problems = joined(reading.problems, problem_frame(unknown))
    errors = problems[problems["severity"] == "error"]
    quarantined, table = set_aside(reading.text, errors), reading.table.filter(good)
    counts = reading.counts | {
        "rows_loaded": table.num_rows,
        "rows_quarantined": len(quarantined),
        "errors": len(errors),
    }
    if counts["rows_in_file"] != counts["rows_loaded"] + counts["rows_quarantined"]:
        message = f"rows were lost: {counts}"
        raise AssertionError(message)
    return replace(reading, table=table, quarantined=quarantined, problems=problems, counts=counts)


def _values(text: TextTable, mapped: ColumnMap) -> list[str]:
    """Return the texts of a column as the mapping reads them, empty where there is nothing."""
    if mapped.constant is not None:
        return [mapped.constant] * text.rows
    groups = [[_stripped(text, header) for header in group] for group in mapped.sources]
    found = []
    for i in range(text.rows):
        cells = ([column[i] for column in group] for group in groups)
        value = next(("-".join(each) for each in cells if all(cell and cell not in mapped.blank for cell in each)), "")
        found.append((mapped.codes or {}).get(value, value))
    return found


def _stripped(text: TextTable, header: str) -> list[str]:
    trimmed: list[str] = pc.utf8_trim_whitespace(text.table[header]).to_pylist()
    return trimmed
