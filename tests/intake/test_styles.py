"""Random values written in each style: read exactly, or asked, or named; never wrong in silence."""

# ruff: noqa: E501, S311 - what stands together in a file stands together here

from __future__ import annotations

import datetime as dt
import random

import pytest

from cxlib.intake import ColumnMap, Mapping, read

SPOTS = {
    "money": ("customers", "monthly_value", {"customer_id": ColumnMap(constant="#row")}),
    "wait": ("contacts", "wait_s", {"contact_id": ColumnMap(constant="#row"), "arrived_at": ColumnMap(constant="2026-03-14 09:00:00Z")}),
    "minutes": ("usage", "minutes", {"customer_id": ColumnMap(constant="#row"), "month": ColumnMap(constant="2026-03")}),
    "data": ("usage", "data_mb", {"customer_id": ColumnMap(constant="#row"), "month": ColumnMap(constant="2026-03")}),
    "date": ("customers", "joined_on", {"customer_id": ColumnMap(constant="#row")}),
    "month": ("usage", "month", {"customer_id": ColumnMap(constant="#row")}),
    "time": ("contacts", "arrived_at", {"contact_id": ColumnMap(constant="#row")}),
    "id": ("customers", "customer_id", {}),
    "share": ("tiers", "promise_share", {"tier": ColumnMap(constant="#row"), "rank": ColumnMap(constant="1")}),
}  # fmt: skip


def column(kind: str, texts: list[str], **options):
    """Read texts as a column: (values by row, rules by row, codes of questions)."""
    table, name, others = SPOTS[kind]
    mapping = Mapping(table=table, columns={**others, name: ColumnMap.of("x", **options)}, zone="UTC")
    data = "y|x\n" + "".join(f'k|"{text}"\n' for text in texts)
    reading = read(data.encode(), mapping=mapping, delimiter="|", quote='"')
    values = dict(zip(reading.rows.to_pylist(), reading.table[name].to_pylist(), strict=True))
    problems = reading.problems[reading.problems["rule"] != "no_wait"]
    rules = dict(zip(problems["row"].tolist(), problems["rule"].tolist(), strict=True))
    return [values.get(i + 2) for i in range(len(texts))], rules, {each.code for each in reading.needs_confirmation}


def grouped(number: float, mark: str, decimal: str, places: int) -> str:
    return f"{number:,.{places}f}".replace(",", "\0").replace(".", decimal).replace("\0", mark)


def wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


NUMBERS = {
    "1234.56": lambda v: f"{v:.2f}",
    "1234,56": lambda v: f"{v:.2f}".replace(".", ","),
    "1,234.56": lambda v: grouped(v, ",", ".", 2),
    "1.234,56": lambda v: grouped(v, ".", ",", 2),
    "1 234,5": lambda v: grouped(v, " ", ",", 2),
    "1 234.5 with a narrow space": lambda v: grouped(v, "\u202f", ".", 2),
    "1'234.56": lambda v: grouped(v, "'", ".", 2),
    "(123)": lambda v: f"({-v:.2f})" if v < 0 else f"{v:.2f}",
    "123-": lambda v: f"{-v:.2f}-" if v < 0 else f"{v:.2f}",
    "$": lambda v: f"${v:,.2f}" if v >= 0 else f"-${-v:,.2f}",
    "($)": lambda v: f"${v:,.2f}" if v >= 0 else f"(${-v:,.2f})",
    "¥": lambda v: f"¥{v:.2f}",
    "元": lambda v: f"{v:.2f}元",
    "€ behind": lambda v: grouped(v, ".", ",", 2) + " €",
    "full width": lambda v: wide(f"{v:.2f}"),
    "full width, grouped": lambda v: wide(f"{v:,.2f}"),
    "a real minus": lambda v: f"{v:.2f}".replace("-", "−"),
    "whole numbers": lambda v: f"{round(v)}",
    "whole and grouped": lambda v: f"{round(v):,}",
    "whole and grouped with points": lambda v: f"{round(v):,}".replace(",", "."),
    "three decimals": lambda v: f"{v:.3f}",
    "three decimals and a comma": lambda v: f"{v:.3f}".replace(".", ","),
    "exponents": lambda v: f"{v:.3E}",
    "yen": lambda v: f"JPY {round(v):,}",
}
ROUNDED = {"whole numbers": 0, "whole and grouped": 0, "whole and grouped with points": 0, "yen": 0}


