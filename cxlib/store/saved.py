"""What readers keep by name beside a data set: scenarios of a queue, views of a page; and the hints they have read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from cxlib.errors import CxError
from cxlib.store import history
from cxlib.store.catalogue import DISMISSED, SAVED, now
from cxlib.store.data_sets import DataSets
from cxlib.store.names import MAX_NAME, clean_text, clean_who
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

KINDS: Final = ("scenario", "view", "note")


@dataclass(frozen=True, kw_only=True)
class Saved:
    """One of `KINDS`: `version` is that of the data set when it was kept, `record` what it holds."""

    kind: str
    number: int
    name: str
    created_at: datetime
    who: str
    version: int
    record: dict[str, Any]


class SavedThings(DataSets):
    """How named things are kept in a store. They go only when somebody removes them, or with their data set."""

    def save_as(
        self, dataset_id: str, kind: str, name: str, *, record: Mapping[str, Any], who: str = "", replace: bool = False
    ) -> Saved:
        """Keep something under a name; the demo may have some too.

        Parameters
        ----------
        kind : str
            Of `KINDS`.
        name : str
            Unlike those of its kind but for notes, which may share one; case does not count.
        record : mapping
            Values for JSON.
        replace : bool
            Whether one of that name goes for it; without that it is refused.

        Raises
        ------
        CxError
            ``bad_saved_name``, ``saved_name_taken``, ``unknown_dataset``.
        """
        shown = " ".join(clean_text(name).split())
        if kind not in KINDS or not shown or len(shown) > MAX_NAME or not shown.isprintable():
            raise CxError(
                "bad_saved_name", N_("Give it a name of 1 to {length} characters."), value=name, length=MAX_NAME
            )
        with self._catalogue.writing() as connection:
            version = history.data_set(connection, dataset_id).number
            there = [each for each in _all(connection, dataset_id, kind) if each.name.casefold() == shown.casefold()]
            if there and kind != "note":
                if not replace:
                    raise CxError(
                        "saved_name_taken",
                        N_("There is one named {value} already."),
                        hint=N_("Choose another name."),
                        value=shown,
                    )
                connection.execute(_one(dataset_id, kind, there[0].number))
            of_kind = sa.and_(SAVED.c.dataset_id == dataset_id, SAVED.c.kind == kind)
            last = connection.scalar(sa.select(sa.func.max(SAVED.c.number)).where(of_kind))
            values: dict[str, Any] = {
                "kind": kind,
                "number": (last or 0) + 1,
                "name": shown,
                "created_at": now(),
                "who": clean_who(who),
                "version": version,
                "record": dict(record),
            }
            connection.execute(sa.insert(SAVED).values(dataset_id=dataset_id, **values))
        return Saved(**values)

    def saved(self, dataset_id: str, kind: str) -> list[Saved]:
        """Return what was kept of a kind, the newest first."""
        with self._catalogue.reading() as connection:
            history.data_set(connection, dataset_id)
            return _all(connection, dataset_id, kind)

    def remove_saved(self, dataset_id: str, kind: str, number: int) -> None:
        """Remove one; where it is gone already, nothing happens."""
        with self._catalogue.writing() as connection:
            history.data_set(connection, dataset_id)
            connection.execute(_one(dataset_id, kind, number))

    def dismiss(self, hint: str, who: str = "") -> None:
        """Note that somebody has read a hint, so that it is not shown to them again."""
        values = {"who": clean_who(who), "hint": clean_text(hint)}
        with self._catalogue.writing() as connection:
            connection.execute(sqlite.insert(DISMISSED).values(**values).on_conflict_do_nothing())

    def dismissed(self, who: str = "") -> set[str]:
        """Return the hints that somebody has read."""
        wanted = sa.select(DISMISSED.c.hint).where(DISMISSED.c.who == clean_who(who))
        with self._catalogue.reading() as connection:
            return set(connection.scalars(wanted))


def _all(connection: sa.Connection, dataset_id: str, kind: str) -> list[Saved]:
    wanted = (
        sa.select(SAVED)
        .where(SAVED.c.dataset_id == dataset_id, SAVED.c.kind == kind)
        .order_by(SAVED.c.created_at.desc(), SAVED.c.number.desc())
    )
    rows = connection.execute(wanted).mappings().all()
    return [Saved(**{name: row[name] for name in Saved.__dataclass_fields__}) for row in rows]


def _one(dataset_id: str, kind: str, number: int) -> sa.Delete:
    return sa.delete(SAVED).where(SAVED.c.dataset_id == dataset_id, SAVED.c.kind == kind, SAVED.c.number == number)
