"""A process that imports month after month and says so once the store has said so; for killing.

Month ``n`` of importer ``k`` has one row per customer, whose minutes are ``n`` and whose sms are the row's number.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import pyarrow as pa

from cxlib.errors import CxError
from cxlib.store import Incoming, Store

ROWS = 400


def month(n: int) -> date:
    return date(1000 + n // 12, n % 12 + 1, 1)


def rows(importer: str, n: int) -> pa.Table:
    return pa.table(
        {
            "customer_id": [f"{importer}-{row:05}" for row in range(ROWS)],
            "month": pa.array([month(n)] * ROWS, pa.date32()),
            "minutes": [float(n)] * ROWS,
            "sms": [float(row) for row in range(ROWS)],
        }
    )


def raw(importer: str, n: int) -> bytes:
    return f"{importer};{n}\n".encode() * 20_000


def main(home: str, dataset_id: str, importer: str, first: int, count: int) -> None:
    with Store(Path(home)) as store:
        for n in range(first, first + count):
            file = Incoming(
                table="usage", data=rows(importer, n), raw=raw(importer, n), file_name=f"{importer}-{n}.csv"
            )
            try:
                number = store.commit(dataset_id, [file], who=importer).number
            except CxError as error:
                print(f"refused {n} {error.code}", flush=True)  # noqa: T201
            else:
                print(f"done {n} {number}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
