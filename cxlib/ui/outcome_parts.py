"""What the last campaign did: results brought back, read against those who were held out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cxlib import charts, formats
from cxlib.matching.offer_outcomes import WARNINGS
from cxlib.matching.offer_results import bills_of, results_of
from cxlib.matching.outcome_report import OutcomeReport, outcome_report, say_acceptance, say_leaving, say_revenue
from cxlib.texts import _, sentences
from cxlib.ui import definitions, link, matching, results, states
from cxlib.ui.safe import safe
from cxlib.ui.session import store
from cxlib.ui.show import Shown, chart, finding, rows
from cxlib.ui.sitemap import link_to
from cxlib.ui.tiers import tier_names

if TYPE_CHECKING:
    from cxlib.store.campaigns import CampaignRecord
    from cxlib.ui.scope import Scope


def part(scope: Scope) -> None:
    """Choose a campaign and say what it did, as far as its hold-out can tell."""
    kept = store().campaigns(scope.dataset.id)
    if not kept:
        states.empty(_("No campaign yet"), _("Draw one up under Campaign; its results are read here."), to_import=False)
        return
    by_number = {str(each.number): each for each in kept}
    number = link.choice(
        "campaign", list(by_number), label=_("Campaign"), say=lambda each: _named(by_number[each]), page="fit"
    )
    record = by_number[number]
    if not scope.has("offers"):
        states.empty(
            _("Nothing has come back yet"),
            _("Import a file with customer, campaign, and whether the offer was made, taken, and the customer left."),
        )
        return
    report = report_of(scope, record, {each.number: each.created_at.date() for each in kept})
    _said(scope, report)
    _drawn(report)
    _rows(scope, report)
    link_to("import", label=_("Import more results"))


def report_of(scope: Scope, record: CampaignRecord, drawn_on: dict[int, object]) -> OutcomeReport:
    """Return the outcomes of one campaign."""
    since = record.record.get("month")
    bills = bills_of(
        results.table(scope, "usage"),
        results.catalogue(scope),
        since=since,
        customers=results.table(scope, "customers"),
    )
    return outcome_report(
        results_of(results.table(scope, "offers"), record.number, drawn_on=drawn_on),  # type: ignore[arg-type]
        store().load_campaign(scope.dataset.id, record.number),
        customers=results.table(scope, "customers"),
        bills=bills,
        since=since,
        min_group=scope.settings.min_group,
        currency=results.catalogue(scope).currency,
    )


def _said(scope: Scope, report: OutcomeReport) -> None:
    found = report.headline
    more = [say_acceptance(found["acceptance"]), say_revenue(found["revenue"], results.catalogue(scope).currency)]
    finding(say_leaving(found["leaving"]), more=sentences(*more))
    for code, n, of in report.warnings.itertuples(index=False):
        states.note(f"{_(WARNINGS[code])} ({formats.number(n)} / {formats.number(of)})")


def _drawn(report: OutcomeReport) -> None:
    leaving = report.headline["leaving"]
    names = {"offer": _("Offered a plan"), "hold_out": _("Held out")}
    values = {name: (leaving[key], leaving[f"{key}_low"], leaving[f"{key}_high"]) for key, name in names.items()}
    chart(
        charts.intervals(
            values,
            say=formats.share,
            axis=_("Share who left"),
            notes={name: formats.people(leaving[f"{key}_n"]) for key, name in names.items()},
            tickformat=".0%",
        ),
        title=_("Who left, of those offered a plan and of those held out"),
        definition=_(definitions.OUTCOME),
        key="outcome",
    )


def _rows(scope: Scope, report: OutcomeReport) -> None:
    measures = {"acceptance": _("Took the plan"), "leaving": _("Left"), "revenue": _("Revenue per customer")}
    verdicts = {
        "lower": _("lower"), "higher": _("higher"), "cannot_tell": _("cannot tell"), "too_few": _("too few"),
        "no_hold_out": _("nobody held out"),
    }  # fmt: skip
    names = tier_names(scope)
    found = report.outcomes
    shown = found.assign(
        said=[
            _("All")
            if by == "all"
            else names.say(group)
            if by == "tier"
            else matching.say_direction(group if isinstance(group, str) else None)
            for by, group in zip(found["by"], found["group"], strict=True)
        ],
        measure=found["measure"].map(measures),
        verdict=found["verdict"].map(verdicts),
    )
    columns = {
        "said": Shown(_("Group")),
        "measure": Shown(_("Figure")),
        "offer_n": Shown(_("Offered"), "count"),
        "offer": Shown(_("Value, offered"), "number", decimals=3),
        "hold_out_n": Shown(_("Held out"), "count"),
        "hold_out": Shown(_("Value, held out"), "number", decimals=3),
        "difference": Shown(_("Difference"), "number", decimals=3),
        "difference_low": Shown(_("from"), "number", decimals=3),
        "difference_high": Shown(_("to"), "number", decimals=3),
        "verdict": Shown(_("Verdict")),
    }
    rows(shown, columns, name="outcomes", scope=scope, key="outcomes", title=_("Results by group"))


def _named(record: CampaignRecord) -> str:
    return safe(
        _(
            "{n}: {day}, {customers}",
            n=record.number,
            day=formats.day(record.created_at.date()),
            customers=formats.people(record.rows),
        )
    )
