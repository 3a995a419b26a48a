"""The quick loop for plain rules serves everybody as the general one does."""

from __future__ import annotations

import numpy as np
import pytest

from cxlib.queueing import Accumulating, Courtesy, Fcfs, HeadStart, MaxPasses, Reserved, Strict, WaitCap
from cxlib.queueing.kernels import serve
from cxlib.queueing.ranked_kernel import FEW, serve_ranked

NOTHING = np.zeros(0)


def company(random: np.random.Generator, whole: bool) -> dict[str, np.ndarray]:
    """Return a few dozen customers, often at the same instant, with services of any length, and shifts."""
    n, classes = int(random.integers(1, 60)), int(random.integers(1, 5))
    scale = int(random.choice([1, 3, 10, 1000]))
    arrived, service = np.sort(random.random(n) * n), random.exponential(2, n)
    if whole:
        arrived = np.sort(random.integers(0, scale * n // 2 + 2, n)).astype(float)
        service = random.integers(0, 3 * scale + 2, n).astype(float)
    patience = random.integers(0, 4 * scale + 2, n).astype(float)
    shifts = int(random.integers(1, 6))
    always = random.random() < 0.4
    counts = [1, 2, 3, 5, FEW + 1] if always else [0, 1, 2, 3, 5, FEW + 2]
    return {
        "arrived": arrived,
        "service": service,
        "deadline": arrived + (np.inf if random.random() < 0.3 else patience),
        "classes": random.integers(0, classes, n),
        "level": random.integers(0, 2, classes) if random.random() < 0.5 else np.zeros(classes, dtype=np.int64),
        "advance": random.choice([0.0, 0.0, 1.0, 2.0, 10.0, 100.0], classes),
        "shift_at": np.array([-np.inf])
        if always
        else np.sort(random.integers(-2, int(arrived[-1]) + 3, shifts)).astype(float),
        "shift_servers": random.choice(counts, 1 if always else shifts),
    }


@pytest.mark.parametrize("whole", [True, False], ids=["whole seconds", "any time"])
def test_it_serves_everybody_as_the_general_loop_does(whole):
    random = np.random.default_rng(7 + whole)
    served = left = 0
    for _time in range(4000):
        given = company(random, whole)
        before = [given[name] for name in ("arrived", "service", "deadline", "classes", "level", "advance")]
        after = [given["shift_at"], given["shift_servers"]]
        general = serve(*before, NOTHING, np.inf, -1, NOTHING.astype(np.int64), True, *after)
        quick = serve_ranked(*before, *after)
        np.testing.assert_array_equal(quick[0], general[0])
        np.testing.assert_array_equal(quick[1], general[1])
        served += int((quick[1] >= 0).sum())
        left += int((quick[1] < 0).sum())
    assert min(served, left) > 10_000  # both happened


@pytest.mark.parametrize(
    ("rule", "plain"),
    [
        (Fcfs(), True),
        (Strict(), True),
        (HeadStart([5, 0]), True),
        (Courtesy(Strict()), True),
        (MaxPasses(2), False),
        (WaitCap(9), False),
        (Accumulating([2, 1]), False),
        (Reserved([1, 0]), False),
    ],
)
def test_only_plain_rules_take_it(rule, plain):
    assert rule.ranking([0, 1]).is_plain is plain
