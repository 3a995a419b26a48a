"""Start the dashboard and look at it in a browser: what the browser tests and the pictures share.

``python scripts/dashboard.py browser`` prints the browser that they would use, or says that there is none.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Self

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Page, Request

ROOT: Final = Path(__file__).parent.parent
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER_OPTIONS: Final = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars")
# A first deep link asks for these two beside its page and falls back; no reader sees it.
HARMLESS: Final = ("/_stcore/health", "/_stcore/host-config")
NO_BROWSER: Final = "no Chromium that starts (apt-get install chromium)"

# A run has ended when nothing runs, nothing is stale, and nothing is still being fetched, for as long as it takes
# a click to reach the server and come back.
SETTLED: Final = """
quiet => {
  const app = document.querySelector('[data-testid="stApp"]');
  const busy = !app || app.dataset.testScriptState !== 'notRunning' || app.dataset.testConnectionState !== 'CONNECTED'
    || document.querySelector('[data-testid="stSkeleton"], [data-testid="stAppSkeleton"], [data-stale="true"]');
  const now = performance.now();
  if (busy) window.cxQuietSince = undefined;
  else window.cxQuietSince ??= now;
  return !busy && now - window.cxQuietSince >= quiet;
}
"""


@cache
def find_browser() -> str | None:
    """Return the path of a Chromium that starts: the system's, else the one that came with its driver."""
    return next((path for path in _browser_candidates() if _starts(path)), None)


def settled(page: Page, *, quiet_ms: int = 300, timeout_ms: float = 60_000) -> Page:
    """Wait until the running script has ended and stayed so for `quiet_ms`; return the page."""
    page.evaluate("() => { window.cxQuietSince = undefined }")
    page.wait_for_function(SETTLED, arg=quiet_ms, timeout=timeout_ms, polling=50)
    return page


def watch(page: Page, faults: list[str]) -> Page:
    """Add to `faults` whatever goes wrong inside the page: console errors, exceptions, requests to other hosts."""

    def on_console(message: ConsoleMessage) -> None:
        address = message.location.get("url", "")
        if message.type == "error" and not ("404" in message.text and address.endswith(HARMLESS)):
            faults.append(f"console: {message.text} ({address})")

    def on_request(request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:", "about:")):
            faults.append(f"another host was asked: {request.url}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: faults.append(f"exception: {error}"))
    page.on("request", on_request)
    return page


def build_demo(home: Path, **environment: str) -> None:
    """Put the demo data set into `home`.

    Raises
    ------
    RuntimeError
        With what the command said, if it failed.
    """
    home.mkdir(parents=True, exist_ok=True)
    for command in (["cxlib.cli", "demo", "--warm"], ["cxlib.ui.prepare"]):  # as scripts/app.sh does
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env={**os.environ, "CXLIB_HOME": str(home), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        if done.returncode:
            message = f"the demo was not built:\n{done.stdout}{done.stderr}"
            raise RuntimeError(message)


@dataclass
class Dashboard:
    """One running server over the data sets in `home`; leave it by `stop` or as a context.

    Parameters
    ----------
    home : Path
        Folder of the data sets.
    launcher : {"streamlit", "uvicorn"}
        ``streamlit run app.py`` or ``uvicorn app:app``.
    environment : dict, optional
        Further environment variables.
    """

    home: Path
    launcher: Literal["streamlit", "uvicorn"] = "streamlit"
    environment: dict[str, str] = field(default_factory=dict)
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address, without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What the server has written so far."""
        path = self._log_path
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def start(self, *, wait_s: float = 60) -> Self:
        """Start the server on a free port and wait until it is healthy.

        Raises
        ------
        RuntimeError
            With the server's log, if it ended or did not answer in `wait_s` seconds.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        self.port = self.port or _free_port()
        with self._log_path.open("ab") as log:
            self.process = subprocess.Popen(
                self._command(),
                cwd=ROOT,
                env={**os.environ, "CXLIB_HOME": str(self.home), **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        end = time.monotonic() + wait_s
        while not self.healthy():
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                message = f"the dashboard did not start:\n{self.log}"
                raise RuntimeError(message)
            time.sleep(0.1)
        return self

    def healthy(self) -> bool:
        """Say whether the server answers."""
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=5) as answer:
            return bool(answer.status == 200)
        return False

    def stop(self) -> None:
        """End the server; a second call does nothing."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def kill(self) -> None:
        """End the server at once, as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def restart(self) -> Self:
        """Stop the server and start it again at the same address; a page that is still open notes errors meanwhile."""
        self.stop()
        return self.start()

    def __enter__(self) -> Self:
        return self if self.process else self.start()

    def __exit__(self, *exception: object) -> None:
        self.stop()

    @property
    def _log_path(self) -> Path:
        return self.home.parent / f"{self.home.name}-{self.launcher}.log"

    def _command(self) -> list[str]:
        if self.launcher == "uvicorn":
            return [sys.executable, "-m", "uvicorn", "app:app", "--host", "127.0.0.1", "--port", str(self.port)]
        options: dict[str, Any] = {"port": self.port, "address": "127.0.0.1", "headless": "true"}
        flags = [part for name, value in options.items() for part in (f"--server.{name}", str(value))]
        return [sys.executable, "-m", "streamlit", "run", "app.py", *flags]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _browser_candidates() -> list[str]:
    found = [path for name in BROWSERS if (path := shutil.which(name))]
    with contextlib.suppress(ImportError):
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - slow, and only needed here

        if not found:
            with sync_playwright() as driver:
                found.append(driver.chromium.executable_path)
    return found


def _starts(path: str) -> bool:
    """Say whether the browser runs: some systems have a stub in its place that asks for another package."""
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=30, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


if __name__ == "__main__":
    if sys.argv[1:] != ["browser"]:
        sys.exit("usage: python scripts/dashboard.py browser")
    print(find_browser() or sys.exit(NO_BROWSER))
