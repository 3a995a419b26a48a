"""Why a customer is flagged, in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import narwhals as nw
import pandas as pd

from cxlib import formats
from cxlib.matching.bills import bill
from cxlib.matching.months import month_number, month_starts
from cxlib.tables import METERS
from cxlib.texts import _

if TYPE_CHECKING:
    from cxlib.matching.catalogue import Catalogue

_COLUMNS: Final = ["customer_id", "fee", "overage", "meter", "meter_overage", "paid", "better_plan_id", "other"]
_TEXTS: Final = ("customer_id", "meter", "better_plan_id")


def reasons(
    flagged: pd.DataFrame, usage: Any, catalogue: Catalogue, *, month: str, months: int = 3, customers: Any = None
) -> pd.DataFrame:
    """Return what the bills of flagged customers were made of over the window of the flag.

    Parameters
    ----------
    flagged : frame
        Rows of `plan_fit` with a flag at `month`: customer_id, better_plan_id, saving, paid.
    usage, catalogue, customers
        As for `plan_fit`.
    month, months
        The last month of the window and its length.

    Returns
    -------
    pandas frame, one row per flagged customer, in the order given
        customer_id; fee (also of months without a row, where `plan_fit` counted them, and what does not depend on the
        usage of one meter: further lines, the minimum) and overage with packs (sums over the window, money); meter, the
        one with the largest overage (missing where there is none), and meter_overage; paid; better_plan_id; other (what
        the better plan would have cost).
    """
    if flagged.empty:
        return pd.DataFrame({name: pd.Series([], dtype="str" if name in _TEXTS else "float64") for name in _COLUMNS})
    last = month_number(month)
    window = month_starts([last - back for back in range(months)])
    chosen = nw.from_native(usage, eager_only=True)
    if not any(catalogue.pooled):  # lines of an account are not called as it is
        chosen = chosen.filter(nw.col("customer_id").is_in(list(flagged["customer_id"])))
    if not catalogue.remembers:
        days = [day.date() for day in pd.DatetimeIndex(window)]
        chosen = chosen.filter(nw.col("month").cast(nw.Date).is_in(days))
    overages = [f"overage_{meter}" for meter in catalogue.meters]
    bills = bill(chosen.to_native(), catalogue, customers=customers)
    bills = bills[bills["month"].isin(window)]
    for meter in catalogue.packed:
        bills[f"overage_{meter}"] += bills[f"packs_{meter}"]
    lines = bills.groupby("customer_id")[overages].sum()
    found = flagged[["customer_id", "better_plan_id", "saving", "paid"]].merge(lines, on="customer_id", how="left")
    found[overages] = found[overages].fillna(0.0)
    largest = pd.Series([str(name).removeprefix("overage_") for name in found[overages].idxmax(axis=1)], found.index)
    found["meter_overage"] = found[overages].max(axis=1)
    found["meter"] = largest.where(found["meter_overage"] > 0)
    found["overage"] = found[overages].sum(axis=1)
    found["fee"] = (found["paid"] - found["overage"]).round(catalogue.minor_digits)
    found["other"] = (found["paid"] - found["saving"]).round(catalogue.minor_digits)
    return found[_COLUMNS]


def say_reason(row: Any, *, currency: str | None, months: int) -> str:
    """Return one row of `reasons` as a sentence in the reader's language.

    Parameters
    ----------
    row : object with the columns of `reasons` as attributes
    """
    said = {
        "paid": formats.money(row.paid, currency),
        "n": months,
        "plan": row.better_plan_id,
        "other": formats.money(row.other, currency),
    }
    if not isinstance(row.meter, str):
        return _("Paid {paid} in {n} months, all of it the fee; {plan} would have cost {other}.", **said)
    meter = _(METERS[row.meter][0]) if row.meter in METERS else row.meter
    return _(
        "Paid {paid} in {n} months, {overage} of it for more than is included, most for {meter}; {plan} would have "
        "cost {other}.",
        overage=formats.money(row.overage, currency),
        meter=meter,
        **said,
    )
