"""The Customer page says why, what is advised and what it rests on, for customers in every state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from streamlit.testing.v1 import AppTest

    Holding = Callable[[dict[str, str]], AppTest]
    Go = Callable[[AppTest, str], str]
    Said = Callable[[AppTest], str]

PLANS = (
    "plan_id,monthly_fee,currency,included_minutes,overage_price_minutes,on_sale\n"
    "S,10,EUR,100,0.10,yes\nL,30,EUR,1000,0.10,yes\nO,1,EUR,5000,0.10,no\n"
)
MONTHS = [f"2026-{month:02d}" for month in range(1, 7)]
CUSTOMERS = (
    "customer_id,plan_id,joined_on,left_on,contract_end,consent\n"
    "heavy,S,2025-01-01,,,yes\nlight,S,2025-01-01,,,yes\ngone,S,2025-01-01,2026-06-20,,yes\n"
    "bound,S,2025-01-01,,2027-03-31,no\nnew,S,2026-05-01,,,yes\n"
)
USED = {"heavy": 400, "light": 50, "gone": 500, "bound": 400, "new": 400}
USAGE = "customer_id,month,plan_id,minutes\n" + "".join(
    f"{who},{month},S,{used}\n" for who, used in USED.items() for month in (MONTHS if who != "new" else MONTHS[-2:])
)
TABLES = {"plans": PLANS, "usage": USAGE, "customers": CUSTOMERS}


def search(app: AppTest, text: str) -> AppTest:
    return app.text_input(key="customer_search").set_value(text).run()


def test_who_loses_most_is_shown_first(holding: Holding, go: Go) -> None:
    # heavy pays 10 + 300 x .10 = 40 a month on S and 30 on L; gone pays 50, but has left.
    said = go(holding(TABLES), "customer")
    assert "heavy: Paid €120\\.00 in 3 months, €90\\.00 of it for more than is included" in said
    assert "L would have cost €90\\.00" in said
    assert "€30.00 less on L in 3 months. Under-provisioned, flagged for 4 months." in said
    assert "The bills line by line" in said


@pytest.mark.parametrize(
    ("who", "parts"),
    [
        ("light", ["light: Paid €30.00 in 3 months; no other plan would have cost less in each of them."]),
        ("gone", ["left on Jun 20, 2026: on no campaign list", "gone: Paid €150"]),
        ("bound", ["does not want offers", "The contract runs to Mar 31, 2027: no other plan may be taken before."]),
        ("new", ["There are no 3 complete months in a row", "No advice yet: not enough data"]),
    ],
)
def test_every_state_is_said(who: str, parts: list[str], holding: Holding, go: Go, said: Said) -> None:
    app = holding(TABLES)
    go(app, "customer")
    found = said(search(app, who))
    for part in parts:
        assert part in found


def test_a_search_offers_the_first_matches(holding: Holding, go: Go, said: Said) -> None:
    many = "".join(f"c{i:03d},2026-06,S,10\n" for i in range(40))
    app = holding({"plans": PLANS, "usage": USAGE + many, "customers": CUSTOMERS})
    go(app, "customer")
    search(app, "c0")
    assert "The first 12 of 40 that match" in str([each.label for each in app.get("button_group")])
    assert "No customer has zzz in its number." in said(search(app, "zzz"))
    assert "c017: " in said(search(app, "c017"))


def test_months_left_out_are_reckoned_at_once(holding: Holding, go: Go, said: Said) -> None:
    app = holding(TABLES)
    go(app, "customer")
    out = next(each for each in app.multiselect if each.label == "Months to leave out")
    found = said(out.set_value(["2026-05"]).run())
    assert "There are no 3 complete months in a row" in found
    assert "Not counted (hatched)" in app.get("plotly_chart")[0].proto.spec
    found = said(next(e for e in app.multiselect if e.label == "Months to leave out").set_value([]).run())
    assert "heavy: Paid" in found


def test_a_slider_moves_every_plan(holding: Holding, go: Go, said: Said) -> None:
    app = holding(TABLES)
    assert "**L** would cost least: €30.00 a month. The plan held would cost €40.00." in go(app, "customer")
    found = said(app.slider[0].set_value(25).run())
    assert "**S** would cost least: €10.00 a month." in found


def test_an_unknown_customer_is_said(holding: Holding, go: Go) -> None:
    app = holding(TABLES)
    app.query_params["customer"] = "nobody"
    assert "No customer nobody here" in go(app, "customer")


def test_all_months_left_out(holding: Holding, go: Go, said: Said) -> None:
    app = holding({"plans": PLANS, "usage": "customer_id,month,plan_id,minutes\na,2026-01,S,400\n"})
    go(app, "customer")
    out = next(each for each in app.multiselect if each.label == "Months to leave out")
    assert "No complete month is left: there is nothing to bill." in said(out.set_value(["2026-01"]).run())
