"""How long each tier waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from cxlib import charts, formats
from cxlib.texts import _
from cxlib.ui import definitions, results, states
from cxlib.ui.show import Shown, chart, rows

if TYPE_CHECKING:
    import pandas as pd

    from cxlib.ui.queue_results import Queues
    from cxlib.ui.scope import Scope
    from cxlib.ui.tiers import TierNames


def part(queues: Queues, tiers: TierNames) -> None:
    """Show how the waits of the tiers go on, and how many are served in time."""
    scope = queues.scope
    frame = results.waits_by(scope, "tier", **queues.where)
    frame = frame[frame["n_queued"] > 0]
    if frame.empty:
        states.empty(_("Nobody had to wait in line."), _("There are no waits to compare."), to_import=False)
        return
    sla = f"sla_{scope.settings.sla_s:g}"
    left, right = st.columns(2, gap="large")
    with left:
        _curves(queues, tiers, [tiers.say(tier) for tier in tiers.sorted(frame["tier"])])
    with right:
        named = {tiers.say(row["tier"]): row for row in frame.to_dict("records")}
        chart(
            charts.bars(
                {name: formats.known(row[sla]) for name, row in named.items()},
                say=formats.share,
                axis=_("Served within {wait}, of those in line", wait=formats.seconds(scope.settings.sla_s)),
                colours=tiers.colours,
                notes={name: _("n = {n}", n=formats.number(row["n_queued"])) for name, row in named.items()},
                tickformat=".0%",
            ),
            title=_("Served in time"),
            definition=_(definitions.SERVICE_LEVEL),
            key="sla",
        )
    _rows(scope, tiers, frame, sla)


def _curves(queues: Queues, tiers: TierNames, order: list[str]) -> None:
    settings = queues.scope.settings
    curves = results.curves(queues.scope, **queues.where)
    curves = curves[curves["t_s"] <= curves.loc[curves["unserved"] >= 0.02, "t_s"].max()]
    parts = {tiers.say(tier): each for tier, each in curves.groupby("tier", dropna=False, sort=False)}
    if not parts:
        states.too_few(0, settings.min_group)
        return
    chart(
        charts.courses(
            {name: (parts[name]["t_s"], parts[name]["unserved"]) for name in order if name in parts},
            say=formats.share,
            x_title=_("Seconds in line"),
            y_title=_("Still not served"),
            colours=tiers.colours,
            shape="hv",
            tickformat=".0%",
            y_top=1.02,
            marks={formats.seconds(settings.sla_s): settings.sla_s},
        ),
        title=_("How the wait goes on"),
        definition=_(definitions.VIRTUAL_WAIT),
        key="curves",
    )


def _rows(scope: Scope, tiers: TierNames, frame: pd.DataFrame, sla: str) -> None:
    columns = {
        "tier": Shown(_("Tier")),
        "mean_wait_s": Shown(_("Mean wait"), "seconds"),
        "median_wait_s": Shown(_("Median wait"), "seconds"),
        "p90_wait_s": Shown(_("9 of 10 within"), "seconds"),
        "virtual_wait_s": Shown(_("Virtual wait"), "seconds", help=_("The median wait had nobody given up.")),
        sla: Shown(_("In time"), "share", help=_("Served in time, of those in line.")),
        f"{sla}_offered": Shown(_("… of all"), "share", help=_("Served in time, of all contacts.")),
        "abandonment": Shown(_("Left"), "share", help=_("Gave up, of those in line.")),
        "n": Shown(_("Contacts"), "count"),
        "n_queued": Shown(_("In line"), "count"),
        "n_served_queued": Shown(_("Served"), "count", help=_("Served of those in line.")),
    }
    rows(frame.assign(tier=frame["tier"].map(tiers.say)), columns, name="waits", scope=scope, key="waits", folded=False)
