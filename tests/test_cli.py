"""The command line: the same numbers as the pages, and a word for whatever is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cxlib.cli import app

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
    from cxlib.store import Store  # noqa: PLC0415 - after the home was set

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
