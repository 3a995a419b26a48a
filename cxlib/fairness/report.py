"""All measures of a log of contacts in one go, for the command line and for reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals as nw

from cxlib.engine.records import records
from cxlib.fairness.contacts import prepare
from cxlib.fairness.findings import findings
from cxlib.fairness.overtakes import POOL, overtakes, passed_summary
from cxlib.fairness.traps import label_trap
from cxlib.fairness.waits import waits
from cxlib.texts import _

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from cxlib.fairness.findings import Finding
    from cxlib.fairness.overtakes import Passers
    from cxlib.fairness.traps import LabelTrap


@dataclass(frozen=True, kw_only=True)
class FairnessReport:
    """Waits, overtakes and traps of a log: see `waits`, `overtakes`, `passed_summary`, `label_trap`, `findings`.

    `left_out` has the rows that no measure uses, by rule.
    """

    waits: pd.DataFrame
    pairs: pd.DataFrame
    passed: pd.DataFrame
    trap: LabelTrap
    left_out: pd.DataFrame
    findings: list[Finding]

    def as_dict(self) -> dict[str, Any]:
        """Return the report for JSON; what is missing is None."""
        return {
            "waits": records(self.waits),
            "overtakes": records(self.pairs),
            "passed": records(self.passed),
            "passes": int(self.pairs["passes"].sum()),
            "label_trap": {"total_variation": self.trap.total_variation, "warned": self.trap.warned},
            "left_out": records(self.left_out[["rule", "n"]]),
            **{each.name: each.as_dict() for each in self.findings},
        }

    @property
    def said(self) -> str:
        """The report as text."""
        parts = [
            _("Waits (seconds) and service levels"),
            self.waits.round(5).to_string(index=False),
            _("Who passes whom"),
            self.pairs.round(5).to_string(index=False),
            _("How many are passed"),
            self.passed.round(5).to_string(index=False),
        ]
        if self.trap.warned:
            parts.append(
                _(
                    "Careful: the tier seems to be noted only for those who queued (total variation {value}).",
                    value=f"{self.trap.total_variation:.3f}",
                )
            )
        parts += [each.said for each in self.findings]
        parts += [f"{_(str(row.said))}: {row.n}" for row in self.left_out.itertuples()]
        return "\n\n".join(parts)


def fairness_report(
    contacts: Any,
    *,
    ranks: Any = None,
    queue: str | None = None,
    thresholds: Sequence[float] = (20, 60, 90),
    one_pool: bool = False,
    passers: Passers = "all",
    zone: str = "UTC",
) -> FairnessReport:
    """Return all measures of a log of contacts, of one queue or of all.

    Parameters
    ----------
    contacts : frame
        The typed table of contacts.
    ranks : mapping or table of tiers, optional
    queue : str, optional
        Only contacts of this queue.
    thresholds : sequence of float
        Seconds of the service levels.
    one_pool : bool
        Compare all contacts as one line instead of each queue and location by itself.
    passers : "all" or "queued"
        As for `overtakes`.
    zone : str
        Name of the company's time zone, for days and hours.
    """
    chosen = contacts
    if queue is not None:
        chosen = nw.from_native(contacts).filter(nw.col("queue") == queue).to_native()
    pool = None if one_pool else POOL
    prepared = prepare(chosen, ranks=ranks)
    return FairnessReport(
        waits=waits(prepared, thresholds=thresholds),
        pairs=overtakes(prepared, pool=pool, passers=passers),
        passed=passed_summary(prepared, pool=pool, passers=passers),
        trap=label_trap(prepared),
        left_out=prepared.problems,
        findings=findings(
            chosen, ranks=ranks, zone=zone, sla_s=next(iter(thresholds), 20), one_pool=one_pool, passers=passers
        ),
    )
