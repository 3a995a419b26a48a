"""The back-test of a data set as its page shows it: the measures, kept, and what rules and groups are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from cxlib import formats
from cxlib.matching import tasks
from cxlib.matching.backtesting import WITHHELD
from cxlib.matching.reliability import ADVISED, backtest_by, calibration, reliability_curve, summarise_backtest
from cxlib.matching.rules import DIRECTIONS, RULE_NAMES, RULES
from cxlib.texts import _
from cxlib.ui import long, matching, results
from cxlib.ui.balance import say_segment
from cxlib.ui.tiers import tier_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from cxlib.ui.scope import Scope

    Row = pd.Series[Any]

STAYED: Final = "stay"
SIMPLE: Final = tuple(rule for rule in RULES if rule != ADVISED)


class Judged:
    """The back-test of a data set, or the part of it that the reader has chosen; its measures are kept.

    `drawn` tells that not everybody was judged but a random choice, `withheld` how many customers were left out
    because their bills do not reconcile.

    Parameters
    ----------
    scope : Scope
    rows : pandas frame
        All rows of the back-test.
    way, tier : str
        Which of them.
    """

    def __init__(self, scope: Scope, rows: pd.DataFrame, *, way: str = results.ALL, tier: str = results.ALL) -> None:
        self.scope = scope
        self.least = scope.settings.min_group
        self.rows = part_of(rows, way=way, tier=tier)
        self.customers = int(self.rows["customer_id"].nunique())
        self.drawn = int(rows["customer_id"].nunique()) >= tasks.MOST_JUDGED
        self.withheld = int(rows.attrs.get(WITHHELD, 0))
        self._where = {"way": way, "tier": tier, **long.options_of(scope)}

    @property
    def enough(self) -> bool:
        """Whether there are enough customers to show anything."""
        return self.customers >= self.least

    @property
    def tiers(self) -> list[str]:
        """The tiers of the customers, as the systems call them."""
        return [str(tier) for tier in self.rows["tier"].dropna().unique()] if "tier" in self.rows else []

    @property
    def ways(self) -> list[str]:
        """The directions of the advice, and staying."""
        return [*(way for way in DIRECTIONS if (self.rows["direction"] == way).any()), STAYED]

    def rules(self) -> pd.DataFrame:
        """Return `summarise_backtest`."""
        return self._kept("rules", lambda: summarise_backtest(self.rows))

    def curve(self) -> pd.DataFrame:
        """Return `reliability_curve`."""
        return self._kept("curve", lambda: reliability_curve(self.rows, min_group=self.least))

    def calibration(self) -> Row:
        """Return `calibration`."""
        found: Row = self._kept("calibration", lambda: pd.DataFrame([calibration(self.rows)])).iloc[0]
        return found

    def by(self, column: str, rule: str = ADVISED) -> pd.DataFrame:
        """Return `backtest_by`."""
        return self._kept(
            "by", lambda: backtest_by(self.rows, column, rule=rule, min_group=self.least), column=column, rule=rule
        )

    @property
    def advised(self) -> Row:
        """What is said of the recommender."""
        return self.rule(ADVISED)

    def rule(self, name: str) -> Row:
        """Return what is said of a rule."""
        table = self.rules()
        found: Row = table[table["rule"] == name].iloc[0]
        return found

    @property
    def best_simple(self) -> str:
        """The simple rule with the least regret."""
        table = self.rules().set_index("rule").loc[list(SIMPLE)]
        return str(table["mean_regret"].idxmin())

    def _kept(self, what: str, compute: Callable[[], pd.DataFrame], **more: str) -> pd.DataFrame:
        return results.kept(self.scope, f"backtest {what}", compute, min_group=self.least, **self._where, **more)


def part_of(rows: pd.DataFrame, *, way: str = results.ALL, tier: str = results.ALL) -> pd.DataFrame:
    """Return the cases of one direction of the advice and of one tier."""
    if way == STAYED:
        rows = rows[rows["direction"].isna()]
    elif way != results.ALL:
        rows = rows[rows["direction"] == way]
    return rows if tier == results.ALL else rows[rows["tier"] == tier]


def grouped(judged: Judged, by: str) -> pd.DataFrame:
    """Return the measures by segment or direction, each with its name; tiers by rank, a missing value last."""
    table = judged.by(by)
    if by == "tier":
        place = {tier: i for i, tier in enumerate(tier_names(judged.scope).sorted(table[by]))}
        table = table.sort_values(by, key=lambda tiers: tiers.map(lambda tier: place.get(tier, len(place))))
    return table.assign(group=[say_group(judged.scope, by, value) for value in table[by]])


def groupings(rows: pd.DataFrame) -> dict[str, str]:
    """Return by which columns the cases may be set side by side, and what they are called."""
    every = {
        "direction": _("Advice"),
        "tier": _("Tier"),
        "need": _("Need"),
        "region": _("Region"),
        "plan_id": _("Plan held"),
    }
    return {name: label for name, label in every.items() if name in rows and rows[name].notna().any()}


def say_rule(rule: str) -> str:
    """Return what a rule is called."""
    return _(RULE_NAMES[rule])


def say_way(way: Any) -> str:
    """Return what a direction of the advice is called."""
    if way == results.ALL:
        return _("All")
    return _("Stay") if way == STAYED or pd.isna(way) else matching.say_direction(way)


def say_group(scope: Scope, by: str, value: Any) -> str:
    """Return what a segment, a direction, a plan or a month is called."""
    if by == "month":
        return formats.month(value)
    if by == "tier":
        return tier_names(scope).say(value)
    return say_way(value) if by == "direction" else say_segment(value)
