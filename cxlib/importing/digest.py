"""What the child processes found, as the server shows it: small frames; the tables stay on the disk."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

import pandas as pd
import pyarrow.parquet as pq

from cxlib.engine.records import plain
from cxlib.intake import Mapping, Question, summarise_problems
from cxlib.intake.filed import TYPED
from cxlib.intake.rules import RULES, hint, title

if TYPE_CHECKING:
    from collections.abc import Mapping as AnyMapping
    from pathlib import Path

    import pyarrow as pa

DIGEST: Final = "digest.json"
HEAD: Final = "head.parquet"
QUARANTINED: Final = "quarantined.parquet"
PROBLEMS: Final = "problems.parquet"
GROUPS: Final = ("rule", "column", "severity", "count", "rows", "examples")


@dataclass(frozen=True)
class FileDigest:
    """One file that was read.

    Attributes
    ----------
    folder : Path
        Where it all lies.
    name, size_bytes, sha256 : str, int, str
        Of the file; the hash is empty where its columns make no table.
    kind : str
        ``"text"``, ``"xlsx"`` or ``"parquet"``.
    encoding, encodings : str, list of str
        The encoding, empty for sheets and Parquet, and where that is not certain the others that it may be.
    dialect : dict or None
        delimiter, quote, escape, line_end.
    columns : list of str
        The file's headers.
    rows_in_file : int
    head : pandas.DataFrame
        The first 20 rows as text; the index is the row of the file.
    guesses : list of (str, float)
        Tables that it may be, best first.
    table, mapping
        As it was read.
    remembered : bool
        Whether the mapping is the one that was kept for these headers; `recalled` is its hash.
    counts : dict
        rows_in_file = rows_loaded + rows_quarantined; errors, warnings.
    questions : list of Question
        What is to be answered before it is kept; those about the bytes come first.
    groups : pandas.DataFrame
        rule, column, severity, count, rows, examples: problems by rule and column; `said_groups` has texts too.
    values : dict
        Header to its values (at most 40), for columns with few; of the first 100,000 rows of large files.
    covers : dict
        customers (number, or None), months (list of ``"2026-03"``, or of first and last where there are many), rows.
    sheets : list of str
        Of a workbook with several.
    returned : bool
        Whether these are rows that were set aside and come back; what was added to them is taken off.
    typed, quarantined, problems : Path
        Parquet files: the rows that are good; those set aside, as text; row, column, rule, value, severity.
    """

    folder: Path
    name: str
    size_bytes: int
    kind: str
    encoding: str
    encodings: list[str]
    dialect: dict[str, Any] | None
    columns: list[str]
    rows_in_file: int
    head: pd.DataFrame
    guesses: list[tuple[str, float]]
    table: str
    mapping: Mapping
    remembered: bool
    recalled: str
    counts: dict[str, int]
    questions: list[Question]
    groups: pd.DataFrame
    values: dict[str, list[str]]
    covers: dict[str, Any]
    sheets: list[str]
    options: dict[str, Any]
    sha256: str = ""
    returned: bool = False

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Return what `tasks.read_file` left in a folder."""
        told = json.loads((folder / DIGEST).read_text("utf-8"))
        head = pq.read_table(folder / HEAD).to_pandas()
        return cls(
            **told
            | {
                "folder": folder,
                "head": head.set_index(head.columns[0]).rename_axis("row"),
                "guesses": [(name, score) for name, score in told["guesses"]],
                "mapping": Mapping.from_json(told["mapping"]),
                "questions": [Question.from_dict(each) for each in told["questions"]],
                "groups": pd.DataFrame(told["groups"], columns=list(GROUPS)),
            }
        )

    @property
    def typed(self) -> Path:
        """The good rows, Parquet."""
        return self.folder / TYPED

    @property
    def quarantined(self) -> Path:
        """The rows that were set aside, Parquet."""
        return self.folder / QUARANTINED

    @property
    def problems(self) -> Path:
        """All problems, Parquet."""
        return self.folder / PROBLEMS

    def said_groups(self) -> pd.DataFrame:
        """Return the groups as `cxlib.intake.summarise_problems` does, in the reader's language."""
        return said(self.groups)

    def set_aside(self) -> pd.DataFrame:
        """Return the rows that were set aside with their reasons, to be downloaded."""
        frame: pd.DataFrame = pq.read_table(self.quarantined).to_pandas()
        return frame


