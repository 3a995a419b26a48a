"""Small frames as plain values for JSON."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows as dicts of plain values; what is missing or not finite is None, dates are ISO text."""
    return [{str(name): plain(value) for name, value in row.items()} for row in frame.to_dict("records")]


def plain(value: Any) -> Any:
    """Return one value as JSON can hold it."""
    if hasattr(value, "item"):
        value = value.item()
    if value is None or value != value or (isinstance(value, float) and math.isinf(value)):  # noqa: PLR0124 - NaN, NaT
        return None
    return value if isinstance(value, str | int | float | bool | list | dict) else str(value)
