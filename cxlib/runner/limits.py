"""What a job may use, and how much of it this machine can spare."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

GIB: Final = 1 << 30
MOST_MEMORY_BYTES: Final = 8 * GIB
LEAST_MEMORY_BYTES: Final = GIB
MEMORY_SHARE: Final = 0.6
"""Share of the memory that is free when a job starts."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one job may use before it is ended.

    Attributes
    ----------
    memory_bytes : int, optional
        Memory of its own (pages of files that it reads do not count); without it, a share of what is free.
    wall_s, cpu_s : float
        Seconds by the clock, and seconds of all processors together.
    file_bytes : int
        Size of any one file that it writes.
    """

    memory_bytes: int | None = None
    wall_s: float = 3600.0
    cpu_s: float = 7200.0
    file_bytes: int = 64 * GIB

    def memory(self, *, promised: int = 0) -> int:
        """Return the bound on memory in bytes, where other jobs may still take `promised` bytes."""
        if self.memory_bytes is not None:
            return self.memory_bytes
        spare = int(MEMORY_SHARE * (available_bytes() - promised))
        return max(LEAST_MEMORY_BYTES, min(MOST_MEMORY_BYTES, spare))


def available_bytes() -> int:
    """Return how much memory can be had without swapping."""
    told = _field(Path("/proc/meminfo"), "MemAvailable:")
    if told is not None:
        return told
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def used_bytes(pid: int) -> int | None:
    """Return the memory that a process has for itself, or None where that cannot be told."""
    path = Path(f"/proc/{pid}/status")
    own = _field(path, "RssAnon:")
    return None if own is None else own + (_field(path, "RssShmem:") or 0)


def _field(path: Path, name: str) -> int | None:
    """Return a line such as ``MemAvailable: 1024 kB`` of a file of the kernel, in bytes."""
    try:
        for line in path.read_text("ascii", errors="replace").splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        return None
    return None
