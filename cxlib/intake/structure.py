"""What in a file is no row of its table: lines above and below it, a second line of names, totals, another table."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from cxlib.errors import CxError
from cxlib.intake.numerals import NULL_WORDS
from cxlib.intake.problems import Question
from cxlib.tables import METERS, TABLES, plain
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Cells = tuple[str, ...]
Numbered = tuple[int, Cells]
"""The number of a row's line, and its values."""

HEADER_QUESTION: Final = N_("The header was found in line {chosen}; the lines above it were left out. Is that right?")
TWO_LINES_QUESTION: Final = N_(
    "The header seems to take two lines: {first}, and below it {second}. Which names are the right ones?"
)
NO_HEADER: Final = N_("The first row holds values, not the names of columns: {value}.")
TWO_LINES: Final = (N_("first"), N_("second"), N_("joined"), N_("data"))
"""Names from the first line, the second, or both; or the second line is a row of values."""

TOTAL_WORDS: Final = (
    "total", "totals", "sum", "grand total", "subtotal", "sub-total", "sub total", "overall total", "total sum",
    "grand totals", "subtotals", "summe", "gesamt", "gesamtsumme", "合计", "总计", "小计", "汇总", "总和", "共计",
    "合計", "總計", "小計", "匯總", "彙總", "總和", "共計", "累计", "累計", "总合计", "本页合计", "本页小计",
)  # fmt: skip
_FIRST_LETTERS: Final = frozenset(word[0] for word in TOTAL_WORDS)
_TOTAL: Final = re.compile(rf"\s*(?:{'|'.join(map(re.escape, TOTAL_WORDS))})\s*[:：]?\s*", re.IGNORECASE)
_TOTAL_OF: Final = re.compile(
    rf"\s*(?:{'|'.join(map(re.escape, TOTAL_WORDS))})(?:\s*[:：(（\[]|\s+(?:of|for|all|in|by)\b).*", re.IGNORECASE
)
_NOTE: Final = re.compile(
    r"\s*(?:[*#†‡§※]|\([c1-9*]\)|\[[1-9*]\]|©|--|==|[^,;|\t]{0,12}(?:导出|制表|打印|生成|统计|查询|截至|匯出|製表|列印)[^,;|\t]{0,6}"
    r"(?:时间|日期|人|時間|于|於|[:：])"
    r"|(?:sources?|notes?|footnotes?|remarks?|generated|exported|created|printed|produced|updated|as of|report(?:ed)?"
    r"|disclaimer|copyright|confidential|page|end of|prepared by|data from|rows?|records?|legend|key)\b\s*[^,;|\t]*"
    r"|(?:数据来源|资料来源|来源|注|备注|附注|说明|注释|制表人|制表日期|导出时间|数据截至|單位|单位|資料來源|來源|註|備註|說明)\s*[:：]"
    r"|[0-9,. ]+\s*(?:rows?|records?|lines?|条|行|筆|笔)\b|共\s*[0-9,]+\s*[条行筆笔])",
    re.IGNORECASE,
)
_VALUE_SHAPE: Final = (
    r"[+-]?[0-9]+([.,][0-9]+)*%?"
    r"|[0-9]{1,4}[-/.][0-9]{1,2}([-/.][0-9]{1,4})?([ T][0-9:.]+)?"
    r"|[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?"
)
_AMOUNT_SHAPE: Final = r"[+-]?[$€£¥￥]?\s?[0-9][0-9.,'  ]*(?:%|[ ]?[A-Za-z€元]{1,3})?|[0-9]{4}年[0-9]{1,2}月.*"
_VALUE: Final = re.compile(_VALUE_SHAPE)
_AMOUNT: Final = re.compile(_AMOUNT_SHAPE)
_DATUM: Final = re.compile(f"{_VALUE_SHAPE}|{_AMOUNT_SHAPE}")
_UNIT: Final = re.compile(r"[(\[（【].*[)\]）】]|-+|[/\\]|[%‰€$£¥￥]")
TYPED_SHARE: Final = 0.9
ROWS_LOOKED_AT: Final = 40
LINES_ABOVE: Final = 30
TAIL: Final = 40
MOST_HEADERS: Final = 3


