"""One child process, seen from outside."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from cxlib.runner.limits import used_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_LINE_BYTES: Final = 64 << 20
LOG_BYTES: Final = 8192
HERE: Final = Path(__file__).resolve().parents[2]
START: Final = (
    "import json, sys\n"
    "paths, packages, nice = json.loads(sys.argv[1])\n"
    "sys.path[:0] = [path for path in paths if path not in sys.path]\n"
    "from cxlib.runner.child import main\n"
    "main(packages, nice)\n"
)


class Child:
    """A process that waits for one request.

    Parameters
    ----------
    imports : sequence of str
        Modules that it loads before it is asked; where one has a function ``warm``, that is called.
    packages : sequence of str
        Packages whose functions may be tasks.
    paths : sequence of Path
        Folders from which they are imported.
    nice : int
        How far it stands back where others want the processor too, 0 to 19.
    """

    def __init__(
        self, imports: Sequence[str], *, packages: Sequence[str], paths: Sequence[Path] = (HERE,), nice: int = 0
    ) -> None:
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the child
        given = json.dumps([[str(path) for path in paths], list(packages), nice])
        self._process = subprocess.Popen(  # noqa: S603 - no shell, and nothing of a file's in the command
            [sys.executable, "-I", "-X", "faulthandler", "-c", START, given],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            start_new_session=True,
            cwd="/",
        )
        self._rest = b""
        self._ready = False
        self.since = time.monotonic()
        self._write(json.dumps(list(imports)))

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    def ready(self, timeout_s: float) -> bool:
        """Wait until it has imported everything, at most `timeout_s`; return whether it has."""
        if not self._ready:
            self._ready = any(each.get("ready") for each in self.heard(timeout_s) or ())
        return self._ready

    def ask(self, request: dict[str, Any]) -> None:
        """Send the request."""
        self._write(json.dumps(request))

    def heard(self, timeout_s: float) -> list[dict[str, Any]] | None:
        """Return what the child said within `timeout_s`; None once it says nothing more.

        Raises
        ------
        ValueError
            Where it does not speak JSON.
        """
        out = self._process.stdout
        if out is None or not select.select([out], [], [], timeout_s)[0]:
            return []
        part = os.read(out.fileno(), 1 << 16)
        if not part:
            return None
        *lines, self._rest = (self._rest + part).split(b"\n")
        if len(self._rest) > MOST_LINE_BYTES:
            raise ValueError
        return list(_messages(lines))

    def used_bytes(self) -> int:
        """Return the memory that it has for itself."""
        return used_bytes(self.pid) or 0

    def end(self) -> int:
        """Kill the process and all that it started, where they are still there; return its exit code."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        code = self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        return code

    def last_words(self) -> str:
        """Return the end of its log, and close it."""
        with self._log as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - LOG_BYTES))
            return log.read().decode(errors="replace")

    def _write(self, line: str) -> None:
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):  # it has died, which is found out when it is heard
                self._process.stdin.write(line.encode() + b"\n")
                self._process.stdin.flush()


def _messages(lines: Sequence[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        message = json.loads(line)
        if not isinstance(message, dict):
            raise ValueError(line[:100])  # noqa: TRY004 - as where it is no JSON
        yield message
