"""Where each customer stands with the plan held when a month ends: what the bills of the months to come depend on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cxlib.engine.threads import blocks, run
from cxlib.matching.case import taken_of
from cxlib.matching.rates import rates_for
from cxlib.matching.rating import LONG_AGO, STANDING, Rates, carry_on
from cxlib.matching.tariffs import versions_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cxlib.matching.catalogue import Catalogue
    from cxlib.matching.people import People
    from cxlib.matching.usage import Usage

UNKNOWN: Final = LONG_AGO
"""Month in which a plan was taken, where that is not known."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What is known of B customers at the end of a month."""

    taken: NDArray[np.int64]
    """Month number in which the plan held was taken, `UNKNOWN` where that is not known, [B]."""
    lines: NDArray[np.int64]
    """Lines of the account, [B]."""
    carried: NDArray[np.int64]
    """What may still be used in 1, 2, ... months, by meter, [B, M, longest + 1], in units of ``10 ** -decimals``."""
    decimals: tuple[int, ...]

    def __getitem__(self, chosen: Any) -> Standing:
        """Return some of the customers."""
        return Standing(
            taken=self.taken[chosen],
            lines=self.lines[chosen],
            carried=self.carried[chosen],
            decimals=self.decimals,
        )

    def age(self, month: int) -> NDArray[np.int64]:
        """Return how many months each has been on the plan at the end of `month`, many where that is not known."""
        return np.where(self.taken == UNKNOWN, np.int64(STANDING), month - self.taken)


class Ledger:
    """A company's usage, from which the standing at the end of any month is told.

    Parameters
    ----------
    usage : Usage
        With the plans held filled in where they are known, pooled as for bills.
    people : People
        Of the customers of the usage.
    catalogue : Catalogue
    """

    def __init__(self, usage: Usage, people: People, catalogue: Catalogue) -> None:
        self._usage, self._catalogue = usage, catalogue
        self._first, self._last = int(usage.month.min()), int(usage.month.max())
        self._taken = taken_of(usage, people, catalogue, self._first)
        self._month = usage.month - np.int32(self._first)

    def at(self, month: int) -> Standing:
        """Return the standing of all customers of the usage at the end of `month`."""
        usage, customers = self._usage, len(self._usage.customer_ids)
        owner = np.repeat(np.arange(customers, dtype=np.int64), np.diff(usage.starts))
        row = usage.starts[:-1] + np.bincount(owner[usage.month <= month], minlength=customers) - 1
        there = row >= usage.starts[:-1]
        row = np.maximum(row, usage.starts[:-1])
        taken = np.full(customers, UNKNOWN, np.int64)
        if len(self._taken):
            found = self._taken[row].astype(np.int64)
            taken = np.where(there & (found != LONG_AGO), found + self._first, UNKNOWN)
        lines = np.ones(customers, np.int64) if usage.lines is None else usage.lines[row].astype(np.int64)
        return Standing(taken=taken, lines=lines, carried=self._carried(month), decimals=usage.decimals)

    def _carried(self, month: int) -> NDArray[np.int64]:
        usage, catalogue = self._usage, self._catalogue
        n, meters = len(usage.customer_ids), len(catalogue.meters)
        longest = catalogue.longest_rollover
        if not longest:
            return np.zeros((n, meters, 1), np.int64)
        rates = self._rates()
        out = np.empty((n, meters, longest + 1), np.int64)
        held = usage.held.astype(np.int64)
        taken = self._taken if len(self._taken) else np.full(len(held), LONG_AGO, np.int32)
        last = month - self._first
        parts = blocks(n, parts=1 + len(held) // 100_000)
        shared = (rates, usage.starts, self._month, held, taken, usage.quantity.astype(np.int64), last)
        run(carry_on, [(*shared, lo, hi, out) for lo, hi in parts])
        return out

    def _rates(self) -> Rates:
        usage = self._usage
        shape = versions_at(self._catalogue, self._first, self._last)
        return rates_for(self._catalogue, shape, decimals=usage.decimals, largest=usage.largest)[0]
