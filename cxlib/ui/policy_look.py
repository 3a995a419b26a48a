"""What the parts of the page of policies share: the study, the reader's rule, and how rules and indicators are said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cxlib import formats
from cxlib.exports.decision_note import SHARES, Decision, group_said, indicator_said
from cxlib.queueing.naming import rule_brief, rule_of, rule_said
from cxlib.queueing.study import IN_FORCE
from cxlib.texts import _

if TYPE_CHECKING:
    import pandas as pd

    from cxlib.queueing.policies import Policy
    from cxlib.queueing.runs import Runs
    from cxlib.queueing.study import Study
    from cxlib.ui.policy_controls import Mine
    from cxlib.ui.policy_tasks import Pool
    from cxlib.ui.show import Kind

WEIGHED: Final = ("mean_wait_s", "p90_wait_s", "sla", "abandonment", "passed_thrice")
"""Indicators that rules are weighed by."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """A pool with what was found out about it, and the rule that the reader tries."""

    pool: Pool
    study: Study
    runs: Runs
    mine: Mine

    @property
    def order(self) -> tuple[str, ...]:
        """The classes, the one that is served first first."""
        return self.study.class_order

    @property
    def sla_s(self) -> float:
        """T of the service level."""
        return float(self.runs.sla_s[0])

    def rule(self, policy: str) -> Policy:
        """Return a rule of the runs."""
        return self.study.policies.get(policy) or rule_of(policy, self.order)

    def group(self, group: Any) -> str:
        """Return the name of a class, of all, or of those with a need."""
        return group_said(group, self.pool.tiers.say)

    def said(self, policy: str) -> str:
        """Return a rule in words, the one in force marked."""
        words = rule_said(self.rule(policy), self.order, self.pool.tiers.say)
        return _("Today: {rule}", rule=words) if policy == IN_FORCE else words

    def brief(self, policy: str) -> str:
        """Return a rule in two or three words."""
        return _("today") if policy == IN_FORCE else rule_brief(self.rule(policy), self.order)

    def indicator(self, name: str) -> str:
        """Return how an indicator is called."""
        return indicator_said(name, self.sla_s)

    def with_unit(self, name: str) -> str:
        """Return how an indicator is called, with seconds where it is in seconds."""
        label = self.indicator(name)
        return _("{label} (seconds)", label=label) if name.endswith("_s") else label

    def decision(self, place: str, promised: pd.DataFrame | None) -> Decision:
        """Return what a decision note on the reader's rule speaks about."""
        return Decision(
            study=self.study,
            runs=self.runs,
            rule=self.mine.rule,
            place=place,
            staff=self.mine.staff_said(),
            promised=promised,
            say=self.pool.tiers.say,
        )


def kind_of(indicator: str) -> Kind:
    """Return how a column of an indicator is shown."""
    return "share" if indicator in SHARES else "seconds" if indicator.endswith("_s") else "number"


def ticks_of(indicator: str) -> str:
    """Return the ticks of an axis of an indicator."""
    return ".0%" if indicator in SHARES else ","


def unit_of(indicator: str) -> str:
    """Return the unit of an axis of differences of an indicator."""
    return _("points") if indicator in SHARES else _("seconds")


def change_ticks(indicator: str) -> str:
    """Return the ticks of an axis of differences."""
    return "+.1%" if indicator in SHARES else "+,"


def known(value: Any) -> float | None:
    """Return a number, or None where there is none."""
    return formats.known(value)
