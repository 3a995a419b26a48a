"""The recommender says what can be worked out by hand, never looks ahead, and behaves like scikit-learn's own."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from cxlib.engine import threads
from cxlib.errors import CxError
from cxlib.matching import forecast
from cxlib.matching.catalogue import Catalogue
from cxlib.matching.fit import plan_fit
from cxlib.matching.recommender import PlanRecommender

SMALL = {"plan_id": "small", "monthly_fee": 10.0, "included_minutes": 100.0, "overage_price_minutes": 0.5}
LARGE = {"plan_id": "large", "monthly_fee": 30.0, "included_minutes": 1000.0, "overage_price_minutes": 0.1}
PLANS = pd.DataFrame([SMALL, LARGE])


def usage_of(people: dict[str, tuple[str, int, list[float]]]) -> pd.DataFrame:
    """Build usage from plan, first month (1 is January 2025) and minutes per month of each customer."""
    rows = [
        {"customer_id": name, "month": f"2025-{first + at:02d}", "plan_id": plan, "minutes": float(minutes)}
        for name, (plan, first, used) in people.items()
        for at, minutes in enumerate(used)
    ]
    return pd.DataFrame(rows)


def constant_crowd(n: int, minutes: float, *, plan: str = "small") -> dict[str, tuple[str, int, list[float]]]:
    return {f"crowd{i:02d}": (plan, 1, [minutes] * 8) for i in range(n)}


def random_usage(*, customers: int = 60, months: int = 10, seed: int = 3) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    level = random.lognormal(4.7, 0.8, customers)
    used = np.round(level[:, None] * random.lognormal(0, 0.4, (customers, months)))
    plans = random.choice(["small", "large"], customers)
    return usage_of({f"c{i:03d}": (plans[i], 1, list(used[i])) for i in range(customers)})


def advice_for(people: dict[str, tuple[str, int, list[float]]], **settings) -> pd.DataFrame:
    usage = usage_of(people)
    advised = PlanRecommender(settings.pop("plans", PLANS), **settings).fit(usage).recommend(usage)
    return advised.set_index("customer_id")


def test_constant_usage_has_a_certain_answer():
    # 150 minutes: small 10 + 50 * .5 = 35, large 30. Over three months 105 against 90.
    advised = advice_for({**constant_crowd(12, 150), "x": ("large", 1, [150] * 8)})
    row = advised.loc["crowd00"]
    assert (row["state"], row["advised_plan_id"], row["p_saves"], row["strong"]) == ("switch", "large", 1.0, True)
    assert (row["expected_cost_held"], row["expected_cost_advised"], row["expected_saving"]) == (105.0, 90.0, 15.0)
    assert (row["interval_low"], row["interval_high"]) == (15.0, 15.0)
    assert (row["cheapest_plan_id"], row["safest_plan_id"], row["headroom_plan_id"]) == ("large",) * 3
    assert row["basis"] == "others"
    stays = advised.loc["x"]
    assert (stays["state"], stays["advised_plan_id"], stays["expected_saving"]) == ("stay", "large", 0.0)
    assert np.isnan(stays["p_saves"])
    assert not stays["strong"]
    assert (stays["interval_low"], stays["interval_high"]) == (-15.0, -15.0)


def test_equal_plans_are_no_reason_to_switch():
    plans = pd.DataFrame([SMALL, SMALL | {"plan_id": "twin"}])
    advised = advice_for({**constant_crowd(12, 150), "x": ("twin", 1, [150] * 8)}, plans=plans)
    assert set(advised["state"]) == {"stay"}
    assert (advised["advised_plan_id"] == advised["plan_id"]).all()
    assert (advised["interval_low"] == 0).all()
    assert (advised["interval_high"] == 0).all()


def test_the_forecast_is_what_happened_to_others():
    # Forty customers at 100 minutes went to 200. One who is at 100 now is expected at 200: 60 a month, not 10.
    doubled = {f"d{i:02d}": ("small", 1, [100, 100, 100, 100, 200, 200, 200]) for i in range(40)}
    advised = advice_for({**doubled, "x": ("small", 4, [50, 100, 100, 100])}, n_own=0)
    row = advised.loc["x"]
    assert (row["state"], row["expected_cost_held"], row["expected_cost_advised"]) == ("switch", 180.0, 90.0)
    assert row["p_saves"] == 1.0


def test_own_changes_are_not_used_for_oneself():
    people = {**constant_crowd(40, 150), "x": ("small", 1, [50, 100, 100, 100, 300, 300, 300])}
    row = advice_for(people, n_own=0).loc["x"]
    assert row["interval_low"] == row["interval_high"]  # all others stayed as they were


def test_own_months_are_half_of_the_futures():
    # Half of the futures stay at 100 minutes like the own months, half go to 200 as others did: 35 or 60, and 30.
    doubled = {f"d{i:02d}": ("small", 1, [100, 100, 100, 100, 200, 200, 200]) for i in range(40)}
    advised = advice_for({**doubled, "x": ("small", 4, [50, 100, 100, 100])}, n_neighbors=20, n_own=20)
    row = advised.loc["x"]
    assert (row["expected_cost_held"], row["p_saves"]) == (pytest.approx((3 * 10 + 3 * 60) / 2), 0.5)


def test_nobody_else_to_learn_from():
    row = advice_for({"x": ("small", 1, [50, 150, 150, 150])}).loc["x"]
    assert (row["basis"], row["state"], row["expected_saving"]) == ("own", "switch", 15.0)


def test_the_first_month_is_left_out_unless_told():
    people = {**constant_crowd(12, 150), "x": ("small", 6, [150, 150, 150])}
    row = advice_for(people).loc["x"]
    assert (row["state"], row["advised_plan_id"], row["months_known"]) == ("not_enough_data", "small", 2)
    assert pd.isna(row["expected_saving"])
    assert pd.isna(row["cheapest_plan_id"])
    assert pd.isna(row["basis"])
    assert advice_for(people, drop_first_month=False).loc["x", "state"] == "switch"


def test_a_capped_plan_is_advised_only_to_who_stays_within_it():
    capped = {"plan_id": "capped", "monthly_fee": 5.0, "included_minutes": 120.0, "cap_minutes": 120.0}
    plans = pd.DataFrame([SMALL, LARGE, capped | {"overage_price_minutes": 0.0}])
    crowds = {**constant_crowd(12, 150), **{f"low{i:02d}": ("small", 1, [110] * 8) for i in range(12)}}
    advised = advice_for(crowds, plans=plans)
    assert advised.loc["crowd00", ["advised_plan_id", "p_within"]].tolist() == ["large", 1.0]
    assert advised.loc["low00", ["advised_plan_id", "p_within", "cheapest_plan_id"]].tolist() == [
        "capped",
        1.0,
        "capped",
    ]
    held = {**crowds, "x": ("capped", 1, [150] * 8)}
    assert advice_for(held, plans=plans, n_own=0).loc["x", "p_within"] in {0.0, 1.0}
    assert advice_for(crowds)["p_within"].isna().all()


def test_months_that_the_analyst_leaves_out():
    usage = usage_of({**constant_crowd(12, 150), "z": ("small", 1, [150, 150, 150, 900, 150, 150])})

    def known(exclude, **where):
        recommender = PlanRecommender(PLANS).fit(usage, exclude=where.get("fit"))
        return recommender.recommend(usage, exclude=exclude).set_index("customer_id")

    one = pd.DataFrame({"customer_id": ["z", "nobody"], "month": ["2025-04", "2025-04"]})
    marked = usage.assign(complete=(usage["customer_id"] != "z") | (usage["month"] != "2025-04"))
    expected = PlanRecommender(PLANS).fit(marked).recommend(marked).set_index("customer_id")
    assert known(None)["months_known"].to_dict() == {**{f"crowd{i:02d}": 7 for i in range(12)}, "z": 5}
    assert known(one).loc["z", "months_known"] == 4
    assert known(one).loc["crowd00", "months_known"] == 7
    pd.testing.assert_frame_equal(known(None, fit=one), expected)
    pd.testing.assert_frame_equal(known(one, fit=one), expected)
    assert (known(["2025-04", "2025-05"])["months_known"] == known(None)["months_known"] - 2).all()
    assert known(["2025-02", "2025-04", "2025-05"]).loc["z", "state"] == "not_enough_data"
    for wrong, code in [
        (one[["month"]], "missing_column"),
        (["x"], "bad_month"),
        (one.assign(month=None), "bad_month"),
    ]:
        with pytest.raises(CxError) as refused:
            PlanRecommender(PLANS).fit(usage, exclude=wrong)
        assert refused.value.code == code


def test_who_is_not_reconciled_gets_no_advice():
    usage = usage_of({**constant_crowd(12, 150), "z": ("small", 7, [150, 150])}).assign(billed_amount=35.0)
    usage.loc[usage["customer_id"] == "crowd03", "billed_amount"] = 29.0
    advised = PlanRecommender(PLANS).fit(usage).recommend(usage).set_index("customer_id")
    row = advised.loc["crowd03"]
    assert (row["state"], row["advised_plan_id"], row["strong"]) == ("not_reconciled", "small", False)
    assert isinstance(row["withheld_cause"], str)
    told = ["expected_saving", "p_saves", "interval_low", "interval_high", "expected_cost_held", "switching_cost"]
    plans = ["other_plan_id", "cheapest_plan_id", "safest_plan_id", "headroom_plan_id", "basis"]
    assert row[[*told, *plans, "payback_months", "p_within", "expected_cost_advised"]].isna().all()
    assert advised.loc["z", "state"] == "not_enough_data"
    others = advised.drop(["crowd03", "z"])
    assert (others["state"] == "switch").all()
    assert others["withheld_cause"].isna().all()
    trusting = PlanRecommender(PLANS, reconcile=False).fit(usage).recommend(usage).set_index("customer_id")
    assert trusting.loc["crowd03", "state"] == "switch"
    left_out = [month for month in usage["month"].unique() if month > "2025-05"]
    usage.loc[usage["month"] <= "2025-05", "billed_amount"] = 35.0
    again = PlanRecommender(PLANS).fit(usage, exclude=left_out).recommend(usage).set_index("customer_id")
    assert again.loc["crowd03", "state"] == "switch"


def test_unused_months_do_not_count():
    usage = usage_of({**constant_crowd(12, 150), "z": ("small", 3, [150, 0, 150, 150])})
    row = PlanRecommender(PLANS).fit(usage).recommend(usage).set_index("customer_id").loc["z"]
    assert (row["state"], row["months_known"]) == ("not_enough_data", 2)


def test_switching_costs_are_deducted():
    plans = pd.DataFrame([SMALL | {"exit_fee": 4.0}, LARGE | {"activation_fee": 6.0, "exit_fee": 50.0}])
    row = advice_for(constant_crowd(12, 150), plans=plans).loc["crowd00"]
    assert (row["switching_cost"], row["expected_saving"], row["expected_cost_advised"]) == (10.0, 5.0, 90.0)
    assert (row["interval_low"], row["interval_high"]) == (15.0, 15.0)
    assert row["payback_months"] == 2.0  # 5 a month
    dearer = pd.DataFrame([SMALL | {"exit_fee": 9.5}, LARGE | {"activation_fee": 6.0}])
    row = advice_for(constant_crowd(12, 150), plans=dearer).loc["crowd00"]
    assert (row["state"], row["other_plan_id"], row["switching_cost"]) == ("stay", "large", 0.0)
    assert row["payback_months"] == 4.0  # too long for a horizon of three months


def test_no_payback_without_cost_or_saving():
    advised = advice_for({**constant_crowd(12, 150), "x": ("large", 1, [150] * 8)})
    assert advised["payback_months"].isna().all()
    fees = pd.DataFrame([SMALL | {"activation_fee": 5.0}, LARGE])
    assert pd.isna(
        advice_for({**constant_crowd(12, 150), "x": ("large", 1, [150] * 8)}, plans=fees).loc["x", "payback_months"]
    )


def test_a_saving_must_be_above_the_least():
    assert advice_for(constant_crowd(12, 150), min_saving=4.99).loc["crowd00", "state"] == "switch"
    row = advice_for(constant_crowd(12, 150), min_saving=5.0).loc["crowd00"]
    assert (row["state"], row["cheapest_plan_id"]) == ("stay", "large")


def test_only_plans_that_may_be_taken():
    usage = usage_of(constant_crowd(12, 150))
    customers = pd.DataFrame(
        {
            "customer_id": sorted(set(usage["customer_id"])),
            "need": ["senior"] * 6 + [None] * 6,
            "joined_on": pd.to_datetime(["2024-01-01"] * 3 + ["2025-01-01"] * 9),
            "contract_end": pd.to_datetime(["2025-08-31"] + ["2026-01-31"] + [None] * 10),
        }
    )

    def switchers(**large):
        recommender = PlanRecommender(pd.DataFrame([SMALL, LARGE | large])).fit(usage, customers=customers)
        advised = recommender.recommend(usage)
        return [int(name[-2:]) for name in advised.loc[advised["state"] == "switch", "customer_id"]]

    bound = 1
    assert switchers() == [each for each in range(12) if each != bound]
    assert switchers(segment="senior") == [0, 2, 3, 4, 5]
    assert switchers(min_tenure_months=12) == [0, 2]
    assert switchers(on_sale=False) == []


def test_plans_held_may_come_from_the_customers():
    usage = usage_of(constant_crowd(12, 150))
    customers = usage[["customer_id", "plan_id"]].drop_duplicates()
    expected = PlanRecommender(PLANS).fit(usage).recommend(usage)
    bare = usage.drop(columns="plan_id")
    given = PlanRecommender(PLANS).fit(bare, customers=customers).recommend(bare)
    pd.testing.assert_frame_equal(given, expected)
    with pytest.raises(CxError) as refused:
        PlanRecommender(PLANS).fit(bare).recommend(bare)
    assert refused.value.code == "missing_plan"


def test_nothing_after_the_origin_is_used():
    usage = random_usage()
    origin = "2025-07"
    later = usage["month"] > origin
    changed = usage.assign(minutes=usage["minutes"].where(~later, usage["minutes"] * 7 + 11))
    past = usage[~later]
    expected = PlanRecommender(PLANS, max_windows=50).fit(past).recommend(past)
    assert len(set(expected["state"])) > 1
    for known in (usage, changed):
        again = PlanRecommender(PLANS, max_windows=50).fit(known).recommend(known, as_of=origin)
        pd.testing.assert_frame_equal(again, expected)


def test_own_last_month_is_the_origin_of_each():
    usage = random_usage()
    usage = usage[(usage["customer_id"] != "c000") | (usage["month"] <= "2025-07")]
    recommender = PlanRecommender(PLANS).fit(usage)
    own = recommender.recommend(usage, as_of="own").set_index("customer_id")
    july = recommender.recommend(usage, as_of="2025-07").set_index("customer_id")
    last = recommender.recommend(usage).set_index("customer_id")
    pd.testing.assert_series_equal(own.loc["c000"], july.loc["c000"])
    pd.testing.assert_frame_equal(own.drop("c000"), last.drop("c000"))


def test_same_seed_same_answer_whatever_the_threads(monkeypatch):
    usage = random_usage(customers=120)
    settings = {"max_windows": 60, "n_neighbors": 20, "random_state": 5}
    expected = PlanRecommender(PLANS, **settings).fit(usage).recommend(usage)
    monkeypatch.setattr(forecast, "_BLOCK", 7)
    pd.testing.assert_frame_equal(PlanRecommender(PLANS, **settings).fit(usage).recommend(usage), expected)
    monkeypatch.setattr(forecast, "run", lambda function, arguments: [function(*each) for each in arguments])
    pd.testing.assert_frame_equal(PlanRecommender(PLANS, **settings).fit(usage).recommend(usage), expected)
    other = PlanRecommender(PLANS, **(settings | {"random_state": 6})).fit(usage).recommend(usage)
    assert not other["interval_low"].equals(expected["interval_low"])


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_the_number_of_workers_does_not_matter(monkeypatch, workers):
    usage = random_usage(customers=120)
    expected = PlanRecommender(PLANS).fit(usage).recommend(usage)
    monkeypatch.setattr(forecast, "_BLOCK", 9)
    with ThreadPoolExecutor(workers) as pool:
        monkeypatch.setattr(threads, "_pool", lambda: pool)
        pd.testing.assert_frame_equal(PlanRecommender(PLANS).fit(usage).recommend(usage), expected)


def test_who_else_is_asked_does_not_matter():
    usage = random_usage()
    recommender = PlanRecommender(PLANS).fit(usage)
    some = usage[usage["customer_id"].isin(["c003", "c017", "c044"])]
    every = recommender.recommend(usage, as_of="2025-10")
    expected = every[every["customer_id"].isin(some["customer_id"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(recommender.recommend(some, as_of="2025-10"), expected)


def test_order_and_engine_of_the_frame_do_not_matter():
    usage = random_usage()
    expected = PlanRecommender(PLANS).fit(usage).recommend(usage)
    shuffled = usage.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(PlanRecommender(PLANS).fit(shuffled).recommend(shuffled), expected)
    other = pl.from_pandas(usage)
    pd.testing.assert_frame_equal(PlanRecommender(pl.from_pandas(PLANS)).fit(other).recommend(other), expected)


def test_predict_gives_a_plan_per_sorted_customer():
    usage = random_usage().sample(frac=1, random_state=1)
    recommender = PlanRecommender(PLANS).fit(usage)
    advised = recommender.recommend(usage)
    predicted = recommender.predict(usage)
    assert advised["customer_id"].tolist() == sorted(set(usage["customer_id"]))
    assert predicted.tolist() == advised["advised_plan_id"].tolist()
    assert set(predicted) == {"small", "large"}


def test_scikit_learn_conventions():
    catalogue = Catalogue(PLANS)
    recommender = PlanRecommender(catalogue, horizon=2, n_neighbors=15)
    assert recommender.catalogue is catalogue
    assert recommender.get_params()["n_neighbors"] == 15
    again = clone(recommender).set_params(horizon=3)
    assert (again.horizon, again.n_neighbors, recommender.horizon) == (3, 15, 2)
    with pytest.raises(NotFittedError):
        recommender.recommend(random_usage())
    usage = random_usage()
    assert recommender.fit(usage) is recommender
    kept = pickle.loads(pickle.dumps(recommender))  # noqa: S301 - written two words before
    pd.testing.assert_frame_equal(kept.recommend(usage), recommender.recommend(usage))


def test_strangers_are_advised_from_what_was_learned():
    usage = random_usage()
    recommender = PlanRecommender(PLANS).fit(usage)
    stranger = usage_of({"new": ("small", 4, [60, 400, 420, 380, 390, 410, 400])})
    row = recommender.recommend(stranger).iloc[0]
    assert (row["state"], row["advised_plan_id"], row["basis"]) == ("switch", "large", "others")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda usage: usage.drop(columns="minutes"), "missing_column"),
        (lambda usage: usage.drop(columns="month"), "missing_column"),
        (lambda usage: usage.iloc[:0], "no_usage"),
        (lambda usage: usage.assign(minutes=-1.0), "negative_usage"),
        (lambda usage: usage.assign(minutes=np.nan), "not_a_number"),
        (lambda usage: usage.assign(month="2025-13"), "bad_month"),
        (lambda usage: pd.concat([usage, usage]), "duplicate_month"),
        (lambda usage: usage.assign(plan_id="gone"), "unknown_plan"),
    ],
)
def test_usage_that_cannot_be_read_is_refused(change, code):
    with pytest.raises(CxError) as refused:
        PlanRecommender(PLANS).fit(change(usage_of(constant_crowd(3, 150))))
    assert refused.value.code == code
    assert refused.value.said


@pytest.mark.parametrize(
    "settings",
    [
        {"horizon": 0},
        {"months": 1.5},
        {"n_neighbors": True},
        {"half_life": 0},
        {"min_saving": -1},
        {"draws": 0},
        {"n_own": -1},
    ],
)
def test_settings_that_make_no_sense_are_refused(settings):
    with pytest.raises(CxError) as refused:
        PlanRecommender(PLANS, **settings).fit(usage_of(constant_crowd(3, 150)))
    assert refused.value.code == "bad_setting"
    assert next(iter(settings)) in refused.value.said


def test_a_catalogue_that_cannot_advise_is_refused():
    usage = usage_of(constant_crowd(12, 150))
    with pytest.raises(CxError) as refused:
        PlanRecommender(PLANS.iloc[:0]).fit(usage)
    assert refused.value.code == "no_plans"
    with pytest.raises(CxError) as refused:
        PlanRecommender(PLANS[["plan_id", "monthly_fee"]]).fit(usage)
    assert refused.value.code == "no_meters"
    ended = pd.DataFrame([SMALL | {"valid_to": "2025-03-31"}, LARGE])
    with pytest.raises(CxError) as refused:
        PlanRecommender(ended).fit(usage).recommend(usage)
    assert refused.value.code == "no_price"
    assert "small" in refused.value.said


def test_flag_is_that_of_plan_fit():
    usage = random_usage()
    recommender = PlanRecommender(Catalogue(PLANS), months=2, min_saving=1.0).fit(usage)
    expected = plan_fit(usage, Catalogue(PLANS), months=2, min_saving=1.0, as_of="2025-08")
    pd.testing.assert_frame_equal(recommender.flag(usage, as_of="2025-08"), expected)
    assert (expected["state"] == "flagged").any()


def test_who_left_is_marked():
    usage = usage_of(constant_crowd(12, 150))
    left = pd.to_datetime(["2025-08-15", "2025-09-01"])
    customers = pd.DataFrame({"customer_id": ["crowd00", "crowd01"], "left_on": left})
    advised = PlanRecommender(PLANS).fit(usage, customers=customers).recommend(usage)
    assert advised["left"].tolist() == [True] + [False] * 11
