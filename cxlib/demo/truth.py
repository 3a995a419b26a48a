"""The truth behind the tables of the synthetic operator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from cxlib.demo import operator as op
from cxlib.demo.contacts import head_start_s
from cxlib.demo.customers import Law, tenure_months
from cxlib.demo.plans import tariff

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

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


def compare_plans(people: pd.DataFrame, law: Law, plans: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
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


def month_dates(m: Any) -> NDArray[Any]:
    """Return the first days of months, which count from 0 at `operator.FIRST_MONTH`, as datetime64[s] shaped as `m`."""
    return (op.FIRST_MONTH + np.asarray(m, dtype=np.int64)).astype("datetime64[s]")


def named(ids: NDArray[Any], frame: pd.DataFrame) -> pd.DataFrame:
    """Put customer numbers and months in the place of places."""
    rows = pd.DataFrame({"customer_id": ids[frame["place"]], "month": month_dates(frame["m"])})
    return rows.join(frame.drop(columns=["place", "m"]).reset_index(drop=True))


def law_table(ids: NDArray[Any], law: Law) -> pd.DataFrame:
    """Return the law of usage in long form, as `Truth.law`.

    Parameters
    ----------
    ids : ndarray of str, length n
        Customer numbers by place.
    law : Law
        Means of n customers in T months.

    Returns
    -------
    DataFrame
        n x T rows by place and month: `customer_id`, `month`, and per meter the mean of a whole month in use (minutes,
        messages, MB).
    """
    n, months, _ = law.mean.shape
    table = pd.DataFrame({"customer_id": np.repeat(ids, months), "month": np.tile(month_dates(range(months)), n)})
    for k, meter in enumerate(op.METERS):
        table[meter] = law.mean[:, :, k].ravel()
    return table


def regimes_of(law: Law) -> pd.DataFrame:
    """Return whose usage changes for good: `place`, `m` from which on it does, `factor` on the mean."""
    place = np.flatnonzero(law.regime_month >= 0)
    return pd.DataFrame({"place": place, "m": law.regime_month[place], "factor": law.regime_factor[place]})


def partial_months(usage: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the usage that are less than a whole month: `place`, `m`, `days_share` (0 to 1), `marked`."""
    partial = usage.loc[usage["days_share"] < 1, ["place", "m", "days_share", "complete"]]
    return partial.assign(marked=~partial["complete"]).drop(columns="complete")


def kept_changes(changes: pd.DataFrame, usage: pd.DataFrame) -> pd.DataFrame:
    """Keep the changes on either side of which there is a bill, dated by the first bill on the new plan."""
    before = usage.groupby("place")["plan_id"].shift()
    changed = usage[before.notna() & (usage["plan_id"] != before)]
    kept = changes[["place"]].merge(changed[["place", "m", "plan_id"]], on="place")
    return kept[["place", "m", "plan_id"]]


def unreconciled_months(usage: pd.DataFrame, unreconciled: pd.DataFrame) -> pd.DataFrame:
    """Return where bills differ from what the plan says, with `place` and `m` instead of the row of the usage.

    Parameters
    ----------
    usage, unreconciled : DataFrame
        As `usage.bill_usage` returns them.

    Returns
    -------
    DataFrame
        `place`, `m`, `cause`, `difference` (billed - calculated, in `operator.CURRENCY`).
    """
    where = usage.loc[unreconciled["row"], ["place", "m"]].reset_index(drop=True)
    return where.join(unreconciled.drop(columns="row"))


def rules_in_force(queues: Sequence[op.Queue] = op.QUEUES) -> pd.DataFrame:
    """Return the head start in seconds that each queue gives each tier and need, "" for none, as `Truth.rules`."""
    rows = [
        (queue.name, queue.location, tier, need, float(head_start_s(queue, [tier], [need])[0]))
        for queue in queues
        for tier in op.TIERS
        for need in ("", *op.NEEDS)
    ]
    return pd.DataFrame(rows, columns=["queue", "location", "tier", "need", "head_start_s"])


def contact_truth(contacts: pd.DataFrame, contact_ids: NDArray[Any], ids: NDArray[Any]) -> pd.DataFrame:
    """Return what is true of each contact, as `Truth.contacts`, also of those that the log does not identify.

    Parameters
    ----------
    contacts : DataFrame
        N contacts as `outcomes.hide_labels` returns them.
    contact_ids : ndarray of str, length N
        Their numbers in the log.
    ids : ndarray of str, length n
        Customer numbers by place.
    """
    columns = ["queue", "location", "tier", "need", "head_start_s", "patience_s", "service_s", "server", "passed"]
    known = contacts[[*columns, "settled_chance", "identified"]].copy()
    known.insert(0, "contact_id", contact_ids)
    known.insert(1, "customer_id", ids[contacts["place"]])
    return known
