"""One customer as the pages see it: found by typing, its rows, its flag and its advice, some months left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from cxlib.matching import customer_view, line_items, plan_fit, reasons
from cxlib.ui import advised, long, results
from cxlib.ui.session import store

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from cxlib.ui.scope import Scope

MOST_LEARNED_FROM: Final = 50_000
"""Customers from whose usage advice to one customer is learned where the data set has more."""


def customer_ids(scope: Scope) -> pa.ChunkedArray:
    """Return the ids of all customers with usage, and of accounts, sorted."""
    found: pa.ChunkedArray = _customer_ids(scope.dataset.id, scope.version.number)
    return found


@st.cache_resource(max_entries=4, show_spinner=False)
def _customer_ids(dataset_id: str, version: int) -> pa.ChunkedArray:
    columns = [store().load(dataset_id, "usage", version=version, columns=["customer_id"])["customer_id"]]
    there = store().version(dataset_id, version).tables
    if "customers" in there and "account_id" in there["customers"].columns:
        columns.append(store().load(dataset_id, "customers", version=version, columns=["account_id"])["account_id"])
    ids = pc.unique(pa.concat_arrays([pc.unique(each.cast(pa.large_string())) for each in columns])).drop_null()
    return pa.chunked_array([ids.take(pc.sort_indices(ids))])


def is_known(scope: Scope, customer_id: str) -> bool:
    """Whether the usage has a customer of that id, or a customer of an account of that name."""
    return bool(usage_of(scope, customer_id).num_rows)


def usage_of(scope: Scope, customer_id: str) -> pa.Table:
    """Return the usage rows of one customer, or of all lines of an account."""
    row = row_of(scope, customer_id)
    lines = {customer_id, *(row["customer_id"].to_pylist() if row is not None else ())}
    found: pa.Table = _rows(scope.dataset.id, scope.version.number, "usage", tuple(sorted(lines)))
    return found


def row_of(scope: Scope, customer_id: str) -> pa.Table | None:
    """Return what the table of customers says of one customer, or of all lines of an account; None without a table."""
    if not scope.has("customers"):
        return None
    found: pa.Table = _rows(scope.dataset.id, scope.version.number, "customers", (customer_id,))
    return found


@st.cache_resource(max_entries=200, show_spinner=False)
def _rows(dataset_id: str, version: int, table: str, customer_ids: tuple[str, ...]) -> pa.Table:
    return store().rows_of_customers(dataset_id, table, customer_ids, version=version)


def unit_of(scope: Scope, customer_id: str) -> str:
    """Return whose bills a customer's are: the account's, where the customer is a line of one on a pooled plan."""
    pooled = dict(zip(results.catalogue(scope).plan_ids, results.catalogue(scope).pooled, strict=True))
    account = about(scope, customer_id).get("account_id")
    if account is None or not any(pooled.values()):
        return customer_id
    month = results.usage_months(scope)[-1]
    held = customer_view.plan_held(
        usage_of(scope, customer_id), results.catalogue(scope), month=month, customers=row_of(scope, customer_id)
    )
    return str(account) if held is not None and pooled[held] else customer_id


def about(scope: Scope, customer_id: str) -> dict[str, Any]:
    """Return the columns of the table of customers for one customer, by name; empty where nothing is known."""
    row = row_of(scope, customer_id)
    if row is None or not row.num_rows:
        return {}
    return {name: value for name, value in row.slice(0, 1).to_pylist()[0].items() if value is not None}


def months_left_out(scope: Scope, customer_id: str) -> tuple[str, ...]:
    """Return the months that this session leaves out of what is said of a customer."""
    return all_left_out(scope).get(customer_id, ())


def all_left_out(scope: Scope) -> dict[str, tuple[str, ...]]:
    """Return, by customer, the months that this session leaves out."""
    if get_script_run_ctx(suppress_warning=True) is None:  # prepared in the background, for every session
        return {}
    by_set: dict[str, dict[str, tuple[str, ...]]] = st.session_state.setdefault("left_out", {})
    return by_set.setdefault(scope.dataset.id, {})


def leave_out(scope: Scope, customer_id: str, months: Sequence[str]) -> None:
    """Leave months out of what is said of a customer, in this session from now on."""
    kept = all_left_out(scope)
    if months:
        kept[customer_id] = tuple(sorted(months))
    else:
        kept.pop(customer_id, None)


def counted_usage(scope: Scope, customer_id: str) -> pa.Table:
    """Return the usage rows of one customer, the months left out marked as not complete."""
    months = months_left_out(scope, customer_id)
    usage = usage_of(scope, customer_id)
    return customer_view.without(usage, months) if months else usage


def fit_of(scope: Scope, customer_id: str, month: str, absent: str, *, as_is: bool = False) -> pd.Series | None:
    """Return a customer's row of `plan_fit` at the end of a month, or None where it has no usage by then.

    The months left out break the run; with `as_is` they do not.
    """
    usage = usage_of(scope, customer_id) if as_is else counted_usage(scope, customer_id)
    options: dict[str, Any] = {"min_saving": scope.settings.min_saving, "absent": absent}
    found = plan_fit(
        usage,
        results.catalogue(scope),
        customers=row_of(scope, customer_id),
        as_of=month,
        until=month,
        months=scope.settings.months,
        **options,
    )
    return _row_of_unit(found, customer_id)


def reason_of(scope: Scope, fit: pd.Series, month: str) -> pd.Series:
    """Return the row of `cxlib.matching.reasons` of one flagged customer."""
    customer_id = str(fit["customer_id"])
    found = reasons(
        fit.to_frame().T.astype({"saving": float, "paid": float}),
        counted_usage(scope, customer_id),
        results.catalogue(scope),
        month=month,
        months=scope.settings.months,
        customers=row_of(scope, customer_id),
    )
    return found.iloc[0]


def line_items_of(scope: Scope, customer_id: str, plan_ids: Sequence[str], months: Sequence[str]) -> pd.DataFrame:
    """Return the bills of some months of a customer, or of an account, on some plans, line by line."""
    return line_items(
        usage_of(scope, customer_id),
        results.catalogue(scope),
        customer_id=customer_id,
        plan_ids=list(plan_ids),
        months=list(months),
        customers=row_of(scope, customer_id),
    )


def advice_to(scope: Scope, customer_id: str, month: str) -> pd.Series | None:
    """Return the recommender's advice to one customer at the end of a month; None where it has no usage.

    It is made for this customer alone where months are left out, or where that to all is not there yet.
    """
    every = None if months_left_out(scope, customer_id) else advised.at_once(scope, month)
    if every is None:
        recommender = _recommender(scope.dataset.id, scope.version.number, **results.advice_options(scope))
        usage = counted_usage(scope, customer_id)
        alone = recommender.recommend(usage, as_of=month, customers=row_of(scope, customer_id))
        return _row_of_unit(alone, customer_id)
    return _row_of_unit(every[every["customer_id"] == customer_id], customer_id)


def _row_of_unit(found: pd.DataFrame, customer_id: str) -> pd.Series | None:
    """Return the row of that name, else the only one there is: a name may be that of an account."""
    mine = found[found["customer_id"] == customer_id]
    rows = mine if not mine.empty else found
    return None if rows.empty else rows.iloc[0]


def learn_ahead(scope: Scope) -> None:
    """Have the recommender learned before anybody opens a customer, where that takes long."""
    if scope.has("usage") and scope.has("plans") and not long.is_small(scope, "advise"):
        _recommender(scope.dataset.id, scope.version.number, **results.advice_options(scope))


@st.cache_resource(max_entries=2, show_spinner=False)
def _recommender(dataset_id: str, version: int, **options: Any) -> Any:
    """Return a recommender that has learned from the data set, from a part of it where it is very large."""
    from cxlib.matching import PlanRecommender  # noqa: PLC0415 - takes seconds to import

    usage = store().load(dataset_id, "usage", version=version)
    ids = _customer_ids(dataset_id, version)
    if len(ids) > MOST_LEARNED_FROM:
        step = -(-len(ids) // MOST_LEARNED_FROM)
        usage = usage.filter(pc.is_in(usage["customer_id"], value_set=ids.take(pa.array(range(0, len(ids), step)))))
    has = store().has(dataset_id, "customers", version=version)
    customers = store().load(dataset_id, "customers", version=version) if has else None
    return PlanRecommender(results.catalogue_of(dataset_id, version), **options).fit(usage, customers=customers)
