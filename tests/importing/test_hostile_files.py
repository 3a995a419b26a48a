"""What no table is, or what would eat the machine, is refused with its reason; the next file is read.

How soon is measured by ``bench/hostile.py``.
"""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - read by pytest
from typing import TYPE_CHECKING

import pytest

from bench.hostile import GOOD, HOSTILE, refused_after
from cxlib.importing import FileDigest, source_of, start_read
from cxlib.runner import Runner

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    with Runner(tmp_path_factory.mktemp("work"), imports=("cxlib.importing.tasks",)) as found:
        yield found


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_and_the_next_file_is_read(name: str, runner: Runner, tmp_path: Path) -> None:
    make, codes = HOSTILE[name]
    path, good = tmp_path / name, tmp_path / "good.csv"
    make(path)
    good.write_bytes(GOOD)
    error, _seconds = refused_after(runner, path)
    assert error.code in codes
    assert error.said
    assert error.hint
    job = start_read(runner, source_of(good))
    job.result()
    assert FileDigest.open(job.folder).counts["rows_loaded"] == 2
