"""The few settings that change a number."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Final

from cxlib.errors import CxError
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

STATUS_WORDS: Final = (
    "VIP", "SVIP", "gold", "platinum", "silver", "bronze", "diamond", "premium", "elite", "black", "royal", "prestige",
    "贵宾", "金卡", "银卡", "白金", "铂金", "钻石", "黑卡", "至尊", "尊享", "尊贵", "豪华", "皇冠",
)  # fmt: skip
MAX_WORDS: Final = 200
MAX_WORD_LENGTH: Final = 60


@dataclass(frozen=True, kw_only=True)
class SettingField:
    """How a setting is asked for: label and help as texts for the catalogues, unit, inclusive limits."""

    name: str
    label: str
    about: str
    unit: str = ""
    minimum: float = 0.0
    maximum: float = math.inf
    whole: bool = False


SETTING_FIELDS: Final = (
    SettingField(
        name="months",
        label=N_("Months in a row"),
        about=N_("A customer is flagged when another plan was cheaper in each of this many months running."),
        unit="months",
        minimum=1,
        maximum=12,
        whole=True,
    ),
    SettingField(
        name="min_saving",
        label=N_("Least saving a month"),
        about=N_("The other plan must be cheaper by more than this in each of the months."),
        unit="money",
    ),
    SettingField(
        name="sla_s",
        label=N_("Served in time within"),
        about=N_("A contact served after this many seconds or fewer counts as served in time."),
        unit="s",
        maximum=86_400,
    ),
    SettingField(
        name="horizon",
        label=N_("Months to look ahead"),
        about=N_("A recommendation is the plan with the least expected cost over this many months."),
        unit="months",
        minimum=1,
        maximum=24,
        whole=True,
    ),
    SettingField(
        name="min_group",
        label=N_("Smallest group shown"),
        about=N_("A rate or average of fewer contacts is shown as too few."),
        unit="contacts",
        minimum=1,
        maximum=10_000,
        whole=True,
    ),
    SettingField(
        name="margin_share",
        label=N_("Margin for shares"),
        about=N_("A difference between two shares within this margin is of no practical weight."),
        unit="share",
        maximum=1,
    ),
    SettingField(
        name="margin_wait",
        label=N_("Margin for waits"),
        about=N_("A difference between two waits within this part of the wait is of no practical weight."),
        unit="share",
        maximum=1,
    ),
    SettingField(
        name="status_words",
        label=N_("Status words"),
        about=N_("Words in the names of tiers, queues and plans that tell customers their rank."),
    ),
)
FIELDS: Final = {field.name: field for field in SETTING_FIELDS}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one data set.

    Parameters
    ----------
    months : int
        Months in a row after which a mismatch is flagged.
    min_saving : float
        Saving a month, in the plans' currency, that must be exceeded.
    sla_s : float
        Wait in seconds that counts as in time.
    horizon : int
        Months that a recommendation looks ahead.
    min_group : int
        Contacts below which a rate is not shown.
    margin_share, margin_wait : float
        Differences without practical weight: of a share, and relative to a wait (both 0 to 1).
    status_words : tuple of str
        Words that make a name a badge of rank.

    Raises
    ------
    CxError
        ``setting_out_of_range`` or ``setting_wrong_kind``, naming the setting as `column`.
    """

    months: int = 3
    min_saving: float = 0.0
    sla_s: float = 20
    horizon: int = 3
    min_group: int = 10
    margin_share: float = 0.05
    margin_wait: float = 0.10
    status_words: tuple[str, ...] = STATUS_WORDS

    def __post_init__(self) -> None:
        for field in SETTING_FIELDS:
            if field.name != "status_words":
                object.__setattr__(self, field.name, _number(field, getattr(self, field.name)))
        object.__setattr__(self, "status_words", _words(self.status_words))

    def as_dict(self) -> dict[str, Any]:
        """Return the settings for JSON and for exports."""
        return asdict(self) | {"status_words": list(self.status_words)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Settings:
        """Return the settings kept by `as_dict`; what is missing takes its default, unknown names are left out."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})


@dataclass(frozen=True, kw_only=True)
class SettingsVersion:
    """One version of the settings of a data set."""

    number: int
    created_at: datetime
    who: str
    settings: Settings


def _number(field: SettingField, value: Any) -> int | float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if isinstance(value, bool) or not math.isfinite(number) or (field.whole and number != int(number)):
        raise CxError(
            "setting_wrong_kind",
            N_("{column} is {value}, which is not a whole number.")
            if field.whole
            else N_("{column} is {value}, which is not a number."),
            column=field.name,
            value=value,
        )
    if not field.minimum <= number <= field.maximum:
        raise CxError(
            "setting_out_of_range",
            N_("{column} is {value}; it must lie between {minimum} and {maximum}.")
            if math.isfinite(field.maximum)
            else N_("{column} is {value}; it must be {minimum} or more."),
            column=field.name,
            value=value,
            minimum=f"{field.minimum:g}",
            maximum=f"{field.maximum:g}",
        )
    return int(number) if field.whole else number


def _words(value: Any) -> tuple[str, ...]:
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list | tuple) or not all(isinstance(word, str) for word in words):
        raise CxError("setting_wrong_kind", N_("Status words are a list of words."), column="status_words", value=value)
    cleaned = tuple(dict.fromkeys(word.strip() for word in words if word.strip()))
    if len(cleaned) > MAX_WORDS or any(len(word) > MAX_WORD_LENGTH for word in cleaned):
        raise CxError(
            "setting_out_of_range",
            N_("At most {count} status words, each of at most {length} characters."),
            column="status_words",
            count=MAX_WORDS,
            length=MAX_WORD_LENGTH,
        )
    return cleaned
