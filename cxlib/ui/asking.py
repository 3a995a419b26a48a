"""What a file leaves open is asked, and nothing is taken for granted until it is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import available_timezones

import streamlit as st

from cxlib.texts import _
from cxlib.ui.safe import safe
from cxlib.ui.show import heading

if TYPE_CHECKING:
    from cxlib.intake import Question
    from cxlib.ui.arrivals import OnItsWay


def ask(file: OnItsWay, key: str) -> None:
    """Show each open question with its options, and one button that answers all of them."""
    questions = file.reading.needs_confirmation
    if not questions:
        return
    with st.form(f"questions:{key}:{file.revision}"):
        heading(_("Please confirm"), 5)
        answers: dict[Question, str] = {}
        for i, question in enumerate(questions):
            options = _options(question)
            said = safe(question.said)
            if len(options) > 1:
                answers[question] = st.selectbox(
                    said,
                    options,
                    options.index(question.chosen),
                    format_func=lambda option: _(option) if option else _("no"),
                    key=f"answer:{key}:{file.revision}:{i}",
                )
            else:
                st.markdown(f"- {said}")
                answers[question] = question.chosen
        if st.form_submit_button(_("That is right"), type="primary", icon=":material/check:"):
            file.answer(answers)
            st.rerun()


def _options(question: Question) -> list[str]:
    if question.code == "zone":
        return sorted(available_timezones())
    return list(dict.fromkeys([*question.options, question.chosen]))
