"""What the commands share: reading files, refusing, printing."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import pandas as pd
import typer

from cxlib.engine.records import plain, records
from cxlib.errors import CxError
from cxlib.exports import csv_bytes
from cxlib.importing.digest import GROUPS
from cxlib.importing.digest import said as said_groups
from cxlib.importing.jobs import read_parameters, source_of
from cxlib.intake import Mapping, Question, guess_table, read, read_text_table, suggest_mapping, summarise_problems
from cxlib.store import Store
from cxlib.tables import TABLES
from cxlib.texts import N_, _, ngettext

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from cxlib.intake import Reading
    from cxlib.runner import Job

REFUSED: Final = 1
WATCH_S: Final = 0.05


@contextmanager
def refusing(*, as_json: bool) -> Iterator[None]:
    """Say an error in the reader's language and end with a code other than zero."""
    try:
        yield
    except CxError as error:
        _refuse(error, as_json=as_json)
    except FileNotFoundError as error:
        _refuse(CxError("no_file", N_("There is no file {value}."), value=error.filename), as_json=as_json)


def _refuse(error: CxError, *, as_json: bool) -> NoReturn:
    if as_json:
        typer.echo(json.dumps({"error": error.as_dict()}, ensure_ascii=False))
    else:
        row = _("row {row}: ", row=error.row) if error.row is not None else ""
        typer.echo(f"{row}{error}", err=True)
        for question in dict(error.values).get("questions", ()):
            typer.echo(f"  - {question}", err=True)
    raise typer.Exit(REFUSED)


def read_file(argument: str, mappings: Sequence[str] | None, zone: str | None) -> Reading:
    """Read ``FILE``, ``TABLE=FILE`` or ``events:METER=FILE``."""
    path = path_of(argument)
    if not path.is_file():
        raise CxError("no_file", N_("There is no file {value}."), value=str(path))
    table, meter = _table_asked(argument)
    text = read_text_table(path)
    table = table or guess_table(text)[0][0]
    mapping = _mapping_given(table, mappings)
    if mapping is None and meter is not None:
        suggested = suggest_mapping(text, table=table)
        asked = tuple(q for q in suggested.questions if q.code not in ("meter", "round_event"))
        mapping = replace(suggested, meter=meter, questions=asked)
    return read(text, table=table, mapping=mapping, zone=zone)


def to_read(argument: str, mappings: Sequence[str] | None, zone: str | None) -> dict[str, Any]:
    """Return the parameters by which a child process reads ``FILE``, ``TABLE=FILE`` or ``events:METER=FILE``."""
    path = path_of(argument)
    if not path.is_file():
        raise CxError("no_file", N_("There is no file {value}."), value=str(path))
    table, meter = _table_asked(argument)
    given: dict[str, str] = {}
    for each in mappings or ():
        name, written = pair(each) if "=" in each else ("", each)
        given.setdefault(name, Mapping.from_json(Path(written).read_text(encoding="utf-8")).to_json())
    return read_parameters(source_of(path), table=table, meter=meter, zone=zone) | {"mappings": given}


def finished(job: Job) -> dict[str, Any]:
    """Wait for a job, saying on standard error what it is at; leaving ends it.

    Raises
    ------
    CxError
        As `Job.result`.
    """
    said = ""
    try:
        while not job.wait(WATCH_S):
            if job.said != said:
                said = job.said
                progress(said)
        return job.result()
    except KeyboardInterrupt:
        job.cancel()
        job.wait()
        raise


def path_of(argument: str) -> Path:
    """Return the path in ``FILE``, ``TABLE=FILE`` or ``events:METER=FILE``, whether or not a file is there."""
    return Path(argument.split("=", 1)[1] if _table_asked(argument)[0] else argument)


def _table_asked(argument: str) -> tuple[str | None, str | None]:
    head, mark, _rest = argument.partition("=")
    table, _colon, meter = head.partition(":")
    return (table, meter or None) if mark and table in TABLES else (None, None)


def _mapping_given(table: str, mappings: Sequence[str] | None) -> Mapping | None:
    for each in mappings or ():
        name, path = pair(each) if "=" in each else (table, each)
        if name == table:
            return Mapping.from_json(Path(path).read_text(encoding="utf-8"))
    return None


def certain(path: Path, reading: Reading, *, yes: bool) -> Reading:
    """Return a reading about which nothing is open, or refuse."""
    if not reading.needs_confirmation:
        return reading
    if not yes:
        raise CxError(
            "not_confirmed",
            N_("Something about {file} is not certain yet."),
            hint=N_("Answer it in a mapping, or take what is suggested with --yes:"),
            file=path.name,
            value=path.name,
            questions=[question.said for question in reading.needs_confirmation],
        )
    return confirmed(path, reading)


def confirmed(path: Path, reading: Reading) -> Reading:
    """Say what is open about a reading and return it with all that was suggested taken."""
    for question in reading.needs_confirmation:
        progress(f"{path.name}: {question.said}")
    return replace(reading, mapping=reading.mapping.confirmed(), needs_confirmation=[])


