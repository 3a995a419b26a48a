"""Results: computed once, kept, bounded, and gone with their data set."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pyarrow as pa
import pytest

from cxlib.store import Settings, Store, results

PARTS = {"dataset": "x", "version": 1, "name": "waits", "parameters": {"sla_s": 20.0}}


def test_a_result_comes_back_as_it_was(store):
    frame = pd.DataFrame({"tier": ["T1", None], "n": [1, 2], "share": [0.1, float("nan")]})
    assert store.result(PARTS) is None
    store.keep_result(PARTS, frame)
    pd.testing.assert_frame_equal(store.result(PARTS).to_pandas(), frame)
    with Store(store.root) as again:
        pd.testing.assert_frame_equal(again.result(PARTS).to_pandas(), frame)


@pytest.mark.parametrize(
    "change", [{"version": 2}, {"name": "gaps"}, {"parameters": {"sla_s": 21.0}}, {"dataset": "y"}]
)
def test_each_part_of_the_key_counts(store, change):
    store.keep_result(PARTS, pa.table({"a": [1]}))
    assert store.result(PARTS | change) is None
    assert store.result(dict(reversed(PARTS.items()))) is not None


def test_a_change_of_the_code_makes_results_void(store, monkeypatch):
    store.keep_result(PARTS, pa.table({"a": [1]}))
    monkeypatch.setattr(results, "code_version", lambda: "another")
    assert store.result(PARTS) is None


def test_settings_dates_and_numbers_can_be_parts(store):
    parts = PARTS | {"parameters": {"settings": Settings(), "day": pd.Timestamp(2026, 1, 1), "tiers": {"b", "a"}}}
    store.keep_result(parts, pa.table({"a": [1]}))
    assert store.result(parts) is not None
    with pytest.raises(TypeError):
        store.result({"x": object()})


def test_many_sessions_cause_one_computation(store):
    calls = []

    def compute():
        calls.append(threading.get_ident())
        time.sleep(0.2)
        return pa.table({"a": [len(calls)]})

    with Store(store.root) as other, ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: (store, other)[n % 2].cached(PARTS, compute), range(8)))
    assert len(calls) == 1
    assert [table["a"].to_pylist() for table in found] == [[1]] * 8


def test_errors_reach_everybody_and_are_not_kept(store):
    def fail():
        time.sleep(0.1)
        raise ValueError("no")

    with ThreadPoolExecutor(3) as pool:
        futures = [pool.submit(store.cached, PARTS, fail) for _ in range(3)]
        assert [type(future.exception()) for future in futures] == [ValueError] * 3
    assert store.cached(PARTS, lambda: pa.table({"a": [1]})).num_rows == 1


def test_a_session_that_is_stopped_leaves_the_work_to_the_next(store):
    class Stopped(BaseException):
        pass

    began = threading.Event()

    def stop():
        began.set()
        time.sleep(0.1)
        raise Stopped

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(store.cached, PARTS, stop)
        began.wait()
        second = pool.submit(store.cached, PARTS, lambda: pa.table({"a": [2]}))
        assert isinstance(first.exception(), Stopped)
        assert second.result()["a"].to_pylist() == [2]


def test_the_least_recently_used_go_first(tmp_path):
    table = pa.table({"a": list(range(1000))})
    with Store(tmp_path) as store:
        store.keep_result(PARTS, table)
        size = next(store.root.glob("results/*")).stat().st_size
    with Store(tmp_path, results_bytes=int(size * 3.5)) as store:
        for version in (2, 3):
            store.keep_result(PARTS | {"version": version}, table)
            time.sleep(0.01)
        assert store.result(PARTS) is not None
        time.sleep(0.01)
        store.keep_result(PARTS | {"version": 4}, table)
        left = [version for version in (1, 2, 3, 4) if store.result(PARTS | {"version": version}) is not None]
    assert left == [1, 3, 4]


def test_a_damaged_result_is_computed_again(store):
    store.keep_result(PARTS, pa.table({"a": list(range(1000))}))
    path = next(store.root.glob("results/*"))
    path.write_bytes(path.read_bytes()[:500])
    assert store.cached(PARTS, lambda: pa.table({"a": [7]}))["a"].to_pylist() == [7]
    assert store.result(PARTS)["a"].to_pylist() == [7]
