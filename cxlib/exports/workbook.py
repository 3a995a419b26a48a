"""Workbooks for Excel: real numbers and dates, a cover that says what they are about, and nothing that runs."""

from __future__ import annotations

import datetime as dt
import io
import math
import re
import tempfile
from dataclasses import dataclass, field
from decimal import Decimal
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias
from unicodedata import east_asian_width
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import xlsxwriter

import cxlib
from cxlib import formats
from cxlib.charts.look import TIER_COLOURS
from cxlib.errors import CxError
from cxlib.exports.csv import FORMULA_STARTS
from cxlib.matching.months import first_day, month_number
from cxlib.texts import N_, _, ngettext

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Kind: TypeAlias = Literal[
    "text", "count", "number", "money", "share", "seconds", "month", "boolean", "day", "instant"
]  # fmt: skip
DECIMALS: Final = {"count": 0, "number": 2, "money": 2, "share": 1, "seconds": 1}
"""How many are shown where a column does not say; the cell holds all of them."""
DATES: Final = {"month": "yyyy-mm", "day": "yyyy-mm-dd", "instant": "yyyy-mm-dd hh:mm:ss"}

MOST_ROWS: Final = 1_048_575
"""What a sheet holds below its header."""
MOST_COLUMNS: Final = 16_384
MOST_TEXT: Final = 32_767
"""What a cell holds, in units of UTF-16."""
MOST_NAME: Final = 31
MOST_POINTS: Final = 32_000
"""From here on Excel is too slow to draw."""
EXACT_INTEGER: Final = 10**15
"""Longer numbers lose digits in a spreadsheet, so they are written as text."""
WIDEST: Final = 60
NARROWEST: Final = 8
BUTTON: Final = 3
"""What the arrow of a filter takes of a header."""
PART: Final = 20_000
"""Rows that are held in memory at once."""

_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NOT_IN_NAMES: Final = re.compile(r"[\[\]:*?/\\]")
_LIKE_A_CELL: Final = re.compile(r"!(?=\$?[A-Za-z]+\$?[0-9])")
_RESERVED: Final = ("history",)
"""Excel keeps this name for itself."""
_EPOCH: Final = np.datetime64("1899-12-30", "us")
_DAY_US: Final = 86_400_000_000
_FIRST: Final = np.datetime64("1900-03-01", "us")
"""Excel counts a 29 February 1900, so that earlier days are not the same everywhere; they are written as text."""
_LAST: Final = np.datetime64("9999-12-31T23:59:59.999999", "us")


@dataclass(frozen=True)
class Column:
    """How a column is written.

    Attributes
    ----------
    header : str
        In the reader's language.
    kind : str or None
        ``text``, ``count``, ``number``, ``money``, ``share`` (0 to 1), ``seconds``, ``month``, ``boolean``, ``day`` or
        ``instant``; what the values are where not given. Dates and times are written as such whatever the kind.
    decimals : int or None
        How many are shown; those of `DECIMALS` where not given.
    """

    header: str
    kind: Kind | None = None
    decimals: int | None = None


@dataclass(frozen=True)
class Drawn:
    """A chart beside the rows, which Excel draws from the cells.

    Attributes
    ----------
    kind : {"line", "bar", "scatter"}
    x : column
    y : sequence of columns
        One series each.
    """

    kind: Literal["line", "bar", "scatter"]
    x: Any
    y: Sequence[Any]


@dataclass(frozen=True)
class Sheet:
    """Rows that make a sheet.

    Attributes
    ----------
    name : str
        What its tab says; made to fit and to differ from the others.
    title : str
        What it holds, for the cover and above its chart.
    frame : pandas.DataFrame
    columns : mapping of column to Column
        Which are written, in which order; all as they are where it is empty.
    chart : Drawn or None
    """

    name: str
    title: str
    frame: pd.DataFrame
    columns: Mapping[Any, Column] = field(default_factory=dict)
    chart: Drawn | None = None


class _Valued(NamedTuple):
    """A number in a format other than its column's."""

    number: float
    kind: Kind


_Cell: TypeAlias = str | float | _Valued | None


