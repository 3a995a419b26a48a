"""Typed rows piece by piece: plain cells straight from the bytes, the different odd texts by SQL."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cxlib.engine.threads import run, stream
from cxlib.intake.cells import ROW
from cxlib.intake.columns import Plan, plan_of
from cxlib.intake.decide import decide
from cxlib.intake.evidence import FirstLook, evidence, unified
from cxlib.intake.filed import TYPED, FiledRows, leave_out, put_in_order, repeated
from cxlib.intake.problems import problem_frame
from cxlib.intake.rows import ASCENDING, MISSING, Judged, Meaning, judged, order_of, sorted_places
from cxlib.intake.targets import SORTED_BY, Found, check_zone, checked, schema_of, target_of, wanted
from cxlib.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import duckdb
    from numpy.typing import NDArray

    from cxlib.intake.cells import Piece
    from cxlib.intake.columns import Parsed
    from cxlib.intake.mapping import Mapping
    from cxlib.intake.text_table import TextTable
    from cxlib.tables import Column

    Told = list[tuple[int | None, str, str, str]]
    Codes = list[list[NDArray[np.int32]]]

ROOM_BYTES: Final = 256 << 20
_NONE: Final = np.empty(0, np.int64)


def by_pieces(
    connection: duckdb.DuckDBPyConnection,
    text: TextTable,
    mapping: Mapping,
    zone: str | None,
    *,
    out: Path | None = None,
    room: float = ROOM_BYTES,
    tell: Callable[[float], None] = lambda _: None,
) -> Found | None:
    """Read all rows in parallel pieces; None where a column takes more than its own cell to tell.

    Parameters
    ----------
    out : Path, optional
        Where the rows go as they are read, see `FiledRows`; without it they are returned.
    room : float
        With `out`, so many bytes are kept between the first and the second pass.
    tell : callable
        Told the share that is done.
    """
    columns = wanted(mapping)
    plans = _plans(columns, mapping)
    if plans is None:
        return None
    tell_rows = _shares(text.rows, tell)
    constants = [mapping.columns[name].constant for name, _ in columns]
    look = FirstLook(text.cells, plans, constants, room=np.inf if out is None else room, tell=tell_rows)
    words, codes = _words(look)
    ids = {header: f"c{i}" for i, header in enumerate(text.columns)}
    seen = {}
    for i, (name, _) in enumerate(columns):
        table = _relation(ids, plans[i], *evidence(look.seen[i], words[i], codes[i]))
        seen[name] = f"seen_{i}"
        connection.register(seen[name], table)
    decided = decide(connection, mapping, ids, zone=zone, seen=seen)
    check_zone(decided.zone)
    _read_again(decided, columns, look, (words, codes))
    meanings = [
        _meaning(connection, decided, (name, column), ids, _relation(ids, plans[i], words[i]))
        for i, (name, column) in enumerate(columns)
    ]
    look.seen.clear()
    judge = _Judge(look, codes, meanings, schema_of(columns))
    if out is None:
        pieces = list(judge.pieces(tell_rows))
        table, rows, again = _in_order(connection, text, decided, pieces, columns)
        loaded = table.num_rows
    else:
        table = rows = None
        pieces, again = _filed(text, decided, judge, columns, out, tell_rows)
        loaded = pq.read_metadata(out / TYPED).num_rows
    faults = _told(columns, meanings, pieces)
    problems = problem_frame(sorted([*again, *faults], key=lambda each: each[0] or 0))
    return Found(decided, table, rows, problems, loaded)


def _shares(rows: int, tell: Callable[[float], None]) -> Callable[[int], None]:
    """Return what is to be told the rows of each piece; all rows are gone through twice."""
    done = 0

    def told(more: int) -> None:
        nonlocal done
        done += more
        tell(min(done / (2 * rows), 1.0) if rows else 1.0)

    return told


def _plans(columns: Sequence[tuple[str, Column]], mapping: Mapping) -> list[Plan] | None:
    found = [plan_of(column, mapping.columns[name]) for name, column in columns]
    later = {each.not_before for each in mapping.columns.values()} - {None}
    return None if None in found or later else [each for each in found if each is not None]


def _words(look: FirstLook) -> tuple[list[pa.Array], Codes]:
    found = [unified(each) for each in look.seen]
    return [words for words, _ in found], [codes for _, codes in found]


def _relation(ids: dict[str, str], plan: Plan, words: pa.Array, often: pa.Array | None = None) -> pa.Table:
    """Return texts under the identifier of their header, as SQL is to see them."""
    name = ids[plan.header] if plan.header else "c"
    count = pa.array(np.ones(len(words), np.int64)) if often is None else often
    return pa.table({ROW: pa.array(np.arange(len(words))), name: words, "n": count})


def _read_again(
    decided: Mapping, columns: Sequence[tuple[str, Column]], look: FirstLook, found: tuple[list[pa.Array], Codes]
) -> None:
    """Read the columns once more for which the decided map allows other plain shapes than were taken at first."""
    changed = {}
    for i, (name, column) in enumerate(columns):
        plan = plan_of(column, decided.columns[name]) or Plan(look.plans[i].header, "words")
        if plan.way == "time" and decided.zone not in (None, "UTC") and any(each.naive for each in look.seen[i]):
            plan = Plan(plan.header, "words")
        if plan != look.plans[i]:
            changed[i] = plan
    look.again(changed)
    words, codes = found
    for i in changed:
        words[i], codes[i] = unified(look.seen[i])


def _meaning(
    connection: duckdb.DuckDBPyConnection,
    mapping: Mapping,
    wanted_column: tuple[str, Column],
    ids: dict[str, str],
    words: pa.Table,
) -> Meaning:
    name, column = wanted_column
    kind = schema_of([wanted_column]).field(0).type
    if not words.num_rows:
        return Meaning(pa.array([], kind), [], [], pa.array([], pa.string()), column.required, kind)
    connection.register("words", words)
    query = checked("words", [target_of(name, column, mapping, ids, 0)], mapping)
    told = connection.sql(f"SELECT v0, e0, w0, coalesce(r0, '') AS r0 FROM ({query}) ORDER BY __row").to_arrow_table()
    connection.unregister("words")
    values = told["v0"].combine_chunks().cast(kind)
    rules, warnings = told["e0"].to_pylist(), told["w0"].to_pylist()
    return Meaning(values, rules, warnings, told["r0"].combine_chunks(), column.required, kind)


class _Judge:
    """Makes typed rows of each piece; what was parsed is let go piece by piece."""

    def __init__(self, look: FirstLook, codes: Codes, meanings: Sequence[Meaning], schema: pa.Schema) -> None:
        self._look = look
        self._codes = codes
        self._meanings = meanings
        self._bad = [each.bad for each in meanings]
        self._odd = [each.odd for each in meanings]
        self.schema = schema

    def pieces(self, tell: Callable[[int], None]) -> Iterator[Judged]:
        """Go through all pieces in the order of the file."""
        kept = len(self._look.kept)
        for found in stream(self._kept, [(k,) for k in range(kept)]):
            tell(len(found.lines))
            yield found
        for found in self._look.cells.stream(self._read, kept) if kept < self._look.cells.pieces else ():
            tell(len(found.lines))
            yield found

    def _kept(self, k: int) -> Judged:
        lines, parsed = self._look.kept[k]
        self._look.kept[k] = (_NONE, [])
        return self._judged(k, lines, parsed)

    def _read(self, k: int, piece: Piece) -> Judged:
        return self._judged(k, piece.lines.copy(), self._look.parse(piece))

    def _judged(self, k: int, lines: NDArray[np.int64], parsed: list[Parsed]) -> Judged:
        parts = []
        for i, meaning in enumerate(self._meanings):
            codes = self._codes[i][k][parsed[i].words.indices.to_numpy()]
            parts.append((parsed[i], codes, meaning, self._bad[i], self._odd[i]))
        return judged(lines, parts, self.schema)


def _filed(  # noqa: PLR0917 - as `_in_order`, and where
    text: TextTable,
    mapping: Mapping,
    judge: _Judge,
    columns: Sequence[tuple[str, Column]],
    out: Path,
    tell: Callable[[int], None],
) -> tuple[list[Judged], Told]:
    """Write the rows in the order of their table, without those whose key occurred before, which are told.

    Returns the pieces without their rows.
    """
    names = [name for name, _ in columns]
    key = [name for name in TABLES[mapping.table].key_of(names) if name in names]
    by = SORTED_BY.get(mapping.table, ())
    by = by if key == list(by) else ()
    pieces, nothing = [], pa.RecordBatch.from_pylist([], judge.schema)
    with FiledRows(out, judge.schema, by) as filed:
        for each in judge.pieces(tell):
            filed.add(each.rows, each.lines)
            pieces.append(replace(each, rows=nothing, lines=_NONE))
    if by:
        again = put_in_order(out, by, filed.order)
    elif key and pq.read_metadata(out / TYPED).num_rows:
        again = repeated(out, key)
        if len(again):
            leave_out(out, again[:, 0])
    else:
        again = np.empty((0, 2), np.int64)
    return pieces, _again(text, mapping, key, again) if len(again) else []


def _told(columns: Sequence[tuple[str, Column]], meanings: Sequence[Meaning], pieces: Sequence[Judged]) -> Told:
    """Name what is wrong: by column, faults before warnings, in the order of the file."""
    found: Told = []
    for i, ((name, _), meaning) in enumerate(zip(columns, meanings, strict=True)):
        for rules, parts in (
            (meaning.reasons, [piece.faults[i] for piece in pieces]),
            (meaning.warnings, [piece.warnings[i] for piece in pieces]),
        ):
            rows = np.concatenate([np.empty(0, np.int64), *(rows for rows, _ in parts)])
            codes = np.concatenate([np.empty(0, np.int32), *(codes for _, codes in parts)])
            order = np.argsort(rows, kind="stable")
            rows, codes = rows[order], codes[order]
            shown = (
                meaning.raw.take(pa.array(np.maximum(codes, 0))).to_pylist() if len(meaning.raw) else [""] * len(rows)
            )
            for row, code, raw in zip(rows.tolist(), codes.tolist(), shown, strict=True):
                missing = code == MISSING
                found.append((row, name, "missing" if missing else str(rules[code]), "" if missing else raw))
    return found


def _in_order(
    connection: duckdb.DuckDBPyConnection,
    text: TextTable,
    mapping: Mapping,
    pieces: list[Judged],
    columns: Sequence[tuple[str, Column]],
) -> tuple[pa.Table, pa.ChunkedArray, Told]:
    """Return the rows in the order of their table, without those whose key occurred before, which are told."""
    names = [name for name, _ in columns]
    table = pa.Table.from_batches([each.rows for each in pieces], schema_of(columns))
    rows = pa.chunked_array([pa.array(each.lines) for each in pieces], pa.int64())
    key = [name for name in TABLES[mapping.table].key_of(names) if name in names]
    by = SORTED_BY.get(mapping.table, ())
    if by and key == list(by):
        if _ascends(pieces, by):
            return table, rows, []
        return _sorted(text, mapping, table, rows)
    if not key or not table.num_rows:
        return table, rows, []
    connection.register("keys", table.select(key).append_column(ROW, rows))
    listed = ", ".join(f'"{name}"' for name in key)
    same = " AND ".join(f'a."{name}" IS NOT DISTINCT FROM d."{name}"' for name in key)
    twice = f"SELECT {listed}, min({ROW}) AS first FROM keys GROUP BY {listed} HAVING count(*) > 1"
    found = connection.execute(
        f"SELECT a.{ROW}, d.first FROM keys a JOIN ({twice}) d ON {same} WHERE a.{ROW} > d.first ORDER BY a.{ROW}"
    ).fetchall()
    connection.unregister("keys")
    if not found:
        return table, rows, []
    again = np.array(found, np.int64)
    kept = pa.array(~np.isin(rows.to_numpy(), again[:, 0]))
    return table.filter(kept), rows.filter(kept), _again(text, mapping, key, again)


def _ascends(pieces: Sequence[Judged], by: Sequence[str]) -> bool:
    """Tell whether the rows of all pieces together ascend strictly."""
    filled = [each.rows for each in pieces if each.rows.num_rows]
    customer, month = by
    edges = [(rows.slice(0, 1), rows.slice(rows.num_rows - 1)) for rows in filled]
    for (_, last), (first, _) in itertools.pairwise(edges):
        joint = pa.Table.from_batches([last, first]).combine_chunks()
        if order_of(joint[customer].chunk(0), joint[month].chunk(0)) != ASCENDING:
            return False
    orders = run(order_of, [(rows.column(customer), rows.column(month)) for rows in filled])
    return all(each == ASCENDING for each in orders)


def _sorted(
    text: TextTable, mapping: Mapping, table: pa.Table, rows: pa.ChunkedArray
) -> tuple[pa.Table, pa.ChunkedArray, Told]:
    customer, month = SORTED_BY[mapping.table]
    places, repeats = sorted_places(table[customer], table[month])
    numbers = rows.to_numpy()[places]
    told: Told = []
    if repeats.any():
        firsts = numbers[np.maximum.accumulate(np.where(repeats, 0, np.arange(len(numbers))))]
        again = np.stack([numbers[repeats], firsts[repeats]], axis=1)
        again = again[np.argsort(again[:, 0])]
        told = _again(text, mapping, [customer, month], again)
        places, numbers = places[~repeats], numbers[~repeats]
    return table.take(pa.array(places)), pa.chunked_array([pa.array(numbers)]), told


def _again(text: TextTable, mapping: Mapping, key: Sequence[str], again: NDArray[np.int64]) -> Told:
    """Name the rows (row, first row with the same key); alike are those of which all cells are."""
    used = {header for each in mapping.columns.values() for group in each.sources for header in group}
    cells = text.take(np.unique(again).tolist())
    numbers = cells.column(ROW).to_numpy()
    here, there = (pa.array(np.searchsorted(numbers, again[:, i])) for i in (0, 1))
    alike = pa.array(np.ones(len(again), np.bool_))
    for header in text.columns:
        column = pc.utf8_trim_whitespace(cells.column(header)) if header in used else cells.column(header)
        alike = pc.and_(alike, pc.equal(column.take(here), column.take(there)))
    shown = ", ".join(key)
    rules = ["duplicate_row" if each else "duplicate_key" for each in alike.to_pylist()]
    return [(row, shown, rule, f"= {first}") for (row, first), rule in zip(again.tolist(), rules, strict=True)]
