"""One customer seen from all sides: usage beside allowances, bills on every plan, and bills if usage were another.

All functions take the usage rows of one customer, or of the lines of one account on a pooled plan, as `customer_rows`
finds them, and rest on the months that are named, or else on the complete ones; months that are not named still count
for what is carried over from them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cxlib.errors import CxError
from cxlib.matching.bills import bill
from cxlib.matching.eligibility import may_take, same_kind
from cxlib.matching.months import month_number, month_numbers, month_starts, month_text
from cxlib.matching.people import NEVER, CustomerTable, segments_of
from cxlib.matching.usage import as_texts, columns_of
from cxlib.tables import MAX_DECIMALS
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from cxlib.matching.catalogue import Catalogue, Version
    from cxlib.matching.people import People

FACTORS: Final = tuple(round(0.5 + 0.05 * step, 2) for step in range(31))
"""From half of today's usage to twice."""
USAGE_COLUMNS: Final = ("customer_id", "month", "plan_id", "complete", "billed_amount")


def customer_rows(frame: Any, customer_id: str, *, customers: Any = None) -> pa.Table:
    """Return the rows of one customer of a table of usage or customers, as a pyarrow table in their order.

    With `customers`, the id may be that of an account, and the rows are those of all its lines.
    """
    table = frame if isinstance(frame, pa.Table) else _all_columns(frame)
    named = CustomerTable(customers).lines_of(str(customer_id))
    return table.filter(
        pc.is_in(as_texts(table["customer_id"]).cast(pa.large_string()), value_set=pa.array(named, pa.large_string()))
    )


def without(usage: Any, months: Iterable[Any]) -> pa.Table:
    """Return usage rows with some months marked as not complete, so that nothing rests on them.

    Parameters
    ----------
    months : iterable of months, see `months.month_number`
    """
    table = usage if isinstance(usage, pa.Table) else _all_columns(usage)
    excluded = {month_number(month) for month in months}
    whole = table["complete"].cast(pa.bool_()).fill_null(True) if "complete" in table.column_names else None
    keep = pa.chunked_array([pa.array(~np.isin(month_numbers(table["month"]), list(excluded)))])
    column = keep if whole is None else pc.and_(whole, keep)
    at = table.column_names.index("complete") if whole is not None else table.num_columns
    return table.set_column(at, "complete", column) if whole is not None else table.append_column("complete", column)


def counted_months(usage: Any, *, until: Any = None) -> list[str]:
    """Return the complete months of a customer's rows, such as 2026-03, ascending, up to `until`."""
    table = columns_of(usage, ["month", "complete"])
    numbers = month_numbers(table["month"])
    whole = _whole(table)
    last = NEVER if until is None else month_number(until)
    return [month_text(int(number)) for number in sorted(set(numbers[whole & (numbers <= last)].tolist()))]


def usage_by_month(
    usage: Any, catalogue: Catalogue, *, customers: Any = None, excluded: Iterable[Any] = ()
) -> pd.DataFrame:
    """Set a customer's usage beside what the plan held included.

    Returns
    -------
    pandas frame, one row per month and meter, in that order
        month; plan_id held then; meter; used; included (infinite where unlimited, NaN where the plan has no price
        then); over, what was used above it; state: ``counted``, ``incomplete`` (the file says so) or ``excluded``.
    """
    table = columns_of(usage, [*USAGE_COLUMNS, *catalogue.meters])
    held = bill(table, catalogue, customers=customers)[["month", "plan_id"]].drop_duplicates("month")
    numbers = month_numbers(table["month"])
    left_out = {month_number(month) for month in excluded}
    frame = table.select(list(catalogue.meters)).to_pandas().assign(number=numbers, whole=_whole(table))
    frame = frame.groupby("number", as_index=False).agg(dict.fromkeys(catalogue.meters, "sum") | {"whole": "all"})
    frame["state"] = np.where(
        frame["number"].isin(left_out), "excluded", np.where(frame.pop("whole"), "counted", "incomplete")
    )
    frame = frame.assign(month=month_starts(frame["number"])).merge(held, on="month", how="left")
    long = frame.melt(
        id_vars=["month", "number", "plan_id", "state"], value_vars=list(catalogue.meters), var_name="meter",
        value_name="used",
    )  # fmt: skip
    long["included"] = [
        _included(catalogue, plan_id, number, meter)
        for plan_id, number, meter in zip(long["plan_id"], long["number"], long["meter"], strict=True)
    ]
    long["over"] = (long["used"] - long["included"]).clip(lower=0)
    long = long.sort_values(["number", "meter"], key=_meters_in_order(catalogue), kind="stable", ignore_index=True)
    found: pd.DataFrame = long[["month", "plan_id", "meter", "used", "included", "over", "state"]]
    return found


