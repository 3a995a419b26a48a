"""Queues: what theory says of them, the rules that order them, and a simulator that runs them."""

from cxlib.queueing.policies import Fcfs, HeadStart, Strict
from cxlib.queueing.simulate import draw_poisson, simulate, simulate_mmc
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

__all__ = [
    "ErlangA",
    "Fcfs",
    "HeadStart",
    "Strict",
    "accumulating_waits",
    "draw_poisson",
    "erlang_a",
    "erlang_b",
    "erlang_c",
    "fcfs_wait",
    "priority_waits",
    "simulate",
    "simulate_mmc",
    "smallest_staff",
]
