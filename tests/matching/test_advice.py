"""The choice between plans equals what a plain calculation over the same bills says."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cxlib.matching.advice import LEAST_WITHIN, advise, new_advice, upper_quantile


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 5),
    st.integers(1, 12),
    st.integers(1, 3),
    st.sampled_from([4, 1000]),
    st.booleans(),
)
def test_against_a_plain_calculation(seed, plans, slots, horizon, spread, capped):
    random = np.random.default_rng(seed)
    n, size = 4, 4 * slots * horizon
    fee = random.integers(0, spread, plans)
    bills = fee[:, None] + random.integers(0, spread, (plans, size)) * random.integers(0, 2, (plans, size))
    within = random.random((plans, size)) < random.choice([0.9, 0.99]) if capped else np.ones((0, 0), dtype=bool)
    over = random.random((plans, size)) < 0.5 if capped else np.ones((0, 0), dtype=bool)
    held, may = random.integers(0, plans, n).astype(np.int32), random.random((n, plans)) < 0.8
    switching, draws = random.integers(0, spread // 2, (n, plans)), random.integers(1, slots + 1, n)
    least, out = int(random.integers(0, spread // 2)), new_advice(n)
    advise(bills, fee, within, over, draws, horizon, held, may, switching, least, np.arange(n), out)
    for b in range(n):
        months = bills.reshape(plans, n, slots, horizon)[:, b, : draws[b]]
        inside = np.ones(plans)
        if capped:
            inside = within.reshape(plans, n, slots, horizon)[:, b, : draws[b]].all(axis=2).mean(axis=1)
        cost = months.sum(axis=2)
        h = held[b]
        extra = [0 if p == h else int(switching[b, p]) for p in range(plans)]
        expected = [cost[p].sum() + extra[p] * draws[b] for p in range(plans)]
        high = [np.quantile(cost[p], 0.9) + extra[p] for p in range(plans)]
        free = [(months[p] == fee[p]).sum() for p in range(plans)]
        if capped:
            free = (~over.reshape(plans, n, slots, horizon)[:, b, : draws[b]]).sum(axis=(1, 2))
        others = [p for p in range(plans) if p != h and may[b, p] and inside[p] >= LEAST_WITHIN]
        choices = [h, *others]
        assert out.cost_held[b] == expected[h] / draws[b]
        np.testing.assert_allclose(high[out.safest[b]], min(high[p] for p in choices))
        assert free[out.headroom[b]] == max(free[p] for p in choices)
        if not others:
            assert out.other[b] == -1
            assert out.advised[b] == out.cheapest[b] == h
            assert np.isnan([out.p_saves[b], out.low[b], out.middle[b], out.high[b], out.cost_other[b]]).all()
            continue
        best = min(others, key=lambda p: (expected[p], p))
        assert out.other[b] == best
        assert out.cheapest[b] == (best if expected[best] < expected[h] else h)
        assert out.advised[b] == (best if expected[h] - expected[best] > least * draws[b] else h)
        assert out.p_saves[b] == (cost[h] - cost[best] - extra[best] > 0).mean()
        np.testing.assert_allclose(out.cost_other[b], cost[best].mean())
        ends = [out.low[b], out.middle[b], out.high[b]]
        np.testing.assert_allclose(ends, np.quantile(cost[h] - cost[best], [0.1, 0.5, 0.9]))
        np.testing.assert_equal(out.p_within[b], inside[out.advised[b]] if capped else np.nan)


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=40), st.floats(0, 1))
def test_a_quantile_from_the_top(values, share):
    found = upper_quantile(np.array(values), share, np.empty(len(values), np.int64))
    np.testing.assert_allclose(found, np.quantile(values, share))
