"""What a page shows, noted while it is drawn, so that it can be sent on as a file with the same numbers."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cxlib.exports.page_report import Part
    from cxlib.store import Saved
    from cxlib.ui.scope import Scope


@dataclass
class Record:
    """The parts of a page in their order, each with the fragments that it stands in, and the scope seen last.

    `page` is its address and `dataset` the id of what it shows. `notes` are those pinned to its charts, once read.
    """

    entries: list[tuple[tuple[str, ...], Part]] = field(default_factory=list)
    scope: Scope | None = None
    page: str = ""
    dataset: str = ""
    notes: list[Saved] | None = None

    @property
    def parts(self) -> list[Part]:
        """The parts in the order of the page."""
        return [part for _fragments, part in self.entries]


_within: ContextVar[tuple[tuple[str, ...], list[int]] | None] = ContextVar("record_within", default=None)
"""The fragments that are running, the outer first, and the place where the next part goes."""


def begin(page: str = "", dataset: str = "") -> Record:
    """Begin a new page, of that address and data set; return what will be noted of it."""
    found = st.session_state["record"] = Record(page=page, dataset=dataset)
    return found


def add(part: Part, scope: Scope | None = None) -> None:
    """Note a part of the page."""
    record: Record | None = st.session_state.get("record")
    if record is None:
        return
    if scope is not None:
        record.scope = scope
    running = _within.get()
    if running is None:
        record.entries.append(((), part))
        return
    fragments, place = running
    record.entries.insert(place[0], (fragments, part))
    place[0] += 1


@contextmanager
def fragment_runs(name: str) -> Iterator[None]:
    """Within a fragment that runs, alone or with its page: what was noted of it before goes.

    `name` is that of one call of a fragment, the same when it runs again.
    """
    record: Record | None = st.session_state.get("record")
    if record is None:
        yield
        return
    outer = _within.get()
    mine = [i for i, (fragments, _part) in enumerate(record.entries) if name in fragments]
    if mine:
        known = record.entries[mine[0]][0]
        fragments = known[: known.index(name) + 1]
        record.entries[:] = [entry for entry in record.entries if name not in entry[0]]
        place = [mine[0]]
    else:
        fragments = (*(outer[0] if outer else ()), name)
        place = outer[1] if outer else [len(record.entries)]
    token = _within.set((fragments, place))
    try:
        yield
    finally:
        _within.reset(token)
