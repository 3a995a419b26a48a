"""What a hold-out group of a given size would measure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from cxlib.engine import frames
from cxlib.engine.intervals import NOTHING, normal_quantile, wilson
from cxlib.errors import CxError
from cxlib.matching.months import last_day, month_number
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cxlib.engine.intervals import Estimate

POWER: Final = 0.8
ALPHA: Final = 0.05
SHARES: Final = (0.05, 0.1, 0.2, 0.3, 0.5)


def hold_out_power(
    customers: int,
    *,
    leaving: float,
    revenue_sd: float | None = None,
    shares: Sequence[float] = SHARES,
    power: float = POWER,
    alpha: float = ALPHA,
) -> pd.DataFrame:
    """Return the smallest differences between the offered and the held out that would be noticed.

    Parameters
    ----------
    customers : int
        Customers of the campaign, both groups together.
    leaving : float
        Share of them that is expected to leave without an offer.
    revenue_sd : float, optional
        Standard deviation of a customer's revenue over the time that is compared, money.
    shares : sequence of float
        Shares to hold out.
    power, alpha : float
        Chance to notice a difference that is there, and to see one that is not (two-sided).

    Returns
    -------
    DataFrame
        One row per share: share, hold_out, offer (customers); leaving_rise and leaving_fall, the smallest difference
        of the offered group's leaving rate upwards and downwards; revenue, of the mean revenue per customer, money.
        Missing where no difference, however large, would be noticed.
    """
    rows = []
    for share in shares:
        if not 0 < share < 1:
            raise CxError("bad_setting", N_("A hold-out is a share between 0 and 1, not {value}."), value=share)
        held = round(share * customers)
        offer = customers - held
        rise, fall = detectable_rates(leaving, offer=offer, hold_out=held, power=power, alpha=alpha)
        revenue = np.nan
        if revenue_sd is not None:
            revenue = detectable_mean(revenue_sd, offer=offer, hold_out=held, power=power, alpha=alpha)
        rows.append((share, held, offer, rise, fall, revenue))
    return pd.DataFrame(rows, columns=["share", "hold_out", "offer", "leaving_rise", "leaving_fall", "revenue"])


def detectable_rates(
    base: float, *, offer: int, hold_out: int, power: float = POWER, alpha: float = ALPHA
) -> tuple[float, float]:
    """Return the smallest rise and fall from the rate of the held out that is noticed, NaN where none is.

    The difference d solves ``d = z(1 - alpha/2) sqrt(m (1 - m) (1/n1 + 1/n2)) + z(power) sqrt(p1 (1 - p1)/n1 +
    p2 (1 - p2)/n2)``, with m the rate of both groups together (J. L. Fleiss, B. Levin and M. C. Paik, Statistical
    Methods for Rates and Proportions, 2003, section 4.3; without continuity correction).
    """
    if not 0 <= base <= 1:
        raise CxError("bad_setting", N_("A rate lies between 0 and 1, not {value}."), value=base)
    if min(offer, hold_out) < 2:
        return np.nan, np.nan
    z_alpha, z_power = normal_quantile(1 - alpha / 2), normal_quantile(power)

    def lacking(rate: float) -> float:
        both = (rate * offer + base * hold_out) / (offer + hold_out)
        chance = z_alpha * np.sqrt(both * (1 - both) * (1 / offer + 1 / hold_out))
        own = z_power * np.sqrt(rate * (1 - rate) / offer + base * (1 - base) / hold_out)
        return float(abs(rate - base) - chance - own)

    return _crossing(lacking, base, 1.0), _crossing(lacking, base, 0.0)


def detectable_mean(sd: float, *, offer: int, hold_out: int, power: float = POWER, alpha: float = ALPHA) -> float:
    """Return the smallest difference of two means that is noticed, NaN where a group has fewer than 2 customers.

    ``(z(1 - alpha/2) + z(power)) sd sqrt(1/n1 + 1/n2)`` (J. M. Lachin, Controlled Clinical Trials 2, 1981).
    """
    if min(offer, hold_out) < 2:
        return np.nan
    return float((normal_quantile(1 - alpha / 2) + normal_quantile(power)) * sd * np.sqrt(1 / hold_out + 1 / offer))


def past_leaving(customers: Any, *, until: Any, months: int) -> Estimate:
    """Return the share of customers who left within some months, with its interval: what to expect without an offer.

    Of those who were customers at the end of the month `months` before `until`, the share who left by the end of
    `until`. All NaN where nobody's leaving is known.

    Parameters
    ----------
    customers : frame
        customer_id; joined_on?, left_on?
    """
    table = frames.pandas(customers)
    if "left_on" not in table.columns or table["left_on"].isna().all():
        return NOTHING
    end = month_number(until)
    start, stop = (pd.Timestamp(last_day(each)) for each in (end - months, end))
    left = pd.to_datetime(table["left_on"])
    here = left.isna() | (left > start)
    if "joined_on" in table.columns:
        joined = pd.to_datetime(table["joined_on"])
        here &= joined.isna() | (joined <= start)
    n = int(here.sum())
    return wilson(float((left[here] <= stop).mean()), n) if n else NOTHING


def _crossing(lacking: Callable[[float], float], base: float, edge: float) -> float:
    """Return how far from `base`, on the way to `edge`, a convex function that begins below 0 comes to 0."""
    if edge == base or lacking(edge) < 0:
        return np.nan
    near, far = base, edge
    while abs(far - near) > 1e-12:
        middle = (near + far) / 2
        near, far = (middle, far) if lacking(middle) < 0 else (near, middle)
    return abs(far - base)
