"""Policies run on the same drawn customers, replication by replication, and what came of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from scipy import stats

from cxlib.engine import threads
from cxlib.errors import CxError
from cxlib.fairness.kernels import sort_and_count
from cxlib.queueing.simulate import simulate
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

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
        return _summed(long, ["policy", "class", "indicator"], level)

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
        return _summed(long, ["policy", "class", "indicator"], level)


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
    names = np.empty(len(workload.class_order), dtype=object)
    names[:] = workload.class_order
    by_class, pairs, servers = [], [], []
    for name, policy in policies.items():
        key = {"policy": name, "replication": number}
        served = simulate(
            arrived_s=arrivals.arrived_s,
            service_s=arrivals.service_s,
            patience_s=arrivals.patience_s,
            classes=names[arrivals.classes],
            class_order=workload.class_order,
            servers=workload.schedule,
            policy=policy,
        ).assign(code=arrivals.classes)
        passed = _passed_by(served, len(workload.class_order))
        counted = (served["arrived_s"] >= workload.begin_s) & (served["arrived_s"] < workload.until_s)
        inside = counted.to_numpy()
        by_class += [key | row for row in _class_rows(served[counted], passed[inside].sum(axis=1), workload, sla_s)]
        pairs += [key | row for row in _pair_rows(arrivals.classes[inside], passed[inside], workload)]
        servers.append(key | {"busy_share": _busy_share(served, workload)})
    return by_class, pairs, servers


def _passed_by(served: pd.DataFrame, classes: int) -> NDArray[np.int32]:
    """Return how often each customer was passed by each class, int32 [customers, classes]."""
    arrived, ends = served["arrived_s"].to_numpy(), served["wait_end_s"].to_numpy()
    order = np.lexsort((ends, arrived))
    codes = served["code"].to_numpy()[order].astype(np.int8)
    ranked = stats.rankdata(ends[order], method="dense").astype(np.int64)
    passer = np.where(served["start_s"].notna().to_numpy()[order], codes, classes).astype(np.int8)
    passed = np.where(served["wait_s"].to_numpy()[order] > 0, codes, classes).astype(np.int8)
    n = len(served)
    counts = np.zeros((n, classes), np.int32), np.zeros((n, classes), np.int32)
    sort_and_count(ranked, np.arange(n, dtype=np.int32), 0, n, 0, passer, passed, classes, *counts)
    out = np.empty_like(counts[0])
    out[order] = counts[0]
    return out


def _class_rows(
    served: pd.DataFrame, passed: NDArray[np.int32], workload: Workload, sla_s: float
) -> Iterator[dict[str, Any]]:
    served = served.assign(passed=passed)
    for place, name in [*enumerate(workload.class_order), (-1, ALL)]:
        mine = served if place < 0 else served[served["code"] == place]
        queued = mine[mine["wait_s"] > 0]
        done = queued[queued["start_s"].notna()]
        wait, n_queued = done["wait_s"], max(len(queued), 1)
        in_time = int((wait <= sla_s).sum())
        decided = len(queued) - int(
            ((queued["wait_s"] <= sla_s) & queued["start_s"].isna() & ~queued["abandoned"]).sum()
        )
        row = {
            "class": name,
            "n": len(mine),
            "n_queued": len(queued),
            "n_served": int(mine["start_s"].notna().sum()),
            "mean_wait_s": wait.mean(),
            "median_wait_s": wait.median(),
            "p90_wait_s": wait.quantile(0.9),
            "sla": in_time / max(decided, 1),
            "sla_offered": (in_time + len(mine) - len(queued)) / max(len(mine), 1),
            "abandonment": queued["abandoned"].sum() / n_queued,
            "passed_once": (queued["passed"] >= 1).sum() / n_queued,
            "passed_thrice": (queued["passed"] >= 3).sum() / n_queued,
            "mean_passed": queued["passed"].mean(),
            "most_passed": queued["passed"].max(),
        }
        if queued.empty:
            row |= dict.fromkeys(set(INDICATORS) - {"sla_offered"}, np.nan)
        yield row


def _pair_rows(codes: NDArray[np.int64], passed: NDArray[np.int32], workload: Workload) -> Iterator[dict[str, Any]]:
    for j, name in enumerate(workload.class_order):
        sums = passed[codes == j].sum(axis=0)
        for i, other in enumerate(workload.class_order):
            yield {"passing": other, "passed": name, "passes": int(sums[i])}


def _busy_share(served: pd.DataFrame, workload: Workload) -> float:
    """Return busy over staffed time, from the first to the last arrival."""
    times, counts = workload.schedule
    first, last = served["arrived_s"].iloc[0], served["arrived_s"].iloc[-1]
    edges = np.clip(np.append(times, np.inf), first, last)
    staffed = float((np.diff(edges) * counts).sum())
    busy = (served["end_s"].clip(upper=last) - served["start_s"].clip(upper=last)).sum()
    return float(busy / staffed) if staffed > 0 else np.nan


def _summed(long: pd.DataFrame, keys: Sequence[str], level: float) -> pd.DataFrame:
    grouped = long.groupby(list(keys), sort=False, observed=True)["value"]
    out = grouped.agg(value="mean", error="sem", n_replications="count").reset_index()
    away = stats.t.ppf((1 + level) / 2, np.maximum(out["n_replications"] - 1, 1)) * out.pop("error")
    out.insert(len(keys) + 1, "low", out["value"] - away)
    out.insert(len(keys) + 2, "high", out["value"] + away)
    return out