def bills_by_plan(
    usage: Any, catalogue: Catalogue, *, month: Any, months: Sequence[Any] | None = None, customers: Any = None
) -> pd.DataFrame:
    """Bill a customer's months on every plan, and say which plans may be taken at the end of `month`.

    Parameters
    ----------
    months : sequence of months, optional
        The months billed; the complete ones up to `month` if not given.

    Returns
    -------
    pandas frame, one row per plan of the catalogue
        plan_id; name; monthly_fee at `month` (NaN without a price then); total and a_month, money, NaN where the plan
        has no price in one of the months; total_minor, int64, -1 for none; held, whether it is the plan held last;
        may_take; why_not: missing where it may be taken or is held, else a reason of `why_not`, or ``cap`` where the
        usage of one of the months is more than the plan can give (what is beyond is not billed).
    """
    wanted = _wanted(usage, months, until=month)
    bills = _bills(usage, catalogue, wanted, customers=customers)
    minor = bills["total_minor"].to_numpy()
    money = 10**catalogue.minor_digits
    held = plan_held(usage, catalogue, month=month, customers=customers)
    reasons = why_not(catalogue, customer_id=unit_of(usage, customers), month=month, customers=customers, held=held)
    versions = [catalogue.version(plan_id, month_number(month)) for plan_id in catalogue.plan_ids]
    total = np.where(minor < 0, np.nan, minor / money)
    beyond = [
        None if reason is not None or inside else "cap" for reason, inside in zip(reasons, bills["within"], strict=True)
    ]
    why = [None if p == held else r or c for p, r, c in zip(catalogue.plan_ids, reasons, beyond, strict=True)]
    return pd.DataFrame(
        {
            "plan_id": pd.Series(catalogue.plan_ids, dtype="str"),
            "name": pd.Series([catalogue.line_up(plan_id).name for plan_id in catalogue.plan_ids], dtype="str"),
            "monthly_fee": [np.nan if version is None else float(version.monthly_fee) for version in versions],
            "total": total,
            "a_month": total / max(len(wanted), 1),
            "total_minor": minor,
            "held": [plan_id == held for plan_id in catalogue.plan_ids],
            "may_take": [reason is None and cap is None for reason, cap in zip(reasons, beyond, strict=True)],
            "why_not": pd.Series(why, dtype="str"),
        }
    )


def cost_curve(
    usage: Any,
    catalogue: Catalogue,
    *,
    months: Sequence[Any] | None = None,
    factors: Sequence[float] = FACTORS,
    customers: Any = None,
) -> pd.DataFrame:
    """Bill a customer's months on every plan as if all usage had been `factors` times what it was.

    Returns
    -------
    pandas frame, one row per plan and factor, in that order
        plan_id; factor; cost, the mean bill of a month, money, NaN where the plan has no price in one of the months.
    """
    scales = [dict.fromkeys(catalogue.meters, factor) for factor in factors]
    costs = _scaled_bills(usage, catalogue, scales, months=months, customers=customers)
    return pd.DataFrame(
        {
            "plan_id": pd.Series(np.repeat(catalogue.plan_ids, len(factors)), dtype="str"),
            "factor": np.tile(np.array(factors, dtype=np.float64), len(catalogue)),
            "cost": costs.T.reshape(-1),
        }
    )


def what_if(
    usage: Any,
    catalogue: Catalogue,
    *,
    changes: Mapping[str, float],
    months: Sequence[Any] | None = None,
    customers: Any = None,
) -> pd.DataFrame:
    """Bill a customer's months on every plan as they were, and as if the usage of some meters had been another.

    Parameters
    ----------
    changes : mapping of meter to factor
        Such as ``{"data_mb": 1.5}``; meters not named stay as they were.

    Returns
    -------
    pandas frame, one row per plan
        plan_id; now and then, the mean bill of a month, money; change, then - now. NaN as for `cost_curve`.
    """
    for meter, factor in changes.items():
        if meter not in catalogue.meters or not 0 <= factor < np.inf:
            raise CxError(
                "bad_setting", N_("Usage of {meter} cannot be multiplied by {value}."), meter=meter, value=factor
            )
    as_was = dict.fromkeys(catalogue.meters, 1.0)
    now, then = _scaled_bills(usage, catalogue, [as_was, as_was | dict(changes)], months=months, customers=customers)
    return pd.DataFrame(
        {
            "plan_id": pd.Series(catalogue.plan_ids, dtype="str"),
            "now": now,
            "then": then,
            "change": np.round(then - now, catalogue.minor_digits + 4),
        }
    )


