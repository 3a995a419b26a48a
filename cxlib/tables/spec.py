"""What a table of the product is made of."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Collection

Kind = Literal[
    "id",  # text that names something; leading zeros kept
    "text",
    "category",  # text with few values; `codes` lists the allowed ones, if they are fixed
    "boolean",
    "month",  # first day of a calendar month
    "date",
    "time",  # an instant, microseconds in UTC
    "money",  # amount of the plan's currency
    "quantity",  # metered amount, unit by meter
    "allowance",  # quantity, or infinity for "unlimited"
    "duration",  # seconds
    "share",  # 0 to 1
    "number",
    "integer",
]

MAX_DECIMALS: Final = 6
MAX_DIGITS: Final = 15


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: its meaning, unit, limits and the headers under which files bring it.

    `label` and `about` are English texts marked for the catalogues; `aliases` are compared after `plain`.
    `minimum` and `maximum` are inclusive. `codes` are the only values that a category may take.
    """

    name: str
    kind: Kind
    label: str
    about: str
    required: bool = False
    unit: str = ""
    aliases: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    example: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table: its columns, its key, and the further columns that it may have per meter.

    `key` names the columns whose values may not occur twice. `per_meter` are the columns that exist once for
    each meter, named ``{field}_{meter}``, or just ``{meter}`` where the field's name is empty.
    `needs_one_of` lists sets of columns of which at least one must be there. A table with `long_form` may also come
    with one row per meter: then the first of these columns is there, and those per meter have the field's name alone.
    """

    name: str
    title: str
    about: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    per_meter: tuple[Column, ...] = ()
    long_form: tuple[Column, ...] = ()
    needs_one_of: tuple[tuple[str, ...], ...] = ()

    def __getitem__(self, name: str) -> Column:
        """Return the column of that name, or raise `KeyError`."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns that are not per meter, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that no file may lack."""
        return tuple(column.name for column in self.columns if column.required)

    def key_of(self, names: Collection[str]) -> tuple[str, ...]:
        """Return the key of a table with these columns: in the long form one plan has several rows."""
        return (*self.key, *(column.name for column in self.long_form if column.name in names))

    def meter_column(self, name: str) -> tuple[Column, str] | None:
        """Split ``included_data_mb`` into its column and ``data_mb``; None where `name` is not per meter.

        Columns of the long form come with an empty meter.
        """
        if self.long_form:
            for column in (*self.long_form, *self.per_meter):
                if column.name == name:
                    return column, ""
        for column in sorted(self.per_meter, key=lambda c: -len(c.name)):
            prefix = f"{column.name}_" if column.name else ""
            if name.startswith(prefix) and METER_NAME.fullmatch(name.removeprefix(prefix)):
                return column, name.removeprefix(prefix)
        return None


METER_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


def plain(header: str) -> str:
    """Fold a header for comparison: width, case, accents, spaces and punctuation do not matter."""
    folded = unicodedata.normalize("NFKD", header).casefold()
    return "".join(c for c in folded if c.isalnum())
