"""A disk that is full or may only be read, at each step: refused clearly, nothing half-written, then normal work."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager

import pyarrow as pa
import pytest

from cxlib.errors import CxError
from cxlib.store import Incoming, Settings, Store
from cxlib.store.catalogue import Catalogue
from cxlib.store.draft import Draft
from cxlib.store.files import Files
from cxlib.store.merge import Merge


@pytest.fixture
def disk(tmp_path):
    """A real file system of 12 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def home(disk):
    with Store(disk / "home") as store:
        yield store


def fill(disk, leave=0):
    """Take all room but `leave` bytes."""
    room = os.statvfs(disk)
    size = room.f_bavail * room.f_frsize - leave
    if size > 0:
        with (disk / "filler").open("ab") as file:
            os.posix_fallocate(file.fileno(), file.tell(), size)


def files(usage, n, kilobytes=200):
    """One file whose raw and typed bytes do not get smaller by packing."""
    rows = [(f"{n}-{row:05}", 1) for row in range(kilobytes * 100)]
    minutes = [float.fromhex(f"0x1.{os.urandom(6).hex()}p+3") for _ in rows]
    return [Incoming(table="usage", data=usage(rows, minutes=minutes), raw=os.urandom(kilobytes * 1000))]


def refused(call):
    with pytest.raises(CxError) as caught:
        call()
    assert caught.value.hint
    return caught.value.code


@contextmanager
def filled_before(disk, owner, name):
    """Let the disk become full right before a step of the store, whatever takes the room."""
    step = getattr(owner, name)

    def full(*arguments, **named):
        fill(disk)
        return step(*arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, full)
        yield
    (disk / "filler").unlink(missing_ok=True)


STEPS = [(Merge, "take"), (Files, "stage_raw"), (Draft, "write"), (Files, "publish"), (Catalogue, "writing")]


@pytest.mark.parametrize("step", STEPS, ids=[f"{owner.__name__}.{name}" for owner, name in STEPS])
def test_a_disk_that_fills_up_in_any_step_refuses_and_then_work_goes_on(disk, home, usage, step):
    own = home.create(name="Company").id
    home.commit(own, files(usage, 0))
    before = home.versions(own), home.load(own, "usage")
    home.close()  # what the log of the catalogue had taken is given back
    store = Store(disk / "home")
    with filled_before(disk, *step):
        assert refused(lambda: store.commit(own, files(usage, 1))) == "disk_full"
        assert (store.versions(own), store.load(own, "usage")) == before
        assert all(finding.harmless for finding in store.fsck())
    assert list((disk / "home" / "desks").iterdir()) == []
    assert store.commit(own, files(usage, 2)).number == 2
    store.close()
    with Store(disk / "home") as again:
        assert again.fsck() == []
        assert again.load(own, "usage").num_rows == 2 * before[1].num_rows


@pytest.mark.parametrize("leave", [0, 4096, 100_000, 300_000, 500_000])
def test_however_little_room_is_left(disk, home, usage, leave):
    own = home.create(name="Company").id
    home.commit(own, files(usage, 0))
    fill(disk, leave)
    assert refused(lambda: home.commit(own, files(usage, 1, kilobytes=400))) == "disk_full"
    assert home.version(own).number == 1
    (disk / "filler").unlink()
    assert home.commit(own, files(usage, 2)).number == 2
    home.close()
    with Store(disk / "home") as again:
        assert again.fsck() == []


def test_what_is_small_is_refused_too_and_can_be_done_later(disk, home):
    own = home.create(name="Company").id
    home.close()
    store = Store(disk / "home")
    with filled_before(disk, Catalogue, "writing"):
        assert refused(lambda: store.save_settings(own, Settings(months=8))) == "disk_full"
        assert refused(lambda: store.undo(own, to=0)) == "disk_full"
        assert refused(lambda: store.create(name="Other")) == "disk_full"
        assert store.settings(own) == Settings()
    store.save_settings(own, Settings(months=9))
    assert store.settings(own).months == 9
    assert store.fsck() == []


def test_an_answer_is_given_though_it_cannot_be_kept(disk, home):
    table = pa.table({"x": [os.urandom(50) for _ in range(20_000)]})
    parts = {"dataset": "x", "measure": "m"}
    fill(disk)
    assert home.cached(parts, lambda: table).num_rows == 20_000
    assert refused(lambda: home.keep_result(parts, table)) == "disk_full"
    assert home.result(parts) is None
    assert list((disk / "home" / "desks").iterdir()) == []
    (disk / "filler").unlink()
    assert home.keep_result(parts, table).num_rows == 20_000
    assert home.result(parts).num_rows == 20_000


def test_a_backup_that_does_not_fit_leaves_nothing(disk, store, own, usage):
    store.commit(own, files(usage, 0, kilobytes=1000))
    for leave in (0, 100_000, 1_200_000):
        fill(disk, leave)
        assert refused(lambda: store.backup(disk / "copy")) == "disk_full"
        assert [path.name for path in disk.iterdir()] == ["filler"]
        (disk / "filler").unlink()
    assert store.backup(disk / "copy").damaged == ()
    with Store(disk / "copy") as copy:
        assert copy.fsck() == []


def test_a_backup_that_does_not_fit_back_leaves_the_store(disk, home, store, own, usage, tmp_path):
    store.commit(own, files(usage, 0, kilobytes=1000))
    store.backup(tmp_path / "copy")
    here = home.create(name="Here").id
    home.commit(here, files(usage, 1))
    for leave in (0, 200_000, 1_200_000):
        fill(disk, leave)
        assert refused(lambda: home.restore(tmp_path / "copy", replace=True)) == "disk_full"
        assert [each.id for each in home.datasets()] == [here]
        (disk / "filler").unlink()
    home.restore(tmp_path / "copy", replace=True)
    assert [each.id for each in home.datasets()] == [own]
    assert home.fsck() == []


def test_a_folder_that_may_only_be_read_is_named(disk, home, usage, tmp_path):
    own = home.create(name="Company").id
    home.commit(own, files(usage, 0))
    home.close()
    with Store(disk / "home") as store:
        store.backup(disk / "copy")
        store._catalogue.close()  # its connections are opened again when they are needed
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        assert refused(lambda: store.commit(own, files(usage, 1))) == "store_not_writable"
        assert refused(lambda: store.undo(own)) == "store_not_writable"
        assert refused(lambda: store.save_settings(own, Settings(months=5))) == "store_not_writable"
        assert refused(lambda: Store(disk / "home")) == "store_not_writable"
        assert refused(lambda: store.backup(disk / "other")) == "store_not_writable"
        with Store(tmp_path / "elsewhere") as elsewhere:  # a backup may lie on a disk that may only be read
            elsewhere.restore(disk / "copy")
            assert elsewhere.load(own, "usage").num_rows == 20_000
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        assert store.commit(own, files(usage, 1)).number == 2
        assert store.fsck() == []
