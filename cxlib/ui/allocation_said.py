"""The sentences of the page of allocation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cxlib import formats
from cxlib.errors import CxError
from cxlib.fairness.measures import MEASURES
from cxlib.texts import _, sentences
from cxlib.ui.safe import safe
from cxlib.ui.segments import measure_said, reason, refused_quietly

if TYPE_CHECKING:
    import pandas as pd

    from cxlib.ui.segments import Segments


def headline(chosen: Segments) -> tuple[str, str]:
    """Return the finding, and what it rests on."""
    whole = chosen.whole()
    basis = _(
        "{n} contacts, {period}.",
        n=formats.number(whole["n"].sum()),
        period=dict(chosen.scope.filters)[_("Period")],
    )
    said = _of_waits(chosen)
    text, more = said if said is not None else (_of_shares(chosen, whole), [])
    size = _of_size(chosen, whole) if said is not None else ""
    return text, sentences(*more, size, basis)


def _of_waits(chosen: Segments) -> tuple[str, list[str]] | None:
    """Return the finding about waits; None where nothing tells them for two segments."""
    try:
        if chosen.by == "tier" and chosen.tiers.ranked:
            return _rest_beside_first(chosen)
        return _largest_gap(chosen)
    except CxError as error:
        if not refused_quietly(error):
            raise
        return None


def _rest_beside_first(chosen: Segments) -> tuple[str, list[str]] | None:
    tiers = chosen.tiers
    row = chosen.first_and_rest().iloc[0]
    if not np.isfinite(row["crude_ratio"]):
        return None
    rest = [tier for tier in tiers.order if tier not in tiers.first]
    others = safe(tiers.say(rest[0])) if len(rest) == 1 else _("The others")
    return _said_gap(row, others=others, reference=formats.listed(safe(tiers.say(tier)) for tier in tiers.first))


def _largest_gap(chosen: Segments) -> tuple[str, list[str]] | None:
    table = chosen.gaps()
    waits = table[(table["outcome"] == "wait") & table["like_ratio"].notna()]
    if waits.empty:
        return None
    clear = waits[waits["differs"].fillna(False)]
    reference = safe(chosen.say(waits.iloc[0]["reference"]))
    if clear.empty and len(waits) > 1:
        return (
            _("Like for like, no wait differs from that of {reference} beyond chance.", reference=reference),
            [_("{n} groups compared, all taken together (Holm).", n=len(waits))],
        )
    rows = waits if clear.empty else clear
    row = rows.iloc[int(np.log(rows["like_ratio"]).abs().to_numpy().argmax())]
    text, more = _said_gap(row, others=safe(chosen.say(row["other"])), reference=reference)
    if len(waits) > 1:
        more = [_("The largest gap of {n}.", n=len(waits)), *more]
    return text, more


def _said_gap(row: pd.Series[Any], *, others: str, reference: str) -> tuple[str, list[str]]:
    parts = {
        "others": others,
        "reference": reference,
        "ratio": formats.ratio(row["crude_ratio"]),
        "like": formats.ratio(row["like_ratio"]),
        "low": formats.ratio(row["like_ratio_low"]),
        "high": formats.ratio(row["like_ratio_high"]),
        "why": reason(row["like_reason"]).rstrip(".。"),
    }
    if not np.isfinite(row["like_ratio"]):
        return _("{others} wait {ratio} times as long as {reference}.", **parts), [
            _("Like for like: {why}.", **parts),
        ]
    if not np.isfinite(row["like_ratio_low"]):
        text = _("{others} wait {ratio} times as long as {reference}; like for like {like}.", **parts)
        more = [reason(row["like_reason"])]
    else:
        text = _("{others} wait {ratio} times as long as {reference}; like for like {like} ({low} to {high}).", **parts)
        more = []
    means = _(
        "Mean wait {theirs} against {ours}.",
        theirs=formats.seconds(row["crude_other"]),
        ours=formats.seconds(row["crude_reference"]),
    )
    counterpart = _(
        "{share} of them have a counterpart under like conditions.",
        share=formats.share(row["share_counterpart"], decimals=0),
    )
    return text, [means, counterpart, *more]


def _of_size(chosen: Segments, whole: pd.DataFrame) -> str:
    """Return who gets most and least agent time for their share of customers."""
    known = whole.dropna(subset=["representation", chosen.by])
    if len(known) < 2:
        return ""
    most, least = (
        known.iloc[int(known["representation"].to_numpy().argmax())],
        known.iloc[int(known["representation"].to_numpy().argmin())],
    )
    return _(
        "For its share of customers, {most} gets {a} times the agent time, {least} {b} times.",
        most=safe(chosen.say(most[chosen.by])),
        a=formats.ratio(most["representation"]),
        least=safe(chosen.say(least[chosen.by])),
        b=formats.ratio(least["representation"]),
    )


def _of_shares(chosen: Segments, whole: pd.DataFrame) -> str:
    size = _of_size(chosen, whole)
    if size:
        return size
    timed = whole.dropna(subset=["share_agent_time", chosen.by])
    if len(timed) > 1:
        most = timed.iloc[int(timed["share_agent_time"].to_numpy().argmax())]
        return _(
            "{most}: {contacts} of the contacts, {time} of the agent time.",
            most=safe(chosen.say(most[chosen.by])),
            time=formats.share(most["share_agent_time"], decimals=0),
            contacts=formats.share(most["share_contacts"], decimals=0),
        )
    there = whole.dropna(subset=[chosen.by])
    if len(there) == 1:
        only = safe(chosen.say(there[chosen.by].iloc[0]))
        return _("All contacts are of one group, {only}: there is nothing to compare.", only=only)
    return _("{n} contacts in {k} segments.", n=formats.number(whole["n"].sum()), k=len(whole))


def not_told(chosen: Segments) -> str:
    """Return which measures the file does not tell, as one line; nothing where it tells all."""
    table = chosen.measures()
    told = set(table.loc[table["n"] > 0, "measure"])
    lacking = [measure_said(name, chosen.scope.settings.sla_s).label for name in MEASURES if name not in told]
    queued = int(chosen.whole()["n_queued"].sum())
    parts = []
    if not queued:
        parts.append(_("Nobody queued: all waits are 0, so there are none to compare."))
    elif not chosen.whole()["n_abandoned"].sum():
        parts.append(_("Nobody is known to have given up: perhaps the file has no column for it."))
    if lacking:
        parts.append(_("Not told here: {measures}.", measures=formats.listed(lacking)))
    return sentences(*parts)


def change_said(chosen: Segments, name: str) -> str:
    """Return the title of the chart against the period before: what changed most, or that nothing did."""
    table = chosen.change()
    months = chosen.compared_months()
    if table is None or months is None:
        return ""
    said = measure_said(name, chosen.scope.settings.sla_s)
    rows = table[(table["measure"] == name) & table["low"].notna()]
    clear = rows[(rows["low"] > 0) | (rows["high"] < 0)]
    of = {"now": formats.month(months[1]), "before": formats.month(months[0])}
    if rows.empty:
        return _("{now} beside {before}", **of)
    if clear.empty:
        return _("{now} beside {before}: no change beyond chance", **of)
    row = clear.iloc[int(clear["change"].abs().to_numpy().argmax())]
    return _(
        "{now} beside {before}: {segment} {change}",
        segment=chosen.say(row[chosen.by]),
        change=said.change(row["change"]),
        **of,
    )
