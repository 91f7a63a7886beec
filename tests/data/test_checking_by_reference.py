"""Checking tables agrees with the reference for single rows and values: every rule, every way of asking."""

import datetime as dt
from collections import Counter
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeproof.contracts.rows import breaks, out_of_order, repeated
from pipeproof.contracts.statistics import measure
from pipeproof.data.checking.asking import Ways, ask
from pipeproof.model.contract import Column, Comparison, Statistic, TableSchema

NAN = float("nan")
NUMBERS = [
    None,
    -1.5,
    0.0,
    0.1,
    0.3,
    0.30000000000000004,
    1.0,
    2.5,
    99.99,
    1e15,
    1e-7,
    1e300,
    float("inf"),
    NAN,
]
DECIMALS = [None, *map(Decimal, ("0.00", "0.10", "1.25", "-2.50", "99.99", "123.40"))]
TEXTS = [None, "", "a", "ab", "a@b.org", "not an email", "1234", "EWR"]
LISTS = [None, [], [1], [1, None], [3, 4], [5, 5, 5]]
STRUCTS = [None, {"zip": None, "n": 1}, {"zip": "ab", "n": 2}, {"zip": "abc", "n": None}]

KINDS = {
    "integer": (pl.Int64, st.none() | st.integers(-12, 12) | st.sampled_from([2**53 + 1, -(2**62)])),
    "number": (pl.Float64, st.sampled_from(NUMBERS)),
    "decimal": (pl.Decimal(12, 2), st.sampled_from(DECIMALS)),
    "string": (pl.String, st.sampled_from(TEXTS)),
    "date": (pl.Date, st.none() | st.dates(dt.date(2024, 1, 1), dt.date(2024, 1, 4))),
    "list": (pl.List(pl.Int64), st.sampled_from(LISTS)),
    "struct": (pl.Struct({"zip": pl.String, "n": pl.Int64}), st.sampled_from(STRUCTS)),
}
MAYBE = st.booleans()


@st.composite
def columns(draw, name, kind):
    def maybe(strategy):
        return draw(st.none() | strategy)

    rules = {"nullable": draw(MAYBE), "minimum_open": draw(MAYBE)}
    if kind in {"integer", "number", "decimal"}:
        rules |= {
            "minimum": maybe(st.sampled_from([-2, 0, 0.5])),
            "maximum": maybe(st.sampled_from([1, 2.5])),
        }
        rules["multiple_of"] = maybe(st.sampled_from([1, 2, 0.5, 0.1, 0.05, 3e-3, 7]))
        rules["precision"] = maybe(st.integers(1, 6))
        scale = maybe(st.integers(0, 3))
        rules["scale"] = None if scale is None else min(scale, rules["precision"] or 3)
    elif kind == "date":
        rules["minimum"] = maybe(st.sampled_from(["2024-01-02", "2024-01-03"]))
    elif kind == "string":
        rules["pattern"] = maybe(st.sampled_from(["[a-z]*", "(?=a).*", "...?"]))
        rules["format"] = maybe(st.sampled_from(["email", "currency"]))
        rules |= {"min_length": maybe(st.integers(0, 2)), "max_length": maybe(st.integers(0, 3))}
    elif kind == "list":
        rules |= {"min_items": maybe(st.integers(0, 2)), "max_items": maybe(st.integers(1, 3))}
        rules["items"] = maybe(
            st.builds(Column, st.just("items"), st.just("integer"), MAYBE, maximum=st.just(3))
        )
    elif kind == "struct":
        zips = Column("zip", "string", nullable=draw(MAYBE), max_length=2)
        rules["fields"] = (zips, Column("n", "integer", nullable=draw(MAYBE), minimum=2))
    if kind not in {"list", "struct"}:
        rules["unique"] = draw(MAYBE)
        rules["order"] = maybe(st.sampled_from(["ascending", "descending"]))
    return Column(name, kind, **rules)


@st.composite
def tables(draw):
    kinds = [draw(st.sampled_from(list(KINDS))) for _ in range(2)]
    comparisons = ()
    if all(kind in {"integer", "string", "date"} for kind in kinds) and kinds[0] == kinds[1]:
        comparisons = (Comparison("a", draw(st.sampled_from(["<", "<=", "==", "!=", ">=", ">"])), "b"),)
    schema = TableSchema(
        tuple(draw(columns(name, kind)) for name, kind in zip("ab", kinds, strict=True)),
        key=("a", "b") if draw(MAYBE) and not {"list", "struct"} & set(kinds) else (),
        comparisons=comparisons,
    )
    rows = draw(st.lists(st.tuples(*(KINDS[kind][1] for kind in kinds)), max_size=7))
    frame = pl.DataFrame(
        rows, schema={n: KINDS[k][0] for n, k in zip("ab", kinds, strict=True)}, orient="row"
    )
    return schema, [dict(zip("ab", row, strict=True)) for row in rows], frame.lazy()


def expected(rows, schema):
    found = [broken for row in rows for broken in breaks(row, schema)]
    found += [*repeated(rows, schema), *out_of_order(rows, schema)]
    return Counter(("" if one.rule == "key" else one.column, one.rule) for one in found)


def counted(result):
    return Counter({(one.column, one.rule): one.rows for one in result.rules if one.rows})


@given(tables())
@settings(deadline=None, max_examples=150)
def test_every_rule_is_broken_as_often_as_by_the_reference(case):
    schema, rows, frame = case
    assert counted(ask(frame, schema)) == expected(rows, schema)


@given(tables())
@settings(deadline=None, max_examples=8)
def test_little_memory_gives_the_same(case):
    schema, rows, frame = case
    result = ask(frame, schema, Ways(low_memory=True))
    assert counted(result) == expected(rows, schema)
    assert result.rules == ask(frame, schema).rules


@given(tables())
@settings(deadline=None, max_examples=40)
def test_the_first_breach_is_one_of_the_reference_and_none_is_missed(case):
    schema, rows, frame = case
    found, truth = counted(ask(frame, schema, Ways(fail_fast=True))), expected(rows, schema)
    assert set(found) <= set(truth)
    assert bool(found) == bool(truth)


MEASURES = ["missing", "distinct", "duplicates", "minimum", "maximum", "mean", "median", "std", "sum"]
RULES = [
    *(Statistic("x", name, minimum=-1e9) for name in MEASURES),
    Statistic("x", "quantile", minimum=-1e9, of=0.3),
    Statistic("x", "share", minimum=-1e9, of=1),
]
SMALL = st.lists(st.sampled_from([None, NAN, -2.0, 0.0, 1.0, 1.0, 2.5, 7.25]), max_size=8)


@pytest.mark.parametrize("low_memory", [False, True])
@given(values=SMALL)
@settings(deadline=None, max_examples=10)
def test_numbers_are_measured_as_by_the_reference(low_memory, values):
    schema = TableSchema((Column("x", "number", nullable=True),), statistics=tuple(RULES))
    frame = pl.LazyFrame({"x": pl.Series(values, dtype=pl.Float64)})
    found = {one.rule: one.value for one in ask(frame, schema, Ways(low_memory=low_memory)).rules}
    for rule in RULES:
        assert found[rule.name] == pytest.approx(measure(values, rule.measure, rule.of)), rule.name
