"""Write the reference of the library from its docstrings: ``python scripts/reference.py [--check]``.

A page for each package and module with public names, in docs/reference. ``--check`` writes nothing, names what is not
current and which public names have no docstring, and fails where there are any.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import griffe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT: Final = Path(__file__).parent.parent
PAGES: Final = ROOT / "docs" / "reference"
HEAD: Final = "<!-- Written by `make reference` from the docstrings; changes belong there. -->\n"
MODULES: Final = (
    *("tables", "intake", "importing", "store", "fairness", "queueing", "matching", "charts", "demo"),
    *("exports.page_report", "exports.workbook", "exports.decision_note", "formats", "texts", "errors"),
)
"""What others may import from, in the order of the reader's need."""


def pages() -> dict[str, str]:
    """Return the pages by file name, as Markdown."""
    package = griffe.load("cxlib", search_paths=[str(ROOT)])
    found = {name: package[name] for name in MODULES}
    index = [HEAD, "# Reference\n\nWhat can be imported, from the docstrings of the library.\n\n"]
    for name, module in found.items():
        index.append(f"- [`cxlib.{name}`]({name}.md): {_first_line(module)}\n")
    return {"README.md": "".join(index), **{f"{name}.md": _page(name, module) for name, module in found.items()}}


def undocumented() -> list[str]:
    """Return the public names without a docstring."""
    package = griffe.load("cxlib", search_paths=[str(ROOT)])
    return [
        f"cxlib.{name}.{member.name}"
        for name in MODULES
        for member in _public(package[name])
        if member.kind.value in {"class", "function"} and not member.docstring
    ]


def _public(module: Any) -> Iterator[Any]:
    """Yield what a module offers: what it exports, else what is defined in it without an underscore."""
    names: Iterable[str] = module.exports or sorted(
        name for name, each in module.members.items() if not name.startswith("_") and not each.is_alias
    )
    for name in names:
        member = module.members.get(str(name))
        target = member.final_target if member is not None and member.is_alias else member
        if target is not None and target.kind.value in {"class", "function", "attribute"}:
            yield target


def _page(name: str, module: Any) -> str:
    parts = [HEAD, f"# `cxlib.{name}`\n\n", _text(module), "\n"]
    for member in _public(module):
        parts += _member(member, 2)
    return "".join(parts).rstrip("\n") + "\n"


def _member(member: Any, level: int) -> Iterator[str]:
    if member.kind.value == "attribute":
        if member.docstring:
            yield f"{'#' * level} `{member.name}`\n\n{_text(member)}\n"
        return
    bases = ", ".join(str(base) for base in getattr(member, "bases", []))
    said = f"class {member.name}({bases})" if bases else f"class {member.name}"
    yield f"{'#' * level} `{member.name}`\n\n```text\n"
    yield f"{said if member.kind.value == 'class' else member.signature()}\n```\n\n"
    yield f"{_text(member)}\nIn `{member.relative_filepath.as_posix()}`.\n\n"
    if member.kind.value == "class":
        for name, own in member.members.items():
            if not name.startswith("_") and not own.is_alias and own.kind.value == "function" and own.docstring:
                yield from _member(own, level + 1)


def _text(member: Any) -> str:
    if not member.docstring:
        return ""
    parts = []
    for section in member.docstring.parse("numpy"):
        kind = section.kind.value
        if kind == "text":
            parts.append(f"{section.value}\n")
        elif isinstance(section.value, list):
            parts.append(f"**{kind.capitalize()}**\n\n{''.join(map(_item, section.value))}")
        else:
            parts.append(f"**{section.title or kind.capitalize()}**: {getattr(section.value, 'contents', '')}\n")
    return "\n".join(parts)


def _item(each: Any) -> str:
    name, kind = getattr(each, "name", ""), getattr(each, "annotation", None)
    label = f"`{name}`" if name else ""
    said = ", ".join(part for part in (label, str(kind) if kind is not None else "") if part)
    words = " ".join(str(each.description or "").split())
    return f"- {said}: {words}\n" if words else f"- {said}\n"


def _first_line(module: Any) -> str:
    return module.docstring.value.split("\n\n")[0].replace("\n", " ") if module.docstring else ""


def stale(folder: Path, wanted: dict[str, str]) -> list[str]:
    """Return the pages that are missing, differ, or belong to nothing any more."""
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}
    return sorted(name for name in {*there, *wanted} if there.get(name) != wanted.get(name))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, fail where something is not current")
    wanted, faults = pages(), []
    if parser.parse_args().check:
        faults = [f"not current, run `make reference`: docs/reference/{name}" for name in stale(PAGES, wanted)]
    else:
        PAGES.mkdir(parents=True, exist_ok=True)
        for name in stale(PAGES, wanted):
            if name in wanted:
                (PAGES / name).write_text(wanted[name], encoding="utf-8")
            else:
                (PAGES / name).unlink()
    faults += [f"no docstring: {name}" for name in undocumented()]
    sys.stderr.write("".join(f"{fault}\n" for fault in faults))
    sys.stdout.write(f"{len(wanted)} pages, {len(faults)} problems\n")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
