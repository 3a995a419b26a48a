"""Exact numbers: decimals as whole numbers of their smallest unit.

A float64 with at most 15 significant digits names one decimal. `fixed_point` turns an array of such floats into
the whole numbers ``value * 10 ** decimals``, or refuses; it never rounds a digit away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numba import njit

from cxlib.engine.threads import blocks, run
from cxlib.errors import CxError
from cxlib.tables import MAX_DECIMALS
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from numpy.typing import NDArray

_SAMPLE: Final = 512
_NOISE: Final = 2.0**-50  # a sum of floats may be this far, relatively, from the decimal that it stands for
_FARTHEST: Final = 0.01
_STEP: Final = 2.0**-52  # a decimal is this far at most, relatively, from the product of its nearest float
_LARGEST: Final = 1e15


def fixed_point(values: Any, decimals: int) -> NDArray[np.int64]:
    """Return ``values * 10 ** decimals`` as whole numbers.

    Parameters
    ----------
    values : array of float, length n
        Each with at most 15 significant digits.
    decimals : int
        Number of decimal places to keep, 0 to 6.

    Raises
    ------
    CxError
        ``not_a_number``, ``too_many_decimals`` or ``too_large``: the first value that has no exact fixed point.
    """
    given = np.ascontiguousarray(values, dtype=np.float64)
    out, _, _ = fixed_chunks([given], least=decimals, most=decimals)
    return out


def decimals_of(values: Any) -> int:
    """Return the fewest decimal places, 0 to 6, that hold every value exactly, or raise as `fixed_point`."""
    return fixed_chunks([np.ascontiguousarray(values, dtype=np.float64)], least=0, most=MAX_DECIMALS)[1]


def fixed_chunks(
    chunks: Sequence[NDArray[np.float64]],
    *,
    least: int = 0,
    most: int = MAX_DECIMALS,
    room: NDArray[np.int32] | None = None,
) -> tuple[NDArray[Any], int, tuple[int, int]]:
    """Turn a column in chunks into one array of whole numbers, in one pass over the data where a sample tells enough.

    Parameters
    ----------
    chunks : sequence of float64 arrays
        The column, in order.
    least, most : int
        Bounds of the number of decimals, which is the smallest that holds all values.
    room : int32 array, length n, optional
        Where to put the values if they all fit; without it they are int64.

    Returns
    -------
    (values, decimals, (smallest, largest))
        `values` is `room` or an int64 array; the extremes are those of `values`, 0 where there is none.
    """
    n = sum(len(chunk) for chunk in chunks)
    sample = np.concatenate([chunk[:: max(1, len(chunk) // _SAMPLE)] for chunk in chunks] or [np.zeros(0)])
    decimals = least
    while decimals < most and not _fits(sample, decimals):
        decimals += 1
    narrow = room is not None and _within(sample, decimals)
    while True:
        out: NDArray[Any] = room if room is not None and narrow else np.empty(n, dtype=np.int64)
        exact, low, high = _convert_all(chunks, out, 10.0**decimals)
        if exact and (not narrow or max(high, -low) < 2**31):
            return out, decimals, (int(low), int(high))
        if exact:
            narrow = False
        elif decimals < most:
            decimals += 1
        else:
            raise _no_fixed_point(chunks, most)


def half_up(value: Fraction) -> int:
    """Round to a whole number, a half away from zero for what is not negative."""
    return (value.numerator * 2 + value.denominator) // (2 * value.denominator)


def _convert_all(chunks: Sequence[NDArray[np.float64]], out: NDArray[Any], factor: float) -> tuple[bool, float, float]:
    tasks, start = [], 0
    for chunk in chunks:
        parts = blocks(len(chunk), parts=1 + len(chunk) // 500_000) if len(chunk) else []
        tasks += [(chunk[lo:hi], out[start + lo : start + hi], factor) for lo, hi in parts]
        start += len(chunk)
    done = run(_convert, tasks)
    low = min((each[1] for each in done), default=0.0)
    high = max((each[2] for each in done), default=0.0)
    return all(each[0] for each in done) and max(high, -low) <= _LARGEST, low, high


@njit(cache=True, nogil=True)
def _convert(values: Any, out: Any, factor: float) -> tuple[bool, float, float]:
    wrong = 0
    low, high = 0.0, 0.0
    for i in range(len(values)):
        y = values[i] * factor
        r = np.rint(y)
        wrong += not (abs(y - r) <= min(abs(y) * _NOISE, max(_FARTHEST, abs(y) * _STEP)))
        low = min(low, r)
        high = max(high, r)
        out[i] = r
    return wrong == 0, low, high


def _inexact(values: NDArray[np.float64], decimals: int) -> NDArray[np.bool_]:
    with np.errstate(all="ignore"):
        y = values * 10.0**decimals
        exact: NDArray[np.bool_] = (
            np.abs(y - np.rint(y)) <= np.minimum(np.abs(y) * _NOISE, np.maximum(_FARTHEST, np.abs(y) * _STEP))
        ) & (np.abs(y) <= _LARGEST)
        return ~exact


def _fits(values: NDArray[np.float64], decimals: int) -> bool:
    return not bool(_inexact(values, decimals).any())


def _within(values: NDArray[np.float64], decimals: int) -> bool:
    return bool(np.all(np.abs(values) * 10.0**decimals < 2.0**31))


def _no_fixed_point(chunks: Sequence[NDArray[np.float64]], decimals: int) -> CxError:
    row = 0
    for chunk in chunks:
        bad = _inexact(chunk, decimals)
        if bad.any():
            at = int(bad.argmax())
            return _refusal(float(chunk[at]), row + at, decimals)
        row += len(chunk)
    return CxError("too_large", N_("The numbers are too large to be counted exactly."))


def _refusal(value: float, position: int, decimals: int) -> CxError:
    if not np.isfinite(value):
        return CxError(
            "not_a_number",
            N_("A number is missing or not finite."),
            hint=N_("Write 0 where nothing was used, or leave the row out."),
            value=value,
            position=position,
        )
    if abs(value) * 10.0**decimals > _LARGEST:
        return CxError(
            "too_large",
            N_("{value} is too large to be counted exactly."),
            hint=N_("Check the unit, or use a larger one."),
            value=value,
            position=position,
        )
    return CxError(
        "too_many_decimals",
        N_("{value} has more than {decimals} decimal places."),
        hint=N_("Round the column before it is used."),
        value=value,
        position=position,
        decimals=decimals,
    )
