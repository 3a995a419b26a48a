"""How strong a recommendation is, in words."""

from __future__ import annotations

from typing import Final, Literal

from cxlib.matching.advised import STRONG

LIKELY: Final = 0.8
Strength = Literal["strong", "likely", "unsure"]


def strength(p_saves: float | None) -> Strength | None:
    """Return ``strong`` from a P(saves) of .95, ``likely`` from .8, else ``unsure``; None where there is none."""
    if p_saves is None or p_saves != p_saves:  # noqa: PLR0124 - NaN
        return None
    return "strong" if p_saves >= STRONG else "likely" if p_saves >= LIKELY else "unsure"
