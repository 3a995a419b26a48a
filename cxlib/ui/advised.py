"""The recommender's advice as the pages see it, withheld where bills do not agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from cxlib.matching.reconcile import withheld
from cxlib.matching.withhold import withhold
from cxlib.texts import _
from cxlib.ui import jobs, long, results

if TYPE_CHECKING:
    import pandas as pd

    from cxlib.ui.scope import Scope


def rows(scope: Scope, month: str) -> pd.DataFrame | None:
    """Return the advice to all customers at the end of a month, or None after showing why it is not there yet."""
    found = long.rows_of(scope, "advise", title=_("Working out the recommendations"), as_of=month)
    if found is None:
        return None
    kept: pd.DataFrame = _withheld(scope, month, found)
    return kept


def _key(scope: Scope) -> str:
    return str(sorted(scope.key("advice", **results.advice_options(scope)).items()))


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs={"cxlib.ui.scope.Scope": _key})
def _withheld(scope: Scope, month: str, _found: pd.DataFrame) -> pd.DataFrame:
    """Return the advice without that to those who are not reconciled; nobody changes the frame."""
    return withhold(_found, not_reconciled(scope, month))


def at_once(scope: Scope, month: str) -> pd.DataFrame | None:
    """Return the advice where it is there or quickly made, else None; what takes long is begun."""
    if long.is_small(scope, "advise"):
        return rows(scope, month)
    job = jobs.asked(
        f"advice:{scope.dataset.id}:{scope.version.number}:{month}", lambda: long.start(scope, "advise", as_of=month)
    )
    return rows(scope, month) if job.state == "done" else None


def not_reconciled(scope: Scope, month: str) -> pd.DataFrame:
    """Return `cxlib.matching.reconcile.withheld` at the end of a month: customer_id, cause, gap, months_outside."""
    months = scope.settings.months
    return results.kept(
        scope,
        "withheld",
        lambda: withheld(
            results.table(scope, "usage"),
            results.catalogue(scope),
            customers=results.table(scope, "customers"),
            months=months,
            until=month,
        ),
        month=month,
        months=months,
    )
