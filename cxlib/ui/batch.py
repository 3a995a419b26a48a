"""Files on their way in: what a reader brought and chose, kept on disk until it is imported or taken away.

A batch has an address, so that leaving the page, switching the language or loading it again loses nothing.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from cxlib.importing import source_of, tidy_spool, unspool
from cxlib.intake import ColumnMap, Mapping, Question, answered
from cxlib.intake.answers import READ_AGAIN
from cxlib.ui import link
from cxlib.ui.uploads import root

if TYPE_CHECKING:
    from cxlib.importing import Source
    from cxlib.store import OnConflict

NAME: Final = re.compile(r"[0-9a-f]{32}")
FOLDER: Final = "batches"
KEPT_S: Final = 86400.0


@dataclass
class Answer:
    """What a reader said to a question; `before` is how the column was read until then."""

    question: dict[str, Any]
    option: str
    before: dict[str, Any] | None = None


@dataclass
class Waiting:
    """One file of a batch: where it lies, and what the reader said about it.

    `mapping` is None as long as the suggestion stands; `stopped` where its reading was cancelled.
    """

    key: str
    name: str
    path: str
    size_bytes: int
    sha256: str | None
    options: dict[str, str] = field(default_factory=dict)
    table: str | None = None
    mapping: str | None = None
    answers: list[Answer] = field(default_factory=list)
    stopped: bool = False

    @property
    def source(self) -> Source:
        """The file as it lies on disk now, or raise `CxError` ``no_file``."""
        return source_of(Path(self.path), name=self.name, sha256=self.sha256)

    def read_as(self, table: str) -> None:
        """Read the file as another table; what was said about its columns goes."""
        self.table, self.mapping = table, None
        self.answers = [each for each in self.answers if each.question["code"] in READ_AGAIN]

    def read_by(self, option: str, value: str | None) -> None:
        """Read the bytes in another way (encoding, separator, sheet); the columns are then suggested anew."""
        self.options = {name: each for name, each in self.options.items() if name != option}
        if value is not None:
            self.options[option] = value
        self.mapping = None
        self.answers = [each for each in self.answers if each.question["code"] in READ_AGAIN]

    def take(self, mapping: Mapping) -> None:
        """Read the file by another mapping."""
        self.table, self.mapping = mapping.table, mapping.to_json()

    def is_open(self, question: Question) -> bool:
        """Whether a question was not answered yet."""
        return all(each.question != question.as_dict() for each in self.answers)

    def answer(self, mapping: Mapping, question: Question, option: str) -> None:
        """Take the answer to a question that is open under `mapping`; a confirmation changes nothing."""
        column = mapping.columns.get(question.column)
        self.answers.append(Answer(question.as_dict(), option, column.as_dict() if column else None))
        if option == question.chosen:
            return
        if question.code in READ_AGAIN:
            self.read_by(READ_AGAIN[question.code], option)
        else:
            self.take(answered(mapping, question, option))

    def change(self, mapping: Mapping, place: int, option: str) -> None:
        """Give another answer in place of one that was given; later answers on the same column stay."""
        given = self.answers[place]
        given.option = option
        question = Question.from_dict(given.question)
        if question.code in READ_AGAIN:
            self.read_by(READ_AGAIN[question.code], option)
            return
        if given.before is not None:
            columns = {**mapping.columns, question.column: ColumnMap.from_dict(given.before)}
            mapping = replace(mapping, columns=columns)
        for each in self.answers[place:]:
            asked = Question.from_dict(each.question)
            if each is given or (question.column and asked.column == question.column):
                mapping = answered(replace(mapping, questions=(*mapping.questions, asked)), asked, each.option)
        self.take(mapping)

    def shape(self, mapping: Mapping, columns: set[str]) -> None:
        """Take what the reader said about some columns, by hand; answers about them are forgotten."""
        self.answers = [each for each in self.answers if each.question["column"] not in columns]
        self.take(mapping)


@dataclass
class Batch:
    """Files that are brought in together, in one commit; `committing` is the id of the job that does it."""

    id: str
    files: list[Waiting] = field(default_factory=list)
    into: str | None = None
    name: str = ""
    rule: OnConflict = "replace"
    committing: str | None = None

    def add(self, source: Source) -> Waiting:
        """Take in a file."""
        found = Waiting(secrets.token_hex(4), source.name, str(source.path), source.size_bytes, source.sha256)
        self.files.append(found)
        return found

    def drop(self, file: Waiting) -> None:
        """Take a file away; an upload that nobody else needs is removed, a file of the inbox is left where it is."""
        self.files.remove(file)
        keep_batch(self)
        if not any(file.path in _text(path) for path in _folder().iterdir()):
            unspool(Path(file.path))

    def twin(self, file: Waiting) -> Waiting | None:
        """Return an earlier file of the batch with the same bytes, as far as is known."""
        earlier = self.files[: self.files.index(file)]
        return next((each for each in earlier if each.path == file.path), None)

    def label(self, file: Waiting) -> str:
        """Return the file's name, told apart from others of the same name."""
        same = [each.key for each in self.files if each.name == file.name]
        return file.name if len(same) == 1 else f"{file.name} ({same.index(file.key) + 1})"


def current_batch() -> Batch:
    """Return the reader's batch: the one in the address, else the session's, else an empty one."""
    for name in (link.parameter("batch"), st.session_state.get("batch")):
        found = _load(name) if name else None
        if found is not None:
            st.session_state["batch"] = found.id
            link.keep("batch", found.id if found.files else None)
            return found
    _tidy()
    link.keep("batch", None)
    return Batch(secrets.token_hex(16))


def keep_batch(batch: Batch) -> None:
    """Save the batch and let session and address carry it."""
    path = _folder() / f"{batch.id}.json"
    temporary = path.with_suffix(f".{secrets.token_hex(4)}")
    temporary.write_text(json.dumps(asdict(batch), ensure_ascii=False), "utf-8")
    temporary.replace(path)
    st.session_state["batch"] = batch.id
    link.keep("batch", batch.id if batch.files else None)


def end_batch(batch: Batch) -> None:
    """Forget the batch and its uploads."""
    (_folder() / f"{batch.id}.json").unlink(missing_ok=True)
    unspool(*(Path(each.path) for each in batch.files))
    st.session_state.pop("batch", None)
    link.keep("batch", None)


def _load(name: str) -> Batch | None:
    if not NAME.fullmatch(name):
        return None
    try:
        body = json.loads(_text(_folder() / f"{name}.json"))
        files = [
            Waiting(**{**each, "answers": [Answer(**given) for given in each["answers"]]}) for each in body["files"]
        ]
        return Batch(**{**body, "files": files})
    except (ValueError, KeyError, TypeError):
        return None


def _folder() -> Path:
    folder = root() / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _text(path: Path) -> str:
    with suppress(OSError):
        return path.read_text("utf-8")
    return ""


def _tidy() -> None:
    tidy_spool(root())
    for path in _folder().iterdir():
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > KEPT_S:
                path.unlink()
