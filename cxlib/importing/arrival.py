"""From files that were read to what the store takes: events are rolled up on the way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from cxlib.errors import CxError
from cxlib.intake.problems import Question
from cxlib.intake.references import against_catalogue
from cxlib.matching import rollup_events
from cxlib.store import Incoming
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cxlib.intake import Reading
    from cxlib.store import Store

KEY = ["customer_id", "month"]


@dataclass(frozen=True)
class Arrival:
    """One file that was read and is to be kept: its name, its bytes (or their path), its reading."""

    name: str
    raw: bytes | Path
    reading: Reading

    @property
    def table(self) -> str:
        """The table that the file's own rows belong to."""
        return self.reading.mapping.table


def checked(arrivals: Sequence[Arrival], *, store: Store | None = None, dataset_id: str | None = None) -> list[Arrival]:
    """Return the files compared with each other: rows with a plan that the catalogue lacks are set aside.

    The catalogue is that of the files together with that of the data set; without either nothing is compared.
    """
    plans = {
        plan
        for each in arrivals
        if each.table == "plans"
        for plan in each.reading.table["plan_id"].unique().to_pylist()
    }
    if store is not None and dataset_id is not None and store.has(dataset_id, "plans"):
        plans |= set(store.load(dataset_id, "plans", columns=["plan_id"])["plan_id"].to_pylist())
    if not plans:
        return list(arrivals)
    return [replace(each, reading=against_catalogue(each.reading, plans)) for each in arrivals]


def incoming(
    arrivals: Sequence[Arrival], *, store: Store | None = None, dataset_id: str | None = None
) -> list[Incoming]:
    """Return what the store takes for these files.

    Events become usage: one row per customer and active month. In a month in which a customer has events of any
    meter, the other meters that come from events are 0 and not unknown; those already in the data set count too.

    Raises
    ------
    CxError
        ``not_confirmed`` for the first file about which something is still asked; ``no_meter`` for events without one.
    """
    arrivals = checked(arrivals, store=store, dataset_id=dataset_id)
    for each in arrivals:
        if each.reading.needs_confirmation:
            raise not_confirmed(each.name, [question.as_dict() for question in each.reading.needs_confirmation])
    found = [_kept(each, each.reading.table, each.table) for each in arrivals if each.table != "events"]
    events = [each for each in arrivals if each.table == "events"]
    if not events:
        return found
    rolled = [(str(each.reading.mapping.meter), _rolled_up(each)) for each in events]
    tables = usage_of_events(rolled, event_usage(store, dataset_id))
    found += [_kept(each, table, "usage") for each, table in zip(events, tables, strict=False)]
    return [*found, *(Incoming(table="usage", data=table) for table in tables[len(events) :])]


def usage_of_events(rolled: Sequence[tuple[str, pd.DataFrame]], known: pd.DataFrame) -> list[pa.Table]:
    """Return usage from events that were rolled up, with zeros where a customer has other events in a month.

    Parameters
    ----------
    rolled : sequence of (meter, frame)
        As `rollup_events` gives them.
    known : pandas.DataFrame
        What came from events before, see `event_usage`.

    Returns
    -------
    list of pyarrow.Table
        One for each of `rolled`, then one for each further meter that lacks zeros.
    """
    zeros = _zeros([frame for _meter, frame in rolled], known)
    found = []
    for meter, frame in rolled:
        extra = zeros.pop(meter, None)
        whole = frame if extra is None else pd.concat([frame, extra], ignore_index=True).sort_values(KEY)
        found.append(_usage_table(whole))
    return found + [_usage_table(rest) for rest in zeros.values()] if rolled else found


def not_confirmed(name: str, questions: Sequence[dict[str, Any]]) -> CxError:
    """Return the error of a file about which something is still asked."""
    return CxError(
        "not_confirmed",
        N_("Something about {file} is not certain yet."),
        hint=N_("Answer what is asked about it, or confirm what was taken."),
        file=name,
        value=name,
        questions=[Question.from_dict(each).said for each in questions],
    )


def no_meter(name: str) -> CxError:
    """Return the error of events without a meter."""
    return CxError(
        "no_meter",
        N_("The events of {file} need a meter."),
        hint=N_("Say what they count towards, such as minutes, sms or data_mb."),
        file=name,
    )


def _kept(arrival: Arrival, data: pa.Table, table: str) -> Incoming:
    reading = arrival.reading
    return Incoming(
        table=table,
        data=data,
        raw=arrival.raw,
        file_name=arrival.name,
        mapping=reading.mapping.to_json(),
        encoding=reading.text.encoding,
        rows_in_file=reading.counts["rows_in_file"],
        quarantined=reading.quarantined,
    )


def _rolled_up(arrival: Arrival) -> pd.DataFrame:
    mapping = arrival.reading.mapping
    if not mapping.meter:
        raise no_meter(arrival.name)
    return rollup_events(arrival.reading.table, meter=mapping.meter, round_event=mapping.round_event)


def event_usage(store: Store | None, dataset_id: str | None) -> pd.DataFrame:
    """Return the meters of a data set that came from events, by customer and month."""
    if store is None or dataset_id is None or not store.has(dataset_id, "usage"):
        return pd.DataFrame(columns=KEY)
    meters = {
        each.mapping["meter"]
        for each in store.standing_imports(dataset_id)
        if isinstance(each.mapping, dict) and each.mapping.get("table") == "events"
    }
    there = [meter for meter in sorted(meters) if meter in store.version(dataset_id).tables["usage"].columns]
    frame: pd.DataFrame = store.load(dataset_id, "usage", columns=[*KEY, *there]).to_pandas()
    return frame.assign(month=pd.to_datetime(frame["month"]))


def _zeros(rolled: Sequence[pd.DataFrame], known: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return, by meter, the customer-months that are active by another meter and have no value of this one."""
    frames = [known, *rolled]
    meters = sorted({name for frame in frames for name in frame.columns if name not in KEY})
    if len(meters) < 2:
        return {}
    every = pd.concat([frame[KEY] for frame in frames if len(frame)], ignore_index=True).drop_duplicates()
    missing = {}
    for meter in meters:
        having = [frame.loc[frame[meter].notna(), KEY] for frame in frames if meter in frame.columns and len(frame)]
        there: Any = pd.MultiIndex.from_frame(pd.concat(having)) if having else pd.MultiIndex.from_arrays([[], []])
        lacking = every[~pd.MultiIndex.from_frame(every).isin(there)]
        missing[meter] = lacking.assign(**{meter: 0.0})
    return {meter: frame for meter, frame in missing.items() if len(frame)}


def _usage_table(frame: pd.DataFrame) -> pa.Table:
    meters = [name for name in frame.columns if name not in KEY]
    kinds = pa.schema([("customer_id", pa.string()), ("month", pa.date32()), *[(m, pa.float64()) for m in meters]])
    days = pd.to_datetime(frame["month"]).dt.date
    return pa.Table.from_pandas(frame.assign(month=days), schema=kinds, preserve_index=False).sort_by(
        [("customer_id", "ascending"), ("month", "ascending")]
    )
