"""Rows that differ, by key and as wholes."""

from collections import Counter

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeproof.data.comparing.compare import compare

VALUES = st.one_of(st.none(), st.integers(0, 2))
UNIQUE = st.dictionaries(st.integers(0, 8), VALUES, max_size=8)
PAIRS = st.lists(st.tuples(VALUES, VALUES), max_size=8)
TYPES = {"k": pl.Int64, "x": pl.Int64}


def rows(before, after, key=None, **named):
    return compare(before, after, key, parts=("rows",), **named).rows


def as_table(pairs):
    return pl.DataFrame(list(pairs), schema=TYPES, orient="row")


@settings(max_examples=30)
@given(UNIQUE, UNIQUE)
def test_rows_by_key_are_those_of_two_dictionaries(before, after):
    found = rows(as_table(before.items()), as_table(after.items()), "k")
    common = before.keys() & after.keys()
    assert found.added == len(after.keys() - before.keys())
    assert found.removed == len(before.keys() - after.keys())
    assert found.changed == sum(before[key] != after[key] for key in common)
    assert found.same == sum(before[key] == after[key] for key in common)


@settings(max_examples=30)
@given(PAIRS, PAIRS)
def test_whole_rows_are_those_of_two_multisets(before, after):
    found = rows(as_table(before), as_table(after))
    left, right = Counter(before), Counter(after)
    assert found.added == (right - left).total()
    assert found.removed == (left - right).total()
    assert found.same == (left & right).total()


@settings(max_examples=30)
@given(PAIRS, PAIRS)
def test_no_difference_goes_unseen_whatever_the_keys_are(before, after):
    found = rows(as_table(before), as_table(after), "k")
    assert found.differs == (Counter(before) != Counter(after))


def test_a_cell_that_changed_is_shown_as_it_was_and_is():
    found = rows({"id": [1, 2], "name": ["a", "b"]}, {"id": [2, 1], "name": ["b", "z"]}, "id")
    (example,) = found.examples
    assert (example.row, dict(found.by_column)) == ((("id", "1"),), {"name": 1})
    assert [(cell.column, cell.before, cell.after) for cell in example.cells] == [("name", "'a'", "'z'")]


def test_repeated_keys_are_not_multiplied():
    found = rows({"id": [1, 1, 1, 2], "x": [1, 2, 3, 4]}, {"id": [1, 1, 2], "x": [1, 2, 4]}, "id")
    assert (found.repeated, found.repeated_rows, found.unmatched) == ((1, 1), (3, 2), (0, 1))
    assert (found.same, found.changed, found.added, found.removed) == (1, 0, 0, 0)


def test_rows_without_a_key_are_compared_as_wholes():
    found = rows({"id": [None, 2], "x": [1, 4]}, {"id": [None, 2], "x": [9, 4]}, "id")
    assert (found.missing, found.unmatched, found.same) == ((1, 1), (1, 1), 1)


def test_a_key_may_be_several_columns():
    before = {"a": [1, 1], "b": [1, 2], "x": [1, 2]}
    assert rows(before, {"a": [1, 1], "b": [2, 1], "x": [2, 5]}, ("a", "b")).changed == 1


@pytest.mark.parametrize(("tolerance", "changed"), [(0.0, 2), (1e-9, 1), (0.1, 0)])
def test_numbers_within_the_tolerance_are_the_same(tolerance, changed):
    before, after = {"id": [1, 2], "x": [1e6, 1.0]}, {"id": [1, 2], "x": [1e6 + 1e-6, 1.05]}
    assert rows(before, after, "id", tolerance=tolerance).changed == changed


def test_nan_is_the_same_as_nan_and_not_as_null():
    before = {"id": [1, 2], "x": [float("nan"), float("nan")]}
    assert rows(before, {"id": [1, 2], "x": [float("nan"), None]}, "id").changed == 1


def test_numbers_of_other_types_are_the_same_when_they_are_equal():
    before = pl.DataFrame({"id": [1, 2], "x": [1, 2]}, schema={"id": pl.Int8, "x": pl.Int64})
    after = pl.DataFrame({"id": [1, 2], "x": [1.0, 2.5]})
    assert rows(before, after, "id").changed == 1


def test_the_first_rows_are_shown_in_the_order_of_the_table():
    found = rows({"x": [0]}, {"x": [0, 9, 8, 9]})
    assert [(one.row, one.times) for one in found.examples] == [((("x", "9"),), 2), ((("x", "8"),), 1)]


def test_a_column_that_could_be_the_key_is_named():
    assert rows({"n": [1, 1], "id": [1, 2]}, {"n": [1, 2], "id": [1, 2]}).hint == "id"


def test_lists_structs_and_bytes_are_compared():
    before = {"id": [1], "l": [[1, 2]], "s": [{"a": 1}], "b": [b"x"]}
    after = {"id": [1], "l": [[1, 3]], "s": [{"a": 2}], "b": [b"y"]}
    assert dict(rows(before, after, "id").by_column) == {"l": 1, "s": 1, "b": 1}


def test_personal_data_are_masked_in_examples():
    before = {"id": [1], "email": ["ann.smith@example.org"]}
    found = rows(before, {"id": [1], "email": ["bob@example.org"]}, "id")
    assert "smith" not in str(found)
    assert found.changed == 1


def test_what_is_infinite_is_near_to_nothing():
    before = pl.DataFrame({"id": [1, 2, 3], "x": [float("inf"), float("inf"), float("inf")]})
    after = pl.DataFrame({"id": [1, 2, 3], "x": [float("-inf"), 5.0, float("inf")]})
    assert compare(before, after, key="id").rows.changed == 2
