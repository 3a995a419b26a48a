"""Traps in the data that turn a comparison upside down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import narwhals as nw

from cxlib.engine.frames import pandas
from cxlib.fairness.contacts import prepare
from cxlib.fairness.groups import keys_of, ordered

if TYPE_CHECKING:
    import pandas as pd

LABEL_TRAP: Final = 0.5
"""Total variation above which a label depends on having queued."""


@dataclass(frozen=True, kw_only=True)
class LabelTrap:
    """Whether a label depends on having queued.

    Attributes
    ----------
    total_variation : float or None
        Half the sum of the differences between the shares of the labels among queued and not-queued contacts, 0 to 1;
        None where one of the two is empty.
    warned : bool
        Whether it is above `LABEL_TRAP`: waits by this label then compare who was labelled, not who was served how.
    n_queued, n_not_queued : int
    shares : pandas frame
        The label (one row may be the missing one), n_queued, n_not_queued, share_queued, share_not_queued.
    """

    total_variation: float | None
    warned: bool
    n_queued: int
    n_not_queued: int
    shares: pd.DataFrame


def label_trap(contacts: Any, *, label: str = "tier") -> LabelTrap:
    """Compare the shares of a label among contacts that queued and that did not; a missing label is a share too."""
    prepared = prepare(contacts, keep=keys_of(label))
    prepared.need(label)
    queued = nw.col("queued").cast(nw.Int64)
    counted = prepared.frame.with_columns(n_queued=queued).group_by(label)
    table = pandas(counted.agg(nw.len().alias("n"), nw.col("n_queued").sum()))
    shares = ordered(table, [label], prepared.ranks)[[label, "n", "n_queued"]]
    shares["n_not_queued"] = shares.pop("n") - shares["n_queued"]
    n_queued, n_not = int(shares["n_queued"].sum()), int(shares["n_not_queued"].sum())
    shares["share_queued"] = shares["n_queued"] / n_queued if n_queued else float("nan")
    shares["share_not_queued"] = shares["n_not_queued"] / n_not if n_not else float("nan")
    variation = None
    if n_queued and n_not:
        variation = float((shares["share_queued"] - shares["share_not_queued"]).abs().sum() / 2)
    return LabelTrap(
        total_variation=variation,
        warned=variation is not None and variation > LABEL_TRAP,
        n_queued=n_queued,
        n_not_queued=n_not,
        shares=shares,
    )
