"""Usage as columns for the kernels: whatever frame it comes in, without one Python object per row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

from cxlib.engine.fixed import fixed_chunks
from cxlib.engine.threads import blocks, run
from cxlib.errors import CxError
from cxlib.matching.months import month_numbers, month_text
from cxlib.tables import MAX_DECIMALS
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

NO_PLAN: Final = -2
UNKNOWN_PLAN: Final = -1
_BLOCK: Final = 500_000


@dataclass(frozen=True)
class Usage:
    """Usage of C customers in N rows, sorted by customer and month.

    `quantity` [M, N] counts in units of ``10 ** -decimals`` of each meter; `held` is the position of the plan held,
    `NO_PLAN` where the usage does not say; `complete` is None where every month is; `billed` are the amounts billed, as
    the usage has them, where they were asked for and are there.
    """

    customer_ids: pa.LargeStringArray
    starts: NDArray[np.int64]  # [C + 1]
    month: NDArray[np.int32]  # [N], see `months`
    quantity: NDArray[Any]
    decimals: tuple[int, ...]
    largest: tuple[int, ...]
    held: NDArray[np.int16]
    complete: NDArray[np.bool_] | None
    billed: pa.ChunkedArray | None = None
    lines: NDArray[np.int32] | None = None  # [N], lines of an account that a row is the sum of; None where all are 1

    def customer_of(self, row: int) -> int:
        """Return the position of the customer of a row."""
        return int(np.searchsorted(self.starts, row, side="right")) - 1

    def named(self, row: int) -> dict[str, Any]:
        """Return customer and month of a row, for a message."""
        return {
            "customer": str(self.customer_ids[self.customer_of(row)].as_py()),
            "month": month_text(int(self.month[row])),
        }


def columns_of(frame: Any, names: Sequence[str]) -> pa.Table:
    """Return those of the named columns that the frame has, as a pyarrow table."""
    if isinstance(frame, pa.Table):
        return frame.select([name for name in names if name in frame.column_names])
    native = nw.from_native(frame, pass_through=True)
    if isinstance(native, nw.LazyFrame):
        native = native.select([name for name in names if name in native.collect_schema().names()]).collect("pyarrow")
    if not isinstance(native, nw.DataFrame):
        raise CxError("not_a_frame", N_("A table is needed: pandas, polars, pyarrow or duckdb."))
    return native.select([name for name in names if name in native.columns]).to_arrow()


def read_usage(
    frame: Any, *, meters: Sequence[str], plan_ids: Sequence[str], least: Sequence[int], billed: bool = False
) -> Usage:
    """Read usage rows, sort them where they are not sorted, and count their quantities.

    Parameters
    ----------
    frame : frame
        customer_id, month, one column per meter; optionally plan_id, complete.
    least : sequence of int
        Per meter, the decimals that the catalogue needs.
    billed : bool
        Whether to read `billed_amount` too.

    Raises
    ------
    CxError
        ``missing_column``, ``missing_customer``, ``bad_month``, ``duplicate_month``, ``unknown_plan``,
        ``negative_usage``, ``not_a_number``, ``too_many_decimals`` or ``too_large``, naming customer and month.
    """
    amounts = ["billed_amount"] if billed else []
    table = columns_of(frame, ["customer_id", "month", "plan_id", "complete", *meters, *amounts])
    for name in ("customer_id", "month", *meters):
        if name not in table.column_names:
            raise CxError(
                "missing_column",
                N_("The usage has no column {column}."),
                hint=N_("Add it, or map one of the file's columns to it."),
                column=name,
            )
    ids = as_texts(table["customer_id"])
    if ids.null_count:
        raise CxError("missing_customer", N_("A row of the usage names no customer."), column="customer_id")
    month = month_numbers(table["month"])
    if len(month) and int(month.min()) < 0:
        raise CxError("bad_month", N_("A row of the usage has no month."), column="month")
    starts, names = customer_runs(ids)
    if not in_order(starts, names, month):
        order = pc.sort_indices(
            pa.table({"customer": ids.cast(pa.large_string()), "month": month}),
            sort_keys=[("customer", "ascending"), ("month", "ascending")],
        )
        table, month = table.take(order), month[order.to_numpy()]
        starts, names = customer_runs(ids.take(order))
    _refuse_doubles(starts, names, month)
    held = plan_positions(table["plan_id"], plan_ids) if "plan_id" in table.column_names else None
    counted = _quantities(table, meters, least, starts, names, month)
    usage = Usage(
        customer_ids=names,
        starts=starts,
        month=month,
        quantity=counted[0],
        decimals=counted[1],
        largest=counted[2],
        held=np.full(len(month), NO_PLAN, dtype=np.int16) if held is None else held,
        complete=_flags(table["complete"]) if "complete" in table.column_names else None,
        billed=table["billed_amount"] if billed and "billed_amount" in table.column_names else None,
    )
    unknown = usage.held == UNKNOWN_PLAN
    if unknown.any():
        row = int(unknown.argmax())
        raise unknown_plan(table["plan_id"][row].as_py(), **usage.named(row))
    return usage


def unknown_plan(plan: Any, *, customer: str, month: str) -> CxError:
    """Return the error of a plan that the catalogue lacks."""
    return CxError(
        "unknown_plan",
        N_("Customer {customer} holds plan {plan} in {month}, which the catalogue does not have."),
        hint=N_("Add the plan to the catalogue, or correct its name."),
        column="plan_id",
        value=plan,
        plan=plan,
        customer=customer,
        month=month,
    )


def as_texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column of names as texts or coded texts."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return column
    return column.cast(pa.large_string())


def plan_positions(column: pa.ChunkedArray, plan_ids: Sequence[str]) -> NDArray[np.int16]:
    """Return for each plan name its position, `UNKNOWN_PLAN` or `NO_PLAN`."""
    column = as_texts(column)
    out = np.empty(len(column), dtype=np.int16)
    known = pa.array(plan_ids, pa.large_string())
    tasks: list[tuple[Any, ...]] = []
    coded: list[tuple[Any, ...]] = []
    start = 0
    for chunk in column.chunks:
        into = out[start : start + len(chunk)]
        start += len(chunk)
        if pa.types.is_dictionary(chunk.type):
            coded.append((chunk, known, into))
            continue
        keys = _bytes_of(known)
        given = _bytes_of(chunk.fill_null("") if chunk.null_count else chunk)
        tasks += [(given[0][lo : hi + 1], given[1], *keys, into[lo:hi]) for lo, hi in _parts(len(chunk))]
    run(_match, tasks)
    run(_match_codes, coded)
    return out


def _match_codes(chunk: pa.DictionaryArray, known: pa.LargeStringArray, into: NDArray[np.int16]) -> None:
    found = pc.index_in(chunk.dictionary.cast(pa.large_string()), value_set=known).fill_null(UNKNOWN_PLAN)
    codes = (chunk.indices.fill_null(len(found)) if chunk.null_count else chunk.indices).to_numpy(zero_copy_only=False)
    np.take(np.array([*found.to_pylist(), NO_PLAN], dtype=np.int16), codes, out=into, mode="clip")


def _parts(n: int) -> list[tuple[int, int]]:
    return blocks(n, parts=1 + n // _BLOCK) if n else []


def _bytes_of(texts: Any) -> tuple[NDArray[Any], NDArray[np.uint8]]:
    """Return offsets and bytes of a text array, without a copy."""
    _, offsets, data = texts.buffers()
    kind = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    if offsets is None or not offsets.size:
        return np.zeros(1, dtype=kind), np.zeros(0, dtype=np.uint8)
    edges = np.frombuffer(offsets, dtype=kind)[texts.offset : texts.offset + len(texts) + 1]
    return edges, np.frombuffer(data, dtype=np.uint8) if data is not None else np.zeros(0, dtype=np.uint8)


def customer_runs(ids: pa.ChunkedArray) -> tuple[NDArray[np.int64], pa.LargeStringArray]:
    """Return where each run of equal names starts, with the end, and the runs' names."""
    chunks = [chunk for chunk in ids.chunks if len(chunk)]
    new = np.zeros(len(ids), dtype=np.bool_)
    tasks: list[tuple[Any, ...]] = []
    coded: list[tuple[Any, ...]] = []
    start, before = 0, None
    for chunk in chunks:
        into = new[start : start + len(chunk)]
        if pa.types.is_dictionary(chunk.type):
            coded.append((chunk.indices.to_numpy(zero_copy_only=False), into))
        else:
            edges, data = _bytes_of(chunk)
            tasks += [
                (edges[max(lo - 1, 0) : hi + 1], data, into[max(lo - 1, 0) : hi]) for lo, hi in _parts(len(chunk))
            ]
        start += len(chunk)
    run(_mark_changes, tasks)
    run(_mark_code_changes, coded)
    start, firsts = 0, []
    for chunk in chunks:
        into = new[start : start + len(chunk)]
        into[0] = before is None or chunk[0].as_py() != before
        before = chunk[-1].as_py()
        firsts.append((chunk, into))
        start += len(chunk)
    names = run(_names_at, firsts)
    starts = np.append(np.flatnonzero(new), len(ids)).astype(np.int64)
    return starts, pa.concat_arrays(names) if names else pa.array([], pa.large_string())


