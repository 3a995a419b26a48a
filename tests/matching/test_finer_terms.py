"""Finer terms of plans by hand: one feature at a time, and what cannot be right refused by name."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from cxlib.errors import CxError
from cxlib.matching import Catalogue, bill, bill_all, plan_fit

S = {"plan_id": "S", "monthly_fee": 10.0, "included_minutes": 100.0, "overage_price_minutes": 0.10}


def plan(**other):
    return S | other


def total(used, *, customer="1", plan_id="S", months=None, plans=None, customers=None, **terms):
    """Bill one customer's months, the first of them January, on one plan; return totals in money."""
    used = used if isinstance(used, list) else [used]
    numbers = months or range(1, len(used) + 1)
    usage = pd.DataFrame(
        {"customer_id": customer, "month": [f"2026-{m:02d}" for m in numbers], "plan_id": plan_id, "minutes": used}
    ).astype({"minutes": float})
    catalogue = Catalogue(pd.DataFrame(plans or [plan(**terms)]))
    return bill(usage, catalogue, customers=customers)["total"].tolist()


TIERS = {"overage_price_minutes": None, "tiers_minutes": "100: 0.10; 500: 0.08; *: 0.05"}


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        (100, 10),  # all of it included
        (200, 20),  # 100 x .10: the bound belongs to the tier below
        (201, 20.08),  # 100 x .10 + 1 x .08
        (700, 57),  # 100 x .10 + 400 x .08 + 100 x .05: two bounds crossed in one month
    ],
)
def test_graduated_tiers_charge_each_part_at_its_price(used, expected):
    assert total(used, **TIERS, tier_kind_minutes="graduated") == [expected]


@pytest.mark.parametrize(("used", "expected"), [(200, 20), (201, 18.08), (600, 50), (601, 35.05), (700, 40)])
def test_volume_tiers_charge_all_at_the_price_that_is_reached(used, expected):
    assert total(used, **TIERS, tier_kind_minutes="volume") == [expected]


def test_started_units_are_raised_before_tiers_are_looked_at():
    # 95 over in units of 10 are 100: still the first tier; 101 over are 110: 10 of them at .08
    terms = TIERS | {"tier_kind_minutes": "graduated", "unit_size_minutes": 10.0, "round_up_minutes": True}
    assert total([195, 201], **terms) == [10 + 10 * 0.10, 10 + 10 * 0.10 + 1 * 0.08]


def test_a_line_of_tiers_is_rounded_once():
    # .5 cents in each of two tiers are 1 cent together, not 2
    terms = {"tiers_minutes": "1: 0.005; *: 0.005", "tier_kind_minutes": "graduated", "overage_price_minutes": None}
    assert total(102, **terms) == [10.01]


def test_packs_are_bought_where_they_are_cheapest():
    packs = {"pack_size_minutes": 100.0, "pack_price_minutes": 6.0}
    # 40 over: 4.00 by the minute; 70: 7.00, a pack is 6.00; 130: a pack and 30 minutes; 170: two packs
    assert total([140, 170, 230, 270], **packs) == [14, 16, 19, 22]
    alone = packs | {"overage_price_minutes": None}
    assert total([100, 101, 301], **alone) == [10, 16, 10 + 3 * 6]


def test_of_equally_cheap_numbers_of_packs_the_fewest_are_taken():
    terms = plan(pack_size_minutes=60.0, pack_price_minutes=6.0)
    usage = pd.DataFrame({"customer_id": "1", "month": ["2026-01"], "plan_id": "S", "minutes": [160.0]})
    row = bill(usage, Catalogue(pd.DataFrame([terms]))).iloc[0]
    assert (row["overage_minutes"], row["packs_minutes"], row["total"]) == (6, 0, 16)


def test_packs_against_tiers_may_be_cheapest_in_between():
    # 300 over are 100 x .20 + 200 x .01 = 22 by tiers, three packs of 5 are 15; at 8 a pack tiers are cheaper;
    # 350 over are 22.50 by tiers, and 7 + 22 with a pack: fewer minutes at .01 are saved than a pack costs
    terms = {
        "overage_price_minutes": None, "tiers_minutes": "100: 0.20; *: 0.01", "tier_kind_minutes": "graduated",
        "pack_size_minutes": 100.0, "pack_price_minutes": 5.0,
    }  # fmt: skip
    assert total(400, **terms) == [10 + 15]
    assert total(400, **(terms | {"pack_price_minutes": 8.0})) == [10 + 22]
    assert total(450, **(terms | {"pack_price_minutes": 7.0})) == [10 + 20 + 2.5]


