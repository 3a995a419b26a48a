"""Honest tables, however large and however well packed, are told from bombs by what their metadata declare."""

from __future__ import annotations

import gzip
import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cxlib.errors import CxError
from cxlib.intake.bounds import FREE_GZIP_BYTES, MAX_EXPANDED_BYTES, MIB, check_expansion, check_parquet
from cxlib.intake.sources import open_source

ROWS = 1_200_000


def repeated(table: pa.Table, times: int, *, compression: str = "snappy") -> tuple[int, pq.FileMetaData]:
    """Return size and metadata of a file with the same rows many times over."""
    file = io.BytesIO()
    pq.write_table(table, file, row_group_size=len(table), compression=compression)
    part, whole = pq.ParquetFile(file).metadata, pq.ParquetFile(file).metadata
    for _ in range(times - 1):
        whole.append_row_groups(part)
    return times * len(file.getvalue()), whole


def usage(*, constant: bool) -> pa.Table:
    rows = np.arange(ROWS)
    draws = np.random.default_rng(7).integers(0, 90_000, ROWS) / 100
    return pa.table(
        {
            "customer_id": pa.array([f"C{i:08d}" for i in range(ROWS // 12)]).take(pa.array(rows // 12)),
            "month": pa.array([f"2026-{i:02d}" for i in range(1, 13)]).take(pa.array(rows % 12)),
            "plan_id": pa.array(["S", "M", "L"]).take(pa.array(rows // 12 % 3)),
            "minutes": np.zeros(ROWS) if constant else draws,
            "data_mb": np.zeros(ROWS) if constant else draws[::-1],
        }
    )


@pytest.mark.parametrize("constant", [False, True], ids=["meters drawn", "meters all zero"])
@pytest.mark.parametrize("compression", ["snappy", "zstd"])
def test_120_million_honest_rows_are_taken(constant: bool, compression: str) -> None:
    packed, metadata = repeated(usage(constant=constant), 100, compression=compression)
    assert metadata.num_rows == 120_000_000
    check_parquet(packed, metadata)


def test_gigabytes_in_400_kb_are_refused() -> None:
    zeros = pa.table({f"c{i}": np.zeros(1_000_000) for i in range(5)})
    _packed, whole = repeated(zeros, 100)
    with pytest.raises(CxError, match=r"MB in 0\.4 MB") as refused:
        check_parquet(400 << 10, whole)
    assert refused.value.code == "too_large"


def test_more_rows_than_can_be_read_in_a_day_are_refused() -> None:
    packed, metadata = repeated(usage(constant=False), 834)
    with pytest.raises(CxError):
        check_parquet(packed, metadata)


@pytest.mark.parametrize(
    ("packed", "expanded", "taken"),
    [
        (1, 200 * MIB, True),  # small, whatever the ratio
        (2 * MIB, 300 * MIB, True),
        (1 * MIB, 300 * MIB, False),
        (1000 * MIB, MAX_EXPANDED_BYTES, True),
        (1000 * MIB, MAX_EXPANDED_BYTES + 1, False),
    ],
)
def test_packed_text_is_bounded_by_its_ratio_and_its_size(packed: int, expanded: int, taken: bool) -> None:
    if taken:
        check_expansion(packed, expanded)
    else:
        with pytest.raises(CxError):
            check_expansion(packed, expanded)


def test_a_packed_bomb_is_refused_before_much_of_it_is_unpacked() -> None:
    with pytest.raises(CxError) as refused:
        open_source(gzip.compress(bytes(64 * MIB)) * 32)
    assert refused.value.code == "too_large"
    assert refused.value.values["expanded"] * MIB <= FREE_GZIP_BYTES + 2 * MIB


def test_zeros_that_pack_well_are_taken_as_long_as_they_are_few() -> None:
    text = b"customer_id,month,minutes\n" + b"00000007,2026-01,0\n" * 3_000_000
    assert open_source(gzip.compress(text, compresslevel=9)).data == text
