from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxlib.errors import CxError
from cxlib.intake import (
    ARROW_TYPES,
    ColumnMap,
    Mapping,
    check_references,
    guess_table,
    read,
    read_text_table,
    suggest_mapping,
    summarise_problems,
)
from cxlib.intake.templates import LANGUAGES, template, write_templates
from cxlib.tables import TABLES

if TYPE_CHECKING:
    import random
    from decimal import Decimal

USAGE = (
    "customer_id,month,plan_id,minutes,data_mb\n"
    "000123,2026-03,S,12.5,100\n"
    "000123,2026-04,S,3,20\n"
    "7,2026-03,M,0,0.000001\n"
)


def of_column(values: list[str], kind: str, **options) -> tuple[list, list[str], object]:
    """Read one column of a given kind: (values, rules, reading)."""
    table, name = {
        "number": ("contacts", "csat"), "money": ("customers", "monthly_value"), "date": ("customers", "joined_on"),
        "boolean": ("customers", "consent"), "month": ("usage", "month"), "share": ("tiers", "promise_share"),
        "integer": ("tiers", "rank"), "time": ("contacts", "arrived_at"), "id": ("customers", "customer_id"),
        "category": ("contacts", "outcome"),
    }[kind]  # fmt: skip
    key = {"contacts": "contact_id", "customers": "customer_id", "usage": "customer_id", "tiers": "tier"}[table]
    columns = {key: ColumnMap(constant="#row"), name: ColumnMap.of("x", **options)}
    if table == "contacts":
        columns.setdefault("arrived_at", ColumnMap(constant="2026-03-14 09:00:00"))
    if table == "tiers":
        columns.setdefault("rank", ColumnMap(constant="1"))
    data = "y|x\n" + "".join(f"k|{value}\n" for value in values)
    reading = read(data.encode(), mapping=Mapping(table=table, columns=columns, zone=options.pop("zone", "UTC")))
    return reading.table.column(name).to_pylist(), reading.problems["rule"].tolist(), reading


def test_a_clean_usage_file():
    reading = read(USAGE.encode())
    assert reading.table.to_pylist() == [
        {"customer_id": "000123", "month": dt.date(2026, 3, 1), "plan_id": "S", "minutes": 12.5, "data_mb": 100.0},
        {"customer_id": "000123", "month": dt.date(2026, 4, 1), "plan_id": "S", "minutes": 3.0, "data_mb": 20.0},
        {"customer_id": "7", "month": dt.date(2026, 3, 1), "plan_id": "M", "minutes": 0.0, "data_mb": 1e-6},
    ]
    assert reading.counts == {"rows_in_file": 3, "rows_loaded": 3, "rows_quarantined": 0, "errors": 0, "warnings": 0}
    assert reading.needs_confirmation == []
    assert len(reading.problems) == 0


def test_usage_is_sorted_and_other_tables_keep_the_order_of_the_file():
    lines = USAGE.splitlines()
    shuffled = read("\n".join([lines[0], lines[3], lines[2], lines[1], ""]).encode())
    assert shuffled.table.equals(read(USAGE.encode()).table)
    customers = read(b"customer_id,plan\n9,S\n1,M\n", table="customers")
    assert customers.table.column("customer_id").to_pylist() == ["9", "1"]


