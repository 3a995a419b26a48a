"""How many agents it takes to serve a share of contacts in time: a small calculator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import streamlit as st

from cxlib import charts, formats
from cxlib.errors import CxError
from cxlib.queueing.sizing import sized, sizing
from cxlib.texts import _
from cxlib.ui import definitions, states
from cxlib.ui.show import Shown, chart, heading, rows

if TYPE_CHECKING:
    from cxlib.queueing.sizing import Sizing
    from cxlib.ui.policy_look import Look

AROUND: Final = 6
"""Numbers of agents shown on each side of the one that does."""


def part(look: Look) -> None:
    """Let the reader say what arrives, how long it takes and what is promised; show the agents that do."""
    study = look.study
    st.caption(_("Filled in from this queue: its busiest hour of the day, its mean service and patience."))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        options: dict[str, Any] = {"width": 180}
        arrivals = st.number_input(
            _("Contacts per hour"), 0.1, None, round(max(study.arrivals_per_h, 0.1), 1), key="size:arrivals", **options
        )
        service = st.number_input(
            _("Mean service (seconds)"), 1.0, None, round(max(study.service_s, 1.0), 1), key="size:service", **options
        )
        patient = np.isinf(study.patience_s)
        patience = st.number_input(
            _("Mean patience (seconds)"),
            0.0,
            None,
            0.0 if patient else round(study.patience_s, 1),
            key="size:patience",
            help=_("0: nobody ever gives up."),
            **options,
        )
        share = st.number_input(_("Served in time (%)"), 1.0, 99.9, 80.0, key="size:share", **options)
        within = st.number_input(_("within (seconds)"), 0.0, None, look.sla_s, key="size:within", **options)
    rates = {
        "arrival_rate": arrivals / 3600,
        "service_rate": 1 / service,
        "patience_rate": 1 / patience if patience else 0.0,
    }
    try:
        found = sizing(**rates, share=share / 100, within=within)
    except CxError as error:
        states.refused(error)
        return
    heading(
        _(
            "{n} agents serve {share} within {wait}",
            n=formats.number(found.servers),
            share=formats.share(found.served_within),
            wait=formats.seconds(within),
        ),
        4,
    )
    table = pd.DataFrame([_row(sized(**rates, servers=n, within=within)) for n in _around(found.servers)])
    left, right = st.columns(2, gap="large")
    with left:
        chart(
            charts.courses(
                {_("Served in time"): (list(table["servers"]), list(table["served_within"]))},
                say=formats.share,
                x_title=_("Agents"),
                y_title=_("Served within {wait}", wait=formats.seconds(within)),
                colours={_("Served in time"): charts.BLUE},
                tickformat=".0%",
                y_top=1.02,
                marks={_("promised"): float(found.servers)},
            ),
            title=_("What each agent more brings"),
            definition=_(definitions.SIZING),
            key="sizing",
        )
    with right:
        columns = {
            "servers": Shown(_("Agents"), "count"),
            "served_within": Shown(_("Served in time"), "share"),
            "mean_wait": Shown(_("Mean wait"), "seconds"),
            "abandon_share": Shown(_("Gave up"), "share"),
            "occupancy": Shown(_("Agents busy"), "share"),
        }
        rows(table, columns, name="sizing", scope=look.pool.scope, key="sizing", folded=False, height=340)


def _around(n: int) -> range:
    return range(max(1, n - AROUND), n + AROUND + 1)


def _row(each: Sizing) -> dict[str, float]:
    return {
        "servers": each.servers,
        "served_within": each.served_within,
        "mean_wait": each.mean_wait if np.isfinite(each.mean_wait) else np.nan,
        "abandon_share": each.abandon_share,
        "occupancy": each.occupancy,
    }
