from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench/overtakes.py"


@pytest.mark.parametrize("more", [[], ["--shuffled"]])
def test_a_small_run_computes_the_same_as_duckdb(more):
    command = [sys.executable, str(BENCH), "--rows", "5000", "--repeat", "1", *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    assert "checksums equal" in done.stdout
    assert "ratio of the times" in done.stdout
