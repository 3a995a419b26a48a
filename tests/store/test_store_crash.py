"""Killed in the middle, several at once, no room left: what was acknowledged stays, the rest is not there."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import random
import resource
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cxlib.errors import CxError
from cxlib.store import Incoming, Store, files

ROOT = Path(__file__).parent.parent.parent
IMPORTER = Path(__file__).parent / "importer.py"
_spec = importlib.util.spec_from_file_location("importer", IMPORTER)
importer = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(importer)


def environment():
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])}


def start(home, own, name, first, count, **options):
    command = [sys.executable, str(IMPORTER), str(home), own, name, str(first), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment(), **options)


def said(process):
    """Wait for the end; return the process's lines as words."""
    with process:
        return [line.split() for line in process.stdout.read().splitlines()]


def done(name, lines):
    """Months that were acknowledged to an importer, with their version."""
    return {(name, int(n)): int(number) for word, n, number in lines if word == "done"}


def check(home, own, acknowledged):
    """Every acknowledged import is whole, what else is there is whole, and nothing came twice."""
    with Store(home) as store:
        assert store.fsck() == []  # hashes every file again, and finds none that is left over
        assert list((home / "desks").iterdir()) == []
        versions = {version.number: version for version in store.versions(own)}
        assert sorted(versions) == list(range(len(versions)))
        names = [record.file_name for version in versions.values() for record in version.imports]
        assert len(set(names)) == len(names)
        for (name, n), number in acknowledged.items():
            (record,) = versions[number].imports
            assert record.file_name == f"{name}-{n}.csv"
            assert store.raw_path(record).read_bytes() == importer.raw(name, n)
        table = store.load(own, "usage").to_pandas() if store.has(own, "usage") else None
        found = Counter() if table is None else Counter(table["month"])
        arrived = Counter(
            importer.month(int(name.removesuffix(".csv").split("-")[1])) for name in names for _ in range(importer.ROWS)
        )
        assert found == arrived
        if table is not None:
            assert (table["sms"] == table["customer_id"].str[-5:].astype(int)).all()


def name_of(watched):
    return watched.name.partition("-")[0]


COMMIT = ("merging", "copying the file", "writing the table", "renaming", "committing")
STEP_S = 0.003  # about as long as a step takes
KILLS_A_DATA_SET = 20
MONTHS_A_LIFE = 1000  # as many as an importer brings at most, so that no other life brings the same


def kill_often(home, kills, seed):
    """Kill one or both of two importers, in a step of the commit that is aimed at, or at any moment; return the hits.

    The one that is killed starts again while the other goes on, so that start-up meets work that is under way.
    """
    dice = random.Random(seed)  # noqa: S311
    folder = home.with_name("said")
    folder.mkdir()
    acknowledged, died = {}, Counter()
    with importer.Nursery(environment()) as nursery:
        for began in range(0, kills, KILLS_A_DATA_SET):
            with Store(home) as store:
                own = store.create(name=f"Company {began}").id
            lives = dict.fromkeys("ab", 0)

            def start(name, own=own, lives=lives):
                lives[name] += 1
                first = lives[name] * MONTHS_A_LIFE
                return nursery.start(folder / own, f"{name}-{first}", "import", home, own, name, first)

            (folder / own).mkdir()
            running = {name: start(name) for name in "ab"}
            killed = 0
            while killed < min(KILLS_A_DATA_SET, kills - began):
                victim = running[dice.choice("ab")]
                aim = dice.choice([*COMMIT, None])
                if aim is None:
                    time.sleep(dice.uniform(0, 0.3))
                else:
                    until = time.monotonic() + 5
                    while victim.step != aim and time.monotonic() < until:
                        time.sleep(0.0001)
                    time.sleep(dice.choice([0, dice.uniform(0, STEP_S)]))
                for each in [victim] if dice.random() < 0.7 else list(running.values()):
                    died[each.kill()] += 1
                    killed += 1
                    acknowledged |= {(own, *key): number for key, number in done(name_of(each), each.said()).items()}
                    running[name_of(each)] = start(name_of(each))
            for each in running.values():
                died[each.kill()] += 1
                acknowledged |= {(own, *key): number for key, number in done(name_of(each), each.said()).items()}
    with Store(home) as store:
        ids = [each.id for each in store.datasets()]
    for own in ids:
        mine = {key[1:]: number for key, number in acknowledged.items() if key[0] == own}
        assert mine
        check(home, own, mine)
    print(f"{died.total()} kills, {len(acknowledged)} imports acknowledged", dict(died.most_common()))  # noqa: T201
    return died


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path):
    died = kill_often(tmp_path / "home", kills=16, seed=1)
    assert len(set(died) & set(COMMIT)) >= 3


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_200_kills_of_two_importers_lose_nothing(tmp_path):
    died = kill_often(tmp_path / "home", kills=200, seed=2)
    assert died.total() >= 200
    assert min(died[step] for step in COMMIT) > 0


