"""Plan fit of files larger than memory in one go, for the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cxlib import formats
from cxlib.engine.records import records
from cxlib.matching.report_text import DIRECTION_NAMES
from cxlib.matching.streamed import fit_summary_file, plan_fit_file
from cxlib.texts import _

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from cxlib.matching.catalogue import Catalogue
    from cxlib.matching.parts import Paths


@dataclass(frozen=True, kw_only=True)
class StreamedReport:
    """Sums of plan fit: `states` as `plan_fit_file` returns them with `out`, `plans` as `fit_summary_file` does."""

    states: pd.DataFrame
    plans: pd.DataFrame
    catalogue: Catalogue
    out: Path

    def as_dict(self) -> dict[str, Any]:
        """Return the report for JSON; the numbers have the names of `report.MatchingReport`."""
        flagged = self.states[self.states["state"] == "flagged"]
        return {
            "customer_months": int(self.plans["customer_months"].sum()),
            "customers": int(self.states["customers"].sum()),
            "customers_with_window": int(self.states.loc[self.states["state"] != "short", "customers"].sum()),
            "paid": self._money(self.plans["paid_minor"].sum()),
            "cheapest": self._money(self.plans["cheapest_minor"].sum()),
            "flagged": int(flagged["customers"].sum()),
            "saving": self._money(flagged["saving_minor"].sum()),
            "by_direction": {
                str(row["direction"]): {"flagged": row["customers"], "saving": self._money(row["saving_minor"])}
                for row in records(flagged)
            },
            "plans": records(self.plans.drop(columns=[c for c in self.plans.columns if c.endswith("_minor")])),
            "out": str(self.out),
        }

    @property
    def said(self) -> str:
        """The report as text."""
        found, currency = self.as_dict(), self.catalogue.currency
        head = _(
            "{rows} customer-months of {customers} customers; paid {paid}, on each month's cheapest plan {least}.",
            rows=formats.number(found["customer_months"]),
            customers=formats.number(found["customers"]),
            paid=formats.money(found["paid"], currency),
            least=formats.money(found["cheapest"], currency),
        )
        table = self.plans[["plan_id", "customer_months", "paid", "mismatched", "ties", "all_on"]]
        flagged = _(
            "Flagged: {n}, saving {saving}. All customers are in {file}.",
            n=formats.number(found["flagged"]),
            saving=formats.money(found["saving"], currency),
            file=self.out,
        )
        names = {way: DIRECTION_NAMES[way] for way in found["by_direction"]}
        ways = [
            f"  {_(name)}: {formats.number(found['by_direction'][way]['flagged'])}, "
            + formats.money(found["by_direction"][way]["saving"], currency)
            for way, name in names.items()
        ]
        return "\n".join([head, table.to_string(index=False), flagged, *ways])

    def _money(self, minor: Any) -> float:
        return float(int(minor) / 10**self.catalogue.minor_digits)


def streamed_report(
    paths: Paths,
    catalogue: Catalogue,
    *,
    out: Path,
    customers: Any = None,
    months: int = 3,
    min_saving: float = 0,
    as_of: str = "last",
    absent: Any = "missing",
) -> StreamedReport:
    """Write the rows of `plan_fit` to `out` and return their sums; the parameters are those of `plan_fit_file`."""
    states = plan_fit_file(
        paths, catalogue, customers=customers, months=months, min_saving=min_saving, as_of=as_of, absent=absent, out=out
    )
    plans = fit_summary_file(paths, catalogue, customers=customers, absent=absent)
    return StreamedReport(states=states, plans=plans, catalogue=catalogue, out=out)
