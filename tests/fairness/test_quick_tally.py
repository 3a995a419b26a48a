"""The compiled tally says what the definitions in narwhals say, to the last bit."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxlib.errors import CxError
from cxlib.fairness import tally_kernels
from cxlib.fairness.allocation import allocation, allocation_over_time
from cxlib.fairness.contacts import prepare
from cxlib.fairness.groups import keys_of, segmented, tallied
from cxlib.fairness.periods import with_period
from cxlib.fairness.quick_tally import quick_tally

T0 = pd.Timestamp("2026-03-28 22:00:00", tz="UTC")  # the clock in Berlin changes three hours later
LIMITS = [7.5, 20]
LATER = ["wait_ended_at", "started_at", "left_at", "ended_at"]
PLAIN = {"resolved", "csat", "outcome", "queued", "wait_s", "tier", "need", "queue", "customer_id"}


def random_log(seed, *, n=400, lacking=()):
    """A log in which anything may be missing, tie, or be out of order; times in whole seconds."""
    chance = np.random.default_rng(seed)
    arrived = chance.integers(0, 20_000, n)
    out = pd.DataFrame({"contact_id": pd.Series([f"C{i}" for i in range(n)], dtype="str")})
    for name in ("arrived_at", *LATER):
        seconds = arrived + (0 if name == "arrived_at" else chance.integers(-2, 40, n))
        gone = chance.random(n) < (0.02 if name == "arrived_at" else 0.4)
        when = T0 + pd.to_timedelta(seconds, unit="s")
        out[name] = pd.Series(when).mask(gone).astype("datetime64[us, UTC]")
    out["wait_s"] = np.where(chance.random(n) < 0.7, np.nan, chance.integers(-2, 60, n) / 4)
    out["outcome"] = pd.Series(chance.choice(["served", "abandoned", "waiting", "dropped", None], n), dtype="str")
    out["queued"] = pd.array(chance.choice([True, False, None], n), dtype="boolean")
    out["resolved"] = pd.array(chance.choice([True, False, None], n), dtype="boolean")
    out["csat"] = np.where(chance.random(n) < 0.5, np.nan, chance.integers(10, 50, n) / 10)
    for name, values in {"tier": ["b", "a", None], "need": ["senior", None], "queue": ["x", "y"]}.items():
        out[name] = pd.Series(chance.choice(np.array(values, dtype=object), n), dtype="str")
    out["customer_id"] = pd.Series(chance.choice(np.array(["1", "2", None], dtype=object), n), dtype="str")
    return out.drop(columns=list(lacking))


def in_narwhals(frame, by, every, zone, ranks=None):
    prepared = prepare(frame, ranks=ranks, keep=keys_of(by))
    whole, keys = segmented(prepared, by), keys_of(by)
    if every is not None:
        whole = with_period(whole, every, zone=zone, first=prepared.first_us, last=prepared.until_us)
        keys = ["period", *keys]
    return tallied(prepared, keys, whole, LIMITS)


def same(quick, slow):
    """Counts and sums to the last bit; quantiles, which engines round each in their way, to a billionth."""
    between = ["median_us", "p90_us"]
    plain = [name for name in slow.columns if name not in between]
    assert list(quick.columns) == list(slow.columns)
    pd.testing.assert_frame_equal(quick[plain], slow[plain], check_exact=True)
    np.testing.assert_allclose(quick[between], slow[between].astype("float64"), rtol=1e-12)


@pytest.mark.parametrize("every", [None, "hour", "hour_of_week", "day", "month"])
@pytest.mark.parametrize("seed", range(4))
def test_equals_the_definitions_on_every_engine(seed, every, on_engines):
    log = random_log(seed)
    by = ["tier", ["tier", "queue"], {"a": "first", "b": "rest"}, "need"][seed]
    ranks = {"b": 1, "a": 2} if seed < 2 else None
    quick = {}
    for name, frame in on_engines(log).items():
        found = quick_tally(frame, by=by, thresholds=LIMITS, every=every, zone="Europe/Berlin", ranks=ranks)
        same(found.table, in_narwhals(frame, by, every, "Europe/Berlin", ranks))
        quick[name] = found.table
    pd.testing.assert_frame_equal(quick["pandas"], quick["polars"], check_exact=True)
    pd.testing.assert_frame_equal(quick["pandas"], quick["pyarrow"], check_exact=True)


@given(seed=st.integers(0, 2**32), n=st.integers(0, 40), lacking=st.sets(st.sampled_from([*LATER, *sorted(PLAIN)])))
@settings(max_examples=25, deadline=None)
def test_equals_them_whatever_columns_the_file_has(seed, n, lacking):
    if {"wait_ended_at", "wait_s", "started_at", "left_at"} <= lacking:
        lacking = lacking - {"wait_s"}
    log = random_log(seed, n=n, lacking=lacking)
    by = [name for name in ("tier", "queue") if name in log.columns] or ["contact_id"]
    slow = in_narwhals(log, by, "hour", "Asia/Shanghai")
    same(quick_tally(log, by=by, thresholds=LIMITS, every="hour", zone="Asia/Shanghai").table, slow)


@given(st.lists(st.integers(-5, 5) | st.integers(-(10**15), 10**15), min_size=1, max_size=200))
@settings(max_examples=200, deadline=None)
def test_quantiles_are_those_of_numpy(values):
    whole, begins, out = np.array(values, np.int64), np.array([0, 0, len(values)]), np.empty((2, 2))
    tally_kernels.quantiles(0, 2, begins, whole.copy(), np.array([0.5, 0.9]), out)
    assert np.isnan(out[0]).all()
    np.testing.assert_allclose(out[1], np.quantile(whole, [0.5, 0.9]), rtol=1e-12, atol=1e-9)


def test_many_groups_and_periods_far_apart():
    log = random_log(9, n=3000)
    log.loc[0, "arrived_at"] = pd.Timestamp("1201-01-01", tz="UTC")
    by = ["contact_id", "customer_id", "queue"]
    same(
        quick_tally(log, by=by, thresholds=LIMITS, every="hour").table,
        in_narwhals(log, by, "hour", "UTC"),
    )


def test_the_tables_are_those_of_prepared_contacts():
    log = random_log(3, n=2000)
    relation = duckdb.connect().from_arrow(duckdb.from_df(log).to_arrow_table())
    people = pd.DataFrame({"customer_id": ["1", "2", "3"], "tier": ["a", "b", "c"], "monthly_value": [1.5, 2.5, 3.5]})
    for call in (
        lambda frame: allocation(frame, customers=people, sla_s=7.5),
        lambda frame: allocation_over_time(frame, by=["tier", "queue"], every="hour", zone="Asia/Shanghai"),
    ):
        pd.testing.assert_frame_equal(call(relation), call(prepare(relation)), check_exact=True)


def test_refusals_are_the_same():
    log = random_log(1)
    for broken in (log.assign(outcome="lost"), log.assign(csat="good"), log.drop(columns=["arrived_at"])):
        with pytest.raises(CxError) as quick:
            quick_tally(broken, by="tier", thresholds=LIMITS)
        with pytest.raises(CxError) as slow:
            prepare(broken)
        assert quick.value.code == slow.value.code
        assert str(quick.value) == str(slow.value)


def test_columns_of_its_own_only():
    log = random_log(1)
    assert quick_tally(prepare(log), by="tier", thresholds=LIMITS) is None
    assert quick_tally(log, by="region", thresholds=LIMITS) is None
    assert quick_tally(log, by="queued", thresholds=LIMITS) is None


def test_files_chunks_and_codes_of_text_give_the_same(tmp_path):
    log = random_log(5, n=3000)
    whole = duckdb.from_df(log).to_arrow_table()
    known = quick_tally(log, by=["tier", "queue"], thresholds=LIMITS, every="day", zone="Asia/Shanghai").table
    chunks = pa.concat_tables([whole.slice(0, 7), whole.slice(7, 0), whole.slice(7, 1500), whole.slice(1507)])
    coded = pa.table({name: _coded(column) for name, column in zip(chunks.column_names, chunks.columns, strict=True)})
    pq.write_table(whole, tmp_path / "log.parquet", row_group_size=700)
    for form in (whole, chunks, coded, tmp_path / "log.parquet", duckdb.from_arrow(whole)):
        found = quick_tally(form, by=["tier", "queue"], thresholds=LIMITS, every="day", zone="Asia/Shanghai")
        pd.testing.assert_frame_equal(found.table, known, check_exact=True)
    pd.testing.assert_frame_equal(
        allocation(tmp_path / "log.parquet", by="need"), allocation(log, by="need"), check_exact=True
    )


def test_a_code_that_no_row_has_is_no_outcome():
    log = duckdb.from_df(random_log(2, n=50)).to_arrow_table()
    names = pa.array(["served", "abandoned", "lost"])
    codes = pa.array([i % 2 for i in range(50)], pa.int32())
    place = log.schema.get_field_index("outcome")
    fine = log.set_column(place, "outcome", pa.DictionaryArray.from_arrays(codes, names))
    assert quick_tally(fine, by="tier", thresholds=LIMITS).table["n"].sum() > 0
    bad = log.set_column(place, "outcome", pa.DictionaryArray.from_arrays(pa.array([2] * 50, pa.int32()), names))
    with pytest.raises(CxError, match="lost"):
        quick_tally(bad, by="tier", thresholds=LIMITS)


def _coded(column):
    return column.dictionary_encode() if pa.types.is_string(column.type) else column
