from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxlib.engine.duck import literal, locked, quoted

if TYPE_CHECKING:
    from pathlib import Path


def test_only_the_named_folder_can_be_read(tmp_path: Path):
    inside, outside = tmp_path / "in", tmp_path / "out"
    for folder in (inside, outside):
        folder.mkdir()
        (folder / "t.csv").write_text("a\n1\n")
    with locked(read=[inside]) as connection:
        assert connection.execute(f"SELECT count(*) FROM '{inside}/t.csv'").fetchone() == (1,)
        with pytest.raises(duckdb.Error, match="disabled by configuration"):
            connection.execute(f"SELECT * FROM '{outside}/t.csv'")


def test_nothing_can_be_written_elsewhere_or_unlocked(tmp_path: Path):
    with locked() as connection:
        with pytest.raises(duckdb.Error, match="disabled by configuration"):
            connection.execute(f"COPY (SELECT 1) TO '{tmp_path}/x.csv'")
        with pytest.raises(duckdb.Error, match="locked"):
            connection.execute("SET enable_external_access = true")


def test_a_single_file_may_be_named(tmp_path: Path):
    out = tmp_path / "out.parquet"
    with locked(write=[out]) as connection:
        connection.execute(f"COPY (SELECT 1 AS a) TO {literal(str(out))} (FORMAT parquet)")
    assert out.exists()


@settings(deadline=None, max_examples=30)
@given(st.text(min_size=1, max_size=20).filter(lambda text: "\x00" not in text))
def test_names_and_texts_are_never_more_than_that(text: str):
    with duckdb.connect() as connection:
        assert connection.execute(f"SELECT {literal(text)}").fetchall() == [(text,)]
        connection.register("given", pa.table({text: [1]}))
        assert connection.execute(f"SELECT {quoted(text)} FROM given").fetchall() == [(1,)]
