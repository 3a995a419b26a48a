"""Tiers as the reader sees them: their order, their display names, their colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pandas as pd
import pyarrow as pa
import streamlit as st

from cxlib.charts import MISSING, tier_colours
from cxlib.tables import TIERS
from cxlib.texts import _, language
from cxlib.ui.session import store

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cxlib.ui.scope import Scope


@dataclass(frozen=True)
class TierNames:
    """The tiers of a data set.

    `order` has the tiers as the systems call them, first rank first; `ranks` is empty where none were given.
    """

    order: tuple[str, ...]
    ranks: Mapping[str, int]
    names: Mapping[str, str]

    def say(self, tier: object) -> str:
        """Return the display name of a tier; rows without one are said to have none."""
        if tier is None or tier != tier:  # noqa: PLR0124 - NaN
            return _("No tier known")
        return self.names.get(str(tier), str(tier))

    @property
    def colours(self) -> dict[str, str]:
        """Colours by display name, the same on every chart."""
        by_tier = tier_colours(self.order)
        return {self.say(tier): colour for tier, colour in by_tier.items()} | {_("No tier known"): MISSING}

    @property
    def first(self) -> tuple[str, ...]:
        """The tiers of the first rank, which a finding sets against the rest."""
        least = min(self.ranks.values(), default=0)
        return tuple(tier for tier, rank in self.ranks.items() if rank == least)

    @property
    def ranked(self) -> bool:
        """Whether there are at least two ranks to set side by side."""
        return len(set(self.ranks.values())) > 1

    def sorted(self, tiers: Iterable[object]) -> list[object]:
        """Return tiers in the order of rank, those without a tier last."""
        place = {tier: i for i, tier in enumerate(self.order)}
        return sorted(tiers, key=lambda tier: (place.get(str(tier), len(place)), str(tier)))


_EDITED: Final = {"integer": "Int64", "boolean": "boolean", "share": "float64", "duration": "float64"}
_KEPT: Final = {"integer": pa.int64(), "boolean": pa.bool_(), "share": pa.float64(), "duration": pa.float64()}


def tier_rows(known: pa.Table | None, tiers: Iterable[str]) -> pd.DataFrame:
    """Return one row per tier to be filled in: what is known, then the tiers that were met and have no row yet."""
    rows = known.to_pylist() if known is not None else []
    there = {row["tier"] for row in rows}
    rows += [{"tier": tier} for tier in tiers if tier not in there]
    return pd.DataFrame(
        {
            column.name: pd.Series([row.get(column.name) for row in rows], dtype=_EDITED.get(column.kind, "str"))
            for column in TIERS.columns
        }
    )


def renamed(rows: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Return rows of tiers with the neutral display names that the label check suggests.

    `found` has rows of `cxlib.fairness.check_labels` of kind tier; a display name without a status word stays.
    """
    out = rows.copy()
    for row in found.to_dict("records"):
        columns = [row["column"]] if row["column"] != "tier" else ["display_name_en", "display_name_zh"]
        for column in columns:
            hit = rows["tier"] == row["name"] if row["column"] == "tier" else rows[column] == row["name"]
            if row["column"] == "tier":
                hit &= rows[column].isna()
            out.loc[hit, column] = row["suggestion_zh" if column.endswith("zh") else "suggestion_en"]
    return out


def tier_table(edited: pd.DataFrame) -> pa.Table:
    """Return the rows that were given a rank as the typed table of tiers."""
    ranked = edited[edited["rank"].notna()]
    schema = pa.schema([(column.name, _KEPT.get(column.kind, pa.string())) for column in TIERS.columns])
    return pa.Table.from_pandas(ranked, schema=schema, preserve_index=False)


def tier_names(scope: Scope, seen: Iterable[str] = ()) -> TierNames:
    """Return the tiers of the data set; `seen` are those met in its rows, which may have no rank yet."""
    found = sorted({str(tier) for tier in seen if tier is not None and tier == tier})  # noqa: PLR0124 - NaN
    if not scope.has("tiers"):
        return TierNames(tuple(found), {}, {})
    frame: pd.DataFrame = _ranked(scope.dataset.id, scope.version.number)
    column = "display_name_zh" if language() == "zh_CN" else "display_name_en"
    names = frame[column] if column in frame else frame["tier"]
    shown = {str(t): str(n) if isinstance(n, str) and n else str(t) for t, n in zip(frame["tier"], names, strict=True)}
    ranks = {str(t): int(r) for t, r in zip(frame["tier"], frame["rank"], strict=True)}
    return TierNames((*ranks, *(tier for tier in found if tier not in ranks)), ranks, shown)


@st.cache_resource(max_entries=16, show_spinner=False)
def _ranked(dataset_id: str, version: int) -> pd.DataFrame:
    frame: pd.DataFrame = store().load(dataset_id, "tiers", version=version).to_pandas()
    return frame.sort_values(["rank", "tier"])
