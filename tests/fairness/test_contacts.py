from __future__ import annotations

import pandas as pd
import pytest

from cxlib.engine.frames import pandas
from cxlib.errors import CxError
from cxlib.fairness.contacts import prepare, tier_ranks

T0 = pd.Timestamp("2026-03-02 09:00:00", tz="UTC")


def at(*seconds):
    times = [pd.NaT if s is None else T0 + pd.Timedelta(seconds=s) for s in seconds]
    return pd.Series(times, dtype="datetime64[us, UTC]")


def table(**columns):
    n = len(next(iter(columns.values())))
    return pd.DataFrame({"contact_id": [str(i) for i in range(n)], **columns})


def told(prepared, *columns):
    frame = pandas(prepared.frame)
    rows = frame[list(columns)].astype(object).where(frame[list(columns)].notna(), None)
    return [tuple(row) for row in rows.itertuples(index=False)]


def test_the_wait_comes_from_the_first_that_is_there(on_engines):
    contacts = table(
        arrived_at=at(0, 0, 0, 0, 0),
        wait_ended_at=at(10, None, None, None, None),
        wait_s=[99.0, 20.5, None, None, None],
        started_at=at(98, 98, 30, None, None),
        left_at=at(None, None, None, 40, None),
    )
    for frame in on_engines(contacts).values():
        assert told(prepare(frame), "wait_s", "outcome", "queued") == [
            (10, "served", True),
            (20.5, "served", True),
            (30, "served", True),
            (40, "abandoned", True),
            (None, "waiting", True),
        ]


def test_the_file_says_who_queued_and_how_it_ended():
    contacts = table(
        arrived_at=at(0, 0, 0, 0),
        wait_s=[5.0, 0.0, 7.0, None],
        started_at=at(5, None, 7, None),
        outcome=["abandoned", "served", None, "served"],
        queued=pd.array([False, True, None, False], dtype="boolean"),
    )
    expected = [("abandoned", False, 5), ("served", True, 0), ("served", True, 7), ("served", False, 0)]
    assert told(prepare(contacts), "outcome", "queued", "wait_s") == expected


def test_without_outcomes_an_ended_wait_means_served_or_where_starts_are_known_left():
    contacts = table(arrived_at=at(0, 0), wait_ended_at=at(3, None))
    assert told(prepare(contacts), "outcome") == [("served",), ("waiting",)]
    contacts = table(arrived_at=at(0, 0), wait_ended_at=at(3, 4), started_at=at(3, None))
    assert told(prepare(contacts), "outcome") == [("served",), ("abandoned",)]


def test_those_who_wait_still_have_waited_until_the_last_time_of_the_log():
    contacts = table(arrived_at=at(0, 50), wait_ended_at=at(None, 60), ended_at=at(None, 100))
    assert told(prepare(contacts), "so_far_us", "end_us") == [
        (100_000_000, None),
        (None, pd.Timestamp(T0).value // 1000 + 60_000_000),
    ]


def test_impossible_rows_are_counted_named_and_left_out(on_engines):
    contacts = table(
        arrived_at=at(10, 10, None, 10, 10, 10),
        wait_ended_at=at(5, 20, 20, 20, None, 20),
        started_at=at(5, 20, 20, 9, None, 20),
        ended_at=at(30, 15, 30, 30, None, 30),
        outcome=["served", "served", "served", "served", "abandoned", "dropped"],
    )
    for frame in on_engines(contacts).values():
        prepared = prepare(frame)
        assert prepared.counts == {
            "rows": 6,
            "dropped": 1,
            "no_arrival": 1,
            "end_before_arrival": 1,
            "start_before_arrival": 1,
            "service_end_before_start": 1,
            "wait_unknown": 1,
        }
        assert told(prepared, "contact_id", "service_s") == [("1", None), ("3", 21), ("4", None)]
        assert list(prepared.problems["rule"][prepared.problems["left_out"]]) == [
            "dropped",
            "no_arrival",
            "end_before_arrival",
        ]


def test_numbers_as_tiers_are_text():
    contacts = table(arrived_at=at(0, 0), wait_s=[1, 2], tier=[1.0, None])
    assert told(prepare(contacts), "tier") == [("1",), (None,)]


def test_prepared_contacts_pass_through():
    prepared = prepare(table(arrived_at=at(0), wait_s=[1]))
    assert prepare(prepared) is prepared


def test_ranks_from_a_mapping_or_the_table_of_tiers():
    assert tier_ranks({"a": 1}) == {"a": 1}
    assert tier_ranks(pd.DataFrame({"tier": ["a", "b"], "rank": [2, 1]})) == {"a": 2, "b": 1}


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"arrived_at": at(0)}, "no_wait"),
        ({"wait_s": [1]}, "missing_column"),
        ({"arrived_at": at(0), "wait_s": ["soon"]}, "wrong_kind"),
        ({"arrived_at": ["2026-03-02"], "wait_s": [1]}, "wrong_kind"),
        ({"arrived_at": at(0), "wait_s": [1], "outcome": ["AGENT"]}, "bad_outcome"),
    ],
)
def test_what_cannot_be_is_named(columns, code):
    with pytest.raises(CxError) as error:
        prepare(table(**columns))
    assert error.value.code == code
    assert error.value.hint