@pytest.mark.parametrize(
    ("line", "column", "rule", "value"),
    [
        ("000123,2026-13,S,1,1", "month", "no_such_month", "2026-13"),
        ("000123,March,S,1,1", "month", "not_a_month", "March"),
        ("000123,,S,1,1", "month", "missing", ""),
        (",2026-04,S,1,1", "customer_id", "missing", ""),
        ("1.23E+15,2026-04,S,1,1", "customer_id", "id_in_exponent", "1.23E+15"),
        ("000123,2026-04,S,many,1", "minutes", "not_a_number", "many"),
        ("000123,2026-04,S,1e3,1", "minutes", "not_a_number", "1e3"),
        ("000123,2026-04,S,1_000,1", "minutes", "not_a_number", "1_000"),
        ("000123,2026-04,S,inf,1", "minutes", "not_a_number", "inf"),
        ('000123,2026-04,S,"1,5",1', "minutes", "not_a_number", "1,5"),
        ("000123,2026-04,S,-1,1", "minutes", "below_minimum", "-1"),
        ("000123,2026-04,S,1234567890123456,1", "minutes", "too_many_digits", "1234567890123456"),
        ("000123,2026-04,S,1,1,1", "", "too_many_fields", "000123,2026-04,S,1,1,1"),
        ("000123,2026-03,S,12.5,100", "customer_id, month", "duplicate_row", "= 2"),
        ("000123,2026-03,S,99,100", "customer_id, month", "duplicate_key", "= 2"),
    ],
)
def test_each_wrong_cell_is_named_with_its_row_and_sets_only_its_row_aside(line, column, rule, value):
    many = "".join(f"{n},2026-05,S,{n}.5,1\n" for n in range(100, 140))
    lines = (USAGE + many).splitlines()
    reading = read("\n".join([*lines[:2], line, *lines[2:], ""]).encode())
    found = reading.problems[["row", "column", "rule", "value", "severity"]].to_numpy().tolist()
    assert found == [[3, column, rule, value, "error"]]
    assert reading.problems["hint"][0]
    assert reading.quarantined[["row", "reasons"]].to_numpy().tolist() == [[3, rule]]
    assert reading.table.equals(read((USAGE + many).encode()).table)
    assert reading.needs_confirmation == []


def test_a_missing_column_is_refused_by_name():
    with pytest.raises(CxError) as caught:
        read(b"customer_id,minutes\n1,2\n")
    assert (caught.value.code, caught.value.column) == ("missing_column", "month")
    assert "minutes" in caught.value.hint


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["1,5", "2,25", "3"], [1.5, 2.25, 3.0]),
        (["1.234,5", "2,25"], [1234.5, 2.25]),
        (["1,234.5", "2.25", "1,234,567"], [1234.5, 2.25, 1234567.0]),
        (["1 234,5", "2,25"], [1234.5, 2.25]),
        (["$1.50", "-$2", "US$3.5"], [1.5, -2.0, 3.5]),
        (["12元", "3.5元"], [12.0, 3.5]),
        (["0.1", ".5", "5.", "+7", "-0.25", "007"], [0.1, 0.5, 5.0, 7.0, -0.25, 7.0]),
        (["1.500000000", "123456789012345"], [1.5, 123456789012345.0]),
        (["", "  ", "2"], [None, None, 2.0]),
    ],
)
def test_money_as_people_write_it(texts, expected):
    values, rules, reading = of_column(texts, "money")
    assert (values, rules, reading.needs_confirmation) == (expected, [], [])


def test_a_comma_that_could_be_either_is_asked():
    values, _, reading = of_column(["1,234", "5,678"], "money")
    assert [each.code for each in reading.needs_confirmation] == ["decimal"]
    assert values == [1234.0, 5678.0]
    values, _, reading = of_column(["1,234", "5,678"], "money", decimal=",")
    assert (values, reading.needs_confirmation) == ([1.234, 5.678], [])


def test_words_for_nothing_and_long_decimals_are_asked():
    values, rules, reading = of_column(["NULL", "1.5"], "money")
    assert (values, rules, [each.code for each in reading.needs_confirmation]) == ([None, 1.5], [], ["blank"])
    values, rules, reading = of_column(["0.12345678", "1.5"], "money")
    assert (values, [each.code for each in reading.needs_confirmation]) == ([0.123457, 1.5], ["round"])
    values, rules, _ = of_column(["0.12345678", "1.5"], "money", decimal=".")
    assert (values, rules) == ([1.5], ["too_many_decimals"])


def test_shares_are_percentages_or_parts_of_one():
    assert of_column(["80%", "0.8", "12.5 %", "80"], "share")[:2] == ([0.8, 0.8, 0.125], ["above_maximum"])


