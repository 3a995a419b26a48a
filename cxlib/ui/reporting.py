"""Reports of pages without a browser: ``python -m cxlib.ui.reporting``, which `cxlib report` calls."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from streamlit.testing.v1 import AppTest

from cxlib.texts import LANGUAGES, N_, _, speaking
from cxlib.ui.session import store
from cxlib.ui.share import page_bytes
from cxlib.ui.sitemap import PAGES, entry

if TYPE_CHECKING:
    from collections.abc import Sequence

FRAME: Final = Path(__file__).parent / "frame.py"
LONGEST_S: Final = 600
REPORTED: Final = tuple(page.url_path for page in PAGES if page.url_path not in ("import", "data_sets"))
"""Pages that have something to report."""
FAILED: Final = 1
STILL: Final = N_("{page} is still being worked out; ask again later.")


def write_reports(
    out: Path, *, data: str, lang: str, pages: Sequence[str] = REPORTED, query: dict[str, str] | None = None
) -> list[dict[str, Any]]:
    """Write one HTML file per page into a folder, as the pages stand with the parameters of a link.

    Parameters
    ----------
    out : Path
        The folder; it is made where it is missing. Files of the same name are replaced.
    data : str
        Id of the data set.
    lang : str
        A key of `LANGUAGES`.
    pages : sequence of str
        Addresses of pages.
    query : dict, optional
        Further parameters of the link, such as ``{"month": "2026-05"}``.

    Returns
    -------
    list of dict
        page, path, and error ("" where there is none), in the order of `pages`.
    """
    out.mkdir(parents=True, exist_ok=True)
    with speaking(lang):
        return [_written(out, name, {"lang": lang, "data": data, **(query or {})}) for name in pages]


def _written(out: Path, name: str, query: dict[str, str]) -> dict[str, Any]:
    app = AppTest.from_file(str(FRAME), default_timeout=LONGEST_S)
    app.query_params.update(query)
    app.run()
    app.switch_page(str(entry(name).path)).run()
    while (job := next((each for each in _jobs(app) if not each.over), None)) is not None and job.wait(LONGEST_S):
        app.run()
    path, error = out / f"{name}.html", app.exception[0].message if app.exception else ""
    if not error and any(not each.over for each in _jobs(app)):
        error = _(STILL, page=_(entry(name).title))
    if not error:
        with speaking(query["lang"]):  # the page's run has set the language of this context
            path.write_bytes(page_bytes(entry(name), app.session_state["record"], store().dataset(query["data"])))
    return {"page": name, "path": str(path), "error": error}


def _jobs(app: AppTest) -> list[Any]:
    return list(app.session_state["jobs"].values()) if "jobs" in app.session_state else []


def main() -> None:
    """Write the reports that the command line asks for, and say which as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--lang", choices=list(LANGUAGES), required=True)
    parser.add_argument("--pages", nargs="*", choices=REPORTED, default=list(REPORTED))
    parser.add_argument("--query", type=json.loads, default={})
    asked = parser.parse_args()
    logging.disable(logging.WARNING)  # Streamlit warns that there is no browser
    told = write_reports(asked.out, data=asked.data, lang=asked.lang, pages=asked.pages or REPORTED, query=asked.query)
    sys.stdout.write(json.dumps(told) + "\n")
    sys.exit(FAILED if any(each["error"] for each in told) else 0)


if __name__ == "__main__":
    main()
