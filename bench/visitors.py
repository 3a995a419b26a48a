"""What visitors wait for: first sights and clicks over the real websocket, one visitor alone and twenty at once.

    python bench/visitors.py [--home DIR] [--customers 1000000] [--contacts 5000000] [--visitors 20] [--seconds 120]

The home holds the demo operator's customers, usage and plans at the size asked for, and a year of its contacts in 12
queues with four tiers; it is made once and used again. Results of all pages are prepared first, as after an import.
Each visitor is a session of its own that speaks the browser's protocol: a first sight lasts from asking for a page
to the end of its run, a click from the change of a widget to the end of what runs. Browsers draw on top of that,
elsewhere. Twenty visitors each act every five seconds: three clicks, then another page; then they do the same once
more, when all that they ask for is kept. An exception on a page fails the run.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

import numpy as np  # noqa: E402
from clicks import cpu_of, resident_mb  # noqa: E402
from dashboard import Dashboard  # noqa: E402
from large_home import furnished, prepared  # noqa: E402
from visitor import Visitor  # noqa: E402

from cxlib.ui.sitemap import PAGES  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Sequence

EVERY_S: Final = 5.0
LIMITS: Final = {"sight": 2.0, "alone": 0.5, "together": 1.5, "cpu": 0.1}
DEAREST: Final = 12
MOST_ACTS: Final = 10_000
MOST_WAIT_S: Final = 120
"""A visitor who is alone waits so long for what is being worked out."""


@dataclass(frozen=True)
class Act:
    """What was opened or clicked, how long the answer took, what it cost the server, and when all of it was there.

    The answer may be that it is being worked out, by a process beside the server; `there` is then when it stood.
    """

    page: str
    what: str
    seconds: float
    cpu: float = 0.0
    there: float | None = None


@dataclass
class Told:
    """All that happened: first sights, clicks that were new and that were made before, and what went wrong."""

    sights: list[Act] = field(default_factory=list)
    new: list[Act] = field(default_factory=list)
    kept: list[Act] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


async def visited(arguments: argparse.Namespace, data: str) -> list[str]:
    """Warm the server, let one visitor act, then many; return what went wrong."""
    with Dashboard(Path(arguments.home)) as server:
        visitor = Visitor(server.url, data, random.Random(arguments.seed))  # noqa: S311
        await visitor.enter()
        for page in PAGES:  # the server is warm when each page was seen once
            await visitor.open(address(page.url_path))
        await visitor.leave()
        await asyncio.sleep(arguments.rest)
        print(f"server at rest {resident_mb(server):,.0f} MB")
        one = await alone(server, data, arguments)
        report(one, Told(), 0.0, arguments)
        faults, acts = one.faults, dict.fromkeys(range(arguments.visitors), MOST_ACTS)
        for said in ("the first time", "the same once more, all of it kept"):
            many, cpu = await together(server, data, acts, arguments)
            print(f"\n{arguments.visitors} visitors: {said}")
            report(one, many, cpu, arguments)
            faults += many.faults
        print(f"server in the end {resident_mb(server):,.0f} MB, at most {peak_mb(server):,.0f} MB")
        return faults


async def alone(server: Dashboard, data: str, arguments: argparse.Namespace) -> Told:
    """Open each page and click on it, in two sessions that do the same: what the first asks for is new."""
    told = Told()
    for page in PAGES:
        for found in (told.new, told.kept):
            visitor = Visitor(server.url, data, random.Random(f"{page.url_path}{arguments.seed}"))  # noqa: S311
            await visitor.enter()
            told.sights += await acted(server, visitor, page.url_path)
            for _ in range(arguments.clicks):
                found.extend(await acted(server, visitor, page.url_path, click=True))
            told.faults += visitor.faults
            await visitor.leave()
    return told


async def acted(server: Dashboard, visitor: Visitor, page: str, *, click: bool = False) -> list[Act]:
    """Open a page or click on it and say what it cost; nothing where the page has nothing to click."""
    before = cpu_of(server)[0]
    seconds = await visitor.click() if click else await visitor.open(address(page))
    cpu = cpu_of(server)[0]
    begun = time.perf_counter()
    waits = bool(visitor.again)
    await visitor.until_there(MOST_WAIT_S)
    there = time.perf_counter() - begun
    await visitor.stay(0.3)
    return (
        [] if seconds is None else [Act(page, visitor.last, seconds, cpu - before, seconds + there if waits else None)]
    )


async def together(
    server: Dashboard, data: str, acts: dict[int, int], arguments: argparse.Namespace
) -> tuple[Told, float]:
    """Let many act at once, each every five seconds; return what they waited for, and the server's CPU in all.

    `acts` is how often each may act at most, and then how often it did: once more, nobody goes beyond.
    """
    told = Told()

    async def visit(number: int) -> None:
        visitor = Visitor(server.url, data, random.Random(f"{number} {arguments.seed}"))  # noqa: S311
        await asyncio.sleep(EVERY_S * number / len(acts))
        await visitor.enter()
        begun, step, page = time.perf_counter(), 0, ""
        while step < acts[number] and (acts[number] < MOST_ACTS or time.perf_counter() - begun < arguments.seconds):
            next_at = time.perf_counter() + EVERY_S
            if step % 4 == 0:
                page = visitor.random.choice(PAGES).url_path
                told.sights.append(Act(page, "", await visitor.open(address(page))))
            elif (took := await visitor.click()) is not None:
                told.kept.append(Act(page, visitor.last, took))
            step += 1
            await visitor.stay(max(0.0, next_at - time.perf_counter()))
        acts[number] = step
        told.faults.extend(visitor.faults)
        await visitor.leave()

    before = cpu_of(server)[0]
    await asyncio.gather(*(visit(number) for number in list(acts)))
    return told, cpu_of(server)[0] - before


def report(one: Told, many: Told, cpu: float, arguments: argparse.Namespace) -> None:
    """Print what each page took, one visitor alone and many at once, and which clicks were dearest."""
    print(f"{'':12}{'one visitor':>56}{f'{arguments.visitors} visitors':>42}")
    heads = "first  again   new p50    p95   most    CPU  kept p50    p95    CPU  sight p95   click p50    p95   most"
    print(f"{'':12} {heads}")
    for name in (*(page.url_path for page in PAGES), "all"):

        def of(acts: Sequence[Act], name: str = name) -> list[Act]:
            return [act for act in acts if name in (act.page, "all")]

        sights = of(one.sights)
        first, again = max_of(sights[::2]), max_of(sights[1::2])
        print(
            f"{name:12}{first}{again}{quantiles(of(one.new), 0.5, 0.95, 1, width=10)}{cpu_said(of(one.new))}"
            f"{quantiles(of(one.kept), 0.5, 0.95, width=10)}{cpu_said(of(one.kept))}"
            f"{quantiles(of(many.sights), 0.95, width=11)}{quantiles(of(many.kept), 0.5, 0.95, 1, width=12)}"
        )
    late = [Act(act.page, act.what, act.there) for act in (*one.sights, *one.new) if act.there is not None]
    if late:
        said = quantiles(late, 0.5, 0.95, 1, width=6)
        print(f"of one visitor {len(late)} had to be worked out beside the server: {said}")
    acts = len(many.kept) + len(many.sights)
    print(f"alone {len(one.new)} new clicks and as many kept; together {len(many.kept)}, and {len(many.sights)} sights")
    print(f"CPU of the server per act together {cpu / max(1, acts):.3f} s; limits: {LIMITS}")
    print(f"the dearest clicks of {arguments.visitors}, then of one:")
    for acts_ in (many.kept, one.new):
        for act in sorted(acts_, key=lambda act: -act.seconds)[:DEAREST]:
            print(f"  {act.seconds:6.2f} s  CPU {act.cpu:5.2f}  {act.page:12}{act.what[:70]}")


def quantiles(acts: Sequence[Act], *shares: float, width: int) -> str:
    if not acts:
        return f"{'-':>{width}}" + f"{'-':>7}" * (len(shares) - 1)
    found = np.quantile([act.seconds for act in acts], shares)
    return f"{found[0]:{width}.2f}" + "".join(f"{each:7.2f}" for each in found[1:])


def cpu_said(acts: Sequence[Act]) -> str:
    return f"{np.median([act.cpu for act in acts]):7.2f}" if acts else f"{'-':>7}"


def max_of(acts: Sequence[Act]) -> str:
    return f"{max(act.seconds for act in acts):7.2f}" if acts else f"{'-':>7}"


def peak_mb(server: Dashboard) -> float:
    """Return the most that the server itself ever held."""
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines() if server.process else []
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024 / 1e6


def address(url_path: str) -> str:
    """Return what a browser says of a page: the first has an empty address."""
    return "" if url_path == PAGES[0].url_path else url_path


def main() -> None:
    arguments = parse()
    home = Path(arguments.home).resolve()
    data = furnished(home, arguments.customers, arguments.contacts)
    if arguments.unprepared:
        print("not prepared: what is kept is used, and the server goes on preparing while it is measured", flush=True)
    else:
        print(f"results of all pages prepared in {prepared(home):.0f} s (kept ones cost nothing)", flush=True)
    load = os.getloadavg()[0]
    faults = asyncio.run(visited(arguments, data))
    print(f"load of the machine {load:.1f} before, {os.getloadavg()[0]:.1f} after")
    if faults:
        sys.exit("\n".join(sorted(set(faults))))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", default="bench-home", help="where the data set is kept")
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--contacts", type=int, default=5_000_000)
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--clicks", type=int, default=10, help="on each page, of one visitor")
    parser.add_argument("--seed", type=int, default=0, help="of what is clicked: another one, other clicks")
    parser.add_argument("--unprepared", action="store_true", help="measure with what is kept already")
    parser.add_argument("--rest", type=float, default=15, help="seconds from the first look to the first measure")
    return parser.parse_args()


if __name__ == "__main__":
    main()