def test_whole_numbers():
    assert of_column(["1", "2.0", "2.5", "x", "0"], "integer")[:2] == (
        [1, 2], ["not_an_integer", "not_a_number", "below_minimum"])  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["2026-03", "202603", "03/2026", "2026年3月", "2026/3", "2026.03", "2026-03-01", "2026-03-01 00:00:00", "Mar 2026",
     "20260301", "2026年03月01日"],
)  # fmt: skip
def test_months_as_people_write_them(text):
    values, rules, reading = of_column([text], "month")
    assert (values, rules) == ([dt.date(2026, 3, 1)], [])
    assert reading.needs_confirmation == []


def test_a_day_inside_a_month_is_said():
    assert of_column(["2026-03-14"], "month")[:2] == ([dt.date(2026, 3, 1)], ["day_dropped"])


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["2026-03-14", "2026-3-2"], "ymd"),
        (["2026/03/14"], "ymd"),
        (["2026年3月14日"], "ymd"),
        (["20260314"], "ymd"),
        (["14/03/2026", "02/03/2026"], "dmy"),
        (["14.3.26", "5.3.26"], "dmy"),
        (["3/14/26", "3/2/26"], "mdy"),
        (["03/14/2026 09:05"], "mdy"),
        (["990228"], "yymmdd"),
        (["14 Mar 2026"], "dmy"),
    ],
)
def test_the_order_of_dates_follows_from_all_values(texts, order):
    values, rules, reading = of_column(texts, "date")
    expected = dt.date(1999, 2, 28) if texts == ["990228"] else dt.date(2026, 3, 14)
    assert (values[0], rules, reading.needs_confirmation) == (expected, [], [])
    assert reading.mapping.columns["joined_on"].format == order


def test_day_and_month_that_could_be_either_are_asked_and_then_obeyed():
    values, _, reading = of_column(["03/04/2026", "05/06/2026"], "date")
    (question,) = reading.needs_confirmation
    assert (question.code, question.column, set(question.options)) == ("date_order", "joined_on", {"dmy", "mdy"})
    assert "joined_on" in question.said
    confirmed, _, again = of_column(["03/04/2026", "05/06/2026"], "date", format="mdy")
    assert (confirmed, again.needs_confirmation) == ([dt.date(2026, 3, 4), dt.date(2026, 5, 6)], [])
    assert values != confirmed


def test_days_that_do_not_exist_and_serial_numbers():
    assert of_column(["2026-02-30", "2026-02-28"], "date")[:2] == ([dt.date(2026, 2, 28)], ["no_such_date"])
    values, _, reading = of_column(["46095"], "date")
    assert (values, [each.code for each in reading.needs_confirmation]) == ([dt.date(2026, 3, 14)], ["excel_dates"])


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-03-14 09:05:40", "UTC", utc(2026, 3, 14, 9, 5, 40)),
        ("2026-03-14 09:05", "Asia/Shanghai", utc(2026, 3, 14, 1, 5)),
        ("2026-03-14T09:05:40.25", "UTC", utc(2026, 3, 14, 9, 5, 40, 250000)),
        ("2026-03-14T09:05:40Z", "Asia/Shanghai", utc(2026, 3, 14, 9, 5, 40)),
        ("2026-03-14 09:05:40+08:00", "UTC", utc(2026, 3, 14, 1, 5, 40)),
        ("2026-03-14 09:05:40-0330", "UTC", utc(2026, 3, 14, 12, 35, 40)),
        ("3/14/26 9:05 PM", "UTC", utc(2026, 3, 14, 21, 5)),
        ("2026-03-14 7:02:47 PM", "UTC", utc(2026, 3, 14, 19, 2, 47)),
        ("2026-07-01 12:00:00", "Europe/Berlin", utc(2026, 7, 1, 10)),
    ],
)
def test_times_are_instants(text, zone, expected):
    mapping = Mapping(
        table="contacts", zone=zone, columns={"contact_id": ColumnMap(constant="#row"), "arrived_at": ColumnMap.of("t")}
    )
    reading = read(f"t|u\n{text}|x\n".encode(), mapping=mapping)
    assert reading.table.column("arrived_at").to_pylist() == [expected]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("2026-03-14", "not_a_time"),
        ("2026-03-14 24:00:00", "not_a_time"),
        ("2026-03-14 9:61", "not_a_time"),
        ("2026-03-29 02:30:00", "nonexistent_time"),
        ("", "missing"),
    ],
)
def test_times_that_are_none(text, rule):
    mapping = Mapping(
        table="contacts", zone="Europe/Berlin",
        columns={"contact_id": ColumnMap(constant="#row"), "arrived_at": ColumnMap.of("t")},
    )  # fmt: skip
    reading = read(f"t|u\n{text}|x\n".encode(), mapping=mapping)
    assert reading.problems.loc[reading.problems["severity"] == "error", "rule"].tolist() == [rule]


