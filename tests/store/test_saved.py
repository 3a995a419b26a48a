"""What readers keep by name stays until they remove it."""

from __future__ import annotations

import sqlite3

import pytest

from cxlib.errors import CxError
from cxlib.store import Store


def test_it_is_kept_under_its_name_until_it_is_removed(store, own):
    first = store.save_as(own, "scenario", "  Fewer   agents ", record={"agents": -1, "rule": "strict"}, who="Ann")
    assert (first.name, first.who, first.number, first.record) == (
        "Fewer agents",
        "Ann",
        1,
        {"agents": -1, "rule": "strict"},
    )
    second = store.save_as(own, "scenario", "更公平", record={})
    assert store.saved(own, "scenario") == [second, first]
    assert store.saved(own, "view") == []
    with Store(store.root) as again:
        assert again.saved(own, "scenario") == [second, first]
        assert again.fsck() == []
    store.remove_saved(own, "scenario", second.number)
    store.remove_saved(own, "scenario", second.number)
    assert store.saved(own, "scenario") == [first]
    store.delete(own)
    with pytest.raises(CxError) as error:
        store.saved(own, "scenario")
    assert error.value.code == "unknown_dataset"


def test_a_name_is_given_once_unless_it_is_replaced(store, own):
    store.save_as(own, "view", "Monday", record={"month": "a"})
    with pytest.raises(CxError) as error:
        store.save_as(own, "view", "MONDAY", record={"month": "b"})
    assert error.value.code == "saved_name_taken"
    store.save_as(own, "view", "MONDAY", record={"month": "b"}, replace=True)
    assert [(each.name, each.record) for each in store.saved(own, "view")] == [("MONDAY", {"month": "b"})]
    store.save_as(own, "scenario", "Monday", record={})
    for _time in range(2):
        store.save_as(own, "note", "Strike", record={})
    assert len(store.saved(own, "note")) == 2


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\x00\x1bb"])
def test_a_bad_name_is_refused(store, own, name):
    with pytest.raises(CxError) as error:
        store.save_as(own, "scenario", name, record={})
    assert error.value.code == "bad_saved_name"
    assert store.saved(own, "scenario") == []


def test_a_backup_brings_them_back_and_never_loses_one(store, own, tmp_path):
    store.save_as(own, "scenario", "A", record={"agents": 1})
    store.backup(tmp_path / "copy")
    store.save_as(own, "scenario", "B", record={})
    with pytest.raises(CxError) as error:
        store.restore(tmp_path / "copy")
    assert error.value.code == "would_lose"
    store.restore(tmp_path / "copy", replace=True)
    assert [each.name for each in store.saved(own, "scenario")] == ["A"]


def test_a_store_from_before_there_were_any(store, own):
    with sqlite3.connect(store.root / "catalogue.sqlite") as database:
        database.executescript("DROP TABLE saved")
    database.close()
    with Store(store.root) as again:
        assert again.saved(own, "scenario") == []
        assert again.save_as(own, "scenario", "A", record={}).number == 1


def test_a_hint_that_was_read_stays_read_for_who_read_it(store):
    assert store.dismissed() == set()
    store.dismiss("queues")
    store.dismiss("queues")
    store.dismiss("tiers", who="Ann")
    with Store(store.root) as again:
        assert again.dismissed() == {"queues"}
        assert again.dismissed("Ann") == {"tiers"}
