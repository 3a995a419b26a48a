"""The charts of the back-test, from its measures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cxlib import charts, formats
from cxlib.matching.reliability import ADVISED
from cxlib.texts import _
from cxlib.ui import matching
from cxlib.ui.judged import grouped, say_rule
from cxlib.ui.verdicts import NOMINAL, SURE, say_cases, span

if TYPE_CHECKING:
    import pandas as pd

    from cxlib.charts import Chart
    from cxlib.ui.judged import Judged


def rules_chart(judged: Judged) -> Chart:
    """Draw what following each rule would have cost, the best on top."""
    table = judged.rules().sort_values("mean_regret")
    return charts.intervals(
        {say_rule(row["rule"]): _interval(row, "mean_regret", "regret") for _at, row in table.iterrows()},
        say=matching.money_of(judged.scope),
        axis=_("Regret over {span}", span=span(judged.scope)),
        bars=True,
        height=charts.SQUARE,
        colours={say_rule(rule): charts.MISSING for rule in table["rule"] if rule != ADVISED},
    )


def curve_chart(judged: Judged) -> Chart:
    """Draw whether what was said to be likely happened as often."""
    return charts.reliability(
        [
            (row["predicted"], _interval(row, "observed", "observed"), row["n"])
            for _at, row in judged.curve().iterrows()
        ],
        say=formats.share,
        say_n=say_cases,
        said=_("P(saves) of the best other plan, as said"),
        happened=_("Share in which it did save"),
    )


def group_charts(judged: Judged, by: str) -> dict[str, Chart]:
    """Draw segments, or directions of the advice, side by side in ``regret``, ``coverage`` and ``strong``."""
    table = grouped(judged, by)
    none = {group: _("none") for group in table.loc[table["strong"] == 0, "group"]}
    money = matching.money_of(judged.scope)
    return {
        "regret": charts.intervals(
            _intervals(table, "mean_regret", "regret"),
            say=money,
            axis=_("Regret over {span}", span=span(judged.scope)),
            notes={row["group"]: formats.people(row["customers"]) for _at, row in table.iterrows()},
        ),
        "coverage": charts.intervals(
            _intervals(table, "coverage", "coverage"),
            axis=_("Share of cases"),
            notes={row["group"]: say_cases(row["customer_origins"]) for _at, row in table.iterrows()},
            **_share_of(NOMINAL, table["coverage_low"]),
        ),
        "strong": charts.intervals(
            _intervals(table, "strong_precision", "strong"),
            axis=_("Share of strong ones"),
            notes={row["group"]: say_cases(row["strong"]) for _at, row in table.iterrows()},
            unknown=none,
            **_share_of(SURE, table["strong_low"]),
        ),
    }


def course_chart(judged: Judged) -> Chart:
    """Draw the regret of the advice given at each month's end beside that of the best simple rule."""
    tables = {say_rule(rule): judged.by("month", rule) for rule in (ADVISED, judged.best_simple)}
    return charts.interval_courses(
        {
            name: (
                [month.date() for month in table["month"]],
                [_interval(row, "mean_regret", "regret") for _at, row in table.iterrows()],
            )
            for name, table in tables.items()
        },
        say=matching.money_of(judged.scope),
        x_title=_("Month at whose end the advice was given"),
        y_title=_("Regret over {span}", span=span(judged.scope)),
        colours={say_rule(ADVISED): charts.BLUE},
    )


def _intervals(table: pd.DataFrame, value: str, bounds: str) -> dict[str, Any]:
    return {row["group"]: _interval(row, value, bounds) for _at, row in table.iterrows()}


def _share_of(promised: float, lows: pd.Series[float]) -> dict[str, Any]:
    """Return how shares are drawn beside what was promised; the axis starts where something is."""
    least = min(0.5, float(lows.min())) if lows.notna().any() else 0.5
    mark = (formats.share(promised, decimals=0), promised)
    return {"say": formats.share, "mark": mark, "ends": (least, 1.0), "tickformat": ".0%"}


def _interval(row: pd.Series[Any], value: str, bounds: str) -> tuple[float | None, float | None, float | None]:
    """Return a value of a table with the ends of its interval; what is not known is None."""
    return formats.known(row[value]), formats.known(row[f"{bounds}_low"]), formats.known(row[f"{bounds}_high"])
