"""What a page speaks about: data set, version, settings and filters. Every export carries it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import streamlit as st

import cxlib
from cxlib import formats
from cxlib.texts import _
from cxlib.ui.session import store

if TYPE_CHECKING:
    from cxlib.store import DataSet, Settings, Version


@dataclass(frozen=True)
class Scope:
    """One data set at one version, its settings, and the filters chosen on the page."""

    dataset: DataSet
    version: Version
    settings: Settings
    filters: tuple[tuple[str, str], ...] = field(default=())

    def narrowed(self, label: str, value: str) -> Scope:
        """Return the scope with one more filter, both parts in the reader's language."""
        return replace(self, filters=(*self.filters, (label, value)))

    def has(self, table: str) -> bool:
        """Whether the data set has rows of that table."""
        return table in self.version.tables and self.version.tables[table].rows > 0

    def key(self, name: str, **parameters: object) -> dict[str, object]:
        """Return what a kept result depends on, besides the code."""
        return {"name": name, "dataset": self.dataset.id, "version": self.version.number, **parameters}

    def lines(self) -> list[tuple[str, str]]:
        """Return the scope for the head of an export."""
        return [
            (_("Data set"), _("Demo") if self.dataset.demo else self.dataset.name),
            (_("Version"), str(self.version.number)),
            *self.filters,
            (_("Exported"), formats.instant(datetime.now(tz=UTC)) + " UTC"),
            (_("Made with"), f"cxlib {cxlib.__version__}"),
        ]


def current_scope() -> Scope | None:
    """Return the scope of the data set in the frame; None where there is no data set or it has no version."""
    dataset_id = st.session_state.get("dataset")
    found = [each for each in store().datasets() if each.id == dataset_id]
    if not found:
        return None
    return scope_of(found[0])


def scope_of(dataset: DataSet) -> Scope:
    """Return the scope of a data set at its current version, without filters."""
    return Scope(dataset, store().version(dataset.id), store().settings(dataset.id))
