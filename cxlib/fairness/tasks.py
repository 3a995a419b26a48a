"""What a log of contacts says beyond its counts, worked out once for a data set: the rule in force, what passing does.

The parameters, as JSON holds them, are made by `parameters_of`. A task writes its frames into its folder, where
`frames_in` finds them; `compute` returns the same without a process of its own, where there is little data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from cxlib.errors import CxError
from cxlib.fairness.contacts import tier_ranks
from cxlib.fairness.declared import declared_head_starts
from cxlib.fairness.effects import passed_effects
from cxlib.fairness.head_start import head_start_thresholds, implied_head_start, violation_curves
from cxlib.fairness.unexplained import unexplained_passes
from cxlib.store import Store
from cxlib.store.data_sets import root_of
from cxlib.texts import N_, _

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

    Report = Callable[[float | None, str], None]

FRAMES: Final = {
    "rule": ("head_starts", "by_month", "curves", "unexplained", "unexplained_passes"),
    "effects": ("passed", "passes"),
}
"""The frames of each task, by name."""


def rule(parameters: dict[str, Any], folder: Path, report: Report) -> dict[str, Any]:
    """Write the head starts in force, their curves, and the passes that they do not explain."""
    return _written(compute("rule", parameters, root_of(folder), report=report), folder)


def effects(parameters: dict[str, Any], folder: Path, report: Report) -> dict[str, Any]:
    """Write `passed_effects` of being passed and of passing."""
    return _written(compute("effects", parameters, root_of(folder), report=report), folder)


def parameters_of(dataset: str, version: int, *, zone: str, passers: str, min_group: int) -> dict[str, Any]:
    """Return the parameters of a task; see `overtakes` for `passers`."""
    return {"dataset": dataset, "version": version, "zone": zone, "passers": passers, "min_group": min_group}


def compute(
    task: str, parameters: dict[str, Any], root: Path, *, report: Report = lambda _share, _said: None
) -> dict[str, pd.DataFrame]:
    """Return the frames of the task ``rule`` or ``effects`` over the store in `root`, see `FRAMES`."""
    report(0.0, _("Reading the contacts"))
    with Store(root) as store:
        there = store.version(parameters["dataset"], parameters["version"]).tables
        contacts, customers, tiers = (
            store.load(parameters["dataset"], name, version=parameters["version"]) if name in there else None
            for name in ("contacts", "customers", "tiers")
        )
    if contacts is None:
        raise CxError("no_contacts", N_("There are no contacts."), hint=N_("Bring a file of contacts."))
    contacts, ranks = with_tiers(contacts, customers), None if tiers is None else tier_ranks(tiers)
    if task == "rule":
        return _rule(contacts, ranks, tiers, parameters, report)
    return _effects(contacts, ranks, customers, parameters, report)


def with_tiers(contacts: pa.Table, customers: pa.Table | None) -> pa.Table:
    """Return contacts with the tier of their customer where they have none of their own, else with a missing one."""
    if "tier" in contacts.column_names:
        return contacts
    known = customers is not None and "tier" in customers.column_names and "customer_id" in contacts.column_names
    if customers is None or not known:
        return contacts.append_column("tier", pa.nulls(contacts.num_rows, pa.string()))
    return contacts.join(customers.select(["customer_id", "tier"]), "customer_id")


def frames_in(folder: Path, task: str) -> dict[str, pd.DataFrame]:
    """Return the frames that a task wrote."""
    return {name: pq.read_table(folder / f"{name}.parquet").to_pandas() for name in FRAMES[task]}


def _rule(
    contacts: pa.Table, ranks: dict[str, int] | None, tiers: pa.Table | None, asked: dict[str, Any], report: Report
) -> dict[str, pd.DataFrame]:
    declared = None
    if tiers is not None and "declared_rule" in tiers.column_names:
        declared = declared_head_starts(tiers)
    zone, each = asked["zone"], tuple(name for name in ("queue",) if name in contacts.column_names)
    report(0.1, _("Comparing who waited at the same time"))
    by_month = head_start_thresholds(contacts, each=each, every="month", zone=zone, ranks=ranks, declared=declared)
    whole = by_month.over(*each)
    found = implied_head_start(whole)
    report(0.6, _("Looking for passes that no rule explains"))
    beyond = unexplained_passes(
        contacts,
        each=each,
        zone=zone,
        passers=asked["passers"],
        ranks=ranks,
        declared=declared,
        head_starts=found,
    )
    return {
        "head_starts": found,
        "by_month": implied_head_start(by_month),
        "curves": violation_curves(whole, head_starts=found),
        "unexplained": beyond.counts.assign(n_days=beyond.n_days, n_days_used=beyond.n_days_used),
        "unexplained_passes": beyond.passes,
    }


def _effects(
    contacts: pa.Table, ranks: dict[str, int] | None, customers: pa.Table | None, asked: dict[str, Any], report: Report
) -> dict[str, pd.DataFrame]:
    options: dict[str, Any] = {name: asked[name] for name in ("zone", "passers", "min_group")}
    options |= {"customers": customers, "ranks": ranks}
    report(0.1, _("Comparing who was passed with the like who were not"))
    passed = passed_effects(contacts, **options)
    report(0.6, _("Comparing who passed with the like who did not"))
    passes = passed_effects(contacts, of="passes", **options) if ranks else passed.iloc[:0]
    return {"passed": passed, "passes": passes}


def _written(frames: dict[str, pd.DataFrame], folder: Path) -> dict[str, Any]:
    for name, frame in frames.items():
        pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), folder / f"{name}.parquet")
    return {name: len(frame) for name, frame in frames.items()}
