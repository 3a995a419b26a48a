"""The benchmark of allocation: both sides compute the same table, and the run fails where they do not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parent.parent.parent / "bench" / "allocation.py"


def test_both_sides_compute_the_same():
    done = subprocess.run(
        [sys.executable, BENCH, "--rows", "300000", "--repeat", "0"], capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    assert lines[0].startswith("300,000 contacts")
    assert [line.split("  ")[0].strip() for line in lines[2:5]] == ["cxlib", "pandas by hand", "cxlib on pandas"]
    assert lines[-1].startswith("largest difference between the two tables: ")
