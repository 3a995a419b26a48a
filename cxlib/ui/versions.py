"""The past of a data set: each version with its files, how they were read, and what was set aside; undo; deletion."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pandas as pd
import streamlit as st

from cxlib import formats
from cxlib.exports import csv_bytes
from cxlib.tables import TABLES
from cxlib.texts import _, ngettext
from cxlib.ui.problems import readable
from cxlib.ui.safe import safe
from cxlib.ui.session import show_dataset, store, who

if TYPE_CHECKING:
    from cxlib.store import DataSet, ImportRecord, TableFile, Version

SHOWN: Final = 20
NAMES: Final = 3
DOWNLOAD_BYTES: Final = 100_000_000
"""What is larger is fetched from the server's disk: a download would pass through its memory."""


def versions(dataset: DataSet) -> None:
    """Show every version, the newest first, each with what came in and how it was read."""
    found = [each for each in store().versions(dataset.id) if each.number]
    more = len(found) - SHOWN
    for version in found[:SHOWN]:
        fold = st.expander(_line(version), key=f"version:{dataset.id}:{version.number}", on_change="rerun")
        if fold.open:
            with fold:
                _version(dataset, version)
    if more > 0 and st.toggle(ngettext("Show {n} older version", "Show {n} older versions", more)):
        for version in found[SHOWN:]:
            st.markdown(_line(version))


def undo(dataset: DataSet, current: Version) -> None:
    """Offer to take back the last change, saying what that does."""
    if current.before is None:
        return
    before = store().version(dataset.id, current.before)
    with st.popover(_("Undo the last change"), icon=":material/undo:"):
        st.markdown(_("The data set becomes as it was in version {n}:", n=before.number))
        st.markdown("\n".join(_differences(current.tables, before.tables)))
        st.caption(_("It becomes a new version; nothing is forgotten, and the undo can be undone."))
        if st.button(_("Undo"), type="primary", icon=":material/undo:", key="undo-last"):
            store().undo(dataset.id, who=who())
            st.rerun()


def deletion(dataset: DataSet) -> None:
    """Offer to delete a data set, saying what goes and what stays."""
    with st.popover(_("Delete"), icon=":material/delete:"):
        found = store().versions(dataset.id)
        imports = [each for version in found for each in version.imports]
        raw = {each.raw_sha256: each.raw_bytes for each in imports if each.raw_sha256}
        st.markdown(
            _(
                "This removes **{name}** for good: {versions}, {files} as they came ({size}), all tables, results and "
                "rows set aside.",
                name=safe(dataset.name),
                versions=ngettext("{n} version", "{n} versions", len(found)),
                files=ngettext("{n} file", "{n} files", len(raw)),
                size=formats.size(sum(raw.values())),
            )
        )
        st.caption(_("What stays is a note: its name, who deleted it and when, and the hash and size of each file."))
        if st.button(_("Delete for good"), type="primary", icon=":material/delete_forever:"):
            store().delete(dataset.id, who=who())
            others = [each.id for each in store().datasets()]
            if others:
                show_dataset(others[-1])
            st.rerun()


def tombstones() -> None:
    """Show what is left of deleted data sets."""
    gone = store().tombstones()
    if not gone:
        return
    with st.expander(ngettext("{n} deleted data set", "{n} deleted data sets", len(gone)), icon=":material/delete:"):
        shown = pd.DataFrame(
            {
                _("Name"): [safe(each.name) for each in gone],
                _("When (UTC)"): [formats.instant(each.deleted_at) for each in gone],
                _("Deleted by"): [safe(each.who) for each in gone],
                _("Versions"): [formats.number(each.versions) for each in gone],
                _("Files"): [formats.number(len(each.files)) for each in gone],
            }
        )
        st.table(shown, border="horizontal", hide_index=True)


def _line(version: Version) -> str:
    parts = [
        _("**Version {n}**", n=version.number),
        formats.instant(version.created_at) + " UTC",
        safe(version.who),
    ]
    if version.restores is not None:
        parts.append(_("undone: as version {n}", n=version.restores))
    elif version.imports:
        names = [each.file_name for each in version.imports if each.file_name]
        parts.append(safe(", ".join(names[:NAMES])) + (" …" if len(names) > NAMES else ""))
        aside = sum(each.quarantined for each in version.imports)
        parts.append(formats.rows(sum(each.loaded for each in version.imports)))
        parts += [_("{n} set aside", n=formats.number(aside))] if aside else []
    elif version.note:
        parts.append(safe(version.note))
    return " · ".join(parts)


