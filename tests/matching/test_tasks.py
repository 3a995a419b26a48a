"""Recommendations and back-tests of a data set in a child process: the same rows as without one."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from cxlib.errors import CxError
from cxlib.matching import Catalogue, PlanRecommender, backtest
from cxlib.matching.tasks import compute, parameters_of, rows_in
from cxlib.runner import Runner
from cxlib.store import Incoming, Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLANS = pd.DataFrame(
    {
        "plan_id": ["S", "L"],
        "monthly_fee": [10.0, 30.0],
        "included_minutes": [100.0, 1000.0],
        "overage_price_minutes": [0.2, 0.1],
    }
)


def usage_of(customers: int, months: int = 9) -> pd.DataFrame:
    random = np.random.default_rng(5)
    level = random.lognormal(5, 0.7, customers)
    rows = [
        (f"c{i:02d}", pd.Timestamp(2025, month + 1, 1), "S", float(round(level[i] * random.lognormal(0, 0.3))))
        for i in range(customers)
        for month in range(months)
    ]
    return pd.DataFrame(rows, columns=["customer_id", "month", "plan_id", "minutes"])


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, str]]:
    with Store(tmp_path_factory.mktemp("store")) as found:
        dataset = found.create(name="Mine").id
        usage = usage_of(20).assign(month=lambda each: each["month"].dt.date)
        found.commit(
            dataset,
            [
                Incoming(table="usage", data=pa.Table.from_pandas(usage, preserve_index=False)),
                Incoming(table="plans", data=pa.Table.from_pandas(PLANS, preserve_index=False)),
            ],
        )
        yield found, dataset


def test_a_child_process_finds_the_same(store: tuple[Store, str]) -> None:
    kept, dataset = store
    asked = parameters_of(dataset, kept.version(dataset).number, as_of="2025-08", horizon=2)
    recommender = PlanRecommender(Catalogue(PLANS), horizon=2)
    expected = {
        "advise": recommender.fit(usage_of(20)).recommend(usage_of(20), as_of="2025-08"),
        "backtest": backtest(recommender, usage_of(20)),
    }
    with Runner(kept.root / "work") as runner:
        for task, frame in expected.items():
            job = runner.start(f"cxlib.matching.tasks:{task}", asked)
            assert job.result() == {"rows": len(frame)}
            pd.testing.assert_frame_equal(rows_in(job.folder), frame, check_dtype=False)
            pd.testing.assert_frame_equal(compute(task, asked, kept.root), frame)


def test_a_copy_of_the_store_finds_what_was_worked_out(store: tuple[Store, str], tmp_path: Path) -> None:
    kept, dataset = store
    asked = parameters_of(dataset, kept.version(dataset).number, as_of="2025-07")
    with Runner(kept.root / "work") as runner:
        runner.start("cxlib.matching.tasks:advise", asked).result()
    shutil.copytree(kept.root, tmp_path / "copy")
    with Runner(tmp_path / "copy" / "work") as runner:
        assert runner.start("cxlib.matching.tasks:advise", asked).state == "done"


def test_how_far_it_is_goes_from_0_to_1_origin_by_origin(store: tuple[Store, str]) -> None:
    kept, dataset = store
    told: list[tuple[float | None, str]] = []
    asked = parameters_of(dataset, kept.version(dataset).number)
    compute("backtest", asked, kept.root, report=lambda share, said: told.append((share, said)))
    shares = [share for share, _said in told]
    assert shares == sorted(shares)
    assert [said for _share, said in told][-3:] == [
        "the advice of Apr 2025",
        "the advice of May 2025",
        "the advice of Jun 2025",
    ]


def test_a_data_set_without_usage_or_plans_is_refused(store: tuple[Store, str]) -> None:
    kept, _dataset = store
    tables = {
        "plans": PLANS,
        "usage": usage_of(1).assign(month=lambda each: each["month"].dt.date),
    }
    for name, code in (("plans", "no_usage"), ("usage", "no_plans")):
        bare = kept.create(name=f"Only {name}").id
        kept.commit(bare, [Incoming(table=name, data=pa.Table.from_pandas(tables[name], preserve_index=False))])
        with pytest.raises(CxError) as refused:
            compute("advise", parameters_of(bare, kept.version(bare).number), kept.root)
        assert refused.value.code == code
