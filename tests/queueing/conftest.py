"""Ways to write down a simulated queue as the log of a company."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from cxlib.demo import operator as op
from cxlib.demo.build import Demo, build_demo
from cxlib.queueing import draw_poisson, simulate

if TYPE_CHECKING:
    from collections.abc import Callable

T0 = pd.Timestamp("2026-03-02 09:00:00", tz="UTC")


@pytest.fixture(scope="session")
def planted() -> Callable[..., pd.DataFrame]:
    """Write the log of a queue with two tiers, "vip" and "general", under a rule."""

    def write(rule: Any, *, seed: int, contacts: int = 20_000, servers: int = 9, load: float = 0.92) -> pd.DataFrame:
        rates = np.array([0.25, 0.75]) * servers * load / 180
        drawn = draw_poisson(
            arrival_rates=rates, service_rate=1 / 180, customers=contacts, patience_rate=1 / 900, random_state=seed
        )
        run = simulate(
            arrived_s=np.floor(drawn.arrived_s),
            service_s=np.rint(drawn.service_s),
            patience_s=np.rint(drawn.patience_s),
            classes=drawn.classes,
            class_order=[0, 1],
            servers=servers,
            policy=rule,
        )
        left = run["abandoned"]
        ended = T0 + pd.to_timedelta(run["wait_end_s"], unit="s")
        log = pd.DataFrame(
            {
                "contact_id": np.arange(contacts).astype(str),
                "tier": np.where(run["class"] == 0, "vip", "general"),
                "queue": "line",
                "agent_id": np.where(run["server"] >= 0, "A" + run["server"].astype(str), None),
                "arrived_at": T0 + pd.to_timedelta(run["arrived_s"], unit="s"),
                "wait_ended_at": ended,
                "started_at": ended.where(~left),
                "ended_at": T0 + pd.to_timedelta(run["end_s"], unit="s"),
                "outcome": np.where(left, "abandoned", "served"),
            }
        )
        times = ["arrived_at", "wait_ended_at", "started_at", "ended_at"]
        return log.astype(dict.fromkeys(times, "datetime64[us, UTC]"))

    return write


@pytest.fixture(scope="session")
def operator() -> Demo:
    """The demo operator, whose rules and roster are known."""
    return build_demo()


@pytest.fixture(scope="session")
def operator_ranks() -> dict[str, int]:
    """The ranks of its tiers."""
    return {tier: place + 1 for place, tier in enumerate(op.TIERS)}
