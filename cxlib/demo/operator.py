"""The facts of the synthetic operator: what it is, and what is planted in it.

Planted, for a product that looks to find:

- *The rule in force*: billing and sales run a head start of 120 s for 贵宾 and 60 s for 金卡; declared
  are 60 and 30.
- *A symbolic tier*: 银卡 is declared a head start of 20 s and has none; nothing at all differs from 普卡.
- *A reversed queue*: technical gives 银卡 and 普卡 120 s, 金卡 60 s and 贵宾 nothing.
- *Courtesy*: the branch counters give customers who are elderly or disabled the 120 s of the top tier; no
  telephone queue does.
- *A courtesy gap*: once served, the matter of a senior is settled less often, by 12 points in every queue.
- *Satisfaction*: 贵宾 is a little happier and settled a little more often; who was passed three times or more is less
  happy, and leaves within 90 days more often.
- *Labels missing*: who was served at once was often not identified: in sales 75 %, elsewhere 10 %.
- *Status words*: 贵宾, 金卡 and the like in raw tier names, Platinum in the name of a plan.
- *Bills that do not reconcile*: proration of first months, discounts, and charges from no meter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

CURRENCY: Final = "CNY"
ZONE: Final = "Asia/Shanghai"
UTC_OFFSET_S: Final = 8 * 3600  # the zone has no daylight saving
FIRST_MONTH: Final = np.datetime64("2025-07")
MONTHS: Final = 12
HORIZON: Final = 3
FIRST_DAY: Final = np.datetime64("2026-04-01")
LAST_DAY: Final = np.datetime64("2026-06-30")
KNOWN_UNTIL: Final = np.datetime64("2026-09-30")
"""Last day that the table of customers knows of: 90 days after the last contact and some."""

METERS: Final = ("minutes", "sms", "data_mb")
NOISE_CV: Final = 0.4
"""Standard deviation over mean of a customer's month, season and growth apart."""
SHARED_NOISE: Final = 0.5
"""Correlation between the meters of one month, on the log scale."""
GROWTH: Final = {"minutes": -0.003, "sms": -0.01, "data_mb": 0.012}
SEASON: Final = {  # January to December
    "minutes": (1.04, 1.12, 1.00, 1.00, 1.02, 0.99, 0.95, 0.94, 0.99, 1.04, 0.98, 0.98),
    "sms": (1.10, 1.35, 0.95, 0.95, 0.96, 0.94, 0.92, 0.92, 0.98, 1.05, 0.94, 1.00),
    "data_mb": (1.03, 1.06, 0.97, 0.96, 0.99, 0.99, 1.07, 1.08, 0.96, 1.03, 0.96, 0.96),
}

TIERS: Final = ("贵宾", "金卡", "银卡", "普卡")
TIER_SHARES: Final = (0.10, 0.18, 0.24, 0.48)
CONTACT_RATES: Final = (2.8, 1.8, 1.15, 1.0)
"""How much more often a customer of the tier makes contact than a regular one."""
DISPLAY: Final = (("Priority", "优先"), ("Level 2", "二级"), ("Level 3", "三级"), ("Regular", "普通"))
DECLARED_RULES: Final = ("head start 60 s", "head start 30 s", "head start 20 s", "first come, first served")
PROMISES: Final = ((0.8, 30.0), (0.7, 60.0), (0.6, 90.0), (0.6, 120.0))
SYMBOLIC_TIER: Final = "银卡"
TOP_TIER: Final = "贵宾"
REVERSED_QUEUE: Final = "technical"
TRAP_QUEUE: Final = "sales"

HEAD_START_S: Final = (120.0, 60.0, 0.0, 0.0)
REVERSED_S: Final = (0.0, 60.0, 120.0, 120.0)
COURTESY_S: Final = 120.0
NEEDS: Final = ("senior", "disabled")
NEED_SHARES: Final = (0.14, 0.03)

PATIENCE_MEAN_S: Final = 420.0
RESOLVED_TOP: Final = 0.05
RESOLVED_SENIOR: Final = -0.12
CSAT_TOP: Final = 0.35
CSAT_PASSED: Final = -0.8
CSAT_ANSWERED: Final = 0.5
PASSED_MUCH: Final = 3
LEAVING_PER_MONTH: Final = 0.011
LEAVING_PASSED: Final = 0.15
"""Share of those passed `PASSED_MUCH` times or more who leave within 90 days on account of it."""
DROPPED_SHARE: Final = 0.004
CONSENT_SHARE: Final = 0.9


