"""The table of tiers as it is edited and as it is kept."""

from __future__ import annotations

import pyarrow as pa

from cxlib.store import Incoming, Store
from cxlib.ui.tiers import tier_rows, tier_table


def test_tiers_that_were_met_wait_for_a_rank() -> None:
    known = pa.table({"tier": ["a"], "rank": pa.array([2], pa.int64()), "display_name_en": ["Usual"]})
    rows = tier_rows(known, ["a", "b"])
    assert rows["tier"].tolist() == ["a", "b"]
    assert rows["rank"].tolist()[0] == 2
    assert rows["rank"].isna().tolist() == [False, True]
    assert rows["display_name_en"].dtype == "str"
    assert rows["courtesy"].dtype == "boolean"


def test_what_was_filled_in_can_be_kept(tmp_path) -> None:
    rows = tier_rows(None, ["a", "b", "c"])
    rows.loc[[0, 1], "rank"] = [1, 2]
    rows.loc[0, "display_name_zh"] = "优先"
    rows.loc[1, "promise_share"] = 0.8
    with Store(tmp_path / "home") as store:
        own = store.create(name="Mine").id
        store.commit(own, [Incoming(table="tiers", data=tier_table(rows))])
        kept = store.load(own, "tiers").to_pylist()
    assert [(each["tier"], each["rank"], each["display_name_zh"], each["promise_share"]) for each in kept] == [
        ("a", 1, "优先", None),
        ("b", 2, None, 0.8),
    ]
