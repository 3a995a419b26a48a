"""Which head start the log itself shows: the rule in force, whatever was declared."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from cxlib.engine import threads
from cxlib.engine.frames import MICROSECONDS
from cxlib.errors import CxError
from cxlib.fairness import pair_kernels
from cxlib.fairness.clock import period_numbers
from cxlib.fairness.declared import declared_head_starts
from cxlib.fairness.joint_minimum import joint_minimum
from cxlib.fairness.lines import POOL, SERVED, STILL_WAITING, lines_of
from cxlib.fairness.sampling import SEED, DaySample, sample_days
from cxlib.fairness.standing import Standing, groups_of, standing, stretches
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from cxlib.fairness.groups import By
    from cxlib.fairness.periods import Every

LEAST_PAIRS: Final = 100
WIDEST_S: Final = 30
"""A set of minimisers wider than this identifies no head start."""
MOST_PAIRS: Final = 200_000_000
"""Pairs up to which a log is used whole; of a longer one days are drawn."""
MOST_TIERS: Final = 8
REACH_S: Final = 7200
"""Head starts are looked for up to two hours either way."""

WHY: Final = {
    "few_pairs": N_("Fewer than 100 pairs waited at the same time: not identified"),
    "wide": N_("Many head starts fit equally well: not identified"),
    "stopped": N_("Too many tiers to search through: the best that was found is not proven"),
}
"""Why a head start is not identified."""


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """What pairs of contacts say of head starts, by group.

    Attributes
    ----------
    key : str
    tiers : list of str or None, length K
        Highest rank first.
    groups : pandas frame, length G
        The columns that tell the groups, and period where asked for.
    reach : int
        Greatest difference of head starts that is told apart, in seconds.
    tables : int64 array, G by K by K by (2 reach + 1)
        For tiers a < b the violations at each difference (head start of a less that of b), from -reach to reach.
    pairs : int64 array, G by K by K
    sample : DaySample
    declared : dict of tier to seconds
    """

    key: str
    tiers: list[str | None]
    groups: pd.DataFrame
    reach: int
    tables: NDArray[np.int64]
    pairs: NDArray[np.int64]
    sample: DaySample
    declared: dict[str, float]

    def over(self, *columns: str) -> Thresholds:
        """Return the same summed up over groups that agree in some columns (none: over all)."""
        if columns:
            groups = self.groups.groupby(list(columns), sort=False, dropna=False)
            number, kept = groups.ngroup().to_numpy(), self.groups.drop_duplicates(list(columns))[list(columns)]
        else:
            number, kept = np.zeros(len(self.groups), np.int64), pd.DataFrame(index=range(min(len(self.groups), 1)))
        tables = np.zeros((len(kept), *self.tables.shape[1:]), np.int64)
        pairs = np.zeros((len(kept), *self.pairs.shape[1:]), np.int64)
        np.add.at(tables, number, self.tables)
        np.add.at(pairs, number, self.pairs)
        return replace(self, groups=kept.reset_index(drop=True), tables=tables, pairs=pairs)


def head_start_thresholds(
    contacts: Any,
    *,
    by: By = "tier",
    each: Sequence[str] = ("queue",),
    every: Every | None = None,
    zone: str = "UTC",
    pool: Sequence[str] | None = POOL,
    ranks: Any = None,
    declared: Any = None,
    most_pairs: int = MOST_PAIRS,
    seed: int = SEED,
) -> Thresholds:
    """Count once, for `implied_head_start` and `violation_curves`, what pairs of contacts say of head starts.

    The parameters are those of `implied_head_start`.
    """
    if isinstance(contacts, Thresholds):
        return contacts
    lines = lines_of(contacts, by=by, pool=pool, ranks=ranks, keep=each)
    if len(lines.tiers) > MOST_TIERS:
        raise CxError(
            "too_many_tiers",
            N_("Column “{column}” has {n} values: too many for pairs."),
            hint=N_("Choose a column with at most {most} values."),
            column=lines.key,
            n=len(lines.tiers),
            most=MOST_TIERS,
        )
    stood = standing(lines, lines.queued & lines.known & lines.has_tier)
    hours, work = lines.hours(zone)[stood.row], stood.later_in_line()
    days = period_numbers(hours, "day")
    sample = sample_days(days, work, most=most_pairs, seed=seed)
    waited = (stood.ends - stood.arrived)[stood.ends != STILL_WAITING]
    reach = min(REACH_S, int(waited.max(initial=0)) // MICROSECONDS + 1)
    group, groups = groups_of(lines, stood, each, None if every is None else period_numbers(hours, every), every)
    parts = stretches(stood, group, sample.holds(days), work)
    served = lines.outcome[stood.row] == SERVED
    tables, pairs = _counted(stood, served, group, parts, shape=(len(groups), len(lines.tiers), reach))
    return Thresholds(
        key=lines.key,
        tiers=lines.tiers,
        groups=groups,
        reach=reach,
        tables=tables,
        pairs=pairs,
        sample=sample,
        declared=declared_head_starts(declared, ranks),
    )


def implied_head_start(
    contacts: Any,
    *,
    by: By = "tier",
    each: Sequence[str] = ("queue",),
    every: Every | None = None,
    zone: str = "UTC",
    pool: Sequence[str] | None = POOL,
    ranks: Any = None,
    declared: Any = None,
    most_pairs: int = MOST_PAIRS,
    seed: int = SEED,
) -> pd.DataFrame:
    """Return the head start of each tier that the order of service shows, beside the one declared.

    A head start h serves a contact as if it had arrived h seconds earlier. Among pairs of queued contacts of different
    tiers that waited at the same time in one pool, and of whom the first whose wait ended was served, a pair is a
    violation where that first one has the strictly larger key, arrival less head start. The head starts (whole
    seconds, 0 for the lowest tier, jointly for all) are those with the fewest violations; of several equally good, the
    smallest, from the highest tier down. Contacts without a tier are in no pair.

    Parameters
    ----------
    contacts : frame
        The typed table of contacts, prepared contacts, `Lines`, or `Thresholds`.
    by : str, one-element list, or mapping from tier to group
    each : sequence of str
        Columns whose values have head starts of their own; those the file lacks are left out. Empty: one for all.
    every : str, optional
        Also one per period, as for `allocation_over_time`: ``"month"``, ``"hour_of_day"``, ...
    zone : str
        Of the periods and of the days that are drawn.
    pool : sequence of str or None
        Columns within whose values contacts are compared.
    ranks : mapping or table of tiers, optional
        The highest rank number is the lowest tier. Without ranks the last name is, and only differences tell.
    declared : mapping of tier to seconds or rule, or table of tiers, optional
        Default: the declared rules of `ranks`, where that is a table that has them.
    most_pairs : int
        A log with more pairs is represented by whole days drawn at random, see `sampling.sample_days`; `seed` draws.

    Returns
    -------
    pandas frame, one row per group and tier that is in any pair
        The columns of `each`, period (where `every` is given); the tier; is_reference (the tier whose head start is 0);
        theta_s; best_s, the smallest of the best, also where theta_s is missing; low_s and high_s, the least and
        greatest among all equally good (infinite where nothing bounds them);
        identified; why (key of `WHY`, empty where identified); pairs and violations of that tier, violations_declared,
        violations_fcfs (had nobody a head start); declared_s (less that of the reference; infinite for strict
        priority); all_pairs, all_violations, all_violations_declared, all_violations_fcfs of the group; n_days,
        n_days_used; proven.
        theta_s is missing where it is not identified: under 100 pairs of that tier, or equally good ones more than
        30 s apart.

    Notes
    -----
    The minimum over all tiers is exact, see `joint_minimum`; proven tells where the search had to be stopped. Head
    starts beyond two hours are not told apart. A negative head start is a tier that is served later.

    Contacts may be called in another order for good reasons that the log does not tell (skills, languages, call-backs):
    violations beside the best rule are the measure of how well a head start describes what happens.
    """
    thresholds = head_start_thresholds(
        contacts,
        by=by,
        each=each,
        every=every,
        zone=zone,
        pool=pool,
        ranks=ranks,
        declared=declared,
        most_pairs=most_pairs,
        seed=seed,
    )
    rows = list(_solved(thresholds))
    columns = [*thresholds.groups.columns, thresholds.key, *_MEASURES]
    out = pd.DataFrame(rows, columns=columns)
    for name in thresholds.groups.columns:
        out[name] = out[name].astype(thresholds.groups[name].dtype)
    return out.astype({thresholds.key: "str", "is_reference": bool, "identified": bool, "why": "str", "proven": bool})


def violation_curves(
    contacts: Any, *, around_s: int = 180, head_starts: pd.DataFrame | None = None, **options: Any
) -> pd.DataFrame:
    """Return how many pairs violate each head start, tier by tier, the others' being those of `implied_head_start`.

    Parameters
    ----------
    contacts : frame or Thresholds
    around_s : int
        How far the curve goes beyond 0 and the best head starts.
    head_starts : pandas frame, optional
        What `implied_head_start` returned for the same contacts; computed where it is absent.
    **options
        Those of `implied_head_start`.

    Returns
    -------
    pandas frame, one row per group, tier but the reference, and whole second
        The columns of the groups, the tier, theta_s, violations, pairs (of that tier), share (violations / pairs),
        is_best.
    """
    thresholds = head_start_thresholds(contacts, **options)
    solved: list[Any] = list(_solved(thresholds)) if head_starts is None else head_starts.to_dict("records")
    names_of_groups = list(thresholds.groups.columns)
    parts = []
    for (number, tables), rows in zip(_with_pairs(thresholds), _by_group(solved, names_of_groups), strict=True):
        index = {tier: k for k, tier in enumerate(thresholds.tiers)}
        at = np.zeros(len(thresholds.tiers), np.int64)
        for row in rows:
            at[index[_text(row[thresholds.key])]] = row["best_s"]
        for row in rows:
            if row["is_reference"]:
                continue
            k = index[_text(row[thresholds.key])]
            seconds = _shown_seconds(row, around_s, thresholds.reach)
            violations = _tier_violations(tables, np.tile(at, (seconds.size, 1)), k, seconds)
            part = pd.DataFrame({"theta_s": seconds, "violations": violations, "pairs": row["pairs"]})
            part["share"] = part["violations"] / part["pairs"]
            part["is_best"] = part["theta_s"] == row["best_s"]
            for place, name in enumerate([*names_of_groups, thresholds.key]):
                value = row[thresholds.key] if name == thresholds.key else thresholds.groups[name].iloc[number]
                part.insert(place, name, value)
            parts.append(part)
    columns = [*names_of_groups, thresholds.key, "theta_s", "violations", "pairs", "share", "is_best"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


_MEASURES: Final = (
    *("is_reference", "theta_s", "best_s", "low_s", "high_s", "identified", "why", "pairs", "violations"),
    *("violations_declared", "violations_fcfs", "declared_s", "all_pairs", "all_violations"),
    *("all_violations_declared", "all_violations_fcfs", "n_days", "n_days_used", "proven"),
)


def _counted(
    stood: Standing,
    served: NDArray[np.bool_],
    group: NDArray[np.int64],
    parts: Iterable[tuple[int, int, int]],
    *,
    shape: tuple[int, int, int],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the tables of violations and the pairs by group; a pair is of the group and day of its earlier arrival."""
    n_groups, n_tiers, reach = shape

    def count(begin: int, end: int, stop: int) -> tuple[int, NDArray[np.int64], NDArray[np.int64]]:
        steps, pairs = np.zeros((n_tiers, n_tiers, 2 * reach + 1), np.int64), np.zeros((n_tiers, n_tiers), np.int64)
        pair_kernels.add_thresholds(
            stood.arrived, stood.ends, stood.tier, served, begin, end, stop, reach, steps, pairs
        )
        return int(group[begin]), steps, pairs

    tables = np.zeros((n_groups, n_tiers, n_tiers, 2 * reach + 1), np.int64)
    pairs = np.zeros((n_groups, n_tiers, n_tiers), np.int64)
    for number, steps, some in threads.stream(count, parts):
        tables[number] += steps
        pairs[number] += some
    return tables.cumsum(axis=3), pairs


