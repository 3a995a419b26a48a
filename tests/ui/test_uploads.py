"""Uploads go to disk on their way in, and what they leave in memory is a token."""

from __future__ import annotations

import asyncio
import hashlib
import io
from typing import TYPE_CHECKING, Any

import pytest

from cxlib.ui.uploads import PLACE, TOKEN, UploadsToDisk, arrived

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

CONTENT = b"customer_id,month\n" + b"1,2026-01\n" * 200_000


class Upload(io.BytesIO):
    """What Streamlit gives a page."""

    @property
    def size(self) -> int:
        return len(self.getvalue())


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CXLIB_HOME", str(tmp_path))
    return tmp_path


def send(content: bytes, *, name: str = "用量.csv", status: int = 204, path: str = f"{PLACE}s/f") -> list[Any]:
    """Send a file through the layer; return name and bytes of what came out behind it."""
    from starlette.requests import Request  # noqa: PLC0415 - beside its use

    taken: list[Any] = []

    async def behind(scope: Any, receive: Any, answer: Any) -> None:
        request: Request = Request(scope, receive)
        async with request.form() as form:
            file = form["file"]
            taken.extend([file.filename, await file.read()])
        await answer({"type": "http.response.start", "status": status, "headers": []})
        await answer({"type": "http.response.body", "body": b""})

    mark = b"mark"
    head = f'--mark\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    body = head + content + b"\r\n--mark--\r\n"
    headers = [
        (b"content-type", b"multipart/form-data; boundary=" + mark),
        (b"content-length", str(len(body)).encode()),
    ]
    scope = {"type": "http", "method": "PUT", "path": path, "query_string": b"", "headers": headers}
    parts = [body[i : i + 65536] for i in range(0, len(body), 65536)]

    async def receive() -> Any:
        part = parts.pop(0) if parts else b""
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    async def answer(_message: Any) -> None:
        return

    asyncio.run(UploadsToDisk(behind)(scope, receive, answer))
    return taken


def test_the_bytes_lie_on_disk_and_a_token_goes_on(home: Path) -> None:
    name, token = send(CONTENT)
    assert name == "用量.csv"
    assert token.startswith(TOKEN)
    path = arrived(Upload(token))
    assert path.read_bytes() == CONTENT
    assert path.name == hashlib.sha256(CONTENT).hexdigest()
    assert path.is_relative_to(home)


def test_an_upload_that_is_refused_leaves_nothing(home: Path) -> None:
    send(CONTENT, status=403)
    assert list((home / "spool").iterdir()) == []


def test_a_file_that_only_looks_like_a_token_is_a_file() -> None:
    forged = TOKEN + b"x" * 43
    assert arrived(Upload(forged)).read_bytes() == forged


def test_without_the_layer_the_bytes_are_written_down() -> None:
    assert arrived(Upload(CONTENT)).read_bytes() == CONTENT


def test_other_requests_pass_untouched() -> None:
    assert send(b"short", path="/other") == ["用量.csv", b"short"]
