"""What became of those who were served: settled or not, how happy, and who left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from cxlib.demo import operator as op

if TYPE_CHECKING:
    from collections.abc import Sequence

ANSWERS_SHARE: Final = 0.4
CSAT_MEAN: Final = 3.6
CSAT_SPREAD: Final = 0.9
CSAT_PER_MINUTE: Final = -0.05
LEAVES_FROM_DAY: Final = 7
LEAVES_WITHIN_DAYS: Final = 88


def judge(random: np.random.Generator, contacts: pd.DataFrame, *, planted: bool = True) -> pd.DataFrame:
    """Add `settled_chance`, `resolved` and `csat` (1 to 5): missing where not served, csat also where not answered.

    Unless `planted`, all depends on the queue, the wait and chance alone.
    """
    n, served = len(contacts), ~contacts["abandoned"].to_numpy()
    usual = {queue.name: queue.settled for queue in op.QUEUES}
    top = planted & (contacts["tier"] == op.TOP_TIER).to_numpy()
    senior = planted & (contacts["need"] == "senior").to_numpy()
    passed_much = planted & (contacts["passed"].to_numpy() >= op.PASSED_MUCH)
    chance = contacts["queue"].map(usual).to_numpy() + op.RESOLVED_TOP * top + op.RESOLVED_SENIOR * senior
    resolved = random.random(n) < chance
    score = (
        CSAT_MEAN
        + op.CSAT_TOP * top
        + op.CSAT_ANSWERED * resolved
        + op.CSAT_PASSED * passed_much
        + CSAT_PER_MINUTE * contacts["wait_s"].to_numpy() / 60
        + CSAT_SPREAD * random.standard_normal(n)
    )
    answered = served & (random.random(n) < ANSWERS_SHARE)
    return contacts.assign(
        settled_chance=chance,
        resolved=pd.array(resolved, dtype="boolean"),
        csat=np.where(answered, np.clip(np.rint(score), 1, 5), np.nan),
    ).assign(resolved=lambda frame: frame["resolved"].mask(~served))


def leave_for_being_passed(
    random: np.random.Generator, people: pd.DataFrame, contacts: pd.DataFrame, *, share: float = op.LEAVING_PASSED
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Let some of those who were passed often leave within 90 days, and not before their last contact.

    `share` is that of those who do on account of it.

    Returns
    -------
    people : DataFrame
        With `left_on` brought forward.
    because : DataFrame
        `place`, `contact` (row of `contacts`), `left_on`: who left on account of which contact.
    """
    day = ((contacts["arrived_s"] + op.UTC_OFFSET_S) // 86_400).astype("int64").to_numpy()
    place = contacts["place"].to_numpy()
    last_contact = np.full(len(people), -1)
    np.maximum.at(last_contact, place, day)
    row = np.flatnonzero((contacts["passed"] >= op.PASSED_MUCH).to_numpy())
    row = row[random.random(row.size) < share]
    leaves = np.maximum(
        day[row] + random.integers(LEAVES_FROM_DAY, LEAVES_WITHIN_DAYS, row.size), last_contact[place[row]] + 1
    )
    anyway = people["left_on"].to_numpy().astype("datetime64[D]")[place[row]]
    date = leaves.astype("datetime64[D]")
    chosen = (leaves <= day[row] + 90) & ~(anyway <= date)
    because = pd.DataFrame({"place": place[row], "contact": row, "left_on": date})[chosen]
    because = because.drop_duplicates("place").reset_index(drop=True)
    left = people["left_on"].to_numpy().astype("datetime64[D]").copy()
    left[because["place"]] = because["left_on"].to_numpy().astype("datetime64[D]")
    return people.assign(left_on=left), because


def hide_labels(
    random: np.random.Generator, contacts: pd.DataFrame, *, queues: Sequence[op.Queue] = op.QUEUES
) -> pd.DataFrame:
    """Forget who some of those were who were served at once; `identified` says of whom it is known."""
    share = {queue.name: queue.unlabelled_share for queue in queues}
    at_once = contacts["wait_s"].to_numpy() == 0
    hidden = at_once & (random.random(len(contacts)) < contacts["queue"].map(share).to_numpy())
    return contacts.assign(identified=~hidden)
