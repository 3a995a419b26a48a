"""How service is shared between tiers: waits, allocation, who passes whom, and the traps on the way."""

from cxlib.fairness.allocation import allocation, allocation_over_time
from cxlib.fairness.contacts import Contacts, prepare, tier_ranks
from cxlib.fairness.cost import cost_to_others, waits_re_served
from cxlib.fairness.curves import wait_curves
from cxlib.fairness.declared import declared_head_start, declared_head_starts
from cxlib.fairness.drivers import gap_drivers
from cxlib.fairness.effects import passed_effects
from cxlib.fairness.gaps import gap_strata, gaps
from cxlib.fairness.head_start import Thresholds, head_start_thresholds, implied_head_start, violation_curves
from cxlib.fairness.hours import hours_that_hurt
from cxlib.fairness.labels import check_labels
from cxlib.fairness.measures import allocation_change, allocation_measures
from cxlib.fairness.overtakes import (
    OvertakeCounts,
    count_overtakes,
    overtakes,
    overtakes_by_contact,
    overtakes_over_time,
    passed_distribution,
    passed_summary,
    routing_and_rank,
)
from cxlib.fairness.queue_numbers import QueueNumbers, queue_numbers
from cxlib.fairness.replay import Replay, replay
from cxlib.fairness.report import FairnessReport, fairness_report
from cxlib.fairness.substance import equal_courtesy, need_substance, said_of_tiers, tier_substance
from cxlib.fairness.trap_list import TRAPS, traps
from cxlib.fairness.traps import LabelTrap, label_trap
from cxlib.fairness.unexplained import UnexplainedPasses, unexplained_passes
from cxlib.fairness.waits import waits

__all__ = [
    "TRAPS",
    "Contacts",
    "FairnessReport",
    "LabelTrap",
    "OvertakeCounts",
    "QueueNumbers",
    "Replay",
    "Thresholds",
    "UnexplainedPasses",
    "allocation",
    "allocation_change",
    "allocation_measures",
    "allocation_over_time",
    "check_labels",
    "cost_to_others",
    "count_overtakes",
    "declared_head_start",
    "declared_head_starts",
    "equal_courtesy",
    "fairness_report",
    "gap_drivers",
    "gap_strata",
    "gaps",
    "head_start_thresholds",
    "hours_that_hurt",
    "implied_head_start",
    "label_trap",
    "need_substance",
    "overtakes",
    "overtakes_by_contact",
    "overtakes_over_time",
    "passed_distribution",
    "passed_effects",
    "passed_summary",
    "prepare",
    "queue_numbers",
    "replay",
    "routing_and_rank",
    "said_of_tiers",
    "tier_ranks",
    "tier_substance",
    "traps",
    "unexplained_passes",
    "violation_curves",
    "wait_curves",
    "waits",
    "waits_re_served",
]
