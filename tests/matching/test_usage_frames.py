"""The same usage gives the same answer from every kind of frame, sorted or not."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from cxlib.matching import Catalogue, plan_fit

PLANS = pd.DataFrame(
    {
        "plan_id": ["S", "M"],
        "monthly_fee": [10.0, 20.0],
        "included_minutes": [100.0, 300.0],
        "overage_price_minutes": [0.1, 0.1],
    }
)
KINDS = (
    "pandas", "objects", "categories", "polars", "lazy", "arrow", "chunks", "dictionary", "duckdb", "times", "integers",
)  # fmt: skip


@pytest.fixture(scope="module")
def usage():
    rng = np.random.default_rng(5)
    customers = np.repeat(np.arange(100, 400), 6)
    return pd.DataFrame(
        {
            "customer_id": customers.astype(str),
            "month": np.tile([f"2026-{k:02d}-01" for k in range(1, 7)], 300),
            "plan_id": np.repeat(rng.choice(["S", "M"], 300), 6),
            "minutes": rng.integers(0, 400, 1800).astype(float),
        }
    )


def as_kind(usage, kind):
    table = pa.table(
        {
            "customer_id": pa.array(usage["customer_id"].tolist()),
            "month": pa.array(pd.to_datetime(usage["month"]).dt.date.tolist(), pa.date32()),
            "plan_id": pa.array(usage["plan_id"].tolist()),
            "minutes": pa.array(usage["minutes"].to_numpy()),
        }
    )
    coded = ["customer_id", "plan_id"]
    if kind == "dictionary":
        for name in coded:
            table = table.set_column(table.schema.get_field_index(name), name, table[name].dictionary_encode())
        return table.slice(0, 700), table.slice(700)
    return {
        "pandas": lambda: usage,
        "objects": lambda: usage.astype({"customer_id": object, "plan_id": object}),
        "categories": lambda: usage.astype({"customer_id": "category", "plan_id": "category"}),
        "polars": lambda: pl.from_arrow(table),
        "lazy": lambda: pl.from_arrow(table).lazy(),
        "arrow": lambda: table,
        "chunks": lambda: pa.concat_tables(
            [table.slice(0, 10), table.slice(10, 0), table.slice(10, 601), table.slice(611)]
        ),
        "duckdb": lambda: duckdb.connect().from_arrow(table),
        "times": lambda: usage.assign(month=pd.to_datetime(usage["month"])),
        "integers": lambda: usage.astype({"customer_id": int, "minutes": int}),
    }[kind]()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_frame(usage, kind):
    expected = plan_fit(usage, Catalogue(PLANS))
    given = as_kind(usage, kind)
    if kind == "dictionary":
        given = pa.concat_tables(given)
    pd.testing.assert_frame_equal(plan_fit(given, Catalogue(PLANS)), expected)


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow", "dictionary"])
def test_order_does_not_matter(usage, kind):
    expected = plan_fit(usage, Catalogue(PLANS))
    given = as_kind(usage.sample(frac=1, random_state=2), kind)
    given = pa.concat_tables(given) if kind == "dictionary" else given
    pd.testing.assert_frame_equal(plan_fit(given, Catalogue(PLANS)), expected)


def test_the_table_of_customers_may_hold_the_plans(usage):
    expected = plan_fit(usage, Catalogue(PLANS))
    people = usage.drop_duplicates("customer_id")[["customer_id", "plan_id"]].sample(frac=1, random_state=1)
    for customers in (people, pl.from_pandas(people), pa.Table.from_pandas(people, preserve_index=False)):
        got = plan_fit(usage.drop(columns="plan_id"), Catalogue(PLANS), customers=customers)
        pd.testing.assert_frame_equal(got, expected)


def test_columns_are_plain(usage):
    fit = plan_fit(usage, Catalogue(PLANS))
    kinds = {name: str(kind) for name, kind in fit.dtypes.items()}
    assert kinds == {
        "customer_id": "str", "month": "datetime64[us]", "plan_id": "str", "state": "str", "better_plan_id": "str",
        "direction": "str", "saving": "float64", "saving_minor": "int64", "least_saving": "float64", "since": "int64",
        "status": "str", "left": "bool", "paid": "float64",
    }  # fmt: skip
    assert fit.attrs == {}