def test_a_bill_is_topped_up_to_the_minimum():
    usage = pd.DataFrame({"customer_id": "1", "month": ["2026-01", "2026-02"], "plan_id": "S", "minutes": [120.0, 200]})
    bills = bill(usage, Catalogue(pd.DataFrame([plan(min_charge=15.0)])))
    assert bills["minimum"].tolist() == [3, 0]
    assert bills["total"].tolist() == [15, 20]


def test_what_is_left_is_used_after_the_months_own_and_lapses():
    # January leaves 60: February takes 30 of them and March the other 30; in April there is nothing
    two = {"rollover_months_minutes": 2}
    assert total([40, 130, 130, 200], **two) == [10, 10, 10, 10 + 10]
    one = {"rollover_months_minutes": 1}
    assert total([40, 130, 130], **one) == [10, 10, 10 + 3]


def test_what_was_carried_over_may_go_first():
    # January leaves 60. February uses 50: all of them carried, so that 100 of its own are left for March
    first = {"rollover_months_minutes": 1, "rollover_order_minutes": "before"}
    assert total([40, 50, 200], **first) == [10, 10, 10]
    last = first | {"rollover_order_minutes": "after"}
    assert total([40, 50, 200], **last) == [10, 10, 10 + 5]  # 50 of February's own are left, January's have lapsed


def test_a_gap_or_a_change_of_plan_empties_what_was_carried_over():
    kept = {"rollover_months_minutes": 12}
    assert total([0, 200], months=[1, 3], **kept) == [10, 20]
    plans = [plan(**kept), plan(plan_id="T", **kept)]
    assert total([0, 200], plan_id=["S", "T"], plans=plans) == [10, 20]


def test_a_new_price_is_the_same_plan():
    old, new = plan(rollover_months_minutes=12), plan(rollover_months_minutes=12, monthly_fee=11.0)
    plans = [old | {"valid_from": "2026-01-01"}, new | {"valid_from": "2026-02-01"}]
    assert total([0, 200], plans=plans) == [10, 11]


def test_the_plan_that_follows_a_promotion_holds_when_it_is_over():
    plans = [
        plan(plan_id="N", monthly_fee=20.0, promo_months=2, promo_fee=5.0, next_plan_id="S", included_minutes=200.0),
        plan(),
    ]
    customers = pd.DataFrame({"customer_id": ["1"], "plan_id": ["N"], "plan_since": ["2026-01-20"]})
    # two months at 5 with 200 minutes; from March 10 with 100 minutes
    assert total([200, 200, 200], plan_id="N", plans=plans, customers=customers) == [5, 5, 20]
    # it is not known since when: long ago
    assert total([200, 200, 200], plan_id="N", plans=plans) == [20, 20, 20]
    # the usage says it
    changed = total([200, 200, 200, 200], plan_id=["S", "N", "N", "N"], plans=plans)
    assert changed == [20, 5, 5, 20]


def test_who_joined_in_the_first_month_took_the_plan_then():
    customers = pd.DataFrame({"customer_id": ["1"], "joined_on": ["2026-01-20"]})
    assert total([0, 0, 0], promo_months=1, promo_fee=1.0, customers=customers) == [1, 10, 10]


def test_a_flag_rests_on_no_promotion():
    plans = [plan(), plan(plan_id="N", monthly_fee=12.0, promo_months=6, promo_fee=1.0)]
    usage = pd.DataFrame(
        {"customer_id": "1", "month": ["2026-01", "2026-02", "2026-03"], "plan_id": "S", "minutes": [0.0] * 3}
    )
    assert plan_fit(usage, Catalogue(pd.DataFrame(plans)))["state"].tolist() == ["fits"]


def pooled(*more):
    plans = [
        plan(plan_id="F", monthly_fee=30.0, included_minutes=300.0, pooled=True, line_fee=4.0),
        plan(plan_id="G", monthly_fee=20.0, included_minutes=300.0, pooled=True, line_fee=4.0),
        plan(),
    ]
    return Catalogue(pd.DataFrame([*plans, *more]))


