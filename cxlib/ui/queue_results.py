"""The numbers of the Queues page, each computed once per data set, filters and settings, and kept."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from cxlib.engine.duck import locked
from cxlib.errors import CxError
from cxlib.fairness import gaps, queue_numbers, replay, traps
from cxlib.fairness.overtakes import POOL, Passers, count_overtakes
from cxlib.fairness.stretches_to_replay import hours_to_replay
from cxlib.ui import results
from cxlib.ui.session import store

if TYPE_CHECKING:
    from cxlib.fairness import Replay
    from cxlib.ui.scope import Scope

FIRST, REST = "first", "rest"


@dataclass(frozen=True)
class Queues:
    """What the page is about: a scope with its filters (ids), and whether all contacts count as one line."""

    scope: Scope
    where: dict[str, str]
    one_line: bool = False

    @cached_property
    def options(self) -> dict[str, Any]:
        """Options of every count of overtakes: those served at once do not pass where the label trap fires."""
        passers: Passers = "queued" if results.trap(self.scope, **self.where)["warned"] else "all"
        return {"pool": None if self.one_line else POOL, "passers": passers}

    def contacts(self) -> Any:
        """Return the contacts that the filters leave, with what queues need of them."""
        return results.contacts_in(self.scope, results.OF_QUEUES, **self.where)


def numbers(queues: Queues, name: str) -> pd.DataFrame | None:
    """Return a frame of `cxlib.fairness.queue_numbers` by its name; None where the log cannot tell it."""
    scope, least = queues.scope, queues.scope.settings.min_group
    parts = {**queues.options, "min_group": least, **queues.where}

    def key(frame: str) -> dict[str, object]:
        return scope.key(f"queue {frame}", **{k: v for k, v in parts.items() if v != results.ALL})

    def compute() -> pd.DataFrame:
        found = queue_numbers(
            queues.contacts(), zone=results.zone(scope), ranks=results.ranks(scope), min_group=least, **queues.options
        ).frames
        for frame, rows in found.items():
            store().keep_result(key(frame), rows)
        return pd.DataFrame({"frame": list(found)})

    there = results.kept(scope, "queue_numbers", compute, **parts)
    if name not in set(there["frame"]):
        return None
    found = results.frame_of(key(name))
    if found is None:
        compute()
        found = results.frame_of(key(name))
    return found


def like_for_like(scope: Scope, groups: dict[str, str], **where: str) -> pd.DataFrame:
    """Return the gap of the mean wait between the first rank and the others: one row of `gaps`, or none."""
    least = scope.settings.min_group

    def compute() -> pd.DataFrame:
        try:
            return gaps(
                results.contacts_in(scope, results.OF_QUEUES, **where),
                outcomes="wait",
                by=groups,
                reference=FIRST,
                other=REST,
                zone=results.zone(scope),
                min_group=least,
            )
        except CxError as error:
            if error.code not in {"one_group", "unknown_group"}:
                raise
            return pd.DataFrame({"like_ratio": pd.Series([], dtype="float64")})

    return results.kept(scope, "like_for_like", compute, by=groups, min_group=least, **where)


def found_traps(scope: Scope, **where: str) -> pd.DataFrame:
    """Return `cxlib.fairness.traps` of the contacts chosen."""
    least = scope.settings.min_group

    def compute() -> pd.DataFrame:
        found = results.contacts_in(scope, **where)
        if found["tier"].null_count == found.num_rows:
            found = found.drop_columns("tier")
        return traps(found, ranks=results.ranks(scope), zone=results.zone(scope), min_group=least)

    return results.kept(scope, "traps", compute, min_group=least, **where)


def to_replay(queues: Queues) -> pd.DataFrame:
    """Return the hours of the calendar in which most were passed, see `hours_to_replay`."""
    scope = queues.scope
    return results.kept(
        scope,
        "to_replay",
        lambda: hours_to_replay(
            count_overtakes(queues.contacts(), ranks=results.ranks(scope), **queues.options), zone=results.zone(scope)
        ),
        **queues.options,
        **queues.where,
    )


def replayed(queues: Queues, hour: pd.Series[Any]) -> Replay:
    """Return an hour of `to_replay` as the customers lived it."""
    line = {name: None if pd.isna(hour[name]) else str(hour[name]) for name in POOL if name in hour.index}
    scope = queues.scope
    said = [str(each) for each in (line, hour["from_at"], queues.options, queues.where, results.ranks(scope))]
    key = (scope.dataset.id, scope.version.number, *said)
    found: Replay = _replayed(key, queues, hour["from_at"], hour["to_at"], line)
    return found


@st.cache_resource(max_entries=32, show_spinner=False)
def _replayed(
    key: tuple[Any, ...],  # noqa: ARG001 - what is kept is told apart by it
    _queues: Queues,
    _from_at: Any,
    _to_at: Any,
    _line: dict[str, str | None],
) -> Replay:
    scope = _queues.scope
    options = {"from_at": _from_at, "to_at": _to_at, "where": _line, "ranks": results.ranks(scope), **_queues.options}
    if "tier" not in results.columns_of(scope, "contacts"):
        return replay(_queues.contacts(), **options)
    # an hour of a long log is found in its file without reading all of it
    file = store().path(scope.dataset.id, "contacts", version=scope.version.number)
    with locked(read=[file]) as connection:
        return replay(connection.read_parquet(str(file)), **options)
