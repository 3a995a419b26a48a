"""Files as the systems of telecoms, banks, utilities and call centres export them: what they are, and what is asked."""

# ruff: noqa: E501 - what stands together in a file stands together here

from __future__ import annotations

import pytest

from cxlib.intake import answered, guess_table, read, read_text_table, suggest_mapping

TELECOM = (
    "MSISDN,Bill Cycle,Rate Plan,MOU,SMS Count,Data Usage (GB),Total Charges\n"
    + "".join(f"86138{n:08d},2026{m:02d},P{n % 3}9,{n * 7.5},{n},{n / 8 + 0.25},{n + 19}.90\n" for n in range(1, 6) for m in (3, 4))
)  # fmt: skip
TELECOM_ZH = (
    "手机号,账期,主套餐,通话时长(分钟),短信量,流量(GB),出账费用\n"
    + "".join(f"138{n:08d},2026{m:02d},畅享{n % 3}9,{n * 7},{n},{n / 8 + 0.25},{n + 19}.90\n" for n in range(1, 6) for m in (3, 4))
)  # fmt: skip
UTILITY = "account_no,reading_month,tariff_code,consumption_kwh,amount_due\n" + "".join(
    f"{n:08d},{m:02d}/2026,D1,{n * 31 + 0.4},{n * 9}.35\n" for n in range(1, 6) for m in (1, 2)
)
UTILITY_ZH = "户号,用电月份,电价类别,用电量(度),电费\n" + "".join(
    f"{n:010d},2026年{m}月,居民,{n * 31},{n * 9}.35\n" for n in range(1, 6) for m in (1, 2)
)
CDR = "a_number,call_start,duration_sec\n" + "".join(
    f"86138{n:08d},2026-03-{n + 10} 09:05:{n:02d},{n * 37}\n" for n in range(1, 9)
)
CDR_ZH = "主叫号码,通话开始时间,通话时长(秒)\n" + "".join(
    f"138{n:08d},202603{n + 10}0905{n:02d},{n * 37}\n" for n in range(1, 9)
)
DATA_ZH = "用户号码,上网日期,使用流量(KB)\n" + "".join(f"138{n:08d},2026/3/{n + 12},{n * 2048}\n" for n in range(1, 9))
GENESYS = "Conversation ID,Date,Queue,Media Type,Users,ANI,Wait Time,Disposition,Wrap-up Code\n" + "".join(
    f"6f{n:06d}-aa,3/{n + 12}/26 9:05 AM,Billing,voice,Ann,tel:+1{n:09d},00:0{n}:2{n},"
    f"{'ANSWERED' if n % 2 else 'ABANDONED'},Bill\n" for n in range(1, 9)
)  # fmt: skip
AVAYA = "CALLID,ROW_DATE,SEGSTART,DISPSPLIT,QUEUETIME,ANSLOGIN,DISPOSITION,CALLING_PTY\n" + "".join(
    f"{n + 77},2026-03-14,09:{n:02d}:00,12,{n * 9 % 80},40{n},{'ANS' if n % 3 else 'ABAN'},21255501{n:02d}\n"
    for n in range(1, 9)
)  # fmt: skip
ZENDESK = "Ticket ID,Created at,Requester,Assignee,Group,Via,Status,Solved at,Satisfaction Score\n" + "".join(
    f"{n + 900},2026-03-14T09:0{n}:00Z,{n + 5000},Ann,Billing,web,{'Solved' if n % 2 else 'Closed'},"
    f"2026-03-14T10:0{n}:00Z,{n % 5 + 1}\n" for n in range(1, 9)
)  # fmt: skip
CALLS_ZH = "通话流水号,进线时间,技能组,主叫号码,客户星级,排队时长,振铃时长,应答时间,挂机时间,坐席工号,呼叫结果,满意度\n" + "".join(
    f"{n + 100},2026-03-14 09:0{n}:00,账单,138{n:08d},{n % 3}星,{n * 11},3,2026-03-14 09:0{n}:{n * 11 % 60:02d},"
    f"2026-03-14 09:1{n}:00,80{n},{'人工接通' if n % 2 else '排队放弃'},{n % 5 + 1}\n" for n in range(1, 6)
)  # fmt: skip
BRANCH_ZH = "票号,取号时间,叫号时间,办理结束时间,窗口,网点名称,客户等级,柜员号,业务种类\n" + "".join(
    f"A{n:03d},2026/3/14 9:0{n},2026/3/14 9:{n * 3 + 10},2026/3/14 9:5{n},{n % 3},城东支行,{'贵宾' if n % 4 == 0 else '普通'},T{n},个人\n"
    for n in range(1, 9)
)  # fmt: skip
BANK_CUSTOMERS = "cif_no,product_code,customer_segment,branch,account_open_date,close_date,arpu,opted_in\n" + "".join(
    f"{n:07d},GOLD{n % 2},Seg{n % 3},North,14-Mar-2{n % 6},,12.5{n},{'Y' if n % 2 else 'N'}\n" for n in range(1, 9)
)
CUSTOMERS_ZH = "客户标识,主套餐,客户星级,地市,入网时间,离网时间,合约到期时间,ARPU\n" + "".join(
    f"{n:09d},畅享{n}9,{n % 3}星,杭州,2024/5/{n},,2026/12/31,3{n}.5\n" for n in range(1, 9)
)
GLUED_ZH = (
    "套餐,月费,包含通话分钟,超出通话分钟单价,套内短信,套外短信单价,包含流量(GB),超出流量单价(元/GB)\n"
    "畅享S,38,200,0.15,30,0.1,5,5\n畅享M,78,500,0.12,60,0.1,12,4\n"
)
PLANS_ZH = (
    "套餐编码,套餐名称,套餐月费(元),包含_分钟,超出单价_分钟,包含_流量MB,超出单价_流量MB,是否在售\n"
    "P19,畅享19,19,100,0.15,5120,0.01,是\nP39,畅享39,39,300,0.15,10240,0.01,否\n"
)
PLANS = (
    "rate_plan,plan_name,monthly_rental,minutes_included,overage_per_minute,gb_included,price_per_gb\n"
    "P19,Small,19,100,0.15,5,3\nP39,Large,39,300,0.15,10,3\n"
)
TIER_LIST = "客户等级,优先顺序,显示名称\n钻石,1,优先\n普通,2,一般\n"
CLOCK_USAGE = "subscriber;month;voice_usage\n" + "".join(
    f"{n:05d};2026-0{m};0{n}:15:30\n" for n in range(1, 6) for m in (3, 4)
)
UNNAMED = "ref,when,segment,spend\n" + "".join(f"{n + 10_000},2026-0{m},A,{n}.5\n" for n in range(1, 9) for m in (3, 4))

