"""Advice and the flag let a customer take the same plans, on random small companies."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from cxlib.matching import Catalogue, plan_fit
from cxlib.matching.eligibility import may_take
from cxlib.matching.history import read_history
from cxlib.matching.months import month_text
from cxlib.matching.people import CustomerTable, segments_of

FIRST, MONTHS, CUSTOMERS = 2026 * 12, 6, 16
HELD = "held"
IDS = [f"c{k:02d}" for k in range(CUSTOMERS)]
USAGE = pd.DataFrame(
    [
        {"customer_id": each, "month": month_text(month), "plan_id": HELD, "minutes": 1.0}
        for each in IDS
        for month in range(FIRST, FIRST + MONTHS)
    ]
)


def some_day(rng, low, high):
    month = FIRST + int(rng.integers(low, high))
    return dt.date(month // 12, month % 12 + 1, int(rng.choice([1, 15, 28])))


def rules(rng):
    return {
        "on_sale": bool(rng.random() < 0.8),
        "segment": rng.choice([None, None, "gold", "senior", "nobody's"]),
        "min_tenure_months": int(rng.choice([0, 0, 1, 4])),
        "region": rng.choice([None, None, "North", "North; South", "nowhere"]),
    }


def random_plans(rng):
    """Draw plans with every rule, some of which change with a price version, start late or end early."""
    plans = []
    for name in "CADB"[: rng.integers(1, 5)]:
        cut, always = some_day(rng, 0, MONTHS), {"valid_from": dt.date(2020, 1, 1), "valid_to": None}
        before = always | {"valid_to": cut - dt.timedelta(days=1)}
        lives = [[always], [before, {"valid_from": cut, "valid_to": None}], [before], [always | {"valid_from": cut}]]
        plans += [{"plan_id": name} | rules(rng) | life for life in lives[rng.integers(4)]]
    held = {"plan_id": HELD, "on_sale": True, "segment": None, "min_tenure_months": 0}
    held |= {"cool_off_months": int(rng.choice([0, 3]))}
    return [*plans, held | {"valid_from": dt.date(2020, 1, 1), "valid_to": None}]


def random_customers(rng):
    """Draw a table of customers that may lack columns and rows, or none."""
    if rng.random() < 0.1:
        return None
    rows = [
        {
            "customer_id": each,
            "tier": rng.choice([None, "gold", "basic"]),
            "need": rng.choice([None, "senior", "gold"]),
            "region": rng.choice([None, "North", "South", "East"]),
            "plan_since": None if rng.random() < 0.5 else some_day(rng, -2, MONTHS),
            "joined_on": None if rng.random() < 0.2 else some_day(rng, -4, MONTHS),
            "contract_end": None if rng.random() < 0.5 else some_day(rng, -2, MONTHS + 1),
        }
        for each in rng.permutation(IDS)[: CUSTOMERS - int(rng.integers(3))]
    ]
    columns = ["tier", "need", "region", "joined_on", "plan_since", "contract_end"]
    lost = rng.choice([*columns, *[None] * 4])
    return pd.DataFrame(rows).drop(columns=[] if lost is None else [lost])


def priced(plans, wanted):
    """Make one plan cheaper than the one held and all others dearer, so that nothing but eligibility bars a flag."""
    fees = {HELD: 50.0, wanted: 1.0}
    rows = [
        plan | {"monthly_fee": fees.get(plan["plan_id"], 90.0), "included_minutes": 9.0, "overage_price_minutes": 1.0}
        for plan in plans
    ]
    return Catalogue(pd.DataFrame(rows))


@pytest.mark.parametrize("seed", range(16))
def test_advice_and_flag_allow_the_same_plans(seed):
    rng = np.random.default_rng(seed)
    plans, customers = random_plans(rng), random_customers(rng)
    by_advice, by_flag = set(), set()
    for wanted in {plan["plan_id"] for plan in plans} - {HELD}:
        catalogue = priced(plans, wanted)
        people = CustomerTable(customers).look_up(
            pa.array(IDS, pa.large_string()), plan_ids=catalogue.plan_ids, segments=segments_of(catalogue)
        )
        ledger = read_history(USAGE, catalogue, customers=customers).ledger
        held = np.full(CUSTOMERS, catalogue.plan_ids.index(HELD))
        for month in range(FIRST, FIRST + MONTHS):
            taken = None if ledger is None else ledger.at(month).taken
            may = may_take(catalogue, people, month, held=held, taken=taken)[:, catalogue.plan_ids.index(wanted)]
            by_advice |= {(IDS[c], wanted, month_text(month)) for c in np.flatnonzero(may)}
            fit = plan_fit(USAGE, catalogue, customers=customers, months=1, as_of=month_text(month))
            flagged = fit.loc[fit["better_plan_id"] == wanted, "customer_id"]
            by_flag |= {(each, wanted, month_text(month)) for each in flagged}
    assert by_advice == by_flag
