"""How the columns of a file become the columns of a table. Written as JSON, so that it can be kept and edited."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any, Final

from cxlib.errors import CxError
from cxlib.intake.problems import Question
from cxlib.tables import TABLES
from cxlib.texts import N_

ROW_NUMBER: Final = "#row"
"""As a `constant`: the file's own row number."""
FORMATS: Final = ("ymd", "dmy", "mdy", "yymmdd", "excel")
"""Orders in which dates may be written. ``ymd`` includes ISO 8601 and 2026年3月14日."""
CLOCKS: Final = ("hms", "ms", "hm")
"""How durations of two parts are read that are written like a clock: 3:25 as minutes and seconds, or hours and
minutes; three parts are always hours, minutes, seconds. `ColumnMap.unit` then is the factor from seconds."""


@dataclass(frozen=True)
class ColumnMap:
    """Where one column comes from and how its texts are to be read.

    Attributes
    ----------
    sources : tuple of tuples of str
        Alternatives, each a tuple of headers; in each row the first alternative whose cells are all filled wins.
        Two headers of a time are its date and its time of day; several headers of an id are joined with ``-``.
    constant : str, optional
        The same value in every row, or `ROW_NUMBER`.
    blank : tuple of str
        Further texts that mean "nothing", such as ``0:00:00``.
    format : str, optional
        Order of dates, one of `FORMATS`, or for durations one of `CLOCKS`; left out, it is found or asked.
    codes : dict
        The file's codes and what they mean; a code that is not among them is an error.
    unit : float
        Factor from the file's unit to ours, such as 60 for minutes to seconds.
    decimal, thousands : str
        Decimal mark and, where there is one, the mark between thousands; `decimal` left out is found or asked.
        An identifier with a `decimal` is taken as it stands.
    strip : tuple of str
        Texts that may stand before or after a number, such as ``$``, or before or after an identifier, such as ``.0``.
    units : dict, optional
        Units written behind the numbers and their factors, such as ``{"GB": 1024.0, "MB": 1.0}``; a number without
        one of them is then an error.
    rounded : bool
        Whether more than 6 decimals are rounded instead of refused; of identifiers, whether zeros after 15 digits
        were confirmed.
    all_present : bool
        For yes and no: yes where all cells of the first alternative are filled.
    not_before : str, optional
        A time column of ours; a time that lies more than half a day before it is one day later, over midnight.
    """

    sources: tuple[tuple[str, ...], ...] = ()
    constant: str | None = None
    blank: tuple[str, ...] = ()
    format: str | None = None
    codes: dict[str, str] | None = field(default=None, hash=False)
    unit: float = 1.0
    decimal: str | None = None
    thousands: str = ""
    strip: tuple[str, ...] = ()
    units: dict[str, float] | None = field(default=None, hash=False)
    rounded: bool = False
    all_present: bool = False
    not_before: str | None = None

    @classmethod
    def of(cls, *headers: str | tuple[str, ...], **options: Any) -> ColumnMap:
        """Map from headers: each argument is an alternative, a header or a tuple of headers."""
        return cls(sources=tuple((each,) if isinstance(each, str) else tuple(each) for each in headers), **options)

    def as_dict(self) -> dict[str, Any]:
        """Return what differs from the defaults, for JSON."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {name: value for name, value in plain.items() if value != getattr(_DEFAULT, name)}

    @classmethod
    def from_dict(cls, given: dict[str, Any]) -> ColumnMap:
        """Return the map that `as_dict` wrote."""
        options = dict(given)
        for name in ("blank", "strip"):
            options[name] = tuple(options.get(name, ()))
        options["sources"] = tuple(tuple(each) for each in options.get("sources", ()))
        return cls(**options)


_DEFAULT: Final = ColumnMap()


@dataclass(frozen=True)
class Mapping:
    """The columns of one table from those of one file.

    Attributes
    ----------
    table : str
        Name of the table, a key of `cxlib.tables.TABLES`.
    columns : dict
        Our column to its `ColumnMap`; columns of the file that no map names are left out of the typed table.
    zone : str, optional
        Time zone (IANA) of times without an offset.
    meter, round_event : optional
        For events: the meter that they count towards, and the size of a unit to which each is rounded up.
    questions : tuple of Question
        What a suggestion is not sure of; `confirmed` takes them away.
    """

    table: str
    columns: dict[str, ColumnMap] = field(hash=False)
    zone: str | None = None
    meter: str | None = None
    round_event: float | None = None
    questions: tuple[Question, ...] = ()

    def with_column(self, name: str, column: ColumnMap | None) -> Mapping:
        """Return the mapping with one column changed (None: left out) and its questions answered."""
        columns = {key: value for key, value in self.columns.items() if key != name}
        if column is not None:
            columns[name] = column
        return replace(self, columns=columns, questions=tuple(q for q in self.questions if q.column != name))

    def confirmed(self) -> Mapping:
        """Return the mapping without its questions, as a person takes it."""
        return replace(self, questions=())

    def to_json(self) -> str:
        """Write the mapping as JSON."""
        body: dict[str, Any] = {
            "table": self.table,
            "columns": {name: column.as_dict() for name, column in self.columns.items()},
        }
        for name in ("zone", "meter", "round_event"):
            if getattr(self, name) is not None:
                body[name] = getattr(self, name)
        if self.questions:
            body["questions"] = [each.as_dict() for each in self.questions]
        return json.dumps(body, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Mapping:
        """Read what `to_json` wrote.

        Raises
        ------
        CxError
            ``bad_mapping`` where the text is no mapping.
        """
        try:
            body = json.loads(text)
            return cls(
                table=body["table"],
                columns={name: ColumnMap.from_dict(each) for name, each in body["columns"].items()},
                zone=body.get("zone"),
                meter=body.get("meter"),
                round_event=body.get("round_event"),
                questions=tuple(Question.from_dict(each) for each in body.get("questions", ())),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CxError(
                "bad_mapping",
                N_("This is no mapping of columns."),
                hint=N_("Write it with the Import page, or with Mapping.to_json."),
            ) from error


def check_mapping(mapping: Mapping, headers: list[str]) -> None:
    """Raise `CxError` where the mapping names what does not exist, or lacks what the table requires.

    Codes: ``unknown_table``, ``unknown_column``, ``no_such_header``, ``bad_format``, ``missing_column``.
    """
    table = TABLES.get(mapping.table)
    if table is None:
        raise CxError(
            "unknown_table",
            N_("There is no table called {value}."),
            hint=N_("Choose one of: {tables}."),
            value=mapping.table,
            tables=", ".join(TABLES),
        )
    for name, column in mapping.columns.items():
        if name not in table.names and table.meter_column(name) is None:
            raise CxError(
                "unknown_column",
                N_("The table {table} has no column {column}."),
                hint=N_("Its columns are: {columns}."),
                column=name,
                table=mapping.table,
                columns=", ".join(table.names),
            )
        _check_column(name, column, mapping, headers)
    lacking = [name for name in table.required if name not in mapping.columns]
    if lacking:
        raise CxError(
            "missing_column",
            N_("No column of the file brings {column}."),
            hint=N_("Map one of the file's columns to it: {headers}."),
            column=lacking[0],
            value=", ".join(lacking),
            headers=", ".join(headers),
        )


def _check_column(name: str, column: ColumnMap, mapping: Mapping, headers: list[str]) -> None:
    unknown = [header for group in column.sources for header in group if header not in headers]
    if unknown or not (column.sources or column.constant is not None):
        raise CxError(
            "no_such_header",
            N_("The file has no column {value}, from which {column} is to come."),
            hint=N_("Its columns are: {headers}."),
            column=name,
            value=", ".join(unknown),
            headers=", ".join(headers),
        )
    if column.format is not None and column.format not in (*FORMATS, *CLOCKS):
        raise CxError(
            "bad_format",
            N_("There is no date order called {value}."),
            hint=N_("Choose one of: {formats}."),
            column=name,
            value=column.format,
            formats=", ".join(FORMATS),
        )
    if column.not_before is not None and column.not_before not in mapping.columns:
        raise CxError(
            "bad_mapping",
            N_("{column} may not lie before {value}, which is not mapped."),
            hint=N_("Map {value} too, or drop the condition."),
            column=name,
            value=column.not_before,
        )
