"""Matching: what usage costs on each plan, and whose plan has not matched for months."""

from cxlib.matching.backtest import WalkForwardSplit, backtest, summarise_backtest
from cxlib.matching.bills import bill, bill_all, line_items
from cxlib.matching.catalogue import Catalogue
from cxlib.matching.fit import fit_summary, flag_history, plan_fit
from cxlib.matching.reasons import reasons, say_reason
from cxlib.matching.recommender import PlanRecommender
from cxlib.matching.rollup import merge_rollups, rollup_events

__all__ = [
    "Catalogue",
    "PlanRecommender",
    "WalkForwardSplit",
    "backtest",
    "bill",
    "bill_all",
    "fit_summary",
    "flag_history",
    "line_items",
    "merge_rollups",
    "plan_fit",
    "reasons",
    "rollup_events",
    "say_reason",
    "summarise_backtest",
]
