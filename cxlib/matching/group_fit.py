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
    """A measure's numbers, one per row that counts; the customer of each where a customer may have several."""

    numbers: NDArray[np.float64]
    customer: NDArray[np.int64] | None
    rate: bool


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
    attributes = [by] if isinstance(by, str) else list(by)
    rows = frames.pandas(fit)
    rows = rows[rows["state"] != "short"].reset_index(drop=True)
    flagged = (rows["state"] == "flagged").to_numpy()
    saving = np.where(flagged, rows["saving"].to_numpy(dtype=np.float64), 0.0)
    groups = _groups(customers, rows["customer_id"], attributes)
    measured = [
        ("flag_rate", groups, _Values(flagged.astype(np.float64), None, rate=True)),
        ("saving", groups, _Values(saving, None, rate=False)),
    ]
    if backtest is not None:
        judged = frames.pandas(backtest)
        judged = judged[judged["difference"].notna()].reset_index(drop=True)
        owner = pd.factorize(judged["customer_id"])[0].astype(np.int64)
        covered = _Values(judged["covered"].to_numpy(dtype=np.float64), owner, rate=True)
        measured.append(("coverage", _groups(customers, judged["customer_id"], attributes), covered))
    found = [
        row
        for measure, of_rows, values in measured
        for attribute in attributes
        for row in _by(measure, attribute, *of_rows[attribute], values, min_group)
    ]
    table = pd.DataFrame(found, columns=list(_COLUMNS))
    kinds = dict.fromkeys(("measure", "by", "group", "verdict"), "str")
    return table.astype(kinds | dict.fromkeys(("n", "n_rows", "rest_n"), "int64"))


def _groups(
    customers: Any, ids: pd.Series[str], attributes: Sequence[str]
) -> dict[str, tuple[list[Any], NDArray[np.int64]]]:
    """Return the groups of each attribute by name, missing last, and the place of each row's group among them."""
    found = {}
    for attribute, values in traits_of(customers, ids.astype("str"), attributes).items():
        codes, names = pd.factorize(values, sort=True)
        known: list[Any] = list(names)
        missing = codes < 0
        found[attribute] = (
            [*known, *([None] if missing.any() else [])],
            np.where(missing, len(known), codes).astype(np.int64),
        )
    return found


def _by(  # noqa: PLR0917
    measure: str, by: str, names: list[Any], place: NDArray[np.int64], values: _Values, min_group: int
) -> Iterator[dict[str, Any]]:
    found = []
    for at, name in enumerate(names):
        inside = place == at
        compared = _compared(_some(values, inside), _some(values, ~inside), min_group)
        found.append({"measure": measure, "by": by, "group": name} | compared)
    p_values = [row["p_value"] for row in found]
    together = np.asarray(p_values) if len(names) == 2 else holm(p_values)
    for row, p_holm in zip(found, together, strict=True):
        yield row | {"p_holm": float(p_holm), "verdict": _verdict(row, float(p_holm))}


def _compared(one: _Values, two: _Values, min_group: int) -> dict[str, Any]:
    n, rest_n = _customers(one), _customers(two)
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
    return float(len(given.numbers)) if given.customer is None else effective_number(given.numbers, given.customer)


def _customers(given: _Values) -> int:
    return len(given.numbers) if given.customer is None else len(np.unique(given.customer))


def _some(given: _Values, where: NDArray[np.bool_]) -> _Values:
    customer = None if given.customer is None else given.customer[where]
    return given._replace(numbers=given.numbers[where], customer=customer)


def _verdict(row: dict[str, Any], p_holm: float) -> str:
    if np.isnan(row["value"]):
        return "too_few"
    if not p_holm < ALPHA:
        return "cannot_tell"
    return "more" if row["difference"] > 0 else "less"
