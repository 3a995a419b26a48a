from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxlib.engine.frames import distinct, local_clock, names, on_one_engine, opened, pandas, standard, utc_offsets
from cxlib.errors import CxError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOLDS = {"name": "text", "flag": "flag", "number": "number", "time": "time", "absent": "text"}


def source():
    return pd.DataFrame(
        {
            "name": pd.Series(["x", None, "y"], dtype="str"),
            "flag": pd.array([True, None, False], dtype="boolean"),
            "number": [1.5, float("nan"), 2],
            "time": pd.Series(
                [pd.Timestamp("2026-01-01 00:00:00.000001"), pd.NaT, pd.Timestamp("1969-12-31 23:59:59")]
            ),
            "other": [1, 2, 3],
        }
    )


def engines():
    frame = source()
    table = pa.Table.from_pandas(frame, preserve_index=False)
    zoned = frame.assign(time=frame["time"].dt.tz_localize("UTC").dt.tz_convert("Asia/Shanghai"))
    return {
        "pandas": frame,
        "pandas in another zone": zoned,
        "pandas on arrow": table.to_pandas(types_mapper=pd.ArrowDtype),
        "polars": pl.from_arrow(table),
        "polars lazy": pl.from_arrow(table).lazy(),
        "pyarrow": table,
        "duckdb": duckdb.connect().from_arrow(table),
        "narwhals": nw.from_native(frame),
    }


@pytest.mark.parametrize("engine", engines())
def test_every_engine_gives_the_same_columns(engine):
    frame = pandas(standard(engines()[engine], HOLDS))
    assert list(frame.columns) == list(HOLDS)
    assert frame["name"].fillna("missing").tolist() == ["x", "missing", "y"]
    assert frame["flag"].tolist() == [True, pd.NA, False]
    assert frame["number"].isna().tolist() == [False, True, False]
    assert frame["time"][[0, 2]].tolist() == [1_767_225_600_000_001, -1_000_000]
    assert frame["absent"].isna().all()


@pytest.mark.parametrize("engine", engines())
def test_the_names_of_the_columns(engine):
    native = opened(engines()[engine])
    assert names(native) == ["name", "flag", "number", "time", "other"]


@pytest.mark.parametrize(
    ("column", "kind"), [("name", "time"), ("name", "number"), ("number", "flag"), ("time", "number")]
)
@pytest.mark.parametrize("engine", engines())
def test_a_column_of_another_kind_is_named(engine, column, kind):
    with pytest.raises(CxError) as error:
        standard(engines()[engine], {column: kind})
    assert (error.value.code, error.value.column) == ("wrong_kind", column)


def test_what_is_no_frame_is_refused():
    with pytest.raises(CxError, match="no table: list"):
        opened([1, 2])


def test_distinct_values_are_sorted_and_known():
    assert distinct(standard(source(), {"name": "text"}), "name") == ["x", "y"]


def test_frames_of_two_engines_meet_on_one():
    left, right = on_one_engine(source(), pl.DataFrame({"name": ["x"], "more": [7]}))
    joined = nw.from_native(left).join(nw.from_native(right), on="name", how="inner")
    assert pandas(joined)["more"].tolist() == [7]


ZONES = ["UTC", "Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"]


@settings(deadline=None, max_examples=40)
@given(
    zone=st.sampled_from(ZONES),
    instants=st.lists(st.datetimes(datetime(1960, 1, 1), datetime(2060, 1, 1)), min_size=1, max_size=20),  # noqa: DTZ001
)
def test_the_local_clock_equals_the_standard_librarys(zone, instants):
    moments = [each.replace(tzinfo=UTC) for each in instants]
    first = min(moments)
    moments = [min(each, first + timedelta(days=3000)) for each in moments]
    whole = [(each - EPOCH) // timedelta(microseconds=1) for each in moments]
    local = [each.astimezone(ZoneInfo(zone)) for each in moments]
    origin = date(1970, 1, 1)
    expected = [
        (
            (each.date() - origin).days,
            each.hour,
            each.weekday(),
            (each.date() - timedelta(days=each.weekday()) - origin).days,
            (each.date().replace(day=1) - origin).days,
        )
        for each in local
    ]
    for native in (pd.DataFrame({"t": whole}), pl.DataFrame({"t": whole}), pa.table({"t": whole})):
        frame = nw.from_native(opened(native))
        found = pandas(local_clock(frame, "t", zone=zone, first=min(whole), last=max(whole))).drop(columns="t")
        assert [tuple(row) for row in found.itertuples(index=False)] == expected


def test_the_clock_changes_at_the_right_second():
    summer = int(datetime(2026, 3, 29, 1, tzinfo=UTC).timestamp()) * 1_000_000
    offsets = utc_offsets("Europe/Berlin", summer - 86_400_000_000, summer + 86_400_000_000)
    assert [since for since, _ in offsets[1:]] == [summer]
    assert [away for _, away in offsets] == [3_600_000_000, 7_200_000_000]
