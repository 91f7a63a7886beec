"""Words of regular expressions: many different ones, each a full match, those at the ends of the pattern among them."""

from __future__ import annotations

import re

import pytest

from pipeproof.contracts.pools import POOLS
from pipeproof.data.synth.pools.made import pool_named
from pipeproof.data.synth.words import vocabulary
from pipeproof.model.contract import Column

PATTERNS = [
    "[A-Z]{3}",
    r"\d{4}-\d{2}-\d{2}",
    r"\w+@\w+\.(com|org)",
    "a+",
    "(?i)abc?",
    ".{5}",
    "[^a-z]{2,}",
    r"\S+ \S+",
    # What only Python's own reader knows.
    r"(^x\d{3}$)",
    r"\bfoo\b.*",
    "[]a]{3}",
    r"(?:^A|^B)[\d\-x-z]{2}",
    r"(?>ab|c)[^\d\s]\D",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_words_match_and_differ(pattern):
    words = vocabulary(Column("x", "string", pattern=pattern), 50).words
    assert len(set(words)) == len(words) > 1
    assert all(re.fullmatch(pattern, word) for word in words)


@pytest.mark.parametrize("pattern", ["(yes|no)", "[AB]", "x?"])
def test_all_words_of_a_small_pattern_are_there(pattern):
    assert len(vocabulary(Column("x", "string", pattern=pattern), 50).words) == 2


def test_as_many_as_are_wanted_are_there():
    assert len(vocabulary(Column("x", "string", pattern=r"N\d{5}"), 10_000).words) >= 10_000


@pytest.mark.parametrize(("least", "most"), [(60, 70), (0, 1), (500, 500)])
def test_words_are_as_long_as_they_must_be(least, most):
    words = vocabulary(Column("x", "string", pattern="[a-z]*", min_length=least, max_length=most), 20).words
    assert words
    assert all(least <= len(word) <= most for word in words)


def test_the_ends_of_a_pattern_are_its_branches_its_fewest_and_most_repeats_and_its_kinds_of_characters():
    corners = set(vocabulary(Column("x", "string", pattern="[A-Z0-9]{2}|-{1,3}|none"), 9).corners)
    assert {"AA", "00", "-", "---", "none"} <= corners


def test_a_pattern_that_nothing_matches_has_no_words():
    assert vocabulary(Column("x", "string", pattern="a", min_length=2), 5).words == ()


def test_words_that_pandas_reads_as_missing_are_not_made():
    made = set(vocabulary(Column("code", "string", pattern="[A-Z]{2}"), 5000).words)
    assert (len(made), "NA" in made) == (26 * 26 - 1, False)


@pytest.mark.parametrize("name", POOLS)
def test_every_pool_that_a_contract_may_name_is_made(name):
    assert pool_named(name).size > 1
