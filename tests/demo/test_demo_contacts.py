"""The quarter of contacts of the made-up operator: the queue's mechanics, and what is planted in it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxlib.demo import operator as op
from cxlib.fairness.overtakes import overtakes_by_contact

TOP, SECOND, SYMBOLIC, REGULAR = op.TIERS
POOL = ["queue", "location"]


def pools(log):
    for _, pool in log.groupby(POOL, dropna=False):
        yield pool.sort_values(["arrived_at_s", "contact_id"], ignore_index=True)


def test_it_is_a_quarter_in_the_opening_hours_of_several_queues(log):
    assert 60_000 < len(log) < 100_000
    assert set(log["queue"]) == {"billing", "technical", "sales", "counter"}
    assert log.loc[log["channel"] == "branch", "location"].nunique() == 2
    assert (log["location"].notna() == (log["queue"] == "counter")).all()
    local = log["arrived_at"].dt.tz_convert("Asia/Shanghai")
    assert local.min() >= pd.Timestamp("2026-04-01", tz="Asia/Shanghai")
    assert local.max() < pd.Timestamp("2026-07-01", tz="Asia/Shanghai")
    assert local.dt.hour.between(9, 17).all()
    by_hour = local.dt.hour.value_counts()
    assert by_hour[10] > 1.8 * by_hour[13]
    by_day = log.groupby([local.dt.date])["contact_id"].count()
    assert by_day.std() / by_day.mean() > 0.1  # weekdays differ, and so do days


def test_times_and_outcomes_fit_together(demo, log):
    assert (log["wait_s"] >= 0).all()
    assert (log["queued"] == (log["wait_s"] > 0)).all()
    served, left = log[log["served"]], log[~log["served"]]
    assert (served["started_at"] == served["wait_ended_at"]).all()
    assert (served["ended_at_s"] - served["started_at_s"] == served["service_s_true"]).all()
    assert served["agent_id"].notna().all()
    assert (left["left_at"] == left["wait_ended_at"]).all()
    assert left[["started_at", "ended_at", "agent_id", "resolved", "csat"]].isna().all(axis=None)
    assert (left["wait_s"] == left["patience_s_true"]).all()
    assert (served["wait_s"] <= served["patience_s_true"]).all()
    dropped = demo.tables["contacts"].to_pandas().query("outcome == 'dropped'")
    assert 0.002 < len(dropped) / len(log) < 0.006
    assert dropped["customer_id"].isna().all()


def test_whoever_starts_has_the_earliest_key_of_all_who_wait(demo, log):
    rules = demo.truth.rules
    ahead = log[["contact_id", "queue", "location", "tier_true", "need_true"]].merge(
        rules,
        left_on=["queue", "location", "tier_true", "need_true"],
        right_on=["queue", "location", "tier", "need"],
        validate="m:1",
    )
    log = log.merge(ahead[["contact_id", "head_start_s"]], on="contact_id", validate="1:1")
    assert (log["head_start_s"] == log["head_start_s_true"]).all()
    compared = 0
    for pool in pools(log):
        arrived, ended = pool["arrived_at_s"].to_numpy(), pool["wait_ended_at_s"].to_numpy()
        key, served = arrived - pool["head_start_s"].to_numpy(), pool["served"].to_numpy()
        for lag in range(1, 120):
            for first, second in ((slice(None, -lag), slice(lag, None)), (slice(lag, None), slice(None, -lag))):
                # `first` was started while `second` was in line.
                together = served[first] & (arrived[second] <= ended[first]) & (ended[first] < ended[second])
                assert (key[first] <= key[second])[together].all()
                compared += together.sum()
    assert compared > 20_000


def test_nobody_waits_while_an_agent_on_duty_is_free(demo, log):
    roster = demo.truth.roster.assign(
        from_s=(demo.truth.roster["from_at"] - pd.Timestamp("2026-04-01", tz="UTC")).dt.total_seconds()
    )
    for pool in pools(log):
        queue, location = pool["queue"][0], pool["location"].fillna("")[0]
        duty = roster[(roster["queue"] == queue) & (roster["location"].fillna("") == location)]
        on_duty = duty["agents"].to_numpy()[np.searchsorted(duty["from_s"], pool["arrived_at_s"], side="right") - 1]
        starts, ends = np.sort(pool["started_at_s"].dropna()), np.sort(pool["ended_at_s"].dropna())
        # In service right after each arrival, those included who end the shift before with a customer.
        at = pool["arrived_at_s"].to_numpy()
        busy = np.searchsorted(starts, at, side="right") - np.searchsorted(ends, at, side="right")
        assert (busy[pool["wait_s"] > 0] >= on_duty[pool["wait_s"] > 0]).all()


def test_no_agent_serves_two_at_once(log):
    served = log[log["served"]].sort_values(["agent_id", "started_at_s"])
    same = served["agent_id"].to_numpy()[1:] == served["agent_id"].to_numpy()[:-1]
    assert (served["started_at_s"].to_numpy()[1:] >= served["ended_at_s"].to_numpy()[:-1])[same].all()
    assert 30 < served["agent_id"].nunique() < 150
    assert served.groupby("agent_id")["queue"].nunique().max() == 1


def test_passed_is_counted_as_defined(log):
    billing = next(pool for pool in pools(log) if pool["queue"][0] == "billing")
    part = billing[(billing["wait_s"] > 0) & (billing["arrived_at_s"] < 20 * 86_400)]
    arrived, ended, served = (billing[c].to_numpy() for c in ("arrived_at_s", "wait_ended_at_s", "served"))
    for row in part.sample(400, random_state=1).itertuples():
        passers = served & (arrived > row.arrived_at_s) & (ended < row.wait_ended_at_s)
        assert row.passed_true == passers.sum()
    assert (log.loc[~log["queued"].astype(bool), "passed_true"] == 0).all()


def test_the_product_counts_the_same_passes(demo, log):
    counted = overtakes_by_contact(demo.tables["contacts"])
    both = log.merge(counted[["contact_id", "passed"]], on="contact_id", validate="1:1")
    assert len(both) == len(log)
    assert (both["passed"] == both["passed_true"]).all()


def test_waits_and_abandonment_are_those_of_a_busy_operator(log):
    queued = log[log["queued"].astype(bool)]
    assert 30 < queued["wait_s"].median() < 90
    billing = log[log["queue"] == "billing"]
    hour = billing["arrived_at"].dt.tz_convert("Asia/Shanghai").dt.hour
    for busy in (10, 11, 15):
        assert 0.08 < 1 - billing.loc[hour == busy, "served"].mean() < 0.20
    regular = queued[(queued["queue"] == "billing") & (queued["tier"] == REGULAR)]
    assert 0.28 < (regular["passed_true"] > 0).mean() < 0.40


def mean_wait(log, queue):
    queued = log[log["queued"].astype(bool) & (log["queue"] == queue)]
    return queued.groupby("tier")["wait_s"].mean()


def test_priority_shortens_waits_in_billing_and_is_reversed_in_technical(log):
    billing, technical = mean_wait(log, "billing"), mean_wait(log, op.REVERSED_QUEUE)
    assert billing[TOP] < 0.85 * billing[SECOND] < 0.85 * billing[SYMBOLIC]
    assert technical[TOP] > 1.05 * technical[SECOND] > 1.05 * technical[SYMBOLIC]


def test_the_rule_in_force_is_not_the_one_declared(demo):
    tiers = demo.tables["tiers"].to_pandas().set_index("tier")
    force = demo.truth.rules.query("queue == 'billing' and need == ''").set_index("tier")["head_start_s"]
    assert tiers["declared_rule"].to_dict() == {
        TOP: "head start 60 s",
        SECOND: "head start 30 s",
        SYMBOLIC: "head start 20 s",
        REGULAR: "first come, first served",
    }
    assert force.to_dict() == {TOP: 120, SECOND: 60, SYMBOLIC: 0, REGULAR: 0}
    assert tiers["rank"].to_dict() == {TOP: 1, SECOND: 2, SYMBOLIC: 3, REGULAR: 4}


def like_for_like(log, value, lower, upper):
    """Mean difference upper - lower over strata of queue, weekday and hour, weighted by the lower tier's contacts."""
    local = log["arrived_at"].dt.tz_convert("Asia/Shanghai")
    cells = log.assign(value=value, weekday=local.dt.day_of_week, hour=local.dt.hour).dropna(subset="value")
    means = cells.pivot_table(index=["queue", "weekday", "hour"], columns="tier_true", values="value", aggfunc="mean")
    counts = cells[cells["tier_true"] == lower].groupby(["queue", "weekday", "hour"]).size()
    gap = (means[upper] - means[lower]).dropna()
    weight = counts.reindex(gap.index).fillna(0)
    return (gap * weight).sum() / weight.sum()


