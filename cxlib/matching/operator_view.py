"""What better matching costs the operator: revenue given up, by whom, and the churn at which it pays or does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from cxlib.matching.months import month_number
from cxlib.matching.moves import minor, moves

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cxlib.matching.catalogue import Catalogue

BY: Final = {"all": (), "direction": ("direction",), "plans": ("plan_id", "new_plan_id"), "tier": ("tier",)}
_BASES: Final = ("monthly_value", "margin", "bill")
_KEYS: Final = ("direction", "plan_id", "new_plan_id", "tier")
_SUMS: Final = ("bill", "given_up", "new_bill", "value", "margin_given_up")


def operator_view(
    found: Any, catalogue: Catalogue, *, horizon: int = 3, customers: Any = None, include_left: bool = True
) -> pd.DataFrame:
    """Say what the operator gives up if customers move to the plan that suits them.

    Parameters
    ----------
    found : frame
        The advice of `PlanRecommender.recommend`: what is given up if all follow it. Or `plan_fit`: what is given up
        if all flagged move, at the bills of the window.
    catalogue : Catalogue
    horizon : int
        Months that the money of `found` covers: the horizon of the advice, or the length of the flag's window.
    customers : frame, optional
        customer_id; tier?, monthly_value?
    include_left : bool
        Count those who have left, as the flag does; they are told apart in customers_left.

    Returns
    -------
    DataFrame
        One row per group, the largest amount first: by ("all", the headline, then "direction", "plans" and "tier");
        direction, plan_id, new_plan_id, tier, missing where the row is not by them (and for customers without a tier);
        customers, customers_left; bill on the plans held, given_up and new_bill over the horizon, money, each also as
        {name}_minor, int64; share_of_bill (given_up / bill) and share_of_all (of the headline); value, what the
        customers are worth over the horizon, and value_basis; margin_held and margin_given_up, missing unless the
        unit cost of all plans concerned is known (customers_costed says of how many it is);
        break_even_extra_churn, break_even_prevented_churn.

    Notes
    -----
    Within each `by` the rows sum to the headline exactly: amounts are rounded once, per customer (see `moves`).

    *Value* of a customer over the horizon is its monthly_value times the months where that is known, else its bill
    less the unit cost of the plan held where that is known (value_basis: "monthly_value", "margin", "bill", "mixed").
    What an offer gives up of it, G, is the fall of the bill, corrected by the change of unit cost where both are known.

    *break_even_extra_churn* is sum G / sum value: were that share of the customers to leave who would have stayed, it
    would cost as much as the whole offer. *break_even_prevented_churn* is sum G / sum (value - G): the offer pays for
    itself if it keeps at least that share of the customers, who would have left, at what they are worth afterwards.
    (With a share c leaving without the offer, the exact figure is 1 - c times that, so this one is on the safe side.)
    Both are missing where nothing is given up or nothing is left. Above 1, no number of customers would do: the offer
    gives up more than they are worth, or cannot pay for itself by keeping them.
    """
    rows = moves(found, catalogue, customers=customers, include_left=include_left)
    rows = rows.assign(**_values(rows, catalogue, horizon))
    parts = [_grouped(rows, by, keys) for by, keys in BY.items()]
    table = pd.concat([part for part in parts if len(part)], ignore_index=True)
    return _finished(table, 10.0**catalogue.minor_digits)


def _values(rows: pd.DataFrame, catalogue: Catalogue, horizon: int) -> dict[str, Any]:
    """Return per customer what it is worth and what the offer takes of that, in the smallest unit, and how known."""
    cost_held = _unit_costs(rows["plan_id"], rows["month"], catalogue) * horizon
    cost_new = _unit_costs(rows["new_plan_id"], rows["month"], catalogue) * horizon
    bill, given_up = rows["bill_minor"].to_numpy(), rows["given_up_minor"].to_numpy()
    known = rows["monthly_value"].notna().to_numpy()
    worth = minor(rows["monthly_value"].fillna(0.0), catalogue.minor_digits) * horizon
    held_costed = ~np.isnan(cost_held)
    costed = held_costed & ~np.isnan(cost_new)
    margin = bill - np.where(held_costed, cost_held, 0).astype(np.int64)
    saved = np.where(costed, cost_held - cost_new, 0).astype(np.int64)
    return {
        "value_minor": np.where(known, worth, margin),
        "margin_held_minor": margin,
        "margin_given_up_minor": given_up - saved,
        "costed": costed,
        "basis": np.where(known, 0, np.where(held_costed, 1, 2)),
    }


def _unit_costs(plans: pd.Series[str], months: pd.Series[Any], catalogue: Catalogue) -> NDArray[np.float64]:
    """Return the unit cost of a month on each plan in whole smallest units, NaN where it is not known."""
    codes, known = pd.MultiIndex.from_arrays([plans, months]).factorize()
    costs = []
    for plan_id, month in known:
        version = catalogue.version(str(plan_id), month_number(month))
        cost = None if version is None else version.unit_cost
        costs.append(np.nan if cost is None else round(cost * 10**catalogue.minor_digits))
    each: NDArray[np.float64] = np.array(costs or [np.nan], dtype=np.float64)[codes]
    return each


def _grouped(rows: pd.DataFrame, by: str, keys: tuple[str, ...]) -> pd.DataFrame:
    """Add up the customers of each group; without keys all are one, which is there also where nobody moves."""
    sums = {f"{name}_minor": (f"{name}_minor", "sum") for name in (*_SUMS, "margin_held")}
    told = {
        "customers": ("customer_id", "size"),
        "customers_left": ("left", "sum"),
        "customers_costed": ("costed", "sum"),
        "basis_low": ("basis", "min"),
        "basis_high": ("basis", "max"),
    }
    named: Any = {**told, **sums}
    if keys:
        table = rows.groupby(list(keys), dropna=False).agg(**named).reset_index()
    else:
        table = rows.groupby(np.zeros(len(rows), dtype=np.int64)).agg(**named).reset_index(drop=True)
        if table.empty:
            table = pd.DataFrame({name: [0] for name in named}).astype("int64")
    table = table.sort_values("given_up_minor", ascending=False, kind="stable", ignore_index=True)
    nothing: Any = {key: pd.Series([None] * len(table), dtype="str") for key in _KEYS if key not in keys}
    told_by: pd.DataFrame = table.assign(by=by, **nothing)
    return told_by


def _finished(table: pd.DataFrame, money: float) -> pd.DataFrame:
    given_up, value, lost = (table[f"{name}_minor"] for name in ("given_up", "value", "margin_given_up"))
    headline = int(given_up.iloc[0])
    costed = table["customers_costed"] == table["customers"]
    left = value - lost
    low, high = table["basis_low"], table["basis_high"]
    basis = pd.Series(np.array(_BASES, dtype=object)[low], index=table.index, dtype="str")
    basis = basis.where(low == high, "mixed")
    pays = lost > 0
    out: dict[str, Any] = {"by": table["by"].astype("str")}
    out |= {key: table[key].astype("str") for key in _KEYS}
    out |= {name: table[name].astype("int64") for name in ("customers", "customers_left", "customers_costed")}
    for name in ("bill", "given_up", "new_bill"):
        out |= {name: table[f"{name}_minor"] / money, f"{name}_minor": table[f"{name}_minor"].astype("int64")}
    out["share_of_bill"] = _over(given_up, table["bill_minor"])
    out["share_of_all"] = given_up / headline if headline else pd.Series(np.nan, table.index)
    out["value"] = value / money
    out["value_basis"] = basis.where(table["customers"] > 0)
    costed &= table["customers"] > 0
    out["margin_held"] = (table["margin_held_minor"] / money).where(costed)
    out["margin_given_up"] = (lost / money).where(costed)
    out["break_even_extra_churn"] = _over(lost, value).where(pays)
    out["break_even_prevented_churn"] = _over(lost, left).where(pays)
    return pd.DataFrame(out)


def _over(amount: pd.Series[Any], whole: pd.Series[Any]) -> pd.Series[Any]:
    return (amount / whole.where(whole > 0)).astype("float64")
