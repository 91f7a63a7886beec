"""Say why a step would be run or taken from an earlier run; nothing is executed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pipeproof.cli.frame import PASSED, parameters
from pipeproof.cli.options import add_parameters, add_pipeline
from pipeproof.cli.say import say_json, say_lines, style_for

if TYPE_CHECKING:
    from pipeproof.project.caching import Explained
    from pipeproof.report.style import Style

_MOST = 12  # names of one part


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_pipeline(parser, optional=False)
    parser.add_argument("step", metavar="STEP", help="name of the step, or of a source")
    add_parameters(parser)


def run(options: argparse.Namespace) -> int:
    """Explain the decision on one step."""
    from pipeproof.project.caching import explain_reuse

    explained = explain_reuse(options.pipeline, options.step, parameters(options.parameters))
    if options.format == "json":
        say_json(_document(explained))
    else:
        say_lines(_lines(explained, style_for(sys.stdout)))
    return PASSED


_DECIDED = {
    "run": "would run",
    "reuse": "would be reused",
    "undecided": "is undecided",
    "skip": "would be skipped",
}


def _lines(explained: Explained, style: Style) -> Iterator[str]:
    from pipeproof.planning.changes import MOST, in_words
    from pipeproof.report.cells import clean, pad

    task = explained.task
    yield f"{style('bold', clean(task.name))} {_DECIDED[task.decision]}: {clean(task.why)}"
    said = MOST if in_words(explained.changes) == task.why else 0  # of them says the first line
    yield from (f"  {style('warn', clean(change.says))}" for change in explained.changes[said:])
    rows = [*_depends(explained.depends_on), *_seen(explained)]
    width = max((len(part) for part, _ in rows), default=0)
    if rows:
        yield "depends on"
    yield from (f"  {pad(part, width)}  {clean(names)}" for part, names in rows)


_WITH_VALUES = frozenset({"packages", "interpreter"})
_WORDS = {"files": "file contents", "environment": "variables"}


def _depends(parts: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    for part, names in parts.items():
        shown = [f"{name} {value}" if part in _WITH_VALUES else name for name, value in sorted(names.items())]
        yield _WORDS.get(part, part), _listed(shown)


def _seen(explained: Explained) -> Iterator[tuple[str, str]]:
    followed = {name.rpartition(":")[0] for name in explained.depends_on.get("code", ())}
    besides = [
        f"{item.what} {item.name}"
        for item in explained.seen
        if item.what not in {"module", "loaded"} or item.name not in followed  # those stand under code
    ]
    if besides:
        yield "seen in use", _listed(besides)


def _listed(names: list[str]) -> str:
    rest = len(names) - _MOST
    return ", ".join(names[:_MOST]) + (f" and {rest} more" if rest > 0 else "")


def _document(explained: Explained) -> dict[str, Any]:
    """Return the explanation as plain data, ``pipeproof.cache/1``."""
    task = explained.task
    return {
        "schema": "pipeproof.cache/1",
        "step": task.name,
        "decision": task.decision,
        "why": task.why,
        "reused_from": task.reused_from or None,
        "key": task.key or None,
        "changes": [
            {
                "part": change.part,
                "name": change.name,
                "kind": change.kind,
                "before": change.before or None,
                "after": change.after or None,
            }
            for change in explained.changes
        ],
        "depends_on": {part: dict(names) for part, names in explained.depends_on.items()},
        "seen": [{"what": item.what, "name": item.name} for item in explained.seen],
    }
