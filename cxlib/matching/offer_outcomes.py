"""What became of a campaign: results brought back and read against the customers who were held out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from cxlib.engine import frames
from cxlib.engine.intervals import NO_DIFFERENCE, NOTHING, Difference, Estimate, holm, mean_of, newcombe, welch, wilson
from cxlib.errors import CxError
from cxlib.matching.bills import bill
from cxlib.matching.campaign import HOLD_OUT, OFFER
from cxlib.matching.months import first_day, last_day, month_number
from cxlib.matching.moves import traits_of
from cxlib.matching.power import detectable_mean, detectable_rates
from cxlib.texts import N_

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from cxlib.matching.catalogue import Catalogue

MEASURES: Final = ("acceptance", "leaving", "revenue")
VERDICTS: Final = ("lower", "higher", "cannot_tell", "too_few", "no_hold_out")
WARNINGS: Final = {
    "hold_out_missing": N_("Nothing is known of held-out customers, so that the effect of the offer cannot be told."),
    "hold_out_too_small": N_("The hold-out is too small to notice any fall in leaving."),
    "hold_out_contaminated": N_("Held-out customers were offered a plan all the same; the effect looks smaller."),
    "not_offered": N_("Customers who were to be offered a plan were not; the effect looks smaller."),
    "offered_refused": N_("Customers were offered a plan who had refused offers."),
    "results_missing": N_("Nothing came back of customers of the campaign."),
    "blank_as_no": N_("Blanks count as no, because the file says yes of some customers and no of nobody."),
    "not_in_campaign": N_("Results came of customers who are not in the campaign; they are left out."),
    "group_differs": N_("The file names another group than the campaign drew; the campaign's counts."),
}
ALPHA: Final = 0.05
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


def offer_outcomes(
    joined: pd.DataFrame, *, by: Sequence[str] = ("all", "tier", "direction"), min_group: int = 10
) -> pd.DataFrame:
    """Read the results of a campaign against its hold-out.

    Parameters
    ----------
    joined : DataFrame
        Of `join_results`.
    by : sequence of str
        Of "all", "tier", "direction".
    min_group : int
        Customers below which nothing but their number is shown.

    Returns
    -------
    DataFrame
        One row per group and measure: by, group (missing for "all" and for customers without one); measure:
        "acceptance" (of the customers really offered a plan, share who took it; the held out have none), "leaving"
        (share who left), "revenue" (money per customer since the campaign); offer_n, offer with offer_low and
        offer_high; hold_out_n, hold_out, hold_out_low, hold_out_high; difference (offer less hold-out) with
        difference_low, difference_high, p_value, p_holm; detectable (the smallest fall of leaving, or difference of
        revenue, that groups of this size notice with a chance of 80 %); verdict: "lower" or "higher" where the interval
        leaves 0 out (and, over several groups, p_holm is under .05), else "cannot_tell"; "too_few", "no_hold_out".

    Notes
    -----
    Customers count in the group that was drawn for them, whether or not they were really offered a plan (by intention
    to treat): only so are the groups alike. Rates have Wilson's intervals, their difference Newcombe's (1998, method
    10); money has t intervals and Welch's difference (see `engine.intervals`). 95 % throughout.
    """
    found: list[dict[str, Any]] = []
    rows = joined[joined["group"].notna()]
    for each in by:
        names: list[Any] = [None]
        if each != "all":
            names = [*sorted(rows[each].dropna().unique()), *([None] if rows[each].isna().any() else [])]
        for measure in MEASURES:
            block = []
            for name in names:
                part = rows if each == "all" else rows[rows[each].isna() if name is None else rows[each] == name]
                block.append({"by": each, "group": name, "measure": measure} | _compared(part, measure, min_group))
            for row, p_holm in zip(block, holm([row["p_value"] for row in block]), strict=True):
                row["p_holm"] = float(p_holm)
                row["verdict"] = _verdict(row, min_group)
            found += block
    table = pd.DataFrame(found, columns=list(_COLUMNS))
    return table.astype(dict.fromkeys(("by", "group", "measure", "verdict"), "str"))


_COLUMNS: Final = (
    "by", "group", "measure", "offer_n", "offer", "offer_low", "offer_high", "hold_out_n", "hold_out", "hold_out_low",
    "hold_out_high", "difference", "difference_low", "difference_high", "p_value", "p_holm", "detectable", "verdict",
)  # fmt: skip


def outcome_warnings(joined: pd.DataFrame, *, min_group: int = 10) -> pd.DataFrame:
    """Return what stands against trusting the outcomes: code (a key of `WARNINGS`), customers, of (how many)."""
    offer, held = joined["group"] == OFFER, joined["group"] == HOLD_OUT
    offered = joined["offered"].fillna(False).astype(bool)
    leaving = joined["left"].notna()
    alike = joined["file_group"].isna() | joined["group"].isna() | (joined["file_group"] == joined["group"])
    found: list[tuple[str, int, int]] = []

    def warn(code: str, which: pd.Series[bool], among: pd.Series[bool]) -> None:
        if which.any():
            found.append((code, int(which.sum()), int(among.sum())))

    one, two = (joined.loc[each & leaving, "left"].to_numpy(dtype=np.float64) for each in (offer, held))
    if not len(two) and not joined.loc[held, "revenue"].notna().any():
        found.append(("hold_out_missing", int(held.sum()), int((offer | held).sum())))
    elif len(two) < min_group or _in_vain(one, two):
        found.append(("hold_out_too_small", len(two), int((offer | held).sum())))
    warn("hold_out_contaminated", held & offered, held)
    warn("not_offered", offer & joined["in_file"] & ~joined["offered"].fillna(True).astype(bool), offer)
    warn("offered_refused", offered & ~joined["consent"].fillna(True).astype(bool), offered)
    warn("results_missing", (offer | held) & ~joined["in_file"], offer | held)
    warn("blank_as_no", joined["blank_as_no"], joined["in_file"])
    warn("not_in_campaign", joined["group"].isna(), joined["in_file"])
    warn("group_differs", ~alike, joined["in_file"])
    return pd.DataFrame(found, columns=["code", "customers", "of"]).astype({"code": "str"})


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


def _compared(part: pd.DataFrame, measure: str, min_group: int) -> dict[str, Any]:
    if measure == "acceptance":
        asked = part[(part["group"] == OFFER) & part["offered"].fillna(False).astype(bool) & part["accepted"].notna()]
        one = asked["accepted"].to_numpy(dtype=np.float64)
        return _told(one, np.zeros(0), NO_DIFFERENCE, np.nan, rate=True, min_group=min_group)
    column = "left" if measure == "leaving" else "revenue"
    known = part[part[column].notna()]
    one, two = (known.loc[known["group"] == name, column].to_numpy(dtype=np.float64) for name in (OFFER, HOLD_OUT))
    enough = min(len(one), len(two)) >= max(min_group, 2)
    if measure == "leaving":
        gap = newcombe(one.mean(), len(one), two.mean(), len(two)) if enough else NO_DIFFERENCE
        least = _fall(one, two) if enough else np.nan
        return _told(one, two, gap, least, rate=True, min_group=min_group)
    gap = welch(one, two) if enough else NO_DIFFERENCE
    least = detectable_mean(float(two.std(ddof=1)), offer=len(one), hold_out=len(two)) if enough else np.nan
    return _told(one, two, gap, least, rate=False, min_group=min_group)


def _told(
    one: NDArray[Any], two: NDArray[Any], gap: Difference, least: float, *, rate: bool, min_group: int
) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, values in (("offer", one), ("hold_out", two)):
        found: Estimate = NOTHING
        if len(values) >= max(min_group, 1):
            found = wilson(float(values.mean()), len(values)) if rate else mean_of(values)
        out |= {f"{name}_n": len(values), name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
    return out | {
        "difference": gap.value,
        "difference_low": gap.low,
        "difference_high": gap.high,
        "p_value": gap.p_value,
        "detectable": least,
    }


def _in_vain(one: NDArray[Any], two: NDArray[Any]) -> bool:
    """Whether some left, no difference is to be seen, and groups of this size would hardly have shown one."""
    if not len(one) or not one.sum() + two.sum() or not np.isnan(_fall(one, two)):
        return False
    gap = newcombe(one.mean(), len(one), two.mean(), len(two))
    return gap.low <= 0 <= gap.high


def _fall(one: NDArray[Any], two: NDArray[Any]) -> float:
    """Return the smallest fall of leaving that groups of this size would notice, from the rate of both together."""
    both = (one.sum() + two.sum()) / (len(one) + len(two))
    return detectable_rates(float(both), offer=len(one), hold_out=len(two))[1]


def _verdict(row: dict[str, Any], min_group: int) -> str | None:
    if row["measure"] == "acceptance":
        return "too_few" if row["offer_n"] < min_group else None
    if not row["hold_out_n"]:
        return "no_hold_out"
    if np.isnan(row["difference"]):
        return "too_few"
    if row["difference_low"] <= 0 <= row["difference_high"] or not row["p_holm"] < ALPHA:
        return "cannot_tell"
    return "lower" if row["difference"] < 0 else "higher"
