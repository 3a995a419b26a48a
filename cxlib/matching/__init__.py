"""Matching: what usage costs on each plan, and whose plan has not matched for months."""

from cxlib.matching.bills import bill, bill_all, line_items
from cxlib.matching.catalogue import Catalogue
from cxlib.matching.fit import fit_summary, flag_history, plan_fit
from cxlib.matching.rollup import merge_rollups, rollup_events

__all__ = [
    "Catalogue",
    "bill",
    "bill_all",
    "fit_summary",
    "flag_history",
    "line_items",
    "merge_rollups",
    "plan_fit",
    "rollup_events",
]
