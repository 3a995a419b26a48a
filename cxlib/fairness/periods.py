"""Hours, days, weeks and months of the local clock, and those that recur."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import narwhals as nw

from cxlib.engine.frames import Frame, local_clock
from cxlib.errors import CxError
from cxlib.texts import N_

if TYPE_CHECKING:
    import numpy as np

Every = Literal["hour", "hour_of_day", "weekday", "hour_of_week", "day", "week", "month"]


def with_period(frame: Frame, every: Every, *, zone: str, first: int | None, last: int | None) -> Frame:
    """Return the frame with a column period, the number of the period in which arrived_us falls."""
    c = nw.col
    terms: dict[str, nw.Expr] = {
        "hour": c("local_day") * 24 + c("local_hour"),
        "hour_of_day": c("local_hour"),
        "weekday": c("local_weekday"),
        "hour_of_week": c("local_weekday") * 24 + c("local_hour"),
        "day": c("local_day"),
        "week": c("local_week"),
        "month": c("local_month"),
    }
    if every not in terms:
        raise CxError(
            "unknown_choice",
            N_("“{value}” is no choice."),
            hint=N_("Choose one of: {known}."),
            value=every,
            known=", ".join(terms),
        )
    return local_clock(frame, "arrived_us", zone=zone, first=first, last=last).with_columns(period=terms[every])


def period_starts(numbers: np.ndarray[Any, Any], every: str) -> np.ndarray[Any, Any]:
    """Return when the periods of `with_period` begin, in local time (naive); those that recur stay numbers."""
    if every in {"hour_of_day", "weekday", "hour_of_week"}:
        return numbers
    return numbers.astype("int64").astype(f"datetime64[{'h' if every == 'hour' else 'D'}]").astype("datetime64[s]")
