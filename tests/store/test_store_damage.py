"""Damage of each kind, done on purpose: it is found, named and never built upon."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cxlib.errors import CxError
from cxlib.store import Incoming, Settings, Store, catalogue, choices, data_sets, draft, imports


@pytest.fixture
def filled(store, own, usage):
    rows = [(f"{n:05}", 1) for n in range(5000)]
    aside = pa.table({"row": [7], "reason": ["empty"]})
    file = Incoming(
        table="usage",
        data=usage(rows, minutes=[n / 7 for n in range(5000)]),
        raw=os.urandom(20_000),
        file_name="a.csv",
        quarantined=aside,
    )
    store.commit(own, [file])
    return store


def codes(store):
    return [finding.code for finding in store.fsck()]


def refusal(call):
    with pytest.raises(CxError) as caught:
        call()
    assert "{" not in str(caught.value)
    return caught.value.code


def damage(path, at=0.5):
    content = bytearray(path.read_bytes())
    content[int(len(content) * at)] ^= 0x10
    path.write_bytes(content)


def edit(store, sql):
    with closing(sqlite3.connect(store.root / "catalogue.sqlite")) as connection:
        connection.execute(sql)
        connection.commit()


def paths(store, own):
    record = store.version(own).imports[0]
    return {
        "raw": store.raw_path(record),
        "typed": store.path(own, "usage"),
        "quarantined": store._files.typed_path(record.quarantined_sha256),
    }


@pytest.mark.parametrize("kind", ["raw", "typed", "quarantined"])
def test_each_kind_of_file_is_hashed_and_must_be_there(filled, own, kind):
    path = paths(filled, own)[kind]
    for at in (0.0, 0.3, 0.6, 0.999):
        damage(path, at)
        (finding,) = filled.fsck()
        assert (finding.code, finding.path) == ("changed", str(path))
        damage(path, at)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert codes(filled) == ["changed"]
    path.unlink()
    assert codes(filled) == ["missing"]
    path.mkdir()
    assert codes(filled) == ["unreadable"]
    path.rmdir()
    path.write_bytes(content)
    assert codes(filled) == []


def test_nothing_is_merged_into_a_damaged_table(filled, own, usage):
    """Else the damage would come back in a new file with a right hash, and nobody would ever find it."""
    more = [Incoming(table="usage", data=usage([("new", 1)], minutes=[1.0]))]
    path = filled.path(own, "usage")
    places = [0.1, 0.3, 0.5, 0.7, 0.9]
    for at in places:
        damage(path, at)
        assert refusal(lambda: filled.commit(own, more)) == "file_damaged"
        damage(path, at)
    assert filled.version(own).number == 1
    path.rename(path.with_name("away"))
    assert refusal(lambda: filled.commit(own, more)) == "file_missing"
    path.with_name("away").rename(path)
    filled.commit(own, more)
    assert codes(filled) == []


def test_a_damaged_table_is_not_loaded(filled, own):
    path = filled.path(own, "usage")
    damage(path, 0.5)
    assert refusal(lambda: filled.load(own, "usage")) == "file_damaged"
    path.write_bytes(b"no Parquet")
    assert refusal(lambda: filled.load(own, "usage")) == "file_damaged"
    aside = paths(filled, own)["quarantined"]
    aside.unlink()
    assert refusal(lambda: filled.quarantined(own)) == "file_missing"


def test_what_is_not_ours_is_named_and_left_alone(filled):
    (filled.root / "raw" / "notes.txt").write_text("mine")
    (filled.root / "typed" / "folder").mkdir()
    (filled.root / "typed" / ("0" * 64 + ".parquet")).write_text("a leftover")
    (filled.root / "raw" / ("1" * 64)).symlink_to("/etc/hostname")
    found = {(Path(each.path).name, each.code, each.harmless) for each in filled.fsck()}
    assert {(name[:9], code) for name, code, harmless in found if harmless} == {
        ("notes.txt", "foreign"),
        ("folder", "foreign"),
        ("0" * 9, "leftover"),
        ("1" * 9, "leftover"),
    }
    Store(filled.root).close()
    assert {Path(each.path).name for each in filled.fsck()} == {"notes.txt", "folder"}
    assert Path("/etc/hostname").exists()


def test_wrong_counts_of_rows_are_found(filled):
    edit(filled, "UPDATE tables_of_versions SET rows = rows + 1")
    assert codes(filled) == ["rows_differ"]
    edit(filled, "UPDATE tables_of_versions SET rows = rows - 1")
    edit(filled, "UPDATE imports SET quarantined = 2")
    assert codes(filled) == ["rows_differ"]
    edit(filled, "UPDATE imports SET quarantined = 1, added = added - 1")
    assert codes(filled) == ["catalogue_wrong"]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE datasets SET number = 7",
        "UPDATE datasets SET number = 0",
        "UPDATE versions SET before = 9 WHERE number = 1",
        "UPDATE versions SET before = 1 WHERE number = 1",
        "UPDATE versions SET restores = 5 WHERE number = 1",
        "DELETE FROM versions WHERE number = 0",
        "UPDATE tables_of_versions SET sha256 = '../../../etc/passwd'",
        "UPDATE tables_of_versions SET rows = -1",
        "UPDATE imports SET raw_sha256 = 'x'",
        "UPDATE imports SET loaded = -4",
    ],
)
def test_a_catalogue_that_says_what_cannot_be_is_found(filled, sql, tmp_path):
    edit(filled, sql)
    (finding, *_more) = filled.fsck()
    assert (finding.code, finding.harmless) == ("catalogue_wrong", False)
    assert "{" not in finding.said
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", str(filled.root), str(copy)], check=True)
    with Store(tmp_path / "other") as other:
        assert refusal(lambda: other.restore(copy)) == "backup_damaged"
        assert other.datasets() == []


@pytest.mark.parametrize("at", [0, 0.3, 0.6])
def test_a_torn_catalogue_is_named_and_a_backup_helps(filled, own, tmp_path, at):
    filled.backup(tmp_path / "copy")
    filled.close()
    path = filled.root / "catalogue.sqlite"
    content = path.read_bytes()
    begin = int(len(content) * at)
    path.write_bytes(content[:begin] + os.urandom(8192) + content[begin + 8192 :])
    try:
        with Store(filled.root) as store:
            assert codes(store)[0] == "catalogue_damaged"
    except CxError as error:
        assert error.code == "catalogue_damaged"  # noqa: PT017
    assert len([*(filled.root / "raw").iterdir(), *(filled.root / "typed").iterdir()]) == 3
    with Store(tmp_path / "new") as new:
        new.restore(tmp_path / "copy")
        assert new.load(own, "usage").num_rows == 5000
        assert codes(new) == []


@pytest.mark.parametrize("left", [None, b""])
def test_without_its_catalogue_no_file_is_swept(filled, own, left):
    filled.close()
    path = filled.root / "catalogue.sqlite"
    path.rename(path.with_name("elsewhere"))
    if left is not None:
        path.write_bytes(left)
    assert refusal(lambda: Store(filled.root)) == "catalogue_missing"
    path.with_name("elsewhere").rename(path)
    with Store(filled.root) as again:
        assert again.load(own, "usage").num_rows == 5000
        assert codes(again) == []


def test_a_file_that_changed_since_it_was_read_is_refused(store, own, usage, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"as it was read")
    read = "a2dc0f1e8a4d6b3b0cdd3a9b1f3b5f8a0f1ac4bd4a8f0d1f6f2b7d0e5c9a8b7d"
    file = Incoming(table="usage", data=usage([("a", 1)], minutes=[1.0]), raw=path, raw_sha256=read, file_name="a.csv")
    assert refusal(lambda: store.commit(own, [file])) == "file_changed"
    path.unlink()
    assert refusal(lambda: store.commit(own, [file])) == "file_gone"
    assert store.version(own).number == 0
    assert codes(store) == []


def test_the_owner_of_a_file_may_write_to_it_later(store, own, usage, tmp_path):
    raw, typed = tmp_path / "a.csv", tmp_path / "a.parquet"
    raw.write_bytes(b"first")
    pq.write_table(usage([("a", 1), ("b", 1)], minutes=[1.0, 2.0]), typed)
    store.commit(own, [Incoming(table="usage", data=typed, raw=raw)])
    for path in (raw, typed):
        with path.open("r+b") as file:
            file.write(b"xxxxxxxx")
    assert codes(store) == []
    assert store.load(own, "usage").num_rows == 2


def test_what_is_no_plain_file_is_refused(store, own, usage, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    file = Incoming(table="usage", data=usage([("a", 1)], minutes=[1.0]), raw=pipe)
    assert refusal(lambda: store.commit(own, [file])) == "not_a_file"


def test_nobody_else_may_read_the_files(tmp_path, usage):
    root = tmp_path / "home"
    root.mkdir(mode=0o755)
    before = os.umask(0)
    try:
        with Store(root) as store:
            own = store.create(name="Company").id
            unsorted = usage([("b", 1), ("a", 1)], minutes=[1.0, 2.0])
            store.commit(own, [Incoming(table="usage", data=unsorted, raw=b"x", quarantined=pa.table({"row": [1]}))])
            store.commit(own, [Incoming(table="usage", data=usage([("c", 1)], minutes=[1.0]))])
            store.keep_result({"dataset": own}, pa.table({"x": [1]}))
            store.backup(tmp_path / "copy")
            found = [path for top in (root, tmp_path / "copy") for path in top.rglob("*")]
            assert len(found) > 20
            modes = {path: stat.S_IMODE(path.stat().st_mode) for path in found}
            assert {path: oct(mode) for path, mode in modes.items() if mode & 0o077} == {}
    finally:
        os.umask(before)


@pytest.mark.parametrize("name", ["a'b", 'a"b', "a;b--", "a?b=1#c", "a%41 [1]*{2}", "名前 \U0001f600", "a\nb"])
def test_names_are_only_ever_text(tmp_path, usage, name):
    root = tmp_path / name / "home"
    typed = tmp_path / name / f"{name}.parquet"
    typed.parent.mkdir()
    pq.write_table(usage([("b", 1), (name, 2)], minutes=[1.0, 2.0]), typed)
    with Store(root) as store:
        own = store.create(name="Company").id
        plans = pa.table({"plan_id": [name, "x"], "monthly_fee": [1.0, 2.0]})
        files = [
            Incoming(table="usage", data=typed, raw=typed, file_name=name, mapping={name: name}, encoding=name),
            Incoming(table="plans", data=plans, file_name=name),
        ]
        store.commit(own, files, who=name, note=name)
        store.commit(own, [Incoming(table="plans", data=plans, file_name=name)], who=name)
        assert store.versions(own)[1].imports[0].file_name == name
        assert store.load(own, "plans")["plan_id"].to_pylist() == [name, "x"]
        assert set(store.load(own, "usage")["customer_id"].to_pylist()) == {"b", name}
        assert store.fsck() == []
        store.backup(tmp_path / name / f"copy {name}")
        store.restore(tmp_path / name / f"copy {name}", replace=True)
        assert store.fsck() == []
        assert refusal(lambda: store.dataset(f"{own}' OR '1'='1")) == "unknown_dataset"


def test_a_file_name_that_is_no_text_is_spelled_out(store, own, usage):
    name = os.fsdecode(b"\xff\xfe.csv")
    file = Incoming(table="usage", data=usage([("a", 1)], minutes=[1.0]), file_name=name, mapping={"x": name})
    version = store.commit(own, [file], who=f"A{name}", note=name)
    assert version.imports[0].file_name == "\\udcff\\udcfe.csv"
    assert version.imports[0].mapping == {"x": name}
    assert codes(store) == []


def test_columns_with_names_of_sql_are_refused(store, own, usage):
    table = usage([("a", 1)], minutes=[1.0]).rename_columns(
        ["customer_id", "month", "x\" FROM read_csv('/etc/passwd')--"]
    )
    assert refusal(lambda: store.commit(own, [Incoming(table="usage", data=table)])) == "unknown_column"


def test_a_clock_that_goes_backwards_changes_nothing_but_dates(store, own, usage, monkeypatch):
    moments = [datetime(2026, 1, 30, tzinfo=UTC) - timedelta(days=n) for n in range(100)]

    def earlier():
        return moments.pop(0)

    for module in (catalogue, choices, data_sets, draft, imports):
        monkeypatch.setattr(module, "now", earlier)
    for value in (1.0, 2.0, 3.0):
        file = Incoming(table="usage", data=usage([("a", 1)], minutes=[value]), raw=str(value).encode())
        store.commit(own, [file])
        store.save_settings(own, Settings(months=int(value) + 1))
    assert store.undo(own).restores == 2
    dates = [each.created_at for each in store.versions(own)[:-1]]
    assert dates == sorted(dates)
    assert [each.number for each in store.versions(own)] == [4, 3, 2, 1, 0]
    assert store.load(own, "usage")["minutes"].to_pylist() == [2.0]
    assert [each.version for each in store.standing_imports(own)] == [1, 2]
    assert store.settings(own).months == 4
    assert codes(store) == []


def test_a_catalogue_that_another_program_holds_is_said_to_be_busy(tmp_path, usage, monkeypatch):
    monkeypatch.setattr(catalogue, "BUSY_S", 0.3)
    holder = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); "
        "c.execute('BEGIN IMMEDIATE'); print('held', flush=True); sys.stdin.read()"
    )
    with Store(tmp_path / "home") as store:
        own = store.create(name="Company").id
        file = [Incoming(table="usage", data=usage([("a", 1)], minutes=[1.0]), raw=b"x")]
        command = [sys.executable, "-c", holder, str(store.root / "catalogue.sqlite")]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
            assert other.stdout.readline() == b"held\n"
            for call in (
                lambda: store.commit(own, file),
                lambda: store.create(name="Other"),
                lambda: store.undo(own, to=0),
                lambda: Store(store.root),
            ):
                assert refusal(call) == "store_busy"
            assert store.version(own).number == 0  # reading goes on
            assert store.preview(own, file).files[0].new == 1
            other.stdin.close()
        assert store.commit(own, file).number == 1
        assert codes(store) == []


def test_a_deletion_gets_its_turn_among_many_imports(store, own, usage):
    """Imports that overlap without end must not keep it waiting."""
    import threading  # noqa: PLC0415

    others = [store.create(name=f"Other {n}").id for n in range(3)]
    ended = threading.Event()

    def go_on(other):
        n = 0
        while not ended.is_set():
            n += 1
            store.commit(other, [Incoming(table="usage", data=usage([(f"{n}", 1)], minutes=[1.0]), raw=os.urandom(99))])

    threads = [threading.Thread(target=go_on, args=(each,)) for each in others]
    for each in threads:
        each.start()
    try:
        store.delete(own)
    finally:
        ended.set()
        for each in threads:
            each.join()
    assert own not in {each.id for each in store.datasets()}
    assert not (store.root / "locks" / f"dataset-{own}").exists()
    assert codes(store) == []


def test_a_version_is_only_added_to_the_one_before_it(filled, own):
    from cxlib.store import history  # noqa: PLC0415

    stale = filled.version(own)
    with pytest.raises(CxError) as caught, filled._catalogue.writing() as connection:
        history.add_version(connection, own, stale)
    assert caught.value.code == "store_busy"
    assert [each.number for each in filled.versions(own)] == [1, 0]


def test_what_was_deleted_is_in_no_file_any_more(tmp_path, usage):
    with Store(tmp_path / "home") as store:
        own = store.create(name="Company").id
        table = usage([("somebody", 1)], minutes=[1.0])
        store.commit(
            own, [Incoming(table="usage", data=table, raw=b"somebody", file_name="f.csv", mapping={"somebody's": "x"})]
        )
        kept = store.root / "work" / "done" / "key"
        kept.mkdir(parents=True)
        (kept / "about.json").write_text(f'{{"task": "t", "dataset": "{own}", "files": {{}}}}')
        (kept / "typed.parquet").write_bytes(b"somebody")
        store.delete(own)
        everything = b"".join(path.read_bytes() for path in store.root.rglob("*") if path.is_file())
        assert b"somebody" not in everything
