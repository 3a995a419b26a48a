"""Files read part by part give what the whole table gives, wherever they are cut."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from random_company import frames, random_company

from cxlib.errors import CxError
from cxlib.matching import Catalogue, fit_summary, fit_summary_file, plan_fit, plan_fit_file

PLANS = pd.DataFrame(
    {
        "plan_id": ["S", "M", "M", "L", "old"],
        "monthly_fee": [10.0, 18.0, 17.0, 30.0, 12.0],
        "included_minutes": [100.0, 250.0, 250.0, np.inf, 150.0],
        "overage_price_minutes": [0.1, 0.1, 0.08, np.nan, 0.09],
        "valid_from": [None, None, "2026-04-01", None, None],
        "on_sale": [True, True, True, True, False],
        "segment": [None, None, None, "senior", None],
    }
)


def company(seed, customers=25):
    """Return sorted usage with gaps and changes of plan, and customers of whom some used nothing and some left."""
    rng = np.random.default_rng(seed)
    ids = sorted(f"{number:x}é" if number % 7 == 0 else f"{number:x}" for number in range(customers))
    rows = []
    for each in ids:
        held = rng.choice(["S", "M", "L", "old"])
        for month in range(1, 9):
            held = rng.choice(["S", "M"]) if rng.random() < 0.05 else held
            if rng.random() < 0.85:
                used = float(np.round(rng.lognormal(5, 0.8), rng.integers(0, 3)))
                rows.append((each, pd.Timestamp(2026, month, 1), held, used, rng.random() < 0.95))
    usage = pd.DataFrame(rows, columns=["customer_id", "month", "plan_id", "minutes", "complete"])
    idle = ["!first", "5~", "~last"]  # they sort before, between and after the others
    people = pd.DataFrame(
        {
            "customer_id": [*ids, *idle],
            "plan_id": "S",
            "need": rng.choice(["senior", None], len(ids) + 3),
            "joined_on": [pd.Timestamp(2026, int(rng.integers(1, 4)), 5) for _ in range(len(ids) + 3)],
            "left_on": [pd.Timestamp("2026-06-09") if rng.random() < 0.2 else pd.NaT for _ in range(len(ids) + 3)],
            "contract_end": [pd.Timestamp("2026-12-31") if rng.random() < 0.2 else pd.NaT for _ in range(len(ids) + 3)],
        }
    )
    return usage, people.sample(frac=1, random_state=seed).reset_index(drop=True)


def file_of(folder, usage, *, group=7, name="usage.parquet", **options):
    table = pa.Table.from_pandas(usage, preserve_index=False)
    table = table.set_column(1, "month", table["month"].cast(pa.date32()))
    pq.write_table(table, folder / name, row_group_size=group, **options)
    return folder / name


@pytest.mark.parametrize("as_of", ["last", "own", "any", "2026-05"])
@pytest.mark.parametrize("absent", ["missing", "zero"])
@pytest.mark.parametrize(("seed", "group", "part"), [(1, 1, 1), (2, 7, 13), (3, 50, 8), (4, 999, 100), (5, 11, 9999)])
def test_the_same_answer_wherever_it_is_cut(tmp_path, as_of, absent, seed, group, part):
    usage, people = company(seed)
    path, catalogue = file_of(tmp_path, usage, group=group), Catalogue(PLANS)
    options = {"customers": people, "as_of": as_of, "absent": absent, "min_saving": 0.5}
    expected = plan_fit(usage, catalogue, **options)
    pd.testing.assert_frame_equal(plan_fit_file(path, catalogue, part_rows=part, **options), expected)


@pytest.mark.parametrize(
    "options", [{}, {"until": "2026-05"}, {"absent": "zero"}, {"absent": "zero", "until": "2026-09"}]
)
@pytest.mark.parametrize("seed", [6, 7])
def test_the_same_sums(tmp_path, options, seed):
    usage, people = company(seed)
    path, catalogue = file_of(tmp_path, usage), Catalogue(PLANS)
    expected = fit_summary(usage, catalogue, customers=people, **options)
    found = fit_summary_file(path, catalogue, customers=people, part_rows=17, **options)
    pd.testing.assert_frame_equal(found, expected)
    fit = plan_fit(usage, catalogue, customers=people, **options)
    pd.testing.assert_frame_equal(plan_fit_file(path, catalogue, customers=people, part_rows=17, **options), fit)


@pytest.mark.parametrize("seed", range(30, 36))
def test_the_same_answer_whatever_plans_say(tmp_path, seed):
    plans, usage, customers = frames(*random_company(np.random.default_rng(seed)))
    usage = usage.sort_values(["customer_id", "month"], ignore_index=True)
    usage["month"] = pd.to_datetime(usage["month"])
    catalogue, path = Catalogue(plans), file_of(tmp_path, usage)
    if any(catalogue.pooled) and customers["account_id"].notna().any():
        with pytest.raises(CxError) as caught:
            plan_fit_file(path, catalogue, customers=customers)
        assert caught.value.code == "pooled_in_parts"
        customers = customers.drop(columns="account_id")
    for as_of in ("last", "any"):
        expected = plan_fit(usage, catalogue, customers=customers, as_of=as_of)
        found = plan_fit_file(path, catalogue, customers=customers, as_of=as_of, part_rows=23)
        pd.testing.assert_frame_equal(found, expected)
    expected = fit_summary(usage, catalogue, customers=customers)
    pd.testing.assert_frame_equal(fit_summary_file(path, catalogue, customers=customers, part_rows=23), expected)


def test_a_plan_without_a_price_in_one_part_only(tmp_path):
    plans = PLANS.assign(valid_from=[None, None, "2026-04-01", None, "2026-03-01"])
    usage, _people = company(8)
    usage = usage[usage["plan_id"] != "old"]
    early = usage["customer_id"] > usage["customer_id"].iloc[40]
    usage = usage[early | (usage["month"] >= "2026-03-01")].reset_index(drop=True)
    catalogue = Catalogue(plans)
    expected = fit_summary(usage, catalogue)
    assert expected["all_on_minor"].iloc[-1] == -1
    pd.testing.assert_frame_equal(fit_summary_file(file_of(tmp_path, usage), catalogue, part_rows=9), expected)


def test_files_that_continue_one_another(tmp_path):
    usage, _people = company(9)
    parts = [file_of(tmp_path, usage.iloc[a:b], name=f"{a}.parquet") for a, b in ((0, 3), (3, 100), (100, None))]
    found = plan_fit_file(parts, Catalogue(PLANS), part_rows=20)
    pd.testing.assert_frame_equal(found, plan_fit(usage, Catalogue(PLANS)))


def test_what_is_written_is_what_would_be_returned(tmp_path):
    usage, people = company(10)
    path, catalogue, out = file_of(tmp_path, usage), Catalogue(PLANS), tmp_path / "fit.parquet"
    expected = plan_fit(usage, catalogue, customers=people)
    sums = plan_fit_file(path, catalogue, customers=people, out=out, part_rows=31)
    pd.testing.assert_frame_equal(pd.read_parquet(out), expected)
    assert sums["customers"].sum() == len(expected)
    assert sums["saving_minor"].sum() == expected["saving_minor"].sum()
    for state, way, n, saving, paid in sums[["state", "direction", "customers", "saving", "paid"]].itertuples(
        index=False
    ):
        rows = expected[(expected["state"] == state) & (expected["direction"].isna() if pd.isna(way) else expected["direction"] == way)]  # noqa: E501  # fmt: skip
        assert (n, saving, paid) == (len(rows), pytest.approx(rows["saving"].sum()), pytest.approx(rows["paid"].sum()))
    assert sorted(each.name for each in tmp_path.iterdir()) == ["fit.parquet", "usage.parquet"]


def test_nothing_is_left_of_what_could_not_be_written(tmp_path):
    usage, _people = company(11)
    usage.loc[usage.index[-1], "minutes"] = -1.0
    out = tmp_path / "fit.parquet"
    with pytest.raises(CxError) as caught:
        plan_fit_file(file_of(tmp_path, usage), Catalogue(PLANS), out=out, part_rows=20)
    assert caught.value.code == "negative_usage"
    assert [each.name for each in tmp_path.iterdir()] == ["usage.parquet"]


def test_months_as_texts_and_without_statistics(tmp_path):
    usage, _people = company(12)
    expected = plan_fit(usage, Catalogue(PLANS))
    texts = usage.assign(month=usage["month"].dt.strftime("%Y-%m"))
    pq.write_table(pa.Table.from_pandas(texts, preserve_index=False), tmp_path / "texts.parquet", row_group_size=40)
    plain = file_of(tmp_path, usage, write_statistics=False)
    for path in (tmp_path / "texts.parquet", plain):
        pd.testing.assert_frame_equal(plan_fit_file(path, Catalogue(PLANS), part_rows=23), expected)


@pytest.mark.parametrize("part", [5, 10_000])
@pytest.mark.parametrize("spoil", ["swap", "split", "month"])
def test_a_file_out_of_order_is_refused(tmp_path, part, spoil):
    usage, _people = company(13)
    at = np.arange(len(usage))
    first = usage["customer_id"] == usage["customer_id"].iloc[0]
    if spoil == "swap":
        at = at[::-1]
    elif spoil == "split":  # a customer comes again at the end
        at = np.append(at[1:], 0)
    else:
        at[:2] = 1, 0
        assert first.sum() > 1
    with pytest.raises(CxError) as caught:
        plan_fit_file(file_of(tmp_path, usage.iloc[at]), Catalogue(PLANS), part_rows=part)
    assert caught.value.code == "not_sorted"
    assert caught.value.hint


def test_what_cannot_be_streamed_is_named(tmp_path):
    catalogue = Catalogue(PLANS)

    def refused(path, **options):
        with pytest.raises(CxError) as caught:
            plan_fit_file(path, catalogue, **options)
        return caught.value.code

    usage, _people = company(14)
    (tmp_path / "usage.csv").write_text("customer_id,month\n")
    assert refused(tmp_path / "usage.csv") == "not_parquet"
    assert refused(file_of(tmp_path, usage.iloc[:0])) == "no_usage"
    assert refused(file_of(tmp_path, usage.drop(columns="minutes"))) == "missing_column"
    assert refused(file_of(tmp_path, usage), part_rows=0) == "bad_setting"
    pq.write_table(pa.Table.from_pandas(usage.drop(columns="month"), preserve_index=False), tmp_path / "m.parquet")
    assert refused(tmp_path / "m.parquet") == "missing_column"
    people = pd.DataFrame({"customer_id": ["1", "1"]})
    assert refused(file_of(tmp_path, usage), customers=people) == "duplicate_customer"
