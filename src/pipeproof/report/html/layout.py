"""Where the boxes of a graph stand and how the lines between them go.

The layers and the order within them come from `fast-sugiyama`, after Sugiyama, Tagawa and Toda, "Methods
for Visual Understanding of Hierarchical System Structures" (IEEE SMC 11, 1981); this turns its units into
those of a drawing, downwards or across.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Link = tuple[str, str]
Point = tuple[float, float]
Direction = Literal["down", "across"]
_UNIT = 72.0  # what the engine puts between layers, and between neighbours of a layer


@dataclass(frozen=True, slots=True)
class Boxes:
    """The size of a box and the room between boxes: between layers, and beside each other in one."""

    width: float
    height: float
    between: float
    beside: float


@dataclass(frozen=True, slots=True)
class Layout:
    """A graph laid out.

    Attributes:
        centres: Middle of each box.
        lines: The points that each line goes through, from the border of one box to that of another.
        width: Width of all, from 0.
        height: Height of all, from 0.
        layers: How many layers there are.
    """

    centres: Mapping[str, Point]
    lines: Mapping[Link, tuple[Point, ...]]
    width: float
    height: float
    layers: int


def lay_out(names: Sequence[str], links: Iterable[Link], boxes: Boxes, direction: Direction) -> Layout:
    """Return where to draw what; links that would close a circle are left out.

    Args:
        names: The boxes, in an order that is kept where nothing else decides.
        links: From whom to whom.
        boxes: Sizes.
        direction: Where the flow goes.
    """
    places, bends = _ranked(names, acyclic(names, links))
    drawing = _Drawing(boxes, direction)
    centres = {name: drawing.centre(place) for name, place in places.items()}
    lines = {
        link: drawing.line(centres[link[0]], centres[link[1]], map(drawing.centre, between))
        for link, between in bends.items()
    }
    corners = [*centres.values(), *(point for line in lines.values() for point in line)]
    width = max((x for x, _ in corners), default=0.0) + boxes.width / 2
    height = max((y for _, y in corners), default=0.0) + boxes.height / 2
    return Layout(centres, lines, width, height, len({layer for layer, _ in places.values()}))


@dataclass(frozen=True, slots=True)
class _Drawing:
    """Turns (layer, place in it) into a point, in one of the two directions."""

    boxes: Boxes
    direction: Direction

    def centre(self, place: Point) -> Point:
        layer, beside = place
        size, boxes = (self.boxes.width, self.boxes.height), self.boxes
        if self.direction == "down":
            layer, beside = beside * (boxes.width + boxes.beside), layer * (boxes.height + boxes.between)
        else:
            layer, beside = layer * (boxes.width + boxes.between), beside * (boxes.height + boxes.beside)
        return layer + size[0] / 2, beside + size[1] / 2

    def line(self, start: Point, end: Point, between: Iterable[Point]) -> tuple[Point, ...]:
        """Return the points of a line, which begins and ends at the borders of its boxes."""
        x, y = (0.0, self.boxes.height / 2) if self.direction == "down" else (self.boxes.width / 2, 0.0)
        return ((start[0] + x, start[1] + y), *between, (end[0] - x, end[1] - y))


def acyclic(names: Sequence[str], links: Iterable[Link]) -> tuple[Link, ...]:
    """Return the links, each once, without those that would close a circle (the engine ends the process then)."""
    after: dict[str, list[str]] = {name: [] for name in names}
    kept = []
    for maker, reader in dict.fromkeys(links):
        if maker in after and reader in after and not _reaches(after, reader, maker):
            after[maker].append(reader)
            kept.append((maker, reader))
    return tuple(kept)


def _reaches(after: Mapping[str, Sequence[str]], start: str, goal: str) -> bool:
    seen, ahead = {start}, [start]
    while ahead:
        name = ahead.pop()
        if name == goal:
            return True
        fresh = [one for one in after[name] if one not in seen]
        seen.update(fresh)
        ahead += fresh
    return False


def _ranked(
    names: Sequence[str], links: Sequence[Link]
) -> tuple[dict[str, Point], dict[Link, tuple[Point, ...]]]:
    """Return (layer, place in it) of each box, and of each bend of each link, in boxes from 0.

    Parts that are not connected stand beside each other, boxes without any link last, in one layer.
    """
    from fast_sugiyama import from_edges

    linked = {name for link in links for name in link}
    order = [name for name in names if name in linked]
    # By number: the engine takes names through a set, so their order would change from run to run.
    number = {name: at for at, name in enumerate(order)}
    edges = [(number[maker], number[reader]) for maker, reader in links]
    places: dict[str, Point] = {}
    bends: dict[Link, tuple[Point, ...]] = {}
    room = 0.0
    for positions, width, _, drawn in from_edges(edges, vertex_spacing=_UNIT, dummy_vertices=True):
        ranks = _scaled({int(one): point for one, point in positions}, room)
        places |= {order[one]: place for one, place in ranks.items() if one < len(order)}
        chains = _chains([(int(maker), int(reader)) for maker, reader in drawn or ()], len(order))
        bends |= {
            (order[maker], order[reader]): tuple(ranks[one] for one in between)
            for maker, between, reader in chains
        }
        room += width / _UNIT + 1
    alone = [name for name in names if name not in linked]
    return places | {name: (0.0, room + at) for at, name in enumerate(alone)}, bends


def _scaled(points: Mapping[int, Point], room: float) -> dict[int, Point]:
    """Return the engine's points as (layer, place in it); it counts upwards, and from anywhere."""
    top = max(y for _, y in points.values())
    left = min(x for x, _ in points.values())
    return {one: (round((top - y) / _UNIT), room + (x - left) / _UNIT) for one, (x, y) in points.items()}


def _chains(drawn: Sequence[tuple[int, int]], boxes: int) -> Iterator[tuple[int, list[int], int]]:
    """Yield each link as its maker, its bends and its reader; the engine numbers bends behind the boxes."""
    after = {maker: reader for maker, reader in drawn if maker >= boxes}
    for maker, reader in drawn:
        if maker < boxes:
            between = []
            end = reader
            while end >= boxes:
                between.append(end)
                end = after[end]
            yield maker, between, end
