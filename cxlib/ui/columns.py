"""The form in which a reader says which column of a file is which of ours, and what its codes mean."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from cxlib.errors import CxError
from cxlib.intake import ColumnMap, Mapping
from cxlib.intake.mapping import FORMATS
from cxlib.tables import METERS, TABLES, Column
from cxlib.texts import _, ngettext
from cxlib.ui import states
from cxlib.ui.batch import keep_batch
from cxlib.ui.safe import safe
from cxlib.ui.show import heading
from cxlib.ui.uploads import arrived

if TYPE_CHECKING:
    from cxlib.importing import FileDigest
    from cxlib.ui.batch import Batch, Waiting

NOTHING: Final = ""
AS_IS: Final = "#as-is"
SAMPLES: Final = 3


def columns_form(batch: Batch, file: Waiting, digest: FileDigest) -> None:
    """Let the reader choose a header for each column; the file is read again when the form is sent."""
    table, mapping = TABLES[digest.table], digest.mapping
    names = [*table.names, *(name for name in mapping.columns if name not in table.names)]
    first = [name for name in names if name in mapping.columns or name in table.required]
    rest = [name for name in names if name not in first]
    chosen: dict[str, str] = {}
    with st.form(f"columns:{file.key}:{_mark(mapping)}", border=False):
        with st.grid(4, min_column_width=210):
            for name in first:
                chosen[name] = _ask(digest, name)
        if rest:
            folded = st.expander(ngettext("{n} more column", "{n} more columns", len(rest)), type="compact")
            with folded, st.grid(4, min_column_width=210):
                for name in rest:
                    chosen[name] = _ask(digest, name)
        sent = st.form_submit_button(_("Read it with these columns"), icon=":material/refresh:")
    changed = {name: header for name, header in chosen.items() if header != AS_IS}
    changed = {name: header for name, header in changed.items() if header != NOTHING or name in mapping.columns}
    if sent and changed:
        for name, header in changed.items():
            mapping = mapping.with_column(name, None if header == NOTHING else ColumnMap.of(header))
        file.shape(mapping, set(changed))
        keep_batch(batch)
        st.rerun()


def codes_form(batch: Batch, file: Waiting, digest: FileDigest) -> None:
    """Ask what each of the file's codes means, for the columns that take only some values."""
    for name, mapped in digest.mapping.columns.items():
        column = column_of(digest.table, name)
        found = digest.values.get(mapped.sources[0][0], ()) if mapped.sources else ()
        if not column.codes or not found or set(found) <= set(column.codes):
            continue
        codes: dict[str, str] = {}
        with st.form(f"codes:{file.key}:{name}:{_mark(digest.mapping)}"):
            heading(_("What the codes of {column} mean", column=safe(label_of(digest.table, name))), 5)
            with st.grid(4, min_column_width=210):
                for code in found:
                    options = [NOTHING, *column.codes]
                    usual = (mapped.codes or {}).get(code, code)
                    meant = st.selectbox(
                        _("“{code}” means", code=safe(code)),
                        options,
                        options.index(usual) if usual in options else 0,
                        format_func=lambda each: _(each) if each else _("not decided"),
                    )
                    codes |= {code: meant} if meant else {}
            sent = st.form_submit_button(_("Read it with these codes"), icon=":material/refresh:")
        if sent:
            file.shape(digest.mapping.with_column(name, replace(mapped, codes=codes)), {name})
            keep_batch(batch)
            st.rerun()


