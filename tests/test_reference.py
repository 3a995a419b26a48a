"""The reference is what the docstrings say, and the check names what is not."""

from __future__ import annotations

import importlib
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    """Return the script, or skip where its generator is not installed."""
    pytest.importorskip("griffe")
    logging.getLogger("griffe").setLevel(logging.ERROR)
    return importlib.import_module("reference")


def test_the_pages_are_current_and_every_public_name_is_told(reference: ModuleType) -> None:
    wanted = reference.pages()
    assert reference.stale(reference.PAGES, wanted) == []
    assert reference.undocumented() == []


def test_the_pages_tell_parameters_results_and_errors(reference: ModuleType) -> None:
    page = reference.pages()["queueing.md"]
    part = page.split("## `replicate`")[1].split("\n## ")[0]
    assert "replicate(workload: Workload" in part
    assert "- `sla_s`, float, or mapping of class to float, seconds: " in part
    assert "no_policies" in part
    assert "In `cxlib/queueing/runs.py`." in part
    assert "/home" not in page
    assert str(Path(sys.prefix).parent) not in page


def test_what_is_not_current_is_named(reference: ModuleType, tmp_path: Path) -> None:
    wanted = {"a.md": "one\n", "b.md": "two\n"}
    (tmp_path / "a.md").write_text("one\n")
    assert reference.stale(tmp_path, wanted) == ["b.md"]
    (tmp_path / "b.md").write_text("older\n")
    (tmp_path / "c.md").write_text("of nothing any more\n")
    assert reference.stale(tmp_path, wanted) == ["b.md", "c.md"]