def report_of(found: dict[str, Any], *, yes: bool) -> dict[str, Any]:
    """Return what there is to say of a file that was checked, ready for JSON.

    Parameters
    ----------
    found : dict
        One file of `cxlib.importing.whole.check_files`.
    yes : bool
        Leave out the questions: what is suggested counts as taken.

    Returns
    -------
    dict
        file (its name), table, encoding; rows_in_file, loaded and set_aside (numbers of rows); problems (rows of
        `summarise_problems`); questions, each with its text in the reader's language under ``said``; mapping.
    """
    questions = [] if yes else [each | {"said": Question.from_dict(each).said} for each in found["questions"]]
    counts = found["counts"]
    return {
        "file": found["name"],
        "table": found["table"],
        "encoding": found["encoding"],
        "rows_in_file": counts["rows_in_file"],
        "loaded": counts["rows_loaded"],
        "set_aside": counts["rows_quarantined"],
        "problems": records(said_groups(pd.DataFrame(found["groups"], columns=list(GROUPS)))),
        "questions": questions,
        "mapping": json.loads(found["mapping"]),
    }


def said_report(report: dict[str, Any]) -> str:
    """Return a report of `report_of` as text in the reader's language: counts, problems with hints, open questions."""
    title = TABLES[report["table"]].title
    lines = [
        _(
            "{file}: {table}, {rows} rows, {good} good, {aside} set aside",
            file=report["file"],
            table=_(title),
            rows=report["rows_in_file"],
            good=report["loaded"],
            aside=report["set_aside"],
        )
    ]
    for each in report["problems"]:
        place = f" [{each['column']}]" if each["column"] else ""
        rows = _("rows {rows}", rows=each["rows"]) if each["rows"] else ""
        lines.append(f"  {each['count']} x {each['title']}{place} {rows}: {each['examples']}\n    {each['hint']}")
    lines += [f"  ? {question['said']}" for question in report["questions"]]
    return "\n".join(lines)


def said_problems(file: str, reading: Reading) -> str:
    """Return how many rows of a file were set aside and why, as text in the reader's language."""
    n = reading.counts["rows_quarantined"]
    lines = [ngettext("{file}: {n} row is set aside", "{file}: {n} rows are set aside", n, file=file)]
    for each in records(summarise_problems(reading.problems)):
        if each["severity"] == "error":
            place = f" [{each['column']}]" if each["column"] else ""
            rows = _("rows {rows}", rows=each["rows"])
            lines.append(f"  {each['count']} x {each['title']}{place} {rows}: {each['examples']}\n    {each['hint']}")
    return "\n".join(lines)


def open_store() -> Store:
    """Open the store in the data folder, see `store.default_root`; the folder is made where it is missing."""
    return Store()


def dataset_id(store: Store, asked: str) -> str:
    """Return the id of the data set of that id or name; the demo has the name that pages show, too, in any case.

    Raises
    ------
    CxError
        ``no_data_set``, naming those that there are.
    """
    found = store.datasets()
    for each in found:
        if asked in (each.id, each.name):
            return each.id
    for each in found:
        if asked.casefold() in (each.name.casefold(), *(("demo", _("Demo").casefold()) if each.demo else ())):
            return each.id
    known = ", ".join(_("Demo") if each.demo else each.name for each in found) or "–"
    raise CxError(
        "no_data_set", N_("There is no data set {value}."), hint=N_("There are: {known}."), value=asked, known=known
    )


def tables_of(asked: str, names: Sequence[str]) -> tuple[dict[str, pa.Table], dict[str, Any]]:
    """Load tables of a data set in the store.

    Parameters
    ----------
    asked : str
        Id or name of the data set.
    names : sequence of str
        Tables wanted.

    Returns
    -------
    tables : dict of str to pyarrow.Table
        Those of them that the latest version has at least one row of.
    settings : dict
        The settings in force.

    Raises
    ------
    CxError
        ``no_data_set``, or as `Store.load`.
    """
    store = open_store()
    dataset = dataset_id(store, asked)
    tables = {name: store.load(dataset, name) for name in names if store.has(dataset, name)}
    return tables, store.settings(dataset).as_dict()


def zone_of(asked: str) -> str:
    """Return the time zone of the contacts of a data set in the store, by its id or name."""
    store = open_store()
    return store.zone(dataset_id(store, asked))


def pair(text: str) -> tuple[str, str]:
    """Split ``NAME=VALUE`` at the first ``=``.

    Raises
    ------
    CxError
        ``no_pair`` where the sign, the name or the value is missing.
    """
    name, mark, value = text.partition("=")
    if not mark or not name or not value:
        raise CxError("no_pair", N_("“{value}” is not of the form NAME=VALUE."), value=text)
    return name, value


def write(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame without its index: Parquet where the path ends in ``.parquet``, else CSV as `write_csv`."""
    if path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    else:
        write_csv(frame, path)


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame as CSV that is safe to open in a spreadsheet, see `exports.csv_bytes`; replaces what is there."""
    path.write_bytes(csv_bytes(frame))


def frame_text(frame: pd.DataFrame) -> str:
    """Return a frame as aligned plain text without its index."""
    return frame.to_string(index=False)


def progress(text: str) -> None:
    """Print a line to standard error, so that standard output holds the result alone."""
    typer.echo(text, err=True)


def show(result: dict[str, Any], *, as_json: bool, said: str) -> None:
    """Print a result to standard output: `result` as one JSON document, or `said` for people."""
    typer.echo(json.dumps(result, ensure_ascii=False, default=plain) if as_json else said)