EXPORTS = [
    ("telecom", TELECOM, "usage", {"customer_id": "MSISDN", "month": "Bill Cycle", "plan_id": "Rate Plan", "minutes": "MOU",
     "sms": "SMS Count", "data_mb": "Data Usage (GB)", "billed_amount": "Total Charges"}, {"unit"}),
    ("telecom in Chinese", TELECOM_ZH, "usage", {"customer_id": "手机号", "month": "账期", "plan_id": "主套餐", "minutes": "通话时长(分钟)",
     "sms": "短信量", "data_mb": "流量(GB)", "billed_amount": "出账费用"}, {"unit"}),
    ("utility", UTILITY, "usage", {"customer_id": "account_no", "month": "reading_month", "plan_id": "tariff_code",
     "kwh": "consumption_kwh", "billed_amount": "amount_due"}, set()),
    ("utility in Chinese", UTILITY_ZH, "usage", {"customer_id": "户号", "month": "用电月份", "plan_id": "电价类别", "kwh": "用电量(度)",
     "billed_amount": "电费"}, set()),
    ("call records", CDR, "events", {"customer_id": "a_number", "occurred_at": "call_start", "quantity": "duration_sec"},
     {"meter", "round_event", "unit"}),
    ("call records in Chinese", CDR_ZH, "events", {"customer_id": "主叫号码", "occurred_at": "通话开始时间",
     "quantity": "通话时长(秒)"}, {"meter", "round_event", "unit"}),
    ("data records in Chinese", DATA_ZH, "events", {"customer_id": "用户号码", "occurred_at": "上网日期",
     "quantity": "使用流量(KB)"}, {"meter", "unit"}),
    ("Genesys", GENESYS, "contacts", {"contact_id": "Conversation ID", "arrived_at": "Date", "queue": "Queue",
     "channel": "Media Type", "agent_id": "Users", "customer_id": "ANI", "wait_s": "Wait Time", "outcome": "Disposition",
     "topic": "Wrap-up Code"}, {"zone", "code", "by_values"}),
    ("Avaya", AVAYA, "contacts", {"contact_id": "CALLID", "arrived_at": "ROW_DATE + SEGSTART", "queue": "DISPSPLIT",
     "wait_s": "QUEUETIME", "agent_id": "ANSLOGIN", "outcome": "DISPOSITION", "customer_id": "CALLING_PTY"}, {"zone", "code"}),
    ("Zendesk", ZENDESK, "contacts", {"contact_id": "Ticket ID", "arrived_at": "Created at", "customer_id": "Requester",
     "agent_id": "Assignee", "queue": "Group", "channel": "Via", "outcome": "Status", "ended_at": "Solved at",
     "csat": "Satisfaction Score"}, {"code"}),
    ("calls in Chinese", CALLS_ZH, "contacts", {"contact_id": "通话流水号", "arrived_at": "进线时间", "queue": "技能组",
     "customer_id": "主叫号码", "tier": "客户星级", "wait_s": "排队时长", "started_at": "应答时间", "ended_at": "挂机时间",
     "agent_id": "坐席工号", "outcome": "呼叫结果", "csat": "满意度"}, {"zone", "code"}),
    ("tickets of a branch in Chinese", BRANCH_ZH, "contacts", {"contact_id": "票号", "arrived_at": "取号时间",
     "started_at": "叫号时间", "ended_at": "办理结束时间", "location": "网点名称", "tier": "客户等级", "agent_id": "柜员号"},
     {"zone"}),
    ("customers of a bank", BANK_CUSTOMERS, "customers", {"customer_id": "cif_no", "plan_id": "product_code",
     "tier": "customer_segment", "region": "branch", "joined_on": "account_open_date", "left_on": "close_date",
     "monthly_value": "arpu", "consent": "opted_in"}, set()),
    ("customers in Chinese", CUSTOMERS_ZH, "customers", {"customer_id": "客户标识", "plan_id": "主套餐", "tier": "客户星级",
     "region": "地市", "joined_on": "入网时间", "left_on": "离网时间", "contract_end": "合约到期时间", "monthly_value": "ARPU"},
     set()),
    ("plans in Chinese", PLANS_ZH, "plans", {"plan_id": "套餐编码", "name": "套餐名称", "monthly_fee": "套餐月费(元)",
     "included_minutes": "包含_分钟", "overage_price_minutes": "超出单价_分钟", "included_data_mb": "包含_流量MB",
     "overage_price_data_mb": "超出单价_流量MB", "on_sale": "是否在售"}, set()),
    ("plans in Chinese, nothing between the words", GLUED_ZH, "plans",
     {"plan_id": "套餐", "monthly_fee": "月费", "included_minutes": "包含通话分钟", "overage_price_minutes": "超出通话分钟单价",
      "included_sms": "套内短信", "overage_price_sms": "套外短信单价", "included_data_mb": "包含流量(GB)",
      "overage_price_data_mb": "超出流量单价(元/GB)"}, {"unit", "price_unit"}),
    ("plans", PLANS, "plans", {"plan_id": "rate_plan", "name": "plan_name", "monthly_fee": "monthly_rental",
     "included_minutes": "minutes_included", "included_data_mb": "gb_included", "overage_price_minutes": "overage_per_minute",
     "overage_price_data_mb": "price_per_gb"}, {"unit", "price_unit"}),
    ("tier list in Chinese", TIER_LIST, "tiers", {"tier": "客户等级", "rank": "优先顺序", "display_name_zh": "显示名称"}, set()),
    ("usage with a clock", CLOCK_USAGE, "usage", {"customer_id": "subscriber", "month": "month", "minutes": "voice_usage"},
     {"clock_unit"}),
    ("headers that say little", UNNAMED, "usage", {"customer_id": "ref", "month": "when", "spend": "spend"},
     {"by_values", "meter_column"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "table", "columns", "questions"), [e[1:] for e in EXPORTS], ids=[e[0] for e in EXPORTS]
)
def test_an_export_is_recognised(content, table, columns, questions):
    text = read_text_table(content.encode())
    assert guess_table(text)[0][0] == table
    mapping = suggest_mapping(text, table=table)
    found = {
        name: " + ".join(each.sources[0]) for name, each in mapping.columns.items() if each.sources and name in columns
    }
    assert found == columns
    serving = [header for each in mapping.columns.values() for group in each.sources for header in group]
    joined = {group[0] for each in mapping.columns.values() for group in each.sources if len(group) > 1}
    assert len(serving) - len(joined) == len(set(serving)) - len(joined)
    reading = read(text, mapping=mapping)
    assert {each.code for each in reading.needs_confirmation} == questions
    confirmed = read(text, mapping=reading.mapping.confirmed())
    assert confirmed.needs_confirmation == []
    assert confirmed.table.equals(reading.table)


def ask(content: str, table: str, code: str, **answers: str):
    """Read, answer the question of that code about each column, read again: (question, values by column)."""
    reading = read(content.encode(), table=table, zone="UTC")
    (question,) = [each for each in reading.needs_confirmation if each.code == code]
    mapping = reading.mapping
    found = {"as taken": reading.table}
    for said, option in answers.items():
        assert option in question.options, question.options
        again = answered(mapping, question, option)
        assert question not in again.questions
        found[said] = read(content.encode(), mapping=again.confirmed()).table
    return question, found


def test_units_of_headers_are_asked_and_answers_obeyed():
    data = "customer_id,month,data_gb\n1,2026-03,1.5\n2,2026-03,2\n"
    question, found = ask(data, "usage", "unit", thousand="GB = 1000 MB", mb="MB")
    assert question.chosen == "GB = 1024 MB"
    assert found["as taken"]["data_mb"].to_pylist() == [1536.0, 2048.0]
    assert found["thousand"]["data_mb"].to_pylist() == [1500.0, 2000.0]
    assert found["mb"]["data_mb"].to_pylist() == [1.5, 2.0]


@pytest.mark.parametrize("header", ["wait (min)", "等待时间(分钟)", "wait_minutes", "排队时长（分钟）", "waitMin"])
def test_waits_in_minutes(header):
    data = f"contact_id,arrived_at,{header}\nA,2026-03-14 09:00:00Z,1.5\nB,2026-03-14 09:01:00Z,2\n"
    question, found = ask(data, "contacts", "unit", seconds="seconds")
    assert question.chosen == "minutes"
    assert found["as taken"]["wait_s"].to_pylist() == [90.0, 120.0]
    assert found["seconds"]["wait_s"].to_pylist() == [1.5, 2.0]


@pytest.mark.parametrize("header", ["wait (sec)", "等待秒数", "wait_s", "waitSeconds", "等待时长（秒）"])
def test_waits_in_seconds_need_no_question(header):
    data = f"contact_id,arrived_at,{header}\nA,2026-03-14 09:00:00Z,5\nB,2026-03-14 09:01:00Z,2\n"
    reading = read(data.encode(), table="contacts")
    assert reading.table["wait_s"].to_pylist() == [5.0, 2.0]
    assert reading.needs_confirmation == []


def test_waits_whose_header_says_nothing_are_asked_where_they_are_small():
    data = "contact_id,arrived_at,wait\n" + "".join(f"C{n},2026-03-14 09:0{n}:00Z,{n}.5\n" for n in range(1, 9))
    question, found = ask(data, "contacts", "unit", seconds="seconds")
    assert question.chosen == "minutes"
    assert found["as taken"]["wait_s"].to_pylist()[0] == 90.0
    assert found["seconds"]["wait_s"].to_pylist()[0] == 1.5
    long = data.replace(".5\n", "0\n").replace(",80\n", ",800\n")
    assert read(long.encode(), table="contacts").needs_confirmation == []


def test_codes_are_asked_one_by_one():
    data = "contact_id,arrived_at,wait_s,outcome\n" + "".join(
        f"C{n},2026-03-14 09:0{n}:00Z,{n},{code}\n" for n, code in enumerate(["ANSWERED", "Lost", "XFER", "XFER"])
    )
    reading = read(data.encode(), table="contacts")
    asked = {each.values["code"]: each for each in reading.needs_confirmation}
    assert {code: each.chosen for code, each in asked.items()} == {
        "ANSWERED": "served",
        "Lost": "abandoned",
        "XFER": "not decided: set such rows aside",
    }
    assert reading.problems["rule"].tolist() == ["unmapped_code"] * 2
    mapping = answered(reading.mapping, asked["XFER"], "served")
    assert read(data.encode(), mapping=mapping.confirmed()).table["outcome"].to_pylist() == [
        "served", "abandoned", "served", "served"]  # fmt: skip
    later = data.replace("Lost", "VOICEMAIL")
    named = read(later.encode(), mapping=mapping.confirmed()).problems
    assert named[["row", "rule", "value"]].to_numpy().tolist() == [[3, "unmapped_code", "VOICEMAIL"]]


def test_words_for_yes_and_no_are_asked_one_by_one():
    data = "customer_id,plan,consent\n1,S,ja\n2,S,nein\n3,S,vielleicht\n"
    reading = read(data.encode(), table="customers")
    assert {each.values["code"]: each.chosen for each in reading.needs_confirmation} == {
        "ja": "yes", "nein": "no", "vielleicht": "not decided: set such rows aside"}  # fmt: skip
    assert reading.table["consent"].to_pylist() == [True, False]
    assert reading.problems["rule"].tolist() == ["unmapped_code"]


def test_plans_of_the_catalogue_name_their_column():
    text = read_text_table(b"customer_id,month,xyz,minutes\n1,2026-03,S,5\n2,2026-03,M,6\n")
    assert "plan_id" not in suggest_mapping(text, table="usage").columns
    assert suggest_mapping(text, table="usage", plans={"S", "M", "L"}).columns["plan_id"].sources == (("xyz",),)


def test_a_mapping_serves_files_with_the_same_headers_in_another_order():
    first = read(b"user_id,reg_date,arpu\n1,03/04/2026,5\n2,05/06/2026,6\n", table="customers")
    mapping = answered(first.mapping, first.needs_confirmation[0], "mdy").confirmed()
    again = read(b"arpu,user_id,reg_date\n7,3,07/08/2026\n", mapping=mapping)
    assert again.needs_confirmation == []
    assert str(again.table["joined_on"][0]) == "2026-07-08"
