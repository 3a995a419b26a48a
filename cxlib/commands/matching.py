"""Commands of plan matching: events rolled up, whose plan has not matched, whether the advice would have helped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cxlib import formats
from cxlib.commands.options import AsJson, Data, MappingFiles, Yes  # noqa: TC001 - typer reads them when it runs
from cxlib.errors import CxError
from cxlib.terminal import (
    certain,
    dataset_id,
    open_store,
    pair,
    progress,
    read_file,
    refusing,
    said_problems,
    show,
    tables_of,
    write,
)
from cxlib.texts import N_, _

if TYPE_CHECKING:
    import pandas as pd

    from cxlib.matching import Catalogue

Usage = Annotated[Path | None, typer.Option(help="Usage by month.")]
Plans = Annotated[Path | None, typer.Option(help="The catalogue of plans.")]
Customers = Annotated[Path | None, typer.Option(help="Customers, with plan and contract.")]
Months = Annotated[int | None, typer.Option(help="Months in a row.", min=1, max=12)]
MinSaving = Annotated[float | None, typer.Option(help="Saving a month that must be exceeded.", min=0)]
Horizon = Annotated[int | None, typer.Option(help="Months ahead over which costs are compared.", min=1, max=12)]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (rollup, match, backtest):
        app.command()(command)


def rollup(
    files: Annotated[list[str], typer.Argument(help="METER=FILE of events, such as minutes=calls.csv.")],
    out: Annotated[Path, typer.Option(help="Usage to write: .csv or .parquet.")],
    rounds: Annotated[
        list[str] | None, typer.Option("--round", help="METER=UNIT: each event is rounded up to whole units.")
    ] = None,
    mapping: MappingFiles = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Roll events (calls, sessions, messages) up to usage by customer and month."""
    from cxlib.matching import merge_rollups, rollup_events  # noqa: PLC0415

    with refusing(as_json=as_json):
        units = {meter: float(unit) for meter, unit in (pair(each) for each in rounds or [])}
        frames = []
        for argument in files:
            meter, name = pair(argument)
            reading = certain(Path(name), read_file(f"events:{meter}={name}", mapping, None), yes=yes)
            frames.append(rollup_events(reading.table, meter=meter, round_event=units.get(meter)))
            progress(_("{file}: {n} rows read", file=name, n=formats.number(reading.counts["rows_in_file"])))
        usage = merge_rollups(*frames)
        write(usage, out)
        rows, customers = len(usage), int(usage["customer_id"].nunique())
        said = _(
            "{rows} customer-months of {customers} customers are in {file}.", rows=rows, customers=customers, file=out
        )
        show({"rows": rows, "customers": customers, "out": str(out)}, as_json=as_json, said=said)


