"""Catalogues with every feature at once against the definitions, computed naively in fractions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from naive_bills import FIRST, Chain, Naive, cents, day, exact
from random_company import METERS, MONTHS, frames, random_company

from cxlib.matching import Catalogue, bill, bill_all, fit_summary, flag_history, line_items, plan_fit, reasons
from cxlib.matching.bills import bill_items


def company(seed, **settings):
    rng = np.random.default_rng(seed)
    plans, usage, people = random_company(rng)
    wide, rows, customers = frames(plans, usage, people)
    return Naive(plans, usage, people, METERS, **settings), rows, Catalogue(wide), customers


def lines_of(frame, catalogue):
    """Return {(customer, month, plan): lines in cents} of a frame of bills, leaving out lines of nothing."""
    items = [*bill_items(catalogue), "total"]
    amounts = np.rint(frame[items].to_numpy() * 100).astype(int)
    months = frame["month"].dt.year * 12 + frame["month"].dt.month - 1
    keys = zip(frame["customer_id"], months, frame["plan_id"], strict=True)
    return {
        key: {item: value for item, value in zip(items, row.tolist(), strict=True) if value}
        for key, row in zip(keys, amounts, strict=True)
    }


def naive_lines(naive, plan_ids):
    out = {}
    for name, rows in naive.units.items():
        for month, row in rows.items():
            for plan_id in plan_ids or [row["held"]]:
                found = naive.lines(name, month, plan_id)
                if found is not None:
                    lines = {item: value for item, value in found[0].items() if value}
                    total = sum(lines.values())
                    out[name, month, plan_id] = lines | ({"total": total} if total else {})
    return out


def check_bills(seed):
    """Compare all bills of one company; return its customer-months."""
    naive, rows, catalogue, customers = company(seed)
    held = bill(rows, catalogue, customers=customers)
    assert lines_of(held, catalogue) == naive_lines(naive, None)
    every = bill(rows, catalogue, customers=customers, plans="all")
    assert lines_of(every, catalogue) == naive_lines(naive, naive.order)
    assert (every["total_minor"] == np.rint(every["total"] * 100)).all()
    if catalogue.has_caps:
        months = every["month"].dt.year * 12 + every["month"].dt.month - 1
        within = [naive.lines(*key)[1] for key in zip(every["customer_id"], months, every["plan_id"], strict=True)]
        assert every["within"].tolist() == within
    return len(held)


def test_every_bill_equals_the_naive_one():
    assert sum(check_bills(seed) for seed in range(25)) > 2_500


def test_the_companies_have_every_feature():
    """Count, over the companies of the test above, the months in which each feature is at work."""
    seen = dict.fromkeys(["packs", "overage", "minimum", "line_fee", "beyond", "carried", "promoted", "followed"], 0)
    for seed in range(25):
        naive, *_ = company(seed)
        for name, rows in naive.units.items():
            for month, row in rows.items():
                lines, within = naive.lines(name, month, row["held"])
                for item, value in lines.items():
                    kind = item.split("_")[0] if item != "line_fee" else item
                    seen[kind] = seen.get(kind, 0) + (value > 0)
                seen["beyond"] += not within
                plan, taken = naive.version(row["held"], month), naive.taken(name, month)
                promoted = plan["promo_months"] and taken is not None and month - taken < plan["promo_months"]
                seen["promoted"] += bool(promoted)
                seen["followed"] += plan["next_plan_id"] is not None and not promoted
                alone = naive.month_lines(row["held"], month, None, row, Chain(METERS))
                seen["carried"] += not promoted and alone[0] != lines
    assert min(seen.values()) >= 25, seen


@pytest.mark.slow
def test_twenty_thousand_customer_months_equal_the_naive_ones():
    months, seed = 0, 1_000
    while months < 20_000:
        months += check_bills(seed)
        seed += 1


def check_flags(seed, months, min_saving):
    naive, rows, catalogue, customers = company(seed, months=months, min_saving=min_saving)
    flagged, said = 0, {"months": months, "min_saving": min_saving, "customers": customers}
    history = {}
    for month in range(FIRST, FIRST + MONTHS):
        fit = plan_fit(rows, catalogue, as_of=f"{month // 12}-{month % 12 + 1:02d}", **said)
        for row in fit.itertuples():
            own = [m for m in naive.units[row.customer_id] if m <= month]
            best = naive.flag(row.customer_id, month)
            paid = sum(
                naive.total(row.customer_id, m, naive.units[row.customer_id][m]["held"])
                for m in naive.window(month)
                if m in own
            )
            assert (row.state == "flagged") == (best is not None), (row, best)
            assert row.paid == paid / 100
            if best is not None:
                flagged += 1
                got = row.better_plan_id, row.saving_minor, round(row.least_saving * 100)
                assert got == best
                history[month] = history.get(month, 0) + best[1]
    totals = flag_history(rows, catalogue, **said).groupby("month")["saving_minor"].sum()
    assert {d.year * 12 + d.month - 1: value for d, value in totals.items() if value} == history
    return flagged


@pytest.mark.parametrize("months", [1, 3])
def test_flags_equal_the_definition(months):
    assert sum(check_flags(seed, months, [0, 0.5][seed % 2]) for seed in range(200, 206)) > 10


@pytest.mark.slow
def test_flags_of_many_companies_equal_the_definition():
    assert sum(check_flags(seed, 1 + seed % 4, [0, 2][seed % 2]) for seed in range(300, 340)) > 200


def test_reasons_are_made_of_the_lines_of_the_window():
    checked = 0
    for seed in range(200, 212):
        naive, rows, catalogue, customers = company(seed)
        for month in range(FIRST + 2, FIRST + MONTHS):
            said = f"{month // 12}-{month % 12 + 1:02d}"
            fit = plan_fit(rows, catalogue, customers=customers, as_of=said)
            flagged = fit[fit["state"] == "flagged"]
            for row in reasons(flagged, rows, catalogue, month=said, customers=customers).itertuples():
                own = naive.units[row.customer_id]
                held = [naive.lines(row.customer_id, m, own[m]["held"])[0] for m in naive.window(month)]
                by_meter = {m: sum(each[f"overage_{m}"] + each[f"packs_{m}"] for each in held) for m in METERS}
                assert round(row.overage * 100) == sum(by_meter.values())
                assert round(row.meter_overage * 100) == max(by_meter.values())
                assert round((row.fee + row.overage) * 100) == sum(sum(each.values()) for each in held)
                checked += 1
    assert checked > 10


@pytest.mark.parametrize("seed", range(8))
def test_the_summary_is_the_sum_of_the_months(seed):
    naive, rows, catalogue, customers = company(seed)
    until = FIRST + [MONTHS, 7][seed % 2]
    found = fit_summary(rows, catalogue, customers=customers, until=day(until)).set_index("plan_id")
    for plan_id in naive.order:
        paid = mismatched = ties = cheapest = 0
        every = []
        for name, months in naive.units.items():
            for month, row in months.items():
                if month > until:
                    continue
                own = naive.total(name, month, row["held"])
                every.append(own if row["held"] == plan_id else naive.candidate(name, month, plan_id))
                if row["held"] != plan_id:
                    continue
                costs = [
                    cost
                    for other in naive.order
                    if other != plan_id and naive.may_take(name, month, other)
                    and (cost := naive.candidate(name, month, other)) is not None
                ]  # fmt: skip
                best = min(costs, default=own + 1)
                paid, cheapest = paid + own, cheapest + min(own, best)
                mismatched, ties = mismatched + (best < own), ties + (best == own)
        row = found.loc[plan_id]
        assert (row.paid_minor, row.mismatched, row.ties, row.cheapest_minor) == (paid, mismatched, ties, cheapest)
        assert row.all_on_minor == (-1 if None in every else sum(every))


@pytest.mark.parametrize("seed", range(6))
def test_months_of_their_own_equal_the_naive_ones(seed):
    naive, rows, catalogue, _ = company(seed)
    quantities = rows[list(METERS)].to_numpy()[:40]
    got = bill_all(quantities, catalogue, FIRST + 3)
    for used, totals in zip(quantities, got.tolist(), strict=True):
        row = {"lines": 1} | {meter: exact(each) for meter, each in zip(METERS, used, strict=True)}
        for plan_id, total in zip(naive.order, totals, strict=True):
            found = naive.month_lines(plan_id, FIRST + 3, None, row, Chain(METERS))
            assert total == (-1 if found is None else sum(found[0].values()))


def test_line_items_of_an_account_are_those_of_its_bill():
    naive, rows, catalogue, customers = company(3)
    name = next(each for each in naive.units if each.startswith("F"))
    month, row = next(iter(sorted(naive.units[name].items())))
    items = line_items(
        rows, catalogue, customer_id=name, plan_ids=[row["held"]], months=[day(month)], customers=customers
    )
    found = {each.item: each.amount_minor for each in items.itertuples() if each.item != "total" and each.amount_minor}
    lines, _ = naive.lines(name, month, row["held"])
    assert found == {item: value for item, value in lines.items() if value}
    assert items.loc[items["item"] == "total", "amount_minor"].tolist() == [sum(lines.values())]


def test_naive_rounding_is_half_up():
    assert [cents(exact(each)) for each in ("0.005", "0.0049", "1.115", "2")] == [1, 0, 112, 200]


def test_any_frame_gives_the_same_bills():
    _, rows, catalogue, customers = company(5)
    one = bill(rows, catalogue, customers=customers)
    pl = pytest.importorskip("polars")
    other = bill(pl.from_pandas(rows), catalogue, customers=pl.from_pandas(customers))
    pd.testing.assert_frame_equal(one, other)
