"""Campaigns that were drawn up: who was offered what and who was held out, kept so that results can be read later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import sqlalchemy as sa

from cxlib.errors import CxError
from cxlib.store import history
from cxlib.store.catalogue import CAMPAIGNS, now
from cxlib.store.names import clean_who
from cxlib.store.reading import Tables, reading_of
from cxlib.store.refusals import said_clearly
from cxlib.store.results import as_table
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import pandas as pd
    import pyarrow as pa


@dataclass(frozen=True, kw_only=True)
class CampaignRecord:
    """A campaign of a data set: `version` is that of the data set it was drawn from, `record` how it was drawn."""

    number: int
    created_at: datetime
    who: str
    version: int
    record: dict[str, Any]
    rows: int


class Campaigns(Tables):
    """How campaigns are kept and taken out of a store. They never change, and go only with their data set."""

    def keep_campaign(
        self, dataset_id: str, campaign: pa.Table | pd.DataFrame, *, record: Mapping[str, Any], who: str = ""
    ) -> CampaignRecord:
        """Keep a campaign under the next number; the demo may have campaigns too.

        Parameters
        ----------
        campaign : table
            One row per customer, see `cxlib.matching.campaign`.
        record : mapping
            How it was drawn: goal, hold-out, seed, month and the like, as values for JSON.
        """
        with said_clearly(), self._files.writing(), self._files.desk() as desk:
            path = desk / "campaign.parquet"
            table = as_table(campaign)
            pq.write_table(table, path, compression="zstd", write_page_checksum=True)
            staged = self._files.stage_typed(path, desk)
            self._files.publish([staged])
            with self._catalogue.writing() as connection:
                version = history.data_set(connection, dataset_id).number
                of_it = CAMPAIGNS.c.dataset_id == dataset_id
                last = connection.scalar(sa.select(sa.func.max(CAMPAIGNS.c.number)).where(of_it))
                values = {
                    "number": (last or 0) + 1,
                    "created_at": now(),
                    "who": clean_who(who),
                    "version": version,
                    "record": dict(record),
                    "rows": table.num_rows,
                }
                kept = {"dataset_id": dataset_id, "sha256": staged.sha256, "bytes": staged.bytes}
                connection.execute(sa.insert(CAMPAIGNS).values(**values, **kept))
        return CampaignRecord(**values)

    def campaigns(self, dataset_id: str) -> list[CampaignRecord]:
        """Return the campaigns of a data set, the newest first."""
        wanted = sa.select(CAMPAIGNS).where(CAMPAIGNS.c.dataset_id == dataset_id).order_by(CAMPAIGNS.c.number.desc())
        with self._catalogue.reading() as connection:
            history.data_set(connection, dataset_id)
            rows = connection.execute(wanted).mappings().all()
        return [CampaignRecord(**{name: row[name] for name in CampaignRecord.__dataclass_fields__}) for row in rows]

    def load_campaign(self, dataset_id: str, number: int) -> pa.Table:
        """Return the customers of a campaign.

        Raises
        ------
        CxError
            ``no_campaign``, ``file_missing`` or ``file_damaged``.
        """
        wanted = sa.select(CAMPAIGNS.c.sha256).filter_by(dataset_id=dataset_id, number=number)
        with self._catalogue.reading() as connection:
            history.data_set(connection, dataset_id)
            sha256 = connection.scalar(wanted)
        if sha256 is None:
            raise CxError(
                "no_campaign",
                N_("This data set has no campaign {value}."),
                hint=N_("Draw one up first, or choose one that there is."),
                value=number,
            )
        path = self._files.typed_path(sha256)
        with reading_of(path):
            return pq.read_table(path, memory_map=True, page_checksum_verification=True)
