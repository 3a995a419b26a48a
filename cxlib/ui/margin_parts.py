"""Differences between groups set against a margin: one chart and one table for tiers, needs and courtesy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cxlib import charts, formats
from cxlib.fairness.outcomes import OUTCOMES
from cxlib.texts import _
from cxlib.ui.segments import outcome_said, reason
from cxlib.ui.show import Shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from cxlib.charts import Chart
    from cxlib.ui.scope import Scope

NARROWEST = 1.6
"""Margins to either side that a chart shows at least."""


def margin_chart(table: pd.DataFrame, *, words: Mapping[str, str], sla_s: float, colour: str) -> Chart:
    """Draw the advantages of one comparison in margins, the band without weight shaded, the verdict beside each."""
    values, notes, said = {}, {}, {}
    for row in table.to_dict("records"):
        label = outcome_said(row["outcome"], sla_s).label
        scale = row["margin"] or 1.0
        ends = (row["advantage"], row["advantage_low"], row["advantage_high"])
        parts = tuple(None if (known := formats.known(end)) is None else known / scale for end in ends)
        values[label] = (parts[0], parts[1], parts[2])
        notes[label] = difference_said(row)
        verdict = words[str(row["verdict"])]
        said[label] = _(verdict) if parts[0] is not None else reason(row["reason"]) or _("too few")
    sizes = [abs(each) for value in values.values() for each in value if each is not None]
    far = max([NARROWEST, *sizes]) * 1.05
    return charts.intervals(
        values,
        say=formats.ratio,
        axis=_("Better off by … margins"),
        colours=dict.fromkeys(values, colour),
        notes=notes,
        words=said,
        mark=("0", 0.0),
        ends=(-far, far),
        band=(-1.0, 1.0),
    )


def difference_said(row: Mapping[Any, Any]) -> str:
    """Return a difference in its own unit with its direction, or that there are too few."""
    value = formats.known(row["advantage"])
    n = min(int(row[name]) for name in row if str(name).startswith("n_") and name != "n_days")
    if value is None:
        return _("n = {n}", n=formats.number(n))
    if row["kind"] == "seconds":
        size, longer = formats.share(abs(value)), value < 0
        if OUTCOMES[str(row["outcome"])].more_is_better:
            longer = value > 0
        return _("{size} longer", size=size) if longer else _("{size} shorter", size=size)
    more = (value > 0) == OUTCOMES[str(row["outcome"])].more_is_better
    if row["kind"] == "share":
        size = formats.number(abs(value) * 100, decimals=1)
        return _("{size} points more", size=size) if more else _("{size} points less", size=size)
    size = formats.ratio(abs(value))
    return _("{size} higher", size=size) if more else _("{size} lower", size=size)


def verdict_rows(
    table: pd.DataFrame, *, words: Mapping[str, str], say: Callable[[str, object], str], sla_s: float
) -> pd.DataFrame:
    """Return the rows of comparisons in the reader's words; `say` writes a group, given ``"tier"`` or ``"need"``."""
    by = table["by"] if "by" in table else ["tier" if "tier" in table else "need"] * len(table)
    first, second = ("tier", "next_tier") if "tier" in table else ("group", "compared_with")
    told = [_(words[verdict]) for verdict in table["verdict"]]
    known = table["advantage"].notna()
    return table.assign(
        **{
            first: [say(kind, value) for kind, value in zip(by, table[first], strict=True)],
            second: [say(kind, value) for kind, value in zip(by, table[second], strict=True)],
        },
        outcome=[outcome_said(name, sla_s).label for name in table["outcome"]],
        said=[word if there else _("too few") for word, there in zip(told, known, strict=True)],
        difference=[
            difference_said(row) if row["advantage"] == row["advantage"] else "" for row in table.to_dict("records")
        ],
        remark=[reason(code) for code in table["reason"]],
    )


def verdict_columns(table: pd.DataFrame, per: Mapping[str, str] | None = None) -> dict[str, Shown]:
    """Return the columns of `verdict_rows`; `per` has labels of columns that come first."""
    first, second = ("tier", "next_tier") if "tier" in table else ("group", "compared_with")
    n_first, n_second = ("n_tier", "n_next") if "tier" in table else ("n_group", "n_compared_with")
    return {
        **{name: Shown(label) for name, label in (per or {}).items()},
        first: Shown(_("Group")),
        second: Shown(_("Beside")),
        "outcome": Shown(_("Outcome")),
        "said": Shown(_("Verdict")),
        "difference": Shown(_("Difference")),
        "advantage": Shown(
            _("Better off by"), "number", help=_("Share of a time, difference of shares or scores."), decimals=3
        ),
        "advantage_low": Shown(_("From"), "number", decimals=3),
        "advantage_high": Shown(_("To"), "number", decimals=3),
        "margin": Shown(_("Margin"), "number", decimals=3),
        "share_counterpart": Shown(_("With a counterpart"), "share"),
        n_first: Shown(_("n group"), "count"),
        n_second: Shown(_("n beside"), "count"),
        "n_days": Shown(_("Days"), "count"),
        "remark": Shown(_("Remark")),
    }


def with_margins(scope: Scope) -> Scope:
    """Return the scope with the margins, which every export of verdicts carries."""
    settings = scope.settings
    words = _(
        "{share} points of a share, {wait} of a time",
        share=formats.number(settings.margin_share * 100, decimals=1),
        wait=formats.share(settings.margin_wait, decimals=0),
    )
    return scope.narrowed(_("Margins"), words)
