"""The synthetic operator from a seed: its tables, and the truth behind them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from cxlib.demo import operator as op
from cxlib.demo.contacts import all_days, draw_contacts
from cxlib.demo.customers import Law, choose_plans, draw_law, draw_people, draw_tiers
from cxlib.demo.outcomes import hide_labels, judge, leave_for_being_passed
from cxlib.demo.plans import read_plans, tariff
from cxlib.demo.systems import contact_table, customer_table, tier_table, typed, usage_table
from cxlib.demo.truth import (
    Truth,
    compare_plans,
    contact_truth,
    kept_changes,
    law_table,
    named,
    partial_months,
    regimes_of,
    rules_in_force,
    unreconciled_months,
)
from cxlib.demo.usage import bill_usage, draw_usage
from cxlib.tables import TABLES

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

SEED: Final = 20260101
CUSTOMERS: Final = 24_000
EAGERNESS_SPREAD: Final = 0.6


@dataclass(frozen=True, kw_only=True)
class Demo:
    """The typed tables (`usage`, `plans`, `customers`, `contacts`, `tiers`) and the truth behind them."""

    tables: dict[str, pa.Table]
    truth: Truth


def build_demo(*, seed: int = SEED, customers: int = CUSTOMERS, planted: bool = True) -> Demo:
    """Build the operator; the same seed and size give the same tables.

    The number of contacts does not depend on `customers`: they are what the roster is made for. Unless `planted`,
    nothing is planted in the contacts: tiers and needs still call at different hours, and are served alike.
    """
    by_people, by_law, by_plans, by_contacts, by_outcomes, by_usage, by_bills, by_drops = (
        np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(8)
    )
    plans = read_plans()
    people = draw_people(by_people, customers)
    law = draw_law(by_law, people["kind"].to_numpy())
    held, changes = choose_plans(by_plans, people, law, plans)
    people = _with_tiers(by_plans, people, law, held, plans, planted=planted)

    queues = op.queues(planted=planted)
    contacts, roster = draw_contacts(by_contacts, people, queues=queues)
    contacts = contacts.sort_values(["arrived_s", "queue", "location"], kind="stable", ignore_index=True)
    contacts = hide_labels(by_outcomes, judge(by_outcomes, contacts, planted=planted), queues=queues)
    leaving = op.LEAVING_PASSED if planted else 0.0
    people, because = leave_for_being_passed(by_outcomes, people, contacts, share=leaving)
    log = contact_table(by_drops, contacts, people)

    usage, dormant = draw_usage(by_usage, people, law, held)
    usage, unreconciled = bill_usage(by_bills, usage, plans)
    last = usage.drop_duplicates("place", keep="last").set_index("place")["plan_id"].reindex(range(customers))
    people = people.assign(plan_id=last.fillna(pd.Series(held[:, -1])))

    ids = people["customer_id"].to_numpy(dtype=object)
    real = log[log["outcome"] != "dropped"]["contact_id"].to_numpy()
    expected, fit = compare_plans(people, law, plans)
    truth = Truth(
        seed=seed,
        noise_cv=op.NOISE_CV,
        noise_shared=op.SHARED_NOISE,
        law=law_table(ids, law),
        regimes=named(ids, regimes_of(law)),
        dormant=named(ids, dormant),
        partial=named(ids, partial_months(usage)),
        plan_changes=named(ids, kept_changes(changes, usage)),
        expected_cost=expected,
        fit=fit,
        unreconciled=named(ids, unreconciled_months(usage, unreconciled)),
        rules=rules_in_force(queues),
        contacts=contact_truth(contacts, real, ids),
        leavers=pd.DataFrame(
            {
                "customer_id": ids[because["place"]],
                "contact_id": real[because["contact"]],
                "left_on": because["left_on"].to_numpy(),
            }
        ),
        roster=roster,
    )
    frames = {
        "usage": usage_table(ids, usage),
        "plans": plans,
        "customers": customer_table(people, usage),
        "contacts": log,
        "tiers": tier_table(),
    }
    return Demo(tables={name: typed(frame, TABLES[name]) for name, frame in frames.items()}, truth=truth)


def build_log(
    *, seed: int, customers: int = 2000, days: int = 28, size: float = 0.3, planted: bool = False
) -> dict[str, pa.Table]:
    """Build a small log of the billing and technical queues from the first days of the quarter.

    Parameters
    ----------
    customers, days : int
    size : float
        Contacts of a day, of those of the operator.
    planted : bool
        Whether tiers and needs are served as the operator serves them, or alike.

    Returns
    -------
    dict of typed tables
        `contacts` and `tiers`; their kind is that of `build_demo`.
    """
    by_people, by_contacts, by_outcomes, by_drops = (
        np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(4)
    )
    people = draw_people(by_people, customers)
    people = people.assign(tier=by_people.choice(op.TIERS, size=customers, p=op.TIER_SHARES))
    people = _with_eagerness(by_people, people, planted=planted)
    few = [replace(queue, daily=queue.daily * size) for queue in op.queues(planted=planted)[:2]]
    contacts, _ = draw_contacts(by_contacts, people, queues=few, days=all_days()[:days])
    contacts = contacts.sort_values(["arrived_s", "queue", "location"], kind="stable", ignore_index=True)
    contacts = hide_labels(by_outcomes, judge(by_outcomes, contacts, planted=planted), queues=few)
    frames = {"contacts": contact_table(by_drops, contacts, people), "tiers": tier_table()}
    return {name: typed(frame, TABLES[name]) for name, frame in frames.items()}


def _with_tiers(
    random: np.random.Generator,
    people: pd.DataFrame,
    law: Law,
    held: NDArray[Any],
    plans: pd.DataFrame,
    *,
    planted: bool,
) -> pd.DataFrame:
    start = tariff(plans, op.FIRST_MONTH)
    spend = start.expected_cost(law.mean[:, 0])[np.arange(len(people)), start.index(held[:, 0])]
    return _with_eagerness(random, people.assign(tier=draw_tiers(random, spend)), planted=planted)


def _with_eagerness(random: np.random.Generator, people: pd.DataFrame, *, planted: bool) -> pd.DataFrame:
    rate = np.array(op.CONTACT_RATES)[op.rank_of(people["tier"])] if planted else 1.0
    return people.assign(eagerness=rate * np.exp(EAGERNESS_SPREAD * random.standard_normal(len(people))))
