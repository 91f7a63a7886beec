"""Where the boxes of a graph stand: apart from each other, in the order of the flow, whatever the graph."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.report.html.layout import Boxes, acyclic, lay_out, rank

BOXES = Boxes(100, 40, 30, 10)
NAMES = [f"s{n}" for n in range(12)]
LINKS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=25)
DIRECTIONS = st.sampled_from(["down", "across"])


@given(LINKS, DIRECTIONS)
def test_no_two_boxes_lie_on_each_other(links, direction):
    centres = lay_out(rank(NAMES, links), BOXES, direction).centres
    for (x0, y0), (x1, y1) in combinations(centres.values(), 2):
        assert abs(x0 - x1) >= BOXES.width or abs(y0 - y1) >= BOXES.height


@given(LINKS, DIRECTIONS)
def test_every_box_lies_in_the_drawing(links, direction):
    layout = lay_out(rank(NAMES, links), BOXES, direction)
    assert sorted(layout.centres) == sorted(NAMES)
    for x, y in layout.centres.values():
        assert BOXES.width / 2 <= x <= layout.width - BOXES.width / 2 + 0.01
        assert BOXES.height / 2 <= y <= layout.height - BOXES.height / 2 + 0.01


@given(LINKS, DIRECTIONS)
def test_a_line_goes_from_the_border_of_its_maker_to_that_of_its_reader_with_the_flow(links, direction):
    layout = lay_out(rank(NAMES, links), BOXES, direction)
    along = 1 if direction == "down" else 0
    half = (BOXES.width, BOXES.height)[along] / 2
    for (maker, reader), points in layout.lines.items():
        assert points[0][along] == pytest.approx(layout.centres[maker][along] + half)
        assert points[-1][along] == pytest.approx(layout.centres[reader][along] - half)
        assert [point[along] for point in points] == sorted(point[along] for point in points)


def reached(start, links):
    """Return all that can be reached from a box, itself too."""
    found, ahead = {start}, [start]
    while ahead:
        name = ahead.pop()
        ahead += [reader for maker, reader in links if maker == name and reader not in found]
        found.update(ahead)
    return found


@given(LINKS)
def test_only_links_that_would_close_a_circle_are_left_out(links):
    kept = acyclic(NAMES, links)
    assert all(maker not in reached(reader, kept) for maker, reader in kept)
    assert all(maker in reached(reader, kept) for maker, reader in set(links) - set(kept))


def test_a_circle_loses_the_link_that_closes_it():
    assert acyclic(["a", "b", "c"], [("a", "b"), ("b", "c"), ("c", "a"), ("a", "a")]) == (
        ("a", "b"),
        ("b", "c"),
    )


def test_links_of_boxes_that_are_not_there_are_left_out():
    assert acyclic(["a"], [("a", "ghost"), ("ghost", "a")]) == ()


def test_the_same_graph_is_drawn_the_same_way_in_every_process():
    links = [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("a", "d")]
    first = lay_out(rank(["a", "b", "c", "d"], links), BOXES, "down")
    assert first.layers == 3
    assert first.centres["a"][1] < first.centres["b"][1] == first.centres["c"][1] < first.centres["d"][1]
    assert len(first.lines["a", "d"]) == 3


def test_steps_that_nothing_links_stand_beside_each_other():
    layout = lay_out(rank(["a", "b"], []), BOXES, "down")
    assert layout.centres == {"a": (50, 20), "b": (160, 20)}


def test_a_bend_of_one_part_is_no_box_of_another():
    links = [("s1", "s3"), ("s1", "s4"), ("s2", "s3"), ("s4", "s2"), ("s5", "s0")]
    lines = lay_out(rank(NAMES, links), BOXES, "down").lines
    assert {link: len(points) for link, points in lines.items()} == dict.fromkeys(links, 2) | {
        ("s1", "s3"): 4
    }


def test_no_boxes_are_no_drawing():
    assert lay_out(rank([], []), BOXES, "down").centres == {}
