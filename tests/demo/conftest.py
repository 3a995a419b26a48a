from __future__ import annotations

import pandas as pd
import pytest

from cxlib.demo import Demo, build_demo


@pytest.fixture(scope="session")
def demo() -> Demo:
    return build_demo()


@pytest.fixture(scope="session")
def usage(demo) -> pd.DataFrame:
    return frame(demo, "usage")


@pytest.fixture(scope="session")
def customers(demo) -> pd.DataFrame:
    return frame(demo, "customers")


@pytest.fixture(scope="session")
def log(demo) -> pd.DataFrame:
    """Contacts that were some, with what is true of them."""
    contacts = frame(demo, "contacts").query("outcome != 'dropped'")
    hidden = demo.truth.contacts.add_suffix("_true").rename(columns={"contact_id_true": "contact_id"})
    joined = contacts.merge(hidden, on="contact_id", validate="1:1")
    for name in ("arrived_at", "wait_ended_at", "started_at", "ended_at"):
        joined[f"{name}_s"] = (joined[name] - pd.Timestamp("2026-04-01", tz="UTC")).dt.total_seconds()
    joined["wait_s"] = joined["wait_ended_at_s"] - joined["arrived_at_s"]
    joined["served"] = joined["outcome"] == "served"
    return joined


def frame(demo: Demo, name: str) -> pd.DataFrame:
    table = demo.tables[name].to_pandas()
    for column in table.columns:
        if str(demo.tables[name].schema.field(column).type) == "date32[day]":
            table[column] = pd.to_datetime(table[column])
    return table
