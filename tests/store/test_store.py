"""Data sets, versions, undo and deletion."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cxlib.errors import CxError
from cxlib.store import Incoming, Store, default_root

PLANS = pa.table({"plan_id": ["S", "M"], "monthly_fee": [10.0, 20.0]})


def files_of(store: Store) -> set[str]:
    return {path.name for folder in ("raw", "typed") for path in (store.root / folder).iterdir()}


def test_the_folder_is_named_by_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("CXLIB_HOME", str(tmp_path / "here"))
    assert default_root() == tmp_path / "here"
    monkeypatch.delenv("CXLIB_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_root() == tmp_path / "cxlib"


def test_everything_is_there_after_reopening(tmp_path, usage, contacts):
    table = usage([("b", 1), ("007", 2), ("007", 1)], minutes=[0.1, 1e15, float("inf")], complete=[True, None, False])
    aside = pd.DataFrame({"row": [4], "customer_id": [""], "reason": ["empty"]})
    with Store(tmp_path / "home") as first:
        own = first.create(name="  客户  公司 ", who="Ann").id
        made = first.commit(
            own,
            [
                Incoming(
                    table="usage",
                    data=table,
                    raw="客户;月".encode("gb18030"),
                    file_name="用量.csv",
                    mapping={"客户": "customer_id"},
                    encoding="gb18030",
                    rows_in_file=4,
                    quarantined=aside,
                ),
                Incoming(table="contacts", data=contacts([("C2", 9), ("C1", 3)], wait_s=[1.5, None])),
            ],
            who="Ann",
            note="first",
        )
    with Store(tmp_path / "home") as again:
        assert again.dataset(own).name == "客户 公司"
        version = again.version(own)
        assert version == made
        assert (version.number, version.who, version.note, version.before) == (1, "Ann", "first", 0)
        arrival = version.imports[0]
        assert (arrival.file_name, arrival.encoding, arrival.mapping) == (
            "用量.csv",
            "gb18030",
            {"客户": "customer_id"},
        )
        assert (arrival.rows_in_file, arrival.loaded, arrival.quarantined, arrival.added) == (4, 3, 1, 3)
        assert again.raw_path(arrival).read_bytes().decode("gb18030") == "客户;月"
        assert again.load(own, "usage").to_pylist() == [
            {
                "customer_id": "007",
                "month": pd.Timestamp(2026, 1, 1).date(),
                "complete": False,
                "minutes": float("inf"),
            },
            {"customer_id": "007", "month": pd.Timestamp(2026, 2, 1).date(), "complete": None, "minutes": 1e15},
            {"customer_id": "b", "month": pd.Timestamp(2026, 1, 1).date(), "complete": True, "minutes": 0.1},
        ]
        loaded = again.load(own, "contacts")
        assert loaded["contact_id"].to_pylist() == ["C1", "C2"]
        assert loaded.schema.field("arrived_at").type == pa.timestamp("us", "UTC")
        ((record, rows),) = again.quarantined(own)
        assert record.file_name == "用量.csv"
        assert rows.to_pylist() == [{"row": 4, "customer_id": "", "reason": "empty"}]
        assert again.fsck() == []


def test_columns_can_be_chosen_and_unknown_ones_are_named(store, own, usage):
    store.commit(own, [Incoming(table="usage", data=usage([("a", 1)], minutes=[1.0], sms=[2.0]))])
    assert store.load(own, "usage", columns=["sms"]).column_names == ["sms"]
    with pytest.raises(CxError) as caught:
        store.load(own, "usage", columns=["smss"])
    assert (caught.value.code, caught.value.column) == ("no_column", "smss")


def test_what_is_not_there_is_named(store, own):
    assert not store.has(own, "plans")
    for code, call in {
        "no_table": lambda: store.load(own, "plans"),
        "unknown_table": lambda: store.load(own, "planes"),
        "unknown_dataset": lambda: store.load("../etc", "plans"),
        "unknown_version": lambda: store.version(own, 7),
    }.items():
        with pytest.raises(CxError) as caught:
            call()
        assert caught.value.code == code
        assert str(caught.value)


def test_older_versions_stay_readable(store, own, usage):
    for value in (1.0, 2.0):
        store.commit(own, [Incoming(table="usage", data=usage([("a", 1)], minutes=[value]))])
    assert [each.number for each in store.versions(own)] == [2, 1, 0]
    assert store.load(own, "usage", version=1)["minutes"].to_pylist() == [1.0]
    assert store.load(own, "usage")["minutes"].to_pylist() == [2.0]
    assert not store.has(own, "usage", version=0)


def test_undo_goes_back_step_by_step_and_forgets_nothing(store, own, usage):
    for value in (1.0, 2.0, 3.0):
        raw = str(value).encode()
        store.commit(own, [Incoming(table="usage", data=usage([("a", 1)], minutes=[value]), raw=raw)])
    assert store.undo(own, "Ben").restores == 2
    assert store.load(own, "usage")["minutes"].to_pylist() == [2.0]
    undone = store.undo(own, "Ben")
    assert (undone.number, undone.who, undone.restores, undone.before) == (5, "Ben", 1, 0)
    assert store.load(own, "usage")["minutes"].to_pylist() == [1.0]
    assert [each.loaded for each in store.standing_imports(own)] == [1]
    store.undo(own)
    assert not store.has(own, "usage")
    with pytest.raises(CxError) as caught:
        store.undo(own)
    assert caught.value.code == "nothing_to_undo"
    assert store.undo(own, to=3).number == 7
    assert store.load(own, "usage")["minutes"].to_pylist() == [3.0]
    assert len(store.standing_imports(own)) == 3
    assert store.load(own, "usage", version=2)["minutes"].to_pylist() == [2.0]


def test_after_an_undo_the_file_counts_as_not_imported(store, own, usage):
    file = Incoming(table="usage", data=usage([("a", 1)], minutes=[1.0]), raw=b"bytes", file_name="a.csv")
    store.commit(own, [file])
    assert store.preview(own, [file]).files[0].already_imported.version == 1
    with pytest.raises(CxError) as caught:
        store.commit(own, [file], on_conflict="add")
    assert caught.value.code == "already_imported"
    store.undo(own)
    assert store.preview(own, [file]).files[0].already_imported is None
    store.commit(own, [file], on_conflict="add")
    assert store.load(own, "usage")["minutes"].to_pylist() == [1.0]


def test_events_have_no_key_and_are_never_doubled(store, own):
    events = pa.table({"customer_id": ["a", "a"], "occurred_at": pa.array([0, 0], pa.date32()), "quantity": [1.0, 1.0]})
    file = Incoming(table="events", data=events, raw=b"calls", file_name="calls.csv")
    store.commit(own, [file])
    with pytest.raises(CxError) as caught:
        store.commit(own, [file])
    assert caught.value.code == "already_imported"
    store.commit(own, [Incoming(table="events", data=events, raw=b"more calls")])
    assert store.load(own, "events").num_rows == 4


def test_a_preview_says_what_the_commit_does_and_writes_nothing(store, own, usage):
    store.commit(own, [Incoming(table="usage", data=usage([("a", 1), ("b", 1), ("c", 1)], minutes=[1.0, 2.0, 3.0]))])
    before = files_of(store)
    new = [Incoming(table="usage", data=usage([("a", 1), ("b", 1), ("d", 3)], minutes=[1.0, 9.0, 4.0]), file_name="n")]
    for rule, counts in {"replace": (1, 1, 0, 1), "keep": (1, 0, 1, 1), "add": (1, 2, 0, 0)}.items():
        (file,) = store.preview(own, new, on_conflict=rule).files
        assert (file.new, file.replaced, file.kept, file.identical) == counts
        assert (file.months, file.customers, file.columns_new) == (("2026-01", "2026-03"), 3, ())
    assert files_of(store) == before
    assert store.version(own).number == 1
    (record,) = store.commit(own, new, on_conflict="keep").imports
    assert (record.added, record.replaced, record.kept, record.identical) == (1, 0, 1, 1)


def test_an_import_that_changes_nothing_keeps_the_file(store, own, usage):
    file = [Incoming(table="usage", data=usage([("a", 1)], minutes=[1.0]))]
    first, second = store.commit(own, file), store.commit(own, file)
    assert (second.number, second.tables) == (2, first.tables)


def test_deletion_removes_the_bytes_and_leaves_a_tombstone(store, own, usage):
    other = store.create(name="Other").id
    shared = Incoming(table="plans", data=PLANS, raw=b"shared plans")
    only = Incoming(table="usage", data=usage([("secret-name", 1)], minutes=[1.0]), raw=b"secret-name;1")
    store.commit(own, [shared, only])
    store.commit(other, [shared])
    store.keep_result({"dataset": own, "name": "fit"}, pa.table({"customer_id": ["secret-name"]}))
    store.keep_result({"dataset": other, "name": "fit"}, pa.table({"x": [1]}))
    left = store.version(own).imports[1]
    tombstone = store.delete(own, "Ann")
    assert store.tombstones() == [tombstone]
    assert (tombstone.name, tombstone.who, tombstone.versions) == ("Company", "Ann", 2)
    assert {"kind": "raw", "sha256": left.raw_sha256, "table": "usage", "rows": 1, "bytes": 13} in tombstone.files
    assert [each.id for each in store.datasets()] == [other]
    assert store.load(other, "plans").num_rows == 2
    assert len(files_of(store)) == 2
    assert store.result({"dataset": other, "name": "fit"}) is not None
    everything = b"".join(path.read_bytes() for path in store.root.rglob("*") if path.is_file())
    assert b"secret-name" not in everything
    assert store.fsck() == []


def test_the_demo_is_filled_once(store, usage):
    demo = store.create(name="Demo", demo=True)
    assert store.create(name="Demo", demo=True) == demo
    file = [Incoming(table="usage", data=usage([("a", 1)], minutes=[1.0]))]
    store.commit(demo.id, file)
    for code, call in {
        "demo_read_only": lambda: store.commit(demo.id, file),
        "demo_exists": lambda: store.create(name="Demo", demo=True),
    }.items():
        with pytest.raises(CxError) as caught:
            call()
        assert caught.value.code == code
    for call in (lambda: store.undo(demo.id), lambda: store.rename(demo.id, "Mine")):
        with pytest.raises(CxError):
            call()
    assert store.dataset(demo.id).demo
    assert store.delete(demo.id).name == "Demo"


def test_names_are_unique_and_not_empty(store, own):
    assert store.rename(own, "New name").name == "New name"
    for code, name in {"name_taken": "new  NAME", "bad_name": " "}.items():
        with pytest.raises(CxError) as caught:
            store.create(name=name)
        assert caught.value.code == code
    assert own.isalnum()
    assert own.isascii()


def test_a_file_can_come_as_parquet_and_by_path(store, own, usage, tmp_path):
    typed, raw = tmp_path / "it's.parquet", tmp_path / "raw.csv"
    pq.write_table(usage([("b", 1), ("a", 1)], minutes=[1.0, 2.0]), typed)
    raw.write_bytes(b"a;b")
    store.commit(own, [Incoming(table="usage", data=typed, raw=raw)])
    assert store.load(own, "usage")["customer_id"].to_pylist() == ["a", "b"]
    assert Path(store.raw_path(store.version(own).imports[0])).read_bytes() == b"a;b"


def test_what_does_not_fit_the_table_is_named(store, own, usage):
    ids = pa.table({"customer_id": [1], "month": pa.array([0], pa.date32())})
    naive = pa.table({"contact_id": ["a"], "arrived_at": pa.array([0], pa.timestamp("us"))})
    for code, table, data in (
        ("missing_column", "usage", pa.table({"customer_id": ["a"]})),
        ("wrong_type", "usage", ids),
        ("wrong_type", "contacts", naive),
        ("unknown_column", "plans", PLANS.append_column("colour", pa.array(["red", "blue"]))),
        ("duplicate_key", "usage", usage([("a", 1), ("a", 1)], minutes=[1.0, 2.0])),
        ("missing_key", "usage", usage([(None, 1)], minutes=[1.0])),
    ):
        with pytest.raises(CxError) as caught:
            store.commit(own, [Incoming(table=table, data=data, file_name="f.csv")])
        assert caught.value.code == code
        assert caught.value.column
        assert "{" not in str(caught.value)
    assert store.version(own).number == 0
    assert list((store.root / "desks").iterdir()) == []


def test_mappings_are_remembered_by_the_set_of_headers(store):
    store.remember_mapping(["客户", "月份"], "usage", '{"客户": "customer_id"}')
    store.remember_mapping(["月份", "客户"], "usage", '{"客户": "plan_id"}')
    assert store.recall_mapping(["客户", "月份"], "usage") == '{"客户": "plan_id"}'
    assert store.recall_mapping(["客户", "月份"], "contacts") is None
    assert store.recall_mapping(["客户"], "usage") is None


def test_a_folder_of_a_later_version_is_left_alone(tmp_path):
    with Store(tmp_path) as store, store._catalogue.writing() as connection:
        connection.exec_driver_sql("PRAGMA user_version = 99")
    with pytest.raises(CxError) as caught:
        Store(tmp_path)
    assert caught.value.code == "store_too_new"