def fine_points(batch: Batch, file: Waiting, digest: FileDigest) -> None:
    """Let the reader say more about one column: a second source, what means nothing, units, the order of dates."""
    name = st.selectbox(
        _("Column"),
        list(digest.mapping.columns),
        format_func=lambda each: label_of(digest.table, each),
        key=f"fine:{file.key}",
    )
    if name is None:
        return
    mapped, kind = digest.mapping.columns[name], column_of(digest.table, name).kind
    with st.form(f"fine-form:{file.key}:{name}", border=False):
        sources = st.text_input(
            _("Comes from"),
            described(mapped) if mapped.sources else "",
            help=_(
                "Two headers joined by “ + ” are read together, such as date + time; after “ | ” comes what is taken "
                "where the first is empty."
            ),
        )
        constant = st.text_input(_("Or always"), mapped.constant or "", help=_("#row is the file's own row number."))
        blank = st.text_input(_("Means nothing"), ", ".join(mapped.blank), help=_("Such as 0:00:00, between commas."))
        changed: dict[str, Any] = {}
        if kind in ("month", "date", "time"):
            orders = [None, *FORMATS]
            place = orders.index(mapped.format) if mapped.format in orders else 0
            changed["format"] = st.selectbox(
                _("Order of dates"), orders, place, format_func=lambda each: each or _("find out")
            )
        if kind in ("quantity", "allowance", "duration", "money", "number"):
            changed["unit"] = st.number_input(
                _("Multiply by"), value=mapped.unit, help=_("Such as 60 where the file has minutes.")
            )
        if kind == "boolean":
            changed["all_present"] = st.checkbox(_("Yes where there is anything in it"), mapped.all_present)
        if st.form_submit_button(_("Apply")):
            groups = tuple(tuple(h.strip() for h in part.split(" + ")) for part in sources.split(" | ") if part.strip())
            words = tuple(word.strip() for word in blank.replace("，", ",").split(",") if word.strip())
            column = replace(
                mapped, sources=() if constant else groups, constant=constant or None, blank=words, **changed
            )
            file.shape(digest.mapping.with_column(name, column), {name})
            keep_batch(batch)
            st.rerun()


def saved_mappings(batch: Batch, file: Waiting, digest: FileDigest) -> None:
    """Offer to read the file by a mapping from a file, and to save this one."""
    saved = st.file_uploader(
        _("Read the file by a mapping that was saved (JSON)"), key=f"mapping:{file.key}", type="json"
    )
    if saved and st.button(_("Use this mapping"), key=f"use:{file.key}"):
        try:
            mapping = Mapping.from_json(arrived(saved).read_text("utf-8-sig", errors="replace"))
        except CxError as error:
            states.refused(error)
        else:
            file.answers.clear()
            file.take(mapping.confirmed())
            keep_batch(batch)
            st.rerun()
    st.download_button(
        _("Save this mapping (JSON)"),
        digest.mapping.confirmed().to_json(),
        f"{file.name}.mapping.json",
        key=f"save:{file.key}",
        on_click="ignore",
        icon=":material/download:",
    )


def label_of(table: str, name: str) -> str:
    """Return what a column is called in the reader's language, with its meter where it has one."""
    column = column_of(table, name)
    found = TABLES[table].meter_column(name) if name not in TABLES[table].names else None
    if found is None or not found[1]:
        return _(column.label)
    meter = _(METERS[found[1]][0]) if found[1] in METERS else found[1]
    return f"{_(column.label)}: {meter}" if column.name else meter


def column_of(table: str, name: str) -> Column:
    """Return the column of a table, or of one of its meters, with that name; raise `KeyError` where there is none."""
    spec = TABLES[table]
    if name in spec.names:
        return spec[name]
    found = spec.meter_column(name)
    if found is None:
        raise KeyError(name)
    return found[0]


def described(mapped: ColumnMap) -> str:
    """Return in short where a column comes from."""
    if mapped.constant is not None:
        return _("always {value}", value=mapped.constant)
    return " | ".join(" + ".join(group) for group in mapped.sources)


def _ask(digest: FileDigest, name: str) -> str:
    column = column_of(digest.table, name)
    mapped = digest.mapping.columns.get(name)
    options, at = [NOTHING, *digest.columns], NOTHING
    if mapped is not None and len(mapped.sources) == 1 and len(mapped.sources[0]) == 1:
        at = mapped.sources[0][0]
    elif mapped is not None:
        options, at = [AS_IS, *options], AS_IS
    options = list(dict.fromkeys([*options, at]))

    def say(header: str) -> str:
        if header == NOTHING:
            return _("– none –")
        if header == AS_IS:
            return described(mapped) if mapped else ""
        samples = [str(cell) for cell in digest.head[header] if str(cell).strip()] if header in digest.head else []
        return f"{header}  ({', '.join(dict.fromkeys(samples[:SAMPLES]))})" if samples else header

    required = name in TABLES[digest.table].required
    chosen: str = st.selectbox(
        safe(label_of(digest.table, name)) + (" *" if required else ""),
        options,
        options.index(at),
        format_func=say,
        help=_(column.about),
    )
    return AS_IS if chosen == at else chosen


def _mark(mapping: Mapping) -> int:
    """Return what changes with the mapping, so that a form starts anew when it does."""
    return hash(mapping.confirmed().to_json()) % 1_000_000
