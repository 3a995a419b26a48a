"""Usage in Parquet files, a part of whole customers at a time."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cxlib.errors import CxError
from cxlib.matching.case import open_case
from cxlib.matching.months import month_number, month_numbers, month_text
from cxlib.matching.people import CustomerTable
from cxlib.matching.usage import as_texts, customer_runs, in_order
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pandas as pd

    from cxlib.matching.case import Absent
    from cxlib.matching.catalogue import Catalogue

PART_ROWS: Final = 1_000_000
Paths = str | os.PathLike[str] | list[str | os.PathLike[str]] | tuple[str | os.PathLike[str], ...]


def listed(paths: Paths) -> list[Path]:
    """Return one path or several as a list."""
    return [Path(each) for each in (paths if isinstance(paths, list | tuple) else [paths])]


class Parts:
    """The parts of usage in files, each with its customers."""

    def __init__(  # noqa: PLR0917
        self, paths: list[Path], catalogue: Catalogue, customers: Any, absent: Absent, until: Any, part_rows: int
    ) -> None:
        if not isinstance(part_rows, int | np.integer) or part_rows < 1:
            text = N_("{name} is a whole number from 1, not {value}.")
            raise CxError("bad_setting", text, name="part_rows", value=part_rows)
        if any(catalogue.pooled) and CustomerTable(customers).accounts is not None:
            raise CxError(
                "pooled_in_parts",
                N_("Lines of an account are billed together: usage of pooled plans cannot be read part by part."),
                hint=N_("Read the usage into memory, or leave the accounts out."),
                column="account_id",
            )
        self.paths, self.catalogue, self.absent, self.rows = paths, catalogue, absent, part_rows
        self.people = None if customers is None else _People(customers)
        self.last = max((_last_month(path) for path in paths), default=-1)
        if self.last < 0:
            raise _no_usage()
        self.until = self.last if until is None else month_number(until)

    def each(self, measure: Any, **options: Any) -> Iterator[pd.DataFrame]:
        """Give what a measure makes of each part."""
        shared = {"absent": self.absent, "until": month_text(self.until)}
        some = False
        for part, people in self._read():
            try:
                yield measure(part, self.catalogue, customers=people, **shared, **options)
            except CxError as error:
                # nobody of the part was a customer in any month; where it is nobody at all, it is said below
                if error.code != "no_usage":
                    raise
                continue
            some = True
        if not some:
            raise _no_usage()

    def last_of_all(self) -> int:
        """Return the last month that anybody has, up to `until`: months that are filled with zeros count."""
        if self.absent != "zero":
            return min(self.until, self.last)
        last = -1
        for part, people in self._read():
            case = open_case(
                part, self.catalogue, customers=people, months=1, absent="zero", until=month_text(self.until)
            )
            last = max(last, min(case.last, self.until))
            if last == self.until:
                break
        return last

    def _read(self) -> Iterator[tuple[pa.Table, pa.Table | None]]:
        """Give parts of whole customers with their customers, reading one part ahead."""
        people = None if self.people is None else self.people.from_the_first()
        tables = _whole_customers(_batches(self.paths, self.catalogue.meters, self.rows), self.rows)
        with ThreadPoolExecutor(1, thread_name_prefix="parts") as reader:
            ahead = reader.submit(next, tables, None)
            while (part := ahead.result()) is not None:
                ahead = reader.submit(next, tables, None)
                yield part[0], None if people is None else people.up_to(part[1])


def _no_usage() -> CxError:
    return CxError("no_usage", N_("There is no usage."), hint=N_("Bring usage of at least one customer."))


def _opened(path: Path) -> pq.ParquetFile:
    try:
        # buffering ahead would keep the whole file
        return pq.ParquetFile(path, read_dictionary=["customer_id", "plan_id"], pre_buffer=False)
    except pa.ArrowInvalid:
        raise CxError(
            "not_parquet",
            N_("{value} is not a Parquet file."),
            hint=N_("Import the file first, or read it into memory."),
            value=path.name,
        ) from None


def _last_month(path: Path) -> int:
    """Return the number of a file's last month, -1 where it has none: from its statistics, else from the column."""
    with _opened(path) as file:
        names = file.schema_arrow.names
        if "month" not in names:
            return 0  # whoever reads the first part says so
        at = [k for k in range(file.metadata.num_columns) if file.metadata.schema.column(k).path == "month"]
        groups = [file.metadata.row_group(g).column(at[0]) for g in range(file.metadata.num_row_groups)]
        told = [each.statistics for each in groups]
        kind = file.schema_arrow.field("month").type
        plain = pa.types.is_date(kind) or (pa.types.is_timestamp(kind) and kind.tz is None)
        if plain and all(each is not None and each.has_min_max for each in told):
            return max((month_number(each.max) for each in told), default=-1)
        batches = file.iter_batches(batch_size=PART_ROWS, columns=["month"])
        found = (month_numbers(pa.chunked_array([batch.column(0)])) for batch in batches)
        return max((int(each.max()) for each in found if len(each)), default=-1)


