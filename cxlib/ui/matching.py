"""What the pages about matching share: money, words, and the list of flagged customers with the advice."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cxlib import formats
from cxlib.tables import METERS
from cxlib.texts import _, ngettext, sentences
from cxlib.ui import customers, fit_rows, results

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from cxlib.ui.scope import Scope


def currency_of(scope: Scope) -> str:
    """Return the currency of the data set's plans, or a word for money where the file names none."""
    return results.catalogue(scope).currency or _("money")


def money_of(scope: Scope, *, decimals: int = 2) -> Callable[[float | None], str]:
    """Return what writes an amount of the data set's money."""
    return partial(formats.money, currency=results.catalogue(scope).currency, decimals=decimals)


def say_direction(way: str | None) -> str:
    """Return the word for a direction of mismatch."""
    words = {
        "under_provisioned": _("Under-provisioned"),
        "over_provisioned": _("Over-provisioned"),
        "sideways": _("Sideways"),
    }
    return words.get(way or "", formats.NOTHING)


def said_matching(scope: Scope, chosen: fit_rows.Chosen) -> tuple[str, str]:
    """Return the sentence about how many are flagged, and what it rests on."""
    n, month = scope.settings.months, chosen.month
    counts, flagged = fit_rows.counts(scope, chosen), fit_rows.flagged(scope, chosen)
    everybody, short = sum(counts.values()), counts.get("short", 0)
    if everybody == short:
        return (
            _("Nobody has {months} complete months in a row yet.", months=n),
            _("Usage up to {month}: {n}.", n=formats.people(everybody), month=formats.month(month)),
        )
    text = ngettext(
        "{count} of {all} customers paid more than one other plan would have cost, {months} months running.",
        "{count} of {all} customers paid more than one other plan would have cost, {months} months running.",
        len(flagged),
        count=formats.number(len(flagged)),
        all=formats.number(everybody - short),
        months=n,
    )
    more = _(
        "On the better plan they would have paid {saving} less in the {months} months to {month}. {short} customers "
        "have no {months} complete months in a row and are not counted.",
        saving=money_of(scope)(fit_rows.money_saved(scope, flagged)),
        short=formats.number(short),
        months=n,
        month=formats.month(month),
    )
    gone = int(flagged["left"].sum())
    if gone:
        of_them = ngettext(
            "{count} of them has left and is on no campaign list.",
            "{count} of them have left and are on no campaign list.",
            gone,
            count=formats.number(gone),
        )
        more = sentences(more, of_them)
    months = results.usage_months(scope)
    if month in months[1:] and chosen.status == results.ALL:
        before = len(fit_rows.flagged(scope, chosen.at(months[months.index(month) - 1])))
        more = sentences(more, _("The month before: {n}.", n=formats.number(before)))
    return text, more


def said_change(scope: Scope) -> str | None:
    """Return how many flags are new at the end of the last month, and how many of the month before are resolved."""
    course = results.flag_course(scope)
    months = sorted(set(course["month"]))
    if len(months) <= scope.settings.months:
        return None
    last = course[course["month"] == months[-1]]
    return _(
        "In {month} {new} came in and {resolved} are resolved.",
        month=formats.month(months[-1]),
        new=formats.number(int(last["new"].sum())),
        resolved=formats.number(int(last["resolved"].sum())),
    )


def who_loses_most(scope: Scope, month: str, absent: str = results.MISSING) -> str | None:
    """Return the flagged customer with the largest saving, who has not left; else the first of the usage."""
    flagged = results.flagged(scope, month, absent)
    here = flagged[~flagged["left"]]
    if not here.empty:
        return str(here.iloc[0]["customer_id"])
    ids = customers.customer_ids(scope)
    return str(ids[0].as_py()) if len(ids) else None


def line_items_shown(items: pd.DataFrame) -> pd.DataFrame:
    """Return line items with one column per plan, in the reader's words; lines that are 0 everywhere are left out."""
    order = {item: place for place, item in enumerate(items["item"].unique())}
    amounts = items.groupby(["month", "item"])["amount"].transform(lambda each: each.abs().max())
    items = items[(amounts > 0) | items["item"].isin(["fee", "total"])]
    wide = items.pivot_table(index=["month", "item"], columns="plan_id", values="amount", sort=False).reset_index()
    wide = wide.sort_values(
        ["month", "item"], key=lambda column: column.map(order) if column.name == "item" else column, ignore_index=True
    )
    wide["month"] = [formats.month(month) for month in wide["month"]]
    wide["item"] = wide["item"].map(say_item)
    return wide


def say_item(item: str) -> str:
    """Return the word for a line of a bill: the fee, the overage or packs of a meter, further lines, the minimum."""
    whole = {
        "fee": _("Fee"),
        "line_fee": _("Further lines"),
        "minimum": _("Up to the minimum"),
        "total": _("Total"),
    }
    if item in whole:
        return whole[item]
    kind, _sign, meter = item.partition("_")
    shown = _(METERS[meter][0]) if meter in METERS else meter
    return _("Packs: {meter}", meter=shown) if kind == "packs" else _("Overage: {meter}", meter=shown)
