"""A home with one large data set, made once: the demo operator with more customers, and a year of many contacts."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from overtakes import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    import pyarrow as pa

COPIES: Final = ("", " north", " south")
"""The operator's lines are there in three places, so that 12 queues in 15 pools have names of their own."""
DAYS: Final = 365
SEED: Final = 1


def furnished(home: Path, customers: int, contacts: int) -> str:
    """Return the id of the data set in a home, which is made where it is missing."""
    from cxlib.demo.build import build_demo  # noqa: PLC0415 - what it loads is no part of the visitors
    from cxlib.demo.operator import ZONE  # noqa: PLC0415
    from cxlib.store import Incoming, Store  # noqa: PLC0415

    with Store(home) as store:
        name = f"{customers:,} customers, a year of {contacts:,} contacts"
        found = [each.id for each in store.datasets() if each.name == name and each.number]
        if not found:
            start = time.perf_counter()
            tables = build_demo(seed=SEED, customers=customers).tables
            tables["contacts"] = a_year_of(contacts, tables["customers"].to_pandas())
            made = time.perf_counter()
            found = [store.create(name=name).id]
            order = ("plans", "customers", "usage", "tiers", "contacts")
            store.commit(found[0], [Incoming(table=t, data=tables[t], mapping={"zone": ZONE}) for t in order])
            print(f"made in {made - start:.0f} s, kept in {time.perf_counter() - made:.0f} s", flush=True)
        version = store.version(found[0])
    print("; ".join(f"{table.rows:,} {name}" for name, table in version.tables.items()))
    return found[0]


def a_year_of(contacts: int, people: pd.DataFrame) -> pa.Table:
    """Return about so many contacts of a year, as the demo operator's queues would have them."""
    from cxlib.demo import operator as op  # noqa: PLC0415
    from cxlib.demo.contacts import all_days, draw_contacts  # noqa: PLC0415
    from cxlib.demo.outcomes import hide_labels, judge  # noqa: PLC0415
    from cxlib.demo.systems import contact_table, typed  # noqa: PLC0415
    from cxlib.tables import TABLES  # noqa: PLC0415

    by_people, by_queues, by_outcomes, by_drops = (
        np.random.default_rng(child) for child in np.random.SeedSequence(SEED).spawn(4)
    )
    rates = np.array(op.CONTACT_RATES)[op.rank_of(people["tier"])]
    people = people.assign(
        need=people["need"].fillna(""), eagerness=rates * np.exp(0.6 * by_people.standard_normal(len(people)))
    )
    days = np.arange(all_days()[-1] - DAYS + 1, all_days()[-1] + 1)
    weekly = [queue.daily * sum(queue.weekdays) / 7 for queue in op.queues(planted=True)]
    size = contacts / (sum(weekly) * DAYS * len(COPIES))
    lines = [
        replace(queue, name=f"{queue.name}{where}", daily=queue.daily * size)
        for where in COPIES
        for queue in op.queues(planted=True)
    ]
    drawn, _roster = draw_contacts(by_queues, people, queues=lines, days=days)
    drawn = drawn.sort_values(["arrived_s", "queue", "location"], kind="stable", ignore_index=True)
    drawn = hide_labels(by_outcomes, judge(by_outcomes, drawn, planted=True), queues=lines)
    return typed(contact_table(by_drops, drawn, people), TABLES["contacts"])


def prepared(home: Path) -> float:
    """Prepare the results of all pages to the end, as after an import, and return how long that took."""
    start = time.perf_counter()
    environment: dict[str, Any] = {**os.environ, "CXLIB_HOME": str(home)}
    command = [sys.executable, "-m", "cxlib.ui.prepare", "--all"]
    subprocess.run(command, check=True, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start
