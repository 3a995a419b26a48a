"""What several tests share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent
T0 = pd.Timestamp("2026-03-02 09:00:00", tz="UTC")


class TogetherByFile(LoadScopeScheduling):
    """Gives each process whole files, and all that is looked at in a browser to one: it shares one server."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::", 1)[0]
        return "tests/browser" if path.startswith("tests/browser/") else path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> TogetherByFile:
    """Return how tests are shared out between processes."""
    return TogetherByFile(config, log)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the real data sets; the test is skipped where it is absent."""
    folder = ROOT / os.environ.get("CXLIB_REAL_DATA", "../shared/data")
    if not folder.is_dir():
        pytest.skip(f"no real data in {folder} (CXLIB_REAL_DATA names the folder)")
    return folder


@pytest.fixture(scope="session")
def bank_calls(real_data: Path) -> pd.DataFrame:
    """The bank's calls of February 1999 as a typed table of contacts: dropped rows gone, tiers "0", "1", "2"."""
    raw = pd.read_csv(real_data / "anonymous_bank/calls_1999_02.txt", sep="\t", dtype=str, encoding="latin-1")
    raw = raw[raw["outcome"] != "PHANTOM"].reset_index(names="line")
    day = pd.to_datetime(raw["date"], format="%y%m%d", utc=True)
    clock = {
        name: day + pd.to_timedelta(raw[name]) for name in ("vru_exit", "q_start", "q_exit", "ser_start", "ser_exit")
    }
    for name in ("q_exit", "ser_start", "ser_exit"):
        clock[name] = clock[name].where(raw[name] != "0:00:00")
    next_day = pd.Timedelta(days=1)
    queued = (raw["q_start"] != "0:00:00") & (raw["q_time"].astype(int) > 0)
    left_queue = clock["q_exit"].where(queued)
    left_queue = left_queue.where(~(left_queue < clock["q_start"]), left_queue + next_day)
    arrived = clock["q_start"].where(queued, clock["ser_start"].fillna(clock["vru_exit"]))
    started = clock["ser_start"].where(~(clock["ser_start"] < arrived), clock["ser_start"] + next_day)
    ended = clock["ser_exit"].where(~(clock["ser_exit"] < started), clock["ser_exit"] + next_day)
    return pd.DataFrame(
        {
            "contact_id": raw["vru+line"] + "-" + raw["call_id"] + "-" + raw["line"].astype(str),
            "customer_id": raw["customer_id"],
            "tier": raw["priority"],
            "queue": raw["type"],
            "arrived_at": arrived.astype("datetime64[us, UTC]"),
            "wait_ended_at": left_queue.where(queued, arrived).astype("datetime64[us, UTC]"),
            "started_at": started.astype("datetime64[us, UTC]"),
            "ended_at": ended.astype("datetime64[us, UTC]"),
            "outcome": raw["outcome"].map({"AGENT": "served", "HANG": "abandoned"}),
            "queued": queued,
        }
    )


@pytest.fixture(scope="session")
def planted() -> Callable[..., pd.DataFrame]:
    """Return a function that writes the log of a queue with two tiers, "vip" and "general", under a rule."""

    def write(rule: Any, *, seed: int, contacts: int = 20_000, servers: int = 9, load: float = 0.92) -> pd.DataFrame:
        from cxlib.queueing import draw_poisson, simulate  # noqa: PLC0415 - most tests do without

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
