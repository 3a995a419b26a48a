"""What the charts of the hours and of the replay draw, and what they say to those who do not see them."""

from __future__ import annotations

import pandas as pd

from cxlib.charts import hour_bars, replay_bars, split_bars

AT = pd.Timestamp("2026-03-02 01:00:00", tz="UTC")


def say(value):
    return "–" if value is None else f"{value:.0%}"


def contacts():
    rows = [
        ("1", "Usual", 0, 600, "served", 0),
        ("2", "Gentle", 60, 120, "served", 1),
        ("3", "Usual", 90, 200, "abandoned", 2),
    ]
    frame = pd.DataFrame(rows, columns=["contact_id", "tier", "from", "to", "outcome", "place"])
    begin, end = (AT + pd.to_timedelta(frame[each], unit="s") for each in ("from", "to"))
    return frame.assign(arrived_at=begin, wait_ended_at=end)


def drawn(**more):
    return replay_bars(
        contacts(),
        zone="Asia/Shanghai",
        tiers=["Gentle", "Usual"],
        colours={"Gentle": "#1f7fb8", "Usual": "#cc6318"},
        said=["a", "b", "<b>c</b>"],
        x_title="Time",
        stretch=(AT, AT + pd.Timedelta(hours=1)),
        **more,
    )


def test_bars_reach_from_arrival_to_the_end_of_the_wait_by_the_local_clock():
    usual = next(trace for trace in drawn().figure.data if trace.name == "Usual")
    assert [str(pd.Timestamp(at)) for at in usual.base] == ["2026-03-02 09:00:00", "2026-03-02 09:01:30"]
    assert list(usual.x) == [600_000.0, 110_000.0]
    assert list(usual.y) == [0, 2]
    assert [each[0] for each in usual.customdata] == ["1", "3"]
    assert usual.customdata[1][1] == "&lt;b&gt;c&lt;/b&gt;"


def test_who_gave_up_is_marked_and_a_chosen_contact_with_its_overtakes():
    passes = pd.DataFrame({"direction": ["passed_by"], "contact_id": ["2"]})
    chart = drawn(passes=passes, chosen="1")
    marks = {trace.name: list(trace.y) for trace in chart.figure.data if trace.type == "scatter"}
    assert marks == {"gave up": [2], "passed it": [1], "the chosen contact": [0]}
    faint = {trace.name: list(trace.marker.opacity) for trace in chart.figure.data if trace.type == "bar"}
    assert faint["Gentle"] == [1.0]
    assert faint["Usual"][0] == 1.0
    assert faint["Usual"][1] < 0.5
    assert chart.alt == "Time. Gentle: 1; Usual: 2"


def test_one_who_still_waits_reaches_to_the_end_of_the_stretch():
    frame = contacts().assign(wait_ended_at=pd.Series([pd.NaT] * 3, dtype="datetime64[ns, UTC]"))
    chart = replay_bars(
        frame,
        zone="UTC",
        tiers=["Usual"],
        colours={},
        said=["", "", ""],
        x_title="",
        stretch=(AT, AT + pd.Timedelta("1h")),
    )
    assert list(chart.figure.data[0].x) == [3_600_000.0, 3_510_000.0]


def test_hours_say_their_n_and_where_they_are_too_few():
    chart = hour_bars(
        [9, 10],
        [0.25, None],
        [(0.2, 0.35), (None, None)],
        chosen=9,
        say=say,
        x_title="Hour",
        y_title="Passed",
        notes=["n = 40", "n = 3"],
        colour="#cc6318",
    )
    bar = chart.figure.data[0]
    assert list(bar.y) == [0.25, 0.0]
    assert [round(each, 9) for each in bar.error_y.array] == [0.1, 0.0]
    assert [round(each, 9) for each in bar.error_y.arrayminus] == [0.05, 0.0]
    assert bar.marker.opacity[0] > bar.marker.opacity[1]
    assert chart.alt == "Passed / Hour. 9: 25%, n = 40; 10: too few, n = 3"


def test_parts_of_a_bar_are_stacked_and_small_ones_are_not_written_on():
    chart = split_bars({"a": {"rank": 99, "routing": 1}}, say=lambda v: f"{v:g}", axis="Passes", colours={})
    assert chart.figure.layout.barmode == "stack"
    assert [(trace.name, list(trace.x), list(trace.texttemplate)) for trace in chart.figure.data] == [
        ("rank", [99], ["%{text}"]),
        ("routing", [1], [""]),
    ]
    assert chart.alt == "Passes. a: rank 99, routing 1"
