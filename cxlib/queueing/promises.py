"""Promises to tiers, whether a rule keeps them, and the mildest rule that does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from cxlib.errors import CxError
from cxlib.queueing.naming import rule_of
from cxlib.queueing.runs import INDICATORS, LEVEL, MORE_IS_BETTER, REPLICATIONS, SLA_S, Runs, replicate
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cxlib.queueing.calibration import Calibration
    from cxlib.queueing.policies import Policy

MOST_S: Final = 600
MOST_PASSES: Final = 60
MOST_AGENTS: Final = 40
FAMILIES: Final = ("head_start", "max_passes", "agents")


@dataclass(frozen=True)
class Promise:
    """What a class is promised: an indicator that is at least, or at most, so much.

    Parameters
    ----------
    group : a class, ``runs.ALL`` or ``runs.NEED``
    indicator : str
        Of `runs.INDICATORS`.
    bound : float
        At least that where more is better (service levels), at most that otherwise.
    """

    group: Any
    indicator: str
    bound: float

    def __post_init__(self) -> None:
        if self.indicator not in INDICATORS or not np.isfinite(self.bound):
            raise CxError(
                "bad_promise",
                N_("“{value}” cannot be promised."),
                hint=N_("Choose one of: {known}."),
                value=f"{self.indicator} {self.bound}",
                known=", ".join(INDICATORS),
            )

    @property
    def at_least(self) -> bool:
        """Whether more is better."""
        return self.indicator in MORE_IS_BETTER


def promise_of(text: str) -> Promise:
    """Return the promise that a text stands for: ``TIER:INDICATOR=BOUND``, such as ``gold:sla=0.6``.

    >>> promise_of("*:abandonment=0.1")
    Promise(group='*', indicator='abandonment', bound=0.1)
    """
    side, _equals, bound = text.rpartition("=")
    group, _colon, indicator = side.rpartition(":")
    try:
        return Promise(group.strip(), indicator.strip(), float(bound))
    except ValueError:
        raise CxError(
            "bad_promise",
            N_("“{value}” cannot be promised."),
            hint=N_("Write it like {known}."),
            value=text,
            known="gold:sla=0.6",
        ) from None


@dataclass(frozen=True, kw_only=True)
class Solved:
    """The mildest member of a family of rules that keeps promises.

    Attributes
    ----------
    family : str
        Of `FAMILIES`.
    value : float or None
        Head start of the first class in seconds, passes, or agents more; None where none keeps all.
    rule : Policy
        That rule, or the one that comes closest.
    closest : float
        Its value.
    kept : pandas frame
        `kept` under that rule.
    tried : pandas frame
        value, short (by how much promises are missed together, each relative to its bound), all_kept.
    """

    family: str
    value: float | None
    rule: Policy
    closest: float
    kept: pd.DataFrame
    tried: pd.DataFrame


def kept(runs: Runs, policy: str, promises: Sequence[Promise], *, level: float = LEVEL) -> pd.DataFrame:
    """Return whether a rule keeps promises on average over the replications, and how sure that is.

    Returns
    -------
    pandas frame, one row per promise
        group, indicator, at_least, bound, value, low, high (Student's t), kept (the mean keeps it), sure (the whole
        interval does), share (of the replications that keep it).
    """
    told = runs.summary(level=level).set_index(["policy", "class", "indicator"])
    rows = []
    for promise in promises:
        by_run = runs.values(policy, promise.group, promise.indicator)
        row = told.loc[(policy, promise.group, promise.indicator), ["value", "low", "high"]]
        value, low, high = (float(each) for each in row.to_numpy(np.float64))
        worst = low if promise.at_least else high
        rows.append(
            {
                "group": promise.group,
                "indicator": promise.indicator,
                "at_least": promise.at_least,
                "bound": promise.bound,
                "value": value,
                "low": low,
                "high": high,
                "kept": _holds(promise, value),
                "sure": _holds(promise, worst),
                "share": float(np.mean([_holds(promise, each) for each in by_run])),
            }
        )
    return pd.DataFrame(rows)


def solve(
    calibration: Calibration,
    promises: Sequence[Promise],
    *,
    family: str = "head_start",
    rule: Policy | None = None,
    sla_s: float | Mapping[Any, float] = SLA_S,
    replications: int = REPLICATIONS,
    random_state: int = 0,
    report: Callable[[float], None] | None = None,
) -> Solved:
    """Find the mildest rule that keeps promises on average: least head start, largest m, or fewest agents more.

    Parameters
    ----------
    calibration : Calibration
    promises : sequence of Promise
    family : "head_start", "max_passes" or "agents"
        Head starts of the first class (0 to 10 minutes, by whole seconds), strict priority with at most m passes, or
        agents more or fewer whenever anybody is on duty, under `rule`.
    rule : Policy, optional
        For ``"agents"``; default: first come, first served.
    report : function of a share 0 to 1, optional
        What it raises ends the search.

    Notes
    -----
    All members of a family are run on the same customers. Head starts are searched on a grid that is refined around the
    least that keeps all promises, else around the one that comes closest, down to whole seconds. That takes for granted
    that what one class gains by a longer head start others lose; a stretch of it that keeps all promises only between
    two points of the grid, away from the closest, would be missed. Agents are doubled and halved, passes tried from a
    list (0 to 60).

    Raises
    ------
    CxError
        ``unknown_choice``, ``no_promises``, and those of `replicate`.
    """
    if family not in FAMILIES:
        raise CxError(
            "unknown_choice",
            N_("“{value}” is no choice."),
            hint=N_("Choose one of: {known}."),
            value=family,
            known=", ".join(FAMILIES),
        )
    if not promises:
        raise CxError("no_promises", N_("There is no promise to keep."), hint=N_("State one or more."))
    options: dict[str, Any] = {"sla_s": sla_s, "replications": replications, "random_state": random_state}
    search = _Search(calibration, tuple(promises), family, rule or rule_of("fcfs", calibration.class_order), options)
    steps = 0

    def told() -> None:
        nonlocal steps
        steps += 1
        if report is not None:
            report(min(steps / 8, 1.0))

    found = search.head_starts(told) if family == "head_start" else search.one_by_one(told)
    best = found if found is not None else search.closest()
    return Solved(
        family=family,
        value=found,
        rule=search.rule_at(best),
        closest=best,
        kept=search.kept[best],
        tried=search.tried(),
    )


class _Search:
    """What was tried, by value."""

    def __init__(
        self,
        calibration: Calibration,
        promises: tuple[Promise, ...],
        family: str,
        rule: Policy,
        options: dict[str, Any],
    ) -> None:
        self._calibration, self._promises, self._family = calibration, promises, family
        self._rule, self._options = rule, options
        self.kept: dict[float, pd.DataFrame] = {}

    def rule_at(self, value: float) -> Policy:
        if self._family == "agents":
            return self._rule
        return rule_of(f"{self._family}={value:.0f}", self._calibration.class_order)

    def head_starts(self, told: Callable[[], None]) -> float | None:
        """Return the least head start that keeps all promises, on whole seconds."""
        values = [0.0, *np.unique(np.rint(np.geomspace(5, MOST_S, 14))).tolist()]
        self._run(values)
        told()
        while True:
            good = [value for value in self.kept if self._all(value)]
            pick = min(good) if good else self.closest()
            order = sorted(self.kept)
            at = order.index(pick)
            low = order[at - 1] if at else pick
            high = pick if good or at + 1 == len(order) else order[at + 1]
            inside = [value for value in np.unique(np.rint(np.linspace(low, high, 10))) if value not in self.kept]
            if not inside:
                return min(good) if good else None
            self._run([float(value) for value in inside])
            told()

    def one_by_one(self, told: Callable[[], None]) -> float | None:
        """Return the mildest number that keeps all promises."""
        if self._family == "max_passes":
            values = [float(each) for each in (0, 1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, MOST_PASSES)]
            self._run(values)
            told()
            good = [value for value in values if self._all(value)]
            return max(good, default=None)
        return self._agents(told)

    def _agents(self, told: Callable[[], None]) -> float | None:
        low, high = None, 0.0
        step = 1.0
        while not self._tried_all(high) and high < MOST_AGENTS:
            told()
            low, high, step = high, high + step, 2 * step
        if not self._tried_all(high):
            return None
        if low is None:
            while self._tried_all(high - 1):
                told()
                high -= 1
            return high
        while high - low > 1:
            middle = float(np.floor((low + high) / 2))
            low, high = (low, middle) if self._tried_all(middle) else (middle, high)
            told()
        return high

    def _tried_all(self, agents: float) -> bool:
        try:
            self._run([agents])
        except CxError as error:
            if error.code != "no_staff_left":
                raise
            return False
        return self._all(agents)

    def closest(self) -> float:
        return min(self.kept, key=lambda value: (self._short(value), value))

    def tried(self) -> pd.DataFrame:
        rows = [(value, self._short(value), self._all(value)) for value in sorted(self.kept)]
        return pd.DataFrame(rows, columns=["value", "short", "all_kept"])

    def _all(self, value: float) -> bool:
        return bool(self.kept[value]["kept"].all())

    def _short(self, value: float) -> float:
        table = self.kept[value]
        away = np.where(table["at_least"], table["bound"] - table["value"], table["value"] - table["bound"])
        scale = np.maximum(table["bound"].abs(), 1e-9)
        return float(np.nan_to_num(np.maximum(away, 0) / scale, nan=np.inf).sum())

    def _run(self, values: Sequence[float]) -> None:
        if self._family == "agents":
            for value in values:
                if value not in self.kept:
                    workload = self._calibration.with_servers(value).replayed()
                    runs = replicate(workload, {"tried": self._rule}, **self._options)
                    self.kept[value] = kept(runs, "tried", self._promises)
            return
        rules = {f"{value:.0f}": self.rule_at(value) for value in values}
        runs = replicate(self._calibration.replayed(), rules, **self._options)
        for value in values:
            self.kept[value] = kept(runs, f"{value:.0f}", self._promises)


def _holds(promise: Promise, value: float) -> bool:
    return bool(value >= promise.bound if promise.at_least else value <= promise.bound)
