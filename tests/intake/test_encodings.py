"""Chinese files in every usual encoding: each is decoded right, or asked about; damaged ones lose their bad rows."""

from __future__ import annotations

import random
from itertools import product
from typing import TYPE_CHECKING

import pytest

from cxlib.errors import CxError
from cxlib.intake import read_text_table
from cxlib.intake.encodings import decode, is_utf8

if TYPE_CHECKING:
    from collections.abc import Iterator

SIMPLIFIED = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自"
    "二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变"
    "套餐客户编号流量短信通话费用账单渠道等级贵宾坐席排队等待满意欠停机续约宽带漫游备注标准高级"
)
TRADITIONAL = (
    "的一是在不了有和人這中大為上個國我以要他時來用們生到作地於出就分對成會可主發年動同工也能下過子說產種面而方後多定行學法所民得經十三之進著等部度家電力裡如水化高自"
    "二理起小物現實加量都兩體制機當使點從業本去把性好應開它合還因由其些然前外天政四日那社義事平形相全表間樣與關各重新線內數正心反你明看原又麼利比或但質氣第向道命此變"
    "套餐客戶編號流量簡訊通話費用帳單渠道等級貴賓坐席排隊等待滿意欠停機續約寬頻漫遊備註標準高級"
)
ENCODINGS = {
    "utf-8": (SIMPLIFIED, False),
    "utf-8-sig": (SIMPLIFIED, False),
    "utf-16": (SIMPLIFIED, False),
    "utf-16-le": (SIMPLIFIED, True),
    "utf-16-be": (SIMPLIFIED, True),
    "gb18030": (SIMPLIFIED, True),
    "gbk": (SIMPLIFIED, True),
    "big5": (TRADITIONAL, True),
}
SIZES = (0, 1, 2, 5, 20, 200, 2000)
SHARES = (0.0, 0.02, 0.3, 1.0)
"""Share of the cells that are Chinese; with few of them the rest are numbers."""


def word(rng: random.Random, characters: str) -> str:
    return "".join(rng.choice(characters) for _ in range(rng.randint(1, 6)))


def tables(characters: str) -> Iterator[tuple[list[str], list[list[str]]]]:
    for size, share, chinese in product(SIZES, SHARES, (True, False)):
        rng = random.Random(size * 100 + share * 10 + chinese)  # noqa: S311
        width = rng.randint(2, 7)
        header = [f"{word(rng, characters)}{i}" if chinese else f"column_{i}" for i in range(width)]
        body = [
            [word(rng, characters) if rng.random() < share else f"{rng.randint(0, 99999)}" for _ in header]
            for _ in range(size)
        ]
        yield header, body


def as_text(rows: list[list[str]]) -> str:
    return "".join(",".join(row) + "\r\n" for row in rows)


