"""Who the customers are, the law by which they use, and the plans they chose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from cxlib.demo import operator as op
from cxlib.demo.plans import Floats, Tariff, tariff

if TYPE_CHECKING:
    from numpy.typing import NDArray

KINDS: Final = ("light", "talker", "data", "balanced", "all")
KIND_SHARES: Final = (0.24, 0.2, 0.22, 0.26, 0.08)
SENIOR_KIND_SHARES: Final = (0.45, 0.38, 0.03, 0.12, 0.02)
KIND_MEDIANS: Final = ((60, 8, 1.1), (750, 30, 3.0), (140, 8, 42.0), (260, 18, 11.0), (900, 40, 45.0))
KIND_SPREAD: Final = (0.5, 0.8, 0.55)
REGIONS: Final = ("North", "East", "South", "West", "Centre")
REGION_SHARES: Final = (0.18, 0.32, 0.24, 0.12, 0.14)

REGIME_SHARE: Final = 0.2
JOINED_WITHIN_SHARE: Final = 0.12
MISFIT_SHARE: Final = 0.24
"""Share of choices that go to a plan some steps off the best one."""
FLAT_RATE_SHARE: Final = 0.6
"""Of those, the share that goes to a dearer plan than needed."""
OWN_VIEW: Final = 0.12
"""How far, on the log scale, customers are wrong about their own usage when they choose."""
LEGACY_SHARE: Final = 0.12
BOUND_SHARE: Final = 0.08
"""Share of customers whose contract outlasts the last month of usage."""
ONCE_BOUND_SHARE: Final = 0.22


@dataclass(frozen=True)
class Law:
    """The law of usage: month m of customer i is lognormal around ``mean[i, m]``, with `operator.NOISE_CV`.

    `mean` is n x 15 x 3: the twelve months of usage and the three after them, in minutes, messages and MB.
    `regime_month` is the place of the month from which on the mean is multiplied by `regime_factor`, or -1.
    """

    mean: Floats
    regime_month: NDArray[np.int64]
    regime_factor: Floats


def draw_people(random: np.random.Generator, n: int) -> pd.DataFrame:
    """Draw n customers: numbers, needs, regions, dates, consent; `kind` says what sort of user."""
    need = random.choice(["", *op.NEEDS], size=n, p=[1 - sum(op.NEED_SHARES), *op.NEED_SHARES])
    by_need = np.where(need == "senior", _draw(random, SENIOR_KIND_SHARES, n), _draw(random, KIND_SHARES, n))
    numbers = np.cumsum(random.integers(1, 40, n)) + 20_000
    first = op.FIRST_MONTH.astype("datetime64[D]")
    tenure = np.minimum(random.exponential(1500, n), 4000).astype("timedelta64[D]")
    within = random.random(n) < JOINED_WITHIN_SHARE
    joined = np.where(within, first + random.integers(1, 330, n).astype("timedelta64[D]"), first - 31 - tenure)
    return pd.DataFrame(
        {
            "customer_id": [f"{number:07d}" for number in numbers],
            "kind": by_need,
            "need": need,
            "region": random.choice(REGIONS, size=n, p=REGION_SHARES),
            "joined_on": joined,
            "left_on": _leave(random, joined),
            "contract_end": _bind(random, joined),
            "consent": random.random(n) < op.CONSENT_SHARE,
        }
    )


def draw_law(random: np.random.Generator, kind: NDArray[np.int64]) -> Law:
    """Draw each customer's law: own level, season, growth, and a lasting change for about a fifth."""
    n, months = kind.size, op.MONTHS + op.HORIZON
    level = np.array(KIND_MEDIANS)[kind] * np.exp(random.standard_normal((n, 3)) * KIND_SPREAD)
    level[:, 2] *= 1024
    calendar = (op.FIRST_MONTH + np.arange(months)).astype(int) % 12
    course = np.empty((months, 3))
    for m, meter in enumerate(op.METERS):
        course[:, m] = np.array(op.SEASON[meter])[calendar] * (1 + op.GROWTH[meter]) ** np.arange(months)
    changes = random.random(n) < REGIME_SHARE
    month = np.where(changes, random.integers(2, op.MONTHS - 2, n), -1)
    size = np.exp(random.uniform(np.log(2.0), np.log(3.5), n))
    factor = np.where(changes, np.where(random.random(n) < 0.5, size, 1 / size), 1.0)
    after = (month[:, None] >= 0) & (np.arange(months) >= month[:, None])
    mean = level[:, None, :] * course * np.where(after, factor[:, None], 1.0)[:, :, None]
    return Law(mean=mean, regime_month=month, regime_factor=factor)


