"""Policies run on the same drawn customers, replication by replication, and what came of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from scipy import stats

from cxlib.engine import threads
from cxlib.errors import CxError
from cxlib.fairness.kernels import scatter, settle_ties, sort_and_count
from cxlib.queueing.run_kernels import (
    IN_TIME,
    LEFT,
    MOST,
    N_QUEUED,
    N_SERVED,
    N_SERVED_QUEUED,
    ONCE,
    OPEN,
    PASSED,
    THRICE,
    WAITED,
    N,
    class_sums,
    waits_of,
)
from cxlib.queueing.simulate import Line
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from cxlib.queueing.policies import Policy
    from cxlib.queueing.workload import Workload

    Floats = NDArray[np.float64]

REPLICATIONS: Final = 20
SLA_S: Final = 20.0
LEVEL: Final = 0.95
ALL: Final = "*"
"""Stands for all classes together in `Runs.by_class`."""

INDICATORS: Final = (
    "mean_wait_s",
    "median_wait_s",
    "p90_wait_s",
    "sla",
    "sla_offered",
    "abandonment",
    "passed_once",
    "passed_thrice",
    "mean_passed",
    "most_passed",
)
"""What is counted per class: waits are those of the served queued contacts; `sla` and `abandonment` are over queued
contacts (wait above 0), `sla_offered` over all; passes are of queued contacts, by whoever."""
MORE_IS_BETTER: Final = ("sla", "sla_offered")


@dataclass(frozen=True, kw_only=True)
class Runs:
    """What came of each policy in each replication.

    Attributes
    ----------
    policies : tuple of str
    class_order : tuple
    sla_s : float
    replications : int
    by_class : pandas frame
        One row per policy, replication and class (and ``ALL``): policy, replication, class, n (arrivals counted),
        n_queued, n_served, and `INDICATORS`, NaN where nobody tells it.
    pairs : pandas frame
        One row per policy, replication and pair of classes: policy, replication, passing, passed, passes.
    servers : pandas frame
        One row per policy and replication: policy, replication, busy_share (busy over staffed time).
    """

    policies: tuple[str, ...]
    class_order: tuple[Any, ...]
    sla_s: float
    replications: int
    by_class: pd.DataFrame
    pairs: pd.DataFrame
    servers: pd.DataFrame

    def values(self, policy: str, group: Any, indicator: str) -> Floats:
        """Return one indicator of a class (or ``ALL``) under a policy, by replication, float64 array."""
        rows = self.by_class
        chosen = rows[(rows["policy"] == policy) & (rows["class"] == group)]
        if chosen.empty or indicator not in INDICATORS:
            raise CxError(
                "unknown_choice",
                N_("“{value}” was not simulated."),
                hint=N_("Choose one of: {known}."),
                value=f"{policy}, {group}, {indicator}",
                known=", ".join(self.policies),
            )
        told: Floats = chosen.sort_values("replication")[indicator].to_numpy(np.float64)
        return told

    def summary(self, *, level: float = LEVEL) -> pd.DataFrame:
        """Return means over replications with Student's t interval.

        Returns
        -------
        pandas frame
            policy, class, indicator, value, low, high, n_replications (that tell it).
        """
        long = self.by_class.melt(
            id_vars=["policy", "class"], value_vars=list(INDICATORS), var_name="indicator", value_name="value"
        )
        return summed(long, ["policy", "class", "indicator"], level)

    def differences(self, base: str, *, level: float = LEVEL) -> pd.DataFrame:
        """Return each policy less `base`, paired by replication: common random numbers cancel what both share.

        Returns
        -------
        pandas frame
            policy, class, indicator, value, low, high, n_replications.
        """
        keys = ["replication", "class"]
        wide = self.by_class.set_index(["policy", *keys])[list(INDICATORS)]
        known = wide.loc[base]
        parts = []
        for policy in self.policies:
            if policy != base:
                away = wide.loc[policy] - known
                parts.append(away.reset_index().assign(policy=policy))
        if not parts:
            return pd.DataFrame(columns=["policy", "class", "indicator", "value", "low", "high", "n_replications"])
        long = pd.concat(parts, ignore_index=True).melt(
            id_vars=["policy", "class"], value_vars=list(INDICATORS), var_name="indicator", value_name="value"
        )
        return summed(long, ["policy", "class", "indicator"], level)


def replicate(
    workload: Workload,
    policies: Mapping[str, Policy],
    *,
    replications: int = REPLICATIONS,
    sla_s: float = SLA_S,
    random_state: int = 0,
    report: Callable[[float], None] | None = None,
) -> Runs:
    """Run every policy on the same customers, drawn anew in each replication.

    Parameters
    ----------
    workload : Workload
    policies : mapping of name to policy
    replications : int, at least 2
    sla_s : float, seconds
        T of the service level.
    random_state : int
        The same gives the same, whatever the number of threads.
    report : function of a share 0 to 1, optional
        Called as replications end; what it raises ends the run.

    Raises
    ------
    CxError
        ``no_policies``, ``few_replications``, and those of `simulate`.
    """
    if not policies:
        raise CxError("no_policies", N_("There is no rule to simulate."), hint=N_("Choose one rule or more."))
    if replications < 2:
        raise CxError(
            "few_replications",
            N_("{value} replications give no interval."),
            hint=N_("Ask for 2 or more."),
            value=replications,
        )
    seeds = np.random.SeedSequence(random_state).spawn(replications)
    tasks = [(workload, policies, number, seed, sla_s) for number, seed in enumerate(seeds)]
    found = []
    for number, part in enumerate(threads.stream(_one, tasks)):
        found.append(part)
        if report is not None:
            report((number + 1) / replications)
    by_class, pairs, servers = (pd.DataFrame([row for part in found for row in part[place]]) for place in range(3))
    return Runs(
        policies=tuple(policies),
        class_order=tuple(workload.class_order),
        sla_s=sla_s,
        replications=replications,
        by_class=by_class,
        pairs=pairs,
        servers=servers,
    )


def _one(
    workload: Workload, policies: Mapping[str, Policy], number: int, seed: np.random.SeedSequence, sla_s: float
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    arrivals = workload.draw(np.random.default_rng(seed))
    line = Line.of(arrivals, workload.schedule, classes=len(workload.class_order))
    inside = np.array([workload.begin_s, workload.until_s])
    by_class, pairs, servers = [], [], []
    for name, policy in policies.items():
        key = {"policy": name, "replication": number}
        start, _server = line.served(policy.ranking(workload.class_order))
        ends = np.where(np.isnan(start), line.deadline, start)
        passed = _passed_by(line, start, ends)
        sums, between = class_sums(line.arrived, start, ends, line.classes, passed, inside, sla_s)
        waits = [waits_of(line.arrived, start, line.classes, k, inside) for k in range(line.n_classes)]
        for place, group in [*enumerate(workload.class_order), (-1, ALL)]:
            mine = sums.sum(axis=0) if place < 0 else sums[place]
            if place < 0:
                mine[MOST] = sums[:, MOST].max(initial=0)
            by_class.append(key | {"class": group} | _row(mine, np.concatenate(waits) if place < 0 else waits[place]))
        for j, group in enumerate(workload.class_order):
            for i, other in enumerate(workload.class_order):
                pairs.append(key | {"passing": other, "passed": group, "passes": int(between[i, j])})
        servers.append(key | {"busy_share": _busy_share(line, start)})
    return by_class, pairs, servers


def _passed_by(line: Line, start: Floats, ends: Floats) -> NDArray[np.int32]:
    """Return how often each customer was passed by each class, int32 [customers, classes]."""
    n, classes = line.arrived.size, line.n_classes
    order, arrived = np.arange(n, dtype=np.int32), _in_order(line.arrived)
    sorted_ends = _in_order(ends)
    if not settle_ties(order, arrived, sorted_ends):
        order = np.lexsort((ends, line.arrived)).astype(np.int32)
        sorted_ends = _in_order(ends[order])
    codes = line.classes.astype(np.int8)
    passer = np.where(np.isnan(start), np.int8(classes), codes)[order]
    passed = np.where(ends > line.arrived, codes, np.int8(classes))[order]
    counts = np.zeros((n, classes), np.int32), np.zeros((n, classes), np.int32)
    sort_and_count(sorted_ends, np.arange(n, dtype=np.int32), 0, n, 0, passer, passed, classes, *counts)
    out = np.empty_like(counts[0])
    scatter(0, n, order, counts[0], out)
    return out


def _in_order(times: Floats) -> NDArray[np.int64]:
    """Return whole numbers in the same order as times: the bits of floats that are not negative are."""
    whole: NDArray[np.int64] = (times - min(times.min(initial=0.0), 0.0) + 0.0).view(np.int64)
    return whole


def _row(sums: Floats, waits: Floats) -> dict[str, Any]:
    n, queued, served, counted = (int(sums[place]) for place in (N, N_QUEUED, N_SERVED, N_SERVED_QUEUED))
    row: dict[str, Any] = {"n": n, "n_queued": queued, "n_served": served}
    told = dict.fromkeys(INDICATORS, np.nan)
    if n:
        told["sla_offered"] = (sums[IN_TIME] + n - queued) / n
    if queued:
        told |= {
            "sla": sums[IN_TIME] / max(queued - sums[OPEN], 1),
            "abandonment": sums[LEFT] / queued,
            "passed_once": sums[ONCE] / queued,
            "passed_thrice": sums[THRICE] / queued,
            "mean_passed": sums[PASSED] / queued,
            "most_passed": sums[MOST],
        }
    if counted:
        median, p90 = np.quantile(waits, [0.5, 0.9])
        told |= {"mean_wait_s": sums[WAITED] / counted, "median_wait_s": median, "p90_wait_s": p90}
    return row | told


def _busy_share(line: Line, start: Floats) -> float:
    """Return busy over staffed time, from the first to the last arrival."""
    if not start.size:
        return np.nan
    first, last = line.arrived[0], line.arrived[-1]
    edges = np.clip(np.append(line.shift_at, np.inf), first, last)
    staffed = float((np.diff(edges) * line.shift_servers).sum())
    begun = np.minimum(start, last)
    busy = np.nansum(np.minimum(start + line.service, last) - begun)
    return float(busy / staffed) if staffed > 0 else np.nan


def summed(long: pd.DataFrame, keys: Sequence[str], level: float) -> pd.DataFrame:
    """Return the mean of value by keys with Student's t interval: the keys, value, low, high, n_replications."""
    grouped = long.groupby(list(keys), sort=False, observed=True)["value"]
    out = grouped.agg(value="mean", error="sem", n_replications="count").reset_index()
    away = stats.t.ppf((1 + level) / 2, np.maximum(out["n_replications"] - 1, 1)) * out.pop("error")
    out.insert(len(keys) + 1, "low", out["value"] - away)
    out.insert(len(keys) + 2, "high", out["value"] + away)
    return out
