"""Edges: from whom to whom data go, and whether that fits, in what is promised and in what was written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipeproof.report.html.markup import Markup, element
from pipeproof.report.html.parts import Cell, mark, more_than, section, table
from pipeproof.report.html.view import EdgeRow, Page

MOST = 500
_WORST = ("broken", "differs")


def draw_edges(page: Page) -> Markup | None:
    """Return the edges, those that are broken first; nothing where there are none.

    What is known of no edge (a run compares no contracts, and measures no quality) has no column.
    """
    if not page.edges:
        return None
    rows = sorted(page.edges, key=lambda edge: edge.state not in _WORST)
    columns = [
        column
        for column in _COLUMNS
        if column.always or any(column.cell(edge).content != "—" for edge in rows)
    ]
    heads = [(column.title, column.number) for column in columns]
    cells = ([column.cell(edge) for column in columns] for edge in rows[:MOST])
    grid = table("Edges, from maker to reader", heads, cells)
    return section("edges", "Edges", grid, more_than(MOST, len(rows), "edges"))


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the table: its title, and its cell of an edge."""

    title: str
    cell: Callable[[EdgeRow], Cell]
    always: bool = True
    number: bool = False


def _between(edge: EdgeRow) -> Cell:
    return Cell(
        [element("bdi", edge.maker), " → ", element("bdi", edge.reader)], f"{edge.maker} {edge.reader}"
    )


def _contracts(edge: EdgeRow) -> Cell:
    return Cell("—" if edge.fit == "unknown" else mark(edge.fit, word=True), edge.fit)


def _number(value: float | None, text: str) -> Cell:
    return Cell("—" if value is None else text, -1 if value is None else value, number=True)


_COLUMNS = (
    _Column("From → to", _between),
    _Column("Dataset", lambda edge: Cell(element("code", edge.dataset), edge.dataset)),
    _Column("Contracts", _contracts, always=False),
    _Column("Data", lambda edge: Cell(mark(edge.seen, word=True), edge.seen)),
    _Column("Rows", lambda edge: _number(edge.rows, f"{edge.rows or 0:,}"), number=True),
    _Column(
        "Quality", lambda edge: _number(edge.quality, f"{edge.quality or 0:.3f}"), always=False, number=True
    ),
)
