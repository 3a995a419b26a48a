"""Uploads go to disk as they arrive, so that the server's memory does not grow with them.

Streamlit keeps an upload in memory for as long as its session lives. This layer writes the bytes to a file on their
way in and hands a short token on instead; `arrived` turns the token back into the file.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect, Request
from streamlit import config

from cxlib.importing.spool import spool, unspool
from cxlib.store import default_root

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping
    from pathlib import Path

    Scope = MutableMapping[str, Any]
    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

PLACE: Final = "/_stcore/upload_file/"
TOKEN: Final = b"cxlib upload "
OVERHEAD_BYTES: Final = 1 << 16

_waiting: dict[bytes, Path] = {}


def limit_bytes() -> int:
    """Return the largest file that the browser may send."""
    return int(config.get_option("server.maxUploadSize")) << 20


def arrived(upload: Any) -> Path:
    """Return the file of one of Streamlit's uploads, on disk; its bytes are written down where they came in memory."""
    told = upload.getvalue() if upload.size < len(TOKEN) + 100 else b""
    path = _waiting.get(told)
    return path if path is not None else spool(upload, root())


def root() -> Path:
    """Return the folder of the store."""
    return default_root().expanduser().resolve()


class UploadsToDisk:
    """ASGI middleware that keeps the bytes of uploads out of the server's memory."""

    def __init__(self, app: Asgi) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "PUT" or PLACE not in scope["path"]:
            await self.app(scope, receive, send)
            return
        most = limit_bytes() + OVERHEAD_BYTES
        length = dict(scope["headers"]).get(b"content-length", b"")
        if not length.isdigit() or int(length) > most:
            await self.app(scope, receive, send)  # refused there, before anything is read
            return
        try:
            await self._keep(scope, receive, send)
        except ClientDisconnect:  # cancelled in the browser: there is nobody to answer
            return

    async def _keep(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with Request(scope, receive).form() as form:
            files = [value for value in form.values() if isinstance(value, UploadFile)]
            if len(files) != 1:
                await self.app(*_asking(scope, b"", ""), send)
                return
            path = await run_in_threadpool(spool, files[0].file, root())
            name = files[0].filename or ""
        token = TOKEN + secrets.token_urlsafe(32).encode()
        _waiting[token] = path
        refused = False

        async def watched(message: Message) -> None:
            nonlocal refused
            refused |= message["type"] == "http.response.start" and message["status"] >= 400
            await send(message)

        await self.app(*_asking(scope, token, name), watched)
        if refused:
            _waiting.pop(token, None)
            if path not in _waiting.values():  # somebody else may have brought the same file
                unspool(path)


def _asking(scope: Scope, content: bytes, name: str) -> tuple[Scope, Receive]:
    """Return the request again with other content."""
    mark = secrets.token_hex(16)
    plain = name.replace("\\", "_").replace('"', "%22").replace("\r", " ").replace("\n", " ")
    head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{plain}"\r\n\r\n'
    body = head.encode("utf-8", "replace") + content + f"\r\n--{mark}--\r\n".encode()
    kept = [(key, value) for key, value in scope["headers"] if key not in (b"content-length", b"content-type")]
    headers = [
        *kept,
        (b"content-type", f"multipart/form-data; boundary={mark}".encode()),
        (b"content-length", str(len(body)).encode()),
    ]
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return {**scope, "headers": headers}, receive