@dataclass(frozen=True)
class Head:
    """The header among the first rows.

    `at` is its place among them and `lines` how many it takes (1 or 2); `above` are the lines left out above it;
    `second` the line of names that was left out, or None.
    """

    names: Cells
    at: int
    lines: int = 1
    above: tuple[int, ...] = ()
    second: int | None = None
    questions: tuple[Question, ...] = ()

    def shifted(self, rows: int) -> Head:
        """Return the header among rows of which the first ones were not looked at."""
        return replace(self, at=self.at + rows)


@dataclass
class Findings:
    """Rows to be set aside as (line, rule), and the rows set aside already under their right rules."""

    aside: list[tuple[int, str]] = field(default_factory=list)
    rejected: list[tuple[int, str, str]] = field(default_factory=list)
    notes: list[tuple[int | None, str, str, str]] = field(default_factory=list)


def is_value(cell: str) -> bool:
    """Tell whether a header cell is a number, a date or a time rather than a name."""
    return _VALUE.fullmatch(cell.strip()) is not None


def is_total(cell: str, *, last: bool = False) -> bool:
    """Tell whether a row's first value says that the row is a total; below the last row it may say of what."""
    return _TOTAL.fullmatch(cell) is not None or (last and _TOTAL_OF.fullmatch(cell) is not None)


def begins_total(cells: Sequence[str]) -> bool:
    """Tell whether a row's first value begins with the word of a total."""
    cell = first_filled(cells)
    return cell[:1].lower() in _FIRST_LETTERS and cell.lower().startswith(TOTAL_WORDS)


def is_note(cell: str) -> bool:
    """Tell whether a text below a table is a note rather than the beginning of a row."""
    return _NOTE.match(cell) is not None or len(cell) > 60


def first_filled(cells: Sequence[str]) -> str:
    """Return the first value that is not empty, without spaces around it."""
    return next((cell.strip() for cell in cells if cell.strip()), "")


def find_head(
    rows: Sequence[Numbered],
    usual: int,
    *,
    line: int | None = None,
    lines: str | None = None,
    above: Iterable[int] = (),
) -> Head | None:
    """Find the header among the first rows of a file.

    Parameters
    ----------
    rows : sequence of (line, values)
        The file's first rows, of any width.
    usual : int
        The width of most rows.
    line : int, optional
        Line of the header, as a person has confirmed it.
    lines : str, optional
        What a person has said of a header of two lines, one of `TWO_LINES`.
    above : iterable of int
        Lines among or above `rows` that are faulty.

    Returns
    -------
    Head or None
        None where no row is as wide as `usual`; a header may hold values, which is for the caller to refuse.
    """
    wide = [i for i, (_, cells) in enumerate(rows) if len(cells) == usual]
    if not wide:
        return None
    at = _header_place(rows, wide) if line is None else next((i for i in wide if rows[i][0] == line), None)
    if at is None:
        return None
    upper, lower = _two_lines(rows, wide, at, usual, upwards=line is None)
    if upper is None and line is not None and lines is not None:  # a person knows of two
        upper, lower = at, next((i for i in wide if i > at), None)
    questions = []
    chosen = at
    if lower is not None and upper is not None and (lines is None or lines in TWO_LINES):
        first, second = rows[upper][1], rows[lower][1]
        taken = lines if lines is not None else ("first" if _complete(first) else "second")
        if lines is None:
            said = {"first": _shown(first), "second": _shown(second)}
            questions.append(Question("header_lines", TWO_LINES_QUESTION, TWO_LINES, taken, values=said))
        names = {"first": first, "second": second, "joined": joined_names(first, second), "data": first}[taken]
        last = upper if taken == "data" else lower
        head = Head(names, upper, last - upper + 1, second=rows[lower][0] if taken == "first" else None)
        chosen = upper
    else:
        head = Head(rows[at][1], at)
    left_out = sorted({*(each[0] for each in rows[:chosen]), *(n for n in above if n < rows[chosen][0])})
    if left_out and line is None:
        options = [str(rows[i][0]) for i in wide[:LINES_ABOVE] if i <= at + 2 and _could_head(rows[i][1])]
        shown = str(rows[chosen][0])
        questions.insert(0, Question("header", HEADER_QUESTION, tuple(dict.fromkeys([shown, *options])), shown))
    return Head(head.names, head.at, head.lines, tuple(left_out), head.second, tuple(questions))


