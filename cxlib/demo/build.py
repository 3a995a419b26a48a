"""The synthetic operator from a seed: its tables, and the truth behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from cxlib.demo import operator as op
from cxlib.demo.contacts import draw_contacts, head_start_s
from cxlib.demo.customers import Law, choose_plans, draw_law, draw_people, draw_tiers, tenure_months
from cxlib.demo.outcomes import hide_labels, judge, leave_for_being_passed
from cxlib.demo.plans import read_plans, tariff
from cxlib.demo.usage import bill_usage, draw_usage
from cxlib.tables import TABLES, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEED: Final = 20260101
CUSTOMERS: Final = 24_000
EAGERNESS_SPREAD: Final = 0.6
LEAST_SAVING: Final = 3.0
LEAST_SAVING_SHARE: Final = 0.1


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What is true of the operator and mostly not in its tables; see `cxlib.demo.operator` for what is planted.

    Attributes
    ----------
    seed : int
    noise_cv : float
        Standard deviation over mean of one month's usage of a meter, lognormal, independent over months.
    noise_shared : float
        Correlation of the logs of the meters within a month.
    law : DataFrame
        `customer_id`, `month` (twelve months and the three after them), `minutes`, `sms`, `data_mb`: the mean of a
        whole month in use.
    regimes : DataFrame
        `customer_id`, `month` from which on usage is multiplied by `factor`.
    dormant : DataFrame
        `customer_id`, `month`, `as_zero`: months without use; a row of zeros in the table, or no row.
    partial : DataFrame
        `customer_id`, `month`, `days_share`, `marked` (the table says that the month is not complete).
    plan_changes : DataFrame
        `customer_id`, `month` of the first bill on the new plan, `plan_id`.
    expected_cost : DataFrame
        `customer_id`, `plan_id`, `expected_cost` (mean of a month over the three months to come), `may_take`
        (on sale, eligible, contract over; at the end of the last month).
    fit : DataFrame
        Per customer: `held_plan_id`, `best_plan_id` (of those that may be taken, and the one held), `expected_held`,
        `expected_best`, `expected_saving`, `mismatched` (saving at least 3 a month and 10 % of the expected bill),
        `bound` by contract, `saving_if_free` and `mismatched_if_free` without regard to contracts, `active` at the end.
    unreconciled : DataFrame
        `customer_id`, `month`, `cause`, `difference` (billed - calculated).
    rules : DataFrame
        `queue`, `location`, `tier`, `need` ("" for none), `head_start_s` in force.
    contacts : DataFrame
        Per contact that was one: true `customer_id`, `tier`, `need`, `head_start_s`, `patience_s`, `service_s`,
        `server`, `passed` (times), `settled_chance`, `identified`.
    leavers : DataFrame
        `customer_id`, `contact_id`, `left_on`: who left on account of having been passed.
    roster : DataFrame
        `queue`, `location`, `from_at`, `to_at`, `agents` on duty.
    """

    seed: int
    noise_cv: float
    noise_shared: float
    law: pd.DataFrame
    regimes: pd.DataFrame
    dormant: pd.DataFrame
    partial: pd.DataFrame
    plan_changes: pd.DataFrame
    expected_cost: pd.DataFrame
    fit: pd.DataFrame
    unreconciled: pd.DataFrame
    rules: pd.DataFrame
    contacts: pd.DataFrame
    leavers: pd.DataFrame
    roster: pd.DataFrame


@dataclass(frozen=True, kw_only=True)
class Demo:
    """The typed tables (`usage`, `plans`, `customers`, `contacts`, `tiers`) and the truth behind them."""

    tables: dict[str, pa.Table]
    truth: Truth


