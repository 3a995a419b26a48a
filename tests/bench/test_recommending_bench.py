"""The contenders of the benchmark of recommendations answer the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench" / "recommending.py"


def test_ours_agrees_with_scikit_learn_and_numpy():
    command = [sys.executable, str(BENCH), "--customers", "4000", "--some", "500", "--plans", "8", "--json"]
    everybody, some = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    assert everybody["customers"] == 4000
    assert everybody["switch"] > 1000
    assert some["same_plan"] >= 0.995
    assert some["same_interval"] >= 0.99
