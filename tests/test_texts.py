"""Every text that the code says is in every catalogue, and the search for gaps finds those that are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import catalogues
import pytest
from catalogues import LANGUAGES, ROOT, catalogue_path, problems, read_catalogue, texts_said, updated, write_catalogue

from cxlib import texts

if TYPE_CHECKING:
    from pathlib import Path

CODE = """
A = N_("Wait of {tier}")
def said(n, tier):
    return _("Passed by {who}", who=tier), _(A), ngettext("{n} contact", "{n} contacts", n)
"""
TRANSLATED = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

msgid "Wait of {tier}"
msgstr "{tier}的等待时间"

msgid "Passed by {who}"
msgstr "被{who}超越"

msgid "{n} contact"
msgid_plural "{n} contacts"
msgstr[0] "{n} 次联系"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that says three texts, all of them translated."""
    (tmp_path / "cxlib").mkdir()
    (tmp_path / "cxlib" / "said.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "zh.po").write_text(TRANSLATED, encoding="utf-8")
    return tmp_path


def found(project: Path, *changes: tuple[str, str]) -> list[str]:
    path = project / "zh.po"
    text = path.read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return problems(read_catalogue(path, "zh_CN"), texts_said(project))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_in_the_catalogue(language: str) -> None:
    path = catalogue_path(language)
    if not path.exists():
        pytest.skip("no catalogue yet")
    assert problems(read_catalogue(path, language), texts_said()) == []


def test_every_marked_text_can_be_read_and_filled_in() -> None:
    assert [*catalogues.unreadable(), *catalogues.unfillable(texts_said())] == []


def test_the_languages_are_those_of_the_product() -> None:
    assert {texts.DEFAULT_LANGUAGE, *LANGUAGES} == set(texts.LANGUAGES)
    assert catalogues.LOCALES == texts.LOCALES


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_is_kept_as_update_writes_it(language: str, tmp_path: Path) -> None:
    path = catalogue_path(language)
    if not path.exists():
        pytest.skip("no catalogue yet")
    catalogue = read_catalogue(path, language)
    write_catalogue(updated(catalogue, texts_said()), tmp_path / "again.po")
    assert (tmp_path / "again.po").read_text("utf-8") == path.read_text("utf-8"), "run: make texts"


def test_a_complete_catalogue_has_no_problems(project: Path) -> None:
    assert found(project) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("被{who}超越", ""), "not translated: 'Passed by {who}' (cxlib/said.py:4)"),
        (("{n} 次联系", ""), "not translated: '{n} contact' (cxlib/said.py:4)"),
        (("被{who}超越", "被{whom}超越"), "fills in ['whom'] and not ['who']: 'Passed by {who}' (cxlib/said.py:4)"),
        (("{n} 次联系", "若干次联系"), "fills in [] and not ['n']: '{n} contact' (cxlib/said.py:4)"),
        (("{tier}的", "{tier的"), "translation: expected '}' before end of string: 'Wait of {tier}' (cxlib/said.py:2)"),
        (('msgid "Passed', '#, fuzzy\nmsgid "Passed'), "marked fuzzy: 'Passed by {who}' (cxlib/said.py:4)"),
        (
            ("被{who}超越", "被{who}超越 "),
            "begins or ends with a space in one language only: 'Passed by {who}' (cxlib/said.py:4)",
        ),
    ],
)
def test_a_fault_is_named_with_its_place(project: Path, change: tuple[str, str], problem: str) -> None:
    assert found(project, change) == [problem]


def test_texts_missing_and_texts_no_longer_said_are_both_named(project: Path) -> None:
    assert found(project, ('msgid "Passed by {who}"', 'msgid "Passed over by {who}"')) == [
        "no code says it any more: 'Passed over by {who}'",
        "not in the catalogue: 'Passed by {who}' (cxlib/said.py:4)",
    ]


def test_an_update_keeps_translations_and_drops_what_nobody_says(project: Path) -> None:
    code = project / "cxlib" / "said.py"
    code.write_text(CODE.replace("Wait of {tier}", "Waits of {tier}"), encoding="utf-8")
    path = project / "new.po"
    write_catalogue(updated(read_catalogue(project / "zh.po", "zh_CN"), texts_said(project)), path)
    written = path.read_text("utf-8")
    assert "被{who}超越" in written
    assert "{n} 次联系" in written
    assert "的等待时间" not in written
    assert problems(read_catalogue(path, "zh_CN"), texts_said(project)) == [
        "not translated: 'Waits of {tier}' (cxlib/said.py:2)"
    ]


def test_an_update_of_what_is_complete_changes_nothing(project: Path) -> None:
    first, second = project / "first.po", project / "second.po"
    write_catalogue(updated(read_catalogue(project / "zh.po", "zh_CN"), texts_said(project)), first)
    write_catalogue(updated(read_catalogue(first, "zh_CN"), texts_said(project)), second)
    assert first.read_text("utf-8") == second.read_text("utf-8")


@pytest.mark.parametrize(
    "said", ['N_(f"Wait of {tier}")', 'N_("Wait of " + tier)', "N_(text)", '_(f"Passed by {who}")']
)
def test_a_text_put_together_at_run_time_is_refused(project: Path, said: str) -> None:
    (project / "cxlib" / "more.py").write_text(f"{said}\n", encoding="utf-8")
    assert catalogues.unreadable(project) == ["not a plain text: cxlib/more.py:1"]


def test_a_text_hidden_from_the_extraction_is_refused(project: Path) -> None:
    (project / "cxlib" / "more.py").write_text("f\"{_('Only here')}\"\n", encoding="utf-8")
    if "Only here" in texts_said(project):  # from Python 3.12 on, the tokens inside are seen
        pytest.skip("this Python sees texts inside f-strings")
    assert catalogues.unreadable(project) == ["hidden inside an f-string: cxlib/more.py:1"]


def test_a_text_marked_elsewhere_may_be_said(project: Path) -> None:
    (project / "cxlib" / "more.py").write_text("_(page.title)\n_(A)\n_(titles[0])\n", encoding="utf-8")
    assert catalogues.unreadable(project) == []


def test_the_code_that_is_searched_is_there() -> None:
    assert all((ROOT / source).exists() for source in catalogues.SOURCES)


def test_sentences_stand_apart_as_the_language_has_it() -> None:
    assert texts.sentences("One.", "", "Two.") == "One. Two."
    assert texts.sentences("一。", "二？", "三。", "Four.") == "一。二？三。Four."
    assert texts.sentences() == ""
