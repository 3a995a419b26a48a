"""Physical types of typed tables, and the refusal of what would not fit without loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.types as of

from cxlib.errors import CxError
from cxlib.tables import TABLES
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Callable

    from cxlib.tables import Table

TEXT: Final = frozenset({"id", "text", "category"})
DAY: Final = frozenset({"month", "date"})
ORDERED_BY: Final = {
    "usage": ("customer_id", "month"),
    "customers": ("customer_id",),
    "contacts": ("arrived_at", "contact_id"),
    "events": ("customer_id", "occurred_at"),
}
"""Order of the rows in the store; the other tables keep the order of their files, which breaks ties between plans."""

ARROW: Final = {
    "VARCHAR": pa.string(),
    "DATE": pa.date32(),
    "TIMESTAMPTZ": pa.timestamp("us", "UTC"),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
}


def table_named(name: str) -> Table:
    """Return the table, or raise `CxError` ``unknown_table``."""
    try:
        return TABLES[name]
    except KeyError:
        raise CxError(
            "unknown_table",
            N_("There is no table {value}."),
            hint=N_("Tables are: {known}."),
            value=name,
            known=", ".join(TABLES),
        ) from None


def sql_type(table: Table, column: str) -> str:
    """Return the SQL type of a column.

    Raises
    ------
    CxError
        ``unknown_column`` where the table has no such column.
    """
    kind = _kind(table, column)
    if kind in TEXT:
        return "VARCHAR"
    if kind in DAY:
        return "DATE"
    return {"boolean": "BOOLEAN", "time": "TIMESTAMPTZ", "integer": "BIGINT"}.get(kind, "DOUBLE")


def arrow_type(table: Table, column: str) -> pa.DataType:
    """Return the type in which the store keeps a column, or raise as `sql_type` does."""
    return ARROW[sql_type(table, column)]


def is_meter(table: Table, column: str) -> bool:
    """Whether a column of `usage` holds metered quantities."""
    return table.name == "usage" and column not in table.names


def key_of(table: Table, columns: set[str]) -> tuple[str, ...]:
    """Return the key; the long form of the plans has one row per plan, version, meter and price tier."""
    return table.key_of(columns)


def check_schema(table: Table, schema: pa.Schema, file_name: str) -> None:
    """Refuse columns that the table does not have, that come twice or that could only be kept with loss.

    Raises
    ------
    CxError
        ``unknown_column``, ``duplicate_column``, ``missing_column`` or ``wrong_type``, with `column`.
    """
    for name in table.required:
        if name not in schema.names:
            raise CxError(
                "missing_column",
                N_("{file_name}: the column {column} is missing in {table}."),
                column=name,
                file_name=file_name,
                table=table.name,
            )
    for name in schema.names:
        if schema.names.count(name) > 1:
            raise CxError(
                "duplicate_column",
                N_("{file_name}: the column {column} comes twice."),
                column=name,
                file_name=file_name,
            )
        wanted = sql_type(table, name)
        if not FITS[wanted](schema.field(name).type):
            raise CxError(
                "wrong_type",
                N_("{file_name}: the column {column} is of type {value}, which does not fit {wanted}."),
                column=name,
                value=str(schema.field(name).type),
                wanted=wanted,
                file_name=file_name,
            )


def _kind(table: Table, column: str) -> str:
    if column in table.names:
        return table[column].kind
    found = table.meter_column(column)
    if found is None:
        raise CxError(
            "unknown_column",
            N_("The table {table} has no column {column}."),
            hint=N_("Its columns are: {known}."),
            column=column,
            table=table.name,
            known=", ".join(table.names),
        )
    return found[0].kind


def _text(kind: pa.DataType) -> bool:
    if of.is_dictionary(kind):
        return _text(kind.value_type)
    return bool(of.is_string(kind) or of.is_large_string(kind) or of.is_string_view(kind) or of.is_null(kind))


def _day(kind: pa.DataType) -> bool:
    return bool(of.is_date(kind) or of.is_null(kind) or (of.is_timestamp(kind) and kind.tz is None))


def _instant(kind: pa.DataType) -> bool:
    return bool(of.is_null(kind) or (of.is_timestamp(kind) and kind.tz is not None))


def _whole(kind: pa.DataType) -> bool:
    return bool(of.is_integer(kind) or of.is_null(kind))


def _number(kind: pa.DataType) -> bool:
    return bool(of.is_floating(kind) or of.is_decimal(kind) or _whole(kind))


def _boolean(kind: pa.DataType) -> bool:
    return bool(of.is_boolean(kind) or of.is_null(kind))


FITS: Final[dict[str, Callable[[pa.DataType], bool]]] = {
    "VARCHAR": _text,
    "DATE": _day,
    "TIMESTAMPTZ": _instant,
    "BIGINT": _whole,
    "DOUBLE": _number,
    "BOOLEAN": _boolean,
}
