"""The page of behaviours names tests that are there, for every behaviour at least one."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "behaviours.md"
ROW = re.compile(r"^\| (?P<behaviour>.+?) \| (?P<tried>.+) \|$")
FILE = re.compile(r"`(?P<file>[\w/]+)` (?P<sentences>[^`]+)")


def rows() -> list[tuple[str, str]]:
    """Return each behaviour of the page and what is said to try it."""
    found, inside = [], False
    for line in PAGE.read_text().splitlines():
        row = ROW.match(line)
        if row is None:
            inside = False if not line.startswith("|") else inside
        elif row["tried"] == "tried by":
            inside = True
        elif inside:
            found.append((row["behaviour"], row["tried"]))
    return found


def named_in(tried: str) -> list[tuple[str, str]]:
    """Return the file and the name of each test that a cell names."""
    return [
        (match["file"], f"test_{sentence.strip().replace(' ', '_')}")
        for part in tried.split(" · ")
        for match in [FILE.fullmatch(part)]
        if match is not None
        for sentence in match["sentences"].split(";")
    ]


@cache
def functions_of(file: str) -> frozenset[str]:
    path = ROOT / "tests" / f"{file}.py"
    assert path.exists(), f"there is no {path.relative_to(ROOT)}"
    return frozenset(
        node.name
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def test_the_page_has_a_table_for_each_of_its_sections() -> None:
    sections = re.findall(r"^## (.+)$", PAGE.read_text(), re.MULTILINE)
    tables = PAGE.read_text().count("|---|---|")
    assert tables == len(sections)
    assert len(rows()) > len(sections)


@pytest.mark.parametrize(("behaviour", "tried"), rows(), ids=[behaviour for behaviour, _ in rows()])
def test_a_behaviour_names_tests_that_are_there(behaviour: str, tried: str) -> None:
    parts = tried.split(" · ")
    unread = [part for part in parts if FILE.fullmatch(part) is None]
    assert not unread, f"{behaviour}: not `folder/test_file` sentence; sentence: {unread}"
    missing = [f"{file}: {name}" for file, name in named_in(tried) if name not in functions_of(file)]
    assert not missing
