"""Contracts that samples suggest."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeproof.data.inferring import infer, infer_all
from pipeproof.data.inferring.ranges import natural_bounds, numeric_bounds
from pipeproof.data.synth.table import make_table
from pipeproof.errors import ContractError
from pipeproof.model.contract import Comparison, Reference


def column(values, name="x", **more):
    return infer({name: values}, **more)[name]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2], "integer"),
        ([1.5, 2.0], "number"),
        ([Decimal("1.50")], "decimal"),
        (["a"], "string"),
        ([True], "boolean"),
        ([dt.date(2024, 1, 1)], "date"),
        ([dt.datetime(2024, 1, 1)], "timestamp"),  # noqa: DTZ001 tables without zones are usual
        ([dt.time(12)], "time"),
        ([[1]], "list"),
        ([{"a": 1}], "struct"),
    ],
)
def test_types_are_those_of_the_values(values, kind):
    assert column(values).type == kind


def test_a_column_with_gaps_is_nullable():
    assert column([1, None]).nullable
    assert column([1.0, math.nan]).nullable
    assert not column([1, 2]).nullable


def test_ranges_go_on_to_a_round_number():
    assert (column([3, 97]).minimum, column([3, 97]).maximum) == (0, 107)


def test_exact_ranges_are_what_was_seen():
    found = column([3, 97, 50], exact=True)
    assert (found.minimum, found.maximum) == (3, 97)


def test_a_range_never_crosses_zero():
    assert numeric_bounds(1, 1000, exact=False)[0] == 0
    assert numeric_bounds(-1000, -1, exact=False)[1] == 0


def test_numbers_that_fill_their_range_are_all_there_are():
    found = column([1, 2, 3, 4] * 10)
    assert (found.minimum, found.maximum) == (1, 4)


def test_names_that_everybody_knows_have_their_range():
    assert natural_bounds("dest_lat", 20.0, 48.0) == (-90, 90)
    assert natural_bounds("startHour", 5, 23) == (0, 23)


def test_a_name_that_the_values_contradict_has_none():
    assert natural_bounds("hour", 0, 240) is None


def test_dates_have_a_first_day_and_no_last():
    found = column([dt.date(2024, 3, 1), dt.date(2024, 5, 1)])
    assert (found.minimum, found.maximum) == ("2024-01-01", None)


def test_few_texts_that_come_often_are_categories():
    assert column(["b", "a"] * 10).categories == ("a", "b")


def test_texts_that_come_once_are_no_categories():
    assert column(["b", "a", "c"]).categories == ()


def test_flags_are_categories():
    assert column([0, 1] * 10).categories == (0, 1)


def test_codes_that_are_built_alike_have_a_pattern_by_their_parts():
    codes = [f"AB-{number}" for number in range(95, 130)]
    assert column(codes).pattern == "[A-Z]{2}-[0-9]{2,3}"


def test_codes_of_mixed_letters_and_digits_have_one_pattern():
    assert column(["N1A2B", "N12AB", "NABC1", "N1ABC", "NA123", "N123AB"]).pattern == "[A-Z0-9]{5,6}"


def test_what_people_write_has_no_pattern():
    assert column(["Fine weather", "Rain", "Snow in May", "Fog", "Hail and wind"]).pattern is None


def test_formats_are_recognised():
    assert column([f"ann{n}@example.org" for n in range(9)]).format == "email"
    assert column([f"10.0.0.{n}" for n in range(9)]).format == "ipv4"


def test_decimals_keep_their_digits():
    found = infer(pl.DataFrame({"x": [Decimal("10.50"), Decimal("99.99")]}, schema={"x": pl.Decimal(8, 2)}))[
        "x"
    ]
    assert (found.precision, found.scale) == (8, 2)


def test_lists_and_structs_are_looked_into():
    found = infer({"l": [[1, 2], [3]], "s": [{"zip": "12345"}] * 2})
    assert (found["l"].items.type, found["l"].min_items, found["s"].fields[0].name) == ("integer", 1, "zip")


def test_a_named_identifier_is_unique():
    assert infer({"order_id": [7, 90, 300]})["order_id"].unique


def test_moments_that_happen_to_differ_are_not_unique():
    moments = [dt.datetime(2024, 1, 1, 1, minute, minute * 7 % 60) for minute in range(40)]  # noqa: DTZ001 the same
    assert not infer({"id": [1] * 40, "at": moments})["at"].unique


def test_identifiers_are_numbered_on():
    found = infer({"order_id": list(range(1, 40))})["order_id"]
    assert (found.minimum, found.maximum) == (0, None)


def test_language_that_happens_to_differ_is_not_unique():
    assert not infer({"id": range(30), "note": [f"a text of {n} words" for n in range(30)]})["note"].unique


def test_measurements_that_happen_to_differ_are_not_unique():
    sample = {"a": ["k"] * 30, "weight": [n * n + 7 for n in range(30)]}
    assert not infer(sample)["weight"].unique


def test_a_key_of_several_columns_is_the_one_with_the_fewest():
    rows = [(shop, day, shop * day % 7) for shop in range(6) for day in range(8)]
    table = pl.DataFrame(rows, schema=["shop", "day", "sold"], orient="row")
    assert infer(table).key == ("shop", "day")


def test_a_unique_column_is_key_enough():
    assert infer({"id": list(range(30)), "a": [1, 2, 3] * 10}).key == ()


def test_dates_that_keep_an_order_are_compared():
    start = [dt.date(2024, 1, day) for day in range(1, 9)]
    end = [day + dt.timedelta(days=2) for day in start]
    assert infer({"start": start, "end": end}).comparisons == (Comparison("start", "<=", "end"),)


def test_numbers_are_compared_only_where_their_names_say_so():
    found = infer({"min_price": [1, 2], "max_price": [5, 6], "weight": [100, 200]})
    assert found.comparisons == (Comparison("min_price", "<=", "max_price"),)


def test_texts_that_another_table_has_refer_to_it():
    planes = {"tail": [f"N{n}X" for n in range(40)], "seats": [100] * 40}
    flights = {"plane": [f"N{n % 20}X" for n in range(60)]}
    found = infer_all({"planes": planes, "flights": flights})
    assert found["flights"]["plane"].references == Reference("planes", "tail")


def test_a_few_unknown_values_are_orphans():
    planes = {"tail": [f"N{n}X" for n in range(40)]}
    flights = {"tail": [f"N{n}X" for n in range(2, 42)]}
    assert infer_all({"planes": planes, "flights": flights})["flights"]["tail"].references.orphans


def test_whole_numbers_refer_only_where_their_name_says_so():
    users = {"id": list(range(30)), "age": [5, 6, 7] * 10}
    orders = {"user_id": [1, 2, 3] * 10, "amount": [4, 5, 6] * 10}
    found = infer_all({"users": users, "orders": orders})["orders"]
    assert found["user_id"].references == Reference("users", "id")
    assert found["amount"].references is None


def test_a_key_of_two_columns_is_referred_to_together():
    weather = {"place": ["a", "b", "c"] * 10, "hour": [n // 3 for n in range(30)]}
    flights = {"place": ["a", "b", "c"] * 20, "hour": [n % 10 for n in range(60)], "nr": list(range(60))}
    found = infer_all({"weather": weather, "flights": flights})["flights"]
    assert found["place"].references == Reference("weather", "place")
    assert found["hour"].references == Reference("weather", "hour")


def test_two_tables_of_one_name_are_refused(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        pl.DataFrame({"x": [1]}).write_csv(tmp_path / folder / "t.csv")
    with pytest.raises(ContractError, match="two tables are called 't'"):
        infer_all([tmp_path / "a/t.csv", tmp_path / "b/t.csv"])


def test_a_table_without_columns_is_refused():
    with pytest.raises(ContractError, match="no columns"):
        infer(pl.DataFrame())


def test_a_column_of_nothing_but_gaps_says_only_that():
    found = column(pl.Series([None, None], dtype=pl.String))
    assert (found.type, found.nullable, found.pattern, found.categories) == ("string", True, None, ())


def test_infinite_numbers_have_no_bound_on_their_side():
    found = column([1.0, math.inf])
    assert found.maximum is None


CELLS = {
    "integer": st.integers(-(10**9), 10**9),
    "number": st.floats(-1e9, 1e9, allow_subnormal=False),
    "text": st.text(st.characters(categories=["Lu", "Ll", "Nd", "Zs", "Po"]), max_size=8),
    "code": st.from_regex(r"[A-Z]{2}-[0-9]{1,3}", fullmatch=True),
    "day": st.dates(dt.date(1990, 1, 1), dt.date(2030, 1, 1)),
    "flag": st.booleans(),
}


@st.composite
def tables(draw):
    rows = draw(st.integers(1, 40))
    chosen = draw(st.lists(st.sampled_from(sorted(CELLS)), min_size=1, max_size=4))
    data = {}
    for number, kind in enumerate(chosen):
        cell = st.none() | CELLS[kind] if draw(st.booleans()) else CELLS[kind]
        data[f"{kind}_{number}"] = draw(st.lists(cell, min_size=rows, max_size=rows))
    return pl.DataFrame(data, strict=False)


@settings(max_examples=60, deadline=None)
@given(tables(), st.booleans())
def test_a_sample_keeps_the_contract_that_it_suggests(check, table, exact):
    schema = infer(table, exact=exact)
    assert check(table, schema) == []


@settings(max_examples=25, deadline=None)
@given(tables(), st.integers(0, 5))
def test_data_made_from_an_inferred_contract_keep_it(check, table, seed):
    schema = infer(table)
    assert check(make_table(schema, rows=50, seed=seed, name="t"), schema) == []


@pytest.fixture(scope="session")
def check():
    from pipeproof.data.checking.edges import check_table

    return lambda table, schema: check_table(table.lazy(), schema)


def test_digits_without_a_plus_are_a_code_and_no_phone_number():
    assert column([f"0{n:05}" for n in range(30)]).format is None
    assert column([f"+49 173 98{n:05}" for n in range(30)]).format == "phone"
