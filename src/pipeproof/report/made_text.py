"""Made tables as lines for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeproof.report import quantities
from pipeproof.report.cells import pad
from pipeproof.report.style import Style

_WIDTH = 100


def made_lines(document: Mapping[str, Any], manifest: Path, seconds: float, style: Style) -> Iterator[str]:
    """Yield what was made: a line for each table, what its rows break, and how to make it again.

    Args:
        document: The manifest, as a ``pipeproof.made/1`` document.
        manifest: Its file.
        seconds: How long it took.
        style: Colours.
    """
    tables = document["tables"]
    names = max(len(table["name"]) for table in tables)
    files = max(len(table["file"]) for table in tables)
    shapes = [_shape(table) for table in tables]
    widest = max(map(len, shapes))
    for table, shape in zip(tables, shapes, strict=True):
        mark = style("good", "✓")
        size = quantities.size(table["bytes"])
        yield f"  {mark} {style('bold', pad(table['name'], names))}  {shape:>{widest}}   {pad(table['file'], files)}  {size}"
        yield from _broken_lines(table)
    scenario = "" if document["scenario"] == "standard" else f" · {document['scenario']}"
    yield f"made in {quantities.seconds(seconds)}{scenario} · seed {document['seed']} · {manifest}"


def _shape(table: Mapping[str, Any]) -> str:
    return f"{table['rows']:,} rows × {quantities.count(table['columns'], 'column')}"  # noqa: RUF001 a sign for people


def _broken_lines(table: Mapping[str, Any]) -> Iterator[str]:
    if table["broken"]:
        many = len(table["broken"])
        head = "1 row breaks a rule: " if many == 1 else f"{many} rows break a rule each: "
        yield from _wrapped(head + ", ".join(table["broken"]))
    if table["not_shown"]:
        kinds = dict.fromkeys(name.rpartition(".")[2] for name in table["not_shown"])
        yield from _wrapped(
            f"a table of its own each: {', '.join(kinds)}, such as --scenario malformed:{table['not_shown'][0]}"
        )


def _wrapped(text: str) -> Iterator[str]:
    yield from textwrap.wrap(
        text, _WIDTH, break_on_hyphens=False, initial_indent="      ", subsequent_indent="      "
    )
