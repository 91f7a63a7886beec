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
class Ranks:
    """The layers of a graph.

    Attributes:
        places: (layer, place in it) of each box, counted in boxes from 0.
        bends: The same for each point at which a link passes a layer between its ends.
    """

    places: Mapping[str, Point]
    bends: Mapping[Link, tuple[Point, ...]]


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


def rank(names: Sequence[str], links: Iterable[Link]) -> Ranks:
    """Return the layers of a graph; links that would close a circle are left out.

    Parts that are not connected stand beside each other, boxes without any link last, in one layer.

    Args:
        names: The boxes, in an order that is kept where nothing else decides.
        links: From whom to whom.
    """
    kept = acyclic(names, links)
    places: dict[str, Point] = {}
    bends: dict[Link, tuple[Point, ...]] = {}
    room = 0.0
    for part in _parts(names, kept):
        room += _add_part([name for name in names if name in part], kept, room, places, bends) + 1
    alone = [name for name in names if name not in places]
    return Ranks(places | {name: (0.0, room + at) for at, name in enumerate(alone)}, bends)


def lay_out(ranks: Ranks, boxes: Boxes, direction: Direction) -> Layout:
    """Return where to draw what.

    Args:
        ranks: The layers, as `rank` gives them.
        boxes: Sizes.
        direction: Where the flow goes.
    """
    drawing = _Drawing(boxes, direction)
    centres = {name: drawing.centre(place) for name, place in ranks.places.items()}
    lines = {
        link: drawing.line(centres[link[0]], centres[link[1]], map(drawing.centre, between))
        for link, between in ranks.bends.items()
    }
    corners = [*centres.values(), *(point for line in lines.values() for point in line)]
    width = max((x for x, _ in corners), default=0.0) + boxes.width / 2
    height = max((y for _, y in corners), default=0.0) + boxes.height / 2
    return Layout(centres, lines, width, height, len({layer for layer, _ in ranks.places.values()}))


@dataclass(frozen=True, slots=True)
class _Drawing:
    """Turns (layer, place in it) into a point, in one of the two directions."""

    boxes: Boxes
    direction: Direction

    def centre(self, place: Point) -> Point:
        layer, beside = place
        boxes = self.boxes
        if self.direction == "down":
            x, y = beside * (boxes.width + boxes.beside), layer * (boxes.height + boxes.between)
        else:
            x, y = layer * (boxes.width + boxes.between), beside * (boxes.height + boxes.beside)
        return x + boxes.width / 2, y + boxes.height / 2

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


def _parts(names: Sequence[str], links: Sequence[Link]) -> Iterator[set[str]]:
    """Yield the boxes that are connected with each other, those of each part together."""
    beside: dict[str, set[str]] = {}
    for maker, reader in links:
        beside.setdefault(maker, set()).add(reader)
        beside.setdefault(reader, set()).add(maker)
    seen: set[str] = set()
    for name in names:
        if name in beside and name not in seen:
            part, ahead = {name}, [name]
            while ahead:
                fresh = beside[ahead.pop()] - part
                part |= fresh
                ahead += fresh
            seen |= part
            yield part


def _add_part(
    part: Sequence[str],
    links: Sequence[Link],
    room: float,
    places: dict[str, Point],
    bends: dict[Link, tuple[Point, ...]],
) -> float:
    """Lay one part out behind `room` and return its width; the engine mixes bends up with boxes of other parts."""
    from fast_sugiyama import from_edges

    # By number: the engine takes names through a set, so their order would change from run to run.
    number = {name: at for at, name in enumerate(part)}
    edges = [(number[maker], number[reader]) for maker, reader in links if maker in number]
    ((positions, _, _, drawn),) = from_edges(edges, vertex_spacing=_UNIT, dummy_vertices=True)
    ranks = _scaled({int(one): point for one, point in positions}, room)
    places |= {part[one]: place for one, place in ranks.items() if one < len(part)}
    for maker, between, reader in _chains([(int(a), int(b)) for a, b in drawn or ()], len(part)):
        bends[part[maker], part[reader]] = tuple(ranks[one] for one in between)
    return max(place for _, place in ranks.values()) - room


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
