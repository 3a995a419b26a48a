"""How often each customer of a run, or of a log, was passed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cxlib.fairness.kernels import scatter, settle_ties, sort_and_count

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def passed_by(
    arrived: Floats, start: Floats, ends: Floats, classes: NDArray[np.int64], n_classes: int
) -> NDArray[np.int32]:
    """Return how often each customer was passed by each class, int32 [n, K].

    Parameters
    ----------
    arrived, start, ends : float64 arrays of length n
        Arrival (rising), start of service (NaN: never) and end of the wait (infinity: waiting still). Who passes was
        served, came later and stopped waiting earlier; ties never count.
    classes : int64 array of length n
        0 .. K-1.
    """
    n = arrived.size
    order, came = np.arange(n, dtype=np.int32), _in_order(arrived)
    sorted_ends = _in_order(ends)
    if not settle_ties(order, came, sorted_ends):
        order = np.lexsort((ends, arrived)).astype(np.int32)
        sorted_ends = _in_order(ends[order])
    codes = classes.astype(np.int8)
    passer = np.where(np.isnan(start), np.int8(n_classes), codes)[order]
    passed = np.where(ends > arrived, codes, np.int8(n_classes))[order]
    counts = np.zeros((n, n_classes), np.int32), np.zeros((n, n_classes), np.int32)
    sort_and_count(sorted_ends, np.arange(n, dtype=np.int32), 0, n, 0, passer, passed, n_classes, *counts)
    out = np.empty_like(counts[0])
    scatter(0, n, order, counts[0], out)
    return out


def _in_order(times: Floats) -> NDArray[np.int64]:
    """Return whole numbers in the same order as times: the bits of floats that are not negative are."""
    whole: NDArray[np.int64] = (times - min(times.min(initial=0.0), 0.0) + 0.0).view(np.int64)
    return whole