def workbook_bytes(
    sheets: Sequence[Sheet],
    *,
    scope: Sequence[tuple[str, str]],
    definitions: Sequence[tuple[str, str]] = (),
    title: str = "",
    zone: str = "UTC",
    made: dt.datetime | None = None,
) -> bytes:
    """Return an Excel workbook: a cover, then a sheet for each of `sheets`, or several where it has too many rows.

    Cells hold values, never formulas or links, whatever the data say. What is missing, not a number or infinite is
    empty. A text is without characters that XML forbids, and is cut where a cell cannot hold it; the cover says so.

    Parameters
    ----------
    sheets : sequence of Sheet
    scope : sequence of (label, value)
        What the rows are about, for the cover. When and with what it was made is added where it is not there.
    definitions : sequence of (word, text)
        What the words in it mean, for the cover.
    title : str
        The largest words of the cover; the product's name where not given.
    zone : str
        Times that know their zone are written in this one, named as the IANA does; others as they are.
    made : datetime, optional
        When, with its zone; now where not given.

    Raises
    ------
    CxError
        ``too_many_columns``.
    KeyError
        Where a column or a chart names one that is not there.
    """
    out = io.BytesIO()
    made = made or dt.datetime.now(tz=dt.UTC)
    with tempfile.TemporaryDirectory(prefix="cxlib-") as folder:
        options = {
            "constant_memory": True,  # a fifteenth of the memory, and as fast
            "tmpdir": folder,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "use_zip64": True,
        }
        with xlsxwriter.Workbook(out, options) as book:
            title = _clean(title or _("Fair service, fitting plans"))
            book.set_properties({"title": title, "created": made.astimezone(dt.UTC).replace(tzinfo=None)})
            _Writer(book, zone).write(title, sheets, _whole(scope, made, zone), definitions)
    return out.getvalue()


def _whole(scope: Sequence[tuple[str, str]], made: dt.datetime, zone: str) -> list[tuple[str, str]]:
    """Return the scope with when and with what it was made, unless it says so itself."""
    said = {label for label, _value in scope}
    more = [
        (_("Exported"), f"{formats.instant(made, zone)} {zone}"),
        (_("Made with"), f"cxlib {cxlib.__version__}"),
    ]
    return [*scope, *(line for line in more if line[0] not in said)]


class _Writer:
    """Writes one workbook and remembers what its cover has to say."""

    def __init__(self, book: Any, zone: str) -> None:
        self.book = book
        self.zone = zone
        self.place = ZoneInfo(zone)
        self.taken = set(_RESERVED)
        self.listed: list[tuple[str, str, int]] = []
        self.notes: list[str] = []
        self.cut = 0
        self.moved = False
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}

    def write(
        self,
        title: str,
        sheets: Sequence[Sheet],
        scope: Sequence[tuple[str, str]],
        definitions: Sequence[tuple[str, str]],
    ) -> None:
        """Write all sheets, the cover's words last: then it is known what they have to say."""
        cover = self.book.add_worksheet(_name(_("Cover"), self.taken))
        for sheet in sheets:
            _Rows(self, sheet).write()
        if self.cut:
            self.notes.append(
                ngettext(
                    "{n} text was longer than a cell can be and was cut.",
                    "{n} texts were longer than a cell can be and were cut.",
                    self.cut,
                )
            )
        if self.moved:
            self.notes.append(_("Times are those of the zone {zone}.", zone=self.zone))
        _Cover(self, cover).write(title, scope, definitions)

    def format(self, **properties: Any) -> Any:
        """Return the format of a cell, the same for the same properties; None for the plain one."""
        if not properties:
            return None
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self.book.add_format(properties)
        return self._formats[key]

    def text(self, value: Any) -> str:
        """Return a text that a cell can hold."""
        text = _clean(str(value))
        if len(text) * 2 > MOST_TEXT and _units(text) > MOST_TEXT:
            self.cut += 1
            text = _first(text, MOST_TEXT - 1) + "…"
        return text

    def put(self, sheet: Any, row: int, column: int, text: str, **properties: Any) -> None:
        """Put a text into a cell as it is."""
        if not text:
            return
        if text.startswith(FORMULA_STARTS):
            properties["quote_prefix"] = True  # else it would turn into a formula when the cell is edited
        how = self.format(**properties)
        if text.startswith("<r>") and text.endswith("</r>"):  # the library takes that for its own markup
            sheet.write_rich_string(row, column, text[0], self.format(italic=False), text[1:], *filter(None, [how]))
        else:
            sheet.write_string(row, column, text, how)

    def moment(self, value: dt.datetime) -> np.datetime64:
        """Return a time without its zone: that of the workbook where it knows one, else as it is."""
        if value.tzinfo is not None:
            self.moved = True
            value = value.astimezone(self.place).replace(tzinfo=None)
        return np.datetime64(value, "us")


