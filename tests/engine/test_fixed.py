"""Decimals as whole numbers: exact or refused."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cxlib.engine.fixed import decimals_of, fixed_chunks, fixed_point, half_up
from cxlib.errors import CxError


@settings(max_examples=100, deadline=None)
@example([(1_397_954_417, 1)])
@given(st.lists(st.tuples(st.integers(-(10**12), 10**12), st.integers(0, 6)), min_size=1, max_size=30))
def test_every_decimal_comes_back_exactly(drawn):
    exact = [Decimal(whole).scaleb(-digits) for whole, digits in drawn]
    floats = [float(value) for value in exact if abs(value) * 10**6 < 10**15]
    kept = [value for value in exact if abs(value) * 10**6 < 10**15]
    assert fixed_point(floats, 6).tolist() == [int(value * 10**6) for value in kept]


def test_fewest_decimals_are_found():
    assert decimals_of([1.0, 2.0]) == 0
    assert decimals_of([1.0, 0.25]) == 2
    assert decimals_of([0.000001]) == 6
    assert decimals_of([]) == 0


def test_noise_of_a_sum_of_floats_is_no_decimal():
    total = sum([0.1] * 3)
    assert total != 0.3
    assert fixed_point([total], 1).tolist() == [3]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ([0.5, 0.1234567], "too_many_decimals"),
        ([1 / 3], "too_many_decimals"),
        ([np.nan], "not_a_number"),
        ([np.inf], "not_a_number"),
        ([1e15], "too_large"),
        ([-1e300], "too_large"),
    ],
)
def test_what_is_not_exact_is_refused(values, code):
    with pytest.raises(CxError) as refused:
        fixed_point(values, 6)
    assert refused.value.code == code
    assert refused.value.values["position"] == len(values) - 1


def test_a_late_value_that_the_sample_missed_widens_type_and_decimals():
    values = np.ones(100_000)
    values[1] = 0.125
    values[3] = 3e9
    room = np.empty(len(values), dtype=np.int32)
    counted, decimals, (low, high) = fixed_chunks([values[:50_001], values[50_001:]], room=room)
    assert (counted.dtype, decimals, low, high) == (np.int64, 3, 0, 3_000_000_000_000)
    assert counted[:4].tolist() == [1000, 125, 1000, 3_000_000_000_000]
    assert set(counted[4:].tolist()) == {1000}


def test_small_numbers_stay_narrow():
    room = np.empty(3, dtype=np.int32)
    counted, decimals, extremes = fixed_chunks([np.array([1.5, -2.0, 0.25])], room=room)
    assert counted is room
    assert (counted.tolist(), decimals, extremes) == ([150, -200, 25], 2, (-200, 150))


def test_half_up():
    assert [half_up(Fraction(k, 4)) for k in range(9)] == [0, 0, 1, 1, 1, 1, 2, 2, 2]
