"""What deserves a look: each check by a worked example, and by a naive count on random tables."""

from __future__ import annotations

import datetime as dt
import statistics
from collections import defaultdict

import numpy as np
import pyarrow as pa
import pytest

from cxlib.intake import check_references, grouped_problems, read, summarise_problems
from cxlib.intake.checks import repeated_hours, row_warnings
from cxlib.texts import speaking

CONTACTS = "contact_id,arrived_at,wait_s,wait_ended_at,started_at,left_at,ended_at,outcome\n"


def contacts(*lines: str):
    whole = "".join(f"C{n},{line}\n" for n, line in enumerate(lines))
    reading = read((CONTACTS + whole).encode(), table="contacts", zone="UTC")
    return reading.problems[["row", "column", "rule"]].to_numpy().tolist(), reading


def at(clock: str) -> str:
    return f"2026-03-14 {clock}" if clock else ""


def contact(
    arrived: str, wait: str = "", ended: str = "", started: str = "", left: str = "", over: str = "", how: str = ""
) -> str:
    return ",".join([at(arrived), wait, at(ended), at(started), at(left), at(over), how])


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (contact("9:00:00", "60", "9:01:00", "9:01:01", "", "9:05:00", "served"), []),
        (contact("9:00:00", "60", "9:01:00", "", "9:01:00", "", "abandoned"), []),
        (contact("9:00:00", "60", "9:01:00", "9:01:00", "9:01:00", "9:05:00", "served"), ["served_and_left"]),
        (contact("9:00:00", "60", "9:01:00", "9:01:00", "", "9:05:00", "abandoned"), ["served_and_left"]),
        (contact("9:00:00", "1", "9:01:00", "9:01:00", "", "9:05:00", "served"), ["wait_contradicted"]),
        (contact("9:00:00", "", "", "8:59:00", "", "9:05:00", "served"), ["ends_before_start"]),
        (contact("9:00:00", "", "", "9:01:00", "", "9:00:30", "served"), ["ends_before_start"]),
        (contact("9:00:00", "", "", "", "", "9:05:00", "served"), ["no_wait"]),
    ],
)
def test_a_contact_that_cannot_be_so_is_named_and_kept(line, found):
    problems, reading = contacts(line, contact("10:00:00", "5", "10:00:05", "10:00:05", "", "10:09:00", "served"))
    assert [rule for _, _, rule in problems] == found
    assert all(row == 2 for row, _, _ in problems)
    assert reading.counts["rows_loaded"] == 2


def test_waits_by_the_minute_may_differ_by_less_than_one():
    problems, _ = contacts(contact("9:00:00", "95", "9:01:00"), contact("9:00:00", "120", "9:03:00"))
    assert problems == []
    problems, _ = contacts(contact("9:00:00", "95", "9:01:00"), contact("9:00:00", "125", "9:03:30"))
    assert [rule for _, _, rule in problems] == ["wait_contradicted"] * 2


def test_months_missing_in_the_middle_are_counted_by_month():
    rows = [("a", "2026-01"), ("a", "2026-04"), ("b", "2025-12"), ("b", "2026-02"), ("c", "2026-03"), ("d", "2026-01")]
    data = "customer_id,month,minutes\n" + "".join(f"{customer},{month},1\n" for customer, month in rows)
    reading = read(data.encode())
    found = reading.problems[["column", "rule", "value", "severity"]].to_numpy().tolist()
    assert found == [
        ["month", "missing_month", "2026-01 (1)", "warning"],
        ["month", "missing_month", "2026-02 (1)", "warning"],
        ["month", "missing_month", "2026-03 (1)", "warning"],
    ]
    assert reading.problems["row"].isna().all()
    shuffled = reading.table.take([5, 0, 3, 1, 4, 2])
    assert check_references({"usage": shuffled})["value"].tolist() == reading.problems["value"].tolist()


def test_the_same_month_written_in_two_ways_is_the_same_month():
    reading = read(b"customer_id,month,minutes\n1,2026-03,5\n1,202603,6\n2,2026-03,7\n")
    found = reading.problems[["row", "column", "rule", "value"]].to_numpy().tolist()
    assert found == [[3, "customer_id, month", "duplicate_key", "= 2"]]


def naive_far(values, customers):
    groups = defaultdict(list)
    for i, (value, customer) in enumerate(zip(values, customers, strict=True)):
        if value > 0:
            groups[customer].append((value, i))
    found = []
    for several in groups.values():
        if len(several) < 3:
            continue
        usual = statistics.median(value for value, _ in several)
        second = sorted(several)[1][0]
        found += [
            i for value, i in several if value >= 1000 * usual or (value * 1000 <= usual and second * 10 >= usual)
        ]
    return sorted(found)


def naive_gaps(customers, months):
    seen = defaultdict(set)
    for customer, month in zip(customers, months, strict=True):
        seen[customer].add(month)
    missing = defaultdict(int)
    for several in seen.values():
        for month in range(min(several), max(several)):
            missing[month] += month not in several
    return {month: n for month, n in missing.items() if n}