class _Rows:
    """Writes the rows of one sheet, part by part, and draws its chart."""

    def __init__(self, writer: _Writer, sheet: Sheet) -> None:
        self.writer = writer
        self.sheet = sheet
        self.title = _clean(sheet.title)
        names = list(sheet.frame.columns)
        if not sheet.columns:
            places, shown = list(range(len(names))), [Column(str(name)) for name in names]
            self.at = {name: place for place, name in reversed(list(enumerate(names)))}
        else:
            first = {name: place for place, name in reversed(list(enumerate(names)))}
            places, shown = [first[name] for name in sheet.columns], list(sheet.columns.values())
            self.at = {name: place for place, name in enumerate(sheet.columns)}
        if len(shown) > MOST_COLUMNS:
            raise CxError(
                "too_many_columns", N_("A sheet of a workbook cannot have {value} columns."), value=len(shown)
            )
        self.columns = [
            _Written(writer, how, sheet.frame.iloc[:, place]) for place, how in zip(places, shown, strict=True)
        ]
        drawn = sheet.chart and 0 < len(sheet.frame) <= min(MOST_POINTS, MOST_ROWS)
        self.kept: dict[int, list[_Cell]] = {self.at[name]: [] for name in self._asked()} if drawn else {}

    def _asked(self) -> list[Any]:
        chart = self.sheet.chart
        return [] if chart is None else [chart.x, *chart.y]

    def write(self) -> None:
        """Write all rows, on as many sheets as it takes."""
        n, made = len(self.sheet.frame), []
        for start in range(0, max(n, 1), MOST_ROWS):
            end = min(start + MOST_ROWS, n)
            name = _name(self.sheet.name, self.writer.taken)
            made.append(self.writer.book.add_worksheet(name))
            self.writer.listed.append((name, self.title, end - start))
            self._head(made[-1], end - start)
            for first in range(start, end, PART):
                self._part(made[-1], first, min(first + PART, end), first - start + 1)
        for sheet in made:
            for place, column in enumerate(self.columns):
                sheet.set_column(place, place, column.width)
        if self.kept:
            self._draw(made[0])
        elif self.sheet.chart and n:
            most = formats.number(MOST_POINTS)
            self.writer.notes.append(
                _("{title}: no chart, it would have more than {n} points.", title=self.title, n=most)
            )

    def _head(self, sheet: Any, n: int) -> None:
        if not self.columns:
            return
        for place, column in enumerate(self.columns):
            self.writer.put(sheet, 0, place, column.header, bold=True, bottom=1)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, n, len(self.columns) - 1)
        sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{n + 1}"})

    def _part(self, sheet: Any, first: int, last: int, row: int) -> None:
        cells = [column.cells(first, last) for column in self.columns]
        for place, kept in self.kept.items():
            kept.extend(cells[place])
        styles = [column.style for column in self.columns]
        put, number, boolean = self.writer.put, sheet.write_number, sheet.write_boolean
        for at, values in enumerate(zip(*cells, strict=True), start=row):
            for place, value in enumerate(values):
                if value is None:
                    continue
                if isinstance(value, str):
                    put(sheet, at, place, value)
                elif isinstance(value, bool):
                    boolean(at, place, value)
                elif isinstance(value, _Valued):
                    number(at, place, value.number, self.writer.format(num_format=_shown(value.kind)))
                else:
                    number(at, place, value, styles[place])

    def _draw(self, sheet: Any) -> None:
        chart = self.sheet.chart
        assert chart is not None  # noqa: S101 - there are cells kept for it
        last, x = len(self.sheet.frame), self.at[chart.x]
        kind = {"line": "line", "bar": "column", "scatter": "scatter"}[chart.kind]
        drawn = self.writer.book.add_chart({"type": kind})
        across = self.columns[x]
        for i, name in enumerate(chart.y):
            y, colour = self.at[name], TIER_COLOURS[i % len(TIER_COLOURS)]
            series: dict[str, Any] = {
                "name": [sheet.name, 0, y],
                "name_data": [self.columns[y].header],
                "categories": [sheet.name, 1, x, last, x],
                "categories_data": _cached(self.kept[x], numbers=chart.kind == "scatter"),
                "values": [sheet.name, 1, y, last, y],
                "values_data": _cached(self.kept[y], numbers=True),
                "line": {"color": colour, "width": 2} if chart.kind == "line" else {"none": True},
            }
            if chart.kind == "bar":
                series["fill"] = {"color": colour}
            if chart.kind == "scatter":
                series["marker"] = {
                    "type": "circle", "size": 6, "fill": {"color": colour}, "border": {"color": colour}
                }  # fmt: skip
            drawn.add_series(series)
        drawn.set_title({"name": _LIKE_A_CELL.sub("!\u200b", self.title), "name_font": {"size": 12}, "overlay": False})
        drawn.set_x_axis(
            {
                **_axis(across),
                "name": [sheet.name, 0, x],
                "data": [across.header],
                "date_axis": chart.kind == "line" and across.kind in ("month", "day"),
            }
        )
        upright = self.columns[self.at[chart.y[0]]]
        axis = {"name": [sheet.name, 0, self.at[chart.y[0]]], "data": [upright.header]} if len(chart.y) == 1 else {}
        drawn.set_y_axis({**_axis(upright), **axis, "major_gridlines": {"visible": True, "line": {"color": "#D5DBE1"}}})
        drawn.set_legend({"none": True} if len(chart.y) == 1 else {"position": "bottom"})
        drawn.set_size({"width": 720, "height": 400})
        sheet.insert_chart(1, len(self.columns) + 1, drawn, {"description": self.title})


