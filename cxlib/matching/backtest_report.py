"""The back-test of a whole company in one go, for the command line and for reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cxlib import formats
from cxlib.engine.records import plain, records
from cxlib.matching.backtesting import WITHHELD, backtest
from cxlib.matching.recommender import PlanRecommender
from cxlib.matching.reliability import calibration, summarise_backtest
from cxlib.matching.rules import RULE_NAMES
from cxlib.texts import _, ngettext

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from cxlib.matching.catalogue import Catalogue


@dataclass(frozen=True, kw_only=True)
class BacktestReport:
    """What a back-test says: `rows` of `backtest`, `rules` of `summarise_backtest`, `calibration`."""

    rows: pd.DataFrame
    rules: pd.DataFrame
    calibration: dict[str, Any]
    horizon: int
    catalogue: Catalogue

    def as_dict(self) -> dict[str, Any]:
        """Return the report for JSON."""
        return {
            "customer_origins": len(self.rows),
            "customers": int(self.rows["customer_id"].nunique()),
            "withheld": self.withheld,
            "horizon": self.horizon,
            "rules": records(self.rules),
            "calibration": {name: plain(value) for name, value in self.calibration.items()},
        }

    @property
    def withheld(self) -> int:
        """Customers who are not judged because their bills do not reconcile."""
        return int(self.rows.attrs.get(WITHHELD, 0))

    @property
    def said(self) -> str:
        """The report as text."""
        if self.rows.empty:
            text = _("Nothing can be judged: no customer has enough months before and after the end of a month.")
            return "\n".join([text, *self._said_withheld()])
        if self.rows["difference"].isna().all():
            text = _("Nothing can be judged: no customer may take another plan than the one held.")
            return "\n".join([text, *self._said_withheld()])
        currency = self.catalogue.currency
        head = _(
            "{rows} choices of {customers} customers, each over the {n} months that followed.",
            rows=formats.number(len(self.rows)),
            customers=formats.number(self.rows["customer_id"].nunique()),
            n=self.horizon,
        )
        lines = [head, *self._said_withheld()]
        for rule in self.rules.to_dict("records"):
            name = RULE_NAMES[rule["rule"]]
            text = _(
                "{rule}: regret {regret} ({low} to {high}), best plan chosen {hit}, saved {saved} ({share} of what "
                "perfect foresight saves)",
                rule=_(name),
                regret=formats.money(rule["mean_regret"], currency),
                low=formats.money(rule["regret_low"], currency),
                high=formats.money(rule["regret_high"], currency),
                hit=formats.share(rule["hit_rate"]),
                saved=formats.money(rule["saved"], currency),
                share=formats.share(rule["saved_share"]),
            )
            lines.append(text)
        return "\n".join([*lines, *self._said_reliability()])

    def _said_withheld(self) -> list[str]:
        return [say_withheld(self.withheld)] if self.withheld else []

    def _said_reliability(self) -> list[str]:
        ours = next((each for each in self.rules.to_dict("records") if each["rule"] == "recommended"), None)
        if ours is None:
            return []
        return [
            _(
                "80 % intervals held {coverage}. Strong: {n}, of which {precision} saved ({low} to {high}).",
                coverage=formats.share(ours["coverage"]),
                n=formats.number(ours["strong"]),
                precision=formats.share(ours["strong_precision"]),
                low=formats.share(ours["strong_low"]),
                high=formats.share(ours["strong_high"]),
            )
        ]


def say_withheld(customers: int) -> str:
    """Return how many are not judged because they would not have been advised."""
    return ngettext(
        "{count} customer whose bills do not reconcile is not judged: advice is withheld there.",
        "{count} customers whose bills do not reconcile are not judged: advice is withheld there.",
        customers,
        count=formats.number(customers),
    )


def backtest_report(
    usage: Any,
    catalogue: Catalogue,
    *,
    customers: Any = None,
    months: int = 3,
    min_saving: float = 0,
    horizon: int = 3,
    max_customers: int | None = None,
    report: Callable[[float | None, str], None] = lambda _share, _said: None,
) -> BacktestReport:
    """Back-test `PlanRecommender` with these settings; the other parameters are those of `backtest`."""
    recommender = PlanRecommender(catalogue, horizon=horizon, months=months, min_saving=min_saving)
    rows = backtest(recommender, usage, customers=customers, max_customers=max_customers, report=report)
    return BacktestReport(
        rows=rows,
        rules=summarise_backtest(rows),
        calibration=calibration(rows),
        horizon=horizon,
        catalogue=catalogue,
    )
