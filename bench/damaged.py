"""Damaged files of known content, and the four figures by which a reader of files is judged.

One clean table of mixed kinds with quoted fields is written in every usual dialect, and damaged in every usual way.
For each file it is known what an exact reading holds and, where one row was damaged, on which line it stands.
"""

from __future__ import annotations

import csv
import io
import random
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

HEADER: Final = ["customer", "name", "city", "month", "fee", "note", "minutes", "active", "seen", "remark"]
ROWS_IN_TABLE: Final = 84
MARKS: Final = (",", ";", "\t", "|")
ENDS: Final = ("\n", "\r\n", "\r")
Fields = list[str]


@dataclass(frozen=True)
class Case:
    """One file: its bytes, the rows that it stands for, and what was done to it.

    `line` is the line of the one damaged row, `index` its place among the rows; `harmless` tells that nothing is
    lost, so that a reader has no reason to ask or to complain.
    """

    kind: str
    data: bytes
    rows: Sequence[Fields]
    header: Sequence[str] = tuple(HEADER)
    harmless: bool = False
    line: int | None = None
    index: int | None = None


@dataclass(frozen=True)
class Seen:
    """What a reader made of a file: rows (None where it refused), the lines that it named, whether it said anything.

    `asked` tells that it wants something confirmed, or that it set anything aside.
    """

    header: Sequence[str] | None
    rows: Sequence[Fields] | None
    lines: frozenset[int] = frozenset()
    said: bool = False
    asked: bool = False


@dataclass
class Figures:
    """How a reader did; `silent`, `unread` and so on hold examples of what went wrong."""

    files: int = 0
    silent: int = 0
    harmless: int = 0
    harmless_exact: int = 0
    damaged_rows: int = 0
    named: int = 0
    others_right: int = 0

    def add(self, case: Case, seen: Seen) -> str:
        """Count one file; return what went wrong, or nothing."""
        self.files += 1
        exact = seen.rows is not None and list(seen.header or ()) == list(case.header) and _same(seen.rows, case.rows)
        wrong = ""
        if seen.rows is not None and not exact and not seen.said:
            self.silent += 1
            wrong = "silent"
        if case.harmless:
            self.harmless += 1
            fine = exact and not seen.asked
            self.harmless_exact += fine
            wrong = wrong or ("" if fine else "harmless")
        if case.line is not None and case.index is not None:
            self.damaged_rows += 1
            named = seen.lines == {case.line}
            rest = [row for i, row in enumerate(case.rows) if i != case.index]
            right = seen.rows is not None and _same(seen.rows, rest)
            self.named += named
            self.others_right += right
            wrong = wrong or ("" if named else "named") or ("" if right else "others")
        return wrong

    def shares(self) -> dict[str, float]:
        """Return the four figures."""
        return {
            "wrong in silence": self.silent / max(self.files, 1),
            "harmless read exactly": self.harmless_exact / max(self.harmless, 1),
            "damaged row named": self.named / max(self.damaged_rows, 1),
            "every other row right": self.others_right / max(self.damaged_rows, 1),
        }


def clean_rows(n: int = ROWS_IN_TABLE) -> list[Fields]:
    """Return the rows of the clean table: identifiers, texts, dates, numbers, times; some must be quoted."""
    rng = random.Random(7)  # noqa: S311
    names, cities = ["Ann", "Bob", "Zoë", "李雷", "O'Neil"], ["Paris, FR", "Bonn; DE", "Rome", "Oslo | NO", "Łódź"]
    notes = ["", 'says "hi"', "ok", "a, b; c", "don't", "tab\there", '"all"', "back\\slash"]
    return [
        [f"{i:06d}", rng.choice(names), rng.choice(cities), f"2026-{i % 12 + 1:02d}", f"{i * 1.25:.2f}",
         rng.choice(notes), str(i * 7), rng.choice(["yes", "no"]), f"2026-03-{i % 28 + 1:02d} 09:00:{i % 60:02d}",
         rng.choice(["", "late, again", "x", "“quoted”"])]
        for i in range(n)
    ]  # fmt: skip


def written(  # noqa: PLR0917 - the parts of a dialect
    rows: Iterable[Fields],
    delimiter: str = ",",
    quote: str = '"',
    end: str = "\n",
    escape: str = "double",
    every: bool = False,
    spaced: bool = False,
) -> str:
    """Write rows in a dialect, each with its line end; values are quoted where they must be, or all of them."""

    def cell(value: str) -> str:
        must = any(each in value for each in (delimiter, quote, "\n", "\r")) or value[:1] == " "
        if not quote or not (every or must):
            return value
        if escape == "backslash":
            inside = value.replace("\\", "\\\\").replace(quote, "\\" + quote)
        else:
            inside = value.replace(quote, quote * 2)
        return f"{quote}{inside}{quote}"

    between = delimiter + (" " if spaced else "")
    return "".join(between.join(cell(value) for value in row) + end for row in rows)


