"""The flag: by hand, and against the definition written out naively on random small inputs."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd
import pytest

from cxlib.errors import CxError
from cxlib.matching import Catalogue, fit_summary, flag_history, plan_fit

FIRST = 2026 * 12


def month_text(number):
    return f"{number // 12}-{number % 12 + 1:02d}"


def day(number, of_month=1):
    return dt.date(number // 12, number % 12 + 1, of_month)


class Naive:
    """The definitions, word by word, on plain rows."""

    def __init__(self, usage, plans, customers, months, min_saving):
        self.rows = {(row["customer_id"], row["month"]): row for row in usage}
        self.plans, self.months, self.min_saving = plans, months, Decimal(str(min_saving))
        self.order = list(dict.fromkeys(plan["plan_id"] for plan in plans))
        self.customers = {row["customer_id"]: row for row in customers}

    def version(self, plan_id, month):
        held = [
            plan
            for plan in self.plans
            if plan["plan_id"] == plan_id
            and plan["valid_from"] < day(month + 1)
            and (plan["valid_to"] is None or plan["valid_to"] >= day(month))
        ]
        return max(held, key=lambda plan: plan["valid_from"], default=None)

    def held(self, customer, month):
        return self.rows[customer, month]["plan_id"] or self.customers[customer]["plan_id"]

    def cost(self, customer, month, plan_id):
        plan = self.version(plan_id, month)
        if plan is None:
            return None
        over = max(
            Decimal(0), Decimal(str(self.rows[customer, month]["minutes"])) - Decimal(str(plan["included_minutes"]))
        )
        line = (over * Decimal(str(plan["overage_price_minutes"]))).quantize(Decimal("0.01"), ROUND_HALF_UP)
        return Decimal(str(plan["monthly_fee"])) + line

    def may_take(self, customer, month, plan_id):
        plan, who = self.version(plan_id, month), self.customers[customer]
        if plan is None or not plan["on_sale"]:
            return False
        if plan["valid_to"] is not None and plan["valid_to"] < day(month + 1) - dt.timedelta(days=1):
            return False
        if plan["segment"] is not None and plan["segment"] not in {who["tier"], who["need"]}:
            return False
        joined = who["joined_on"]
        tenure = -1 if joined is None else month - (joined.year * 12 + joined.month - 1)
        if plan["min_tenure_months"] > 0 and tenure < plan["min_tenure_months"]:
            return False
        return who["contract_end"] is None or who["contract_end"] < day(month + 1)

    def window(self, customer, month):
        return [(customer, m) for m in range(month - self.months + 1, month + 1)]

    def whole(self, customer, month):
        return all(self.rows.get(key, {"complete": False})["complete"] for key in self.window(customer, month))

    def changed(self, customer, month):
        return len({self.held(*key) for key in self.window(customer, month)}) > 1

    def flag(self, customer, month):
        """Return (plan, total, least) or None."""
        if not self.whole(customer, month) or self.changed(customer, month):
            return None
        best = None
        for plan_id in self.order:
            if not self.may_take(customer, month, plan_id):
                continue
            saved = []
            for key in self.window(customer, month):
                other = self.cost(*key, plan_id)
                saved.append(Decimal(-1) if other is None else self.cost(*key, self.held(*key)) - other)
            if min(saved) > self.min_saving and (best is None or sum(saved) > best[1]):
                best = plan_id, sum(saved), min(saved)
        return best

    def fit(self, as_of):
        latest = max(month for _, month in self.rows)
        for customer in sorted({customer for customer, _ in self.rows}):
            own = [month for who, month in self.rows if who == customer]
            month = {"last": latest, "own": max(own)}.get(as_of, as_of)
            if as_of == "any":
                flagged = [m for m in own if self.flag(customer, m)]
                month = max(flagged, default=max(own))
            if min(own) > month:
                continue
            yield self.one(customer, month, own)

    def one(self, customer, month, own):
        found, before = self.flag(customer, month), self.flag(customer, month - 1)
        held = self.held(customer, max(m for m in own if m <= month))
        since = 0
        while self.flag(customer, month - since):
            since += 1
        if found:
            state = "flagged"
        elif not self.whole(customer, month):
            state = "short"
        else:
            state = "changed" if self.changed(customer, month) else "fits"
        way = None
        if found:
            fees = [self.version(plan_id, month)["monthly_fee"] for plan_id in (found[0], held)]
            way = "sideways" if fees[0] == fees[1] else "under_provisioned" if fees[0] > fees[1] else "over_provisioned"
        left = self.customers[customer]["left_on"]
        return {
            "customer_id": customer,
            "month": pd.Timestamp(day(month)),
            "plan_id": held,
            "state": state,
            "better_plan_id": found[0] if found else None,
            "direction": way,
            "saving": float(found[1]) if found else 0.0,
            "saving_minor": int(found[1] * 100) if found else 0,
            "least_saving": float(found[2]) if found else 0.0,
            "since": since,
            "status": ("standing" if before else "new") if found else "resolved" if before else None,
            "left": left is not None and left < day(month + 1),
            "paid": float(
                sum(self.cost(*key, self.held(*key)) for key in self.window(customer, month) if key in self.rows)
            ),
        }


def random_company(rng):
    """Draw a small company with gaps, changes of plan and of price, incomplete months and every rule of eligibility."""
    plans = []
    for name in "CABED"[: rng.integers(1, 6)]:
        version = {
            "plan_id": name,
            "monthly_fee": float(rng.choice([5, 8, 10, 10.5, 12])),
            "included_minutes": float(rng.choice([0, 50, 100, 1000])),
            "overage_price_minutes": float(rng.choice([0.0, 0.05, 0.125])),
            "valid_from": dt.date(2020, 1, 1),
            "valid_to": None,
            "on_sale": bool(rng.random() < 0.85),
            "segment": rng.choice([None, None, None, "gold", "senior"]),
            "min_tenure_months": int(rng.choice([0, 0, 0, 4])),
        }
        if rng.random() < 0.4:
            cut = day(FIRST + int(rng.integers(1, 8)), int(rng.choice([1, 15])))
            plans.append(
                version | {"valid_to": cut - dt.timedelta(days=1), "monthly_fee": float(rng.choice([6, 9, 11]))}
            )
            version |= {"valid_from": cut, "on_sale": bool(rng.random() < 0.85)}
        plans.append(version)
    plans[0]["on_sale"] |= not any(plan["on_sale"] for plan in plans)
    names = list(dict.fromkeys(plan["plan_id"] for plan in plans))
    if rng.random() < 0.3:
        late = plans[0] | {"plan_id": "late", "monthly_fee": 4.0, "valid_from": day(FIRST + 4), "valid_to": None}
        plans.append(late | {"valid_to": rng.choice([None, day(FIRST + 6, 10)])})
    usage, customers = [], []
    for customer in (f"c{k:02d}" for k in range(12)):
        plan = str(rng.choice(names))
        customers.append(
            {
                "customer_id": customer,
                "plan_id": plan,
                "tier": rng.choice([None, "gold", "basic"]),
                "need": rng.choice([None, None, "senior"]),
                "joined_on": rng.choice([None, day(FIRST - 1, 20), day(FIRST + 2, 3)]),
                "left_on": rng.choice([None, None, day(FIRST + int(rng.integers(0, 9)), 7)]),
                "contract_end": rng.choice(
                    [None, None, day(FIRST + int(rng.integers(0, 9)), int(rng.choice([1, 28])))]
                ),
            }
        )
        level = rng.choice([0, 80, 300])
        for month in range(FIRST, FIRST + 9):
            if rng.random() < 0.08:
                continue
            if rng.random() < 0.08:
                plan = str(rng.choice(names))
            usage.append(
                {
                    "customer_id": customer,
                    "month": month,
                    "plan_id": None if rng.random() < 0.05 else plan,
                    "minutes": float(np.round(level * rng.random() * 2, int(rng.integers(0, 3)))),
                    "complete": bool(rng.random() > 0.05),
                }
            )
    return usage, plans, customers


def frames(usage, plans, customers, rng):
    order = rng.permutation(len(usage))
    table = pd.DataFrame([usage[k] | {"month": month_text(usage[k]["month"])} for k in order])
    return table, Catalogue(pd.DataFrame(plans)), pd.DataFrame(customers)


@pytest.mark.parametrize("seed", range(40))
def test_flags_are_those_of_the_definition(seed):
    rng = np.random.default_rng(seed)
    usage, plans, customers = random_company(rng)
    months, least = int(rng.choice([3, 3, 3, 1, 2, 5])), float(rng.choice([0, 0, 1, 0.005, 2.5]))
    naive = Naive(usage, plans, customers, months, least)
    table, catalogue, people = frames(usage, plans, customers, rng)
    for as_of in ("last", "own", "any", FIRST + 5):
        asked = as_of if isinstance(as_of, str) else month_text(as_of)
        got = plan_fit(table, catalogue, customers=people, months=months, min_saving=least, as_of=asked)
        expected = pd.DataFrame(list(naive.fit(as_of)))
        for column in expected:
            ours = [None if pd.isna(value) else value for value in got[column]]
            assert ours == [None if pd.isna(value) else value for value in expected[column]], (column, as_of)


@pytest.mark.parametrize("seed", range(40, 52))
def test_history_counts_the_flags_of_every_month(seed):
    rng = np.random.default_rng(seed)
    usage, plans, customers = random_company(rng)
    naive = Naive(usage, plans, customers, 3, 0)
    table, catalogue, people = frames(usage, plans, customers, rng)
    history = flag_history(table, catalogue, customers=people)
    totals = history.groupby("month")[["standing", "new", "resolved", "saving_minor"]].sum()
    who = {row["customer_id"] for row in usage}
    last = max(row["month"] for row in usage)
    for month in range(min(row["month"] for row in usage), last + 1):
        now, before = ({c: f for c in who if (f := naive.flag(c, m))} for m in (month, month - 1))
        expected = [
            len(now),
            len(now.keys() - before),
            len(before.keys() - now),
            sum(int(f[1] * 100) for f in now.values()),
        ]
        assert totals.loc[pd.Timestamp(day(month))].tolist() == expected
        fit = plan_fit(table, catalogue, customers=people, as_of=month_text(month))
        ways = fit["direction"].value_counts().to_dict()
        at = history[history["month"] == pd.Timestamp(day(month))].set_index("direction")["standing"]
        assert {way: n for way, n in at.items() if n} == ways


@pytest.mark.parametrize("seed", range(60, 72))
def test_summary_is_the_sum_of_the_months(seed):
    rng = np.random.default_rng(seed)
    usage, plans, customers = random_company(rng)
    naive = Naive(usage, plans, customers, 1, 0)
    table, catalogue, people = frames(usage, plans, customers, rng)
    summary = fit_summary(table, catalogue, customers=people).set_index("plan_id")
    for plan_id in naive.order:
        mine = [key for key in naive.rows if naive.held(*key) == plan_id]
        paid, others = [naive.cost(*key, plan_id) for key in mine], []
        for key in mine:
            costs = [naive.cost(*key, p) for p in naive.order if p != plan_id and naive.may_take(*key, p)]
            others.append(min(costs, default=Decimal("Infinity")))
        every = [naive.cost(*key, plan_id) for key in naive.rows]
        row = summary.loc[plan_id]
        assert row["customer_months"] == len(mine)
        assert row["paid_minor"] == int(sum(paid) * 100)
        assert row["mismatched"] == sum(a > b for a, b in zip(paid, others, strict=True))
        assert row["ties"] == sum(a == b for a, b in zip(paid, others, strict=True))
        assert row["cheapest_minor"] == int(sum(min(pair) for pair in zip(paid, others, strict=True)) * 100)
        assert row["all_on_minor"] == (-1 if None in every else int(sum(every) * 100))


PLANS = pd.DataFrame(
    {
        "plan_id": ["S", "M", "L"],
        "monthly_fee": [10.0, 20.0, 20.0],
        "included_minutes": [100.0, 300.0, 300.0],
        "overage_price_minutes": [0.1, 0.1, 0.1],
    }
)


def usage_of(minutes, *, plan="S", start=1, customer="1"):
    months = [f"2026-{start + k:02d}" for k in range(len(minutes))]
    return pd.DataFrame(
        {"customer_id": customer, "month": months, "plan_id": plan, "minutes": [float(m) for m in minutes]}
    )


def test_by_hand():
    """250, 260, 270 minutes on S cost 25, 26, 27; M and L cost 20 each: 5 + 6 + 7 = 18, and M stands first."""
    fit = plan_fit(usage_of([250, 260, 270]), Catalogue(PLANS)).iloc[0]
    assert (fit["state"], fit["better_plan_id"], fit["direction"]) == ("flagged", "M", "under_provisioned")
    assert (fit["saving"], fit["saving_minor"], fit["least_saving"], fit["paid"]) == (18.0, 1800, 5.0, 78.0)
    assert (fit["since"], fit["status"], bool(fit["left"])) == (1, "new", False)


def test_one_and_the_same_plan_must_be_cheaper_each_month():
    plans = PLANS.iloc[:2].copy()
    plans.loc[2] = ["XS", 5.0, 40.0, 0.3]
    held = pd.concat([PLANS.iloc[2:], plans.iloc[1:]])  # L held; M ties with it
    catalogue = Catalogue(pd.concat([held.iloc[:1], plans.iloc[[0, 2]]]))
    # minutes 110: S 11, XS 26; minutes 50: S 10, XS 8; each month some plan is cheaper than 20, S in all of them
    fit = plan_fit(usage_of([110, 50, 110], plan="L"), catalogue).iloc[0]
    assert (fit["better_plan_id"], fit["direction"], fit["saving"]) == ("S", "over_provisioned", 9.0 + 10.0 + 9.0)
    # minutes 250: S 25 is dearer than L, XS dearer still: no one plan for all three months
    assert plan_fit(usage_of([50, 250, 50], plan="L"), catalogue)["state"].tolist() == ["fits"]


@pytest.mark.parametrize(("least", "state"), [(4.99, "flagged"), (5, "fits"), (4.999, "flagged"), (5.001, "fits")])
def test_strictly_more_than_the_least_saving(least, state):
    assert plan_fit(usage_of([250, 260, 270]), Catalogue(PLANS), min_saving=least)["state"].tolist() == [state]


def test_a_tie_is_no_mismatch():
    assert plan_fit(usage_of([200, 200, 200]), Catalogue(PLANS))["state"].tolist() == ["fits"]
    sideways = Catalogue(PLANS.assign(monthly_fee=10.0))
    fit = plan_fit(usage_of([200, 200, 200]), sideways).iloc[0]
    assert (fit["direction"], fit["saving"]) == ("sideways", 30.0)


def test_a_gap_breaks_the_run():
    usage = usage_of([250, 250, 250, 250]).drop(index=1)
    assert plan_fit(usage, Catalogue(PLANS))["state"].tolist() == ["short"]
    incomplete = usage_of([250] * 4).assign(complete=[True, True, False, True])
    assert plan_fit(incomplete, Catalogue(PLANS))["state"].tolist() == ["short"]


def test_zero_fills_from_joining_to_leaving():
    usage = usage_of([0, 0, 0, 0], plan="M").drop(index=[1, 2])
    people = pd.DataFrame(
        {
            "customer_id": ["1", "2", "3"],
            "plan_id": "M",
            "joined_on": ["2026-01-09", "2026-02-01", "2026-03-20"],
            "left_on": [None, None, "2026-03-30"],
        }
    )
    fit = plan_fit(usage, Catalogue(PLANS), customers=people, absent="zero")
    assert fit["customer_id"].tolist() == ["1", "2", "3"]
    assert fit["state"].tolist() == ["flagged", "flagged", "short"]
    assert fit["since"].tolist() == [2, 1, 0]
    assert fit["left"].tolist() == [False, False, True]
    summary = fit_summary(usage, Catalogue(PLANS), customers=people, absent="zero")
    assert summary["customer_months"].tolist() == [0, 4 + 3 + 1, 0]


def test_zero_fills_nothing_before_the_first_month_of_the_file():
    usage = usage_of([0, 0, 0, 0], plan="M").drop(index=[1, 2])
    people = pd.DataFrame(
        {
            "customer_id": ["1", "2"],
            "plan_id": "M",
            "joined_on": ["2011-05-09", "2019-02-01"],
            "left_on": [None, "2025-07-01"],
        }
    )
    plans = PLANS.assign(valid_from="2026-01-01")  # what a plan cost in 2011 nobody needs to know
    summary = fit_summary(usage, Catalogue(plans), customers=people, absent="zero").set_index("plan_id")
    assert summary["customer_months"].sum() == 4  # of the one who has not left before the file begins
    fit = plan_fit(usage, Catalogue(plans), customers=people, absent="zero")
    assert fit["customer_id"].tolist() == ["1"]
    assert fit["since"].tolist() == [2]


def test_zero_changes_nothing_where_no_month_is_absent_however_many_customers():
    few = [usage_of([250, 250, 10 * (i % 30)]).assign(customer_id=f"{i:05}") for i in range(30)]
    usage = pd.concat([each.assign(customer_id=each["customer_id"] + f"-{k:03}") for k in range(100) for each in few])
    as_is, filled = (plan_fit(usage, Catalogue(PLANS), absent=absent) for absent in ("missing", "zero"))
    assert len(as_is) == 3000
    assert set(as_is["state"]) == {"fits", "flagged"}
    pd.testing.assert_frame_equal(filled, as_is)


def test_what_comes_after_until_does_not_exist():
    usage = usage_of([250, 250, 250, 0])
    fit = plan_fit(usage, Catalogue(PLANS), until="2026-03").iloc[0]
    assert (fit["state"], fit["month"]) == ("flagged", pd.Timestamp("2026-03-01"))
    assert plan_fit(usage, Catalogue(PLANS))["status"].tolist() == ["resolved"]
    assert plan_fit(usage.iloc[:3], Catalogue(PLANS), until="2026-07")["state"].tolist() == ["flagged"]
    assert plan_fit(usage, Catalogue(PLANS), as_of="2026-07")["state"].tolist() == ["short"]
    assert plan_fit(usage, Catalogue(PLANS), as_of="2025-12").empty
    assert flag_history(usage, Catalogue(PLANS), until="2026-03")["month"].max() == pd.Timestamp("2026-03-01")
    assert fit_summary(usage, Catalogue(PLANS), until="2026-03")["customer_months"].sum() == 3


def test_standing_and_age():
    fit = plan_fit(usage_of([250] * 5), Catalogue(PLANS)).iloc[0]
    assert (fit["status"], fit["since"]) == ("standing", 3)


def refusal(usage, catalogue=None, **options):
    with pytest.raises(CxError) as refused:
        plan_fit(usage, catalogue or Catalogue(PLANS), **options)
    assert refused.value.said
    return refused.value


def test_an_unknown_plan_is_named_with_customer_and_month():
    error = refusal(pd.concat([usage_of([1, 1]), usage_of([1, 1], customer="2").assign(plan_id=["S", "gone"])]))
    assert error.code == "unknown_plan"
    assert all(word in str(error) for word in ("gone", "2", "2026-02"))


def test_a_plan_of_the_table_of_customers_counts_only_where_it_is_needed():
    people = pd.DataFrame({"customer_id": ["1", "2"], "plan_id": ["gone", "S"]})
    assert plan_fit(usage_of([1]), Catalogue(PLANS), customers=people)["plan_id"].tolist() == ["S"]
    error = refusal(usage_of([1]).drop(columns="plan_id"), customers=people)
    assert error.code == "unknown_plan"
    assert "Customer 1 holds plan gone in 2026-01" in str(error)


def test_a_customer_without_a_plan_is_named():
    error = refusal(
        usage_of([1]).drop(columns="plan_id"), customers=pd.DataFrame({"customer_id": ["1"], "plan_id": [None]})
    )
    assert error.code == "missing_plan"
    assert "customer 1 in 2026-01" in str(error)


@pytest.mark.parametrize(
    ("used", "code"),
    [
        (-0.5, "negative_usage"),
        (np.nan, "not_a_number"),
        (np.inf, "not_a_number"),
        (1e16, "too_large"),
        (1 / 3, "too_many_decimals"),
    ],
)
def test_usage_that_cannot_be_billed_is_named(used, code):
    error = refusal(usage_of([1, used, 1]))
    assert (error.code, error.column) == (code, "minutes")
    assert "customer 1 in 2026-02" in str(error)


def test_bills_beyond_the_range():
    dear = Catalogue(PLANS.assign(overage_price_minutes=90_000_000.0))
    assert refusal(usage_of([9e11]), dear).code == "too_large"


def test_wrong_requests():
    assert refusal(usage_of([])).code == "no_usage"
    assert refusal(pd.concat([usage_of([1]), usage_of([2])])).code == "duplicate_month"
    assert refusal(usage_of([1]).drop(columns="minutes")).code == "missing_column"
    assert refusal(usage_of([1]).assign(month="2026-13")).code == "bad_month"
    assert refusal(usage_of([1]), months=0).code == "bad_setting"
    assert refusal(usage_of([1]), min_saving=-1).code == "bad_setting"
    assert refusal(usage_of([1]), as_of="lately").code == "bad_month"
    assert refusal(usage_of([1]), customers=pd.DataFrame({"customer_id": ["1", "1"]})).code == "duplicate_customer"
    assert refusal([1, 2]).code == "not_a_frame"


@pytest.mark.parametrize("seed", range(80, 86))
def test_wide_numbers_give_the_same_answer(seed):
    """One customer with usage beyond 32 bits makes everybody's numbers wide, and changes nobody else's answer."""
    rng = np.random.default_rng(seed)
    table, catalogue, people = frames(*random_company(rng), rng)
    narrow = plan_fit(table, catalogue, customers=people)
    huge = table.iloc[:1].assign(customer_id="huge", minutes=5e9, plan_id=catalogue.plan_ids[0], complete=True)
    everybody = pd.concat([people, people.iloc[:1].assign(customer_id="huge")])
    wide = plan_fit(pd.concat([table, huge]), catalogue, customers=everybody)
    pd.testing.assert_frame_equal(wide[wide["customer_id"] != "huge"].reset_index(drop=True), narrow)
