"""One pool of threads for all kernels.

Kernels release the interpreter's lock and run over blocks of rows here. Numba's own parallel layer aborts the
process when two sessions enter it at once, so it is not used.
"""

from __future__ import annotations

import itertools
import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(function: Callable[..., T], arguments: Iterable[tuple[Any, ...]]) -> list[T]:
    """Call `function` once per tuple of arguments, in parallel, and return the results in order."""
    return list(_pool().map(lambda each: function(*each), arguments))


def blocks(n: int, *, parts: int | None = None) -> list[tuple[int, int]]:
    """Split ``range(n)`` into at most `parts` (default: twice the cores) ranges of nearly equal length."""
    count = max(1, min(parts or 2 * cores(), n))
    edges = [n * i // count for i in range(count + 1)]
    return list(itertools.pairwise(edges))


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=cores(), thread_name_prefix="kernel")
