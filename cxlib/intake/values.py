"""Columns that their headers do not name, found by what is in them: months, days, times, plans, customers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from cxlib.intake.mapping import ColumnMap
from cxlib.intake.problems import Question
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from cxlib.tables import Table

VALUES_QUESTION: Final = N_("No header names {column}. It was taken from {chosen}, by its values: is that right?")
MOST: Final = 0.95
"""The share of a column's values that have to look alike."""

_YEAR: Final = "(19|20)[0-9]{2}"
_MONTH: Final = re.compile(
    rf"{_YEAR}[-/.]?(0[1-9]|1[0-2])|{_YEAR}[-/.][1-9]|(0?[1-9]|1[0-2])[-/.]{_YEAR}|{_YEAR}年(0?[1-9]|1[0-2])月份?|"
    rf"[A-Z][a-z]{{2,8}}[- ]({_YEAR}|[0-9]{{2}})"
)
_DAY: Final = re.compile(
    rf"{_YEAR}[-/.年][0-9]{{1,2}}[-/.月][0-9]{{1,2}}日?|[0-9]{{1,2}}[-/.][0-9]{{1,2}}[-/.]({_YEAR}|[0-9]{{2}})|"
    rf"{_YEAR}(0[1-9]|1[0-2])[0-3][0-9]|[0-9]{{1,2}}[- ][A-Za-z]{{3}}[- ]({_YEAR}|[0-9]{{2}})"
)
_CLOCK: Final = re.compile(r"[ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?( ?[AaPp][Mm])?(Z|[+-][0-9:]{2,5})?$")
_ID: Final = re.compile(r"[A-Za-z]{0,4}[-_]?[0-9]{3,19}")


def is_month(text: str) -> bool:
    """Tell whether a text looks like a month."""
    return _MONTH.fullmatch(text) is not None


def is_day(text: str) -> bool:
    """Tell whether a text looks like a day, with or without a time of day."""
    return _DAY.fullmatch(_CLOCK.sub("", text)) is not None


def is_time(text: str) -> bool:
    """Tell whether a text looks like a day with its time."""
    return _CLOCK.search(text) is not None and is_day(text)


def by_values(
    samples: Mapping[str, list[str]], table: Table, columns: Mapping[str, ColumnMap], *, plans: Collection[str] = ()
) -> tuple[dict[str, ColumnMap], list[Question]]:
    """Add the required columns that no header named, where the values of a free column speak for it.

    Parameters
    ----------
    samples : dict
        Some values of each header, without empty ones.
    plans : strings
        Plans of the catalogue.

    Returns
    -------
    columns, questions
        Each column that was found this way is asked, with the other headers that would fit as options.
    """
    found, questions = dict(columns), []
    tests: dict[str, Callable[[str], bool]] = {"month": is_month, "occurred_at": is_day, "arrived_at": is_time}
    free = [
        header
        for header in samples
        if not any(header in group for each in columns.values() for group in each.sources)
    ]  # fmt: skip
    wanted = [name for name in table.required if name not in found and (name in tests or name == "customer_id")]
    if "plan_id" in table.names and "plan_id" not in found and plans:
        known = frozenset(plans)
        tests["plan_id"] = known.__contains__
        wanted.append("plan_id")
    for name in sorted(wanted, key=lambda each: each == "customer_id"):
        fits = [header for header in free if _fits(samples[header], tests.get(name, _is_id))]
        if name == "customer_id":
            fits.sort(key=lambda header: -len(set(samples[header])))
        if not fits:
            continue
        found[name] = ColumnMap.of(fits[0])
        free.remove(fits[0])
        questions.append(Question("by_values", VALUES_QUESTION, tuple(fits), fits[0], name))
    ordered = {name: found[name] for name in (*table.names, *found) if name in found}
    return ordered, questions


def _is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None and not is_month(text) and not is_day(text)


def _fits(values: list[str], test: Callable[[str], bool]) -> bool:
    return bool(values) and sum(map(test, values)) >= MOST * len(values)
