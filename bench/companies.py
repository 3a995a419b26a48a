"""Companies on which models are compared: usage, catalogues, customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cxlib.demo import build_demo

if TYPE_CHECKING:
    from pathlib import Path

METERS = ("minutes", "sms", "data_mb")
_NAMES = ["plan_id", "monthly_fee", "minutes", "sms", "gb", "per_minute", "per_sms", "per_gb"]
TWO = [("surf", 20, 500, 50, 15, 0.03, 0.03, 10), ("ultimate", 70, 3000, 1000, 30, 0.01, 0.01, 7)]
LADDER = [
    ("XS", 8, 100, 20, 3, 0.05, 0.05, 10),
    ("S", 14, 300, 30, 8, 0.04, 0.04, 10),
    TWO[0],
    ("M", 30, 800, 80, 18, 0.03, 0.03, 9),
    ("L", 40, 1200, 100, 22, 0.02, 0.02, 8),
    ("XL", 55, 2000, 500, 26, 0.01, 0.01, 8),
    TWO[1],
]


@dataclass(frozen=True)
class Company:
    """A history of usage with a catalogue."""

    name: str
    usage: pd.DataFrame
    plans: pd.DataFrame
    customers: pd.DataFrame | None = None


def demo(seed: int, *, customers: int) -> Company:
    """Return the synthetic operator with its own catalogue."""
    tables = build_demo(seed=seed, customers=customers).tables
    usage, people = (tables[name].to_pandas() for name in ("usage", "customers"))
    return Company(f"demo operator, seed {seed}", usage, tables["plans"].to_pandas(), people)


def megaline_usage(folder: Path) -> pd.DataFrame:
    """Return the real operator's months: calls rounded up to whole minutes, active months only."""
    calls = pd.read_csv(folder / "megaline_calls.csv").assign(minutes=lambda each: np.ceil(each["duration"].round(2)))
    web = pd.read_csv(folder / "megaline_internet.csv")
    texts = pd.read_csv(folder / "megaline_messages.csv")
    parts = [
        frame.groupby(["user_id", frame[day].str[:7].rename("month")])[what].agg(how).rename(name)
        for frame, day, what, how, name in (
            (calls, "call_date", "minutes", "sum", "minutes"),
            (texts, "message_date", "id", "count", "sms"),
            (web, "session_date", "mb_used", "sum", "data_mb"),
        )
    ]
    users = pd.read_csv(folder / "megaline_users.csv").set_index("user_id")
    usage = pd.concat(parts, axis=1).fillna(0.0).reset_index()
    usage["data_mb"] = usage["data_mb"].round(2)
    usage["plan_id"] = usage["user_id"].map(users["plan"])
    return usage.rename(columns={"user_id": "customer_id"}).astype({"customer_id": "str"})


def mobile_plans(rows: list[tuple]) -> pd.DataFrame:
    """Return plans with minutes, messages and started GB as a catalogue has them."""
    plans = pd.DataFrame(rows, columns=_NAMES)
    out = plans[["plan_id"]].assign(monthly_fee=plans["monthly_fee"].astype(float))
    for meter, price in (("minutes", "per_minute"), ("sms", "per_sms")):
        out[f"included_{meter}"], out[f"overage_price_{meter}"] = plans[meter].astype(float), plans[price]
    out["included_data_mb"], out["overage_price_data_mb"] = plans["gb"] * 1024.0, plans["per_gb"].astype(float)
    return out.assign(unit_size_data_mb=1024.0, round_up_data_mb=True)


def random_ladder(usage: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Return two to eight invented plans whose allowances lie where the usage is."""
    random = np.random.default_rng(seed)
    plans = int(random.integers(2, 9))
    step = np.sort(random.uniform(0.1, 0.97, plans))
    out = pd.DataFrame({"plan_id": [f"p{each}" for each in range(plans)]})
    fee = np.full(plans, random.uniform(4, 12))
    for meter, unit, low, high in (
        ("minutes", 10.0, 0.01, 0.03),
        ("sms", 10.0, 0.005, 0.02),
        ("data_mb", 1024.0, 0.6, 2.0),
    ):
        used = usage.loc[usage[meter] > 0, meter]
        place = np.clip(step + random.normal(0, 0.08, plans), 0.02, 0.995)
        included = np.round(used.quantile(place).to_numpy() / unit)
        price = random.uniform(low, high)
        fee += price * included * (1 if meter == "data_mb" else unit)
        out[f"included_{meter}"] = included * unit
        out[f"overage_price_{meter}"] = np.round(price * random.uniform(1.5, 5, plans), 2)
    out.insert(1, "monthly_fee", np.round(fee * random.uniform(0.9, 1.1, plans)))
    return out.assign(unit_size_data_mb=1024.0, round_up_data_mb=True)


def on_ladder(name: str, usage: pd.DataFrame, *, seed: int) -> Company:
    """Return usage with an invented catalogue; each customer holds one of its plans by chance."""
    plans = random_ladder(usage, seed=seed)
    ids = usage["customer_id"].unique()
    held = pd.Series(np.random.default_rng(seed).choice(plans["plan_id"], len(ids)), index=ids)
    return Company(name, usage.assign(plan_id=usage["customer_id"].map(held)), plans)
