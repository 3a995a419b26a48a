"""Which plan would suit each customer over the next months, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from cxlib.errors import CxError
from cxlib.matching.advice import new_advice
from cxlib.matching.advised import Advised, Withheld, as_frame
from cxlib.matching.advising import Adviser, Known
from cxlib.matching.catalogue import Catalogue
from cxlib.matching.history import History, read_history
from cxlib.matching.left_out import leave_out
from cxlib.matching.months import month_number
from cxlib.matching.pasts import find_windows
from cxlib.matching.people import CustomerTable, People, segments_of
from cxlib.matching.predictive import Predictive, outlook_at
from cxlib.matching.reconcile import withheld
from cxlib.matching.tariffs import catalogue_decimals
from cxlib.texts import N_

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


class PlanRecommender(BaseEstimator):  # type: ignore[misc]
    """Recommends the plan with the least expected cost over the coming months.

    What a customer may use next is mixed from two sources: the customer's own level, moved as the usage of the most
    similar other customers (by level, trend and variability of each meter) really moved afterwards; and the customer's
    own months. Each of these possible futures is billed on every plan. Intervals are stretched until they cover what
    they promise on outcomes that are known at the origin.

    Parameters
    ----------
    catalogue : Catalogue or frame of plans
    horizon : int
        Months ahead over which costs are compared.
    months : int
        Complete active months that a customer needs; also the length of the flag of `flag`.
    min_saving : float
        Advise a switch only if more than this is expected to be saved per month, in money.
    n_neighbors : int
        Changes of other customers that make up the forecast of one.
    n_own : int
        Futures made of the customer's own months that are mixed with them; may be 0.
    half_life : float
        Months after which a month counts half in a customer's level.
    max_windows : int
        The most changes that are searched; a random choice where there are more.
    draws : int
        Futures made of a customer's own months where fewer than 10 changes of others are known.
    seasonal : bool
        Take out the season of each month, pooled over customers, where there is a year of history, and put that of
        the months to come back in.
    conformal : bool
        Stretch intervals by what is known of their coverage.
    reconcile : bool
        Advise nobody whose bills are not what the catalogue says, see `reconcile.withheld`. Without billed amounts
        nobody is left out.
    drop_first_month : bool
        Leave out each customer's first active month, which is often a part of a month.
    random_state : int, RandomState or None

    Attributes
    ----------
    plan_ids_, meters_ : tuple of str
    catalogue_ : Catalogue
    history_ : History
        The usage that was learned from.
    windows_ : Windows
        Changes that may be learned from. Those that ended after a forecast's origin, and the customer's own, are
        never used for it.
    """

    def __init__(
        self,
        catalogue: Any,
        *,
        horizon: int = 3,
        months: int = 3,
        min_saving: float = 0.0,
        n_neighbors: int = 40,
        n_own: int = 20,
        half_life: float = 4.0,
        max_windows: int = 10_000,
        draws: int = 200,
        seasonal: bool = True,
        conformal: bool = True,
        reconcile: bool = True,
        drop_first_month: bool = True,
        random_state: Any = 0,
    ) -> None:
        self.catalogue = catalogue
        self.horizon = horizon
        self.months = months
        self.min_saving = min_saving
        self.n_neighbors = n_neighbors
        self.n_own = n_own
        self.half_life = half_life
        self.max_windows = max_windows
        self.draws = draws
        self.seasonal = seasonal
        self.conformal = conformal
        self.reconcile = reconcile
        self.drop_first_month = drop_first_month
        self.random_state = random_state

    def fit(self, usage: Any, y: None = None, *, customers: Any = None, exclude: Any = None) -> Self:  # noqa: ARG002
        """Learn how usage changes from month to month.

        Parameters
        ----------
        usage : frame
            customer_id, month, one column per meter; plan_id? (else that of `customers`), complete?
        customers : frame, optional
            customer_id; plan_id?, tier?, need?, joined_on?, contract_end?. Kept for later calls that bring none.
        exclude : frame or list of months, optional
            Months to leave out: customer_id and month of each, or months to leave out of everybody. Kept for later
            calls that bring none.
        """
        self._check_settings()
        catalogue = self.catalogue if isinstance(self.catalogue, Catalogue) else Catalogue(self.catalogue)
        if not catalogue.meters:
            raise CxError("no_meters", N_("The catalogue prices no meter."), hint=N_("Add what each plan includes."))
        random = check_random_state(self.random_state)
        self.catalogue_ = catalogue
        self.plan_ids_, self.meters_ = catalogue.plan_ids, catalogue.meters
        self.exclude_ = exclude
        self.customer_table_ = customers
        self.history_ = self._read(usage)
        self.seed_ = int(random.randint(2**31 - 1))
        self.windows_ = find_windows(self.history_, horizon=self.horizon, seed=self.seed_)
        return self

    def predict(self, usage: Any, *, customers: Any = None) -> NDArray[Any]:
        """Return the advised plan of each customer of `usage`, in the order of the sorted customer ids.

        It is the plan held where the advice is to stay or there is not enough data.
        """
        return self.recommend(usage, customers=customers)["advised_plan_id"].to_numpy(dtype=object)

    def recommend(self, usage: Any, *, as_of: Any = "last", customers: Any = None, exclude: Any = None) -> pd.DataFrame:
        """Return the recommendation to each customer.

        Parameters
        ----------
        usage : frame
            As for `fit`; it may be the same.
        as_of : "last", "own" or a month
            The origin: the last month of the usage, each customer's own last month, or a month such as "2018-12".
            Nothing after it is used, and prices are those of this month.
        customers, exclude : optional
            As for `fit`.

        Returns
        -------
        pandas frame, one row per customer in sorted order
            customer_id; month (the origin); plan_id (held); advised_plan_id (that held where the advice is to stay);
            state: "switch", "stay", "not_enough_data" or "not_reconciled", with
            withheld_cause; expected_saving over the horizon, switching cost deducted;
            p_saves (null unless "switch"); interval_low, interval_high: 80 % interval of the cost of the plan held
            less that of other_plan_id, the best other plan, before switching cost; strong (p_saves of .95 or more);
            cheapest_plan_id, safest_plan_id (least 90th percentile of the cost) and headroom_plan_id (most months
            without overage); expected_cost_held, expected_cost_advised over the horizon; switching_cost;
            payback_months: until what switching to the best other plan costs is earned back, also where that is too
            long to advise it, null where it costs nothing or is never earned back; p_within: probability that all
            months stay within what the plan advised can serve, null where no plan has such a cap; months_known; left
            (the customer left by the end of the month); basis: "others" or "own" months. Money is that of the
            catalogue. All is null where it does not apply.
        """
        check_is_fitted(self, "windows_")
        history = self._read(usage, exclude, customers)
        who = np.arange(len(history.customer_ids))
        origin = self._origins(history, as_of)
        advised = self.advise_at(history, who, origin, customers=customers)
        kept_back = self._withheld(usage, history, as_of=as_of, customers=customers, exclude=exclude)
        return as_frame(advised, history, self.catalogue_, horizon=self.horizon, withheld=kept_back)

    def score(self, usage: Any, y: None = None, *, customers: Any = None) -> float:
        """Return the mean regret over the last `horizon` months of `usage`, negative, in money."""
        from cxlib.matching.walk_forward import regret_score  # noqa: PLC0415 - the folds know the recommender

        return regret_score(self, usage, y, customers=customers)

    def flag(self, usage: Any, *, as_of: Any = "last", customers: Any = None) -> pd.DataFrame:
        """Return the flag of `plan_fit` with this recommender's `months` and `min_saving`."""
        from cxlib.matching.fit import plan_fit  # noqa: PLC0415 - plan_fit does without scikit-learn

        check_is_fitted(self, "windows_")
        flagged: pd.DataFrame = plan_fit(
            usage,
            self.catalogue_,
            customers=self.customer_table_ if customers is None else customers,
            months=self.months,
            min_saving=self.min_saving,
            as_of=as_of,
        )
        return flagged

    def advise_at(
        self, history: History, who: NDArray[np.int64], origin: NDArray[np.int64], *, customers: Any = None
    ) -> Advised:
        """Advise each of `who`, positions in `history`, at the end of the month `origin`, int64 [Q]."""
        asked = Known(history=history, people=self._people(history, customers))
        n, plans = len(who), len(self.plan_ids_)
        out = Advised(
            who=who,
            origin=origin,
            held=np.zeros(n, dtype=np.int32),
            may=np.zeros((n, plans), dtype=bool),
            switching=np.zeros((n, plans), dtype=np.int64),
            known=np.zeros(n, dtype=np.int64),
            enough=np.zeros(n, dtype=bool),
            by_others=np.zeros(n, dtype=bool),
            left=asked.people.left[who] <= origin,
            advice=new_advice(n),
        )
        learned = self.history_
        adviser = Adviser(
            catalogue=self.catalogue_,
            learned=asked if history is learned else Known(history=learned, people=self._people(learned, customers)),
            windows=self.windows_,
            horizon=self.horizon,
            months=self.months,
            least=round(self.min_saving * self.horizon * 10**self.catalogue_.minor_digits),
            conformal=self.conformal,
            distributions=self._distributions,
        )
        own = _positions(learned.customer_ids, history.customer_ids)
        for month in np.unique(origin):
            adviser.advise(asked, own, int(month), out)
        return out

    def _distributions(self, month: int) -> tuple[Predictive, Predictive]:
        """Return the distribution at an origin, and the one for customers of whom it says nothing."""
        return outlook_at(
            month,
            history=self.history_,
            windows=self.windows_,
            horizon=self.horizon,
            least_past=self.months,
            half_life=self.half_life,
            most=self.max_windows,
            n_neighbors=self.n_neighbors,
            n_own=self.n_own,
            draws=self.draws,
            seasonal=self.seasonal,
            least_decimals=catalogue_decimals(self.catalogue_),
            seed=self.seed_,
        )

    def _people(self, history: History, customers: Any) -> People:
        table = CustomerTable(self.customer_table_ if customers is None else customers)
        return table.look_up(history.customer_ids, plan_ids=self.plan_ids_, segments=segments_of(self.catalogue_))

    def _read(self, usage: Any, exclude: Any = None, customers: Any = None) -> History:
        counted = leave_out(usage, self.exclude_ if exclude is None else exclude)
        return read_history(
            counted,
            self.catalogue_,
            drop_first_month=self.drop_first_month,
            customers=self.customer_table_ if customers is None else customers,
        )

    def _withheld(self, usage: Any, history: History, *, as_of: Any, customers: Any, exclude: Any) -> Withheld | None:
        """Return whose bills are not what the catalogue says, and why."""
        if not self.reconcile:
            return None
        found = withheld(
            leave_out(usage, self.exclude_ if exclude is None else exclude),
            self.catalogue_,
            customers=self.customer_table_ if customers is None else customers,
            months=self.months,
            until=None if isinstance(as_of, str) and as_of in {"last", "own"} else as_of,
        )
        at = _positions(history.customer_ids, pa.array(found["customer_id"], pa.large_string()))
        return Withheld(at, found["cause"])

    def _origins(self, history: History, as_of: Any) -> NDArray[np.int64]:
        if isinstance(as_of, str) and as_of == "own":
            return history.own_last_month()
        month = history.last_month if isinstance(as_of, str) and as_of == "last" else month_number(as_of)
        return np.full(len(history.customer_ids), month, dtype=np.int64)

    def _check_settings(self) -> None:
        counts = ("horizon", "months", "n_neighbors", "max_windows", "draws")
        for name, least in (*((each, 1) for each in counts), ("n_own", 0)):
            value = getattr(self, name)
            if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < least:
                text = N_("{name} is a whole number from {least}, not {value}.")
                raise CxError("bad_setting", text, name=name, least=least, value=value)
        if not self.half_life > 0:
            raise CxError("bad_setting", N_("{name} is above 0, not {value}."), name="half_life", value=self.half_life)
        if not 0 <= self.min_saving < np.inf:
            text = N_("{name} is 0 or more, not {value}.")
            raise CxError("bad_setting", text, name="min_saving", value=self.min_saving)


def _positions(known: pa.LargeStringArray, asked: pa.LargeStringArray) -> NDArray[np.int64]:
    """Return where each asked customer stands among the known ones, -1 where it does not."""
    found: NDArray[np.int64] = pc.index_in(asked, value_set=known).fill_null(-1).to_numpy().astype(np.int64)
    return found
