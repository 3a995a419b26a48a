from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxlib.errors import CxError
from cxlib.fairness.waits import waits

MICROSECOND = 1e-6
NAMES = {"0": "regular", "1": "regular", "2": "VIP"}

# priority, n queued, served, abandonment, mean, median, p90, SLA 20, 60, 90
BANK = [
    ("0", 5023, 2905, 0.42166, 106.066, 70, 254.6, 0.10950, 0.26797, 0.33187),
    ("1", 4238, 3327, 0.21496, 81.401, 58, 182, 0.15833, 0.40538, 0.51345),
    ("2", 8766, 7863, 0.10301, 67.219, 45, 155.8, 0.21926, 0.54803, 0.67568),
]
BANK_GROUPS = [
    ("VIP", 8766, 7863, 0.10301, 67.219, 45, 155.8, 0.21926, 0.54803, 0.67568),
    ("regular", 9261, 6232, 0.32707, 92.898, 62, 217, 0.13184, 0.33085, 0.41497),
]
BANK_REGULAR_ACTIVITY = [
    ("VIP", 7198, 6436, 0.10586, 63.534, 43, 147, 0.22798, 0.56418, 0.69089),
    ("regular", 4062, 3157, 0.22280, 79.240, 56, 179, 0.16814, 0.41064, 0.51723),
]
COLUMNS = ["tier", "n_queued", "n_served_queued", "abandonment", "mean_wait_s", "median_wait_s", "p90_wait_s"]
COLUMNS += ["sla_20", "sla_60", "sla_90"]


def as_published(table):
    rounded = table[COLUMNS].round(dict.fromkeys(("abandonment", "sla_20", "sla_60", "sla_90"), 5))
    return [tuple(row) for row in rounded.round({"mean_wait_s": 3, "p90_wait_s": 1}).itertuples(index=False)]


@pytest.mark.real_data
def test_the_bank_by_priority(bank_calls):
    assert as_published(waits(bank_calls)) == BANK


@pytest.mark.real_data
def test_the_bank_in_two_groups(bank_calls):
    table = waits(bank_calls, by=NAMES)
    assert as_published(table) == BANK_GROUPS
    assert dict(zip(table["tier"], table["virtual_wait_s"], strict=True)) == {"VIP": 50, "regular": 92}


@pytest.mark.real_data
def test_the_bank_on_regular_activity_only(bank_calls):
    assert as_published(waits(bank_calls[bank_calls["queue"] == "PS"], by=NAMES)) == BANK_REGULAR_ACTIVITY


@pytest.mark.real_data
def test_the_bank_is_the_same_on_every_engine(bank_calls, on_engines):
    results = [waits(frame, by=["tier", "queue"]) for frame in on_engines(bank_calls).values()]
    for other in results[1:]:
        pd.testing.assert_frame_equal(results[0], other, check_exact=True)


def test_a_log_worked_by_hand(log, on_engines):
    # Waits: served 10, 30, 0 (not queued); one left after 20; two wait still at 100 s: one for 95 s, one for 15 s.
    rows = [
        ("a", 0, 10, "served"),
        ("a", 0, 30, "served"),
        ("a", 50, 50, "served"),
        ("a", 20, 40, "abandoned"),
        ("a", 5, None, None),
        ("a", 85, None, None),
        ("b", 100, 100, "served"),
    ]
    for frame in on_engines(log(rows)).values():
        table = waits(frame, thresholds=(15, 20), min_group=1).set_index("tier")
        a = table.loc["a"]
        counts = a[["n", "n_queued", "n_served", "n_served_queued", "n_abandoned", "n_abandoned_queued", "n_waiting"]]
        assert list(counts) == [6, 5, 3, 2, 1, 1, 2]
        assert a["abandonment"] == 1 / 5
        assert a["abandonment_offered"] == 1 / 6
        assert (a["mean_wait_s"], a["median_wait_s"], a["p90_wait_s"]) == (20, 20, 28)
        # within 15 s: 10 of queued; the one waiting for exactly 15 s is not yet late and does not count
        assert a["sla_15"] == 1 / 4
        assert a["sla_15_offered"] == 2 / 5
        assert a["sla_20"] == 1 / 4
        # at risk 5 at 10 s (S = .8), 2 at 30 s (S = .4)
        assert a["virtual_wait_s"] == 30
        assert not a["too_few"]
        assert table.loc["b", "n_queued"] == 0
        assert np.isnan(table.loc["b", "mean_wait_s"])
        assert table.loc["b", "sla_20_offered"] == 1


def test_half_served_is_the_median_though_factors_round(log):
    # ten queued contacts, served one by one: S(t) is 1 - k/10, exactly one half at the fifth
    table = waits(log([("a", 0, k, "served") for k in range(1, 11)]))
    assert table["virtual_wait_s"].item() == 5


def test_nobody_served_has_no_median_wait(log):
    table = waits(log([("a", 0, 5, "abandoned")] * 12))
    assert table["virtual_wait_s"].item() == np.inf
    assert np.isnan(table["median_wait_s"].item())


def test_too_few_keeps_its_n_and_says_so(log):
    rows = [("many", i, i + 5, "served") for i in range(10)] + [("few", i, i + 5, "served") for i in range(9)]
    table = waits(log(rows)).set_index("tier")
    assert list(table["n"]) == [9, 10]
    assert list(table["too_few"]) == [True, False]
    assert table.loc["few"].drop(["too_few", *(c for c in table.columns if c.startswith("n"))]).isna().all()
    assert table.loc["many"].notna().all()


def test_a_missing_tier_is_a_group_and_comes_last(log, on_engines):
    rows = [("b", 0, 1, "served"), (None, 0, 2, "served"), ("a", 0, 3, "served")]
    for frame in on_engines(log(rows)).values():
        tiers = waits(frame, min_group=1)["tier"]
        assert list(tiers[:2]) == ["a", "b"]
        assert pd.isna(tiers[2])
        assert waits(frame, min_group=1)["virtual_wait_s"].tolist() == [3, 1, 2]


def test_ranks_order_the_rows(log):
    rows = [("low", 0, 1, "served"), ("high", 0, 2, "served")]
    assert list(waits(log(rows), ranks={"low": 1, "high": 2})["tier"]) == ["low", "high"]


def test_all_waits_zero(log):
    table = waits(log([("a", i, i, "served") for i in range(12)]))
    assert table["n_queued"].item() == 0
    assert table["sla_20_offered"].item() == 1
    assert table["too_few"].item()


def test_an_empty_log_gives_no_rows(log, on_engines):
    for frame in on_engines(log([])).values():
        assert len(waits(frame)) == 0


def test_without_tiers_it_says_which_column_lacks(log):
    with pytest.raises(CxError) as error:
        waits(log([("a", 0, 1, "served")]).drop(columns="tier"))
    assert (error.value.code, error.value.column) == ("missing_column", "tier")


def test_a_threshold_below_zero_is_refused(log):
    with pytest.raises(CxError, match="no length of a wait"):
        waits(log([("a", 0, 1, "served")]), thresholds=(-1,))
