"""How new rows meet those that are there: worked examples, and a naive calculation over random files."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxlib.engine import row_groups
from cxlib.errors import CxError
from cxlib.store import Incoming, ordering

PATIENT = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def rows(store, own, table="usage"):
    return [
        {name: value.isoformat()[:7] if isinstance(value, date) else value for name, value in row.items()}
        for row in store.load(own, table).to_pylist()
    ]


def test_a_file_with_some_meters_leaves_the_others(store, own, usage):
    store.commit(own, [Incoming(table="usage", data=usage([("a", 1), ("b", 1)], minutes=[1.0, 2.0], sms=[5.0, 6.0]))])
    store.commit(own, [Incoming(table="usage", data=usage([("b", 1), ("c", 1)], sms=[7.0, 8.0], data_mb=[0.5, None]))])
    assert rows(store, own) == [
        {"customer_id": "a", "month": "2026-01", "minutes": 1.0, "sms": 5.0, "data_mb": None},
        {"customer_id": "b", "month": "2026-01", "minutes": 2.0, "sms": 7.0, "data_mb": 0.5},
        {"customer_id": "c", "month": "2026-01", "minutes": None, "sms": 8.0, "data_mb": None},
    ]


def test_keeping_fills_only_what_was_empty(store, own, usage):
    store.commit(own, [Incoming(table="usage", data=usage([("a", 1), ("b", 1)], minutes=[1.0, None]))])
    new = usage([("a", 1), ("b", 1), ("c", 1)], minutes=[9.0, 9.0, 9.0], plan_id=["S", "S", "S"])
    store.commit(own, [Incoming(table="usage", data=new)], on_conflict="keep")
    assert [(row["minutes"], row["plan_id"]) for row in rows(store, own)] == [(1.0, "S"), (9.0, "S"), (9.0, "S")]


def test_parts_are_added_to_the_cent(store, own, usage):
    store.commit(own, [Incoming(table="usage", data=usage([("a", 1), ("b", 1)], data_mb=[0.1, None], sms=[1.0, 1.0]))])
    part = usage([("a", 1), ("b", 1), ("c", 1)], data_mb=[0.2, 0.3, 0.4], plan_id=["S", None, None])
    (record,) = store.commit(own, [Incoming(table="usage", data=part)], on_conflict="add").imports
    assert [(row["data_mb"], row["sms"], row["plan_id"]) for row in rows(store, own)] == [
        (0.3, 1.0, "S"),  # and not 0.30000000000000004
        (0.3, 1.0, None),
        (0.4, None, None),
    ]
    assert (record.added, record.replaced, record.identical) == (1, 2, 0)


@pytest.mark.parametrize(
    ("old", "new", "total"),
    [
        (123456789012.345, 0.000001, 123456789012.345001),
        (9007199254.74099, 0.00001, 9007199254.741),
        (999999999999999.0, 1.0, 1e15),
        (1e300, 1.0, 1e300),
        (float("inf"), 1.0, float("inf")),
    ],
)
def test_large_sums_are_the_nearest_double(store, own, usage, old, new, total):
    store.commit(own, [Incoming(table="usage", data=usage([("a", 1)], kwh=[old]))])
    store.commit(own, [Incoming(table="usage", data=usage([("a", 1)], kwh=[new]))], on_conflict="add")
    assert rows(store, own)[0]["kwh"] == total


def test_only_usage_is_added(store, own, contacts):
    with pytest.raises(CxError) as caught:
        store.commit(own, [Incoming(table="contacts", data=contacts([("C1", 1)]))], on_conflict="add")
    assert caught.value.code == "cannot_add"


def test_several_files_of_one_commit_meet_each_other(store, own, usage):
    files = [
        Incoming(table="usage", data=usage([("a", 1)], minutes=[1.0])),
        Incoming(table="usage", data=usage([("a", 1), ("b", 1)], sms=[2.0, 3.0])),
        Incoming(table="usage", data=usage([("b", 1)], sms=[4.0])),
    ]
    assert [file.replaced for file in store.preview(own, files).files] == [0, 1, 1]
    store.commit(own, files)
    assert [(row["minutes"], row["sms"]) for row in rows(store, own)] == [(1.0, 2.0), (None, 4.0)]


def test_customers_keep_what_a_file_does_not_bring(store, own):
    store.commit(own, [Incoming(table="customers", data=pa.table({"customer_id": ["b", "a"], "tier": ["T1", "T2"]}))])
    store.commit(own, [Incoming(table="customers", data=pa.table({"customer_id": ["b"], "need": ["senior"]}))])
    assert rows(store, own, "customers") == [
        {"customer_id": "a", "tier": "T2", "need": None},
        {"customer_id": "b", "tier": "T1", "need": "senior"},
    ]


def test_contacts_are_replaced_as_a_whole_and_sorted_by_arrival(store, own, contacts):
    first = contacts([("C2", 5), ("C1", 5), ("C3", 1)], wait_s=[1.0, 2.0, 3.0])
    store.commit(own, [Incoming(table="contacts", data=first)])
    store.commit(own, [Incoming(table="contacts", data=contacts([("C1", 0)], outcome=["served"]))])
    found = store.load(own, "contacts").to_pandas()
    assert found["contact_id"].tolist() == ["C1", "C3", "C2"]
    assert found["wait_s"].isna().tolist() == [True, False, False]
    store.commit(own, [Incoming(table="contacts", data=contacts([("C1", 9)], wait_s=[9.0]))], on_conflict="keep")
    assert store.load(own, "contacts")["contact_id"].to_pylist() == ["C1", "C3", "C2"]


def test_plans_keep_their_order_and_their_price_versions(store, own):
    def plans(names, fees, since=None):
        table = pa.table({"plan_id": names, "monthly_fee": fees})
        return table if since is None else table.append_column("valid_from", pa.array(since, pa.date32()))

    store.commit(own, [Incoming(table="plans", data=plans(["Z", "A", "M"], [1.0, 2.0, 3.0]))])
    store.commit(own, [Incoming(table="plans", data=plans(["B", "A"], [4.0, 5.0]))])
    assert [(row["plan_id"], row["monthly_fee"]) for row in rows(store, own, "plans")] == [
        ("Z", 1.0), ("A", 5.0), ("M", 3.0), ("B", 4.0),
    ]  # fmt: skip
    later = plans(["C", "A", "Z"], [6.0, 7.0, 8.0], [None, date(2026, 1, 1), None])
    store.commit(own, [Incoming(table="plans", data=later)])
    assert [(row["plan_id"], row["monthly_fee"], row["valid_from"]) for row in rows(store, own, "plans")] == [
        ("Z", 8.0, None), ("A", 5.0, None), ("M", 3.0, None), ("B", 4.0, None), ("C", 6.0, None), ("A", 7.0, "2026-01"),
    ]  # fmt: skip


def test_plans_in_long_form_have_a_row_per_meter(store, own):
    long = pa.table({"plan_id": ["S", "S"], "monthly_fee": [1.0, 1.0], "meter": ["sms", "kwh"], "included": [5.0, 6.0]})
    store.commit(own, [Incoming(table="plans", data=long)])
    store.commit(own, [Incoming(table="plans", data=long.slice(1).set_column(3, "included", pa.array([7.0])))])
    assert [row["included"] for row in rows(store, own, "plans")] == [5.0, 7.0]
    wide = pa.table({"plan_id": ["S"], "monthly_fee": [1.0], "included_sms": [5.0]})
    with pytest.raises(CxError) as caught:
        store.commit(own, [Incoming(table="plans", data=wide)])
    assert caught.value.code == "plans_form_differs"


def test_tiers_filled_in_on_a_page_need_no_file(store, own):
    tiers = pa.table({"tier": ["T2", "T1"], "rank": pa.array([2, 1], pa.int64()), "courtesy": [False, None]})
    version = store.commit(own, [Incoming(table="tiers", data=tiers)], who="Ann")
    assert store.load(own, "tiers").equals(tiers)
    assert version.imports[0].raw_sha256 is None


def test_usage_is_sorted_as_text(store, own, usage):
    names = ["b", "a10", "a9", "B", "é", "客", "\U0001f600", "a"]
    store.commit(own, [Incoming(table="usage", data=usage([(name, 1) for name in names], minutes=[1.0] * 8))])
    assert store.load(own, "usage")["customer_id"].to_pylist() == sorted(names)


QUANTITIES = st.one_of(st.none(), st.integers(0, 10**13).map(lambda n: n / 10**6))
COLUMNS = st.lists(st.sampled_from(["minutes", "sms", "plan_id"]), unique=True, max_size=3)


@st.composite
def files(draw):
    columns = draw(COLUMNS)
    keys = draw(st.lists(st.tuples(st.sampled_from(["a", "A", "01", "1"]), st.integers(1, 3)), unique=True, max_size=8))
    cells = {"plan_id": st.sampled_from([None, "S", "M"])}
    made = {key: {name: draw(cells.get(name, QUANTITIES)) for name in columns} for key in keys}
    return columns, made, draw(st.sampled_from(["replace", "keep", "add"]))


def naive(table, columns, file, rule):
    fates = {"new": 0, "replaced": 0, "kept": 0, "identical": 0}
    for key, cells in file.items():
        old = table.get(key)
        if old is None:
            fates["new"] += 1
            table[key] = {name: value for name, value in cells.items() if value is not None}
            continue
        new = dict(old)
        for name in columns:
            value = cells[name]
            if rule == "replace" or name not in old:
                new[name] = value
            elif rule == "add" and value is not None:
                new[name] = value if name == "plan_id" else float(Decimal(repr(old[name])) + Decimal(repr(value)))
        new = {name: value for name, value in new.items() if value is not None}
        differs = any(cells[name] != old.get(name) for name in columns)
        fate = "replaced" if new != old else "kept" if differs and rule == "keep" else "identical"
        fates[fate] += 1
        table[key] = new
    return fates


@pytest.mark.parametrize("batch_rows", [2, 1 << 18])
@PATIENT
@given(st.lists(files(), min_size=1, max_size=4))
def test_any_files_merge_as_by_hand(store, usage, batch_rows, made):
    """Also where the two sides are read in batches so small that each row meets the end of one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordering, "BATCH_ROWS", batch_rows)
        patch.setattr(row_groups, "ROW_GROUP_ROWS", batch_rows + 1)
        merge_and_compare(store, usage, made)


