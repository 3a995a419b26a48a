"""The columns that a mapping asks for, with the SQL that reads each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from zoneinfo import available_timezones

import pyarrow as pa

from cxlib.engine.duck import literal
from cxlib.errors import CxError
from cxlib.intake.casts import Cast, cast_of, offset_minutes
from cxlib.tables import TABLES, Column
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from cxlib.intake.mapping import Mapping

ARROW_TYPES: Final = {
    "id": pa.string(),
    "text": pa.string(),
    "category": pa.string(),
    "boolean": pa.bool_(),
    "month": pa.date32(),
    "date": pa.date32(),
    "time": pa.timestamp("us", tz="UTC"),
    "integer": pa.int64(),
}
"""Physical type by kind; all kinds of numbers that are not listed are float64."""
SORTED_BY: Final[dict[str, tuple[str, ...]]] = {"usage": ("customer_id", "month")}


@dataclass(frozen=True)
class Target:
    """A column of ours and the SQL that makes it."""

    name: str
    column: Column
    cast: Cast


@dataclass(frozen=True)
class Found:
    """Typed good rows, the file's number of each, what is wrong with the others, and the mapping that was used.

    `table` and `rows` are None, or paths, where they went to files.
    """

    mapping: Mapping
    table: pa.Table | Path | None
    rows: pa.ChunkedArray | Path | None
    problems: pd.DataFrame
    loaded: int


def wanted(mapping: Mapping) -> list[tuple[str, Column]]:
    """Return the columns that a mapping asks for, in the order of the table, meters last."""
    table = TABLES[mapping.table]
    order = [*table.names, *(name for name in mapping.columns if name not in table.names)]
    found = []
    for name in (each for each in order if each in mapping.columns):
        per_meter = table.meter_column(name)
        column = table[name] if name in table.names else (per_meter[0] if per_meter else None)
        if column is not None:
            found.append((name, column))
    return found


def schema_of(columns: Sequence[tuple[str, Column]]) -> pa.Schema:
    """Return the physical types of some columns."""
    return pa.schema([(name, ARROW_TYPES.get(column.kind, pa.float64())) for name, column in columns])


def target_of(name: str, column: Column, mapping: Mapping, ids: dict[str, str], place: int) -> Target:
    """Return a column with its SQL; its text, prepared text and value are called ``r``, ``p``, ``v`` and its place."""
    names = (f"r{place}", f"p{place}", f"v{place}")
    return Target(name, column, cast_of(column, mapping.columns[name], ids, names))


def checked(rows: str, targets: Sequence[Target], mapping: Mapping) -> str:
    """Return the query for __row, texts r0.., values v0.., rules broken e0.. and warnings w0.. of some rows."""
    raws = ", ".join(f"{each.cast.raw} AS r{i}" for i, each in enumerate(targets))
    values = ", ".join(f"{each.cast.value} AS v{i}" for i, each in enumerate(targets))
    ready = ", ".join(f"{each.cast.prepared} AS p{i}" for i, each in enumerate(targets))
    query = f"SELECT *, {values} FROM (SELECT *, {ready} FROM (SELECT __row, {raws} FROM {rows}))"
    query, extra = _in_utc(_later_days(query, targets, mapping), targets, mapping)
    rules = ", ".join(
        f"{extra.get(i, each.cast.reason)} AS e{i}, {each.cast.warning} AS w{i}" for i, each in enumerate(targets)
    )
    return f"SELECT *, {rules} FROM ({query})"


def check_zone(zone: str | None) -> None:
    """Raise `CxError` ``unknown_zone`` where there is no such time zone."""
    if zone is not None and zone not in available_timezones():
        raise CxError(
            "unknown_zone",
            N_("There is no time zone called {value}."),
            hint=N_("Write it like Europe/Berlin or Asia/Shanghai."),
            value=zone,
        )


def _later_days(query: str, targets: Sequence[Target], mapping: Mapping) -> str:
    """Move times of day past midnight: those more than half a day before the time that they may not precede."""
    places = {each.name: i for i, each in enumerate(targets)}
    for name in _after_one_another(mapping):
        mapped = mapping.columns[name]
        if mapped.not_before is None or name not in places:
            continue
        time, least = f"v{places[name]}", f"v{places[mapped.not_before]}"
        late = f"{time} < {least} - INTERVAL 12 HOUR AND {time} > {least} - INTERVAL 24 HOUR"
        query = (
            f"SELECT * REPLACE (CASE WHEN {late} THEN {time} + INTERVAL 1 DAY ELSE {time} END AS {time}) FROM ({query})"
        )
    return query


def _after_one_another(mapping: Mapping) -> list[str]:
    """Names in an order in which each comes after the one that it may not precede."""
    order: list[str] = []
    for start in mapping.columns:
        chain, name = [], start
        while name is not None and name not in order and name not in chain:
            chain.append(name)
            name = mapping.columns[name].not_before if name in mapping.columns else None  # type: ignore[assignment]
        order += reversed(chain)
    return order


def _in_utc(query: str, targets: Sequence[Target], mapping: Mapping) -> tuple[str, dict[int, str]]:
    """Turn local times into UTC; return also the rules for times that the clocks skipped or repeated."""
    reasons: dict[int, str] = {}
    changed = []
    zone = mapping.zone or "UTC"
    for i, each in enumerate(targets):
        if each.column.kind != "time":
            continue
        offset = offset_minutes(f"r{i}")
        there = f"v{i}" if zone == "UTC" else f"timezone('UTC', timezone({literal(zone)}, v{i}))"
        changed.append(f"CASE WHEN {offset} IS NULL THEN {there} ELSE v{i} - to_minutes({offset}) END AS v{i}")
        if zone != "UTC":
            back = f"timezone({literal(zone)}, timezone('UTC', v{i}))"
            skipped = f"({offset}) IS NULL AND {back} <> l{i}"
            reasons[i] = f"CASE WHEN {skipped} THEN 'nonexistent_time' ELSE {each.cast.reason} END"
    if not changed:
        return query, reasons
    local = ", ".join(f"v{i} AS l{i}" for i in reasons)
    return f"SELECT * REPLACE ({', '.join(changed)}){', ' + local if local else ''} FROM ({query})", reasons