@dataclass(frozen=True, kw_only=True)
class Queue:
    """One line in which contacts wait, at one place.

    `opens` and `closes` are hours of the day, `daily` the contacts of a usual weekday, `service_mean_s` the mean
    handling time with coefficient of variation `service_cv`, `abandon_share` what the roster is planned for,
    `head_start_s` by tier, `settled` the usual share of matters settled.
    """

    name: str
    channel: str
    location: str | None
    opens: int
    closes: int
    daily: float
    service_mean_s: float
    head_start_s: tuple[float, ...]
    settled: float
    topics: tuple[str, ...]
    weekdays: tuple[float, ...] = (1.15, 1.0, 0.98, 1.0, 1.08, 0.8, 0.7)
    service_cv: float = 0.8
    abandon_share: float = 0.15
    unlabelled_share: float = 0.10
    courtesy_s: float = 0.0


QUEUES: Final = (
    Queue(
        name="billing",
        channel="phone",
        location=None,
        opens=9,
        closes=18,
        daily=680.0,
        service_mean_s=200.0,
        head_start_s=HEAD_START_S,
        settled=0.84,
        topics=("bill", "payment", "plan change", "other"),
    ),
    Queue(
        name="technical",
        channel="phone",
        location=None,
        opens=9,
        closes=18,
        daily=250.0,
        service_mean_s=320.0,
        head_start_s=REVERSED_S,
        settled=0.7,
        topics=("no signal", "slow data", "device", "roaming"),
    ),
    Queue(
        name="sales",
        channel="phone",
        location=None,
        opens=9,
        closes=18,
        daily=90.0,
        service_mean_s=260.0,
        head_start_s=HEAD_START_S,
        settled=0.88,
        topics=("new line", "upgrade", "offer"),
        unlabelled_share=0.75,
    ),
    Queue(
        name="counter",
        channel="branch",
        location="Riverside",
        opens=9,
        closes=17,
        daily=60.0,
        service_mean_s=380.0,
        head_start_s=HEAD_START_S,
        settled=0.9,
        topics=("identity", "device", "bill", "new line"),
        weekdays=(1.1, 0.9, 0.9, 0.95, 1.1, 1.2, 0.0),
        courtesy_s=COURTESY_S,
        abandon_share=0.3,
    ),
    Queue(
        name="counter",
        channel="branch",
        location="Station",
        opens=9,
        closes=17,
        daily=48.0,
        service_mean_s=380.0,
        head_start_s=HEAD_START_S,
        settled=0.9,
        topics=("identity", "device", "bill", "new line"),
        weekdays=(1.1, 0.9, 0.9, 0.95, 1.1, 1.2, 0.0),
        courtesy_s=COURTESY_S,
        abandon_share=0.3,
    ),
)


def queues(*, planted: bool) -> tuple[Queue, ...]:
    """Return the queues as they are, or without anything planted: first come, first served, and everybody labelled."""
    if planted:
        return QUEUES
    alike = (0.0,) * len(TIERS)
    return tuple(replace(queue, head_start_s=alike, courtesy_s=0.0, unlabelled_share=0.0) for queue in QUEUES)


HOURS: Final = {9: 1.3, 10: 1.6, 11: 1.5, 12: 0.8, 13: 0.8, 14: 1.1, 15: 1.2, 16: 1.0, 17: 0.7}
"""How busy each hour of the day is, before it is brought to a mean of 1 over the hours that a queue is open."""
TIER_HOURS: Final = {hour: (1.25, 1.1, 1.1, 0.9) if hour < 14 else (0.75, 0.9, 0.85, 1.1) for hour in HOURS}
"""Higher tiers call in the busy morning, regular customers later: a crude comparison compares different hours."""
DAY_NOISE: Final = 0.15
"""Standard deviation of the log of a day's traffic, which the roster does not know of."""


def rank_of(tier: Any) -> NDArray[np.int64]:
    """Return the places of tiers in `TIERS`."""
    return np.asarray(pd.Index(TIERS).get_indexer(pd.Index(tier)), dtype=np.int64)
