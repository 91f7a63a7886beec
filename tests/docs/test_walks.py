"""The walks through the code that CONTRIBUTING.md describes lead to files and names that are there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "CONTRIBUTING.md"
PLACE = re.compile(r"\b(?P<file>(?:\w+/)*\w+\.py)(?::(?P<name>[\w.]+\w))?")


def places() -> list[tuple[str, str]]:
    return sorted({(match["file"], match["name"] or "") for match in PLACE.finditer(PAGE.read_text())})


@cache
def modules() -> tuple[Path, ...]:
    return tuple((ROOT / "src").rglob("*.py"))


def named(tree: ast.Module, name: str) -> bool:
    """Say whether a module has a function, class or value of a name; `Class.method` is looked up in the class."""
    body: list[ast.stmt] = tree.body
    for part in name.split("."):
        found = [node for node in body if part in _names_of(node)]
        if not found:
            return False
        body = getattr(found[0], "body", [])
    return True


def _names_of(node: ast.stmt) -> set[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Assign(targets=targets):
            return {target.id for target in targets if isinstance(target, ast.Name)}
        case ast.AnnAssign(target=ast.Name(id=name)):
            return {name}
    return set()


def test_the_walks_name_places() -> None:
    assert sum(bool(name) for _, name in places()) > 10


@pytest.mark.parametrize(
    ("file", "name"), places(), ids=[":".join(filter(None, place)) for place in places()]
)
def test_a_place_of_a_walk_is_there(file: str, name: str) -> None:
    found = [path for path in modules() if path.as_posix().endswith(f"/{file}")]
    found += [path for path in (ROOT / file,) if path.exists()]
    assert found, f"there is no {file}"
    assert not name or any(named(ast.parse(path.read_text()), name) for path in found), (
        f"{file} has no {name}"
    )