def check_decoded(header: list[str], body: list[list[str]], encoding: str, *, may_ask: bool) -> None:
    text = read_text_table(as_text([header, *body]).encode(encoding))
    asked = [each.code for each in text.needs_confirmation]
    found = [list(row) for row in zip(*(text.table.column(name).to_pylist() for name in text.columns), strict=True)]
    right = text.columns == header and found == body
    assert right or "encoding" in asked, (encoding, text.encoding, header[:2])
    assert may_ask or asked == []
    if encoding in ("gb18030", "big5") and len(body) >= 20:
        assert right, (encoding, text.encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_four_hundred_chinese_files_are_decoded_right_or_asked_about(encoding):
    characters, may_ask = ENCODINGS[encoding]
    made = list(tables(characters))
    assert len(made) * len(ENCODINGS) >= 400
    for header, body in made:
        check_decoded(header, body, encoding, may_ask=may_ask)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_megabyte_of_chinese_is_decoded_right(encoding):
    characters, may_ask = ENCODINGS[encoding]
    rng = random.Random(5)  # noqa: S311
    body = [[word(rng, characters), f"{i:07d}", word(rng, characters), f"{i * 0.25:.2f}"] for i in range(30_000)]
    assert len(as_text(body).encode("utf-8")) > 1_000_000
    check_decoded([*"甲乙丙丁"], body, encoding, may_ask=may_ask)


ROWS = [[f"{i:06d}", "2026-03", "标准套餐", "按时缴费的客户"] for i in range(50)]
TEXT = "客户编号,月份,套餐,备注\n" + "".join(",".join(row) + "\n" for row in ROWS)


def rejected_of(data: bytes) -> tuple[str, list[tuple[int, str]], list[str]]:
    text = read_text_table(data)
    kept = [list(row) for row in zip(*(text.table.column(name).to_pylist() for name in text.columns), strict=True)]
    away = list(zip(text.rejected["row"].tolist(), text.rejected["rule"].tolist(), strict=True))
    assert kept == [row for i, row in enumerate(ROWS) if i + 2 not in dict(away)]
    return text.encoding, away, [each.code for each in text.needs_confirmation]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16", "utf-16-le"])
def test_a_character_cut_at_the_end_costs_its_row(encoding):
    cut = 2 if encoding == "gb18030" else 3 if encoding.startswith("utf-16") else 2
    found, away, asked = rejected_of(TEXT.encode(encoding)[:-cut])
    assert (found, away) == (encoding, [(51, "undecodable")])
    assert asked == ([] if encoding in ("utf-8", "utf-16") else ["encoding"])


def test_a_bad_byte_in_utf_8_names_its_row_and_the_file_stays_utf_8():
    data = bytearray(TEXT.encode())
    data[data.index("标".encode(), 600) + 1] = 0x41
    row = bytes(data[:600]).count(b"\n") + 1
    found, away, asked = rejected_of(bytes(data))
    assert (found, asked) == ("utf-8", [])
    assert [rule for _, rule in away] == ["undecodable"]
    assert away[0][0] in (row, row + 1)


def test_a_bad_byte_in_gbk_names_its_row():
    data = TEXT.encode("gbk").replace("标准".encode("gbk"), b"\xb1\xff\xd7\xbc", 1)
    assert rejected_of(data) == ("gb18030", [(2, "undecodable")], ["encoding"])


@pytest.mark.parametrize(("every", "most", "few"), [(10, "utf-8", "gbk"), (10, "gbk", "utf-8"), (2, "gbk", "utf-8")])
def test_lines_in_another_encoding_than_the_rest_are_set_aside_and_asked(every, most, few):
    lines = TEXT.splitlines(keepends=True)
    odd = [i for i in range(1, len(lines)) if i % every == every - 1]
    data = b"".join(line.encode(few if i in odd else most) for i, line in enumerate(lines))
    found, away, asked = rejected_of(data)
    assert found == {"gbk": "gb18030"}.get(most, most)
    assert away == [(i + 1, "undecodable") for i in odd]
    assert asked == ["encoding"]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_western_texts_of_old_are_asked_about(encoding):
    text = read_text_table("id,name\n1,Zoë Müller\n2,José\n3,Ann\n".encode(encoding))
    assert text.table.column("name").to_pylist() == ["Zoë Müller", "José", "Ann"]
    assert [each.code for each in text.needs_confirmation] == ["encoding"]


def test_the_runners_up_are_shown_with_texts_as_they_read_in_each():
    text = read_text_table(TEXT.encode("gbk"))
    assert [each.encoding for each in text.encodings][:2] == ["gb18030", "big5"]
    assert text.encodings[0].cells[:2] == ("客户编号", "月份")
    assert text.encodings[1].cells[0] not in TEXT
    asked = text.needs_confirmation[0]
    assert asked.options == tuple(each.encoding for each in text.encodings)
    assert read_text_table(TEXT.encode("gbk"), encoding="gb18030").needs_confirmation == []


def test_an_encoding_that_does_not_fit_is_refused():
    for data, encoding in ((TEXT.encode(), "big5"), (TEXT.encode("gbk"), "utf-8"), (b"a,b\n", "klingon")):
        with pytest.raises(CxError) as caught:
            decode(data, encoding=encoding)
        assert caught.value.code in ("wrong_encoding", "unknown_encoding")


def test_plain_utf_8_is_handed_on_without_a_copy():
    data = TEXT.encode() * 100
    assert decode(data).data is data
    assert is_utf8(data)
    assert not is_utf8(data[:-2])
