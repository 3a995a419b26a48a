"""What a person's answer to a question changes in a mapping."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from cxlib.intake.codes import SET_ASIDE
from cxlib.intake.identifiers import AS_THEY_STAND
from cxlib.intake.mapping import ColumnMap
from cxlib.intake.numerals import ALL_OF_THEM, AS_TEXT, DECIMALS, HOURS_MINUTES, THOUSANDS
from cxlib.intake.suggest import LEAVE_OUT
from cxlib.intake.units import GB_1000, factor_of

if TYPE_CHECKING:
    from cxlib.intake.mapping import Mapping
    from cxlib.intake.problems import Question

READ_AGAIN: Final = {
    "encoding": "encoding",
    "delimiter": "delimiter",
    "sheet": "sheet",
    "header": "header_line",
    "header_lines": "header",
    "escape": "escape",
    "quote": "quote",
}
"""Questions about the bytes: their answer is an argument of `read_text_table`, not part of the mapping."""


def answered(mapping: Mapping, question: Question, option: str) -> Mapping:
    """Return the mapping after one of its questions was answered with one of the question's options.

    Questions that only ask for a confirmation change nothing but are not asked again.
    """
    rest = replace(mapping, questions=tuple(each for each in mapping.questions if each != question))
    whole: dict[str, Any] = {
        "zone": {"zone": option},
        "meter": {"meter": option},
        "round_event": {"round_event": float(option) if option and question.code == "round_event" else None},
    }
    if question.code in whole:
        return replace(rest, **whole[question.code])
    column = rest.columns.get(question.column)
    if question.code == "meter_column" and option == LEAVE_OUT:
        return rest.with_column(question.column, None)
    if question.code == "by_values":
        return rest if option == question.chosen else rest.with_column(question.column, ColumnMap.of(option))
    if column is None or option == question.chosen:
        return rest
    changed = _changed(column, question, option)
    return replace(rest, columns={**rest.columns, question.column: changed})


def _changed(column: ColumnMap, question: Question, option: str) -> ColumnMap:  # noqa: C901, PLR0911 - one per question
    """Return a column after an answer that differs from what was taken."""
    code = question.code
    if code == "date_order":
        return replace(column, format=option)
    if code == "clock":
        return replace(column, format="hm" if option == HOURS_MINUTES else "ms")
    if code in ("decimal", "point"):
        comma = option in ((",", DECIMALS) if code == "decimal" else (THOUSANDS,))
        return replace(column, decimal="," if comma else ".", thousands="." if comma else ",")
    if code == "unit":
        return replace(column, unit=factor_of(option, question.values.get("base", "")) or column.unit)
    if code == "unit_words" and column.units and option == GB_1000:
        thousand = {each: _in_thousands(factor) for each, factor in column.units.items()}
        return replace(column, units=thousand)
    if code == "currencies":
        signs = question.values["signs"]
        every = [sign for each in signs.values() for sign in each]
        kept = [each for each in column.strip if each not in every]
        return replace(column, strip=(*kept, *(every if option == ALL_OF_THEM else signs[option])))
    if code == "blank" and option == AS_TEXT:
        words = question.chosen.split(", ")
        kept_blank = tuple(each for each in column.blank if each not in words)
        return replace(column, blank=kept_blank, decimal=column.decimal or ".")
    if code in ("id_point", "id_quote", "id_formula") and option == AS_THEY_STAND:
        marks = question.values["marks"].split(" ")
        return replace(column, strip=tuple(each for each in column.strip if each not in marks), decimal=".")
    if code == "code":
        codes = dict(column.codes or {})
        codes.pop(question.values["code"], None)
        return replace(column, codes=codes if option == SET_ASIDE else {**codes, question.values["code"]: option})
    if code == "price_unit":
        return replace(column, constant=option)
    return column


def _in_thousands(factor: float) -> float:
    """Return the factor of a unit of data that is counted in steps of 1,000 instead of 1,024."""
    power = round(math.log(factor, 1024))
    return 1000.0**power
