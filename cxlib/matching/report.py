"""All measures of plan fit in one go, for the command line and for reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cxlib import formats
from cxlib.engine.records import records
from cxlib.matching.fit import fit_summary, flag_history, plan_fit
from cxlib.texts import _

if TYPE_CHECKING:
    import pandas as pd

    from cxlib.matching.catalogue import Catalogue


@dataclass(frozen=True, kw_only=True)
class MatchingReport:
    """Plan fit of all customers: see `plan_fit`, `fit_summary`, `flag_history`.

    `as_of` is the fit asked for, `any` and `own` the number of customers flagged in any window and in each one's own
    last; sums are exact in the smallest unit of money.
    """

    fit: pd.DataFrame
    plans: pd.DataFrame
    history: pd.DataFrame
    any: int
    own: int
    catalogue: Catalogue

    @property
    def flagged(self) -> pd.DataFrame:
        """The flagged customers, the largest saving first."""
        chosen = self.fit[self.fit["state"] == "flagged"]
        return chosen.sort_values("saving", ascending=False, kind="stable", ignore_index=True)

    def as_dict(self) -> dict[str, Any]:
        """Return the report for JSON."""
        flagged = self.flagged
        months = [f"{month:%Y-%m}" for month in self.fit["month"]]
        return {
            "customer_months": int(self.plans["customer_months"].sum()),
            "customers": len(self.fit),
            "customers_with_window": int((self.fit["state"] != "short").sum()),
            "paid": self._money(self.plans["paid_minor"].sum()),
            "cheapest": self._money(self.plans["cheapest_minor"].sum()),
            "month": max(months, default=None),
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
        }  # fmt: skip

    @property
    def said(self) -> str:
        """The report as text."""
        found = self.as_dict()
        currency = self.catalogue.currency
        lines = [
            _(
                "{rows} customer-months of {customers} customers; paid {paid}, on each month's cheapest plan {least}.",
                rows=formats.number(found["customer_months"]),
                customers=formats.number(found["customers"]),
                paid=formats.money(found["paid"], currency),
                least=formats.money(found["cheapest"], currency),
            ),
            self.plans[["plan_id", "customer_months", "paid", "mismatched", "ties", "all_on"]].to_string(index=False),
            _(
                "Flagged: {n} at {month}, saving {saving}; {own} in their own last months; {any} in any window.",
                n=formats.number(found["flagged"]),
                month=formats.month(found["month"]),
                saving=formats.money(found["saving"], currency),
                own=formats.number(self.own),
                any=formats.number(self.any),
            ),
            *(
                f"  {way}: {part['flagged']}, {formats.money(part['saving'], currency)}"
                for way, part in found["by_direction"].items()
            ),
            _("Flags standing at each month's end: {course}", course=", ".join(
                f"{formats.month(each['month'])} {each['standing']}" for each in found["standing"]
            )),
        ]  # fmt: skip
        return "\n".join(lines)

    def _money(self, minor: Any) -> float:
        return float(int(minor) / 10**self.catalogue.minor_digits)


def matching_report(
    usage: Any,
    catalogue: Catalogue,
    *,
    customers: Any = None,
    months: int = 3,
    min_saving: float = 0,
    as_of: str = "last",
    absent: Any = "missing",
) -> MatchingReport:
    """Return all measures of plan fit; the parameters are those of `plan_fit`."""
    options: dict[str, Any] = {"customers": customers, "absent": absent}
    flag: dict[str, Any] = options | {"months": months, "min_saving": min_saving}

    def flagged(when: str) -> int:
        return int((plan_fit(usage, catalogue, as_of=when, **flag)["state"] == "flagged").sum())

    return MatchingReport(
        fit=plan_fit(usage, catalogue, as_of=as_of, **flag),
        plans=fit_summary(usage, catalogue, **options),
        history=flag_history(usage, catalogue, **flag),
        any=flagged("any"),
        own=flagged("own"),
        catalogue=catalogue,
    )