def _names_at(chunk: Any, marked: NDArray[np.bool_]) -> pa.LargeStringArray:
    return chunk.take(pa.array(np.flatnonzero(marked))).cast(pa.large_string())


def _mark_code_changes(codes: NDArray[Any], new: NDArray[np.bool_]) -> None:
    np.not_equal(codes[1:], codes[:-1], out=new[1:])


@njit(cache=True, nogil=True)
def _mark_changes(edges: Any, data: Any, new: Any) -> None:
    """Mark each text but the first that differs from the one before."""
    for i in range(1, len(new)):
        a, b, c = edges[i - 1], edges[i], edges[i + 1]
        differs = b - a != c - b
        if not differs:
            for k in range(1, c - b + 1):  # names of neighbours differ at their end
                if data[b - k] != data[c - k]:
                    differs = True
                    break
        new[i] = differs


@njit(cache=True, nogil=True)
def _match(edges: Any, data: Any, key_edges: Any, key_data: Any, out: Any) -> None:
    """Find each text among the keys; neighbours are mostly alike."""
    keys = len(key_edges) - 1
    last = 0
    for i in range(len(out)):
        a, n = edges[i], edges[i + 1] - edges[i]
        found = NO_PLAN if n == 0 else UNKNOWN_PLAN
        for step in range(keys if n else 0):
            k = last + step
            k = k - keys if k >= keys else k
            b = key_edges[k]
            if key_edges[k + 1] - b != n:
                continue
            same = True
            for j in range(n):
                if data[a + j] != key_data[b + j]:
                    same = False
                    break
            if same:
                found = k
                last = k
                break
        out[i] = found


