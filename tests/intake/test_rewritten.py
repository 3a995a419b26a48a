"""A real operator's files rewritten as other systems would write them: what is asked is answered, the figures stay."""

# ruff: noqa: E501 - what stands together in a file stands together here

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from cxlib.importing import Arrival, incoming
from cxlib.intake import answered, guess_table, read, read_text_table
from cxlib.matching import Catalogue, fit_summary, plan_fit

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

pytestmark = pytest.mark.real_data

FILES = ("users", "plans", "calls", "internet", "messages")
DATES = ("reg_date", "churn_date", "call_date", "session_date", "message_date")
NUMBERS = ("duration", "mb_used", "usd_per_message", "usd_per_minute")
ENGLISH = {"user_id": "MSISDN", "call_date": "Call Start", "session_date": "Usage Date", "message_date": "Sent At",
           "plan": "Rate Plan", "plan_name": "Rate Plan", "reg_date": "Activation Date", "churn_date": "Deactivation Date",
           "duration": "Duration (min)", "mb_used": "Data Volume (MB)"}  # fmt: skip
CHINESE = {"user_id": "用户号码", "call_date": "通话日期", "session_date": "上网日期", "message_date": "发送日期", "plan": "主套餐",
           "plan_name": "套餐名称", "reg_date": "入网时间", "churn_date": "离网时间", "duration": "通话时长(分钟)",
           "mb_used": "使用流量(MB)", "id": "序号", "city": "地市", "first_name": "名", "last_name": "姓", "age": "年龄",
           "usd_monthly_pay": "月费", "minutes_included": "包含_分钟", "messages_included": "包含_短信",
           "mb_per_month_included": "包含_流量_mb", "usd_per_gb": "超出单价_gb", "usd_per_message": "超出单价_短信",
           "usd_per_minute": "超出单价_分钟"}  # fmt: skip


def us(day: str) -> str:
    year, month, date = day.split("-")
    return f"{int(month)}/{int(date)}/{year[2:]}"


def british(day: str) -> str:
    return "/".join(reversed(day.split("-")))


def chinese(day: str) -> str:
    year, month, date = day.split("-")
    return f"{year}年{int(month)}月{int(date)}日"


def rewritten(
    data: bytes, *, day=str, names=(), delimiter: str = ",", comma: bool = False, encoding: str = "utf-8"
) -> bytes:
    rows = list(csv.reader(io.StringIO(data.decode())))
    header, names = rows[0], dict(names)
    for place, column in enumerate(header):
        for row in rows[1:]:
            if column in DATES and row[place]:
                row[place] = day(row[place])
            if column in NUMBERS and comma:
                row[place] = row[place].replace(".", ",")
    rows[0] = [names.get(column, column) for column in header]
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode(encoding)


def damaged(data: bytes) -> bytes:
    """Add a row that cannot be read, between others."""
    lines = data.split(b"\r\n")
    return b"\r\n".join([*lines[:50], b"torn " + lines[50] + b",,;;\t", *lines[50:]]) if len(lines) > 60 else data


STYLES = {
    "m/d/yy": ({"day": us}, {}),
    "dd/mm/yyyy": ({"day": british}, {}),
    "other header names": ({"names": ENGLISH.items()}, {}),
    "a damaged row": ({}, {}),
    "decimal commas": ({"delimiter": ";", "comma": True, "day": british}, {}),
    "GBK in Chinese": ({"names": CHINESE.items(), "encoding": "gb18030", "day": chinese}, {}),
}  # fmt: skip
ANSWERS = {"meter": {"calls": "minutes", "internet": "data_mb", "messages": "sms"}, "round_event": {"calls": "1"}}


@pytest.fixture(scope="module", params=STYLES)
def company(request, real_data: Path):
    options, _ = STYLES[request.param]
    arrivals = []
    for file in FILES:
        name = f"megaline_{file}.csv"
        data = rewritten((real_data / "megaline" / name).read_bytes(), **options)
        bad = request.param == "a damaged row" and file == "calls"
        text = read_text_table(damaged(data) if bad else data, name=name)
        table = guess_table(text)[0][0]
        assert table == {"users": "customers", "plans": "plans"}.get(file, "events")
        mapping = read(text, table=table).mapping
        for question in mapping.questions:
            mapping = answered(mapping, question, ANSWERS.get(question.code, {}).get(file, question.chosen))
        reading = read(text, mapping=mapping)
        assert {each.code for each in reading.needs_confirmation} <= {
            "encoding",
            "delimiter",
        }  # of the bytes, read rightly
        reading.needs_confirmation.clear()
        assert reading.counts["rows_quarantined"] == int(bad)
        if bad:
            assert reading.quarantined["row"].tolist() == [51]
        arrivals.append(Arrival(name, data, reading))
    tables: dict[str, list[pd.DataFrame]] = {}
    for each in incoming(arrivals):
        tables.setdefault(each.table, []).append(each.data.to_pandas())
    usage = tables["usage"][0]
    for frame in tables["usage"][1:]:
        usage = (
            usage.set_index(["customer_id", "month"])
            .combine_first(frame.set_index(["customer_id", "month"]))
            .reset_index()
        )
    return usage, Catalogue(tables["plans"][0]), tables["customers"][0]


def test_the_figures_are_those_of_the_original(company):
    usage, catalogue, customers = company
    assert (len(usage), usage["customer_id"].nunique()) == (2293, 490)
    summary = fit_summary(usage, catalogue, customers=customers).set_index("plan_id")
    assert summary["paid_minor"].sum() == 14755718
    assert summary["all_on_minor"].to_dict() == {"surf": 14125007, "ultimate": 16524900}
    assert summary["mismatched"].to_dict() == {"surf": 490, "ultimate": 479}
    fit = plan_fit(usage, catalogue, customers=customers)
    flagged = fit[fit["state"] == "flagged"]
    assert len(flagged) == 76
    assert flagged["saving_minor"].sum() == 1222686
