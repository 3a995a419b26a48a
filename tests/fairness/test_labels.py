from __future__ import annotations

import pandas as pd
import pytest

from cxlib.fairness import check_labels


def words(*names, **options):
    table = check_labels(contacts=pd.DataFrame({"queue": list(names)}), **options)
    return dict(zip(table["name"], table["word"], strict=True))


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("VIP", "VIP"),
        ("vip_line", "VIP"),
        ("ＶＩＰ专线", "VIP"),
        ("VIP2", "VIP"),
        ("客户VIP台", "VIP"),
        ("SVIP desk", "SVIP"),
        ("GOLD-service", "gold"),
        ("Élite 24h", "elite"),
        ("白金卡专席", "白金"),  # 金卡 stands in it too
        ("尊享通道", "尊享"),
    ],
)
def test_found(name, word):
    assert words(name) == {name: word}


@pytest.mark.parametrize(
    "name", ["marigold", "goldfish", "viper", "silverware", "billing", "普通", "卡", "", "royalty"]
)
def test_not_found(name):
    assert words(name) == {}


def test_the_list_is_the_readers():
    assert words("sun line", "VIP", words=["Sun"]) == {"sun line": "Sun"}
    assert words("VIP", words=[]) == {}
    assert words("sun  club", words=["Sun Club"]) == {"sun  club": "Sun Club"}


def test_tiers_get_names_by_rank_in_both_languages():
    tiers = pd.DataFrame(
        {
            "tier": ["贵宾", "gold", "silver", "普卡"],
            "rank": [1, 2, 3, 4],
            "display_name_en": ["Priority", None, "Silver", "Regular"],
            "display_name_zh": ["优先", None, "三级", "普通"],
        }
    )
    table = check_labels(tiers=tiers)
    rows = table[["column", "name", "shown", "suggestion_en", "suggestion_zh"]].to_numpy().tolist()
    assert rows == [
        ["tier", "贵宾", False, "Priority", "优先"],
        ["tier", "gold", True, "Level 2", "二级"],
        ["tier", "silver", False, "Level 3", "三级"],
        ["display_name_en", "Silver", True, "Level 3", "三级"],
    ]


def test_without_ranks_nothing_is_made_up():
    table = check_labels(tiers=pd.DataFrame({"tier": ["VIP", "rest"]}))
    assert table[["name", "shown"]].to_numpy().tolist() == [["VIP", True]]
    assert table[["suggestion_en", "suggestion_zh"]].isna().all(axis=None)


def test_tiers_that_only_the_contacts_have():
    contacts = pd.DataFrame({"tier": ["VIP", "Gold", "Gold"], "queue": ["q", "q", None]})
    table = check_labels(tiers=pd.DataFrame({"tier": ["VIP"], "rank": [1]}), contacts=contacts)
    assert table[["kind", "name"]].to_numpy().tolist() == [["tier", "VIP"], ["tier", "Gold"]]


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("Platinum Unlimited 199", ("Unlimited 199", None)),
        ("Platinum 100", ("Plan 100", None)),
        ("GOLD", ("Plan", None)),
        ("尊享流量套餐", (None, "流量套餐")),
        ("豪华199", (None, "套餐199")),
    ],
)
def test_plans_keep_the_rest_of_their_name(name, suggestion):
    table = check_labels(plans=pd.DataFrame({"plan_id": ["P1"], "name": [name]}))
    found = table[["suggestion_en", "suggestion_zh"]].iloc[0]
    assert tuple(None if pd.isna(each) else each for each in found) == suggestion


def test_queues_say_priority_instead():
    table = check_labels(contacts=pd.DataFrame({"queue": ["VIP hotline", "贵宾专线"]}))
    assert table["suggestion_en"].dropna().tolist() == ["Priority hotline"]
    assert table["suggestion_zh"].dropna().tolist() == ["优先专线"]


def test_nothing_to_check():
    assert check_labels().empty
    assert check_labels(contacts=pd.DataFrame({"contact_id": ["1"]})).empty


def test_suggestions_carry_no_status_word():
    names = pd.DataFrame({"queue": ["VIP gold", "贵宾白金专线", "black-silver desk"]})
    first = check_labels(contacts=names)
    again = pd.DataFrame({"queue": first["suggestion_en"].fillna(first["suggestion_zh"])})
    assert check_labels(contacts=again).empty
