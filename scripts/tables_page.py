"""Write docs/tables.md from the tables of the product: ``python scripts/tables_page.py``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from cxlib.tables import METERS, TABLES

if TYPE_CHECKING:
    from cxlib.tables import Column

PAGE: Final = Path(__file__).parent.parent / "docs" / "tables.md"
HEAD: Final = """# Tables

What each table holds, and the headers under which files may bring a column; case, spaces and punctuation do not matter.
Written by `python scripts/tables_page.py` from `cxlib/tables`, from which the import page and the templates come too.

Known meters: {meters}. Any other meter may be used under its own name, in lower case.
"""


def page() -> str:
    """Return the page as Markdown."""
    parts = [
        HEAD.format(
            meters=", ".join(f"`{name}` ({unit})" if unit else f"`{name}`" for name, (_, unit, _) in METERS.items())
        )
    ]
    for table in TABLES.values():
        parts.append(f"\n## {table.name}\n\n{table.about} Key: {', '.join(table.key) or 'none'}.\n")
        parts.append("\n| column | kind | | meaning | headers |\n|---|---|---|---|---|\n")
        parts += [_row(column.name, column) for column in table.columns]
        parts += [_row(f"{column.name}_{{meter}}" if column.name else "{meter}", column) for column in table.per_meter]
    return "".join(parts)


def _row(name: str, column: Column) -> str:
    kind = f"{column.kind}, {column.unit}" if column.unit else column.kind
    need = "required" if column.required else ""
    headers = ", ".join(column.aliases)
    return f"| `{name}` | {kind} | {need} | {column.about} | {headers} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