def build_demo(*, seed: int = SEED, customers: int = CUSTOMERS) -> Demo:
    """Build the operator; the same seed and size give the same tables.

    The number of contacts does not depend on `customers`: they are what the roster is made for.
    """
    by_people, by_law, by_plans, by_contacts, by_outcomes, by_usage, by_bills, by_drops = (
        np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(8)
    )
    plans = read_plans()
    people = draw_people(by_people, customers)
    law = draw_law(by_law, people["kind"].to_numpy())
    held, changes = choose_plans(by_plans, people, law, plans)
    people = _with_tiers(by_plans, people, law, held, plans)

    contacts, roster = draw_contacts(by_contacts, people)
    contacts = contacts.sort_values(["arrived_s", "queue", "location"], kind="stable", ignore_index=True)
    contacts = hide_labels(by_outcomes, judge(by_outcomes, contacts))
    people, because = leave_for_being_passed(by_outcomes, people, contacts)
    contact_table = _contact_table(by_drops, contacts, people)

    usage, dormant = draw_usage(by_usage, people, law, held)
    usage, unreconciled = bill_usage(by_bills, usage, plans)
    last = usage.drop_duplicates("place", keep="last").set_index("place")["plan_id"].reindex(range(customers))
    people = people.assign(plan_id=last.fillna(pd.Series(held[:, -1])))

    ids = people["customer_id"].to_numpy(dtype=object)
    real = contact_table[contact_table["outcome"] != "dropped"]["contact_id"].to_numpy()
    expected, fit = _fit(people, law, plans)
    truth = Truth(
        seed=seed,
        noise_cv=op.NOISE_CV,
        noise_shared=op.SHARED_NOISE,
        law=_law_table(ids, law),
        regimes=_named(ids, _regimes(law)),
        dormant=_named(ids, dormant),
        partial=_named(ids, _partial(usage)),
        plan_changes=_named(ids, _kept_changes(changes, usage)),
        expected_cost=expected,
        fit=fit,
        unreconciled=_named(ids, _unreconciled(usage, unreconciled)),
        rules=_rules(),
        contacts=_contact_truth(contacts, real, ids),
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
        "usage": _usage_table(ids, usage),
        "plans": plans,
        "customers": _customer_table(people, usage),
        "contacts": contact_table,
        "tiers": _tier_table(),
    }
    return Demo(tables={name: typed(frame, TABLES[name]) for name, frame in frames.items()}, truth=truth)


def typed(frame: pd.DataFrame, table: Table) -> pa.Table:
    """Return a frame with the product's physical types; an empty text is a missing one."""
    columns = {}
    for name in frame.columns:
        kind = _kind(table, name)
        if kind in {"id", "text", "category"}:
            values = frame[name].to_numpy(dtype=object)
            columns[name] = pa.array(values, type=pa.string(), mask=pd.isna(values) | (values == ""))
        elif kind in {"month", "date"}:
            columns[name] = pa.array(frame[name].to_numpy().astype("datetime64[D]"), type=pa.date32())
        elif kind == "time":
            columns[name] = pa.Array.from_pandas(frame[name], type=pa.timestamp("us", tz="UTC"))
        else:
            arrow = {"boolean": pa.bool_(), "integer": pa.int64()}.get(kind, pa.float64())
            columns[name] = pa.Array.from_pandas(frame[name], type=arrow)
    return pa.table(columns)


def _kind(table: Table, column: str) -> str:
    per_meter = None if column in table.names else table.meter_column(column)
    return per_meter[0].kind if per_meter else table[column].kind


def _with_tiers(
    random: np.random.Generator, people: pd.DataFrame, law: Law, held: NDArray[Any], plans: pd.DataFrame
) -> pd.DataFrame:
    start = tariff(plans, op.FIRST_MONTH)
    spend = start.expected_cost(law.mean[:, 0])[np.arange(len(people)), start.index(held[:, 0])]
    tier = draw_tiers(random, spend)
    rate = np.array(op.CONTACT_RATES)[op.rank_of(tier)]
    eager = rate * np.exp(EAGERNESS_SPREAD * random.standard_normal(len(people)))
    return people.assign(tier=tier, eagerness=eager)


