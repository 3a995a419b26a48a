"""The form in which a reader says which column of a file is which of ours."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from cxlib.intake import ColumnMap, Mapping
from cxlib.intake.mapping import FORMATS
from cxlib.tables import METERS, TABLES, Column
from cxlib.texts import _

if TYPE_CHECKING:
    from cxlib.ui.arrivals import OnItsWay

NOTHING: Final = ""
AS_IS: Final = "#as-is"


def columns_form(file: OnItsWay, key: str) -> None:
    """Let the reader choose a header for each column; the file is read again when a choice changes."""
    table = TABLES[file.table]
    names = [*table.names, *(name for name in file.mapping.columns if name not in table.names)]
    first = [name for name in names if name in file.mapping.columns or name in table.required]
    chosen: dict[str, str] = {}
    with st.grid(4, min_column_width=200):
        for name in first:
            chosen[name] = _ask(file, name, key)
    rest = [name for name in names if name not in first]
    if rest:
        folded = st.expander(_("{n} more columns that this table may have", n=len(rest)), key=f"more:{key}")
        with folded, st.grid(4, min_column_width=200):
            for name in rest:
                chosen[name] = _ask(file, name, key)
    mapping = file.mapping
    for name, header in chosen.items():
        if header == AS_IS or (header == NOTHING and name not in mapping.columns):
            continue
        mapping = mapping.with_column(name, None if header == NOTHING else ColumnMap.of(header))
    if mapping != file.mapping:
        file.take(mapping, by_form=True)


def fine_points(file: OnItsWay, key: str) -> None:
    """Let the reader say more about one column: a second source, codes, units, and how its texts are written."""
    name = st.selectbox(
        _("Column"), list(file.mapping.columns), format_func=lambda each: label_of(file.table, each), key=f"fine:{key}"
    )
    if name is None:
        return
    mapped, kind = file.mapping.columns[name], _column(file.table, name).kind
    with st.form(f"fine-form:{key}:{name}", border=False):
        sources = st.text_input(
            _("Comes from"),
            " | ".join(" + ".join(group) for group in mapped.sources),
            help=_(
                "Two headers joined by “ + ” are read together, such as date + time; after “ | ” comes what is taken "
                "where the first is empty."
            ),
        )
        constant = st.text_input(_("Or always"), mapped.constant or "", help=_("#row is the file's own row number."))
        blank = st.text_input(_("Means nothing"), ", ".join(mapped.blank), help=_("Such as 0:00:00, between commas."))
        order = mapped.format
        if kind in ("month", "date", "time"):
            order = st.selectbox(_("Order of dates"), [None, *FORMATS], [None, *FORMATS].index(mapped.format),
                                 format_func=lambda each: each or _("find out"))  # fmt: skip
        unit = mapped.unit
        if kind in ("quantity", "allowance", "duration", "money", "number"):
            unit = st.number_input(
                _("Multiply by"), value=mapped.unit, help=_("Such as 60 where the file has minutes.")
            )
        present = mapped.all_present
        if kind == "boolean":
            present = st.checkbox(_("Yes where there is anything in it"), mapped.all_present)
        codes = _codes(file, name, mapped)
        if st.form_submit_button(_("Apply")):
            groups = tuple(tuple(h.strip() for h in part.split(" + ")) for part in sources.split(" | ") if part.strip())
            changed = replace(
                mapped,
                sources=() if constant else groups,
                constant=constant or None,
                blank=tuple(word.strip() for word in blank.replace("，", ",").split(",") if word.strip()),
                format=order,
                unit=unit,
                all_present=present,
                codes=codes,
            )
            file.take(file.mapping.with_column(name, changed))
            st.rerun()


def label_of(table: str, name: str) -> str:
    """Return what a column is called in the reader's language, with its meter where it has one."""
    column = _column(table, name)
    found = TABLES[table].meter_column(name) if name not in TABLES[table].names else None
    if found is None:
        return _(column.label)
    meter = _(METERS[found[1]][0]) if found[1] in METERS else found[1]
    return f"{_(column.label)}: {meter}" if column.name else meter


def _column(table: str, name: str) -> Column:
    spec = TABLES[table]
    if name in spec.names:
        return spec[name]
    found = spec.meter_column(name)
    if found is None:
        raise KeyError(name)
    return found[0]


def _ask(file: OnItsWay, name: str, key: str) -> str:
    column = _column(file.table, name)
    mapped = file.mapping.columns.get(name)
    simple = mapped is not None and mapped.sources == ((mapped.sources[0][0],),) if mapped and mapped.sources else False
    options = [NOTHING, *file.text.columns]
    at = NOTHING
    if mapped is not None:
        at = mapped.sources[0][0] if simple else AS_IS
        options = options if simple else [AS_IS, *options]
    elif len(set(options)) != len(options):
        options = list(dict.fromkeys(options))

    def say(header: str) -> str:
        if header == NOTHING:
            return _("– none –")
        return _describe(mapped) if header == AS_IS and mapped else header

    required = name in TABLES[file.table].required
    chosen: Any = st.selectbox(
        label_of(file.table, name) + (" *" if required else ""),
        options,
        options.index(at),
        format_func=say,
        help=_(column.about),
        key=f"column:{key}:{file.revision}:{name}",
    )
    return AS_IS if chosen == at else str(chosen)


def _describe(mapped: ColumnMap) -> str:
    if mapped.constant is not None:
        return _("always {value}", value=mapped.constant)
    return " | ".join(" + ".join(group) for group in mapped.sources)


def _codes(file: OnItsWay, name: str, mapped: ColumnMap) -> dict[str, str] | None:
    """Ask what each of the file's codes means, where the column takes only some values."""
    allowed = _column(file.table, name).codes
    if not allowed or not mapped.sources:
        return mapped.codes
    header = mapped.sources[0][0]
    found = sorted({str(v).strip() for v in file.text.table[header].unique().to_pylist() if str(v).strip()})[:40]
    codes = {}
    for code in found:
        usual = (mapped.codes or {}).get(code, code if code in allowed else None)
        options = [None, *allowed]
        meant = st.selectbox(
            _("“{code}” means", code=code),
            options,
            options.index(usual if usual in options else None),
            format_func=lambda each: each or _("not decided"),
        )
        if meant:
            codes[code] = meant
    return codes


def mapping_of(text: str) -> Mapping:
    """Return a mapping from its JSON, as a person takes it."""
    return Mapping.from_json(text).confirmed()
