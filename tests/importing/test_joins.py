"""Tables in files, in any number of parts, are told the same of each other as tables in memory."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cxlib.importing.covers import covers
from cxlib.importing.joins import compare_files
from cxlib.intake import check_references

key = st.tuples(st.sampled_from(["A", "B", "Bb", "C", "金"]), st.integers(1, 12))
ids = st.lists(st.sampled_from(["A", "B", "Bb", "X"]), max_size=4, unique=True)
plans = st.lists(st.sampled_from(["S", "M", "L"]), max_size=3, unique=True)


def usage(keys) -> pa.Table:
    return pa.table(
        {
            "customer_id": pa.array([name for name, _ in keys], pa.string()),
            "month": pa.array([dt.date(2026, month, 1) for _, month in keys], pa.date32()),
            "plan_id": pa.array([[None, "S", "M", "L", "Q"][month % 5] for _, month in keys], pa.string()),
        }
    )


@given(st.lists(st.lists(key, max_size=20, unique=True), min_size=1, max_size=3), st.booleans(), ids, plans)
@example([[("A", 3), ("A", 1)]], False, [], [])  # months out of order within a customer
@example([[("A", 1), ("B", 3), ("B", 1)], [("A", 4), ("B", 5)]], False, [], [])
@settings(deadline=None, max_examples=8)
def test_files_are_told_what_tables_are(tmp_path_factory, parts, in_order, customers, known):
    folder = tmp_path_factory.mktemp("joins")
    held = [usage(sorted(part) if in_order else part) for part in parts]
    others = {
        "customers": pa.table({"customer_id": pa.array(customers, pa.string())}),
        "plans": pa.table({"plan_id": pa.array(known, pa.string())}),
    }
    files = {"usage": [folder / f"usage-{i}.parquet" for i in range(len(held))]}
    for table, path in zip(held, files["usage"], strict=True):
        pq.write_table(table, path)
    for name, table in others.items():
        files[name] = [folder / f"{name}.parquet"]
        pq.write_table(table, files[name][0])
    found = compare_files(files, folder)
    whole = check_references({"usage": pa.concat_tables(held), **others})
    names = ["column", "rule", "value", "severity"]
    assert found[names].to_numpy().tolist() == whole[names].to_numpy().tolist()


@given(st.lists(key, max_size=20))
@settings(deadline=None, max_examples=4)
def test_what_a_file_covers(tmp_path_factory, keys):
    folder = tmp_path_factory.mktemp("covers")
    pq.write_table(usage(keys), folder / "typed.parquet")
    assert covers(folder / "typed.parquet", folder) == {
        "rows": len(keys),
        "customers": len(Counter(name for name, _ in keys)),
        "months": sorted({f"2026-{month:02d}" for _, month in keys}),
    }
