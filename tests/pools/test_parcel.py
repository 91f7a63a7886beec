"""A job arrives as it was packed, and its secrets stand nowhere that an executor could log them."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import Column, Contract, Port, TableSchema, frozen
from pipeproof.model.plan import Check, Task
from pipeproof.model.step import Step
from pipeproof.pools.parcel import Parcel, Place, Reference, pack, unpack
from pipeproof.ports import Job
from pipeproof.steps.python import PythonConfig

PLACE = Place("/p/run", "/p/run/line", Reference("builtins:object"), Reference("builtins:dict"))
SCHEMA = TableSchema((Column("n", "integer", minimum=0),), key=("n",))
TEXT = st.text(max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=10,
)


def job_of(arguments=(), environment=(), secrets=()):
    step = Step(
        "train",
        "python",
        PythonConfig("a.py:b", arguments=dict(arguments)),
        frozen({"x": "raw"}),
        frozen({"train": "train"}),
        Contract(inputs=frozen({"x": Port("x", schema=SCHEMA)})),
        environment=frozen(dict(environment)),
    )
    task = Task(step, "", "run", "", checks=(Check("raw", "x", SCHEMA, "fail", "input"),))
    return Job(
        "r-1",
        task,
        2,
        frozen({"raw": Artifact("table", "abc", rows=3, columns=(("n", "integer"),))}),
        frozen({"day": "2013-07-03"}),
        "/p/run/scratch/train.2",
        "/p/run/logs/train.2.log",
        Path("/p"),
        secrets=tuple(secrets),
    )


@given(st.dictionaries(TEXT, VALUES, max_size=4), st.dictionaries(TEXT, TEXT, max_size=4))
def test_a_job_arrives_as_it_was_packed(arguments, environment):
    job = job_of(arguments, environment)
    assert unpack(pickle.loads(pickle.dumps(pack(job, PLACE, 0)))) == job


def test_what_was_read_only_arrives_read_only():
    arrived = unpack(pack(job_of(), PLACE, 0))
    with pytest.raises(TypeError):
        arrived.parameters["day"] = "2013-07-04"


def test_packing_lets_nothing_else_of_the_process_be_pickled():
    pack(job_of(), PLACE, 0)
    with pytest.raises(TypeError, match="mappingproxy"):
        pickle.dumps(frozen({"a": 1}))


@given(st.lists(st.text(min_size=6, max_size=30), max_size=3), st.text(min_size=6, max_size=30))
def test_a_secret_travels_with_the_jobs_that_use_it_alone(others, used):
    job = job_of(environment={"TOKEN": f"bearer {used}"}, secrets=(*others, used))
    assert set(pack(job, PLACE, 0).secrets) >= {used}
    assert set(pack(job, PLACE, 0).secrets) <= {
        used,
        *(other for other in others if other in repr(job) or other in used),
    }


def test_a_parcel_shows_nothing_of_what_is_in_it():
    parcel = pack(
        job_of({"query": "of persons"}, {"TOKEN": "hunter2-and-more"}, ["hunter2-and-more"]), PLACE, 0
    )
    shown = repr(parcel)
    assert shown.startswith("Parcel(task='train', attempt=2, number=0")
    assert not [word for word in ("hunter2", "persons", "2013") if word in shown]
    assert isinstance(replace(parcel, attempt=3), Parcel)


def test_a_reference_makes_what_it_names():
    assert Reference("fractions:Fraction", (1,), {"denominator": 3}).make() * 3 == 1
