"""Values as plain data and back."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from pipeproof.errors import Finding, Location
from pipeproof.model.artifact import Artifact
from pipeproof.model.codec import from_plain, to_plain
from pipeproof.model.contract import Column, Contract, Port, TableSchema
from pipeproof.model.outcome import Failure, Frame, Measures, Metric, Outcome

scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5))
columns = st.builds(
    Column,
    st.text(max_size=5),
    nullable=st.booleans(),
    minimum=scalars,
    categories=st.lists(scalars).map(tuple),
)
ports = st.builds(
    Port, st.text(max_size=5), schema=st.none() | st.builds(TableSchema, st.lists(columns).map(tuple))
)
VALUES = {
    Contract: st.builds(Contract, st.dictionaries(st.text(max_size=5), ports, max_size=2)),
    Finding: st.builds(
        Finding,
        st.text(max_size=5),
        st.text(max_size=5),
        st.none() | st.builds(Location, st.text(max_size=5), st.integers()),
        path=st.lists(st.integers() | st.text(max_size=3), max_size=3).map(tuple),
        edge=st.none() | st.tuples(st.text(max_size=3), st.text(max_size=3)),
    ),
    Outcome: st.builds(
        Outcome,
        st.text(max_size=5),
        st.integers(),
        outputs=st.dictionaries(
            st.text(max_size=5), st.builds(Artifact, st.just("file"), st.text()), max_size=2
        ),
        metrics=st.lists(st.builds(Metric, st.text(max_size=5), st.floats(allow_nan=False))).map(tuple),
        measures=st.builds(Measures, st.floats(allow_nan=False), st.none() | st.floats(allow_nan=False)),
        failure=st.none()
        | st.builds(
            Failure,
            st.just("signal"),
            st.text(max_size=5),
            frames=st.lists(st.builds(Frame, st.text(), st.integers(), st.text())).map(tuple),
        ),
    ),
}


@given(st.sampled_from(sorted(VALUES, key=str)).flatmap(lambda kind: st.tuples(st.just(kind), VALUES[kind])))
def test_a_value_is_the_same_after_the_way_through_json(kind_and_value):
    kind, value = kind_and_value
    assert from_plain(kind, json.loads(json.dumps(to_plain(value)))) == value


def test_fields_at_their_defaults_are_left_out():
    assert to_plain(Finding("PPF101", "wrong", step="a")) == {"code": "PPF101", "what": "wrong", "step": "a"}


def test_unknown_fields_are_passed_over():
    assert from_plain(Metric, {"name": "a", "value": 1, "unit": "s"}) == Metric("a", 1)


@dataclass(frozen=True)
class Tree:
    """A class that names itself."""

    name: str
    below: tuple[Tree, ...] = field(default=())


def test_a_class_may_name_itself():
    tree = Tree("a", (Tree("b"), Tree("c", (Tree("d"),))))
    assert from_plain(Tree, to_plain(tree)) == tree


def test_what_is_no_data_becomes_its_text():
    assert to_plain({"x": Location("a.py", 3), 1: {2}, "y": 1 + 2j}) == {
        "x": {"file": "a.py", "line": 3},
        "1": [2],
        "y": "(1+2j)",
    }
