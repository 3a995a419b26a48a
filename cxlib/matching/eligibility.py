"""Which plan each customer holds at the end of one month, which others may be taken, and what taking them costs.

The rules are those of `people.offers_of`; here they are spread out over customers and plans for a forecast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cxlib.engine.fixed import half_up
from cxlib.errors import CxError
from cxlib.matching.months import month_text
from cxlib.matching.people import segments_of
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


def may_take(catalogue: Catalogue, people: People, month: int) -> NDArray[np.bool_]:
    """Return whether each customer may take each plan at the end of `month`, contracts included, bool [C, P]."""
    may = np.zeros((len(people.plan), len(catalogue)), dtype=bool)
    codes = {segment: code for code, segment in enumerate(segments_of(catalogue))}
    free = people.free <= month
    for p, plan_id in enumerate(catalogue.plan_ids):
        version = catalogue.version(plan_id, month)
        if version is None or not catalogue.on_sale(plan_id, month):
            continue
        open_ = free.copy()
        if version.segment is not None:
            code = codes[version.segment]
            open_ &= (people.tier == code) | (people.need == code)
        if version.min_tenure_months > 0:
            open_ &= month - people.joined >= version.min_tenure_months
        may[:, p] = open_
    return may


def switching_costs(catalogue: Catalogue, held: NDArray[np.int32], month: int) -> NDArray[np.int64]:
    """Return what going from the plan held to each plan costs once, in minor units, int64 [C, P]."""
    money = 10**catalogue.minor_digits
    versions = [catalogue.version(plan_id, month) for plan_id in catalogue.plan_ids]
    leave = np.array([0 if v is None else half_up(v.exit_fee * money) for v in versions], dtype=np.int64)
    take = np.array([0 if v is None else half_up(v.activation_fee * money) for v in versions], dtype=np.int64)
    costs: NDArray[Any] = leave[held][:, None] + take[None, :]
    costs[np.arange(len(held)), held] = 0
    return costs
