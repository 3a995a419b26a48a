"""Files on their way in, as one reader's session holds them: read once, read again when something was changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import streamlit as st

from cxlib.importing import Arrival
from cxlib.intake import Mapping, answered, guess_table, read, read_text_table, suggest_mapping
from cxlib.intake.answers import READ_AGAIN
from cxlib.texts import language
from cxlib.ui.session import store

if TYPE_CHECKING:
    from collections.abc import Mapping as AnyMapping
    from collections.abc import Sequence

    from cxlib.intake import Question, Reading, TextTable


@dataclass
class OnItsWay:
    """One uploaded file and what the reader has said about it so far.

    `revision` counts the changes that were not made in the form of columns, so that the form starts anew.
    """

    name: str
    raw: bytes
    text: TextTable
    table: str
    mapping: Mapping
    remembered: bool = False
    revision: int = 0
    options: dict[str, str] = field(default_factory=dict)
    _readings: dict[tuple[str, str], Reading] = field(default_factory=dict)

    @property
    def reading(self) -> Reading:
        """The file as it is read now; the last reading is kept."""
        key = (self.mapping.to_json(), language())
        if key not in self._readings:
            self._readings = {key: read(self.text, mapping=self.mapping)}
        return self._readings[key]

    @property
    def arrival(self) -> Arrival:
        """The file for the store."""
        return Arrival(self.name, self.raw, self.reading)

    def read_as(self, table: str) -> None:
        """Read the file as another table."""
        self.table = table
        self.mapping, self.remembered = _first_mapping(self.text, table)
        self.revision += 1

    def take(self, mapping: Mapping, *, by_form: bool = False) -> None:
        """Read the file by another mapping."""
        self.mapping = mapping
        self.table = mapping.table
        self.revision += 0 if by_form else 1

    def answer(self, answers: AnyMapping[Question, str]) -> None:
        """Take the reader's answers to all that was asked, and read again."""
        again = {READ_AGAIN[q.code]: option for q, option in answers.items() if q.code in READ_AGAIN}
        mapping = self.reading.mapping
        for question, option in answers.items():
            mapping = answered(mapping, question, option)
        if any(self.options.get(name) != option for name, option in again.items()):
            columns = self.text.columns
            self.options |= again
            self.text = read_text_table(self.raw, name=self.name, **self.options)
            if self.text.columns != columns:
                mapping = _first_mapping(self.text, self.table)[0]
        self.text.needs_confirmation.clear()
        self.take(mapping.confirmed())


def arrived(uploads: Sequence[Any]) -> dict[str, OnItsWay]:
    """Return the files that the session holds, by upload; what was taken away is forgotten.

    A file that cannot be read is not among them: `open_upload` raises for it.
    """
    held: dict[str, OnItsWay] = st.session_state.setdefault("arrivals", {})
    for gone in set(held) - {upload.file_id for upload in uploads}:
        del held[gone]
    return held


def open_upload(upload: Any) -> OnItsWay:
    """Return an upload as it is held, reading it when it is new.

    Raises
    ------
    CxError
        Where the file cannot be read at all.
    """
    held: dict[str, OnItsWay] = st.session_state.setdefault("arrivals", {})
    if upload.file_id not in held:
        raw = upload.getvalue()
        text = read_text_table(raw, name=upload.name)
        table = guess_table(text)[0][0]
        mapping, remembered = _first_mapping(text, table)
        held[upload.file_id] = OnItsWay(upload.name, raw, text, table, mapping, remembered)
    return held[upload.file_id]


def remember(file: OnItsWay) -> None:
    """Keep the mapping for the next file with the same headers."""
    store().remember_mapping(file.text.columns, file.table, file.reading.mapping.to_json())


def _first_mapping(text: TextTable, table: str) -> tuple[Mapping, bool]:
    known = store().recall_mapping(text.columns, table)
    if known is not None:
        return Mapping.from_json(known), True
    return suggest_mapping(text, table=table), False
