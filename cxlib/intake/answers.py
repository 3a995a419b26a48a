"""What a person's answer to a question changes in a mapping."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cxlib.intake.mapping import Mapping
    from cxlib.intake.problems import Question

READ_AGAIN: Final = {"encoding": "encoding", "delimiter": "delimiter", "sheet": "sheet"}
"""Questions about the bytes: their answer is an argument of `read_text_table`, not part of the mapping."""


def answered(mapping: Mapping, question: Question, option: str) -> Mapping:
    """Return the mapping after one of its questions was answered with one of the question's options.

    Questions that only ask for a confirmation change nothing but are not asked again.
    """
    rest = replace(mapping, questions=tuple(each for each in mapping.questions if each != question))
    if question.code == "zone":
        return replace(rest, zone=option)
    if question.code == "meter":
        return replace(rest, meter=option)
    if question.code == "round_event":
        return replace(rest, round_event=float(option) if option else None)
    column = rest.columns.get(question.column)
    if column is None or option == question.chosen:
        return rest
    if question.code == "date_order":
        changed = replace(column, format=option)
    elif question.code == "decimal":
        comma = option in (",", "decimals")
        changed = replace(column, decimal="," if comma else ".", thousands="" if comma else ",")
    elif question.code == "unit":
        changed = replace(column, unit=column.unit * 1000 / 1024)
    elif question.code == "price_unit":
        changed = replace(column, constant=option)
    else:
        return rest
    return replace(rest, columns={**rest.columns, question.column: changed})
