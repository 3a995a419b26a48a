"""Commands of campaigns: whom to offer a better plan, and what came of it."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads it when it runs
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cxlib.commands.options import AsJson, MappingFiles, Yes  # noqa: TC001 - typer reads them when it runs
from cxlib.errors import CxError
from cxlib.tables import TABLES
from cxlib.terminal import certain, dataset_id, open_store, progress, read_file, refusing, show, write
from cxlib.texts import N_, _

if TYPE_CHECKING:
    import pandas as pd

    from cxlib.store import Store

Data = Annotated[str, typer.Option("--data", help="Name or id of a data set in the store.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (campaign, outcomes):
        app.command()(command)


def campaign(
    data: Data,
    out: Annotated[Path, typer.Option(help="Where to write the customers of the campaign (.csv or .parquet).")],
    goal: Annotated[
        Literal["retention", "fairness"],
        typer.Option(help="retention: who pays too much for extras comes first; fairness: who is on too large a plan."),
    ] = "retention",
    hold_out: Annotated[float, typer.Option("--hold-out", help="Share of each tier that gets no offer.")] = 0.1,
    seed: Annotated[int, typer.Option(help="Of the draw: the same seed holds out the same customers.")] = 0,
    most: Annotated[int | None, typer.Option(help="Customers in the campaign at most.", min=0)] = None,
    as_of: Annotated[str, typer.Option(help="last, or a month such as 2018-12.")] = "last",
    horizon: Annotated[int | None, typer.Option(help="Months to look ahead.", min=1, max=24)] = None,
    min_saving: Annotated[float | None, typer.Option(help="Saving a month that must be exceeded.", min=0)] = None,
    least_p: Annotated[float, typer.Option("--least-p", help="Least probability that it saves.", min=0, max=1)] = 0.0,
    only_flagged: Annotated[
        bool, typer.Option("--only-flagged", help="Keep to customers flagged for months running.")
    ] = False,
    keep: Annotated[bool, typer.Option(help="Keep the campaign in the store, to read its results later.")] = True,
    who: Annotated[str, typer.Option(help="Name to record.")] = "",
    as_json: AsJson = False,
) -> None:
    """Rank the customers to offer a better plan, hold out a random part of each tier, and write the list."""
    from cxlib.matching import Catalogue, PlanRecommender  # noqa: PLC0415
    from cxlib.matching.campaign_report import Draw, draw_campaign  # noqa: PLC0415

    with refusing(as_json=as_json), open_store() as store:
        dataset = dataset_id(store, data)
        settings = store.settings(dataset)
        tables = {
            name: store.load(dataset, name) for name in ("usage", "plans", "customers") if store.has(dataset, name)
        }
        _require(tables, "usage", "plans")
        draw = Draw(
            goal=goal,
            hold_out=hold_out,
            seed=seed,
            most=most,
            horizon=settings.horizon if horizon is None else horizon,
            months=settings.months,
            min_saving=settings.min_saving if min_saving is None else min_saving,
            least_p=least_p,
            only_flagged=only_flagged,
        )
        usage, customers, catalogue = tables["usage"], tables.get("customers"), Catalogue(tables["plans"])
        progress(_("Comparing the plans for every customer"))
        recommender = PlanRecommender(
            catalogue, horizon=draw.horizon, months=draw.months, min_saving=draw.min_saving
        ).fit(usage, customers=customers)
        advice = recommender.recommend(usage, as_of=as_of, customers=customers)
        report = draw_campaign(advice, usage, catalogue, draw, customers=customers, at_end=as_of == "last")
        number = store.keep_campaign(dataset, report.rows, record=report.record(), who=who).number if keep else None
        write(report.export(number=number), out)
        kept = _("Campaign {n} of {data} is in {file}.", n=number, data=data, file=out)
        said = kept if keep else _("The campaign is in {file}; it is not kept.", file=out)
        if not only_flagged:
            more = _("Drawn from all whom another plan suits; the dashboard keeps to those flagged: --only-flagged.")
            said = f"{said}\n{more}"
        show(report.as_dict() | {"campaign": number, "out": str(out)}, as_json=as_json, said=f"{report.said}\n{said}")


def outcomes(
    data: Data,
    number: Annotated[
        int | None, typer.Option("--campaign", help="Number of the campaign; the last unless told.")
    ] = None,
    results: Annotated[
        Path | None, typer.Option(help="The results as a file; else those imported into the data set.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Last month that counts, such as 2026-06.")] = None,
    mapping: MappingFiles = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Read the results of a campaign against the customers who were held out."""
    from cxlib.matching import Catalogue, bills_of, results_of  # noqa: PLC0415
    from cxlib.matching.outcome_report import outcome_report  # noqa: PLC0415

    with refusing(as_json=as_json), open_store() as store:
        dataset = dataset_id(store, data)
        if results is not None:
            offers: Any = certain(results, read_file(f"offers={results}", mapping, None), yes=yes).table
        else:
            _require({"offers": store.has(dataset, "offers")}, "offers")
            offers = store.load(dataset, "offers")
        drawn = _campaign_of(store, dataset, number)
        rows, since = None, None
        if drawn is not None:
            drawn_on = {each.number: each.created_at.date() for each in store.campaigns(dataset)}
            offers = results_of(offers, drawn[0], drawn_on=drawn_on)
            rows, since = drawn[1], drawn[2]["month"] or None
        bills, currency = None, None
        if since and store.has(dataset, "usage") and store.has(dataset, "plans"):
            catalogue = Catalogue(store.load(dataset, "plans"))
            currency = catalogue.currency
            customers = store.load(dataset, "customers") if store.has(dataset, "customers") else None
            bills = bills_of(store.load(dataset, "usage"), catalogue, since=since, customers=customers)
        report = outcome_report(
            offers,
            rows,
            customers=store.load(dataset, "customers") if store.has(dataset, "customers") else None,
            bills=bills,
            since=since,
            until=until,
            min_group=store.settings(dataset).min_group,
            currency=currency,
        )
        found = {"campaign": None if drawn is None else drawn[0]} | report.as_dict()
        show(found, as_json=as_json, said=report.said)


def _campaign_of(store: Store, dataset: str, number: int | None) -> tuple[int, pd.DataFrame, dict[str, Any]] | None:
    """Return number, rows and record of a campaign, the last one unless told; None where there is none at all."""
    kept = store.campaigns(dataset)
    if number is None and not kept:
        return None
    chosen = kept[0].number if number is None else number
    rows = store.load_campaign(dataset, chosen).to_pandas()
    return chosen, rows, next(each.record for each in kept if each.number == chosen)


def _require(tables: dict[str, Any], *names: str) -> None:
    for name in names:
        if not tables.get(name):
            raise CxError(
                "missing_table",
                N_("This data set has no {table}."),
                hint=N_("Import a file that brings it."),
                table=_(TABLES[name].title),
            )
