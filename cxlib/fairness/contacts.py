"""From the typed table of contacts to what the measures of balance use: waits, ends, outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import narwhals as nw
import pandas as pd

from cxlib.engine.frames import MICROSECONDS, Frame, Holds, missing, names, pandas, standard
from cxlib.errors import CxError
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Iterable

WAIT_SOURCES: Final = ("wait_ended_at", "wait_s", "started_at", "left_at")
OUTCOMES: Final = ("served", "abandoned", "waiting")

RULES: Final = {
    "dropped": N_("Dropped: no contact at all"),
    "no_arrival": N_("No time of arrival"),
    "end_before_arrival": N_("The wait ended before it began"),
    "start_before_arrival": N_("Service began before the arrival; the wait comes from another column"),
    "service_end_before_start": N_("Service ended before it began; its length is left out"),
    "wait_unknown": N_("Served or abandoned, but no end of the wait"),
}
"""What is counted while contacts are prepared."""
LEFT_OUT: Final = ("dropped", "no_arrival", "end_before_arrival")
"""The rules whose rows no measure uses."""

TEXT: Final = (
    "contact_id",
    "customer_id",
    "tier",
    "need",
    "queue",
    "channel",
    "location",
    "agent_id",
    "topic",
    "outcome",
)
_TIMES: Final = ("arrived_at", "wait_ended_at", "started_at", "left_at", "ended_at")


@dataclass(frozen=True, kw_only=True)
class Contacts:
    """Prepared contacts.

    Attributes
    ----------
    frame : narwhals frame, in the engine that the contacts came in
        Per contact: contact_id, customer_id, tier, need, queue, channel, location, agent_id, topic, resolved, csat;
        outcome (served, abandoned or waiting), queued, arrived_us, end_us (end of the wait, missing while waiting or
        unknown), wait_us, wait_s, so_far_us (the wait until the log's end of those still waiting), service_us,
        service_s, done_us (end of the service, where its length is known), and further columns that were asked for.
        ``_us`` are whole microseconds.
    there : frozenset of str
        Columns that the file had.
    counts : dict
        Rows met by each rule of `RULES`, and ``rows``, the rows of the table.
    first_us, until_us : int or None
        The first arrival, and the end of the log: the last time in it.
    ranks : dict or None
        Rank of each tier, 1 first, where ranks were given.
    """

    frame: Frame
    there: frozenset[str]
    counts: dict[str, int]
    first_us: int | None
    until_us: int | None
    ranks: dict[str, int] | None = None

    @property
    def problems(self) -> pd.DataFrame:
        """The rules that some rows met: rule, said (a text for the catalogues), n, left_out."""
        met = [(rule, RULES[rule], self.counts[rule], rule in LEFT_OUT) for rule in RULES if self.counts[rule]]
        return pd.DataFrame(met, columns=["rule", "said", "n", "left_out"])

    def need(self, *columns: str) -> None:
        """Raise `CxError` for the first of the columns that the file did not have."""
        missing(columns, self.there, table="contacts")


def prepare(contacts: Any, *, ranks: Any = None, keep: Iterable[str] = ()) -> Contacts:
    """Return contacts with their waits, ends and outcomes by the definitions of the product.

    Parameters
    ----------
    contacts : frame
        The typed table of contacts, or what this function returned.
    ranks : mapping of tier to rank, or the table of tiers, optional
        Rank 1 is served first.
    keep : iterable of str
        Further text columns to keep, such as one that the company added.

    Notes
    -----
    The wait runs from arrived_at to wait_ended_at, else lasts wait_s, else runs to started_at or, of those who
    abandoned, to left_at. A contact that did not queue and has none of these waited 0. `queued` is what the file
    says, else whether the wait is above 0. The outcome is what the file says. Where it says nothing: served if
    service began or ended, else abandoned if the customer left, else waiting if the wait has no end; one whose wait
    ended is abandoned in a file with a column started_at, else served.
    The service runs from started_at, else from the end of the wait, to ended_at.

    Raises
    ------
    CxError
        ``missing_column``, ``no_wait``, ``wrong_kind``, ``bad_outcome``.
    """
    if isinstance(contacts, Contacts):
        return contacts
    there = columns_there(contacts)
    extra = [name for name in keep if name not in TEXT]
    holds: dict[str, Holds] = dict.fromkeys((*TEXT, *extra), "text")
    holds.update(queued="flag", resolved="flag", wait_s="number", csat="number")
    holds.update(dict.fromkeys(_TIMES, "time"))
    timed = _timed(standard(contacts, holds), has_start="started_at" in there)
    counts, first, until = _counted(timed)
    ranked = None if ranks is None else tier_ranks(ranks)
    kept = timed
    if any(counts[rule] for rule in LEFT_OUT):  # a filter that keeps all still costs every measure a pass
        kept = timed.filter(~(nw.col("dropped") | nw.col("no_arrival") | nw.col("end_before_arrival")))
    return Contacts(
        frame=_finished(kept, until or 0, extra),
        there=frozenset(there),
        counts=counts,
        first_us=first,
        until_us=until,
        ranks=ranked,
    )


def columns_there(contacts: Any) -> list[str]:
    """Return the names of the columns of a typed table of contacts; raise where what no measure can lack is missing."""
    there = names(contacts)
    missing(("contact_id", "arrived_at"), there, table="contacts")
    if not set(WAIT_SOURCES) & set(there):
        raise CxError(
            "no_wait",
            N_("Nothing tells how long the contacts waited."),
            hint=N_("Bring one of these columns: {wanted}."),
            wanted=", ".join(WAIT_SOURCES),
        )
    return there


def bad_outcome(value: str) -> CxError:
    """Return the refusal of an outcome that is none."""
    return CxError(
        "bad_outcome",
        N_("“{value}” is no outcome."),
        hint=N_("Map it to served, abandoned or dropped."),
        column="outcome",
        value=value,
    )


def rule_examples(contacts: Any, rule: str, *, most: int = 5) -> list[str]:
    """Return some of the contacts (contact_id) that meet one of `RULES`, from the typed table of contacts."""
    holds: dict[str, Holds] = dict.fromkeys(("contact_id", "outcome"), "text")
    holds.update(queued="flag", wait_s="number")
    holds.update(dict.fromkeys(_TIMES, "time"))
    timed = _timed(standard(contacts, holds), has_start="started_at" in names(contacts))
    return [str(each) for each in pandas(timed.filter(nw.col(rule)).select("contact_id").head(most))["contact_id"]]


def tier_ranks(ranks: Any) -> dict[str, int]:
    """Return the rank of each tier from a mapping or from the table of tiers."""
    if isinstance(ranks, Mapping):
        return {str(tier): int(rank) for tier, rank in ranks.items()}
    missing(("tier", "rank"), names(ranks), table="tiers")
    table = pandas(standard(ranks, {"tier": "text", "rank": "number"})).dropna()
    return dict(zip(table["tier"], table["rank"].astype(int), strict=True))


def _timed(frame: Frame, *, has_start: bool) -> Frame:
    c = nw.col
    ended, started, left = ~c("wait_ended_at").is_null(), ~c("started_at").is_null(), ~c("left_at").is_null()
    ended = ended | ~c("wait_s").is_null()
    guess: nw.Expr = nw.when(ended).then(nw.lit("abandoned" if has_start else "served")).otherwise(nw.lit("waiting"))
    guess = nw.when(left).then(nw.lit("abandoned")).otherwise(guess)
    guess = nw.when(started | ~c("ended_at").is_null()).then(nw.lit("served")).otherwise(guess)
    frame = frame.with_columns(
        said=c("outcome"),
        outcome=nw.when(c("outcome").is_null()).then(guess).otherwise(c("outcome")),
        given=(c("wait_s") * MICROSECONDS).round(0).cast(nw.Int64),
    )
    by_outcome: nw.Expr = nw.when(c("outcome") == "abandoned").then(c("left_at") - c("arrived_at"))
    by_outcome = nw.when(c("outcome") == "served").then(c("started_at") - c("arrived_at")).otherwise(by_outcome)
    known = nw.coalesce(c("wait_ended_at") - c("arrived_at"), c("given"), by_outcome)
    at_once = (c("outcome") != "waiting") & ~c("queued").fill_null(True) & known.is_null()
    frame = frame.with_columns(wait_us=nw.when(at_once).then(nw.lit(0)).otherwise(known).cast(nw.Int64))
    start = nw.coalesce(c("started_at"), c("arrived_at") + c("wait_us"))
    frame = frame.with_columns(
        service_us=nw.when(c("outcome") == "served").then(c("ended_at") - start).cast(nw.Int64),
        dropped=c("outcome") == "dropped",
    )
    real = ~c("dropped")
    frame = frame.with_columns(
        no_arrival=real & c("arrived_at").is_null(),
        end_before_arrival=real & (c("wait_us") < 0).fill_null(False),
    )
    used = real & ~c("no_arrival") & ~c("end_before_arrival")
    return frame.with_columns(
        start_before_arrival=used & (c("started_at") < c("arrived_at")).fill_null(False),
        service_end_before_start=used & (c("service_us") < 0).fill_null(False),
        wait_unknown=used & (c("outcome") != "waiting") & c("wait_us").is_null(),
    )


def _counted(frame: Frame) -> tuple[dict[str, int], int | None, int | None]:
    c = nw.col
    known = c("outcome") == "served"
    for code in ("abandoned", "dropped", "waiting"):
        known = known | (c("outcome") == code)
    one = frame.select(
        nw.len().alias("rows"),
        *(c(rule).cast(nw.Int64).sum() for rule in RULES),
        nw.when(~known).then(c("outcome")).min().alias("bad"),
        c("arrived_at").min().alias("first"),
        *(c(name).max().alias(f"last_{name}") for name in _TIMES),
        (c("arrived_at") + c("wait_us")).max().alias("last_wait"),
    )
    row = pandas(one).iloc[0]
    if isinstance(row["bad"], str):
        raise bad_outcome(row["bad"])
    counts = {name: 0 if pd.isna(row[name]) else int(row[name]) for name in ("rows", *RULES)}
    last = [int(row[name]) for name in row.index if name.startswith("last_") and not pd.isna(row[name])]
    return counts, None if pd.isna(row["first"]) else int(row["first"]), max(last, default=None)


def _finished(frame: Frame, until: int, extra: list[str]) -> Frame:
    c = nw.col
    waiting = c("outcome") == "waiting"
    wait = nw.when(~waiting).then(c("wait_us"))
    frame = frame.with_columns(
        wait_us=wait,
        queued=c("queued").fill_null(False) | (c("queued").is_null() & ((wait > 0).fill_null(False) | waiting)),
        arrived_us=c("arrived_at"),
        end_us=c("arrived_at") + wait,
        wait_s=wait / MICROSECONDS,
        so_far_us=nw.when(waiting).then(until - c("arrived_at")),
        service_us=nw.when(c("service_us") >= 0).then(c("service_us")),
        done_us=nw.when((c("outcome") == "served") & (c("service_us") >= 0)).then(c("ended_at")),
    ).with_columns(service_s=c("service_us") / MICROSECONDS)
    columns = [name for name in TEXT if name != "outcome"] + ["resolved", "csat", "outcome", "queued"]
    columns += ["arrived_us", "end_us", "wait_us", "wait_s", "so_far_us", "service_us", "service_s", "done_us", *extra]
    return frame.select(*columns)
