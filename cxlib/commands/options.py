"""Options that several commands take."""

from __future__ import annotations

from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Yes = Annotated[bool, typer.Option("--yes", help="Take what is suggested where something is not certain.")]
MappingFiles = Annotated[
    list[str] | None, typer.Option("--mapping", help="TABLE=FILE: a mapping of columns, as the Import page saves it.")
]
Zone = Annotated[str | None, typer.Option(help="Time zone of times that carry none, such as Asia/Shanghai.")]
Data = Annotated[str | None, typer.Option("--data", help="Name or id of a data set in the store.")]
