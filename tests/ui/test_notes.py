"""A note is pinned to a chart and a day, is seen there by everybody, and goes out with the report."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
import pytest

from cxlib.charts.pins import pin
from cxlib.errors import CxError
from cxlib.store import Store
from cxlib.ui.share import page_bytes
from cxlib.ui.sitemap import entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from streamlit.testing.v1 import AppTest

    Holding = Callable[[dict[str, str]], AppTest]
    Go = Callable[[AppTest, str], str]

CONTACTS = "contact_id,tier,queue,arrived_at,wait_s,outcome,queued\n" + "".join(
    f"{i},{'regular' if i % 2 else 'priority'},care,2026-03-02 {8 + i // 60:02d}:{i % 60:02d}:00,{10 + i},served,yes\n"
    for i in range(40)
)
TABLES = {"contacts": CONTACTS, "tiers": "tier,rank\npriority,1\nregular,2\n"}
NOTE = "New greeting & <b>menu</b> since Monday"


def own_dataset() -> str:
    with Store() as store:
        return next(each.id for each in store.datasets() if not each.demo)


def captions(app: AppTest) -> str:
    return " ".join(each.value for each in app.caption)


def pinned(app: AppTest, text: str) -> str:
    """Pin a note to the first chart of the page; return its key."""
    text_area = next(each for each in app.text_area if str(each.key).startswith("note:text:"))
    chart = str(text_area.key).removeprefix("note:text:")
    app.date_input(key=f"note:day:{chart}").set_value(date(2026, 3, 2))
    text_area.set_value(text)
    submit(app, chart)
    return chart


def submit(app: AppTest, chart: str) -> None:
    """Press the button of a chart's form."""
    next(each for each in app.button if each.form_id == f"note:{chart}").click().run()
    assert not app.exception


def test_a_note_is_pinned_seen_reported_and_removed(holding: Holding, go: Go) -> None:
    app = holding(TABLES)
    go(app, "queues")
    chart = pinned(app, NOTE)
    with Store() as store:
        dataset = store.dataset(own_dataset())
        (kept,) = store.saved(dataset.id, "note")
    assert kept.record == {"page": "queues", "chart": chart, "about": {}, "day": "2026-03-02", "text": NOTE}
    assert "New greeting" in captions(app)
    assert "Mar 2, 2026" in captions(app)
    html = page_bytes(entry("queues"), app.session_state["record"], dataset).decode()
    assert "New greeting" in html
    assert "<b>menu</b>" not in html
    submit(app, chart)  # with nothing written nothing is kept
    with Store() as store:
        assert len(store.saved(dataset.id, "note")) == 1
    app.button(key=f"note:remove:{kept.number}").click().run()
    assert not app.exception
    assert "New greeting" not in captions(app)


def test_what_was_written_stays_where_it_is_refused(holding: Holding, go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    app = holding(TABLES)
    go(app, "queues")

    def full(*_args: object, **_more: object) -> None:
        raise CxError("disk_full", "There is no room left.")

    with monkeypatch.context() as patched:
        patched.setattr(Store, "save_as", full)
        chart = pinned(app, NOTE)
        assert "There is no room left" in " ".join(each.value for each in app.error)
    assert app.text_area(key=f"note:text:{chart}").value == NOTE
    submit(app, chart)
    assert "New greeting" in captions(app)
    assert app.text_area(key=f"note:text:{chart}").value == ""
    assert not app.error


def test_a_note_stays_with_its_page_and_data_set(holding: Holding, go: Go) -> None:
    app = holding(TABLES)
    go(app, "queues")
    pinned(app, "seen here alone")
    go(app, "allocation")
    assert "seen here alone" not in captions(app)
    go(app, "queues")
    assert "seen here alone" in captions(app)


def test_a_note_on_one_customer_is_not_shown_at_another(holding: Holding, go: Go) -> None:
    usage = "customer_id,plan_id,month,minutes\n" + "".join(
        f"{who},S,2026-0{m},{m}00\n" for who in ("anna", "ben") for m in range(1, 6)
    )
    plans = "plan_id,monthly_fee,currency,included_minutes,overage_price_minutes\nS,10,EUR,100,0.1\nL,30,EUR,900,0.1\n"
    app = holding({"usage": usage, "plans": plans})
    go(app, "customer")
    app.text_input(key="customer_search").set_value("anna").run()
    pinned(app, "asked for paper bills")
    assert "asked for paper bills" in captions(app)
    app.text_input(key="customer_search").set_value("ben").run()
    assert not app.exception
    assert "asked for paper bills" not in captions(app)
    app.text_input(key="customer_search").set_value("anna").run()
    assert "asked for paper bills" in captions(app)


@pytest.mark.parametrize(
    ("x", "drawn"),
    [
        ([date(2026, 1, 1), date(2026, 2, 1)], ["1", "2"]),  # a note in the last month lies after its first day
        ([date(2026, 3, 1), date(2026, 2, 1), date(2026, 2, 1)], ["2", "3"]),
        ([date(2026, 2, 14), date(2026, 2, 21)], []),  # of weeks, the last one ends on the 27th
        ([date(2026, 2, 15), date(2026, 2, 22)], ["2"]),
        (
            [datetime(2026, 1, 15, 9, tzinfo=UTC), datetime(2026, 1, 15, 11, tzinfo=UTC)],
            [],
        ),  # hours: a line at midnight would squeeze them
        ([np.datetime64("2026-01-12"), np.datetime64("2026-01-19")], ["1"]),
        (["a", "b"], []),
        ([1.0, 2.0], []),
        ([], []),
    ],
)
def test_only_time_takes_a_pin_and_only_within_it(x: list[object], drawn: list[str]) -> None:
    figure = go.Figure(go.Scatter(x=x, y=[1] * len(x)))
    days = {"1": date(2026, 1, 15), "2": date(2026, 2, 28), "3": date(2026, 3, 31), "4": date(2027, 1, 1)}
    assert pin(figure, days) == drawn
    assert [each.text for each in figure.layout.annotations] == [f"<b>{label}</b>" for label in drawn]
    assert len(figure.layout.shapes) == len(drawn)