def match(
    usage: Usage = None,
    plans: Plans = None,
    customers: Customers = None,
    data: Data = None,
    months: Months = None,
    min_saving: MinSaving = None,
    as_of: Annotated[str, typer.Option(help="last, own, any, or a month such as 2018-12.")] = "last",
    absent: Annotated[
        Literal["missing", "zero"], typer.Option(help="zero: months without usage count as zero.")
    ] = "missing",
    advise: Annotated[
        bool, typer.Option("--advise", help="Also recommend plans for the coming months, with P(saves) and options.")
    ] = False,
    horizon: Horizon = None,
    out: Annotated[
        Path | None, typer.Option(help="Where to write the customers flagged or advised to switch (.csv or .parquet).")
    ] = None,
    stream: Annotated[
        bool,
        typer.Option(
            "--stream", help="For usage larger than memory: flags alone, with all customers in --out (.parquet)."
        ),
    ] = False,
    mapping: MappingFiles = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Say whose plan has not matched for months running, what it cost, whether bills agree, and what would suit."""
    from cxlib.matching.report import matching_report  # noqa: PLC0415
    from cxlib.matching.streamed_report import streamed_report  # noqa: PLC0415

    with refusing(as_json=as_json):
        files = {"usage": usage, "plans": plans, "customers": customers}
        if stream:
            path, tables, settings = _asked_by_file(data, files, mapping, yes=yes)
        else:
            tables, settings = _asked(data, files, mapping, yes=yes)
        options: dict[str, Any] = {
            "customers": tables.get("customers"),
            "months": months or settings.get("months", 3),
            "min_saving": settings.get("min_saving", 0.0) if min_saving is None else min_saving,
            "as_of": as_of,
            "absent": absent,
        }
        if stream:
            streamed = streamed_report(path, _catalogue(tables), out=_parquet(out, advise=advise), **options)
            show(streamed.as_dict(), as_json=as_json, said=streamed.said)
            return
        ahead = (horizon or settings.get("horizon", 3)) if advise else None
        report = matching_report(tables["usage"], _catalogue(tables), horizon=ahead, **options)
        if out is not None:
            write(report.rows, out)
        show(report.as_dict(), as_json=as_json, said=report.said)


def backtest(
    usage: Usage = None,
    plans: Plans = None,
    customers: Customers = None,
    data: Data = None,
    months: Annotated[int | None, typer.Option(help="Complete active months before an origin.", min=1, max=12)] = None,
    min_saving: MinSaving = None,
    horizon: Horizon = None,
    most: Annotated[
        int | None, typer.Option(help="Judge a random choice of so many customers; all are learned from.", min=1)
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where to write a row per customer and origin (.csv or .parquet).")
    ] = None,
    mapping: MappingFiles = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Say whether the advice would have helped in the past, beside staying and simple rules."""
    from cxlib.matching.backtest_report import backtest_report  # noqa: PLC0415

    with refusing(as_json=as_json):
        tables, settings = _asked(data, {"usage": usage, "plans": plans, "customers": customers}, mapping, yes=yes)
        report = backtest_report(
            tables["usage"],
            _catalogue(tables),
            customers=tables.get("customers"),
            months=months or settings.get("months", 3),
            min_saving=settings.get("min_saving", 0.0) if min_saving is None else min_saving,
            horizon=horizon or settings.get("horizon", 3),
            max_customers=most,
            report=lambda _share, said: progress(said),
        )
        if out is not None:
            write(report.rows, out)
        show(report.as_dict(), as_json=as_json, said=report.said)


def _asked(
    data: str | None, files: dict[str, Path | None], mapping: list[str] | None, *, yes: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the tables of a data set, or of files of which nothing is open, and the settings in force."""
    if data is not None:
        tables, settings = tables_of(data, tuple(files))
    else:
        tables, settings = {name: _read(name, path, mapping, yes=yes) for name, path in files.items() if path}, {}
    _require(tables, data)
    return tables, settings


def _asked_by_file(
    data: str | None, files: dict[str, Path | None], mapping: list[str] | None, *, yes: bool
) -> tuple[Path, dict[str, Any], dict[str, Any]]:
    """Return the file of the usage, the other tables, and the settings in force."""
    others = {name: path for name, path in files.items() if name != "usage"}
    if data is None:
        tables: dict[str, Any] = {name: _read(name, path, mapping, yes=yes) for name, path in others.items() if path}
        settings: dict[str, Any] = {}
        path = files["usage"]
    else:
        tables, settings = tables_of(data, tuple(others))
        with open_store() as store:
            dataset = dataset_id(store, data)
            path = store.path(dataset, "usage") if store.has(dataset, "usage") else None
    _require(tables | ({} if path is None else {"usage": path}), data)
    if path is None or not path.is_file():
        raise CxError("no_file", N_("There is no file {value}."), value=str(path))
    return path, tables, settings


def _require(tables: dict[str, Any], data: str | None) -> None:
    for name in ("usage", "plans"):
        if name not in tables:
            raise CxError(
                "missing_table",
                N_("There is no {table} to match."),
                hint=N_("Give --usage and --plans, or --data with a data set that has both."),
                table=name,
                value=data,
            )


def _parquet(out: Path | None, *, advise: bool) -> Path:
    """Return where the rows of streamed usage go."""
    if out is None or out.suffix != ".parquet" or advise:
        raise CxError(
            "bad_setting",
            N_("Usage is read part by part for flags alone, and all rows go to a Parquet file."),
            hint=N_("Give --out FILE.parquet, and leave out --advise."),
        )
    return out


def _read(name: str, path: Path, mapping: list[str] | None, *, yes: bool) -> pd.DataFrame:
    reading = certain(path, read_file(f"{name}={path}", mapping, None), yes=yes)
    if reading.counts["rows_quarantined"]:
        progress(said_problems(path.name, reading))
    table: pd.DataFrame = reading.table
    return table


def _catalogue(tables: dict[str, Any]) -> Catalogue:
    from cxlib.matching import Catalogue  # noqa: PLC0415

    return Catalogue(tables["plans"])
