"""Policies run on the same drawn customers, replication by replication, and what came of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from scipy import stats

from cxlib.engine import threads
from cxlib.errors import CxError
from cxlib.queueing.passing import passed_by
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
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from cxlib.queueing.policies import Policy
    from cxlib.queueing.workload import Workload

    Floats = NDArray[np.float64]

REPLICATIONS: Final = 20
SLA_S: Final = 20.0
LEVEL: Final = 0.95
ALL: Final = "*"
"""Stands for all classes together in `Runs.by_class`."""
NEED: Final = "+"
"""Stands for those with a need, of whatever class."""
CURVE_S: Final = np.concatenate(
    [np.arange(0.0, 120.0, 2.0), np.arange(120.0, 600.0, 10.0), np.arange(600.0, 3601.0, 60.0)]
)
"""Times at which it is told how many wait still."""

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
    sla_s : tuple of float, seconds
        T of the service level, by class.
    replications : int
    by_class : pandas frame
        One row per policy, replication and class (and ``ALL``, and ``NEED`` where needs are known): policy,
        replication, class, n (arrivals counted),
        n_queued, n_served, and `INDICATORS`, NaN where nobody tells it.
    pairs : pandas frame
        One row per policy, replication and pair of classes: policy, replication, passing, passed, passes.
    servers : pandas frame
        One row per policy and replication: policy, replication, busy_share (busy over staffed time).
    curves : pandas frame
        One row per policy, class and time: policy, class, t_s, share of queued contacts that wait longer than that
        (mean over replications).
    """

    policies: tuple[str, ...]
    class_order: tuple[Any, ...]
    sla_s: tuple[float, ...]
    replications: int
    by_class: pd.DataFrame
    pairs: pd.DataFrame
    servers: pd.DataFrame
    curves: pd.DataFrame

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
    sla_s: float | Mapping[Any, float] = SLA_S,
    random_state: int = 0,
    report: Callable[[float], None] | None = None,
) -> Runs:
    """Run every policy on the same customers, drawn anew in each replication.

    Parameters
    ----------
    workload : Workload
    policies : mapping of name to policy
    replications : int, at least 2
    sla_s : float, or mapping of class to float, seconds
        T of the service level; classes that a mapping does not name have `SLA_S`.
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
    within = thresholds(sla_s, workload.class_order)
    seeds = np.random.SeedSequence(random_state).spawn(replications)
    tasks = [(workload, policies, number, seed, within) for number, seed in enumerate(seeds)]
    found = []
    for number, part in enumerate(threads.stream(_one, tasks)):
        found.append(part)
        if report is not None:
            report((number + 1) / replications)
    by_class, pairs, servers = (pd.DataFrame([row for part in found for row in part[place]]) for place in range(3))
    curves = pd.concat([part[3] for part in found], ignore_index=True)
    return Runs(
        policies=tuple(policies),
        class_order=tuple(workload.class_order),
        sla_s=tuple(within.tolist()),
        replications=replications,
        by_class=by_class,
        pairs=pairs,
        servers=servers,
        curves=curves.groupby(["policy", "class", "t_s"], sort=False)["share"].mean().reset_index(),
    )


def thresholds(sla_s: float | Mapping[Any, float], class_order: Sequence[Any]) -> Floats:
    """Return T by class, float64 array of length K; raise `CxError` where it is no length of a wait."""
    given = sla_s if isinstance(sla_s, Mapping) else dict.fromkeys(class_order, sla_s)
    within = np.array([float(given.get(name, SLA_S)) for name in class_order])
    if not (np.isfinite(within) & (within >= 0)).all():
        raise CxError(
            "bad_threshold",
            N_("“{value}” is no length of a wait."),
            hint=N_("Give seconds, 0 or more."),
            value=float(within[~(np.isfinite(within) & (within >= 0))][0]),
        )
    return within


def _one(
    workload: Workload, policies: Mapping[str, Policy], number: int, seed: np.random.SeedSequence, within: Floats
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]], pd.DataFrame]:
    arrivals = workload.draw(np.random.default_rng(seed))
    line = Line.of(arrivals, workload.schedule, classes=len(workload.class_order))
    inside = np.array([workload.begin_s, workload.until_s])
    by_class, pairs, servers, curves = [], [], [], []
    for name, policy in policies.items():
        key = {"policy": name, "replication": number}
        start, _server = line.served(policy.ranking(workload.class_order))
        ends = np.where(np.isnan(start), np.inf if line.deadline is None else line.deadline, start)
        passed = passed_by(line.arrived, start, ends, line.classes, line.n_classes)
        told = Told(line.arrived, start, ends, line.classes, passed, inside)
        rows, between = told.rows(workload.class_order, within, line.courtesy)
        by_class += [key | row for row in rows]
        for j, group in enumerate(workload.class_order):
            for i, other in enumerate(workload.class_order):
                pairs.append(key | {"passing": other, "passed": group, "passes": int(between[i, j])})
        servers.append(key | {"busy_share": _busy_share(line, start)})
        curves.append(told.curves(workload.class_order).assign(policy=name))
    return by_class, pairs, servers, pd.concat(curves, ignore_index=True)


@dataclass(frozen=True)
class Told:
    """What became of customers, to be added up: arrays of length n, and the stretch of arrivals that count."""

    arrived: Floats
    start: Floats
    ends: Floats
    classes: NDArray[np.int64]
    passed: NDArray[np.int32]
    inside: Floats

    def rows(
        self, class_order: Sequence[Any], within: Floats, needs: NDArray[np.bool_] | None = None
    ) -> tuple[list[dict[str, Any]], NDArray[np.int64]]:
        """Return the rows of `Runs.by_class`, and the passes by the passing and the passed class."""
        data = (self.arrived, self.start, self.ends)
        sums, between = class_sums(*data, self.classes, self.passed, self.inside, within)
        waits = [waits_of(self.arrived, self.start, self.classes, k, self.inside) for k in range(within.size)]
        rows = [{"class": group} | _row(sums[k], waits[k]) for k, group in enumerate(class_order)]
        every = sums.sum(axis=0)
        every[MOST] = sums[:, MOST].max(initial=0)
        rows.append({"class": ALL} | _row(every, np.concatenate(waits)))
        if needs is not None and needs.any():
            mine = Told(
                self.arrived[needs],
                self.start[needs],
                self.ends[needs],
                self.classes[needs],
                self.passed[needs],
                self.inside,
            )
            rows.append(mine.rows(class_order, within)[0][-1] | {"class": NEED})
        return rows, between

    def curves(self, class_order: Sequence[Any]) -> pd.DataFrame:
        """Return class, t_s and the share of queued contacts that wait longer."""
        waits = self.ends - self.arrived
        count = (waits > 0) & (self.arrived >= self.inside[0]) & (self.arrived < self.inside[1])
        parts = []
        for k, group in enumerate(class_order):
            mine = np.sort(waits[count & (self.classes == k)])
            if mine.size:
                longer = 1 - np.searchsorted(mine, CURVE_S, side="right") / mine.size
                parts.append(pd.DataFrame({"class": group, "t_s": CURVE_S, "share": longer}))
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["class", "t_s", "share"])


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
