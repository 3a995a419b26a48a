"""Matching: what usage costs on each plan, and whose plan has not matched for months."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cxlib.matching.bills import bill, bill_all, line_items
from cxlib.matching.campaign import campaign, campaign_curve, candidates, exclusions
from cxlib.matching.catalogue import Catalogue
from cxlib.matching.fit import fit_summary, flag_history, plan_fit
from cxlib.matching.flag_changes import count_changes, flag_changes
from cxlib.matching.group_fit import group_fit
from cxlib.matching.moves import moves
from cxlib.matching.offer_outcomes import offer_outcomes, outcome_warnings
from cxlib.matching.offer_results import bills_of, join_results, results_of
from cxlib.matching.operator_view import operator_view
from cxlib.matching.power import hold_out_power, past_leaving
from cxlib.matching.reasons import reasons, say_reason
from cxlib.matching.reconcile import reconcile, reconcile_customers, reconcile_summary, withheld
from cxlib.matching.rollup import merge_rollups, rollup_events
from cxlib.matching.streamed import fit_summary_file, plan_fit_file

if TYPE_CHECKING:
    from cxlib.matching.backtesting import backtest
    from cxlib.matching.recommender import PlanRecommender
    from cxlib.matching.reliability import backtest_by, calibration, reliability_curve, summarise_backtest
    from cxlib.matching.walk_forward import WalkForwardSplit, regret_scorer

__all__ = [
    "Catalogue",
    "PlanRecommender",
    "WalkForwardSplit",
    "backtest",
    "backtest_by",
    "bill",
    "bill_all",
    "bills_of",
    "calibration",
    "campaign",
    "campaign_curve",
    "candidates",
    "count_changes",
    "exclusions",
    "fit_summary",
    "fit_summary_file",
    "flag_changes",
    "flag_history",
    "group_fit",
    "hold_out_power",
    "join_results",
    "line_items",
    "merge_rollups",
    "moves",
    "offer_outcomes",
    "operator_view",
    "outcome_warnings",
    "past_leaving",
    "plan_fit",
    "plan_fit_file",
    "reasons",
    "reconcile",
    "reconcile_customers",
    "reconcile_summary",
    "regret_scorer",
    "reliability_curve",
    "results_of",
    "rollup_events",
    "say_reason",
    "summarise_backtest",
    "withheld",
]

_LEARNING = {
    "PlanRecommender": "recommender",
    "WalkForwardSplit": "walk_forward",
    "backtest": "backtesting",
    "backtest_by": "reliability",
    "calibration": "reliability",
    "regret_scorer": "walk_forward",
    "reliability_curve": "reliability",
    "summarise_backtest": "reliability",
}


def __getattr__(name: str) -> Any:
    """Load what learns when it is first asked for: it brings scikit-learn, which takes seconds to import."""
    if name not in _LEARNING:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    found = getattr(import_module(f"{__name__}.{_LEARNING[name]}"), name)
    globals()[name] = found
    return found
