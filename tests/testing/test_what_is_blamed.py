"""Which column a failure is about, and what to do."""

import pytest

from pipeproof.model.contract import Column, TableSchema
from pipeproof.model.outcome import Failure, Frame
from pipeproof.model.trial import STANDARD, Case
from pipeproof.testing.blame import Blame, blame, correct

SCHEMA = TableSchema(
    (
        Column("age", "integer", nullable=True),
        Column("kind", "string", categories=("a", "b")),
        Column("code", "string", pattern="[A-Z]{3}"),
        Column("wind_speed", "number"),
    )
)


def error(type_, message, line="", kind="exception", fix=""):
    frames = (Frame("code.py", 3, "main", line),) if line else ()
    return Failure(kind, "PPF201", type_, message, frames, fix=fix)


@pytest.mark.parametrize(
    ("failure", "column"),
    [
        (error("ColumnNotFoundError", "unable to find column 'age'"), "age"),
        (error("TypeError", "int() argument", "int(table['age'][0])"), "age"),
        (error("TypeError", "int() argument", "int(table.age[0])"), "age"),
        (error("TypeError", "bad", "table['age'] + table['wind_speed']"), ""),
        (error("KeyError", "'b'", "CODES[kind]"), "kind"),
        (error("KeyError", "'XYZ'", "CODES[code]"), "code"),
        (error("KeyError", "'wind_spd'", "row[name]"), "wind_spd"),
        (error("ValueError", "no good", "return 1"), ""),
        (error("ValueError", "no frames"), ""),
    ],
)
def test_the_column_is_read_from_the_message_or_else_from_the_line(failure, column):
    assert blame(failure, STANDARD, [SCHEMA]).column == column


def test_the_column_of_the_case_counts_before_all():
    case = Case("malformed", "nullable", "wind_speed")
    assert blame(error("KeyError", "'age'"), case, [SCHEMA]).column == "wind_speed"


@pytest.mark.parametrize(
    ("type_", "message"),
    [
        ("IntCastingNaNError", "Cannot convert non-finite values (NA or inf)"),
        ("TypeError", "unsupported operand type(s) for +: 'NoneType' and 'int'"),
        ("ValueError", "cannot convert float NaN to integer"),
    ],
)
def test_a_missing_value_that_the_contract_allows_is_to_be_filled_or_dropped(type_, message):
    told = blame(error(type_, message, "table['age'].astype(int)"), STANDARD, [SCHEMA])
    assert told.fix == "the contract allows missing values in age: fill or drop them before this line"


def test_a_missing_value_that_may_not_be_is_nothing_to_fill():
    told = blame(error("ValueError", "NaN", "table['wind_speed']"), STANDARD, [SCHEMA])
    assert told == Blame("wind_speed", "")


def test_a_value_that_the_contract_allows_is_to_be_handled():
    told = blame(error("KeyError", "'b'", "CODES[kind]"), STANDARD, [SCHEMA])
    assert told.fix == "the contract allows 'b' for kind: handle it, or list only the values that come"


def test_a_column_that_no_contract_names_is_told_with_the_one_that_is_like_it():
    told = blame(error("KeyError", "'wind_spd'", "row[name]"), STANDARD, [SCHEMA])
    assert told.fix.endswith("its contract must name it; the contract has 'wind_speed'")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("empty", "return early when there are no rows"),
        ("one_row", "handle a single row"),
        ("nulls", "fill or drop missing values"),
        ("extremes", "handle the ends of the range"),
        ("duplicates", "handle repeated rows"),
        ("categories", "handle every category"),
    ],
)
def test_where_nothing_else_is_known_the_case_says_what_to_do(name, words):
    assert blame(error("ValueError", "x"), Case("edge", name), [SCHEMA]).fix.startswith(words)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("timeout", "look for a loop without an end"),
        ("memory", "read less at once"),
        ("output", "write every output"),
        ("import", "install the package"),
        ("exit", "raise an error that says what is wrong"),
        ("signal", "look at the end of the step's log"),
    ],
)
def test_the_kind_of_a_failure_says_more_than_the_case(kind, words):
    assert blame(error("X", "x", kind=kind), Case("edge", "empty"), []).fix.startswith(words)


def test_what_the_failure_itself_says_comes_first():
    assert blame(error("ValueError", "x", fix="turn it off"), Case("edge", "empty"), []).fix == "turn it off"


def test_more_time_is_no_advice_where_data_are_small():
    hung = error("Timeout", "still running", kind="timeout", fix="raise `timeout`")
    assert blame(hung, STANDARD, []).fix.startswith("look for a loop")


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ("out: column 'a' breaks '≤ 10' in 3 of 9 rows", "has a unit changed?"),
        ("out: column 'a' breaks '> 0' in 3 of 9 rows", "has a unit changed?"),
        ("out: column 'a' breaks 'is unique' in 3 of 9 rows", "keep one row of each"),
        ("out: the key breaks '(a, b) is unique' in 3 of 9 rows", "keep one row of each"),
        ("out: column 'a' breaks 'has no missing values' in 3 of 9 rows", "fill or drop them"),
        ("out: 3 rows, the contract says at least 9", "keep as many rows as promised"),
        ("out: column 'a' breaks 'is one of x, y' in 3 of 9 rows", "correct the values"),
    ],
)
def test_data_that_break_a_rule_are_mended_according_to_the_rule(broken, words):
    assert words in correct(broken)
