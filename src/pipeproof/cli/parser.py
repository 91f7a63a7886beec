"""The parser of one command; what it refuses is a finding, said in the one voice of all findings."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import pairwise
from typing import Any, NoReturn

from pipeproof.cli import EPILOG
from pipeproof.errors import Finding, UsageError, suggest

_REQUIRED = re.compile(r"the following arguments are required: (?P<names>.+)")
_VALUE = re.compile(r"argument (?P<name>\S+): (?P<what>.+)")


class Parser(argparse.ArgumentParser):
    """Raises a UsageError with everything it does not understand, and what was probably meant."""

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse all words or raise; a misspelt option is told before what is missing for want of it."""
        words = sys.argv[1:] if args is None else list(args)
        if misspelt := [word for word in words if self._is_unknown(word)]:
            raise UsageError(*map(self._unexpected, misspelt))
        options, extra = self.parse_known_args(args, namespace)
        if extra:
            raise UsageError(*(self._unexpected(word) for word in extra))
        return options

    def error(self, message: str) -> NoReturn:
        """Raise what argparse says as a finding."""
        if match := _REQUIRED.match(message):
            what = f"{match['names']} is missing"
        elif match := _VALUE.match(message):
            said = match["what"]
            what = f"{match['name']} {'needs a value' if said.startswith('expected') else said}"
        else:
            what = message
        raise UsageError(Finding("PPF522", f"{self.prog}: {what}", fix=self._usage()))

    def _is_unknown(self, word: str) -> bool:
        # argparse takes a word with a space in it, or `--` alone, for no option either.
        name = word.partition("=")[0]
        looks = word.startswith("--") and word != "--" and " " not in name
        return looks and name not in self._option_string_actions

    def _unexpected(self, word: str) -> Finding:
        if not word.startswith("-"):
            return Finding("PPF522", f"{self.prog}: {word!r} is one word too many", fix=self._usage())
        name = word.partition("=")[0]
        known = [option for action in self._actions for option in action.option_strings if option[:2] == "--"]
        return Finding("PPF522", f"{self.prog} has no option {name}", fix=suggest(name, known))

    def _usage(self) -> str:
        return f"see `{self.prog} --help`"


def parser_for(name: str) -> Parser:
    """Return the parser of one command; one of a group has both its words."""
    module = name.replace(" ", ".").replace("-", "_")
    command = import_module(f"pipeproof.cli.{module}_command")
    parser = Parser(
        prog=f"pipeproof {name}",
        description=command.__doc__,
        epilog=EPILOG,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_arguments(parser)
    parser.add_argument(
        "--format",
        type=one_of("text", "json"),
        default="text",
        metavar="text|json",
        help="text for people, json for programs",
    )
    if parser.get_default("debug") is None:  # a command may mean more by it
        parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    parser.set_defaults(command=command.run)
    return parser


def one_of(*choices: str, same: Callable[[str], str] = str) -> Callable[[str], str]:
    """Return the reader of an option that takes one of some words; `same` makes spellings alike."""

    def read(text: str) -> str:
        if same(text) not in choices:
            raise argparse.ArgumentTypeError(f"cannot be {text!r}; {suggest(same(text), choices)}")
        return same(text)

    return read


def at_least(least: int) -> Callable[[str], int]:
    """Return the reader of an option that takes a whole number."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least:
            raise argparse.ArgumentTypeError(f"takes a whole number from {least}, not {text!r}")
        return number

    return read


def names_of(text: str) -> tuple[str, ...]:
    """Return the names of an option that takes some of them with commas between."""
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise argparse.ArgumentTypeError(f"takes names with commas between, not {text!r}")
    return names


def wants(words: Sequence[str], option: str, value: str) -> bool:
    """Say whether words that may not parse ask for ``option value``."""
    return f"{option}={value}" in words or (option, value) in pairwise(words)
