"""Bills of possible futures on every plan: months that follow one another, many times over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cxlib.matching.kernels import Rows, bill_some_rows
from cxlib.matching.ledger import UNKNOWN, Standing
from cxlib.matching.rates import rates_for
from cxlib.matching.rating import NEXT_PLAN, rate_paths
from cxlib.matching.tariffs import tariff_for, versions_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cxlib.matching.catalogue import Catalogue


@dataclass(frozen=True, kw_only=True)
class Paths:
    """Bills of n months of usage on P plans; the months of one path stand side by side."""

    bills: NDArray[np.int64]
    """Minor units, int64 [P, n]; -1 where the plan has no price in the month, or is pooled and the one held is not."""
    fees: NDArray[np.int64]
    """Standing monthly fee of each plan, minor units, int64 [P]; -1 where it has no price."""
    within: NDArray[np.bool_] | None
    """Whether the usage stays within what can be had on the plan, bool [P, n]; None where no plan has a cap."""
    over: NDArray[np.bool_] | None
    """Whether more than the fee is charged for usage, bool [P, n]; None where every bill above the fee says so."""


def bill_paths(
    catalogue: Catalogue,
    futures: NDArray[np.int64],
    decimals: Sequence[int],
    *,
    month: int,
    horizon: int,
    held: NDArray[np.int32] | None = None,
    standing: Standing | None = None,
) -> Paths:
    """Bill paths of usage at the prices of one month, on the thread that calls: `bill_all` would wait for a second one.

    A plan that is not held is taken when the path begins: its promotional months come first, and nothing is carried
    over. On the plan held the months go on, with what was carried over and what is left of a promotion where `standing`
    says it, else as if it had long been held with nothing carried over. Usage beyond a cap is billed as within it.

    Parameters
    ----------
    futures : int64 [M, n]
        Usage in whole numbers of ``10 ** -decimals``; n is paths times `horizon`, the months of one path adjacent.
    month : int
        Month number of the origin, whose prices hold; the paths begin with the month after.
    horizon : int
        Months of one path.
    held : int32 [B], optional
        Position of the plan that is held when the paths start, below 0 for none. B divides the number of paths, and
        each has as many paths, one after the other.
    standing : Standing, optional
        Of the same B at the end of `month`.

    Returns
    -------
    Paths

    Raises
    ------
    CxError
        ``too_large``, as `tariffs.tariff_for` and `rates.rates_for`.
    """
    n = futures.shape[1]
    if n % horizon or (held is not None and n and (not len(held) or (n // horizon) % len(held))):
        message = f"{n} months are not paths of {horizon} months each, as many for everybody"
        raise ValueError(message)
    largest = [int(each.max(initial=0)) for each in futures]
    rates, beside = None, 0
    if not all(catalogue.plain):
        lines = 1 if standing is None else int(standing.lines.max(initial=1))
        shape = versions_at(catalogue, month, month)
        rates, beside = rates_for(catalogue, shape, decimals=decimals, largest=largest, lines=lines)
    tariff, kind, _ = tariff_for(
        catalogue, first=month, last=month, decimals=decimals, largest=largest, months=1, beside=beside
    )
    rows = Rows(quantity=futures.astype(kind, copy=False), month=np.zeros(n, np.int16), held=np.zeros(0, np.int16))
    bills = np.empty((len(catalogue), n), dtype=np.int64)
    version = tariff.version_of[:, 0]
    fees = np.where(version >= 0, tariff.fee[version].astype(np.int64), np.int64(-1))
    if rates is None:
        bill_some_rows(rows, tariff, np.arange(len(catalogue)), 0, n, bills)
        bills[version < 0] = -1
        return Paths(bills=bills, fees=fees, within=None, over=None)
    who = np.full(1, -1, np.int32) if held is None else held
    known = standing or _unknown(catalogue, len(who), tuple(decimals))
    within, over = np.ones(bills.shape, np.bool_), np.empty(bills.shape, np.bool_)
    plain, rich = np.flatnonzero(catalogue.plain), np.flatnonzero(~np.array(catalogue.plain))
    bill_some_rows(rows, tariff, plain, 0, n, bills)
    bills[version < 0] = -1
    over[plain] = bills[plain] > fees[plain, None]
    pooled = np.repeat((who >= 0) & (rates.pooled[who] == 1), n // max(1, len(who)))
    if pooled.any():
        bills[np.ix_(plain, np.flatnonzero(pooled))] = -1
    carried = _rescaled(known, decimals)
    rate_paths(rates, rich, rows.quantity, horizon, who, known.age(month), known.lines, carried, bills, over, within)
    after = np.where(version >= 0, rates.versions[version, NEXT_PLAN], -1)
    fees = np.where(after >= 0, fees[after], fees)
    return Paths(bills=bills, fees=fees, within=within if catalogue.has_caps else None, over=over)


def _unknown(catalogue: Catalogue, n: int, decimals: tuple[int, ...]) -> Standing:
    """Return the standing of those who have long had their plan, with one line and nothing carried over."""
    return Standing(
        taken=np.full(n, UNKNOWN, np.int64),
        lines=np.ones(n, np.int64),
        carried=np.zeros((n, len(catalogue.meters), catalogue.longest_rollover + 1), np.int64),
        decimals=decimals,
    )


def _rescaled(standing: Standing, decimals: Sequence[int]) -> NDArray[np.int64]:
    """Return what was carried over in the units of the paths."""
    carried = standing.carried.copy()
    for m, (own, wanted) in enumerate(zip(standing.decimals, decimals, strict=True)):
        carried[:, m] = carried[:, m] * 10 ** max(0, wanted - own) // 10 ** max(0, own - wanted)
    return carried
