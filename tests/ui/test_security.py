"""Every answer carries the security headers; a Chinese reader's page says that it is Chinese."""

from __future__ import annotations

import asyncio
import hashlib
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse
from starlette.routing import Route

from cxlib.ui.security import STATIC_PAGE, DeclaredLanguage, SecurityHeaders, content_security_policy

if TYPE_CHECKING:
    from starlette.requests import Request

PAGE = '<!doctype html><html lang="en"><body>x</body></html>'


async def page(_request: Request) -> HTMLResponse:
    return HTMLResponse(PAGE, headers={"etag": "1", "x-frame-options": "ALLOWALL"})


def ask(target: str, **headers: str) -> tuple[list[tuple[str, str]], str]:
    """Send one request through both layers; return the answer's headers and text."""
    app = Starlette(routes=[Route("/", page)], middleware=[Middleware(SecurityHeaders), Middleware(DeclaredLanguage)])
    path, _mark, query = target.partition("?")
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": query.encode(), "headers": named}
    asyncio.run(app(scope, receive, send))
    start = next(message for message in sent if message["type"] == "http.response.start")
    body = b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body")
    return [(name.decode(), value.decode()) for name, value in start["headers"]], body.decode()


def test_the_policy_allows_no_other_host_and_only_the_page_s_own_inline_script() -> None:
    rules = dict(rule.split(" ", 1) for rule in content_security_policy().split("; "))
    inline = STATIC_PAGE.read_bytes().split(b"<script>")[1].split(b"</script>")[0]
    allowed = b64encode(hashlib.sha256(inline).digest()).decode()
    assert rules["script-src"].split() == ["'self'", f"'sha256-{allowed}'"]
    assert rules["connect-src"] == "'self'"
    assert rules["frame-ancestors"] == "'none'"
    assert "http" not in content_security_policy()


@pytest.mark.parametrize("path", ["/", "/no/such/page"])
def test_every_answer_carries_the_headers_once(path: str) -> None:
    headers, _text = ask(path)
    assert ("content-security-policy", content_security_policy()) in headers
    assert ("x-content-type-options", "nosniff") in headers
    assert [value for name, value in headers if name == "x-frame-options"] == ["DENY"]


@pytest.mark.parametrize(
    ("path", "accepts", "declared"),
    [
        ("/", "en-US", "en"),
        ("/", "zh-CN,zh;q=0.9", "zh-CN"),
        ("/?lang=zh_CN", "en-US", "zh-CN"),
        ("/?lang=en", "zh-CN", "en"),
    ],
)
def test_the_page_declares_the_reader_s_language(path: str, accepts: str, declared: str) -> None:
    headers, text = ask(path, accept="text/html", accept_language=accepts)
    assert text == PAGE.replace('lang="en"', f'lang="{declared}"')
    assert int(dict(headers)["content-length"]) == len(text)
