"""The files of a batch being read: each one a job, then a card."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import streamlit as st

from cxlib.errors import CxError
from cxlib.importing import start_read
from cxlib.intake import Mapping
from cxlib.texts import _, language
from cxlib.ui.batch import keep_batch
from cxlib.ui.card import COLUMN_CODES, card, opened, refused_card, stopped_card
from cxlib.ui.jobs import asked, runner, watch
from cxlib.ui.session import store

if TYPE_CHECKING:
    from cxlib.importing import FileDigest
    from cxlib.runner import Job
    from cxlib.ui.batch import Batch, Waiting


def read_all(batch: Batch) -> list[tuple[Waiting, FileDigest]]:
    """Show every file of the batch, being read or as it was read; return those that are tables."""
    jobs = {file.key: _job(file) for file in batch.files if not file.stopped}
    running: dict[str, Job] = {}
    for file in batch.files:
        job = jobs.get(file.key)
        if job is None or isinstance(job, CxError):
            continue
        if job.error is not None and job.error.code in COLUMN_CODES:
            job = _text(file)
        if not job.over:
            running[batch.label(file)] = job

    def stop(label: str) -> None:
        for file in batch.files:
            if batch.label(file) == label:
                file.stopped = True
        keep_batch(batch)

    found = [_shown(batch, file, jobs.get(file.key)) for file in batch.files]
    watch(running, key="reading", cancelled=stop)
    if None in found and not running:
        st.caption(_("Mend or take away the files that cannot be read; then the others can be imported."))
    return [each for each in found if each is not None]


def _shown(batch: Batch, file: Waiting, job: Job | CxError | None) -> tuple[Waiting, FileDigest] | None:
    if job is None:
        stopped_card(batch, file, job_key=_key(file))
    elif isinstance(job, CxError):
        refused_card(batch, file, job, job_key=_key(file))
    elif job.state == "done":
        digest = opened(str(job.folder))
        card(batch, file, digest)
        return file, digest
    elif job.state == "cancelled":
        stopped_card(batch, file, job_key=_key(file))
    elif job.over:
        _failed(batch, file, job)
    return None


def _failed(batch: Batch, file: Waiting, job: Job) -> None:
    """Show a file that is no table yet; where its text can be read, its columns can be chosen."""
    error = job.error
    if error is None:
        return
    if error.code in COLUMN_CODES:
        text = _text(file)
        if text.state == "done":
            card(batch, file, opened(str(text.folder)), error)
        if text.state == "done" or not text.over:
            return
    refused_card(batch, file, error, job_key=_key(file))


def _job(file: Waiting) -> Job | CxError:
    try:
        return asked(_key(file), lambda: _start(file))
    except CxError as error:
        return error


def _start(file: Waiting) -> Job:
    mapping = None if file.mapping is None else Mapping.from_json(file.mapping)
    return start_read(runner(), file.source, store=store(), options=file.options, table=file.table, mapping=mapping)


def _text(file: Waiting) -> Job:
    """Return the job that reads only the text of a file, whose columns do not make a table yet."""
    parameters: dict[str, Any] = {
        "file": file.source.as_dict(),
        "options": file.options,
        "table": file.table,
        "mapping": file.mapping,
    }
    return asked(
        f"text {_key(file)}",
        lambda: runner().start("cxlib.importing.partly:read_text", parameters, language=language()),
    )


def _key(file: Waiting) -> str:
    return json.dumps(["read", file.key, file.options, file.table, file.mapping], sort_keys=True)
