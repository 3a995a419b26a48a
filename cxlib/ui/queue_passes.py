"""Who passes whom, how many are passed, and whether that comes of rank or of routing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from cxlib import charts, formats
from cxlib.texts import _
from cxlib.ui import definitions, states
from cxlib.ui.queue_results import Queues, numbers
from cxlib.ui.show import Shown, chart, rows

if TYPE_CHECKING:
    import pandas as pd

    from cxlib.ui.tiers import TierNames

WITHIN_COLOUR, BETWEEN_COLOUR = "#1f7fb8", "#8c7a1c"
MOST_PAIRS: Final = 6


def part(queues: Queues, tiers: TierNames) -> None:
    """Show who passes whom."""
    pairs, summary = numbers(queues, "pairs"), numbers(queues, "summary")
    if pairs is None or summary is None or not summary["n"].sum():
        states.empty(_("Nobody had to wait in line."), _("There is nobody who could be passed."), to_import=False)
        return
    left, right = st.columns(2, gap="large")
    with left:
        _who_whom(queues, tiers, pairs)
    with right:
        _how_many(queues, tiers, summary[summary["n"] > 0])
    routing = numbers(queues, "routing")
    if routing is not None and not queues.one_line:
        _rank_or_routing(queues, tiers, routing)


def _who_whom(queues: Queues, tiers: TierNames, pairs: pd.DataFrame) -> None:
    in_line = set(pairs.loc[pairs["n_of_passed"] > 0, "passed"].fillna(""))
    pairs = pairs[pairs["passed"].fillna("").isin(in_line) & ((pairs["passes"] > 0) | pairs["passer"].notna())]
    if pairs.empty:
        pairs = pairs.iloc[:0]
    shown = pairs.assign(passer=pairs["passer"].map(tiers.say), passed=pairs["passed"].map(tiers.say))
    passers = [tiers.say(tier) for tier in tiers.sorted(pairs["passer"].unique())]
    passed = [tiers.say(tier) for tier in tiers.sorted(pairs["passed"].unique())]
    if passers:
        chart(
            charts.matrix(
                {(p, q): n for p, q, n in zip(shown["passer"], shown["passed"], shown["passes"], strict=True)},
                rows=passers,
                columns=passed,
                say=formats.number,
                row_title=_("Passes"),
                column_title=_("Is passed"),
            ),
            title=_("Who passes whom"),
            definition=_(definitions.OVERTAKE),
            key="pairs",
        )
    columns = {
        "passer": Shown(_("Passes")),
        "passed": Shown(_("Is passed")),
        "passes": Shown(_("Passes in all"), "count"),
        "passed_abandoned": Shown(_("of one who left"), "count"),
        "n_passed": Shown(_("Contacts passed"), "count"),
        "n_passed_abandoned": Shown(_("of whom left"), "count"),
        "n_of_passed": Shown(_("In line"), "count"),
        "share_passed": Shown(_("Share passed"), "share"),
    }
    least = queues.scope.settings.min_group
    shown = shown.assign(share_passed=shown["share_passed"].where(shown["n_of_passed"] >= least))
    rows(shown, columns, name="overtakes", scope=queues.scope, key="pairs", title=_("Who passes whom"))


def _how_many(queues: Queues, tiers: TierNames, summary: pd.DataFrame) -> None:
    named: dict[str, Any] = {tiers.say(row.tier): row for row in summary.itertuples()}
    chart(
        charts.bars(
            {name: None if row.too_few else row.share_passed for name, row in named.items()},
            say=formats.share,
            axis=_("Passed at least once"),
            colours=tiers.colours,
            notes={name: _("n = {n}", n=formats.number(row.n)) for name, row in named.items()},
            tickformat=".0%",
        ),
        title=_("How many are passed"),
        definition=_(definitions.PASSED),
        key="passed",
    )
    columns = {
        "tier": Shown(_("Tier")),
        "share_passed": Shown(_("Once or more"), "share", help=_("Passed at least once")),
        "share_passed_3": Shown(_("3 or more"), "share", help=_("Passed three times or more")),
        "most_passed": Shown(_("Most"), "count", help=_("The most times that one of them was passed.")),
        "mean_passed": Shown(_("Mean"), "number", help=_("Times passed, mean")),
        "share_passed_abandoned": Shown(_("Left, of those passed"), "share"),
        "share_unpassed_abandoned": Shown(_("Left, of the others"), "share"),
        "n": Shown(_("In line"), "count"),
    }
    rows(
        summary.assign(tier=summary["tier"].map(tiers.say)),
        columns,
        name="passed",
        scope=queues.scope,
        key="passed",
        folded=False,
    )
    by_queue = numbers(queues, "by_queue")
    if by_queue is not None:
        rows(
            by_queue.assign(tier=by_queue["tier"].map(tiers.say)),
            {"queue": Shown(_("Queue")), **columns},
            name="passed_by_queue",
            scope=queues.scope,
            key="passed_by_queue",
            title=_("Queue by queue"),
        )


def _rank_or_routing(queues: Queues, tiers: TierNames, routing: pd.DataFrame) -> None:
    if not len(routing) or bool(routing["one_line"].all()) or not routing["passes_between"].sum():
        return
    within, between = _("within a line: rank"), _("between lines: routing")
    top = routing[routing["passes"] > 0].sort_values("passes", ascending=False, kind="stable").head(MOST_PAIRS)
    share = routing["passes_between"].sum() / routing["passes"].sum()
    chart(
        charts.split_bars(
            {
                f"{tiers.say(row['passer'])} → {tiers.say(row['passed'])}": {
                    within: float(row["passes_within"]),
                    between: float(row["passes_between"]),
                }
                for row in top.to_dict("records")
            },
            say=formats.number,
            axis=_("Passes, had all been one line"),
            colours={within: WITHIN_COLOUR, between: BETWEEN_COLOUR},
        ),
        title=_("{share} of the passes between all who wait come of routing, not of rank", share=formats.share(share)),
        definition=_(definitions.ROUTING),
        key="routing",
    )
    columns = {
        "passer": Shown(_("Passes")),
        "passed": Shown(_("Is passed")),
        "passes": Shown(_("As one line"), "count"),
        "passes_within": Shown(_("Within a line"), "count"),
        "passes_between": Shown(_("Between lines"), "count"),
        "share_between": Shown(_("Share between lines"), "share"),
    }
    frame = routing[routing["passes"] > 0].sort_values("passes", ascending=False, kind="stable")
    rows(
        frame.assign(passer=frame["passer"].map(tiers.say), passed=frame["passed"].map(tiers.say)),
        columns,
        name="routing_and_rank",
        scope=queues.scope,
        key="routing",
        title=_("Rank or routing"),
    )
