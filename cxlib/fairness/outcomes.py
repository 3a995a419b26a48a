"""What became of contacts, as whole numbers: each outcome is a sum over the contacts that it is told of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import narwhals as nw

from cxlib.engine.frames import MICROSECONDS, Frame
from cxlib.errors import CxError
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cxlib.fairness.contacts import Contacts

EXACT: Final = 1_000_000
"""Scores are summed in whole millionths, so that every engine gets the same sum."""
REPEAT_DAYS: Final = 7
_DAY_US: Final = 86_400 * MICROSECONDS


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One outcome.

    `label` is a text for the catalogues; `kind` tells the unit: a share (0 to 1), seconds, or a score. `more_is_better`
    tells which way favours a customer; time with an agent counts as service given. `needs` names columns, of each
    tuple one must be in the file. `once_served` outcomes are told of served contacts only.
    """

    name: str
    label: str
    kind: Literal["share", "seconds", "score"]
    more_is_better: bool
    needs: tuple[tuple[str, ...], ...] = ()
    once_served: bool = False

    @property
    def scale(self) -> int:
        """How many of the summed units make one."""
        return {"share": 1, "seconds": MICROSECONDS, "score": EXACT}[self.kind]


OUTCOMES: Final = {
    each.name: each
    for each in (
        Outcome(name="wait", label=N_("Mean wait"), kind="seconds", more_is_better=False),
        Outcome(name="sla", label=N_("Served in time"), kind="share", more_is_better=True),
        Outcome(
            name="abandonment",
            label=N_("Abandonment"),
            kind="share",
            more_is_better=False,
            needs=(("outcome", "left_at", "started_at"),),
        ),
        Outcome(
            name="handling",
            label=N_("Handling time"),
            kind="seconds",
            more_is_better=True,
            needs=(("ended_at",),),
            once_served=True,
        ),
        Outcome(
            name="resolution",
            label=N_("Resolved"),
            kind="share",
            more_is_better=True,
            needs=(("resolved",),),
            once_served=True,
        ),
        Outcome(
            name="repeat",
            label=N_("Repeat contact"),
            kind="share",
            more_is_better=False,
            needs=(("customer_id",),),
            once_served=True,
        ),
        Outcome(
            name="csat",
            label=N_("Satisfaction"),
            kind="score",
            more_is_better=True,
            needs=(("csat",),),
            once_served=True,
        ),
    )
}
ONCE_SERVED: Final = tuple(name for name, each in OUTCOMES.items() if each.once_served)


def told(contacts: Contacts, wanted: Iterable[str] | None = None) -> list[str]:
    """Return the outcomes that the file tells; `CxError` for a wanted one that does not exist."""
    names = list(OUTCOMES) if wanted is None else [wanted] if isinstance(wanted, str) else list(wanted)
    for name in names:
        if name not in OUTCOMES:
            raise CxError(
                "unknown_choice",
                N_("“{value}” is no choice."),
                hint=N_("Choose one of: {known}."),
                value=name,
                known=", ".join(OUTCOMES),
            )
    return [name for name in names if all(set(some) & contacts.there for some in OUTCOMES[name].needs)]


def with_outcomes(frame: Frame, wanted: Sequence[str], *, sla_s: float) -> Frame:
    """Return prepared contacts with ``{outcome}_top`` and ``{outcome}_base``, int64, whose sums give each mean.

    Notes
    -----
    *wait*: of those who queued and were served. *sla*: served within `sla_s` or less, over queued; those still waiting
    count once they waited longer. *abandonment*: left, over queued. *handling*, *resolution*, *csat*: over the
    contacts for which they are known. *repeat*: of contacts that went through `with_repeats`.
    """
    if not wanted:
        return frame
    c = nw.col
    served, left, waiting = (c("outcome") == each for each in ("served", "abandoned", "waiting"))
    limit_us = round(sla_s * MICROSECONDS)
    waited = served & c("queued") & ~c("wait_us").is_null()
    still = waiting & (c("so_far_us") <= limit_us).fill_null(False)
    made: dict[str, tuple[nw.Expr, nw.Expr]] = {
        "wait": (nw.when(waited).then(c("wait_us")).otherwise(nw.lit(0)), waited),
        "sla": (served & c("queued") & (c("wait_us") <= limit_us).fill_null(False), c("queued") & ~still),
        "abandonment": (left & c("queued"), c("queued")),
        "handling": (c("service_us").fill_null(0), ~c("service_us").is_null()),
        "resolution": (c("resolved").fill_null(False), ~c("resolved").is_null()),
        "csat": ((c("csat").fill_null(0) * EXACT).round(0), ~c("csat").is_null()),
        "repeat": (c("repeated").fill_null(False), ~c("repeated").is_null())
        if "repeat" in wanted
        else (served, served),
    }
    return frame.with_columns(
        **{f"{name}_top": made[name][0].cast(nw.Int64) for name in wanted},
        **{f"{name}_base": made[name][1].cast(nw.Int64) for name in wanted},
    )


def with_repeats(frame: Frame, contacts: Contacts) -> Frame:
    """Return prepared contacts with repeated: whether the same customer came again within 7 days.

    Told of served contacts of known customers of which the log covers the 7 days after the arrival; else missing. Where
    the file has topics, only a contact on the same topic counts as coming again; those without a topic are taken as
    one more topic. Of two contacts that arrive at the same instant, the first by contact_id is repeated. A group that
    makes contact more often comes again more often by that alone.
    """
    c = nw.col
    keys = ["customer_id"]
    if "topic" in contacts.there:
        frame = frame.with_columns(_topic=c("topic").fill_null(""))
        keys.append("_topic")
    frame = frame.with_columns(_at=c("arrived_us").cast(nw.Float64))  # exact, and pandas can shift it
    following = c("_at").shift(-1).over(*keys, order_by=["arrived_us", "contact_id"])
    until = contacts.until_us or 0
    known = (
        (c("outcome") == "served") & ~c("customer_id").is_null() & (c("arrived_us") + REPEAT_DAYS * _DAY_US <= until)
    )
    frame = frame.with_columns(_next=following)
    again = (c("_next") - c("_at") <= REPEAT_DAYS * _DAY_US).fill_null(False)
    columns = [name for name in frame.collect_schema().names() if name not in {"_at", "_next", "_topic"}]
    return frame.with_columns(repeated=nw.when(known).then(again)).select(*columns, "repeated")
