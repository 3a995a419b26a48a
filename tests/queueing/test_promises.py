"""Promises, whether they are kept, and the mildest rule that keeps them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cxlib.demo import operator as op
from cxlib.errors import CxError
from cxlib.queueing import Fcfs, HeadStart, Promise, Strict, calibrate, kept, replicate, solve
from cxlib.queueing.runs import ALL

RANKS = {"vip": 1, "general": 2}
FEW = {"replications": 3, "random_state": 2}


@pytest.fixture(scope="module")
def queue(planted):
    return calibrate(planted(HeadStart([40, 0]), seed=5, contacts=6000), ranks=RANKS)


def mean_wait(queue, rule, group="vip"):
    return float(replicate(queue.replayed(), {"r": rule}, **FEW).values("r", group, "mean_wait_s").mean())


def test_the_least_head_start_is_the_first_second_that_keeps_the_promise(queue):
    bound = (mean_wait(queue, Fcfs()) + mean_wait(queue, Strict())) / 2
    found = solve(queue, [Promise("vip", "mean_wait_s", bound)], **FEW)
    assert found.rule == HeadStart({"vip": found.value})
    assert mean_wait(queue, found.rule) <= bound < mean_wait(queue, HeadStart({"vip": found.value - 1}))
    assert found.kept["kept"].all()


def test_where_none_keeps_all_the_one_that_comes_closest_is_told(queue):
    both = [Promise("vip", "mean_wait_s", 0.01), Promise("general", "mean_wait_s", mean_wait(queue, Fcfs(), "general"))]
    found = solve(queue, both, **FEW)
    assert found.value is None
    assert found.closest == found.tried.sort_values(["short", "value"])["value"].iloc[0]
    assert not found.tried["all_kept"].any()
    assert found.kept["kept"].tolist() != [True, True]


def test_the_largest_number_of_passes(queue):
    found = solve(queue, [Promise("general", "most_passed", 3)], family="max_passes", **FEW)
    assert found.value == 3
    assert found.kept["value"].iloc[0] <= 3


def test_the_fewest_agents(queue):
    today = float(replicate(queue.replayed(), {"r": Fcfs()}, **FEW).values("r", ALL, "abandonment").mean())
    more = solve(queue, [Promise(ALL, "abandonment", today / 3)], family="agents", **FEW)
    assert more.value >= 1
    by_value = more.tried.set_index("value")["all_kept"]
    assert by_value[more.value]
    assert not by_value[more.value - 1]
    fewer = solve(queue, [Promise(ALL, "abandonment", 0.9)], family="agents", **FEW)
    assert fewer.value < 0


def test_how_sure_a_promise_is_kept_by_hand(queue):
    runs = replicate(queue.replayed(), {"r": Fcfs()}, replications=4)
    values = np.array([0.5, 0.6, 0.7, 0.8])
    by_class = runs.by_class.assign(sla=runs.by_class["replication"].map(dict(enumerate(values))))
    runs = replace(runs, by_class=by_class)
    table = kept(runs, "r", [Promise("vip", "sla", bound) for bound in (0.4, 0.6, 0.9)]).set_index("bound")
    # mean .65, standard error .0645, t of three degrees 3.182: .4446 to .8554
    assert table["kept"].tolist() == [True, True, False]
    assert table["sure"].tolist() == [True, False, False]
    assert table["share"].tolist() == [1, 0.75, 0]
    assert table.loc[0.6, ["low", "high"]].tolist() == pytest.approx([0.4446, 0.8554], abs=1e-4)


def test_what_cannot_be_asked(queue):
    for call, code in (
        (lambda: Promise("vip", "kindness", 1), "bad_promise"),
        (lambda: solve(queue, []), "no_promises"),
        (lambda: solve(queue, [Promise("vip", "sla", 0.5)], family="luck"), "unknown_choice"),
        (lambda: solve(queue, [Promise("nobody", "sla", 0.5)], **FEW), "unknown_choice"),
    ):
        with pytest.raises(CxError) as error:
            call()
        assert error.value.code == code


def test_a_search_can_be_stopped(queue):
    class StoppedError(Exception):
        pass

    def stop(_share):
        raise StoppedError

    with pytest.raises(StoppedError):
        solve(queue, [Promise("vip", "mean_wait_s", 0.01)], report=stop, **FEW)


def test_the_operator_keeps_what_it_promises_with_more_agents(operator, operator_ranks):
    found = calibrate(operator.tables["contacts"], where={"queue": "sales"}, ranks=operator_ranks, zone=op.ZONE)
    promise = Promise(op.TOP_TIER, "sla", 0.6)
    answer = solve(found, [promise], family="agents", rule=Strict(), sla_s=60, replications=5)
    with_them = replicate(
        found.with_servers(answer.value).replayed(), {"r": Strict()}, replications=20, sla_s=60, random_state=9
    )
    assert with_them.values("r", op.TOP_TIER, "sla").mean() >= 0.58
