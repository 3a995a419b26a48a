"""Processes that import month after month and say so once the store has said so; for killing.

Month ``n`` of importer ``k`` has one row per customer, whose minutes are ``n`` and whose sms are the row's number.
While an importer is at work, one byte of a shared file names the step of the commit that it is in: it can be read after
the process was killed.
"""

from __future__ import annotations

import itertools
import mmap
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Self

import pyarrow as pa

from cxlib.errors import CxError
from cxlib.store import Incoming, Store, alignment, upkeep
from cxlib.store.catalogue import Catalogue
from cxlib.store.draft import Draft
from cxlib.store.files import Files
from cxlib.store.merge import Merge

ROWS = 100
STEPS = (
    "waiting",
    "opening",
    "merging",
    "copying the file",
    "writing the table",
    "renaming",
    "committing",
    "taking over",
    "between",
)


def month(n: int) -> date:
    return date(1000 + n // 12, n % 12 + 1, 1)


def rows(importer: str, n: int) -> pa.Table:
    return pa.table(
        {
            "customer_id": [f"{importer}-{row:05}" for row in range(ROWS)],
            "month": pa.array([month(n)] * ROWS, pa.date32()),
            "minutes": [float(n)] * ROWS,
            "sms": [float(row) for row in range(ROWS)],
        }
    )


def raw(importer: str, n: int) -> bytes:
    return f"{importer};{n}\n".encode() * 20_000


def say_aloud(words: str) -> None:
    print(words, flush=True)  # noqa: T201


def bring(home: str, dataset_id: str, importer: str, first: str, count: str = "1000", say=say_aloud):
    with Store(Path(home)) as store:
        for n in range(int(first), int(first) + int(count)):
            file = Incoming(
                table="usage", data=rows(importer, n), raw=raw(importer, n), file_name=f"{importer}-{n}.csv"
            )
            try:
                number = store.commit(dataset_id, [file], who=importer).number
            except CxError as error:
                say(f"refused {n} {error.code}")
            else:
                say(f"done {n} {number}")


def bring_back(home: str, one: str, other: str, say=say_aloud):
    """Bring one backup back, and then the other, again and again."""
    with Store(Path(home)) as store:
        for each in itertools.cycle((one, other)):
            store.restore(Path(each), replace=True)
            say(f"restored {each}")


TASKS = {"import": bring, "restore": bring_back}


class Nursery:
    """A process with all code loaded, from which importers are forked; it has no threads that a fork would break."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, "nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def start(self, folder: Path, name: str, task: str, *arguments: object) -> Watched:
        """Fork a process for a task; `folder` takes the byte that names its step and what it says."""
        paths = folder / f"{name}.step", folder / f"{name}.said"
        paths[0].write_bytes(b"\0")
        paths[1].write_text("")
        self._process.stdin.write("\t".join(map(str, (*paths, task, *arguments))) + "\n")
        self._process.stdin.flush()
        return Watched(int(self._process.stdout.readline()), name, *paths)


class Watched:
    """A forked importer."""

    def __init__(self, pid: int, name: str, step: Path, said: Path) -> None:
        self._pid = pid
        self.name = name
        self._said = said
        with step.open("rb") as file:
            self._step = mmap.mmap(file.fileno(), 1, access=mmap.ACCESS_READ)

    @property
    def step(self) -> str:
        return STEPS[self._step[0]]

    def kill(self) -> str:
        """Kill it; return the step in which it was."""
        os.kill(self._pid, signal.SIGKILL)
        while Path(f"/proc/{self._pid}").exists():
            time.sleep(0.001)
        return self.step

    def wait(self) -> list[list[str]]:
        """Wait until it is through; return its lines as words."""
        while Path(f"/proc/{self._pid}").exists():
            time.sleep(0.01)
        return self.said()

    def said(self) -> list[list[str]]:
        """Return its lines as words; what the kill cut off was not said."""
        return [line.split() for line in self._said.read_text().splitlines(keepends=True) if line.endswith("\n")]


def nursery() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system buries them
    nothing = pa.RecordBatch.from_pydict({"customer_id": ["a"], "month": pa.array([month(0)], pa.date32())})
    list(alignment.aligned(iter([nothing]), iter([nothing]), key=("customer_id", "month")))  # loads what is compiled
    for line in sys.stdin:
        step, said, task, *arguments = line.rstrip("\n").split("\t")
        pid = os.fork()
        if pid:
            print(pid, flush=True)  # noqa: T201
            continue
        with Path(step).open("r+b") as file, Path(said).open("a") as out:
            mark_steps(mmap.mmap(file.fileno(), 1))

            def say(words, out=out):
                out.write(f"{words}\n")
                out.flush()

            TASKS[task](*arguments, say=say)
        os._exit(0)


def mark_steps(byte: mmap.mmap) -> None:
    """Have the store tell its steps, in this process."""

    def marked(owner, name, step):
        function = getattr(owner, name)

        def telling(*arguments, **named):
            byte[0] = STEPS.index(step)
            try:
                return function(*arguments, **named)
            finally:
                byte[0] = STEPS.index("between")

        setattr(owner, name, telling)

    marked(Store, "__init__", "opening")
    marked(Merge, "take", "merging")
    marked(Files, "stage_raw", "copying the file")
    marked(Draft, "write", "writing the table")
    marked(Files, "publish", "renaming")
    marked(upkeep, "_take_over", "taking over")
    writing, locked = Catalogue.writing, Files.locked

    @contextmanager
    def committing(self):
        with writing(self) as connection:
            byte[0] = STEPS.index("committing")
            yield connection
        byte[0] = STEPS.index("between")

    @contextmanager
    def waiting(self, name, **named):
        byte[0] = STEPS.index("waiting")
        with locked(self, name, **named):
            byte[0] = STEPS.index("between")
            yield

    Catalogue.writing, Files.locked = committing, waiting


if __name__ == "__main__":
    if sys.argv[1] == "nursery":
        nursery()
    else:
        bring(*sys.argv[1:])