def choose_plans(
    random: np.random.Generator, people: pd.DataFrame, law: Law, plans: pd.DataFrame
) -> tuple[NDArray[Any], pd.DataFrame]:
    """Return the plan held in each month (n x 12, plan ids) and the changes made (place, month, plan)."""
    n = len(people)
    start = tariff(plans, op.FIRST_MONTH)
    usual = np.median(law.mean[:, :2], axis=1)  # before any change of regime
    first_choice = _choose(random, people, usual, start)
    old = (people["joined_on"] < np.datetime64("2023-01-01")).to_numpy() & (random.random(n) < LEGACY_SHARE)
    first_choice = np.where(old, start.index(["C45"])[0], first_choice)
    held = np.repeat(np.array(start.plan_ids, dtype=object)[first_choice][:, None], op.MONTHS, axis=1)
    regime = law.regime_month >= 0
    changes = np.where(regime, random.random(n) < 0.2, random.random(n) < 0.04)
    at = np.where(regime, law.regime_month + random.integers(1, 4, n), random.integers(2, op.MONTHS - 1, n))
    changes &= at < op.MONTHS
    again = _choose(random, people, law.mean[np.arange(n), np.minimum(at, op.MONTHS - 1)], start)
    new = np.array(start.plan_ids, dtype=object)[again]
    changes &= new != held[:, 0]
    later = changes[:, None] & (np.arange(op.MONTHS) >= at[:, None])
    held = np.where(later, new[:, None], held)
    done = np.flatnonzero(changes)
    return held, pd.DataFrame({"place": done, "month": at[done], "plan_id": new[done]})


def draw_tiers(random: np.random.Generator, spend: Floats) -> NDArray[Any]:
    """Give tiers by what customers spend, roughly."""
    rank = np.argsort(np.argsort(-np.log(spend) + 0.5 * random.standard_normal(spend.size))) / spend.size
    return np.array(op.TIERS, dtype=object)[np.searchsorted(np.cumsum(op.TIER_SHARES)[:-1], rank, side="right")]


def tenure_months(joined_on: pd.Series, day: np.datetime64) -> NDArray[np.int64]:
    """Return whole months from joining to a day; 0 for who came later."""
    joined = joined_on.to_numpy().astype("datetime64[D]")
    months = day.astype("datetime64[M]").astype(int) - joined.astype("datetime64[M]").astype(int)
    day_of = (joined - joined.astype("datetime64[M]")).astype(int)
    short = day_of > int((day - day.astype("datetime64[M]").astype("datetime64[D]")).astype(int))
    whole: NDArray[np.int64] = np.maximum(months - short, 0).astype(np.int64)
    return whole


def _draw(random: np.random.Generator, shares: tuple[float, ...], n: int) -> NDArray[np.int64]:
    return np.searchsorted(np.cumsum(shares)[:-1], random.random(n), side="right").astype(np.int64)


def _leave(random: np.random.Generator, joined: NDArray[Any]) -> NDArray[Any]:
    """Leaving at a constant rate from September 2025 on, as far as it is known."""
    begin = np.maximum(joined + np.timedelta64(60, "D"), np.datetime64("2025-09-01"))
    stay = (random.exponential(30.4 / op.LEAVING_PER_MONTH, joined.size)).astype("timedelta64[D]")
    left = begin + stay
    return np.where(left <= op.KNOWN_UNTIL, left, np.datetime64("NaT", "D"))


def _bind(random: np.random.Generator, joined: NDArray[Any]) -> NDArray[Any]:
    """Contracts: some outlast the last month of usage, some are over, most customers never had one."""
    n, end = joined.size, (op.FIRST_MONTH + op.MONTHS).astype("datetime64[D]")
    draw = random.random(n)
    later = end + random.integers(0, 540, n).astype("timedelta64[D]")
    earlier = end - random.integers(2, 700, n).astype("timedelta64[D]")
    none = np.datetime64("NaT", "D")
    over = (draw >= BOUND_SHARE) & (draw < BOUND_SHARE + ONCE_BOUND_SHARE) & (earlier > joined)
    return np.where(draw < BOUND_SHARE, later, np.where(over, earlier, none))


def _choose(random: np.random.Generator, people: pd.DataFrame, mean: Floats, prices: Tariff) -> NDArray[np.int64]:
    """Take the plan of least expected cost for what one believes to use; some end up steps away on the ladder."""
    n = len(people)
    believed = mean * np.exp(OWN_VIEW * random.standard_normal((n, 1)))
    allowed = prices.may_take(people["need"], tenure_months(people["joined_on"], np.datetime64("2025-07-01")))
    cost = np.where(allowed, prices.expected_cost(believed), np.inf)
    best = cost.argmin(axis=1)
    ladder = np.argsort(prices.fee, kind="stable")
    place = np.empty_like(ladder)
    place[ladder] = np.arange(ladder.size)
    steps = random.integers(1, 4, n) * np.where(random.random(n) < FLAT_RATE_SHARE, 1, -1)
    target = ladder[np.clip(place[best] + steps, 0, ladder.size - 1)]
    misfit = (random.random(n) < MISFIT_SHARE) & allowed[np.arange(n), target]
    chosen: NDArray[np.int64] = np.where(misfit, target, best)
    return chosen
