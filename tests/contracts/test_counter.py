"""Values that a column allows, as many as are wanted, and columns that allow none."""

import pytest

from pipeproof.contracts.constraints import keeps
from pipeproof.contracts.counter import allows_nothing, samples
from pipeproof.model.contract import Column

EMPTY = Column("items", "integer", minimum=2, maximum=1)


@pytest.mark.parametrize(
    ("column", "number"),
    [
        (Column("x", "integer", multiple_of=7), 30),
        (Column("x", "integer", minimum=3, maximum=9), 7),
        (Column("x", "number", minimum=0.5), 30),
        (Column("x", "decimal", precision=3, scale=2, minimum=0), 30),
        (Column("x", "date", maximum="2024-01-01"), 30),
        (Column("x", "timestamp"), 30),
        (Column("x", "string"), 30),
        (Column("x", "string", format="email"), 30),
        (Column("x", "string", pattern="[ab]{2}"), 4),
        (Column("x", "string", pattern="(?=a)[ab]"), 0),
        (Column("x", "boolean"), 2),
        (Column("x", categories=(1, 2, 2)), 2),
        (Column("x", "list", items=Column("items", "integer", multiple_of=5), min_items=1), 2),
    ],
)
def test_samples_are_different_values_that_the_column_allows(column, number):
    found = samples(column, 30)
    assert len(found) == number
    assert all(keeps(value, column) for value in found)
    assert not any(value in found[at + 1 :] for at, value in enumerate(found))


@pytest.mark.parametrize(
    ("column", "nothing"),
    [
        (Column("x", "integer", minimum=1, maximum=5, multiple_of=7), True),
        (Column("x", "number", minimum=0.11, maximum=0.19, multiple_of=0.1), True),
        (Column("x", "decimal", precision=2, scale=1, minimum=10), True),
        (Column("x", "string", format="uuid", max_length=9), True),
        (Column("x", "string", format="no format"), True),
        (Column("x", "list", items=EMPTY), False),
        (Column("x", "list", items=EMPTY, min_items=1), True),
        (Column("x", "list", min_items=2, max_items=1), True),
        (Column("x", "struct", fields=(EMPTY,)), True),
        (Column("x", "struct", fields=(Column("a", "integer"),)), False),
    ],
)
def test_a_column_that_allows_nothing_is_known(column, nothing):
    assert allows_nothing(column) is nothing
