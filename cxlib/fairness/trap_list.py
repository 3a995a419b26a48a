"""Every trap in a log of contacts, said aloud before anybody compares anything."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import narwhals as nw
import numpy as np
import pandas as pd

from cxlib.engine.frames import MICROSECONDS, arrow, utc_offsets
from cxlib.fairness.clock import local_hours, period_numbers
from cxlib.fairness.contacts import RULES, Contacts, prepare, rule_examples
from cxlib.fairness.groups import MIN_GROUP
from cxlib.fairness.intervals import LEAST_DAYS
from cxlib.fairness.traps import LABEL_TRAP, label_trap
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    from numpy.typing import NDArray

TRAPS: Final = {
    "no_tier_column": N_("The contacts have no tier: nothing can be told about tiers"),
    "one_tier": N_("Only one tier: nothing to compare"),
    "no_ranks": N_("The tiers have no ranks: who comes first is not known"),
    "label_trap": N_("The tier depends on having queued: waits by tier compare who was labelled"),
    "label_trap_in_queue": N_("In some queues the tier depends on having queued"),
    "no_tier": N_("Contacts without a tier: they are in no comparison of tiers"),
    "few_in_tier": N_("Tiers with too few queued contacts for any rate"),
    "few_days": N_("Fewer than 7 days: no interval can be told"),
    "nobody_queued": N_("Nobody queued: there are no waits to compare"),
    "nobody_left": N_("Nobody gave up: perhaps the log keeps only those who were served"),
    "still_waiting": N_("Still waiting at the end of the log: their waits are longer than what was seen"),
    "first_day_cut": N_("The first day begins late: it is perhaps not complete"),
    "last_day_cut": N_("The last day ends early: it is perhaps not complete"),
    "no_arrival": RULES["no_arrival"],
    "end_before_arrival": RULES["end_before_arrival"],
    "start_before_arrival": RULES["start_before_arrival"],
    "service_end_before_start": RULES["service_end_before_start"],
    "wait_unknown": RULES["wait_unknown"],
    "wait_over_a_day": N_("Waited longer than a day: perhaps an end that was never written down"),
    "agent_overlap": N_("Began while the same agent still served another: agent time counts twice"),
    "customer_overlap": N_("Joined a line while the same customer already stood in one"),
    "hour_missing": N_("Clocks went forward: an hour of that day does not exist"),
    "hour_doubled": N_("Clocks went back: an hour of that day is there twice, and its contacts count as one hour"),
}
"""What each code says, as texts for the catalogues."""

NO_TIER_SHARE: Final = 0.05
OVERLAP_SHARE: Final = 0.01
CUT_US: Final = 2 * 3600 * MICROSECONDS
"""A first or last day is called cut where it begins or ends so much off what is usual."""
MOST_EXAMPLES: Final = 5

_DAY_US: Final = 86_400 * MICROSECONDS
_OPTIONAL: Final = ("customer_id", "tier", "agent_id", "queue")
_COLUMNS: Final = ("contact_id", *_OPTIONAL, "outcome", "queued", "arrived_us", "end_us", "service_us")


@dataclass(frozen=True, kw_only=True)
class _Trap:
    code: str
    n: int
    of: int
    warned: bool
    share: float | None = None
    examples: list[str] = field(default_factory=list)


def traps(
    contacts: Any,
    *,
    ranks: Any = None,
    zone: str = "UTC",
    passes_over: frozenset[str] | set[str] = frozenset(),
    min_group: int = MIN_GROUP,
) -> pd.DataFrame:
    """Return what in the data may turn a comparison of tiers upside down, the gravest first.

    Parameters
    ----------
    contacts : frame
        The typed table of contacts, or prepared contacts (for which rows that are left out have no examples).
    ranks : mapping or table of tiers, optional
    zone : str
        Of days and changes of the clock.
    passes_over : set of str
        Codes that are not looked for.
    min_group : int

    Returns
    -------
    pandas frame, one row per trap that is there
        code (key of `TRAPS`); said (a text for the catalogues); n and of: contacts concerned, and of how many (for
        few_in_tier and one_tier, tiers; for few_days, days); share (n / of; for the label traps the total variation);
        warned, whether it should be said beside every number and not only listed; examples (up to five: contacts,
        tiers, days, or the local time of a change of the clock).

    Notes
    -----
    warned: the label traps from a total variation above .5; no_tier above 5 % of the contacts; agent_overlap and
    customer_overlap above 1 %; still_waiting, few_in_tier, one_tier, wait_unknown, start_before_arrival,
    service_end_before_start, no_arrival, end_before_arrival and hour_missing never by themselves; all others always.
    A first day is called cut where its first contact came two hours later than the first ones of the other days do in
    the median, a last day where its last contact came two hours earlier, both only from 7 days on.
    """
    prepared = prepare(contacts, ranks=ranks)
    wanted = [name for name in _COLUMNS if name not in _OPTIONAL or name in prepared.there]
    table = arrow(nw.to_native(prepared.frame.select(*wanted)))
    raw = None if isinstance(contacts, Contacts) else contacts
    found = [
        trap
        for trap in (
            *_of_tiers(prepared, table, min_group),
            *_of_days(table, zone),
            *_of_rules(prepared, raw),
            *_of_waits(table),
            *_of_overlaps(table, prepared.there),
            *_of_clocks(table, zone),
        )
        if trap.code not in passes_over
    ]
    places = {code: place for place, code in enumerate(TRAPS)}
    found.sort(key=lambda trap: (not trap.warned, places[trap.code]))
    share = [trap.share if trap.share is not None else trap.n / trap.of if trap.of else np.nan for trap in found]
    return pd.DataFrame(
        {
            "code": pd.Series([trap.code for trap in found], dtype="str"),
            "said": pd.Series([TRAPS[trap.code] for trap in found], dtype="str"),
            "n": pd.Series([trap.n for trap in found], dtype="int64"),
            "of": pd.Series([trap.of for trap in found], dtype="int64"),
            "share": pd.Series(share, dtype="float64"),
            "warned": pd.Series([trap.warned for trap in found], dtype=bool),
            "examples": pd.Series([trap.examples for trap in found], dtype=object),
        }
    )


def _of_tiers(prepared: Contacts, table: pa.Table, min_group: int) -> Iterator[_Trap]:
    n = table.num_rows
    if "tier" not in prepared.there:
        yield _Trap(code="no_tier_column", n=n, of=n, warned=True)
        return
    tier = table["tier"].to_pandas().astype("str")
    queued = table["queued"].to_numpy().astype(bool)
    in_line = tier[queued].value_counts()
    known = sorted(tier.dropna().unique())
    if len(known) == 1:
        yield _Trap(code="one_tier", n=1, of=1, warned=False, examples=[str(known[0])])
    if len(known) > 1 and not prepared.ranks:
        yield _Trap(code="no_ranks", n=len(known), of=len(known), warned=True, examples=known[:MOST_EXAMPLES])
    trap = label_trap(prepared)
    if trap.warned:
        yield _Trap(code="label_trap", n=trap.n_not_queued, of=n, warned=True, share=trap.total_variation)
    yield from _of_queues(table, tier, queued, prepared.there)
    if n and tier.isna().any():
        lacking = int(tier.isna().sum())
        ids = table["contact_id"].take(np.flatnonzero(tier.isna())[:MOST_EXAMPLES]).to_pylist()
        yield _Trap(code="no_tier", n=lacking, of=n, warned=lacking > NO_TIER_SHARE * n, examples=ids)
    few = [str(each) for each in known if in_line.get(each, 0) < min_group]
    if few:
        yield _Trap(code="few_in_tier", n=len(few), of=len(known), warned=False, examples=few[:MOST_EXAMPLES])


def _of_queues(
    table: pa.Table, tier: pd.Series[str], queued: NDArray[np.bool_], there: frozenset[str]
) -> Iterator[_Trap]:
    """Tell of queues that have the label trap each by itself."""
    if "queue" not in there:
        return
    queue = table["queue"].to_pandas().astype("str")
    n = pd.crosstab([queue.fillna(""), queued], tier.fillna(""), dropna=False)
    found, not_queued = {}, 0
    for name in n.index.get_level_values(0).unique():
        mine = n.loc[name]
        if len(mine) == 2 and (mine.sum(axis=1) > 0).all():
            shares = mine.div(mine.sum(axis=1), axis=0)
            variation = float(shares.diff().iloc[1].abs().sum() / 2)
            if variation > LABEL_TRAP:
                found[str(name)] = variation
                not_queued += int(mine.loc[False].sum())
    if found:
        yield _Trap(
            code="label_trap_in_queue",
            n=not_queued,
            of=table.num_rows,
            warned=True,
            share=max(found.values()),
            examples=sorted(found)[:MOST_EXAMPLES],
        )


def _of_days(table: pa.Table, zone: str) -> Iterator[_Trap]:
    arrived = table["arrived_us"].to_numpy().astype(np.int64)
    if not arrived.size:
        return
    hours = local_hours(arrived, zone=zone)
    day = period_numbers(hours, "day")
    days, place, n = np.unique(day, return_inverse=True, return_counts=True)
    if days.size < LEAST_DAYS:
        yield _Trap(code="few_days", n=int(days.size), of=LEAST_DAYS, warned=True)
        return
    # microseconds of the local day: the hour by the local clock, the rest by any (offsets are whole minutes)
    since = (hours - day * 24) * 3600 * MICROSECONDS
    first, last = np.full(days.size, _DAY_US), np.zeros(days.size, np.int64)
    np.minimum.at(first, place, since)
    np.maximum.at(last, place, since)
    for code, cut, at in (
        ("first_day_cut", first[0] - np.median(first[1:]) >= CUT_US, 0),
        ("last_day_cut", np.median(last[:-1]) - last[-1] >= CUT_US, -1),
    ):
        if cut:
            name = str(np.datetime64(int(days[at]), "D"))
            yield _Trap(code=code, n=int(n[at]), of=int(arrived.size), warned=True, examples=[name])


def _of_rules(prepared: Contacts, raw: Any) -> Iterator[_Trap]:
    for rule in RULES:
        n = prepared.counts[rule]
        if n and rule != "dropped":
            examples = [] if raw is None else rule_examples(raw, rule, most=MOST_EXAMPLES)
            yield _Trap(code=rule, n=n, of=prepared.counts["rows"], warned=False, examples=examples)


def _of_waits(table: pa.Table) -> Iterator[_Trap]:
    n = table.num_rows
    outcome = table["outcome"].to_pandas()
    waited = table["end_us"].to_pandas().to_numpy(np.float64) - table["arrived_us"].to_numpy()
    counted = {
        "still_waiting": (outcome == "waiting").to_numpy(),
        "wait_over_a_day": waited > _DAY_US,
    }
    for code, there in counted.items():
        if there.any():
            ids = table["contact_id"].take(np.flatnonzero(there)[:MOST_EXAMPLES]).to_pylist()
            yield _Trap(code=code, n=int(there.sum()), of=n, warned=code == "wait_over_a_day", examples=ids)
    queued = table["queued"].to_numpy().astype(bool)
    if n and not queued.any():
        yield _Trap(code="nobody_queued", n=n, of=n, warned=True)
    elif n and not (outcome == "abandoned").any():
        yield _Trap(code="nobody_left", n=int(queued.sum()), of=n, warned=True)


def _of_overlaps(table: pa.Table, there: frozenset[str]) -> Iterator[_Trap]:
    arrived, end = table["arrived_us"].to_numpy(), table["end_us"].to_pandas().to_numpy(np.float64)
    if "agent_id" in there and "ended_at" in there:
        service = table["service_us"].to_pandas().to_numpy(np.float64)
        known = ~np.isnan(end) & ~np.isnan(service)
        yield from _overlaps(table, "agent_overlap", "agent_id", np.where(known, end, np.nan), end + service)
    if "customer_id" in there:
        yield from _overlaps(table, "customer_overlap", "customer_id", arrived, end)


def _overlaps(table: pa.Table, code: str, column: str, begin: NDArray[Any], end: NDArray[Any]) -> Iterator[_Trap]:
    """Tell of stretches of one agent or customer that begin before an earlier one has ended."""
    who = table[column].dictionary_encode().combine_chunks().indices.fill_null(-1).to_numpy(zero_copy_only=False)
    rows = np.flatnonzero((who >= 0) & (end > begin))
    if not rows.size:
        return
    order = rows[np.lexsort((begin[rows], who[rows]))]
    same = np.append(False, who[order[1:]] == who[order[:-1]])
    latest = pd.Series(end[order]).groupby(who[order]).cummax().to_numpy()
    over = same & (begin[order] < np.append(0, latest[:-1]))
    if over.any():
        ids = table["contact_id"].take(np.sort(order[over])[:MOST_EXAMPLES]).to_pylist()
        n = int(over.sum())
        yield _Trap(code=code, n=n, of=int(rows.size), warned=n > OVERLAP_SHARE * rows.size, examples=ids)


def _of_clocks(table: pa.Table, zone: str) -> Iterator[_Trap]:
    arrived = table["arrived_us"].to_numpy().astype(np.int64)
    if not arrived.size:
        return
    offsets = utc_offsets(zone, int(arrived.min()), int(arrived.max()))
    for (_, before), (at, after) in itertools.pairwise(offsets):
        moved = abs(after - before)
        # the same local times before the change and after it
        there = (arrived >= at - moved) & (arrived < at + moved) & (after < before)
        local = str(np.datetime64(at + min(before, after), "us").astype("datetime64[m]")).replace("T", " ")
        yield _Trap(
            code="hour_missing" if after > before else "hour_doubled",
            n=int(there.sum()),
            of=int(arrived.size),
            warned=bool(there.any()),
            examples=[local],
        )
