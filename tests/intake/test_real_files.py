from __future__ import annotations

import math
from collections import defaultdict

import pyarrow.compute as pc
import pytest

from cxlib.intake import ColumnMap, Mapping, guess_table, read, read_text_table, suggest_mapping

pytestmark = pytest.mark.real_data

MIDNIGHT = ("0:00:00",)
BANK = Mapping(
    table="contacts",
    zone="Asia/Jerusalem",
    columns={
        "contact_id": ColumnMap(constant="#row"),
        "customer_id": ColumnMap.of("customer_id", blank=("0",)),
        "tier": ColumnMap.of("priority"),
        "queue": ColumnMap.of("type"),
        "agent_id": ColumnMap.of("server", blank=("NO_SERVER",)),
        "arrived_at": ColumnMap.of(("date", "q_start"), ("date", "vru_exit"), blank=MIDNIGHT),
        "wait_ended_at": ColumnMap.of(
            ("date", "q_exit"), ("date", "vru_exit"), blank=MIDNIGHT, not_before="arrived_at"
        ),
        "wait_s": ColumnMap.of("q_time"),
        "started_at": ColumnMap.of(("date", "ser_start"), blank=MIDNIGHT, not_before="arrived_at"),
        "ended_at": ColumnMap.of(("date", "ser_exit"), blank=MIDNIGHT, not_before="started_at"),
        "outcome": ColumnMap.of("outcome", codes={"AGENT": "served", "HANG": "abandoned", "PHANTOM": "dropped"}),
        "queued": ColumnMap.of(("q_start", "q_time"), blank=("0:00:00", "0"), all_present=True),
    },
)


@pytest.mark.parametrize(
    ("file", "table", "rows", "questions"),
    [
        ("calls", "events", 137_735, {"meter", "round_event"}),
        ("internet", "events", 104_825, {"meter"}),
        ("messages", "events", 76_051, {"meter"}),
        ("users", "customers", 500, set()),
        ("plans", "plans", 2, {"price_unit", "currency"}),
    ],
)
def test_the_operators_files_are_read_without_a_person(real_data, file, table, rows, questions):
    text = read_text_table(real_data / "megaline" / f"megaline_{file}.csv")
    assert guess_table(text)[0][0] == table
    reading = read(text, table=table)
    assert (reading.counts["rows_in_file"], reading.counts["rows_loaded"]) == (rows, rows)
    assert {each.code for each in reading.needs_confirmation} == questions


def test_the_operators_meters_and_prices(real_data):
    folder = real_data / "megaline"
    meters = {
        file: suggest_mapping(read_text_table(folder / f"megaline_{file}.csv"), table="events")
        for file in ("calls", "internet", "messages")
    }
    assert {file: (each.meter, each.round_event) for file, each in meters.items()} == {
        "calls": ("minutes", 1.0),
        "internet": ("data_mb", None),
        "messages": ("sms", None),
    }
    surf = read(folder / "megaline_plans.csv", table="plans").table.to_pylist()[0]
    assert surf == {
        "plan_id": "surf", "monthly_fee": 20.0, "currency": "USD",
        "included_minutes": 500.0, "overage_price_minutes": 0.03,
        "included_sms": 50.0, "overage_price_sms": 0.03,
        "included_data_mb": 15360.0, "overage_price_data_mb": 10.0, "unit_size_data_mb": 1024.0,
        "round_up_data_mb": True,
    }  # fmt: skip


def test_a_month_of_the_operators_calls_adds_up(real_data):
    calls = read(real_data / "megaline" / "megaline_calls.csv", table="events").table
    minutes: dict[tuple[str, int], int] = defaultdict(int)
    for row in calls.to_pylist():
        minutes[row["customer_id"], row["occurred_at"].month] += math.ceil(row["quantity"])
    assert (minutes["1001", 10], minutes["1010", 8], minutes["1007", 10]) == (393, 637, 645)


def test_the_banks_log(real_data):
    reading = read(real_data / "anonymous_bank" / "calls_1999_02.txt", mapping=BANK)
    assert reading.counts["rows_in_file"] == reading.counts["rows_loaded"] == 33_344
    assert reading.needs_confirmation == []
    table = reading.table
    outcomes = {each["values"]: each["counts"] for each in pc.value_counts(table["outcome"]).to_pylist()}
    assert outcomes == {"served": 27_162, "abandoned": 5_904, "dropped": 278}
    queued = table.filter(pc.and_(table["queued"], pc.not_equal(table["outcome"], "dropped")))
    tiers = {each["values"]: each["counts"] for each in pc.value_counts(queued["tier"]).to_pylist()}
    assert tiers == {"0": 5_023, "1": 4_238, "2": 8_766}
    waits = pc.divide(pc.cast(pc.subtract(queued["wait_ended_at"], queued["arrived_at"]), "int64"), 1_000_000)
    assert waits.to_pylist() == queued["wait_s"].to_pylist()
    rules = reading.problems.groupby("rule").size().to_dict()
    assert (rules["id_left_out"], rules["label_trap"]) == (21, 1)


def test_the_banks_log_is_recognised(real_data):
    text = read_text_table(real_data / "anonymous_bank" / "calls_1999_02.txt")
    assert guess_table(text)[0][0] == "contacts"
    mapping = suggest_mapping(text, table="contacts")
    assert mapping.columns["arrived_at"].sources == (("date", "q_start"),)
    assert mapping.columns["contact_id"].constant == "#row"
    assert mapping.columns["outcome"].codes == {"AGENT": "served", "HANG": "abandoned", "PHANTOM": "dropped"}