class _Written:
    """A column on its way into cells: its kind, its format, and how wide it has to be."""

    def __init__(self, writer: _Writer, how: Column, values: pd.Series[Any]) -> None:
        self.writer = writer
        self.values = values
        self.header = writer.text(how.header)
        self.kind = how.kind
        self.decimals = how.decimals
        code = getattr(values.dtype, "kind", "O")
        self.dated = code == "M"
        if self.dated and how.kind not in DATES:
            self.kind = "instant" if self._has_hours() else "day"
        elif code == "m" and how.kind is None:
            self.kind = "seconds"
        self.format = _shown(self.kind, self.decimals)
        self.style = writer.format(num_format=self.format) if self.format else None
        self.width = _fitted(_wide(self.header) + BUTTON)

    def cells(self, first: int, last: int) -> list[_Cell]:
        """Return these rows as they are written, and widen the column for them."""
        values = self.values.iloc[first:last]
        if self.dated:
            cells = _serials(self._moments(values), self.kind)
        else:
            cells = [self._cell(value) for value in values.astype(object).tolist()]
        if self.width < WIDEST:
            self.width = max(self.width, _fitted(self._widest(cells) + 1))
        return cells

    def _has_hours(self) -> bool:
        moments = self._moments(self.values)
        known = moments[~np.isnat(moments)]
        return bool((known != known.astype("datetime64[D]")).any())

    def _moments(self, values: pd.Series[Any]) -> np.ndarray[Any, np.dtype[np.datetime64]]:
        """Return times in the zone of the workbook, without it."""
        if values.dt.tz is not None:
            self.writer.moved = True
            values = values.dt.tz_convert(self.writer.zone).dt.tz_localize(None)
        return values.to_numpy(dtype="datetime64[us]", na_value=np.datetime64("NaT", "us"))

    def _cell(self, value: Any) -> _Cell:
        if value is None or value is pd.NA or value is pd.NaT:
            return None
        if isinstance(value, str):
            return self._month(value) if self.kind == "month" else self.writer.text(value)
        if isinstance(value, bool | np.bool_):
            return bool(value)
        if isinstance(value, dt.date | dt.timedelta | pd.Period | np.datetime64 | np.timedelta64):
            return self._time(value)
        if isinstance(value, Real | Decimal):
            return self._number(value)
        return self.writer.text(value)

    def _number(self, value: Any) -> _Cell:
        if not math.isfinite(value):
            return None
        whole = isinstance(value, Integral) or value == int(value)
        plain = int(value) if whole else float(value)
        if self.kind == "month" and whole:
            return self._month(plain)
        if self.kind == "boolean" and plain in (0, 1):
            return bool(plain)
        if self.kind == "text" or (isinstance(value, Integral) and abs(plain) >= EXACT_INTEGER):
            return self.writer.text(plain)
        return plain

    def _month(self, value: Any) -> _Cell:
        """Return a month written, or counted as `cxlib.matching.months` does; any other text or number as it is."""
        try:
            counted = isinstance(value, int) and 1900 * 12 <= value < 10_000 * 12
            day = first_day(value if counted else month_number(value))
        except (CxError, ValueError):
            return self.writer.text(value)
        return _serials(np.array([day], dtype="datetime64[us]"), "month")[0]

    def _time(self, value: Any) -> _Cell:
        if isinstance(value, dt.timedelta | np.timedelta64):
            length = pd.Timedelta(value)
            seconds = None if pd.isna(length) else length.total_seconds()
            return seconds if seconds is None or self.kind in DECIMALS else _Valued(seconds, "seconds")
        if isinstance(value, pd.Period):
            if value.freqstr != "M" and self.kind not in DATES:
                return self.writer.text(value)
            kind, moment = self._date("month"), value.start_time.to_datetime64().astype("datetime64[us]")
        elif isinstance(value, dt.datetime):
            kind, moment = self._date("instant"), self.writer.moment(value)
        else:
            kind, moment = self._date("day"), np.datetime64(value, "us")
        cell = _serials(np.array([moment]), kind)[0]
        return _Valued(cell, kind) if isinstance(cell, float) and kind != self.kind else cell

    def _date(self, own: Kind) -> Kind:
        return self.kind if self.kind is not None and self.kind in DATES else own

    def _widest(self, cells: list[_Cell]) -> int:
        widths = [_wide(cell) for cell in cells if isinstance(cell, str)]
        numbers = [cell for cell in cells if isinstance(cell, int | float) and not isinstance(cell, bool)]
        widths += [self._digits(each) for each in ((min(numbers), max(numbers)) if numbers else ())]
        widths += [len(DATES.get(cell.kind, "0000000.0")) for cell in cells if isinstance(cell, _Valued)]
        return max(widths, default=0)

    def _digits(self, number: float) -> int:
        """Return how wide a number is shown; those in between are no wider."""
        if self.kind in DATES:
            return len(DATES[self.kind])
        if self.kind in DECIMALS:
            decimals = DECIMALS[self.kind] if self.decimals is None else self.decimals
            return len(f"{number:,.{decimals}%}" if self.kind == "share" else f"{number:,.{decimals}f}")
        return len(str(number)) if isinstance(number, int) else 11


