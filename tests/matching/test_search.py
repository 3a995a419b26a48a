"""The recommender keeps scikit-learn's conventions: it clones, persists, and is searched like any of its estimators."""

from __future__ import annotations

import io

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.utils import estimator_checks

from cxlib.matching import Catalogue, PlanRecommender, WalkForwardSplit, regret_scorer

PLANS = pd.DataFrame(
    {
        "plan_id": ["small", "middle", "large"],
        "monthly_fee": [10.0, 18.0, 30.0],
        "included_minutes": [100.0, 200.0, 1000.0],
        "overage_price_minutes": [0.5, 0.25, 0.1],
    }
)

CHECKS = (
    "check_estimator_cloneable",
    "check_estimator_tags_renamed",
    "check_estimator_repr",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_no_attributes_set_in_init",
    "check_set_params",
    "check_valid_tag_types",
)


def random_usage(*, customers: int = 40, months: int = 9, seed: int = 1) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    used = random.lognormal(4.9, 0.7, customers)[:, None] * random.lognormal(0, 0.4, (customers, months))
    return pd.DataFrame(
        {
            "customer_id": np.repeat([f"c{each:03d}" for each in range(customers)], months),
            "month": np.tile([f"2025-{month + 1:02d}" for month in range(months)], customers),
            "plan_id": np.repeat(random.choice(PLANS["plan_id"], customers), months),
            "minutes": used.round().ravel(),
        }
    )


@pytest.mark.parametrize("check", CHECKS)
def test_checks_that_ask_for_no_matrix(check):
    getattr(estimator_checks, check)("PlanRecommender", PlanRecommender(Catalogue(PLANS), horizon=2))


def test_fitting_changes_no_parameter_and_forecasting_nothing_at_all():
    usage = random_usage()
    recommender = PlanRecommender(PLANS, n_neighbors=20)
    before = recommender.get_params()
    recommender.fit(usage)
    assert recommender.get_params() == before
    learned = set(vars(recommender)) - set(before)
    assert all(name.endswith("_") for name in learned)
    kept = {name: id(value) for name, value in vars(recommender).items()}
    recommender.predict(usage)
    recommender.score(usage[usage["month"] <= "2025-09"])
    assert {name: id(value) for name, value in vars(recommender).items()} == kept


def test_fitting_again_forgets_what_was_learned_before():
    usage = random_usage()
    again = PlanRecommender(PLANS).fit(random_usage(seed=2)).fit(usage)
    expected = PlanRecommender(PLANS).fit(usage).recommend(usage)
    pd.testing.assert_frame_equal(again.recommend(usage), expected)
    pd.testing.assert_frame_equal(clone(again).fit(usage).recommend(usage), expected)


def test_what_was_learned_persists():
    usage = random_usage()
    recommender = PlanRecommender(Catalogue(PLANS)).fit(usage, exclude=["2025-03"])
    file = io.BytesIO()
    joblib.dump(recommender, file)
    file.seek(0)
    pd.testing.assert_frame_equal(joblib.load(file).recommend(usage), recommender.recommend(usage))


def test_a_grid_search_finds_the_setting_of_least_regret():
    usage = random_usage()
    grid = {"n_own": [0, 20], "half_life": [1.0, 6.0]}
    folds = WalkForwardSplit(2)
    search = GridSearchCV(PlanRecommender(PLANS), grid, scoring=regret_scorer, cv=folds, error_score="raise")
    search.fit(usage)
    expected = {
        (n_own, half_life): cross_val_score(
            PlanRecommender(PLANS, n_own=n_own, half_life=half_life), usage, cv=folds
        ).mean()
        for n_own in grid["n_own"]
        for half_life in grid["half_life"]
    }
    assert search.best_score_ == pytest.approx(max(expected.values()))
    assert expected[search.best_params_["n_own"], search.best_params_["half_life"]] == max(expected.values())
    best = PlanRecommender(PLANS, **search.best_params_).fit(usage)
    assert search.predict(usage).tolist() == best.predict(usage).tolist()


def test_a_random_search_in_two_processes_with_customers():
    usage = random_usage()
    customers = usage[["customer_id", "plan_id"]].drop_duplicates()
    bare = usage.drop(columns="plan_id")
    choices = {"n_neighbors": range(10, 60), "max_windows": [20, 1000]}
    search = RandomizedSearchCV(
        PlanRecommender(PLANS), choices, n_iter=3, cv=WalkForwardSplit(2), random_state=1, n_jobs=2, error_score="raise"
    )
    search.fit(bare, customers=customers)
    alone = RandomizedSearchCV(
        PlanRecommender(PLANS), choices, n_iter=3, cv=WalkForwardSplit(2), random_state=1, error_score="raise"
    )
    alone.fit(usage)
    np.testing.assert_array_equal(search.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"])


def test_it_ends_a_pipeline():
    usage = random_usage()
    line = Pipeline([("advise", PlanRecommender(PLANS))]).fit(usage)
    assert line.predict(usage).tolist() == PlanRecommender(PLANS).fit(usage).predict(usage).tolist()
    assert line.score(usage) == PlanRecommender(PLANS).fit(usage).score(usage)


def test_folds_by_time_are_no_partition():
    usage = random_usage()
    with pytest.raises(ValueError, match="partition"):
        cross_val_predict(PlanRecommender(PLANS), usage, cv=WalkForwardSplit(2))
