"""One customer seen from all sides: usage beside allowances, bills on every plan, and bills if usage were another.

All functions take the usage rows of one customer, as `customer_rows` finds them, and leave out the months that are
not complete or that the analyst excludes, see `without`.
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
from cxlib.matching.eligibility import may_take
from cxlib.matching.months import month_number, month_numbers, month_starts, month_text
from cxlib.matching.people import NEVER, CustomerTable, segments_of
from cxlib.matching.usage import as_texts, columns_of
from cxlib.tables import MAX_DECIMALS
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cxlib.matching.catalogue import Catalogue, Version
    from cxlib.matching.people import People

FACTORS: Final = tuple(round(0.5 + 0.05 * step, 2) for step in range(31))
"""From half of today's usage to twice."""
USAGE_COLUMNS: Final = ("customer_id", "month", "plan_id", "complete", "billed_amount")


def customer_rows(frame: Any, customer_id: str) -> pa.Table:
    """Return the rows of one customer of a table of usage or customers, as a pyarrow table in their order."""
    table = frame if isinstance(frame, pa.Table) else _all_columns(frame)
    return table.filter(pc.equal(as_texts(table["customer_id"]).cast(pa.large_string()), str(customer_id)))


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
    held = bill(table.drop_columns(_there(table, "complete")), catalogue, customers=customers)[["month", "plan_id"]]
    frame = table.select(["month", *catalogue.meters]).to_pandas()
    numbers = month_numbers(table["month"])
    left_out = {month_number(month) for month in excluded}
    frame["number"] = numbers
    frame["state"] = np.where(
        np.isin(numbers, list(left_out)), "excluded", np.where(_whole(table), "counted", "incomplete")
    )
    frame = frame.assign(month=month_starts(numbers)).merge(held, on="month", how="left").sort_values("number")
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
        may_take; why_not: missing where it may be taken or is held, else ``no_price``, ``not_on_sale``, ``reserved``,
        ``tenure``, ``contract`` or ``not_allowed``.
    """
    chosen = _of_months(usage, months if months is not None else counted_months(usage, until=month))
    n = len(pc.unique(chosen["month"]))
    found = bill(usage if catalogue.remembers else chosen, catalogue, plans="all", customers=customers)
    found = found[found["month"].isin(month_starts(np.unique(month_numbers(chosen["month"]))))]
    bills = found.groupby("plan_id")["total_minor"].agg(["sum", "size"]).reindex(catalogue.plan_ids)
    priced = bills["size"] == n
    minor = bills["sum"].where(priced).fillna(-1).astype("int64").to_numpy()
    money = 10**catalogue.minor_digits
    held = plan_held(usage, catalogue, month=month, customers=customers)
    reasons = why_not(catalogue, customer_id=_only_customer(usage), month=month, customers=customers)
    versions = [catalogue.version(plan_id, month_number(month)) for plan_id in catalogue.plan_ids]
    total = np.where(minor < 0, np.nan, minor / money)
    return pd.DataFrame(
        {
            "plan_id": pd.Series(catalogue.plan_ids, dtype="str"),
            "name": pd.Series([catalogue.line_up(plan_id).name for plan_id in catalogue.plan_ids], dtype="str"),
            "monthly_fee": [np.nan if version is None else float(version.monthly_fee) for version in versions],
            "total": total,
            "a_month": total / max(n, 1),
            "total_minor": minor,
            "held": [plan_id == held for plan_id in catalogue.plan_ids],
            "may_take": [reason is None for reason in reasons],
            "why_not": pd.Series(
                [None if p == held else reason for p, reason in zip(catalogue.plan_ids, reasons, strict=True)],
                dtype="str",
            ),
        }
    )


def cost_curve(
    usage: Any, catalogue: Catalogue, *, months: Sequence[Any] | None = None, factors: Sequence[float] = FACTORS
) -> pd.DataFrame:
    """Bill a customer's months on every plan as if all usage had been `factors` times what it was.

    Returns
    -------
    pandas frame, one row per plan and factor, in that order
        plan_id; factor; cost, the mean bill of a month, money, NaN where the plan has no price in one of the months.
    """
    scales = [dict.fromkeys(catalogue.meters, factor) for factor in factors]
    table = _scaled_bills(usage, catalogue, scales, months=months)
    table["factor"] = np.array(factors, dtype=np.float64)[table.pop("scale")]
    return table[["plan_id", "factor", "cost"]]


def what_if(
    usage: Any, catalogue: Catalogue, *, changes: Mapping[str, float], months: Sequence[Any] | None = None
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
    found = _scaled_bills(usage, catalogue, [as_was, as_was | dict(changes)], months=months)
    wide = found.pivot_table(index="plan_id", columns="scale", values="cost", sort=False, dropna=False)
    wide = wide.reindex(catalogue.plan_ids).reindex(columns=[0, 1])
    return pd.DataFrame(
        {
            "plan_id": pd.Series(catalogue.plan_ids, dtype="str"),
            "now": wide[0].to_numpy(),
            "then": wide[1].to_numpy(),
            "change": (wide[1] - wide[0]).round(catalogue.minor_digits + 4).to_numpy(),
        }
    )


def plan_held(usage: Any, catalogue: Catalogue, *, month: Any, customers: Any = None) -> str | None:
    """Return the plan of the customer's last row up to `month`, else of the first row, else of the customers."""
    table = columns_of(usage, ["month", "plan_id"])
    if "plan_id" in table.column_names and table["plan_id"].null_count < table.num_rows:
        numbers = month_numbers(table["month"])
        order = np.argsort(numbers, kind="stable")
        known = [i for i in order if numbers[i] <= month_number(month)] or list(order[:1])
        found = table["plan_id"][int(known[-1])].as_py()
        if found is not None:
            return str(found)
    table = CustomerTable(customers)
    found = None if table.table is None else table.plan_of(_only_customer(usage))
    return found if found in catalogue.versions else None


