"""All measures of plan fit in one go, for the command line and for reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from cxlib import formats
from cxlib.engine.records import plain, records
from cxlib.errors import CxError
from cxlib.matching.fit import fit_summary, flag_history, plan_fit
from cxlib.matching.gap_causes import CAUSE_TEXTS
from cxlib.matching.months import month_number, month_text
from cxlib.matching.moves import minor
from cxlib.matching.reasons import reasons, say_reason
from cxlib.matching.reconcile import ReconcileSummary, reconcile_summary, withheld
from cxlib.matching.report_text import said_report
from cxlib.texts import N_, _, ngettext

if TYPE_CHECKING:
    from cxlib.matching.catalogue import Catalogue

_ADVICE: Final = [
    "advised_plan_id", "expected_saving", "p_saves", "strong", "interval_low", "interval_high", "cheapest_plan_id",
    "safest_plan_id", "headroom_plan_id", "expected_cost_held", "expected_cost_advised", "switching_cost",
    "payback_months", "p_within", "months_known", "basis",
]  # fmt: skip
_MONEY: Final = ("interval_low", "interval_high", "expected_cost_held", "expected_cost_advised", "switching_cost")


@dataclass(frozen=True, kw_only=True)
class MatchingReport:
    """Plan fit of all customers: see `plan_fit`, `fit_summary`, `flag_history`, `reconcile_summary`.

    `any` and `own` are the number of customers flagged in any window and in each one's own last; `withheld` are those
    of `reconcile.withheld`; `advice` that of `PlanRecommender.recommend` where it was asked for, over `horizon` months.
    Sums are exact in the smallest unit of money.
    """

    fit: pd.DataFrame
    plans: pd.DataFrame
    history: pd.DataFrame
    any: int
    own: int
    months: int
    catalogue: Catalogue
    reconciliation: ReconcileSummary
    withheld: pd.DataFrame
    advice: pd.DataFrame | None = None
    horizon: int | None = None
    usage: Any = field(default=None, repr=False)
    customers: Any = field(default=None, repr=False)

    @property
    def flagged(self) -> pd.DataFrame:
        """The flagged customers, the largest saving first."""
        chosen = self.fit[self.fit["state"] == "flagged"]
        return chosen.sort_values("saving_minor", ascending=False, kind="stable", ignore_index=True)

    @property
    def rows(self) -> pd.DataFrame:
        """Who is flagged or advised to switch, with the reason in a sentence; the largest savings first.

        The columns of `plan_fit`; reason of the flag; reconciled (missing where no bill could be compared) and
        likely_cause where it is false. With advice: advice, its state; its plans and numbers, of which expected_saving
        is rounded to the smallest unit (and 0 where no switch is advised), so that the column sums up to the headline;
        expected_saving_minor; advice_reason.
        """
        rows = self.fit.assign(reconciled=self._reconciled(), likely_cause=self._cause_of())
        chosen, order = rows["state"] == "flagged", ["saving_minor"]
        if self.advice is not None:
            rows = rows.merge(self._advised(), on="customer_id", how="left")
            rows["expected_saving_minor"] = rows["expected_saving_minor"].fillna(0).astype("int64")
            rows["expected_saving"] = rows["expected_saving_minor"] / self._unit
            chosen, order = chosen | (rows["advice"] == "switch"), ["expected_saving_minor", "saving_minor"]
        rows = rows[chosen].sort_values(order, ascending=False, kind="stable", ignore_index=True)
        return self._with_reasons(rows).assign(month=lambda frame: frame["month"].dt.date)

    @property
    def notes(self) -> list[str]:
        """What a reader should know about the data before the numbers, in sentences."""
        short = int((self.fit["state"] == "short").sum())
        told = {"months": self.months, "month": formats.month(self._month)}
        said = []
        if short == len(self.fit):
            text = _("No customer has {months} complete months in a row up to {month}: nobody can be flagged.", **told)
            said.append(text)
        elif short:
            text = ngettext(
                "{count} customer lacks one of the {months} months up to {month}, or it is not complete, and cannot be "
                "flagged.",
                "{count} customers lack one of the {months} months up to {month}, or it is not complete, and cannot be "
                "flagged.",
                short,
                count=formats.number(short),
                **told,
            )
            said.append(text)
        if self.advice is not None and (self.advice["state"] == "not_enough_data").all():
            said.append(
                _("No customer has {months} complete months with usage: nobody can be advised.", months=self.months)
            )
        return said

    def as_dict(self) -> dict[str, Any]:
        """Return the report for JSON."""
        flagged = self.flagged
        found = {
            "customer_months": int(self.plans["customer_months"].sum()),
            "customers": len(self.fit),
            "customers_with_window": int((self.fit["state"] != "short").sum()),
            "paid": self._money(self.plans["paid_minor"].sum()),
            "cheapest": self._money(self.plans["cheapest_minor"].sum()),
            "month": self._month,
            "flagged": len(flagged),
            "flagged_any_window": self.any,
            "flagged_own_last": self.own,
            "saving": self._money(flagged["saving_minor"].sum()),
            "by_direction": {
                direction: {"flagged": len(part), "saving": self._money(part["saving_minor"].sum())}
                for direction, part in flagged.groupby("direction")
            },
            "plans": records(self.plans.drop(columns=[c for c in self.plans.columns if c.endswith("_minor")])),
            "standing": [
                {"month": f"{month:%Y-%m}", "standing": int(part["standing"].sum()), "new": int(part["new"].sum()),
                 "resolved": int(part["resolved"].sum())}
                for month, part in self.history.groupby("month")
            ],
            "reconciliation": self._reconciliation(),
            "notes": self.notes,
        }  # fmt: skip
        return found if self.advice is None else found | {"advice": self._advice()}

    @property
    def said(self) -> str:
        """The report as text."""
        return said_report(self.as_dict(), self.plans, self.catalogue.currency)

    @property
    def _unit(self) -> int:
        return int(10**self.catalogue.minor_digits)

    @property
    def _month(self) -> str | None:
        return max((f"{month:%Y-%m}" for month in self.fit["month"].unique()), default=None)

    def _money(self, minor: Any) -> float:
        return float(int(minor) / self._unit)

    def _reconciled(self) -> pd.Series[Any]:
        known = pd.Series(pd.NA, index=self.fit.index, dtype="boolean")
        if self.reconciliation.compared:
            known[:] = ~self.fit["customer_id"].isin(self.withheld["customer_id"])
        return known

    def _cause_of(self) -> pd.Series[Any]:
        return self.fit["customer_id"].map(self.withheld.set_index("customer_id")["cause"]).astype("str")

    def _advised(self) -> pd.DataFrame:
        """Return the advice by customer, money rounded to the smallest unit."""
        advice = pd.DataFrame() if self.advice is None else self.advice
        switch = advice["state"] == "switch"
        saving = minor(advice["expected_saving"].where(switch, 0.0).fillna(0.0), self.catalogue.minor_digits)
        columns: dict[str, Any] = {name: advice[name] for name in _ADVICE if name in advice}
        for name in _MONEY:
            columns[name] = columns[name].round(self.catalogue.minor_digits)
        columns |= {"expected_saving": saving / self._unit, "expected_saving_minor": saving}
        return pd.DataFrame({"customer_id": advice["customer_id"], "advice": advice["state"], **columns})

    def _with_reasons(self, rows: pd.DataFrame) -> pd.DataFrame:
        said: dict[str, str] = {}
        for month, part in rows[rows["state"] == "flagged"].groupby("month"):
            when = f"{month:%Y-%m}"
            found = reasons(part, self.usage, self.catalogue, month=when, months=self.months, customers=self.customers)
            for row in found.itertuples():
                said[str(row.customer_id)] = say_reason(row, currency=self.catalogue.currency, months=self.months)
        rows = rows.assign(reason=rows["customer_id"].map(said).astype("str"))
        if self.advice is not None:
            texts = [self._why(row) for row in rows.itertuples()]
            rows = rows.assign(advice_reason=pd.Series(texts, index=rows.index, dtype="str"))
        return rows

    def _why(self, row: Any) -> str:
        """Return what is advised to one customer and why, in a sentence."""
        if row.advice == "switch":
            return self._why_switch(row)
        if row.advice == "not_reconciled":
            return _(CAUSE_TEXTS.get(row.likely_cause, CAUSE_TEXTS["unknown"]))
        if row.advice == "stay":
            return _("No plan that may be taken is expected to save more than asked for.")
        return _("There are fewer than {months} complete months with usage.", months=self.months)

    def _why_switch(self, row: Any) -> str:
        money = partial(formats.money, currency=self.catalogue.currency)
        told = {
            "n": self.horizon,
            "held": row.plan_id,
            "cost": money(row.expected_cost_held),
            "advised": row.advised_plan_id,
            # what is left to the cent, so that the sentence adds up
            "less": money(row.expected_cost_held - row.expected_saving),
            "saving": money(row.expected_saving),
            "p": formats.chance(row.p_saves),
        }
        if row.switching_cost > 0:
            return _(
                "Over {n} months {held} is expected to cost {cost}, {advised} {less}, of it {once} for the switch: "
                "{saving} less, with a probability of {p}.",
                once=money(row.switching_cost),
                **told,
            )
        return _(
            "Over {n} months {held} is expected to cost {cost}, {advised} {less}: {saving} less, with a probability "
            "of {p}.",
            **told,
        )

    def _reconciliation(self) -> dict[str, Any]:
        found = self.reconciliation
        return {
            "state": "compared" if found.compared else "not_reconciled",
            "compared": found.compared,
            "reconciled": found.reconciled,
            "withheld": found.withheld,
            "share": plain(found.share),
            "customer_months": found.customer_months,
            "within": found.within,
            "causes": records(found.causes.drop(columns="gap_minor")) if found.compared else [],
        }

    def _advice(self) -> dict[str, Any]:
        advised = self._advised()
        switch = advised[advised["advice"] == "switch"]
        strong = switch[switch["strong"].astype("boolean").fillna(value=False)]
        left = pd.DataFrame() if self.advice is None else self.advice
        return {
            "horizon": self.horizon,
            "states": {str(state): int(n) for state, n in advised["advice"].value_counts().items()},
            "switch": len(switch),
            "left": int((left["left"] & (left["state"] == "switch")).sum()),
            "expected_saving": self._money(switch["expected_saving_minor"].sum()),
            "strong": len(strong),
            "strong_saving": self._money(strong["expected_saving_minor"].sum()),
        }


def matching_report(
    usage: Any,
    catalogue: Catalogue,
    *,
    customers: Any = None,
    months: int = 3,
    min_saving: float = 0,
    as_of: str = "last",
    absent: Any = "missing",
    horizon: int | None = None,
) -> MatchingReport:
    """Return all measures of plan fit; the parameters are those of `plan_fit`.

    Parameters
    ----------
    horizon : int, optional
        Also recommend plans over so many months ahead, at the end of the same month (with ``as_of="any"`` the last).

    Raises
    ------
    CxError
        ``nothing_on_sale`` where no plan can be taken at the end of the month, or as `plan_fit` and `PlanRecommender`.
    """
    options: dict[str, Any] = {"customers": customers, "absent": absent}
    flag: dict[str, Any] = options | {"months": months, "min_saving": min_saving}

    def flagged(when: str) -> int:
        return int((plan_fit(usage, catalogue, as_of=when, **flag)["state"] == "flagged").sum())

    fit = plan_fit(usage, catalogue, as_of=as_of, **flag)
    _refuse_nothing_on_sale(fit, catalogue)
    until = None if as_of in ("last", "own", "any") else as_of
    judged: dict[str, Any] = {"customers": customers, "months": months, "until": until}
    advice = None
    if horizon is not None:
        from cxlib.matching.recommender import PlanRecommender  # noqa: PLC0415 - takes seconds to import

        recommender = PlanRecommender(catalogue, horizon=horizon, months=months, min_saving=min_saving)
        fitted = recommender.fit(usage, customers=customers)
        advice = fitted.recommend(usage, as_of="last" if as_of == "any" else as_of, customers=customers)
    return MatchingReport(
        fit=fit,
        plans=fit_summary(usage, catalogue, **options),
        history=flag_history(usage, catalogue, **flag),
        any=flagged("any"),
        own=flagged("own"),
        months=months,
        catalogue=catalogue,
        reconciliation=reconcile_summary(usage, catalogue, **judged),
        withheld=withheld(usage, catalogue, **judged),
        advice=advice,
        horizon=horizon,
        usage=usage,
        customers=customers,
    )


def _refuse_nothing_on_sale(fit: pd.DataFrame, catalogue: Catalogue) -> None:
    months = [month_number(month) for month in fit["month"].unique()]
    if months and not any(catalogue.on_sale(plan, month) for plan in catalogue.plan_ids for month in months):
        raise CxError(
            "nothing_on_sale",
            N_("No plan of the catalogue is on sale at the end of {month}: there is nothing to switch to."),
            hint=N_("Set on_sale and the dates of validity of the plans that may be taken."),
            column="on_sale",
            month=month_text(max(months)),
        )
