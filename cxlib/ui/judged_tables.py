"""The tables behind the back-test: their columns in the reader's language, and the cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cxlib import formats
from cxlib.texts import _
from cxlib.ui import matching
from cxlib.ui.judged import say_rule
from cxlib.ui.show import Shown

if TYPE_CHECKING:
    import pandas as pd

    from cxlib.ui.judged import Judged
    from cxlib.ui.scope import Scope


def rule_columns(scope: Scope) -> dict[str, Shown]:
    """Return the columns of the table of rules."""
    money = matching.currency_of(scope)
    return {
        "mean_regret": Shown(_("Regret ({currency})", currency=money), "money"),
        "rule": Shown(_("Rule")),
        "stands": Shown(_("Recommended is")),
        "difference": Shown(_("Recommended less this"), "money", help=_("Where from and to enclose 0 it is noise.")),
        "difference_low": Shown(_("Difference, from"), "money"),
        "difference_high": Shown(_("Difference, to"), "money"),
        "regret_low": Shown(_("Regret, from"), "money"),
        "regret_high": Shown(_("Regret, to"), "money"),
        "mean_saved": Shown(_("Saved per case"), "money", help=_("Against staying, switching costs deducted.")),
        "saved": Shown(_("Saved in all"), "money"),
        "saved_share": Shown(_("Of what hindsight saves"), "share"),
        "hit_rate": Shown(_("Best plan hit"), "share"),
        "customer_origins": Shown(_("Cases"), "count"),
        "customers": Shown(_("Customers"), "count"),
    }


def rules(judged: Judged) -> pd.DataFrame:
    """Return what is said of each rule, and how the recommendation stands beside it."""
    table = judged.rules().sort_values("mean_regret", kind="stable")
    better, worse = table["difference_high"] < 0, table["difference_low"] > 0
    cases = [table["difference"].isna(), better, worse]
    stands = np.select(cases, ["", _("better"), _("worse")], _("as good: noise"))
    return table.assign(rule=[say_rule(rule) for rule in table["rule"]], stands=stands)


def curve_columns() -> dict[str, Shown]:
    """Return the columns of the table behind the reliability curve."""
    return {
        "bin_low": Shown(_("P(saves), from"), "share"),
        "bin_high": Shown(_("P(saves), to"), "share"),
        "predicted": Shown(_("Said, mean"), "share"),
        "observed": Shown(_("Happened"), "share"),
        "observed_low": Shown(_("Happened, from"), "share"),
        "observed_high": Shown(_("Happened, to"), "share"),
        "n": Shown(_("Cases"), "count"),
        "customers": Shown(_("Customers"), "count"),
    }


def group_columns(scope: Scope, label: str) -> dict[str, Shown]:
    """Return the columns of the table of segments or month ends."""
    money = matching.currency_of(scope)
    return {
        "mean_regret": Shown(_("Regret ({currency})", currency=money), "money"),
        "group": Shown(label),
        "customer_origins": Shown(_("Cases"), "count"),
        "customers": Shown(_("Customers"), "count"),
        "regret_low": Shown(_("Regret, from"), "money"),
        "regret_high": Shown(_("Regret, to"), "money"),
        "stay_regret": Shown(_("Regret of staying"), "money"),
        "mean_saved": Shown(_("Saved per case"), "money"),
        "saved": Shown(_("Saved in all"), "money"),
        "coverage": Shown(_("Interval held"), "share"),
        "strong_precision": Shown(_("Strong held"), "share"),
        "strong": Shown(_("Strong"), "count"),
        "strong_saved_share": Shown(_("Kept by strong"), "share"),
    }


def case_columns(scope: Scope) -> dict[str, Shown]:
    """Return the columns of the table of cases."""
    money = matching.currency_of(scope)
    return {
        "regret_recommended": Shown(_("Regret ({currency})", currency=money), "money"),
        "customer_id": Shown(_("Customer")),
        "at": Shown(_("At the end of")),
        "plan_id": Shown(_("Plan held")),
        "plan_recommended": Shown(_("Advice")),
        "best_plan_id": Shown(_("Best in hindsight")),
        "cost_held": Shown(_("Paid if stayed"), "money"),
        "cost_best": Shown(_("Paid on the best"), "money"),
        "p_other": Shown(_("P(saves)"), "share", help=_("Of the best other plan, also where the advice is to stay.")),
        "saved_other": Shown(_("It saved"), "money"),
        "strong": Shown(_("Strong"), "boolean"),
        "interval_low": Shown(_("80 % interval, from"), "money"),
        "interval_high": Shown(_("80 % interval, to"), "money"),
        "difference": Shown(_("What it was"), "money"),
    }


def cases(judged: Judged) -> pd.DataFrame:
    """Return the cases, those with the largest regret first."""
    shown = judged.rows.sort_values("regret_recommended", ascending=False, kind="stable")
    return shown.assign(at=shown["month"].map({month: formats.month(month) for month in shown["month"].unique()}))
