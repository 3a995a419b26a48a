"""Simple rules by which a plan could be chosen, and what the plans chosen cost afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cxlib.matching.bills import bill_all
from cxlib.matching.paths import bill_paths
from cxlib.texts import N_

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cxlib.matching.catalogue import Catalogue
    from cxlib.matching.history import History
    from cxlib.matching.predictive import Windows

RULES: Final = ("stay", "last_month", "mean_3", "mean_all", "flag", "recommended")
"""What a back-test sets side by side; all but the last are simple."""
RULE_NAMES: Final = {
    "stay": N_("Stay on the plan"),
    "last_month": N_("Cheapest last month"),
    "mean_3": N_("Cheapest over the last 3 months"),
    "mean_all": N_("Cheapest over all history"),
    "flag": N_("Follow the flag"),
    "recommended": N_("Recommended"),
}
DIRECTIONS: Final = ("under_provisioned", "over_provisioned", "sideways")
"""Of a switch: to a plan with the higher fee, the lower, the same."""
FORBIDDEN: Final = np.iinfo(np.int64).max // 4
"""The cost of a plan that may not be taken."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What Q customers paid over the horizon after one origin, and would have paid on each of P plans; minor units."""

    cost: NDArray[np.int64]
    """Switching cost included, int64 [Q, P]; `FORBIDDEN` where the plan may not be taken."""
    switching: NDArray[np.int64]
    """int64 [Q, P]."""

    def regret(self, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return what the plans chosen, positions [Q], cost more than the one plan that was best in hindsight."""
        taken = np.take_along_axis(self.cost, chosen[:, None], axis=1)[:, 0]
        over: NDArray[np.int64] = taken - self.cost.min(axis=1, initial=FORBIDDEN)
        return over


class Past:
    """The bills of the Q customers of `windows`, all at the same origin, before and after it.

    Parameters
    ----------
    catalogue : Catalogue
    history : History
    windows : Windows
        Q windows that end at the same origin.
    month : int
        The origin.
    held : int64 [Q]
        Position of the plan held at the origin.
    """

    def __init__(
        self, catalogue: Catalogue, history: History, windows: Windows, month: int, held: NDArray[np.int64]
    ) -> None:
        self._catalogue, self._history, self._month, self._held = catalogue, history, month, held
        self.first, self.stop, self.keys = windows.first, windows.stop, history.key

    def of_row(self, rows: NDArray[np.int64], *, at_origin: bool) -> NDArray[np.int64]:
        """Return the bills of good rows of the history, int64 [*rows.shape, P], -1 where a plan has no price.

        Billed at the prices of the origin, or each month at its own.
        """
        used = self._history.exact[rows.ravel()]
        month = np.full(rows.size, self._month) if at_origin else self._history.month[rows.ravel()]
        bills = bill_all(used, self._catalogue, month, decimals=self._history.decimals)
        return bills.reshape(*rows.shape, len(self._catalogue))

    def before(self, months: int | None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the bills of the last months up to the origin, at its prices: sums int64 [Q, P], and how many [Q]."""
        first = self.first if months is None else np.maximum(self.stop - months, self.first)
        n = self.stop - first
        starts = np.concatenate([[0], np.cumsum(n)]).astype(np.int64)
        rows = np.repeat(first - starts[:-1], n) + np.arange(starts[-1])
        total = np.zeros((starts[-1] + 1, len(self._catalogue)), np.int64)
        np.cumsum(self.of_row(rows, at_origin=True), axis=0, out=total[1:])
        return total[starts[1:]] - total[starts[:-1]], n

    def later(self, horizon: int) -> NDArray[np.int64]:
        """Return the bills of the months after the origin, int64 [Q, P], -1 where a plan has no price.

        A plan that has no price any more is billed at that of the origin: who takes it keeps it. Where plans have terms
        that go from month to month, all are billed along the months as by `bill_paths`, at the prices of the origin.
        """
        rows = self.stop[:, None] + np.arange(horizon)
        if not all(self._catalogue.plain):
            return self._along(rows)
        bills = self.of_row(rows, at_origin=False)
        if (bills < 0).any():
            bills = np.where(bills < 0, self.of_row(rows, at_origin=True), bills)
        return np.where((bills >= 0).all(axis=1), bills.sum(axis=1), -1)

    def _along(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        used = np.ascontiguousarray(self._history.exact[rows.ravel()].T).astype(np.int64)
        held = self._held.astype(np.int32)
        paths = bill_paths(
            self._catalogue, used, self._history.decimals, month=self._month, horizon=rows.shape[1], held=held
        )
        bills = paths.bills.reshape(len(self._catalogue), *rows.shape)
        paid: NDArray[np.int64] = np.where((bills >= 0).all(axis=2), bills.sum(axis=2), -1).T
        return paid


def cheapest(past: Past, outcome: Outcome, *, months: int | None, horizon: int) -> NDArray[np.int64]:
    """Choose the plan that was cheapest on average over the last months, or over all; ties to catalogue order.

    Returns
    -------
    int64 [Q]
        Positions of plans.
    """
    total, n = past.before(months)
    expected = total * horizon + outcome.switching * n[:, None]
    chosen: NDArray[np.int64] = np.where(outcome.cost < FORBIDDEN, expected, FORBIDDEN).argmin(axis=1)
    return chosen


def flagged(past: Past, outcome: Outcome, held: NDArray[np.int64], *, months: int, least: Any) -> NDArray[np.int64]:
    """Choose the plan that was cheaper by more than `least` in each of the last `months` and saved most, else stay."""
    rows = np.arange(len(past.stop))
    back = past.stop[:, None] - np.arange(1, months + 1)
    bills = past.of_row(back, at_origin=False)
    saved = bills[rows, :, held][:, :, None] - bills
    key = past.keys
    run = key[past.stop - 1] - key[past.stop - months] == months - 1
    better = (saved > least).all(axis=1) & (bills >= 0).all(axis=1) & run[:, None] & (outcome.cost < FORBIDDEN)
    best = np.where(better, saved.sum(axis=1), 0)
    chosen: NDArray[np.int64] = np.where(best.max(axis=1, initial=0) > 0, best.argmax(axis=1), held)
    return chosen
