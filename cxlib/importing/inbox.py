"""The folder into which large files are copied, to be imported from the page."""

from __future__ import annotations

import stat
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import pandas as pd

from cxlib.errors import CxError
from cxlib.texts import N_

if TYPE_CHECKING:
    from pathlib import Path

FOLDER: Final = "inbox"
SETTLED_S: Final = 5.0
"""A file that changed since is taken to be still on its way."""
README: Final = "README.txt"
README_TEXT: Final = """\
Copy large files (CSV, TXT, Excel, Parquet, also packed with gzip) into this folder.
They appear on the Import page. Nothing here is changed or removed.

把大文件（CSV、TXT、Excel、Parquet，也可以是 gzip 压缩的）复制到这个文件夹，
它们会出现在“导入”页面上。这里的文件不会被改动或删除。
"""


def inbox(root: Path) -> Path:
    """Return the inbox below the store's root; it is made, with a few lines that say what it is for."""
    folder = root / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError), (folder / README).open("x", encoding="utf-8") as readme:
        readme.write(README_TEXT)
    return folder


def listed(folder: Path) -> pd.DataFrame:
    """Return the files of an inbox, the newest first.

    Links, folders and hidden files are left out.

    Returns
    -------
    pandas.DataFrame
        name, bytes, modified (UTC), being_written (changed within the last seconds).
    """
    now = time.time()
    rows = []
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            told = path.lstat()
            if stat.S_ISREG(told.st_mode) and not path.name.startswith(".") and path.name != README:
                rows.append((path.name, told.st_size, told.st_mtime, now - told.st_mtime < SETTLED_S))
    frame = pd.DataFrame(rows, columns=["name", "bytes", "modified", "being_written"])
    frame["modified"] = pd.to_datetime(frame["modified"], unit="s", utc=True)
    frame = frame.astype({"name": "str", "bytes": "int64", "being_written": "bool"})
    return frame.sort_values(["modified", "name"], ascending=[False, True], ignore_index=True)


def inbox_path(folder: Path, name: str) -> Path:
    """Return the path of a file that is listed, or refuse.

    Raises
    ------
    CxError
        ``not_in_inbox``.
    """
    if name not in set(listed(folder)["name"]):
        raise CxError(
            "not_in_inbox",
            N_("There is no file {value} in the inbox."),
            hint=N_("Copy it there, or choose another one."),
            value=name,
        )
    return folder / name
