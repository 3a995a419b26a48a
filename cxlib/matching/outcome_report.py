"""What came of a campaign, for the command line and for reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cxlib import formats
from cxlib.engine.records import records
from cxlib.matching.offer_outcomes import WARNINGS, offer_outcomes, outcome_warnings
from cxlib.matching.offer_results import join_results
from cxlib.texts import _

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class OutcomeReport:
    """The outcomes of a campaign: see `offer_outcomes`, `outcome_warnings` and `join_results`."""

    outcomes: pd.DataFrame
    warnings: pd.DataFrame
    joined: pd.DataFrame
    currency: str | None

    @property
    def headline(self) -> dict[str, dict[str, Any]]:
        """The measures over all customers, by name, missing values as None."""
        rows = self.outcomes[self.outcomes["by"] == "all"]
        return {row["measure"]: row for row in records(rows.drop(columns=["by", "group"]))}

    def as_dict(self) -> dict[str, Any]:
        """Return the report for JSON."""
        sources = {name: self.joined[name].dropna().unique().tolist() for name in ("left_from", "revenue_from")}
        return {
            "customers": int(self.joined["group"].notna().sum()),
            "outcomes": records(self.outcomes),
            "warnings": [each | {"said": say_warning(each)} for each in records(self.warnings)],
            **{name: found[0] if found else None for name, found in sources.items()},
        }

    @property
    def said(self) -> str:
        """The report as text in the reader's language."""
        found = self.headline
        lines = [
            say_acceptance(found["acceptance"]),
            say_leaving(found["leaving"]),
            say_revenue(found["revenue"], self.currency),
        ]
        lines += [
            f"! {say_warning(row)} ({formats.number(row['customers'])} / {formats.number(row['of'])})"
            for row in records(self.warnings)
        ]
        return "\n".join(line for line in lines if line)


def outcome_report(
    results: Any,
    drawn_up: Any = None,
    *,
    customers: Any = None,
    bills: Any = None,
    since: Any = None,
    until: Any = None,
    min_group: int = 10,
    currency: str | None = None,
) -> OutcomeReport:
    """Read the results of a campaign; the parameters are those of `join_results` and `offer_outcomes`."""
    joined = join_results(results, drawn_up, customers=customers, bills=bills, since=since, until=until)
    return OutcomeReport(
        outcomes=offer_outcomes(joined, min_group=min_group),
        warnings=outcome_warnings(joined, min_group=min_group),
        joined=joined,
        currency=currency,
    )


def say_warning(row: dict[str, Any]) -> str:
    """Return a row of `outcome_warnings` as a sentence, without its numbers."""
    text = WARNINGS[row["code"]]
    return _(text)


def say_acceptance(row: dict[str, Any]) -> str:
    """Return a row of `offer_outcomes` of the measure acceptance as a sentence, empty where nothing is known."""
    if row["offer"] is None:
        return ""
    return _(
        "{share} of {n} took a plan that they were offered ({low} to {high}).",
        share=formats.share(row["offer"]),
        n=formats.people(row["offer_n"]),
        low=formats.share(row["offer_low"]),
        high=formats.share(row["offer_high"]),
    )


def say_leaving(row: dict[str, Any]) -> str:
    """Return a row of the measure leaving as a sentence."""
    values = {
        "offer": formats.share(row["offer"]),
        "held": formats.share(row["hold_out"]),
        "low": _points(row["difference_low"]),
        "high": _points(row["difference_high"]),
    }
    if row["verdict"] == "lower":
        return _("Fewer left: {offer} against {held} of the held out ({low} to {high} points).", **values)
    if row["verdict"] == "higher":
        return _("More left: {offer} against {held} of the held out ({low} to {high} points).", **values)
    if row["verdict"] == "cannot_tell":
        return _(
            "Whether fewer leave cannot be told yet: {offer} against {held} of the held out ({low} to {high} points).",
            **values,
        )
    return _unread(row, _("Leaving"))


def say_revenue(row: dict[str, Any], currency: str | None) -> str:
    """Return a row of the measure revenue as a sentence, empty where no revenue is known."""
    if not row["offer_n"]:
        return ""
    if row["verdict"] not in ("lower", "higher", "cannot_tell"):
        return _unread(row, _("Revenue"))
    values = {
        "offer": formats.money(row["offer"], currency),
        "held": formats.money(row["hold_out"], currency),
        "low": formats.money(row["difference_low"], currency),
        "high": formats.money(row["difference_high"], currency),
    }
    if row["verdict"] == "cannot_tell":
        return _(
            "What the offer does to revenue cannot be told yet: {offer} a customer against {held} ({low} to {high}).",
            **values,
        )
    return _("Revenue is {offer} a customer against {held} of the held out ({low} to {high}).", **values)


def _unread(row: dict[str, Any], measure: str) -> str:
    if row["verdict"] == "no_hold_out":
        return _("{measure}: nothing is known of held-out customers to compare with.", measure=measure)
    return _(
        "{measure}: too few to compare, {n} offered and {held} held out.",
        measure=measure,
        n=formats.number(row["offer_n"]),
        held=formats.number(row["hold_out_n"]),
    )


def _points(share: float | None) -> str:
    return formats.NOTHING if share is None else formats.number(100 * share, decimals=1)
