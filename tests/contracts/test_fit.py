"""Whether contracts fit: the answers, the rows that show them, and the law that both agree with brute force."""

import datetime as dt
import time
from dataclasses import replace
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeproof.contracts.constraints import keeps
from pipeproof.contracts.counter import allows_nothing
from pipeproof.contracts.fit import fit
from pipeproof.contracts.rows import breaks, breaks_together
from pipeproof.contracts.verdict import Fit, show_row
from pipeproof.model.contract import Column, TableSchema


def misfits(written, read):
    return list(fit(_schema(written), _schema(read)).misfits)


def _schema(columns):
    if isinstance(columns, TableSchema):
        return columns
    return TableSchema(tuple([columns] if isinstance(columns, Column) else columns))


def only(written, read):
    [misfit] = misfits(written, read)
    return misfit


# Brute force: on small domains, fit finds exactly what trying every value finds.

INTEGERS = list(range(-6, 7))
WORDS = ["".join(letters) for length in range(5) for letters in product("ab", repeat=length)]
PATTERNS = [None, "a*", "(a|b){2}", "a+b?", "[ab]{1,3}", "^ab*$", "b|a.", "(ab)*", "a{2,}", "[^a]*b"]
bounds = st.none() | st.integers(-4, 4)


@st.composite
def integer_columns(draw):
    low, high = draw(bounds), draw(bounds)
    return Column(
        "x",
        "integer",
        nullable=draw(st.booleans()),
        minimum=low,
        maximum=high,
        minimum_open=draw(st.booleans()),
        maximum_open=draw(st.booleans()),
        categories=tuple(draw(st.lists(st.integers(-4, 4), max_size=3, unique=True))),
    )


@st.composite
def text_columns(draw):
    return Column(
        "x",
        "string",
        nullable=draw(st.booleans()),
        pattern=draw(st.sampled_from(PATTERNS)),
        min_length=draw(st.none() | st.integers(0, 3)),
        max_length=draw(st.none() | st.integers(0, 3)),
        categories=tuple(draw(st.lists(st.sampled_from(WORDS[:15]), max_size=3, unique=True))),
    )


def breakable(written, read, values):
    return any(keeps(value, written) and not keeps(value, read) for value in [None, *values])


@given(integer_columns(), integer_columns())
def test_fit_agrees_with_trying_every_small_integer(written, read):
    assert bool(misfits(written, read)) == breakable(written, read, INTEGERS)


@given(text_columns(), text_columns())
@settings(deadline=None)
def test_fit_finds_every_misfit_that_trying_short_texts_finds(written, read):
    if breakable(written, read, WORDS):
        assert misfits(written, read)


@given(integer_columns() | text_columns(), integer_columns() | text_columns())
@settings(deadline=None)
def test_every_row_shown_is_allowed_by_the_writer_and_refused_by_the_reader(written, read):
    for misfit in misfits(written, read):
        assert misfit.rows or misfit.evidence == ""
        for row in misfit.rows:
            assert not list(breaks(row, _schema(written)))
            assert list(breaks(row, _schema(read)))


@given(text_columns(), text_columns())
@settings(deadline=None)
def test_a_misfit_of_texts_of_the_same_type_always_has_its_row(written, read):
    assert all(misfit.rows for misfit in misfits(written, read))


@given(integer_columns() | text_columns())
@settings(deadline=None)
def test_a_column_fits_itself(column):
    assert misfits(column, column) == []


@given(integer_columns())
def test_that_a_column_allows_nothing_agrees_with_trying_every_small_integer(column):
    assert allows_nothing(column) == (not any(keeps(value, column) for value in [None, *INTEGERS]))


KEYS = st.sampled_from([(), ("x",), ("y",), ("x", "y")])


@st.composite
def small_tables(draw):
    def column(name):
        return Column(name, "boolean", nullable=draw(st.booleans()), unique=draw(st.booleans()))

    return TableSchema((column("x"), column("y")), key=draw(KEYS))


