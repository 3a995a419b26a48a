"""Plan fit: the headline is the sum of its rows, filters narrow it, and months left out change it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from streamlit.testing.v1 import AppTest

    Holding = Callable[[dict[str, str]], AppTest]
    Go = Callable[[AppTest, str], str]
    Said = Callable[[AppTest], str]

PLANS = "plan_id,monthly_fee,currency,included_minutes,overage_price_minutes\nS,10,EUR,100,0.10\nL,30,EUR,1000,0.10\n"
MONTHS = [f"2026-{month:02d}" for month in range(1, 7)]
# On S: 400 minutes cost 40 where L costs 30; 433.3 cost 43.33; on L: 50 minutes cost 30 where S costs 10.
USED = {"a": ("S", 400.0), "b": ("S", 433.3), "c": ("L", 50.0), "d": ("S", 50.0), "e": ("S", 500.0)}
CUSTOMERS = (
    "customer_id,plan_id,tier,joined_on,left_on\n"
    "a,S,x,2025-01-01,\nb,S,x,2025-01-01,\nc,L,y,2025-01-01,\nd,S,,2025-01-01,\ne,S,y,2025-01-01,2026-06-20\n"
)
USAGE = "customer_id,month,plan_id,minutes\n" + "".join(
    f"{who},{month},{plan},{used}\n" for who, (plan, used) in USED.items() for month in MONTHS
)
TABLES = {"plans": PLANS, "usage": USAGE, "customers": CUSTOMERS}
BILLED = "customer_id,month,plan_id,minutes,billed_amount\n" + "".join(
    f"{who},{month},{plan},{used},{amount}\n"
    for who, plan, used, amount in (("a", "S", 400.0, 40), ("b", "S", 433.3, 55))
    for month in MONTHS
)


def box(app: AppTest, label: str) -> object:
    return next(each for each in app.selectbox if each.label == label)


def table(app: AppTest) -> list[str]:
    frames = [each.value for each in app.dataframe if "saving" in each.value and "customer_id" in each.value]
    return list(frames[0]["customer_id"])


def test_the_headline_is_the_sum_of_the_rows_and_who_left_is_marked(holding: Holding, go: Go) -> None:
    # 3 x (10 + 13.33 + 20 + 20)
    said = go(app := holding(TABLES), "plan_fit")
    assert "4 of 5 customers paid more" in said
    assert "€189.99 less in the 3 months to Jun 2026" in said
    assert "1 of them has left and is on no campaign list." in said
    assert "Not reconciled: the usage has no billed amounts." in said
    frame = next(each.value for each in app.dataframe if "reason" in each.value)
    assert frame["saving"].tolist() == [60.0, 60.0, 39.99, 30.0]
    assert frame.set_index("customer_id")["left"].to_dict() == {"c": False, "e": True, "b": False, "a": False}


@pytest.mark.parametrize(
    ("label", "value", "left", "money"),
    [
        ("Direction", "over_provisioned", ["c"], "€60.00"),
        ("Tier", "x", ["b", "a"], "€69.99"),
        ("Tier", "none", [], "€0.00"),
    ],
)
def test_filters_narrow_headline_and_rows_alike(
    label: str, value: str, left: list[str], money: str, holding: Holding, go: Go, said: Said
) -> None:
    app = holding(TABLES)
    go(app, "plan_fit")
    found = said(box(app, label).set_value(value).run())  # type: ignore[attr-defined]
    assert f"they would have paid {money} less" in found
    if left:
        assert table(app) == left
    else:
        assert "Nobody is flagged here." in found


def test_months_left_out_take_a_customer_off_the_list(holding: Holding, go: Go) -> None:
    app = holding(TABLES)
    go(app, "customer")
    app.text_input(key="customer_search").set_value("a").run()
    next(each for each in app.multiselect if each.label == "Months to leave out").set_value(["2026-05"]).run()
    found = go(app, "plan_fit")
    assert "3 of 4 customers paid more" in found
    assert "€159.99 less" in found
    assert "Months are left out for 1 customer: a\\: May 2026" in found
    assert "a" not in table(app)


def test_advice_is_withheld_where_the_bills_do_not_agree(holding: Holding, go: Go, said: Said) -> None:
    app = holding({"plans": PLANS, "usage": BILLED})
    found = go(app, "plan_fit")
    assert "Reconciled with what was billed: 50.0% of 2 customers; advice to the other 1 is withheld." in found
    frame = next(each.value for each in app.dataframe if "reason" in each.value).set_index("customer_id")
    assert frame.loc["b", "advice"] == "Withheld: bills differ"
    assert frame.loc["b", "p_saves"] != frame.loc["b", "p_saves"]
    part = next(each for each in app.get("button_group") if each.label == "Look at")
    assert "Likely causes" in said(part.set_value("bills").run())


def test_the_download_is_made_in_the_language_of_the_page(holding: Holding, go: Go) -> None:
    app = holding(TABLES)
    go(app, "plan_fit")
    names = [re.sub(r"\d+", "n", each.label) for each in app.get("download_button")]
    assert "Download n rows (CSV)" in names
