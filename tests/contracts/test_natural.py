"""What names of columns tell of their numbers."""

import pytest

from pipeproof.contracts.natural import known_range, usual_range

NAMES = ["month", "birthDay", "pick-up hour", "DOW", "yday", "dest_lat", "lng", "ratio", "pct", "humid"]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_usual_lies_within_what_is_known(name):
    (low, high), (usual_low, usual_high) = known_range(name), usual_range(name)
    assert low <= usual_low < usual_high <= high


def test_a_word_may_have_usual_numbers_and_no_limit():
    assert (known_range("customer_age"), usual_range("customer_age")) == (None, (18, 90))


def test_only_the_last_word_tells():
    assert usual_range("hour_of_departure_delay") is None