def _with_pairs(thresholds: Thresholds) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Yield number and tables of the groups that have any pair."""
    for number in range(len(thresholds.groups)):
        if thresholds.pairs[number].sum():
            yield number, thresholds.tables[number]


def _solved(thresholds: Thresholds) -> Iterator[dict[str, Any]]:
    """Yield a row per group and tier."""
    found = list(_with_pairs(thresholds))
    solved = threads.run(lambda number, tables: list(_group_rows(thresholds, number, tables)), found)
    for rows in solved:
        yield from rows


def _group_rows(thresholds: Thresholds, number: int, tables: NDArray[np.int64]) -> Iterator[dict[str, Any]]:
    pairs = thresholds.pairs[number]
    of_tier = pairs.sum(axis=0) + pairs.sum(axis=1)
    there = np.flatnonzero(of_tier)
    least = joint_minimum(np.ascontiguousarray(tables[np.ix_(there, there)]))
    at, fcfs = np.zeros(len(of_tier), np.int64), np.zeros(len(of_tier), np.int64)
    at[there] = least.at
    declared = _declared(thresholds, there)
    reach = thresholds.reach
    rules = {"": at, "_fcfs": fcfs, "_declared": declared}
    whole = {name: None if rule is None else _violations(tables, rule) for name, rule in rules.items()}
    group = {str(name): value for name, value in thresholds.groups.iloc[number].items()}
    for place, k in enumerate(there):
        low, high = int(least.low[place]), int(least.high[place])
        few, wide = of_tier[k] < LEAST_PAIRS, high - low > WIDEST_S or low <= -reach or high >= reach
        why = "few_pairs" if few else "wide" if wide else "" if least.proven else "stopped"
        own = {name: None if rule is None else _tier_violations(tables, rule, int(k)) for name, rule in rules.items()}
        said = None if declared is None else thresholds.declared[str(thresholds.tiers[k])]
        base = None if declared is None else thresholds.declared[str(thresholds.tiers[there[-1]])]
        yield {
            **group,
            thresholds.key: thresholds.tiers[k],
            "is_reference": bool(k == there[-1]),
            "theta_s": np.nan if why else float(at[k]),
            "best_s": int(at[k]),
            "low_s": -np.inf if low <= -reach else float(low),
            "high_s": np.inf if high >= reach else float(high),
            "identified": not why,
            "why": why,
            "pairs": int(of_tier[k]),
            "violations": own[""],
            "violations_declared": own["_declared"],
            "violations_fcfs": own["_fcfs"],
            "declared_s": _difference(said, base),
            "all_pairs": int(pairs.sum()),
            "all_violations": whole[""],
            "all_violations_declared": whole["_declared"],
            "all_violations_fcfs": whole["_fcfs"],
            "n_days": thresholds.sample.n_days,
            "n_days_used": thresholds.sample.n_used,
            "proven": least.proven,
        }


def _declared(thresholds: Thresholds, there: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Return the declared head starts by tier, or None where one of the tiers in question has none."""
    if not all(str(thresholds.tiers[k]) in thresholds.declared for k in there):
        return None
    far = 4 * thresholds.reach + 4
    out = np.zeros(len(thresholds.tiers), np.int64)
    for k in there:
        seconds = thresholds.declared[str(thresholds.tiers[k])]
        # those who go strictly first stand in order of their ranks
        out[k] = far * (len(thresholds.tiers) - k) if np.isinf(seconds) else round(min(seconds, far))
    return out