def plan_held(usage: Any, catalogue: Catalogue, *, month: Any, customers: Any = None) -> str | None:
    """Return the plan of the customer's last row up to `month`, else of the first row, else of the customers."""
    table = columns_of(usage, ["month", "plan_id"])
    if "plan_id" in table.column_names and table["plan_id"].null_count < table.num_rows:
        numbers = month_numbers(table["month"])
        order = np.argsort(numbers, kind="stable")
        earlier = [int(i) for i in order if numbers[i] <= month_number(month)] or [int(order[0])]
        found = table["plan_id"][earlier[-1]].as_py()
        if found is not None:
            return str(found)
    known = CustomerTable(customers)
    found = None if known.table is None else known.plan_of(_customers_in(usage)[0])
    return found if found in catalogue.versions else None


def why_not(
    catalogue: Catalogue, *, customer_id: str, month: Any, customers: Any = None, held: str | None = None
) -> list[str | None]:
    """Return for each plan why the customer may not take it at the end of `month`; None where it may be taken.

    Reasons are ``no_price``, ``not_on_sale``, ``reserved`` (for a tier, need or region), ``tenure``, ``contract``,
    ``pooled`` (a plan of accounts for whom holds none, or the reverse), ``cool_off`` and ``not_allowed``.
    """
    number = month_number(month)
    segments = segments_of(catalogue)
    ids = pa.array([customer_id], pa.large_string())
    people = CustomerTable(customers).look_up(ids, plan_ids=catalogue.plan_ids, segments=segments)
    holds = np.array([catalogue.plan_ids.index(held) if held in catalogue.versions else -1], dtype=np.int64)
    may = may_take(catalogue, people, number, held=holds, taken=people.since)[0]
    open_ = may_take(catalogue, people, number)[0]
    alike = same_kind(catalogue, holds)[0]
    codes = {segment: code for code, segment in enumerate(segments)}
    said: list[str | None] = []
    for p, plan_id in enumerate(catalogue.plan_ids):
        version = catalogue.version(plan_id, number)
        if may[p]:
            said.append(None)
        elif version is None:
            said.append("no_price")
        elif not catalogue.on_sale(plan_id, number):
            said.append("not_on_sale")
        elif not _is_for(version, people, codes):
            said.append("reserved")
        elif version.min_tenure_months > 0 and number - people.joined[0] < version.min_tenure_months:
            said.append("tenure")
        elif people.free[0] > number:
            said.append("contract")
        else:
            said.append("pooled" if not alike[p] else "cool_off" if open_[p] else "not_allowed")
    return said


def _is_for(version: Version, people: People, codes: Mapping[str, int]) -> bool:
    """Return whether a version is for the one customer's tier or need, and region."""
    by_segment = version.segment is None or codes[version.segment] in (people.tier[0], people.need[0])
    return by_segment and (not version.regions or people.region[0] in {codes[each] for each in version.regions})


def unit_of(usage: Any, customers: Any = None) -> str:
    """Return the customer whose rows these are, or the account where they are those of several lines.

    Raises
    ------
    CxError
        ``one_customer`` where they are of several customers without an account in common.
    """
    ids = _customers_in(usage)
    if len(ids) == 1:
        return ids[0]
    accounts = CustomerTable(customers).accounts_of(pa.array(ids, pa.large_string()))
    named = set() if accounts is None else set(accounts.to_pylist())
    if len(named - set(ids)) == 1 and None not in named:
        return str(next(iter(named)))
    raise CxError("one_customer", N_("The rows of one customer are needed, not of {value}."), value=len(ids))


def find_customers(customer_ids: pa.Array | pa.ChunkedArray, text: str, *, most: int = 20) -> tuple[list[str], int]:
    """Return the first customers whose id begins with or else contains a text, and how many there are in all.

    Ids that begin with it come first; letters of either case are alike.
    """
    ids = as_texts(customer_ids if isinstance(customer_ids, pa.ChunkedArray) else pa.chunked_array([customer_ids]))
    wanted = text.strip()
    begins = pc.starts_with(ids, wanted, ignore_case=True)
    inside = pc.and_not(pc.match_substring(ids, wanted, ignore_case=True), begins)
    first = ids.filter(begins)
    found = first.slice(0, most).to_pylist()
    rest = ids.filter(inside)
    found += rest.slice(0, most - len(found)).to_pylist()
    exact = [each for each in found if each == wanted]
    return exact + [each for each in found if each != wanted], len(first) + len(rest)


def _all_columns(frame: Any) -> pa.Table:
    native = nw.from_native(frame)
    eager = native.collect("pyarrow") if isinstance(native, nw.LazyFrame) else native
    return eager.to_arrow()


def _there(table: pa.Table, *names: str) -> list[str]:
    return [name for name in names if name in table.column_names]


def _whole(table: pa.Table) -> Any:
    if "complete" not in table.column_names:
        return np.ones(table.num_rows, dtype=bool)
    return np.asarray(table["complete"].cast(pa.bool_()).fill_null(True).to_numpy(zero_copy_only=False), dtype=bool)


