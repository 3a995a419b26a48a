"""The settings record: limits, versions, texts."""

from __future__ import annotations

from dataclasses import fields

import pytest

from cxlib.errors import CxError
from cxlib.store import SETTING_FIELDS, Settings


def test_the_defaults_are_those_of_the_definitions(store, own):
    settings = store.settings(own)
    assert (settings.months, settings.min_saving, settings.sla_s, settings.horizon) == (3, 0, 20, 3)
    assert (settings.min_group, settings.margin_share, settings.margin_wait) == (10, 0.05, 0.1)
    assert {"VIP", "金卡", "贵宾"} <= set(settings.status_words)


def test_each_save_is_a_version(store, own):
    store.save_settings(own, Settings(), "Ann")
    assert store.settings_history(own) == []
    store.save_settings(own, Settings(months=4), "Ann")
    store.save_settings(own, Settings(months=4), "Ann")
    store.save_settings(own, Settings(months=5, status_words=["至尊 ", "至尊"]), "")
    assert store.settings(own) == Settings(months=5, status_words=("至尊",))
    past = store.settings_history(own)
    assert [(each.number, each.who, each.settings.months) for each in past] == [(2, "local", 5), (1, "Ann", 4)]
    other = store.create(name="Other").id
    assert store.settings(other) == Settings()


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("months", 0, "setting_out_of_range"),
        ("months", 2.5, "setting_wrong_kind"),
        ("months", True, "setting_wrong_kind"),
        ("min_saving", -0.01, "setting_out_of_range"),
        ("min_saving", float("inf"), "setting_wrong_kind"),
        ("sla_s", "soon", "setting_wrong_kind"),
        ("margin_share", 5, "setting_out_of_range"),
        ("margin_wait", None, "setting_wrong_kind"),
        ("status_words", [1], "setting_wrong_kind"),
        ("status_words", ["x" * 61], "setting_out_of_range"),
    ],
)
def test_wrong_settings_are_named(name, value, code):
    with pytest.raises(CxError) as caught:
        Settings(**{name: value})
    assert (caught.value.code, caught.value.column) == (code, name)
    assert "{" not in str(caught.value)


def test_every_setting_can_be_asked_for():
    assert [field.name for field in SETTING_FIELDS] == [field.name for field in fields(Settings)]


def test_an_older_record_is_read_with_defaults_for_the_rest():
    assert Settings.from_dict({"months": 6, "gone": 1}) == Settings(months=6)
    assert Settings.from_dict(Settings(sla_s=30).as_dict()) == Settings(sla_s=30)
