"""Long work as a page sees it: asked for by what it depends on, watched while it runs, never asked for twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from cxlib import formats
from cxlib.importing import runner_of
from cxlib.texts import _
from cxlib.ui import states
from cxlib.ui.fragments import fragment_every
from cxlib.ui.safe import safe
from cxlib.ui.uploads import root

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cxlib.runner import Job, Runner

TASKS: Final = "cxlib.ui.tasks"
WATCH_S: Final = 0.5
GLANCE_S: Final = 0.15
"""What ends within this time is not announced at all."""


def runner() -> Runner:
    """Return the one runner of this server."""
    return runner_of(root(), TASKS)


def asked(key: str, start: Callable[[], Job]) -> Job:
    """Return the job for what `key` says; one that failed or was cancelled stays as it is until `again`."""
    held: dict[str, Job] = st.session_state.setdefault("jobs", {})
    job = held.get(key)
    if job is None or job.state == "done":  # asked for anew, so that its result is not removed meanwhile
        job = held[key] = start()
    return job


def again(key: str) -> None:
    """Forget that a job failed, so that it is tried once more."""
    st.session_state.get("jobs", {}).pop(key, None)


def watch(
    jobs: Mapping[str, Job],
    *,
    key: str,
    cancelled: Callable[[str], None] | None = None,
    say: Callable[[Job], str] = lambda job: job.said,
) -> None:
    """Show how far jobs are, by what they are called, each with a button that cancels it; run the page at an end.

    What a job says it is at is in the language of whoever asked first: `say` puts it otherwise.
    """
    if not jobs:
        return
    for job in jobs.values():
        job.wait(GLANCE_S / len(jobs))
    if any(job.over for job in jobs.values()):
        st.rerun()
    with st.container(key=f"working-{key}"):
        _watched(dict(jobs), key, cancelled, say)


def watched(key: str, start: Callable[[], Job], *, title: str, about: str, place: str) -> Job | None:
    """Return a job that has done its work, or None after showing how far it is, or why it has not.

    `key` says what it depends on, `place` sets its widgets apart from those of others, `about` is said beside its
    progress.
    """
    job = asked(key, start)
    if job.state == "done":
        return job
    if not job.over:
        with st.container(border=True, key=f"long-{place}"):
            watch({title: job}, key=place, say=_far)
            st.caption(about)
        return None
    if job.state == "cancelled":
        states.empty(_("Not worked out"), _("It was cancelled before its end."), to_import=False)
    elif job.error is not None:
        states.refused(job.error)
    if st.button(_("Try again"), key=f"again:{place}", icon=":material/refresh:"):
        again(key)
        st.rerun()
    return None


def _far(job: Job) -> str:
    return _("under way") if job.share is None else formats.share(job.share, decimals=0)


@fragment_every(WATCH_S)
def _watched(
    jobs: dict[str, Job], key: str, cancelled: Callable[[str], None] | None, say: Callable[[Job], str]
) -> None:
    if any(job.over for job in jobs.values()):
        st.rerun()
    for name, job in jobs.items():
        with st.container(horizontal=True, vertical_alignment="bottom"):
            said = (
                safe(say(job)) if job.said else _("waiting for its turn") if job.state == "waiting" else _("starting")
            )
            st.progress(min(1.0, job.share or 0.0), text=f"**{safe(name)}** · {said}")
            if st.button(_("Cancel"), key=f"cancel:{key}:{name}", icon=":material/close:"):
                job.cancel()
                if cancelled is not None:
                    cancelled(name)
                st.rerun()
