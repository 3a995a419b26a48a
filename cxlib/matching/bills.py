"""Bills: what usage costs on each plan.

Money is exact. A bill is the fee plus, for each meter, the overage; **every line, the fee and each meter's overage,
is rounded half up to the smallest unit of money, and the bill is the exact sum of its lines**.
The overage of a meter is ``max(0, used - included) / unit_size`` units at the overage price; with `round_up` the
month's overage is first raised to whole units.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cxlib.engine.fixed import fixed_chunks
from cxlib.engine.threads import blocks, run
from cxlib.errors import CxError
from cxlib.matching.kernels import Rows, bill_all_rows
from cxlib.matching.months import month_number
from cxlib.matching.tariffs import catalogue_decimals, tariff_for
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cxlib.matching.catalogue import Catalogue


def bill_all(
    quantities: Any, catalogue: Catalogue, months: Any, *, decimals: Sequence[int] | None = None
) -> NDArray[np.int64]:
    """Bill an array of usage on all plans.

    Parameters
    ----------
    quantities : array of shape (n, meters)
        Usage in the order of ``catalogue.meters``: float64 with at most 6 decimals, or int64 in units of
        ``10 ** -decimals``.
    catalogue : Catalogue
    months : int, text, date, or array of n month numbers
        Whose prices hold, see `months.month_number`.
    decimals : sequence of int, optional
        One per meter, with integer `quantities`; 0 if not given.

    Returns
    -------
    array of int64, shape (n, plans)
        Bills in the smallest unit of money, in the order of ``catalogue.plan_ids``; -1 where a plan has no price.

    Raises
    ------
    CxError
        ``negative_usage``, or as `engine.fixed.fixed_point`.
    """
    given = np.asarray(quantities)
    if given.ndim != 2 or given.shape[1] != len(catalogue.meters):
        raise CxError("bad_shape", N_("Usage needs one column for each meter of the catalogue."))
    n, out = len(given), np.empty((len(catalogue), len(given)), dtype=np.int64)
    if not n:
        return out.T
    counted, digits = _counted(given, catalogue_decimals(catalogue), decimals)
    scalar = not isinstance(months, np.ndarray | list | tuple)
    number = np.full(n, month_number(months) if scalar and not isinstance(months, int | np.integer) else months)
    first, last = int(number.min()), int(number.max())
    largest = [int(column.max()) for column in counted]
    tariff, kind, _ = tariff_for(catalogue, first=first, last=last, decimals=digits, largest=largest, months=1)
    rows = Rows(
        quantity=np.array(counted, dtype=kind).reshape(len(counted), n),
        month=(number - first).astype(np.int16),
        held=np.zeros(0, dtype=np.int16),
    )
    run(bill_all_rows, [(rows, tariff, lo, hi, out) for lo, hi in blocks(n, parts=1 + n // 50_000)])
    return out.T


def _counted(
    given: NDArray[Any], needed: Sequence[int], decimals: Sequence[int] | None
) -> tuple[list[NDArray[np.int64]], list[int]]:
    """Return the columns in fixed point, with the decimals of each, at least those that the catalogue needs."""
    columns, digits = [], []
    for m, least in enumerate(needed):
        if given.dtype.kind in "iu":
            own = 0 if decimals is None else decimals[m]
            more = max(0, least - own)
            column = given[:, m].astype(np.int64)
            if int(np.abs(column).max()) > (2**63 - 1) // 10**more:
                raise CxError("too_large", N_("The numbers are too large to be counted exactly."))
            column, kept = column * 10**more, own + more
        else:
            column, kept, _ = fixed_chunks([np.ascontiguousarray(given[:, m], dtype=np.float64)], least=least)
        if int(column.min()) < 0:
            raise CxError("negative_usage", N_("Usage is below 0."), hint=N_("Usage is 0 or more."))
        columns.append(column)
        digits.append(kept)
    return columns, digits
