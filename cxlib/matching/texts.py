"""Text columns for pandas, without one Python object per row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def coded(codes: NDArray[Any], values: Sequence[str | None]) -> pd.Series[str]:
    """Return the texts that `codes` name, missing where the code is below 0."""
    known = pa.array(values, pa.large_string())
    missing = codes < 0
    return strings(known.take(pa.array(codes, mask=missing if missing.any() else None)))


def strings(texts: pa.LargeStringArray) -> pd.Series[str]:
    """Return an arrow array as a pandas column of texts."""
    return pd.Series(pd.array(texts, dtype="str"))
