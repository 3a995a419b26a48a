"""What the table of customers says about those in the usage, as columns for the kernels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cxlib.errors import CxError
from cxlib.matching.kernels import Offers
from cxlib.matching.months import month_numbers
from cxlib.matching.usage import NO_PLAN, as_texts, columns_of, plan_positions
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cxlib.matching.catalogue import Catalogue

NEVER: Final = 2**24
"""A month beyond every calendar."""
NO_SEGMENT: Final = -2
_NAMES: Final = (
    *("customer_id", "plan_id", "tier", "need", "region", "joined_on", "left_on", "contract_end"),
    *("account_id", "plan_since"),
)


@dataclass(frozen=True)
class People:
    """C customers in the order of the usage; months as in `months`, `NEVER` where not known."""

    plan: NDArray[np.int16]  # the plan of the table of customers, `NO_PLAN` or `UNKNOWN_PLAN`
    tier: NDArray[np.int32]  # code of the segment of that name, `NO_SEGMENT` where no plan is for it
    need: NDArray[np.int32]
    region: NDArray[np.int32]
    joined: NDArray[np.int32]
    left: NDArray[np.int32]
    free: NDArray[np.int32]  # from the end of this month no contract binds; 0 where there is none
    since: NDArray[np.int32]  # month in which the plan was taken


class CustomerTable:
    """A table of customers, looked up by name; accounts too, as what their lines have in common.

    An account that is no customer itself has the tier, need, region and plan of its first line that has one; it joined
    with the first, left with the last, and is bound while any is.
    """

    def __init__(self, customers: Any) -> None:
        self.table = None if customers is None else columns_of(customers, _NAMES)
        if self.table is None:
            return
        if "customer_id" not in self.table.column_names:
            raise CxError(
                "missing_column",
                N_("The customers have no column {column}."),
                hint=N_("Add it, or map one of the file's columns to it."),
                column="customer_id",
            )
        self.ids = as_texts(self.table["customer_id"]).cast(pa.large_string()).combine_chunks()
        if pc.count_distinct(self.ids, mode="all").as_py() < len(self.ids):
            counts = pc.value_counts(self.ids)
            twice = counts.field(0)[pc.index(pc.greater(counts.field(1), 1), value=True).as_py()].as_py()
            raise CxError(
                "duplicate_customer",
                N_("Customer {value} is there twice."),
                hint=N_("Keep one row per customer."),
                column="customer_id",
                value=twice,
            )

    @cached_property
    def accounts(self) -> pa.LargeStringArray | None:
        """The account of each customer of the table, null where there is none; None where no account is known."""
        if self.table is None or "account_id" not in self.table.column_names:
            return None
        column = self.table["account_id"]
        found = None if pa.types.is_null(column.type) else as_texts(column).cast(pa.large_string()).combine_chunks()
        return None if found is None or found.null_count == len(found) else found

    def accounts_of(self, customer_ids: pa.LargeStringArray) -> pa.LargeStringArray | None:
        """Return the account of each of the named customers, null where there is none; None where none is known."""
        if self.accounts is None:
            return None
        return self.accounts.take(pc.index_in(customer_ids, value_set=self.ids))

    def lines_of(self, name: str) -> list[str]:
        """Return the customers whose account has that name, and the name itself."""
        if self.accounts is None:
            return [name]
        return [name, *self.ids.filter(pc.equal(self.accounts, name)).to_pylist()]

    def look_up(self, customer_ids: pa.LargeStringArray, *, plan_ids: Sequence[str], segments: Sequence[str]) -> People:
        """Return what is known of the named customers."""
        n = len(customer_ids)
        if self.table is None:
            nobody, never = np.full(n, NO_SEGMENT, np.int32), np.full(n, NEVER, np.int32)
            none = np.full(n, NO_PLAN, np.int16)
            return People(none, nobody, nobody, nobody, never, never, np.zeros(n, np.int32), never)
        people = self._customers(pc.index_in(customer_ids, value_set=self.ids), plan_ids, segments)
        return people if self.accounts is None else self._with_accounts(people, customer_ids, plan_ids, segments)

    def _customers(self, rows: pa.Int32Array, plan_ids: Sequence[str], segments: Sequence[str]) -> People:
        plan = self._taken("plan_id", rows)
        held = np.full(len(rows), NO_PLAN, np.int16) if plan is None else plan_positions(plan, plan_ids)
        return People(
            plan=held,
            tier=self._segment("tier", rows, segments),
            need=self._segment("need", rows, segments),
            region=self._segment("region", rows, segments),
            joined=self._month("joined_on", rows, NEVER),
            left=self._month("left_on", rows, NEVER),
            free=self._month("contract_end", rows, 0),
            since=self._month("plan_since", rows, NEVER),
        )

    def _with_accounts(
        self, people: People, customer_ids: pa.LargeStringArray, plan_ids: Sequence[str], segments: Sequence[str]
    ) -> People:
        """Fill in what is known of names that are accounts and not customers."""
        own = pc.is_in(customer_ids, value_set=self.ids).to_numpy(zero_copy_only=False)
        account = pc.index_in(self.accounts, value_set=customer_ids)
        lines = np.flatnonzero(account.is_valid().to_numpy(zero_copy_only=False))
        whose = account.take(pa.array(lines)).to_numpy()
        keep = ~own[whose]
        lines, whose = lines[keep], whose[keep]
        order = np.argsort(whose, kind="stable")
        lines, whose = lines[order], whose[order]
        at, first = np.unique(whose, return_index=True)
        if not len(at):
            return people
        theirs = self._customers(pa.array(lines, pa.int32()), plan_ids, segments)
        least, most = np.minimum.reduceat, np.maximum.reduceat
        joined = {"joined": least(theirs.joined, first), "since": least(theirs.since, first)}
        ended = {"left": most(theirs.left, first), "free": most(theirs.free, first)}
        columns = {"plan": "plan_id", "tier": "tier", "need": "need", "region": "region"}
        named = {}
        for name, column in columns.items():
            cells = self._taken(column, pa.array(lines, pa.int32()))
            known = np.flatnonzero(cells.is_valid().to_numpy()) if cells is not None else np.zeros(0, np.int64)
            groups, place = np.unique(np.searchsorted(at, whose[known]), return_index=True)
            named[name] = getattr(theirs, name)[first]
            named[name][groups] = getattr(theirs, name)[known[place]]
        changed = {}
        for name, values in (joined | ended | named).items():
            changed[name] = getattr(people, name).copy()
            changed[name][at] = values
        return replace(people, **changed)

    def plan_of(self, customer_id: str) -> str | None:
        """Return the plan of a customer as the table calls it."""
        plan = self._taken("plan_id", pc.index_in(pa.array([customer_id], pa.large_string()), value_set=self.ids))
        return None if plan is None else str(plan[0].as_py())

    def _taken(self, name: str, rows: pa.Int32Array) -> pa.ChunkedArray | None:
        if self.table is None or name not in self.table.column_names:
            return None
        column = self.table[name]
        return None if pa.types.is_null(column.type) else column.take(rows)

    def _segment(self, name: str, rows: pa.Int32Array, segments: Sequence[str]) -> NDArray[np.int32]:
        column = self._taken(name, rows)
        if column is None or not segments:
            return np.full(len(rows), NO_SEGMENT, np.int32)
        found = pc.index_in(as_texts(column).cast(pa.large_string()), value_set=pa.array(segments, pa.large_string()))
        return np.asarray(found.fill_null(NO_SEGMENT).to_numpy(), dtype=np.int32)

    def _month(self, name: str, rows: pa.Int32Array, missing: int) -> NDArray[np.int32]:
        column = self._taken(name, rows)
        if column is None:
            return np.full(len(rows), missing, np.int32)
        months = month_numbers(column)
        return np.where(months < 0, np.int32(missing), months)


def segments_of(catalogue: Catalogue) -> list[str]:
    """Return the tiers, needs and regions that plans are reserved for."""
    versions = [version for found in catalogue.versions.values() for version in found]
    segments = {version.segment for version in versions if version.segment is not None}
    return sorted(segments.union(*(version.regions for version in versions)))


def offers_of(
    catalogue: Catalogue, people: People, starts: NDArray[np.int64], version_of: NDArray[np.int32], first: int
) -> Offers:
    """Return who may take which plan when, contracts apart.

    A plan may be taken at the end of a month if it is on sale on the month's last day, if it is for everybody or for
    the customer's tier or need, if it is for everywhere or for the customer's region, and if the customer joined at
    least `min_tenure_months` calendar months before; who joined when is not known may not take a plan that asks for
    tenure. A contract or a cool-off (see `cooling`) binds to the plan held.
    """
    versions = [version for found in catalogue.versions.values() for version in found]
    codes = {segment: code for code, segment in enumerate(segments_of(catalogue))}
    segment = np.array([-1 if v.segment is None else codes[v.segment] for v in versions], dtype=np.int32)
    tenure = np.array([v.min_tenure_months for v in versions], dtype=np.int32)
    in_region = np.zeros((len(versions), len(codes) + 1), dtype=np.bool_)
    for v, version in enumerate(versions):
        in_region[v, [codes[region] for region in version.regions] or slice(None)] = True
    months = range(version_of.shape[1])
    on_sale = np.array(
        [[catalogue.on_sale(each, first + k) for k in months] for each in catalogue.plan_ids], dtype=bool
    )
    open_to_all: NDArray[np.bool_] = np.all(on_sale, axis=1, keepdims=True)[:, 0]
    for p in range(len(catalogue)):
        used = version_of[p][version_of[p] >= 0]
        free = (segment[used] < 0).all() and (tenure[used] <= 0).all() and in_region[used].all()
        open_to_all[p] &= bool(free)
    rows = np.diff(starts)
    return Offers(
        open_to_all=open_to_all,
        on_sale=on_sale,
        segment=segment,
        min_tenure=tenure,
        customer=np.repeat(np.arange(len(rows), dtype=np.int32), 0 if open_to_all.all() else rows),
        in_region=in_region,
        tier=people.tier,
        need=people.need,
        region=people.region,
        joined=people.joined - np.int32(first),
    )


def cooling(
    catalogue: Catalogue,
    version_of: NDArray[np.int32],
    held: NDArray[Any],
    month: NDArray[Any],
    taken: NDArray[Any],
) -> NDArray[np.bool_]:
    """Return whether a plan was taken too recently to be left at the end of a month; empty where nobody ever is bound.

    Whoever took a plan with `cool_off_months` less than so many calendar months before may not leave it.

    Parameters
    ----------
    version_of : int32 [P, T]
    held, month, taken : arrays of one length
        Positions of plans, months counted as `version_of` counts them, and months in which the plans were taken.
    """
    versions = [version for found in catalogue.versions.values() for version in found]
    cool_off = np.array([version.cool_off_months for version in versions], dtype=np.int32)
    if not cool_off.any():
        return np.zeros(0, np.bool_)
    version = version_of[held, month]
    return np.asarray((version >= 0) & (month.astype(np.int64) - taken < cool_off[np.maximum(version, 0)]))
