"""How much a file may hold before it is refused."""

from __future__ import annotations

from typing import Final

from cxlib.errors import CxError
from cxlib.texts import N_

MIB: Final = 1 << 20
MAX_EXPANDED_BYTES: Final = 8192 * MIB
"""No file may hold more than this once it is unpacked."""
MAX_SHEET_BYTES: Final = 300 * MIB
"""A workbook is held in memory several times over: its parts together may not be larger."""
FREE_EXPANDED_BYTES: Final = 256 * MIB
"""Up to here the ratio does not matter: small files of zeros are harmless."""
MAX_RATIO: Final = 200
"""Honest tables pack 3 to 30 times."""
MAX_COLUMNS: Final = 2000


def check_expansion(packed: int, expanded: int, *, limit: int = MAX_EXPANDED_BYTES) -> None:
    """Raise `CxError` where `packed` bytes hold too many `expanded` bytes."""
    if expanded > limit or (expanded > FREE_EXPANDED_BYTES and expanded > MAX_RATIO * max(packed, 1)):
        raise CxError(
            "too_large",
            N_("The file holds at least {expanded} MB in {packed} MB."),
            hint=N_("Split the file, or save it as CSV."),
            expanded=round(expanded / MIB),
            packed=round(packed / MIB, 1),
        )
