"""Hours, days, weeks and months of the local clock, and those that recur."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from cxlib.errors import CxError
from cxlib.texts import N_

if TYPE_CHECKING:
    import narwhals as nw
    import numpy as np

    from cxlib.engine.frames import LocalTime

Every = Literal["hour", "hour_of_day", "weekday", "hour_of_week", "day", "week", "month"]


def period_of(clock: LocalTime, every: str) -> nw.Expr:
    """Return the expression that numbers the periods of the local clock."""
    terms: dict[str, nw.Expr] = {
        "hour": clock.day * 24 + clock.hour,
        "hour_of_day": clock.hour,
        "weekday": clock.weekday,
        "hour_of_week": clock.weekday * 24 + clock.hour,
        "day": clock.day,
        "week": clock.week,
        "month": clock.month,
    }
    if every not in terms:
        raise CxError(
            "unknown_choice",
            N_("“{value}” is no choice."),
            hint=N_("Choose one of: {known}."),
            value=every,
            known=", ".join(terms),
        )
    return terms[every]


def period_starts(numbers: np.ndarray[Any, Any], every: str) -> np.ndarray[Any, Any]:
    """Return when the periods of `period_of` begin, in local time (naive); those that recur stay numbers."""
    if every in {"hour_of_day", "weekday", "hour_of_week"}:
        return numbers
    return numbers.astype("int64").astype(f"datetime64[{'h' if every == 'hour' else 'D'}]").astype("datetime64[s]")
