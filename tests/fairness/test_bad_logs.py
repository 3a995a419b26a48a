"""Logs that lack something: each answered clearly, and what is there stays useful."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from small_logs import small_log

from cxlib.errors import CxError
from cxlib.fairness import allocation_measures, equal_courtesy, gaps, prepare, tier_substance

RANKS = {"A": 1, "B": 2}


@pytest.fixture(scope="module")
def whole():
    return small_log(2, days=10)


def refusal(call, *args, **options):
    with pytest.raises(CxError) as error:
        call(*args, **options)
    return error.value.code


def test_no_tier_column(whole):
    log = whole.drop(columns="tier")
    assert refusal(gaps, log) == "missing_column"
    assert refusal(tier_substance, log, ranks=RANKS) == "missing_column"
    assert set(allocation_measures(log, by="queue")["queue"]) == {"billing", "technical"}
    assert len(gaps(log, by="queue", outcomes="wait")) == 1


def test_one_tier_only(whole):
    log = whole.assign(tier="A")
    assert refusal(gaps, log) == "one_group"
    assert refusal(tier_substance, log, ranks=RANKS) == "one_group"
    table = allocation_measures(log)
    assert set(table["tier"]) == {"A"}
    assert table.loc[table["measure"] == "mean_wait_s", "value"].notna().all()


def test_no_ranks_yet(whole):
    assert refusal(tier_substance, whole) == "no_ranks"
    assert len(gaps(whole, outcomes="wait")) == 1
    assert set(allocation_measures(whole)["tier"]) == {"A", "B"}


def test_nothing_tells_who_left(whole):
    log = whole.drop(columns=["outcome", "resolved", "csat"])  # no left_at, no started_at
    table = gaps(log, ranks=RANKS)
    assert "abandonment" not in set(table["outcome"])
    assert {"wait", "sla", "handling"} <= set(table["outcome"])
    assert not set(allocation_measures(log)["measure"]) & {"abandonment", "abandonment_offered", "csat"}


def test_nobody_left(whole):
    log = whole.assign(outcome="served")
    (row,) = gaps(log, ranks=RANKS, outcomes="abandonment").itertuples()
    assert (row.like, row.like_reason) == (0, "no_variation")
    assert np.isnan(row.like_ratio)
    verdict = tier_substance(log, ranks=RANKS, outcomes="abandonment")["verdict"]
    assert verdict.tolist() == ["cannot_tell"]


def test_all_waits_are_zero(whole):
    log = whole.assign(wait_ended_at=whole["arrived_at"], outcome="served")
    table = gaps(log, ranks=RANKS).set_index("outcome")
    for name in ("wait", "sla", "abandonment"):
        assert table.loc[name, ["n_reference", "n_other"]].tolist() == [0, 0]
        assert table.loc[name, "like_reason"] == "unknown"
    assert table.loc["resolution", "like_reason"] == ""
    rows = allocation_measures(log).set_index(["tier", "measure"])
    assert rows.loc[("A", "median_wait_s"), "reason"] == "unknown"
    assert rows.loc[("A", "sla_offered"), "value"] == 1


def test_a_log_of_one_day(whole):
    log = whole[whole["arrived_at"] < "2026-03-03"]
    for table, value in (
        (gaps(log, ranks=RANKS, outcomes=["wait", "sla"]), "crude"),
        (allocation_measures(log).query("measure == 'sla'"), "value"),
    ):
        assert table[value].notna().all()
        reasons = table["crude_reason"] if value == "crude" else table["reason"]
        assert set(reasons) == {"too_few_days"}
    assert set(tier_substance(log, ranks=RANKS)["verdict"]) == {"cannot_tell"}


def test_times_without_a_zone_are_read_as_utc(whole):
    naive = whole.assign(
        **{name: whole[name].dt.tz_localize(None) for name in ("arrived_at", "wait_ended_at", "ended_at")}
    )
    pd.testing.assert_frame_equal(gaps(naive, ranks=RANKS), gaps(whole, ranks=RANKS))


def test_started_before_arrived(whole):
    log = whole.assign(started_at=whole["wait_ended_at"])
    odd = log.index[:5]
    log.loc[odd, "started_at"] = log.loc[odd, "arrived_at"] - pd.Timedelta(seconds=30)
    assert prepare(log).problems.set_index("rule").loc["start_before_arrival", "n"] == 5
    table = gaps(log, ranks=RANKS, outcomes="wait")
    assert table["like"].item() == pytest.approx(gaps(whole, ranks=RANKS, outcomes="wait")["like"].item())
    only_starts = log.drop(columns="wait_ended_at")
    assert prepare(only_starts).problems.set_index("rule").loc["end_before_arrival", "n"] == 5
    assert gaps(only_starts, ranks=RANKS, outcomes="wait")["like"].notna().all()


def test_an_empty_log(whole):
    assert refusal(gaps, whole.head(0)) == "one_group"
    assert refusal(tier_substance, whole.head(0), ranks=RANKS) == "one_group"
    assert refusal(equal_courtesy, whole.head(0), ranks=RANKS) == "nothing_to_compare"
