"""Rules that say who is served next when a server becomes free.

Under each of these rules the order within a class is by arrival, so a rule only has to choose between the first
of each class. It does so by the smallest of ``(level, arrival - advance, place in the log)``; most rules are no more
than a level and an advance per class, see `Ranking` for the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cxlib.errors import CxError
from cxlib.texts import N_

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """How a rule chooses among K classes, as `kernels.serve` takes it.

    Attributes
    ----------
    level : int64 array of length K
        Smaller ones first, always.
    advance_s : float64 array of length K
        Head starts in seconds.
    rate : float64 array of length K or 0
        How fast priority grows with the wait.
    cap_s : float
        Who has waited so long is of level 0.
    most_passed : int
        How often somebody may be passed; -1 for as often as it comes.
    reserved : int64 array of length K or 0
        Servers kept for each class.
    overflow : bool
        Whether these take others where none of theirs waits.
    courtesy : bool
        Whether those with a need are ranked as the first class.
    """

    level: NDArray[np.int64]
    advance_s: NDArray[np.float64]
    rate: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    cap_s: float = np.inf
    most_passed: int = -1
    reserved: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    overflow: bool = True
    courtesy: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether the rule is no more than a level and an advance per class."""
        return bool(self.rate.size == 0 and self.reserved.size == 0 and np.isinf(self.cap_s) and self.most_passed < 0)


def _alike(classes: int) -> Ranking:
    return Ranking(level=np.zeros(classes, dtype=np.int64), advance_s=np.zeros(classes))


def _in_order(classes: int) -> Ranking:
    return Ranking(level=np.arange(classes, dtype=np.int64), advance_s=np.zeros(classes))


@dataclass(frozen=True)
class Fcfs:
    """First come, first served, whatever the class."""

    def ranking(self, class_order: Sequence[Any]) -> Ranking:
        """Rank all classes the same."""
        return _alike(len(class_order))


@dataclass(frozen=True)
class Strict:
    """Strict non-preemptive priority: nobody of a later class is served while one of an earlier class waits."""

    def ranking(self, class_order: Sequence[Any]) -> Ranking:
        """Rank the classes in their order."""
        return _in_order(len(class_order))


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
        return replace(_alike(len(class_order)), advance_s=_by_class(self.seconds, class_order, "head start", 0.0))


@dataclass(frozen=True)
class Accumulating:
    """Priority that grows with the wait, faster for some classes; the largest of rate x wait is next (Kleinrock 1964).

    Parameters
    ----------
    rates : mapping of class to rate, or sequence of rates in the order of the classes
        Above 0, in any unit: only their ratios matter. Classes that a mapping does not name have 1.
    """

    rates: Mapping[Any, float] | Sequence[float]

    def __post_init__(self) -> None:
        given = self.rates.values() if isinstance(self.rates, Mapping) else self.rates
        for value in given:
            if not (np.isfinite(value) and value > 0):
                raise CxError(
                    "bad_rate",
                    N_("Priority cannot grow at a rate of {value}."),
                    hint=N_("Give a number above 0 for each class."),
                    value=value,
                )

    def ranking(self, class_order: Sequence[Any]) -> Ranking:
        """Let the priority of each class grow at its rate."""
        return replace(_alike(len(class_order)), rate=_by_class(self.rates, class_order, "rate", 1.0))


@dataclass(frozen=True)
class MaxPasses:
    """Strict priority under which nobody is passed more than `most` times.

    Whoever would pass somebody who was passed so often is not chosen; the next in order of priority is, and who came
    first of all always may be. With 0 it is first come, first served.
    """

    most: int

    def __post_init__(self) -> None:
        _whole(self.most, "passes")

    def ranking(self, class_order: Sequence[Any]) -> Ranking:
        """Rank the classes in their order, within the bound."""
        return replace(_in_order(len(class_order)), most_passed=int(self.most))


@dataclass(frozen=True)
class WaitCap:
    """Strict priority until somebody has waited `seconds`; from then on he is taken for one of the first class.

    Among those, and with the first class itself, it is first come, first served: never in front of everyone.
    """

    seconds: float

    def __post_init__(self) -> None:
        if not self.seconds >= 0:
            raise CxError(
                "bad_wait_cap",
                N_("A longest wait of {value} s is not possible."),
                hint=N_("Give a number of seconds, 0 or more."),
                value=self.seconds,
            )

    def ranking(self, class_order: Sequence[Any]) -> Ranking:
        """Rank the classes in their order, up to the cap."""
        return replace(_in_order(len(class_order)), cap_s=float(self.seconds))


@dataclass(frozen=True)
class Reserved:
    """Some servers are kept for a class; all others serve whoever came first.

    Parameters
    ----------
    servers : mapping of class to int, or sequence of ints in the order of the classes
        How many are kept for each class, those who are on duty longest. Classes that a mapping does not name have none.
    overflow : bool
        Whether kept servers take others where none of their class waits; without it they stay idle.
    """

    servers: Mapping[Any, int] | Sequence[int]
    overflow: bool = True

    def __post_init__(self) -> None:
        given = self.servers.values() if isinstance(self.servers, Mapping) else self.servers
        for value in given:
            _whole(value, "servers")

    def ranking(self, class_order: Sequence[Any]) -> Ranking:
        """Keep the servers for their classes."""
        kept = _by_class(self.servers, class_order, "servers", 0).astype(np.int64)
        return replace(_alike(len(class_order)), reserved=kept, overflow=self.overflow)


@dataclass(frozen=True)
class Courtesy:
    """Another rule, under which those with a need (elderly, disabled, ...) are served as the first class is."""

    rule: Fcfs | Strict | HeadStart | Accumulating | MaxPasses | WaitCap | Reserved

    def ranking(self, class_order: Sequence[Any]) -> Ranking:
        """Rank the classes as the rule does; those with a need are of the first."""
        return replace(self.rule.ranking(class_order), courtesy=True)


def _by_class(
    given: Mapping[Any, float] | Sequence[float], class_order: Sequence[Any], what: str, usual: float
) -> NDArray[np.float64]:
    """Return one number per class, in order."""
    if isinstance(given, Mapping):
        unknown = [name for name in given if name not in class_order]
        if unknown:
            raise CxError(
                "unknown_class",
                N_("The rule names a class that the contacts do not have: {value}."),
                hint=N_("Classes here: {classes}."),
                value=unknown[0],
                classes=", ".join(map(str, class_order)),
            )
        return np.array([float(given.get(name, usual)) for name in class_order])
    if len(given) != len(class_order):
        raise CxError(
            "head_start_length" if what == "head start" else "unequal_length",
            N_("The rule has {given} numbers for {classes} classes."),
            hint=N_("Give one number per class, in the order of the classes."),
            given=len(given),
            classes=len(class_order),
        )
    return np.array(given, dtype=np.float64)


def _whole(value: float, column: str) -> None:
    if not (np.isfinite(value) and value >= 0 and int(value) == value):
        raise CxError(
            "bad_count",
            N_("{column} cannot be {value}."),
            hint=N_("Give a whole number, 0 or more."),
            column=column,
            value=value,
        )


Policy = Fcfs | Strict | HeadStart | Accumulating | MaxPasses | WaitCap | Reserved | Courtesy
