"""Rows that come in order are taken as they are; rows that do not are found out and sorted."""

from __future__ import annotations

import random
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cxlib.engine.row_groups import RowGroups
from cxlib.errors import CxError
from cxlib.store import Incoming, Store, ordering
from cxlib.store.files import digest


@pytest.fixture
def typed(tmp_path, usage):
    def make(rows, name="typed", **columns):
        columns = columns or {"minutes": [float(n) for n in range(len(rows))]}
        path = tmp_path / f"{name}.parquet"
        pq.write_table(usage(rows, **columns), path, row_group_size=3)
        return path

    return make


ROWS = [(customer, month) for customer in ("A", "B", "a", "a1", "b", "é", "客") for month in (1, 2, 12)]


def test_a_sorted_file_is_taken_byte_by_byte(store, own, typed, monkeypatch):
    monkeypatch.setattr(ordering, "BATCH_ROWS", 4)
    path = typed(ROWS)
    version = store.commit(own, [Incoming(table="usage", data=path)])
    assert version.tables["usage"].sha256 == digest(path)[0]
    assert version.imports[0].added == len(ROWS)
    (seen,) = store.preview(None, [Incoming(table="usage", data=path)]).files
    assert (seen.rows, seen.new, seen.months, seen.customers) == (21, 21, ("2026-01", "2026-02", "2026-12"), 7)
    path.unlink()
    assert store.load(own, "usage").num_rows == len(ROWS)
    assert store.fsck() == []


@pytest.mark.parametrize("batch_rows", [1, 2, 5, 1000])
def test_any_other_order_is_sorted(store, typed, monkeypatch, batch_rows):
    monkeypatch.setattr(ordering, "BATCH_ROWS", batch_rows)
    for seed in range(5):
        rows = random.Random(seed).sample(ROWS, len(ROWS))  # noqa: S311
        fresh = store.create(name=f"{seed}").id
        store.commit(fresh, [Incoming(table="usage", data=typed(rows))])
        found = store.load(fresh, "usage")
        assert (
            list(zip(found["customer_id"].to_pylist(), [m.month for m in found["month"].to_pylist()], strict=True))
            == ROWS
        )
        assert dict(zip(rows, range(21), strict=True)) == dict(zip(ROWS, found["minutes"].to_pylist(), strict=True))


@pytest.mark.parametrize("batch_rows", [1, 2, 1000])
@pytest.mark.parametrize("place", [0, 10, 20])
@pytest.mark.parametrize("shuffled", [False, True])
def test_a_key_that_comes_twice_is_named_wherever_it_stands(
    store, own, typed, monkeypatch, batch_rows, place, shuffled
):
    monkeypatch.setattr(ordering, "BATCH_ROWS", batch_rows)
    rows = [*ROWS[: place + 1], ROWS[place], *ROWS[place + 1 :]]
    if shuffled:
        random.Random(1).shuffle(rows)  # noqa: S311
    with pytest.raises(CxError) as caught:
        store.commit(own, [Incoming(table="usage", data=typed(rows), file_name="f.csv")])
    customer, month = ROWS[place]
    assert caught.value.code == "duplicate_key"
    assert caught.value.value == f"{customer} {date(2026, month, 1)}"
    assert store.version(own).number == 0


