"""Folds that go forward in time, and what a fitted recommender scores on them: for scikit-learn's searches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import narwhals as nw
import numpy as np
import pyarrow as pa
from sklearn.utils.validation import check_is_fitted

from cxlib.engine import frames
from cxlib.errors import CxError
from cxlib.matching.months import month_numbers
from cxlib.matching.predictive import chosen_windows, find_windows
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from cxlib.matching.recommender import PlanRecommender


class WalkForwardSplit:
    """Folds that go forward in time: learn up to the end of a month, judge by the months after it.

    Parameters
    ----------
    n_splits : int
        Origins: the last ones that the usage has room for.
    horizon : int
        Months after the origin.
    min_months : int
        Months that the usage must have up to the origin.

    Notes
    -----
    A fold's test rows are all rows up to `horizon` months after the origin, those of training included: a
    customer's past is needed to advise it. `PlanRecommender.score` takes the months after the origin for judging only.
    """

    def __init__(self, n_splits: int = 3, *, horizon: int = 3, min_months: int = 4) -> None:
        self.n_splits = n_splits
        self.horizon = horizon
        self.min_months = min_months

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:  # noqa: ARG002, N803
        """Return the number of folds."""
        return self.n_splits

    def split(
        self,
        X: Any,  # noqa: N803 - scikit-learn's name
        y: Any = None,  # noqa: ARG002
        groups: Any = None,  # noqa: ARG002
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Yield row positions of training and test, the earliest origin first. `X` has a column `month`."""
        month = _months(X)
        first, last = int(month.min()), int(month.max())
        origins = [last - self.horizon - back for back in reversed(range(self.n_splits))]
        if origins[0] - first + 1 < self.min_months:
            raise CxError(
                "too_few_months",
                N_("{n} folds need {needed} months of usage, there are {found}."),
                hint=N_("Ask for fewer folds or a shorter horizon."),
                n=self.n_splits,
                needed=self.min_months + self.horizon + self.n_splits - 1,
                found=last - first + 1,
            )
        for origin in origins:
            yield np.flatnonzero(month <= origin), np.flatnonzero(month <= origin + self.horizon)


def regret_score(estimator: PlanRecommender, usage: Any, y: None = None, *, customers: Any = None) -> float:  # noqa: ARG001
    """Return the negative mean regret of a fitted recommender over the last `horizon` months of `usage`.

    The origin is the month before them; what the estimator has learned should end there (see `WalkForwardSplit`).
    """
    from cxlib.matching.backtesting import judge  # noqa: PLC0415 - the back-test has these folds among its names

    check_is_fitted(estimator, "windows_")
    history = estimator._read(usage)  # noqa: SLF001 - its own reading of usage
    windows = find_windows(history, horizon=estimator.horizon, seed=0)
    at_end = (windows.stop - windows.first >= estimator.months) & (windows.end == history.last_month)
    rows = judge(estimator, history, chosen_windows(windows, np.flatnonzero(at_end)), customers=customers)
    if rows.empty:
        raise CxError(
            "not_enough_data",
            N_("No customer has {months} complete months and {horizon} more after them."),
            hint=N_("Bring more months of usage."),
            months=estimator.months,
            horizon=estimator.horizon,
        )
    return -float(rows["regret_recommended"].mean())


regret_scorer: Final = regret_score
"""What scikit-learn's searches take as `scoring`; `PlanRecommender.score` is the same, so they do without as well."""


def _months(usage: Any) -> NDArray[np.int32]:
    frame = nw.from_native(usage, eager_only=True)
    frames.missing(("month",), frame.columns, table="usage")
    column = frame["month"].to_arrow()
    return month_numbers(column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column]))
