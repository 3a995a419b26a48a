"""What is wrong with a file, by kind with examples, and the rows that were set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd
import pyarrow.parquet as pq
import streamlit as st

from cxlib import formats
from cxlib.exports import csv_bytes
from cxlib.intake.rules import RULES, hint, title
from cxlib.texts import _, ngettext, sentences
from cxlib.ui.columns import label_of
from cxlib.ui.safe import safe

if TYPE_CHECKING:
    from pathlib import Path

    from cxlib.importing import FileDigest

SHOWN: Final = 200
KINDS: Final = 12
REASONS: Final = "reasons"


def problems(digest: FileDigest, *, key: str) -> None:
    """Show what is wrong by kind: how many, where, what to do; errors first."""
    groups = digest.groups
    if groups.empty:
        st.markdown(_("Nothing is wrong with it."))
        return
    shown = groups.head(KINDS)
    st.table(_told(shown, digest.table), border="horizontal", hide_index=True)
    if len(groups) > KINDS:
        st.caption(ngettext("… and {n} more kind", "… and {n} more kinds", len(groups) - KINDS))
    if digest.counts["rows_quarantined"]:
        set_aside(digest.quarantined, digest.counts["rows_quarantined"], name=digest.name, key=key)


def set_aside(path: Path, n: int, *, name: str, key: str) -> None:
    """Show the first rows that were set aside and offer all of them, to be corrected and brought back."""
    with st.container(horizontal=True, vertical_alignment="center"):
        shown = st.toggle(_("Show the rows that were set aside"), key=f"aside:{key}", persist_state="session")
        st.download_button(
            ngettext("Download {n} row with its reason", "Download {n} rows with their reasons", n),
            data=lambda: csv_bytes(readable(pq.read_table(path).to_pandas()), numbers_in_text=True),
            file_name=f"set_aside_{name.rsplit('.', 1)[0]}.csv",
            mime="text/csv",
            key=f"download-aside:{key}",
            on_click="ignore",
            icon=":material/download:",
        )
    if not shown:
        return
    with pq.ParquetFile(path) as file:
        first = next(file.iter_batches(batch_size=SHOWN)).to_pandas()
    st.dataframe(
        readable(first).astype("str"),
        hide_index=True,
        key=f"aside-rows:{key}",
        alt=_("Rows that were set aside, with their reasons"),
    )
    more = _("The first {shown} of {n} rows.", shown=SHOWN, n=formats.number(n)) if n > SHOWN else ""
    st.caption(sentences(more, _("Correct them in the download and bring that file here; its extra columns may stay.")))


def _told(groups: pd.DataFrame, table: str) -> pd.DataFrame:
    told = groups.to_dict("records")
    return pd.DataFrame(
        {
            _("Rows"): [_fate(int(each["count"]), str(each["severity"])) for each in told],
            _("What, and what to do"): [_what(str(each["rule"]), str(each["column"]), table) for each in told],
            _("For example"): [_where(str(each["rows"]), str(each["examples"])) for each in told],
        }
    )


def _fate(n: int, severity: str) -> str:
    count = formats.number(n)
    return _("**{n}** set aside", n=count) if severity == "error" else _("**{n}** to look at", n=count)


def _what(rule: str, column: str, table: str) -> str:
    said = safe(title(rule) if rule in RULES else rule)
    names = safe(", ".join(_label(table, each) for each in column.split(", ") if each))
    todo = safe(hint(rule)) if rule in RULES else ""
    return f"**{said}** · *{names}*: {todo}" if names else f"**{said}**: {todo}"


def _label(table: str, column: str) -> str:
    try:
        return label_of(table, column)
    except KeyError:
        return column


def _where(rows: str, examples: str) -> str:
    where = ngettext("row {rows}", "rows {rows}", rows.count(",") + 1, rows=rows) if rows else ""
    return ": ".join(part for part in (where, safe(examples)) if part)


def readable(frame: pd.DataFrame) -> pd.DataFrame:
    """Return rows that were set aside with their reasons in the reader's language."""
    name = REASONS if REASONS in frame else f"__{REASONS}"
    said = {code: title(code) for code in RULES}
    reasons = [", ".join(said.get(code, code) for code in str(codes).split(";")) for codes in frame[name]]
    return frame.assign(**{name: reasons})
