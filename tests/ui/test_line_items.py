"""Line items as they are shown: in the order of the bill, without lines that are nothing on any plan."""

from __future__ import annotations

import pandas as pd

from cxlib.ui.matching import line_items_shown


def test_lines_keep_the_order_of_the_bill_in_every_month() -> None:
    months = pd.to_datetime(["2026-01-01", "2026-02-01"])
    amounts = {
        ("S", 0): [10, 0, 5, 0, 15],
        ("S", 1): [10, 2, 5, 0, 17],
        ("L", 0): [30, 0, 0, 0, 30],
        ("L", 1): [30, 0, 0, 0, 30],
    }
    items = ["fee", "overage_minutes", "overage_sms", "overage_data_mb", "total"]
    frame = pd.DataFrame(
        [
            {"month": months[m], "plan_id": plan, "item": item, "amount": float(amount)}
            for (plan, m), line in sorted(amounts.items(), key=lambda each: each[0][1])
            for item, amount in zip(items, line, strict=True)
        ]
    )
    shown = line_items_shown(frame)
    assert shown["month"].tolist() == ["Jan 2026"] * 3 + ["Feb 2026"] * 4
    assert shown["item"].tolist()[:3] == ["Fee", "Overage: Messages", "Total"]
    assert shown["item"].tolist()[3:] == ["Fee", "Overage: Call minutes", "Overage: Messages", "Total"]
    assert shown["S"].tolist() == [10, 5, 15, 10, 2, 5, 17]
    assert shown["L"].tolist() == [30, 0, 30, 30, 0, 0, 30]
