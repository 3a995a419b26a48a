"""Several readers at once, a link that is sent on, and a hand that has only the keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cxlib.importing import Arrival, incoming
from cxlib.intake import read
from cxlib.store import Store
from cxlib.texts import _, speaking
from cxlib.ui.sitemap import PAGES, entry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dashboard import Dashboard
    from playwright.sync_api import Page

    from cxlib.ui.sitemap import Entry

PLANS = (
    "plan_id,monthly_fee,currency,included_minutes,overage_price_minutes,on_sale\n"
    "S,10,EUR,100,0.10,yes\nL,30,EUR,1000,0.10,yes\n"
)
USAGE = "customer_id,month,plan_id,minutes\n" + "".join(
    f"own-{i},2026-{m:02d},S,{400 + i}\n" for i in range(30) for m in range(1, 7)
)
CONTACTS = "contact_id,tier,queue,arrived_at,wait_s,outcome,queued\n" + "".join(
    f"{i},{'plain' if i % 2 else 'first'},desk,2026-03-{i % 28 + 1:02d} {8 + i // 60:02d}:{i % 60:02d}:00,"
    f"{100 if i % 2 else 10},served,yes\n"
    for i in range(400)
)
TABLES = {"plans": PLANS, "usage": USAGE, "contacts": CONTACTS, "tiers": "tier,rank\nfirst,1\nplain,2\n"}
# What a reader can act on and that is to be seen; parts of a table drawn on canvas have keys of their own.
CONTROLS = """
() => {
  const wanted = 'button, a[href], input:not([type=hidden]):not([type=file]), textarea, [role=combobox], summary';
  const seen = (each) => each.getClientRects().length && getComputedStyle(each).visibility === 'visible'
    && !each.disabled && !each.closest('[inert], [aria-hidden=true], .modebar, [data-testid=stElementToolbar]')
    && !each.closest('[data-testid=stDataFrame]');
  const found = [...document.querySelectorAll(wanted)].filter(seen);
  found.forEach((each, i) => { each.dataset.control = i; });
  return found.map((each) => (each.ariaLabel || each.innerText || each.name || each.outerHTML).slice(0, 80));
}
"""
FOCUSED = "() => document.activeElement && document.activeElement.dataset.control"
# One radio of a group takes the focus, the arrows turn to the others; a calendar's field has one part that does.
REACHED_WITH = """
(reached) => [...document.querySelectorAll('[data-control]')].filter((each) => {
  if (reached.includes(each.dataset.control)) return false;
  const group = each.closest('[role=radiogroup], [role=group], [role=toolbar], [role=tablist]');
  const field = each.closest('[data-testid=stDateInput], [data-testid=stSelectbox], [data-testid=stNumberInput]');
  const inner = group || field;
  return !(inner && [...inner.querySelectorAll('[data-control]')].some((own) => reached.includes(own.dataset.control)));
}).map((each) => each.outerHTML.slice(0, 200))
"""


@pytest.fixture(scope="module")
def shared(start_dashboard: Callable[..., Dashboard], demo_home: Path) -> Dashboard:
    """Return a dashboard that holds the demo and a data set of somebody's own."""
    assert demo_home.exists()
    server = start_dashboard()
    with Store(server.home) as store:
        files = [
            Arrival(f"{name}.csv", text.encode(), read(text.encode(), table=name, zone="UTC"))
            for name, text in TABLES.items()
        ]
        store.commit(store.create(name="Somebody's own").id, incoming(files))
    return server


def ids(server: Dashboard) -> tuple[str, str]:
    """Return the ids of the demo and of the own data set."""
    with Store(server.home) as store:
        found = {each.demo: each.id for each in store.datasets()}
    return found[True], found[False]


def main_text(page: Page) -> str:
    return page.get_by_test_id("stMain").inner_text()


def test_two_readers_never_see_each_others(
    shared: Dashboard, new_page: Callable[..., Page], visit: Callable[..., Page], wait: Callable[[Page], Page]
) -> None:
    demo, own = ids(shared)
    one, other = new_page(), new_page(locale="zh-CN", scheme="dark")
    visit(one, shared, f"/queues?lang=en&data={demo}")
    visit(other, shared, f"/queues?lang=zh_CN&data={own}")
    for url_path in ("allocation", "plan_fit", "queues"):
        for tab, language in ((one, "en"), (other, "zh_CN")):
            with speaking(language):
                title = _(entry(url_path).title)
            tab.get_by_test_id("stSidebarNav").get_by_role("link", name=title, exact=True).click()
        for tab, language, mine, theirs in (
            (one, "en", "Demo data", "Somebody's own"),
            (other, "zh_CN", "Somebody's own", "演示数据"),
        ):
            wait(tab)
            with speaking(language):
                assert tab.get_by_role("heading", level=1).inner_text() == _(entry(url_path).title)
            assert mine in main_text(tab), url_path
            assert theirs not in main_text(tab), url_path
        assert f"data={demo}" in one.url
        assert f"data={own}" in other.url
    assert "own-" not in main_text(one)


def test_a_link_shows_the_same_elsewhere_and_on_a_server_just_started(
    shared: Dashboard, new_page: Callable[..., Page], visit: Callable[..., Page], wait: Callable[[Page], Page]
) -> None:
    demo, _own = ids(shared)
    page = visit(new_page(), shared, f"/queues?lang=zh_CN&data={demo}")
    page.get_by_test_id("stMain").get_by_role("combobox").first.click()
    page.get_by_role("option").nth(1).click()
    wait(page)
    address = page.url.removeprefix(shared.url)
    assert "month=" in address
    seen = main_text(page)
    other = visit(new_page(locale="en-US"), shared, address)
    assert main_text(other) == seen
    for tab in (page, other):
        tab.goto("about:blank")
    shared.restart()
    there = visit(new_page(locale="en-US"), shared, address)
    assert main_text(there) == seen
    assert there.get_by_test_id("stAlert").filter(has_text="链接").count() == 0
    assert there.get_by_role("dialog").count() == 0


@pytest.mark.parametrize("each", PAGES, ids=lambda each: each.url_path)
def test_the_keyboard_reaches_every_control(
    each: Entry, shared: Dashboard, new_page: Callable[..., Page], visit: Callable[..., Page]
) -> None:
    demo, _own = ids(shared)
    page = visit(new_page(), shared, f"/{'' if each is PAGES[0] else each.url_path}?lang=en&data={demo}")
    controls = page.evaluate(CONTROLS)
    assert len(controls) > len(PAGES)
    reached, first = [], None
    for _key in range(6 * len(controls)):
        page.keyboard.press("Tab")
        now = page.evaluate(FOCUSED)
        if now is not None:
            if now == first and len(reached) > len(PAGES):
                break
            first = first if first is not None else now
            reached.append(now)
    left = page.evaluate(REACHED_WITH, reached)
    assert not left, "\n".join(left)
