"""What the month of the year does to usage, as far as a year or more of history tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cxlib.matching.pasts import scattered

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cxlib.matching.history import History

YEAR: Final = 12
FEWEST_CUSTOMERS: Final = 30
"""A calendar month says something of its season where so many customers have usage in it."""
_MOST_CUSTOMERS: Final = 20_000
_ROUNDS: Final = 20


def no_seasons(meters: int) -> NDArray[np.float64]:
    """Return factors that change nothing."""
    return np.ones((YEAR, meters))


def seasons_at(
    origin: int, history: History, offset: NDArray[np.float64], *, customers: int = _MOST_CUSTOMERS
) -> NDArray[np.float64]:
    """Return by which factor each month of the year (January first) moves usage, float64 [12, M], mean logarithm 0.

    Logarithms of usage are split into a level per customer and one per calendar month, alternating between the two
    (Gauss and Seidel). The straight line through the calendar months is growth and stays where it is; what is left is
    averaged by month of the year. It is shrunk by the share that is more than noise (James and Stein 1961), and by
    ``years / (years + 1)``: what one year shows may have happened once.

    Parameters
    ----------
    origin : int
        Month number; nothing after it is used.
    offset : float64 [M]
        Added to usage before logarithms.
    customers : int
        The most customers to learn from.

    Returns
    -------
    All 1 unless each of the last 12 months up to the origin has usage of `FEWEST_CUSTOMERS` customers.
    """
    meters = len(offset)
    month, owner = history.month, history.owner
    rows = month <= origin
    if len(history.customer_ids) > customers:
        chosen = np.argsort(scattered(np.arange(len(history.customer_ids)), 0), kind="stable")[:customers]
        some = np.zeros(len(history.customer_ids), dtype=bool)
        some[chosen] = True
        rows &= some[owner]
    at = np.flatnonzero(rows)
    if not len(at):
        return no_seasons(meters)
    start = int(month[at].min())
    since = month[at] - start
    few = np.flatnonzero(np.bincount(since, minlength=origin - start + 1) < FEWEST_CUSTOMERS)
    first = int(few.max(initial=-1)) + 1
    if origin - start + 1 - first < YEAR:
        return no_seasons(meters)
    at, since = at[since >= first], since[since >= first] - first
    _, person = np.unique(owner[at], return_inverse=True)
    log = np.log(history.used[at] + offset)
    return np.exp(np.column_stack([_season(log[:, m], person, since, start + first) for m in range(meters)]))


def _season(log: NDArray[np.float64], person: NDArray[Any], since: NDArray[Any], first: int) -> NDArray[np.float64]:
    course, noise = _course(log, person, since)
    months = len(course)
    line = np.polynomial.Polynomial.fit(np.arange(months), course, 1)(np.arange(months))
    of_year = (np.arange(months) + first) % YEAR
    times = np.bincount(of_year, minlength=YEAR)
    season = np.bincount(of_year, course - line, YEAR) / times
    season -= season.mean()
    random = float((np.bincount(of_year, noise, YEAR) / times**2).mean())
    seen = float((season**2).mean())
    years = months // YEAR
    real = max(0.0, 1.0 - random / seen) if seen > 0 else 0.0
    return season * real * years / (years + 1)


def _course(
    log: NDArray[np.float64], person: NDArray[Any], since: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the level of each calendar month, and the variance of its error."""
    n_person, n_month = np.bincount(person), np.bincount(since)
    course = np.zeros(len(n_month))
    level = np.zeros(len(n_person))
    for _round in range(_ROUNDS):
        level = np.bincount(person, log - course[since]) / n_person
        course = np.bincount(since, log - level[person]) / n_month
    left = log - level[person] - course[since]
    return course, (left**2).sum() / max(1, len(log) - len(level) - len(course)) / n_month
