"""What was read of a file: its first rows, encoding, separator and sheet, each to be changed where it stands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from cxlib.tables import TABLES
from cxlib.texts import _
from cxlib.ui.batch import keep_batch
from cxlib.ui.glance import ENCODINGS, first_rows
from cxlib.ui.safe import safe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cxlib.importing import FileDigest
    from cxlib.ui.batch import Batch, Waiting

DELIMITERS: Final = (",", ";", "\t", "|")
AS_FOUND: Final = ""
SHOWN: Final = 8


def read_form(batch: Batch, file: Waiting, digest: FileDigest) -> None:
    """Show the first rows as they were read, and let the reader change how."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _table(batch, file, digest)
        if digest.encoding:
            bytes_form(batch, file, encoding=digest.encoding, dialect=digest.dialect, rivals=digest.encodings)
        if len(digest.sheets) > 1:
            sheet = str(file.options.get("sheet") or digest.sheets[0])
            _choose(batch, file, "sheet", _("Sheet"), [*digest.sheets], chosen=sheet)
    st.dataframe(
        digest.head.head(SHOWN).rename_axis(_("Row")),
        alt=_("The first rows of the file as text"),
        key=f"head:{file.key}",
    )


def bytes_form(
    batch: Batch,
    file: Waiting,
    *,
    encoding: str = "",
    dialect: Mapping[str, Any] | None = None,
    rivals: tuple[str, ...] | list[str] = (),
) -> None:
    """Let the reader name the encoding and the separator; without a reading, they are as found."""
    given = encoding or file.options.get("encoding", AS_FOUND)
    names = list(dict.fromkeys([each for each in (given, *rivals, *ENCODINGS) if each]))
    if not encoding:
        names = [AS_FOUND, *names]
    _choose(batch, file, "encoding", _("Encoding"), names, chosen=given)
    delimiter = str((dialect or {}).get("delimiter", "")) or file.options.get("delimiter", AS_FOUND)
    marks = list(dict.fromkeys([each for each in (delimiter, *DELIMITERS) if each]))
    _choose(batch, file, "delimiter", _("Separator"), marks if dialect else [AS_FOUND, *marks], chosen=delimiter)


def encoding_choice(file: Waiting, digest: FileDigest, options: list[str], chosen: str) -> str | None:
    """Show the first rows under each encoding side by side; return the one that the reader takes, on a click."""
    taken = None
    delimiter = str((digest.dialect or {}).get("delimiter", ","))
    with st.grid(min(3, len(options)), min_column_width=290):
        for option in options[:4]:
            with st.container(border=True, height="stretch"):
                st.markdown(f"**{safe(option.upper())}**")
                frame = first_rows(Path(file.path), encoding=option, delimiter=delimiter)
                if frame is None:
                    st.caption(_("The file cannot be shown."))
                else:
                    alt = _("The first rows of the file, read as {encoding}", encoding=option.upper())
                    st.dataframe(frame, hide_index=True, alt=alt, key=f"rows:{file.key}:{option}")
                st.space("stretch")
                if st.button(
                    _("These texts are right"),
                    key=f"take-encoding:{file.key}:{option}",
                    type="primary" if option == chosen else "secondary",
                    width="stretch",
                ):
                    taken = option
    return taken


def said_mark(mark: str) -> str:
    """Return what a separator is called."""
    names = {",": _("comma"), ";": _("semicolon"), "\t": _("tab"), "|": _("bar"), AS_FOUND: _("find out")}
    return names.get(mark, mark)


def _table(batch: Batch, file: Waiting, digest: FileDigest) -> None:
    ranked = [name for name, _score in digest.guesses]
    tables = [*ranked, *(name for name in TABLES if name not in ranked)]
    key = f"table:{file.key}"
    st.session_state.setdefault(key, digest.table)

    def changed() -> None:
        file.read_as(st.session_state[key])
        keep_batch(batch)

    st.selectbox(
        _("Is a table of"),
        tables,
        format_func=lambda each: _(TABLES[each].title),
        key=key,
        width=220,
        help=_(TABLES[digest.table].about),
        on_change=changed,
    )


def _choose(batch: Batch, file: Waiting, option: str, label: str, names: list[str], *, chosen: str) -> None:
    key = f"{option}:{file.key}:{chosen}"

    def changed() -> None:
        file.read_by(option, st.session_state[key] or None)
        keep_batch(batch)

    def said(name: str) -> str:
        if option == "delimiter" or not name:
            return said_mark(name)
        return name.upper() if option == "encoding" else name

    place = names.index(chosen) if chosen in names else 0
    st.selectbox(label, names, place, format_func=said, key=key, width=150, on_change=changed)
