"""What an import would do, said before it is done: rows, months, how tables fit each other, what becomes possible."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd
import pyarrow.compute as pc
import streamlit as st

from cxlib import formats
from cxlib.importing import PrepareDigest, start_prepare
from cxlib.tables import METERS, TABLES
from cxlib.texts import _, ngettext
from cxlib.ui import states
from cxlib.ui.jobs import again, asked, runner, watch
from cxlib.ui.problems import set_aside
from cxlib.ui.safe import safe
from cxlib.ui.session import store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cxlib.importing import FileDigest, FilePrepared
    from cxlib.runner import Job
    from cxlib.ui.batch import Batch, Waiting

MONTHS_SAID: Final = 4
EXAMPLES: Final = 5


@st.cache_resource(show_spinner=False, max_entries=50)
def _opened(folder: str) -> PrepareDigest:
    return PrepareDigest.open(Path(folder))


def consequences(batch: Batch, files: Sequence[tuple[Waiting, FileDigest]]) -> Job | None:
    """Show what the import would do; return the job that prepared it once it is done."""
    version = store().version(batch.into).number if batch.into else 0
    key = f"prepare {batch.into} {version} {batch.rule} {[str(digest.folder) for _file, digest in files]}"
    pairs = [(file.source, digest) for file, digest in files]
    job = asked(
        key,
        lambda: start_prepare(
            runner(), pairs, store=store(), dataset=batch.into, on_conflict=batch.rule, confirmed=True
        ),
    )
    if job.error is not None:
        states.refused(job.error)
        if st.button(_("Try again"), key="prepare-again", icon=":material/refresh:"):
            again(key)
            st.rerun()
        return None
    if not job.over:
        watch({_("What the import does"): job}, key="preparing")
        return None
    found = _opened(str(job.folder))
    _effects(found, into=batch.into)
    _unknown_plans(found)
    _joins(found)
    possible(_tables_after(batch, found))
    return job


def possible(tables: set[str]) -> None:
    """Say which pages have what they need, and which table would bring the others."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.markdown(_("Afterwards there is:"), width="content")
        for name, lacking in _needs(tables).items():
            if lacking:
                titles = formats.listed(_(TABLES[each].title) for each in lacking)
                st.badge(_("{page}: needs {tables}", page=name, tables=titles), color="gray", icon=":material/block:")
            else:
                st.badge(name, color="green", icon=":material/check:")


def _needs(tables: set[str]) -> dict[str, list[str]]:
    asked_for = {
        _("Plan fit"): ("usage", "plans"),
        _("Queues"): ("contacts",),
        _("Allocation"): ("contacts",),
    }
    return {name: [each for each in needed if each not in tables] for name, needed in asked_for.items()}


def _tables_after(batch: Batch, found: PrepareDigest) -> set[str]:
    there = {name for name, file in store().version(batch.into).tables.items() if file.rows} if batch.into else set()
    return there | {each.table for each in found.files if each.rows}


def _effects(found: PrepareDigest, *, into: str | None) -> None:
    """One row a file: what becomes of its rows, and what it covers."""
    shown = pd.DataFrame(
        {
            _("File"): [safe(each.file_name) or _("zeros of the other meters") for each in found.files],
            _("Brings"): [_brings(each) for each in found.files],
            _("Of these"): [_fates(each) for each in found.files],
            _("Covers"): [_covers(each) for each in found.files],
            _("Set aside"): [formats.number(each.quarantined) if each.quarantined else "" for each in found.files],
        }
    )
    if not any(found_file.quarantined for found_file in found.files):
        shown = shown.drop(columns=_("Set aside"))
    st.table(shown, border="horizontal", hide_index=True)
    for each in found.files:
        before = each.already_imported
        if before is not None:
            states.note(
                _(
                    "{file} was imported before, in version {n} by {who}.",
                    file=safe(each.file_name),
                    n=before["version"],
                    who=safe(before["who"]),
                )
            )
        if into is None and (each.replaced or each.kept):
            states.note(
                _(
                    "{n} of {file} have the key of a row of another of these files. If the files are parts of one, "
                    "add them up; else only one of each is kept.",
                    n=formats.rows(each.replaced + each.kept),
                    file=safe(each.file_name),
                )
            )
    if into is not None:
        _months_there(found, into)


