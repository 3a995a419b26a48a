"""A large Parquet file read group by group gives what the same values as text give."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cxlib.errors import CxError
from cxlib.intake import read, read_text_table


def usage(rows: int = 600) -> pa.Table:
    months = [dt.date(2026, i % 12 + 1, 1) for i in range(rows)]
    minutes = [float(i % 300) if i % 7 else None for i in range(rows)]
    data = np.round(np.arange(rows) * 1.37, 2)
    data[3], data[4], data[5], data[6] = -1.0, 1e15, 123456789.123456, 999.0
    months[8] = dt.date(2026, 9, 14)
    return pa.table({
        "customer_id": pa.array([f"C{i // 12:06d}" for i in range(rows)]).dictionary_encode(),
        "month": pa.array(months, pa.date32()),
        "plan_id": pa.array(["S" if i % 3 else None for i in range(rows)]),
        "minutes": pa.array(minutes, pa.float64()),
        "sms": pa.array([i % 40 if i != 30 else None for i in range(rows)], pa.int32()),
        "data_mb": pa.array(data),
    })  # fmt: skip


@pytest.mark.parametrize("group", [1, 7, 100, 10_000])
def test_groups_of_any_size_give_the_whole(tmp_path, monkeypatch, group):
    path = tmp_path / "usage.parquet"
    table = usage(60 if group == 1 else 600)
    pq.write_table(table, path, row_group_size=group)
    whole = read(path)
    monkeypatch.setattr("cxlib.intake.parquet.MANY_ROWS", 10)
    parts = read(path)
    assert "table" not in parts.text.__dict__
    assert parts.mapping == whole.mapping
    assert parts.table.equals(whole.table)
    assert parts.problems.to_dict("records") == whole.problems.to_dict("records")
    assert parts.quarantined.equals(whole.quarantined)
    errors = parts.problems[parts.problems["severity"] == "error"]
    assert errors[["row", "column", "rule"]].to_numpy().tolist() == [
        [4, "data_mb", "below_minimum"], [5, "data_mb", "not_a_number"]]  # fmt: skip
    assert parts.rows.to_pylist() == whole.rows.to_pylist()
    text = parts.text
    assert text.take([1, 9, 10**9]).to_pylist() == whole.text.take([1, 9]).to_pylist()
    assert text.cells.tail(5).to_pylist() == whole.text.cells.tail(5).to_pylist()
    assert text.head(3).equals(whole.text.head(3))
    assert text.column("month").to_pylist() == whole.text.column("month").to_pylist()
    assert text.table.equals(whole.text.table)


def test_long_texts_in_many_rows_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "bomb.parquet"
    names = pa.DictionaryArray.from_arrays(pa.array(np.zeros(40_000, np.int32)), ["x" * 20_000])
    pq.write_table(pa.table({"customer_id": names, "month": names}), path)
    monkeypatch.setattr("cxlib.intake.parquet.MANY_ROWS", 10)
    with pytest.raises(CxError) as caught:
        read_text_table(path)
    assert caught.value.code == "too_large"