def joined_names(first: Cells, second: Cells) -> Cells:
    """Join two lines of names; a name above an empty cell holds for the cells to its right too."""
    groups, group = [], ""
    complete = _complete(first)
    for cell in first:
        group = cell.strip() if complete else cell.strip() or group
        groups.append(group)
    return tuple(" ".join(filter(None, [up, down.strip()])) for up, down in zip(groups, second, strict=True))


def typed_columns(rows: Sequence[Cells], width: int) -> list[int]:
    """Return the columns in which nearly all values are numbers, dates or times."""
    return value_columns(rows, width)[0]


def value_columns(rows: Sequence[Cells], width: int) -> tuple[list[int], int]:
    """Return the columns of nearly all numbers, dates or times, and the last one that holds nothing else (or -1)."""
    found, pure = [], -1
    for i in range(width):
        cells = [text for row in rows if (text := row[i].strip()) and text.lower() not in NULL_WORDS]
        values = sum(map(bool, map(_DATUM.fullmatch, cells)))
        if cells and values >= TYPED_SHARE * len(cells):
            found.append(i)
            pure = i if values == len(cells) else pure
    return found, pure


def is_header(cells: Cells, typed: Sequence[int]) -> bool:
    """Tell whether a row is made of names: none of its cells is a value, and none is where only values stand."""
    names = [cell.strip() for cell in cells]
    filled = [cell for cell in names if cell]
    if len(filled) < max(2, 0.6 * len(names)) or len(set(filled)) < len(filled):
        return False
    if any(is_value(cell) or cell.lower() in NULL_WORDS for cell in filled):
        return False
    over = [i for i in typed if names[i]]
    return len(over) >= max(1, 0.6 * len(typed)) if typed else known_names(filled) >= max(2, len(filled) / 2)


def known_names(cells: Sequence[str]) -> int:
    """Count the cells that are headers of our tables in either language."""
    return sum(1 for cell in cells if plain(cell) in _KNOWN)


def several_tables(line: int) -> CxError:
    """Return the refusal of a file in which another table begins on a line."""
    return CxError(
        "several_tables",
        N_("Another table begins in line {row}."),
        hint=N_("Save each table as a file of its own: cut the file above that line."),
        row=line,
        value=str(line),
    )


def look_through(
    *,
    header: Cells,
    typed: Sequence[int],
    candidates: Sequence[Numbered],
    tail: Sequence[Numbered],
    rejected: Sequence[tuple[int, str, str]],
    split: Callable[[str], Cells],
    after_blank: Iterable[int] = (),
    delimiter: str = "",
) -> Findings:
    """Find totals, notes and further tables among the rows of a file.

    Parameters
    ----------
    header : tuple of str
    typed : sequence of int
        From `typed_columns`.
    candidates : sequence of (line, values)
        Rows that begin with the word of a total, that hold letters where only values stand, that are empty, and
        the first two after a blank line.
    tail : sequence of (line, values)
        The last rows.
    rejected : sequence of (line, rule, text)
    split : callable
        Splits the text of a rejected row.
    after_blank : iterable of int
        Lines that follow a blank one.
    delimiter : str
        Where values are separated by a sign; values of several lines are then checked for lines that are rows.

    Raises
    ------
    CxError
        ``several_tables``, naming the line in which the second begins.
    """
    found = Findings()
    own = tuple(cell.strip() for cell in header)
    last_row = _last_row(tail)
    blank, rows = set(after_blank), dict([*candidates, *tail])
    aside = {line: "footnote" for line, cells in tail if line > last_row and any(cell.strip() for cell in cells)}
    heads = []
    for line, cells in sorted(rows.items()):
        stripped = tuple(cell.strip() for cell in cells)
        rule = _rule(stripped, own, typed, delimiter, last=line > last_row)
        if rule:
            aside[line] = rule
        elif line not in aside and is_header(stripped, typed):
            heads.append(line)
        elif line in blank and line not in aside and _heads_narrower(stripped, rows.get(line + 1), typed):
            raise several_tables(line)
    before = [cells for line, cells in rows.items() if line < min(heads, default=0) and line not in aside]
    others = sum(1 for cells in before if _is_mixed(cells, typed))
    _refuse_same_width(heads, rows, typed, blank, others)
    found.aside = sorted(aside.items())
    found.rejected = _renamed(rejected, last_row, split)
    _refuse_other_width(found.rejected, header, split, last_row)
    return found


