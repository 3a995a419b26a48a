"""The report of plan fit as text in the reader's language."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final
from unicodedata import east_asian_width

from cxlib import formats
from cxlib.matching.gap_causes import CAUSE_NAMES
from cxlib.texts import N_, _

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

DIRECTION_NAMES: Final = {
    "under_provisioned": N_("Under-provisioned"),
    "over_provisioned": N_("Over-provisioned"),
    "sideways": N_("Sideways"),
}


def said_report(found: dict[str, Any], plans: pd.DataFrame, currency: str | None) -> str:
    """Return `MatchingReport.as_dict` and the sums by plan as text in the reader's language."""
    lines = [
        _(
            "{rows} customer-months of {customers} customers; paid {paid}, on each month's cheapest plan {least}.",
            rows=formats.number(found["customer_months"]),
            customers=formats.number(found["customers"]),
            paid=formats.money(found["paid"], currency),
            least=formats.money(found["cheapest"], currency),
        ),
        _said_plans(plans),
        _(
            "Flagged: {n} at {month}, saving {saving}; {own} in their own last months; {any} in any window.",
            n=formats.number(found["flagged"]),
            month=formats.month(found["month"]),
            saving=formats.money(found["saving"], currency),
            own=formats.number(found["flagged_own_last"]),
            any=formats.number(found["flagged_any_window"]),
        ),
        *(
            f"  {_(DIRECTION_NAMES[way])}: {formats.number(part['flagged'])}, {formats.money(part['saving'], currency)}"
            for way, part in found["by_direction"].items()
        ),
        _("Flags standing at each month's end: {course}", course=", ".join(
            f"{formats.month(each['month'])} {each['standing']}" for each in found["standing"]
        )),
        *_said_reconciliation(found["reconciliation"], currency),
        *(_said_advice(found["advice"], currency) if "advice" in found else []),
        *found["notes"],
    ]  # fmt: skip
    return "\n".join(lines)


def _said_plans(plans: pd.DataFrame) -> str:
    """Return a line per plan under the names of the columns, numbers to the right."""
    count, amount = formats.number, partial(formats.number, decimals=2)
    columns: dict[str, tuple[str, Callable[[Any], str]]] = {
        "plan_id": (_("Plan"), str),
        "customer_months": (_("Customer-months"), count),
        "paid": (_("Paid"), amount),
        "mismatched": (_("Cheaper elsewhere"), count),
        "ties": (_("As cheap elsewhere"), count),
        "all_on": (_("All on this plan"), amount),
    }
    cells = [[head, *(say(value) for value in plans[name])] for name, (head, say) in columns.items()]
    widths = [max(map(_width, column)) for column in cells]
    lines = zip(*cells, strict=True)
    return "\n".join(
        "  ".join(" " * (width - _width(cell)) + cell for cell, width in zip(line, widths, strict=True))
        for line in lines
    )


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes; Chinese characters take two."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _said_reconciliation(found: dict[str, Any], currency: str | None) -> list[str]:
    if not found["compared"]:
        return [_("Not reconciled: the usage has no billed amounts. Nothing is withheld.")]
    head = _(
        "Bills: {reconciled} of {compared} customers reconcile ({share}); recommendations withheld: {withheld}.",
        reconciled=formats.number(found["reconciled"]),
        compared=formats.number(found["compared"]),
        share=formats.share(found["share"]),
        withheld=formats.number(found["withheld"]),
    )
    return [head, *(_said_cause(each, currency) for each in found["causes"] if each["customer_months"])]


def _said_cause(found: dict[str, Any], currency: str | None) -> str:
    name = CAUSE_NAMES[found["cause"]]
    return _(
        "  likely cause {cause}: {rows} customer-months, {gap}; customers withheld: {customers}",
        cause=_(name),
        rows=formats.number(found["customer_months"]),
        gap=formats.money(found["gap"], currency),
        customers=formats.number(found["customers"]),
    )


def _said_advice(found: dict[str, Any], currency: str | None) -> list[str]:
    states = found["states"]
    lines = [
        _(
            "Advised to switch: {n}, expected to save {saving} over {months} months; {strong} of them strongly, "
            "{sure}.",
            n=formats.number(found["switch"]),
            saving=formats.money(found["expected_saving"], currency),
            months=found["horizon"],
            strong=formats.number(found["strong"]),
            sure=formats.money(found["strong_saving"], currency),
        ),
        _(
            "To stay: {stay}; not enough data: {few}; withheld because bills differ: {withheld}.",
            stay=formats.number(states.get("stay", 0)),
            few=formats.number(states.get("not_enough_data", 0)),
            withheld=formats.number(states.get("not_reconciled", 0)),
        ),
    ]
    if found["left"]:
        lines.append(_("Of those advised to switch, have left: {n}.", n=formats.number(found["left"])))
    return lines
