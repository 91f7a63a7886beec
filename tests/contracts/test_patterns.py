"""Patterns as automata agree with Python's own matching."""

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.contracts.fit import fit
from pipeproof.contracts.language import NOTHING, Texts, automaton_of, is_empty, words
from pipeproof.contracts.patterns import parse, refusals
from pipeproof.model.contract import Column, TableSchema

WORDS = ["".join(letters) for length in range(5) for letters in product("abA\n", repeat=length)]

atoms = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\w", r"\n", "(?i:a)", "(?s:.)"])
patterns = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map("(?:{0[0]}|{0[1]})".format),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{2,}"])).map(
            "(?:{0[0]}){0[1]}".format
        ),
    ),
    max_leaves=4,
)


def accepted(pattern):
    tree = parse(pattern)
    assert tree is not None
    automaton = automaton_of(tree)

    def accepts(text):
        states = automaton.start()
        for char in text:
            states = automaton.after(states, char)
        return automaton.final in states

    return {word for word in WORDS if accepts(word)}


@given(patterns)
def test_an_automaton_accepts_what_python_matches(pattern):
    assert accepted(pattern) == {word for word in WORDS if re.fullmatch(pattern, word)}


@pytest.mark.parametrize(
    "pattern", ["^a$", "^a|b$", r"\Aab*\Z", "^(?:a|b)$", r"a\|b", "[a|b]", "a[^b]|^b", "", "a|", r"a\$?"]
)
def test_anchors_at_the_ends_say_nothing(pattern):
    assert accepted(pattern) == {word for word in WORDS if re.fullmatch(pattern, word)}


@pytest.mark.parametrize(
    "pattern", ["(?=a)b", r"(a)\1", "a(^b)", "(", "[", r"\bA", "(?m:a)", "[]a]", "(?#note)a"]
)
def test_what_is_no_plain_regular_expression_is_not_read(pattern):
    assert parse(pattern) is None


def test_words_come_shortest_first():
    texts = Texts((automaton_of(parse("a|bb|[ab]bb")),))
    assert list(words(texts, NOTHING, 9)) == ["a", "bb", "abb"]


@pytest.mark.parametrize(
    ("column", "empty"),
    [
        (Column("x", "string", pattern="a{3}", max_length=2), True),
        (Column("x", "string", pattern="a{3}", max_length=3), False),
        (Column("x", "string", pattern="(?=a)b"), False),
    ],
)
def test_texts_that_cannot_be_are_known_where_the_pattern_is(column, empty):
    assert is_empty(column) is empty


@pytest.mark.parametrize(
    ("pattern", "part"),
    [("(", "is no regular expression"), ("a(?=b)", "looks around"), (r"(a)\1", "or back")],
)
def test_a_pattern_that_cannot_be_asked_is_refused(pattern, part):
    assert [part in why for why in refusals(pattern)] == [True]


def test_a_pattern_that_only_escapes_a_look_around_is_not_refused():
    assert list(refusals(r"a\(?=[(?=]")) == []


@pytest.mark.parametrize(
    ("written", "read", "refused"),
    [(r"\w+", "[a-zA-Z0-9_]+", "é"), (r"\d+", "[0-9]+", "٣"), (r"[\s]", r"[ \t\n\r\f\v]", "\u00a0")],
)
def test_classes_go_beyond_ascii_as_they_do_when_values_are_matched(written, read, refused):
    columns = [TableSchema((Column("a", "string", pattern=pattern),)) for pattern in (written, read)]
    assert [misfit.rows for misfit in fit(*columns).misfits] == [({"a": refused},)]
    assert not fit(columns[1], columns[0]).misfits
