"""What a click costs the server, page by page, over a data set as large as asked for, in a real browser.

    python bench/clicks.py [--rows 5000000] [--pages queues allocation tiers] [--rounds 3] [--home DIR]

A log of contacts in 12 queues with three ranked tiers is brought into an empty store (or `--home` names a store with
data sets). Each page is opened cold and once more, then clicked through; what is printed of each click is how long it
took until the page was quiet again, and the processor time of the server and of its children, the first time and the
best of the later rounds.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402
from dashboard import BROWSER_OPTIONS, Dashboard, find_browser, settled  # noqa: E402
from overtakes import write_log  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

TICK = os.sysconf("SC_CLK_TCK")
QUIET_MS = 150
CLICKS = {
    "queues": [
        "Which hour, replayed",
        "The rule in force",
        "What priority costs and does",
        "How long they wait",
        "Who is passed",
        "All as one line",
        "Each queue by itself",
    ],
    "allocation": ["Weekday", "Hour", "Queue"],
    "tiers": ["each queue by itself", "all queues together"],
}


def main() -> None:
    arguments = parse()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(arguments.home) if arguments.home else brought_in(Path(folder), arguments.rows)
        with Dashboard(home) as server, sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=find_browser(), args=list(BROWSER_OPTIONS))
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            print(f"{arguments.rows:,} contacts; seconds until quiet, CPU seconds of the server and of its children")
            print(f"{'':44}{'first':>8}{'CPU':>7}{'children':>10}{'later':>9}{'CPU':>7}")
            later = [told for name in arguments.pages for told in clicked_through(page, server, name, arguments.rounds)]
            memory = resident_mb(server)
            browser.close()
    print(f"CPU of a later click: median {median(later):.3f} s, most {max(later):.3f} s; server {memory:,.0f} MB")


def brought_in(folder: Path, rows: int) -> Path:
    """Bring a log and its tiers into a new store and return its folder."""
    from cxlib.store import Incoming, Store  # noqa: PLC0415

    file = write_log(folder / "log.parquet", rows, full=True, shuffled=False)
    tiers = pa.table(
        {
            "tier": ["T1", "T2", "T3"],
            "rank": pa.array([1, 2, 3], pa.int64()),
            "display_name_en": ["Priority", "Level 2", "Regular"],
            "declared_rule": ["head start 60 s", "head start 30 s", "first come, first served"],
        }
    )
    with Store(folder / "home") as store:
        opened = store.create(name="Large").id
        coming = [Incoming(table="contacts", data=pq.read_table(file), mapping={"zone": "Asia/Shanghai"})]
        store.commit(opened, [*coming, Incoming(table="tiers", data=tiers)])
    return folder / "home"


def clicked_through(page: Page, server: Dashboard, name: str, rounds: int) -> Iterator[float]:
    """Open a page and click on everything in turn; give the CPU seconds of each click from the second round on."""

    def opened() -> None:
        page.goto(f"{server.url}/{name}")
        page.get_by_role("heading", level=2).first.wait_for(timeout=300_000)
        until_done(page)

    print_row(name, [measured(server, opened) for _ in range(2)])
    each: dict[str, list[tuple[float, float, float]]] = {label: [] for label in CLICKS[name]}
    for _ in range(rounds):
        for label, found in each.items():
            found.append(measured(server, lambda label=label: click(page, label)))
    for label, found in each.items():
        print_row(f"  {label}", found)
        yield from (cpu for _seconds, cpu, _children in found[1:])


def click(page: Page, label: str) -> None:
    button = page.get_by_role("radio", name=label, exact=True).or_(page.get_by_role("button", name=label, exact=True))
    button.first.click()
    until_done(page)


def until_done(page: Page) -> None:
    """Wait until nothing runs, and until what is worked out in a process of its own is there."""
    settled(page, quiet_ms=QUIET_MS, timeout_ms=600_000)
    while page.locator("[class*=st-key-long-]").count():
        time.sleep(0.2)
        settled(page, quiet_ms=QUIET_MS, timeout_ms=600_000)


def measured(server: Dashboard, work: Callable[[], Any]) -> tuple[float, float, float]:
    """Return seconds until quiet, CPU seconds of the server, and of its children that have ended."""
    before, start = cpu_of(server), time.perf_counter()
    work()
    seconds, after = time.perf_counter() - start - QUIET_MS / 1000, cpu_of(server)
    return seconds, after[0] - before[0], after[1] - before[1]


def cpu_of(server: Dashboard) -> tuple[float, float]:
    parts = Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    own, children = (int(parts[11]) + int(parts[12])) / TICK, (int(parts[13]) + int(parts[14])) / TICK
    return own, children


def resident_mb(server: Dashboard) -> float:
    return int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def print_row(name: str, found: list[tuple[float, float, float]]) -> None:
    first, later = found[0], min(found[1:], key=lambda each: each[1], default=(float("nan"),) * 3)
    print(f"{name:44}{first[0]:8.2f}{first[1]:7.2f}{first[2]:10.2f}{later[0]:9.2f}{later[1]:7.2f}", flush=True)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--pages", nargs="+", choices=list(CLICKS), default=list(CLICKS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--home", help="a store with data sets, instead of a new one")
    return parser.parse_args()


if __name__ == "__main__":
    main()