def merge_and_compare(store, usage, made):
    own = store.create(name=f"d{len(store.datasets())}").id
    expected = {}
    present = []
    for columns, file, rule in made:
        data = usage(list(file), **{name: [cells[name] for cells in file.values()] for name in columns})
        fates = naive(expected, columns, file, rule)
        arriving = [Incoming(table="usage", data=data)]
        (seen,) = store.preview(own, arriving, on_conflict=rule).files
        assert {name: getattr(seen, name) for name in fates} == fates
        (record,) = store.commit(own, arriving, on_conflict=rule).imports
        fates["added"] = fates.pop("new")
        assert {name: getattr(record, name) for name in fates} == fates
        present = list(dict.fromkeys([*present, *columns]))
    wanted = [
        {"customer_id": customer, "month": date(2026, month, 1), **{name: cells.get(name) for name in present}}
        for (customer, month), cells in sorted(expected.items())
    ]
    assert store.load(own, "usage").to_pylist() == [{**row} for row in wanted]


@PATIENT
@given(st.lists(st.floats(width=64), min_size=1, max_size=20))
def test_numbers_come_back_bit_by_bit(store, usage, values):
    own = store.create(name=f"e{len(store.datasets())}").id
    names = [(f"{n:03}", 1) for n in range(len(values))]
    store.commit(own, [Incoming(table="usage", data=usage(names, minutes=values))])
    found = store.load(own, "usage")["minutes"].to_numpy()
    pd.testing.assert_series_equal(pd.Series(found), pd.Series(values), check_exact=True)
