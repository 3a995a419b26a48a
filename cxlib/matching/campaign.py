"""Whom to offer a better plan, in which order, with a random part of each tier held out."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from cxlib.engine import frames
from cxlib.errors import CxError
from cxlib.matching.months import month_number
from cxlib.matching.moves import directions, minor, traits_of
from cxlib.matching.people import NEVER, CustomerTable, segments_of
from cxlib.texts import N_

if TYPE_CHECKING:
    import datetime as dt

    from numpy.typing import NDArray

    from cxlib.matching.catalogue import Catalogue

Goal = Literal["retention", "fairness"]

OFFER: Final = "offer"
HOLD_OUT: Final = "hold_out"
ORDER: Final[dict[str, tuple[str, ...]]] = {
    "retention": ("under_provisioned", "sideways", "over_provisioned"),
    "fairness": ("over_provisioned", "sideways", "under_provisioned"),
}
"""Who comes first: those who pay for overage leave (Lambrecht and Skiera, JMR 2006); those on too large a plan pay
for what they do not use and mostly do not notice."""
EXCLUDED: Final = {
    "left": N_("No longer a customer"),
    "no_consent": N_("Does not want offers"),
    "not_enough_data": N_("Not enough data"),
    "not_reconciled": N_("Bills do not reconcile"),
    "contract": N_("Bound by a contract"),
    "cool_off": N_("Took the plan too recently to leave it"),
    "no_other_plan": N_("May take no other plan"),
    "stays": N_("Already on the plan that suits"),
    "not_flagged": N_("Not flagged for months running"),
    "small_saving": N_("Saving too small"),
    "not_sure": N_("Saving not sure enough"),
    "beyond_limit": N_("Beyond the size of the campaign"),
}
"""Why a customer is not in the campaign; the first that applies counts."""


def candidates(
    advice: Any,
    catalogue: Catalogue,
    *,
    customers: Any = None,
    fit: Any = None,
    withheld: Any = None,
    horizon: int = 3,
    min_saving: float = 0.0,
    least_p: float = 0.0,
    only_flagged: bool = False,
    left_by: dt.date | None = None,
) -> pd.DataFrame:
    """Say of each customer whether it may be offered a plan, and if not, why.

    Parameters
    ----------
    advice : frame
        Rows of `PlanRecommender.recommend`. A state other than "switch", "stay" and "not_enough_data" withholds the
        advice because bills do not reconcile.
    catalogue : Catalogue
    customers : frame, optional
        customer_id; tier?, need?, region?, left_on?, consent?, contract_end?, joined_on?
    fit : frame, optional
        Rows of `plan_fit`, for the column flagged.
    withheld : frame, optional
        Rows of `reconcile.withheld`: customers whose bills are not what the catalogue says.
    horizon : int
        Months that the money of the advice covers.
    min_saving : float
        Least expected saving a month, money, that must be exceeded.
    least_p : float
        Least P(saves).
    only_flagged : bool
        Keep to customers whom `fit` flags.
    left_by : date, optional
        Customers who left on this day or before are out; without it all whose leaving is known.

    Returns
    -------
    DataFrame
        One row per customer of the advice, in its order: customer_id, month, tier, need, region, plan_id,
        advised_plan_id, option_2_plan_id, option_3_plan_id (the safest bill and the most headroom, where they are
        other plans again than that held), direction, expected_saving and expected_bill over the horizon (rounded to the
        smallest unit of money), saving_minor and bill_minor (the same, int64, 0 where there is none), p_saves, strong,
        flagged (missing without `fit`), excluded (a key of `EXCLUDED`, missing where nothing stands against an offer).
    """
    rows = frames.pandas(advice).reset_index(drop=True)
    if only_flagged and fit is None:
        raise CxError("bad_setting", N_("Who is flagged is not known here."), hint=N_("Bring the flags as fit."))
    traits = traits_of(customers, rows["customer_id"], ("tier", "need", "region", "left_on", "consent"))
    switch = (rows["state"] == "switch").to_numpy()
    digits = catalogue.minor_digits
    saving = minor(rows["expected_saving"].where(switch, 0.0), digits)
    bill = minor(rows["expected_cost_held"].where(switch, 0.0), digits)
    flagged = _flagged(rows["customer_id"], fit)
    out = pd.DataFrame(
        {
            "customer_id": rows["customer_id"].astype("str"),
            "month": rows["month"],
            **{name: traits[name] for name in ("tier", "need", "region")},
            "plan_id": rows["plan_id"].astype("str"),
            "advised_plan_id": rows["advised_plan_id"].astype("str").where(switch),
            **_options(rows, switch),
            "direction": _ways(rows, switch, catalogue),
            "expected_saving": np.where(switch, saving / 10.0**digits, np.nan),
            "expected_bill": np.where(switch, bill / 10.0**digits, np.nan),
            "saving_minor": saving,
            "bill_minor": bill,
            "p_saves": rows["p_saves"].astype("float64"),
            "strong": rows["strong"].astype("boolean").fillna(False).astype(bool),
            "flagged": flagged,
        }
    )
    gone = traits["left_on"].notna()
    if left_by is not None:
        gone &= traits["left_on"] < pd.Timestamp(left_by) + pd.Timedelta(days=1)
    bound, cooling, nothing = _not_free(rows, catalogue, customers)
    doubtful = ~rows["state"].isin(["switch", "stay", "not_enough_data"])
    if withheld is not None:
        doubtful |= rows["customer_id"].isin(set(frames.pandas(withheld)["customer_id"].astype("str")))
    least = minor([min_saving * horizon], digits)[0]
    tests: dict[str, Any] = {
        "left": rows["left"].astype(bool) | gone,
        "no_consent": (~traits["consent"]).fillna(False).astype(bool),
        "not_enough_data": rows["state"] == "not_enough_data",
        "not_reconciled": doubtful,
        "contract": ~switch & bound,
        "cool_off": cooling,
        "no_other_plan": nothing,
        "stays": ~switch,
        "not_flagged": ~flagged.fillna(False).to_numpy(dtype=bool) if only_flagged else np.zeros(len(rows), dtype=bool),
        "small_saving": saving <= least,
        "not_sure": ~(out["p_saves"] >= least_p) if least_p > 0 else np.zeros(len(rows), dtype=bool),
    }
    why = pd.Series(np.select([np.asarray(test) for test in tests.values()], list(tests), default=""), dtype="str")
    return out.assign(excluded=why.where(why != ""))


def campaign(
    found: pd.DataFrame, *, goal: Goal = "retention", hold_out: float = 0.1, seed: int = 0, most: int | None = None
) -> pd.DataFrame:
    """Rank the candidates and hold out a random part of each tier.

    Parameters
    ----------
    found : DataFrame
        Of `candidates`.
    goal : {"retention", "fairness"}
        Under-provisioned customers first, or over-provisioned ones first; within a direction the largest expected
        saving, then the id.
    hold_out : float
        Share that gets no offer, 0 to under 1.
    seed : int
        Of the draw: the same customers and seed give the same groups, in whatever order the rows come.
    most : int, optional
        Customers in the campaign, the held out included.

    Returns
    -------
    DataFrame
        One row per customer of the campaign, by rank: rank (from 1), customer_id, group ("offer" or "hold_out"), tier,
        need, region, plan_id, advised_plan_id, option_2_plan_id, option_3_plan_id, direction, expected_saving,
        expected_bill, p_saves, strong, flagged, month, saving_minor, bill_minor.

    Notes
    -----
    Every customer is held out with the same probability `hold_out`. In each tier the number held out, and their
    number over all, differ from that share by less than one: a systematic sample (W. G. Madow and L. H. Madow, Annals
    of Mathematical Statistics 15, 1944) of the customers sorted by tier and, within it, by a hash of seed and id.
    """
    check_draw(goal, hold_out, most)
    chosen = found[found["excluded"].isna()]
    place = chosen["direction"].map({way: k for k, way in enumerate(ORDER[goal])})
    ordered = chosen.assign(_place=place, _less=-chosen["saving_minor"])
    ordered = ordered.sort_values(["_place", "_less", "customer_id"], kind="stable", ignore_index=True)
    ordered = ordered if most is None else ordered.head(most)
    held = drawn(ordered["customer_id"], ordered["tier"], share=hold_out, seed=seed)
    ordered["group"] = pd.Series(np.where(held, HOLD_OUT, OFFER), dtype="str")
    ordered["rank"] = np.arange(1, len(ordered) + 1)
    return ordered[list(COLUMNS)]


def check_draw(goal: str, hold_out: float, most: int | None) -> None:
    """Refuse what `campaign` cannot draw by."""
    if goal not in ORDER:
        raise CxError("bad_setting", N_("The goal is retention or fairness, not {value}."), value=goal)
    if not 0 <= hold_out < 1:
        raise CxError("bad_setting", N_("A hold-out is a share from 0 to under 1, not {value}."), value=hold_out)
    if most is not None and most < 0:
        raise CxError("bad_setting", N_("A campaign has 0 customers or more, not {value}."), value=most)


COLUMNS: Final = (
    "rank", "customer_id", "group", "tier", "need", "region", "plan_id", "advised_plan_id", "option_2_plan_id",
    "option_3_plan_id", "direction", "expected_saving", "expected_bill", "p_saves", "strong", "flagged", "month",
    "saving_minor", "bill_minor",
)  # fmt: skip


def drawn(ids: pd.Series[str], tiers: pd.Series[str], *, share: float, seed: int) -> NDArray[np.bool_]:
    """Return whether each customer is held out, see `campaign`; a missing tier is a tier of its own."""
    keys = np.array([_hash(seed, each) for each in ids], dtype=np.uint64)
    tier = tiers.fillna("").astype("str").to_numpy(dtype=object)
    order = np.lexsort((ids.to_numpy(dtype=object).astype(str), keys, tier.astype(str), tiers.isna().to_numpy()))
    start = np.random.default_rng(seed).random()
    steps = np.floor(np.arange(len(ids) + 1) * share + start)
    out = np.zeros(len(ids), dtype=bool)
    out[order] = np.diff(steps) > 0
    return out


def exclusions(found: pd.DataFrame, drawn_up: pd.DataFrame | None = None) -> pd.DataFrame:
    """Count who is not in a campaign, and why.

    Returns
    -------
    DataFrame
        One row per reason that applies to anyone, in the order of `EXCLUDED`: reason, customers, saving_minor (what is
        expected to be saved by those of them who are advised to switch). With the campaign, those beyond its size too.
        Customers of the campaign and of all reasons together are those of `found`.
    """
    excluded = found["excluded"]
    if drawn_up is not None:
        beyond = excluded.isna() & ~found["customer_id"].isin(drawn_up["customer_id"])
        excluded = excluded.where(~beyond, "beyond_limit")
    counted = found.groupby(excluded)["saving_minor"].agg(["size", "sum"])
    counted = counted.reindex([reason for reason in EXCLUDED if reason in counted.index])
    return pd.DataFrame(
        {
            "reason": pd.Series(counted.index, dtype="str"),
            "customers": counted["size"].to_numpy(dtype=np.int64),
            "saving_minor": counted["sum"].to_numpy(dtype=np.int64),
        }
    )


def campaign_curve(drawn_up: pd.DataFrame, *, points: int = 500) -> pd.DataFrame:
    """Set the size of a campaign against its value: what is reached by contacting the first n customers.

    Returns
    -------
    DataFrame
        At most about `points` rows, the last one for the whole campaign: contacted (customers offered a plan, in order
        of rank; the held out are not), saving_minor (what they are expected to save, which is what the operator gives
        up), share (of the whole campaign's saving), bill_minor (on the plans held: the revenue that is talked about).
    """
    offered = drawn_up[drawn_up["group"] == OFFER].sort_values("rank", kind="stable")
    n = len(offered)
    at = np.unique(np.linspace(1, n, min(n, points)).round().astype(np.int64)) if n else np.zeros(0, np.int64)
    saving, bill = (offered[name].to_numpy(dtype=np.int64).cumsum()[at - 1] for name in ("saving_minor", "bill_minor"))
    share = saving / saving[-1] if n and saving[-1] else np.full(len(at), np.nan)
    return pd.DataFrame({"contacted": at, "saving_minor": saving, "share": share, "bill_minor": bill})


def _hash(seed: int, customer_id: str) -> int:
    found = blake2b(customer_id.encode("utf-8", "surrogatepass"), digest_size=8, key=str(seed).encode())
    return int.from_bytes(found.digest(), "big")


def _flagged(ids: pd.Series[str], fit: Any) -> pd.Series[Any]:
    if fit is None:
        return pd.Series(pd.array([pd.NA] * len(ids), dtype="boolean"))
    known = frames.pandas(fit)
    return ids.isin(known.loc[known["state"] == "flagged", "customer_id"]).astype("boolean")


def _options(rows: pd.DataFrame, switch: NDArray[np.bool_]) -> dict[str, pd.Series[str]]:
    """Return the second and third plan to offer: the safest and that with most headroom, each plan once."""
    held, first, safest, roomy = (
        rows[name].astype("str").where(switch)
        for name in ("plan_id", "advised_plan_id", "safest_plan_id", "headroom_plan_id")
    )
    safest = safest.where((safest != held) & (safest != first))
    roomy = roomy.where((roomy != held) & (roomy != first) & (roomy != safest))
    return {"option_2_plan_id": safest.fillna(roomy), "option_3_plan_id": roomy.where(safest.notna())}


def _ways(rows: pd.DataFrame, switch: NDArray[np.bool_], catalogue: Catalogue) -> pd.Series[str]:
    moving = rows[switch]
    found = directions(moving["plan_id"], moving["advised_plan_id"], moving["month"], catalogue)
    return found.reindex(rows.index).astype("str")


def _not_free(
    rows: pd.DataFrame, catalogue: Catalogue, customers: Any
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return who is bound by a contract, who by a plan that was just taken, and who may take no other plan at all."""
    ids = pa.array(rows["customer_id"], pa.large_string())
    people = CustomerTable(customers).look_up(ids, plan_ids=catalogue.plan_ids, segments=segments_of(catalogue))
    codes, known = pd.MultiIndex.from_arrays([rows["plan_id"].astype("str"), rows["month"]]).factorize()
    versions = [catalogue.version(str(plan), month_number(month)) for plan, month in known]
    month = np.array([0, *(month_number(each) for _, each in known)], dtype=np.int64)[codes + 1]
    cool_off = np.array([0, *(0 if each is None else each.cool_off_months for each in versions)], dtype=np.int64)
    nothing = ((rows["state"] == "stay") & rows["interval_low"].isna()).to_numpy()
    recent = (people.since == NEVER) | (month - people.since < cool_off[codes + 1])
    return people.free > month, nothing & (cool_off[codes + 1] > 0) & recent, nothing