@given(small_tables(), small_tables())
@settings(deadline=None)
def test_fit_of_unique_columns_and_keys_agrees_with_trying_all_pairs_of_rows(written, read):
    rows = [{"x": x, "y": y} for x in (None, True, False) for y in (None, True, False)]
    found = any(
        not list(breaks_together(pair, written)) and list(breaks_together(pair, read))
        for pair in product(rows, repeat=2)
    ) or any(not list(breaks(row, written)) and list(breaks(row, read)) for row in rows)
    assert bool(misfits(written, read)) == found


# One by one.


def test_the_evidence_is_one_row_of_the_columns_that_are_read():
    written = [Column("carrier", "string", pattern="[A-Z]{3}"), Column("dep_delay", "integer", minimum=-1000)]
    read = [Column("carrier", "string", pattern="[A-Z]{2}"), Column("dep_delay", "integer", minimum=-60)]
    assert misfits(written, read)[0].evidence == '{carrier: "AAA", dep_delay: -1000}'


def test_columns_that_fit_are_filled_with_something_the_writer_allows():
    written = [Column("day", "date", minimum="2013-01-01"), Column("n", "integer")]
    read = [Column("day", "date"), Column("n", "integer", maximum=5)]
    assert only(written, read).evidence == "{n: 6, day: 2013-01-01}"


def test_the_misfit_says_what_is_read():
    says = only(Column("n", "integer"), Column("n", "integer", minimum=0)).what
    assert says == "column 'n' may be -1; read is only what is ≥ 0"


