"""Bytes in UTF-8 where they lie: in memory, or in a file that is read piece by piece."""

from __future__ import annotations

import codecs
import itertools
from typing import TYPE_CHECKING, Final

import numpy as np

from cxlib.engine.threads import run
from cxlib.errors import CxError
from cxlib.texts import N_

if TYPE_CHECKING:
    from pathlib import Path

_CHUNK: Final = 1 << 23


class HeldBytes:
    """Bytes in memory."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, part: slice) -> bytes:
        return self.data[part]

    def read_into(self, room: memoryview, start: int) -> None:
        """Copy bytes from a place on, as many as there is room for."""
        room[:] = memoryview(self.data)[start : start + len(room)]


class FileBytes:
    """The bytes of a file from some place on, never in memory as a whole.

    The file is opened anew for each part; one that has changed since is refused.
    """

    def __init__(self, path: Path, *, skipped: int = 0, cut: int = 0) -> None:
        told = path.stat()
        self.path = path
        self._skipped = skipped
        self._size = told.st_size - skipped - cut
        self._state = (told.st_size, told.st_mtime_ns, told.st_ino)

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice) -> bytes:
        start, stop, _ = part.indices(self._size)
        found = bytearray(max(stop - start, 0))
        self.read_into(memoryview(found), start)
        return bytes(found)

    def __contains__(self, sign: bytes) -> bool:
        return self.find(sign) >= 0

    def find(self, sign: bytes, start: int = 0) -> int:
        """Return the first place of one byte, from `start` on; -1 where there is none."""
        for at in range(start, self._size, _CHUNK):
            found = self[at : at + _CHUNK].find(sign)
            if found >= 0:
                return at + found
        return -1

    def rfind(self, sign: bytes, start: int, end: int) -> int:
        """Return the last place of one byte within a part; -1 where there is none."""
        found = self[start:end].rfind(sign)
        return found if found < 0 else start + found

    def endswith(self, signs: tuple[bytes, ...]) -> bool:
        """Tell whether the last byte is one of some."""
        return self[max(self._size - 1, 0) :] in signs

    def read_into(self, room: memoryview, start: int) -> None:
        """Read bytes from a place on, as many as there is room for.

        Raises
        ------
        CxError
            ``file_changed`` where the file is no longer the one that it was.
        """
        with self.path.open("rb", buffering=0) as file:
            file.seek(start + self._skipped)
            done = 0
            while done < len(room):
                got = file.readinto(room[done:])
                if not got:
                    break
                done += got
        told = self.path.stat()
        if done < len(room) or (told.st_size, told.st_mtime_ns, told.st_ino) != self._state:
            raise CxError(
                "file_changed",
                N_("The file {name} was changed while it was read."),
                hint=N_("Wait until it is complete, and bring it again."),
                name=self.path.name,
            )


def plain_file(path: Path) -> tuple[FileBytes, int, bool] | None:
    """Return a file that is UTF-8 without NULs as (its text, bytes of a mark at its beginning, whether it was cut).

    None where it is anything else, which is to be looked at as a whole. The last bytes may only begin a character:
    they are left out then.
    """
    whole = FileBytes(path)
    skipped = 3 if whole[:3] == b"\xef\xbb\xbf" else 0
    cut = _open_end(whole[max(len(whole) - 4, skipped) :])
    text = FileBytes(path, skipped=skipped, cut=cut)
    edges = [*range(0, len(text), _CHUNK), len(text)]
    if not all(run(_is_plain, [(text, *part) for part in itertools.pairwise(edges)])):
        return None
    return text, skipped, cut > 0


def _open_end(tail: bytes) -> int:
    """Return how many bytes at the end only begin a character."""
    decoder = codecs.getincrementaldecoder("utf-8")("ignore")
    decoder.decode(tail)
    return len(decoder.getstate()[0])


def _is_plain(text: FileBytes, start: int, end: int) -> bool:
    """Tell whether the characters that begin within a part are UTF-8 and none is a NUL."""
    data = text[start : end + 3]
    own = np.frombuffer(data, np.uint8)[: end - start]
    if own.min() == 0:
        return False
    if own.max() < 0x80:
        return True
    first, last = _continued(data, 0) if start else 0, end - start
    try:
        data[first : last + _continued(data, last)].decode()
    except UnicodeDecodeError:
        return False
    return True


def _continued(data: bytes, at: int) -> int:
    """Return how many bytes from a place on, at most 3, go on with a character."""
    return next((i for i in range(3) if at + i >= len(data) or data[at + i] & 0xC0 != 0x80), 3)
