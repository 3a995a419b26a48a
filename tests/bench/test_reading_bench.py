from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench/reading.py"


def test_a_small_run_names_every_planted_row_and_reads_what_duckdb_reads():
    command = [sys.executable, str(BENCH), "--rows", "24000", "--bad", "40", "--repeat", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert "ratio of the times" in done.stdout
    assert "40\n" in done.stdout
