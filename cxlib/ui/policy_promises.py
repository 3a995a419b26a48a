"""Promises to tiers: state them, see which rules keep them, find the mildest rule that does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import streamlit as st

from cxlib import formats
from cxlib.errors import CxError
from cxlib.exports.decision_note import SHARES, groups_of, promise_said, value_said
from cxlib.queueing.naming import rule_text
from cxlib.queueing.promises import Promise, kept, promise_of
from cxlib.queueing.report import solved_said
from cxlib.queueing.study import IN_FORCE
from cxlib.texts import N_, _
from cxlib.ui import definitions, link, results, states
from cxlib.ui.policy_look import WEIGHED, Look
from cxlib.ui.safe import safe
from cxlib.ui.show import Shown, heading, rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cxlib.queueing.promises import Solved

PAGE: Final = "policies"
FAMILIES: Final = {
    "none": N_("Do not look"),
    "head_start": N_("Least head start"),
    "max_passes": N_("Strict, most passes allowed"),
    "agents": N_("Fewest agents, rule as today"),
}
"""Families of rules that are searched, as ids of the link."""


def promises_asked(look: Look) -> list[Promise]:
    """Return the promises that the address holds and that can be told here."""
    groups = {str(each) for each in groups_of(look.runs)}
    return [each for each in _read(link.text("promises", page=PAGE, known=_is_promises)) if str(each.group) in groups]


def part(look: Look) -> None:
    """State promises, and see which rules keep them."""
    promises = promises_asked(look)
    _add(look, promises)
    _declared(look, promises)
    if not promises:
        states.empty(
            _("No promise yet"),
            _(
                "State one above, such as “nobody gives up more often than today”: which rules keep it is then told, "
                "and the mildest one is found."
            ),
            to_import=False,
        )
        return
    _listed(look, promises)
    _every_rule(look, promises)
    _mildest(look, promises)


def _add(look: Look, promises: Sequence[Promise]) -> None:
    groups = [str(each) for each in groups_of(look.runs)]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        group = st.selectbox(
            _("Promise to"), groups, len(look.order) - 1, format_func=look.group, key="promise:group", width=200
        )
        indicator = st.selectbox(
            _("that"), list(WEIGHED), format_func=look.indicator, key="promise:indicator", width=240
        )
        share = indicator in SHARES
        today = formats.known(float(pd.Series(look.runs.values(IN_FORCE, group, indicator)).mean())) or 0.0
        least = Promise(group, indicator, 0.0).at_least
        bounded = _("is at least") if least else _("is at most")
        label = f"{bounded} (%)" if share else _("{label} (seconds)", label=bounded)
        bound = st.number_input(
            label,
            0.0,
            100.0 if share else None,
            round(100 * today, 1) if share else round(today, 1),
            key=f"promise:bound:{group}:{indicator}",
            width=180,
            help=_("As it stands it is what the simulation of today's rule comes to."),
        )

        def add() -> None:
            new = Promise(group, indicator, bound / 100 if share else bound)
            others = [each for each in promises if (each.group, each.indicator) != (group, indicator)]
            link.set_text("promises", _written([*others, new]), page=PAGE)

        st.button(_("Add this promise"), icon=":material/add:", key="promise:add", on_click=add)


def declared(look: Look) -> tuple[list[Promise], list[str]]:
    """Return what the tiers were promised, as the data set says, and the tiers promised another wait than the page's.

    A promise is a share in time: it can be told where the wait that counts as in time is that of the settings.
    """
    tiers = results.table(look.pool.scope, "tiers")
    if tiers is None or "promise_share" not in tiers.column_names:
        return [], []
    groups = {str(each) for each in groups_of(look.runs)}
    found, others = [], []
    for row in tiers.to_pylist():
        tier, share, wait = str(row["tier"]), row["promise_share"], row.get("promise_wait_s")
        if share is None or tier not in groups:
            continue
        if wait is None or float(wait) == look.sla_s:
            found.append(Promise(tier, "sla", float(share)))
        else:
            others.append(tier)
    return found, others


def _declared(look: Look, promises: Sequence[Promise]) -> None:
    """Offer to take over what tiers were promised."""
    found, others = declared(look)
    new = [each for each in found if each not in promises]

    def take() -> None:
        kept_ones = [each for each in promises if (each.group, each.indicator) not in {(n.group, "sla") for n in new}]
        link.set_text("promises", _written([*kept_ones, *new]), page=PAGE)

    if new:
        told = [f"{look.group(each.group)} {formats.share(each.bound, decimals=0)}" for each in new]
        st.button(
            _("Take over what tiers were promised: {list}", list=safe(formats.listed(told))),
            icon=":material/playlist_add:",
            key="promise:declared",
            on_click=take,
            help=_("Share served within {wait}, from the Tiers page.", wait=formats.seconds(look.sla_s)),
        )
    if others:
        st.caption(
            _(
                "Promised within another wait than {wait}, so that it cannot be told here: {list}. The wait that "
                "counts as in time is a setting of the data set.",
                wait=formats.seconds(look.sla_s),
                list=safe(formats.listed(look.group(each) for each in others)),
            )
        )


def _listed(look: Look, promises: Sequence[Promise]) -> None:
    """Show each promise with whether the reader's rule keeps it, and a button that removes it."""
    heading(_("Under “{rule}”", rule=safe(look.said(look.mine.rule))), 4)
    table = kept(look.runs, look.mine.rule, promises)
    for promise, row in zip(promises, table.to_dict("records"), strict=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            mark = ":green[:material/check_circle:]" if row["kept"] else ":orange[:material/cancel:]"
            st.markdown(f"{mark} {safe(promise_said(row, look.pool.tiers.say, look.sla_s))}", width="stretch")

            def remove(gone: Promise = promise) -> None:
                link.set_text("promises", _written([each for each in promises if each != gone]), page=PAGE)

            st.button(
                _("Remove"),
                key=f"promise:remove:{promise.group}:{promise.indicator}",
                type="tertiary",
                icon=":material/close:",
                on_click=remove,
            )


def _every_rule(look: Look, promises: Sequence[Promise]) -> None:
    """Show which rule keeps which promise."""
    out = []
    for policy in look.runs.policies:
        row: dict[str, Any] = {"rule": look.said(policy)}
        for i, told in enumerate(kept(look.runs, policy, promises).to_dict("records")):
            word = (_("is kept") if told["sure"] else _("is kept, not surely")) if told["kept"] else _("is not kept")
            row[str(i)] = f"{value_said(told['indicator'])(told['value'])} · {word}"
        row["all"] = bool(kept(look.runs, policy, promises)["kept"].all())
        out.append(row)
    columns = {"rule": Shown(_("Service rule"))}
    for i, each in enumerate(promises):
        sign = "≥" if each.at_least else "≤"
        bound = value_said(each.indicator)(each.bound)
        columns[str(i)] = Shown(f"{look.group(each.group)}: {look.indicator(each.indicator)} {sign} {bound}")
    columns["all"] = Shown(_("All kept"), "boolean")
    heading(_("Which rules keep them"), 4)
    with st.popover(_("Definition"), type="tertiary", icon=":material/menu_book:"):
        st.markdown(_(definitions.PROMISE))
    rows(pd.DataFrame(out), columns, name="promises", scope=look.pool.scope, key="promises", folded=False)


def _mildest(look: Look, promises: Sequence[Promise]) -> None:
    heading(_("The mildest rule that keeps them all"), 4)
    family = link.choice(
        "solve", list(FAMILIES), label=_("Look for"), say=lambda each: _(FAMILIES[each]), look="segments", page=PAGE
    )
    if family == "none":
        return
    listed = [[each.group, each.indicator, each.bound] for each in promises]
    today = rule_text(look.study.taken, look.order)
    try:
        solved = look.pool.solved(look.study, listed, family, today)
    except CxError as error:
        states.refused(error)
        return
    if solved is None:
        return
    say = look.pool.tiers.say
    (st.success if solved.value is not None else st.warning)(safe(solved_said(solved, look.order, say)))
    st.markdown("\n".join(f"- {safe(promise_said(row, say, look.sla_s))}" for row in solved.kept.to_dict("records")))
    st.button(
        _("Take this as the rule to try"),
        icon=":material/arrow_upward:",
        key="promise:take",
        on_click=_take,
        args=(solved, rule_text(solved.rule, look.order)),
    )


def _take(solved: Solved, text: str) -> None:
    link.set_text("rule", text, page=PAGE)
    if solved.family == "agents":
        link.set_text("agents", f"{solved.closest:g}", page=PAGE, default="0")


def _written(promises: Sequence[Promise]) -> str:
    return ";".join(f"{each.group}:{each.indicator}={each.bound:g}" for each in promises)


def _read(text: str) -> list[Promise]:
    return [promise_of(each) for each in filter(None, text.split(";"))]


def _is_promises(text: str) -> bool:
    try:
        _read(text)
    except CxError:
        return False
    return True
