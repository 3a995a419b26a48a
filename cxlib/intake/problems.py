"""Frames of problems, one row each, and their summary."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from cxlib.intake.rules import RULES, hint, title
from cxlib.texts import _

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

PROBLEM_COLUMNS: Final = ("row", "column", "rule", "value", "hint", "severity")
EXAMPLES: Final = 3


@dataclass(frozen=True)
class Question:
    """Something that the file alone does not decide.

    `code` names the question, `column` the column that it is about, `chosen` what was taken meanwhile, one of
    `options`. `text` is a template for the catalogues, filled in from `values`.
    """

    code: str
    text: str
    options: tuple[str, ...]
    chosen: str
    column: str = ""
    values: dict[str, Any] = field(default_factory=dict, hash=False)

    @property
    def said(self) -> str:
        """The question in the reader's language."""
        return _(self.text, column=self.column, chosen=self.chosen, **self.values)

    def as_dict(self) -> dict[str, Any]:
        """Return the question for machines."""
        return {
            "code": self.code,
            "column": self.column,
            "text": self.text,
            "options": list(self.options),
            "chosen": self.chosen,
            "values": dict(self.values),
        }

    @classmethod
    def from_dict(cls, given: dict[str, Any]) -> Question:
        """Return the question that `as_dict` wrote."""
        return cls(
            code=given["code"],
            text=given["text"],
            options=tuple(given["options"]),
            chosen=given["chosen"],
            column=given.get("column", ""),
            values=dict(given.get("values", {})),
        )


def problem_frame(found: Iterable[tuple[int | None, str, str, str]]) -> pd.DataFrame:
    """Build the frame of problems from (row, column, rule, value), in the reader's language.

    Returns
    -------
    pandas.DataFrame
        row (Int64, the file's own row; missing where the problem is not of one row), column, rule, value, hint,
        severity ("error" or "warning").
    """
    rows = list(found)
    rules = [each[2] for each in rows]
    hints = {code: hint(code) for code in set(rules)}
    return pd.DataFrame(
        {
            "row": pd.array([each[0] for each in rows], dtype="Int64"),
            "column": pd.Series([each[1] for each in rows], dtype="str"),
            "rule": pd.Series(rules, dtype="str"),
            "value": pd.Series([each[3] for each in rows], dtype="str"),
            "hint": pd.Series([hints[code] for code in rules], dtype="str"),
            "severity": pd.Series([RULES[code].severity for code in rules], dtype="str"),
        }
    )


def problem_block(
    rows: NDArray[Any] | None, column: str, rule: str, values: Sequence[str] | None = None
) -> pd.DataFrame:
    """Build the frame of many problems of one column and rule.

    Parameters
    ----------
    rows : array of int, optional
        Rows of the file; None where the problems are not of one row each.
    values : sequence of str, optional
        One for each problem; left out, they are empty.
    """
    n = len(rows) if rows is not None else len(values or ())
    numbers = pd.array(rows, dtype="Int64") if rows is not None else pd.array([pd.NA] * n, dtype="Int64")
    same = {"column": column, "rule": rule, "hint": hint(rule), "severity": RULES[rule].severity}
    texts = pd.Series(list(values) if values is not None else [""] * n, dtype="str")
    frame = pd.DataFrame({"row": numbers, "value": texts})
    for name, text in same.items():
        frame[name] = pd.Series([text] * n, dtype="str")
    return frame[list(PROBLEM_COLUMNS)]


def joined(*frames: pd.DataFrame) -> pd.DataFrame:
    """Put frames of problems together, in the order of the file's rows."""
    given = [frame for frame in frames if len(frame)]
    if not given:
        return problem_frame(())
    return pd.concat(given, ignore_index=True).sort_values("row", kind="stable", ignore_index=True)


def grouped_problems(problems: pd.DataFrame) -> pd.DataFrame:
    """Group problems by rule and column, without a word in any language.

    Returns
    -------
    pandas.DataFrame
        rule, column, severity, count, rows (the first three rows of the file, as text), examples (up to three
        different values, as text); errors first, then the most frequent first.
    """
    names = ["rule", "column", "severity", "count", "rows", "examples"]
    groups = [_group(part) for _, part in problems.groupby(["rule", "column"], sort=False)]
    frame = pd.DataFrame(groups, columns=names)
    return frame.sort_values(["severity", "count"], ascending=[True, False], kind="stable", ignore_index=True)


def summarise_problems(problems: pd.DataFrame) -> pd.DataFrame:
    """Group problems by rule and column, with their titles and hints in the reader's language.

    Parameters
    ----------
    problems : pandas.DataFrame
        Problems, or what `grouped_problems` made of them, in whatever language that was.

    Returns
    -------
    pandas.DataFrame
        rule, column, title, hint, severity, count, rows (the first three rows of the file, as text), examples
        (up to three different values, as text); errors first, then the most frequent first.
    """
    frame = problems if "examples" in problems.columns else grouped_problems(problems)
    frame = frame.reset_index(drop=True)
    frame.insert(2, "title", pd.Series([title(rule) for rule in frame["rule"]], dtype="str"))
    frame.insert(3, "hint", pd.Series([hint(rule) for rule in frame["rule"]], dtype="str"))
    return frame


def _group(part: pd.DataFrame) -> tuple[Any, ...]:
    rule, column = str(part["rule"].iloc[0]), str(part["column"].iloc[0])
    rows = part["row"].dropna().unique()[:EXAMPLES]
    examples = part.loc[part["value"] != "", "value"].unique()[:EXAMPLES]
    said = (", ".join(map(str, rows)), " | ".join(examples))
    return (rule, column, RULES[rule].severity, len(part), *said)
