"""A real log of calls and small ways to write one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

T0 = pd.Timestamp("2026-03-02 09:00:00", tz="UTC")


@pytest.fixture(scope="session")
def on_engines() -> Callable[[pd.DataFrame], dict[str, object]]:
    """Give one frame in every engine that measures run on."""

    def give(frame: pd.DataFrame) -> dict[str, object]:
        table = pa.Table.from_pandas(frame, preserve_index=False)
        return {"pandas": frame, "polars": pl.from_arrow(table), "pyarrow": table}

    return give


@pytest.fixture(scope="session")
def log() -> Callable[..., pd.DataFrame]:
    """Write a log from tuples (tier, arrived, ended or None, outcome) in seconds, and further columns."""

    def write(rows: list[tuple[str | None, float, float | None, str | None]], **columns: object) -> pd.DataFrame:
        arrived = [T0 + pd.Timedelta(seconds=row[1]) for row in rows]
        ended = [None if row[2] is None else T0 + pd.Timedelta(seconds=row[2]) for row in rows]
        return pd.DataFrame(
            {
                "contact_id": pd.Series([f"C{i}" for i in range(len(rows))], dtype="str"),
                "tier": pd.Series([row[0] for row in rows], dtype="str"),
                "arrived_at": pd.Series(arrived, dtype="datetime64[us, UTC]"),
                "wait_ended_at": pd.Series(ended, dtype="datetime64[us, UTC]"),
                "outcome": pd.Series([row[3] for row in rows], dtype="str"),
                **columns,
            }
        )

    return write
