"""Advice to customers at the end of a month, from what was learned of usage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cxlib.errors import CxError
from cxlib.matching.conformal import FEWEST, MOST, stretch, stretch_of
from cxlib.matching.eligibility import held_plans, may_take, same_kind, switching_costs
from cxlib.matching.forecast import Asked, Forecaster
from cxlib.matching.history import MONTHS
from cxlib.matching.months import month_text
from cxlib.matching.pasts import ended_windows
from cxlib.matching.predictive import Pasts
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from cxlib.matching.advised import Advised
    from cxlib.matching.catalogue import Catalogue
    from cxlib.matching.history import History
    from cxlib.matching.pasts import Windows
    from cxlib.matching.people import People
    from cxlib.matching.predictive import Predictive


@dataclass(frozen=True, kw_only=True)
class Known:
    """A history, and what the table of customers says of those in it."""

    history: History
    people: People


@dataclass(frozen=True, kw_only=True)
class Adviser:
    """Advises at the end of one month at a time; nothing after it is used."""

    catalogue: Catalogue
    learned: Known
    windows: Windows
    """Of the history that was learned from."""
    horizon: int
    months: int
    """Complete active months that a customer needs."""
    least: int
    """Minor units that the expected saving over the horizon must be above."""
    conformal: bool
    distributions: Callable[[int], tuple[Predictive, Predictive]]
    """For an origin, the distribution, and the one for customers of whom it says nothing."""

    def advise(self, asked: Known, own: NDArray[np.int64], month: int, out: Advised) -> None:
        """Write the advice to those whose origin is `month` into `out`.

        Parameters
        ----------
        own : int64 [C]
            Where each customer of `asked` stands among those learned from, -1 for none.
        """
        at = np.flatnonzero(out.origin == month)
        who = out.who[at]
        ledger = asked.history.ledger
        standing = None if ledger is None else ledger.at(month)
        every = held_plans(asked.history, asked.people, month)
        held = every[who]
        self._check_priced(held, month)
        first, stop = (each[who] for each in asked.history.span(month))
        out.held[at], out.known[at] = held, stop - first
        taken = None if standing is None else standing.taken
        may = may_take(self.catalogue, asked.people, month, held=every, taken=taken)[who]
        switching = switching_costs(self.catalogue, held, month)
        out.may[at], out.switching[at] = may, switching
        if len(at) == len(out.who):
            may, switching = out.may, out.switching  # one copy of the two largest tables is enough
        out.enough[at] = enough = stop - first >= self.months
        if not enough.any():
            return
        by_others, alone = self.distributions(month)
        forecaster = Forecaster(
            catalogue=self.catalogue,
            month=month,
            horizon=self.horizon,
            by_others=by_others,
            alone=alone,
            least=self.least,
        )
        questions = Asked(
            pasts=Pasts(first, stop, np.full(len(at), month), own[who]),
            held=held,
            may=may,
            switching=switching,
            at=at,
            standing=None if standing is None else standing[who],
        )
        forecaster.advise(asked.history, questions if enough.all() else questions[enough], out.advice, out.by_others)
        if self.conformal:
            stretch(out.advice, at, self._stretch(forecaster, month))

    def _stretch(self, forecaster: Forecaster, month: int) -> float:
        """Return by how much intervals are to be stretched, by what had happened by the end of the month."""
        history, windows = self.learned.history, self.windows
        chosen = ended_windows(windows, month, least_past=self.months, enough=FEWEST, most=MOST)
        chosen = chosen[windows.stop[chosen] - windows.first[chosen] >= self.months]
        then, owner = history.key[windows.stop[chosen] - 1], windows.owner[chosen]
        held = history.row_plan[np.searchsorted(history.row_key, then)].astype(np.int32)
        held = np.where(held >= 0, held, self.learned.people.plan[owner]).astype(np.int32)
        priced = np.array([self.catalogue.version(each, month) is not None for each in self.catalogue.plan_ids])
        usable = (held >= 0) & priced[held]
        chosen, held, owner = chosen[usable], held[usable], owner[usable]
        may = may_take(self.catalogue, self.learned.people, month)[owner] & same_kind(self.catalogue, held)
        questions = Asked(
            pasts=Pasts(windows.first[chosen], windows.stop[chosen], then[usable] % MONTHS, owner),
            held=held,
            may=may,
            switching=np.zeros(may.shape, dtype=np.int64),
            at=np.arange(len(chosen)),
        )
        return stretch_of(forecaster, history, questions)

    def _check_priced(self, held: NDArray[np.int32], month: int) -> None:
        for p in np.unique(held):
            plan_id = self.catalogue.plan_ids[p]
            if self.catalogue.version(plan_id, month) is None:
                raise CxError(
                    "no_price",
                    N_("Plan {plan} is held in {month} and has no price then."),
                    hint=N_("Correct valid_from and valid_to of the plan."),
                    column="valid_from",
                    plan=plan_id,
                    month=month_text(month),
                )
