"""The recommender's advice as the pages see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cxlib.texts import _
from cxlib.ui import long

if TYPE_CHECKING:
    import pandas as pd

    from cxlib.ui.scope import Scope


def rows(scope: Scope, month: str) -> pd.DataFrame | None:
    """Return the advice to all customers at the end of a month, or None after showing why it is not there yet."""
    return long.rows_of(scope, "advise", title=_("Working out the recommendations"), as_of=month)


def at_once(scope: Scope, month: str) -> pd.DataFrame | None:
    """Return the advice where it is there or quickly made, else None; nothing that takes long is begun."""
    if long.is_small(scope, "advise"):
        return rows(scope, month)
    return long.kept_of(scope, "advise", as_of=month)
