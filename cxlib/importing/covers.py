"""What the rows in a file cover."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cxlib.engine.duck import literal, locked
from cxlib.store.ordering import batches_of

if TYPE_CHECKING:
    from pathlib import Path

MOST_MONTHS: Final = 240
MEMORY_LIMIT: Final = "1GB"


def covers(typed: Path, spill: Path) -> dict[str, Any]:
    """Return rows, customers (None where there are none) and months of typed rows in a Parquet file.

    `spill` is a folder for what does not fit into memory.
    """
    names = pq.read_schema(typed).names
    customers = None
    if "customer_id" in names:
        counted = f"SELECT count(DISTINCT customer_id) FROM read_parquet({literal(str(typed))})"
        with locked(read=[typed], memory_limit=MEMORY_LIMIT, spill=spill) as connection:
            customers = connection.execute(counted).fetchall()[0][0]
    return {"rows": pq.read_metadata(typed).num_rows, "customers": customers, "months": _months(typed, names)}


def _months(typed: Path, names: list[str]) -> list[str]:
    name = next((each for each in ("month", "occurred_at", "arrived_at") if each in names), None)
    if name is None:
        return []
    found: set[str] = set()
    for batch in batches_of(typed, [name]):
        days = batch.column(0).cast(pa.timestamp("us")) if name == "month" else batch.column(0)
        months = pc.floor_temporal(days, unit="month").unique().drop_null()
        found.update(pc.strftime(months, format="%Y-%m").to_pylist())
    listed = sorted(found)
    return listed if len(listed) <= MOST_MONTHS else [listed[0], listed[-1]]
