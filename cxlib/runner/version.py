"""Which code computed a result."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import cxlib


@cache
def code_version() -> str:
    """Return the product's version and a hash of its source files, as they were when first asked."""
    package = Path(cxlib.__file__).parent
    found = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        found.update(str(path.relative_to(package)).encode() + b"\0")
        found.update(path.read_bytes() + b"\0")
    return f"{cxlib.__version__}+{found.hexdigest()[:16]}"
