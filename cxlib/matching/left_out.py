"""Months that the analyst leaves out: marked as not complete, so that nothing rests on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cxlib.errors import CxError
from cxlib.matching.history import MONTHS
from cxlib.matching.months import month_number, month_numbers
from cxlib.matching.usage import as_texts, columns_of
from cxlib.texts import N_

if TYPE_CHECKING:
    from numpy.typing import NDArray


def leave_out(usage: Any, exclude: Any) -> Any:
    """Return usage with some months marked as not complete.

    Parameters
    ----------
    usage : frame
    exclude : frame or list of months, or None
        customer_id and month of each, or months to leave out of everybody. Who is named and has no usage is passed
        over.

    Returns
    -------
    `usage` itself where nothing is to be left out, else a pyarrow table.

    Raises
    ------
    CxError
        ``missing_column`` or ``bad_month`` of `exclude`; ``missing_column`` of the usage.
    """
    if exclude is None:
        return usage
    table = columns_of(usage, _names(usage))
    for name in ("customer_id", "month"):
        if name not in table.column_names:
            return usage  # is refused where it is read
    out = _named(table, exclude)
    if "complete" in table.column_names:
        out |= ~table["complete"].cast(pa.bool_()).fill_null(True).to_numpy()
        table = table.drop_columns("complete")
    return table.append_column("complete", pa.array(~out))


def _named(table: pa.Table, exclude: Any) -> NDArray[np.bool_]:
    months = month_numbers(table["month"]).astype(np.int64)
    if isinstance(exclude, (list, tuple, set, frozenset, np.ndarray)):
        return np.isin(months, [month_number(each) for each in exclude])
    named = columns_of(exclude, ["customer_id", "month"])
    for name in ("customer_id", "month"):
        if name not in named.column_names:
            raise CxError(
                "missing_column",
                N_("The months to leave out have no column {column}."),
                hint=N_("Bring customer_id and month, or a list of months."),
                column=name,
            )
    when = month_numbers(named["month"]).astype(np.int64)
    if len(when) and when.min() < 0:
        raise CxError(
            "bad_month",
            N_("One of the months to leave out is empty."),
            hint=N_("Write months as 2026-03."),
            column="month",
        )
    ids = as_texts(named["customer_id"]).cast(pa.large_string()).combine_chunks()
    known = ids.unique()
    keys = _positions(ids, known) * MONTHS + when
    who = _positions(as_texts(table["customer_id"]).cast(pa.large_string()), known)
    found: NDArray[np.bool_] = (who >= 0) & np.isin(who * MONTHS + months, keys)
    return found


def _positions(ids: Any, known: Any) -> NDArray[np.int64]:
    found: NDArray[np.int64] = pc.index_in(ids, value_set=known).fill_null(-1).to_numpy().astype(np.int64)
    return found


def _names(frame: Any) -> list[str]:
    if isinstance(frame, pa.Table):
        return list(frame.column_names)
    native = nw.from_native(frame, pass_through=True)
    if isinstance(native, nw.LazyFrame):
        return list(native.collect_schema().names())
    return list(native.columns) if isinstance(native, nw.DataFrame) else []
