"""Whether tiers and priority for those in need have substance: kept results, and what is said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from cxlib import formats
from cxlib.errors import CxError
from cxlib.fairness import check_labels, need_substance, said_of_tiers, tier_substance
from cxlib.texts import N_, _, ngettext, sentences
from cxlib.ui import results
from cxlib.ui.safe import safe
from cxlib.ui.segments import refused_quietly

if TYPE_CHECKING:
    from collections.abc import Callable

    from cxlib.ui.scope import Scope
    from cxlib.ui.tiers import TierNames

REFUSED: Final = "refused"
PAIR_WORDS: Final = {
    "substantive": N_("{tier} gets more than {next_tier}."),
    "reversed": N_("{tier} gets less than {next_tier}."),
    "mixed": N_("{tier} gets more than {next_tier} in some ways and less in others."),
    "symbolic": N_("{tier} differs from {next_tier} in name only."),
    "cannot_tell": N_("{tier} beside {next_tier}: cannot tell yet."),
}


def of_tiers(scope: Scope, *, per: str | None = None, **where: str) -> pd.DataFrame | None:
    """Return `cxlib.fairness.tier_substance`; None where the data set has no two ranked tiers to compare."""
    return _judged(scope, "substance", tier_substance, where, per=per, ranked=True)


def of_needs(scope: Scope, **where: str) -> pd.DataFrame | None:
    """Return `cxlib.fairness.need_substance`; None where no contact is known to have a need, or none without one."""
    return _judged(scope, "need substance", need_substance, where)


def labels(scope: Scope) -> pd.DataFrame:
    """Return `cxlib.fairness.check_labels` of the data set's tiers, queues and plans."""
    words = scope.settings.status_words
    found = results.kept(
        scope,
        "labels",
        lambda: check_labels(
            tiers=results.table(scope, "tiers"),
            contacts=results.table(scope, "contacts"),
            plans=results.table(scope, "plans"),
            words=words,
        ).astype({"suggestion_en": "str", "suggestion_zh": "str"}),
        words=list(words),
    )
    shown: pd.DataFrame = found.sort_values("shown", ascending=False, kind="stable", ignore_index=True)
    return shown


def _judged(
    scope: Scope,
    name: str,
    measure: Callable[..., pd.DataFrame],
    where: dict[str, str],
    *,
    per: str | None = None,
    ranked: bool = False,
) -> pd.DataFrame | None:
    settings = scope.settings
    options: dict[str, Any] = {
        "sla_s": settings.sla_s,
        "min_group": settings.min_group,
        "margin_share": settings.margin_share,
        "margin_wait": settings.margin_wait,
    }

    def compute() -> pd.DataFrame:
        more = {"ranks": results.ranks(scope)} if ranked else {}
        try:
            return measure(
                results.contacts_in(scope, **where),
                customers=results.table(scope, "customers"),
                zone=results.zone(scope),
                per=per,
                **more,
                **options,
            )
        except CxError as error:
            if not refused_quietly(error):
                raise
            return pd.DataFrame({REFUSED: [error.code]})  # kept as well: a large file took seconds to be refused

    found = results.kept(scope, name, compute, per=per or "", **options, **where)
    return None if REFUSED in found else found


def tiers_said(table: pd.DataFrame, tiers: TierNames) -> tuple[str, str]:
    """Return the finding about all steps between tiers, and one sentence a step."""
    steps = said_of_tiers(table)
    n = len(steps)
    more = sentences(
        *(_step_said(row["verdict"], row["tier"], row["next_tier"], tiers) for row in steps.to_dict("records"))
    )
    if n == 0:
        return _("Nothing tells yet whether the tiers differ: nobody waited, and nothing else is known."), ""
    if n == 1:
        return more, ""
    counts = steps["verdict"].value_counts()
    real, hollow = int(counts.get("substantive", 0)), int(counts.get("symbolic", 0))
    text = ngettext(
        "{real} of {n} step between tiers has substance, {hollow} is in name only.",
        "{real} of {n} steps between tiers have substance, {hollow} in name only.",
        n,
        real=real,
        hollow=hollow,
    )
    return text, more


def _step_said(verdict: str, tier: object, other: object, tiers: TierNames) -> str:
    words = PAIR_WORDS[verdict]
    return _(words, tier=safe(tiers.say(tier)), next_tier=safe(tiers.say(other)))


def reversed_said(table: pd.DataFrame | None, tiers: TierNames) -> str:
    """Return in which queues a tier gets less than the next one; nothing where it does in none."""
    if table is None:
        return ""
    found = table[table["verdict"] == "reversed"]
    parts = [
        _(
            "In {queue}, {tier} gets less than {next_tier}.",
            queue=safe(str(queue)),
            tier=safe(tiers.say(tier)),
            next_tier=safe(tiers.say(other)),
        )
        for queue, tier, other in found[["queue", "tier", "next_tier"]].drop_duplicates().itertuples(index=False)
    ]
    return sentences(*parts)


def needs_said(table: pd.DataFrame, say: Callable[[object], str]) -> str:
    """Return whether priority for those in need shows in their waits."""
    shows: list[str] = []
    not_yet: list[str] = []
    hidden: list[str] = []
    for need, part in table.groupby("group", sort=False):
        verdicts = set(part["verdict"])
        where = shows if "substantive" in verdicts else not_yet if "symbolic" not in verdicts else hidden
        where.append(safe(say(need)))
    said = []
    if shows:
        said.append(_("Priority shows for: {needs}.", needs=formats.listed(shows)))
    if hidden:
        said.append(_("It does not show for: {needs}.", needs=formats.listed(hidden)))
    if not_yet:
        said.append(_("Cannot tell yet for: {needs}.", needs=formats.listed(not_yet)))
    return sentences(*said)


def labels_said(found: pd.DataFrame) -> str:
    """Return how many names tell customers their rank."""
    if found.empty:
        return _("No name of a tier, queue or plan holds a status word.")
    seen = found[found["shown"]]
    names = len(found[["kind", "name"]].drop_duplicates())
    visible = len(seen[["kind", "name"]].drop_duplicates())
    return ngettext(
        "{count} name holds a status word; seen on charts: {shown}.",
        "{count} names hold a status word; seen on charts: {shown}.",
        names,
        count=formats.number(names),
        shown=formats.number(visible),
    )
