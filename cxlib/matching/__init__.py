"""Matching: what usage costs on each plan, and whose plan has not matched for months."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cxlib.matching.bills import bill, bill_all, line_items
from cxlib.matching.catalogue import Catalogue
from cxlib.matching.fit import fit_summary, flag_history, plan_fit
from cxlib.matching.reasons import reasons, say_reason
from cxlib.matching.rollup import merge_rollups, rollup_events

if TYPE_CHECKING:
    from cxlib.matching.backtest import backtest, summarise_backtest
    from cxlib.matching.recommender import PlanRecommender
    from cxlib.matching.walk_forward import WalkForwardSplit

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

_LEARNING = {
    "PlanRecommender": "recommender",
    "WalkForwardSplit": "walk_forward",
    "backtest": "backtest",
    "summarise_backtest": "backtest",
}


def __getattr__(name: str) -> Any:
    """Load what learns when it is first asked for: it brings scikit-learn, which takes seconds to import."""
    if name not in _LEARNING:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    found = getattr(import_module(f"{__name__}.{_LEARNING[name]}"), name)
    globals()[name] = found
    return found
