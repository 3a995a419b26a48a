"""Numbers as readers of each language write them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from cxlib import formats
from cxlib.texts import speaking


def test_numbers_have_group_marks() -> None:
    assert formats.number(1234567) == "1,234,567"
    assert formats.number(0.5, decimals=2) == "0.50"


@pytest.mark.parametrize("nothing", [None, float("nan"), float("inf")])
def test_what_is_absent_is_a_dash(nothing: float | None) -> None:
    assert {
        formats.number(nothing),
        formats.money(nothing, "EUR"),
        formats.share(nothing),
        formats.seconds(nothing),
    } == {formats.NOTHING}


@pytest.mark.parametrize(
    ("currency", "said"), [("USD", "$1,234.50"), ("EUR", "€1,234.50"), (None, "1,234.50"), ("CHF", "CHF 1,234.50")]
)
def test_money_carries_its_currency(currency: str | None, said: str) -> None:
    assert formats.money(1234.5, currency).replace("\xa0", " ") == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(1.0, "more than 98%"), (0.983, "more than 98%"), (0.98, "98%"), (0.8, "80%"), (0.0, "less than 2%"), (None, "–")],
)
def test_nothing_foreseen_is_certain(value: float | None, said: str) -> None:
    assert formats.chance(value) == said


def test_shares_are_percentages() -> None:
    assert formats.share(0.33323) == "33.3%"
    assert formats.share(0.5, decimals=0) == "50%"


@pytest.mark.parametrize(
    ("value", "said"),
    [(4.25, "4.2 s"), (72, "72 s"), (119.6, "120 s"), (125, "2 min 5 s"), (3 * 3600 + 120, "3 h 2 min")],
)
def test_lengths_of_time_use_the_unit_that_reads_best(value: float, said: str) -> None:
    assert formats.seconds(value) == said


def test_months_and_days_follow_the_language() -> None:
    assert formats.month("2018-12") == "Dec 2018"
    assert formats.day(date(2018, 12, 1)) == "Dec 1, 2018"
    with speaking("zh_CN"):
        assert formats.month("2018-12") == "2018年12月"


def test_an_instant_is_told_in_its_zone() -> None:
    when = datetime(2026, 6, 1, 16, 30, tzinfo=UTC)
    assert "12:30" in formats.instant(when, "Asia/Shanghai")
    assert "6/2/26" in formats.instant(when, "Asia/Shanghai")


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.33323, "one in three"), (0.5, "half"), (0.0899, "one in 11"), (0.41, "41%"), (0.9, "90%"), (0, "0.0%")],
)
def test_a_share_becomes_a_fraction_only_where_one_is_near(value: float, said: str) -> None:
    assert formats.one_in(value) == said


@pytest.mark.parametrize(("n", "said"), [(999, "999 B"), (1500, "1.5 KB"), (12_000_000, "12 MB"), (5e12, "5,000 GB")])
def test_sizes_are_rounded(n: float, said: str) -> None:
    assert formats.size(n) == said


def test_one_customer_is_one() -> None:
    assert formats.people(1) == "1 customer"
    assert formats.people(1204) == "1,204 customers"


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("currency", [None, "CNY", "EUR", "USD", "CHF", "JPY"])
def test_many_amounts_are_told_as_one_is(language: str, currency: str | None) -> None:
    amounts = [round(37.77 * 11**k / 7**k, 2) for k in range(40)] + [0.0, 0.05, 0.5, 999.99, -3.5, 1e9, float("nan")]
    with speaking(language):
        assert formats.moneys(amounts, currency) == [formats.money(each, currency) for each in amounts]


def test_lists_are_set_apart_as_the_language_does() -> None:
    assert formats.listed(["a", "b"]) == "a, b"
    with speaking("zh_CN"):
        assert formats.listed(["甲", "乙"]) == "甲、乙"
