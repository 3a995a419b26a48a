"""Full recommendations side by side: 1,000,000 customers x 12 months x 40 plans, from Parquet to advice with intervals.

    python bench/recommending.py [--customers 1000000] [--plans 40] [--some 4000] [--json]

*All* is ours, end to end: read, learn, and advise everybody with expected cost, P(saves), interval and three options.
*Some* is the same question for a few customers, answered by ours and by the same method written with scikit-learn and
numpy, both after learning from everybody. The answers must agree. Each runs in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

from matching import METERS, MONTHS, make  # noqa: E402

from cxlib.matching import Catalogue, PlanRecommender  # noqa: E402

OPTIONS = {"conformal": False, "reconcile": False}
"""Of the comparison: intervals are stretched the same whoever makes them."""


def everybody(folder: Path, _some: int) -> dict[str, Any]:
    """Advise all customers, from the files."""
    start, work = time.perf_counter(), time.process_time()
    usage = pq.read_table(folder / "usage.parquet", read_dictionary=["customer_id", "plan_id"])
    recommender = PlanRecommender(Catalogue(pq.read_table(folder / "plans.parquet"))).fit(usage)
    advised = recommender.recommend(usage)
    return {
        "s": time.perf_counter() - start,
        "cpu_s": time.process_time() - work,
        "customers": len(advised),
        "switch": int((advised["state"] == "switch").sum()),
        "strong": int(advised["strong"].sum()),
        "saving": round(float(advised["expected_saving"].sum()), 2),
    }


def side_by_side(folder: Path, some: int) -> dict[str, Any]:
    """Advise a few customers with ours and with the reference."""
    usage = pq.read_table(folder / "usage.parquet", read_dictionary=["customer_id", "plan_id"])
    plans = pq.read_table(folder / "plans.parquet")
    recommender = PlanRecommender(Catalogue(plans), **OPTIONS).fit(usage)
    history = recommender.history_
    few = usage.slice(0, int(np.searchsorted(history.owner, some)) + some)
    few = few.filter(
        np.isin(
            few["customer_id"].combine_chunks().cast("string"),
            history.customer_ids[:some].to_numpy(zero_copy_only=False),
        )
    )
    month = pd.Timestamp(usage["month"][-1].as_py())
    start = time.perf_counter()
    ours = recommender.recommend(few, as_of=month)
    middle = time.perf_counter()
    theirs = Reference(recommender, plans.to_pandas()).advise(some)
    end = time.perf_counter()
    same = (ours["advised_plan_id"].to_numpy() == theirs["advised_plan_id"].to_numpy()).mean()
    apart = np.abs(ours["interval_low"].to_numpy() - theirs["interval_low"].to_numpy())
    return {
        "some": some,
        "ours_s": middle - start,
        "reference_s": end - middle,
        "ratio": (end - middle) / (middle - start),
        "same_plan": float(same),
        "same_interval": float((apart < 0.01).mean()),
    }


class Reference:
    """The recommender's method as one would write it with scikit-learn and numpy."""

    def __init__(self, recommender: PlanRecommender, plans: pd.DataFrame) -> None:
        from sklearn.neighbors import NearestNeighbors  # noqa: PLC0415 - only this contender's process loads it
        from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

        self.recommender, self.plans, self.history = recommender, plans, recommender.history_
        self.mixed, _ = recommender._distributions(self.history.last_month)  # noqa: SLF001 - the same windows
        self.scale = StandardScaler().fit(self.mixed.features)
        self.search = NearestNeighbors(algorithm="kd_tree", leaf_size=100).fit(
            self.scale.transform(self.mixed.features)
        )
        self.owner = self.mixed.nearest.owner

    def advise(self, some: int) -> pd.DataFrame:
        return pd.concat([self._block(lo, min(lo + 250, some)) for lo in range(0, some, 250)], ignore_index=True)

    def _block(self, lo: int, hi: int) -> pd.DataFrame:
        history, outlook = self.history, self.mixed.outlook
        first, stop = (each[lo:hi] for each in history.span(history.last_month))
        level, features, log = self._describe(first, stop)
        futures = np.concatenate(
            [self._own(log, stop - first), self._others(level, features, np.arange(lo, hi))], axis=1
        )
        futures = np.maximum(0.0, futures * self._season() - outlook.offset)
        scale = 10.0 ** np.array(outlook.decimals)
        futures = np.rint(futures * scale) / scale
        held = history.plan_at(history.last_month)[lo:hi]
        return self._choose(self._bills(futures), held)

    def _describe(self, first: Any, stop: Any) -> tuple[Any, Any, Any]:
        history, outlook = self.history, self.mixed.outlook
        longest = int((stop - first).max())
        back = np.arange(longest)
        rows = np.minimum(first[:, None] + back, stop[:, None] - 1)
        there = (back < (stop - first)[:, None])[:, :, None]
        month = history.month[rows]
        plain = (history.used[rows] + outlook.offset) / outlook.season[month % 12]
        weight = np.where(there, self.mixed.decay ** (month.max(axis=1, keepdims=True) - month)[:, :, None], 0.0)
        level = (weight * plain).sum(axis=1) / weight.sum(axis=1)
        log = np.where(there, np.log(plain), np.nan)
        mean = np.nanmean(log, axis=1)
        last = np.log(plain[:, -1])
        return level, np.concatenate([np.log(level), last - mean, np.nanstd(log, axis=1)], axis=1), log

    def _own(self, log: Any, n: Any) -> Any:
        mean = np.nanmean(log, axis=1, keepdims=True)
        wide = np.exp(mean + np.sqrt(n / (n - 1))[:, None, None] * (log - mean))
        share = self.mixed.own.share
        picked = np.empty((len(n), *share.shape), dtype=np.int64)
        for h in range(share.shape[1]):
            place = (share[:, h] * (n + h)[:, None]).astype(np.int64)
            again = np.take_along_axis(picked, np.clip(place - n[:, None], 0, None)[:, :, None], axis=2)[:, :, 0]
            picked[:, :, h] = np.where(place < n[:, None], place, again if h else place)
        return wide[np.arange(len(n))[:, None, None], picked]

    def _others(self, level: Any, features: Any, own: Any) -> Any:
        wanted = self.recommender.n_neighbors
        most_own = int(np.bincount(self.owner).max())
        near = self.search.kneighbors(self.scale.transform(features), wanted + most_own, return_distance=False)
        mine = self.owner[near] == own[:, None]
        order = np.argsort(mine, axis=1, kind="stable")[:, :wanted]
        return level[:, None, None, :] * self.mixed.change[np.take_along_axis(near, order, axis=1)]

    def _season(self) -> Any:
        outlook = self.mixed.outlook
        return outlook.season[(outlook.origin + 1 + np.arange(outlook.horizon)) % 12]

    def _bills(self, futures: Any) -> Any:
        """Return cents over the horizon, [P, n, K]."""
        out = []
        for plan in self.plans.to_dict("records"):
            cents = np.full(futures.shape[:-1], np.rint(plan["monthly_fee"] * 100))
            for m, meter in enumerate(METERS):
                over = np.maximum(0.0, futures[..., m] - plan[f"included_{meter}"])
                price = plan[f"overage_price_{meter}"] * 100
                if meter == "data_mb":
                    cents += np.ceil(over / plan["unit_size_data_mb"]) * np.rint(price)
                else:
                    cents += np.floor(over * price + 0.5)
            out.append(cents.sum(axis=2))
        return np.array(out)

    def _choose(self, cost: Any, held: Any) -> pd.DataFrame:
        rows = np.arange(len(held))
        mean = cost.mean(axis=2)
        others = mean.copy()
        others[held, rows] = np.inf
        other = others.argmin(axis=0)
        difference = cost[held, rows] - cost[other, rows]
        low, high = np.quantile(difference, [0.1, 0.9], axis=1)
        np.quantile(cost, 0.9, axis=2).argmin(axis=0)  # the safest bill
        ids = self.plans["plan_id"].to_numpy()
        return pd.DataFrame(
            {
                "advised_plan_id": ids[np.where(mean[other, rows] < mean[held, rows], other, held)],
                "p_saves": (difference > 0).mean(axis=1),
                "interval_low": low / 100,
                "interval_high": high / 100,
            }
        )


CONTENDERS = {"all": everybody, "some": side_by_side}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--plans", type=int, default=40)
    parser.add_argument("--some", type=int, default=4_000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--run", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        _warm(options.folder)
        found = CONTENDERS[options.run](options.folder, options.some)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
        print(json.dumps({"name": options.run, **found, "peak_gb": round(peak, 3)}))
        return
    done = []
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), options.customers * MONTHS, options.plans)
        for name in CONTENDERS:
            command = [sys.executable, __file__, "--run", name, "--folder", folder, "--some", str(options.some)]
            out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            done.append(json.loads(out.splitlines()[-1]))
    print(json.dumps(done) if options.json else pd.DataFrame(done).T.to_string())
    if min(done[1]["same_plan"], done[1]["same_interval"]) < 0.99:
        sys.exit("the answers differ")


def _warm(folder: Path) -> None:
    """Load what is compiled."""
    usage = next(pq.ParquetFile(folder / "usage.parquet").iter_batches(1_200))
    import pyarrow as pa  # noqa: PLC0415

    few = pa.Table.from_batches([usage])
    catalogue = Catalogue(pq.read_table(folder / "plans.parquet"))
    PlanRecommender(catalogue).fit(few).recommend(few)


if __name__ == "__main__":
    main()