def test_the_symbolic_tier_has_its_name_and_nothing_else(log):
    queued = log[log["queued"].astype(bool)]
    regular = queued.loc[queued["tier"] == REGULAR, "wait_s"].mean()
    assert abs(like_for_like(queued, queued["wait_s"], REGULAR, SYMBOLIC)) < 0.05 * regular
    served = log[log["served"]]
    assert abs(like_for_like(served, served["resolved"].astype(float), REGULAR, SYMBOLIC)) < 0.02
    assert abs(like_for_like(served, served["csat"], REGULAR, SYMBOLIC)) < 0.08
    assert abs(like_for_like(served, served["service_s_true"], REGULAR, SYMBOLIC)) < 10


def test_top_customers_are_settled_and_satisfied_a_little_more(log):
    served = log[log["served"]]
    assert like_for_like(served, served["resolved"].astype(float), REGULAR, TOP) == pytest.approx(0.05, abs=0.02)
    assert like_for_like(served, served["csat"], REGULAR, TOP) > 0.2


def test_seniors_are_settled_less_often_in_every_queue(log):
    served = log[log["served"]]
    share = served.pivot_table(
        index="queue", columns=served["need_true"].eq("senior"), values="resolved", aggfunc=lambda v: v.mean()
    ).astype(float)
    assert ((share[True] - share[False]) < -0.06).all()
    assert (share[True] - share[False]).mean() == pytest.approx(-0.12, abs=0.03)


