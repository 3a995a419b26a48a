"""The flagged customers as the page about plan fit shows them: filtered, with reason and advice, and counted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from cxlib.matching import say_reason
from cxlib.matching.strength import strength
from cxlib.texts import _
from cxlib.ui import advised, customers, results
from cxlib.ui.tiers import tier_names

if TYPE_CHECKING:
    from cxlib.ui.scope import Scope

NO_TIER: Final = "none"
"""The id of "no tier known" in links."""


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What of the flags is looked at: ids as in links, `results.ALL` for no filter."""

    month: str
    way: str = results.ALL
    tier: str = results.ALL
    absent: str = results.MISSING
    status: str = results.ALL
    sure: str = results.ALL

    def at(self, month: str) -> Chosen:
        """Return the same at the end of another month."""
        return replace(self, month=month)


def flagged(scope: Scope, chosen: Chosen) -> pd.DataFrame:
    """Return the flagged customers chosen, the largest saving first, with their tier; without filters by strength.

    Customers of whom this session leaves months out are judged without these.
    """
    rows = results.flagged(scope, chosen.month, chosen.absent)
    out = customers.all_left_out(scope)
    if out:
        again = [customers.fit_of(scope, customer_id, chosen.month, chosen.absent) for customer_id in out]
        found = [row for row in again if row is not None and row["state"] == "flagged"]
        rows = rows[~rows["customer_id"].isin(list(out))]
        if found:
            anew = pd.DataFrame(found)
            anew["tier"] = pd.Series([_tier(scope, row["customer_id"]) for row in found], anew.index, dtype="str")
            rows = pd.concat([rows, anew[rows.columns].astype(rows.dtypes.to_dict())], ignore_index=True)
            rows = rows.sort_values("saving", ascending=False, kind="stable")
    if chosen.way != results.ALL:
        rows = rows[rows["direction"] == chosen.way]
    if chosen.status != results.ALL:
        rows = rows[rows["status"] == chosen.status]
    if chosen.tier != results.ALL:
        rows = rows[rows["tier"].isna() if chosen.tier == NO_TIER else rows["tier"] == chosen.tier]
    return rows.reset_index(drop=True)


def counts(scope: Scope, chosen: Chosen) -> dict[str, int]:
    """Return how many customers of the tier chosen are in each state."""
    found = results.fit_counts(scope, chosen.month, chosen.absent)
    if chosen.tier != results.ALL:
        found = found[found["tier"].isna() if chosen.tier == NO_TIER else found["tier"] == chosen.tier]
    states = {str(state): int(n) for state, n in found.groupby("state")["n"].sum().items()}
    for customer_id in customers.all_left_out(scope):
        if chosen.tier not in (results.ALL, _tier(scope, customer_id) or NO_TIER):
            continue
        for as_is, change in ((True, -1), (False, 1)):
            row = customers.fit_of(scope, customer_id, chosen.month, chosen.absent, as_is=as_is)
            if row is not None:
                states[row["state"]] = states.get(row["state"], 0) + change
    return states


def money_saved(scope: Scope, rows: pd.DataFrame) -> float:
    """Return the exact sum of the savings of rows, in money."""
    return float(int(rows["saving_minor"].sum()) / 10 ** results.catalogue(scope).minor_digits)


def advice_now(scope: Scope, month: str) -> pd.DataFrame | None:
    """Return the advice to all at the end of a month, made anew for customers of whom months are left out.

    None after showing why it is not there yet.
    """
    rows = advised.rows(scope, month)
    out = customers.all_left_out(scope)
    if rows is None or not out:
        return rows
    anew = [customers.advice_to(scope, customer_id, month) for customer_id in out]
    found = pd.DataFrame([row for row in anew if row is not None])
    if found.empty:
        return rows
    kept = rows[~rows["customer_id"].isin(found["customer_id"])]
    every = pd.concat([kept, found[rows.columns].astype(rows.dtypes.to_dict())])
    return every.sort_values("customer_id", kind="stable", ignore_index=True)


def with_advice(rows: pd.DataFrame, advice: pd.DataFrame | None) -> pd.DataFrame:
    """Return flagged rows with the columns of the advice beside them; all missing where there is none."""
    columns = [
        "customer_id", "advised_plan_id", "state", "expected_saving", "p_saves", "interval_low", "interval_high",
        "safest_plan_id", "headroom_plan_id", "payback_months",
    ]  # fmt: skip
    if advice is None:
        return rows.assign(**dict.fromkeys(["advised_plan_id", "advice_state", "strength"]))
    found = advice[[name for name in columns if name in advice]].rename(columns={"state": "advice_state"})
    merged = rows.merge(found, on="customer_id", how="left")
    merged["strength"] = pd.Series([strength(p) for p in merged["p_saves"]], index=merged.index, dtype="str")
    return merged


def said(scope: Scope, rows: pd.DataFrame, chosen: Chosen, say_direction: Any) -> pd.DataFrame:
    """Return rows of `with_advice` in the reader's words: advice, strength, options, direction, tier and reason."""
    words = {"stay": _("Stay"), "not_enough_data": _("Not enough data"), "not_reconciled": _("Withheld: bills differ")}
    sure = {"strong": _("strong"), "likely": _("likely"), "unsure": _("unsure")}
    frame = rows.copy()
    state = frame["advice_state"].astype("str")
    frame["advice"] = state.map(words).fillna(frame["advised_plan_id"].astype("str"))
    frame["sure"] = frame["strength"].astype("str").map(sure)
    frame["options"] = _options(frame)
    frame["direction"] = frame["direction"].map(say_direction)
    frame["tier"] = frame["tier"].map(tier_names(scope).say) if frame["tier"].notna().any() else frame["tier"]
    currency, months = results.catalogue(scope).currency, scope.settings.months
    frame["reason"] = [
        say_reason(row, currency=currency, months=months)
        for row in _reasons(scope, rows, chosen).itertuples(index=False)
    ]
    return frame


def _options(frame: pd.DataFrame) -> list[str]:
    """Return the other plans to offer: the safest bill and the most headroom, where they are not the plan advised."""
    if "safest_plan_id" not in frame:
        return [""] * len(frame)
    held, first, safest, roomy = (
        frame[name] for name in ("plan_id", "advised_plan_id", "safest_plan_id", "headroom_plan_id")
    )
    found = []
    for known in zip(held, first, safest, roomy, strict=True):
        others = [plan for plan in dict.fromkeys(known[2:]) if isinstance(plan, str) and plan not in known[:2]]
        found.append(", ".join(others))
    return found


def _reasons(scope: Scope, rows: pd.DataFrame, chosen: Chosen) -> pd.DataFrame:
    found = results.reasons_of(scope, rows, chosen.month, chosen.absent)
    out = customers.all_left_out(scope)
    here = rows[rows["customer_id"].isin(list(out))]
    if here.empty:
        return found
    anew = [customers.reason_of(scope, row, chosen.month) for _at, row in here.iterrows()]
    return (
        pd.concat([found[~found["customer_id"].isin(list(out))], pd.DataFrame(anew)])
        .set_index("customer_id")
        .loc[list(rows["customer_id"])]
        .reset_index()
    )


def _tier(scope: Scope, customer_id: str) -> str | None:
    tier = customers.about(scope, customer_id).get("tier")
    return None if tier is None else str(tier)
