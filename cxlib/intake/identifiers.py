"""What programs do to identifiers on their way: a point and zeros behind, an apostrophe before, digits lost."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cxlib.engine.duck import literal
from cxlib.intake.numerals import NULL_WORDS, taken_as_blank
from cxlib.intake.problems import Question
from cxlib.texts import N_

if TYPE_CHECKING:
    from cxlib.intake.mapping import ColumnMap

WITHOUT, AS_THEY_STAND = N_("without it"), N_("as they stand")
POINT_QUESTION: Final = N_(
    "The identifiers of {column} end in {marks}, as where a program took them for numbers. They were read {chosen}."
)
MARK_QUESTION: Final = N_(
    "The identifiers of {column} carry {marks}, as spreadsheets want it. They were read {chosen}."
)
CUT_QUESTION: Final = N_(
    "All long identifiers of {column} end in zeros after 15 digits, such as {example}: a spreadsheet may have cut them "
    "off. They were read {chosen}; if they are wrong, export them again as text."
)
APOSTROPHE: Final = "'"
LONG: Final = 16
_KEPT: Final = 15


def odd_identifier(raw: str) -> str:
    """Return the SQL that finds the texts `read_identifiers` wants to see; cheap for plain ones."""
    words = ", ".join(map(literal, sorted(NULL_WORDS)))
    return (
        f"(contains({raw}, '.') OR starts_with({raw}, {literal(APOSTROPHE)}) OR starts_with({raw}, '=') "
        f"OR (length({raw}) <= {max(map(len, NULL_WORDS))} AND lower({raw}) IN ({words})) "
        f"OR (length({raw}) >= {LONG} AND ends_with({raw}, '0')))"
    )


def read_identifiers(
    name: str, mapped: ColumnMap, words: dict[str, int], *, long_others: int = 0
) -> tuple[ColumnMap, list[Question]]:
    """Decide what stands around the identifiers of a column.

    Parameters
    ----------
    words : dict
        Its texts that `odd_identifier` finds, and how often each occurs.
    long_others : int
        How many of its cells have `LONG` or more characters and end in something else than 0.
    """
    mapped, asked = taken_as_blank(name, mapped, words)
    zeros = {each for each in words if re.fullmatch(r"[0-9]+\.0+", each)}
    others = any("." in each for each in set(words) - zeros)
    strip: tuple[str, ...] = ()
    if zeros and not others and not any(each.startswith(".") for each in mapped.strip):
        ends = tuple(sorted({each[each.index(".") :] for each in zeros}, key=len, reverse=True))
        strip += ends
        asked.append(_question("id_point", POINT_QUESTION, name, ends))
    for code, pattern, marks in (("id_quote", r"'[^']*", (APOSTROPHE,)), ("id_formula", r'="[^"]*"', ('="', '"'))):
        if any(re.fullmatch(pattern, each) for each in words) and not set(marks) <= set(mapped.strip):
            strip += marks
            asked.append(_question(code, MARK_QUESTION, name, marks))
    cut = [each for each in words if re.fullmatch(rf"[0-9]{{{LONG},}}", each)]
    if cut and not long_others and not mapped.rounded and all(set(each[_KEPT:]) == {"0"} for each in cut):
        values = {"example": min(cut)}
        asked.append(Question("id_cut", CUT_QUESTION, (AS_THEY_STAND,), AS_THEY_STAND, name, values))
        mapped = replace(mapped, rounded=True)
    new = tuple(each for each in strip if each not in mapped.strip)
    return replace(mapped, strip=(*mapped.strip, *new)), asked


def _question(code: str, text: str, name: str, marks: tuple[str, ...]) -> Question:
    return Question(code, text, (WITHOUT, AS_THEY_STAND), WITHOUT, name, {"marks": " ".join(marks)})
