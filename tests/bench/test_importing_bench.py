from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench/importing.py"


def test_a_small_run_merges_the_same_as_duckdb(tmp_path):
    command = [sys.executable, str(BENCH), "--rows", "6000", "--raw-mb", "1", "--folder", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 0, done.stderr
    assert "500 new, 0 replaced" in done.stdout
    assert "0 findings" in done.stdout
    assert list(tmp_path.iterdir()) == []
