"""What in the data may turn a comparison upside down, said beside the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cxlib import formats
from cxlib.texts import _, sentences
from cxlib.ui import states
from cxlib.ui.queue_results import Queues, found_traps
from cxlib.ui.safe import safe
from cxlib.ui.show import Shown, rows

if TYPE_CHECKING:
    from cxlib.ui.tiers import TierNames

SAID_ABOVE: Final = frozenset({"label_trap", "no_tier_column", "one_tier", "no_ranks"})
"""What the finding itself says."""
ELSEWHERE: Final = frozenset({"agent_overlap"})
"""What changes no number of the line, only agents' time."""
OF_TIERS: Final = frozenset({"few_in_tier", "one_tier", "no_ranks"})
WITH_SHARE: Final = frozenset({"no_tier", "agent_overlap", "customer_overlap", "wait_unknown", "hour_doubled"})
NAMED: Final = frozenset({"label_trap_in_queue", "first_day_cut", "last_day_cut", "hour_missing", "hour_doubled"})
"""Of which the examples tell what is meant."""


def say(queues: Queues, tiers: TierNames) -> None:
    """Say the grave ones aloud."""
    found = found_traps(queues.scope, **queues.where)
    over = SAID_ABOVE | ELSEWHERE | ({"label_trap_in_queue"} if "label_trap" in set(found["code"]) else set())
    grave = found[found["warned"] & ~found["code"].isin(over)]
    if len(grave):
        states.note("  \n".join(_aloud(row, tiers) for row in grave.itertuples()))


def listed(queues: Queues, tiers: TierNames) -> None:
    """List all of them."""
    found = found_traps(queues.scope, **queues.where)
    if found.empty:
        return
    columns = {
        "said": Shown(_("What")),
        "n": Shown(_("Concerned"), "count"),
        "of": Shown(_("Of"), "count"),
        "examples": Shown(_("Examples")),
    }
    shown = found.assign(
        said=[_(text) for text in found["said"]],
        examples=[", ".join(_examples(row, tiers)) for row in found.itertuples()],
    )
    rows(shown, columns, name="data_notes", scope=queues.scope, key="traps", title=_("What to be careful about"))


def _aloud(row: Any, tiers: TierNames) -> str:
    code, n, of = row.code, row.n, row.of
    told = f"{_(row.said)}{_('.')}"
    if len(row.examples) and code in NAMED:
        told = _("{what}: {which}.", what=_(row.said), which=safe(formats.listed(_examples(row, tiers))))
    if code in WITH_SHARE and of:
        size = {"n": formats.number(n), "of": formats.number(of), "share": formats.share(n / of)}
        told = sentences(told, _("{n} of {of} ({share}).", **size))
    return told


def _examples(row: Any, tiers: TierNames) -> list[str]:
    examples = [str(each) for each in row.examples]
    return [tiers.say(each) for each in examples] if row.code in OF_TIERS else examples
