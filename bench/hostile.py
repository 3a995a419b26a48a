"""Files that are no tables, or that would eat the machine: how long until each is refused.

    python bench/hostile.py [--only bomb.csv.gz,nuls.csv] [--repeat 3]

Each goes the way of an import: a spare process that has loaded what reading needs takes the file. The clock runs from
asking to the refusal.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import os
import pickle
import sqlite3
import struct
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.parquet as pq

from cxlib.errors import CxError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cxlib.runner import Runner

MIB: Final = 1 << 20
GOOD: Final = b"customer_id,month,minutes\n007,2026-01,12.5\n008,2026-01,3\n"
SHEET_HEAD: Final = (
    b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
)
SHEET_TAIL: Final = b"</sheetData></worksheet>"


def written(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def parquet_of_zeros(path: Path) -> None:
    """A thousand million rows of nothing in some 200 KB."""
    group = pa.table({"minutes": pa.array([0.0]).take(pa.array([0] * 1000))})
    big = pa.concat_tables([group] * 10_000).combine_chunks()
    with pq.ParquetWriter(path, big.schema) as writer:
        for _ in range(100):
            writer.write_table(big, row_group_size=big.num_rows)


def parquet_of_one_long_text(path: Path) -> None:
    """Ten thousand million letters, of which the metadata know nothing: a dictionary holds them once."""
    words = pa.DictionaryArray.from_arrays(pa.array([0] * 1_000_000, pa.int32()), pa.array(["a" * 10_000]))
    pq.write_table(pa.table({"customer_id": words}), path)


def gzip_bomb(path: Path) -> None:
    path.write_bytes(gzip.compress(bytes(64 * MIB), compresslevel=9) * 32)


def gzip_of_gzip(path: Path) -> None:
    path.write_bytes(gzip.compress(gzip.compress(GOOD)))


def nuls(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(4096 * MIB)


def workbook(path: Path, sheet: bytes, times: int = 1, extra: int = 0) -> None:
    """A workbook whose sheet holds some bytes many times over."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as parts:
        parts.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>',
        )
        parts.writestr(
            "xl/workbook.xml",
            '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
            'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
            '<sheets><sheet name="A" sheetId="1" r:id="rId1"/></sheets></workbook>',
        )
        parts.writestr(
            "xl/_rels/workbook.xml.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship '
            'Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
            'Target="worksheets/sheet1.xml"/></Relationships>',
        )
        with parts.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            part.write(SHEET_HEAD)
            for _ in range(times):
                part.write(sheet)
            part.write(SHEET_TAIL)
        for i in range(extra):
            parts.writestr(f"xl/media/{i}", b"")


def workbook_of_400_mb(path: Path) -> None:
    workbook(path, b"<row><c><v>1</v></c></row>" * 40_330, times=400)


def workbook_with_two_cells(path: Path) -> None:
    first, last = b'<row r="1"><c r="A1"><v>1</v></c></row>', b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    workbook(path, first + last)


def workbook_that_lies(path: Path) -> None:
    """Its directory declares a thousand bytes of a sheet that holds 200 million."""
    workbook(path, b"<row><c><v>1</v></c></row>" * 40_330, times=200)
    data = path.read_bytes()
    with zipfile.ZipFile(path) as parts:
        told = parts.getinfo("xl/worksheets/sheet1.xml")
    path.write_bytes(data.replace(struct.pack("<I", told.file_size), struct.pack("<I", 1000)))


def workbook_of_many_parts(path: Path) -> None:
    workbook(path, b"<row><c><v>1</v></c></row>", extra=12_000)


def zip_of_zips(path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("0", bytes(64 * MIB))
    with zipfile.ZipFile(path, "w") as parts:
        for i in range(1000):
            parts.writestr(f"{i}.zip", inner.getvalue())


def sqlite_file(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE usage (customer_id)")
    connection.commit()
    connection.close()


def program(path: Path) -> None:
    path.write_bytes(Path(sys.executable).resolve().read_bytes())


def cut_parquet(path: Path) -> None:
    pq.write_table(pa.table({"customer_id": [str(i) for i in range(1000)]}), path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + data[-8:])


def pickled(path: Path) -> None:
    path.write_bytes(pickle.dumps({"customer_id": [os.getcwd]}))


HOSTILE: Final[dict[str, tuple[Callable[[Path], None], set[str]]]] = {
    "zeros.parquet": (parquet_of_zeros, {"too_large"}),
    "long.parquet": (parquet_of_one_long_text, {"too_large"}),
    "cut.parquet": (cut_parquet, {"damaged_parquet"}),
    "bomb.csv.gz": (gzip_bomb, {"too_large"}),
    "twice.csv.gz.gz": (gzip_of_gzip, {"other_kind"}),
    "nuls.csv": (nuls, {"nul_file"}),
    "repeated.xlsx": (workbook_of_400_mb, {"too_large"}),
    "two_cells.xlsx": (workbook_with_two_cells, {"too_large"}),
    "lies.xlsx": (workbook_that_lies, {"damaged_workbook", "too_large"}),
    "many.xlsx": (workbook_of_many_parts, {"too_large"}),
    "zips.xlsx": (zip_of_zips, {"other_kind"}),
    "pickle.csv": (pickled, {"other_kind"}),
    "program.csv": (program, {"other_kind"}),
    "sqlite.csv": (sqlite_file, {"other_kind"}),
    "report.csv": (lambda path: written(path, b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>"), {"other_kind"}),
    "page.csv": (lambda path: written(path, b"<!DOCTYPE html><html><table><tr><td>1</table>"), {"other_kind"}),
    "values.csv": (lambda path: written(path, json.dumps([{"customer_id": 1}]).encode()), {"other_kind"}),
    "object.csv": (lambda path: written(path, b'{"customer_id": [1, 2]}'), {"other_kind"}),
    "old.xls": (lambda path: written(path, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000)), {"other_kind"}),
    "nothing.csv": (lambda path: written(path, b""), {"empty_file"}),
}


def refused_after(runner: Runner, path: Path) -> tuple[CxError, float]:
    """Return why a file is refused, and after how many seconds."""
    from cxlib.importing import source_of, start_read  # noqa: PLC0415 - after the warnings of the tests are set

    began = time.monotonic()
    job = start_read(runner, source_of(path))
    job.wait(60)
    took_s = time.monotonic() - began
    try:
        job.result()
    except CxError as error:
        return error, took_s
    message = f"{path.name} was read"
    raise AssertionError(message)


def main() -> None:
    from cxlib.runner import Runner  # noqa: PLC0415

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(HOSTILE))
    parser.add_argument("--repeat", type=int, default=3)
    chosen = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        Runner(Path(folder) / "work", imports=("cxlib.importing.tasks",)) as runner,
    ):
        for name in chosen.only.split(","):
            path = Path(folder) / name
            HOSTILE[name][0](path)
            took_s = []
            for _ in range(chosen.repeat):
                runner.ready(timeout_s=60)
                error, seconds = refused_after(runner, path)
                took_s.append(seconds)
            path.unlink()
            print(f"{name:16} {error.code:18} {min(took_s):.2f} to {max(took_s):.2f} s")


if __name__ == "__main__":
    main()
