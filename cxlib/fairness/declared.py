"""The rule that a company declares for a tier, as a head start."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from cxlib.engine.frames import missing, names, pandas, standard

_UNITS: Final = {
    60: ("min", "mins", "minute", "minutes", "分钟", "分"),
    1: ("s", "sec", "secs", "second", "seconds", "秒", "秒钟", ""),
    3600: ("h", "hour", "hours", "小时"),
}
_HEAD_START: Final = re.compile(
    r"(?:head\s*-?\s*start|ahead|提前|提早|抢先|优先)\D{0,6}?(\d+(?:\.\d+)?)\s*([a-z]+|分钟|分|秒钟|秒|小时)?"
)
_AHEAD: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(h|hours?|min(?:ute)?s?|s|secs?|seconds?)\s+(?:head\s*-?\s*start|ahead)")
_NONE: Final = re.compile(
    r"first[\s-]*come|fcfs|fifo|first[\s-]*in|先到先|先来先|无优先|no priority|^\s*none\s*$|^\s*无\s*$"
)
_STRICT: Final = re.compile(r"strict|always first|absolute|绝对优先|始终优先|严格优先")


CLOSE_S: Final = 10
"""Seconds between the head start in force and the one declared that are called the same."""


def declared_head_start(rule: str | None) -> float | None:
    """Return the head start in seconds that a declared rule stands for; None where it cannot be told.

    "head start 90 s", "2 min ahead" and "提前 90 秒" are so many seconds, "first come, first served" and "先到先得" are
    0, "strict" and "绝对优先" are infinity.

    >>> declared_head_start("head start 90 s")
    90.0
    """
    text = "" if rule is None or pd.isna(rule) else str(rule).strip().lower()
    found = _HEAD_START.search(text) or _AHEAD.search(text)
    if found:
        unit = next((seconds for seconds, said in _UNITS.items() if (found[2] or "") in said), None)
        return None if unit is None else float(found[1]) * unit
    if _NONE.search(text):
        return 0.0
    return float("inf") if _STRICT.search(text) else None


def declared_head_starts(declared: Any, ranks: Any = None) -> dict[str, float]:
    """Return the declared head start of each tier, in seconds, where it can be told.

    Parameters
    ----------
    declared : mapping of tier to seconds or to the text of a rule, or the table of tiers, or None
    ranks : anything, optional
        Stands in for `declared` where that is None and this is a table of tiers with declared rules.
    """
    if declared is None:
        if ranks is None or isinstance(ranks, Mapping) or "declared_rule" not in names(ranks):
            return {}
        declared = ranks
    if isinstance(declared, Mapping):
        said = dict(declared)
    else:
        missing(("tier", "declared_rule"), names(declared), table="tiers")
        table = pandas(standard(declared, {"tier": "text", "declared_rule": "text"}))
        said = dict(zip(table["tier"], table["declared_rule"], strict=True))
    known = {
        str(tier): float(rule) if isinstance(rule, int | float) else declared_head_start(rule)
        for tier, rule in said.items()
    }
    return {tier: seconds for tier, seconds in known.items() if seconds is not None and not pd.isna(seconds)}


def not_as_declared(head_starts: pd.DataFrame, *, close_s: float = CLOSE_S) -> pd.DataFrame:
    """Return the head starts in force that are not the declared ones, the farthest from its declaration first.

    Parameters
    ----------
    head_starts : pandas frame
        What `implied_head_start` returns where rules are declared.
    close_s : float, seconds
        Differences up to this are none.

    Returns
    -------
    pandas frame
        Those rows that are identified, have a declared rule, and whose declared head start lies more than `close_s`
        away from the one in force and outside of low_s to high_s, which is all that fits equally well.
    """
    theta, declared = head_starts["theta_s"].astype("float64"), head_starts["declared_s"].astype("float64")
    away = (theta - declared).abs()
    outside = (declared < head_starts["low_s"]) | (declared > head_starts["high_s"])
    ours = ~head_starts["is_reference"].astype(bool) & head_starts["identified"].astype(bool)
    found = head_starts[ours & declared.notna() & (away > close_s) & outside]
    return found.loc[away[found.index].sort_values(ascending=False, kind="stable").index].reset_index(drop=True)