@pytest.mark.parametrize("style", NUMBERS)
@pytest.mark.parametrize("least", [(-9e5, 9e5), (1, 999)])
def test_numbers(style, least):
    rng = random.Random(style)
    numbers = [round(rng.uniform(*least), 2) for _ in range(60)]
    values, rules, asked = column("money", [NUMBERS[style](each) for each in numbers])
    for i, (number, value) in enumerate(zip(numbers, values, strict=True)):
        right = value == float(round(number, ROUNDED.get(style, 2)))
        assert right or asked or i + 2 in rules, (style, NUMBERS[style](number), value)
    if style != "exponents":
        assert not rules
    certain = set(NUMBERS) - {"exponents", "whole and grouped", "whole and grouped with points", "yen",
                              "three decimals", "three decimals and a comma"}  # fmt: skip
    if style in certain:
        assert not asked


DATES = {
    "ymd": ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日", "%Y-%m-%d 00:00:00", "%Y-%m-%dT00:00:00.000"],
    "dmy": ["%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d/%m/%y", "%d.%m.%y", "%d-%b-%y", "%d-%b-%Y", "%d %B %Y", "%d%m%Y", "%d/%m/%Y 0:00", "%d%m%y"],
    "mdy": ["%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y", "%b %d, %Y", "%B %d, %Y", "%m/%d/%Y 12:00:00 AM", "%m%d%y"],
    "yymmdd": ["%y%m%d", "%y-%m-%d", "%y/%m/%d", "%y.%m.%d"],
}  # fmt: skip


@pytest.mark.parametrize("style", [style for styles in DATES.values() for style in styles])
@pytest.mark.parametrize("bare", [False, True])
def test_dates(style, bare):
    rng = random.Random(style)
    days = [dt.date(2015, 1, 1) + dt.timedelta(rng.randrange(4000)) for _ in range(50)]
    texts = [each.strftime(style) for each in days]
    if bare and "/" in style:  # without zeros in front, as spreadsheets show it
        texts = [each.replace("/0", "/").lstrip("0") for each in texts]
    values, rules, asked = column("date", texts)
    for i, (day, value) in enumerate(zip(days, values, strict=True)):
        assert value == day or asked or i + 2 in rules, (style, texts[i], value)
    if "y" not in style:
        assert (values, rules, asked) == (days, {}, set())


@pytest.mark.parametrize("order", ["dmy", "mdy"])
def test_dates_that_could_be_either_are_always_asked(order):
    for month in range(1, 13):
        _, _, asked = column("date", [f"{day:02d}/{month:02d}/2026" for day in range(1, 13) if day != month])
        assert asked == {"date_order"}
        told, _, asked = column("date", [f"{month:02d}/05/2026"], format=order)
        assert asked == set()
        assert told == [dt.date(2026, month, 5) if order == "mdy" else dt.date(2026, 5, month)]


MONTHS = ["%Y-%m", "%Y%m", "%m/%Y", "%Y/%m", "%Y.%m", "%Y年%m月", "%B %Y", "%b %Y", "%b-%y", "%Y年%m月份", "%YM%m", "%Y-%m-01", "01/%m/%Y", "%m/01/%Y"]  # fmt: skip


@pytest.mark.parametrize("style", MONTHS)
def test_months(style):
    months = [dt.date(year, month, 1) for year in (2019, 2020, 2026) for month in range(1, 13)]
    values, rules, asked = column("month", [each.strftime(style) for each in months])
    assert values == months
    assert rules == {}
    assert asked == ({"date_order"} if "01/" in style else set())
    bare, _, _ = column(
        "month", [each.strftime(style).replace("/0", "/").replace("年0", "年").lstrip("0") for each in months]
    )
    assert bare == months


@pytest.mark.parametrize(
    "text", ["2026Q1", "2026-Q1", "Q1 2026", "2026年第1季度", "2026W12", "2026", "2026年", "2026H1"]
)
def test_what_is_no_single_month_is_refused_by_name(text):
    assert column("month", [text])[:2] == ([None], {2: "no_single_month"})


TIMES = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S+00:00", "%Y-%m-%dT%H:%M:%S+0000",
         "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%y %I:%M:%S%p", "%d-%b-%y %I.%M.%S.000000 %p", "%Y%m%d%H%M%S",
         "%Y%m%d %H%M%S", "%Y年%m月%d日 %H:%M:%S", "%Y年%m月%d日%H时%M分%S秒", "%d/%m/%Y, %H:%M:%S", "%b %d, %Y %I:%M:%S %p"]  # fmt: skip


@pytest.mark.parametrize("style", TIMES)
def test_times(style):
    rng = random.Random(style)
    times = [
        dt.datetime(2020, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=rng.randrange(200_000_000)) for _ in range(50)
    ]
    values, rules, asked = column("time", [each.strftime(style) for each in times])
    assert (values, rules) == (times, {})
    assert asked == set()
    halves = {True: "上午", False: "下午"}
    texts = [f"{t.year}/{t.month}/{t.day} {halves[t.hour < 12]} {(t.hour + 11) % 12 + 1}:{t:%M:%S}" for t in times]
    assert column("time", texts)[0] == times


