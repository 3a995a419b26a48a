"""Results read against the hold-out: counts by hand, intervals by statsmodels, and whatever spoils the comparison."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from operator_cases import catalogue, usage
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from cxlib.errors import CxError
from cxlib.matching import bill, bills_of, join_results, offer_outcomes, outcome_warnings, results_of

N_OFFER, N_HELD = 180, 60


def drawn_up():
    """A campaign of 240 customers, one in four held out; tiers in turn."""
    ids = [f"{i:03}" for i in range(N_OFFER + N_HELD)]
    return pd.DataFrame(
        {
            "customer_id": ids,
            "group": ["hold_out" if i % 4 == 3 else "offer" for i in range(len(ids))],
            "tier": ["T1" if i % 8 < 4 else "T2" for i in range(len(ids))],
            "direction": "under_provisioned",
        }
    )


def results(*, held=True):
    """Of the offered, 60 took the plan and 6 left; of the held out 9 left."""
    rows = drawn_up()
    offer = rows["group"] == "offer"
    place = rows.groupby("group").cumcount()
    rows = rows.assign(
        offered=offer,
        accepted=pd.array(np.where(offer, place < 60, None), dtype="boolean"),
        left=np.where(offer, place < 6, place < 9),
        revenue=np.where(offer, 50.0 + place % 7, 60.0 + place % 11),
    )
    return rows.loc[offer | held, ["customer_id", "offered", "accepted", "left", "revenue"]]


def one(table, measure, **keys):
    keys = {"by": "all"} | keys
    for name, value in keys.items():
        table = table[table[name] == value]
    (row,) = table[table["measure"] == measure].to_dict("records")
    return row


def codes(joined):
    return outcome_warnings(joined).set_index("code")["customers"].to_dict()


def test_the_outcomes_by_hand():
    joined = join_results(results(), drawn_up())
    table = offer_outcomes(joined)
    took = one(table, "acceptance")
    assert (took["offer_n"], took["offer"]) == (180, 60 / 180)
    assert (took["offer_low"], took["offer_high"]) == pytest.approx(proportion_confint(60, 180, method="wilson"))
    left = one(table, "leaving")
    assert (left["offer_n"], left["offer"], left["hold_out_n"], left["hold_out"]) == (180, 6 / 180, 60, 9 / 60)
    assert left["difference"] == pytest.approx(6 / 180 - 9 / 60)
    low, high = confint_proportions_2indep(6, 180, 9, 60, method="newcomb", compare="diff")
    assert (left["difference_low"], left["difference_high"]) == pytest.approx((low, high))
    assert high < 0
    assert left["verdict"] == "lower"
    paid = one(table, "revenue")
    amounts = [results().loc[drawn_up()["group"] == name, "revenue"] for name in ("offer", "hold_out")]
    compared = CompareMeans(*map(DescrStatsW, amounts))
    assert (paid["difference_low"], paid["difference_high"]) == pytest.approx(compared.tconfint_diff(usevar="unequal"))
    assert paid["verdict"] == "lower"
    tiers = table[(table["by"] == "tier") & (table["measure"] == "leaving")]
    assert tiers["offer_n"].sum() == 180
    assert tiers["hold_out_n"].sum() == 60
    assert codes(joined) == {}


def test_cannot_tell_yet():
    rows = results()
    rows["left"] = rows["left"] & (rows["customer_id"] < "012")
    joined = join_results(rows, drawn_up())
    row = one(offer_outcomes(joined), "leaving")
    assert row["difference_low"] < 0 < row["difference_high"]
    assert row["verdict"] == "cannot_tell"
    assert np.isnan(row["detectable"])
    assert codes(joined) == {"hold_out_too_small": 60}
    nobody = results().assign(left=False)
    joined = join_results(nobody, drawn_up())
    assert one(offer_outcomes(joined), "leaving")["verdict"] == "cannot_tell"
    assert codes(joined) == {}


def test_customers_count_in_the_group_that_was_drawn():
    """A held-out customer who was offered all the same stays held out, and a customer who was missed stays offered."""
    rows = results()
    rows.loc[rows["customer_id"].isin(["003", "007"]), "offered"] = True
    rows.loc[rows["customer_id"].isin(["000", "001", "002"]), "offered"] = False
    joined = join_results(rows, drawn_up())
    table = offer_outcomes(joined)
    assert (one(table, "leaving")["offer_n"], one(table, "leaving")["hold_out_n"]) == (180, 60)
    assert one(table, "acceptance")["offer_n"] == 177
    assert codes(joined) == {"hold_out_contaminated": 2, "not_offered": 3}


def test_what_is_missing_is_said():
    rows = results(held=False)
    joined = join_results(rows, drawn_up())
    assert codes(joined) == {"hold_out_missing": 60, "results_missing": 60}
    row = one(offer_outcomes(joined), "leaving")
    assert (row["verdict"], row["hold_out_n"]) == ("no_hold_out", 0)
    assert np.isnan(row["difference"])
    more = pd.concat([results().iloc[4:], pd.DataFrame({"customer_id": ["new"], "offered": [True]})])
    assert codes(join_results(more, drawn_up())) == {"results_missing": 4, "not_in_campaign": 1}
    few = drawn_up()[lambda rows: (rows["group"] == "offer") | (rows["customer_id"] < "030")]
    joined = join_results(results().merge(few[["customer_id"]]), few)
    assert codes(joined) == {"hold_out_too_small": 7}
    assert one(offer_outcomes(joined), "leaving")["verdict"] == "too_few"


def test_leaving_comes_from_the_customers_where_the_file_is_silent_on_the_held_out():
    rows = results(held=False)
    days = pd.Series([None] * 240, dtype="object")
    days[3], days[7], days[0], days[1] = "2026-05-02", "2026-03-31", "2026-04-30", "2026-07-01"
    customers = pd.DataFrame(
        {
            "customer_id": drawn_up()["customer_id"],
            "left_on": pd.to_datetime(days),
            "consent": [i != 0 for i in range(240)],
        }
    )
    joined = join_results(rows, drawn_up(), customers=customers, since="2026-03", until="2026-06")
    assert set(joined["left_from"]) == {"customers"}
    assert joined.loc[joined["left"], "customer_id"].tolist() == ["000", "003"]
    assert codes(joined) == {"hold_out_too_small": 60, "offered_refused": 1, "results_missing": 60}
    alone = join_results(results(), drawn_up(), customers=customers, since="2026-03")
    assert set(alone["left_from"]) == {"file"}
    assert alone["left"].sum() == 15


def test_a_day_of_leaving_says_that_the_customer_left():
    rows = results().drop(columns="left").assign(left_on=pd.Timestamp("2026-05-01"))
    rows.loc[rows["customer_id"] >= "010", "left_on"] = pd.NaT
    assert join_results(rows, drawn_up())["left"].sum() == 10
    rows["left"] = pd.array([None] * 5 + [False] * 5 + [True] * 230, dtype="boolean")
    assert join_results(rows, drawn_up())["left"].sum() == 5 + 230


def test_a_file_that_says_only_yes():
    rows = results()
    for name in ("offered", "accepted", "left"):
        rows[name] = rows[name].astype("boolean").replace(False, pd.NA)
    joined = join_results(rows, drawn_up())
    plain = join_results(results(), drawn_up())
    pd.testing.assert_frame_equal(offer_outcomes(joined), offer_outcomes(plain))
    blank = rows["left"].isna() | (rows["accepted"].isna() & (rows["offered"].fillna(False)))
    assert codes(joined) == {"blank_as_no": int(blank.sum())}
    some = results().astype({"left": "boolean"})
    some.loc[some["customer_id"] < "100", "left"] = None
    assert join_results(some, drawn_up())["left"].isna().sum() == 100


def test_a_file_that_does_not_say_who_was_offered():
    joined = join_results(results().drop(columns="offered"), drawn_up())
    assert one(offer_outcomes(joined), "acceptance")["offer_n"] == 180
    assert codes(joined) == {}


def test_the_group_of_the_file_counts_without_a_campaign():
    rows = results().merge(drawn_up()[["customer_id", "group"]])
    with_campaign = offer_outcomes(join_results(results(), drawn_up()), by=["all"])
    pd.testing.assert_frame_equal(offer_outcomes(join_results(rows), by=["all"]), with_campaign)
    with pytest.raises(CxError) as error:
        join_results(results())
    assert error.value.code == "no_group"
    rows.loc[0, "group"] = "hold_out"
    assert codes(join_results(rows, drawn_up())) == {"group_differs": 1}


def test_revenue_comes_from_the_bills():
    bills = bills_of(usage(), catalogue(), since="2026-01")
    assert bills.groupby("customer_id")["amount"].sum().to_dict() == {"a": 60, "b": 40, "c": 20, "d": 40, "e": 80}
    drawn = pd.DataFrame({"customer_id": ["a", "b", "c", "z"], "group": ["offer", "offer", "hold_out", "hold_out"]})
    told = pd.DataFrame({"customer_id": ["a", "b"], "offered": [True, True]})
    joined = join_results(told, drawn, bills=bills, since="2026-01", until="2026-02").set_index("customer_id")
    assert joined["revenue"].to_dict() == {"a": 30, "b": 20, "c": 10, "z": 0}
    assert set(joined["revenue_from"]) == {"bills"}
    row = one(offer_outcomes(joined.reset_index(), min_group=2), "revenue")
    assert (row["offer"], row["hold_out"]) == (25, 5)
    assert join_results(told, drawn, bills=bills, since="2026-03")["revenue"].isna().all()
    invoiced = usage().assign(billed_amount=[float(i) for i in range(15)])
    assert bills_of(invoiced, catalogue(), since="2026-02")["amount"].tolist() == [2, 5, 8, 11, 14]
    partly = invoiced.assign(billed_amount=invoiced["billed_amount"].where(invoiced["billed_amount"] > 5))
    total = bill(usage(), catalogue())["total"].tolist()
    assert bills_of(partly, catalogue(), since="2026-02")["amount"].tolist() == total[2::3]


def test_rows_find_their_campaign():
    rows = pd.DataFrame(
        {
            "customer_id": list("abcdef"),
            "campaign": ["1", "2", "002", None, None, None],
            "offered_on": pd.to_datetime(["2026-06-01"] * 3 + ["2026-05-31", "2026-06-10", None]),
            "offered": True,
        }
    )
    drawn_on = {1: dt.date(2026, 5, 1), 2: dt.date(2026, 6, 10)}
    assert results_of(rows, 1, drawn_on=drawn_on)["customer_id"].tolist() == ["a", "d"]
    assert results_of(rows, 2, drawn_on=drawn_on)["customer_id"].tolist() == ["b", "c", "e", "f"]
    plain = rows[["customer_id", "offered"]]
    assert len(results_of(plain, 2, drawn_on=drawn_on)) == 6
    assert results_of(plain, 1, drawn_on=drawn_on).empty
    assert results_of(plain.head(0), 1, drawn_on={}).empty


def test_a_customer_twice_is_refused():
    with pytest.raises(CxError) as error:
        join_results(pd.concat([results(), results().head(1)]), drawn_up())
    assert (error.value.code, error.value.value) == ("duplicate_customer", "000")


def test_no_effect_is_seldom_taken_for_one():
    """Of 120 campaigns without any effect about one in twenty seems to have one, however the groups fall."""
    rng = np.random.default_rng(12)
    rows = drawn_up()
    seen = 0
    for _ in range(120):
        left = rng.random(len(rows)) < 0.15
        told = pd.DataFrame({"customer_id": rows["customer_id"], "offered": rows["group"] == "offer", "left": left})
        seen += one(offer_outcomes(join_results(told, rows), by=["all"]), "leaving")["verdict"] != "cannot_tell"
    assert 1 <= seen <= 14
