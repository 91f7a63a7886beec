"""The command line: one file a command, imported when it is called."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

# Kept as data so that `--help` imports no command.
COMMANDS = {
    "new": "make a small working project",
    "check": "find what is wrong with a pipeline; nothing is executed",
    "plan": "show what would run, in which order and why",
    "run": "run a pipeline",
    "runs": "list past runs",
    "show": "show a past run",
    "logs": "show what a step of a past run printed",
    "explain": "say where a configured value came from and what it overrode",
    "steps": "list the kinds of steps, or the keys of one",
    "help": "explain a finding code",
    "schema": "write the JSON Schema of pipeline files, for editors",
}
EPILOG = (
    "exit codes: 0 passed · 1 findings or failed steps · 2 wrong usage or configuration · 130 interrupted"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in {"-h", "--help"}:
        print(_overview())
        return 0 if words else 2
    if words[0] in {"-V", "--version"}:
        from importlib.metadata import version

        print(f"pipeproof {version('pipeproof')}")
        return 0
    if words[0] not in COMMANDS:
        from pipeproof.errors import suggest

        print(f"pipeproof: there is no command {words[0]!r}; {suggest(words[0], COMMANDS)}", file=sys.stderr)
        return 2
    from pipeproof.cli.frame import run_command

    return run_command(words[0], words[1:])


def _overview() -> str:
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


def parser_for(name: str) -> argparse.ArgumentParser:
    """Return the parser of one command."""
    command = import_module(f"pipeproof.cli.{name}_command")
    parser = argparse.ArgumentParser(
        prog=f"pipeproof {name}",
        description=command.__doc__,
        epilog=EPILOG,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_arguments(parser)
    parser.add_argument(
        "--format", choices=["text", "json"], default="text", help="text for people, json for programs"
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error of ours")
    parser.set_defaults(command=command.run)
    return parser