def test_an_empty_key_is_named(store, own, typed):
    with pytest.raises(CxError) as caught:
        store.commit(own, [Incoming(table="usage", data=typed([*ROWS, (None, 1)]))])
    assert (caught.value.code, caught.value.column) == ("missing_key", "customer_id")


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.select(["minutes", "month", "customer_id"]),
        lambda table: table.set_column(0, "customer_id", table["customer_id"].dictionary_encode()),
        lambda table: table.set_column(0, "customer_id", table["customer_id"].cast(pa.large_string())),
        lambda table: table.set_column(1, "month", table["month"].cast(pa.timestamp("ns"))),
        lambda table: table.set_column(2, "minutes", table["minutes"].cast(pa.int32())),
    ],
    ids=["other order of columns", "codes", "long text", "times", "whole numbers"],
)
def test_other_types_that_fit_give_the_same_table(store, usage, tmp_path, change):
    table = usage(ROWS, minutes=[float(n) for n in range(len(ROWS))])
    pq.write_table(change(table), tmp_path / "typed.parquet")
    for data in (change(table), tmp_path / "typed.parquet"):
        fresh = store.create(name=f"{type(data)}").id
        store.commit(fresh, [Incoming(table="usage", data=data)])
        assert store.load(fresh, "usage").select(table.column_names) == table
        more = usage([("A", 3)], minutes=[1.0])
        store.commit(fresh, [Incoming(table="usage", data=more)])
        assert store.load(fresh, "usage").column_names == ["customer_id", "month", "minutes"]


def test_customers_are_merged_in_order_too(store, own, monkeypatch):
    monkeypatch.setattr(ordering, "BATCH_ROWS", 3)
    first = pa.table({"customer_id": [f"c{n:02}" for n in range(0, 40, 2)], "tier": ["T1"] * 20})
    second = pa.table({"customer_id": [f"c{n:02}" for n in range(0, 40, 3)], "need": ["senior"] * 14})
    store.commit(own, [Incoming(table="customers", data=first)])
    (record,) = store.commit(own, [Incoming(table="customers", data=second)]).imports
    assert (record.added, record.replaced) == (7, 7)
    found = store.load(own, "customers").to_pylist()
    assert [row["customer_id"] for row in found] == sorted(
        {*first["customer_id"].to_pylist(), *second["customer_id"].to_pylist()}
    )
    for row in found:
        n = int(row["customer_id"][1:])
        assert (row["tier"] == "T1") == (n % 2 == 0)
        assert (row["need"] == "senior") == (n % 3 == 0)


def test_row_groups_are_of_one_size_however_rows_come(tmp_path, monkeypatch):
    monkeypatch.setattr("cxlib.engine.row_groups.ROW_GROUP_ROWS", 10)
    whole = pa.table({"x": list(range(47))})
    found = []
    for sizes in ([47], [1] * 47, [7, 25, 3, 12]):
        path = tmp_path / f"{len(sizes)}.parquet"
        with RowGroups(path, whole.schema) as out:
            at = 0
            for size in sizes:
                for batch in whole.slice(at, size).to_batches():
                    out.add(batch)
                at += size
        metadata = pq.read_metadata(path)
        assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == [10, 10, 10, 10, 7]
        assert pq.read_table(path) == whole
        found.append(path.read_bytes())
    assert len(set(found)) == 1


def test_progress_is_told_from_nothing_to_all(store, own, typed, tmp_path):
    raw = tmp_path / "raw"
    raw.write_bytes(b"x" * 3_000_000)
    for call in (store.commit, store.commit, store.preview):
        told = []
        call(
            own,
            [Incoming(table="usage", data=typed(ROWS), raw=raw)] * 2,
            report=lambda *said, told=told: told.append(said),
        )
        shares = [share for share, _text in told if share is not None]
        assert shares == sorted(shares)
        assert 0 <= shares[0] < 0.2
        assert 0.9 < shares[-1] <= 1
        assert all(isinstance(text, str) and text for _share, text in told)


def test_a_report_that_ends_the_work_leaves_the_store(store, own, typed):
    class EndedError(Exception):
        pass

    def end(share, _text):
        if share and share > 0.1:
            raise EndedError

    with pytest.raises(EndedError):
        store.commit(own, [Incoming(table="usage", data=typed(ROWS), raw=b"x")], report=end)
    assert store.version(own).number == 0
    assert store.fsck() == []
    with Store(store.root) as again:
        assert again.commit(own, [Incoming(table="usage", data=typed(ROWS), raw=b"x")]).number == 1