def _included(catalogue: Catalogue, plan_id: Any, number: int, meter: str) -> float:
    version = catalogue.version(plan_id, number) if plan_id in catalogue.versions else None
    if version is None:
        return float("nan")
    included = version.terms[catalogue.meters.index(meter)].included
    return float("inf") if included is None else float(included)


def _meters_in_order(catalogue: Catalogue) -> Any:
    place = {meter: i for i, meter in enumerate(catalogue.meters)}
    return lambda column: column.map(place) if column.name == "meter" else column


def _customers_in(usage: Any) -> list[str]:
    ids = pc.unique(as_texts(columns_of(usage, ["customer_id"])["customer_id"])).to_pylist()
    if not ids:
        raise CxError("no_usage", N_("There is no usage."), hint=N_("Bring usage of at least one customer."))
    return [str(each) for each in ids]


def _wanted(usage: Any, months: Sequence[Any] | None, *, until: Any = None) -> list[int]:
    """Return the numbers of the months that are billed: of those named, or else the complete ones, that are there."""
    there = set(month_numbers(columns_of(usage, ["month"])["month"]).tolist())
    named = counted_months(usage, until=until) if months is None else months
    wanted = sorted({month_number(month) for month in named} & there)
    if not wanted:
        raise CxError("no_usage", N_("There is no usage."), hint=N_("Bring usage of at least one customer."))
    return wanted


def _bills(usage: Any, catalogue: Catalogue, wanted: Sequence[int], *, customers: Any) -> pd.DataFrame:
    """Bill rows on every plan and add up the months wanted.

    One row per plan: total_minor, int64, -1 where the plan has no price in one of the months; within, whether the
    usage of all of them is within what the plan can give.
    """
    bills = bill(usage, catalogue, plans="all", customers=customers)
    bills = bills[bills["month"].isin(month_starts(list(wanted)))]
    bills = bills.assign(within=bills.get("within", True))
    found = bills.groupby("plan_id").agg(
        total_minor=("total_minor", "sum"), months=("month", "nunique"), within=("within", "all")
    )
    found = found.reindex(catalogue.plan_ids)
    priced = found["months"] == len(wanted)
    return pd.DataFrame(
        {
            "total_minor": found["total_minor"].where(priced).fillna(-1).astype("int64"),
            "within": found["within"].eq(True) | ~priced,
        }
    )


def _scaled_bills(
    usage: Any,
    catalogue: Catalogue,
    scales: Sequence[Mapping[str, float]],
    *,
    months: Sequence[Any] | None,
    customers: Any,
) -> NDArray[np.float64]:
    """Return the mean bill of a month per scale and plan, money, [S, P]; NaN without a price in one of the months."""
    wanted = _wanted(usage, months)
    table = usage if isinstance(usage, pa.Table) else _all_columns(usage)
    scaled = [_scaled(table, catalogue, scale) for scale in scales]
    if all(catalogue.plain):
        minor = _together(scaled, catalogue, wanted)
    else:  # what is carried over, pooled or promised depends on who it is
        each = [_bills(part, catalogue, wanted, customers=customers)["total_minor"] for part in scaled]
        minor = np.array(each, dtype=np.int64)
    return np.where(minor < 0, np.nan, minor / 10**catalogue.minor_digits / len(wanted))


def _scaled(table: pa.Table, catalogue: Catalogue, scale: Mapping[str, float]) -> pa.Table:
    for meter in catalogue.meters:
        used = np.round(table[meter].cast(pa.float64()).to_numpy() * scale[meter], MAX_DECIMALS)
        table = table.set_column(table.column_names.index(meter), meter, pa.array(used))
    return table


def _together(scaled: Sequence[pa.Table], catalogue: Catalogue, wanted: Sequence[int]) -> NDArray[np.int64]:
    """Bill all scales in one go, each as a customer of its own: plans without memory ask for no more."""
    parts = []
    for k, table in enumerate(scaled):
        part = table.select(["month", *catalogue.meters])
        keep = pa.array(np.isin(month_numbers(part["month"]), list(wanted)))
        part = part.append_column("customer_id", pa.array([f"{k:06d}"] * part.num_rows)).filter(keep)
        parts.append(part)
    bills = bill(pa.concat_tables(parts), catalogue, plans="all")
    sums = bills.groupby(["customer_id", "plan_id"])["total_minor"].agg(["sum", "size"])
    order = [(f"{k:06d}", plan_id) for k in range(len(scaled)) for plan_id in catalogue.plan_ids]
    sums = sums.reindex(order)
    minor = sums["sum"].where(sums["size"] == len(wanted)).fillna(-1)
    return minor.to_numpy(dtype=np.int64).reshape(len(scaled), len(catalogue))
