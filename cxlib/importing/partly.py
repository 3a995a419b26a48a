"""What can be said of a file whose columns do not make a table yet: its headers, its first rows, what is suggested."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from cxlib.importing import tasks
from cxlib.importing.digest import DIGEST, HEAD
from cxlib.intake import Mapping, guess_table, read_text_table, suggest_mapping
from cxlib.texts import _

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def read_text(parameters: dict[str, Any], folder: Path, report: Callable[[float | None, str], None]) -> dict[str, Any]:
    """Write the digest of a file as far as it goes without its types; parameters are those of `tasks.read_file`."""
    path = tasks._unchanged(parameters["file"])  # noqa: SLF001 - the same step
    report(None, _("Reading the file"))
    name = parameters["file"]["name"]
    text = read_text_table(path, name=name, **parameters["options"])
    guesses = guess_table(text)
    given = parameters["mapping"]
    table = parameters["table"] or guesses[0][0]
    mapping = suggest_mapping(text, table=table) if given is None else Mapping.from_json(given)
    head = text.head(tasks.HEAD_ROWS)
    cells = [pa.array(head.iloc[:, i].tolist(), pa.string()) for i in range(head.shape[1])]
    rows = pa.array(head.index.to_series().to_numpy(), pa.int64())
    pq.write_table(pa.Table.from_arrays([rows, *cells], names=["__row", *text.columns]), folder / HEAD)
    digest = {
        "name": name,
        "size_bytes": path.stat().st_size,
        "kind": text.kind,
        "encoding": text.encoding,
        "encodings": [],
        "dialect": None if text.dialect is None else {"delimiter": text.dialect.delimiter},
        "columns": text.columns,
        "returned": text.returned,
        "rows_in_file": text.rows_in_file,
        "guesses": guesses,
        "table": mapping.table,
        "mapping": mapping.to_json(),
        "remembered": False,
        "recalled": "",
        "counts": {"rows_in_file": text.rows_in_file, "rows_loaded": 0, "rows_quarantined": 0},
        "questions": [question.as_dict() for question in text.needs_confirmation],
        "groups": [],
        "values": {},
        "covers": {"rows": 0, "customers": None, "months": []},
        "sheets": [],
        "options": parameters["options"],
    }
    (folder / DIGEST).write_text(json.dumps(digest), "utf-8")
    return {"rows_in_file": text.rows_in_file}
