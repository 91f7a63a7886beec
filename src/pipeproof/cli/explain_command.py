"""Say where a configured value came from and what it overrode; nothing is executed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pipeproof.cli.frame import PASSED
from pipeproof.cli.options import add_pipeline
from pipeproof.cli.say import say_json, say_lines, style_for
from pipeproof.errors import Finding, UsageError

if TYPE_CHECKING:
    from pipeproof.loading.explain import Explanation, Origin
    from pipeproof.report.style import Style

_LONGEST = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_pipeline(parser, optional=False)
    parser.add_argument(
        "key", metavar="KEY", help="keys joined by dots, steps by name: workflow.steps.train.timeout"
    )


def run(options: argparse.Namespace) -> int:
    """Explain one value."""
    from pipeproof.loading.explain import explain
    from pipeproof.project import examine

    examined = examine(options.pipeline)
    node = examined.loaded.node
    if node is None:
        if examined.errors:  # the file could not be read at all
            raise UsageError(*examined.errors)
        what = f"{options.pipeline} was made in Python: its values have no place in a file"
        raise UsageError(Finding("PPF114", what, fix="name a YAML pipeline"))
    explained = explain(node, options.key)
    if options.format == "json":
        say_json(_document(explained))
    else:
        say_lines(_lines(explained, style_for(sys.stdout)))
    return PASSED


def _lines(explained: Explanation, style: Style) -> Iterator[str]:
    from pipeproof.report.cells import cut, pad, width

    origins = [explained.origin, *explained.overrode]
    widest = max(width(_place(origin)) for origin in origins)
    for number, origin in enumerate(origins):
        word = "overrode" if number else ""
        value = cut(_shown(origin.value), _LONGEST)
        written = f"  (written {origin.written})" if origin.written else ""
        name = style("bold", explained.key) if not number else " " * width(explained.key)
        yield f"{name}  {pad(_place(origin), widest)}  {pad(word, 8)}  {value}{written}".rstrip()


def _place(origin: Origin) -> str:
    from pipeproof.report.findings import place_in_file

    return place_in_file(origin.where)


def _shown(value: Any) -> str:
    import json

    from pipeproof.report.cells import clean

    return clean(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))


def _document(explained: Explanation) -> dict[str, Any]:
    return {
        "schema": "pipeproof.explain/1",
        "key": explained.key,
        **_origin(explained.origin),
        "overrode": [_origin(origin) for origin in explained.overrode],
    }


def _origin(origin: Origin) -> dict[str, Any]:
    from pipeproof.model.codec import to_plain

    where = origin.where
    return {
        "value": to_plain(origin.value),
        "where": {"file": where.file, "line": where.line, "column": where.column},
        "written": origin.written or None,
    }
