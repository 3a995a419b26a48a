"""How service is shared between tiers: waits, allocation, who passes whom, and the traps on the way."""

from cxlib.fairness.allocation import allocation, allocation_over_time
from cxlib.fairness.contacts import Contacts, prepare, tier_ranks
from cxlib.fairness.curves import wait_curves
from cxlib.fairness.overtakes import overtakes, overtakes_by_contact, overtakes_over_time, passed_summary
from cxlib.fairness.report import FairnessReport, fairness_report
from cxlib.fairness.traps import LabelTrap, label_trap
from cxlib.fairness.waits import waits

__all__ = [
    "Contacts",
    "FairnessReport",
    "LabelTrap",
    "allocation",
    "allocation_over_time",
    "fairness_report",
    "label_trap",
    "overtakes",
    "overtakes_by_contact",
    "overtakes_over_time",
    "passed_summary",
    "prepare",
    "tier_ranks",
    "wait_curves",
    "waits",
]
