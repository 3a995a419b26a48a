"""The server's own memory hardly grows with the files that it imports."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import pytest

from cxlib.importing import FileDigest, PrepareDigest, source_of, start_commit, start_prepare, start_read
from cxlib.runner import Runner
from cxlib.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

MIB: Final = 1 << 20
FILE_BYTES: Final = 60 * MIB
RISE_BYTES: Final = 50 * MIB


class Peak:
    """The most memory that this process had while it was watched."""

    def __init__(self) -> None:
        self.first = self.most = self._now()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            self.most = max(self.most, self._now())

    @staticmethod
    def _now() -> int:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture
def usage(tmp_path: Path) -> Path:
    path = tmp_path / "usage.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("customer_id,month,plan_id,minutes,sms,data_mb,billed_amount\n")
        customer = 0
        while file.tell() < FILE_BYTES:
            bad = "x" if customer % 1000 == 0 else ""
            file.writelines(
                f"C{customer:07d},2026-{month:02d},S,{customer * month % 900}{bad},{month},{customer % 40000}.5,19.9\n"
                for month in range(1, 13)
            )
            customer += 1
    return path


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    with Runner(tmp_path / "work", imports=("cxlib.importing.tasks",)) as found:
        yield found


@pytest.mark.slow
def test_a_file_of_60_mb_costs_the_server_less_than_50(usage: Path, runner: Runner, tmp_path: Path) -> None:
    with Store(tmp_path / "store") as store:
        assert runner.ready(timeout_s=60)
        with Peak() as peak:
            source = source_of(usage)
            job = start_read(runner, source, store=store)
            job.result()
            digest = FileDigest.open(job.folder)
            job = start_prepare(runner, [(source, digest)], store=store, dataset=None)
            job.result()
            prepared = PrepareDigest.open(job.folder)
            done = start_commit(runner, job.folder, store=store, new="A").result()
        assert digest.rows_in_file == prepared.files[0].rows + prepared.files[0].quarantined
        assert digest.counts["rows_quarantined"] > 0
        assert done["version"] == 1
        assert peak.most - peak.first < RISE_BYTES
