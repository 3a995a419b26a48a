"""Commands of balance between tiers: how a log treats them, and what other rules would do to its queue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from cxlib.commands.options import (  # noqa: TC001 - typer reads them when it runs
    AsJson,
    Data,
    MappingFiles,
    Yes,
    Zone,
)
from cxlib.errors import CxError
from cxlib.terminal import certain, pair, progress, read_file, refusing, show, tables_of, zone_of
from cxlib.texts import N_, _

Contacts = Annotated[Path | None, typer.Argument(help="Contacts; or use --data.")]
Tiers = Annotated[Path | None, typer.Option(help="Tiers with their ranks.")]
Ranks = Annotated[list[str] | None, typer.Option("--rank", help="TIER=RANK, 1 is served first.")]
OneQueue = Annotated[str | None, typer.Option("--queue", help="Only this queue.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (fairness, simulate):
        app.command()(command)


def fairness(
    contacts: Contacts = None,
    data: Data = None,
    tiers: Tiers = None,
    rank: Ranks = None,
    queue: OneQueue = None,
    sla: Annotated[str, typer.Option(help="Seconds that count as in time, between commas.")] = "20,60,90",
    pool: Annotated[
        Literal["within", "one"], typer.Option(help="Each queue and location by itself, or all as one line.")
    ] = "within",
    passers: Annotated[
        Literal["all", "queued"], typer.Option(help="queued: only those who queued count as passing.")
    ] = "all",
    mapping: MappingFiles = None,
    zone: Zone = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Say how tiers wait and compare, who passes whom, at what cost, and what may mislead."""
    from cxlib.fairness.report import fairness_report  # noqa: PLC0415

    with refusing(as_json=as_json):
        tables, zone = _log(contacts, data, tiers, mapping=mapping, zone=zone, yes=yes)
        report = fairness_report(
            tables["contacts"],
            ranks=_ranks(rank, tables),
            queue=queue,
            thresholds=[float(each) for each in sla.split(",")],
            one_pool=pool == "one",
            passers=passers,
            zone=zone,
        )
        show(report.as_dict(), as_json=as_json, said=report.said)


def simulate(
    contacts: Contacts = None,
    data: Data = None,
    tiers: Tiers = None,
    rank: Ranks = None,
    group: Annotated[
        list[str] | None, typer.Option(help="TIER=GROUP: tiers that are one class; ranks are still those of tiers.")
    ] = None,
    queue: OneQueue = None,
    rule: Annotated[
        list[str] | None,
        typer.Option(help="A rule to try, such as head_start=60, strict, max_passes=2, courtesy+head_start=60."),
    ] = None,
    promise: Annotated[
        list[str] | None, typer.Option(help="TIER:INDICATOR=BOUND to be kept, such as gold:sla=0.6; * for all.")
    ] = None,
    find: Annotated[
        list[str] | None,
        typer.Option("--solve", help="Also find the mildest that keeps the promises: head_start, max_passes, agents."),
    ] = None,
    agents: Annotated[float, typer.Option(help="So many more (or fewer) on duty under the rules tried.")] = 0.0,
    sla: Annotated[float, typer.Option(help="Seconds that count as in time.", min=0)] = 20.0,
    replications: Annotated[int, typer.Option(help="How often chance is drawn anew.", min=2, max=1000)] = 20,
    seed: Annotated[int, typer.Option(help="The same gives the same numbers.")] = 0,
    mapping: MappingFiles = None,
    zone: Zone = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Find the rule in force, set its simulation beside the log, and say what other rules would do."""
    from cxlib.queueing.promises import promise_of  # noqa: PLC0415
    from cxlib.queueing.report import policy_report  # noqa: PLC0415

    with refusing(as_json=as_json):
        tables, zone = _log(contacts, data, tiers, mapping=mapping, zone=zone, yes=yes)
        progress(_("Simulating"))
        report = policy_report(
            tables["contacts"],
            rules=rule or (),
            agents=agents,
            promises=[promise_of(each) for each in promise or []],
            families=find or (),
            sla_s=sla,
            replications=replications,
            random_state=seed,
            where={} if queue is None else {"queue": queue},
            by=dict(pair(each) for each in group) if group else "tier",
            ranks=_ranks(rank, tables),
            zone=zone,
        )
        show(report.as_dict(), as_json=as_json, said=report.said)


def _log(
    contacts: Path | None,
    data: str | None,
    tiers: Path | None,
    *,
    mapping: list[str] | None,
    zone: str | None,
    yes: bool,
) -> tuple[dict[str, Any], str]:
    """Return the tables of a log of contacts, and the zone of its days and hours."""
    tables: dict[str, Any] = {}
    if data is not None:
        tables, _settings = tables_of(data, ("contacts", "tiers"))
        zone = zone or zone_of(data)
    elif contacts is not None:
        reading = certain(contacts, read_file(f"contacts={contacts}", mapping, zone), yes=yes)
        tables, zone = {"contacts": reading.table}, zone or reading.mapping.zone
        if tiers is not None:
            tables["tiers"] = certain(tiers, read_file(f"tiers={tiers}", mapping, None), yes=yes).table
    if "contacts" not in tables:
        raise CxError("missing_table", N_("There are no contacts."), hint=N_("Give a file, or --data NAME."))
    return tables, zone or "UTC"


def _ranks(rank: list[str] | None, tables: dict[str, Any]) -> Any:
    return {tier: int(place) for tier, place in (pair(each) for each in rank or [])} or tables.get("tiers")
