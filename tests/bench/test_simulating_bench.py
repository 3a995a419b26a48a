from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench/simulating.py"


def test_a_small_run_says_what_it_cost():
    command = [sys.executable, str(BENCH), "--customers", "20000", "--only", "ours,policies,servers"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 0, done.stderr
    assert "theory: 0.0977 and 0.7819" in done.stdout
    assert "20 policies x 20,000 customers" in done.stdout
    assert "256 servers" in done.stdout
