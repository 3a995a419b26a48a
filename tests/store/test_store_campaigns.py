"""Campaigns stay as they were drawn until their data set goes."""

from __future__ import annotations

import sqlite3

import pandas as pd
import pytest

from cxlib.errors import CxError
from cxlib.store import Incoming, Store

ROWS = pd.DataFrame({"customer_id": ["a", "b"], "group": ["offer", "hold_out"], "p_saves": [0.9, None]})
HOW = {"goal": "retention", "hold_out": 0.1, "seed": 7}


def test_a_campaign_is_kept_with_how_it_was_drawn(store, own, usage):
    store.commit(own, [Incoming(table="usage", data=usage([("a", 1)], minutes=[1.0]))])
    first = store.keep_campaign(own, ROWS, record=HOW, who="Ann")
    second = store.keep_campaign(own, ROWS.head(1), record=HOW | {"seed": 8})
    assert (first.number, first.who, first.version, first.record, first.rows) == (1, "Ann", 1, HOW, 2)
    assert store.campaigns(own) == [second, first]
    assert store.load_campaign(own, 1).to_pandas().astype({"customer_id": "str", "group": "str"}).equals(ROWS)
    assert store.load_campaign(own, 2).num_rows == 1
    store.undo(own)
    assert [each.number for each in store.campaigns(own)] == [2, 1]
    with pytest.raises(CxError) as error:
        store.load_campaign(own, 3)
    assert error.value.code == "no_campaign"
    with pytest.raises(CxError) as error:
        store.keep_campaign("none", ROWS, record=HOW)
    assert error.value.code == "unknown_dataset"


def test_its_file_survives_a_start_and_goes_with_its_data_set(store, own):
    store.keep_campaign(own, ROWS, record=HOW)
    with Store(store.root) as again:
        assert again.load_campaign(own, 1).num_rows == 2
        assert again.fsck() == []
    tombstone = store.delete(own)
    assert [(each["table"], each["rows"]) for each in tombstone.files] == [("campaign", 2)]
    assert not list((store.root / "typed").iterdir())


def test_damage_is_found_and_said(store, own):
    store.keep_campaign(own, ROWS, record=HOW)
    (path,) = (store.root / "typed").iterdir()
    path.write_bytes(path.read_bytes()[:-9])
    assert [each.code for each in store.fsck()] == ["changed"]
    with pytest.raises(CxError) as error:
        store.load_campaign(own, 1)
    assert error.value.code == "file_damaged"
    path.unlink()
    with pytest.raises(CxError) as error:
        store.load_campaign(own, 1)
    assert error.value.code == "file_missing"


def test_a_backup_brings_campaigns_back_and_never_loses_one(store, own, tmp_path):
    store.keep_campaign(own, ROWS, record=HOW)
    store.backup(tmp_path / "copy")
    later = store.keep_campaign(own, ROWS.head(1), record=HOW)
    with pytest.raises(CxError) as error:
        store.restore(tmp_path / "copy")
    assert (error.value.code, error.value.value) == ("would_lose", "Company")
    store.restore(tmp_path / "copy", replace=True)
    assert [each.number for each in store.campaigns(own)] == [1]
    assert later.number == 2
    with Store(tmp_path / "other") as other:
        other.restore(tmp_path / "copy")
        assert other.load_campaign(own, 1).num_rows == 2
        assert other.fsck() == []


def test_a_store_from_before_there_were_campaigns(store, own, tmp_path):
    """Its backup comes back, and the store itself opens, with no campaigns in it."""
    store.backup(tmp_path / "copy")
    for root in (store.root, tmp_path / "copy"):
        with sqlite3.connect(root / "catalogue.sqlite") as database:
            database.executescript("DROP TABLE campaigns; PRAGMA user_version = 1")
        database.close()
    with Store(store.root) as again:
        assert again.campaigns(own) == []
        again.restore(tmp_path / "copy", replace=True)
        assert again.campaigns(own) == []
        assert again.keep_campaign(own, ROWS, record=HOW).number == 1
