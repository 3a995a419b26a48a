"""Compile the kernels, or load them compiled, before the first reader needs them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

import pandas as pd

from cxlib.fairness import allocation_over_time, gaps, passed_effects, queue_numbers, unexplained_passes
from cxlib.intake import read
from cxlib.matching import Catalogue, bill, flag_history, plan_fit, withheld
from cxlib.store import Incoming, Store

PLAIN: Final = b"customer_id,month,plan_id,minutes\n1,2026-01,S,1.5\n1,2026-02,S,2\n2,2026-13,,x\nTotal,,,9\n"
QUOTED: Final = b'customer_id,month,plan_id,minutes\n"2","2026-02-01","S ""x""","1,5"\n"1","2026-01-01",S,2\n"3",2026'
TIMES: Final = b"contact_id,arrived_at,wait_s,tier\n1,2026-03-02 09:00:00,12,a\n2,2026-03-02T09:01:00Z,13.5,b\n"


def warm() -> None:
    """Run each kernel once on a few rows; what is compiled stays on the disk beside the code."""
    from cxlib.matching import PlanRecommender  # noqa: PLC0415 - takes seconds to import

    _warm_intake()
    contacts = pd.DataFrame(
        {
            "contact_id": ["1", "2"],
            "tier": ["a", "b"],
            "queue": ["q", "q"],
            "arrived_at": pd.to_datetime(["2026-03-02 09:00", "2026-03-02 09:01"], utc=True),
            "wait_s": [120.0, 30.0],
            "outcome": ["served", "served"],
        }
    )
    allocation_over_time(contacts.assign(csat=4.0, resolved=True), every="hour")
    queue_numbers(contacts, priority=["a"])
    unexplained_passes(contacts)
    passed_effects(contacts)
    gaps(contacts, outcomes="wait", min_group=1)
    plans = pd.DataFrame(
        {
            "plan_id": ["S", "L"],
            "monthly_fee": [10.0, 20.0],
            "included_minutes": [100.0, 500.0],
            "overage_price_minutes": [0.1, 0.05],
        }
    )
    usage = pd.DataFrame(
        {
            "customer_id": [str(i) for i in range(4) for _month in range(8)],
            "month": [f"2026-{month:02d}" for _i in range(4) for month in range(1, 9)],
            "plan_id": "S",
            "minutes": [100.0 * (i + 1) + month for i in range(4) for month in range(8)],
        }
    )
    catalogue = Catalogue(plans)
    plan_fit(usage, catalogue)
    plan_fit(usage, catalogue, absent="zero")
    plan_fit(usage.assign(minutes=3e9), catalogue)  # wide numbers have kernels of their own
    flag_history(usage, catalogue)
    bill(usage, catalogue)
    finer = Catalogue(plans.assign(min_charge=5.0, promo_months=1, promo_fee=1.0, rollover_months_minutes=1))
    plan_fit(usage, finer)
    bill(usage, finer, plans="all")
    withheld(usage.assign(billed_amount=12.5), catalogue)
    _warm_queueing(contacts)
    PlanRecommender(finer).fit(usage).recommend(usage)
    PlanRecommender(catalogue).fit(usage).recommend(usage)


def _warm_queueing(contacts: pd.DataFrame) -> None:
    """Simulate a queue of a few contacts under rules of every kind."""
    from cxlib.queueing.naming import KNOWN  # noqa: PLC0415 - with scipy it takes a while to import
    from cxlib.queueing.study import study  # noqa: PLC0415

    ended = contacts["arrived_at"] + pd.to_timedelta(contacts["wait_s"] + 60, unit="s")
    log = contacts.assign(ended_at=ended, agent_id="x", need="none")
    study(log, rules=[*KNOWN, "courtesy+strict"], ranks={"a": 1, "b": 2}, replications=2)


def _warm_intake() -> None:
    """Read files of each kind, and bring one into a store twice, so that rows are set beside those that are there."""
    usage = read(PLAIN, table="usage").table
    read(QUOTED, table="usage")
    read(TIMES, table="contacts")
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder)) as store:
        opened = store.create(name="warm").id
        store.commit(opened, [Incoming(table="usage", data=usage)])
        store.commit(opened, [Incoming(table="usage", data=usage.slice(1))])