def test_the_zone_is_asked_where_the_file_has_none():
    data = b"contact_id,arrived_at,wait_s\nC1,2026-03-14 09:00:00,5\n"
    assert [each.code for each in read(data, table="contacts").needs_confirmation] == ["zone"]
    assert read(data, table="contacts", zone="Asia/Shanghai").needs_confirmation == []
    offset = data.replace(b"09:00:00", b"09:00:00+01:00")
    assert read(offset, table="contacts").needs_confirmation == []
    with pytest.raises(CxError) as caught:
        read(data, table="contacts", zone="Mars/Olympus")
    assert caught.value.code == "unknown_zone"


def test_date_and_time_of_day_are_joined_over_midnight():
    mapping = Mapping(
        table="contacts", zone="UTC",
        columns={
            "contact_id": ColumnMap.of(("site", "no")),
            "arrived_at": ColumnMap.of(("date", "start"), ("date", "first"), blank=("0:00:00",)),
            "wait_ended_at": ColumnMap.of(("date", "end"), not_before="arrived_at"),
            "queued": ColumnMap.of(("start", "wait"), blank=("0:00:00", "0"), all_present=True),
            "wait_s": ColumnMap.of("wait", unit=60.0),
        },
    )  # fmt: skip
    data = (
        "site,no,date,first,start,end,wait\n"
        "A,1,990228,23:58:00,23:59:30,0:00:15,0.75\n"
        "A,2,990201,7:02:47,0:00:00,7:02:46,0\n"
        "B,1,990201,7:02:47,7:02:50,7:04:20,1.5\n"
    )
    reading = read(data.encode(), mapping=mapping)
    assert reading.table.column("contact_id").to_pylist() == ["A-1", "A-2", "B-1"]
    assert reading.table.column("arrived_at").to_pylist() == [
        utc(1999, 2, 28, 23, 59, 30), utc(1999, 2, 1, 7, 2, 47), utc(1999, 2, 1, 7, 2, 50)]  # fmt: skip
    assert reading.table.column("wait_ended_at").to_pylist() == [
        utc(1999, 3, 1, 0, 0, 15), utc(1999, 2, 1, 7, 2, 46), utc(1999, 2, 1, 7, 4, 20)]  # fmt: skip
    assert reading.table.column("queued").to_pylist() == [True, False, True]
    assert reading.table.column("wait_s").to_pylist() == [45.0, 0.0, 90.0]
    assert reading.problems[["row", "rule"]].to_numpy().tolist() == [[3, "ends_before_start"]]


def test_codes_are_mapped_one_by_one():
    codes = {"AGENT": "served", "HANG": "abandoned"}
    values, rules, reading = of_column(["AGENT", "HANG", "PHANTOM"], "category", codes=codes)
    assert values == ["served", "abandoned"]
    errors = reading.problems[reading.problems["severity"] == "error"]
    assert errors[["row", "rule", "value"]].to_numpy().tolist() == [[4, "unmapped_code", "PHANTOM"]]
    assert "unmapped_code" in rules


def test_yes_and_no_in_both_languages():
    assert of_column(["yes", "否", "TRUE", "0", "perhaps", ""], "boolean")[:2] == (
        [True, False, True, False, None], ["not_yes_or_no"])  # fmt: skip


def test_unlimited_is_an_allowance_without_end():
    data = "plan_id,monthly_fee,included_sms,overage_price_sms\nS,1,不限量,0\nM,2,unlimited,0\nL,3,50,.1\n"
    assert read(data.encode(), table="plans").table.column("included_sms").to_pylist() == [math.inf, math.inf, 50.0]


