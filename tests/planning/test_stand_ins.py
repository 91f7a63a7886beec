"""What a test gives for parameters that have no value."""

import datetime as dt

import pytest

from pipeproof.model.step import Parameter
from pipeproof.planning.parameters import convert, stand_in


@pytest.mark.parametrize("type_", ["string", "integer", "number", "boolean", "date"])
def test_every_type_has_a_stand_in_of_its_own(type_):
    parameter = Parameter("x", type_)
    assert convert(parameter, stand_in(parameter)) == stand_in(parameter)


@pytest.mark.parametrize("example", ["eu", 0, False, ""])
def test_an_example_comes_first_even_when_it_is_nothing(example):
    assert stand_in(Parameter("x", example=example)) == example


def test_the_stand_in_for_a_date_is_a_day():
    assert dt.date.fromisoformat(stand_in(Parameter("x", "date"))).year == 2024
