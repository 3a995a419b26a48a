"""Plan fit of files larger than memory: the same answers, part by part.

The file is sorted by customer and month, as the store keeps usage. It is read a part at a time, cut where one customer
ends and the next begins, and each part is given to the function that works in memory; the next part is read meanwhile.
"""

from __future__ import annotations

from contextlib import ExitStack
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from cxlib.engine.row_groups import RowGroups
from cxlib.errors import CxError
from cxlib.matching.fit import DIRECTIONS, STATES, fit_summary, plan_fit
from cxlib.matching.months import month_text
from cxlib.matching.parts import PART_ROWS, Parts, Paths, listed
from cxlib.texts import N_

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from cxlib.matching.case import Absent
    from cxlib.matching.catalogue import Catalogue


def plan_fit_file(
    paths: Paths,
    catalogue: Catalogue,
    *,
    customers: Any = None,
    months: int = 3,
    min_saving: float = 0,
    as_of: Literal["last", "own", "any"] | str = "last",  # noqa: PYI051 - or a month
    absent: Absent = "missing",
    until: Any = None,
    out: str | os.PathLike[str] | None = None,
    part_rows: int = PART_ROWS,
) -> pd.DataFrame:
    """Do what `plan_fit` does with usage in Parquet files.

    Parameters
    ----------
    paths : path or sequence of paths
        Usage sorted by customer_id (in the order of bytes) and month; several files continue one another.
    catalogue, customers, months, min_saving, as_of, absent, until
        As for `plan_fit`. The table of customers is held in memory.
    out : path, optional
        Where to write the rows of `plan_fit`, a Parquet file; it appears when it is whole.
    part_rows : int
        Rows that are worked on at a time; memory grows with it.

    Returns
    -------
    DataFrame
        The rows of `plan_fit`, or with `out`, where they are not held in memory, their sums: one row per state and
        direction (missing where there is no flag) that there is: state, direction, customers, saving and paid (money),
        saving_minor (in the smallest unit, int64).

    Raises
    ------
    CxError
        ``not_sorted``, ``not_parquet``, or as `plan_fit`.
    """
    rows = Parts(listed(paths), catalogue, customers, absent, until, part_rows)
    when = month_text(rows.last_of_all()) if as_of == "last" else as_of
    frames = rows.each(plan_fit, months=months, min_saving=min_saving, as_of=when)
    if out is None:
        return pd.concat(frames, ignore_index=True)
    return _written(frames, Path(out), catalogue)


def fit_summary_file(
    paths: Paths,
    catalogue: Catalogue,
    *,
    customers: Any = None,
    absent: Absent = "missing",
    until: Any = None,
    part_rows: int = PART_ROWS,
) -> pd.DataFrame:
    """Do what `fit_summary` does with usage in Parquet files, sorted as for `plan_fit_file`."""
    rows = Parts(listed(paths), catalogue, customers, absent, until, part_rows)
    found = list(rows.each(fit_summary))
    sums = ["customer_months", "mismatched", "ties", "paid_minor", "cheapest_minor", "all_on_minor"]
    total = reduce(pd.DataFrame.add, (part[sums].astype(object) for part in found))
    if max(int(total["paid_minor"].sum()), int(total["all_on_minor"].max())) > 2**63 - 1:
        raise CxError("too_large", N_("Usage and prices lead to bills too large to be counted exactly."))
    money, total = 10**catalogue.minor_digits, total.astype("int64")
    priced = np.all([part["all_on_minor"] >= 0 for part in found], axis=0)
    all_on = total["all_on_minor"].where(priced, -1)
    return pd.DataFrame(
        {
            "plan_id": pd.Series(catalogue.plan_ids, dtype="str"),
            "customer_months": total["customer_months"],
            "paid": total["paid_minor"] / money,
            "mismatched": total["mismatched"],
            "ties": total["ties"],
            "cheapest": total["cheapest_minor"] / money,
            "all_on": np.where(priced, all_on / money, np.nan),
            "paid_minor": total["paid_minor"],
            "cheapest_minor": total["cheapest_minor"],
            "all_on_minor": all_on,
        }
    )


def _written(frames: Iterable[pd.DataFrame], out: Path, catalogue: Catalogue) -> pd.DataFrame:
    sums: dict[tuple[str, str | None], list[int]] = {}
    money = 10**catalogue.minor_digits
    partial = out.with_name(f"{out.name}.partial")
    with ExitStack() as leaving:
        leaving.callback(partial.unlink, missing_ok=True)
        with ExitStack() as writing:
            into: RowGroups | None = None
            for frame in frames:
                table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
                into = into or writing.enter_context(RowGroups(partial, table.schema))
                for batch in table.to_batches():
                    into.add(batch)
                _add(sums, frame, money)
        partial.replace(out)
    keys = [(state, way) for state in STATES for way in (*DIRECTIONS, None) if (state, way) in sums]
    columns = np.array([sums[key] for key in keys], dtype=np.int64).reshape(-1, 3)
    return pd.DataFrame(
        {
            "state": pd.Series([state for state, _ in keys], dtype="str"),
            "direction": pd.Series([way for _, way in keys], dtype="str"),
            "customers": columns[:, 0],
            "saving": columns[:, 1] / money,
            "paid": columns[:, 2] / money,
            "saving_minor": columns[:, 1],
        }
    )


def _add(sums: dict[tuple[str, str | None], list[int]], frame: pd.DataFrame, money: int) -> None:
    for (state, way), rows in frame.groupby(["state", "direction"], dropna=False):
        into = sums.setdefault((str(state), way if isinstance(way, str) else None), [0, 0, 0])
        into[0] += len(rows)
        into[1] += int(rows["saving_minor"].sum())
        into[2] += int(np.rint(rows["paid"].to_numpy() * money).astype(np.int64).sum())
