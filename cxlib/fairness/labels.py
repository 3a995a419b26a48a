"""Words in names that tell customers their rank."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from cxlib.engine.frames import distinct, names, pandas, standard
from cxlib.store.settings import STATUS_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_IDEOGRAPHS: Final = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff"
_LETTER: Final = rf"[^\W\d_{_IDEOGRAPHS}]"
"""A letter of a script that puts blanks between words."""
_COLUMNS: Final = ["kind", "column", "name", "word", "shown", "suggestion_en", "suggestion_zh"]
_TOP: Final = ("Priority", "优先")
_LAST: Final = ("Regular", "普通")
_LEVELS: Final = "一二三四五六七八九十"


def check_labels(
    *, tiers: Any = None, contacts: Any = None, plans: Any = None, words: Iterable[str] = STATUS_WORDS
) -> pd.DataFrame:
    """Return the names of tiers, queues and plans that carry a status word, with neutral names instead.

    Parameters
    ----------
    tiers : table of tiers, optional
        The raw names, and the display names in both languages.
    contacts : frame, optional
        The typed table of contacts: queues, and tiers that the table of tiers does not have.
    plans : table of plans, optional
        Their names, or their ids where they have no name.
    words : iterable of str
        Status words, as in the settings.

    Returns
    -------
    pandas frame, one row per name and word
        kind (tier, queue or plan); column (``tier``, ``display_name_en``, ``display_name_zh``, ``queue``, ``name`` or
        ``plan_id``); name; word, as it stands in `words`; shown, whether charts show the name (a raw tier is hidden by
        a display name); suggestion_en, suggestion_zh: for a tier both display names, by its rank; for a queue or a
        plan the name without the word, in the language of the name, the other missing.

    Notes
    -----
    Case, width and accents do not matter. A word in letters counts as a whole word, so that *marigold* is not *gold*;
    digits and ideographs may touch it. A word in ideographs counts wherever it stands. Of words that overlap, the first
    and longest counts.
    """
    pattern, spelled = _pattern(words)
    rows = []
    if pattern is not None:
        for kind, column, name, shown, suggest in _names(tiers, contacts, plans):
            folded = _folded(name)
            for word in dict.fromkeys(found.group() for found in pattern.finditer(folded)):
                pair = suggest or _without(pattern, kind, name)
                rows.append((kind, column, name, spelled[word], shown, *pair))
    return pd.DataFrame(rows, columns=_COLUMNS)


def _pattern(words: Iterable[str]) -> tuple[re.Pattern[str] | None, dict[str, str]]:
    spelled = {_folded(word): word for word in words if _folded(word)}
    if not spelled:
        return None, spelled
    parts = []
    for word in sorted(spelled, key=len, reverse=True):
        before = rf"(?<!{_LETTER})" if re.match(_LETTER, word[0]) else ""
        after = rf"(?!{_LETTER})" if re.match(_LETTER, word[-1]) else ""
        parts.append(f"{before}{re.escape(word)}{after}")
    return re.compile("|".join(parts)), spelled


def _folded(text: str) -> str:
    """Return a text without what case, width, accents and runs of blanks add."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())


def _names(
    tiers: Any, contacts: Any, plans: Any
) -> Iterator[tuple[str, str, str, bool, tuple[str | None, str | None] | None]]:
    """Give kind, column, name, whether charts show it, and what to suggest if that is known by now."""
    known = _table(tiers, {"tier": "text", "rank": "number", "display_name_en": "text", "display_name_zh": "text"})
    neutral = _by_rank(known)
    for row, pair in zip(known.to_dict("records"), neutral, strict=True):
        has_names = not (pd.isna(row["display_name_en"]) or pd.isna(row["display_name_zh"]))
        for column in ("tier", "display_name_en", "display_name_zh"):
            if not pd.isna(row[column]):
                yield "tier", column, str(row[column]), column != "tier" or not has_names, pair
    if contacts is not None:
        for column in ("tier", "queue"):
            for name in _distinct(contacts, column):
                if column == "queue" or name not in set(known["tier"]):
                    yield column, column, name, True, (None, None) if column == "tier" else None
    if plans is not None:
        column = "name" if "name" in names(plans) else "plan_id"
        for name in _distinct(plans, column):
            yield "plan", column, name, True, None


def _by_rank(tiers: pd.DataFrame) -> list[tuple[str | None, str | None]]:
    """Return neutral display names of tiers, by the place of their rank; without a rank none is suggested."""
    levels = sorted(tiers["rank"].dropna().unique())
    out: list[tuple[str | None, str | None]] = []
    for rank in tiers["rank"]:
        place = None if pd.isna(rank) else levels.index(rank) + 1
        if place is None:
            out.append((None, None))
        elif place == 1:
            out.append(_TOP)
        elif place == len(levels):
            out.append(_LAST)
        else:
            out.append((f"Level {place}", f"{_LEVELS[place - 1] if place <= len(_LEVELS) else place}级"))
    return out


def _without(pattern: re.Pattern[str], kind: str, name: str) -> tuple[str | None, str | None]:
    """Return the name of a queue or plan without status words, in its own language."""
    chinese = re.search(f"[{_IDEOGRAPHS}]", name) is not None
    plain = unicodedata.normalize("NFKC", name)
    instead = (_TOP[chinese] if chinese else _TOP[0]) if kind == "queue" else ""
    whatever_case = re.compile(pattern.pattern, re.IGNORECASE)
    if not whatever_case.search(plain):  # an accent hides the word
        plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    kept = whatever_case.sub(instead, plain)
    kept = re.sub(r"\s+", " ", kept).strip(" -_·/")
    if not re.search(r"[^\W\d_]", kept):
        kept = f"套餐{kept}" if chinese else f"Plan {kept}".strip()
    return (None, kept) if chinese else (kept, None)


def _table(frame: Any, holds: Any) -> pd.DataFrame:
    return pandas(standard(pd.DataFrame(columns=list(holds)) if frame is None else frame, holds))


def _distinct(frame: Any, column: str) -> list[str]:
    if column not in names(frame):
        return []
    return [str(name) for name in distinct(standard(frame, {column: "text"}), column)]