def test_times_as_excel_s_day_numbers():
    rng = random.Random(1)
    times = [
        dt.datetime(2020, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=rng.randrange(200_000_000)) for _ in range(200)
    ]
    start = dt.datetime(1899, 12, 30, tzinfo=dt.UTC)
    for digits in (17, 15, 10):
        texts = [f"{(each - start).total_seconds() / 86400:.{digits}g}" for each in times]
        values, rules, asked = column("time", texts)
        assert (values, rules, asked) == (times, {}, {"excel_dates"})


CLOCKS = {
    "hms": lambda s: f"{s // 3600:02d}:{s % 3600 // 60:02d}:{s % 60:02d}",
    "h:mm:ss": lambda s: f"{s // 3600}:{s % 3600 // 60:02d}:{s % 60:02d}",
    "words": lambda s: f"{s // 3600}h {s % 3600 // 60}m {s % 60}s",
    "Chinese": lambda s: f"{s // 3600}小时{s % 3600 // 60}分{s % 60}秒",
    "m:ss": lambda s: f"{s // 60}:{s % 60:02d}",
    "seconds": str,
    "秒": lambda s: f"{s}秒",
    "milliseconds": lambda s: f"{s * 1000} ms",
}


@pytest.mark.parametrize("style", CLOCKS)
def test_durations(style):
    rng = random.Random(style)
    seconds = [rng.randrange(20_000) for _ in range(60)]
    values, rules, asked = column("wait", [CLOCKS[style](each) for each in seconds])
    assert (values, rules) == ([float(each) for each in seconds], {})
    assert asked == {"m:ss": {"clock"}, "秒": {"unit_words"}, "milliseconds": {"unit_words"}}.get(style, set())
    values, _, asked = column("minutes", [CLOCKS[style](each) for each in seconds])
    if style != "seconds":
        assert asked
        assert values == pytest.approx([each / 60 for each in seconds], abs=1e-6)


def test_amounts_with_their_units():
    texts = ["1.5GB", "512 MB", "2048KB", "0", "７ＧＢ"]
    values, rules, asked = column("data", [*texts, "12", "3 TB"])
    assert (values[:4], asked) == ([1536.0, 512.0, 2.0, 0.0], {"unit_words"})
    assert rules[7] == rules[8] == "no_unit"


@pytest.mark.parametrize("style", [str, lambda n: f"{n:012d}", lambda n: f"A-{n}", lambda n: f"{n}.0", lambda n: f"'{n:09d}", lambda n: f"{n:.6E}", lambda n: f"{n}.{n % 7}"])  # fmt: skip
def test_identifiers(style):
    rng = random.Random(3)
    numbers = [rng.randrange(10**8, 10**9) for _ in range(40)]
    texts = [style(each) for each in numbers]
    values, rules, asked = column("id", texts)
    for i, (text, value) in enumerate(zip(texts, values, strict=True)):
        assert value == text or asked or rules.get(i + 2) == "id_in_exponent"
    assert len(asked) <= 1


def test_words_that_mean_nothing_and_days_that_never_come_are_asked():
    values, rules, asked = column("date", ["2026-03-14", "9999-12-31", "2026-03-15"])
    assert (values, rules, asked) == ([dt.date(2026, 3, 14), None, dt.date(2026, 3, 15)], {}, {"blank"})
    values, rules, asked = column("id", ["1", "NULL", "3"])
    assert (values, rules, asked) == (["1", None, "3"], {3: "missing"}, {"blank"})


def test_rows_of_sums_are_set_aside_by_name():
    words = ["Total", "合计", "GRAND TOTAL", "小计", "总计：", "Sum"]
    values, rules, _ = column("id", ["1", *words, "Totalis"])
    assert values == ["1", *[None] * len(words), "Totalis"]
    assert set(rules.values()) == {"totals_row"}


def test_identifiers_cut_off_by_a_spreadsheet_are_asked():
    lost = ["110101199003070000", "110101199003071000"]
    assert column("id", lost)[2] == {"id_cut"}
    assert column("id", [*lost, "110101199003071234"])[2] == set()
    assert column("id", ["123456789012345678.0"])[1] == {2: "id_in_exponent"}


@pytest.mark.parametrize("style", [lambda v: f"{v:.1f}%", lambda v: f"{v:.1f} %".replace(".", ","), lambda v: wide(f"{v:.1f}%"), lambda v: f"{v / 100:.3f}"])  # fmt: skip
def test_shares(style):
    rng = random.Random(5)
    percents = [round(rng.uniform(0, 100), 1) for _ in range(40)]
    values, rules, asked = column("share", [style(each) for each in percents])
    assert values == [round(each / 100, 6) for each in percents]
    assert (rules, asked) == ({}, set())
