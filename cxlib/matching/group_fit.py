"""Whether a group of customers is left on the wrong plan more often than the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd

from cxlib.engine import frames
from cxlib.engine.intervals import (
    NO_DIFFERENCE,
    NOTHING,
    Difference,
    effective_number,
    holm,
    mean_of,
    newcombe,
    welch,
    wilson,
)
from cxlib.matching.moves import TRAITS, traits_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from cxlib.engine.intervals import Estimate

MEASURES: Final = ("flag_rate", "saving", "coverage")
VERDICTS: Final = ("more", "less", "cannot_tell", "too_few")
ALPHA: Final = 0.05


_COLUMNS: Final = (
    "measure", "by", "group", "n", "n_rows", "value", "low", "high", "rest_n", "rest", "difference", "difference_low",
    "difference_high", "p_value", "p_holm", "verdict",
)  # fmt: skip


class _Values(NamedTuple):
    """A measure's values, one per row that counts, with the customer of each."""

    numbers: NDArray[np.float64]
    customer: NDArray[np.int64]
    rate: bool
    clustered: bool


def group_fit(
    fit: Any,
    *,
    customers: Any,
    by: str | Sequence[str] = TRAITS,
    backtest: Any = None,
    min_group: int = 10,
) -> pd.DataFrame:
    """Set each tier, need and region beside all other customers.

    Parameters
    ----------
    fit : frame
        Rows of `plan_fit`. Customers without a full window (state "short") cannot be flagged and are left out.
    customers : frame
        customer_id and what to group by. A missing value is a group of its own.
    by : str or sequence of str
        Of "tier", "need", "region".
    backtest : frame, optional
        Rows of `backtest`, for the coverage of the 80 % intervals.
    min_group : int
        Customers below which nothing but their number is shown, of a group or of the others.

    Returns
    -------
    DataFrame
        One row per measure, attribute and group: measure ("flag_rate", share of customers flagged; "saving", what the
        flag would save over the window per customer, in money, 0 for who is not flagged; "coverage", share of
        back-tested intervals that held), by, group (missing for customers without a value), n (customers) and n_rows
        (customer-origins of the back-test), value with low and high (95 %), rest_n, rest (the same of all others),
        difference with difference_low and difference_high, p_value, p_holm, verdict ("more", "less", "cannot_tell",
        "too_few").

    Notes
    -----
    Rates have Wilson's interval, differences of rates Newcombe's; money has t intervals and Welch's difference, which
    hold approximately where many customers save nothing and the group is large. Rows of a back-test come in clusters,
    customers, so that their rates count with the effective number of rows (see `engine.intervals`). p_holm holds for
    all groups of one measure and attribute together; the verdict is by p_holm under .05. Where just two groups make up
    all customers both rows are one test.
    """
    rows = frames.pandas(fit)
    rows = rows[rows["state"] != "short"].reset_index(drop=True)
    flagged = (rows["state"] == "flagged").to_numpy()
    saving = np.where(flagged, rows["saving"].to_numpy(dtype=np.float64), 0.0)
    ids = rows["customer_id"].astype("str")
    alone = np.arange(len(rows))
    measured = {
        "flag_rate": (ids, _Values(flagged.astype(np.float64), alone, rate=True, clustered=False)),
        "saving": (ids, _Values(saving, alone, rate=False, clustered=False)),
    }
    if backtest is not None:
        judged = frames.pandas(backtest)
        judged = judged[judged["difference"].notna()].reset_index(drop=True)
        owner = pd.factorize(judged["customer_id"])[0].astype(np.int64)
        covered = judged["covered"].to_numpy(dtype=np.float64)
        measured["coverage"] = (judged["customer_id"].astype("str"), _Values(covered, owner, rate=True, clustered=True))
    found = [
        row
        for measure, (who, values) in measured.items()
        for attribute in ([by] if isinstance(by, str) else by)
        for row in _by(measure, attribute, traits_of(customers, who, (attribute,))[attribute], values, min_group)
    ]
    table = pd.DataFrame(found, columns=list(_COLUMNS))
    kinds = dict.fromkeys(("measure", "by", "group", "verdict"), "str")
    return table.astype(kinds | dict.fromkeys(("n", "n_rows", "rest_n"), "int64"))


def _by(measure: str, by: str, groups: pd.Series[str], values: _Values, min_group: int) -> Iterator[dict[str, Any]]:
    names: list[Any] = [*sorted(groups.dropna().unique()), *([None] if groups.isna().any() else [])]
    found = []
    for name in names:
        inside = (groups.isna() if name is None else groups == name).to_numpy(dtype=bool)
        compared = _compared(_some(values, inside), _some(values, ~inside), min_group)
        found.append({"measure": measure, "by": by, "group": name} | compared)
    p_values = [row["p_value"] for row in found]
    together = np.asarray(p_values) if len(names) == 2 else holm(p_values)
    for row, p_holm in zip(found, together, strict=True):
        yield row | {"p_holm": float(p_holm), "verdict": _verdict(row, float(p_holm))}


def _compared(one: _Values, two: _Values, min_group: int) -> dict[str, Any]:
    n, rest_n = len(np.unique(one.customer)), len(np.unique(two.customer))
    own = _estimate(one) if n >= min_group else NOTHING
    gap = _difference(one, two) if min(n, rest_n) >= min_group else NO_DIFFERENCE
    return {
        "n": n,
        "n_rows": len(one.numbers),
        "value": own.value,
        "low": own.low,
        "high": own.high,
        "rest_n": rest_n,
        "rest": float(two.numbers.mean()) if rest_n >= min_group else np.nan,
        "difference": gap.value,
        "difference_low": gap.low,
        "difference_high": gap.high,
        "p_value": gap.p_value,
    }


def _estimate(given: _Values) -> Estimate:
    if not given.rate:
        return mean_of(given.numbers)
    return wilson(float(given.numbers.mean()), _number(given))


def _difference(one: _Values, two: _Values) -> Difference:
    if not one.rate:
        return welch(one.numbers, two.numbers)
    return newcombe(float(one.numbers.mean()), _number(one), float(two.numbers.mean()), _number(two))


def _number(given: _Values) -> float:
    """Return how many independent rows the values are worth."""
    return effective_number(given.numbers, given.customer) if given.clustered else float(len(given.numbers))


def _some(given: _Values, where: NDArray[np.bool_]) -> _Values:
    return given._replace(numbers=given.numbers[where], customer=given.customer[where])


def _verdict(row: dict[str, Any], p_holm: float) -> str:
    if np.isnan(row["value"]):
        return "too_few"
    if not p_holm < ALPHA:
        return "cannot_tell"
    return "more" if row["difference"] > 0 else "less"
