"""A campaign drawn, carried out and read back, by the command line alone."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from cxlib.cli import app
from cxlib.demo import build_demo
from cxlib.store import Incoming, Store

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a small demo under the name of Company, and one without plans."""
    home = tmp_path_factory.mktemp("home")
    demo = build_demo(customers=700, seed=3)
    with Store(home) as store:
        own = store.create(name="Company").id
        store.commit(own, [Incoming(table=name, data=demo.tables[name]) for name in ("plans", "customers", "usage")])
        bare = store.create(name="Bare").id
        store.commit(bare, [Incoming(table="usage", data=demo.tables["usage"])])
    return home


@pytest.fixture(autouse=True)
def home(company: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CXLIB_HOME", str(company))
    return company


def run(*arguments: Any, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(each) for each in arguments], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.output if code else result.stdout


def run_json(*arguments: Any, code: int = 0) -> dict[str, Any]:
    result = CliRunner().invoke(app, [*(str(each) for each in arguments), "--json"], catch_exceptions=False)
    assert result.exit_code == code, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def carried_out(rows: list[dict[str, str]], path: Path) -> Path:
    """Write what a campaign system would send back: the export's columns, and what became of each customer."""
    results = pd.DataFrame(rows)
    offer = results["group"] == "offer"
    place = results.groupby("group").cumcount()
    results["是否推荐"] = offer.map({True: "是", False: "否"})
    results["是否接受"] = (place % 4 == 0).map({True: "是", False: "否"}).where(offer, "")
    results["是否离网"] = ((place % 25 == 0) & offer | (place % 3 == 0) & ~offer).map({True: "是", False: "否"})
    results[["customer_id", "campaign", "group", "是否推荐", "是否接受", "是否离网"]].to_csv(path, index=False)
    return path


def test_a_campaign_from_draw_to_outcome(tmp_path: Path) -> None:
    out = tmp_path / "campaign.csv"
    found = run_json("campaign", "--data", "Company", "--hold-out", "0.2", "--seed", "7", "--out", out)
    rows = rows_of(out)
    assert len(rows) == found["customers"] == found["offer"] + found["hold_out_customers"] > 100
    assert sum(Decimal(row["expected_saving"]) for row in rows) == Decimal(str(found["saving"]))
    for by in ("all", "direction", "plans", "tier"):
        parts = [Decimal(str(each["given_up"])) for each in found["operator"] if each["by"] == by]
        assert sum(parts) == Decimal(str(found["saving"]))
    offered = [row for row in rows if row["group"] == "offer"]
    assert sum(Decimal(row["expected_saving"]) for row in offered) == Decimal(str(found["saving_offered"]))
    theirs = sum(Decimal(row["expected_saving"]) for row in rows if row["group"] == "hold_out")
    said = run("campaign", "--data", "Company", "--hold-out", "0.2", "--seed", "7", "--out", out, "--no-keep")
    assert f"{theirs:,.2f} of it is that of the held out, who get no offer." in said.splitlines()[0]
    assert sum(part["saving"] for part in found["by_direction"].values()) == pytest.approx(found["saving"])
    assert sum(found["excluded"].values()) + len(rows) == found["candidates"] == 700
    for tier in found["by_tier"]:
        n = tier["offer"] + tier["hold_out"]
        assert abs(tier["hold_out"] - 0.2 * n) < 1
        assert tier["offer"] == sum(row["tier"] == tier["tier"] for row in offered)
    directions = [row["direction"] for row in rows]
    assert directions == sorted(directions, reverse=True)  # under-provisioned first
    assert [int(row["rank"]) for row in rows] == list(range(1, len(rows) + 1))
    assert rows[0]["reason"].startswith("Expected to pay CN¥")

    told = [row | {"offered": "yes", "accepted": "no", "left": "no"} for row in rows]
    pd.DataFrame(told).to_csv(tmp_path / "export.csv", index=False)
    (checked,) = run_json("check", tmp_path / "export.csv")["files"]  # the export itself, with columns added
    assert (checked["table"], checked["set_aside"]) == ("offers", 0)

    results = carried_out(rows, tmp_path / "结果.csv")
    run("import", "--data", "Company", "--yes", f"offers={results}")
    read = run_json("outcomes", "--data", "Company")
    assert (read["campaign"], read["customers"], read["left_from"]) == (found["campaign"], len(rows), "file")
    (leaving,) = (row for row in read["outcomes"] if row["by"] == "all" and row["measure"] == "leaving")
    assert (leaving["offer_n"], leaving["hold_out_n"]) == (found["offer"], found["hold_out_customers"])
    assert leaving["verdict"] == "lower"
    assert read["warnings"] == []
    assert run_json("outcomes", "--data", "Company", "--results", results, "--yes")["outcomes"] == read["outcomes"]
    assert "Fewer left" in run("outcomes", "--data", "Company")
    assert "离网" in run("--lang", "zh_CN", "outcomes", "--data", "Company")


def test_the_same_seed_draws_the_same_and_the_store_keeps_what_was_drawn(tmp_path: Path, home: Path) -> None:
    drawn = []
    for name in ("one", "two"):
        out = tmp_path / f"{name}.csv"
        found = run_json(
            "campaign", "--data", "Company", "--goal", "fairness", "--seed", "3", "--most", "50", "--out", out
        )
        rows = rows_of(out)
        assert {row["campaign"] for row in rows} == {str(found["campaign"])}
        drawn.append([{name: value for name, value in row.items() if name != "campaign"} for row in rows])
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) == 50
    assert {row["direction"] for row in drawn[0]} == {"over_provisioned"}
    with Store(home) as store:
        own = next(each.id for each in store.datasets() if each.name == "Company")
        kept = store.campaigns(own)[0]
        assert (kept.record["goal"], kept.record["seed"], kept.record["most"], kept.rows) == ("fairness", 3, 50, 50)
        table = store.load_campaign(own, kept.number)
    assert table["customer_id"].to_pylist() == [row["customer_id"] for row in drawn[1]]
    assert table["group"].to_pylist() == [row["group"] for row in drawn[1]]
    before = kept.number
    found = run_json("campaign", "--data", "Company", "--no-keep", "--out", tmp_path / "x.csv")
    assert found["campaign"] is None
    with Store(home) as store:
        assert store.campaigns(own)[0].number == before


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_what_cannot_be_done_is_said(tmp_path: Path, language: str) -> None:
    out = tmp_path / "out.csv"
    for arguments, code in (
        (("campaign", "--data", "Company", "--hold-out", "1", "--out", out), "bad_setting"),
        (("campaign", "--data", "Nobody", "--out", out), "no_data_set"),
        (("campaign", "--data", "Bare", "--out", out), "missing_table"),
        (("campaign", "--data", "Company", "--as-of", "soon", "--out", out), "bad_month"),
        (("outcomes", "--data", "Bare"), "missing_table"),
        (("outcomes", "--data", "Bare", "--results", tmp_path / "none.csv"), "no_file"),
    ):
        said = run_json("--lang", language, *arguments, code=1)
        assert said["error"]["code"] == code
        assert not out.exists()


def test_results_without_a_campaign_or_a_group_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    path.write_text("customer_id,offered,left\n1,yes,no\n2,no,no\n", encoding="utf-8")
    assert run_json("outcomes", "--data", "Bare", "--results", path, code=1)["error"]["code"] == "no_group"
    path.write_text("customer_id,group,left\n1,offer,no\n2,hold_out,no\n", encoding="utf-8")
    found = run_json("outcomes", "--data", "Bare", "--results", path)
    assert (found["campaign"], found["customers"]) == (None, 2)
    assert [each["code"] for each in found["warnings"]] == ["hold_out_too_small"]
