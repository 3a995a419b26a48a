"""Who is contacted, in which order, who is held out, and why others are not."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from operator_cases import advice, catalogue

from cxlib.errors import CxError
from cxlib.matching import Catalogue, campaign, campaign_curve, candidates, exclusions, moves
from cxlib.matching.campaign import EXCLUDED, drawn


def found(**options):
    """Advice to nine customers, one for each reason against an offer and three to whom nothing stands against it."""
    rows = advice(
        customer_id=["big", "bound", "few", "gone", "ill", "no", "over", "small", "under"],
        plan_id=["S", "S", "S", "S", "S", "S", "L", "S", "S"],
        advised_plan_id=["L", "S", "S", "L", "S", "L", "S", "L", "L"],
        expected_saving=[90.0, 0.0, None, 30.0, None, 30.0, 60.0, 3.0, 60.0],
        p_saves=[0.99, None, None, 0.9, None, 0.9, 0.7, 0.9, 0.9],
        safest_plan_id=["X", "S", "S", "L", "S", "L", "L", "L", "L"],
        headroom_plan_id=["L", "S", "S", "L", "S", "L", "X", "L", "X"],
    )
    rows.loc[rows["customer_id"] == "few", "state"] = "not_enough_data"
    rows.loc[rows["customer_id"] == "ill", "state"] = "unreconciled"
    customers = pd.DataFrame(
        {
            "customer_id": ["bound", "no", "gone", "over", "late", "big"],
            "tier": ["T1", "T1", "T1", "T2", "T2", "T1"],
            "consent": [True, False, True, None, True, True],
            "contract_end": pd.to_datetime(["2027-01-01", None, None, None, None, "2026-03-31"]),
            "left_on": pd.to_datetime([None, None, "2026-04-10", None, None, None]),
        }
    )
    return candidates(rows, catalogue(), customers=customers, **options)


def reasons_of(rows):
    return rows.set_index("customer_id")["excluded"].dropna().to_dict()


def test_every_reason_against_an_offer():
    assert reasons_of(found(min_saving=1.0, least_p=0.8)) == {
        "bound": "contract",
        "few": "not_enough_data",
        "gone": "left",
        "ill": "not_reconciled",
        "no": "no_consent",
        "over": "not_sure",
        "small": "small_saving",
    }
    assert "small" not in reasons_of(found(min_saving=0.99))
    assert "gone" not in reasons_of(found(left_by=dt.date(2026, 4, 9)))
    assert "gone" in reasons_of(found(left_by=dt.date(2026, 4, 10)))
    fit = pd.DataFrame({"customer_id": ["big", "over"], "state": ["flagged", "fits"]})
    assert reasons_of(found(fit=fit, only_flagged=True))["over"] == "not_flagged"
    assert found(fit=fit).set_index("customer_id")["flagged"]["big"]
    assert reasons_of(found(withheld=pd.DataFrame({"customer_id": ["under"]})))["under"] == "not_reconciled"
    with pytest.raises(CxError, match="flagged"):
        found(only_flagged=True)


def test_nothing_else_may_be_taken():
    """Advice without an interval knows no other plan to compare with; where the plan held cools off, that is why."""
    plans = pd.DataFrame(
        {
            "plan_id": ["S", "L"],
            "monthly_fee": [10.0, 20.0],
            "cool_off_months": [0, 6],
            "included_minutes": [1.0, 2.0],
            "overage_price_minutes": [0.1, 0.1],
        }
    )
    rows = advice(
        customer_id=["alone", "new", "old", "bound", "since"],
        plan_id=["S", "L", "L", "L", "L"],
        interval_low=[None, None, 1.0, None, None],
    )
    customers = pd.DataFrame(
        {
            "customer_id": ["bound", "since"],
            "contract_end": [pd.Timestamp("2027-01-01"), None],
            "plan_since": [None, pd.Timestamp("2020-01-01")],
        }
    )
    found = candidates(rows, Catalogue(plans), customers=customers)
    expected = {"alone": "no_other_plan", "new": "cool_off", "old": "stays", "bound": "contract"}
    assert reasons_of(found) == expected | {"since": "no_other_plan"}


def test_an_account_is_what_its_lines_are():
    customers = pd.DataFrame(
        {
            "customer_id": ["1", "2", "3", "4", "5"],
            "account_id": ["f", "f", "g", "g", None],
            "tier": [None, "T2", "T1", "T1", "T3"],
            "consent": [True, False, None, True, True],
            "left_on": pd.to_datetime(["2026-02-01", "2026-02-03", None, "2026-01-01", None]),
            "monthly_value": [10.0, 20.5, 1.0, None, 7.0],
        }
    )
    rows = advice(customer_id=["f", "g", "5"], advised_plan_id=["L"] * 3, expected_saving=[9.0] * 3)
    found = candidates(rows, catalogue(), customers=customers).set_index("customer_id")
    assert found["tier"].to_dict() == {"f": "T2", "g": "T1", "5": "T3"}
    assert reasons_of(found.reset_index()) == {"f": "left"}
    found = candidates(rows, catalogue(), customers=customers.drop(columns="left_on"))
    assert reasons_of(found) == {"f": "no_consent"}
    worth = moves(rows, catalogue(), customers=customers).set_index("customer_id")["monthly_value"]
    assert worth.dropna().to_dict() == {"f": 30.5, "5": 7.0}


def test_options_are_other_plans_each_once():
    rows = found().set_index("customer_id")[["advised_plan_id", "option_2_plan_id", "option_3_plan_id"]]
    assert rows.loc["big"].tolist()[:2] == ["L", "X"]
    assert rows.loc["big"].isna().tolist() == [False, False, True]
    assert rows.loc["over"].tolist()[:2] == ["S", "X"]  # the plan held is no offer
    assert rows.loc["bound"].isna().all()


def test_the_goal_says_who_comes_first():
    assert campaign(found(), goal="retention", hold_out=0)["customer_id"].tolist() == ["big", "under", "small", "over"]
    assert campaign(found(), goal="fairness", hold_out=0)["customer_id"].tolist() == ["over", "big", "under", "small"]
    assert campaign(found(), goal="fairness", hold_out=0, most=2)["customer_id"].tolist() == ["over", "big"]
    with pytest.raises(CxError, match="retention or fairness"):
        campaign(found(), goal="money")
    for wrong in ({"hold_out": 1.0}, {"hold_out": -0.1}, {"most": -1}):
        with pytest.raises(CxError):
            campaign(found(), **wrong)


def test_the_counts_add_up_to_everybody():
    rows = found(min_saving=0.99)
    drawn_up = campaign(rows, most=2)
    counts = exclusions(rows, drawn_up).set_index("reason")
    assert counts["customers"].to_dict() == {
        "left": 1, "no_consent": 1, "not_enough_data": 1, "not_reconciled": 1, "contract": 1, "beyond_limit": 2,
    }  # fmt: skip
    assert counts["saving_minor"].to_dict() == {
        "left": 3000, "no_consent": 3000, "not_enough_data": 0, "not_reconciled": 0, "contract": 0,
        "beyond_limit": 6300,
    }  # fmt: skip
    assert counts["customers"].sum() + len(drawn_up) == len(rows)
    assert set(counts.index) <= set(EXCLUDED)


def test_the_curve_adds_up_the_first_customers():
    drawn_up = campaign(found(), hold_out=0)
    assert campaign_curve(drawn_up).to_dict("list") == {
        "contacted": [1, 2, 3, 4],
        "saving_minor": [9000, 15000, 15300, 21300],
        "share": [pytest.approx(each / 21300) for each in (9000, 15000, 15300, 21300)],
        "bill_minor": [9000, 18000, 27000, 36000],
    }
    drawn_up.loc[0, "group"] = "hold_out"
    assert campaign_curve(drawn_up)["saving_minor"].tolist() == [6000, 6300, 12300]
    assert campaign_curve(drawn_up, points=2)["contacted"].tolist() == [1, 3]
    assert campaign_curve(drawn_up.head(0)).empty


TIERS = st.lists(st.sampled_from(["T1", "T2", "T3", None]), max_size=80)


@settings(deadline=None)
@given(TIERS, st.floats(0, 0.99), st.integers(0, 2**31))
def test_each_tier_is_held_out_in_proportion(tiers, share, seed):
    tier = pd.Series(tiers, dtype="str")
    ids = pd.Series([f"{i:03}" for i in range(len(tiers))], dtype="str")
    held = drawn(ids, tier, share=share, seed=seed)
    for name in {*tiers}:
        mine = tier.isna() if name is None else tier == name
        assert abs(held[mine].sum() - share * mine.sum()) < 1 + 1e-9
    assert abs(held.sum() - share * len(tiers)) < 1 + 1e-9


@settings(deadline=None)
@given(TIERS, st.integers(0, 100), st.randoms(use_true_random=False))
def test_the_draw_does_not_know_the_order_of_the_rows(tiers, seed, random):
    ids = [f"{i:03}" for i in range(len(tiers))]
    held = drawn(pd.Series(ids, dtype="str"), pd.Series(tiers, dtype="str"), share=0.3, seed=seed)
    first = dict(zip(ids, held, strict=True))
    order = list(range(len(ids)))
    random.shuffle(order)
    again = [ids[i] for i in order], [tiers[i] for i in order]
    held = drawn(pd.Series(again[0], dtype="str"), pd.Series(again[1], dtype="str"), share=0.3, seed=seed)
    assert dict(zip(again[0], held, strict=True)) == first


def test_every_customer_is_held_out_as_often_as_any_other():
    """Over 3,000 seeds the counts of 40 customers in tiers of 3, 7 and 30 vary as counts of chance do."""
    ids = pd.Series([f"customer {i}" for i in range(40)], dtype="str")
    tiers = pd.Series(["A"] * 3 + ["B"] * 7 + ["C"] * 30, dtype="str")
    draws = 3000
    counts = sum(drawn(ids, tiers, share=0.1, seed=seed).astype(int) for seed in range(draws))
    spread = math.sqrt(draws * 0.1 * 0.9)
    assert abs(counts - draws * 0.1).max() < 4.5 * spread
    together = sum(np.outer(h, h) for h in (drawn(ids, tiers, share=0.3, seed=s).astype(int) for s in range(1000)))
    pairs = together[10:, 10:][np.triu_indices(30, 1)] / 1000  # within a tier any two as often as any other two
    assert abs(pairs.mean() - 9 * 8 / (30 * 29)) < 0.005
    assert pairs.std() < 1.5 * math.sqrt(0.083 * 0.917 / 1000)


def test_another_seed_holds_out_others():
    ids = pd.Series([f"{i:05}" for i in range(2000)], dtype="str")
    none = pd.Series([None] * 2000, dtype="str")
    one, two = (drawn(ids, none, share=0.2, seed=seed) for seed in (3, 4))
    assert one.sum() == pytest.approx(400, abs=1)
    assert (one & two).sum() == pytest.approx(80, abs=40)


def test_nobody_to_contact():
    rows = found()
    drawn_up = campaign(rows[rows["excluded"].notna()])
    assert drawn_up.empty
    assert list(drawn_up.columns)[:3] == ["rank", "customer_id", "group"]
    empty = candidates(advice(customer_id=[]), catalogue())
    assert empty.empty
    assert exclusions(empty).empty
