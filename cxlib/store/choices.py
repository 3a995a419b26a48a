"""What people chose: settings by data set, and columns by headers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import sqlalchemy as sa

from cxlib.store.catalogue import MAPPINGS, SETTINGS, now
from cxlib.store.settings import Settings, SettingsVersion

if TYPE_CHECKING:
    from collections.abc import Iterable


def settings_history(connection: sa.Connection, dataset_id: str) -> list[SettingsVersion]:
    """Return all settings that were saved for a data set, the newest first."""
    wanted = sa.select(SETTINGS).where(SETTINGS.c.dataset_id == dataset_id).order_by(SETTINGS.c.number.desc())
    return [
        SettingsVersion(
            number=row["number"],
            created_at=row["created_at"],
            who=row["who"],
            settings=Settings.from_dict(row["record"]),
        )
        for row in connection.execute(wanted).mappings()
    ]


def save_settings(connection: sa.Connection, dataset_id: str, settings: Settings, who: str) -> None:
    """Put settings in force; the same ones again change nothing."""
    past = settings_history(connection, dataset_id)
    if settings == (past[0].settings if past else Settings()):
        return
    connection.execute(
        sa.insert(SETTINGS).values(
            dataset_id=dataset_id,
            number=len(past) + 1,
            created_at=now(),
            who=who,
            record=settings.as_dict(),
        )
    )


def remember_mapping(connection: sa.Connection, headers: Iterable[str], table: str, mapping_json: str) -> None:
    """Keep a mapping in place of the one before for this set of headers."""
    key = {"headers": _header_key(headers), "table": table}
    values = {"mapping": json.dumps(json.loads(mapping_json), ensure_ascii=False), "used_at": now()}
    connection.execute(sa.delete(MAPPINGS).filter_by(**key))
    connection.execute(sa.insert(MAPPINGS).values(**key, **values))


def recall_mapping(connection: sa.Connection, headers: Iterable[str], table: str) -> str | None:
    """Return the mapping last kept for this set of headers, as JSON."""
    wanted = sa.select(MAPPINGS.c.mapping).filter_by(headers=_header_key(headers), table=table)
    found: str | None = connection.scalar(wanted)
    return found


def _header_key(headers: Iterable[str]) -> str:
    return json.dumps(sorted(set(headers)), ensure_ascii=False)
