"""The command line: one file a command, imported when it is called.

This module stands between a person and ``--help``, so it imports nothing beyond the interpreter's own.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

# Kept as data so that `--help` imports no command.
COMMANDS = {
    "new": "make a small working project",
    "check": "find what is wrong with a pipeline; nothing is executed",
    "plan": "show what would run, in which order and why",
    "run": "run a pipeline",
    "resume": "let a run that was interrupted or failed go on",
    "rollback": "put targets back to what the last run that passed had published",
    "replay": "run one step of a past run again, on what it read then",
    "verify": "do a past run again and compare every output",
    "runs": "list past runs or tests",
    "test": "prove a pipeline on made data, touching nothing",
    "report": "write a run or test as HTML, JSON or JUnit",
    "show": "show a past run or test",
    "logs": "show what a step of a past run printed",
    "gc": "clear away old runs, and what no kept run needs",
    "explain": "say where a configured value came from and what it overrode",
    "cache": "say why steps are run or taken from earlier runs",
    "contract": "infer, check, compare, import and export contracts",
    "data": "make, profile, compare, shrink and protect tables",
    "store": "see whether the stores of state and objects answer",
    "steps": "list the kinds of steps, or the keys of one",
    "help": "explain a finding code",
    "schema": "write the JSON Schema of pipeline files, for editors",
}
GROUPS = {
    "cache": {
        "explain": "say which part of a step's key changed, and what it depends on",
    },
    "contract": {
        "infer": "make a contract from sample data, or from watching a step at work",
        "check": "hold tables against a contract",
        "diff": "say what a change of a contract breaks, and for whom",
        "import": "read a contract written in another standard",
        "export": "write a contract in another standard",
    },
    "data": {
        "generate": "make tables that keep a contract, or break it on purpose",
        "profile": "describe a table and say how good it is",
        "compare": "compare two tables: columns, rows by key, drift",
        "shrink": "find the smallest table that still fails the same way",
        "discover": "write down which tables a folder holds",
        "validate": "hold a folder against what was written down",
        "convert": "convert a table to another format",
        "anonymise": "replace personal data so that joins still work",
        "scan-privacy": "find columns that hold personal data",
        "forget": "remove one person from all that is kept, with proof",
    },
    "store": {
        "check": "write, read and remove something small in each store",
    },
}
"""Commands that are several, each chosen by a second word."""
EPILOG = (
    "exit codes: 0 passed · 1 findings or failed steps · 2 wrong usage or configuration · 130 interrupted"
)
_ASCII = {
    "≈": "~",
    "≥": ">=",
    "✓": "+",
    "✗": "x",
    "·": "-",
    "→": "->",
    "▸": ">",
    "—": "-",
    "…": "...",
    "±": "+-",
    **dict(zip("▁▂▃▄▅▆▇█", "_.:-=+*#", strict=True)),
}


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
    about = "Runs machine-learning and data pipelines, and proves them before production."
    return _listing("pipeproof", about, COMMANDS)


def group_overview(name: str) -> str:
    """Return what ``pipeproof data --help`` says, for any group."""
    about = COMMANDS[name]
    return _listing(f"pipeproof {name}", f"{about[0].upper()}{about[1:]}.", GROUPS[name])


def names_of_commands() -> list[str]:
    """Return the names of all commands, those of groups with both their words."""
    single = [name for name in COMMANDS if name not in GROUPS]
    return [*single, *(f"{group} {name}" for group, commands in GROUPS.items() for name in commands)]


def _listing(program: str, about: str, commands: Mapping[str, str]) -> str:
    width = max(map(len, commands))
    lines = [f"  {name:<{width}}  {summary}" for name, summary in commands.items()]
    heading = [f"usage: {program} COMMAND ...", "", about, ""]
    return "\n".join([*heading, *lines, "", f"{program} COMMAND --help says more.", EPILOG])


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
