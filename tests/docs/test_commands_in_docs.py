"""Every command that README and docs show is run, and prints what they show."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```console(?P<where> [\w/]+)?\n(?P<body>.*?)^```", re.MULTILINE | re.DOTALL)

# Run by .ci/run and by the people who start these tests; running them in here would start them again.
ELSEWHERE = ("script/demo", "script/test", "git clone", "pip install", "uvx ")


def blocks() -> list[tuple[str, str, str]]:
    return [
        (f"{page.name}-{number}", (match["where"] or "").strip(), match["body"])
        for page in PAGES
        for number, match in enumerate(BLOCK.finditer(page.read_text()), 1)
    ]


def test_readme_and_tutorial_show_commands() -> None:
    shown = {name.partition("-")[0] for name, _, _ in blocks()}
    assert {"README.md", "tutorial.md"} <= shown


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", sorted({name.partition("-")[0] for name, _, _ in blocks()}))
def test_the_commands_of_a_page_print_what_it_shows(page: str, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "120",
    }
    for name, where, body in blocks():
        if name.partition("-")[0] != page:
            continue
        folder = tmp_path / where if where else tmp_path
        if where.startswith("examples/") and not folder.exists():
            ignore = shutil.ignore_patterns("data", "output", ".pipeproof")
            shutil.copytree(ROOT / where, folder, ignore=ignore)
        run_block(body, folder, environment)


def run_block(body: str, folder: Path, environment: dict[str, str]) -> None:
    for command, shown in commands(body):
        if command.startswith(ELSEWHERE):
            continue
        if command.startswith("cd "):
            folder = folder / command.removeprefix("cd ")
            continue
        done = subprocess.run(
            ["bash", "-c", command.partition("  #")[0]],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=240,
            check=False,
        )
        printed = {plain(line) for line in (done.stdout + done.stderr).splitlines()}
        missing = [
            line for line in shown if line.strip() and line.strip() != "..." and plain(line) not in printed
        ]
        assert not missing, (
            f"$ {command}\nexit {done.returncode}\n{done.stdout}{done.stderr}\nnot printed: {missing}"
        )
        assert "Traceback" not in done.stderr


def commands(body: str) -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = []
    for line in body.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found:
            found[-1][1].append(line)
    return found


def plain(line: str) -> str:
    """Return a line without what differs from run to run.

    These are names of runs, durations, sizes, padding, and the word before the step whose trials end first.
    """
    line = re.sub(r"\b[rtpv]-\d{4}-\w{4}", "r-RUN", line)
    line = re.sub(r"^isolation ", "", line)
    line = re.sub(r"\d+(\.\d+)? (ms|s|min|B|kB|MB|GB)\b", "N", line)
    return re.sub(r"\s+", " ", line).strip()