def _brings(each: FilePrepared) -> str:
    title = safe(_(TABLES[each.table].title))
    said = _("**{rows}** of {table}", rows=formats.rows(each.rows), table=title)
    meters = [name for name in each.columns if name not in TABLES[each.table].names]
    if each.table != "usage" or not meters:
        return said
    listed = formats.listed(_(METERS[name][0]) if name in METERS else name for name in meters)
    return f"{said} ({safe(listed)})"


def _fates(each: FilePrepared) -> str:
    parts = [
        _("{n} new", n=formats.number(each.new)) if each.new else "",
        _("{n} replaced", n=formats.number(each.replaced)) if each.replaced else "",
        _("{n} kept as they were", n=formats.number(each.kept)) if each.kept else "",
        _("{n} the same as before", n=formats.number(each.identical)) if each.identical else "",
    ]
    return ", ".join(part for part in parts if part)


def _covers(each: FilePrepared) -> str:
    customers = formats.people(each.customers) if each.customers else ""
    months = _period(each.months)
    return ", ".join(part for part in (customers, months) if part)


def _period(months: Sequence[str]) -> str:
    if not months:
        return ""
    first, last = formats.month(months[0]), formats.month(months[-1])
    return first if first == last else f"{first} – {last}"


def _months_there(found: PrepareDigest, into: str) -> None:
    brought = {month for each in found.files if each.table == "usage" for month in each.months}
    there = sorted(brought & _usage_months(into, store().version(into).number))
    if there:
        said = formats.listed(formats.month(month) for month in there[:MONTHS_SAID])
        said += " …" if len(there) > MONTHS_SAID else ""
        st.markdown(
            ngettext(
                "Usage of {n} month is there already: {months}.",
                "Usage of {n} months is there already: {months}.",
                len(there),
                months=said,
            )
        )


@st.cache_data(show_spinner=False, max_entries=20)
def _usage_months(dataset: str, version: int) -> set[str]:
    if not store().has(dataset, "usage", version=version):
        return set()
    months = pc.unique(store().load(dataset, "usage", version=version, columns=["month"])["month"]).to_pylist()
    return {f"{month:%Y-%m}" for month in months}


def _unknown_plans(found: PrepareDigest) -> None:
    """Name the rows that are set aside because the catalogue lacks their plan."""
    for i, each in enumerate(found.files):
        if not each.unknown_plans:
            continue
        plans = formats.listed(plan for plan, _rows in each.unknown_plans[:5])
        states.note(
            _(
                "{file}: {n} set aside for a plan that the catalogue lacks: {plans}. Bring a catalogue that has it, "
                "or correct its name.",
                file=safe(each.file_name),
                n=formats.rows(sum(rows for _plan, rows in each.unknown_plans)),
                plans=safe(plans + (" …" if len(each.unknown_plans) > 5 else "")),
            )
        )
        if each.quarantined_path is not None:
            set_aside(each.quarantined_path, each.quarantined, name=each.file_name, key=f"prepared:{i}")


def _joins(found: PrepareDigest) -> None:
    """Say how the tables fit each other."""
    joins = found.said_joins()
    joins = joins[joins["rule"] != "unknown_plan"]
    if joins.empty:
        return
    parts = [part for _rule, part in joins.groupby("rule", sort=False)]
    shown = pd.DataFrame(
        {
            _("How the tables fit each other"): [safe(part["title"].iloc[0]) for part in parts],
            _("Values"): [_listed([each for each in part["value"].unique() if each]) for part in parts],
            _("What to do"): [safe(part["hint"].iloc[0]) for part in parts],
        }
    )
    st.table(shown, border="horizontal", hide_index=True)


def _listed(values: list[str]) -> str:
    return safe(", ".join(map(str, values[:EXAMPLES])) + (" …" if len(values) > EXAMPLES else ""))
