"""Rules that say who is served next when a server becomes free.

Under each of these rules the order within a class is by arrival, so a rule only has to choose between the first
of each class. It does so by the smallest of ``(level, arrival - advance, place in the log)``; a rule is no more
than a level and an advance per class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cxlib.errors import CxError
from cxlib.texts import N_

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Ranking:
    """How a rule ranks K classes: int64 levels (smaller first, always) and advances in seconds, both of length K."""

    level: NDArray[np.int64]
    advance_s: NDArray[np.float64]


@dataclass(frozen=True)
class Fcfs:
    """First come, first served, whatever the class."""

    def ranking(self, class_order: Sequence[Any]) -> Ranking:
        """Rank all classes the same."""
        return Ranking(np.zeros(len(class_order), dtype=np.int64), np.zeros(len(class_order)))


@dataclass(frozen=True)
class Strict:
    """Strict non-preemptive priority: nobody of a later class is served while one of an earlier class waits."""

    def ranking(self, class_order: Sequence[Any]) -> Ranking:
        """Rank the classes in their order."""
        return Ranking(np.arange(len(class_order), dtype=np.int64), np.zeros(len(class_order)))


@dataclass(frozen=True)
class HeadStart:
    """Each class is served as if it had arrived some seconds earlier, first come first served otherwise.

    Parameters
    ----------
    seconds : mapping of class to seconds, or sequence of seconds in the order of the classes
        Not negative. Classes that a mapping does not name have no head start.
    """

    seconds: Mapping[Any, float] | Sequence[float]

    def __post_init__(self) -> None:
        given = self.seconds.values() if isinstance(self.seconds, Mapping) else self.seconds
        for value in given:
            if not (np.isfinite(value) and value >= 0):
                raise CxError(
                    "bad_head_start",
                    N_("A head start of {value} s is not possible."),
                    hint=N_("Give a number of seconds, 0 or more, for each class."),
                    value=value,
                )

    def ranking(self, class_order: Sequence[Any]) -> Ranking:
        """Advance each class by its head start."""
        return Ranking(np.zeros(len(class_order), dtype=np.int64), self._advance_s(class_order))

    def _advance_s(self, class_order: Sequence[Any]) -> NDArray[np.float64]:
        if isinstance(self.seconds, Mapping):
            unknown = [name for name in self.seconds if name not in class_order]
            if unknown:
                raise CxError(
                    "unknown_class",
                    N_("The head start names a class that the contacts do not have: {value}."),
                    hint=N_("Classes here: {classes}."),
                    value=unknown[0],
                    classes=", ".join(map(str, class_order)),
                )
            return np.array([float(self.seconds.get(name, 0.0)) for name in class_order])
        if len(self.seconds) != len(class_order):
            raise CxError(
                "head_start_length",
                N_("There are {given} head starts for {classes} classes."),
                hint=N_("Give one number of seconds per class, in the order of the classes."),
                given=len(self.seconds),
                classes=len(class_order),
            )
        return np.array(self.seconds, dtype=np.float64)


Policy = Fcfs | Strict | HeadStart
