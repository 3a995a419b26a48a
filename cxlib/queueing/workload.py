"""What a queue has to do: who comes, who serves, and what chance may draw of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from cxlib.queueing.simulate import Arrivals, draw_poisson

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A queue before a rule orders it; policies are run on the same workload.

    Attributes
    ----------
    class_order : tuple of K classes
        The one to be preferred first. Classes of arrivals are places in it.
    draw : function of a random generator
        Returns the `Arrivals` of one replication, in seconds from the beginning of the run. A log that is replayed
        draws only what the log does not tell.
    shift_at, shift_servers : float64 and int64 arrays
        Seconds from the beginning, ascending, and how many serve from then on; none before the first.
    begin_s, until_s : float
        Only who arrives from `begin_s` on and before `until_s` is counted: what comes before warms the queue up.
    """

    class_order: tuple[Any, ...]
    draw: Callable[[np.random.Generator], Arrivals]
    shift_at: NDArray[np.float64] = field(default_factory=lambda: np.array([-np.inf]))
    shift_servers: NDArray[np.int64] = field(default_factory=lambda: np.array([1], dtype=np.int64))
    begin_s: float = -np.inf
    until_s: float = np.inf

    @property
    def schedule(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The servers on duty, as `simulate` takes them."""
        return self.shift_at, self.shift_servers


def poisson_workload(
    *,
    arrival_rates: Sequence[float],
    service_rate: float,
    servers: int,
    customers: int,
    patience_rate: float = 0.0,
    warm_up: float = 0.1,
    class_order: Sequence[Any] | None = None,
) -> Workload:
    """Return the M/M/c of theory as a workload, see `draw_poisson`.

    Parameters
    ----------
    warm_up : float
        Share of the time, 0 to 1, that is not counted.
    """
    rates = np.asarray(arrival_rates, dtype=np.float64)

    def draw(random: np.random.Generator) -> Arrivals:
        return draw_poisson(
            arrival_rates=arrival_rates,
            service_rate=service_rate,
            customers=customers,
            patience_rate=patience_rate,
            random_state=random,
        )

    return Workload(
        class_order=tuple(class_order if class_order is not None else range(rates.size)),
        draw=draw,
        shift_servers=np.array([servers], dtype=np.int64),
        begin_s=warm_up * customers / float(rates.sum()),
    )
