"""A catalogue as arrays for the kernels, in the smallest units that are safe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cxlib.engine.fixed import half_up
from cxlib.errors import CxError
from cxlib.matching.kernels import FREE, PART, STARTED_PART, STARTED_WHOLE, WHOLE, Tariff
from cxlib.matching.rates import exact_amounts
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from numpy.typing import NDArray

    from cxlib.matching.catalogue import Catalogue, Terms, Version

NARROW: Final = 2**31 - 1
WIDE: Final = 2**63 - 1


@dataclass(frozen=True)
class Line:
    """One meter's price in the kernel's units, and the largest numbers that it leads to."""

    mode: int
    included: int
    price: int
    divisor: int
    unit: int
    largest: int
    cost: int


_NOTHING: Final = Line(FREE, 0, 0, 1, 1, 0, 0)


def catalogue_decimals(catalogue: Catalogue) -> list[int]:
    """Return per meter the decimals that its allowances and rounded units need."""
    needed = []
    for m in range(len(catalogue.meters)):
        terms = [version.terms[m] for found in catalogue.versions.values() for version in found]
        needed.append(max((_decimals(value) for each in terms for value in exact_amounts(each)), default=0))
    return needed


def versions_at(catalogue: Catalogue, first: int, last: int) -> NDArray[np.int32]:
    """Return which version of each plan holds in each month, int32 [P, last - first + 1], -1 where none does."""
    at = {id(v): k for k, v in enumerate(version for found in catalogue.versions.values() for version in found)}
    version_of = np.full((len(catalogue), last - first + 1), -1, dtype=np.int32)
    for p, plan_id in enumerate(catalogue.plan_ids):
        for month in range(first, last + 1):
            version = catalogue.version(plan_id, month)
            version_of[p, month - first] = -1 if version is None else at[id(version)]
    return version_of


def tariff_for(
    catalogue: Catalogue,
    *,
    first: int,
    last: int,
    decimals: Sequence[int],
    largest: Sequence[int],
    months: int,
    beside: int = 0,
) -> tuple[Tariff, Any, int]:
    """Compile the plain plans of the catalogue for usage of the months `first` to `last`; the others have no lines.

    Parameters
    ----------
    decimals, largest : sequence of int, one per meter
        The usage's fixed point and its largest value there.
    months : int
        Length of the window over which savings are added.
    beside : int
        The largest bill on a plan that is not plain, whose bills come as int64.

    Returns
    -------
    (tariff, kind, dearest)
        `kind` is `numpy.int32` or `numpy.int64`, `dearest` the largest bill that the usage can lead to.

    Raises
    ------
    CxError
        ``too_large`` where a bill could leave the range of int64.
    """
    money = 10**catalogue.minor_digits
    versions: list[Version] = [version for found in catalogue.versions.values() for version in found]
    plain = [flat for found, flat in zip(catalogue.versions.values(), catalogue.plain, strict=True) for _ in found]
    fees = [half_up(version.monthly_fee * money) for version in versions]
    lines = [
        [
            _line(terms, money, 10**digits, most) if flat else _NOTHING
            for terms, digits, most in zip(v.terms, decimals, largest, strict=True)
        ]
        for v, flat in zip(versions, plain, strict=True)
    ]
    dearest = max(beside, *(fee + sum(line.cost for line in each) for fee, each in zip(fees, lines, strict=True)))
    numbers = max([line.largest for each in lines for line in each] + list(largest) + [(dearest + 1) * (months + 1)])
    if numbers > WIDE:
        raise CxError(
            "too_large",
            N_("Usage and prices lead to bills too large to be counted exactly."),
            hint=N_("Check the units of the usage and of the prices."),
        )
    kind = np.int32 if numbers <= NARROW and not beside else np.int64
    return _arrays(versions_at(catalogue, first, last), fees, lines, kind, dearest), kind, dearest


def _decimals(value: Fraction) -> int:
    digits = 0
    while (value * 10**digits).denominator != 1:
        digits += 1
    return digits


def _line(terms: Terms, money: int, scale: int, most: int) -> Line:
    included = None if terms.included is None else int(terms.included * scale)
    if included is None or most <= included or terms.overage_price == 0:
        return _NOTHING
    over = most - included
    if terms.round_up:
        unit = int(terms.unit_size * scale)
        price = terms.overage_price * money
        units, reach = -(-over // unit), over + unit
    else:
        unit, units, reach = 1, over, over
        price = terms.overage_price * money / (terms.unit_size * scale)
    top, divisor = price.numerator, price.denominator
    whole, part = (STARTED_WHOLE, STARTED_PART) if unit > 1 else (WHOLE, PART)
    product = units * top + divisor // 2
    mode = whole if divisor == 1 else part
    return Line(mode, included, top, divisor, unit, max(reach, product, top, divisor), product // divisor)


def _arrays(version_of: NDArray[np.int32], fees: list[int], lines: list[list[Line]], kind: Any, dearest: int) -> Tariff:
    bits = 31 if kind is np.int32 else 63
    first = version_of[:, :1]
    trios = [[m for m, line in enumerate(each) if line.mode == WHOLE][:3] for each in lines]
    together = [[each[m] for m in trio] + [_NOTHING] * (3 - len(trio)) for each, trio in zip(lines, trios, strict=True)]
    others = [
        {m for m, line in enumerate(each) if line.mode != FREE} - set(trio)
        for each, trio in zip(lines, trios, strict=True)
    ]
    return Tariff(
        version_of=version_of,
        sole=np.where((version_of == first).all(axis=1), first[:, 0], np.int32(-1)),
        fee=np.array(fees, dtype=kind),
        mode=_table(lines, np.uint8, lambda line: line.mode),
        included=_table(lines, kind, lambda line: line.included),
        price=_table(lines, kind, lambda line: line.price),
        half=_table(lines, kind, lambda line: line.divisor // 2),
        magic=_table(lines, np.uint64, lambda line: _reciprocal(line.divisor, bits)[0]),
        shift=_table(lines, np.uint64, lambda line: _reciprocal(line.divisor, bits)[1]),
        trio=np.array([[*trio, *trio[:1] * (3 - len(trio))] if trio else [-1] * 3 for trio in trios], dtype=np.int32),
        trio_included=_table(together, kind, lambda line: line.included),
        trio_price=_table(together, kind, lambda line: line.price),
        alone=np.array([[m in rest for m in range(len(lines[0]))] for rest in others], dtype=np.bool_),
        unit_less=_table(lines, kind, lambda line: line.unit - 1),
        unit_magic=_table(lines, np.uint64, lambda line: _reciprocal(line.unit, bits)[0]),
        unit_shift=_table(lines, np.uint64, lambda line: _reciprocal(line.unit, bits)[1]),
        unpriced=np.array([dearest + 1], dtype=kind),
    )


def _table(lines: list[list[Line]], kind: Any, value: Any) -> NDArray[Any]:
    if not lines[0]:
        return np.zeros((len(lines), 0), dtype=kind)
    return np.array([[value(line) for line in each] for each in lines], dtype=kind)


def _reciprocal(divisor: int, bits: int) -> tuple[int, int]:
    """Return magic and shift such that ``x * magic >> shift`` is ``x // divisor`` for all 0 <= x < 2 ** bits.

    With L = ceil(log2(divisor)) and magic = ceil(2 ** (bits + L) / divisor), magic * divisor exceeds 2 ** (bits + L) by
    less than 2 ** L, which is what Granlund and Montgomery (1994) ask for. The kernels take the upper 64 or 32 bits of
    the product first, so the shift that is left is less by that.
    """
    if divisor == 1:
        return 0, 0  # such lines are not divided
    shift = bits + (divisor - 1).bit_length()
    magic = -(-(1 << shift) // divisor)
    if bits == 63:
        return magic, shift - 64
    return magic, shift - 32
