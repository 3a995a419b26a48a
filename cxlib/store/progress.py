"""How far long work has come, in parts of one whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Report = Callable[[float | None, str], None]


@dataclass(frozen=True)
class Progress:
    """Tells `report` the share (0..1) of the whole, and what is being done.

    Parameters
    ----------
    report : callable or None
        Takes a share, None where it is not known, and a text in the reader's language.
    first, last : float
        Where this part begins and ends within the whole.
    """

    report: Report | None = None
    first: float = 0.0
    last: float = 1.0
    text: str = ""

    def __call__(self, share: float | None) -> None:
        """Say how much of this part is done; None leaves the share as it was."""
        if self.report is not None:
            self.report(None if share is None else self.first + (self.last - self.first) * min(share, 1.0), self.text)

    def part(self, first: float, last: float, text: str = "") -> Progress:
        """Return a part of this part."""
        width = self.last - self.first
        return Progress(self.report, self.first + first * width, self.first + last * width, text or self.text)

    def of(self, total: int) -> Callable[[int], None]:
        """Return a function that takes how many of `total` are done."""
        return lambda done: self(done / total if total else 1.0)

    def split(self, parts: int) -> Iterator[Progress]:
        """Return equal parts, one after the other."""
        return (self.part(i / parts, (i + 1) / parts) for i in range(parts))
