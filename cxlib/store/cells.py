"""SQL for a row in which one that was there and one that comes in meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cxlib.engine.duck import quoted
from cxlib.store.kinds import is_meter, sql_type

if TYPE_CHECKING:
    from cxlib.store.records import OnConflict
    from cxlib.tables import Table

CELL_BY_CELL: Final = frozenset({"usage", "customers"})
HERE: Final = " here"  # no column can be called so
UNTOUCHED, NEW, REPLACED, KEPT, IDENTICAL = range(5)


@dataclass(frozen=True)
class Cells:
    """SQL for the cells of a merged row: `b` is the row that was there, `i` the one that comes in."""

    table: Table
    old: list[str]
    brought: list[str]
    key: tuple[str, ...]
    on_conflict: OnConflict

    def matches(self) -> str:
        """When the two rows are the same one."""
        if not self.key:
            return "false"
        return " AND ".join(
            f"{self._b(each)} {'=' if each in self.table.required else 'IS NOT DISTINCT FROM'} {self._i(each)}"
            for each in self.key
        )

    def final(self, column: str) -> str:
        """What stands in the column afterwards."""
        b, i = self._b(column), self._i(column)
        if column in self.key:
            return f"CASE WHEN {_here('b')} THEN {b} ELSE {i} END"
        return f"CASE WHEN NOT {_here('b')} THEN {i} WHEN NOT {_here('i')} THEN {b} ELSE {self._both(column, b, i)} END"

    def status(self) -> str:
        """What becomes of the row that comes in."""
        compared = [each for each in dict.fromkeys([*self.old, *self.brought]) if each not in self.key]
        stays = " AND ".join(
            f"{self._b(c)} IS NOT DISTINCT FROM ({self._both(c, self._b(c), self._i(c))})" for c in compared
        )
        given = [each for each in compared if each in self.brought]
        same = " AND ".join(f"{self._b(each)} IS NOT DISTINCT FROM {self._i(each)}" for each in given)
        if self.on_conflict == "add":
            same = "true"  # nothing was added to the row, so nothing gave way
        return (
            f"CASE WHEN NOT {_here('i')} THEN {UNTOUCHED} WHEN NOT {_here('b')} THEN {NEW} "
            f"WHEN NOT ({stays or 'true'}) THEN {REPLACED} WHEN {same or 'true'} THEN {IDENTICAL} ELSE {KEPT} END"
        )

    def _both(self, column: str, b: str, i: str) -> str:
        if self.table.name not in CELL_BY_CELL:
            return b if self.on_conflict == "keep" else i
        if self.on_conflict == "keep":
            return f"coalesce({b}, {i})"
        if self.on_conflict == "replace":
            return i if column in self.brought else b
        return _sum(b, i) if is_meter(self.table, column) else f"coalesce({i}, {b})"

    def _b(self, column: str) -> str:
        return f"b.{quoted(column)}" if column in self.old else self._nothing(column)

    def _i(self, column: str) -> str:
        return f"i.{quoted(column)}" if column in self.brought else self._nothing(column)

    def _nothing(self, column: str) -> str:
        return f"CAST(NULL AS {sql_type(self.table, column)})"


def _here(side: str) -> str:
    return f"coalesce({side}.{quoted(HERE)}, false)"


def _sum(b: str, i: str) -> str:
    """Add quantities of at most six decimals so that the sum is the double nearest to the decimal sum."""
    small = f"abs({b}) + abs({i}) < 4e9"  # millionths then fit into a double's 53 bits
    fast = f"(round({b} * 1e6) + round({i} * 1e6)) / 1e6"
    decimal = [f"TRY_CAST(CAST({each} AS VARCHAR) AS DECIMAL(38, 6))" for each in (b, i)]
    slow = f"CAST(CAST(TRY({' + '.join(decimal)}) AS VARCHAR) AS DOUBLE)"
    both = f"CASE WHEN {small} THEN {fast} ELSE coalesce({slow}, {b} + {i}) END"
    return f"CASE WHEN {b} IS NULL THEN {i} WHEN {i} IS NULL THEN {b} ELSE {both} END"
