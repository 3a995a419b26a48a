"""Which plan each customer holds at the end of one month, which others may be taken, and what taking them costs.

The rules are those of `people.offers_of` and `people.cooling`, asked of one month for all customers and plans.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cxlib.engine.fixed import half_up
from cxlib.errors import CxError
from cxlib.matching.kernels import open_offers
from cxlib.matching.months import month_text
from cxlib.matching.people import NEVER, cooling, offers_of
from cxlib.matching.tariffs import versions_at
from cxlib.texts import N_

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cxlib.matching.catalogue import Catalogue
    from cxlib.matching.history import History
    from cxlib.matching.people import People


def held_plans(history: History, people: People, month: int) -> NDArray[np.int32]:
    """Return the plans held at the end of `month`, int32 [C]: those of the usage, else those of the customers.

    Raises
    ------
    CxError
        ``missing_plan``, naming the first customer without one.
    """
    of_usage = history.plan_at(month)
    held = np.where(of_usage >= 0, of_usage, people.plan).astype(np.int32)
    if (held < 0).any():
        raise CxError(
            "missing_plan",
            N_("No plan is known of customer {customer} in {month}."),
            hint=N_("Add plan_id to the usage, or bring the table of customers."),
            column="plan_id",
            customer=history.customer_ids[int((held < 0).argmax())].as_py(),
            month=month_text(month),
        )
    return held


def may_take(
    catalogue: Catalogue,
    people: People,
    month: int,
    *,
    held: NDArray[Any] | None = None,
    taken: NDArray[Any] | None = None,
) -> NDArray[np.bool_]:
    """Return whether each customer may take each plan at the end of `month`, contracts included, bool [C, P].

    Parameters
    ----------
    held : int [C], optional
        Positions of the plans held, below 0 where none is known: then cool-offs bind, and accounts on pooled plans may
        take pooled plans only, others the others.
    taken : int [C], optional
        Month numbers in which these were taken; one that is not known lies long ago.
    """
    n = len(people.plan)
    version_of = versions_at(catalogue, month, month)
    offers = offers_of(catalogue, people, np.zeros(1, np.int64), version_of, month)
    may = np.empty((n, len(catalogue)), dtype=np.bool_)
    open_offers(version_of, offers, 0, may)
    may[people.free > month] = False
    if held is not None:
        may &= same_kind(catalogue, held)
        if taken is not None:
            months = np.zeros(n, np.int64)
            since = np.where(taken >= NEVER, -NEVER, taken.astype(np.int64))
            bound = cooling(catalogue, version_of, np.maximum(held, 0), months, since - month)
            if len(bound):
                may[bound & (held >= 0)] = False
    return may


def same_kind(catalogue: Catalogue, held: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which plans are pooled or not as those held are, all where none is known: bool [n, P]."""
    pooled = np.array(catalogue.pooled)
    return np.asarray((pooled[held][:, None] == pooled[None, :]) | (held < 0)[:, None])


def switching_costs(catalogue: Catalogue, held: NDArray[np.int32], month: int) -> NDArray[np.int64]:
    """Return what going from the plan held to each plan costs once, in minor units, int64 [C, P]."""
    money = 10**catalogue.minor_digits
    versions = [catalogue.version(plan_id, month) for plan_id in catalogue.plan_ids]
    leave = np.array([0 if v is None else half_up(v.exit_fee * money) for v in versions], dtype=np.int64)
    take = np.array([0 if v is None else half_up(v.activation_fee * money) for v in versions], dtype=np.int64)
    costs: NDArray[Any] = leave[held][:, None] + take[None, :]
    costs[np.arange(len(held)), held] = 0
    return costs
