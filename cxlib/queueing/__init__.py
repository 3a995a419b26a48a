"""Queues: what theory says of them, the rules that order them, and a simulator that runs them."""

from cxlib.queueing.beside import Beside, beside_log, observed
from cxlib.queueing.calibration import Calibration, Caution, calibrate
from cxlib.queueing.common_numbers import common_numbers_gain
from cxlib.queueing.fitting import Fit, fit_rule
from cxlib.queueing.frontier import frontier
from cxlib.queueing.policies import Accumulating, Courtesy, Fcfs, HeadStart, MaxPasses, Reserved, Strict, WaitCap
from cxlib.queueing.promises import Promise, Solved, kept, solve
from cxlib.queueing.runs import Runs, replicate
from cxlib.queueing.simulate import draw_poisson, simulate, simulate_mmc
from cxlib.queueing.sizing import Sizing, sized, sizing
from cxlib.queueing.theory import (
    ErlangA,
    accumulating_waits,
    erlang_a,
    erlang_b,
    erlang_c,
    fcfs_wait,
    priority_waits,
    smallest_staff,
)
from cxlib.queueing.workload import Workload, poisson_workload

__all__ = [
    "Accumulating",
    "Beside",
    "Calibration",
    "Caution",
    "Courtesy",
    "ErlangA",
    "Fcfs",
    "Fit",
    "HeadStart",
    "MaxPasses",
    "Promise",
    "Reserved",
    "Runs",
    "Sizing",
    "Solved",
    "Strict",
    "WaitCap",
    "Workload",
    "accumulating_waits",
    "beside_log",
    "calibrate",
    "common_numbers_gain",
    "draw_poisson",
    "erlang_a",
    "erlang_b",
    "erlang_c",
    "fcfs_wait",
    "fit_rule",
    "frontier",
    "kept",
    "observed",
    "poisson_workload",
    "priority_waits",
    "replicate",
    "simulate",
    "simulate_mmc",
    "sized",
    "sizing",
    "smallest_staff",
    "solve",
]
