"""Small logs from a law that is known, for tests of what is claimed about them."""

from __future__ import annotations

import numpy as np
import pandas as pd

START = pd.Timestamp("2026-03-02", tz="UTC")


def small_log(seed, *, days=28, per_day=60, slower=1.0, resolved_less=0.0):
    """A log of tiers A and B, which call at different hours and queues and are otherwise served alike.

    B waits `slower` times as long in the same queue and hour, and is settled less often by `resolved_less`. Days differ
    in how busy and how slow they are, by more than chance.
    """
    chance = np.random.default_rng(seed)
    counts = chance.poisson(per_day * np.exp(0.15 * chance.standard_normal(days)))
    day = np.repeat(np.arange(days), counts)
    n = len(day)
    slow = np.exp(0.35 * chance.standard_normal(days))[day]
    hour, technical = 9 + chance.integers(0, 4, n), chance.random(n) < 0.5
    first = chance.random(n) < np.where(hour < 11, 0.55, 0.2) + 0.15 * technical
    usual = 40 * np.where(hour < 11, 2.0, 1.0) * np.where(technical, 1.4, 1.0) * slow
    wait = np.rint(chance.exponential(usual * np.where(first, 1.0, slower))) + 1
    left = chance.random(n) < np.where(hour < 11, 0.2, 0.08)
    arrived = START + pd.to_timedelta(day * 86_400 + hour * 3600 + chance.integers(0, 3600, n), unit="s")
    service = np.rint(chance.exponential(200 * np.where(technical, 1.5, 1.0)))
    resolved = chance.random(n) < np.where(technical, 0.6, 0.85) - resolved_less * ~first
    silent = left | (chance.random(n) < 0.5)
    score = np.clip(np.rint(3.5 + chance.standard_normal(n)), 1, 5)
    return pd.DataFrame(
        {
            "contact_id": pd.Series([f"C{i}" for i in range(n)], dtype="str"),
            "customer_id": pd.Series([f"P{i}" for i in chance.integers(0, 1500, n)], dtype="str"),
            "tier": pd.Series(np.where(first, "A", "B"), dtype="str"),
            "queue": pd.Series(np.where(technical, "technical", "billing"), dtype="str"),
            "arrived_at": arrived.astype("datetime64[us, UTC]"),
            "wait_ended_at": (arrived + pd.to_timedelta(wait, unit="s")).astype("datetime64[us, UTC]"),
            "ended_at": pd.Series(arrived + pd.to_timedelta(wait + service, unit="s"))
            .mask(left)
            .astype("datetime64[us, UTC]"),
            "outcome": pd.Series(np.where(left, "abandoned", "served"), dtype="str"),
            "resolved": pd.array(np.where(left, None, resolved), dtype="boolean"),
            "csat": np.where(silent, np.nan, score),
        }
    )
