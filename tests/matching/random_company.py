"""Small random companies whose catalogues have every feature at once."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pandas as pd
from naive_bills import FIRST, day

METERS = ("minutes", "data_mb")
MONTHS = 12
_NONE = {
    "min_charge": 0.0,
    "promo_months": 0,
    "promo_fee": None,
    "next_plan_id": None,
    "pooled": False,
    "line_fee": 0.0,
}


def some(rng, *values):
    return values[rng.integers(len(values))]


def money(rng, most, digits=3):
    return float(np.round(most * rng.random(), int(rng.integers(0, digits + 1))))


def tiers_text(rng):
    bounds = np.unique(np.round(np.cumsum(rng.random(int(rng.integers(1, 4))) * 60) + 1, int(rng.integers(0, 2))))
    shown = [*(f"{bound:g}" for bound in bounds), "*"]
    return "; ".join(f"{bound}: {money(rng, 0.4)}" for bound in shown)


def random_terms(rng, meter):
    """Draw what a plan says of one meter: a price, tiers or packs, with rollover and caps."""
    included = some(rng, 0.0, 20.0, float(np.round(rng.random() * 80, 1)), 60.0, math.inf)
    terms = {
        "included": included, "overage_price": money(rng, 0.5), "unit_size": some(rng, 1.0, 1.0, 0.5, 7.0, 10.0),
        "round_up": bool(rng.random() < 0.4), "tiers": None, "tier_kind": None, "pack_size": None, "pack_price": None,
        "rollover_months": int(some(rng, 0, 0, 1, 2, 3)), "rollover_order": some(rng, None, "after", "before"),
        "cap": some(rng, None, None, None, 90.0, 55.5), "cap_kind": None,
    }  # fmt: skip
    if rng.random() < 0.5:
        terms |= {"overage_price": None, "tiers": tiers_text(rng), "tier_kind": some(rng, "graduated", "volume")}
    if rng.random() < 0.35:
        terms |= {"pack_size": some(rng, 10.0, 25.0, 7.5), "pack_price": money(rng, 6)}
        if rng.random() < 0.3:
            terms |= {"overage_price": None, "tiers": None, "tier_kind": None}
    if terms["cap"] is not None:
        terms["cap_kind"] = some(rng, None, "throttle", "hard")
    return {f"{field}_{meter}": value for field, value in terms.items()}


def random_version(rng, name, pooled):
    plan = {
        "plan_id": name, "monthly_fee": money(rng, 25, 2), "valid_from": dt.date(2020, 1, 1), "valid_to": None,
        "on_sale": bool(rng.random() < 0.85), "segment": some(rng, None, None, None, None, "gold", "senior"),
        "region": some(rng, None, None, None, "North", "North; South"), "min_tenure_months": some(rng, 0, 0, 0, 4),
        "cool_off_months": some(rng, 0, 0, 0, 2, 5), **_NONE, "pooled": pooled,
    }  # fmt: skip
    for meter in METERS:
        plan |= random_terms(rng, meter)
    if rng.random() < 0.3:
        plan["min_charge"] = money(rng, 40)
    if pooled and rng.random() < 0.7:
        plan["line_fee"] = money(rng, 5)
    return plan


def plain(plan):
    """Take away everything but an allowance and a price."""
    plan = plan | _NONE | {"pooled": plan["pooled"], "cool_off_months": 0}
    for meter in METERS:
        plan |= {
            f"{field}_{meter}": None for field in ("tiers", "tier_kind", "pack_size", "pack_price", "cap", "cap_kind")
        }
        plan |= {f"overage_price_{meter}": 0.05, f"rollover_months_{meter}": 0}
    return plan


def random_plans(rng):
    """Draw versions of plans: single and pooled ones, plain ones among them, some with promotions."""
    names = {name: name in "XY" for name in rng.permutation(list("CABDXY"))[: rng.integers(3, 7)]}
    names |= {"A": False, "X": True}
    followers = {pooled: [each for each, p in names.items() if p == pooled][-1] for pooled in (False, True)}
    plans = []
    for name, pooled in names.items():
        version = random_version(rng, name, pooled)
        if not pooled and rng.random() < 0.25:
            version = plain(version)
        elif rng.random() < 0.4:
            version |= {"promo_months": int(rng.integers(1, 6)), "promo_fee": money(rng, 15)}
            if name != followers[pooled] and rng.random() < 0.6:
                version |= {"next_plan_id": followers[pooled]}
                version |= {"promo_fee": some(rng, None, version["promo_fee"])}
        if rng.random() < 0.3:
            cut = day(FIRST + int(rng.integers(1, MONTHS)), int(some(rng, 1, 15)))
            other = {k: version[k] for k in ("promo_months", "promo_fee", "next_plan_id")}
            plans.append(version | {"valid_to": cut - dt.timedelta(days=1)})
            version = (
                plain(random_version(rng, name, pooled)) if rng.random() < 0.3 else random_version(rng, name, pooled)
            ) | other
            version |= {"valid_from": cut}
        plans.append(version)
    plans[0]["on_sale"] |= not any(plan["on_sale"] for plan in plans)
    return plans


def quantity(rng, level):
    drawn = float(np.round(level * rng.random() * 2, int(rng.integers(0, 3))))
    return float(some(rng, 0.0, 20.0, 60.0, 90.0)) if rng.random() < 0.15 else drawn


def random_date(rng, low, high):
    return day(FIRST + int(rng.integers(low, high)), int(some(rng, 1, 9, 28)))


def random_company(rng, customers=14):
    """Return rows of plans, usage and customers: gaps, changes, incomplete months, accounts that come and go."""
    plans = random_plans(rng)
    single = list(dict.fromkeys(plan["plan_id"] for plan in plans if not plan["pooled"]))
    pooled = list(dict.fromkeys(plan["plan_id"] for plan in plans if plan["pooled"]))
    shared = {}
    for account in ("F1", "F2", "F3"):
        begin, plan = int(rng.integers(-4, MONTHS)), str(some(rng, *pooled))
        change, other = int(rng.integers(1, 3 * MONTHS)), str(some(rng, *pooled))
        shared[account] = {m: None if m < begin else plan if m < change else other for m in range(MONTHS)}
    usage, people = [], []
    for place in range(customers):
        name, account = f"c{place:02d}", some(rng, None, None, *shared)
        plan = str(some(rng, *single))
        alone = str(some(rng, *pooled)) if account is None and rng.random() < 0.2 else None
        level = some(rng, 0, 25, 60, 150)
        for m in range(MONTHS):
            if rng.random() < 0.1:
                plan = str(some(rng, *single))
            held = alone or (shared[account][m] if account else None) or plan
            if rng.random() < 0.06:
                continue
            usage.append(
                {
                    "customer_id": name, "month": FIRST + m, "plan_id": held, "complete": bool(rng.random() > 0.05),
                    **{meter: quantity(rng, level) for meter in METERS},
                }
            )  # fmt: skip
        last = next((row["plan_id"] for row in reversed(usage) if row["customer_id"] == name), plan)
        people.append(
            {
                "customer_id": name, "place": place, "plan_id": some(rng, None, last, last, plan),
                "account_id": account,
                "tier": some(rng, None, "gold", "basic"), "need": some(rng, None, None, "senior"),
                "region": some(rng, None, "North", "South", "East"),
                "joined_on": some(rng, None, random_date(rng, -5, 4)),
                "left_on": some(rng, None, None, random_date(rng, 3, MONTHS)),
                "contract_end": some(rng, None, None, random_date(rng, 0, MONTHS)),
                "plan_since": some(rng, None, random_date(rng, -4, MONTHS)),
            }
        )  # fmt: skip
    return plans, usage, people


def frames(plans, usage, people):
    """Return what the functions take: plans, usage in any order, customers."""
    rows = pd.DataFrame(usage).assign(month=[f"{r['month'] // 12}-{r['month'] % 12 + 1:02d}" for r in usage])
    return pd.DataFrame(plans), rows.sample(frac=1, random_state=1), pd.DataFrame(people).drop(columns="place")
