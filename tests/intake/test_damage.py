"""One clean table, one row damaged at a time: the row is named, no other is lost, and nothing is read wrongly."""

from __future__ import annotations

import csv
import io
import random

import pytest

from cxlib.intake import ROW, read_text_table

HEADER = ["id", "name", "city", "month", "fee", "note", "minutes", "ok", "when"]


def clean_rows() -> list[list[str]]:
    rng = random.Random(1)  # noqa: S311
    cities, notes = ["Paris, FR", "Bonn, DE", "Rome", "Oslo, NO"], ["", 'says "hi"', "ok", "a, b; c"]
    return [
        [f"{i:05d}", rng.choice(["Ann", "Bob", "Zoë"]), rng.choice(cities), f"2026-{i % 12 + 1:02d}", f"{i * 1.25:.2f}",
         rng.choice(notes), str(i * 7), rng.choice(["yes", "no"]), f"2026-03-{i % 28 + 1:02d} 09:00:{i % 60:02d}"]
        for i in range(80)
    ]  # fmt: skip


ROWS = clean_rows()


def line_of(fields: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(fields)
    return out.getvalue()


def damaged(kind: str, fields: list[str]) -> list[str]:
    cells = [line_of([cell]) if cell else "" for cell in fields]
    inner = range(len(cells) - 1)
    if kind == "too few":
        return [",".join([*cells[:k], cells[k] + cells[k + 1], *cells[k + 2 :]]) for k in inner]
    if kind == "too many":
        return [",".join([*cells[: k + 1], "", *cells[k + 1 :]]) for k in inner]
    if kind == "other separator":
        return [mark.join(cells) for mark in ";|\t"]
    places = {"quote before": lambda _: 0, "quote within": lambda cell: len(cell) // 2, "quote after": len}
    at = places[kind]
    return [
        ",".join([*cells[:k], cell[: at(cell)] + '"' + cell[at(cell) :], *cells[k + 1 :]])
        for k, cell in enumerate(cells)
    ]


@pytest.mark.parametrize(
    "kind", ["too few", "too many", "other separator", "quote before", "quote within", "quote after"]
)
def test_the_damaged_row_is_named_and_every_other_is_right(kind):
    lines = [line_of(fields) for fields in [HEADER, *ROWS]]
    for i in range(0, 80, 13):
        for line in damaged(kind, ROWS[i]):
            text = read_text_table(("\n".join([*lines[: i + 1], line, *lines[i + 2 :]]) + "\n").encode())
            got = zip(*(text.table.column(name).to_pylist() for name in text.columns), strict=True)
            found = dict(zip(text.table.column(ROW).to_pylist(), map(list, got), strict=True))
            assert found == {n + 2: row for n, row in enumerate(ROWS) if n != i}
            assert text.rejected["row"].tolist() == [i + 2]
            assert text.rejected["text"].tolist() == [line]
            assert text.needs_confirmation == []
