"""The definitions of bills and of the flag, word by word, on plain rows: slow, exact, and for the tests alone."""

from __future__ import annotations

import datetime as dt
import math
from fractions import Fraction

FIRST = 2026 * 12


def day(number, of_month=1):
    return dt.date(number // 12, number % 12 + 1, of_month)


def month_of(date):
    return date.year * 12 + date.month - 1


def exact(value):
    return Fraction(str(value))


def cents(amount):
    """Round half up to whole cents."""
    return math.floor(amount * 100 + Fraction(1, 2))


def tiers_of(plan, meter):
    """Return [(upper bound or None, price)] and the kind."""
    text = plan.get(f"tiers_{meter}")
    if text is None:
        price = plan.get(f"overage_price_{meter}")
        return ([] if price is None else [(None, exact(price))]), "graduated"
    parts = [part.split(":") for part in text.split(";")]
    tiers = [(None if bound.strip() == "*" else exact(bound.strip()), exact(price.strip())) for bound, price in parts]
    return tiers, plan.get(f"tier_kind_{meter}")


def overage(plan, meter, over):
    """Price what exceeds the allowance, in cents."""
    size = exact(plan[f"unit_size_{meter}"])
    if plan[f"round_up_{meter}"]:
        over = math.ceil(over / size) * size
    tiers, kind = tiers_of(plan, meter)
    if over == 0 or not tiers:
        return 0
    if kind == "volume":
        price = next(price for bound, price in tiers if bound is None or over <= bound)
        return cents(over / size * price)
    amount, below = Fraction(0), Fraction(0)
    for bound, price in tiers:
        part = max(Fraction(0), (over if bound is None else min(over, bound)) - below)
        amount += part / size * price
        below = bound
    return cents(amount)


def packs_and_overage(plan, meter, over):
    """Try every number of packs; of equals the fewest."""
    size, price = plan.get(f"pack_size_{meter}"), plan.get(f"pack_price_{meter}")
    if size is None:
        return 0, overage(plan, meter, over)
    most = math.ceil(over / exact(size))
    if not tiers_of(plan, meter)[0]:
        return cents(most * exact(price)), 0
    tried = [
        (cents(k * exact(price)), overage(plan, meter, max(Fraction(0), over - k * exact(size))))
        for k in range(most + 1)
    ]
    return min(tried, key=sum)


class Chain:
    """What was left of the months before, as (month until whose end it may be used, amount), by meter."""

    def __init__(self, meters):
        self.left = {meter: [] for meter in meters}

    def use(self, meter, month, wanted):
        """Take from what lapses first; return what is still wanted."""
        for entry in sorted(self.left[meter], key=lambda entry: entry[0]):
            if entry[0] >= month:
                taken = min(wanted, entry[1])
                entry[1] -= taken
                wanted -= taken
        return wanted

    def month(self, plan, meter, month, used):
        """Return what exceeds allowance and what was carried over."""
        included = plan[f"included_{meter}"]
        if included == math.inf:
            return Fraction(0)
        included, keep = exact(included), plan[f"rollover_months_{meter}"]
        first = keep > 0 and plan[f"rollover_order_{meter}"] == "before"
        wanted = self.use(meter, month, used) if first else used
        over, left = max(Fraction(0), wanted - included), max(Fraction(0), included - wanted)
        if not first:
            over = self.use(meter, month, over)
        if keep:
            self.left[meter].append([month + keep, left])
        return over


class Naive:
    """A company: rows of plans, usage and customers."""

    def __init__(self, plans, usage, customers, meters, months=3, min_saving=0):
        self.plans, self.meters = plans, meters
        self.months, self.min_saving = months, round(min_saving * 100)
        self.order = list(dict.fromkeys(plan["plan_id"] for plan in plans))
        self.customers = {row["customer_id"]: row for row in customers}
        self.pooled = {plan["plan_id"]: plan["pooled"] for plan in plans}
        self.units = self.put_together(usage)
        self.who = {name: self.person(name) for name in self.units}
        self.bills = {}
        self.prices_of = None

    def put_together(self, usage):
        """Return {name: {month: row}}, with the lines of an account as one."""
        units = {}
        for row in usage:
            who = self.customers[row["customer_id"]]
            held = row["plan_id"] or who["plan_id"]
            name = (who["account_id"] if self.pooled[held] else None) or row["customer_id"]
            into = units.setdefault(name, {}).setdefault(
                row["month"],
                {"held": held, "lines": 0, "complete": True, **{meter: Fraction(0) for meter in self.meters}},
            )
            assert into["held"] == held
            into["lines"] += 1
            into["complete"] &= row["complete"]
            for meter in self.meters:
                into[meter] += exact(row[meter])
        return units

    def person(self, name):
        if name in self.customers:
            return self.customers[name]
        lines = sorted((c for c in self.customers.values() if c["account_id"] == name), key=lambda c: c["place"])
        out = {k: next((c[k] for c in lines if c[k] is not None), None) for k in ("plan_id", "tier", "need", "region")}
        left = [c["left_on"] for c in lines]
        return out | {
            "joined_on": min((c["joined_on"] for c in lines if c["joined_on"]), default=None),
            "plan_since": min((c["plan_since"] for c in lines if c["plan_since"]), default=None),
            "contract_end": max((c["contract_end"] for c in lines if c["contract_end"]), default=None),
            "left_on": None if None in left else max(left),
        }

    def version(self, plan_id, month):
        month = month if self.prices_of is None else self.prices_of
        found = [
            plan
            for plan in self.plans
            if plan["plan_id"] == plan_id
            and plan["valid_from"] < day(month + 1)
            and (plan["valid_to"] is None or plan["valid_to"] >= day(month))
        ]
        return max(found, key=lambda plan: plan["valid_from"], default=None)

    def taken(self, name, month):
        """Return the month in which the plan held in `month` was taken, None if not known."""
        rows = self.units[name]
        before = sorted(m for m in rows if m <= month)
        run = [m for k, m in enumerate(before) if all(rows[n]["held"] == rows[month]["held"] for n in before[k:])]
        earlier = [m for m in before if m < run[0]]
        last = max(rows)
        after = [m for m in sorted(rows) if m >= month]
        is_last = all(rows[m]["held"] == rows[last]["held"] for m in after)
        who = self.who[name]
        if is_last and who["plan_since"] is not None and who["plan_id"] in {None, rows[last]["held"]}:
            since = month_of(who["plan_since"])
            if since <= month and (not earlier or since >= earlier[-1]):
                return since
        if earlier:
            return run[0]
        if who["joined_on"] is not None and month_of(who["joined_on"]) >= run[0]:
            return run[0]
        return None

    def terms(self, plan_id, month, age):
        """Return the version that holds and the fee; age None is long after every promotion."""
        plan = self.version(plan_id, month)
        if plan is None:
            return None, None
        if plan["promo_months"] and age is not None and age < plan["promo_months"]:
            return plan, plan["monthly_fee"] if plan["promo_fee"] is None else plan["promo_fee"]
        if plan["next_plan_id"] is not None:
            plan = self.version(plan["next_plan_id"], month)
        return plan, None if plan is None else plan["monthly_fee"]

    def month_lines(self, plan_id, month, age, row, chain):
        """Return the lines of one month in cents and whether all of the usage can be had; None without a price."""
        plan, fee = self.terms(plan_id, month, age)
        if plan is None:
            chain.left = {meter: [] for meter in self.meters}
            return None
        lines, within = {"fee": cents(exact(fee))}, True
        for meter in self.meters:
            used, cap = row[meter], plan.get(f"cap_{meter}")
            if cap is not None and used > exact(cap):
                used, within = exact(cap), False
            over = chain.month(plan, meter, month, used)
            lines[f"packs_{meter}"], lines[f"overage_{meter}"] = packs_and_overage(plan, meter, over)
        lines["line_fee"] = cents(exact(plan["line_fee"])) * (row["lines"] - 1)
        lines["minimum"] = max(0, cents(exact(plan["min_charge"])) - sum(lines.values()))
        return lines, within

    def chain_bills(self, name, plan_id, own):
        """Bill a customer's months one after the other on one plan: as it was held, or as if it had long been."""
        rows, out, chain, before = self.units[name], {}, Chain(self.meters), None
        for month in sorted(rows):
            if before != month - 1 or (own and rows[before]["held"] != rows[month]["held"]):
                chain = Chain(self.meters)
            before = month
            if own:
                plan_id = rows[month]["held"]
                taken = self.taken(name, month)
            age = None if not own or taken is None else month - taken
            out[month] = self.month_lines(plan_id, month, age, rows[month], chain)
        return out

    def path(self, name, plan_id, origin, future):
        """Bill the months after `origin` at its prices: on the plan held as it goes on, on another taken then."""
        rows = self.units[name]
        months = [m for m in sorted(rows) if m <= origin]
        held, chain, taken = rows[months[-1]]["held"], Chain(self.meters), origin + 1
        if self.pooled[plan_id] != self.pooled[held]:
            return [None] * len(future)
        if plan_id == held:
            taken = self.taken(name, months[-1])
            run = [m for m in months if all(n in rows and rows[n]["held"] == held for n in range(m, origin + 1))]
            for m in run:
                own = self.taken(name, m)
                self.month_lines(held, m, None if own is None else m - own, rows[m], chain)
        self.prices_of = origin
        out = []
        for h, used in enumerate(future):
            month = origin + 1 + h
            row = used | {"lines": rows[months[-1]]["lines"]}
            out.append(self.month_lines(plan_id, month, None if taken is None else month - taken, row, chain))
        self.prices_of = None
        return out

    def lines(self, name, month, plan_id):
        """Return (lines, within) of a customer's month on a plan: really if it is held, else at standing terms."""
        held = self.units[name][month]["held"]
        if self.pooled[plan_id] != self.pooled[held]:
            return None
        key = name, None if plan_id == held else plan_id
        if key not in self.bills:
            self.bills[key] = self.chain_bills(name, plan_id, plan_id == held)
        return self.bills[key][month]

    def total(self, name, month, plan_id):
        found = self.lines(name, month, plan_id)
        return None if found is None else sum(found[0].values())

    def candidate(self, name, month, plan_id):
        """Return the bill on a plan that might be taken, None if it has no price or the usage is beyond its cap."""
        found = self.lines(name, month, plan_id)
        return None if found is None or not found[1] else sum(found[0].values())

    def may_take(self, name, month, plan_id):
        plan, who = self.version(plan_id, month), self.who[name]
        if plan is None or not plan["on_sale"]:
            return False
        if plan["valid_to"] is not None and plan["valid_to"] < day(month + 1) - dt.timedelta(days=1):
            return False
        if plan["segment"] is not None and plan["segment"] not in {who["tier"], who["need"]}:
            return False
        if plan["region"] is not None and who["region"] not in plan["region"].split("; "):
            return False
        joined = who["joined_on"]
        if plan["min_tenure_months"] and (joined is None or month - month_of(joined) < plan["min_tenure_months"]):
            return False
        return not self.bound(name, month)

    def bound(self, name, month):
        """Return whether a contract or a cool-off binds to the plan held."""
        ends = self.who[name]["contract_end"]
        if ends is not None and ends >= day(month + 1):
            return True
        held, taken = self.version(self.units[name][month]["held"], month), self.taken(name, month)
        return held is not None and taken is not None and month - taken < held["cool_off_months"]

    def window(self, month):
        return range(month - self.months + 1, month + 1)

    def flag(self, name, month):
        """Return (plan, total, least) or None."""
        rows = self.units[name]
        if not all(m in rows and rows[m]["complete"] for m in self.window(month)):
            return None
        held = {rows[m]["held"] for m in self.window(month)}
        if len(held) > 1:
            return None
        best = None
        for plan_id in self.order:
            if plan_id in held or not self.may_take(name, month, plan_id):
                continue
            costs = [
                (self.total(name, m, rows[m]["held"]), self.candidate(name, m, plan_id)) for m in self.window(month)
            ]
            if any(other is None for _, other in costs):
                continue
            saved = [own - other for own, other in costs]
            if min(saved) > self.min_saving and (best is None or sum(saved) > best[1]):
                best = plan_id, sum(saved), min(saved)
        return best
