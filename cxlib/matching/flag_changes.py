"""Whose flag is new, whose stands, and whose is resolved since the month before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from cxlib.matching.fit import DIRECTIONS, plan_fit
from cxlib.matching.months import month_number, month_text
from cxlib.matching.moves import traits_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cxlib.matching.case import Absent
    from cxlib.matching.catalogue import Catalogue

CHANGES: Final = ("new", "standing", "resolved")


def flag_changes(
    usage: Any,
    catalogue: Catalogue,
    *,
    month: Any,
    customers: Any = None,
    months: int = 3,
    min_saving: float = 0,
    absent: Absent = "missing",
) -> pd.DataFrame:
    """Return the customers flagged at the end of a month or of the one before it.

    Parameters
    ----------
    month : month
        Such as "2018-12".
    usage, catalogue, customers, months, min_saving, absent
        As for `plan_fit`.

    Returns
    -------
    DataFrame
        One row per customer, sorted: customer_id; change ("new", "standing", "resolved"); direction, plan_id,
        better_plan_id, saving and saving_minor at the month, of resolved ones at the month before; now, the state at
        the month ("flagged", "fits", "changed" to another plan, "short" of a full window); tier, need, region; left.
    """
    number = month_number(month)
    options: dict[str, Any] = {"customers": customers, "months": months, "min_saving": min_saving, "absent": absent}

    def at(when: int) -> pd.DataFrame:
        return plan_fit(usage, catalogue, as_of=month_text(when), **options).set_index("customer_id")

    here = at(number)
    before = at(number - 1)
    now, then = (each.index[each["state"] == "flagged"] for each in (here, before))
    resolved = then.difference(now)
    columns = ["direction", "plan_id", "better_plan_id", "saving", "saving_minor"]
    rows = pd.concat([here.loc[now, columns], before.loc[resolved, columns]]).sort_index()
    change = pd.Series("new", index=rows.index, dtype="str")
    change = change.mask(rows.index.isin(then), "standing").mask(rows.index.isin(resolved), "resolved")
    known = here.reindex(rows.index)
    ids = pd.Series(rows.index, dtype="str")
    out = rows.reset_index().assign(
        change=change.to_numpy(),
        now=known["state"].to_numpy(),
        **traits_of(customers, ids),
        left=known["left"].astype("boolean").fillna(False).astype(bool).to_numpy(),
    )
    names = ["customer_id", "change", *columns, "now", "tier", "need", "region", "left"]
    return out[names].astype({"customer_id": "str", "change": "str", "now": "str"})


def count_changes(changes: pd.DataFrame, *, by: Sequence[str] = ("direction",)) -> pd.DataFrame:
    """Count the rows of `flag_changes`.

    Parameters
    ----------
    by : sequence of str
        Of "direction", "tier", "need", "region".

    Returns
    -------
    DataFrame
        One row per group that has any: the columns of `by`; new, standing, resolved (customers); saving_minor (of the
        new and the standing) and resolved_minor.
    """
    keys = list(by)
    resolved = changes["change"] == "resolved"
    counted = changes.assign(
        **{name: (changes["change"] == name).astype("int64") for name in CHANGES},
        resolved_minor=changes["saving_minor"].where(resolved, 0),
        saving_minor=changes["saving_minor"].mask(resolved, 0),
    )
    table = counted.groupby(keys, dropna=False)[[*CHANGES, "saving_minor", "resolved_minor"]].sum().reset_index()
    if keys[0] == "direction":
        table = table.sort_values("direction", key=lambda each: each.map(DIRECTIONS.index), kind="stable")
    return table.reset_index(drop=True)