class _Cover:
    """Writes the first sheet."""

    def __init__(self, writer: _Writer, sheet: Any) -> None:
        self.writer = writer
        self.sheet = sheet
        self.row = 0
        self.widths = [NARROWEST, NARROWEST, NARROWEST]

    def write(self, title: str, scope: Sequence[tuple[str, str]], definitions: Sequence[tuple[str, str]]) -> None:
        """Write title, scope, list of sheets, notes and definitions, each where there is any."""
        self.writer.put(self.sheet, 0, 0, _first(title, MOST_TEXT), bold=True, font_size=16)
        self.row = 2
        for label, value in scope:
            self._pair(label, value)
        if self.writer.listed:
            self._heading(_("Sheets"))
            for place, header in enumerate((_("Sheet"), _("Title"), _("Rows"))):
                self._put(place, header, bold=True, bottom=1, **({"align": "right"} if place == 2 else {}))
            self.row += 1
            for listed in self.writer.listed:
                self._listed(*listed)
        if self.writer.notes:
            self._heading(_("Notes"))
            for note in self.writer.notes:
                self.writer.put(self.sheet, self.row, 0, self.writer.text(note))
                self.row += 1
        if definitions:
            self._heading(_("Words"))
            for word, text in definitions:
                self._pair(word, text)
        for place, (width, most) in enumerate(zip(self.widths, (40, 80, 20), strict=True)):
            self.sheet.set_column(place, place, min(width + 2, most))
        self.sheet.hide_gridlines(2)

    def _heading(self, text: str) -> None:
        self.row += 1
        self.writer.put(self.sheet, self.row, 0, text, bold=True, font_size=13)
        self.row += 1

    def _pair(self, label: str, value: str) -> None:
        self._put(0, self.writer.text(label), bold=True, valign="top", text_wrap=True)
        self._put(1, self.writer.text(value), valign="top", text_wrap=True)
        self.row += 1

    def _listed(self, name: str, title: str, rows: int) -> None:
        target = name.replace("'", "''")
        self.widths[0] = max(self.widths[0], _wide(name))
        link = self.writer.format(font_color="#0563C1", underline=1, valign="top")
        self.sheet.write_url(self.row, 0, f"internal:'{target}'!A1", link, name)
        self._put(1, self.writer.text(title), valign="top", text_wrap=True)
        self.sheet.write_number(self.row, 2, rows, self.writer.format(num_format="#,##0", valign="top"))
        self.row += 1

    def _put(self, place: int, text: str, **properties: Any) -> None:
        self.widths[place] = max(self.widths[place], _wide(text))
        self.writer.put(self.sheet, self.row, place, text, **properties)


