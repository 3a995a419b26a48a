"""Should the recommendations be believed? The back-test in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cxlib import formats
from cxlib.matching.backtest_report import say_withheld
from cxlib.matching.backtesting import WITHHELD
from cxlib.texts import _, ngettext, sentences
from cxlib.ui import matching, results, states
from cxlib.ui.judged import SIMPLE, Judged, say_rule

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from cxlib.ui.scope import Scope

NOMINAL: Final = 0.8
"""What the intervals of the recommender promise to hold."""
TOLERANCE: Final = 0.06
"""How far from it is still as promised."""
SURE: Final = 0.95
"""What a strong recommendation promises."""


def said(judged: Judged) -> tuple[str, str]:
    """Return the finding, and what it rests on."""
    scope, money = judged.scope, matching.money_of(judged.scope)
    text = _(
        "Following the recommendation would have cost {regret} more over {span} than perfect hindsight, staying "
        "{stay}. The 80 % interval held in {held} of 100 cases.",
        regret=money(judged.advised["mean_regret"]),
        stay=money(judged.rule("stay")["mean_regret"]),
        held=formats.number(100 * judged.advised["coverage"]),
        span=span(scope),
    )
    months = judged.rows["month"]
    first, last, ends = months.min(), months.max(), int(months.nunique())
    more = _(
        "Judged on {cases}: {people} at {ends}, {period}, each with what was known then.",
        cases=say_cases(len(judged.rows)),
        people=formats.people(judged.customers),
        ends=ngettext("{count} month end", "{count} month ends", ends, count=ends),
        period=formats.month(first) if ends == 1 else f"{formats.month(first)} – {formats.month(last)}",
    )
    if judged.drawn:
        more = sentences(more, _("They were drawn at random; everybody was learned from."))
    if judged.withheld:
        more = sentences(more, say_withheld(judged.withheld))
    return text, more


def against_rules(judged: Judged) -> tuple[bool, str]:
    """Return whether no simple rule is better, and how the recommendation stands beside them."""
    best, money = judged.rule(judged.best_simple), matching.money_of(judged.scope)
    low, high = float(best["difference_low"]), float(best["difference_high"])
    rule, difference = say_rule(judged.best_simple), money(abs(float(best["difference"])))
    others = judged.rules()[judged.rules()["rule"].isin(SIMPLE)]
    if (others["difference_high"] < 0).all():
        return True, _(
            "Better than every simple rule; the best one, “{rule}”, costs {difference} more ({between}).",
            difference=difference,
            between=between(-high, -low, _amount),
            rule=rule,
        )
    if low > 0:
        return False, _(
            "Worse than the simple rule “{rule}”, which costs {difference} less ({between}).",
            difference=difference,
            between=between(low, high, _amount),
            rule=rule,
        )
    return True, _(
        "As good as the best simple rule, “{rule}”: their difference, {difference}, is noise ({between}).",
        rule=rule,
        difference=money(float(best["difference"])),
        between=between(low, high, _amount),
    )


def of_intervals(judged: Judged) -> tuple[bool, str]:
    """Return whether the intervals hold what they promise, and in words how far they do."""
    row = judged.advised
    told = between(row["coverage_low"], row["coverage_high"], _whole)
    if row["coverage_high"] < NOMINAL - TOLERANCE:
        return False, _("Too narrow: 80 % should hold ({between}). Savings are less sure than they look.", between=told)
    if row["coverage_low"] > NOMINAL + TOLERANCE:
        return True, _("Wider than need be: 80 % should hold ({between}).", between=told)
    return True, _("About what 80 % intervals should hold ({between}).", between=told)


def of_strong(judged: Judged) -> tuple[bool | None, str]:
    """Return whether strong recommendations are as sure as they say, and what they keep of perfect foresight.

    None where there are too few of them to tell.
    """
    row = judged.advised
    if row["strong_customers"] < judged.least:
        n = int(row["strong_customers"])
        return None, _(
            "Too few to tell: {n}, where at least {least} are needed.", n=formats.people(n), least=judged.least
        )
    told = {
        "n": formats.number(row["strong"]),
        "between": between(row["strong_low"], row["strong_high"], formats.share),
        "kept": _whole(row["strong_saved_share"]),
    }
    text = _("Of {n} strong ones ({between}). They keep {kept} of what hindsight saves, losses deducted.", **told)
    if row["strong_high"] < SURE:
        return False, sentences(_("Less sure than the 95 % they claim."), text)
    return True, text


def doubts(judged: Judged) -> list[str]:
    """Return what speaks against relying on the recommendations, the gravest first."""
    told = (against_rules(judged), of_intervals(judged), of_strong(judged))
    return [text for good, text in told if good is False]


def title_of_rules(judged: Judged) -> str:
    """Return which rule costs least."""
    table = judged.rules().sort_values("mean_regret", kind="stable")
    return _("Least regret: {rule}", rule=say_rule(str(table["rule"].iloc[0])))


def title_of_curve(judged: Judged) -> str:
    """Return whether savings were promised too surely, as surely as they came, or not surely enough."""
    found = judged.calibration()
    if not found["n"]:
        return _("Was P(saves) right?")
    said_, came = _whole(found["predicted"]), _whole(found["observed"])
    if found["gap_high"] < 0:
        return _("Savings were promised too surely: {said} said, {came} came", said=said_, came=came)
    if found["gap_low"] > 0:
        return _("More savings came than were promised: {said} said, {came} came", said=said_, came=came)
    return _("Savings came as often as promised: {said} said, {came} came", said=said_, came=came)


def title_of_course(judged: Judged) -> str:
    """Return how the regret went from the first month end to the last."""
    table = judged.by("month")
    table = table[table["enough"]]
    if len(table) < 2:
        return _("Regret by month end")
    first, last = table.iloc[0], table.iloc[-1]
    told = {"first": matching.money_of(judged.scope)(first["mean_regret"])}
    told["last"] = matching.money_of(judged.scope)(last["mean_regret"])
    if last["regret_high"] < first["regret_low"]:
        return _("Better with more history: regret went from {first} to {last}", **told)
    if last["regret_low"] > first["regret_high"]:
        return _("Worse of late: regret went from {first} to {last}", **told)
    return _("No clear change over time: regret went from {first} to {last}", **told)


def say_why_not(scope: Scope, rows: pd.DataFrame) -> None:
    """Say why nothing can be judged: nobody may take another plan, or there are too few months."""
    settings, found = scope.settings, len(results.usage_months(scope))
    if len(rows):
        title = _("There is no other plan to advise")
        body = _("Advice is judged where a customer may take another plan than the one held.")
    elif found < months_needed(scope):
        title = _("Too few months to judge the advice")
        body = _(
            "There are {found} months of usage, {needed} are needed: a first one that is left out, {months} to learn "
            "from and {horizon} to compare with.",
            found=found,
            needed=months_needed(scope),
            months=settings.months,
            horizon=settings.horizon,
        )
    else:
        title = _("No customer was here long enough to judge the advice")
        body = _(
            "It takes {months} complete months of a customer after the first one, and {horizon} in a row after these.",
            months=settings.months,
            horizon=settings.horizon,
        )
    withheld = int(rows.attrs.get(WITHHELD, 0))
    states.empty(title, sentences(body, say_withheld(withheld)) if withheld else body)


def months_needed(scope: Scope) -> int:
    """Return how many months of usage a back-test needs: one left out, those to learn from, those to pay."""
    return 1 + scope.settings.months + scope.settings.horizon


def span(scope: Scope) -> str:
    """Return how long the advice is judged."""
    n = scope.settings.horizon
    return ngettext("{count} month", "{count} months", n, count=n)


def say_cases(n: float) -> str:
    """Return a number of cases: a customer at a month end each."""
    return ngettext("{count} case", "{count} cases", int(n), count=formats.number(n))


def between(low: float, high: float, say: Callable[[float], str]) -> str:
    """Return an interval in words."""
    return f"{say(low)} – {say(high)}"


def _amount(value: float) -> str:
    return formats.number(value, decimals=2)


def _whole(share: float) -> str:
    return formats.share(share, decimals=0)
