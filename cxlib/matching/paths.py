"""Bills of possible futures on every plan: months that follow one another, many times over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cxlib.matching.kernels import Rows, bill_all_rows
from cxlib.matching.tariffs import tariff_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cxlib.matching.catalogue import Catalogue


@dataclass(frozen=True, kw_only=True)
class Paths:
    """Bills of n months of usage on P plans; the months of one path stand side by side."""

    bills: NDArray[np.int64]
    """Minor units, int64 [P, n]; -1 where the plan has no price in the month."""
    fees: NDArray[np.int64]
    """Monthly fee of each plan, minor units, int64 [P]; -1 where it has no price."""
    within: NDArray[np.bool_] | None
    """Whether the usage stays within what can be had on the plan, bool [P, n]; None where no plan has a cap."""


def bill_paths(
    catalogue: Catalogue,
    futures: NDArray[np.int64],
    decimals: Sequence[int],
    *,
    month: int,
    horizon: int,
    held: NDArray[np.int32] | None = None,
) -> Paths:
    """Bill paths of usage at the prices of one month, on the thread that calls: `bill_all` would wait for a second one.

    Parameters
    ----------
    futures : int64 [M, n]
        Usage in whole numbers of ``10 ** -decimals``; n is paths times `horizon`, the months of one path adjacent.
    month : int
        Month number of the origin, whose prices hold.
    horizon : int
        Months of one path.
    held : int32 [n / horizon], optional
        Position of the plan that is held when each path starts.

    Returns
    -------
    Paths

    Raises
    ------
    CxError
        ``too_large``, as `tariffs.tariff_for`.
    """
    n = futures.shape[1]
    if n % horizon or (held is not None and len(held) * horizon != n):
        message = f"{n} months are not paths of {horizon} months each"
        raise ValueError(message)
    largest = [int(each.max(initial=0)) for each in futures]
    tariff, kind, _ = tariff_for(catalogue, first=month, last=month, decimals=decimals, largest=largest, months=1)
    rows = Rows(quantity=futures.astype(kind), month=np.zeros(n, np.int16), held=np.zeros(0, np.int16))
    bills = np.empty((len(catalogue), n), dtype=np.int64)
    bill_all_rows(rows, tariff, 0, n, bills)
    version = tariff.version_of[:, 0]
    fees = np.where(version >= 0, tariff.fee[version].astype(np.int64), np.int64(-1))
    return Paths(bills=bills, fees=fees, within=None)