@pytest.mark.parametrize("seed", range(5))
def test_far_months_and_gaps_are_those_that_a_loop_finds(seed):
    rng = np.random.default_rng(seed)
    keys = sorted({(f"{rng.integers(60):04d}", int(m)) for m in rng.integers(24000, 24024, 700)})
    customers, months = [key[0] for key in keys], [key[1] for key in keys]
    values = np.where(rng.random(len(keys)) < 0.05, 0.0, 10.0 ** rng.integers(-2, 5, len(keys)) * rng.random(len(keys)))
    values[rng.random(len(keys)) < 0.03] = np.nan
    days = [dt.date(month // 12, month % 12 + 1, 1) for month in months]
    half = len(keys) // 2 + seed
    names = pa.chunked_array([customers[:half], [], customers[half:]], pa.string())
    typed = pa.table({"customer_id": names, "month": pa.array(days, pa.date32()), "x": values})
    found = row_warnings(typed, pa.chunked_array([pa.array(range(len(keys)))]), table="usage")
    assert found.loc[found["rule"] == "far_from_neighbours", "row"].tolist() == naive_far(
        np.nan_to_num(values), customers
    )
    gaps = naive_gaps(customers, months)
    said = [f"{month // 12}-{month % 12 + 1:02d} ({n})" for month, n in sorted(gaps.items())]
    assert found.loc[found["rule"] == "missing_month", "value"].tolist() == said


def test_the_hours_that_clocks_showed_twice():
    def utc(*parts):
        return dt.datetime(*parts, tzinfo=dt.UTC).timestamp()

    year = (utc(2026, 1, 1), utc(2026, 12, 31))
    assert repeated_hours("Europe/Berlin", *year) == [(utc(2026, 10, 25, 1), utc(2026, 10, 25, 2))]
    assert repeated_hours("America/New_York", *year) == [(utc(2026, 11, 1, 6), utc(2026, 11, 1, 7))]
    assert repeated_hours("Australia/Lord_Howe", *year) == [(utc(2026, 4, 4, 15), utc(2026, 4, 4, 15, 30))]
    assert repeated_hours("Asia/Shanghai", *year) == []


def test_tiers_that_are_recorded_only_where_somebody_queued():
    data = "contact_id,arrived_at,wait_s,tier,queued\n" + "".join(
        f"C{n},2026-03-14 09:00:00Z,{n % 2 * 9},{'' if n % 2 == 0 else 'A'},{'yes' if n % 2 else 'no'}\n"
        for n in range(8)
    )
    reading = read(data.encode(), table="contacts")
    assert reading.problems[["column", "rule", "value"]].to_numpy().tolist() == [["tier", "label_trap", "1.000"]]


def test_groups_are_free_of_language_until_they_are_shown():
    data = "customer_id,month,minutes\n" + "".join(f"{n},2026-13,1\n" for n in range(5)) + "9,2026-03,x\n9,2026-03,y\n"
    problems = read(data.encode()).problems
    groups = grouped_problems(problems)
    assert groups.to_dict("records") == [
        {
            "rule": "no_such_month",
            "column": "month",
            "severity": "error",
            "count": 5,
            "rows": "2, 3, 4",
            "examples": "2026-13",
        },
        {
            "rule": "not_a_number",
            "column": "minutes",
            "severity": "error",
            "count": 2,
            "rows": "7, 8",
            "examples": "x | y",
        },
    ]
    english = summarise_problems(groups)
    assert english["title"].tolist() == ["A month that does not exist", "Not a number"]
    assert english.equals(summarise_problems(problems))
    with speaking("zh_CN"):
        chinese = summarise_problems(groups)
    assert (chinese["title"] != english["title"]).all()
    assert list(english.columns) == ["rule", "column", "title", "hint", "severity", "count", "rows", "examples"]
    assert grouped_problems(problems.iloc[:0]).empty


def test_local_times_that_occurred_twice_are_named_and_those_with_an_offset_are_not():
    lines = [
        "2026-10-25 01:59:59",
        "2026-10-25 02:00:00",
        "2026-10-25 02:59:59",
        "2026-10-25 03:00:00",
        "2026-10-25T02:30:00+01:00",
    ]
    data = "contact_id,arrived_at,wait_s\n" + "".join(f"C{n},{line},5\n" for n, line in enumerate(lines))
    reading = read(data.encode(), table="contacts", zone="Europe/Berlin")
    found = reading.problems[["row", "column", "rule", "value"]].to_numpy().tolist()
    assert found == [
        [3, "arrived_at", "ambiguous_time", "2026-10-25 02:00:00"],
        [4, "arrived_at", "ambiguous_time", "2026-10-25 02:59:59"],
    ]
    hours = [each.hour for each in reading.table["arrived_at"].to_pylist()]
    assert hours == [23, 1, 1, 2, 1]  # the later of the two
