"""A campaign is drawn from the customers chosen, kept, and read against its hold-out when results come back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cxlib.importing import Arrival, incoming
from cxlib.intake import read
from cxlib.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from streamlit.testing.v1 import AppTest

    Holding = Callable[[dict[str, str]], AppTest]
    Go = Callable[[AppTest, str], str]
    Said = Callable[[AppTest], str]

PLANS = "plan_id,monthly_fee,currency,included_minutes,overage_price_minutes\nS,10,EUR,100,0.10\nL,30,EUR,1000,0.10\n"
MONTHS = [f"2026-{month:02d}" for month in range(1, 8)]
HEAVY = [f"h{i:02d}" for i in range(60)]
USAGE = "customer_id,month,plan_id,minutes\n" + "".join(
    f"{who},{month},S,{450 + i + 7 * (m % 3)}\n" for i, who in enumerate(HEAVY) for m, month in enumerate(MONTHS)
)
CUSTOMERS = "customer_id,plan_id,tier,joined_on,left_on,consent\n" + "".join(
    f"{who},S,{'x' if i % 2 else 'y'},2024-01-01,{'2026-07-05' if i == 59 else ''},{'no' if i < 3 else 'yes'}\n"
    for i, who in enumerate(HEAVY)
)
TABLES = {"plans": PLANS, "usage": USAGE, "customers": CUSTOMERS}


def look_at(app: AppTest, part: str) -> AppTest:
    return next(each for each in app.get("button_group") if each.label == "Look at").set_value(part).run()


def test_who_is_left_out_is_counted_by_reason(holding: Holding, go: Go, said: Said) -> None:
    app = holding(TABLES)
    go(app, "plan_fit")
    found = said(look_at(app, "campaign"))
    offered, held = map(int, re.findall(r"Offered a plan\\?: (\d+) customers; held out\\?: (\d+)", found)[0])
    [chart] = [each.proto for each in app.get("plotly_chart") if "excluded" in each.proto.id]
    assert chart.alt.startswith("Customers. ")
    assert "offers: 3" in chart.alt
    assert "No longer a customer: 1" in chart.alt
    left_out = sum(map(int, re.findall(r": (\d+)", chart.alt)))
    assert offered + held + left_out == len(HEAVY)
    assert abs(held - 0.1 * (offered + held)) < 1


def test_a_campaign_is_kept_and_its_results_are_read_against_the_hold_out(holding: Holding, go: Go, said: Said) -> None:
    app = holding(TABLES)
    go(app, "plan_fit")
    assert "No campaign yet" in said(look_at(app, "outcome"))
    look_at(app, "campaign")
    app.number_input(key="campaign:share").set_value(50).run()
    said(app.button(key="campaign:keep").click().run())
    assert "Kept as campaign 1" in said(app)
    with Store() as store:
        [dataset] = store.datasets()
        [record] = store.campaigns(dataset.id)
        drawn = store.load_campaign(dataset.id, record.number).to_pandas()
        assert record.record["hold_out"] == 0.5
        groups = drawn["group"].value_counts().to_dict()
        assert abs(groups["offer"] - groups["hold_out"]) <= 1
        assert "Nothing has come back yet" in said(look_at(app, "outcome"))
        # Of those offered a plan nobody leaves; of those held out, all but ten do.
        held = iter(range(len(HEAVY)))
        rows = "".join(
            f"{row.customer_id},1,{row.group},{'yes' if row.group == 'offer' else 'no'},"
            f"{'yes' if row.group == 'hold_out' and next(held) >= 10 else 'no'}\n"
            for row in drawn.itertuples()
        )
        text = ("customer_id,campaign,group,offered,left\n" + rows).encode()
        store.commit(dataset.id, incoming([Arrival("offers.csv", text, read(text, table="offers", zone="UTC"))]))
    found = go(app, "plan_fit")
    share = (groups["hold_out"] - 10) / groups["hold_out"]
    assert f"Fewer left: 0.0% against {share:.1%} of the held out" in found


def test_what_it_costs_is_the_sum_of_its_rows(holding: Holding, go: Go, said: Said) -> None:
    app = holding(TABLES)
    go(app, "plan_fit")
    found = said(look_at(app, "cost"))
    assert "followed the advice" in found
    frame = next(each.value for each in app.dataframe if "given_up" in each.value and "new_plan_id" in each.value)
    assert f"€{frame['given_up'].sum():,.2f} of revenue would be given up" in found


def test_groups_stand_beside_the_others(holding: Holding, go: Go, said: Said) -> None:
    app = holding(TABLES)
    go(app, "plan_fit")
    assert "No group is shown to be on the wrong plan more often than the others." in said(look_at(app, "groups"))


def test_groups_show_whose_intervals_held_once_past_advice_was_judged(holding: Holding, go: Go, said: Said) -> None:
    app = holding(TABLES)
    go(app, "plan_fit")
    assert "#### Intervals held" not in said(look_at(app, "groups"))
    judged = go(app, "backtest")
    assert "The 80 % interval held in " in judged
    go(app, "plan_fit")
    assert "#### Intervals held" in said(look_at(app, "groups"))
    [chart] = [each.proto for each in app.get("plotly_chart") if each.proto.id.endswith("group:coverage")]
    assert "%" in chart.alt


def test_without_customers_there_are_no_groups(holding: Holding, go: Go, said: Said) -> None:
    app = holding({"plans": PLANS, "usage": USAGE})
    go(app, "plan_fit")
    assert "No groups here" in said(look_at(app, "groups"))