def _rule(cells: Cells, own: Cells, typed: Sequence[int], delimiter: str, *, last: bool) -> str:
    """Return why a row is none, or nothing."""
    if not any(cells):
        return "empty_row"
    if cells == own:
        return "repeated_header"
    if delimiter and any("\n" in cell or "\r" in cell for cell in cells) and _swallows(cells, typed, delimiter):
        return "lines_in_value"
    return "totals_row" if len(cells) > 1 and is_total(first_filled(cells), last=last) else ""


def _refuse_same_width(
    heads: Sequence[int], rows: dict[int, Cells], typed: Sequence[int], blank: set[int], others: int
) -> None:
    """Refuse a file for a second header as wide as the first: after a blank line, or where nothing above is like it."""
    for line in heads:
        known = known_names([cell.strip() for cell in rows[line]]) >= 2
        alone = len(heads) <= MOST_HEADERS and others <= len(heads)
        if line in blank or (alone and (len(typed) > 1 or (bool(typed) and known))):
            raise several_tables(line)


def _is_mixed(cells: Cells, typed: Sequence[int]) -> bool:
    """Tell whether a text stands where values are expected."""
    return any(
        (text := cells[i].strip()) and text.lower() not in NULL_WORDS and not _DATUM.fullmatch(text) for i in typed
    )


def _swallows(cells: Cells, typed: Sequence[int], delimiter: str) -> bool:
    """Tell whether each line of a row over several lines could be a row by itself: then a quote joined them."""
    for line in re.split(r"\r\n|\n|\r", delimiter.join(cells)):
        own = [cell.strip(" \"'\\") for cell in line.split(delimiter)]
        if len(own) != len(cells) or any(own[i] and not _DATUM.fullmatch(own[i]) for i in typed):
            return False
    return True


def _heads_narrower(cells: Cells, below: Cells | None, typed: Sequence[int]) -> bool:
    """Tell whether a row after a blank one names the columns of a table with fewer columns than the first."""
    width = max((i for i, cell in enumerate(cells, start=1) if cell), default=0)
    if below is None or width < 2 or width == len(cells) or any(cell.strip() for cell in below[width:]):
        return False
    over = [i for i in typed if i < width]
    return is_header(cells[:width], over) and (bool(over) or known_names(cells[:width]) >= 2) and _filled(below) > 1


def _last_row(tail: Sequence[Numbered]) -> int:
    """Return the line of the last row that is one: neither a note nor a total."""
    for line, cells in reversed(tail):
        filled = _filled(cells)
        if len(cells) > 1 and not filled:
            continue
        lone = len(cells) > 1 and filled == 1 and bool(cells[0].strip())
        if not (lone and is_note(cells[0])) and not (len(cells) > 1 and is_total(first_filled(cells), last=True)):
            return line
    return tail[0][0] - 1 if tail else 0


def _renamed(
    rejected: Sequence[tuple[int, str, str]], last_row: int, split: Callable[[str], Cells]
) -> list[tuple[int, str, str]]:
    """Give rows of another width that are totals or notes the rule that says so."""
    out = []
    for line, rule, text in rejected:
        named = rule
        if rule in ("too_few_fields", "too_many_fields"):
            cells = split(text) if len(text) < 2000 else (text,)
            below = line > last_row
            if is_total(first_filled(cells), last=below):
                named = "totals_row"
            elif below and (is_note(text) or is_note(first_filled(cells))):
                named = "footnote"
        elif line > last_row and is_note(text) and "\x00" not in text:
            named = "footnote"
        out.append((line, named, text))
    return out


def _refuse_other_width(
    rejected: Sequence[tuple[int, str, str]], header: Cells, split: Callable[[str], Cells], last_row: int
) -> None:
    """Refuse a file with rows of another width, at least two in a row, that begin with names of their own."""
    narrow = [(line, text) for line, rule, text in rejected if rule in ("too_few_fields", "too_many_fields")]
    previous: tuple[int, Cells] | None = None
    for line, text in narrow[:5000]:
        cells = split(text)
        begun = previous is not None and len(previous[1]) == len(cells) and line - previous[0] <= 3
        if begun and previous is not None and _begins_table(previous[1], cells, header, last=line > last_row):
            raise several_tables(previous[0])
        previous = (line, cells)


