"""The contenders of the matching benchmark answer the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench" / "matching.py"


def test_contenders_agree_on_few_rows():
    everybody = ["ours", "file", "memory", "sql", "pandas"]
    command = [sys.executable, str(BENCH), "--rows", "20000", "--plans", "12", "--only", ",".join(everybody), "--json"]
    done = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    assert [each["name"] for each in done] == everybody
    assert done[0]["flagged"] > 100
    sums = {(each["flagged"], each["saving_minor"], each["mixed"]) for each in done}
    assert len(sums) == 1
