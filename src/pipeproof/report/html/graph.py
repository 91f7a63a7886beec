"""The graph of the pipeline with the states of its steps and edges: a drawing for eyes, words for ears."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from pipeproof.model.contract import frozen
from pipeproof.report.cells import cut as fit
from pipeproof.report.html.layout import Boxes, Direction, Layout, Link, Point, lay_out, rank
from pipeproof.report.html.markup import Markup, element
from pipeproof.report.html.parts import section, symbol_of, tone_of, word_of
from pipeproof.report.html.view import Node, Page, nodes
from pipeproof.report.quantities import count

MOST = 100
"""More boxes are no picture any more, and would make the file large."""
_LEFT, _BELOW = 6, 12
_ACROSS = Boxes(152, 46, 30, 14)
_DOWN = Boxes(152, 46, 36, 14)
_WIDEST = 1300.0  # a drawing across that is wider would be too small to read
_LINES: Mapping[str, tuple[str, str, str]] = frozen(
    {
        "broken": ("✗", "bad", "on a line: what was written is not what is read"),
        "differs": ("≠", "bad", "on a line: the contracts differ"),
        "unseen": ("┈", "dim", "nothing came this way"),
        "order": ("╌", "dim", "waits for it"),
    }
)
_NAME_CELLS = 16
_SAYS_CELLS = 21


def draw_graph(page: Page) -> Markup | None:
    """Return the graph; nothing where there is none, a sentence where it would be too large."""
    boxes = nodes(page)
    if not boxes:
        return None
    if len(boxes) > MOST:
        says = f"{count(len(boxes), 'step')}: too many for a picture. The tables below have all of them."
        return section("graph", "Graph", says=says)
    states = {(edge.maker, edge.reader): edge.state for edge in reversed(page.edges)}
    states |= {(edge.maker, edge.reader): edge.state for edge in page.edges if tone_of(edge.state) == "bad"}
    order = {
        (need, step.name): "order"
        for step in page.steps
        if not step.is_source  # made sources take their keys from each other, which no user asked for
        for need in step.needs
    }
    links = order | states
    ranks = rank([node.name for node in boxes], links)
    across, down = lay_out(ranks, _ACROSS, "across"), lay_out(ranks, _DOWN, "down")
    drawn = [_drawing(down, boxes, links, "down", small=across.width <= _WIDEST)]
    if across.width <= _WIDEST:
        drawn.insert(0, _drawing(across, boxes, links, "across"))
    return section("graph", "Graph", drawn, _legend(boxes, links))


def _drawing(
    layout: Layout,
    boxes: Sequence[Node],
    links: dict[Link, str],
    direction: Direction,
    *,
    small: bool = False,
) -> Markup:
    """Return one drawing; `small` says that it is for narrow screens only, which show no other."""
    size = (layout.width + 2 * _LEFT, layout.height + 2 * _BELOW)
    name = f"graph-{direction}"
    told = "; ".join(f"{node.name}: {word_of(node.state)}" for node in boxes)
    inner = element(
        "svg",
        element("title", "The steps of the pipeline and how data go between them", id=f"{name}-title"),
        element("desc", told, id=f"{name}-text"),
        element(
            "g",
            [
                _line(layout.lines[link], state, direction)
                for link, state in links.items()
                if link in layout.lines
            ],
            [_box(node, layout.centres[node.name], _ACROSS) for node in boxes],
            transform=f"translate({_LEFT} {_BELOW})",
        ),
        viewBox=f"0 0 {size[0]:.0f} {size[1]:.0f}",
        width=f"{size[0]:.0f}",
        height=f"{size[1]:.0f}",
        role="img",
        aria_labelledby=f"{name}-title {name}-text",
    )
    kind = "across" if direction == "across" else "down small" if small else "down"
    return element(
        "div", inner, class_=f"graph scrolls {kind}", tabindex=0, role="region", aria_label="Graph"
    )


def _line(points: Sequence[Point], state: str, direction: Direction) -> Markup:
    tone = "order" if state == "order" else tone_of(state)
    head = "l-4 -7h8z" if direction == "down" else "l-7 -4v8z"
    x, y = points[-1]
    return element(
        "g",
        element("path", d=_curve(points, direction), class_="line"),
        element("path", d=f"M{x:.0f} {y:.0f}{head}", class_="head"),
        _badge(points, state) if tone == "bad" else None,
        class_=f"link {tone}",
    )


def _curve(points: Sequence[Point], direction: Direction) -> str:
    """Return a smooth path through points, which leaves and enters each along the flow."""
    parts = [f"M{points[0][0]:.0f} {points[0][1]:.0f}"]
    for (x0, y0), (x1, y1) in pairwise(points):
        if direction == "down":
            middle = (y0 + y1) / 2
            bend = f"{x0:.0f} {middle:.0f} {x1:.0f} {middle:.0f}"
        else:
            middle = (x0 + x1) / 2
            bend = f"{middle:.0f} {y0:.0f} {middle:.0f} {y1:.0f}"
        parts.append(f"C{bend} {x1:.0f} {y1:.0f}")
    return "".join(parts)


def _badge(points: Sequence[Point], state: str) -> Markup:
    """Return the symbol that stands on a line: what its colour says, for those who do not see it."""
    after = points[len(points) // 2]
    before = points[len(points) // 2 - 1]
    x, y = (before[0] + after[0]) / 2, (before[1] + after[1]) / 2
    return element(
        "g",
        element("circle", cx=f"{x:.0f}", cy=f"{y:.0f}", r=8),
        element("text", symbol_of(state), x=f"{x:.0f}", y=f"{y + 4:.0f}", text_anchor="middle"),
        class_="badge",
    )


def _box(node: Node, centre: Point, boxes: Boxes) -> Markup:
    x, y = centre[0] - boxes.width / 2, centre[1] - boxes.height / 2
    round_by = boxes.height / 2 if node.is_source else 6
    place = {"x": f"{x:.0f}", "y": f"{y:.0f}"}
    return element(
        "g",
        element("title", f"{node.name}: {word_of(node.state)}"),
        element("rect", **place, width=boxes.width, height=boxes.height, rx=round_by),
        element("text", symbol_of(node.state), x=f"{x + 13:.0f}", y=f"{y + 20:.0f}", class_="symbol"),
        element("text", fit(node.name, _NAME_CELLS), x=f"{x + 28:.0f}", y=f"{y + 20:.0f}", class_="name"),
        element("text", fit(node.says, _SAYS_CELLS), x=f"{x + 28:.0f}", y=f"{y + 36:.0f}", class_="small"),
        class_=f"node {tone_of(node.state)}",
    )


def _legend(boxes: Sequence[Node], links: dict[Link, str]) -> Markup:
    return element("ul", list(_legend_items(boxes, links)), class_="legend")


def _legend_items(boxes: Sequence[Node], links: dict[Link, str]) -> Iterator[Markup]:
    for state in dict.fromkeys(node.state for node in boxes):
        yield _legend_item(symbol_of(state), tone_of(state), word_of(state))
    for state, (symbol, tone, says) in _LINES.items():
        if state in links.values():
            yield _legend_item(symbol, tone, says)


def _legend_item(symbol: str, tone: str, says: str) -> Markup:
    return element("li", element("span", symbol, class_=f"mark {tone}", aria_hidden="true"), f" {says}")
