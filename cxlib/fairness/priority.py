"""Which tiers the reader sets against the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cxlib.errors import CxError
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cxlib.fairness.lines import Lines


def priority_tiers(lines: Lines, priority: Sequence[str] | None) -> NDArray[np.bool_]:
    """Return which of the tiers of the contacts have priority: those named, else those of the first rank.

    Raises
    ------
    CxError
        ``no_priority`` where none are named and no ranks are known.
    """
    if priority is not None:
        named = {priority} if isinstance(priority, str) else set(priority)
    elif lines.ranks:
        first = min(lines.ranks.values())
        named = {tier for tier, rank in lines.ranks.items() if rank == first}
    else:
        raise CxError(
            "no_priority",
            N_("Which tier comes first is not known yet."),
            hint=N_("Give the tiers ranks, or name those that come first."),
        )
    return np.array([tier in named for tier in lines.tiers], bool)