@dataclass(frozen=True)
class FilePrepared:
    """What one file would do, see `cxlib.store.FilePreview`.

    `file_name` is empty for the zeros of meters that have no events in an active month. `unknown_plans` holds the
    plans that the catalogue lacks, each with the number of rows that are set aside for it. `quarantined_path` is the
    Parquet file of all rows set aside, None where there are none.
    """

    file_name: str
    table: str
    rows: int
    new: int
    replaced: int
    kept: int
    identical: int
    quarantined: int
    months: tuple[str, ...]
    customers: int
    columns: tuple[str, ...]
    columns_new: tuple[str, ...]
    already_imported: AnyMapping[str, Any] | None = None
    unknown_plans: list[tuple[str, int]] = field(default_factory=list)
    quarantined_path: Path | None = None


@dataclass(frozen=True)
class PrepareDigest:
    """What an import would do to version `number` of its data set.

    Attributes
    ----------
    folder : Path
    number : int
    files : list of FilePrepared
        In the order of the files; rolled up events are ``usage``.
    joins : pandas.DataFrame
        rule, column, value, severity: what the tables, the data set's and the files', say about each other
        (`cxlib.intake.check_references`); `said_joins` has texts too.
    ready : bool
        Whether nothing is asked any more.
    """

    folder: Path
    number: int
    files: list[FilePrepared]
    joins: pd.DataFrame
    ready: bool

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Return what `tasks.prepare` left in a folder."""
        told = json.loads((folder / DIGEST).read_text("utf-8"))
        files = [
            FilePrepared(
                **each
                | {
                    "quarantined_path": folder / each["quarantined_path"] if each["quarantined_path"] else None,
                    "unknown_plans": [(plan, rows) for plan, rows in each["unknown_plans"]],
                    **{name: tuple(each[name]) for name in ("months", "columns", "columns_new")},
                }
            )
            for each in told["files"]
        ]
        joins = pd.DataFrame(told["joins"], columns=["rule", "column", "value", "severity"])
        return cls(folder=folder, number=told["number"], files=files, joins=joins, ready=told["ready"])

    def said_joins(self) -> pd.DataFrame:
        """Return `joins` with title and hint in the reader's language."""
        return said(self.joins)


def groups_of(problems: pd.DataFrame) -> list[list[Any]]:
    """Return the summary of problems without its texts, for JSON: lists of `GROUPS`."""
    return [[plain(value) for value in row] for row in summarise_problems(problems)[list(GROUPS)].to_numpy().tolist()]


def said(groups: pd.DataFrame) -> pd.DataFrame:
    """Return a frame that has a column ``rule`` with title and hint in the reader's language."""
    rules = groups["rule"]
    return groups.assign(
        title=pd.Series([title(rule) for rule in rules], index=groups.index, dtype="str"),
        hint=pd.Series([hint(rule) for rule in rules], index=groups.index, dtype="str"),
    )


def with_hints(problems: pa.Table) -> pd.DataFrame:
    """Return problems that were kept, as `cxlib.intake.problem_frame` has them."""
    frame: pd.DataFrame = problems.to_pandas().astype({"row": "Int64"})
    known = {rule: hint(rule) for rule in frame["rule"].unique()}
    severities = {rule: RULES[rule].severity for rule in known}
    frame = frame.assign(hint=frame["rule"].map(known).astype("str"), severity=frame["rule"].map(severities))
    return frame[["row", "column", "rule", "value", "hint", "severity"]].astype({"severity": "str"})
