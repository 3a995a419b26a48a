"""What must be true of the project as a whole: its locks, its commands, its papers, its public names."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from streamlit import config as streamlit_config

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements.txt", "requirements-dev.txt")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
SCRIPTS = sorted([*ROOT.glob("scripts/*.sh"), ROOT / ".ci" / "run"])
SOURCES = [ROOT / "app.py", *sorted(ROOT.glob("cxlib/**/*.py")), *sorted(ROOT.glob("pages/**/*.py"))]
LOCKED = re.compile(r"(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>[^ ;]+)(?P<marker> ; [^\\]+)? \\")
HASHED = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
# Put together here, so that this file does not hold what it looks for.
ADDRESSES = re.compile(
    "|".join(("pypi" + r"\.org", "python" + "hosted", "--(extra-)?index" + "-url[ =]", "find" + "-links"))
)


def readme() -> str:
    path = ROOT / "README.md"
    if not path.exists():
        pytest.skip("no README yet")
    return path.read_text("utf-8")


def locked(lock: str) -> dict[str, set[str]]:
    """Versions by name; several where they differ between versions of Python."""
    found: dict[str, set[str]] = {}
    for line in (ROOT / lock).read_text("utf-8").splitlines():
        if match := LOCKED.fullmatch(line):
            found.setdefault(match["name"], set()).add(match["version"])
    return found


def tracked() -> list[Path]:
    """Files of the project: those that git knows, or all outside hidden folders where there is no git."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    names = done.stdout.decode().split("\0") if done.returncode == 0 else []
    paths = [ROOT / name for name in names if name] or [p for p in ROOT.rglob("*") if ".venv" not in p.parts]
    return [path for path in paths if path.is_file()]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_names_versions_and_hashes_and_nothing_else(lock: str) -> None:
    lines = (ROOT / lock).read_text("utf-8").splitlines()
    assert [line for line in lines if not (LOCKED.fullmatch(line) or HASHED.fullmatch(line))] == []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        assert not LOCKED.fullmatch(line) or HASHED.fullmatch(following), f"no hash: {line}"


@pytest.mark.parametrize(
    ("lock", "groups"), [("requirements.txt", ("build",)), ("requirements-dev.txt", ("build", "dev"))]
)
def test_a_lock_holds_what_the_project_asks_for(lock: str, groups: tuple[str, ...]) -> None:
    asked = [text for group in groups for text in PROJECT["dependency-groups"][group] if isinstance(text, str)]
    versions = locked(lock)
    for requirement in map(Requirement, [*PROJECT["project"]["dependencies"], *asked]):
        found = versions.get(canonicalize_name(requirement.name), set())
        assert found, f"run: make lock ({requirement} is missing)"
        assert all(requirement.specifier.contains(version) for version in found), f"run: make lock ({requirement})"


def test_the_dashboard_runs_on_what_the_tests_run_on() -> None:
    tools = locked("requirements-dev.txt")
    assert {name: tools.get(name) for name in locked("requirements.txt")} == locked("requirements.txt")


def test_no_file_names_where_packages_come_from() -> None:
    found = []
    for path in tracked():
        text = path.read_bytes().decode("utf-8", errors="ignore")
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in ADDRESSES.finditer(text)]
    assert found == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_shell_script_can_be_read_and_run(script: Path) -> None:
    subprocess.run(["bash", "-n", str(script)], check=True)
    assert script.stat().st_mode & 0o111, "chmod +x"
    assert "pipefail" in script.read_text("utf-8")


def test_every_target_is_declared_and_has_its_script() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE))
    declared = set(re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)[1].split())
    assert targets == declared
    for name in re.findall(r"scripts/[a-z_]+\.(?:sh|py)", MAKEFILE):
        assert (ROOT / name).exists(), name


def test_the_readme_names_only_commands_that_exist() -> None:
    text = readme()
    targets = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE))
    named = set(re.findall(r"^\s*(?:\$ )?make ([a-z][a-z-]*)", text, re.MULTILINE))
    named |= set(re.findall(r"`make ([a-z][a-z-]*)", text))
    assert {"app", "test"} <= named
    assert named <= targets


def test_the_readme_links_only_to_what_is_there() -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", readme()):
        if "://" not in target:
            assert (ROOT / target).exists(), target


def test_the_licence_is_what_the_project_says() -> None:
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert PROJECT["project"]["license"] == "Apache-2.0"
    assert re.match(r"\s*Apache License\s+Version 2\.0, January 2004", text)
    assert "END OF TERMS AND CONDITIONS" in text


def test_every_setting_of_the_server_is_one_that_it_knows() -> None:
    known = set(streamlit_config.get_config_options())
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    assert set(flattened(settings)) <= known
    assert settings["browser"]["gatherUsageStats"] is False
    assert settings["client"]["disableDataExport"] is True


def test_no_two_test_files_share_a_name() -> None:
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names)), "files of one name cannot be collected in one run"


def test_no_page_stands_where_the_server_would_find_it_by_itself() -> None:
    assert list((ROOT / "pages").glob("*.py")) == []
    assert not (ROOT / "cxlib" / "ui" / "pages").exists()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_public_names_are_explained(path: Path) -> None:
    module = ast.parse(path.read_text("utf-8"))
    unexplained = [name for name, node in public_names(module) if not ast.get_docstring(node)]
    if module.body and not ast.get_docstring(module):
        unexplained.append("the module")
    assert unexplained == []


def flattened(settings: dict[str, object], before: str = "") -> list[str]:
    names = []
    for name, value in settings.items():
        names += flattened(value, f"{before}{name}.") if isinstance(value, dict) else [before + name]
    return names


def public_names(module: ast.Module) -> list[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]]:
    """Functions and classes of a module, and those methods of its classes that are more than one statement."""
    found = []
    for node in module.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        found.append((node.name, node))
        if not isinstance(node, ast.ClassDef):
            continue
        found += [
            (f"{node.name}.{part.name}", part)
            for part in node.body
            if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)
            and not part.name.startswith("_")
            and len(part.body) > 1
        ]
    return found
