"""A campaign from the tables of a company: drawn, said, exported, and what is kept of how it was drawn."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from cxlib import formats
from cxlib.engine.intervals import NOTHING
from cxlib.engine.records import records
from cxlib.matching.campaign import (
    EXCLUDED,
    HOLD_OUT,
    OFFER,
    Goal,
    campaign,
    campaign_curve,
    candidates,
    check_draw,
    exclusions,
)
from cxlib.matching.fit import plan_fit
from cxlib.matching.months import last_day, month_number, month_text
from cxlib.matching.operator_view import operator_view
from cxlib.matching.power import hold_out_power, past_leaving
from cxlib.texts import N_, _, sentences

if TYPE_CHECKING:
    from cxlib.engine.intervals import Estimate
    from cxlib.matching.catalogue import Catalogue

DIRECTION_NAMES = {
    "under_provisioned": N_("to a larger plan"),
    "over_provisioned": N_("to a smaller plan"),
    "sideways": N_("to a plan of the same fee"),
}
CURVE_POINTS = 20


@dataclass(frozen=True, kw_only=True)
class Draw:
    """How a campaign is drawn; money in units. See `campaign.candidates` and `campaign.campaign`."""

    goal: Goal = "retention"
    hold_out: float = 0.1
    seed: int = 0
    most: int | None = None
    horizon: int = 3
    months: int = 3
    min_saving: float = 0.0
    least_p: float = 0.0
    only_flagged: bool = False

    def __post_init__(self) -> None:
        check_draw(self.goal, self.hold_out, self.most)


@dataclass(frozen=True, kw_only=True)
class CampaignReport:
    """A campaign: `candidates` has every customer with the reason against an offer, `rows` those of the campaign.

    `view` is the operator's view of all of these, see `operator_view`. `leaving` is the share that left over as many
    months as the horizon has, up to `month`; all NaN where not known.
    """

    draw: Draw
    month: str
    candidates: pd.DataFrame
    rows: pd.DataFrame
    view: pd.DataFrame
    leaving: Estimate
    catalogue: Catalogue

    @property
    def excluded(self) -> pd.DataFrame:
        """Who is not in it, by reason, see `campaign.exclusions`."""
        return exclusions(self.candidates, self.rows)

    @property
    def power(self) -> pd.Series[Any]:
        """What this hold-out would measure, see `power.hold_out_power`; missing where it would nothing."""
        held = (self.rows["group"] == HOLD_OUT).sum()
        sd = self.rows["expected_bill"].std(ddof=1) if len(self.rows) > 1 else None
        base = self.leaving.value
        table = hold_out_power(
            len(self.rows),
            leaving=0.0 if pd.isna(base) else base,
            revenue_sd=sd,
            shares=[held / len(self.rows)] if 0 < held < len(self.rows) else [],
        )
        row = table.reindex([0]).iloc[0]
        return row if pd.notna(base) else row.drop(["leaving_rise", "leaving_fall"]).reindex(table.columns)

    def record(self) -> dict[str, Any]:
        """Return what is kept beside the campaign: how it was drawn and when, ready for JSON."""
        return asdict(self.draw) | {"month": self.month, "plans": list(self.catalogue.plan_ids)}

    def export(self, *, number: int | None = None) -> pd.DataFrame:
        """Return the rows for a file: with the campaign's number and the reason in a sentence, without minor units."""
        out = self.rows.drop(columns=["saving_minor", "bill_minor"])
        out["month"] = out["month"].dt.strftime("%Y-%m")
        out.insert(0, "campaign", pd.Series([number] * len(out), dtype="Int64"))
        out["reason"] = pd.Series(
            say_offers(self.rows, currency=self.catalogue.currency, horizon=self.draw.horizon), dtype="str"
        )
        return out

    def as_dict(self) -> dict[str, Any]:
        """Return the report for JSON."""
        rows, power = self.rows, self.power
        offered = rows["group"] == OFFER
        tiers = rows.assign(offer=offered.astype("int64"), hold_out=(~offered).astype("int64"))
        tiers = tiers.groupby("tier", dropna=False)[[OFFER, HOLD_OUT]].sum().reset_index()
        ways = rows.groupby("direction")["saving_minor"].agg(["size", "sum"])
        curve = campaign_curve(rows, points=CURVE_POINTS)
        return self.record() | {
            "candidates": len(self.candidates),
            "customers": len(rows),
            "offer": int(offered.sum()),
            "hold_out_customers": int((~offered).sum()),
            "saving": self._money(rows["saving_minor"].sum()),
            "operator": records(self.view.drop(columns=[c for c in self.view.columns if c.endswith("_minor")])),
            "saving_offered": self._money(rows.loc[offered, "saving_minor"].sum()),
            "by_direction": {
                str(way): {"customers": int(row["size"]), "saving": self._money(row["sum"])}
                for way, row in ways.iterrows()
            },
            "by_tier": records(tiers),
            "excluded": {row["reason"]: row["customers"] for row in records(self.excluded)},
            "curve": [
                {"contacted": row["contacted"], "saving": self._money(row["saving_minor"]), "share": row["share"]}
                for row in records(curve)
            ],
            "measures": {
                "leaving": _known(self.leaving.value),
                "leaving_fall": _known(power["leaving_fall"]),
                "leaving_rise": _known(power["leaving_rise"]),
                "revenue": _known(power["revenue"]),
            },
        }

    @property
    def said(self) -> str:
        """The report as text in the reader's language."""
        found, currency = self.as_dict(), self.catalogue.currency
        lines = [
            _(
                "Offered a plan: {offer}; held out: {held}. Expected saving over {n} months: {saving}.",
                offer=formats.people(found["offer"]),
                held=formats.number(found["hold_out_customers"]),
                saving=formats.money(found["saving"], currency),
                n=self.draw.horizon,
            )
        ]
        if found["hold_out_customers"]:
            held = formats.money(found["saving"] - found["saving_offered"], currency)
            theirs = _("{saving} of it is that of the held out, who get no offer.", saving=held)
            lines = [sentences(*lines, theirs)]
        for way, part in found["by_direction"].items():
            saving = formats.money(part["saving"], currency)
            lines.append(f"  {_(DIRECTION_NAMES[way])}: {formats.people(part['customers'])}, {saving}")
        extra = self.view["break_even_extra_churn"].iloc[0]
        if pd.notna(extra):
            lines.append(
                _(
                    "That is what the company gives up; it would cost as much if {share} of them left.",
                    share=formats.share(extra),
                )
            )
        lines.append(_("Not in the campaign: {n}", n=formats.people(int(self.excluded["customers"].sum()))))
        lines += [f"  {_(EXCLUDED[reason])}: {formats.number(n)}" for reason, n in found["excluded"].items()]
        lines.append(self._say_power(found["measures"]))
        return "\n".join(lines)

    def _say_power(self, measures: dict[str, float | None]) -> str:
        if not (self.rows["group"] == HOLD_OUT).any():
            return _("Nobody is held out, so that nobody will be able to tell what the offer did.")
        if measures["leaving"] is None:
            return _("How many leave without an offer is not known, so that what the hold-out would measure is not.")
        if measures["leaving_fall"] is None:
            return _(
                "Usually {base} leave in that time; this hold-out is too small to notice even that none did.",
                base=formats.share(measures["leaving"]),
            )
        return _(
            "Usually {base} leave in that time; a fall by {fall} points or more has a chance of 80 % to be noticed.",
            base=formats.share(measures["leaving"]),
            fall=formats.number(100 * measures["leaving_fall"], decimals=1),
        )

    def _money(self, minor: Any) -> float:
        return float(int(minor) / 10**self.catalogue.minor_digits)


