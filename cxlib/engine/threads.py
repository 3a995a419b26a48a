"""One pool of threads for all kernels.

Kernels release the interpreter's lock and run over blocks of rows here. Numba's own parallel layer aborts the
process when two sessions enter it at once, so it is not used.
"""

from __future__ import annotations

import itertools
import os
import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")
NAME: Final = "kernel"


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(function: Callable[..., T], arguments: Iterable[tuple[Any, ...]]) -> list[T]:
    """Call `function` once per tuple of arguments, in parallel, and return the results in order."""
    return list(_pool().map(lambda each: function(*each), arguments))


def submit(function: Callable[[], T]) -> Future[T]:
    """Begin a call beside the caller's own work; within the pool it is done at once, lest all wait for each other."""
    if threading.current_thread().name.startswith(NAME):
        done: Future[T] = Future()
        done.set_result(function())
        return done
    return _pool().submit(function)


def stream(function: Callable[..., T], arguments: Iterable[tuple[Any, ...]]) -> Iterator[T]:
    """Do what `run` does, a few calls ahead of whoever takes the results: no more than these are in memory."""
    pending: deque[Future[T]] = deque()
    try:
        for each in arguments:
            pending.append(_pool().submit(function, *each))
            if len(pending) > cores():
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()


def blocks(n: int, *, parts: int | None = None) -> list[tuple[int, int]]:
    """Split ``range(n)`` into at most `parts` (default: twice the cores) ranges of nearly equal length."""
    count = max(1, min(parts or 2 * cores(), n))
    edges = [n * i // count for i in range(count + 1)]
    return list(itertools.pairwise(edges))


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=cores(), thread_name_prefix=NAME)
