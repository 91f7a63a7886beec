"""What every command has around it: errors as lines, exit codes, signals."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from pipeproof.cli import COMMANDS, GROUPS, group_overview, names_of_commands
from pipeproof.cli.parser import Parser, parser_for, wants
from pipeproof.cli.say import say, say_findings
from pipeproof.errors import Finding, PipeproofError, UsageError, suggest

PASSED, FOUND, WRONG, INTERRUPTED = 0, 1, 2, 130
_RUNNERS = {"run", "check", "plan", "test"}


def run_command(name: str, words: Sequence[str]) -> int:
    """Run one command; every error of ours becomes lines and an exit code."""
    name, words = _whole_name(name, words)
    if name in GROUPS:
        say(group_overview(name), stream=sys.stdout if words else sys.stderr)
        return PASSED if words else WRONG
    form = "json" if wants(words, "--format", "json") else "text"
    debug = "--debug" in words
    options = None
    try:
        options = _parser(name).parse_args(list(words))
        with _interruptible():
            return int(options.command(options))
    except SystemExit as error:  # argparse has shown the help
        return int(error.code or 0)
    except PipeproofError as error:
        if debug:
            raise
        say_findings(error.findings, form, tail=_tail(name, getattr(options, "begun", "")))
        return WRONG
    except KeyboardInterrupt:
        say("interrupted", stream=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        if debug:
            raise
        what = f"{error.filename or 'a file'} cannot be used: {(error.strerror or str(error)).lower()}"
        say_findings([Finding("PPF102", what, fix="check the path and its permissions")], form)
        return WRONG
    except Exception as error:
        if debug:
            raise
        what = f"Pipeproof itself failed: {type(error).__name__}: {error}"
        say_findings(
            [Finding("PPF299", what, fix="run it again with --debug and report what it shows")], form
        )
        return WRONG


def _tail(name: str, begun: str) -> str:
    """Return what was run before an error, for a command after whose errors a person wonders."""
    if begun:
        return f"{begun} had begun: pipeproof show {begun}"
    return "nothing was run" if name in _RUNNERS else ""


def parameters(given: Sequence[str]) -> dict[str, str]:
    """Return ``-p name=value`` options as a mapping.

    Raises:
        UsageError: One has no ``=`` or no name, or a name comes twice.
    """
    problems: list[Finding] = []
    values: dict[str, str] = {}
    for item in given:
        name, mark, value = item.partition("=")
        if not mark or not name.strip():
            shown = name.strip() or "NAME"
            problems.append(Finding("PPF133", f"-p {item} names no value", fix=f"write -p {shown}=VALUE"))
        elif name.strip() in values:
            problems.append(Finding("PPF133", f"-p {name} is given twice", fix="give it once"))
        values[name.strip()] = value
    if problems:
        raise UsageError(*problems)
    return values


def _whole_name(name: str, words: Sequence[str]) -> tuple[str, Sequence[str]]:
    """Return the name of a command with the second word of a group, and the words behind it."""
    if name in GROUPS and words and words[0] not in {"-h", "--help"}:
        return f"{name} {words[0]}", words[1:]
    return name, words


def _parser(name: str) -> Parser:
    if name not in names_of_commands():
        raise UsageError(_no_command(name))
    return parser_for(name)


def _no_command(name: str) -> Finding:
    group, _, second = name.partition(" ")
    if second:
        what = f"`pipeproof {group}` has no command {second!r}"
        return Finding("PPF521", what, fix=suggest(second, GROUPS[group]))
    if name.startswith("-"):
        return Finding(
            "PPF521", f"{name} stands before the command", fix="write: pipeproof COMMAND [options]"
        )
    return Finding("PPF521", f"there is no command {name!r}", fix=suggest(name, COMMANDS))


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let SIGTERM end a command as Ctrl-C does: with a complete record."""
    if threading.current_thread() is not threading.main_thread():  # only there can handlers be set
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(_number: int, _frame: Any) -> None:
    raise KeyboardInterrupt
