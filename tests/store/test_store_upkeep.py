"""Checking, backing up, bringing back."""

from __future__ import annotations

import threading

import pyarrow as pa
import pytest

from cxlib.errors import CxError
from cxlib.store import Incoming, Settings, Store


@pytest.fixture
def filled(store, own, usage):
    file = Incoming(table="usage", data=usage([("a", 1), ("b", 1)], minutes=[1.0, 2.0]), raw=b"a;b", file_name="a.csv")
    aside = pa.table({"row": [3], "reason": ["empty"]})
    store.commit(own, [file, Incoming(table="usage", data=usage([], minutes=[]), raw=b"c", quarantined=aside)])
    store.save_settings(own, Settings(months=4), "Ann")
    return store


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("folder", ["raw", "typed"])
def test_a_flipped_bit_in_any_file_is_found(filled, folder):
    assert filled.fsck() == []
    for path in sorted((filled.root / folder).iterdir()):
        flip(path)
        (finding,) = filled.fsck()
        assert (finding.code, finding.path, finding.harmless) == ("changed", str(path), False)
        assert path.name in finding.said
        flip(path)


def test_a_missing_file_and_a_leftover_are_told_apart(filled, own):
    gone = filled.path(own, "usage")
    gone.rename(gone.with_name(f"{'0' * 64}.parquet"))
    assert [(finding.code, finding.harmless) for finding in filled.fsck()] == [("missing", False), ("leftover", True)]
    with pytest.raises(CxError) as caught:
        filled.load(own, "usage")
    assert caught.value.code == "file_missing"


def test_wrong_counts_in_the_catalogue_are_found(filled):
    with filled._catalogue.writing() as connection:
        connection.exec_driver_sql("UPDATE tables_of_versions SET rows = 7")
    assert [finding.code for finding in filled.fsck()] == ["rows_differ"]


def test_importing_again_heals_a_damaged_file(filled, own, usage):
    path = filled.raw_path(filled.version(own).imports[0])
    flip(path)
    filled.commit(own, [Incoming(table="usage", data=usage([("a", 1)], minutes=[1.0]), raw=b"a;b")])
    assert filled.fsck() == []


def test_a_backup_brings_everything_back(filled, own, tmp_path):
    report = filled.backup(tmp_path / "copy")
    assert (report.files, report.damaged) == (4, ())
    before = filled.version(own), filled.load(own, "usage"), filled.settings_history(own)
    filled.delete(own)
    filled.restore(tmp_path / "copy")
    assert (filled.version(own), filled.load(own, "usage"), filled.settings_history(own)) == before
    assert filled.fsck() == []
    with Store(tmp_path / "new machine") as other:
        other.restore(tmp_path / "copy")
        assert other.load(own, "usage") == before[1]
        assert other.quarantined(own)[0][1].to_pylist() == [{"row": 3, "reason": "empty"}]
        assert other.fsck() == []


def test_a_backup_is_a_store_itself(filled, own, tmp_path):
    filled.backup(tmp_path / "copy")
    with Store(tmp_path / "copy") as copy:
        assert copy.fsck() == []
        assert copy.load(own, "usage") == filled.load(own, "usage")


def test_a_backup_is_whole_while_others_import(filled, own, usage, tmp_path):
    ended = threading.Event()

    def go_on():
        for n in range(2, 10):
            filled.commit(own, [Incoming(table="usage", data=usage([("z", n)], minutes=[1.0]), raw=str(n).encode())])
        ended.set()

    busy = threading.Thread(target=go_on)
    busy.start()
    copies = 0
    while not ended.is_set():
        filled.backup(tmp_path / f"copy {copies}")
        copies += 1
    busy.join()
    for n in range(copies):
        with Store(tmp_path / f"copy {n}") as copy:
            assert copy.fsck() == []
            assert copy.load(own, "usage").num_rows == copy.version(own).number + 1


def test_bringing_back_never_loses_versions_unasked(filled, own, usage, tmp_path):
    filled.backup(tmp_path / "copy")
    filled.commit(own, [Incoming(table="usage", data=usage([("new", 2)], minutes=[1.0]), raw=b"new")])
    with pytest.raises(CxError) as caught:
        filled.restore(tmp_path / "copy")
    assert (caught.value.code, caught.value.value) == ("would_lose", "Company")
    assert filled.load(own, "usage").num_rows == 3
    filled.restore(tmp_path / "copy", replace=True)
    assert filled.load(own, "usage").num_rows == 2
    assert filled.fsck() == []