FAMILY = pd.DataFrame(
    {
        "customer_id": ["a", "b", "c"] * 3,
        "month": np.repeat(["2026-01", "2026-02", "2026-03"], 3),
        "plan_id": ["F", "F", "S"] * 3,
        "minutes": [250.0, 150.0, 0.0] * 3,
    }
)
LINES = pd.DataFrame(
    {"customer_id": ["a", "b", "c"], "account_id": ["fam", "fam", "fam"], "tier": ["gold", "basic", None]}
)


def test_lines_of_an_account_share_what_is_included():
    bills = bill(FAMILY, pooled(), customers=LINES)
    assert bills["customer_id"].tolist() == ["c"] * 3 + ["fam"] * 3
    row = bills.iloc[-1]
    assert (row["fee"], row["overage_minutes"], row["line_fee"], row["total"]) == (30, 10, 4, 44)


def test_pooled_plans_are_compared_with_pooled_plans_alone():
    fit = plan_fit(FAMILY, pooled(), customers=LINES).set_index("customer_id")
    assert fit["better_plan_id"].to_dict() | {"c": None} == {"fam": "G", "c": None}
    assert fit.loc["c", "state"] == "fits"
    every = bill(FAMILY, pooled(), customers=LINES, plans="all")
    assert set(zip(every["customer_id"], every["plan_id"], strict=True)) == {("c", "S"), ("fam", "F"), ("fam", "G")}


def test_a_pooled_plan_without_an_account_has_one_line():
    bills = bill(FAMILY[FAMILY["customer_id"] == "a"], pooled())
    assert bills["total"].tolist() == [30, 30, 30]


def test_lines_on_different_pooled_plans_are_named():
    usage = FAMILY.assign(plan_id=["F", "G", "S"] * 3)
    with pytest.raises(CxError) as refused:
        bill(usage, pooled(), customers=LINES)
    assert refused.value.code == "two_pooled_plans"
    assert "fam" in str(refused.value)


def test_an_account_that_is_called_like_a_customer_is_named():
    lines = LINES.assign(account_id="c")
    with pytest.raises(CxError) as refused:
        bill(FAMILY, pooled(), customers=lines)
    assert refused.value.code == "account_is_customer"


def test_usage_beyond_a_cap_cannot_be_had():
    capped = plan(plan_id="C", monthly_fee=1.0, cap_minutes=150.0, cap_kind_minutes="hard")
    usage = pd.DataFrame(
        {"customer_id": "1", "month": ["2026-01", "2026-02", "2026-03"], "plan_id": "C", "minutes": [150.0, 151, 900]}
    )
    bills = bill(usage, Catalogue(pd.DataFrame([capped])))
    assert bills["total"].tolist() == [6, 6, 6]
    assert bills["within"].tolist() == [True, False, False]


@pytest.mark.parametrize(("third", "state"), [(150.0, "flagged"), (150.01, "fits")])
def test_a_capped_plan_is_a_candidate_only_within_its_cap(third, state):
    catalogue = Catalogue(pd.DataFrame([plan(), plan(plan_id="C", monthly_fee=1.0, cap_minutes=150.0)]))
    usage = pd.DataFrame(
        {"customer_id": "1", "month": ["2026-01", "2026-02", "2026-03"], "plan_id": "S", "minutes": [0.0, 150.0, third]}
    )
    assert plan_fit(usage, catalogue)["state"].tolist() == [state]


@pytest.mark.parametrize(("cool_off", "state"), [(2, "flagged"), (3, "flagged"), (4, "fits")])
def test_a_cool_off_binds_to_the_plan_that_was_taken(cool_off, state):
    plans = [plan(plan_id="O"), plan(monthly_fee=20.0, cool_off_months=cool_off), plan(plan_id="L", monthly_fee=9.0)]
    usage = pd.DataFrame(
        {
            "customer_id": "1",
            "month": ["2026-01", "2026-02", "2026-03", "2026-04", "2026-05"],
            "plan_id": ["O", "S", "S", "S", "S"],
            "minutes": 0.0,
        }
    )
    # at the end of May three months have gone by since February
    assert plan_fit(usage, Catalogue(pd.DataFrame(plans)))["state"].tolist() == [state]


