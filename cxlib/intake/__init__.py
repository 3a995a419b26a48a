"""Files to typed tables: bytes, then text, then types; every problem named, no row lost."""

from cxlib.intake.answers import answered
from cxlib.intake.cells import ROW
from cxlib.intake.checks import check_references
from cxlib.intake.dialect import Dialect
from cxlib.intake.mapping import ROW_NUMBER, ColumnMap, Mapping, check_mapping
from cxlib.intake.problems import Question, grouped_problems, problem_frame, summarise_problems
from cxlib.intake.reading import ARROW_TYPES, Reading, read
from cxlib.intake.rules import RULES
from cxlib.intake.suggest import guess_table, suggest_mapping
from cxlib.intake.text_table import TextTable, read_text_table

__all__ = [
    "ARROW_TYPES",
    "ROW",
    "ROW_NUMBER",
    "RULES",
    "ColumnMap",
    "Dialect",
    "Mapping",
    "Question",
    "Reading",
    "TextTable",
    "answered",
    "check_mapping",
    "check_references",
    "grouped_problems",
    "guess_table",
    "problem_frame",
    "read",
    "read_text_table",
    "suggest_mapping",
    "summarise_problems",
]
