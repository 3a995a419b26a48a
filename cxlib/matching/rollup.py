"""From events (calls, sessions, messages) to usage by customer and month."""

from __future__ import annotations

from fractions import Fraction
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cxlib.engine.fixed import fixed_chunks
from cxlib.errors import CxError
from cxlib.matching.months import month_numbers, month_starts
from cxlib.matching.texts import strings
from cxlib.matching.usage import as_texts, columns_of
from cxlib.texts import N_

if TYPE_CHECKING:
    from numpy.typing import NDArray


def rollup_events(events: Any, *, meter: str, round_event: float | None = None) -> pd.DataFrame:
    """Sum the events of one meter by customer and month, exactly.

    Parameters
    ----------
    events : frame
        customer_id, occurred_at; optionally quantity, without which every event counts 1.
    meter : str
        Name of the meter, such as ``minutes``.
    round_event : float, optional
        Raise each event's quantity to the next multiple of this, as calls to whole minutes with 1; 0 stays 0.

    Returns
    -------
    DataFrame
        customer_id, month, and the meter, sorted by customer and month. A month without an event has no row.

    Raises
    ------
    CxError
        ``missing_column``, ``missing_customer``, ``bad_month``, ``negative_usage``, ``not_a_number``,
        ``too_many_decimals``, ``too_large`` or ``bad_setting``, with the position of the event where there is one.
    """
    table = columns_of(events, ["customer_id", "occurred_at", "quantity"])
    for name in ("customer_id", "occurred_at"):
        if name not in table.column_names:
            raise CxError(
                "missing_column",
                N_("The events have no column {column}."),
                hint=N_("Add it, or map one of the file's columns to it."),
                column=name,
            )
    ids = as_texts(table["customer_id"])
    if ids.null_count:
        raise CxError("missing_customer", N_("An event names no customer."), column="customer_id")
    month = month_numbers(table["occurred_at"])
    if len(month) and int(month.min()) < 0:
        raise CxError("bad_month", N_("An event has no day."), column="occurred_at")
    counted, scale = _counted(table, round_event)
    grouped = (
        pa.table({"customer_id": ids.cast(pa.large_string()), "month": month, "q": counted})
        .group_by(["customer_id", "month"])
        .aggregate([("q", "sum")])
        .sort_by([("customer_id", "ascending"), ("month", "ascending")])
    )
    return pd.DataFrame(
        {
            "customer_id": strings(grouped["customer_id"].combine_chunks()),
            "month": month_starts(grouped["month"].to_numpy()),
            meter: grouped["q_sum"].to_numpy() / scale,
        }
    )


def merge_rollups(*frames: Any) -> pd.DataFrame:
    """Bring the roll-ups of several meters together.

    A customer's month is there where any meter has an event; a meter without one is then 0.

    Raises
    ------
    CxError
        ``duplicate_meter`` where two frames have the same meter.
    """
    tables = [_keyed(frame) for frame in frames]
    meters = [name for table in tables for name in table.column_names if name not in {"customer_id", "month"}]
    for meter in meters:
        if meters.count(meter) > 1:
            raise CxError(
                "duplicate_meter",
                N_("Two files bring meter {column}."),
                hint=N_("Put the events of one meter into one table first."),
                column=meter,
            )
    merged = reduce(lambda a, b: a.join(b, ["customer_id", "month"], join_type="full outer"), tables)
    merged = merged.sort_by([("customer_id", "ascending"), ("month", "ascending")])
    return pd.DataFrame(
        {
            "customer_id": strings(merged["customer_id"].combine_chunks()),
            "month": month_starts(merged["month"].to_numpy()),
            **{meter: merged[meter].fill_null(0.0).to_numpy() for meter in meters},
        }
    )


def _keyed(frame: Any) -> pa.Table:
    table = columns_of(frame, list(frame.columns) if hasattr(frame, "columns") else frame.column_names)
    ids = as_texts(table["customer_id"]).cast(pa.large_string())
    meters = {name: table[name] for name in table.column_names if name not in {"customer_id", "month"}}
    return pa.table({"customer_id": ids, "month": month_numbers(table["month"]), **meters})


def _counted(table: pa.Table, round_event: float | None) -> tuple[NDArray[np.int64], float]:
    """Return the events' quantities in fixed point, and what one unit is there."""
    step = None if round_event is None else _step(round_event)
    if "quantity" not in table.column_names:
        ones = np.ones(table.num_rows, dtype=np.int64)
        return (ones, 1.0) if step is None else _raised(ones, 0, step)
    column = table["quantity"].cast(pa.float64())
    chunks = [each.fill_null(np.nan).to_numpy(zero_copy_only=False) for each in column.chunks]
    counted, decimals, (low, high) = fixed_chunks(chunks)
    if low < 0:
        at = int((counted < 0).argmax())
        raise CxError(
            "negative_usage",
            N_("Event {position} has a quantity below 0: {value}."),
            hint=N_("Usage is 0 or more."),
            column="quantity",
            value=pc.cast(column[at], pa.string()).as_py(),
            position=at + 1,
        )
    if step is not None:
        return _raised(counted, decimals, step)
    if high * max(1, table.num_rows) > 2**63 - 1:
        raise CxError("too_large", N_("The numbers are too large to be counted exactly."), column="quantity")
    return counted, 10.0**decimals


def _step(round_event: float) -> Fraction:
    if not 0 < round_event < np.inf:
        raise CxError(
            "bad_setting", N_("Events are raised to multiples of more than 0, not {value}."), value=round_event
        )
    return Fraction(repr(float(round_event)))


def _raised(counted: NDArray[np.int64], decimals: int, step: Fraction) -> tuple[NDArray[np.int64], float]:
    """Raise whole numbers of ``10 ** -decimals`` to the next multiple of `step`."""
    own = 10**decimals
    while (step * own).denominator != 1:
        own *= 10
    more, size = own // 10**decimals, int(step * own)
    if len(counted) and int(counted.max()) * more + size > (2**63 - 1) // max(1, len(counted)):
        raise CxError("too_large", N_("The numbers are too large to be counted exactly."), column="quantity")
    return -(-(counted * more) // size) * size, float(own)
