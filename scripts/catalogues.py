"""The catalogues of texts: keep them in step with the code, and find what is wrong with them.

``update`` takes new texts in and drops those that no code says any more; ``check`` fails where a language is not
complete; ``missing`` lists what is still to be translated, and where it is said.
"""

from __future__ import annotations

import argparse
import ast
import io
import string
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parent.parent
LOCALES: Final = ROOT / "cxlib" / "locales"
LANGUAGES: Final = ("zh_CN",)  # English is the texts themselves
SOURCES: Final = ("cxlib", "pages", "app.py")
KEYWORDS: Final = {"N_": None, "_": None, "ngettext": (1, 2)}
COMMANDS: Final = ("update", "check", "missing")


@dataclass(frozen=True)
class Text:
    """One text that the code says: its English form, the form for many if it counts, and where it is said."""

    one: str
    many: str | None
    places: tuple[str, ...]

    @property
    def id(self) -> str | tuple[str, str]:
        """What a catalogue calls it."""
        return self.one if self.many is None else (self.one, self.many)


def texts_said(root: Path = ROOT) -> dict[str, Text]:
    """Return the texts that the code under `root` says, by their English form."""
    texts: dict[str, Text] = {}
    for name, source in _sources(root):
        for line, said, _comments, _context in extract("python", io.BytesIO(source), keywords=KEYWORDS):
            one, many = (said, None) if isinstance(said, str) else said
            known = texts.get(one, Text(one, None, ()))
            texts[one] = Text(one, many or known.many, (*known.places, f"{name}:{line}"))
    return texts


def unreadable(root: Path = ROOT) -> list[str]:
    """Return where the code marks a text that is put together only when it runs, so that no catalogue can hold it."""
    found, said = [], texts_said(root)
    for name, source in _sources(root):
        for node in ast.walk(ast.parse(source)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KEYWORDS):
                continue
            for argument in node.args[:1]:
                if _is_put_together(argument, node.func.id):
                    found.append(f"not a plain text: {name}:{node.lineno}")
                elif isinstance(argument, ast.Constant) and argument.value and argument.value not in said:
                    found.append(f"hidden inside an f-string: {name}:{node.lineno}")
    return found


def unfillable(texts: dict[str, Text]) -> list[str]:
    """Return the English texts whose braces do not pair."""
    found = []
    for text in texts.values():
        try:
            fields(text.one + (text.many or ""))
        except ValueError as error:
            found.append(f"{error}: {text.one!r} ({text.places[0]})")
    return found


def problems(catalogue: Catalog, texts: dict[str, Text]) -> list[str]:
    """Return what is wrong with a catalogue, one line each; none when it says all these texts and no others."""
    known = {_one(message): message for message in catalogue if message.id}
    found = [f"no code says it any more: {one!r}" for one in known if one not in texts]
    for one, text in texts.items():
        message = known.get(one)
        faults = ["not in the catalogue"] if message is None else _faults(message, text)
        found += [f"{fault}: {one!r} ({text.places[0]})" for fault in faults]
    return sorted(found)


def fields(template: str) -> frozenset[str]:
    """Return the names of what is filled into a template."""
    return frozenset(name for _said, name, _format, _how in string.Formatter().parse(template) if name is not None)


def updated(catalogue: Catalog, texts: dict[str, Text]) -> Catalog:
    """Return the catalogue of exactly these texts, with the translations that `catalogue` has for them."""
    known = {_one(message): message for message in catalogue if message.id}
    renewed = Catalog(locale=catalogue.locale, fuzzy=False)
    for text in texts.values():
        old = known.get(text.one, Message(text.id))
        translation = old.string if old.id == text.id else ""
        renewed.add(text.id, translation, user_comments=old.user_comments)
    return renewed


def catalogue_path(language: str, locales: Path = LOCALES) -> Path:
    """Return where the catalogue of a language is."""
    return locales / language / "LC_MESSAGES" / "cxlib.po"


def read_catalogue(path: Path, language: str) -> Catalog:
    """Return the catalogue in a file; an empty one where there is none yet."""
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def write_catalogue(catalogue: Catalog, path: Path) -> None:
    """Write a catalogue that changes only where its texts do: sorted, without dates, tools or places."""
    body = io.BytesIO()
    write_po(body, catalogue, width=0, no_location=True, omit_header=True, sort_output=True)
    header = (
        f"Language: {catalogue.locale}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        f"Plural-Forms: {catalogue.plural_forms}",
    )
    lines = ['msgid ""', 'msgstr ""', *(f'"{line}\\n"' for line in header)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n\n" + body.getvalue().decode().strip() + "\n", encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Run one command; return 1 where `check` or `missing` found something."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=COMMANDS)
    command = parser.parse_args(arguments).command
    texts = texts_said()
    found = [] if command == "missing" else [*unreadable(), *unfillable(texts)]
    for language in LANGUAGES:
        path = catalogue_path(language)
        catalogue = read_catalogue(path, language)
        if command == "update":
            write_catalogue(updated(catalogue, texts), path)
            catalogue = read_catalogue(path, language)
        wrong = problems(catalogue, texts)
        found += [f"{language}: {line}" for line in wrong]
        print(f"{language}: {len(texts)} texts, {len(wrong)} problems")
    if command != "update":
        print(*found, sep="\n")
    return int(bool(found) and command != "update")


def _sources(root: Path) -> Iterator[tuple[str, bytes]]:
    for source in SOURCES:
        path = root / source
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            yield file.relative_to(root).as_posix(), file.read_bytes()


def _is_put_together(argument: ast.expr, called: str) -> bool:
    """Say whether a catalogue cannot know the argument; `_` may also be given a text that was marked elsewhere."""
    if isinstance(argument, ast.JoinedStr | ast.BinOp):
        return True
    return called != "_" and not (isinstance(argument, ast.Constant) and isinstance(argument.value, str))


def _one(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _faults(message: Message, text: Text) -> list[str]:
    if (message.id if isinstance(message.id, str) else tuple(message.id)) != text.id:
        return ["counts in the code or in the catalogue, but not in both"]
    forms = [message.string] if isinstance(message.string, str) else list(message.string)
    if not all(forms):
        return ["not translated"]
    faults = ["marked fuzzy"] if message.fuzzy else []
    # Where a language has one form for every number, that form shows what the English one for many shows.
    pattern = text.many or text.one
    for form in forms:
        try:
            if fields(form) != fields(pattern):
                faults.append(f"fills in {sorted(fields(form))} and not {sorted(fields(pattern))}")
        except ValueError as error:
            faults.append(f"translation: {error}")
        if (form[:1].isspace(), form[-1:].isspace()) != (pattern[:1].isspace(), pattern[-1:].isspace()):
            faults.append("begins or ends with a space in one language only")
    return faults


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
