from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench/queues.py"


def test_a_small_run_computes_the_same_as_duckdb_and_pandas():
    command = [sys.executable, str(BENCH), "--rows", "20000", "--repeat", "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 0, done.stderr
    assert "checksums equal" in done.stdout
    assert "numbers of the page, in all" in done.stdout
    assert "an hour replayed" in done.stdout