def in_order(starts: NDArray[np.int64], names: pa.LargeStringArray, month: NDArray[np.int32]) -> bool:
    """Return whether customers are sorted by name and each one's months ascend without doubles."""
    if len(names) > 1 and not pc.all(pc.less(names[:-1], names[1:])).as_py():
        return False
    return bool(_first_step(starts, month, 0) < 0)


def _refuse_doubles(starts: NDArray[np.int64], names: pa.LargeStringArray, month: NDArray[np.int32]) -> None:
    row = int(_first_step(starts, month, 1))
    if row >= 0:
        at = int(np.searchsorted(starts, row, side="right")) - 1
        raise CxError(
            "duplicate_month",
            N_("Customer {customer} has two rows of {month}."),
            hint=N_("Keep one row per customer and month."),
            column="month",
            customer=names[at].as_py(),
            month=month_text(int(month[row])),
        )


@njit(cache=True, nogil=True)
def _first_step(starts: Any, month: Any, least: int) -> int:
    """Return the first row whose month exceeds the one before, of the same customer, by less than `least`; or -1."""
    for c in range(len(starts) - 1):
        for i in range(starts[c] + 1, starts[c + 1]):
            if month[i] - month[i - 1] < least:
                return int(i)
    return -1


def _flags(column: pa.ChunkedArray) -> NDArray[np.bool_] | None:
    flags = column.cast(pa.bool_()).fill_null(True)
    if pc.all(flags).as_py() is not False:
        return None
    return np.concatenate([chunk.to_numpy(zero_copy_only=False) for chunk in flags.chunks])


def _quantities(  # noqa: PLR0917
    table: pa.Table,
    meters: Sequence[str],
    least: Sequence[int],
    starts: NDArray[np.int64],
    names: pa.LargeStringArray,
    month: NDArray[np.int32],
) -> tuple[NDArray[Any], tuple[int, ...], tuple[int, ...]]:
    out: NDArray[Any] = np.empty((len(meters), table.num_rows), dtype=np.int32)
    decimals, largest = [], []

    def refuse(code: str, hint: str, row: int, meter: str) -> CxError:
        at = int(np.searchsorted(starts, row, side="right")) - 1
        value = table[meter][row].as_py()
        return CxError(
            code,
            N_("{column} of customer {customer} in {month} cannot be billed: {value}."),
            hint=hint,
            column=meter,
            value="" if value is None else value,
            customer=names[at].as_py(),
            month=month_text(int(month[row])),
        )

    for m, meter in enumerate(meters):
        try:
            values, digits, (low, high) = fixed_chunks(
                _floats(table[meter]), least=least[m], most=MAX_DECIMALS, room=None if out.dtype == np.int64 else out[m]
            )
        except CxError as error:
            raise refuse(error.code, error.hint_text, error.values["position"], meter) from None
        if low < 0:
            hint = N_("Usage is 0 or more; book a credit as money, not as usage.")
            raise refuse("negative_usage", hint, int((values < 0).argmax()), meter)
        if out.dtype != values.dtype:
            out = out.astype(np.int64)
        if values.base is not out:
            out[m] = values
        decimals.append(digits)
        largest.append(high)
    return out, tuple(decimals), tuple(largest)


def _floats(column: pa.ChunkedArray) -> list[NDArray[np.float64]]:
    column = column if pa.types.is_float64(column.type) else column.cast(pa.float64())
    return [
        (chunk.fill_null(np.nan) if chunk.null_count else chunk).to_numpy(zero_copy_only=False)
        for chunk in column.chunks
    ]