def _difference(said: float | None, base: float | None) -> float:
    if said is None or base is None:
        return np.nan
    return 0.0 if said == base else said - base


def _violations(tables: NDArray[np.int64], at: NDArray[np.int64]) -> int:
    n = tables.shape[0]
    return sum(int(_at(tables[a, b], at[a] - at[b])) for a in range(n) for b in range(a + 1, n))


def _tier_violations(
    tables: NDArray[np.int64], at: NDArray[np.int64], k: int, seconds: NDArray[np.int64] | None = None
) -> Any:
    """Return the violations of pairs of tier `k`, also at other head starts than its own in `at`."""
    others = at if seconds is None else at[0]
    own = at[k] if seconds is None else seconds
    found = sum(
        _at(tables[min(k, b), max(k, b)], (own - others[b]) * (1 if k < b else -1))
        for b in range(len(others))
        if b != k
    )
    return int(found) if seconds is None else found


def _at(table: NDArray[np.int64], difference: Any) -> Any:
    reach = table.size // 2
    return table[np.clip(difference, -reach, reach) + reach]


def _shown_seconds(row: Mapping[str, Any], around_s: int, reach: int) -> NDArray[np.int64]:
    ends = [row[name] for name in ("low_s", "high_s", "best_s") if np.isfinite(row[name])]
    low, high = max(min(0, *ends) - around_s, -reach), min(max(0, *ends) + around_s, reach)
    return np.arange(int(low), int(high) + 1)


def _by_group(rows: list[dict[str, Any]], columns: list[str]) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of one group after the other."""
    held: list[dict[str, Any]] = []
    for row in rows:
        if held and any(not _same(row[name], held[0][name]) for name in columns):
            yield held
            held = []
        held.append(row)
    if held:
        yield held


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) or (pd.isna(one) and pd.isna(other))


def _text(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)
