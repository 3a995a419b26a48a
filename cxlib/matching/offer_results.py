"""What came back of a campaign, beside what was drawn: one row per customer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from cxlib.engine import frames
from cxlib.errors import CxError
from cxlib.matching.bills import bill
from cxlib.matching.campaign import HOLD_OUT, OFFER
from cxlib.matching.months import first_day, last_day, month_number
from cxlib.matching.moves import traits_of
from cxlib.texts import N_

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from cxlib.matching.catalogue import Catalogue

_ASKED: Final = (
    "customer_id", "campaign", "group", "offered", "offered_on", "accepted", "left", "left_on", "revenue",
)  # fmt: skip


def results_of(offers: Any, number: int, *, drawn_on: Mapping[int, dt.date]) -> pd.DataFrame:
    """Return the rows of the table of offers that belong to one campaign.

    A row belongs to the campaign that it names; one that names none to the last campaign drawn by the day of its
    offer, or to the last of all where it has no day.

    Parameters
    ----------
    offers : frame
        The table "offers".
    number : int
    drawn_on : dict of int to date
        The day on which each campaign was drawn.
    """
    rows = _offers(offers)
    order = sorted(drawn_on, key=lambda each: (drawn_on[each], each))
    days = np.array([drawn_on[each] for each in order], dtype="datetime64[us]")
    last = np.searchsorted(days, rows["offered_on"].to_numpy(dtype="datetime64[us]"), side="right") - 1
    last = np.where(rows["offered_on"].isna(), len(order) - 1, np.maximum(last, 0))
    unnamed = np.array(order or [0])[last] if len(rows) else np.zeros(0, dtype=np.int64)
    named = rows["campaign"].str.strip().str.lstrip("0")
    mine = np.where(rows["campaign"].isna(), unnamed == number, (named == str(number)).fillna(False))
    return rows[mine.astype(bool)].reset_index(drop=True)


def join_results(
    results: Any,
    drawn_up: Any = None,
    *,
    customers: Any = None,
    bills: Any = None,
    since: Any = None,
    until: Any = None,
) -> pd.DataFrame:
    """Bring together what was drawn and what came back, one row per customer.

    Parameters
    ----------
    results : frame
        Rows of the table "offers" of one campaign (see `results_of`): customer_id; group?, offered?, accepted?, left?,
        left_on?, revenue?
    drawn_up : frame, optional
        The campaign, with customer_id, group; tier?, direction?. Without it the file's own group counts.
    customers : frame, optional
        customer_id; tier?, consent?, and left_on?, from which leaving is read where the file does not tell it of the
        held out.
    bills : frame, optional
        customer_id, month, amount: what each customer was billed, see `bills_of`; used where the file brings no revenue
        of the held out. A customer without a bill in a month paid nothing in it.
    since, until : month, optional
        The last month before the campaign (needed for what is read from `customers` and `bills`), and the last month
        that counts.

    Returns
    -------
    DataFrame
        customer_id; group ("offer", "hold_out", missing for customers who are not in the campaign); file_group; tier,
        direction; in_file; offered, accepted, left (nullable flags; where the file knows yes and blanks only, a blank
        is no, and blank_as_no says so; where it does not say who was offered, those drawn for it were); revenue (money,
        missing where not known); consent;
        left_from, revenue_from ("file", "customers" or "bills", missing where there is neither): always one source for
        both groups, so that they are measured alike.

    Raises
    ------
    CxError
        ``no_group`` where neither a campaign nor the file says who was held out; ``duplicate_customer``.
    """
    found = _offers(results)
    if found["customer_id"].duplicated().any():
        raise CxError(
            "duplicate_customer",
            N_("Customer {value} is there twice."),
            hint=N_("Keep one row per customer and campaign."),
            column="customer_id",
            value=found.loc[found["customer_id"].duplicated(), "customer_id"].iloc[0],
        )
    if drawn_up is None and found["group"].isna().all():
        raise CxError(
            "no_group",
            N_("Nothing says who was offered a plan and who was held out."),
            hint=N_("Choose the campaign, or bring the column group of its export back."),
            column="group",
        )
    rows = _assigned(found, drawn_up)
    _fill_blanks(rows)
    traits = traits_of(customers, rows["customer_id"], ("tier", "consent", "left_on"))
    rows["tier"] = rows["tier"].fillna(traits["tier"])
    rows["consent"] = traits["consent"]
    _settle(rows, "left", "customers", _left_by_table(customers, traits["left_on"], rows, since, until))
    _settle(rows, "revenue", "bills", _billed(bills, rows, since, until))
    names = [
        "customer_id", "group", "file_group", "tier", "direction", "in_file", "offered", "accepted", "left", "revenue",
        "consent", "blank_as_no", "left_from", "revenue_from",
    ]  # fmt: skip
    return rows[names]


def bills_of(usage: Any, catalogue: Catalogue, *, since: Any, customers: Any = None) -> pd.DataFrame:
    """Return what customers were billed after a month: customer_id, month, amount.

    It is the billed amount where the usage has one in every row, else the bill on the plan held.
    """
    rows = frames.pandas(usage)
    rows = rows[pd.to_datetime(rows["month"]) > pd.Timestamp(last_day(month_number(since)))]
    if "billed_amount" in rows.columns and rows["billed_amount"].notna().all():
        return rows[["customer_id", "month", "billed_amount"]].rename(columns={"billed_amount": "amount"})
    if rows.empty:
        return pd.DataFrame({"customer_id": pd.Series([], dtype="str"), "month": [], "amount": []})
    billed = bill(rows, catalogue, customers=customers)
    return billed[["customer_id", "month", "total"]].rename(columns={"total": "amount"})


def _offers(results: Any) -> pd.DataFrame:
    """Return the columns of a result file in known types, those that it lacks all missing."""
    given = frames.pandas(results)
    frames.missing(("customer_id",), given.columns, table="offers")
    out = pd.DataFrame({"customer_id": given["customer_id"].astype("str")}).reset_index(drop=True)
    kinds = {"offered": "boolean", "accepted": "boolean", "left": "boolean", "revenue": "float64"}
    kinds |= {"offered_on": "datetime64[us]", "left_on": "datetime64[us]"}
    for name in _ASKED[1:]:
        kind: Any = kinds.get(name, "str")
        if name not in given.columns:
            out[name] = pd.Series([None] * len(out), dtype=kind)
            continue
        column = given[name].reset_index(drop=True)
        if kind == "datetime64[us]":
            column = pd.to_datetime(column).dt.tz_localize(None)
        out[name] = column.astype(kind)
    out["tells_left_on"] = "left_on" in given.columns
    return out


def _assigned(found: pd.DataFrame, drawn_up: Any) -> pd.DataFrame:
    """Return customers of the campaign and of the file with their group, and what the file says of each."""
    told = found.rename(columns={"group": "file_group"}).assign(in_file=True)
    by_day = told["left_on"].notna().astype("boolean").where(told["tells_left_on"] | told["left_on"].notna())
    told["left"] = told["left"].fillna(by_day)
    told = told[["customer_id", "file_group", "in_file", "offered", "accepted", "left", "revenue"]]
    if drawn_up is None:
        empty = pd.Series([None] * len(told), dtype="str")
        return told.assign(group=told["file_group"], tier=empty, direction=empty)
    drawn = frames.pandas(drawn_up)
    columns = [name for name in ("customer_id", "group", "tier", "direction") if name in drawn.columns]
    rows = drawn[columns].merge(told, on="customer_id", how="outer", sort=True)
    for name in ("tier", "direction"):
        rows[name] = rows[name] if name in rows.columns else pd.Series([None] * len(rows), dtype="str")
    rows["in_file"] = rows["in_file"].astype("boolean").fillna(False).astype(bool)
    return rows


def _fill_blanks(rows: pd.DataFrame) -> None:
    """Take blanks as no where a column knows yes and blanks only, and the drawn group where nobody was said offered."""
    offer, drawn = rows["group"] == OFFER, rows["group"].notna()
    rows["blank_as_no"] = False
    for name, matters in (("offered", offer), ("accepted", offer), ("left", drawn)):
        blank = rows[name].isna() & rows["in_file"]
        if rows[name].any() and rows[name].fillna(True).all() and blank.any():
            rows[name] = rows[name].mask(blank, False)
            rows["blank_as_no"] |= blank & matters
    if rows["offered"].isna().all():
        rows["offered"] = offer.astype("boolean").where(rows["in_file"])


def _settle(rows: pd.DataFrame, name: str, elsewhere: str, other: pd.Series[Any] | None) -> None:
    """Take a value from the file if it tells it of held-out customers, else of everyone from elsewhere."""
    held = rows["group"] == HOLD_OUT
    source: str | None = "file" if rows[name].notna().any() else None
    if not rows.loc[held, name].notna().any() and other is not None and other[held].notna().any():
        rows[name], source = other, elsewhere
    rows[f"{name}_from"] = pd.Series([source] * len(rows), index=rows.index, dtype="str")


def _left_by_table(
    customers: Any, left_on: pd.Series[Any], rows: pd.DataFrame, since: Any, until: Any
) -> pd.Series[Any] | None:
    """Return who left after the campaign began, by the table of customers; missing for whom it does not list."""
    known = [] if customers is None else frames.names(customers)
    if since is None or "left_on" not in known:
        return None
    listed = rows["customer_id"].isin(set(frames.pandas(customers)["customer_id"].astype("str")))
    gone = left_on.notna() & (left_on > pd.Timestamp(last_day(month_number(since))))
    if until is not None:
        gone &= left_on <= pd.Timestamp(last_day(month_number(until)))
    return gone.astype("boolean").where(listed)


def _billed(bills: Any, rows: pd.DataFrame, since: Any, until: Any) -> pd.Series[Any] | None:
    """Return what each customer was billed after the month `since`, 0 where nothing; None where no month is known."""
    if bills is None or since is None:
        return None
    given = frames.pandas(bills)
    month = pd.to_datetime(given["month"])
    inside = month > pd.Timestamp(last_day(month_number(since)))
    if until is not None:
        inside &= month < pd.Timestamp(first_day(month_number(until) + 1))
    if not inside.any():
        return None
    sums = given[inside].groupby("customer_id")["amount"].sum()
    return rows["customer_id"].map(sums).fillna(0.0).astype("float64")