def test_kills_while_a_backup_is_brought_back_leave_the_old_or_the_new_store(tmp_path, usage):
    home, copies = tmp_path / "home", [tmp_path / "copy 0", tmp_path / "copy 1"]
    with Store(home) as store:
        own = store.create(name="Company").id
        for n, copy in enumerate(copies):
            table = usage([(f"{n}-{row}", 1) for row in range(50)], minutes=[float(n)] * 50)
            store.commit(own, [Incoming(table="usage", data=table, raw=f"raw {n}".encode() * 9999)])
            store.backup(copy)
        store.commit(own, [Incoming(table="usage", data=usage([("lost", 1)], minutes=[1.0]))])
    dice = random.Random(3)  # noqa: S311
    died, states = Counter(), Counter()
    with importer.Nursery(environment()) as nursery:
        for n in range(12):
            running = nursery.start(tmp_path, f"restorer-{n}", "restore", home, *copies)
            until = time.monotonic() + 5
            if n % 2:
                while running.step != "taking over" and time.monotonic() < until:
                    time.sleep(0.0001)
            time.sleep(dice.choice([0, dice.uniform(0, 0.03)]))
            died[running.kill()] += 1
            with Store(home) as store:
                assert store.fsck() == []
                assert list((home / "desks").iterdir()) == []
                state = store.version(own).number
                assert store.load(own, "usage").num_rows == {1: 50, 2: 100, 3: 101}[state]
                assert [each.number for each in store.versions(own)] == list(range(state, -1, -1))
                states[state] += 1
    assert len(died) > 1, died
    assert states.total() == 12


@pytest.mark.parametrize("others", [(), ("Two", "Three")], ids=["one data set", "three data sets"])
def test_four_importers_at_once_all_get_through(tmp_path, others):
    home = tmp_path / "home"
    with Store(home) as store:
        ids = [store.create(name=name).id for name in ("One", *others)]
    targets = dict(zip("abcd", [*[ids[0]] * (4 - len(others)), *ids[1:]], strict=True))
    acknowledged = {own: {} for own in ids}
    with importer.Nursery(environment()) as nursery:
        running = [nursery.start(tmp_path, name, "import", home, own, name, 0, 5) for name, own in targets.items()]
        for each in running:
            acknowledged[targets[each.name]] |= done(each.name, each.wait())
    for own in ids:
        count = 5 * list(targets.values()).count(own)
        assert sorted(acknowledged[own].values()) == list(range(1, count + 1))
        check(home, own, acknowledged[own])


def test_threads_at_once_make_one_version_each(store, own, usage):
    def bring(n):
        return store.commit(own, [Incoming(table="usage", data=usage([(str(n), 1)], minutes=[1.0]))]).number

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(bring, range(6))) == [1, 2, 3, 4, 5, 6]
    assert store.load(own, "usage").num_rows == 6


def test_opening_a_new_folder_from_many_threads(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        stores = list(pool.map(lambda _: Store(tmp_path / "home"), range(8)))
    for each in stores:
        assert each.datasets() == []
        each.close()


def test_a_start_beside_an_importer_leaves_its_files(store):
    with store._files.writing(), store._files.desk() as desk:
        staged = store._files.stage_raw(b"on its way", desk)
        store._files.publish([staged])
        (desk / "more").write_bytes(b"x")
        Store(store.root).close()
        assert staged.target.exists()
        assert (desk / "more").exists()
    (store.root / "desks" / "left").write_bytes(b"by a crash")
    Store(store.root).close()
    assert not staged.target.exists()
    assert list((store.root / "desks").iterdir()) == []


def test_a_deletion_waits_for_an_import_of_the_same_bytes(store, own, usage):
    """Without the lock, the import would find the raw bytes there and the deletion would take them away."""
    other = store.create(name="Other").id
    file = [Incoming(table="usage", data=usage([("a", 1)], minutes=[1.0]), raw=b"same")]
    store.commit(own, file)
    with store._files.writing():
        waiting = threading.Thread(target=store.delete, args=(own,))
        waiting.start()
        store.commit(other, file)
    waiting.join()
    assert store.fsck() == []
    assert [each.id for each in store.datasets()] == [other]


@pytest.mark.parametrize("limit", [60_000, 150_000])
def test_a_full_disk_refuses_clearly_and_then_work_goes_on(tmp_path, limit):
    home = tmp_path / "home"
    with Store(home) as store:
        own = store.create(name="Company").id
    process = start(home, own, "a", 0, 30, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    lines = said(process)
    assert process.returncode == 0
    assert len(lines) == 30
    refused = {code for word, _, code in lines if word == "refused"}
    assert refused == {"disk_full"}
    acknowledged = done("a", lines)
    check(home, own, acknowledged)
    after = done("b", said(start(home, own, "b", 40, 3)))
    assert sorted(after) == [("b", 40), ("b", 41), ("b", 42)]
    check(home, own, acknowledged | after)


def test_a_folder_that_cannot_be_written_is_named(store, own, usage, monkeypatch):
    def refuse(*_args):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(store._files, "stage_raw", refuse)
    with pytest.raises(CxError) as caught:
        store.commit(own, [Incoming(table="usage", data=usage([("a", 1)], minutes=[1.0]), raw=b"x")])
    assert caught.value.code == "store_not_writable"
    monkeypatch.undo()
    with contextlib.suppress(CxError):
        store.commit(own, [Incoming(table="usage", data=usage([("a", 1)], minutes=[1.0]), raw=b"x")])
    assert store.load(own, "usage").num_rows == 1


def test_busy_is_said(store, own):
    with (
        store._files.locked(f"dataset-{own}"),
        pytest.raises(CxError) as caught,
        store._files.locked(f"dataset-{own}", patience_s=0),
    ):
        pass
    assert caught.value.code == "store_busy"


def test_who_waits_to_remove_lets_others_work_while_something_takes_long(store, monkeypatch):
    monkeypatch.setattr(files, "TURN_S", 0.1)
    removed = threading.Event()

    def remove():
        with store._files.removing():
            removed.set()

    with store._files.writing():
        waiting = threading.Thread(target=remove)
        waiting.start()
        for _ in range(5):
            with store._files.writing():
                assert not removed.is_set()
            time.sleep(0.05)
    waiting.join()
    assert removed.is_set()