def _batches(paths: list[Path], meters: Sequence[str], part_rows: int) -> Iterator[pa.RecordBatch]:
    wanted = ["customer_id", "month", "plan_id", "complete", *meters]
    for path in paths:
        with _opened(path) as file:
            names = [name for name in wanted if name in file.schema_arrow.names]
            yield from file.iter_batches(batch_size=part_rows, columns=names)


def _whole_customers(batches: Iterable[pa.RecordBatch], part_rows: int) -> Iterator[tuple[pa.Table, str | None]]:
    """Join batches and cut them where a customer begins; give each part with its last customer, None at the end."""
    kept: list[pa.RecordBatch] = []
    before: str | None = None
    for batch in batches:
        kept.append(batch)
        if sum(len(each) for each in kept) < part_rows:
            continue
        table = pa.Table.from_batches(kept)
        starts = _checked(table, before)
        cut = int(starts[-2])  # the last customer may go on
        if cut:
            before = str(table["customer_id"][cut - 1].as_py())
            yield table.slice(0, cut), before
        rest = table.slice(cut)
        kept = rest.take(pa.array(np.arange(len(rest)))).to_batches() if cut else table.to_batches()
    if kept and sum(len(each) for each in kept):
        table = pa.Table.from_batches(kept)
        _checked(table, before)
        yield table, None


def _checked(table: pa.Table, before: str | None) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return where the customers of a part start, with the end; refuse what is not sorted after `before`."""
    for name in ("customer_id", "month"):
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
    starts, names = customer_runs(ids)
    # names are in the order of their bytes, which for UTF-8 is that of their characters
    if not in_order(starts, names, month_numbers(table["month"])) or (
        before is not None and str(names[0].as_py()) <= before
    ):
        raise CxError(
            "not_sorted",
            N_("The file is not sorted by customer and month, so it cannot be read part by part."),
            hint=N_("Sort it, or import it: what is imported is kept sorted."),
            column="customer_id",
        )
    return starts


class _People:
    """The table of customers in the order of their ids, given out as far as the usage has come."""

    def __init__(self, customers: Any) -> None:
        given = customers if isinstance(customers, pa.Table) else nw.from_native(customers, eager_only=True).to_arrow()
        if "customer_id" not in given.column_names:
            self.table, self.ids, self.done = given, None, 0
            return
        ids = as_texts(given["customer_id"]).cast(pa.large_string())
        if len(ids) > 1 and not pc.all(pc.less_equal(ids[:-1], ids[1:])).as_py():
            order = pc.sort_indices(ids)
            given, ids = given.take(order), ids.take(order)
        self.table, self.ids, self.done = given, ids, 0

    def from_the_first(self) -> _People:
        """Return the same customers, none of whom was given out."""
        self.done = 0
        return self

    def up_to(self, last: str | None) -> pa.Table:
        """Return the customers after those given before, up to `last`, or all that are left."""
        if self.ids is None:
            return self.table
        lo, hi = self.done, len(self.ids)
        first = lo
        while last is not None and first < hi:
            middle = (first + hi) // 2
            name = self.ids[middle].as_py()
            if name is not None and name <= last:
                first = middle + 1
            else:
                hi = middle
        self.done = hi if last is None else first
        return self.table.slice(lo, self.done - lo)
