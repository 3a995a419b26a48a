"""The synthetic operator as a data set of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cxlib.demo.build import CUSTOMERS, SEED, build_demo
from cxlib.demo.operator import ZONE
from cxlib.errors import CxError
from cxlib.store import Incoming

if TYPE_CHECKING:
    from cxlib.store import DataSet, Store

NAME: Final = "Demo operator"
TABLE_ORDER: Final = ("plans", "customers", "usage", "tiers", "contacts")


def install_demo(store: Store, *, seed: int = SEED, customers: int = CUSTOMERS, who: str = "") -> DataSet:
    """Build the demo and commit it where it is not there yet; return its data set.

    Two processes may do so at once: the later one finds the demo filled and leaves it.
    """
    there = _filled(store)
    if there is not None:
        return there
    demo = build_demo(seed=seed, customers=customers)
    incoming = [
        Incoming(table=name, data=demo.tables[name], file_name=f"{name} (made up)", mapping={"zone": ZONE})
        for name in TABLE_ORDER
    ]
    try:
        opened = store.create(name=NAME, who=who, demo=True)
        store.commit(opened.id, incoming, who=who)
    except CxError as refused:
        there = _filled(store)
        if there is None or refused.code not in {"demo_exists", "demo_read_only"}:
            raise
        return there
    return store.dataset(opened.id)


def _filled(store: Store) -> DataSet | None:
    return next((each for each in store.datasets() if each.demo and each.number > 0), None)