@pytest.mark.parametrize(("region", "state"), [("North", "flagged"), ("East", "fits"), (None, "fits")])
def test_a_plan_of_a_region_is_for_those_who_are_there(region, state):
    catalogue = Catalogue(pd.DataFrame([plan(), plan(plan_id="L", monthly_fee=9.0, region="South; North")]))
    usage = pd.DataFrame(
        {"customer_id": "1", "month": ["2026-01", "2026-02", "2026-03"], "plan_id": "S", "minutes": [0.0] * 3}
    )
    customers = pd.DataFrame({"customer_id": ["1"], "region": [region]})
    assert plan_fit(usage, catalogue, customers=customers)["state"].tolist() == [state]


def refusal(*rows):
    with pytest.raises(CxError) as refused:
        Catalogue(pd.DataFrame(list(rows)))
    assert refused.value.said
    assert refused.value.hint
    return refused.value


@pytest.mark.parametrize(
    ("changed", "code", "column"),
    [
        ({"tiers_minutes": "100: 0.1; 500: 0.08"}, "closed_tier", "tiers_minutes"),
        ({"tiers_minutes": "100: 0.1"}, "closed_tier", "tiers_minutes"),
        ({"tiers_minutes": "500: 0.1; 100: 0.08; *: 0.05"}, "tier_order", "tiers_minutes"),
        ({"tiers_minutes": "*: 0.1; 100: 0.08"}, "tier_order", "tiers_minutes"),
        ({"tiers_minutes": "0: 0.1; *: 0.08"}, "tier_order", "tiers_minutes"),
        ({"tiers_minutes": "100: 0.1; 100: 0.08; *: 0.05"}, "doubled_tier", "tiers_minutes"),
        ({"tiers_minutes": "100: 0.1; *: 0.08; *: 0.05"}, "doubled_tier", "tiers_minutes"),
        ({"tiers_minutes": "100: ; *: 0.05"}, "missing_price", "tiers_minutes"),
        ({"tiers_minutes": "100 - 0.1"}, "bad_tiers", "tiers_minutes"),
        ({"tiers_minutes": "100: -0.1; *: 0.05"}, "negative", "tiers_minutes"),
        ({"tiers_minutes": "100: 0,1; *: 0.05"}, "not_a_number", "tiers_minutes"),
        ({"tiers_minutes": "100: 0.1; *: 0.05", "tier_kind_minutes": None}, "missing_tier_kind", "tier_kind_minutes"),
        ({"tiers_minutes": "100: 0.1; *: 0.05", "tier_kind_minutes": "steps"}, "bad_choice", "tier_kind_minutes"),
        ({"tiers_minutes": "*: 0.1", "overage_price_minutes": 0.1}, "two_prices", "overage_price_minutes"),
        ({"pack_size_minutes": 10.0}, "missing_price", "pack_price_minutes"),
        ({"pack_price_minutes": 10.0}, "missing_price", "pack_size_minutes"),
        ({"pack_size_minutes": 0.0, "pack_price_minutes": 1.0}, "bad_unit", "pack_size_minutes"),
        ({"rollover_months_minutes": 61}, "too_long", "rollover_months_minutes"),
        ({"rollover_months_minutes": 1, "rollover_order_minutes": "now"}, "bad_choice", "rollover_order_minutes"),
        ({"cap_kind_minutes": "hard"}, "missing_cap", "cap_kind_minutes"),
        ({"cap_minutes": 500.0, "cap_kind_minutes": "soft"}, "bad_choice", "cap_kind_minutes"),
        ({"cap_minutes": -1.0}, "negative", "cap_minutes"),
        ({"cap_minutes": 101.0}, "missing_price", "overage_price_minutes"),
        ({"min_charge": -1.0}, "negative", "min_charge"),
        ({"promo_months": 3}, "missing_price", "promo_fee"),
        ({"promo_fee": 3.0}, "missing_promo_months", "promo_fee"),
        ({"next_plan_id": "T"}, "missing_promo_months", "next_plan_id"),
        ({"promo_months": 500, "promo_fee": 1.0}, "too_long", "promo_months"),
        ({"promo_months": 3, "next_plan_id": "gone"}, "unknown_plan", "next_plan_id"),
        ({"promo_months": 3, "next_plan_id": "S"}, "promotion_chain", "next_plan_id"),
        ({"line_fee": 3.0}, "not_pooled", "line_fee"),
        ({"on_sale": "maybe"}, "bad_choice", "on_sale"),
    ],
)
def test_terms_that_cannot_be_right_are_refused_with_plan_and_meter(changed, code, column):
    priced = {"tier_kind_minutes": "graduated", "overage_price_minutes": None}
    row = plan(**(priced | changed)) if "tiers_minutes" in changed or column.startswith("overage") else plan(**changed)
    error = refusal(row)
    assert (error.code, error.column) == (code, column)
    assert "S" in str(error)