def test_a_damaged_backup_is_refused(filled, tmp_path):
    filled.backup(tmp_path / "copy")
    flip(next((tmp_path / "copy" / "typed").iterdir()))
    with pytest.raises(CxError) as caught:
        filled.restore(tmp_path / "copy", replace=True)
    assert caught.value.code == "backup_damaged"
    assert filled.fsck() == []


def test_a_backup_names_what_was_damaged_already(filled, own, tmp_path):
    flip(filled.path(own, "usage"))
    assert filled.backup(tmp_path / "copy").damaged == (str(filled.path(own, "usage")),)


def test_wrong_places_are_refused(filled, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("x")
    for code, call in {
        "backup_exists": lambda: filled.backup(tmp_path / "full"),
        "no_backup": lambda: filled.restore(tmp_path / "full"),
    }.items():
        with pytest.raises(CxError) as caught:
            call()
        assert caught.value.code == code
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["file"]


def test_what_others_keep_beside_the_store_is_left_alone(filled, own, tmp_path):
    """Jobs, spooled uploads and the inbox lie in the same folder; none of it goes into a backup."""
    others = [filled.root / folder / "deep" / "file" for folder in ("work", "spool", "inbox")]
    for path in others:
        path.parent.mkdir(parents=True)
        path.write_bytes(b"not the store's")
    assert filled.fsck() == []
    filled.backup(tmp_path / "copy")
    assert not {"work", "spool", "inbox"} & {path.name for path in (tmp_path / "copy").iterdir()}
    filled.delete(own)
    filled.restore(tmp_path / "copy", replace=True)
    Store(filled.root).close()
    assert [path.read_bytes() for path in others] == [b"not the store's"] * 3


def test_settings_are_not_lost_unasked_and_tombstones_stay(filled, own, usage, tmp_path):
    gone = filled.create(name="Gone").id
    filled.commit(gone, [Incoming(table="usage", data=usage([("z", 1)], minutes=[1.0]))])
    filled.backup(tmp_path / "early")
    filled.delete(gone, "Ann")
    filled.backup(tmp_path / "copy")
    later = filled.create(name="Later").id
    stones = [filled.delete(later, "Ben"), *filled.tombstones()[1:]]
    filled.save_settings(own, Settings(months=6), "Ann")
    with pytest.raises(CxError) as caught:
        filled.restore(tmp_path / "copy")
    assert caught.value.code == "would_lose"
    assert filled.settings(own).months == 6
    filled.restore(tmp_path / "copy", replace=True)
    assert filled.settings(own).months == 4
    assert filled.tombstones() == stones
    filled.restore(tmp_path / "early", replace=True)
    assert [each.dataset_id for each in filled.tombstones()] == [later]
    assert filled.dataset(gone).number == 1
    assert filled.fsck() == []


def test_a_backup_lies_elsewhere_and_touches_nothing_beside_it(filled, tmp_path):
    (tmp_path / "copy.partial").mkdir()
    (tmp_path / "copy.partial" / "mine").write_text("x")
    with pytest.raises(CxError) as caught:
        filled.backup(filled.root / "raw" / "copy")
    assert caught.value.code == "backup_inside"
    filled.backup(tmp_path / "new" / "folder" / "copy")
    filled.backup(tmp_path / "copy")
    assert (tmp_path / "copy.partial" / "mine").read_text() == "x"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "copy.partial", "home", "new"]


def test_what_was_acknowledged_before_a_backup_began_is_in_it(filled, own, usage, tmp_path):
    """While others import and another process deletes."""
    ended = threading.Event()
    acknowledged = []

    def go_on():
        n = 0
        while not ended.is_set():
            n += 1
            file = Incoming(table="usage", data=usage([(f"c{n}", 1)], minutes=[1.0]), raw=str(n).encode())
            acknowledged.append(filled.commit(own, [file]).number)

    busy = threading.Thread(target=go_on)
    busy.start()
    promised = []
    for n in range(6):
        promised.append(acknowledged[-1] if acknowledged else 1)
        filled.backup(tmp_path / f"copy {n}")
        other = filled.create(name=f"Other {n}").id
        filled.delete(other)
    ended.set()
    busy.join()
    for n, number in enumerate(promised):
        with Store(tmp_path / f"restored {n}") as restored:
            restored.restore(tmp_path / f"copy {n}")
            assert restored.fsck() == []
            assert restored.version(own).number >= number
            assert restored.load(own, "usage").num_rows == 2 + restored.version(own).number - 1