def why_not(catalogue: Catalogue, *, customer_id: str, month: Any, customers: Any = None) -> list[str | None]:
    """Return for each plan why the customer may not take it at the end of `month`; None where it may be taken."""
    number = month_number(month)
    segments = segments_of(catalogue)
    ids = pa.array([customer_id], pa.large_string())
    people = CustomerTable(customers).look_up(ids, plan_ids=catalogue.plan_ids, segments=segments)
    may = may_take(catalogue, people, number)[0]
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
        else:
            said.append("contract" if people.free[0] > number else "not_allowed")
    return said


def _is_for(version: Version, people: People, codes: Mapping[str, int]) -> bool:
    """Return whether a version is for the one customer's tier or need, and region."""
    by_segment = version.segment is None or codes[version.segment] in (people.tier[0], people.need[0])
    return by_segment and (not version.regions or people.region[0] in {codes[each] for each in version.regions})


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


def _only_customer(usage: Any) -> str:
    ids = pc.unique(as_texts(columns_of(usage, ["customer_id"])["customer_id"])).to_pylist()
    if len(ids) != 1:
        raise CxError("one_customer", N_("The rows of one customer are needed, not of {value}."), value=len(ids))
    return str(ids[0])


def _of_months(usage: Any, months: Iterable[Any]) -> pa.Table:
    table = usage if isinstance(usage, pa.Table) else _all_columns(usage)
    wanted = {month_number(month) for month in months}
    chosen = table.filter(pa.array(np.isin(month_numbers(table["month"]), list(wanted))))
    if not chosen.num_rows:
        raise CxError("no_usage", N_("There is no usage."), hint=N_("Bring usage of at least one customer."))
    return chosen


def _scaled_bills(
    usage: Any, catalogue: Catalogue, scales: Sequence[Mapping[str, float]], *, months: Sequence[Any] | None
) -> pd.DataFrame:
    """Return the mean bill of a month per scale and plan: columns scale (its position), plan_id, cost."""
    chosen = _of_months(usage, counted_months(usage) if months is None else months)
    n = len(pc.unique(chosen["month"]))
    parts: list[pa.Table] = []
    for scale in scales:
        part = chosen.select(["month", *catalogue.meters])
        for meter in catalogue.meters:
            used = np.round(part[meter].cast(pa.float64()).to_numpy() * scale[meter], MAX_DECIMALS)
            part = part.set_column(part.column_names.index(meter), meter, pa.array(used))
        parts.append(part.append_column("customer_id", pa.array([f"{len(parts):06d}"] * part.num_rows)))
    bills = bill(pa.concat_tables(parts), catalogue, plans="all")
    found = bills.groupby(["customer_id", "plan_id"], sort=False)["total_minor"].agg(["sum", "size"]).reset_index()
    money = 10**catalogue.minor_digits
    order = {plan_id: p for p, plan_id in enumerate(catalogue.plan_ids)}
    made = pd.DataFrame(
        {
            "plan_id": found["plan_id"],
            "scale": found["customer_id"].astype(int),
            "cost": np.where(found["size"] == n, found["sum"] / money / n, np.nan),
            "place": found["plan_id"].map(order),
        }
    )
    return made.sort_values(["place", "scale"], ignore_index=True).drop(columns="place")
