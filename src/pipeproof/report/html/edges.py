"""Edges: from whom to whom data go, and whether that fits, in what is promised and in what was written."""

from __future__ import annotations

from collections.abc import Iterator

from pipeproof.report.html.markup import Content, Markup, element
from pipeproof.report.html.parts import Cell, mark, more_than, section, table
from pipeproof.report.html.view import EdgeRow, Page

MOST = 500
_WORST = ("broken", "differs")


def draw_edges(page: Page) -> Markup | None:
    """Return the edges, those that are broken first; nothing where there are none."""
    if not page.edges:
        return None
    rows = sorted(page.edges, key=lambda edge: edge.state not in _WORST)
    heads = [
        ("From → to", False),
        ("Dataset", False),
        ("Contracts", False),
        ("Data", False),
        ("Rows", True),
        ("Quality", True),
    ]
    grid = table("Edges, from maker to reader", heads, map(_row, rows[:MOST]))
    return section("edges", "Edges", grid, more_than(MOST, len(rows), "edges"))


def _row(edge: EdgeRow) -> list[Cell]:
    return list(_cells(edge))


def _cells(edge: EdgeRow) -> Iterator[Cell]:
    between: list[Content] = [element("bdi", edge.maker), " → ", element("bdi", edge.reader)]
    yield Cell(between, f"{edge.maker} {edge.reader}")
    yield Cell(element("code", edge.dataset), edge.dataset)
    yield Cell(mark(edge.fit, word=True), edge.fit)
    yield Cell(mark(edge.seen, word=True), edge.seen)
    yield Cell(
        "—" if edge.rows is None else f"{edge.rows:,}",
        edge.rows if edge.rows is not None else -1,
        number=True,
    )
    quality = "—" if edge.quality is None else f"{edge.quality:.3f}"
    yield Cell(quality, edge.quality if edge.quality is not None else -1, number=True)
