"""The demo operator, whose rules and roster are known."""

from __future__ import annotations

import pytest

from cxlib.demo import operator as op
from cxlib.demo.build import Demo, build_demo


@pytest.fixture(scope="session")
def operator() -> Demo:
    """The demo operator, whose rules and roster are known."""
    return build_demo()


@pytest.fixture(scope="session")
def operator_ranks() -> dict[str, int]:
    """The ranks of its tiers."""
    return {tier: place + 1 for place, tier in enumerate(op.TIERS)}