def test_an_identifier_lost_to_a_spreadsheet_is_left_out_where_it_is_not_required():
    reading = read(b"customer_id,plan_id,tier\n1,1.2E+11,A\n2,5E10,A\n", table="customers")
    assert reading.table.column("plan_id").to_pylist() == [None, "5E10"]
    assert reading.problems[["row", "column", "rule"]].to_numpy().tolist() == [[2, "plan_id", "id_left_out"]]


@given(st.decimals(min_value=-999999, max_value=999999, places=6))
@settings(deadline=None, max_examples=20)
def test_numbers_are_the_nearest_double_of_their_text(number: Decimal):
    assert of_column([f"{number:f}", "1.5"], "money", decimal=".")[0][0] == float(number)


@given(st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=30)
def test_rows_in_the_file_are_loaded_or_set_aside_under_any_damage(rng: random.Random):
    lines = ["customer_id,month,plan_id,minutes,note"]
    lines += [f'{n:05d},2026-{n % 12 + 1:02d},S,{n / 4},"a, {n}"' for n in range(40)]
    clean = "\n".join(lines) + "\n"
    damaged = list(clean)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(lines[0]) + 1, len(damaged))
        damaged[at] = rng.choice(['"', ",", ";", "x", "", "\r", ",,", '""'])
    mapping = suggest_mapping(read_text_table(clean.encode()), table="usage")
    reading = read("".join(damaged).encode(), mapping=mapping, delimiter=",", quote='"')
    assert reading.counts["rows_in_file"] == reading.table.num_rows + len(reading.quarantined)
    assert reading.quarantined["row"].is_unique
    assert reading.table.num_rows >= 40 - 3 * 4
    loaded = set(reading.table.column("customer_id").to_pylist())
    torn = " ".join(reading.quarantined["text"]) + " ".join(reading.quarantined["customer_id"])
    missing = [line[:5] for line in lines[1:] if line[:5] not in loaded]
    assert len(missing) <= 4 or torn


def test_mappings_survive_json():
    mapping = Mapping(
        table="contacts", zone="Asia/Shanghai",
        columns={
            "contact_id": ColumnMap(constant="#row"),
            "arrived_at": ColumnMap.of(("date", "开始"), "other", blank=("0:00:00",), format="yymmdd"),
            "outcome": ColumnMap.of("o", codes={"接通": "served"}),
            "wait_s": ColumnMap.of("w", unit=60.0, decimal=",", thousands=".", strip=("s",)),
        },
        questions=read(b"customer_id,plan\n1,NULL\n2,S\n", table="customers").mapping.questions,
    )  # fmt: skip
    assert Mapping.from_json(mapping.to_json()) == mapping
    events = Mapping(table="events", columns={}, meter="minutes", round_event=1.0)
    assert Mapping.from_json(events.to_json()) == events
    with pytest.raises(CxError) as caught:
        Mapping.from_json("[1]")
    assert caught.value.code == "bad_mapping"


def test_the_mapping_of_a_reading_reads_the_same_file_without_a_question():
    data = b'customer_id,reg_date,arpu\n1,03/04/2026,"1,234"\n2,05/06/2026,"5,678"\n'
    first = read(data, table="customers")
    assert {each.code for each in first.needs_confirmation} == {"date_order", "decimal"}
    again = read(data, mapping=Mapping.from_json(first.mapping.confirmed().to_json()))
    assert again.needs_confirmation == []
    assert again.table.equals(first.table)


@pytest.mark.parametrize(
    ("mapping", "code"),
    [
        (Mapping(table="nothing", columns={}), "unknown_table"),
        (Mapping(table="usage", columns={"Colour!": ColumnMap.of("month")}), "unknown_column"),
        (Mapping(table="usage", columns={"month": ColumnMap.of("nowhere")}), "no_such_header"),
        (Mapping(table="usage", columns={"month": ColumnMap.of("month", format="backwards")}), "bad_format"),
        (Mapping(table="usage", columns={"month": ColumnMap.of("month")}), "missing_column"),
    ],
)
def test_mappings_that_cannot_work_are_refused(mapping, code):
    with pytest.raises(CxError) as caught:
        read(USAGE.encode(), mapping=mapping)
    assert caught.value.code == code