def every_case(step: int = 1) -> Iterator[Case]:
    """Return all damaged and harmless files; with a `step`, only every so manieth row is damaged in turn."""
    rows = clean_rows()
    yield from harmless_files(rows)
    yield from changed_files(rows)
    yield from damaged_rows(rows, step=step)
    yield from truncated_files(rows, last=5 if step == 1 else 2)


def harmless_files(rows: list[Fields]) -> Iterator[Case]:
    """Return files in which nothing is lost: every dialect, line end, and number of rows."""
    whole = [HEADER, *rows]
    for mark, end, quote, way in product(
        MARKS, ENDS, ('"', "'"), (("double", False), ("double", True), ("backslash", True))
    ):
        text = written(whole, mark, quote, end, *way)
        for tail in (text, text.removesuffix(end), text + end):
            yield Case(f"dialect {mark!r} {quote} {way[0]} {end!r}", tail.encode(), rows, harmless=True)
    for mark, end in product((",", ";", "|"), ENDS):
        yield Case(f"space after {mark}", written(whole, mark, '"', end, spaced=True).encode(), rows, harmless=True)
    for mark, end, n in product(MARKS, ENDS, (0, 1, 2)):
        text = written(whole[: n + 1], mark, '"', end)
        for given in (text, text.removesuffix(end)):
            yield Case(f"{n} rows", given.encode(), rows[:n], harmless=True)
    for encoding in ("utf-8-sig", "utf-16"):
        yield Case(f"encoding {encoding}", written(whole).encode(encoding), rows, harmless=True)
    lines = written(whole).splitlines()
    for at in (2, 40, 80):
        yield Case("blank line", _ended([*lines[:at], "", *lines[at:]]), rows, harmless=True)
    mixed = "".join(line + ("\r\n" if i % 2 else "\n") for i, line in enumerate(lines))
    yield Case("LF and CRLF", mixed.encode(), rows, harmless=True)


def changed_files(rows: list[Fields]) -> Iterator[Case]:
    """Return files that are changed as a whole: each is to be read rightly, asked about, or refused."""
    whole = [HEADER, *rows]
    text = written(whole)
    lines = text.splitlines()
    for mark in MARKS:
        yield Case(f"no quotes {mark!r}", written(whole, mark, "").encode(), rows)
        yield Case("no header", written(rows, mark).encode(), rows)
        yield Case("escapes and doubles", written(whole[:40], mark).encode()
                   + written(whole[40:], mark, escape="backslash").encode(), rows)  # fmt: skip
    for half in (20, 42, 70):
        for mark in MARKS[1:]:
            yield Case("delimiter changes", (written(whole[:half]) + written(whole[half:], mark)).encode(), rows)
        yield Case("quote changes", (written(whole[:half]) + written(whole[half:], quote="'")).encode(), rows)
        yield Case("CR among LF", (written(whole[:half]) + written(whole[half:], end="\r")).encode(), rows)
    for encoding in ("utf-16-le", "utf-16-be", "gb18030"):
        yield Case(f"encoding {encoding}", text.encode(encoding), rows)
    for encoding in ("latin-1", "cp1252", "big5", "gbk"):
        yield Case(f"encoding {encoding}", text.encode(encoding, errors="replace"), rows)
    yield from _with_lines(rows, lines)
    yield from _with_second_table(rows, lines)
    yield Case("header again", _ended([*lines[:40], lines[0], *lines[40:]]), rows)
    for at in range(1, len(lines), 7):
        if lines[at][:30].count('"') % 2:
            continue  # a line end between quotes belongs to the value
        yield Case("cells wrapped", _ended([*lines[:at], lines[at][:30], lines[at][30:], *lines[at + 1 :]]), rows)
    for name in ("", "customer"):
        yield Case("header names", _ended([",".join(["customer", name, *HEADER[2:]]), *lines[1:]]), rows)
    yield Case("bad byte", text.replace("Łódź", "Ł\udc81ódź", 1).encode(errors="surrogateescape"), rows)


def _with_second_table(rows: list[Fields], lines: list[str]) -> Iterator[Case]:
    """Return files that hold two tables."""
    second = ["plan,price,minutes", "A,1.5,100", "B,2.5,200", "C,3.5,300"]
    alike = [HEADER[::-1], *[[each.upper() for each in row[::-1]] for row in rows[:5]]]
    named = [[f"{each}_2" for each in HEADER], *rows[:5]]
    for gap in ([], [""], ["", ""]):
        yield Case("second table", _ended([*lines, *gap, *second]), rows)
        yield Case("second table", _ended([*second, *gap, *lines]), rows)
        for again in (alike, named):
            yield Case("second table of the same width", _ended([*lines, *gap, *written(again).splitlines()]), rows)


