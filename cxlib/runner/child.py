"""The process in which a task runs.

It is started before it is needed, imports what tasks need, and waits for one request on its standard input, a line of
JSON. It answers on what was its standard output, in lines of JSON too: ``{"ready": true}``, then ``{"share", "said"}``
as often as it likes, at last ``{"result"}`` or ``{"error"}``. When its standard input ends, its parent is gone, and it
goes too. Whatever else prints goes to the log.
"""

from __future__ import annotations

import ctypes
import errno
import importlib
import json
import os
import re
import resource
import signal
import sys
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NoReturn

from cxlib.errors import CxError
from cxlib.texts import N_, speaking

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TASK: Final = re.compile(r"(?P<package>[a-z_0-9]+)(\.[a-z][a-z_0-9]*)*:[a-z][a-z_0-9]*")
REPORT_EVERY_S: Final = 0.1
PR_SET_PDEATHSIG: Final = 1
FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def main(packages: Sequence[str], nice: int) -> NoReturn:
    """Import what the first line of standard input names, then do what the second asks, and end."""
    channel = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    _be_a_good_guest(nice)
    asked = sys.stdin.buffer
    for module in json.loads(asked.readline() or b"[]"):
        warm = getattr(importlib.import_module(module), "warm", None)
        if warm is not None:
            warm()
    _send(channel, {"ready": True})
    line = asked.readline()
    if not line:
        os._exit(0)
    threading.Thread(target=_die_with_parent, args=(asked,), daemon=True).start()
    request = json.loads(line)
    _bound(request["limits"])
    with speaking(request["language"]):
        answer = _answer(request, packages, channel)
    _send(channel, answer)
    sys.stderr.flush()
    os._exit(0)  # nothing that the process holds is worth putting away


def task_of(name: str, packages: Sequence[str]) -> re.Match[str]:
    """Return the parts of a task's name, or refuse one outside the packages."""
    found = TASK.fullmatch(name)
    if found is None or found["package"] not in packages:
        raise ValueError(f"no task: {name}")
    return found


def _answer(request: dict[str, Any], packages: Sequence[str], channel: BinaryIO) -> dict[str, Any]:
    try:
        task_of(request["task"], packages)
        module, name = request["task"].split(":")
        function = getattr(importlib.import_module(module), name)
        return {"result": function(request["parameters"], Path(request["folder"]), _reporter(channel))}
    except CxError as error:
        return {"error": _packed(error)}
    except MemoryError:
        return {"died": "out_of_memory"}
    except Exception as error:  # noqa: BLE001 - whatever a task raises is told
        if type(error).__name__ == "OutOfMemoryException":  # duckdb's, which this layer does not know
            return {"died": "out_of_memory"}
        if isinstance(error, OSError) and error.errno in FULL:
            return {"error": _packed(_disk_full())}
        traceback.print_exc()
        return {"died": "reader_crashed"}


def _reporter(channel: BinaryIO) -> Callable[[float | None, str], None]:
    last: tuple[float, str] = (0.0, "")

    def report(share: float | None, said: str) -> None:
        nonlocal last
        now = time.monotonic()
        if said != last[1] or now - last[0] >= REPORT_EVERY_S:
            last = (now, said)
            _send(channel, {"share": share, "said": said})

    return report


def _send(channel: BinaryIO, message: dict[str, Any]) -> None:
    line = json.dumps(message, ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogatepass") + b"\n"
    while line:
        line = line[channel.write(line) :]


def _packed(error: CxError) -> dict[str, Any]:
    values = {name: _plain(value) for name, value in error.values.items()}
    return {"code": error.code, "text": error.text, "hint": error.hint_text, "values": values}


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if hasattr(value, "item"):
        value = value.item()
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _disk_full() -> CxError:
    return CxError(
        "disk_full",
        N_("The disk is full or takes no more; nothing was changed."),
        hint=N_("Free some space or move the data folder, then try again."),
    )


def _be_a_good_guest(nice: int) -> None:
    """Leave the processor to the pages, be the first to go when memory runs out, and go with the parent."""
    os.nice(nice)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("1000", "ascii")


def _bound(limits: dict[str, Any]) -> None:
    for kind, most in (
        (resource.RLIMIT_CPU, limits["cpu_s"]),
        (resource.RLIMIT_FSIZE, limits["file_bytes"]),
        (resource.RLIMIT_DATA, limits["data_bytes"]),
    ):
        soft, hard = resource.getrlimit(kind)
        allowed = [int(most), *(each for each in (soft, hard) if each != resource.RLIM_INFINITY)]
        resource.setrlimit(kind, (min(allowed), hard))


def _die_with_parent(asked: BinaryIO) -> NoReturn:
    while asked.read(4096):
        pass
    os.killpg(0, signal.SIGKILL)
    os._exit(1)
