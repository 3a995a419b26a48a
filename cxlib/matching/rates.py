"""A catalogue's finer terms as arrays for the kernels of `rating`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cxlib.engine.fixed import half_up
from cxlib.errors import CxError
from cxlib.matching.rating import CAP, PACK_SLOPE, Rates
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from numpy.typing import NDArray

    from cxlib.matching.catalogue import Catalogue
    from cxlib.matching.terms import Terms, Version

MOST_PACKS: Final = 1_000_000
"""Packs that one month may be covered by."""
_WIDE: Final = 2**63 - 1


def rates_for(
    catalogue: Catalogue,
    version_of: NDArray[Any],
    *,
    decimals: Sequence[int],
    largest: Sequence[int],
    lines: int = 1,
) -> tuple[Rates, int]:
    """Compile the catalogue for usage of the months that `version_of` [P, T] counts.

    Parameters
    ----------
    decimals, largest : sequence of int, one per meter
        The usage's fixed point and its largest value there.
    lines : int
        The most lines of one account.

    Returns
    -------
    (rates, dearest)
        `dearest` is the largest bill that the usage can lead to.

    Raises
    ------
    CxError
        ``too_large`` where a number could leave the range of int64 or a month take more than a million packs.
    """
    versions: list[Version] = [version for found in catalogue.versions.values() for version in found]
    money, scales = 10**catalogue.minor_digits, [10**digits for digits in decimals]
    every = [(version, m) for version in versions for m in range(len(scales))]
    meters = [_Meter(version.terms[m], money, scales[m], largest[m]) for version, m in every]
    for each, (version, m) in zip(meters, every, strict=True):
        if each.packs > MOST_PACKS:
            raise _too_many_packs(version.plan_id, catalogue.meters[m], each.packs)
    fees = [half_up(max(v.monthly_fee, v.promo_fee) * money) + half_up(v.line_fee * money) * lines for v in versions]
    own = [sum(each.cost for each in meters[k * len(scales) : (k + 1) * len(scales)]) for k in range(len(versions))]
    dearest = max(fee + cost + half_up(v.min_charge * money) for fee, cost, v in zip(fees, own, versions, strict=True))
    if max([each.largest for each in meters] + [dearest]) > _WIDE:
        raise CxError(
            "too_large",
            N_("Usage and prices lead to bills too large to be counted exactly."),
            hint=N_("Check the units of the usage and of the prices."),
        )
    return _arrays(catalogue, versions, meters, version_of, money), dearest


class _Meter:
    """One meter of one version in the kernel's units, and the largest numbers that it leads to."""

    def __init__(self, terms: Terms, money: int, scale: int, most: int) -> None:
        self.terms = terms
        self.included = -1 if terms.included is None else int(terms.included * scale)
        self.cap = -1 if terms.cap is None else int(terms.cap * scale)
        self.unit = int(terms.unit_size * scale) if terms.round_up else 1
        self.up_to = [_WIDE if tier.up_to is None else int(tier.up_to * scale) for tier in terms.tiers]
        exact = [tier.price * money / (terms.unit_size * scale) for tier in terms.tiers]
        self.divisor = math.lcm(*(each.denominator for each in exact))
        self.price = [int(each * self.divisor) for each in exact]
        pack = terms.pack_price * money
        self.pack_size = 0 if terms.pack_size is None else int(terms.pack_size * scale)
        self.pack_price, self.pack_divisor = pack.numerator, pack.denominator
        saved = [pack - each * self.pack_size for each in exact]
        self.pack_slope = [(each > 0) - (each < 0) for each in saved]
        units = self.unit // math.gcd(self.pack_size, self.unit)
        self.pack_period = min(math.lcm(self.divisor, self.pack_divisor, units), MOST_PACKS)
        reached = most if self.cap < 0 else min(most, self.cap)
        over = 0 if self.included < 0 else max(0, reached - self.included)
        self.packs = -(-over // self.pack_size) if self.pack_size else 0
        charged = over + self.unit
        product = charged * max(self.price, default=0) + self.divisor
        packed = self.packs * self.pack_price + self.pack_divisor
        self.cost = (product // self.divisor if exact else 0) + (packed // self.pack_divisor if self.packs else 0)
        bounds = [each for each in self.up_to if each < _WIDE]
        self.largest = max(
            [product, packed, charged, self.included * (terms.rollover_months + 1) + most, self.cap, self.unit, *bounds]
        )


def _arrays(
    catalogue: Catalogue, versions: list[Version], meters: list[_Meter], version_of: NDArray[Any], money: int
) -> Rates:
    def minor(value: Fraction) -> int:
        return half_up(value * money)

    place = {plan_id: p for p, plan_id in enumerate(catalogue.plan_ids)}
    ends = np.cumsum([0, *(len(each.price) for each in meters)]).tolist()
    fees = [
        (
            minor(v.monthly_fee),
            v.promo_months,
            minor(v.promo_fee),
            -1 if v.next_plan_id is None else place[v.next_plan_id],
            minor(v.line_fee),
            minor(v.min_charge),
        )
        for v in versions
    ]
    terms = [
        (
            each.included,
            each.unit,
            ends[k],
            ends[k + 1],
            each.divisor,
            each.terms.volume,
            each.pack_size,
            each.pack_price,
            each.pack_divisor,
            each.pack_period,
            each.terms.rollover_months,
            each.terms.carried_first,
            each.cap,
        )
        for k, each in enumerate(meters)
    ]
    tiers = [row for each in meters for row in zip(each.up_to, each.price, each.pack_slope, strict=True)]
    return Rates(
        version_of=version_of.astype(np.int64),
        versions=np.array(fees, dtype=np.int64),
        terms=np.array(terms, dtype=np.int64).reshape(len(meters), CAP + 1),
        tiers=np.array(tiers, dtype=np.int64).reshape(len(tiers), PACK_SLOPE + 1),
        pooled=np.array(catalogue.pooled, dtype=np.int64),
        longest=max((each.terms.rollover_months for each in meters), default=0),
    )


def exact_amounts(terms: Terms) -> list[Fraction]:
    """Return the quantities of a meter that the kernel's unit must hold exactly."""
    amounts = [terms.included, terms.pack_size, terms.cap, *(tier.up_to for tier in terms.tiers)]
    return [each for each in amounts if each is not None] + ([terms.unit_size] if terms.round_up else [])


def _too_many_packs(plan_id: str, meter: str, packs: int) -> CxError:
    return CxError(
        "too_large",
        N_("A month of usage would take {value} packs of {meter} on plan {plan}."),
        hint=N_("Check the size of the packs and the unit of the usage."),
        column=f"pack_size_{meter}",
        value=packs,
        plan=plan_id,
        meter=meter,
    )
