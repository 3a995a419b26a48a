"""Starting, watching and ending jobs."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

from cxlib.errors import CxError
from cxlib.runner.child import task_of
from cxlib.runner.job import Job, cancelled
from cxlib.runner.kept import KEPT_BYTES, Kept, key_of
from cxlib.runner.limits import GIB, Limits
from cxlib.runner.process import HERE, Child
from cxlib.runner.version import code_version
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

LOG: Final = logging.getLogger(__name__)
AT_ONCE: Final = 2
POLL_S: Final = 0.05
NICE: Final = 10
SPARE_S: Final = 900.0
"""A process that waits for work this long in vain is let go."""


@dataclass(eq=False)
class _Work:
    """A job and what is needed to do it."""

    job: Job
    key: str
    request: dict[str, Any]
    limits: Limits
    about: dict[str, Any]
    keep: bool
    ahead: bool = False
    stop: threading.Event = field(default_factory=threading.Event)
    memory_bytes: int = 0


class Runner:
    """Runs tasks in child processes, at most two at once; the others wait in the order in which they came.

    One for each folder and process. It is safe for several threads, and for several processes on one folder.

    Parameters
    ----------
    root : Path
        The folder for results and for what is under way.
    imports : sequence of str
        Modules that a spare process imports ahead, so that a job starts at once.
    kept_bytes : int
        What all results together may take on disk.
    nice : int
        How far jobs stand back where others want the processor too, 0 to 19: pages are to stay quick.
    """

    packages: tuple[str, ...] = ("cxlib",)
    paths: tuple[Path, ...] = (HERE,)

    def __init__(
        self, root: Path, *, imports: Sequence[str] = (), kept_bytes: int = KEPT_BYTES, nice: int = NICE
    ) -> None:
        self.root = root
        self._imports = tuple(imports)
        self._nice = nice
        self._kept = Kept(root, limit_bytes=kept_bytes)
        self._changed = threading.Condition()
        self._queue: deque[_Work] = deque()
        self._active: dict[str, _Work] = {}
        self._running: set[_Work] = set()
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._wanted = False
        self._closed = False
        self._spare: Child | None = None
        self._kept.tidy()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def start(
        self,
        task: str,
        parameters: dict[str, Any],
        *,
        keep: bool = True,
        limits: Limits | None = None,
        language: str = "en",
        ahead: bool = False,
    ) -> Job:
        """Ask for a result: it is found, or joined where it is under way, or computed.

        Parameters
        ----------
        task : str
            ``"cxlib.package.module:function"``.
        parameters : dict
            For the function, as JSON can hold it. With ``dataset``, the result goes when that data set goes.
        keep : bool
            Whether the result is kept; what changes something must not be.
        limits : Limits, optional
            What the job may use.
        language : str
            In which it says what it is at, a key of `cxlib.texts.LANGUAGES`. It is not part of the result.
        ahead : bool
            Whether nobody waits for it yet: it comes after those that somebody waits for, and one such job runs at a
            time, so that others need not wait for its end.

        Returns
        -------
        Job
            At once. One that failed is not kept: the next call tries again.
        """
        key = self._key(task, parameters)
        done = self.kept(task, parameters) if keep else None
        if done is not None:
            return done
        job = Job(task, self._kept.folder(key), cancel=self._cancel)
        with self._changed:
            if key in self._active:
                self._active[key].ahead &= ahead
                self._changed.notify()
                return self._active[key].job
            work = _Work(
                job,
                key,
                {"task": task, "parameters": parameters, "language": language},
                limits or Limits(),
                {"task": task, "dataset": parameters.get("dataset")},
                keep,
                ahead,
            )
            self._active[key] = work
            self._queue.append(work)
            self._more_hands()
            self._changed.notify()
        return job

    def kept(self, task: str, parameters: dict[str, Any]) -> Job | None:
        """Return the job of a result that is kept, over already; None where there is none, and nothing is begun."""
        key = self._key(task, parameters)
        found = self._kept.find(key)
        if found is None:
            return None
        job = Job(task, self._kept.folder(key), cancel=self._cancel)
        job.finish(found, self._kept.folder(key))
        return job

    def _key(self, task: str, parameters: dict[str, Any]) -> str:
        task_of(task, self.packages)
        return key_of({"task": task, "parameters": parameters, "code": code_version()})

    def ready(self, timeout_s: float = 0.0) -> bool:
        """Have a process wait for the next job; call it when one is likely to be asked for soon.

        Wait until it has imported everything, at most `timeout_s`, and return whether it has.
        """
        until = time.monotonic() + timeout_s
        while True:
            with self._changed:
                if self._spare is not None and self._spare.ready(0.0):
                    return True
                self._wanted = True
                self._more_hands()
                self._changed.notify()
            if time.monotonic() >= until:
                return False
            time.sleep(POLL_S)

    def jobs(self) -> list[Job]:
        """Return the jobs that wait or run, the oldest first."""
        with self._changed:
            return [work.job for work in self._active.values()]

    def forget(self, dataset: str | None = None) -> None:
        """Remove the results of a data set and those that do not say where they are from; or all of them."""
        self._kept.forget(dataset)

    def drop(self, *folders: Path) -> None:
        """Remove some results, by the folders of their jobs."""
        self._kept.forget(keys=frozenset(folder.name for folder in folders))

    def close(self) -> None:
        """Cancel what waits and runs, and let all processes go."""
        with self._changed:
            self._closed = True
            for work in self._active.values():
                work.stop.set()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        self._let_go()

    def _more_hands(self) -> None:
        """Have threads for jobs and the spare process. They stay: a child goes when the one that started it goes."""
        if self._closed:
            message = "the runner is closed"
            raise RuntimeError(message)
        if len(self._threads) < AT_ONCE and len(self._queue) + self._wanted > self._idle:
            thread = threading.Thread(target=self._work, name=f"runner-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _cancel(self, job: Job) -> None:
        with self._changed:
            for work in self._active.values():
                if work.job is job:
                    work.stop.set()
                    if work in self._queue:
                        self._queue.remove(work)
                        del self._active[work.key]
                        job.fail(cancelled())
                    return

    def _work(self) -> None:
        while (work := self._next()) is not None:
            try:
                self._do(work)
            except CxError as error:
                self._end(work, error)
            except Exception as error:  # the thread must live on, and somebody waits
                LOG.exception("%s", work.job.task)
                self._end(work, _crashed(str(error)))

    def _next(self) -> _Work | None:
        """Return the next job, or None when the runner is closed; meanwhile see to the spare process."""
        with self._changed:
            self._idle += 1
            try:
                while True:
                    if self._closed:
                        return None
                    work = self._first()
                    if work is not None:
                        self._queue.remove(work)
                        self._running.add(work)
                        return work
                    if self._wanted and self._spare is None:
                        self._spare = self._child()
                        self._wanted = False
                    elif self._spare is not None and time.monotonic() - self._spare.since > SPARE_S:
                        self._let_go()
                    self._changed.wait(SPARE_S / 10)
            finally:
                self._idle -= 1

    def _first(self) -> _Work | None:
        """Return whose turn it is: those that somebody waits for come first, and one at a time of the others."""
        free = not any(work.ahead for work in self._running)
        return next((work for work in sorted(self._queue, key=lambda work: work.ahead) if free or not work.ahead), None)

    def _end(self, work: _Work, error: CxError) -> None:
        self._over(work)
        work.job.fail(error)

    def _over(self, work: _Work) -> None:
        with self._changed:
            self._active.pop(work.key, None)
            self._running.discard(work)
            self._changed.notify()

    def _do(self, work: _Work) -> None:
        handle = self._locked(work)
        try:
            found = self._kept.find(work.key) if work.keep else None
            folder = self._kept.folder(work.key)
            if found is None:
                desk = self._kept.desk(work.key)
                try:
                    found = self._run(work, desk)
                    if work.keep:
                        folder = self._kept.keep(work.key, desk, found, work.about)
                finally:
                    self._kept.drop(desk)
        finally:
            self._kept.free(work.key, handle)
        self._over(work)
        work.job.finish(found, folder)

    def _locked(self, work: _Work) -> int:
        """Wait until nobody else, in another process, computes the same."""
        while (handle := self._kept.lock(work.key)) is None:
            if work.stop.wait(POLL_S):
                raise cancelled()
        return handle

    def _run(self, work: _Work, desk: Path) -> dict[str, Any]:
        work.job.began()
        child = self._take_child()
        result: dict[str, Any] | None = None
        refusal: CxError | None = None
        try:
            with self._changed:
                promised = sum(each.memory_bytes for each in self._active.values() if each is not work)
                work.memory_bytes = work.limits.memory(promised=promised)
            limits = {
                "cpu_s": work.limits.cpu_s,
                "file_bytes": work.limits.file_bytes,
                "data_bytes": 2 * work.memory_bytes + 4 * GIB,
            }
            child.ask({**work.request, "folder": str(desk), "limits": limits})
            result = self._watch(work, child)
        except CxError as error:
            refusal = error
        except ValueError:
            refusal = _crashed("no JSON")
        finally:
            code = child.end()
            log = child.last_words()
        if result is not None:
            return result
        refusal = refusal or _death(code)
        if refusal.code in DEATHS:
            LOG.warning("%s: %s, exit code %s\n%s", work.job.task, refusal.code, code, log)
        raise refusal

    def _watch(self, work: _Work, child: Child) -> dict[str, Any] | None:
        """Listen until the child answers; return None where it dies, raise where it refuses or must be ended."""
        until = time.monotonic() + work.limits.wall_s
        while (messages := child.heard(POLL_S)) is not None:
            for each in messages:
                if "result" in each:
                    return dict(each["result"])
                if "error" in each:
                    raise _unpacked(each["error"])
                if "died" in each:
                    raise DEATHS[each["died"]]()  # noqa: RSE102 - a function that makes one
                if "said" in each:
                    work.job.told(each["share"], each["said"])
            if work.stop.is_set():
                raise cancelled()
            if time.monotonic() > until:
                raise _too_long()
            if child.used_bytes() > work.memory_bytes:
                raise _out_of_memory()
        return None

    def _take_child(self) -> Child:
        with self._changed:
            spare, self._spare = self._spare, None
            self._wanted = bool(self._imports)
        if spare is not None and spare.alive:
            return spare
        if spare is not None:
            spare.end()
            spare.last_words()
        return self._child()

    def _child(self) -> Child:
        return Child(self._imports, packages=self.packages, paths=self.paths, nice=self._nice)

    def _let_go(self) -> None:
        if self._spare is not None:
            self._spare.end()
            self._spare.last_words()
            self._spare = None


def _unpacked(told: dict[str, Any]) -> CxError:
    values = dict(told["values"])
    return CxError(told["code"], told["text"], hint=told["hint"], **values)


def _death(code: int) -> CxError:
    return _too_long() if code == -signal.SIGXCPU else _crashed(str(code))


def _crashed(reason: str = "") -> CxError:
    return CxError(
        "reader_crashed",
        N_("The work on this stopped unexpectedly; nothing was changed."),
        hint=N_("Try it once more. If it stops again, save the file anew or in another format; the log says more."),
        reason=reason,
    )


def _out_of_memory() -> CxError:
    return CxError(
        "out_of_memory",
        N_("This needs more memory than there is; nothing was changed."),
        hint=N_("Bring it in parts, such as one file a month, or close what else runs on this machine."),
    )


def _too_long() -> CxError:
    return CxError(
        "took_too_long",
        N_("This took too long and was ended; nothing was changed."),
        hint=N_("Bring it in parts, such as one file a month."),
    )


DEATHS: Final = {"reader_crashed": _crashed, "out_of_memory": _out_of_memory, "took_too_long": _too_long}