def _fit(people: pd.DataFrame, law: Law, plans: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compare what customers are to expect on the plan they hold with what they could have."""
    end = (op.FIRST_MONTH + op.MONTHS).astype("datetime64[D]") - 1
    prices = tariff(plans, op.FIRST_MONTH + op.MONTHS)
    ahead = [prices.expected_cost(law.mean[:, m]) for m in range(op.MONTHS, op.MONTHS + op.HORIZON)]
    cost: NDArray[np.float64] = np.mean(ahead, axis=0)
    held, each = prices.index(people["plan_id"]), np.arange(len(people))
    eligible = prices.may_take(people["need"], tenure_months(people["joined_on"], end))
    bound = (people["contract_end"] > end).to_numpy()
    may_take = eligible & ~bound[:, None]
    now = cost[each, held]
    least = np.maximum(LEAST_SAVING, LEAST_SAVING_SHARE * now)

    def best(allowed: NDArray[np.bool_]) -> NDArray[np.int64]:
        allowed = allowed.copy()
        allowed[each, held] = True
        # Who loses nothing by staying stays.
        found = np.where(allowed, cost, np.inf).argmin(axis=1)
        return np.where(cost[each, found] < now, found, held)

    chosen, free = best(may_take), best(eligible)
    names = np.array(prices.plan_ids, dtype=object)
    left = people["left_on"].to_numpy().astype("datetime64[D]")
    fit = pd.DataFrame(
        {
            "customer_id": people["customer_id"],
            "held_plan_id": names[held],
            "best_plan_id": names[chosen],
            "expected_held": now,
            "expected_best": cost[each, chosen],
            "expected_saving": now - cost[each, chosen],
            "mismatched": now - cost[each, chosen] >= least,
            "bound": bound,
            "saving_if_free": now - cost[each, free],
            "mismatched_if_free": now - cost[each, free] >= least,
            "active": np.isnat(left) | (left > end),
        }
    )
    expected = pd.DataFrame(
        {
            "customer_id": np.repeat(people["customer_id"].to_numpy(dtype=object), names.size),
            "plan_id": np.tile(names, len(people)),
            "expected_cost": cost.ravel(),
            "may_take": may_take.ravel(),
        }
    )
    return expected, fit


def _month_dates(m: Any) -> NDArray[Any]:
    return (op.FIRST_MONTH + np.asarray(m, dtype=np.int64)).astype("datetime64[s]")


def _named(ids: NDArray[Any], frame: pd.DataFrame) -> pd.DataFrame:
    """Put customer numbers and months in the place of places."""
    named = pd.DataFrame({"customer_id": ids[frame["place"]], "month": _month_dates(frame["m"])})
    return named.join(frame.drop(columns=["place", "m"]).reset_index(drop=True))


def _law_table(ids: NDArray[Any], law: Law) -> pd.DataFrame:
    n, months, _ = law.mean.shape
    table = pd.DataFrame({"customer_id": np.repeat(ids, months), "month": np.tile(_month_dates(range(months)), n)})
    for k, meter in enumerate(op.METERS):
        table[meter] = law.mean[:, :, k].ravel()
    return table


def _regimes(law: Law) -> pd.DataFrame:
    place = np.flatnonzero(law.regime_month >= 0)
    return pd.DataFrame({"place": place, "m": law.regime_month[place], "factor": law.regime_factor[place]})


def _partial(usage: pd.DataFrame) -> pd.DataFrame:
    partial = usage.loc[usage["days_share"] < 1, ["place", "m", "days_share", "complete"]]
    return partial.assign(marked=~partial["complete"]).drop(columns="complete")


def _kept_changes(changes: pd.DataFrame, usage: pd.DataFrame) -> pd.DataFrame:
    """Keep the changes on either side of which there is a bill, dated by the first bill on the new plan."""
    before = usage.groupby("place")["plan_id"].shift()
    changed = usage[before.notna() & (usage["plan_id"] != before)]
    kept = changes[["place"]].merge(changed[["place", "m", "plan_id"]], on="place")
    return kept[["place", "m", "plan_id"]]


def _unreconciled(usage: pd.DataFrame, unreconciled: pd.DataFrame) -> pd.DataFrame:
    where = usage.loc[unreconciled["row"], ["place", "m"]].reset_index(drop=True)
    return where.join(unreconciled.drop(columns="row"))


def _rules() -> pd.DataFrame:
    rows = [
        (queue.name, queue.location, tier, need, float(head_start_s(queue, [tier], [need])[0]))
        for queue in op.QUEUES
        for tier in op.TIERS
        for need in ("", *op.NEEDS)
    ]
    return pd.DataFrame(rows, columns=["queue", "location", "tier", "need", "head_start_s"])


def _usage_table(ids: NDArray[Any], usage: pd.DataFrame) -> pd.DataFrame:
    named = _named(ids, usage[["place", "m", "plan_id", *op.METERS, "billed_amount", "complete"]])
    return named[["customer_id", "month", "plan_id", *op.METERS, "billed_amount", "complete"]]


def _customer_table(people: pd.DataFrame, usage: pd.DataFrame) -> pd.DataFrame:
    recent = usage[usage["complete"]].groupby("place")[["place", "billed_amount"]].tail(3)
    value = recent.groupby("place")["billed_amount"].mean().round(2).reindex(range(len(people)))
    named = people[
        ["customer_id", "plan_id", "tier", "need", "region", "joined_on", "left_on", "contract_end", "consent"]
    ]
    return named.assign(monthly_value=value.to_numpy())


def _tier_table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "tier": op.TIERS,
            "rank": range(1, len(op.TIERS) + 1),
            "display_name_en": [en for en, _ in op.DISPLAY],
            "display_name_zh": [zh for _, zh in op.DISPLAY],
            "courtesy": False,
            "declared_rule": op.DECLARED_RULES,
            "promise_share": [share for share, _ in op.PROMISES],
            "promise_wait_s": [wait for _, wait in op.PROMISES],
        }
    )


def _contact_table(random: np.random.Generator, contacts: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Return the log as the operator's system has it, with a few entries that were no contacts at all."""
    known = contacts["identified"].to_numpy()
    served = ~contacts["abandoned"]

    def instant(seconds: pd.Series) -> pd.Series:
        return pd.to_datetime(seconds, unit="s", utc=True).dt.as_unit("us")

    log = pd.DataFrame(
        {
            "customer_id": _where(known, people["customer_id"].to_numpy(dtype=object)[contacts["place"]]),
            "tier": _where(known, contacts["tier"].to_numpy(dtype=object)),
            "need": _where(known, contacts["need"].to_numpy(dtype=object)),
            "queue": contacts["queue"],
            "channel": contacts["channel"],
            "location": contacts["location"],
            "agent_id": contacts["agent_id"],
            "arrived_at": instant(contacts["arrived_s"]),
            "wait_ended_at": instant(contacts["wait_end_s"]),
            "started_at": instant(contacts["start_s"]),
            "left_at": instant(contacts["wait_end_s"].mask(served)),
            "outcome": np.where(served, "served", "abandoned"),
            "queued": (contacts["wait_s"] > 0).astype("boolean"),
            "ended_at": instant(contacts["end_s"]),
            "topic": contacts["topic"],
            "resolved": contacts["resolved"],
            "csat": contacts["csat"],
        }
    )
    rows = random.choice(len(log), size=int(len(log) * op.DROPPED_SHARE), replace=False)
    no_contact = log.loc[rows, ["queue", "channel", "location", "arrived_at"]].assign(outcome="dropped")
    log = pd.concat([log, no_contact]).sort_values("arrived_at", kind="stable", ignore_index=True)
    log.insert(0, "contact_id", [f"C{number:06d}" for number in range(1, len(log) + 1)])
    return log


def _where(known: NDArray[np.bool_], values: NDArray[Any]) -> NDArray[Any]:
    kept = values.copy()
    kept[~known] = None
    return kept


def _contact_truth(contacts: pd.DataFrame, contact_ids: NDArray[Any], ids: NDArray[Any]) -> pd.DataFrame:
    columns = ["queue", "location", "tier", "need", "head_start_s", "patience_s", "service_s", "server", "passed"]
    named = contacts[[*columns, "settled_chance", "identified"]].copy()
    named.insert(0, "contact_id", contact_ids)
    named.insert(1, "customer_id", ids[contacts["place"]])
    return named
