"""The same work without a browser: check, import, roll up, match, compare, keep."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import pandas as pd
import typer

from cxlib import __version__, formats
from cxlib.commands import balance, campaigns, matching, reports
from cxlib.commands.options import AsJson, Data, MappingFiles, Yes, Zone  # noqa: TC001 - typer reads them when it runs
from cxlib.errors import CxError
from cxlib.intake import Question
from cxlib.runner import Runner
from cxlib.store import OnConflict  # noqa: TC001 - typer reads it when it runs
from cxlib.store.data_sets import WORK
from cxlib.terminal import (
    REFUSED,
    dataset_id,
    finished,
    frame_text,
    open_store,
    path_of,
    progress,
    refusing,
    report_of,
    said_report,
    show,
    to_read,
    write_csv,
)
from cxlib.texts import LANGUAGES, N_, _, match_language, set_language
from cxlib.texts import language as current_language

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Service-tier fairness and plan matching.")
matching.add_to(app)
reports.add_to(app)
balance.add_to(app)
campaigns.add_to(app)

WHOLE: Final = "cxlib.importing.whole"


@app.callback()
def language(
    lang: Annotated[str | None, typer.Option(help=f"Language of what is said: {', '.join(LANGUAGES)}.")] = None,
) -> None:
    """Choose the language: told, else the system's."""
    asked = lang or os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG")
    set_language(match_language(asked))


@app.command()
def check(
    files: Annotated[list[str], typer.Argument(help="Files, or TABLE=FILE.")],
    mapping: MappingFiles = None,
    zone: Zone = None,
    rejects: Annotated[Path | None, typer.Option(help="Folder for the rows that are set aside, with reasons.")] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong with files; end with 1 if a row was set aside or something is not certain."""
    with refusing(as_json=as_json), TemporaryDirectory() as folder, Runner(Path(folder), nice=0) as runner:
        asked = {"files": [to_read(each, mapping, zone) for each in files]}
        job = runner.start(f"{WHOLE}:check_files", asked, language=current_language())
        found = finished(job)["files"]
        if rejects is not None:
            rejects.mkdir(parents=True, exist_ok=True)
            for argument, each in zip(files, found, strict=True):
                if each["counts"]["rows_quarantined"]:
                    aside = pd.read_parquet(job.folder / each["set_aside"])
                    write_csv(aside, rejects / f"{path_of(argument).stem}.set_aside.csv")
        reports = [report_of(each, yes=yes) for each in found]
        show({"files": reports}, as_json=as_json, said="\n\n".join(map(said_report, reports)))
    raise typer.Exit(REFUSED if any(each["set_aside"] or each["questions"] for each in reports) else 0)


@app.command(name="import")
def import_files(
    files: Annotated[list[str], typer.Argument(help="Files, or TABLE=FILE (events:METER=FILE for events).")],
    data: Data = None,
    new: Annotated[str | None, typer.Option(help="Open a new data set of that name.")] = None,
    mapping: MappingFiles = None,
    zone: Zone = None,
    on_conflict: Annotated[
        OnConflict, typer.Option(help="Where a row is there already; add sums events that come in parts.")
    ] = "replace",
    who: Annotated[str, typer.Option(help="Name to record.")] = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Bring files into the store that the dashboard shows."""
    with refusing(as_json=as_json):
        store = open_store()
        if (data is None) == (new is None):
            raise CxError("no_target", N_("Say where the files go."), hint=N_("Use --data NAME or --new NAME."))
        asked = {
            "files": [to_read(each, mapping, zone) for each in files],
            "store": str(store.root),
            "dataset": None if data is None else dataset_id(store, data),
            "new": new,
            "who": who,
            "on_conflict": on_conflict,
            "confirmed": yes,
        }
        with Runner(store.root / WORK, nice=0) as runner:
            job = runner.start(f"{WHOLE}:import_files", asked, keep=False, language=current_language())
            done = finished(job)
        for name, question in done["asked"]:
            progress(f"{name}: {Question.from_dict(question).said}")
        opened, records = done["dataset"], done["imports"]
        show(
            {"data_set": opened, "version": done["version"], "imports": records},
            as_json=as_json,
            said=frame_text(pd.DataFrame(records))
            + "\n"
            + _("Data set {id}, version {n}.", id=opened, n=done["version"]),
        )


@app.command()
def demo(
    warm: Annotated[bool, typer.Option(help="Also compile the kernels.")] = False,
    as_json: AsJson = False,
) -> None:
    """Build the demo data set where it is not there yet."""
    from cxlib.demo import install_demo  # noqa: PLC0415

    with refusing(as_json=as_json):
        if warm:
            from cxlib.warm import warm as compile_kernels  # noqa: PLC0415

            progress(_("Compiling the kernels (once)"))
            compile_kernels()
        progress(_("Building the demo (once)"))
        dataset = install_demo(open_store())
        show({"data_set": dataset.id}, as_json=as_json, said=_("The demo is there."))


@app.command()
def fsck(as_json: AsJson = False) -> None:
    """Hash every file of the store again and say what is wrong."""
    with refusing(as_json=as_json):
        found = open_store().fsck()
        rows = [{"code": each.code, "path": each.path, "text": each.said, "harmless": each.harmless} for each in found]
        show(
            {"findings": rows}, as_json=as_json, said="\n".join(str(r["text"]) for r in rows) or _("Nothing is wrong.")
        )
    raise typer.Exit(REFUSED if any(not each["harmless"] for each in rows) else 0)


@app.command()
def backup(path: Path, as_json: AsJson = False) -> None:
    """Copy the whole store to a new folder, while the dashboard may run."""
    with refusing(as_json=as_json):
        made = open_store().backup(path)
        said = _("{n} files, {size}, are in {path}.", n=made.files, size=formats.size(made.bytes), path=made.path)
        show({"path": str(made.path), "files": made.files, "damaged": list(made.damaged)}, as_json=as_json, said=said)


@app.command()
def restore(
    path: Path,
    replace: Annotated[bool, typer.Option(help="Replace what is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring a backup back."""
    with refusing(as_json=as_json):
        open_store().restore(path, replace=replace)
        show({"restored": str(path)}, as_json=as_json, said=_("The backup is back."))


@app.command()
def version() -> None:
    """Print the product's version."""
    typer.echo(f"cxlib {__version__}")


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
