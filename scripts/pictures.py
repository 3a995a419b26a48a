"""Take a picture of every page: wide and phone, light and dark, English and Chinese, in full length.

The dashboard is started over a new demo, or over the data sets of ``--home``; what is written to the console
of a page is printed beside its picture.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from dashboard import BROWSER_OPTIONS, NO_BROWSER, ROOT, Dashboard, build_demo, find_browser, settled, watch
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SIZES: Final = {"wide": (1440, 900), "phone": (390, 844)}
SCHEMES: Final = ("light", "dark")
LANGUAGES: Final = ("en", "zh_CN")
LONGEST: Final = 12_000  # pixels; a page that never ends is cut here
# The page scrolls inside its main part: the window must grow by what is hidden there.
HIDDEN: Final = """
() => {
  const main = document.querySelector('[data-testid="stMain"]');
  return main ? main.scrollHeight - main.clientHeight : 0;
}
"""


def take(page: Page, address: str, path: Path, *, width: int, height: int) -> None:
    """Open an address and save its picture in full length."""
    page.set_viewport_size({"width": width, "height": height})
    page.goto(address)
    settled(page, quiet_ms=600)
    # Charts grow with the window, so that a first growth may hide more.
    for _attempt in range(4):
        hidden = page.evaluate(HIDDEN)
        if hidden <= 0 or height >= LONGEST:
            break
        height = min(height + hidden, LONGEST)
        page.set_viewport_size({"width": width, "height": height})
        settled(page, quiet_ms=400)
    page.screenshot(path=path, animations="disabled")


def take_all(browser: Browser, url: str, folder: Path, wanted: argparse.Namespace) -> int:
    """Take the pictures that are wanted; return how many failed."""
    failed = 0
    for size, scheme, language in product(wanted.sizes, wanted.schemes, wanted.languages):
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height},
            device_scale_factor=wanted.scale,
            color_scheme=scheme,
            locale=language.replace("_", "-").replace("en", "en-GB"),
            has_touch=size == "phone",
            is_mobile=size == "phone",
        )
        for name in wanted.only:
            said: list[str] = []
            page = watch(context.new_page(), said)
            path = folder / f"{name}-{size}-{scheme}-{language}.png"
            place = "" if name == wanted.first else name  # the first page has no name in its address
            address = f"{url}/{place}?{urlencode({'lang': language, **dict(wanted.link)})}"
            start = time.monotonic()
            try:
                take(page, address, path, width=width, height=height)
            except Exception as error:  # noqa: BLE001 - the other pictures are still wanted
                failed += 1
                said.append(f"FAILED {str(error).splitlines()[0]}")
            print(f"{path.name}  {time.monotonic() - start:.1f} s  {' | '.join(said)}".rstrip(), flush=True)
            page.close()
        context.close()
    return failed


def main(arguments: list[str]) -> int:
    """Take the pictures that the arguments ask for; return 1 if one failed."""
    wanted = _parser().parse_args(arguments)
    path = find_browser()
    if path is None:
        sys.exit(NO_BROWSER)
    wanted.out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as at_the_end:
        url, dashboard = wanted.url, None
        if url is None:
            home = wanted.home or _new_demo(Path(at_the_end.enter_context(tempfile.TemporaryDirectory())))
            dashboard = at_the_end.enter_context(Dashboard(home))
            url = dashboard.url
        driver = at_the_end.enter_context(sync_playwright())
        browser = driver.chromium.launch(executable_path=path, args=list(BROWSER_OPTIONS))
        failed = take_all(browser, url, wanted.out, wanted)
        browser.close()
        if dashboard is not None and (failed or wanted.log):
            print(dashboard.log)
    return int(failed > 0)


def _new_demo(folder: Path) -> Path:
    home = folder / "home"
    try:
        build_demo(home)
    except RuntimeError as error:
        print(error, file=sys.stderr)  # pages without data are worth a picture too
    return home


def _pages() -> list[str]:
    sys.path.insert(0, str(ROOT))
    from cxlib.ui.sitemap import PAGES  # noqa: PLC0415 - after the project is on the path

    return [page.url_path for page in PAGES]


def _parser() -> argparse.ArgumentParser:
    pages = _pages()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.set_defaults(first=pages[0])
    parser.add_argument(
        "--only", "--page", nargs="+", choices=pages, default=pages, metavar="PAGE", help=", ".join(pages)
    )
    parser.add_argument("--sizes", nargs="+", choices=list(SIZES), default=list(SIZES))
    parser.add_argument("--schemes", nargs="+", choices=SCHEMES, default=list(SCHEMES))
    parser.add_argument("--languages", nargs="+", choices=LANGUAGES, default=list(LANGUAGES))
    parser.add_argument("--scale", type=float, default=1, help="pixels of the picture for each of the page")
    parser.add_argument("--home", type=Path, help="data sets to show instead of a new demo")
    parser.add_argument("--url", help="a dashboard that runs already")
    parser.add_argument(
        "--link", nargs="+", default=[], type=_parameter, metavar="NAME=VALUE", help="parameters of the link"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "pictures")
    parser.add_argument("--log", action="store_true", help="print what the server wrote")
    return parser


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        message = f"{text!r} is not NAME=VALUE"
        raise argparse.ArgumentTypeError(message)
    return name, value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
