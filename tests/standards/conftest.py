"""What contracts there may be, as a strategy of Hypothesis: `st.from_type(TableSchema)`."""

import datetime as dt

from hypothesis import strategies as st

from pipeproof.contracts.text_formats import TEXT_FORMATS
from pipeproof.model.contract import (
    Column,
    Comparison,
    Condition,
    Limit,
    Query,
    Reference,
    RowsOf,
    Statistic,
    TableSchema,
)

WORDS = st.sampled_from(["", "a b", "1e3", "2013-07-03", "null", "no", "0x1f", "a: b # c", "é\nü", "~", "'"])
NAMES = st.sampled_from(["a", "b", "carrier", "dep_time", "Größe", "two words", "type", "yes", 'q"q'])
SQL = st.sampled_from(["a <= b", "a % 2 = 0", "b  IS NULL", "a < b", "length(a) > 1"])
TYPES = ["string", "integer", "number", "decimal", "boolean", "date", "timestamp", "time", "list", "struct"]
MEASURES = ["missing", "distinct", "duplicates", "minimum", "maximum", "mean", "median", "std", "sum"]
FLOATS = st.floats(-1e6, 1e6)
SHARES = st.floats(0, 1)
DATES = st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1)).map(dt.date.isoformat)
MOMENTS = st.datetimes().map(dt.datetime.isoformat)
VALUES = {
    "string": WORDS,
    "integer": st.integers(-(10**6), 10**6),
    "number": st.one_of(FLOATS, st.integers(-(10**6), 10**6)),
    "decimal": st.one_of(FLOATS, st.integers(-(10**6), 10**6)),
    "date": DATES,
    "timestamp": MOMENTS,
    "time": st.times().map(dt.time.isoformat),
}


@st.composite
def bounds(draw, kind):
    low, high = sorted(draw(st.lists(VALUES[kind], min_size=2, max_size=2, unique=True)))
    low, high = draw(st.sampled_from([(low, high), (low, None), (None, high), (None, None)]))
    return {
        "minimum": low,
        "maximum": high,
        "minimum_open": low is not None and draw(st.booleans()),
        "maximum_open": high is not None and draw(st.booleans()),
    }


@st.composite
def pairs(draw, values):
    low, high = sorted(draw(st.lists(values, min_size=2, max_size=2)))
    return draw(st.sampled_from([(low, high), (low, None), (None, high)]))


@st.composite
def limits(draw, rules):
    chosen = draw(st.lists(st.sampled_from(rules), unique=True, max_size=2)) if rules else []
    severity = st.sampled_from(["error", "warning"])
    rows, shares = st.integers(0, 5), st.sampled_from([0.0, 0.01, 0.07, 0.333])
    return tuple(Limit(rule, draw(severity), draw(rows), draw(shares)) for rule in chosen)


@st.composite
def columns(draw, name, depth=0):
    kind = draw(st.sampled_from([None, *(TYPES if depth < 1 else TYPES[:8])]))
    said = {"type": kind, "nullable": draw(st.booleans()), "description": draw(WORDS)}
    rules = ["nullable"]
    if kind in {"list", "struct"}:
        said |= draw(nested(kind, depth))
    else:
        said["unique"] = draw(st.booleans())
        rules.append("unique")
        if kind in VALUES and kind != "string":
            said |= draw(bounds(kind))
            rules += ["minimum", "maximum"]
        if kind in VALUES:
            said["categories"] = tuple(draw(st.lists(VALUES[kind], max_size=2, unique=True)))
            rules.append("categories")
        said |= draw(of_text()) if kind == "string" else draw(of_numbers()) if kind == "number" else {}
        rules += ["pattern", "format"] if kind == "string" else []
    if depth == 0:
        said |= draw(around())
        said["limits"] = draw(limits(rules))
    return Column(name, **said)


@st.composite
def nested(draw, kind, depth):
    if kind == "list":
        low, high = draw(st.sampled_from([(None, None), (1, None), (0, 3), (None, 2)]))
        items = draw(st.one_of(st.none(), columns("items", depth + 1)))
        return {"items": items, "min_items": low, "max_items": high}
    names = draw(st.lists(NAMES, unique=True, max_size=2))
    return {"fields": tuple(draw(columns(name, depth + 1)) for name in names)}


