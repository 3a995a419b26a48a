"""What the pages about balance share: filters, findings, definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cxlib import formats
from cxlib.texts import _, sentences
from cxlib.ui import link, queue_results, results, states
from cxlib.ui.safe import safe
from cxlib.ui.show import finding
from cxlib.ui.sitemap import link_to
from cxlib.ui.tiers import TierNames, tier_names

if TYPE_CHECKING:
    from cxlib.ui.scope import Scope

FIRST, REST = queue_results.FIRST, queue_results.REST


def filters(scope: Scope, *, queues: bool = False) -> tuple[Scope, dict[str, str]]:
    """Let the reader choose period and queue; return the scope narrowed by them and the choice as ids."""
    months = results.contact_months(scope)
    where = {
        "month": link.choice(
            "month",
            [results.ALL, *reversed(months)],
            label=_("Period"),
            say=lambda month: _("All") if month == results.ALL else formats.month(month),
            page="balance",
        )
    }
    narrowed = scope.narrowed(_("Period"), _period(months, where["month"]))
    if queues and "queue" in results.columns_of(scope, "contacts"):
        where["queue"] = link.choice(
            "queue",
            [results.ALL, *results.values_of(scope, "contacts", "queue")],
            label=_("Queue"),
            say=lambda queue: _("All") if queue == results.ALL else queue,
            page="balance",
        )
        narrowed = narrowed.narrowed(_("Queue"), _("All") if where["queue"] == results.ALL else where["queue"])
    return narrowed, where


def with_settings(scope: Scope) -> Scope:
    """Return the scope with the settings on which waits and rates depend, which every export carries."""
    settings = scope.settings
    scope = scope.narrowed(_("Served in time within"), formats.seconds(settings.sla_s))
    return scope.narrowed(_("Smallest group shown"), formats.number(settings.min_group))


def tiers_here(scope: Scope) -> TierNames:
    """Return the tiers of the contacts, or of their customers where contacts have none."""
    tiers = results.values_of(scope, "contacts", "tier") or results.values_of(scope, "customers", "tier")
    return tier_names(scope, tiers)


def headline(scope: Scope, tiers: TierNames, pool: str, where: dict[str, str]) -> str:
    """State in one sentence how the first rank and the others fare, with what makes it doubtful; return it."""
    there = results.values_of(scope, "contacts", "tier") or results.values_of(scope, "customers", "tier")
    if tiers.ranked and len(there) > 1:
        text, more = said_balance(scope, tiers, pool, where)
        finding(text, more=more)
    elif len(there) > 1:
        text = _("Which tier comes first is not known yet.")
        more = _("Give each tier a rank to set them side by side.")
        finding(text, more=f"{said_passed(scope, pool, where)} {more}")
        link_to("tiers", label=_("Rank the tiers"))
    else:
        text = said_passed(scope, pool, where)
        more = _("There is only one tier here, so that there is nothing to set side by side.")
        if not there:
            more = _(
                "No tiers here: contacts or customers with a column for the tier bring them; a file of tiers can be "
                "imported too."
            )
        finding(text, more=more)
    warn_of_trap(scope, where)
    return text


def said_passed(scope: Scope, pool: str, where: dict[str, str]) -> str:
    """Return how many of those in line are passed, whoever they are."""
    summary = results.passing(scope, "summary", pool=pool, **where)
    n, passed = int(summary["n"].sum()), int(summary["n_passed"].sum())
    if not n:
        return _("Nobody had to wait in line.")
    if n < scope.settings.min_group:
        return _("Only {n} contacts had to wait in line: too few to tell.", n=formats.number(n))
    if not passed:
        return _("Nobody was passed in line.")
    return _("Of those in line, {share} are passed by somebody who came later.", share=formats.one_in(passed / n))


def warn_of_trap(scope: Scope, where: dict[str, str]) -> None:
    """Say so where the tier was noted only for those who queued."""
    found = results.trap(scope, **where)
    if found["warned"]:
        states.note(
            _(
                "The tier seems to be noted only for those who queued: its shares differ by {share} between those who "
                "queued and those who did not. Averages over all contacts would mislead, so only those who queued are "
                "compared, and only they count as passing.",
                share=formats.share(found["total_variation"], decimals=0),
            )
        )


def said_balance(scope: Scope, tiers: TierNames, pool: str, where: dict[str, str]) -> tuple[str, str]:
    """Return the sentence about the first rank beside the others, and what it rests on."""
    first = formats.listed(safe(tiers.say(tier)) for tier in tiers.first)
    now = _compared(scope, tiers, pool, where)
    period = _period_line(scope, now["n_queued"])
    if now["ratio"] is None:
        if not now["n_queued"]:
            return _("Nobody had to wait in line."), period
        return _("Too few contacts to set {first} beside the others.", first=first), period
    told = {"ratio": formats.ratio(now["ratio"]), "first": first, "share": formats.one_in(now["passed"])}
    like = queue_results.like_for_like(scope, first_and_rest(tiers), **where)
    if like.empty or pd.isna(like["like_ratio_low"].iloc[0]):
        text = _("The others wait {ratio} times as long as {first}, and {share} of them are passed in line.", **told)
    else:
        text = _(
            "The others wait {ratio} times as long as {first}, like for like {like} ({low} to {high}), and {share} of "
            "them are passed in line.",
            **told,
            like=formats.ratio(like["like_ratio"].iloc[0]),
            low=formats.ratio(like["like_ratio_low"].iloc[0]),
            high=formats.ratio(like["like_ratio_high"].iloc[0]),
        )
    more = [
        _(
            "Mean wait of those who queued and were served: {first} {ours}, the others {theirs}.",
            first=first,
            ours=formats.seconds(now["ours"]),
            theirs=formats.seconds(now["theirs"]),
        )
    ]
    month = _month_before(scope, where)
    before = _compared(scope, tiers, pool, {**where, "month": month}) if month else None
    if before and before["ratio"] is not None:
        more.append(
            _(
                "The month before: {ratio} times, {share} passed.",
                ratio=formats.ratio(before["ratio"]),
                share=formats.share(before["passed"], decimals=0),
            )
        )
    return text, sentences(*more, period)


def said_change(scope: Scope, tiers: TierNames, pool: str) -> str | None:
    """Return how the last month of contacts compares with the one before it; None where one of them cannot tell."""
    months = results.contact_months(scope)
    if len(months) < 2 or not tiers.ranked:
        return None
    before, now = (_compared(scope, tiers, pool, {"month": month}) for month in months[-2:])
    if before["ratio"] is None or now["ratio"] is None:
        return None
    return _(
        "In {month} {ratio} times as long and {share} passed; the month before {was_ratio} times and {was_share}.",
        month=formats.month(months[-1]),
        ratio=formats.ratio(now["ratio"]),
        share=formats.share(now["passed"], decimals=0),
        was_ratio=formats.ratio(before["ratio"]),
        was_share=formats.share(before["passed"], decimals=0),
    )


def _compared(scope: Scope, tiers: TierNames, pool: str, where: dict[str, str]) -> dict[str, float | None]:
    """Return the mean waits (s) of the first rank and the others, their ratio, and the share of the others passed."""
    groups = first_and_rest(tiers)
    waits = results.waits_by(scope, groups, **where).set_index("tier")
    means = waits["mean_wait_s"].to_dict()
    ours, theirs = (formats.known(means.get(group)) for group in (FIRST, REST))
    summary = results.passing(scope, "summary", by=groups, pool=pool, **where).set_index("tier")
    return {
        "ours": ours,
        "theirs": theirs,
        "ratio": theirs / ours if ours and theirs is not None else None,
        "passed": formats.known(summary["share_passed"].get(REST)),
        "n_queued": float(waits["n_queued"].sum()),
    }


def _month_before(scope: Scope, where: dict[str, str]) -> str | None:
    months = results.contact_months(scope)
    chosen = where.get("month")
    return months[months.index(chosen) - 1] if chosen in months[1:] else None


def first_and_rest(tiers: TierNames) -> dict[str, str]:
    """Return which tiers are of the first rank and which are the others."""
    return {tier: FIRST if tier in tiers.first else REST for tier in tiers.order}


def rest_passed_by_queue(scope: Scope, tiers: TierNames, month: str) -> dict[str, float]:
    """Return, by queue, the share of the others in line that were passed at least once; too few are left out."""
    frame = results.passed_by_queue(scope, first_and_rest(tiers), month)
    rest = frame[(frame["tier"] == REST) & frame["share_passed"].notna()]
    return dict(zip(rest["queue"], rest["share_passed"], strict=True))


def say_segment(value: object) -> str:
    """Return the name of a segment other than a tier; rows without one are said to have none."""
    needs = {"senior": _("Senior"), "disabled": _("Disabled"), "none": _("No special need")}
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return _("None known")
    return needs.get(str(value), str(value))


def _period_line(scope: Scope, n_queued: float | None) -> str:
    said = dict(scope.filters).get(_("Period")) or _period(results.contact_months(scope), results.ALL)
    return _("{n} contacts in line, {period}.", n=formats.number(n_queued), period=said)


def _period(months: list[str], chosen: str) -> str:
    if chosen != results.ALL:
        return formats.month(chosen)
    if not months:
        return formats.NOTHING
    return formats.month(months[0]) if len(months) == 1 else f"{formats.month(months[0])} – {formats.month(months[-1])}"
