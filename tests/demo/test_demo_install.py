"""The made-up operator as the store's demo."""

from __future__ import annotations

import pytest

from cxlib.demo import build_demo, install, install_demo
from cxlib.errors import CxError
from cxlib.store import Incoming, Store


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path) as opened:
        yield opened


def test_it_is_built_once_and_then_left_alone(store, monkeypatch):
    first = install_demo(store, customers=500)
    monkeypatch.setattr(install, "build_demo", None)  # must not be asked again
    assert install_demo(store, customers=500) == first
    assert first.demo
    assert first.number == 1
    assert len(store.versions(first.id)) == 2  # the empty one and this


def test_the_store_holds_what_was_built(store):
    opened = install_demo(store, customers=500)
    for name, table in build_demo(customers=500).tables.items():
        kept = store.load(opened.id, name)
        assert kept.select(table.column_names).to_pydict() == table.to_pydict()


def test_nobody_changes_it(store):
    opened = install_demo(store, customers=500)
    tiers = store.load(opened.id, "tiers")
    with pytest.raises(CxError) as refused:
        store.commit(opened.id, [Incoming(table="tiers", data=tiers)])
    assert refused.value.code == "demo_read_only"


def test_who_comes_second_finds_the_first_ones(store, monkeypatch):
    built = build_demo(customers=500)

    def slowly(**_):
        monkeypatch.setattr(install, "build_demo", lambda **_: built)
        install_demo(store)  # another process is faster
        return built

    monkeypatch.setattr(install, "build_demo", slowly)
    opened = install_demo(store)
    assert opened.number == 1


def test_other_refusals_are_said(store, monkeypatch):
    monkeypatch.setattr(install, "NAME", "")
    with pytest.raises(CxError) as refused:
        install_demo(store, customers=500)
    assert refused.value.code == "bad_name"
