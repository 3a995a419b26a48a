"""How the wait of a group goes on: the share still not served after each length of wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cxlib.engine.frames import MICROSECONDS
from cxlib.fairness.contacts import prepare
from cxlib.fairness.groups import MIN_GROUP, By, grouped, keys_of
from cxlib.fairness.waits import service_steps

if TYPE_CHECKING:
    from collections.abc import Iterator


def wait_curves(
    contacts: Any, *, by: By = "tier", step_s: float = 5, until_s: float = 900, min_group: int = MIN_GROUP
) -> pd.DataFrame:
    """Return the share not yet served after each wait, by group, had nobody given up.

    Kaplan and Meier (1958) over queued contacts: service is the event; those who left, or wait still, are censored.

    Parameters
    ----------
    contacts : frame
        The typed table of contacts, or prepared contacts.
    by : str, list of str, or mapping
        Groups, as for `waits`.
    step_s, until_s : float
        Waits at which the curve is read, in seconds: 0, step_s, ... up to until_s, or to the longest wait.
    min_group : int
        Groups with fewer queued contacts are left out.

    Returns
    -------
    pandas frame
        The grouping columns, t_s (seconds), unserved (share, 1 at most) and n_at_risk (contacts still in line at t).
    """
    keys = keys_of(by)
    prepared = prepare(contacts, keep=keys)
    prepared.need(*keys)
    steps = service_steps(grouped(prepared.frame, by), keys)
    parts = list(_read(steps, keys, step_s=step_s, until_s=until_s, min_group=min_group))
    columns = [*keys, "t_s", "unserved", "n_at_risk"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _read(
    steps: pd.DataFrame, keys: list[str], *, step_s: float, until_s: float, min_group: int
) -> Iterator[pd.DataFrame]:
    for name, group in steps.groupby(keys, dropna=False, sort=False):
        n = group["n"].to_numpy(np.float64)
        if n.sum() < min_group:
            continue
        times = group["time_us"].to_numpy(np.float64) / MICROSECONDS
        at_risk = n.sum() - np.cumsum(n) + n
        unserved = np.cumprod(1 - group["event"].to_numpy(np.float64) / at_risk)
        read_at = np.arange(0, min(until_s, times[-1]) + step_s, step_s)
        before = np.searchsorted(times, read_at, side="right")
        values = name if isinstance(name, tuple) else (name,)
        yield pd.DataFrame(
            {
                **dict(zip(keys, values, strict=True)),
                "t_s": read_at,
                "unserved": np.concatenate([[1.0], unserved])[before],
                "n_at_risk": np.concatenate([at_risk, [0.0]])[np.searchsorted(times, read_at, side="left")].astype(
                    "int64"
                ),
            }
        )
