"""Make a small working project: a pipeline, one script, one contract, one data file."""

from __future__ import annotations

import argparse
import re
from importlib.resources import files
from pathlib import Path

from pipeproof.cli.frame import PASSED
from pipeproof.cli.say import say, say_json
from pipeproof.errors import Finding, UsageError

# Template file → where it goes; names that git, linters and type checkers leave alone.
_FILES = {
    "README.md": "README.md",
    "pipeline.yaml": "configs/workflows/{{name}}.yaml",
    "contract.yaml": "contracts/clean.yaml",
    "clean.py.txt": "scripts/clean.py",
    "orders.csv": "data/orders.csv",
    "gitignore": ".gitignore",
}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}\Z")
_YAML_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("name", metavar="NAME", help="name of the project, or the path of its folder")


def run(options: argparse.Namespace) -> int:
    """Write the project."""
    folder = Path(options.name).expanduser()
    written = write_project(folder)
    if options.format == "json":
        say_json({"schema": "pipeproof.new/1", "folder": str(folder), "files": written})
        return PASSED
    say(f"{folder} · {len(written)} files")
    for name in written:
        say(f"  {name}")
    enter = "" if folder.resolve() == Path.cwd() else f"cd {folder} && "
    say(f"{enter}pipeproof run {folder.resolve().name}")
    say(f"pipeproof test {folder.resolve().name}")
    return PASSED


def write_project(folder: Path) -> list[str]:
    """Write the files of a new project and return their paths in it.

    Raises:
        UsageError: The name is no good, the folder holds something, or it cannot be written to.
    """
    name = folder.resolve().name
    if not _NAME.match(name) or name.lower() in _YAML_WORDS:
        fix = "use letters, digits, _ and -, starting with a letter, such as my_project"
        raise UsageError(Finding("PPF524", f"{name!r} is no name for a project", fix=fix))
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            what = f"{folder} exists and is not an empty folder"
            raise UsageError(Finding("PPF524", what, fix="choose another name, or empty it"))
        return [
            _write(folder, source, target.replace("{{name}}", name), name)
            for source, target in _FILES.items()
        ]
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        fix = "choose a place that you may write to"
        raise UsageError(Finding("PPF523", f"{folder} cannot be written: {why}", fix=fix)) from error


def _write(folder: Path, source: str, target: str, name: str) -> str:
    text = files("pipeproof.cli").joinpath("template", source).read_text("utf-8")
    path = folder / target
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.replace("{{name}}", name), "utf-8")
    return target
