"""What waits for a decision: each with its reason and the page on which to decide."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from cxlib import formats
from cxlib.fairness.declared import not_as_declared
from cxlib.texts import _, ngettext, sentences
from cxlib.ui import balance, long, queue_tasks, results
from cxlib.ui.safe import safe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cxlib.ui.scope import Scope


@dataclass(frozen=True)
class Decision:
    """One matter: `text` says what was found and why it matters, `page` and `parameters` lead there."""

    text: str
    page: str
    label: str
    parameters: dict[str, str] = field(default_factory=dict)


def decisions(scope: Scope) -> list[Decision]:
    """Return what waits for a decision in this data set, the most pressing first."""
    found = [*_rows_set_aside(scope)]
    if scope.has("contacts"):
        found += [*_ranks_missing(scope), *_rule_not_declared(scope), *_worst_queue(scope)]
    if scope.has("usage") and scope.has("plans"):
        found += [*_doubtful_advice(scope), *_new_flags(scope), *_worst_plan(scope)]
    return found


def _rows_set_aside(scope: Scope) -> Iterator[Decision]:
    n = sum(record.quarantined for record in scope.version.imports)
    if n:
        yield Decision(
            ngettext(
                "{count} row of the last import was set aside: it did not pass the checks.",
                "{count} rows of the last import were set aside: they did not pass the checks.",
                n,
                count=formats.number(n),
            ),
            "data_sets",
            _("See what came in"),
        )


def _ranks_missing(scope: Scope) -> Iterator[Decision]:
    tiers = balance.tiers_here(scope)
    if tiers.order and not tiers.ranked:
        yield Decision(
            _("The tiers have no ranks yet, so nobody can say who passes whom by right."), "tiers", _("Rank the tiers")
        )


def _rule_not_declared(scope: Scope) -> Iterator[Decision]:
    frames = queue_tasks.there(scope, "rule")
    if frames is None or frames["head_starts"].empty:
        return
    off = not_as_declared(frames["head_starts"])
    if off.empty:
        return
    tiers, worst = balance.tiers_here(scope), off.iloc[0]
    queue = str(worst["queue"]) if "queue" in off and isinstance(worst["queue"], str) else None
    told = {
        "tier": safe(tiers.say(worst["tier"])),
        "seconds": formats.seconds(abs(float(worst["theta_s"]))),
        "declared": _("always first") if worst["declared_s"] == float("inf") else formats.seconds(worst["declared_s"]),
    }
    ahead = worst["theta_s"] >= 0
    if queue is None:
        text = (
            _("{tier} is served as if it had come {seconds} earlier. Declared: {declared}.", **told)
            if ahead
            else _("{tier} is served as if it had come {seconds} later. Declared: {declared}.", **told)
        )
    else:
        told["queue"] = safe(queue)
        text = (
            _("In queue {queue}, {tier} is served as if it had come {seconds} earlier. Declared: {declared}.", **told)
            if ahead
            else _(
                "In queue {queue}, {tier} is served as if it had come {seconds} later. Declared: {declared}.", **told
            )
        )
    more = len(off) - 1
    if more:
        text = sentences(
            text,
            ngettext(
                "{count} more rule in force is not the declared one.",
                "{count} more rules in force are not the declared ones.",
                more,
                count=formats.number(more),
            ),
        )
    where = {"queue": queue} if queue else {}
    yield Decision(text, "queues", _("See the rule in force"), {**where, "part": "rule"})


def _worst_queue(scope: Scope) -> Iterator[Decision]:
    tiers = balance.tiers_here(scope)
    months = results.contact_months(scope)
    if not tiers.ranked or "queue" not in results.columns_of(scope, "contacts") or not months:
        return
    month = months[-1]
    passed = balance.rest_passed_by_queue(scope, tiers, month)
    if not passed:
        return
    queue = max(passed, key=lambda name: passed[name])
    before = balance.rest_passed_by_queue(scope, tiers, months[-2]).get(queue) if len(months) > 1 else None
    said = {"queue": safe(queue), "share": formats.share(passed[queue], decimals=0), "month": formats.month(month)}
    if before is None:
        text = _("In queue {queue}, {share} of those without priority were passed in {month}.", **said)
    else:
        was = formats.share(before, decimals=0)
        text = _(
            "In queue {queue}, {share} of those without priority were passed in {month}, the most of all queues; the "
            "month before it was {was}.",
            was=was,
            **said,
        )
    yield Decision(text, "queues", _("Look at the queue"), {"queue": queue, "month": month})


def _doubtful_advice(scope: Scope) -> Iterator[Decision]:
    rows = long.there(scope, "backtest")
    if rows is None:
        return
    from cxlib.ui.judged import Judged  # noqa: PLC0415 - wanted only where past advice has been judged
    from cxlib.ui.verdicts import doubts  # noqa: PLC0415

    judged = Judged(scope, rows)
    found = doubts(judged) if judged.enough else []
    if found:
        text = _("Past advice would not have held, so do not rely on it yet. {reason}", reason=found[0])
        yield Decision(text, "backtest", _("See what advice was worth"))


def _new_flags(scope: Scope) -> Iterator[Decision]:
    month = results.usage_months(scope)[-1]
    new = int((results.flagged(scope, month)["status"] == "new").sum())
    if new:
        yield Decision(
            ngettext(
                "{count} customer is newly on a plan that has not fitted for months, as of {month}.",
                "{count} customers are newly on a plan that has not fitted for months, as of {month}.",
                new,
                count=formats.number(new),
                month=formats.month(month),
            ),
            "plan_fit",
            _("See whom and why"),
        )


def _worst_plan(scope: Scope) -> Iterator[Decision]:
    counts = results.fit_counts(scope, results.usage_months(scope)[-1])
    whole = counts[counts["state"] != "short"]
    held = pd.DataFrame(
        {
            "n": whole.groupby("plan_id")["n"].sum(),
            "flagged": whole[whole["state"] == "flagged"].groupby("plan_id")["n"].sum(),
        }
    ).fillna(0)
    held = held[held["n"] >= scope.settings.min_group]
    if held.empty or not held["flagged"].max():
        return
    worst = held.reset_index().iloc[int((held["flagged"] / held["n"]).to_numpy().argmax())]
    plan, n, flagged = worst["plan_id"], int(worst["n"]), int(worst["flagged"])
    yield Decision(
        _(
            "Plan {plan} fits its customers least: {flagged} of {n} would have paid less elsewhere, months running.",
            plan=safe(plan),
            flagged=formats.number(flagged),
            n=formats.number(n),
        ),
        "plan_fit",
        _("See the plans"),
    )
