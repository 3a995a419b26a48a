"""A real log of calls and small ways to write one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T0 = pd.Timestamp("2026-03-02 09:00:00", tz="UTC")


@pytest.fixture(scope="session")
def bank_calls(real_data: Path) -> pd.DataFrame:
    """The bank's calls of February 1999 as a typed table of contacts: dropped rows gone, tiers "0", "1", "2"."""
    raw = pd.read_csv(real_data / "anonymous_bank/calls_1999_02.txt", sep="\t", dtype=str, encoding="latin-1")
    raw = raw[raw["outcome"] != "PHANTOM"].reset_index(names="line")
    day = pd.to_datetime(raw["date"], format="%y%m%d", utc=True)
    clock = {
        name: day + pd.to_timedelta(raw[name]) for name in ("vru_exit", "q_start", "q_exit", "ser_start", "ser_exit")
    }
    for name in ("q_exit", "ser_start", "ser_exit"):
        clock[name] = clock[name].where(raw[name] != "0:00:00")
    next_day = pd.Timedelta(days=1)
    queued = (raw["q_start"] != "0:00:00") & (raw["q_time"].astype(int) > 0)
    left_queue = clock["q_exit"].where(queued)
    left_queue = left_queue.where(~(left_queue < clock["q_start"]), left_queue + next_day)
    arrived = clock["q_start"].where(queued, clock["ser_start"].fillna(clock["vru_exit"]))
    started = clock["ser_start"].where(~(clock["ser_start"] < arrived), clock["ser_start"] + next_day)
    ended = clock["ser_exit"].where(~(clock["ser_exit"] < started), clock["ser_exit"] + next_day)
    return pd.DataFrame(
        {
            "contact_id": raw["vru+line"] + "-" + raw["call_id"] + "-" + raw["line"].astype(str),
            "customer_id": raw["customer_id"],
            "tier": raw["priority"],
            "queue": raw["type"],
            "arrived_at": arrived.astype("datetime64[us, UTC]"),
            "wait_ended_at": left_queue.where(queued, arrived).astype("datetime64[us, UTC]"),
            "started_at": started.astype("datetime64[us, UTC]"),
            "ended_at": ended.astype("datetime64[us, UTC]"),
            "outcome": raw["outcome"].map({"AGENT": "served", "HANG": "abandoned"}),
            "queued": queued,
        }
    )


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
