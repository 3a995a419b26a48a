"""Headers that every answer of the server carries, and the language that its page declares."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

import streamlit as st

from cxlib.texts import match_language

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Scope = MutableMapping[str, Any]
    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

STATIC_PAGE: Final = Path(st.__file__).parent / "static" / "index.html"


@cache
def content_security_policy() -> str:
    """Return the policy; the page's own inline scripts are allowed by their hash, computed here."""
    scripts = re.findall(rb"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", STATIC_PAGE.read_bytes(), re.DOTALL)
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(s).digest()).decode()}'" for s in scripts if s.strip())
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {hashes}".strip(),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "frame-src 'self'",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


class SecurityHeaders:
    """ASGI middleware that adds the security headers to every answer over HTTP."""

    def __init__(self, app: Asgi) -> None:
        self.app = app
        self.headers = [
            (b"content-security-policy", content_security_policy().encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),
            (b"x-frame-options", b"DENY"),
            (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                ours = {name for name, _value in self.headers}
                kept = [(name, value) for name, value in message.get("headers", []) if name.lower() not in ours]
                message["headers"] = [*kept, *self.headers]
            await send(message)

        await self.app(scope, receive, send_with_headers)


class DeclaredLanguage:
    """ASGI middleware that declares the page's language, so that browsers and screen readers know it.

    The link's ``lang`` wins, then the browser's first language.
    """

    def __init__(self, app: Asgi) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        headers = dict(scope.get("headers", ()))
        if scope["type"] != "http" or b"text/html" not in headers.get(b"accept", b""):
            await self.app(scope, receive, send)
            return
        if _asked_language(scope, headers) != "zh_CN":
            await self.app(scope, receive, send)
            return
        plain = [(name, value) for name, value in scope["headers"] if name.lower() != b"accept-encoding"]
        started: Message | None = None

        async def send_declared(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = message
                return
            body = message.get("body", b"")
            if started is not None:
                declared = body.replace(b'<html lang="en"', b'<html lang="zh-CN"', 1)
                started["headers"] = [
                    (name, _grown(value, len(declared) - len(body)) if name.lower() == b"content-length" else value)
                    for name, value in started.get("headers", [])
                    if name.lower() not in (b"etag", b"last-modified")
                ]
                await send(started)
                started = None
                message = {**message, "body": declared}
            await send(message)

        conditional = (b"if-none-match", b"if-modified-since")
        asked = [(name, value) for name, value in plain if name.lower() not in conditional]
        await self.app({**scope, "headers": asked}, receive, send_declared)


def _asked_language(scope: Scope, headers: dict[bytes, bytes]) -> str:
    linked = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("lang")
    accepted = headers.get(b"accept-language", b"").decode("latin-1").split(",")[0]
    return match_language(linked[0] if linked else accepted)


def _grown(length: bytes, by: int) -> bytes:
    return str(int(length) + by).encode()