@pytest.mark.parametrize(
    ("written", "read", "value"),
    [
        (Column("x", "integer", minimum=0), Column("x", "integer", minimum=0, minimum_open=True), 0),
        (Column("x", "integer", minimum=0, maximum=5), Column("x", "integer", maximum=4.5), 5),
        (
            Column("x", "number", minimum=0, maximum=1),
            Column("x", "number", maximum=1, maximum_open=True),
            1.0,
        ),
        (Column("x", "number", minimum=0), Column("x", "number", categories=(0, 1)), 0.5),
        (Column("x", "date"), Column("x", "date", maximum="2024-01-01"), dt.date(2024, 1, 2)),
        (
            Column("x", "timestamp", minimum="2024-01-01T00:00:00Z"),
            Column("x", "timestamp", minimum="2024-01-01T00:00:00+00:00", minimum_open=True),
            dt.datetime(2024, 1, 1),  # noqa: DTZ001 shown without a zone, in UTC
        ),
        (Column("x", "time"), Column("x", "time", maximum="18:00"), dt.time(18, 0, 1)),
        (Column("x", "boolean"), Column("x", "boolean", categories=(True,)), False),
        (Column("x", "string", categories=("a", "b")), Column("x", "string", categories=("a",)), "b"),
        (Column("x", categories=("a", "b")), Column("x", categories=("a",)), "b"),
        (Column("x", "string"), Column("x", "string", min_length=1), ""),
        (Column("x", "string", max_length=9), Column("x", "string", max_length=8), "A" * 9),
        (Column("x", "string", pattern=r"\d+"), Column("x", "string", pattern=r"[1-9]\d*"), "0"),
        (Column("x", "string", pattern="(?i)ab"), Column("x", "string", pattern="ab|AB"), "Ab"),
        (Column("x", "string", pattern=".*x.{20}"), Column("x", "string", max_length=20), "x" * 21),
        (Column("x", "string", minimum="b"), Column("x", "string", minimum="c"), "b"),
        (Column("x", "number", minimum=0), Column("x", "integer"), 0.0),
        (Column("x", "string", pattern="[ab]"), Column("x", "integer"), "a"),
        (Column("x", "string"), Column("x", "string", format="uuid"), ""),
        (Column("x", "string", format="ipv4"), Column("x", "string", max_length=14), "250.250.250.250"),
        (Column("x", "string", format="country"), Column("x", "string", pattern="[A-Y]{2}"), "AZ"),
        (Column("x", "integer", multiple_of=2), Column("x", "integer", multiple_of=3), 2),
        (Column("x", "number", multiple_of=0.1), Column("x", "number", scale=0), 0.5),
        (Column("x", "number", minimum=1, maximum=2), Column("x", "number", precision=2), 1.005),
        (Column("x", "decimal", precision=5, scale=2), Column("x", "decimal", precision=4, scale=2), 100.0),
        (
            Column("x", "decimal", precision=20, scale=2),
            Column("x", "decimal", precision=18, scale=2),
            1e16,
        ),
        (Column("x", "list"), Column("x", "list", max_items=1), ["a", "b"]),
        (
            Column("x", "struct", fields=(Column("a", "date"),)),
            Column("x", "struct", fields=(Column("a", "date", maximum="2024-01-01"),)),
            {"a": dt.date(2024, 1, 2)},
        ),
    ],
)
def test_a_value_between_two_contracts_is_found(written, read, value):
    [row] = misfits(written, read)[0].rows
    assert (row["x"], type(row["x"])) == (value, type(value))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (Column("x", "integer"), Column("x", "number")),
        (Column("x", "integer"), Column("x", "decimal")),
        (Column("x", "number"), Column("x", "decimal")),
        (Column("x", "decimal"), Column("x", "number")),
        (Column("x", "integer", minimum=0, minimum_open=True), Column("x", "integer", minimum=1)),
        (Column("x", "integer", minimum=0, maximum=3), Column("x", "integer", categories=(0, 1, 2, 3))),
        (Column("x", "integer", maximum=4.5), Column("x", "integer", maximum=4)),
        (Column("x", "number", categories=(1, 2)), Column("x", "number", minimum=1)),
        (Column("x", "string", pattern="[A-Z]{3}"), Column("x", "string", min_length=3, max_length=3)),
        (Column("x", "string", pattern="^(AA|UA)$"), Column("x", "string", categories=("AA", "UA"))),
        (Column("x", "string", categories=("AA", "UA")), Column("x", "string", pattern="[A-Z]{2}")),
        (Column("x", "string", pattern="[a-c]+"), Column("x", "string", pattern="[a-z]*")),
        (Column("x", "boolean"), Column("x", "boolean", categories=(True, False))),
        (
            Column("x", "date", minimum="2024-01-02"),
            Column("x", "date", minimum="2024-01-01", minimum_open=True),
        ),
        (Column("x", "string", format="uuid"), Column("x", "string", min_length=36, max_length=36)),
        (Column("x", "string", format="country"), Column("x", "string", pattern="[A-Z]+")),
        (Column("x", "string", categories=("a@b.org",)), Column("x", "string", format="email")),
        (
            Column("x", "string", pattern=r"(?=a)\w+", max_length=3),
            Column("x", "string", pattern=r"(?=a)\w+"),
        ),
        (Column("x", "string", minimum="b"), Column("x", "string", minimum="a")),
        (Column("x", "integer", multiple_of=6), Column("x", "number", multiple_of=1.5)),
        (Column("x", "decimal", precision=5, scale=2), Column("x", "number", multiple_of=0.01)),
        (Column("x", "decimal", precision=38, scale=9), Column("x", "decimal", scale=9)),
        (Column("x", "decimal", precision=5, scale=2), Column("x", "decimal", precision=5)),
        (
            Column("x", "number", multiple_of=0.25, minimum=0.1, maximum=0.3),
            Column("x", "number", categories=(0.25,)),
        ),
        (Column("x", "list", max_items=0), Column("x", "list", items=Column("items", "integer"))),
        (
            Column("x", "list", items=Column("", "integer", minimum=1)),
            Column("x", "list", items=Column("", "integer", minimum=0)),
        ),
        (
            Column("x", "struct", fields=(Column("a"), Column("b"))),
            Column("x", "struct", fields=(Column("b"),)),
        ),
    ],
)
def test_contracts_that_fit_say_nothing(written, read):
    assert fit(_schema(written), _schema(read)) == Fit()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (Column("x"), Column("x", "integer", minimum=0)),
        (Column("x", "string", pattern="(?=a)a"), Column("x", "string", pattern="b")),
        (Column("x", "string", pattern="a"), Column("x", "string", pattern=r"(?=a)\w")),
        (Column("x", "string", pattern=r"(a)\1"), Column("x", "string", pattern="aa")),
        (Column("x", "string", pattern="[a-z]"), Column("x", "string", minimum="a")),
        (Column("x", "list"), Column("x", "list", items=Column("items", "integer"))),
        (Column("x", "struct"), Column("x", "struct", fields=(Column("a", "integer"),))),
        (
            Column("x", "number", scale=0, precision=50, minimum=0, maximum=10**44),
            Column("x", "number", precision=46),
        ),
    ],
)
def test_what_cannot_be_told_is_not_guessed(written, read):
    assert fit(_schema(written), _schema(read)).answer == "cannot tell"