def test_needs_get_a_head_start_at_the_counter_and_nowhere_else(demo):
    rules = demo.truth.rules.query("tier == @REGULAR").pivot_table(index="queue", columns="need", values="head_start_s")
    gain = rules["senior"] - rules[""]
    assert gain.to_dict() == {"billing": 0, "counter": 120, "sales": 0, "technical": 0}
    assert (rules["disabled"] == rules["senior"]).all()


def variation(log):
    shares = [
        part["tier"].fillna("missing").value_counts(normalize=True)
        for _, part in log.groupby(log["queued"].astype(bool))
    ]
    return shares[0].sub(shares[1], fill_value=0).abs().sum() / 2


def test_labels_are_missing_where_nobody_queued_and_trap_one_queue(log, customers):
    hidden = ~log["identified_true"]
    assert log.loc[hidden, ["customer_id", "tier", "need"]].isna().all(axis=None)
    assert (log.loc[hidden, "wait_s"] == 0).all()
    known = log[~hidden].merge(customers, on="customer_id", suffixes=("", "_of_customer"), how="left", validate="m:1")
    assert (known["tier"] == known["tier_of_customer"]).all()
    assert (known["need"].fillna("") == known["need_of_customer"].fillna("")).all()
    by_queue = log.groupby("queue")[["tier", "queued"]].apply(variation)
    assert by_queue[op.TRAP_QUEUE] > 0.6
    assert (by_queue.drop(op.TRAP_QUEUE) < 0.3).all()
    assert variation(log) < 0.5


def test_only_customers_of_the_day_make_contact(log, customers):
    known = log.dropna(subset="customer_id").merge(customers, on="customer_id", suffixes=("", "_of_customer"))
    day = known["arrived_at"].dt.tz_convert("Asia/Shanghai").dt.tz_localize(None).dt.normalize()
    assert (day >= known["joined_on"]).all()
    assert not (day > known["left_on"]).any()


def test_being_passed_often_costs_satisfaction(log):
    queued = log[log["queued"].astype(bool) & log["served"] & (log["queue"] == "billing")]
    band = pd.cut(queued["wait_s"], [0, 60, 120, 180, 300, 1e6])
    often = queued["passed_true"] >= op.PASSED_MUCH
    means = queued.assign(band=band, often=often).pivot_table(
        index="band", columns="often", values="csat", aggfunc=["mean", "count"], observed=True
    )
    enough = means["count"][True] >= 15
    gap = (means["mean"][True] - means["mean"][False])[enough]
    assert enough.sum() >= 2
    assert np.average(gap, weights=means["count"][True][enough]) == pytest.approx(op.CSAT_PASSED, abs=0.3)


def test_being_passed_often_makes_customers_leave(demo, log, customers):
    known = log.dropna(subset="customer_id").merge(customers, on="customer_id", suffixes=("", "_of_customer"))
    day = known["arrived_at"].dt.tz_convert("Asia/Shanghai").dt.tz_localize(None).dt.normalize()
    leaves = (known["left_on"] - day).dt.days.le(90)
    often = known["passed_true"] >= op.PASSED_MUCH
    assert often.sum() > 300
    assert leaves[~often].mean() == pytest.approx(0.035, abs=0.015)
    assert leaves[often].mean() - leaves[~often].mean() == pytest.approx(op.LEAVING_PASSED, abs=0.05)
    because = demo.truth.leavers.merge(log, on="contact_id", suffixes=("", "_of_contact"), validate="1:1")
    assert (because["passed_true"] >= op.PASSED_MUCH).all()
    left_on = because["customer_id"].map(customers.set_index("customer_id")["left_on"])
    assert (left_on == because["left_on"]).all()


def test_raw_names_are_status_words_and_shown_names_are_not(demo):
    tiers, plans = demo.tables["tiers"].to_pandas(), demo.tables["plans"].to_pandas()
    assert tiers["tier"].tolist() == ["贵宾", "金卡", "银卡", "普卡"]
    assert tiers["display_name_en"].tolist() == ["Priority", "Level 2", "Level 3", "Regular"]
    assert tiers["display_name_zh"].tolist() == ["优先", "二级", "三级", "普通"]
    assert plans["name"].str.contains("Platinum").any()