def _with_lines(rows: list[Fields], lines: list[str]) -> Iterator[Case]:
    """Return files with lines above, below and between that are no rows."""
    pad = "," * (len(HEADER) - 1)
    above = [
        ["Monthly report"], ["Report", "made 2026-03-01"], ["Report", ""], [f"Report{pad}"], ["a,b", "c,d"],
        [f"Report{pad}", pad], ["Usage,,,Money,,,,,,"], ['"Report, all"'], [f"Period,2026-03{pad[1:]}"],
    ]  # fmt: skip
    for each in above:
        yield Case("preamble", _ended([*each, *lines]), rows)
    units = ["", "", "", "YYYY-MM", "EUR", "", "min", "", "UTC", ""]
    yield Case("units line", _ended([lines[0], ",".join(units), *lines[1:]]), rows)
    yield Case("units line", _ended([lines[0], ",".join(f"({each})" for each in units), *lines[1:]]), rows)
    for word in ("Total", "TOTAL", "Sum", "Grand total", "合计", "总计", "Total:", "Subtotal", "小计"):
        total = [word, "", "", "", "4357.50", "", "24402", "", "", ""]
        shifted = ["", word, "", "", "4357.50", "", "24402", "", "", ""]
        for cells in (total, shifted):
            for at in (len(lines), 30):
                yield Case("totals row", _ended([*lines[:at], ",".join(cells), *lines[at:]]), rows)
        yield Case("totals row", _ended([*lines, "", ",".join(total)]), rows)
        yield Case("totals row", _ended([*lines, f"{word},4357.50"]), rows)
    for note in ("Source: billing", "* preliminary", "导出时间：2026-03-01 09:00", "84 rows", "(c) Billing, 2026",
                 "数据来源：计费系统"):  # fmt: skip
        for padding in ("", pad):
            for gap in ([], [""]):
                yield Case("footnote", _ended([*lines, *gap, note + padding]), rows)


def damaged_rows(rows: list[Fields], *, step: int = 1) -> Iterator[Case]:
    """Return files in which one row is damaged: each `step`-th row in turn, in every way."""
    lines = written([HEADER, *rows]).splitlines()
    for i in range(0, len(rows), step):
        for kind, line in _damages(rows[i]):
            data = _ended([*lines[: i + 1], line, *lines[i + 2 :]])
            yield Case(kind, data, rows, line=i + 2, index=i)


def _damages(fields: Fields) -> Iterator[tuple[str, str]]:
    cells = [written([[value]], end="") for value in fields]
    for k in range(len(cells) - 1):
        yield "fields glued", ",".join([*cells[:k], cells[k] + cells[k + 1], *cells[k + 2 :]])
        yield "a field too few", ",".join([*cells[:k], *cells[k + 1 :]])
        yield "a separator too many", ",".join([*cells[: k + 1], "", *cells[k + 1 :]])
        for mark in MARKS[1:]:
            yield "another separator once", ",".join(cells[: k + 1]) + mark + ",".join(cells[k + 1 :])
    for k, cell in enumerate(cells):
        for at in {0, len(cell) // 2, len(cell)}:
            yield "stray quote", ",".join([*cells[:k], cell[:at] + '"' + cell[at:], *cells[k + 1 :]])
    for mark in MARKS[1:]:
        yield "another separator in a row", mark.join(cells)


def truncated_files(rows: list[Fields], *, last: int = 5) -> Iterator[Case]:
    """Return the file cut off at each byte of its last rows, except between two rows, which nobody can see."""
    for end in ("\n", "\r\n"):
        whole = written([HEADER, *rows], end=end).encode()
        start = len(written([HEADER, *rows[:-last]], end=end).encode())
        for at in range(start + 1, len(whole)):
            if not whole[:at].endswith((b"\n", b"\r")):
                yield Case("cut off", whole[:at], rows)


def judged(read: Callable[[bytes], Seen], cases: Iterable[Case]) -> tuple[Figures, list[tuple[str, Case]]]:
    """Read all files with a reader and return the figures and what went wrong."""
    figures, failures = Figures(), []
    for case in cases:
        wrong = figures.add(case, read(case.data))
        if wrong:
            failures.append((wrong, case))
    return figures, failures


def _ended(lines: Sequence[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def _same(one: Sequence[Fields], other: Sequence[Fields]) -> bool:
    return [list(row) for row in one] == [list(row) for row in other]


def plain_rows(data: bytes) -> list[Fields]:
    """Return the rows of a file as the csv module reads them: for checks of the generator itself."""
    return list(csv.reader(io.StringIO(data.decode(), newline="")))
