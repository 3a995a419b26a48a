"""A note is pinned to a chart and a day, is seen there by everybody, and goes out with the report."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import plotly.graph_objects as go
import pytest

from cxlib.charts.pins import pin
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
    opener = next(each for each in app.button if str(each.key).startswith("note:") and each.label == "Pin a note")
    opener.click().run()
    assert not app.exception
    app.date_input(key="note:day").set_value(date(2026, 3, 2))
    app.text_area(key="note:text").set_value(text).run()
    app.button(key="note:keep").click().run()
    assert not app.exception
    return str(opener.key).removeprefix("note:")


def test_a_note_is_pinned_seen_reported_and_removed(holding: Holding, go: Go) -> None:
    app = holding(TABLES)
    go(app, "queues")
    chart = pinned(app, NOTE)
    with Store() as store:
        dataset = store.dataset(own_dataset())
        (kept,) = store.saved(dataset.id, "note")
    assert kept.record == {"page": "queues", "chart": chart, "day": "2026-03-02", "text": NOTE}
    app.run()
    assert "New greeting" in captions(app)
    assert "Mar 2, 2026" in captions(app)
    html = page_bytes(entry("queues"), app.session_state["record"], dataset).decode()
    assert "New greeting" in html
    assert "<b>menu</b>" not in html
    app.button(key=f"note:{chart}").click().run()
    app.button(key=f"note:remove:{kept.number}").click().run()
    assert not app.exception
    app.run()
    assert "New greeting" not in captions(app)


def test_a_note_stays_with_its_page_and_data_set(holding: Holding, go: Go) -> None:
    app = holding(TABLES)
    go(app, "queues")
    pinned(app, "seen here alone")
    go(app, "allocation")
    assert "seen here alone" not in captions(app)
    go(app, "queues")
    assert "seen here alone" in captions(app)


@pytest.mark.parametrize(
    ("x", "drawn"),
    [
        ([date(2026, 1, 1), date(2026, 2, 1)], ["1", "2"]),  # a note in the last month lies after its first day
        ([date(2026, 2, 1), date(2026, 3, 1)], ["2", "3"]),
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