def test_versions_that_disagree_about_being_pooled():
    first = plan(pooled=True, valid_from="2026-01-01")
    assert refusal(first, plan(pooled=False, valid_from="2026-02-01")).column == "pooled"
    single = plan(plan_id="T", promo_months=3, next_plan_id="S", pooled=False)
    assert refusal(plan(pooled=True), single).column == "next_plan_id"


def test_promotions_do_not_follow_one_another():
    rows = [plan(promo_months=3, next_plan_id="T"), plan(plan_id="T", promo_months=3, next_plan_id="U")]
    assert refusal(*rows, plan(plan_id="U")).code == "promotion_chain"


def test_tiers_of_a_long_file():
    def row(up_to, price, **other):
        terms = {"plan_id": "S", "monthly_fee": 10.0, "meter": "minutes", "included": 100.0, "tier_kind": "graduated"}
        return terms | {"up_to": up_to, "overage_price": price} | other

    wide = Catalogue(pd.DataFrame([plan(**TIERS, tier_kind_minutes="graduated")]))
    long = Catalogue(pd.DataFrame([row(100.0, 0.10), row(500.0, 0.08), row(None, 0.05)]))
    assert long.versions == wide.versions
    refused = {
        "closed_tier": [row(100.0, 0.10), row(500.0, 0.08)],
        "tier_order": [row(500.0, 0.10), row(100.0, 0.08), row(None, 0.05)],
        "doubled_tier": [row(100.0, 0.10), row(100.0, 0.08), row(None, 0.05)],
        "missing_price": [row(100.0, None), row(None, 0.05)],
        "conflicting_plan": [row(100.0, 0.10), row(None, 0.05, included=99.0)],
    }
    for code, rows in refused.items():
        error = refusal(*rows)
        assert error.code == code
        assert "S" in str(error)
    assert refusal(row(None, 0.10), row(None, 0.05)).code == "doubled_tier"


def test_more_packs_than_anybody_buys_are_a_wrong_unit():
    catalogue = Catalogue(pd.DataFrame([plan(pack_size_minutes=0.001, pack_price_minutes=1.0)]))
    with pytest.raises(CxError) as refused:
        bill_all(np.array([[5000.0]]), catalogue, "2026-01")
    assert (refused.value.code, refused.value.column) == ("too_large", "pack_size_minutes")


def test_unlimited_meters_need_no_price():
    assert total(1e6, included_minutes=math.inf, overage_price_minutes=None, rollover_months_minutes=3) == [10]


def test_a_cap_at_the_allowance_needs_no_price():
    assert total(1e6, overage_price_minutes=None, cap_minutes=100.0, cap_kind_minutes="throttle") == [10]


def usage_of(months, **columns):
    return pd.DataFrame(
        {"customer_id": "1", "month": [f"2026-{m:02d}" for m in months], "plan_id": "S", "minutes": 0.0} | columns
    )


@pytest.mark.parametrize(
    ("usage", "plans", "code"),
    [
        (usage_of([1, 2, 3]), [plan(on_sale=False)], "nothing_on_sale"),
        (usage_of([1, 2, 3], plan_id="gone"), [plan()], "unknown_plan"),
        (usage_of([1, 2, 3], minutes=[1.0, -1.0, 1.0]), [plan()], "negative_usage"),
        (usage_of([]), [plan()], "no_usage"),
    ],
)
def test_what_nothing_can_be_made_of_has_a_clear_word(usage, plans, code):
    with pytest.raises(CxError) as refused:
        plan_fit(usage.astype({"minutes": float}), Catalogue(pd.DataFrame(plans)))
    assert refused.value.code == code
    assert refused.value.hint


def test_two_currencies_have_a_clear_word():
    assert refusal(plan(currency="EUR"), plan(plan_id="T", currency="CNY")).code == "two_currencies"


@pytest.mark.parametrize("months", [[1], [1, 2, 4, 5]])
def test_one_month_or_a_gap_are_too_short_for_a_flag(months):
    catalogue = Catalogue(pd.DataFrame([plan(), plan(plan_id="L", monthly_fee=1.0)]))
    assert plan_fit(usage_of(months), catalogue)["state"].tolist() == ["short"]
