"""Who would change plan, by the advice or by the flag, in whole units of money: what all sums are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cxlib.engine import frames
from cxlib.matching.fit import DIRECTIONS
from cxlib.matching.months import month_number
from cxlib.matching.people import CustomerTable
from cxlib.matching.usage import as_texts, columns_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cxlib.matching.catalogue import Catalogue

TRAITS: Final = ("tier", "need", "region")
_FEE_UNITS: Final = 10**6


def moves(found: Any, catalogue: Catalogue, *, customers: Any = None, include_left: bool = True) -> pd.DataFrame:
    """Return those who would change plan, with what they pay and what the operator would give up.

    Parameters
    ----------
    found : frame
        Rows of `PlanRecommender.recommend`: those whose state is "switch" move, and money is expected over the
        horizon. Or rows of `plan_fit`: the flagged move, and money is what the window's bills came to.
    catalogue : Catalogue
    customers : frame, optional
        customer_id; tier?, need?, region?, monthly_value?
    include_left : bool
        Keep those who have left.

    Returns
    -------
    DataFrame
        One row per customer who would move, in the order of `found`: customer_id, month, tier, need, region, plan_id,
        new_plan_id, direction, left; in the smallest unit of money, int64: bill_minor (on the plan held),
        given_up_minor (that less the bill on the new plan; what the switch itself costs the customer comes back to the
        operator and is deducted) and new_bill_minor, exactly their difference; monthly_value in money, missing where
        not known.

    Notes
    -----
    An expected amount is rounded half up to the smallest unit for each customer, and all sums are of these.
    """
    rows = frames.pandas(found)
    advice = "advised_plan_id" in rows.columns
    rows = rows[rows["state"] == ("switch" if advice else "flagged")]
    rows = rows if include_left else rows[~rows["left"].astype(bool)]
    rows = rows.reset_index(drop=True)
    new = "advised_plan_id" if advice else "better_plan_id"
    digits = catalogue.minor_digits
    bill = minor(rows["expected_cost_held" if advice else "paid"], digits)
    given_up = minor(rows["expected_saving"], digits) if advice else rows["saving_minor"].to_numpy(dtype=np.int64)
    return pd.DataFrame(
        {
            "customer_id": rows["customer_id"].astype("str"),
            "month": rows["month"],
            **traits_of(customers, rows["customer_id"]),
            "plan_id": rows["plan_id"].astype("str"),
            "new_plan_id": rows[new].astype("str"),
            "direction": directions(rows["plan_id"], rows[new], rows["month"], catalogue),
            "left": rows["left"].astype(bool),
            "bill_minor": bill,
            "given_up_minor": given_up,
            "new_bill_minor": bill - given_up,
            "monthly_value": traits_of(customers, rows["customer_id"], ("monthly_value",))["monthly_value"],
        }
    )


def minor(amounts: Any, digits: int) -> NDArray[np.int64]:
    """Return amounts of money in whole smallest units, rounded half up; none may be missing.

    A millionth of the unit decides nothing: it is what floating point adds.
    """
    units = np.round(np.asarray(amounts, dtype=np.float64) * 10.0**digits, 6)
    return np.asarray(np.floor(units + 0.5), dtype=np.int64)


def directions(
    held: pd.Series[str], new: pd.Series[str], month: pd.Series[Any], catalogue: Catalogue
) -> pd.Series[str]:
    """Return which way each move goes, by the fees of its month, as `plan_fit` names it."""
    triples = pd.MultiIndex.from_arrays([held.astype("str"), new.astype("str"), month])
    codes, known = triples.factorize()
    said = []
    for a, b, when in known:
        number = month_number(when)
        fees = [catalogue.line_up(str(each), number).monthly_fee for each in (a, b)]
        said.append(DIRECTIONS[0 if fees[1] > fees[0] else 1 if fees[1] < fees[0] else 2])
    out: NDArray[Any] = np.array(said or [""], dtype=object)[codes]
    return pd.Series(out, index=held.index, dtype="str")


def traits_of(customers: Any, ids: pd.Series[str], names: Sequence[str] = TRAITS) -> dict[str, pd.Series[Any]]:
    """Return columns of the table of customers for the named customers, all missing where there is none.

    Texts come as such, days as datetime64, yes and no as nullable flags, numbers as float64. A name that is an account
    and no customer has the first text that one of its lines has, no consent where one of them has none, the last day
    of leaving where all have left, the last end of a contract, and the value of all of them together.
    """
    wanted = ["customer_id", "account_id", *names]
    table = pa.table({}) if customers is None else columns_of(customers, wanted)
    if "customer_id" not in table.column_names:
        return {name: _column(None, name, ids.index) for name in names}
    found = CustomerTable(table)  # refuses customers that are there twice
    row = pc.index_in(pa.array(ids, pa.large_string()), value_set=found.ids)
    taken = {
        name: _column(table[name].take(row) if name in table.column_names else None, name, ids.index) for name in names
    }
    if found.accounts is not None and row.null_count:
        _fill_accounts(taken, ids, table, found.accounts, row.is_null().to_numpy(zero_copy_only=False))
    return taken


_KINDS: Final = {
    "monthly_value": "float64",
    "consent": "boolean",
    "left_on": "datetime64[us]",
    "contract_end": "datetime64[us]",
}


def _column(column: pa.ChunkedArray | None, name: str, index: Any) -> pd.Series[Any]:
    kind: Any = _KINDS.get(name, "str")
    if column is None or pa.types.is_null(column.type):
        return pd.Series([None] * len(index), index=index, dtype=kind)
    if kind == "boolean":
        return pd.Series(pd.array(column.cast(pa.bool_()).to_pylist(), dtype="boolean"), index=index)
    if kind == "float64":
        return pd.Series(column.cast(pa.float64()).to_numpy(), index=index)
    if kind == "str":
        return pd.Series(as_texts(column).cast(pa.large_string()).to_pandas().to_numpy(), index=index, dtype="str")
    texts = not (pa.types.is_date(column.type) or pa.types.is_timestamp(column.type))
    days = pd.to_datetime(column.to_pandas()) if texts else column.to_pandas(date_as_object=False)
    days = days.dt.tz_localize(None) if getattr(days.dt, "tz", None) is not None else days
    return pd.Series(days.to_numpy(dtype="datetime64[us]"), index=index)


def _fill_accounts(
    taken: dict[str, pd.Series[Any]], ids: pd.Series[str], table: pa.Table, accounts: Any, unknown: NDArray[np.bool_]
) -> None:
    """Fill in what the lines of an account say, for names that are accounts and not customers."""
    account = pd.Series(accounts.to_pandas(), dtype="str")
    lines = np.flatnonzero(account.isin(set(ids[unknown])))
    owner = account.iloc[lines].reset_index(drop=True)
    for name, values in taken.items():
        if name not in table.column_names:
            continue
        theirs = _column(table[name].take(pa.array(lines)), name, owner.index).groupby(owner)
        every = theirs.count() == theirs.size()
        if name == "consent":
            said: Any = theirs.min()
        elif name == "left_on":
            said = theirs.max().where(every)
        elif name == "contract_end":
            said = theirs.max()
        elif name == "monthly_value":
            said = theirs.sum().where(every)
        else:
            said = theirs.first()
        told = ids[unknown].map(said)
        taken[name] = values.where(~pd.Series(unknown, index=ids.index), told.astype(values.dtype).reindex(ids.index))