def _begins_table(names: Cells, row: Cells, header: Cells, *, last: bool) -> bool:
    if len(names) < 2 or names == header[: len(names)]:
        return False
    if not is_header(names, []) and not is_header(names, typed_columns([row], len(row))):
        return False
    return known_names(names) >= 2 or any(is_value(cell) for cell in row) or last


def _header_place(rows: Sequence[Numbered], wide: Sequence[int]) -> int:
    """Return the place of the first row of names; rows above it that are nearly empty are titles."""
    for i in wide[:LINES_ABOVE]:
        cells = rows[i][1]
        filled = _filled(cells)
        if filled >= max(2, 0.5 * len(cells)) or len(cells) < 3:
            return wide[0] if any(is_value(cell) for cell in cells) and i != wide[0] and _follows(rows, wide, i) else i
        if filled > max(2, 0.4 * len(cells)):
            break
    return wide[0]


def _follows(rows: Sequence[Numbered], wide: Sequence[int], i: int) -> bool:
    """Tell whether the row above is a header with few names rather than a title."""
    return _filled(rows[wide[0]][1]) > 1 and rows[wide[0]][0] == rows[i][0] - 1


def _two_lines(
    rows: Sequence[Numbered], wide: Sequence[int], at: int, usual: int, *, upwards: bool
) -> tuple[int | None, int | None]:
    """Return the places of the two lines of a header; (None, None) where it takes one."""
    names = rows[at][1]
    if any(is_value(cell) for cell in names):
        return None, None
    if upwards and at > 0 and len(rows[at - 1][1]) == usual and rows[at - 1][0] == rows[at][0] - 1:
        group = rows[at - 1][1]
        if _filled(group) >= 2 and not any(is_value(cell) for cell in group):
            return at - 1, at
    after = [i for i in wide if i > at][: ROWS_LOOKED_AT + 1]
    if len(after) < 2 or rows[after[0]][0] != rows[at][0] + 1:
        return None, None
    second, body = rows[after[0]][1], [rows[i][1] for i in after[1:]]
    if _is_second_line(names, second, typed_columns(body, usual), body):
        return at, after[0]
    return None, None


def _is_second_line(names: Cells, second: Cells, typed: Sequence[int], body: Sequence[Cells]) -> bool:
    cells = [cell.strip() for cell in second]
    filled = [i for i, cell in enumerate(cells) if cell]
    if not filled or is_total(first_filled(second)) or any(_is_datum(cells[i]) for i in filled):
        return False
    over = [i for i in filled if i in typed]
    rest = [i for i in filled if i not in typed and not _UNIT.fullmatch(cells[i])]
    if not _complete(names) and _complete(second) and typed and len(over) == len(typed):
        return True  # groups above, names below
    again = cells == [name.strip() for name in names]
    if not over or len(body) < 2 or again:
        return False
    return not rest or (len(over) >= 2 and len(over) >= 0.6 * len(typed))


def _is_datum(cell: str) -> bool:
    absent = cell.lower() in NULL_WORDS and not _UNIT.fullmatch(cell)
    return absent or is_value(cell) or _AMOUNT.fullmatch(cell) is not None


def _could_head(cells: Cells) -> bool:
    return _filled(cells) > 0 and not any(is_value(cell) for cell in cells)


def _complete(cells: Cells) -> bool:
    names = [cell.strip() for cell in cells]
    return all(names) and len(set(names)) == len(names)


def _filled(cells: Sequence[str]) -> int:
    return sum(1 for cell in cells if cell.strip())


def _shown(cells: Cells) -> str:
    return ", ".join(cell.strip() or "–" for cell in cells[:8])


_KNOWN: Final = frozenset(
    plain(name)
    for names in (
        *((column.name, *column.aliases) for table in TABLES.values() for column in table.columns),
        *((meter, *aliases) for meter, (_, _, aliases) in METERS.items()),
    )
    for name in names
)
