"""Recommendations and back-tests of a whole data set, as tasks for `cxlib.runner` or at once.

The parameters of both, as JSON holds them, are made by `parameters_of`: the data set, its version, and the settings of
`PlanRecommender`. The store is the one in whose `work` the job lies, so that a copy of it finds its results again. A
task writes its rows into its folder, where `rows_in` finds them::

    asked = parameters_of(dataset, version, as_of="2026-04", horizon=3, months=3, min_saving=0)
    job = runner.start("cxlib.matching.tasks:advise", asked, language="en")
    job.result()
    frame = rows_in(job.folder)

`compute("advise", asked, store.root)` returns the same frame without a process of its own, where there is little data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from cxlib.errors import CxError
from cxlib.matching.catalogue import Catalogue
from cxlib.store import Store
from cxlib.store.data_sets import root_of
from cxlib.texts import N_, _

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

    Report = Callable[[float | None, str], None]

ROWS: Final = "rows.parquet"
MOST_JUDGED: Final = 20_000
"""Customers whom a back-test judges at most: the intervals of more are no narrower than anybody needs."""


def advise(parameters: dict[str, Any], folder: Path, report: Report) -> dict[str, Any]:
    """Write `PlanRecommender.recommend` of every customer."""
    return _written(compute("advise", parameters, root_of(folder), report=report), folder)


def backtest(parameters: dict[str, Any], folder: Path, report: Report) -> dict[str, Any]:
    """Write the rows of `cxlib.matching.backtest`, of a random part of the customers where there are very many."""
    return _written(compute("backtest", parameters, root_of(folder), report=report), folder)


def parameters_of(dataset: str, version: int, *, as_of: str = "last", **options: Any) -> dict[str, Any]:
    """Return the parameters of a task.

    Parameters
    ----------
    dataset, version
        Id of the data set, and which of its versions.
    as_of : str
        Of `advise`: the month at whose end the advice is given.
    **options
        Settings of `PlanRecommender`, such as horizon, months and min_saving.
    """
    return {"dataset": dataset, "version": version, "as_of": as_of, "options": options}


def compute(
    task: str, parameters: dict[str, Any], root: Path, *, report: Report = lambda _share, _said: None
) -> pd.DataFrame:
    """Return the rows of the task ``advise`` or ``backtest`` over the store in `root`.

    Raises
    ------
    CxError
        ``no_usage`` or ``no_plans``, or as `PlanRecommender.fit` and `Catalogue`.
    """
    from cxlib.matching import PlanRecommender  # noqa: PLC0415 - takes seconds to import
    from cxlib.matching import backtest as walk_forward  # noqa: PLC0415

    report(0.0, _("Reading the usage"))
    with Store(root) as store:
        there = store.version(parameters["dataset"], parameters["version"]).tables
        usage, plans, customers = (
            store.load(parameters["dataset"], name, version=parameters["version"]) if name in there else None
            for name in ("usage", "plans", "customers")
        )
    if usage is None:
        raise CxError("no_usage", N_("There is no usage."), hint=N_("Bring usage of at least one customer."))
    if plans is None:
        raise CxError("no_plans", N_("The catalogue has no plan."), hint=N_("Bring a file with at least one plan."))
    recommender = PlanRecommender(Catalogue(plans), **parameters["options"])
    if task == "backtest":
        return walk_forward(recommender, usage, customers=customers, max_customers=MOST_JUDGED, report=report)
    report(0.1, _("Learning how usage goes on"))
    fitted = recommender.fit(usage, customers=customers)
    report(0.4, _("Comparing the plans for every customer"))
    return fitted.recommend(usage, as_of=parameters["as_of"], customers=customers)


def rows_in(folder: Path) -> pd.DataFrame:
    """Return the rows that a task wrote."""
    frame: pd.DataFrame = pq.read_table(folder / ROWS).to_pandas()
    return frame


def _written(rows: pd.DataFrame, folder: Path) -> dict[str, Any]:
    pq.write_table(pa.Table.from_pandas(rows, preserve_index=False), folder / ROWS, compression="zstd")
    return {"rows": len(rows)}
