"""What one file says of another: a plan that the catalogue lacks sets its row aside."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from cxlib.intake.problems import joined, problem_frame
from cxlib.intake.reading import set_aside

if TYPE_CHECKING:
    from collections.abc import Collection

    from cxlib.intake.reading import Reading


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
    lost = pc.invert(good)
    rows, values = reading.rows.filter(lost).to_pylist(), plans.filter(lost).to_pylist()
    unknown = sorted((row, "plan_id", "unknown_plan", plan) for row, plan in zip(rows, values, strict=True))
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
    return replace(
        reading,
        typed=table,
        numbers=reading.rows.filter(good),
        quarantined=quarantined,
        problems=problems,
        counts=counts,
    )
