"""The command line finds a data set by its id, by its name in any case, and the demo by the name that pages show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cxlib.errors import CxError
from cxlib.store import Store
from cxlib.terminal import dataset_id
from cxlib.texts import LANGUAGES, _, speaking

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path) as opened:
        opened.create(name="Demo operator", demo=True)
        opened.create(name="My Company")
        yield opened


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_demo_has_the_name_of_the_pages(store: Store, language: str) -> None:
    demo = next(each.id for each in store.datasets() if each.demo)
    with speaking(language):
        for asked in ("demo", "Demo", "Demo operator", _("Demo"), demo):
            assert dataset_id(store, asked) == demo


def test_case_does_not_count_but_a_name_of_ones_own_comes_first(store: Store) -> None:
    own = next(each.id for each in store.datasets() if not each.demo)
    assert dataset_id(store, "my company") == own
    mine = store.create(name="Demo").id
    assert dataset_id(store, "Demo") == mine


def test_an_unknown_one_is_refused_with_those_that_there_are(store: Store) -> None:
    with pytest.raises(CxError) as refused:
        dataset_id(store, "Other")
    assert refused.value.code == "no_data_set"
    assert all(name in refused.value.hint for name in ("Demo", "My Company"))