def test_a_writers_pattern_that_cannot_be_read_still_shows_what_its_lengths_allow():
    written = Column("x", "string", pattern="(?!z)[a-z]*|A*")
    assert only(written, Column("x", "string", max_length=0)).rows == ({"x": "A"},)


def test_patterns_that_explode_are_given_up_quickly():
    began = time.monotonic()
    misfits(
        Column("x", "string", pattern="(a|b)*a(a|b){40}"),
        Column("x", "string", pattern="((a|b){1,90}){1,90}"),
    )
    assert time.monotonic() - began < 5


def test_types_that_differ_are_named():
    assert (
        only(Column("x", "string"), Column("x", "integer")).what
        == "column 'x' is written as string and read as integer"
    )


def test_null_where_it_is_not_read_is_shown_as_null():
    misfit = only(Column("x", "integer", nullable=True), Column("x", "integer"))
    assert misfit.evidence == "{x: null}"


def test_a_column_that_is_not_written_is_named_with_the_one_it_may_be():
    misfit = only(Column("wind_spd", "number"), Column("wind_speed", "number"))
    assert misfit.what == "column 'wind_speed' is not written"
    assert "'wind_spd'" in misfit.fix


def test_a_column_that_may_be_absent_does_not_fit_one_that_must_be_there():
    written = [Column("x", "integer", required=False), Column("y", "integer")]
    misfit = only(written, [Column("x", "integer"), Column("y", "integer")])
    assert (misfit.column, misfit.rows) == ("x", ({"y": 0},))


def test_a_column_that_may_be_absent_fits_one_that_may_be():
    assert misfits(Column("x", "integer", required=False), Column("x", "integer", required=False)) == []


def test_a_writer_that_lists_no_columns_cannot_be_told_to_miss_one():
    assert misfits(TableSchema(), Column("x", "integer")) == []


def test_a_listed_column_is_refused_where_extra_columns_are():
    read = TableSchema((Column("x", "integer"),), extra_columns="refuse")
    misfit = only([Column("x", "integer"), Column("y", "integer")], read)
    assert (misfit.column, misfit.rows) == ("y", ({"x": 0, "y": 0},))


def test_unlisted_columns_are_not_guessed_at_where_extra_columns_are_refused():
    assert (
        misfits(Column("x", "integer"), TableSchema((Column("x", "integer"),), extra_columns="refuse")) == []
    )


def test_a_unique_column_must_be_promised():
    misfit = only(Column("x", "integer"), Column("x", "integer", unique=True))
    assert misfit.evidence == "{x: 0} and {x: 0}"


@pytest.mark.parametrize(
    "written",
    [
        TableSchema((Column("x", "integer", unique=True),)),
        TableSchema((Column("x", "integer"),), key=("x",)),
        TableSchema((Column("x", "integer"),), max_rows=1),
    ],
)
def test_a_unique_column_may_be_promised_in_three_ways(written):
    assert misfits(written, Column("x", "integer", unique=True)) == []


