"""The pictures of the page about plan fit: from which plan to which, and over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cxlib import charts, formats
from cxlib.texts import _
from cxlib.ui import definitions, matching, results
from cxlib.ui.show import Shown, chart, rows

if TYPE_CHECKING:
    import pandas as pd

    from cxlib.ui.fit_rows import Chosen
    from cxlib.ui.scope import Scope

NAMED: Final = 9
"""Plans of either side that are drawn by name; the others are drawn together."""


def pairs_of(flagged: pd.DataFrame) -> pd.DataFrame:
    """Return from which plan to which, the most customers first: n, saving_minor, direction."""
    found = flagged.groupby(["plan_id", "better_plan_id"], as_index=False).agg(
        n=("customer_id", "size"), saving_minor=("saving_minor", "sum"), direction=("direction", "first")
    )
    return found.sort_values(["n", "saving_minor"], ascending=False, kind="stable", ignore_index=True)


def flow(scope: Scope, flagged: pd.DataFrame) -> None:
    """Show from which plan to which the flagged customers would go."""
    pairs, money = pairs_of(flagged), matching.money_of(scope, decimals=0)
    minor = 10 ** results.catalogue(scope).minor_digits
    other = _("others")
    named = {side: set(pairs.groupby(side)["n"].sum().nlargest(NAMED).index) for side in ("plan_id", "better_plan_id")}
    shown = pairs.assign(**{side: pairs[side].where(pairs[side].isin(known), other) for side, known in named.items()})
    whole = (shown["plan_id"] != other) & (shown["better_plan_id"] != other)
    shown = shown.assign(direction=shown["direction"].where(whole, ""))
    sums = shown.groupby(["plan_id", "better_plan_id", "direction"], as_index=False)[["n", "saving_minor"]].sum()
    drawn = [
        charts.Flow(
            row["plan_id"], row["better_plan_id"], row["n"], row["direction"], money(row["saving_minor"] / minor)
        )
        for row in sums.to_dict("records")
    ]
    chart(
        charts.flows(drawn, say=formats.number, left=_("Plan held"), right=_("Better plan")),
        title=_("From which plan to which, by customers"),
        definition=_(definitions.FLOW) + "\n\n" + _(definitions.DIRECTION),
        key="moves",
    )
    columns = {
        "n": Shown(_("Customers"), "count"),
        "plan_id": Shown(_("Plan held")),
        "better_plan_id": Shown(_("Better plan")),
        "saving": Shown(_("Saving ({currency})", currency=matching.currency_of(scope)), "money"),
    }
    shown = pairs.assign(saving=pairs["saving_minor"] / minor)
    rows(shown, columns, name="moves", scope=scope, key="moves", title=_("From which plan to which, by customers"))


def course(scope: Scope, chosen: Chosen) -> None:
    """Show how many flags stood, came and were resolved month by month."""
    history = results.flag_course(scope, chosen.absent)
    if chosen.way != results.ALL:
        history = history[history["direction"] == chosen.way]
    sums = history.groupby("month")[["standing", "new", "resolved"]].sum()
    ever = sums[(sums != 0).any(axis=1)].index
    sums = sums.loc[ever.min() :] if len(ever) else sums
    chart(
        charts.turnover(
            [month.date() for month in sums.index],
            stayed=[int(n) for n in sums["standing"] - sums["new"]],
            new=[int(n) for n in sums["new"]],
            resolved=[int(n) for n in sums["resolved"]],
            say=formats.number,
            y_title=_("Customers flagged"),
        ),
        title=_("Flags month by month"),
        definition=_(definitions.TURNOVER),
        key="course",
    )
    columns = {
        "month": Shown(_("Month")),
        "standing": Shown(_("Flagged"), "count"),
        "new": Shown(_("new"), "count"),
        "resolved": Shown(_("resolved"), "count"),
    }
    shown = sums.reset_index().assign(month=[formats.month(month) for month in sums.index])
    rows(shown, columns, name="flags", scope=scope, key="course", title=_("Flags month by month"))
