"""What a page shows is computed before anybody looks; on a large data set that of each filter, too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from cxlib.store.results import PARTS
from cxlib.ui import jobs, prepare, views
from cxlib.ui.scope import scope_of
from cxlib.ui.session import store

if TYPE_CHECKING:
    from collections.abc import Callable

    from streamlit.testing.v1 import AppTest

    from cxlib.ui.scope import Scope

    Holding = Callable[[dict[str, str]], AppTest]
    Go = Callable[[AppTest, str], str]

CONTACTS = "contact_id,tier,queue,arrived_at,wait_s,outcome,queued\n" + "".join(
    f"{i},{'regular' if i % 2 else 'priority'},{'care' if i % 4 < 2 else 'sales'},"
    f"2026-0{3 + i % 2}-{i % 28 + 1:02d} {8 + i % 9:02d}:{i % 60:02d}:00,{10 + i % 90},served,yes\n"
    for i in range(300)
)
PLANS = "plan_id,monthly_fee,included_minutes,overage_price_minutes\nS,10,100,0.1\nL,30,900,0.1\n"
USAGE = "customer_id,month,plan_id,minutes\n" + "".join(
    f"{who},2026-0{month},S,{100 * who}\n" for who in range(1, 6) for month in range(1, 7)
)
TABLES = {"contacts": CONTACTS, "tiers": "tier,rank\npriority,1\nregular,2\n", "plans": PLANS, "usage": USAGE}


@pytest.fixture
def scope(holding: Holding) -> Scope:
    holding(TABLES)
    return scope_of(next(each for each in store().datasets() if not each.demo))


def computed(scope: Scope) -> list[str]:
    """Return what was computed and kept of a data set."""
    said = [
        json.loads((pq.read_schema(path).metadata or {})[PARTS])
        for path in (store().root / "results").glob("*.parquet")
    ]
    return sorted(json.dumps(each, sort_keys=True) for each in said if each["dataset"] == scope.dataset.id)


def test_a_small_data_set_needs_no_filters_ahead(scope: Scope) -> None:
    prepare.prepare(scope)
    before = computed(scope)
    assert before
    prepare.prepare_filters(scope)
    assert computed(scope) == before


def test_every_value_of_a_filter_is_there_before_it_is_asked_for(
    scope: Scope, holding: Holding, go: Go, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "LARGE", 0)
    prepare.prepare(scope)
    prepare.prepare_filters(scope)
    before = computed(scope)
    asked = [("queues", {"month": "2026-03"}), ("queues", {"queue": "sales"}), ("queues", {"pool": "one"})]
    asked += [("allocation", each) for each in ({}, {"alike": "queue"}, {"screen": "1.5"}, {"by": "queue"})]
    asked += [("allocation", {"by": "queue", "month": "2026-04"}), ("tiers", {"month": "2026-04"}), ("tiers", {})]
    asked += [("plan_fit", {"month": "2026-04"}), ("plan_fit", {"absent": "zero"})]
    for page, where in asked:
        app = holding({})
        app.query_params.update(where)
        go(app, page)
        assert not app.exception
        assert [each.label for each in app.button if each.label == "Cancel"] == [], (page, where)
    assert [each for each in computed(scope) if each not in before] == []


def test_what_was_not_worked_out_goes_to_a_process_of_its_own(
    scope: Scope, holding: Holding, go: Go, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare.prepare(scope)
    monkeypatch.setattr(views, "LARGE", 0)
    asked = {"queues": {"pool": "one"}, "allocation": {"by": "queue"}, "plan_fit": {"month": "2026-04"}}
    asked |= {"tiers": {"month": "2026-03"}}
    for page, where in asked.items():
        before = computed(scope)
        app = holding({})
        app.query_params.update(where)
        go(app, page)
        assert not app.exception
        assert [each.label for each in app.button if each.label == "Cancel"] == ["Cancel"]
        for job in jobs.runner().jobs():
            assert job.wait(60)
        done = computed(scope)
        assert len(done) > len(before)
        app = holding({})
        app.query_params.update(where)
        go(app, page)
        assert not app.exception
        assert [each.label for each in app.button if each.label == "Cancel"] == []
        assert computed(scope) == done


def test_a_customer_at_another_month_does_not_wait_for_the_flags_of_all(
    scope: Scope, holding: Holding, go: Go, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare.prepare(scope)
    before = computed(scope)
    monkeypatch.setattr(views, "LARGE", 0)
    app = holding({})
    app.query_params["month"] = "2026-04"
    assert "5: " in go(app, "customer")  # who loses most at the end of the last month
    assert [each for each in computed(scope) if each not in before and '"flagged"' in each] == []


def test_a_view_of_a_version_that_is_gone_does_nothing(scope: Scope) -> None:
    assert views.current(scope.dataset.id, scope.version.number) is not None
    assert views.current(scope.dataset.id, scope.version.number + 1) is None
    assert views.current("gone", 1) is None


def test_large_data_sets_are_prepared_beside_the_server(scope: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "LARGE", 0)
    before = computed(scope)
    prepare.prepare_all(wait=True)
    done = computed(scope)
    assert len(done) > len(before)
    prepare.prepare(scope)
    assert computed(scope) == done


def test_opening_the_dashboard_does_not_wait_for_large_data_sets(scope: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    before = computed(scope)
    with monkeypatch.context() as patched:
        patched.setattr(views, "LARGE", 0)
        prepare.prepare_small()
    assert computed(scope) == before
    prepare.prepare_small()
    assert len(computed(scope)) > len(before)
