"""What a file leaves open is asked, with what each answer would make of the file; answers can be changed later."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import available_timezones

import streamlit as st

from cxlib import formats
from cxlib.intake import Mapping, Question
from cxlib.intake.units import factor_of
from cxlib.tables import METERS
from cxlib.texts import _, ngettext
from cxlib.ui.batch import keep_batch
from cxlib.ui.columns import label_of
from cxlib.ui.read_form import encoding_choice, said_mark
from cxlib.ui.safe import safe
from cxlib.ui.show import heading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cxlib.importing import FileDigest
    from cxlib.ui.batch import Batch, Waiting

BUTTONS: Final = 4
ORDERS: Final = {"ymd": (0, 1, 2), "dmy": (2, 1, 0), "mdy": (2, 0, 1), "yymmdd": (0, 1, 2)}


def open_questions(file: Waiting, digest: FileDigest) -> list[Question]:
    """Return what is still asked about a file."""
    return [each for each in digest.questions if file.is_open(each)]


def ask(batch: Batch, file: Waiting, digest: FileDigest) -> None:
    """Show each open question with its answers: one click answers it."""
    questions = open_questions(file, digest)
    for column in dict.fromkeys(each.column for each in questions if each.code == "code"):
        _ask_codes(batch, file, digest, [each for each in questions if (each.code, each.column) == ("code", column)])
    for i, question in enumerate(questions):
        if question.code == "code":
            continue
        option = _asked(file, digest, question, f"{file.key}:{i}:{question.code}:{question.column}")
        if option is not None:
            file.answer(digest.mapping, question, option)
            keep_batch(batch)
            st.rerun()


def given_answers(batch: Batch, file: Waiting, digest: FileDigest) -> None:
    """Offer to change the answers that were given."""
    if not file.answers:
        return
    n = len(file.answers)
    with st.popover(ngettext("{n} answer given", "{n} answers given", n), icon=":material/edit:", type="tertiary"):
        for place, given in enumerate(file.answers):
            question = Question.from_dict(given.question)
            options = _options(question)
            if len(options) < 2:
                st.markdown(safe(question.said))
                continue
            key = f"given:{file.key}:{place}:{given.option}"
            at = options.index(given.option) if given.option in options else 0
            chosen = st.selectbox(
                safe(question.said), options, at, format_func=lambda each, q=question: said_option(q, each), key=key
            )
            if chosen != given.option:
                file.change(digest.mapping, place, chosen)
                keep_batch(batch)
                st.rerun()


def ask_for_all(batch: Batch, files: Sequence[tuple[Waiting, FileDigest]]) -> None:
    """Offer to take every open question as it was read, where there are several."""
    asked = [(file, digest.mapping, open_questions(file, digest)) for file, digest in files]
    n = sum(len(questions) for _file, _mapping, questions in asked)
    if n < 2:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(ngettext("**{n} question** is open.", "**{n} questions** are open.", n))
        if st.button(_("Take all as they were read"), icon=":material/done_all:", key="all-as-taken"):
            for file, mapping, questions in asked:
                for question in questions:
                    file.answer(mapping, question, question.chosen)
            keep_batch(batch)
            st.rerun()


def said_option(question: Question, option: str, cell: str = "") -> str:  # noqa: PLR0911 - one per kind of question
    """Return what an answer means, in the reader's language; `cell` is a value that it would be applied to."""
    if question.code == "date_order":
        made = as_date(cell, option)
        order = {
            "ymd": _("year, month, day"),
            "dmy": _("day, month, year"),
            "mdy": _("month, day, year"),
            "yymmdd": _("year, month, day, without marks"),
            "excel": _("Excel's day numbers"),
        }.get(option, option)
        return _("{date} ({order})", date=formats.day(made), order=order) if made else order
    if question.code == "decimal":
        comma = _("decimals: 1,234 is between 1 and 2")
        return comma if option in (",", "decimals") else _("thousands: 1,234 is more than 1000")
    if question.code == "round_event":
        return _("yes, round each up") if option else _("no, as it stands")
    if question.code == "price_unit":
        return _("1 GB = {n} MB", n=option)
    if question.code == "meter" and option in METERS:
        return _(METERS[option][0])
    if question.code == "unit" and re.fullmatch(r"[0-9]+([.,][0-9]+)?", cell):
        return _in_our_unit(cell, option, str(question.values.get("base", "")))
    if question.code == "delimiter":
        return said_mark(option)
    if question.code == "encoding":
        return option.upper()
    return _(option) if option else _("no")


