"""What each customer used month by month: the rows of usage from which a forecast may learn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cxlib.errors import CxError
from cxlib.matching.case import with_people
from cxlib.matching.ledger import Ledger
from cxlib.matching.people import CustomerTable
from cxlib.matching.tariffs import catalogue_decimals
from cxlib.matching.usage import read_usage
from cxlib.texts import N_

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from cxlib.matching.catalogue import Catalogue

MONTHS: Final = 1 << 20
"""More months than any calendar has: ``customer * MONTHS + month`` sorts by customer, then month."""


@dataclass(frozen=True, kw_only=True)
class History:
    """Usage rows by customer and month, and those of them that a forecast may learn from.

    Of C customers and N rows, G rows are *good*: complete, with some usage, and not the customer's first such month
    where first months are left out.
    """

    customer_ids: pa.LargeStringArray
    """Sorted customer ids, C."""
    row_key: NDArray[np.int64]
    """Customer and month of each row, int64 [N], ascending."""
    row_plan: NDArray[np.int16]
    """Position in the catalogue of the plan held in each row, below 0 where the row does not say, int16 [N]."""
    key: NDArray[np.int64]
    """Customer and month of each good row, int64 [G], ascending."""
    used: NDArray[np.float64]
    """Usage of each good row, float64 [G, M]."""
    exact: NDArray[Any]
    """The same in whole numbers of ``10 ** -decimals``, [G, M]."""
    decimals: tuple[int, ...]
    ledger: Ledger | None = None
    """What bills to come depend on; None where no plan of the catalogue remembers the months before."""

    @property
    def owner(self) -> NDArray[np.int64]:
        """Position of the customer of each good row, int64 [G]."""
        return self.key // MONTHS

    @cached_property
    def month(self) -> NDArray[np.int64]:
        """Month number of each good row, int64 [G]."""
        return self.key % MONTHS

    @property
    def last_month(self) -> int:
        """The last month in which any customer has a row."""
        return int((self.row_key % MONTHS).max())

    def span(self, month: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return per customer the first good row and the one after the last up to the end of `month`."""
        each = np.arange(len(self.customer_ids), dtype=np.int64) * MONTHS
        return np.searchsorted(self.key, each), np.searchsorted(self.key, each + month, side="right")

    def own_last_month(self) -> NDArray[np.int64]:
        """Return the last month of each customer with a row, int64 [C]."""
        each = np.arange(1, len(self.customer_ids) + 1, dtype=np.int64) * MONTHS
        return self.row_key[np.searchsorted(self.row_key, each) - 1] % MONTHS

    def plan_at(self, month: int) -> NDArray[np.int32]:
        """Return per customer the plan of the last row up to `month`, else of the first row; below 0 if not said."""
        each = np.arange(len(self.customer_ids), dtype=np.int64) * MONTHS
        first, stop = np.searchsorted(self.row_key, each), np.searchsorted(self.row_key, each + month, side="right")
        return self.row_plan[np.maximum(stop - 1, first)].astype(np.int32)


def read_history(usage: Any, catalogue: Catalogue, *, drop_first_month: bool = True, customers: Any = None) -> History:
    """Bring a usage frame to a `History`.

    Parameters
    ----------
    usage : frame
        Columns customer_id, month, one per meter of the catalogue; plan_id? and complete?. In any order.
    drop_first_month : bool
        Leave out each customer's first month with usage, which is often a part of a month.
    customers : frame, optional
        Plans, accounts and dates that the catalogue's finer terms ask for: lines of an account on a pooled plan are one
        customer.

    Raises
    ------
    CxError
        ``no_usage``, or as `usage.read_usage`.
    """
    rows = read_usage(usage, meters=catalogue.meters, plan_ids=catalogue.plan_ids, least=catalogue_decimals(catalogue))
    if not len(rows.month):
        raise CxError("no_usage", N_("There is no usage."), hint=N_("Bring usage of at least one customer."))
    ledger = None
    if catalogue.remembers:
        rows, people = with_people(rows, CustomerTable(customers), catalogue, held=False)
        ledger = Ledger(rows, people, catalogue)
    owner = np.repeat(np.arange(len(rows.customer_ids), dtype=np.int64), np.diff(rows.starts))
    row_key = owner * MONTHS + rows.month
    good = np.asarray((rows.quantity > 0).any(axis=0))
    if rows.complete is not None:
        good &= rows.complete
    if drop_first_month:
        at = np.flatnonzero(good)
        _, first = np.unique(owner[at], return_index=True)
        good[at[first]] = False
    exact = np.ascontiguousarray(rows.quantity[:, good].T)
    return History(
        customer_ids=rows.customer_ids,
        row_key=row_key,
        row_plan=rows.held,
        key=row_key[good],
        used=exact / 10.0 ** np.array(rows.decimals),
        exact=exact,
        decimals=rows.decimals,
        ledger=ledger,
    )
