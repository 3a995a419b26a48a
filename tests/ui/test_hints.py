"""Each page says once what it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cxlib.ui.hints import HINTS
from cxlib.ui.sitemap import PAGES

if TYPE_CHECKING:
    from collections.abc import Callable

    from streamlit.testing.v1 import AppTest


def test_every_page_has_a_hint_until_it_is_dismissed(
    holding: Callable[[dict[str, str]], AppTest], go: Callable[[AppTest, str], str]
) -> None:
    assert set(HINTS) == {page.url_path for page in PAGES}
    app = holding({})
    for name in ("queues", "policies"):
        assert HINTS[name] in go(app, name)
    app.button(key="hint:policies").click().run()
    assert not app.exception
    assert HINTS["policies"] not in go(app, "policies")
    assert HINTS["queues"] in go(app, "queues")
