"""Columns that a file holds as numbers or days, read without going through text where the text would be plain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cxlib.intake.quick import DAY_BASE, DAYS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cxlib.intake.columns import Plan

    Plain = tuple[NDArray[np.generic], NDArray[np.bool_], NDArray[np.int64]]

_MOST: Final = 10.0**15
_FRACTIONS: Final = 10.0**9
"""Below this, six decimals and the digits before them are exact as a whole number."""


def plain_values(values: pa.Array, plan: Plan) -> Plain | None:
    """Return (values, which are there and plain, places of odd ones); None where they have to go through text.

    Numbers are plain with at most 15 digits, at most 6 of them decimals, within the limits of the plan; days from 1900
    to 2199, and for months the first of each.
    """
    kind = values.type
    if plan.way == "number" and plan.mark == "." and (pa.types.is_integer(kind) or kind == pa.float64()):
        numbers = pc.fill_null(values, 0).to_numpy(zero_copy_only=False)
        numbers = numbers.astype(np.float64) if pa.types.is_integer(kind) else numbers
        return _divided(numbers, values, _plain_numbers(numbers, plan))
    if plan.way == "day" and plan.iso and not plan.blank and kind == pa.date32():
        days = pc.fill_null(values.cast(pa.int32()), 0).to_numpy(zero_copy_only=False)
        plain = (days >= DAY_BASE) & (days < DAY_BASE + DAYS)
        if plan.month:
            dates = days.astype("datetime64[D]")
            plain &= dates == dates.astype("datetime64[M]")
        return _divided(days.copy(), values, plain)
    return None


def _plain_numbers(numbers: NDArray[np.float64], plan: Plan) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore", over="ignore"):
        whole = (np.rint(numbers) == numbers) & (np.abs(numbers) < _MOST)
        plain = whole
        if not plan.whole and not whole.all():
            plain = whole | ((np.rint(numbers * 1e6) / 1e6 == numbers) & (np.abs(numbers) < _FRACTIONS))
        found: NDArray[np.bool_] = plain & (numbers >= plan.low) & (numbers <= plan.high)
    return found


def _divided(values: NDArray[np.generic], given: pa.Array, plain: NDArray[np.bool_]) -> Plain:
    there = given.is_valid().to_numpy(zero_copy_only=False)
    odd = np.flatnonzero(there & ~plain)
    return values.copy() if not values.flags.writeable else values, there & plain, odd
