"""Tasks that behave well and badly."""

# ruff: noqa: ARG001 - every task takes the same

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from cxlib.errors import CxError


def noted(parameters: dict[str, Any], folder: Path, report: Any) -> dict[str, Any]:
    """Write a line each time that it is called."""
    with Path(parameters["log"]).open("a", encoding="utf-8") as log:
        log.write(f"{os.getpid()}\n")
    report(0.5, "half")
    time.sleep(parameters.get("wait_s", 0))
    (folder / "wrote.txt").write_text(parameters.get("text", ""), "utf-8")
    return {"called": parameters.get("text", "")}


def slow(parameters: dict[str, Any], folder: Path, report: Any) -> dict[str, Any]:
    """Count in tenths of a second, and write meanwhile."""
    (folder / "partial").write_bytes(b"x" * 1000)
    for i in range(parameters.get("tenths", 600)):
        report(i / 600, f"step {i} {os.getpid()}")
        time.sleep(0.1)
    return {}


def segfault(parameters: dict[str, Any], folder: Path, report: Any) -> dict[str, Any]:
    (folder / "partial").write_bytes(b"x")
    ctypes.string_at(0)
    return {}


def leave(parameters: dict[str, Any], folder: Path, report: Any) -> dict[str, Any]:
    os._exit(parameters["code"])


def killed(parameters: dict[str, Any], folder: Path, report: Any) -> dict[str, Any]:
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def eat(parameters: dict[str, Any], folder: Path, report: Any) -> dict[str, Any]:
    held = []
    while True:
        held.append(bytearray(os.urandom(1 << 20)) * 16)


def no_memory(parameters: dict[str, Any], folder: Path, report: Any) -> dict[str, Any]:
    raise MemoryError


def spin(parameters: dict[str, Any], folder: Path, report: Any) -> dict[str, Any]:
    while True:
        pass


def refuse(parameters: dict[str, Any], folder: Path, report: Any) -> dict[str, Any]:
    raise CxError("refused", "No {value} in row {row}.", hint="Bring {value}.", value="plan", row=7, more=["a", 1])


def mistake(parameters: dict[str, Any], folder: Path, report: Any) -> dict[str, Any]:
    raise KeyError("a mistake of ours")


def fill(parameters: dict[str, Any], folder: Path, report: Any) -> dict[str, Any]:
    (folder / "big").write_bytes(bytes(4 << 20))
    return {}


def chatter(parameters: dict[str, Any], folder: Path, report: Any) -> dict[str, Any]:
    """Print where the answers go, and among the errors."""
    print("{}")  # noqa: T201
    print("not json")  # noqa: T201
    os.write(1, b"nor this\n")
    print("nor here", file=sys.stderr)  # noqa: T201
    return {"path": sys.path, "flags": sys.flags.isolated, "cwd": str(Path.cwd())}
