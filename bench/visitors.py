"""What visitors wait for: first sights and clicks over the real websocket, one visitor alone and twenty at once.

    python bench/visitors.py [--home DIR] [--customers 1000000] [--contacts 5000000] [--visitors 20] [--seconds 120]

The home holds the demo operator's customers, usage and plans at the size asked for, and a log of contacts in 12 queues
with three tiers; it is made once and used again. Results of all pages are prepared first, as after an import.
Each visitor is a session of its own that speaks the browser's protocol: a first sight lasts from asking for a page
to the end of its run, a click from the change of a widget to the end of what runs. Browsers draw on top of that,
elsewhere. Twenty visitors each act every five seconds: three clicks, then another page. An exception on a page fails
the run.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

import numpy as np  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402
from clicks import cpu_of, resident_mb  # noqa: E402
from dashboard import Dashboard  # noqa: E402
from overtakes import write_log  # noqa: E402
from streamlit.proto.BackMsg_pb2 import BackMsg  # noqa: E402
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg  # noqa: E402
from websockets.asyncio.client import connect  # noqa: E402

from cxlib.ui.sitemap import PAGES  # noqa: E402

EVERY_S: Final = 5.0
NOT_CLICKED: Final = ("Data set", "Language / 语言")
ENDS: Final = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)
LONGEST_S: Final = 120
TIERS: Final = {
    "tier": ["T1", "T2", "T3"],
    "rank": [1, 2, 3],
    "display_name_en": ["Priority", "Level 2", "Regular"],
    "declared_rule": ["head start 60 s", "head start 30 s", "first come, first served"],
}


@dataclass(frozen=True)
class Click:
    """What was changed to what, how long the answer took, and what it cost the server."""

    what: str
    seconds: float
    cpu: float


@dataclass
class Visitor:
    """A session: what stands on its page that can be changed, by id, with the fragment that it stands in."""

    url: str
    data: str
    random: random.Random
    socket: Any = None
    query: str = ""
    page_hash: str = ""
    last: str = ""
    widgets: dict[str, tuple[Any, str]] = field(default_factory=dict)
    changed: dict[str, tuple[bool, str]] = field(default_factory=dict)
    kept: dict[str, ForwardMsg] = field(default_factory=dict)
    exceptions: list[str] = field(default_factory=list)

    async def enter(self) -> None:
        """Open a new session."""
        address = self.url.replace("http", "ws") + "/_stcore/stream"
        self.socket = await connect(address, subprotocols=["streamlit"], origin=self.url, max_size=None)

    async def open(self, url_path: str) -> float:
        """Turn to a page and return how long its run took."""
        self.widgets, self.changed, self.query, self.page_hash = {}, {}, f"lang=en&data={self.data}", ""
        return await self._run(url_path, "")

    async def click(self) -> float | None:
        """Change one of the widgets of the page and return how long what runs took; None where there is none."""
        if not self.widgets:
            return None
        name = self.random.choice(sorted(self.widgets))
        widget, fragment = self.widgets[name]
        options = [getattr(each, "content", each) for each in widget.options]
        before = self.changed.get(name, (False, ""))[1]
        value = self.random.choice([each for each in options if each != before])
        self.last = f"{widget.label}: {value}"
        self.changed[name] = widget.DESCRIPTOR.name == "Selectbox", value
        return await self._run("", fragment)

    async def leave(self) -> None:
        await self.socket.close()

    async def _run(self, url_path: str, fragment: str) -> float:
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash, state.page_name = self.query, self.page_hash, url_path
        state.fragment_id, state.context_info.timezone, state.context_info.locale = fragment, "Europe/Berlin", "en-US"
        state.context_info.url = f"{self.url}/{url_path}"
        for name, (one, value) in self.changed.items():
            own = state.widget_states.widgets.add(id=name)
            if one:
                own.string_value = value
            else:
                own.string_array_value.data.append(value)
        start = time.perf_counter()
        state.cached_message_hashes.extend(self.kept)
        await self.socket.send(message.SerializeToString())
        async with asyncio.timeout(LONGEST_S):
            while True:
                told = ForwardMsg()
                told.ParseFromString(await self.socket.recv())
                if told.WhichOneof("type") == "ref_hash":
                    told = self.kept[told.ref_hash]
                elif told.hash:
                    self.kept[told.hash] = told
                kind = told.WhichOneof("type")
                if kind == "new_session" and not fragment:  # the whole page is drawn anew
                    self.widgets = {}
                if kind == "script_finished" and told.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    fragment = ""
                if kind == "script_finished" and told.script_finished in ENDS:
                    return time.perf_counter() - start
                self._read(kind, told)

    def _read(self, kind: str, told: ForwardMsg) -> None:
        if kind == "navigation":
            self.page_hash = told.navigation.page_script_hash
        elif kind == "page_info_changed":
            self.query = told.page_info_changed.query_string
        elif kind == "delta" and told.delta.WhichOneof("type") == "new_element":
            element = told.delta.new_element
            if element.WhichOneof("type") == "exception":
                self.exceptions.append(f"{element.exception.type}: {element.exception.message}")
            if element.WhichOneof("type") in ("selectbox", "button_group"):
                widget = getattr(element, element.WhichOneof("type"))
                if len(widget.options) > 1 and widget.label not in NOT_CLICKED and not widget.form_id:
                    self.widgets[widget.id] = (widget, told.delta.fragment_id)


async def alone(server: Dashboard, data: str, clicks: int) -> list[str]:
    """Open each page and click on it, in two sessions that do the same; print what the first and the second took.

    What the first asks for that nobody has asked for before is worked out; the second finds it kept.
    """
    columns = f"{'p95':>8}{'CPU':>9}"
    print(f"{'one visitor':14}{'first':>8}{'again':>8}{'new: p50':>11}{columns}{'kept: p50':>11}{columns}")
    found: dict[bool, list[Click]] = {False: [], True: []}
    exceptions: list[str] = []
    for page in PAGES:
        sights, of_page = [], {}
        for again in (False, True):
            visitor = Visitor(server.url, data, random.Random(page.url_path))  # noqa: S311
            await visitor.enter()
            sights.append(await visitor.open("" if page is PAGES[0] else page.url_path))
            of_page[again] = [each for _ in range(clicks) if (each := await clicked(server, visitor)) is not None]
            found[again] += of_page[again]
            exceptions += [f"{page.url_path}: {each}" for each in visitor.exceptions]
            await visitor.leave()
        told = f"{summed(of_page[False])}{summed(of_page[True])}"
        print(f"{page.url_path:14}{sights[0]:8.2f}{sights[1]:8.2f}{told}", flush=True)
    print(f"{'all clicks':30}{summed(found[False])}{summed(found[True])}  n = {len(found[True])}")
    for each in sorted(found[False], key=lambda each: -each.seconds)[:8]:
        print(f"  {each.seconds:6.2f} s  {each.what}")
    return exceptions


async def clicked(server: Dashboard, visitor: Visitor) -> Click | None:
    """Make one click and say what it cost; None where the page has nothing to click."""
    before = sum(cpu_of(server))
    seconds = await visitor.click()
    await asyncio.sleep(0.3)  # what a run leaves behind belongs to it
    return None if seconds is None else Click(visitor.last, seconds, sum(cpu_of(server)) - before)


async def together(server: Dashboard, data: str, visitors: int, seconds: float) -> list[str]:
    """Let many act at once, each every five seconds; print what clicks and first sights took."""
    clicked: list[float] = []
    seen: list[float] = []
    exceptions: list[str] = []

    async def visit(number: int) -> None:
        visitor = Visitor(server.url, data, random.Random(number))  # noqa: S311
        await asyncio.sleep(EVERY_S * number / visitors)
        await visitor.enter()
        begun, step = time.perf_counter(), 0
        while time.perf_counter() - begun < seconds:
            next_at = time.perf_counter() + EVERY_S
            if step % 4 == 0:
                page = visitor.random.choice(PAGES)
                seen.append(await visitor.open("" if page is PAGES[0] else page.url_path))
            elif (took := await visitor.click()) is not None:
                clicked.append(took)
            step += 1
            await asyncio.sleep(max(0.0, next_at - time.perf_counter()))
        exceptions.extend(visitor.exceptions)
        await visitor.leave()

    before = sum(cpu_of(server))
    await asyncio.gather(*(visit(number) for number in range(visitors)))
    used = sum(cpu_of(server)) - before
    print(f"{visitors} visitors, one act every {EVERY_S:.0f} s each, {seconds:.0f} s")
    for name, found in (("clicks", clicked), ("first sights", seen)):
        p50, p95, most = np.quantile(found, [0.5, 0.95, 1])
        print(f"{name:14}n {len(found):5}   p50 {p50:.2f}   p95 {p95:.2f}   most {most:.2f} s")
    print(f"CPU per act {used / (len(clicked) + len(seen)):.3f} s, server {resident_mb(server):,.0f} MB")
    return exceptions


def summed(found: list[Click]) -> str:
    """Return the middle and the 95 % quantile of seconds, and the middle of CPU seconds."""
    if not found:
        return f"{'-':>11}{'-':>8}{'-':>9}"
    seconds = [each.seconds for each in found]
    cpu = np.median([each.cpu for each in found])
    return f"{np.median(seconds):11.3f}{np.quantile(seconds, 0.95):8.3f}{cpu:9.3f}"


def furnished(home: Path, customers: int, contacts: int) -> str:
    """Return the id of the data set in a home that is made where it is missing, all results prepared."""
    from cxlib.demo.build import build_demo  # noqa: PLC0415 - what it loads is no part of the visitors
    from cxlib.demo.operator import ZONE  # noqa: PLC0415
    from cxlib.store import Incoming, Store  # noqa: PLC0415

    with Store(home) as store:
        name = f"{customers:,} customers, {contacts:,} contacts"
        found = [each.id for each in store.datasets() if each.name == name]
        if not found:
            made = build_demo(seed=1, customers=customers).tables
            people = made["customers"].to_pandas()
            people["tier"] = people["tier"].map(
                dict(zip(people["tier"].dropna().unique(), TIERS["tier"], strict=False))
            )
            with tempfile.TemporaryDirectory() as folder:
                log = pq.read_table(write_log(Path(folder) / "log.parquet", contacts, full=True, shuffled=False))
            tables = {
                "plans": made["plans"],
                "customers": pa.Table.from_pandas(people, preserve_index=False),
                "usage": made["usage"],
                "tiers": pa.table(TIERS),
                "contacts": log,
            }
            found = [store.create(name=name).id]
            store.commit(found[0], [Incoming(table=t, data=tables[t], mapping={"zone": ZONE}) for t in tables])
        rows = {name: table.rows for name, table in store.version(found[0]).tables.items()}
    print("; ".join(f"{n:,} {name}" for name, n in rows.items()))
    start = time.perf_counter()
    command = [sys.executable, "-m", "cxlib.ui.prepare"]
    subprocess.run(
        command, check=True, cwd=ROOT, env={**os.environ, "CXLIB_HOME": str(home)}, stderr=subprocess.DEVNULL
    )
    print(f"results of all pages prepared in {time.perf_counter() - start:.1f} s (kept ones cost nothing)", flush=True)
    return found[0]


async def visited(arguments: argparse.Namespace) -> list[str]:
    data = furnished(Path(arguments.home), arguments.customers, arguments.contacts)
    with Dashboard(Path(arguments.home)) as server:
        visitor = Visitor(server.url, data, random.Random(0))  # noqa: S311
        await visitor.enter()
        for page in PAGES:  # the server is warm when each page was seen once
            await visitor.open("" if page is PAGES[0] else page.url_path)
        await visitor.leave()
        print(f"server at rest {resident_mb(server):,.0f} MB")
        exceptions = await alone(server, data, arguments.clicks)
        return exceptions + await together(server, data, arguments.visitors, arguments.seconds)


def main() -> None:
    arguments = parse()
    exceptions = asyncio.run(visited(arguments))
    if exceptions:
        sys.exit("\n".join(sorted(set(exceptions))))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", default="bench-home", help="where the data set is kept")
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--contacts", type=int, default=5_000_000)
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--clicks", type=int, default=6)
    return parser.parse_args()


if __name__ == "__main__":
    main()
