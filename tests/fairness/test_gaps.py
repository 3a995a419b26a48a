"""Gaps: crude and like for like, worked by hand, naively, on every engine, and over logs whose truth is known."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from small_logs import small_log

from cxlib.errors import CxError
from cxlib.fairness import gap_strata, gaps
from cxlib.fairness.gaps import holm
from cxlib.fairness.intervals import Statistic, day_intervals
from cxlib.fairness.standardising import Cells, standardised
from cxlib.fairness.statistics import STANDARDISED, STANDARDISED_LOG_RATIO
from cxlib.fairness.stratified import stratified

RANKS = {"A": 1, "B": 2}


@pytest.fixture(scope="module")
def four_weeks():
    return small_log(1)


def test_worked_by_hand(log, on_engines):
    # At 9: A waits 10 and 20, B 30. At 10: A waits 100, B 120 and 180. At 11 only A, at 12 only B.
    at = [(0, "A", 10), (1, "A", 20), (2, "B", 30), (3600, "A", 100), (3601, "B", 120), (3602, "B", 180)]
    at += [(7200, "A", 1), (10_800, "B", 999)]
    rows = [(tier, when, when + wait, "served") for when, tier, wait in at]
    for frame in on_engines(log(rows)).values():
        (row,) = gaps(frame, outcomes="wait", ranks=RANKS, min_group=1).itertuples()
        assert (row.reference, row.other, row.n_reference, row.n_other) == ("A", "B", 4, 4)
        assert row.crude == pytest.approx((30 + 120 + 180 + 999 - 10 - 20 - 100 - 1) / 4)
        assert row.common == pytest.approx(110 - 130 / 3)
        # weights of B: one contact at 9, two at 10
        assert row.like == pytest.approx(((30 - 15) + 2 * (150 - 100)) / 3)
        assert (row.like_other, row.like_reference) == pytest.approx((110, (15 + 200) / 3))
        assert row.like_ratio == pytest.approx(330 / 215)
        assert (row.n_strata, row.share_counterpart) == (2, 0.75)
        assert (row.n_days, row.method, row.like_reason) == (1, "none", "too_few_days")
        assert np.isnan([row.like_low, row.crude_low, row.p_value]).all()
        assert row.differs is pd.NA
        assert row.screened
        strata = gap_strata(frame, outcome="wait", ranks=RANKS, min_group=1)
        assert list(strata["hour"]) == [10, 9]
        assert list(strata["contribution"]) == pytest.approx([100 / 3, 5])
        assert list(strata["weight"]) == pytest.approx([2 / 3, 1 / 3])
        assert list(strata["difference"]) == [50, 15]
        assert strata["contribution"].sum() == pytest.approx(row.like)
        assert strata["share_of_gap"].sum() == pytest.approx(1)


def test_a_naive_calculation_gives_the_same_gaps(four_weeks):
    table = gaps(four_weeks, ranks=RANKS, zone="Asia/Shanghai").set_index("outcome")
    local = four_weeks["arrived_at"].dt.tz_convert("Asia/Shanghai")
    log = four_weeks.assign(weekday=local.dt.day_of_week, hour=local.dt.hour)
    log["wait"] = (log["wait_ended_at"] - log["arrived_at"]).dt.total_seconds()
    served = log["outcome"] == "served"
    values = {
        "wait": log["wait"].where(served),
        "sla": (served & (log["wait"] <= 20)).astype(float),
        "abandonment": (~served).astype(float),
        "resolution": log["resolved"].astype("Float64").astype("float64"),
        "csat": log["csat"],
    }
    for name, value in values.items():
        cells = {}
        for row, each in zip(log.itertuples(), value, strict=True):
            if not np.isnan(each):
                cells.setdefault((row.queue, row.weekday, row.hour), {}).setdefault(row.tier, []).append(int(each))
        both = [cell for cell in cells.values() if len(cell) == 2]
        n = sum(len(cell["B"]) for cell in both)
        gap = sum(sum(cell["B"]) - Fraction(len(cell["B"]) * sum(cell["A"]), len(cell["A"])) for cell in both) / n
        assert table.loc[name, "like"] == pytest.approx(float(gap), abs=1e-12)
        means = value.groupby(log["tier"]).mean()
        assert table.loc[name, "crude"] == pytest.approx(means["B"] - means["A"], abs=1e-12)
        assert table.loc[name, "share_counterpart"] == n / value[log["tier"] == "B"].count()


def test_customers_come_again_within_seven_days_on_the_same_topic(log, on_engines):
    day = 86_400
    rows = [("A", when * day, when * day + 5, "served") for when in (0, 7, 14.5, 15, 15, 30, 31)] + [
        ("A", 40 * day, 40 * day + 1, "abandoned")
    ]
    contacts = log(
        rows,
        customer_id=pd.Series(["p"] * 4 + [None, "p", "q", "q"], dtype="str"),
        topic=pd.Series(["bill"] * 3 + ["other"] * 3 + [None] * 2, dtype="str"),
    )
    # Of p on bills: again after 7 days, not after 7.5, not on a bill after that. On other things: not within 15 days.
    # q: nothing within 9 days. The one without a customer tells nothing, nor does an abandoned contact.
    again = {"bill": [True, False, False], "other": [False, False], "missing": [False]}
    for frame in on_engines(pd.concat([contacts, contacts.assign(tier="B")], ignore_index=True)).values():
        table = gaps(frame, outcomes="repeat", ranks=RANKS, min_group=1, strata=())
        expected = sum(map(sum, again.values())), sum(map(len, again.values()))
        assert table["n_other"].item() == expected[1]
    one = contacts.assign(contact_id=[f"D{i}" for i in range(8)], tier="B", customer_id=None)
    table = gaps(pd.concat([contacts, one], ignore_index=True), outcomes="repeat", by="topic", min_group=1, strata=())
    means = dict(zip(table["other"], table["crude_other"], strict=True)) | {
        table["reference"][0]: table["crude_reference"][0]
    }
    assert means == pytest.approx({"bill": 1 / 3, "other": 0})


def test_every_engine_gives_the_same(four_weeks, on_engines):
    customers = pd.DataFrame({"customer_id": [f"P{i}" for i in range(1500)], "region": ["N", "S", "W"] * 500})
    for by, people in (("tier", None), ("region", customers)):
        tables = [
            gaps(frame, by=by, customers=people, strata=("queue", "hour"), ranks=RANKS)
            for frame in on_engines(four_weeks).values()
        ]
        for other in tables[1:]:
            pd.testing.assert_frame_equal(tables[0], other, check_exact=True)


def test_the_kernel_is_the_jackknife_and_bootstrap_of_the_plain_statistic():
    chance = np.random.default_rng(3)
    day = np.repeat(np.arange(30), 6)
    stratum = day % 5 * 6 + np.tile(np.arange(6), 30)
    n = chance.integers(0, 5, (2, 180))
    sums = np.stack([n[0] * chance.integers(20, 80, 180), n[0], n[1] * chance.integers(20, 80, 180), n[1]], axis=1)
    cells = Cells(day=day, stratum=stratum, sums=sums.astype(np.float64), n_days=30, n_strata=30)
    dense = np.zeros((30, 4, 30))
    dense[day, :, stratum] = sums
    for count in (30, 20):  # days seen: a bootstrap, a jackknife
        found = standardised(cells, n_days=count)
        for i, statistic in enumerate((STANDARDISED, STANDARDISED_LOG_RATIO)):
            naive = day_intervals(dense.reshape(30, 1, -1), Statistic(statistic.value), n_days=count)
            for name in ("estimate", "low", "high", "error"):
                assert getattr(found, name)[i] == pytest.approx(getattr(naive, name)[0], rel=1e-9)
            assert found.method[i] == naive.method[0]
            assert found.p_value(0.0)[i] == pytest.approx(naive.p_value(0.0)[0], rel=1e-6)


def test_by_need_known_customers_without_one_are_the_reference(log, on_engines):
    rows = [("A", 60 * i, 60 * i + 10 + 5 * (i % 3), "served") for i in range(60)]
    contacts = log(
        rows,
        need=pd.Series(["senior", None, None] * 20, dtype="str"),
        customer_id=pd.Series(["p", "q", None] * 20, dtype="str"),
    )
    for frame in on_engines(contacts).values():
        (row,) = gaps(frame, outcomes="wait", by="need").itertuples()
        assert (row.reference, row.other) == ("none", "senior")
        assert (row.n_reference, row.n_other) == (20, 20)
        assert row.like == pytest.approx(-5)


def test_fewer_than_the_least_group_are_missing_with_their_n(four_weeks):
    few = pd.concat([four_weeks[four_weeks["tier"] == "A"], four_weeks[four_weeks["tier"] == "B"].head(9)])
    table = gaps(few, ranks=RANKS)
    assert (table["n_other"] <= 9).all()
    numbers = [name for name in table.columns if name.split("_")[0] in {"crude", "common", "like"}]
    assert table[[name for name in numbers if not name.endswith("reason")]].isna().all(axis=None)
    assert set(table["like_reason"]) <= {"too_few", "unknown"}
    assert table["screened"].isna().all()
    assert gap_strata(few, outcome="wait", ranks=RANKS)["mean_other"].isna().all()


def test_no_stratum_in_common_is_said(log):
    rows = [("A", i, i + 9, "served") for i in range(20)] + [("B", 7200 + i, 7200 + i + 9, "served") for i in range(20)]
    (row,) = gaps(log(rows), outcomes="wait", ranks=RANKS).itertuples()
    assert row.crude == 0
    assert (row.like_reason, row.share_counterpart, row.n_strata) == ("no_counterpart", 0, 0)
    assert gap_strata(log(rows), outcome="wait", ranks=RANKS).empty


def test_defaults_of_whom_to_compare(four_weeks):
    alone = gaps(four_weeks, outcomes="wait")
    largest = four_weeks["tier"].value_counts().index[0]
    assert alone["reference"].item() == largest  # no ranks: the largest group, and nobody is said to come first
    assert gaps(four_weeks, outcomes="wait", reference="B")["other"].item() == "A"
    merged = gaps(four_weeks, outcomes="wait", by={"A": "first", "B": "rest"}, reference="first")
    ranked = gaps(four_weeks, outcomes="wait", ranks=RANKS)
    assert merged["like"].item() == ranked["like"].item()
    only = gaps(four_weeks, outcomes="wait", ranks=RANKS, only=("queue", "billing"))
    alone = gaps(four_weeks[four_weeks["queue"] == "billing"], outcomes="wait", ranks=RANKS)
    assert only["like"].item() == pytest.approx(alone["like"].item())


def test_the_screen_is_a_ratio_and_nothing_else(four_weeks):
    ratio = gaps(four_weeks, outcomes="wait", ranks=RANKS)["like_ratio"].item()
    for screen in (abs(np.log(ratio)) / 2, abs(np.log(ratio)) * 2):
        table = gaps(four_weeks, outcomes="wait", ranks=RANKS, screen=np.exp(screen))
        assert table["screened"].item() == (abs(np.log(ratio)) > screen)


def test_holm_by_hand():
    assert holm(np.array([0.01, 0.04, np.nan, 0.03])) == pytest.approx([0.03, 0.06, np.nan, 0.06], nan_ok=True)
    assert holm(np.array([0.9, 0.8])) == pytest.approx([1, 1])


def test_what_cannot_be_is_named(four_weeks):
    def refused(**options):
        with pytest.raises(CxError) as error:
            gaps(four_weeks, **options)
        return error.value.code, error.value.column

    assert refused(by="region") == ("missing_column", "region")
    assert refused(strata=("location",)) == ("missing_column", "location")
    assert refused(other="C") == ("unknown_group", "tier")
    assert refused(outcomes="joy")[0] == "unknown_choice"
    assert refused(screen=0.8)[0] == "bad_screen"
    with pytest.raises(CxError, match="no two groups") as error:
        gaps(four_weeks.assign(tier="A"))
    assert error.value.code == "one_group"


def covered(seeds, *, days, value, **law):
    """Share of logs whose like-for-like interval of the wait contains a value: of the gap, or of the ratio."""
    inside = []
    for seed in seeds:
        (row,) = gaps(small_log(seed, days=days, **law), outcomes="wait", ranks=RANKS).itertuples()
        if value == 0:
            inside.append(row.like_low <= 0 <= row.like_high)
        else:
            inside.append(row.like_ratio_low <= value <= row.like_ratio_high)
    return np.mean(inside)


@pytest.mark.parametrize("days", [14, 28])
def test_composition_convicts_nobody_and_a_planted_gap_is_recovered(days):
    assert covered(range(24), days=days, value=0) >= 0.85
    planted = covered(range(24), days=days, value=1.4, slower=1.4)
    assert planted >= 0.85


@pytest.mark.slow
@pytest.mark.parametrize("days", [14, 28])
def test_composition_convicts_nobody_in_200_logs(days):
    assert 0.90 <= covered(range(1000, 1200), days=days, value=0) <= 0.99


@pytest.mark.slow
@pytest.mark.parametrize("days", [14, 28])
def test_a_planted_gap_is_recovered_in_200_logs(days):
    assert 0.90 <= covered(range(2000, 2200), days=days, value=1.4, slower=1.4) <= 0.99


def test_a_few_customers_who_come_often_prove_little():
    # Of B, one customer makes every second contact and is never settled; everybody else is settled at 80 %.
    log = small_log(11, per_day=80)
    chance = np.random.default_rng(3)
    heavy = (log["tier"] == "B") & (chance.random(len(log)) < 0.5)
    log["customer_id"] = log["customer_id"].mask(heavy, "P0")
    settled = pd.array(np.where(heavy, False, chance.random(len(log)) < 0.8), dtype="boolean")
    log["resolved"] = pd.Series(settled).mask(log["outcome"] == "abandoned")
    known = gaps(log, ranks={"A": 1, "B": 2}, outcomes="resolution", strata=["hour"]).iloc[0]
    assert known["p_value"] > 0.2  # by days alone it is beyond any doubt
    assert known["like_high"] < -0.2
    nobody = gaps(log.drop(columns="customer_id"), ranks={"A": 1, "B": 2}, outcomes="resolution", strata=["hour"]).iloc[
        0
    ]
    assert nobody["p_value"] < 1e-6
    assert nobody["like_low"] == known["like_low"]


def test_the_error_by_customers_leaves_out_customer_after_customer():
    log = small_log(5, days=10, per_day=30)
    ranks = {"A": 1, "B": 2}
    tally = stratified(log, by="tier", outcomes=["resolution"], strata=["hour"], ranks=ranks)
    found = standardised(
        tally.cells("resolution", "A", "B"), n_days=10, customers=tally.customer_cells("resolution", "A", "B")
    )

    def gap(rows):
        sides = {}
        for tier, mine in rows.dropna(subset=["resolved"]).groupby("tier"):
            sides[tier] = mine.groupby(mine["arrived_at"].dt.hour)["resolved"].agg(["sum", "count"]).astype(float)
        both = sides["B"].join(sides["A"], suffixes=("_b", "_a"), how="inner")
        apart = both["sum_b"] / both["count_b"] - both["sum_a"] / both["count_a"]
        return (apart * both["count_b"]).sum() / both["count_b"].sum()

    told = log.dropna(subset=["resolved"])
    people = told["customer_id"].unique()
    whole = gap(told)
    squares = sum((gap(told[told["customer_id"] != each]) - whole) ** 2 for each in people)
    n = len(people)
    assert found.n_customers == n
    assert found.error_customers[0] == pytest.approx(np.sqrt(squares * (n - 1) / n), rel=1e-9)