def _shown(kind: Kind | None, decimals: int | None = None) -> str:
    """Return the format of the numbers of a kind; "" for the plain one."""
    if kind in DATES:
        return DATES[kind]
    if kind not in DECIMALS:
        return ""
    digits = DECIMALS[kind] if decimals is None else decimals
    return (
        ("0" if kind == "share" else "#,##0")
        + ("." + "0" * digits if digits else "")
        + ("%" if kind == "share" else "")
    )


def _axis(column: _Written) -> dict[str, Any]:
    return {"num_format": column.format} if column.format else {}


def _serials(moments: np.ndarray[Any, np.dtype[np.datetime64]], kind: Kind | None) -> list[_Cell]:
    """Return times as the days that Excel counts; those out of its calendar as text."""
    if kind in ("month", "day"):
        moments = moments.astype(f"datetime64[{kind[0].upper()}]").astype("datetime64[us]")
    days = (moments - _EPOCH).astype(np.int64) / _DAY_US
    cells: list[_Cell] = days.tolist()
    for place in np.flatnonzero(~((moments >= _FIRST) & (moments <= _LAST))):
        moment = moments[place]
        cells[place] = None if np.isnat(moment) else _written(moment, kind)
    return cells


def _written(moment: np.datetime64, kind: Kind | None) -> str:
    unit: Any = {"month": "M", "day": "D"}.get(kind or "", "s")
    return str(np.datetime_as_string(moment, unit=unit)).replace("T", " ")


def _cached(cells: list[_Cell], *, numbers: bool) -> list[Any] | None:
    """Return cells as a chart keeps a copy of them, for what shows it without reckoning; None where Excel has to."""
    plain = [cell.number if isinstance(cell, _Valued) else cell for cell in cells]
    plain = [int(cell) if isinstance(cell, bool) else cell for cell in plain]
    if numbers:
        return [None if isinstance(cell, str) else cell for cell in plain]
    if not any(isinstance(cell, str) for cell in plain):
        return plain
    texts = ["" if cell is None else str(cell) for cell in plain]
    return None if all(map(_reads_as_number, texts)) else texts


def _reads_as_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _name(asked: str, taken: set[str]) -> str:
    """Return a name that Excel takes for a sheet and that no other has, and take it."""
    plain = " ".join(_NOT_IN_NAMES.sub("-", _clean(asked)).split()).strip("' ") or _("Sheet")
    name, n = _first(plain, MOST_NAME).strip("' "), 1
    while name.casefold() in taken:
        n += 1
        after = f" ({n})"
        name = _first(plain, MOST_NAME - len(after)).strip("' ") + after
    taken.add(name.casefold())
    return name


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("", text)


def _units(text: str) -> int:
    return len(text) + sum(letter > "\uffff" for letter in text)


def _first(text: str, units: int) -> str:
    """Return what of a text fits into so many units of UTF-16."""
    return text.encode("utf-16-le")[: 2 * units].decode("utf-16-le", errors="ignore")


def _wide(text: str) -> int:
    """Return how wide the widest line of a text is shown; Chinese letters count double."""
    if len(text) > MOST_NAME * WIDEST:
        return WIDEST
    if text.isascii() and "\n" not in text:
        return len(text)
    return max(sum(2 if east_asian_width(letter) in "WF" else 1 for letter in line) for line in text.split("\n"))


def _fitted(width: int) -> int:
    return min(max(width, NARROWEST), WIDEST)
