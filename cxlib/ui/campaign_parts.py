"""Drawing up a campaign with a hold-out, keeping it, and its file, as the page about plan fit offers it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, Literal, cast

import streamlit as st

from cxlib import charts, formats
from cxlib.exports import csv_bytes
from cxlib.matching.advised import STRONG
from cxlib.matching.campaign import EXCLUDED, campaign_curve
from cxlib.matching.campaign_report import CampaignReport, Draw, draw_campaign
from cxlib.matching.strength import LIKELY
from cxlib.texts import _
from cxlib.ui import customers, definitions, fit_rows, matching, results
from cxlib.ui.fragments import fragment
from cxlib.ui.safe import safe
from cxlib.ui.session import store, who
from cxlib.ui.show import Shown, chart, heading, rows
from cxlib.ui.tiers import tier_names

if TYPE_CHECKING:
    import pandas as pd

    from cxlib.ui.fit_rows import Chosen
    from cxlib.ui.scope import Scope

PREVIEW: Final = 100
PREVIEWED: Final = (
    "rank", "customer_id", "group", "tier", "plan_id", "advised_plan_id", "direction", "expected_saving",
    "expected_bill", "p_saves",
)  # fmt: skip
MOST_HELD: Final = 50
"""Largest hold-out, percent."""


@fragment
def part(scope: Scope, chosen: Chosen) -> None:
    """Let the reader say how the campaign is drawn, show whom it holds and whom not, keep it and hand it out."""
    heading(_("A campaign with a hold-out"))
    draw = _asked(scope)
    report = drawn(scope, chosen, draw)
    if report is None:
        return
    scope = _narrowed(scope, draw)
    st.markdown(safe(report.said.splitlines()[0]))
    st.caption(safe(report.said.splitlines()[-1]))
    if report.rows.empty:
        st.caption(_("There is nobody to contact."))
    else:
        _hand_out(scope, report)
    left, right = st.columns(2, gap="large")
    with left:
        _left_out(report)
    with right:
        _size_and_value(scope, report)
    _preview(scope, report)


def drawn(scope: Scope, chosen: Chosen, draw: Draw) -> CampaignReport | None:
    """Return the campaign drawn from the flagged customers chosen; None while the advice is worked out."""
    advice = fit_rows.advice_now(scope, chosen.month)
    if advice is None:
        return None
    flagged = fit_rows.with_advice(fit_rows.flagged(scope, chosen), advice)
    if chosen.sure != results.ALL:
        flagged = flagged[flagged["strength"] == chosen.sure]
    return draw_campaign(
        advice[advice["customer_id"].isin(flagged["customer_id"])],
        None,
        results.catalogue(scope),
        draw,
        customers=results.table(scope, "customers"),
        fit=flagged,
        at_end=chosen.month == results.usage_months(scope)[-1],
    )


def _asked(scope: Scope) -> Draw:
    goals = {
        "retention": _("Retention: who pays overage first"),
        "fairness": _("Fairness: who pays for too much first"),
    }
    sure = {0.0: _("any"), LIKELY: _("likely or strong"), STRONG: _("strong only")}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        goal = st.selectbox(
            _("Goal: who comes first"),
            list(goals),
            format_func=lambda name: goals[name],
            key="campaign:goal",
            width=300,
        )
        share = st.number_input(_("Held out (%)"), 0, MOST_HELD, 10, 5, key="campaign:share", width=130)
        with st.popover(_("More about the draw"), icon=":material/tune:"):
            most = st.number_input(_("Customers at most (0: no limit)"), 0, None, 0, 100, key="campaign:most")
            least = st.selectbox(_("How sure"), list(sure), format_func=lambda p: sure[p], key="campaign:sure")
            seed = st.number_input(
                _("Seed"),
                0,
                2**31 - 1,
                0,
                1,
                key="campaign:seed",
                help=_("The same seed holds out the same customers."),
            )
    settings = scope.settings
    return Draw(
        goal=cast("Literal['retention', 'fairness']", goal),
        hold_out=share / 100,
        seed=int(seed),
        most=int(most) or None,
        horizon=settings.horizon,
        months=settings.months,
        min_saving=settings.min_saving,
        least_p=float(least),
    )


def _hand_out(scope: Scope, report: CampaignReport) -> None:
    """Keep the campaign under a number when asked, and then offer its file."""
    state_key = f"campaign_kept:{scope.dataset.id}"
    this = str((report.month, sorted(asdict(report.draw).items(), key=str), len(report.rows), scope.filters))
    kept = st.session_state.get(state_key)
    if kept is None or kept[0] != this:
        if not st.button(
            _("Keep this campaign and make its file"), type="primary", icon=":material/campaign:", key="campaign:keep"
        ):
            return
        record = store().keep_campaign(scope.dataset.id, report.rows, record=_record(scope, report), who=who())
        kept = st.session_state[state_key] = (this, record.number)
    number = kept[1]
    headers, lines = _headers(scope), [*scope.lines(), (_("Campaign"), str(number))]
    exported = report.export(number=number).rename(columns=headers)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            _("Download the campaign ({n})", n=formats.people(len(exported))),
            data=csv_bytes(exported, scope=lines),
            file_name=f"campaign_{number}.csv",
            mime="text/csv",
            type="primary",
            icon=":material/download:",
            key="campaign:download",
            on_click="ignore",
        )
        st.caption(_("Kept as campaign {n}; its results can be brought back and read against the hold-out.", n=number))


def _record(scope: Scope, report: CampaignReport) -> dict[str, Any]:
    """Return how the campaign was drawn, with the filters and the months left out that it was drawn under."""
    out = {customer_id: list(months) for customer_id, months in customers.all_left_out(scope).items()}
    return report.record() | {"filters": [list(each) for each in scope.filters], "left_out": out}


def _left_out(report: CampaignReport) -> None:
    found = report.excluded
    if found.empty:
        st.caption(_("Nobody is left out."))
        return
    chart(
        charts.bars(
            {_(EXCLUDED[reason]): float(n) for reason, n in zip(found["reason"], found["customers"], strict=True)},
            say=formats.number,
            axis=_("Customers"),
            colours={_(EXCLUDED[reason]): charts.MISSING for reason in found["reason"]},
        ),
        title=_("Who is left out, and why"),
        definition=_(definitions.LEFT_OUT),
        key="excluded",
    )


def _size_and_value(scope: Scope, report: CampaignReport) -> None:
    curve = campaign_curve(report.rows, points=120)
    if len(curve) < 2:
        return
    money = 10 ** results.catalogue(scope).minor_digits
    chart(
        charts.courses(
            {_("Saving reached"): (list(curve["contacted"]), list(curve["saving_minor"] / money))},
            say=matching.money_of(scope, decimals=0),
            x_title=_("Customers contacted"),
            x_tickformat=",",
            y_title=_("Expected saving ({currency})", currency=matching.currency_of(scope)),
            colours={_("Saving reached"): charts.WITHIN},
        ),
        title=_("Size against value"),
        definition=_(definitions.CAMPAIGN_CURVE),
        key="campaign_curve",
    )


def _preview(scope: Scope, report: CampaignReport) -> None:
    groups = {"offer": _("offer"), "hold_out": _("held out")}
    names = tier_names(scope)
    shown: pd.DataFrame = report.rows.assign(
        group=report.rows["group"].map(groups),
        direction=report.rows["direction"].map(matching.say_direction),
        tier=report.rows["tier"].map(names.say) if report.rows["tier"].notna().any() else report.rows["tier"],
    )
    headers = _headers(scope)
    kinds = {"expected_saving": "money", "expected_bill": "money", "p_saves": "share", "rank": "count"}
    columns = {
        name: Shown(headers[name], kinds.get(name, "text"))  # type: ignore[arg-type]
        for name in PREVIEWED
    }
    rows(shown, columns, name="campaign_preview", scope=scope, key="campaign", title=_("The campaign"), most=PREVIEW)


def _headers(scope: Scope) -> dict[str, str]:
    """Return the headers of the campaign's file; the import reads those that come back."""
    money, n = matching.currency_of(scope), scope.settings.horizon
    return {
        "campaign": _("Campaign"),
        "rank": _("Rank"),
        "customer_id": _("Customer"),
        "group": _("Group"),
        "tier": _("Tier"),
        "need": _("Need"),
        "region": _("Region"),
        "plan_id": _("Plan held"),
        "advised_plan_id": _("Advised plan"),
        "option_2_plan_id": _("Second option"),
        "option_3_plan_id": _("Third option"),
        "direction": _("Direction"),
        "expected_saving": _("Expected saving, {n} months ({currency})", n=n, currency=money),
        "expected_bill": _("Expected bill, {n} months ({currency})", n=n, currency=money),
        "p_saves": _("P(saves)"),
        "strong": _("Strong"),
        "flagged": _("Flagged"),
        "month": _("Month"),
        "reason": _("Reason"),
    }


def _narrowed(scope: Scope, draw: Draw) -> Scope:
    goals = {
        "retention": _("Retention: who pays overage first"),
        "fairness": _("Fairness: who pays for too much first"),
    }
    scope = scope.narrowed(_("Goal"), goals[draw.goal])
    scope = scope.narrowed(_("Held out"), formats.share(draw.hold_out, decimals=0)).narrowed(_("Seed"), str(draw.seed))
    if draw.most:
        scope = scope.narrowed(_("Customers at most"), formats.number(draw.most))
    return scope.narrowed(_("Least P(saves)"), formats.share(draw.least_p, decimals=0)) if draw.least_p else scope
