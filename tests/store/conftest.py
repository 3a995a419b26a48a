"""A store, and small typed tables to put into it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from cxlib.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def own(store: Store) -> str:
    return store.create(name="Company", who="Ann").id


@pytest.fixture
def usage() -> Callable[..., pa.Table]:
    """Make usage from rows of (customer, month of 2026) and one list per further column."""

    def make(rows: list[tuple[str, int]], **columns: list[Any]) -> pa.Table:
        table = {
            "customer_id": pa.array([customer for customer, _ in rows], pa.string()),
            "month": pa.array([date(2026, month, 1) for _, month in rows], pa.date32()),
        }
        kinds = {"plan_id": pa.string(), "complete": pa.bool_()}
        table |= {name: pa.array(values, kinds.get(name, pa.float64())) for name, values in columns.items()}
        return pa.table(table)

    return make


@pytest.fixture
def contacts() -> Callable[..., pa.Table]:
    """Make contacts from (contact, minute of arrival) and one list per further column."""

    def make(rows: list[tuple[str, int]], **columns: list[Any]) -> pa.Table:
        moments = [datetime(2026, 1, 5, 9, minute, tzinfo=UTC) for _, minute in rows]
        table = {
            "contact_id": pa.array([contact for contact, _ in rows], pa.string()),
            "arrived_at": pa.array(moments, pa.timestamp("us", "UTC")),
        }
        return pa.table(table | {name: pa.array(values) for name, values in columns.items()})

    return make
