"""What a report says beyond waits and overtakes: each finding by itself, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from cxlib.engine.records import records
from cxlib.errors import CxError
from cxlib.fairness.cost import cost_to_others
from cxlib.fairness.gaps import gaps
from cxlib.fairness.head_start import implied_head_start
from cxlib.fairness.hours import hours_that_hurt
from cxlib.fairness.labels import check_labels
from cxlib.fairness.outcomes import OUTCOMES
from cxlib.fairness.overtakes import POOL
from cxlib.fairness.substance import VERDICTS, tier_substance
from cxlib.fairness.trap_list import traps
from cxlib.texts import N_, _

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cxlib.fairness.overtakes import Passers

MOST_HOURS: Final = 5
"""Hours that are named as the worst."""

_LOW, _HIGH = N_("from"), N_("to")
_GAPS: Final = {
    "outcome": N_("Outcome"),
    "reference": N_("Compared with"),
    "other": N_("Group"),
    "crude": N_("Crude"),
    "like": N_("Like for like"),
    "like_low": _LOW,
    "like_high": _HIGH,
    "like_ratio": N_("Ratio"),
    "share_counterpart": N_("With a counterpart"),
    "n_other": N_("Contacts"),
    "differs": N_("Differs"),
}
_SUBSTANCE: Final = {
    "tier": N_("Tier"),
    "next_tier": N_("Next tier"),
    "outcome": N_("Outcome"),
    "advantage": N_("Advantage"),
    "advantage_low": _LOW,
    "advantage_high": _HIGH,
    "margin": N_("Margin"),
    "verdict": N_("Verdict"),
}
_HEAD_STARTS: Final = {
    "tier": N_("Tier"),
    "theta_s": N_("Head start"),
    "declared_s": N_("Declared"),
    "pairs": N_("Pairs"),
    "violations": N_("Violations"),
    "violations_declared": N_("At the declared rule"),
}
_COST: Final = {
    "n_priority": N_("Priority contacts"),
    "n_others": N_("Others"),
    "cost_s": N_("Cost per priority contact"),
    "low_s": _LOW,
    "high_s": _HIGH,
    "extra_wait_s": N_("Longer wait of each other"),
}
_HOURS: Final = {
    "period": N_("Hour"),
    "n": N_("Contacts"),
    "share_passed": N_("Share passed"),
    "low": _LOW,
    "high": _HIGH,
    "extra_wait_s": N_("Longer wait of each other"),
}
_TRAPS: Final = {"said": N_("Trap"), "n": N_("n"), "share": N_("Share"), "warned": N_("Warned")}
_LABELS: Final = {"kind": N_("Kind"), "name": N_("Name"), "word": N_("Word"), "shown": N_("Shown")}
_IN_WORDS: Final[dict[str, dict[str, str]]] = {
    "outcome": {name: each.label for name, each in OUTCOMES.items()},
    "verdict": VERDICTS,
    "kind": {"tier": N_("Tier"), "queue": N_("Queue"), "plan": N_("Plan")},
    "said": {},
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A table with its title, or the refusal that stands in its place.

    Attributes
    ----------
    name : str
        For machines.
    title : str
        A text for the catalogues.
    table : pandas frame
        All columns; without rows where the answer was refused.
    shown : mapping of column to title
        The columns that a reader needs to see, their titles texts for the catalogues.
    refused : CxError or None
    """

    name: str
    title: str
    table: pd.DataFrame
    shown: Mapping[str, str]
    refused: CxError | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return rows and refusal for JSON."""
        refused = self.refused
        said = None if refused is None else {"code": refused.code, "text": refused.said, "hint": refused.hint}
        return {"rows": records(self.table), "refused": said}

    @property
    def said(self) -> str:
        """Title and rows as text, or why there are none."""
        if self.refused is not None:
            body = f"{self.refused.said} {self.refused.hint}".strip()
        elif self.table.empty:
            body = _("Nothing found.")
        else:
            shown = self.table[[column for column in self.shown if column in self.table.columns]].round(3)
            for column, texts in _IN_WORDS.items():
                if column in shown.columns:
                    shown[column] = shown[column].map(lambda value, texts=texts: _(texts.get(value, value)))
            for column in shown.columns:
                if pd.api.types.is_bool_dtype(shown[column].dtype):
                    shown[column] = shown[column].map({True: _("yes"), False: _("no")})
            shown = shown.rename(columns={column: _(title) for column, title in self.shown.items()})
            body = shown.astype(object).where(shown.notna(), "–").to_string(index=False)
        return f"{_(self.title)}\n{body}"


def findings(
    contacts: Any,
    *,
    ranks: Any = None,
    zone: str = "UTC",
    sla_s: float = 20,
    one_pool: bool = False,
    passers: Passers = "all",
) -> list[Finding]:
    """Return gaps, verdicts on tiers, head starts, cost to others, worst hours, traps and names, in this order.

    Parameters
    ----------
    contacts : frame
        The typed table of contacts.
    ranks : mapping or table of tiers, optional
        Without ranks the verdicts, the cost and the hours say that they are missing.
    zone : str
        Name of the company's time zone: of days, hours and changes of the clock.
    sla_s : float
        Seconds of the service level that is compared.
    one_pool, passers
        As for `report.fairness_report`.
    """
    pool = None if one_pool else POOL
    line = {"pool": pool, "ranks": ranks, "zone": zone}
    tiers = None if isinstance(ranks, dict) else ranks
    asked: list[tuple[str, str, Callable[[], pd.DataFrame], Mapping[str, str]]] = [
        ("gaps", N_("Gaps, like for like"), lambda: gaps(contacts, ranks=ranks, zone=zone, sla_s=sla_s), _GAPS),
        (
            "substance",
            N_("Do tiers differ in substance?"),
            lambda: tier_substance(contacts, ranks=ranks, zone=zone, sla_s=sla_s),
            _SUBSTANCE,
        ),
        (
            "head_starts",
            N_("Head start that the order of service shows, and the rule declared (seconds)"),
            lambda: implied_head_start(contacts, each=() if one_pool else ("queue",), **line),
            _HEAD_STARTS if one_pool else {"queue": N_("Queue"), **_HEAD_STARTS},
        ),
        ("cost", N_("What priority costs the others (seconds)"), lambda: cost_to_others(contacts, **line), _COST),
        ("hours", N_("Hours that hurt most"), lambda: _worst_hours(contacts, passers=passers, **line), _HOURS),
        ("traps", N_("Traps"), lambda: traps(contacts, ranks=ranks, zone=zone), _TRAPS),
        ("labels", N_("Names that carry a status word"), lambda: check_labels(tiers=tiers, contacts=contacts), _LABELS),
    ]
    return [_found(*each) for each in asked]


def _found(name: str, title: str, ask: Callable[[], pd.DataFrame], shown: Mapping[str, str]) -> Finding:
    try:
        return Finding(name=name, title=title, table=ask(), shown=shown)
    except CxError as error:
        return Finding(name=name, title=title, table=pd.DataFrame(columns=list(shown)), shown=shown, refused=error)


def _worst_hours(contacts: Any, **options: Any) -> pd.DataFrame:
    return hours_that_hurt(contacts, **options).head(MOST_HOURS)