def test_a_key_is_kept_by_a_narrower_key():
    columns = (Column("x", "integer"), Column("y", "integer"))
    assert misfits(TableSchema(columns, key=("x",)), TableSchema(columns, key=("x", "y"))) == []


def test_a_wider_key_does_not_keep_a_key():
    columns = (Column("x", "integer"), Column("y", "integer", minimum=0))
    misfit = only(TableSchema(columns, key=("x", "y")), TableSchema(columns, key=("x",)))
    assert misfit.rows == ({"x": 0, "y": 0}, {"x": 0, "y": 1})


def test_rows_that_repeat_a_column_differ_in_unique_texts():
    written = [Column("code", "string", pattern="[ab]", unique=True), Column("n", "integer")]
    misfit = only(written, [Column("code", "string"), Column("n", "integer", unique=True)])
    assert misfit.rows == ({"code": "a", "n": 0}, {"code": "b", "n": 0})


def test_fewer_rows_than_are_read_do_not_fit():
    column = (Column("x", "integer"),)
    misfit = only(TableSchema(column), TableSchema(column, min_rows=1))
    assert misfit.evidence == "a table of 0 rows"


def test_more_rows_than_are_read_do_not_fit():
    column = (Column("x", "integer"),)
    misfit = only(TableSchema(column, max_rows=20), TableSchema(column, max_rows=10))
    assert misfit.evidence == "a table of 11 rows"


@pytest.mark.parametrize(
    ("column", "most", "answer"),
    [
        (Column("x", "boolean", unique=True), 2, "fits"),
        (Column("x", "boolean", unique=True), 1, "cannot tell"),
        (Column("x", "integer", minimum=1, maximum=9, unique=True), 9, "fits"),
        (Column("x", "string", pattern="[ab]", unique=True), 9, "cannot tell"),
        (Column("x", "boolean", unique=True, nullable=True), 9, "does not fit"),
        (Column("x", "integer", unique=True), 9, "does not fit"),
    ],
)
def test_few_unique_values_make_few_rows(column, most, answer):
    written = TableSchema((column,))
    assert fit(written, replace(written, max_rows=most)).answer == answer


def test_a_writer_whose_tables_have_no_rows_breaks_no_rule_of_rows():
    written = [Column("x", "integer", minimum=2, maximum=1), Column("y", "integer")]
    assert misfits(written, [Column("x", "integer"), Column("y", "integer", minimum=0)]) == []


def test_a_writer_whose_tables_have_no_rows_still_has_columns_of_a_type():
    written = [Column("x", "integer", minimum=2, maximum=1), Column("y", "integer")]
    misfit = only(written, [Column("x", "integer"), Column("y", "string")])
    assert (misfit.column, misfit.rows) == ("y", ())


@given(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300))
def test_bounds_of_numbers_of_any_size_are_compared(written, read):
    found = misfits(Column("x", "number", minimum=written), Column("x", "number", minimum=read))
    assert bool(found) == (written < read)


@pytest.mark.parametrize(
    ("bound", "fits"),
    [(float("inf"), True), (-float("inf"), False), (Decimal("1e400"), True), (-(10**400), False)],
)
def test_bounds_beyond_all_numbers_are_compared(bound, fits):
    column = Column("x", "number", minimum=0.0, maximum=1.0)
    assert (misfits(column, replace(column, maximum=bound)) == []) is fits


@pytest.mark.parametrize("kind", ["date", "timestamp", "time"])
def test_bounds_at_the_ends_of_time_do_no_harm(kind):
    low, high = ("00:00", "23:59:59.999999") if kind == "time" else ("0001-01-01", "9999-12-31")
    ends = Column("x", kind, minimum=low, maximum=high)
    assert misfits(ends, ends) == []


def test_of_a_wide_row_the_first_columns_are_shown():
    row = {f"c{number}": number for number in range(40)}
    assert show_row(row, ("c30", *row)).startswith("{c30: 30, c0: 0,")
    assert show_row(row, ("c30", *row)).endswith(", ...}")
