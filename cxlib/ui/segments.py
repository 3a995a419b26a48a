"""Who gets how much service, by segment: what the page of allocation shows, computed once and kept."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from cxlib import formats
from cxlib.errors import CxError
from cxlib.fairness import (
    allocation_change,
    allocation_measures,
    equal_courtesy,
    gap_drivers,
    gap_strata,
    gaps,
)
from cxlib.fairness.gaps import SCREEN, screened
from cxlib.fairness.intervals import REASONS
from cxlib.fairness.measures import MEASURES, TYPICAL_WAITS
from cxlib.texts import N_, _
from cxlib.ui import balance, results

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cxlib.fairness.periods import Every
    from cxlib.ui.scope import Scope
    from cxlib.ui.show import Kind
    from cxlib.ui.tiers import TierNames

SEGMENTS: Final = {
    "tier": N_("Tier"),
    "need": N_("Need"),
    "region": N_("Region"),
    "queue": N_("Queue"),
    "channel": N_("Channel"),
    "location": N_("Location"),
    "topic": N_("Topic"),
    "plan_id": N_("Plan"),
}
"""Columns of contacts or customers by which service can be shared, with their labels."""
ALIKE: Final = {
    "usual": N_("queue, weekday and hour"),
    "queue-hour": N_("queue and hour"),
    "channel-weekday-hour": N_("channel, weekday and hour"),
    "queue": N_("queue"),
    "hour": N_("hour"),
}
"""Under which conditions contacts are alike, as ids of the link."""
FIRST_SHOWN: Final = "mean_wait_s"
"""The outcome that the page opens with."""
MOST: Final = 12
"""Segments that a chart shows."""


@dataclass(frozen=True, kw_only=True)
class Segments:
    """The contacts chosen on the page, and the column by which they are set side by side."""

    scope: Scope
    by: str
    tiers: TierNames
    where: Mapping[str, str]

    @property
    def label(self) -> str:
        """What a segment is."""
        return _(SEGMENTS[self.by])

    def say(self, value: object) -> str:
        """Return the name of a segment."""
        return self.tiers.say(value) if self.by == "tier" else balance.say_segment(value)

    @property
    def colours(self) -> dict[str, str]:
        """Colours by name of the segment; only tiers have their own."""
        return self.tiers.colours if self.by == "tier" else {}

    def whole(self) -> pd.DataFrame:
        """Return the shares of customers, contacts, agent time and value of all segments."""
        return results.allocation_by(self.scope, self.by, **self.where)

    def measures(self) -> pd.DataFrame:
        """Return `cxlib.fairness.allocation_measures` of all segments."""
        return self._measures(None)

    def measure(self, name: str) -> pd.DataFrame:
        """Return the rows of one measure."""
        found = self.measures()
        return found[found["measure"] == name].reset_index(drop=True)

    def weeks(self, name: str) -> pd.DataFrame:
        """Return the rows of one measure week by week."""
        found = self._measures("week")
        return found[found["measure"] == name].reset_index(drop=True)

    def hours(self, name: str) -> pd.DataFrame:
        """Return the rows of one measure by hour of the week."""
        return self._measures("hour_of_week", name)

    def _measures(self, every: Every | None, only: str | None = None) -> pd.DataFrame:
        options: dict[str, Any] = self._options() | ({"measures": [only]} if only else {})
        return results.kept(
            self.scope,
            "measures",
            lambda: allocation_measures(
                self._contacts(), by=self.by, every=every, zone=self._zone, **self._tables(), **options
            ),
            by=self.by,
            every=every or "",
            **options,
            **self.where,
        )

    def compared_months(self) -> tuple[str, str] | None:
        """Return the month before and the month chosen, or the last two of the log; None where there are not two."""
        months, chosen = results.contact_months(self.scope), self.where.get("month", results.ALL)
        now = months[-1] if chosen == results.ALL and months else chosen
        if now not in months[1:]:
            return None
        before = str(pd.Period(now, "M") - 1)
        return (before, now) if before in months else None

    def change(self) -> pd.DataFrame | None:
        """Return `cxlib.fairness.allocation_change` of the month compared; None where nothing came before."""
        months = self.compared_months()
        if months is None:
            return None
        year, month = map(int, months[1].split("-"))
        first, last = dt.date(year, month, 1), dt.date(year, month, calendar.monthrange(year, month)[1])
        earliest = first - (last - first) - dt.timedelta(days=1)
        options = self._options()
        return results.kept(
            self.scope,
            "change",
            lambda: allocation_change(
                results.contacts_of(self.scope, earliest, last, queue=self.where.get("queue", results.ALL)),
                first=first,
                last=last,
                by=self.by,
                zone=self._zone,
                **self._tables(),
                **options,
            ),
            by=self.by,
            **options,
            **{**self.where, "month": months[1]},
        )

    def gaps(self, *, alike: str = "usual", screen: float = SCREEN) -> pd.DataFrame:
        """Return `cxlib.fairness.gaps` of all segments to the one of reference."""
        return screened(self._gaps("gaps", self.by, alike=alike), screen)

    def first_and_rest(self) -> pd.DataFrame:
        """Return the gap in waits between the tiers of the first rank and the others."""
        groups = balance.first_and_rest(self.tiers)
        return self._gaps("gap of the rest", groups, outcomes="wait", reference=balance.FIRST)

    def drivers(self, outcome: str, other: str, reference: str, *, alike: str = "usual") -> pd.DataFrame:
        """Return which conditions drive a gap, see `cxlib.fairness.gap_drivers`."""
        options = self._options()
        return results.kept(
            self.scope,
            "drivers",
            lambda: gap_drivers(
                gap_strata(
                    self._contacts(),
                    outcome=outcome,
                    by=self.by,
                    reference=reference,
                    other=other,
                    strata=self._strata(alike),
                    zone=self._zone,
                    **self._tables(),
                    **options,
                ),
                min_group=options["min_group"],
            ).astype({"value": "str"}),
            by=self.by,
            outcome=outcome,
            reference=reference,
            other=other,
            alike=alike,
            **options,
            **self.where,
        )

    def courtesy(self) -> pd.DataFrame:
        """Return `cxlib.fairness.equal_courtesy`, at the margins of the data set."""
        settings = self.scope.settings
        options: dict[str, Any] = {
            "min_group": settings.min_group,
            "margin_share": settings.margin_share,
            "margin_wait": settings.margin_wait,
        }
        return results.kept(
            self.scope,
            "courtesy",
            lambda: equal_courtesy(self._contacts(), zone=self._zone, **self._tables(), **options),
            **options,
            **self.where,
        )

    def prepare(self) -> None:
        """Compute and keep what the page shows first."""
        self.whole()
        self.measures()
        self._measures("week")
        self.hours(FIRST_SHOWN)
        self.change()
        more: list[Callable[[], object]] = [partial(self.prepare_gaps, most=1), self.courtesy]
        if self.tiers.ranked:
            more.append(self.first_and_rest)
        for compute in more:
            try:
                compute()
            except CxError as error:
                if not refused_quietly(error):
                    raise

    def prepare_gaps(self, *, alike: str = "usual", most: int | None = None) -> None:
        """Compute and keep the gaps under some conditions, and what drives the largest of each of `most` outcomes."""
        table = self.gaps(alike=alike)
        told = table.loc[table["crude"].notna(), "outcome"].unique()
        for outcome in told[:most]:
            known = table[(table["outcome"] == outcome) & table["like"].notna()]
            if not known.empty:
                row = known.iloc[int(known["like"].abs().to_numpy().argmax())]
                self.drivers(outcome, row["other"], row["reference"], alike=alike)

    def there(self) -> list[str]:
        """Return the values of the column, the largest segments first, without what is missing."""
        whole = self.whole()
        return [str(value) for value in whole.sort_values("n", ascending=False)[self.by].dropna()]

    def alikes(self) -> list[str]:
        """Return the conditions that the file tells and that are not the segments themselves."""
        columns = {*results.columns_of(self.scope, "contacts"), "weekday", "hour"}
        return [each for each in ALIKE if each == "usual" or set(each.split("-")) <= columns - {self.by}]

    def _gaps(self, name: str, by: Any, *, alike: str = "usual", **more: Any) -> pd.DataFrame:
        options = self._options()
        return results.kept(
            self.scope,
            name,
            lambda: gaps(
                self._contacts(),
                by=by,
                strata=self._strata(alike),
                zone=self._zone,
                **self._tables(),
                **options,
                **more,
            ),
            by=by,
            alike=alike,
            **options,
            **self.where,
        )

    def _contacts(self) -> Any:
        return results.contacts_in(self.scope, **self.where)

    def _tables(self) -> dict[str, Any]:
        return {"customers": results.table(self.scope, "customers"), "ranks": results.ranks(self.scope)}

    def _options(self) -> dict[str, Any]:
        return {"sla_s": self.scope.settings.sla_s, "min_group": self.scope.settings.min_group}

    def _strata(self, alike: str) -> list[str] | None:
        return None if alike == "usual" else alike.split("-")

    @property
    def _zone(self) -> str:
        return results.zone(self.scope)


def segments_of(scope: Scope) -> list[str]:
    """Return the columns by which the contacts can be set side by side."""
    contacts, customers = results.columns_of(scope, "contacts"), results.columns_of(scope, "customers")
    joined = customers if "customer_id" in contacts else ()
    return [name for name in SEGMENTS if name in contacts or name in joined]


@dataclass(frozen=True)
class Said:
    """How a measure is written: its label, its values, its differences, and the ticks of an axis."""

    label: str
    say: Callable[[float | None], str]
    change: Callable[[float | None], str]
    ticks: str
    kind: Kind


def points(value: float | None) -> str:
    """Return a difference of shares, signed, in percentage points."""
    known = formats.known(value)
    if known is None:
        return formats.NOTHING
    return _("{n} points", n=f"{'+' if known > 0 else ''}{formats.number(known * 100, decimals=1)}")


def signed_seconds(value: float | None) -> str:
    """Return a difference of times, signed."""
    known = formats.known(value)
    return formats.NOTHING if known is None else ("+" if known > 0 else "") + formats.seconds(known)


def signed(value: float | None) -> str:
    """Return a difference of numbers, signed."""
    known = formats.known(value)
    return formats.NOTHING if known is None else ("+" if known > 0 else "") + formats.ratio(known)


def measure_said(name: str, sla_s: float) -> Said:
    """Return how a measure of `MEASURES` or `TYPICAL_WAITS` is written."""
    wait = formats.seconds(sla_s)
    if name == "sla":
        label = _("Served within {wait}, of those in line", wait=wait)
    elif name == "sla_offered":
        label = _("Served within {wait}, of all", wait=wait)
    else:
        label = _(MEASURES[name].label if name in MEASURES else TYPICAL_WAITS[name])
    if name.endswith("_s"):
        return Said(label, formats.seconds, signed_seconds, ",", "seconds")
    if name in {"representation", "contacts_per_customer", "csat"}:
        return Said(label, formats.ratio, signed, ",.2~f", "number")
    return Said(label, formats.share, points, ".0%", "share")


def outcome_said(name: str, sla_s: float) -> Said:
    """Return how an outcome of the gaps is written, in few words."""
    same = {"wait": "mean_wait_s", "handling": "mean_handling_s"}
    said = measure_said(same.get(name, name), sla_s)
    return replace(said, label=_("Served within {wait}", wait=formats.seconds(sla_s))) if name == "sla" else said


def reason(code: object) -> str:
    """Return why an interval or a gap is missing, as a sentence; nothing where it is there."""
    return _(REASONS[str(code)]) if str(code) in REASONS else ""


def refused_quietly(error: CxError) -> bool:
    """Whether an error only says that the file has nothing to compare, which a page answers in its own words."""
    return error.code in {"one_group", "missing_column", "nothing_to_compare", "no_ranks"}
