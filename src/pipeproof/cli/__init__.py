"""The command line: one file a command, imported when it is called.

This module stands between a person and ``--help``, so it imports nothing beyond the interpreter's own.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

# Kept as data so that `--help` imports no command.
COMMANDS = {
    "new": "make a small working project",
    "check": "find what is wrong with a pipeline; nothing is executed",
    "plan": "show what would run, in which order and why",
    "run": "run a pipeline",
    "runs": "list past runs or tests",
    "test": "prove a pipeline on made data, touching nothing",
    "report": "write a run or test as HTML, JSON or JUnit",
    "show": "show a past run or test",
    "logs": "show what a step of a past run printed",
    "explain": "say where a configured value came from and what it overrode",
    "steps": "list the kinds of steps, or the keys of one",
    "help": "explain a finding code",
    "schema": "write the JSON Schema of pipeline files, for editors",
}
EPILOG = (
    "exit codes: 0 passed · 1 findings or failed steps · 2 wrong usage or configuration · 130 interrupted"
)
_ASCII = {"✓": "+", "✗": "x", "·": "-", "→": "->", "▸": ">", "—": "-", "…": "...", "±": "+-"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    _spell_marks()
    if not words or words[0] in {"-h", "--help"}:
        print(overview())
        return 0 if words else 2
    if words[0] in {"-V", "--version"}:
        from importlib.metadata import version

        print(f"pipeproof {version('pipeproof')}")
        return 0
    from pipeproof.running.streams import keep_standard_descriptors

    keep_standard_descriptors()
    from pipeproof.cli.frame import run_command

    return run_command(words[0], words[1:])


def overview() -> str:
    """Return what ``pipeproof --help`` says."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {summary}" for name, summary in COMMANDS.items()]
    return "\n".join(
        [
            "usage: pipeproof COMMAND ...",
            "",
            "Runs machine-learning and data pipelines, and proves them before production.",
            "",
            *lines,
            "",
            "pipeproof COMMAND --help says more.",
            EPILOG,
        ]
    )


def _spell_marks() -> None:
    """Let streams that cannot write our marks write them in ASCII instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        encoding = getattr(stream, "encoding", None) or "ascii"
        if not encoding.lower().startswith("utf") and hasattr(stream, "reconfigure"):
            import codecs

            codecs.register_error("pipeproof.spell", _spell)
            stream.reconfigure(errors="pipeproof.spell")


def _spell(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(_ASCII.get(character, "?") for character in wrong), error.end
