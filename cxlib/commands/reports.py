"""The command that writes pages of the dashboard as files, for a scheduler."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path  # noqa: TC003 - typer reads it when it runs
from typing import Annotated, Final

import typer

from cxlib.commands.options import AsJson  # noqa: TC001 - typer reads it when it runs
from cxlib.errors import CxError
from cxlib.terminal import dataset_id, open_store, pair, progress, refusing, show
from cxlib.texts import N_, _, language

PAGES: Final = (
    "overview", "allocation", "queues", "policies", "tiers", "plan_fit", "customer", "backtest",
)  # fmt: skip
"""Pages that can be written, by their addresses."""


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(report)


def report(
    out: Annotated[Path, typer.Option(help="Folder for the files, one HTML file per page.")],
    data: Annotated[str, typer.Option(help="Name or id of a data set in the store.")],
    page: Annotated[list[str] | None, typer.Option(help="Only this page, such as queues; may be given again.")] = None,
    filter_: Annotated[
        list[str] | None, typer.Option("--filter", help="NAME=VALUE as in the page's address, such as month=2026-05.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the pages of the dashboard as reports that can be sent on and printed."""
    with refusing(as_json=as_json):
        for each in page or []:
            if each not in PAGES:
                raise CxError(
                    "unknown_choice",
                    N_("“{value}” is no choice."),
                    hint=N_("Choose one of: {known}."),
                    value=each,
                    known=", ".join(PAGES),
                )
        store = open_store()
        asked = {
            "out": str(out),
            "data": dataset_id(store, data),
            "lang": language(),
            "query": json.dumps(dict(pair(each) for each in filter_ or [])),
        }
        command = [sys.executable, "-m", "cxlib.ui.reporting"]
        command += [part for name, value in asked.items() for part in (f"--{name}", value)]
        progress(_("Writing the reports"))
        done = subprocess.run(  # noqa: S603 - our own module
            [*command, "--pages", *(page or PAGES)], capture_output=True, text=True, check=False
        )
        lines = done.stdout.strip().splitlines()
        told = json.loads(lines[-1]) if lines else []
        wrong = [each for each in told if each["error"]]
        if not told or wrong:
            raise CxError(
                "report_failed",
                N_("Not every report could be written: {value}"),
                value="; ".join(f"{each['page']}: {each['error']}" for each in wrong) or done.stderr[-400:],
            )
        said = "\n".join(each["path"] for each in told)
        show({"reports": told}, as_json=as_json, said=said)
