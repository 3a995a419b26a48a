"""What goes with being passed, and with passing: associations, like for like, not causes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow.compute as pc

from cxlib.engine import threads
from cxlib.engine.frames import MICROSECONDS, missing, names, pandas, standard
from cxlib.errors import CxError
from cxlib.fairness import pair_kernels
from cxlib.fairness.clock import period_numbers
from cxlib.fairness.groups import MIN_GROUP, By
from cxlib.fairness.head_start import MOST_PAIRS
from cxlib.fairness.intervals import LEVEL, SEED
from cxlib.fairness.like_for_like import Observed, contrasts
from cxlib.fairness.lines import ABANDONED, POOL, SERVED, STILL_WAITING, Lines
from cxlib.fairness.overtakes import OvertakeCounts, Passers, count_overtakes
from cxlib.fairness.priority import priority_tiers
from cxlib.fairness.sampling import sample_days
from cxlib.fairness.standing import standing, stretches
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Outcome = Literal["csat", "repeat", "leaving", "abandonment"]
Of = Literal["passed", "passes"]

BANDS_S: Final = (30, 60, 120, 180, 300, 600)
"""Ends of the bands of waits that are compared, in seconds; the last band is open."""
MOST_TIMES: Final = 3
"""Times passed that are told apart: 0, 1, 2, and 3 or more."""
REPEAT_DAYS: Final = 7
LEAVING_DAYS: Final = 90

OUTCOMES: Final = {
    "csat": N_("Satisfaction"),
    "repeat": N_("Came again within 7 days"),
    "leaving": N_("Left the company within 90 days"),
    "abandonment": N_("Gave up, per minute in line"),
}
_KINDS: Final = {"csat": "score", "repeat": "share", "leaving": "share", "abandonment": "per_minute"}
_ROWS: Final = 100_000
"""Contacts whose waits are cut at a time."""
_DAY_US: Final = 86_400 * MICROSECONDS


class _Options(NamedTuple):
    min_group: int
    level: float
    seed: int


def passed_effects(
    contacts: Any,
    *,
    of: Of = "passed",
    customers: Any = None,
    priority: Sequence[str] | None = None,
    outcomes: Sequence[Outcome] | None = None,
    by: By = "tier",
    zone: str = "UTC",
    pool: Sequence[str] | None = POOL,
    passers: Passers = "all",
    same_tier: bool = True,
    bands_s: Sequence[float] = BANDS_S,
    known_until: Any = None,
    min_group: int = MIN_GROUP,
    ranks: Any = None,
    level: float = LEVEL,
    seed: int = SEED,
    most_pairs: int = MOST_PAIRS,
) -> pd.DataFrame:
    """Return how contacts fare that were passed once, twice, or three times and more, beside the like never passed.

    Parameters
    ----------
    contacts : frame
        The typed table of contacts, prepared contacts, or `OvertakeCounts`.
    of : "passed" or "passes"
        Being passed, of all who queued; or passing, of the priority customers who queued.
    customers : frame, optional
        The typed table of customers, for who left the company.
    priority : sequence of str, optional
        For ``"passes"``: whose contacts; default: the tiers of the first rank.
    outcomes : sequence of str, optional
        Of `OUTCOMES`; default: those that the files tell. ``"abandonment"`` is of being passed only.
    zone : str
        Of hours and days.
    same_tier : bool
        Whether only contacts of the same tier are compared. Else what a tier brings with it counts as effect.
    bands_s : sequence of float
        Ends of the bands of waits within which contacts are compared, seconds, rising.
    known_until : date, optional
        Up to when the customers' table tells who left; default: the last date on which anybody left.
    most_pairs : int
        For abandonment a log of more pairs is represented by whole days, as for `implied_head_start`.

    Returns
    -------
    pandas frame, one row per outcome and number of times
        outcome; kind (``"share"``, ``"score"`` or ``"per_minute"``); times (0 to 3) and or_more (true at 3); n
        (contacts of whom the outcome is known, or minutes in line); mean; n_compared and share_compared, those with a
        counterpart: one never passed of the same tier, pool, hour of the day and band of waits; mean_compared, theirs;
        mean_unexposed, that of the counterparts, weighted as they lie; difference with low, high, n_days, method and
        reason as in `DayIntervals`; too_few; n_days_used of n_days_in_log (whole days drawn from a long log).
        What nobody can tell is missing; the rows with times 0 have no difference.

    Notes
    -----
    An association. Who waits longer is passed more often, is less happy and more likely to leave, so contacts are
    compared within bands of the wait. Within a band waits still differ, by less the narrower it is.

    - *csat* and *repeat* (the same customer comes again within 7 days, on the same topic where topics are known) are
      of served contacts. Those who gave up are in neither, so neither tells of the angriest.
    - *leaving* is of contacts of known customers, left_on within 90 days after the day of the contact; contacts less
      than 90 days before `known_until` are left out. A customer with several contacts counts several times.
    - *abandonment* compares minutes in line and not contacts: the wait of one who gives up ends by giving up, so giving
      up and band of waits could not be told apart, and whoever is passed stays in line longer and has more time to
      give up. Each minute in line counts to the times passed until then and to the band of time in line until then,
      and the rate of giving up per minute is compared (Andersen and Gill 1982: exposure that changes with time).
    - Rushes: when a line is long, everybody is passed more and may be served worse. The hour of the day takes out
      what is usual for it, not what is special to a day.

    Raises
    ------
    CxError
        ``unknown_choice``, ``no_priority``, ``missing_column``, and those of `overtakes`.
    """
    wanted = _wanted(of, outcomes)
    counts = count_overtakes(contacts, by=by, pool=pool, passers=passers, ranks=ranks)
    lines = counts.lines
    of_them = np.ones(len(lines.tiers), bool)
    if of == "passes":
        of_them = priority_tiers(lines, priority)
    chosen = (counts.passed < len(lines.tiers)) & np.append(of_them, False)[lines.tier] & (lines.ends != STILL_WAITING)
    hours = lines.hours(zone)
    strata = _strata(lines, hours, same_tier=same_tier)
    days = period_numbers(hours, "day")
    times = np.minimum(counts.times_passed if of == "passed" else counts.times_passing, MOST_TIMES)
    edges = np.array([round(edge * MICROSECONDS) for edge in bands_s], np.int64)
    band = np.searchsorted(edges, lines.ends - lines.arrived, side="right")
    told = {
        "csat": lambda: _csat(lines),
        "repeat": lambda: _repeats(lines),
        "leaving": lambda: _leaving(lines, days, customers, known_until),
    }
    options = _Options(min_group, level, seed)
    rows: list[dict[str, Any]] = []
    n_days = int(np.unique(days).size)
    for name in wanted:
        if name == "abandonment":
            seen, used = _minutes_in_line(counts, chosen, strata, days, edges, most_pairs=most_pairs, seed=seed)
        else:
            found = told[name]()
            if found is None:
                if outcomes is not None:
                    _lacking(name, lines, customers)
                continue
            known = chosen & ~np.isnan(found)
            seen = Observed(
                level=times[known],
                stratum=(strata * (edges.size + 1) + band)[known],
                day=days[known],
                top=found[known],
                base=np.ones(int(known.sum())),
            )
            used = n_days
        rows += _rows(name, seen, options, n_days=n_days, n_days_used=used)
    return pd.DataFrame(rows, columns=_COLUMNS)


_COLUMNS: Final = (
    *("outcome", "kind", "times", "or_more", "n", "mean", "n_compared", "share_compared", "mean_compared"),
    *("mean_unexposed", "difference", "low", "high", "n_days", "method", "reason", "too_few"),
    *("n_days_used", "n_days_in_log"),
)


def _wanted(of: str, outcomes: Sequence[str] | None) -> list[str]:
    for value, known in ((of, ("passed", "passes")), *((name, tuple(OUTCOMES)) for name in outcomes or ())):
        if value not in known:
            raise CxError(
                "unknown_choice",
                N_("“{value}” is no choice."),
                hint=N_("Choose one of: {known}."),
                value=value,
                known=", ".join(known),
            )
    return [
        name for name in OUTCOMES if name in (outcomes or OUTCOMES) and not (of == "passes" and name == "abandonment")
    ]


def _rows(name: str, seen: Observed, options: _Options, *, n_days: int, n_days_used: int) -> list[dict[str, Any]]:
    found = contrasts(
        seen, n_levels=MOST_TIMES + 1, min_group=options.min_group, level=options.level, seed=options.seed
    )
    return [
        {
            "outcome": name,
            "kind": _KINDS[name],
            "times": times,
            "or_more": times == MOST_TIMES,
            "n": row.pop("base"),
            "n_compared": row.pop("base_compared"),
            **row,
            "too_few": row["reason"] == "too_few" or np.isnan(row["mean"]),
            "n_days_used": n_days_used,
            "n_days_in_log": n_days,
        }
        for times, row in enumerate(found)
    ]


def _strata(lines: Lines, hours: NDArray[np.int64], *, same_tier: bool) -> NDArray[np.int64]:
    """Return a number per contact for its pool, hour of the day and, if asked for, tier."""
    pool = np.empty(len(lines), np.int64)
    for number, (begin, end) in enumerate(lines.spans):
        pool[lines.order[begin:end]] = number
    place = pool * 24 + period_numbers(hours, "hour_of_day")
    return place * len(lines.tiers) + lines.tier if same_tier else place


def _csat(lines: Lines) -> NDArray[np.float64] | None:
    if "csat" not in lines.prepared.there:
        return None
    score = lines.columns("csat")["csat"].to_numpy().astype(np.float64)
    return np.where(lines.outcome == SERVED, score, np.nan)


def _repeats(lines: Lines) -> NDArray[np.float64] | None:
    """Return 1 where the customer of a served contact came again within 7 days, 0 where not, NaN where not known."""
    if "customer_id" not in lines.prepared.there:
        return None
    by = ["customer_id", *(["topic"] if "topic" in lines.prepared.there else [])]
    table = lines.columns("contact_id", *by)
    codes = [table[name].dictionary_encode(null_encoding="encode").combine_chunks().indices.to_numpy() for name in by]
    ids = pc.rank(table["contact_id"], sort_keys="ascending").to_numpy()
    order = np.lexsort((ids, lines.arrived, *reversed(codes)))
    out = np.full(len(lines), np.nan)
    if not order.size:
        return out
    same = np.ones(order.size - 1, bool)
    for code in codes:
        same &= code[order[1:]] == code[order[:-1]]
    away = lines.arrived[order[1:]] - lines.arrived[order[:-1]]
    out[order] = np.append(same & (away <= REPEAT_DAYS * _DAY_US), False)
    known = (lines.outcome == SERVED) & ~table["customer_id"].is_null().to_numpy()
    known &= lines.arrived + REPEAT_DAYS * _DAY_US <= (lines.prepared.until_us or 0)
    return np.where(known, out, np.nan)


def _leaving(lines: Lines, days: NDArray[np.int64], customers: Any, known_until: Any) -> NDArray[np.float64] | None:
    """Return 1 where the customer left within 90 days after the contact, 0 where not, NaN where that is not known."""
    if customers is None or "customer_id" not in lines.prepared.there:
        return None
    if not {"customer_id", "left_on"} <= set(names(customers)):
        return None
    people = _left_days(customers)
    until = people["left"].max() if known_until is None else (pd.Timestamp(known_until) - pd.Timestamp(0)).days
    out = np.full(len(lines), np.nan)
    if pd.isna(until):
        return out
    ids = pd.Series(lines.columns("customer_id")["customer_id"].to_pandas())
    place = people.index.get_indexer(pd.Index(ids))
    left = np.append(people["left"].to_numpy(np.float64), np.nan)[place]
    known = (place >= 0) & ids.notna().to_numpy() & ~(left < days) & (days + LEAVING_DAYS <= float(until))
    out[known] = (left[known] - days[known]) <= LEAVING_DAYS
    return out


def _left_days(customers: Any) -> pd.DataFrame:
    """Return, by customer, the day of leaving in days since 1970-01-01, NaN for those who stay."""
    frame = nw.from_native(nw.to_native(customers, pass_through=True))
    table = frame.select("customer_id", nw.col("left_on").cast(nw.Datetime("us")))
    few = pandas(standard(table.to_native(), {"customer_id": "text", "left_on": "time"}))
    few = few.dropna(subset=["customer_id"]).drop_duplicates("customer_id")
    left = (few["left_on"].astype("float64") // _DAY_US).to_numpy()
    return pd.DataFrame({"left": left}, index=pd.Index(few["customer_id"]))


def _lacking(name: str, lines: Lines, customers: Any) -> None:
    """Say which column is missing for an outcome that was asked for by name."""
    if name == "csat":
        lines.prepared.need("csat")
    lines.prepared.need("customer_id")
    missing(("customer_id", "left_on"), [] if customers is None else names(customers), table="customers")


def _minutes_in_line(
    counts: OvertakeCounts,
    chosen: NDArray[np.bool_],
    strata: NDArray[np.int64],
    days: NDArray[np.int64],
    edges: NDArray[np.int64],
    *,
    most_pairs: int,
    seed: int,
) -> tuple[Observed, int]:
    """Return minutes in line by times passed so far, with who gave up in them, and the days that were looked at."""
    lines, n_tiers = counts.lines, len(counts.lines.tiers)
    may_pass, may_be_passed = counts.passer < n_tiers, counts.passed < n_tiers
    stood = standing(lines, may_pass | may_be_passed)
    work = stood.later_in_line()
    sample = sample_days(days[stood.row], work + 1, most=most_pairs, seed=seed)
    used = sample.holds(days[stood.row])
    passed_at = np.full((stood.row.size, MOST_TIMES), STILL_WAITING)
    one_group = np.zeros(stood.row.size, np.int64)
    arrays = (stood.arrived, stood.ends, may_pass[stood.row], may_be_passed[stood.row])
    threads.run(
        lambda a, b, stop: pair_kernels.first_passes(*arrays, a, b, stop, passed_at),
        stretches(stood, one_group, used, work),
    )
    left = lines.outcome[stood.row] == ABANDONED
    arguments = (stood.arrived, stood.ends, left, passed_at, edges)
    base = int(days.min()) if days.size else 0
    n_days, n_bands = (int(np.ptp(days)) + 1 if days.size else 1), edges.size + 1

    def cut(rows: NDArray[np.int64]) -> tuple[Any, Any, Any]:
        """Return minutes, and who gave up in them, summed up by stratum, band, times passed and day."""
        pieces = np.empty((pair_kernels.stays(*arguments, rows, np.empty((0, 5), np.int64)), 5), np.int64)
        pair_kernels.stays(*arguments, rows, pieces)
        row = stood.row[pieces[:, 0]]
        key = (strata[row] * n_bands + pieces[:, 1]) * (MOST_TIMES + 1) + pieces[:, 2]
        cells, place = np.unique(key * n_days + days[row] - base, return_inverse=True)
        gave_up, us = (np.bincount(place, weights=pieces[:, k], minlength=cells.size) for k in (4, 3))
        return cells, gave_up, us

    mine = np.flatnonzero(used & chosen[stood.row])
    blocks = threads.blocks(mine.size, parts=max(4, mine.size // _ROWS))
    parts = threads.run(cut, [(mine[a:b],) for a, b in blocks])
    cells, gave_up, us = (np.concatenate([part[k] for part in parts]) for k in range(3))
    key = cells // n_days
    seen = Observed(
        level=key % (MOST_TIMES + 1),
        stratum=key // (MOST_TIMES + 1),
        day=cells % n_days,
        top=gave_up,
        base=us / (60 * MICROSECONDS),
    )
    return seen, sample.n_used
