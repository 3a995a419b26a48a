"""Plans with price tiers in wide and in long files, in both languages, from bytes to the catalogue."""

from __future__ import annotations

import pytest

from cxlib.errors import CxError
from cxlib.intake import read
from cxlib.matching import Catalogue
from cxlib.store import Incoming, Store

WIDE = """plan_id,monthly_fee,included_minutes,tiers_minutes,tier_kind_minutes,overage_price_minutes,pack_size_data_mb,pack_price_data_mb,included_data_mb,overage_price_data_mb,unit_size_data_mb
T,9.90,100,100: 0.10; 500: 0.08; *: 0.05,graduated,,1024,5,2048,4,1024
S,19.90,unlimited,,,,,,5120,4,1024
"""  # noqa: E501
LONG = """plan_id,monthly_fee,meter,included,up_to,overage_price,tier_kind,pack_size,pack_price,unit_size
T,9.90,minutes,100,100,0.10,graduated,,,
T,9.90,minutes,100,500,0.08,graduated,,,
T,9.90,minutes,100,,0.05,graduated,,,
T,9.90,data_mb,2048,,4,,1024,5,1024
S,19.90,minutes,unlimited,,,,,,
S,19.90,data_mb,5120,,4,,,,1024
"""
CHINESE = """套餐编号,月费,计量项,包含,阶梯上限,超出单价,阶梯方式,加油包容量,加油包价格,计价单位
T,9.90,通话分钟,100,100,0.10,graduated,,,
T,9.90,通话分钟,,500,0.08,,,,
T,9.90,通话分钟,,,0.05,,,,
T,9.90,流量MB,2048,,4,,1024,5,1024
S,19.90,通话分钟,不限,,,,,,
S,19.90,流量MB,5120,,4,,,,1024
"""


def loaded(text):
    reading = read(text.encode(), table="plans")
    assert reading.problems.empty, reading.problems
    assert reading.table.num_rows == text.count("\n") - 1
    return reading.table


def test_wide_and_long_files_say_the_same():
    wide = Catalogue(loaded(WIDE))
    assert wide.meters == ("minutes", "data_mb")
    for text in (LONG, CHINESE):
        long = Catalogue(loaded(text))
        assert long.meters == wide.meters
        assert long.versions == wide.versions
    tiers = wide.versions["T"][0].terms[0].tiers
    assert [(None if t.up_to is None else int(t.up_to), float(t.price)) for t in tiers] == [
        (100, 0.1), (500, 0.08), (None, 0.05),
    ]  # fmt: skip


@pytest.mark.parametrize("text", [WIDE, LONG, CHINESE])
def test_plans_reach_the_catalogue_from_the_store(tmp_path, text):
    with Store(tmp_path) as store:
        opened = store.create(name="a company").id
        store.commit(opened, [Incoming(table="plans", data=loaded(text))])
        assert Catalogue(store.load(opened, "plans")).versions == Catalogue(loaded(WIDE)).versions
        store.commit(opened, [Incoming(table="plans", data=loaded(text))])  # the same rows again are the same rows
        assert Catalogue(store.load(opened, "plans")).versions == Catalogue(loaded(WIDE)).versions


def test_a_tier_that_is_there_twice_is_set_aside_and_named():
    doubled = LONG.replace("T,9.90,minutes,100,,0.05", "T,9.90,minutes,100,500,0.05")
    reading = read(doubled.encode(), table="plans")
    assert reading.problems[["row", "rule"]].to_numpy().tolist() == [[4, "duplicate_key"]]
    with pytest.raises(CxError) as refused:
        Catalogue(reading.table)
    assert refused.value.code == "closed_tier"


def test_words_for_the_kind_of_tiers_are_asked_about():
    assert not read(LONG.encode(), table="plans").mapping.questions
    for word, meant in {"分档累进": "graduated", "全量": "volume"}.items():
        asked = read(CHINESE.replace("graduated", word).encode(), table="plans")
        assert [(each.code, each.column, each.chosen) for each in asked.mapping.questions] == [
            ("code", "tier_kind", meant)
        ]
        assert asked.table["tier_kind"].to_pylist()[0] == meant


def test_words_that_nobody_knows_are_set_aside_until_they_are_explained():
    asked = read(CHINESE.replace("graduated", "某种").encode(), table="plans")
    assert [(each.code, each.column) for each in asked.mapping.questions] == [("code", "tier_kind")]
    assert asked.problems["rule"].tolist() == ["unmapped_code"]