def _in_our_unit(cell: str, unit: str, base: str) -> str:
    """Return what a cell in some unit is in ours."""
    factor = factor_of(unit, base)
    if factor is None:
        return _(unit)
    value = float(cell.replace(",", ".")) * factor
    said = formats.number(value, decimals=0 if value == int(value) or value >= 100 else 2)
    ours = {"s": _("seconds"), "min": _("minutes")}.get(base, base)
    return _("{unit}: {cell} is {value} {base}", unit=_(unit), cell=cell, value=said, base=ours)


def as_date(text: str, order: str) -> date | None:
    """Return the day that a text such as 03/04/26 stands for under an order, or None."""
    parts = re.findall(r"\d+", text.split(" ", maxsplit=1)[0])
    if order not in ORDERS or len(parts) != 3:
        return None
    year, month, day = (int(parts[at]) for at in ORDERS[order])
    try:
        return date(year + 2000 if year < 100 else year, month, day)
    except ValueError:
        return None


def example(digest: FileDigest, question: Question) -> tuple[int, str] | None:
    """Return a row and its cell for which the answers make a difference, else the first that is filled."""
    mapped = digest.mapping.columns.get(question.column)
    header = mapped.sources[0][0] if mapped is not None and mapped.sources else ""
    if header not in digest.head:
        return None
    cells = [
        (int(row), str(cell))
        for row, cell in zip(digest.head.index, digest.head[header], strict=True)
        if str(cell).strip()
    ]
    if question.code == "date_order" and cells:
        return max(cells, key=lambda each: len({as_date(each[1], option) for option in question.options} - {None}))
    return next((each for each in cells if each[1].strip("0., ")), cells[0] if cells else None)


def _asked(file: Waiting, digest: FileDigest, question: Question, key: str) -> str | None:
    options = _options(question)
    with st.container(border=True, gap="small"):
        heading(safe(_question(question, digest.table)), 5)
        if question.code == "encoding":
            return encoding_choice(file, digest, options, question.chosen)
        found = example(digest, question)
        if found is not None:
            st.caption(_("Row {row} has “{cell}”.", row=found[0], cell=safe(found[1])))
        cell = found[1] if found else ""
        if len(options) == 1:
            right = st.button(_("That is right"), icon=":material/check:", key=f"right:{key}")
            return question.chosen if right else None
        if len(options) <= BUTTONS:
            return _by_button(question, options, cell, key)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            chosen: str = st.selectbox(
                _("Answer"),
                options,
                options.index(question.chosen),
                format_func=lambda each: said_option(question, each, cell),
                key=f"answer:{key}",
                width=320,
            )
            return chosen if st.button(_("Take this"), icon=":material/check:", key=f"take:{key}") else None


def _ask_codes(batch: Batch, file: Waiting, digest: FileDigest, questions: list[Question]) -> None:
    """Ask one by one what the codes of a column mean, in one form."""
    column = questions[0].column
    with st.form(f"codes:{file.key}:{column}:{len(file.answers)}"):
        heading(_("What do the codes of {column} mean?", column=safe(label_of(digest.table, column))), 5)
        chosen = []
        with st.grid(4, min_column_width=210):
            for question in questions:
                options = _options(question)
                chosen.append(
                    st.selectbox(
                        safe(question.values["code"]),
                        options,
                        options.index(question.chosen),
                        format_func=_,
                        key=f"code:{file.key}:{column}:{question.values['code']}",
                    )
                )
        sent = st.form_submit_button(_("Take these"), icon=":material/check:")
    if sent:
        mapping = digest.mapping
        for question, option in zip(questions, chosen, strict=True):
            file.answer(mapping, question, option)
            mapping = mapping if file.mapping is None else Mapping.from_json(file.mapping)
        keep_batch(batch)
        st.rerun()


def _by_button(question: Question, options: list[str], cell: str, key: str) -> str | None:
    taken = None
    with st.container(horizontal=True):
        for option in options:
            icon = ":material/check:" if option == question.chosen else None
            said = safe(said_option(question, option, cell))
            label = _("{answer} – as it was read", answer=said) if icon else said
            if st.button(label, key=f"answer:{key}:{option}", icon=icon, wrap=True):
                taken = option
    return taken


def _question(question: Question, table: str) -> str:
    """Return the question with the column called as the form of columns calls it."""
    try:
        column = label_of(table, question.column)
    except KeyError:
        column = question.column
    said = question.code in ("date_order", "meter")
    chosen = said_option(question, question.chosen) if said else _(question.chosen) if question.chosen else _("no")
    return _(question.text, **{"column": column, "chosen": chosen, **question.values})


def _options(question: Question) -> list[str]:
    found: list[Any] = [*question.options, question.chosen]
    if question.code == "zone":
        found += sorted(available_timezones())
    return list(dict.fromkeys(found))