def _version(dataset: DataSet, version: Version) -> None:
    if version.imports:
        st.table(_imports(version.imports), border="horizontal", hide_index=True)
    for i, record in enumerate(version.imports):
        _downloads(dataset, version, record, i)
    current = store().version(dataset.id)
    if dataset.demo or version.number == current.number or version.tables == current.tables:
        return
    with st.popover(_("Go back to this version"), icon=":material/history:", key=f"back:{version.number}"):
        st.markdown("\n".join(_differences(current.tables, version.tables)))
        if st.button(_("Go back"), type="primary", key=f"go-back:{version.number}"):
            store().undo(dataset.id, who=who(), to=version.number)
            st.rerun()


def _imports(records: tuple[ImportRecord, ...]) -> pd.DataFrame:
    def count(value: int) -> str:
        return formats.number(value) if value else ""

    shown = pd.DataFrame(
        {
            _("File"): [safe(each.file_name) or _("zeros of the other meters") for each in records],
            _("Table"): [_(TABLES[each.table].title) if each.table in TABLES else safe(each.table) for each in records],
            _("Rows in file"): [count(each.rows_in_file) for each in records],
            _("New"): [count(each.added) for each in records],
            _("Replaced"): [count(each.replaced) for each in records],
            _("Kept"): [count(each.kept) for each in records],
            _("Same"): [count(each.identical) for each in records],
            _("Set aside"): [count(each.quarantined) for each in records],
            _("Encoding"): [safe(each.encoding.upper()) if each.encoding else formats.NOTHING for each in records],
            _("Read by version"): [safe(each.reader_version) for each in records],
        }
    )
    return shown[[name for name in shown if any(shown[name])]]


def _downloads(dataset: DataSet, version: Version, record: ImportRecord, place: int) -> None:
    """Offer the file as it came, its mapping, and the rows that were set aside."""
    key = f"{dataset.id}:{version.number}:{place}"
    raw = store().raw_path(record)
    if raw is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{safe(record.file_name)}**")
        if record.raw_bytes <= DOWNLOAD_BYTES:
            st.download_button(
                _("As it came ({size})", size=formats.size(record.raw_bytes)),
                data=raw.read_bytes,
                file_name=record.file_name or "file",
                mime="application/octet-stream",
                key=f"raw:{key}",
                on_click="ignore",
                icon=":material/download:",
                type="tertiary",
            )
        else:
            st.caption(_("As it came ({size}), on the server:", size=formats.size(record.raw_bytes)))
            st.code(str(raw), language=None)
        if record.mapping:
            st.download_button(
                _("Its mapping"),
                json.dumps(record.mapping, ensure_ascii=False, indent=1),
                f"{record.file_name}.mapping.json",
                "application/json",
                key=f"mapping:{key}",
                on_click="ignore",
                icon=":material/download:",
                type="tertiary",
            )
        if record.quarantined_sha256:
            st.download_button(
                ngettext("{n} row set aside", "{n} rows set aside", record.quarantined),
                data=lambda: csv_bytes(readable(_aside(dataset, version, record)), numbers_in_text=True),
                file_name=f"set_aside_{record.file_name.rsplit('.', 1)[0]}.csv",
                mime="text/csv",
                key=f"aside:{key}",
                on_click="ignore",
                icon=":material/download:",
                type="tertiary",
            )


def _aside(dataset: DataSet, version: Version, record: ImportRecord) -> pd.DataFrame:
    for each, rows in store().quarantined(dataset.id, version.number):
        if each == record:
            frame: pd.DataFrame = rows.to_pandas()
            return frame
    raise KeyError(record.file_name)


def _differences(now: dict[str, TableFile], then: dict[str, TableFile]) -> list[str]:
    """Return as a list how the tables change from now to then."""
    lines = []
    for name in dict.fromkeys([*now, *then]):
        here, there = now.get(name), then.get(name)
        if here == there:
            continue
        title = safe(_(TABLES[name].title)) if name in TABLES else safe(name)
        rows = (formats.rows(each.rows) if each else _("nothing") for each in (here, there))
        lines.append("- " + _("{table}: {now} → {then}", table=title, now=next(rows), then=next(rows)))
    return lines or ["- " + _("no table changes")]