def test_problems_are_summed_up_by_rule():
    lines = USAGE + "".join(f"9{n},2026-13,S,1,1\n" for n in range(5)) + "99,2026-01,S,x,1\n"
    summary = summarise_problems(read(lines.encode()).problems)
    assert summary[["rule", "column", "count", "rows"]].to_numpy().tolist() == [
        ["no_such_month", "month", 5, "5, 6, 7"], ["not_a_number", "minutes", 1, "10"]]  # fmt: skip


def test_tables_are_compared_with_each_other():
    usage = read(USAGE.encode()).table
    more = read(b"customer_id,month,plan_id,minutes\n7,2026-01,M,1\n7,2026-04,Q,1\n").table
    plans = read(b"plan_id,monthly_fee\nS,1\nM,2\n", table="plans").table
    customers = read(b"customer_id,plan_id\n000123,Z\n", table="customers").table
    found = check_references({"usage": pa.concat_tables([usage, more], promote_options="default"), "plans": plans,
                              "customers": customers})  # fmt: skip
    assert found[["column", "rule", "value", "severity"]].to_numpy().tolist() == [
        ["usage.plan_id", "unknown_plan", "Q (1)", "error"],
        ["customers.plan_id", "unknown_plan", "Z (1)", "error"],
        ["usage.customer_id", "unknown_customer", "7 (3)", "warning"],
        ["usage.month", "missing_month", "2026-02 (1)", "warning"],
    ]


def test_a_month_a_thousand_times_the_others_is_pointed_out():
    rows = "".join(f"1,2026-{m:02d},{'2000000' if m == 6 else '1500'}\n" for m in range(1, 9))
    reading = read(f"customer_id,month,data_mb\n{rows}".encode())
    assert reading.problems[["row", "column", "rule"]].to_numpy().tolist() == [[7, "data_mb", "far_from_neighbours"]]
    assert reading.counts["rows_loaded"] == 8
    rows = "".join(f"1,2026-{m:02d},{'1.5' if m == 6 else '1500'}\n" for m in range(1, 9))
    assert read(f"customer_id,month,data_mb\n{rows}".encode()).problems["row"].tolist() == [7]
    rows = "".join(f"1,2026-{m:02d},{value}\n" for m, value in enumerate([0, 1, 3, 40, 900, 2000, 3000, 1500], 1))
    assert len(read(f"customer_id,month,data_mb\n{rows}".encode()).problems) == 0


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_templates_are_read_as_they_stand(table, language):
    text = read_text_table(template(table, language=language))
    assert guess_table(text)[0][0] == table
    reading = read(text, table=table)
    assert (len(reading.problems), reading.needs_confirmation) == (0, [])
    assert reading.table.equals(read(template(table), table=table).table)
    used = {header for each in reading.mapping.columns.values() for group in each.sources for header in group}
    assert used == set(text.columns)
    for name in reading.table.column_names:
        known = TABLES[table]
        kind = known[name].kind if name in known.names else known.meter_column(name)[0].kind
        assert reading.table.schema.field(name).type == ARROW_TYPES.get(kind, pa.float64())


def test_the_shipped_templates_are_those_that_are_written(tmp_path, request):
    shipped = request.config.rootpath / "data" / "templates"
    written = write_templates(tmp_path)
    assert {path.name for path in written} == {path.name for path in shipped.iterdir()}
    for path in written:
        assert path.read_bytes() == (shipped / path.name).read_bytes()


@pytest.mark.parametrize(
    ("header", "table"),
    [
        ("customer_id,group,left,revenue", "customers"),
        ("user_id,tier,churned,offered,accepted", "offers"),
        ("customer_id,campaign,group,left", "offers"),
        ("客户编号,是否推荐,是否接受,是否离网", "offers"),
        ("用户编号,套餐,等级,地区,分组", "customers"),
        ("rank,customer_id,group,tier,need,region,plan_id,advised_plan_id,campaign,accepted,left", "offers"),
    ],
)
def test_results_of_campaigns_are_told_from_customers(header, table):
    names = header.split(",")
    text = read_text_table(f"{header}\n{','.join('1' * len(names))}\n".encode())
    assert guess_table(text)[0][0] == table
