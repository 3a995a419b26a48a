"""Tasks to try the runner on, in a package of the tests' own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cxlib.runner import Runner

if TYPE_CHECKING:
    from collections.abc import Iterator

TASKS = Path(__file__).parent


class TriedRunner(Runner):
    """A runner that also takes tasks from the folder of these tests."""

    packages = ("cxlib", "jobs_to_try")
    paths = (*Runner.paths, TASKS)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "work"


@pytest.fixture
def runner(root: Path) -> Iterator[TriedRunner]:
    with TriedRunner(root) as found:
        yield found


@pytest.fixture
def another(root: Path) -> Iterator[type[TriedRunner]]:
    """Makes further runners on the same root, as another server would."""
    made: list[TriedRunner] = []

    def make(**options: object) -> TriedRunner:
        made.append(TriedRunner(root, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make  # type: ignore[misc]
    for each in made:
        each.close()
