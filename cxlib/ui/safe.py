"""Text that came from a file, made safe for places where Markdown is read."""

from __future__ import annotations

import re
from typing import Any

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|~:$<>&])")


def safe(text: Any) -> str:
    """Return `text` so that it shows as it is: no links, pictures, formulas or icons come of it."""
    return _SPECIAL.sub(r"\\\1", " ".join(str(text).split()))
