"""Typed rows from parsed pieces: what words mean, which rows are good, what is wrong with the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cxlib.intake.columns import Parsed

_NONE: Final = np.empty(0, np.int64)
MISSING: Final = -1
"""Code of a required cell in which nothing stands."""


@dataclass(frozen=True)
class Meaning:
    """What the different texts of one column mean, as SQL says it: one entry per text.

    `reasons` and `warnings` are the rules that a text breaks, None where it breaks none; `raw` is the text to be shown.
    """

    values: pa.Array
    reasons: list[str | None]
    warnings: list[str | None]
    raw: pa.Array
    required: bool
    kind: pa.DataType

    @property
    def bad(self) -> NDArray[np.bool_]:
        """Which texts set their rows aside."""
        return np.array([each is not None for each in self.reasons], np.bool_)

    @property
    def odd(self) -> NDArray[np.bool_]:
        """Which texts are warned of."""
        return np.array([each is not None for each in self.warnings], np.bool_)


@dataclass(frozen=True)
class Judged:
    """One piece after its words are known.

    `rows` are the good rows, typed; `lines` their numbers in the file. `faults` and `warnings` hold, per column, the
    numbers of rows and the codes of the words in question.
    """

    rows: pa.RecordBatch
    lines: NDArray[np.int64]
    faults: list[tuple[NDArray[np.int64], NDArray[np.int32]]]
    warnings: list[tuple[NDArray[np.int64], NDArray[np.int32]]]


def judged(
    lines: NDArray[np.int64],
    columns: Sequence[tuple[Parsed, NDArray[np.int32], Meaning, NDArray[np.bool_], NDArray[np.bool_]]],
    schema: pa.Schema,
) -> Judged:
    """Put the values of words into their places and leave out the rows with a fault.

    Parameters
    ----------
    columns : sequence of (parsed, codes of its words, their meaning, which words are bad, which are warned of)
    """
    good = np.ones(len(lines), np.bool_)
    faults, warnings = [], []
    for parsed, codes, meaning, bad, odd in columns:
        wrong = np.flatnonzero(bad[codes]) if bad.any() else _NONE
        doubtful = np.flatnonzero(odd[codes]) if odd.any() else _NONE
        where = (wrong, doubtful) if parsed.values is None else (parsed.odd[wrong], parsed.odd[doubtful])
        places, why = where[0], codes[wrong]
        if meaning.required and parsed.values is not None and parsed.valid is not None:
            missing = ~parsed.valid
            missing[parsed.odd] = False
            empty = np.flatnonzero(missing)
            if len(empty):
                places, why = (
                    np.concatenate([places, empty]),
                    np.concatenate([why, np.full(len(empty), MISSING, np.int32)]),
                )
        good[places] = False
        faults.append((lines[places], why))
        warnings.append((lines[where[1]], codes[doubtful]))
    kept = None if good.all() else good
    arrays = [_array(parsed, codes, meaning, kept) for parsed, codes, meaning, _, _ in columns]
    rows = pa.RecordBatch.from_arrays(arrays, schema=schema)
    return Judged(rows, lines if kept is None else lines[kept], faults, warnings)


def _array(parsed: Parsed, codes: NDArray[np.int32], meaning: Meaning, kept: NDArray[np.bool_] | None) -> pa.Array:
    if parsed.values is None:
        return meaning.values.take(pa.array(codes if kept is None else codes[kept]))
    if isinstance(parsed.values, pa.Array):
        texts = _strings(parsed.values, parsed, codes, meaning)
        return texts if kept is None else texts.filter(pa.array(kept))
    values, valid = parsed.values, parsed.valid
    if len(codes) and valid is not None:
        found = meaning.values.take(pa.array(codes))
        values[parsed.odd] = _plain(found, values.dtype)
        valid[parsed.odd] = found.is_valid().to_numpy(zero_copy_only=False)
    if kept is not None:  # here and not in Arrow: the room that was let go before is used again
        values, valid = values[kept], None if valid is None else valid[kept]
    if meaning.kind == pa.int64() and values.dtype != np.int64:
        values = values.astype(np.int64)
    bits = None if valid is None or valid.all() else pa.py_buffer(np.packbits(valid, bitorder="little"))
    return pa.Array.from_buffers(meaning.kind, len(values), [bits, pa.py_buffer(values)])


def _plain(found: pa.Array, kind: np.dtype[np.generic]) -> NDArray[np.generic]:
    """Return the numbers under the values, 0 where there is none."""
    under = {"date32[day]": pa.int32(), "timestamp[us, tz=UTC]": pa.int64()}.get(str(found.type), found.type)
    plain: NDArray[np.generic] = pc.fill_null(found.view(under) if under != found.type else found, 0).to_numpy(
        zero_copy_only=False
    )
    return plain.astype(kind)


def _strings(texts: pa.Array, parsed: Parsed, codes: NDArray[np.int32], meaning: Meaning) -> pa.Array:
    valid = parsed.valid
    if valid is not None:
        bits = pa.py_buffer(np.packbits(valid, bitorder="little"))
        texts = pa.Array.from_buffers(pa.string(), len(texts), [bits, *texts.buffers()[1:]])
    if not len(codes):
        return texts
    mask = np.zeros(len(texts), np.bool_)
    mask[parsed.odd] = True
    return pc.replace_with_mask(texts, pa.array(mask), meaning.values.take(pa.array(codes)))


ASCENDING: Final = 0


def order_of(customers: pa.Array, months: pa.Array) -> int:
    """Return `ASCENDING` where rows ascend strictly by customer and month, 1 where neighbours are equal, else 2."""
    if len(customers) < 2:
        return ASCENDING
    _, offsets, values = customers.buffers()
    edges = np.frombuffer(offsets, np.int32)[customers.offset : customers.offset + len(customers) + 1]
    text = np.frombuffer(values, np.uint8) if values is not None else np.empty(0, np.uint8)
    return int(_order(text, edges, months.view(pa.int32()).to_numpy()))


@njit(cache=True, nogil=True)
def _order(text: np.ndarray, edges: np.ndarray, months: np.ndarray) -> int:
    found = 0
    for i in range(1, len(months)):
        a, b, end = edges[i - 1], edges[i], edges[i + 1]
        sizes = b - a, end - b
        common, k = min(sizes), 0
        while k < common and text[a + k] == text[b + k]:
            k += 1
        if k < common:
            if text[a + k] > text[b + k]:
                return 2
        elif sizes[0] > sizes[1]:
            return 2
        elif sizes[0] == sizes[1]:
            if months[i - 1] > months[i]:
                return 2
            if months[i - 1] == months[i]:
                found = 1
    return found


def sorted_places(customers: pa.ChunkedArray, months: pa.ChunkedArray) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the places of rows by customer (as bytes), month and place, and which of them repeat the one before."""
    coded = customers.dictionary_encode().unify_dictionaries().combine_chunks()
    names = coded.dictionary if isinstance(coded, pa.DictionaryArray) else coded.chunk(0).dictionary
    ranks = np.empty(len(names), np.int64)
    ranks[pc.array_sort_indices(names).to_numpy()] = np.arange(len(names))
    codes = (coded if isinstance(coded, pa.DictionaryArray) else coded.chunk(0)).indices.to_numpy()
    days = months.cast(pa.int32()).to_numpy().astype(np.int64)
    keys = ranks[codes] * (days.max() - days.min() + 1) + (days - days.min())
    order: NDArray[np.int64] = np.argsort(keys, kind="stable")
    keys = keys[order]
    return order, np.concatenate([[False], keys[1:] == keys[:-1]])
