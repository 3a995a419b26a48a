"""The command line: the same numbers as the pages, and a word for whatever is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from cxlib import formats
from cxlib.cli import app
from cxlib.demo import build_demo
from cxlib.store import Incoming, Store

MAPPINGS = Path(__file__).parent / "mappings"
RANKS = ["--rank", "2=1", "--rank", "0=2", "--rank", "1=2"]
PLANS = "plan_id,monthly_fee,included_minutes,overage_price_minutes\nS,10,100,0.10\nL,30,1000,0.10\n"
USAGE = "customer_id,month,plan_id,minutes\n" + "".join(f"007,2026-{m:02d},S,400\n" for m in (1, 2, 3))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CXLIB_HOME", str(tmp_path / "home"))
    return tmp_path


def run(*arguments: Any, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(each) for each in arguments], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.stdout


def run_json(*arguments: Any, code: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(*arguments, "--json", code=code))
    return found


def written(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.fixture
def megaline(real_data: Path) -> list[Path]:
    return [
        real_data / "megaline" / f"megaline_{name}.csv" for name in ("users", "plans", "calls", "internet", "messages")
    ]


@pytest.mark.real_data
def test_megaline_from_its_five_files(megaline: list[Path]) -> None:
    run("import", "--new", "Megaline", "--yes", *megaline)
    found = run_json("match", "--data", "Megaline")
    assert (found["customer_months"], found["customers"], found["customers_with_window"]) == (2293, 490, 330)
    assert (found["paid"], found["cheapest"]) == (147557.18, 105625.66)
    assert [each["all_on"] for each in found["plans"]] == [141250.07, 165249.00]
    assert [(each["mismatched"], each["ties"]) for each in found["plans"]] == [(490, 36), (479, 10)]
    assert (found["flagged_any_window"], found["flagged_own_last"], found["flagged"]) == (110, 79, 76)
    assert found["saving"] == 12226.86
    assert found["by_direction"] == {
        "under_provisioned": {"flagged": 31, "saving": 7029.24},
        "over_provisioned": {"flagged": 45, "saving": 5197.62},
    }
    assert [each["standing"] for each in found["standing"]][4:] == [6, 12, 23, 33, 42, 54, 66, 76]


@pytest.mark.real_data
def test_megaline_with_absent_months_as_zero(megaline: list[Path]) -> None:
    run("import", "--new", "Megaline", "--yes", *megaline)
    found = run_json("match", "--data", "Megaline", "--absent", "zero")
    assert (found["customer_months"], found["customers"], found["paid"]) == (3313, 500, 184403.67)
    assert [each["mismatched"] for each in found["plans"]] == [482, 831]
    assert (found["flagged_any_window"], found["flagged"], found["saving"]) == (153, 95, 14762.83)


@pytest.mark.real_data
@pytest.mark.parametrize(("least", "flagged"), [(5, 75), (10, 67)])
def test_megaline_with_a_least_saving(megaline: list[Path], least: float, flagged: int) -> None:
    run("import", "--new", "Megaline", "--yes", *megaline)
    assert run_json("match", "--data", "Megaline", "--min-saving", least)["flagged"] == flagged


@pytest.mark.real_data
def test_megaline_rolled_up_and_matched_without_the_store(megaline: list[Path], home: Path) -> None:
    users, plans, calls, internet, messages = megaline
    events = [f"minutes={calls}", f"data_mb={internet}", f"sms={messages}"]
    out = home / "usage.csv"
    rolled = run_json("rollup", *events, "--round", "minutes=1", "--out", out, "--yes")
    assert (rolled["rows"], rolled["customers"]) == (2293, 490)
    found = run_json("match", "--usage", out, "--plans", plans, "--customers", users, "--yes")
    assert (found["paid"], found["flagged"], found["saving"]) == (147557.18, 76, 12226.86)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("pool", "passes", "vip_over_regular"),
    [("one", 7371, 4902), ("within", 1932, 1442)],
    ids=["one pool", "within type"],
)
def test_the_bank_s_queue(real_data: Path, pool: str, passes: int, vip_over_regular: int) -> None:
    calls = real_data / "anonymous_bank" / "calls_1999_02.txt"
    mapping = ["--mapping", f"contacts={MAPPINGS / 'bank_calls.json'}"]
    found = run_json("fairness", calls, *mapping, *RANKS, "--pool", pool, "--passers", "queued")
    waits = {each["tier"]: each for each in found["waits"]}
    assert [waits[tier]["n_queued"] for tier in ("0", "1", "2")] == [5023, 4238, 8766]
    assert [round(waits[tier]["mean_wait_s"], 3) for tier in ("0", "1", "2")] == [106.066, 81.401, 67.219]
    assert [round(waits[tier]["sla_60"], 5) for tier in ("0", "1", "2")] == [0.26797, 0.40538, 0.54803]
    assert [round(waits[tier]["abandonment"], 5) for tier in ("0", "1", "2")] == [0.42166, 0.21496, 0.10301]
    pairs = {(each["passer"], each["passed"]): each["passes"] for each in found["overtakes"]}
    assert found["passes"] == passes
    assert pairs["2", "0"] + pairs["2", "1"] == vip_over_regular
    assert found["label_trap"]["warned"] is True
    assert round(found["label_trap"]["total_variation"], 3) == 0.687
    assert "label_trap" in {each["code"] for each in found["traps"]["rows"]}
    if pool == "within":
        (theta,) = (e for e in found["head_starts"]["rows"] if (e["queue"], e["tier"]) == ("PS", "2"))
        assert theta["theta_s"] == 89


@pytest.mark.real_data
def test_the_bank_s_rule_simulated_beside_its_log(real_data: Path) -> None:
    calls = real_data / "anonymous_bank" / "calls_1999_02.txt"
    mapping = ["--mapping", f"contacts={MAPPINGS / 'bank_calls.json'}"]
    groups = ["--group", "2=VIP", "--group", "1=regular", "--group", "0=regular"]
    rules = ["--rule", "head_start=90", "--rule", "fcfs"]
    found = run_json("simulate", calls, *mapping, *RANKS, *groups, *rules, "--sla", 60)
    assert (found["classes"], found["fit"]["kind"], found["beside"]["verdict"]) == (
        ["VIP", "regular"],
        "head_start",
        "fair",
    )
    seen = {(row["class"], row["indicator"]): row["observed"] for row in found["beside"]["rows"]}
    assert [round(seen[tier, "mean_wait_s"], 3) for tier in ("VIP", "regular")] == [67.219, 92.898]
    assert [round(seen[tier, "sla"], 5) for tier in ("VIP", "regular")] == [0.54803, 0.33085]
    assert [row["policy"] for row in found["frontier"]] == ["in_force", "head_start=90", "fcfs"]


def test_rules_for_the_demo_from_the_command_line(demo_contacts: list[Any]) -> None:
    short = ["--queue", "billing", "--replications", 2]
    found = run_json("simulate", *demo_contacts, *short, "--rule", "courtesy+head_start=60", "--agents", 1)
    assert found["fit"]["kind"] == "head_start"
    assert [row["policy"] for row in found["frontier"]] == ["in_force", "courtesy+head_start=60"]
    assert "现行规则" in run("--lang", "zh_CN", "simulate", *demo_contacts, *short, "--rule", "strict")
    promised = ["--promise", "贵宾:sla=0.4", "--promise", "*:abandonment=0.5", "--rule", "fcfs"]
    found = run_json("simulate", *demo_contacts, *short, *promised, "--sla", 60, "--solve", "head_start")
    assert [row["bound"] for row in found["promised"]["fcfs"]] == [0.4, 0.5]
    (solved,) = found["solved"]
    assert solved["value"] is not None
    assert all(row["kept"] for row in solved["kept"])
    run("simulate", *demo_contacts, *short, "--rule", "nothing", code=1)
    run("simulate", *demo_contacts, *short, "--promise", "sla", code=1)
    run("simulate", *demo_contacts, *short, "--solve", "agents", code=1)
    run("simulate", *demo_contacts, "--queue", "nowhere", code=1)


@pytest.fixture(scope="module")
def demo_contacts(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    folder = tmp_path_factory.mktemp("contacts")
    demo = build_demo(seed=5, customers=400)
    for name in ("contacts", "tiers"):
        pq.write_table(demo.tables[name], folder / f"{name}.parquet")
    return [folder / "contacts.parquet", "--tiers", folder / "tiers.parquet", "--yes", "--zone", "Asia/Shanghai"]


def test_fairness_of_the_demo_from_gaps_to_names(demo_contacts: list[Any]) -> None:
    found = run_json("fairness", *demo_contacts)
    for name in ("gaps", "substance", "head_starts", "cost", "hours"):
        assert found[name]["refused"] is None
        assert found[name]["rows"]
    assert all(each["like_low"] <= each["like"] <= each["like_high"] for each in found["gaps"]["rows"][:1])
    said = run("--lang", "zh_CN", "fairness", *demo_contacts)
    assert "同口径的差距" in said
    assert "各等级是否名副其实？" in said


@pytest.mark.usefixtures("home")
def test_fairness_of_a_data_set_is_told_by_the_clock_of_its_file(demo_contacts: list[Any]) -> None:
    with Store() as store:
        opened = store.create(name="Mine").id
        coming = [
            Incoming(table="contacts", data=pq.read_table(demo_contacts[0]), mapping={"zone": "Asia/Shanghai"}),
            Incoming(table="tiers", data=pq.read_table(demo_contacts[2])),
        ]
        store.commit(opened, coming)
    told, local, utc = (
        {row["period"] for row in run_json("fairness", "--data", "Mine", *zone)["hours"]["rows"]}
        for zone in ([], ["--zone", "Asia/Shanghai"], ["--zone", "UTC"])
    )
    assert told == local
    assert {(hour + 8) % 24 for hour in utc} == local


def test_fairness_without_ranks_says_so_and_goes_on(demo_contacts: list[Any]) -> None:
    bare = [each for each in demo_contacts if each != "--tiers" and not str(each).endswith("tiers.parquet")]
    found = run_json("fairness", *bare)
    assert found["substance"]["refused"]["code"] == "no_ranks"
    assert found["gaps"]["rows"]


def test_fairness_without_times_of_waits_is_refused(home: Path) -> None:
    calls = written(home, "calls.csv", "contact_id,tier,arrived_at\n1,a,2026-03-02T09:00:00Z\n")
    run("fairness", calls, "--yes", code=1)


def test_a_small_company_from_files(home: Path) -> None:
    usage, plans = written(home, "usage.csv", USAGE), written(home, "plans.csv", PLANS)
    out = home / "flagged.csv"
    found = run_json("match", "--usage", usage, "--plans", plans, "--out", out)
    # S: 10 + 300 x .10 = 40 a month; L: 30.
    assert (found["paid"], found["flagged"], found["saving"]) == (120.0, 1, 30.0)
    assert "007" in out.read_text("utf-8-sig")


def test_text_for_people_is_in_their_language(home: Path) -> None:
    usage, plans = written(home, "usage.csv", USAGE), written(home, "plans.csv", PLANS)
    assert "Flagged: 1" in run("--lang", "en", "match", "--usage", usage, "--plans", plans)


def test_what_is_wrong_with_a_file_is_named_with_its_row(home: Path) -> None:
    usage = written(
        home, "usage.csv", "customer_id,month,plan_id,minutes\n1,2026-13,S,4\n2,2026-01,S,many\n3,2026-01,S,5\n"
    )
    found = run_json("check", f"usage={usage}", code=1)["files"][0]
    assert (found["rows_in_file"], found["loaded"], found["set_aside"]) == (3, 1, 2)
    named = {(each["rule"], each["column"], each["rows"]) for each in found["problems"]}
    assert ("no_such_month", "month", "2") in named
    assert ("not_a_number", "minutes", "3") in named
    assert all(each["hint"] for each in found["problems"])


def test_a_plan_that_the_catalogue_lacks_is_named_with_its_row(home: Path) -> None:
    usage, plans = written(home, "usage.csv", USAGE + "8,2026-01,XXL,5\n"), written(home, "plans.csv", PLANS)
    found = run_json("check", f"usage={usage}", f"plans={plans}", code=1)["files"][0]
    problem = next(each for each in found["problems"] if each["rule"] == "unknown_plan")
    assert (problem["rows"], problem["examples"], found["set_aside"]) == ("5", "XXL", 1)


def test_rejected_rows_are_written_with_their_reasons(home: Path) -> None:
    usage = written(home, "usage.csv", "customer_id,month,plan_id,minutes\n1,2026-13,S,4\n3,2026-01,S,5\n")
    run("check", f"usage={usage}", "--rejects", home / "aside", code=1)
    text = (home / "aside" / "usage.set_aside.csv").read_text("utf-8-sig")
    assert text.splitlines()[1].startswith("2,no_such_month")


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("no_plan_fee.csv", "plan_id,colour\nS,red\n", "missing_column"),
        ("report.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "other_kind"),
        ("empty.csv", "", "empty_file"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_name(home: Path, name: str, content: str | bytes, code: str) -> None:
    path = written(home, name, content)
    error = run_json("check", f"plans={path}", code=1)["error"]
    assert error["code"] == code
    assert error["message"]
    assert error["hint"]


def test_a_file_that_is_not_there(home: Path) -> None:
    assert run_json("check", home / "nothing.csv", code=1)["error"]["code"] == "no_file"


def test_nothing_uncertain_is_imported_without_a_word(home: Path) -> None:
    contacts = written(
        home, "contacts.csv", "contact_id,tier,arrived_at,wait_s,outcome\n1,a,2026-03-01 09:00:00,5,served\n"
    )
    error = run_json("import", "--new", "A", f"contacts={contacts}", code=1)["error"]
    assert error["code"] == "not_confirmed"
    assert run_json("import", "--new", "A", f"contacts={contacts}", "--zone", "Asia/Shanghai")["version"] == 1


def test_a_refused_import_leaves_no_data_set_behind(home: Path) -> None:
    plans = written(home, "plans.csv", "plan_id,colour\nS,red\n")
    run("import", "--new", "A", f"plans={plans}", code=1)
    error = run_json("match", "--data", "A", code=1)["error"]
    assert error["code"] == "no_data_set"


def test_an_import_without_a_target_is_refused(home: Path) -> None:
    plans = written(home, "plans.csv", PLANS)
    assert run_json("import", plans, code=1)["error"]["code"] == "no_target"


def test_events_in_parts_keep_every_month_active(home: Path) -> None:
    plans = written(home, "plans.csv", PLANS.replace("minutes", "sms"))
    calls = written(home, "calls.csv", "customer_id,call_date,duration\n1,2026-01-05,3.2\n")
    texts = written(home, "messages.csv", "customer_id,message_date\n1,2026-01-07\n2,2026-02-01\n")
    run("import", "--new", "A", "--yes", f"plans={plans}", f"events:minutes={calls}")
    run("import", "--data", "A", "--yes", f"events:sms={texts}")

    store = Store()
    usage = store.load(store.datasets()[0].id, "usage").to_pylist()
    assert [(each["customer_id"], each["minutes"], each["sms"]) for each in usage] == [("1", 4.0, 1.0), ("2", 0.0, 1.0)]


def test_the_store_is_whole_and_can_be_copied(home: Path) -> None:
    plans = written(home, "plans.csv", PLANS)
    run("import", "--new", "A", f"plans={plans}")
    assert run_json("fsck")["findings"] == []
    assert run_json("backup", home / "copy")["damaged"] == []
    run("import", "--new", "B", f"plans={plans}")
    run("restore", home / "copy", "--replace")
    assert run_json("match", "--data", "B", code=1)["error"]["code"] == "no_data_set"


def sums_of(out: Path) -> tuple[int, int, int, int]:
    """Return flagged customers and their savings, switches and their expected savings, in the smallest unit."""
    rows = pd.read_csv(out, dtype={"customer_id": str}) if out.suffix == ".csv" else pd.read_parquet(out)
    flagged, switch = rows[rows["state"] == "flagged"], rows[rows["advice"] == "switch"]
    return (
        len(flagged),
        round(sum(round(100 * each) for each in rows["saving"])),
        len(switch),
        round(sum(round(100 * each) for each in rows["expected_saving"])),
    )


def headline(found: dict[str, Any]) -> tuple[int, int, int, int]:
    advice = found["advice"]
    return found["flagged"], round(100 * found["saving"]), advice["switch"], round(100 * advice["expected_saving"])


@pytest.mark.real_data
def test_rows_sum_up_to_the_headline_on_megaline(megaline: list[Path], home: Path) -> None:
    run("import", "--new", "Megaline", "--yes", *megaline)
    out = home / "rows.csv"
    found = run_json("match", "--data", "Megaline", "--advise", "--out", out)
    assert sums_of(out) == headline(found)
    assert found["reconciliation"]["state"] == "not_reconciled"
    said = run("--lang", "en", "match", "--data", "Megaline", "--advise", "--out", out)
    assert sums_of(out) == headline(found)
    assert f"saving {formats.money(found['saving'], 'USD')};" in said
    assert f"expected to save {formats.money(found['advice']['expected_saving'], 'USD')} over 3 months" in said
    assert "Not reconciled" in said
    judged = run_json("backtest", "--data", "Megaline", "--out", home / "judged.csv")
    rows = pd.read_csv(home / "judged.csv")
    assert judged["customer_origins"] == len(rows) == 360
    for rule in judged["rules"]:
        assert rule["mean_regret"] == pytest.approx(rows[f"regret_{rule['rule']}"].mean())


@pytest.fixture(scope="module")
def small_demo(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    folder = tmp_path_factory.mktemp("demo")
    demo = build_demo(seed=5, customers=400)
    for name in ("usage", "customers"):
        pq.write_table(demo.tables[name], folder / f"{name}.parquet")
    plans = Path(__file__).parent.parent / "data" / "demo_plans.csv"
    return ["--usage", folder / "usage.parquet", "--customers", folder / "customers.parquet", "--plans", plans, "--yes"]


@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet"])
def test_rows_sum_up_to_the_headline_on_the_demo(small_demo: list[Any], home: Path, name: str) -> None:
    out = home / name
    found = run_json("match", *small_demo, "--advise", "--out", out)
    assert sums_of(out) == headline(found)
    rows = pd.read_csv(out) if out.suffix == ".csv" else pd.read_parquet(out)
    withheld = rows[rows["advice"] == "not_reconciled"]
    assert len(withheld) > 0
    assert withheld["likely_cause"].notna().all()
    assert not withheld["reconciled"].any()
    assert withheld[["p_saves", "interval_low", "expected_cost_held"]].isna().all(axis=None)
    assert (rows.loc[rows["advice"] == "switch", "reconciled"].astype(bool)).all()
    assert rows.loc[rows["state"] == "flagged", "reason"].notna().all()
    assert rows["advice_reason"].notna().all()
    known = found["reconciliation"]
    assert known["reconciled"] + known["withheld"] == known["compared"]
    assert sum(each["customers"] for each in known["causes"]) == known["withheld"]
    assert sum(each["customer_months"] for each in known["causes"]) == known["customer_months"] - known["within"]


def test_a_reason_counts_what_the_switch_costs(home: Path) -> None:
    rows = "".join(f"{who},2026-{m:02d},S,{500 + 10 * who}\n" for who in range(12) for m in range(1, 9))
    usage = written(home, "usage.csv", "customer_id,month,plan_id,minutes\n" + rows)
    plans = written(
        home,
        "plans.csv",
        "plan_id,monthly_fee,activation_fee,included_minutes,overage_price_minutes\nS,10,0,100,0.10\nL,30,9,1000,0.10\n",
    )
    found = run_json("--lang", "en", "match", "--usage", usage, "--plans", plans, "--advise", "--out", home / "o.csv")
    rows_out = pd.read_csv(home / "o.csv", dtype={"customer_id": str}).set_index("customer_id")
    # Customer 0 uses 500 minutes: 50 a month on S, 150 in three months; 90 on L and 9 once.
    assert (rows_out.loc["0", "expected_saving"], rows_out.loc["0", "switching_cost"]) == (51.0, 9.0)
    assert (
        "S is expected to cost 150.00, L 99.00, of it 9.00 for the switch: 51.00 less"
        in rows_out.loc["0", "advice_reason"]
    )
    assert found["advice"]["switch"] == 12


def test_usage_read_part_by_part_says_the_same(small_demo: list[Any], home: Path) -> None:
    out = home / "fit.parquet"
    whole, streamed = run_json("match", *small_demo), run_json("match", *small_demo, "--stream", "--out", out)
    same = ("customer_months", "customers", "customers_with_window", "paid", "cheapest", "flagged", "saving", "plans")
    assert {name: streamed[name] for name in same} == {name: whole[name] for name in same}
    assert streamed["by_direction"] == whole["by_direction"]
    rows = pd.read_parquet(out)
    assert round(100 * whole["saving"]) == rows["saving_minor"].sum()
    said = run("--lang", "en", "match", *small_demo, "--stream", "--out", out)
    assert f"Flagged: {whole['flagged']}, saving {formats.money(whole['saving'], 'CNY')}" in said
    for wrong in ([], ["--out", home / "fit.csv"], ["--out", out, "--advise"]):
        assert run_json("match", *small_demo, "--stream", *wrong, code=1)["error"]["code"] == "bad_setting"


def test_a_data_set_is_read_part_by_part(home: Path) -> None:
    usage, plans = written(home, "usage.csv", USAGE), written(home, "plans.csv", PLANS)
    run("import", "--new", "A", f"usage={usage}", f"plans={plans}")
    found = run_json("match", "--data", "A", "--stream", "--out", home / "fit.parquet")
    assert (found["paid"], found["flagged"], found["saving"]) == (120.0, 1, 30.0)


def test_bills_are_set_beside_the_calculation_in_words(home: Path) -> None:
    rows = "".join(f"{who},2026-0{m},S,400,{amount}\n" for who, amount in (("1", 40), ("2", 36)) for m in (1, 2, 3))
    usage = written(home, "usage.csv", "customer_id,month,plan_id,minutes,billed_amount\n" + rows)
    plans = written(home, "plans.csv", PLANS)
    found = run_json("match", "--usage", usage, "--plans", plans)["reconciliation"]
    assert (found["compared"], found["reconciled"], found["withheld"], found["share"]) == (2, 1, 1, 0.5)
    # 36 for 40 in each of three months: a discount of a tenth.
    assert [each["cause"] for each in found["causes"] if each["customers"]] == ["price"]
    said = run("--lang", "en", "match", "--usage", usage, "--plans", plans)
    assert "Bills: 1 of 2 customers reconcile (50.0%)" in said
    assert "likely cause Another price: 3 customer-months, -12.00" in said
    assert "账单核对：2位客户中1位相符" in run("--lang", "zh", "match", "--usage", usage, "--plans", plans)


NOT_ON_SALE = (
    "plan_id,monthly_fee,on_sale,included_minutes,overage_price_minutes\nS,10,no,100,0.10\nL,30,no,1000,0.10\n"
)
NO_LONGER_ON_SALE = (
    "plan_id,monthly_fee,on_sale,valid_to,included_minutes,overage_price_minutes\n"
    "S,10,no,,100,0.10\nL,30,yes,2026-02-28,1000,0.10\n"
)
TWO_CURRENCIES = (
    "plan_id,monthly_fee,currency,included_minutes,overage_price_minutes\nS,10,EUR,100,0.10\nL,30,USD,1000,0.10\n"
)


@pytest.mark.parametrize(
    ("usage", "plans", "code", "words"),
    [
        (USAGE, NOT_ON_SALE, "nothing_on_sale", ["on sale"]),
        (USAGE, NO_LONGER_ON_SALE, "nothing_on_sale", ["on sale", "2026-03"]),
        (USAGE, TWO_CURRENCIES, "two_currencies", ["EUR", "USD"]),
        (USAGE + "8,2026-01,XXL,5\n", PLANS, "unknown_plan", ["8", "XXL", "2026-01"]),
        ("customer_id,month,plan_id,minutes\n", PLANS, "no_usage", ["no usage"]),
    ],
)
@pytest.mark.parametrize("advise", [[], ["--advise"]])
def test_what_cannot_be_matched_is_refused_in_words(
    home: Path, usage: str, plans: str, code: str, words: list[str], advise: list[str]
) -> None:
    files = ["--usage", written(home, "usage.csv", usage), "--plans", written(home, "plans.csv", plans)]
    error = run_json("--lang", "en", "match", *files, *advise, code=1)["error"]
    assert error["code"] == code
    assert error["hint"]
    assert all(word in error["message"] for word in words)
    chinese = run_json("--lang", "zh", "match", *files, *advise, code=1)["error"]
    assert chinese["message"] != error["message"]


@pytest.mark.parametrize(
    ("usage", "word"),
    [
        (
            "customer_id,month,plan_id,minutes\n7,2026-01,S,400\n",
            "No customer has 3 complete months in a row up to Jan",
        ),
        (USAGE + "8,2026-01,S,400\n8,2026-03,S,400\n", "1 customer lacks one of the 3 months up to Mar 2026"),
    ],
)
def test_too_few_months_are_said(home: Path, usage: str, word: str) -> None:
    files = ["--usage", written(home, "usage.csv", usage), "--plans", written(home, "plans.csv", PLANS)]
    assert word in run("--lang", "en", "match", *files)
    found = run_json("--lang", "en", "match", *files, "--advise")
    assert any(word in note for note in found["notes"])
    assert found["advice"]["states"] == {"not_enough_data": found["customers"]}
    assert run_json("backtest", *files)["customer_origins"] == 0
    assert "Nothing can be judged" in run("--lang", "en", "backtest", *files)


def test_usage_below_nothing_is_set_aside_with_its_row(home: Path) -> None:
    usage = written(home, "usage.csv", USAGE + "8,2026-01,S,-4\n")
    plans = written(home, "plans.csv", PLANS)
    result = CliRunner().invoke(app, ["--lang", "en", "match", "--usage", str(usage), "--plans", str(plans)])
    assert result.exit_code == 0
    assert "usage.csv: 1 row is set aside" in result.stderr
    assert "[minutes] rows 5: -4" in result.stderr
    assert "Flagged: 1" in result.stdout