@st.composite
def of_text(draw):
    low, high = draw(st.sampled_from([(None, None), (0, None), (1, 3), (None, 9)]))
    patterns = ["[A-Z]{3}", "a|b", "(?:a|b)", "(?:a)", "^abc$", r"a\$", "", "(a|b)c"]
    return {
        "pattern": draw(st.one_of(st.none(), st.sampled_from(patterns))),
        "format": draw(st.one_of(st.none(), st.sampled_from(sorted(TEXT_FORMATS)))),
        "min_length": low,
        "max_length": high,
    }


@st.composite
def of_numbers(draw):
    digits = draw(st.sampled_from([(None, None), (10, 2), (5, None), (None, 0)]))
    several = draw(st.sampled_from([None, 5, 0.25]))
    return {"multiple_of": several, "precision": digits[0], "scale": digits[1]}


@st.composite
def around(draw):
    to = st.builds(Reference, st.sampled_from(["planes", "other"]), NAMES, st.booleans())
    return {
        "required": draw(st.booleans()),
        "references": draw(st.one_of(st.none(), to)),
        "privacy": draw(st.sampled_from(["", "email", "none"])),
        "physical": draw(st.sampled_from(["", "VARCHAR(20)"])),
        "generator": draw(st.sampled_from(["", "city"])),
    }


@st.composite
def statistics(draw, name, kind=None):
    found = []
    # A share is of a value of the column: 1e3 is a text in one of texts, and a number in one of numbers.
    values = {"integer": [0, 7], "number": [2.5], "decimal": [2.5], "boolean": [True]}.get(
        kind, ["x", "1e3", ""]
    )
    for measure in draw(
        st.lists(st.sampled_from([*MEASURES, "quantile", "share", "age", "distance"]), unique=True)
    ):
        low, high = draw(
            pairs(SHARES if measure in {"missing", "distinct", "duplicates", "share"} else FLOATS)
        )
        of = {"quantile": draw(SHARES), "share": draw(st.sampled_from(values))}.get(measure)
        if measure == "age":
            low, high = None, draw(st.sampled_from([1.5, 3600.0, 86400.0, 90000.0, 600.0]))
        if measure == "distance":
            low, high, of = None, draw(SHARES), draw(st.sampled_from(["psi", "ks", "js"]))
        against = "profile.json" if measure == "distance" else ""
        found.append(Statistic(name, measure, low, high, of, against))
    order = [*MEASURES, "quantile", "share", "age", "distance"]
    return tuple(sorted(found, key=lambda one: order.index(one.measure)))


@st.composite
def tables(draw):
    names = draw(st.lists(NAMES, unique=True, min_size=1, max_size=3))
    plain = [name for name in names if name.isidentifier()]
    operators = st.sampled_from(["<", "<=", "==", "!=", ">=", ">"])
    comparisons = ()
    if len(plain) > 1:
        comparisons = (Comparison(plain[0], draw(operators), plain[1]),) if draw(st.booleans()) else ()
    named = draw(st.dictionaries(st.sampled_from(["first", "second rule"]), SQL, max_size=2))
    conditions = tuple(Condition(name, sql) for name, sql in named.items())
    queries = tuple(
        Query(name, "SELECT count(*) FROM this_table", *draw(pairs(FLOATS)))
        for name in draw(st.lists(st.sampled_from(["q", "how many"]), unique=True, max_size=1))
    )
    low, high = draw(st.sampled_from([(0, None), (1, None), (0, 10), (5, 5)]))
    share = draw(st.sampled_from([None, RowsOf("raw"), RowsOf("raw", 0.5), RowsOf("raw", 0.5, 2.0)]))
    rules = [one.name for one in (*comparisons, *conditions, *queries)]
    made = tuple(draw(columns(name)) for name in names)
    return TableSchema(
        made,
        tuple(draw(st.lists(st.sampled_from(names), unique=True, max_size=2))),
        low,
        high,
        draw(st.sampled_from(["allow", "refuse"])),
        share,
        draw(st.sampled_from(["", "flights"])),
        draw(WORDS),
        comparisons,
        conditions,
        queries,
        tuple(
            one
            for column in made
            for one in draw(st.one_of(st.just(()), statistics(column.name, column.type)))
        ),
        draw(limits(["key", "min_rows", *rules])),
    )


st.register_type_strategy(TableSchema, tables())