def draw_campaign(
    advice: pd.DataFrame,
    usage: Any,
    catalogue: Catalogue,
    draw: Draw,
    *,
    customers: Any = None,
    fit: pd.DataFrame | None = None,
    at_end: bool = True,
) -> CampaignReport:
    """Draw a campaign.

    Parameters
    ----------
    advice : DataFrame
        Of `PlanRecommender.recommend`, with the horizon of `draw`, all of one month.
    usage, customers : frame
        As for `plan_fit`.
    fit : DataFrame, optional
        Of `plan_fit` at the month of the advice; computed where absent.
    at_end : bool
        The month is the last one, so that whoever is known to have left is out; else only who left by its end.
    """
    number = month_number(advice["month"].max()) if len(advice) else None
    month = "" if number is None else month_text(number)
    if fit is None and number is not None:
        fit = plan_fit(
            usage, catalogue, customers=customers, months=draw.months, min_saving=draw.min_saving, as_of=month
        )
    found = candidates(
        advice,
        catalogue,
        customers=customers,
        fit=fit,
        horizon=draw.horizon,
        min_saving=draw.min_saving,
        least_p=draw.least_p,
        only_flagged=draw.only_flagged,
        left_by=None if at_end or number is None else last_day(number),
    )
    known = customers is not None and number is not None
    rows = campaign(found, goal=draw.goal, hold_out=draw.hold_out, seed=draw.seed, most=draw.most)
    chosen = advice[advice["customer_id"].isin(rows["customer_id"])]
    return CampaignReport(
        draw=draw,
        month=month,
        candidates=found,
        rows=rows,
        view=operator_view(chosen, catalogue, horizon=draw.horizon, customers=customers),
        leaving=past_leaving(customers, until=month, months=draw.horizon) if known else NOTHING,
        catalogue=catalogue,
    )


def say_offers(rows: pd.DataFrame, *, currency: str | None, horizon: int) -> list[str]:
    """Return why each customer of a campaign is offered a plan, in the reader's language."""
    bills = formats.moneys(rows["expected_bill"], currency)
    others = formats.moneys((rows["expected_bill"] - rows["expected_saving"]).round(9), currency)
    return [
        _(
            "Expected to pay {bill} on {plan} over {n} months, and {other} on {new}.",
            bill=bill,
            plan=plan,
            n=horizon,
            other=other,
            new=new,
        )
        for bill, plan, other, new in zip(bills, rows["plan_id"], others, rows["advised_plan_id"], strict=True)
    ]


def _known(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)
