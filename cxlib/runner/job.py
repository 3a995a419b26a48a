"""One piece of long work, as those see it who asked for it."""

from __future__ import annotations

import secrets
import threading
import time
from typing import TYPE_CHECKING, Any, Literal

from cxlib.errors import CxError
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

State = Literal["waiting", "running", "done", "failed", "cancelled"]


class Job:
    """Work that waits for its turn, runs, or is over. Safe for several threads; all who ask for the same share it.

    Attributes
    ----------
    id : str
        A short name of its own.
    task : str
        What it does.
    state : {"waiting", "running", "done", "failed", "cancelled"}
    share : float or None
        How much of it is done, from 0 to 1; None where that is not known.
    said : str
        What it is at, in the language of whoever asked first.
    folder : Path
        What it wrote, once it is done. Results are removed when nobody has asked for them in a while: call
        `Runner.start` again (it costs little where the result is there) before each use.
    """

    def __init__(self, task: str, folder: Path, *, cancel: Callable[[Job], None]) -> None:
        self.id = secrets.token_hex(6)
        self.task = task
        self.state: State = "waiting"
        self.share: float | None = 0.0
        self.said = ""
        self.folder = folder
        self._cancel = cancel
        self._over = threading.Event()
        self._began: float | None = None
        self._ended: float | None = None
        self._result: dict[str, Any] = {}
        self._error: CxError | None = None

    @property
    def over(self) -> bool:
        """Whether it is done, failed or cancelled."""
        return self._over.is_set()

    @property
    def seconds(self) -> float:
        """How long it has run, or ran; 0 while it waits."""
        if self._began is None:
            return 0.0
        return (self._ended if self._ended is not None else time.monotonic()) - self._began

    @property
    def error(self) -> CxError | None:
        """Why there is no result, once it is over."""
        return self._error

    def cancel(self) -> None:
        """End it, for all who asked for it; nothing of it stays. What is over stays as it is."""
        self._cancel(self)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until it is over, at most `timeout_s`; return whether it is."""
        return self._over.wait(timeout_s)

    def result(self) -> dict[str, Any]:
        """Wait until it is over and return what the task returned.

        Raises
        ------
        CxError
            What the task raised; ``cancelled``; ``reader_crashed``, ``out_of_memory`` or ``took_too_long`` where its
            process died.
        """
        self._over.wait()
        if self._error is not None:
            raise self._error
        return self._result

    def began(self) -> None:
        """Note that it runs. For the runner, as all that follows."""
        self._began = time.monotonic()
        self.state = "running"

    def told(self, share: float | None, said: str) -> None:
        """Note how far it is."""
        self.share, self.said = share, said

    def finish(self, result: dict[str, Any], folder: Path) -> None:
        """Note that it is done."""
        self._result, self.folder, self.share = result, folder, 1.0
        self._end("done")

    def fail(self, error: CxError) -> None:
        """Note why there is no result."""
        self._error = error
        self._end("cancelled" if error.code == "cancelled" else "failed")

    def _end(self, state: State) -> None:
        self._ended = time.monotonic()
        self.state = state
        self._over.set()


def cancelled() -> CxError:
    """Return the error of work that somebody ended."""
    return CxError("cancelled", N_("This was cancelled; nothing was changed."))
