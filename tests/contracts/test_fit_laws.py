"""The law of fit: what it says agrees with trying every small table, for every kind of rule."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeproof.contracts.constraints import keeps
from pipeproof.contracts.fit import fit
from pipeproof.contracts.rows import breaks_together
from pipeproof.model.contract import Column, Comparison, Limit, Statistic, TableSchema

OPERATORS = ["<", "<=", "==", "!=", ">=", ">"]
INTEGERS = range(-120, 121)
NUMBERS = [number / 20 for number in range(-60, 61)]
some = settings(max_examples=60, deadline=None)


def maybe(values):
    return st.none() | values


@st.composite
def columns(draw, kind="integer", name="x", nullable=None):
    small = st.integers(-4, 4) if kind == "integer" else st.sampled_from([-1, -0.5, 0, 0.1, 0.25, 1, 2])
    multiples = [1, 2, 3, 0.5] if kind == "integer" else [0.1, 0.25, 0.5, 1]
    precision = draw(maybe(st.integers(1, 2)))
    return Column(
        name,
        kind,
        nullable=draw(st.booleans()) if nullable is None else nullable,
        minimum=draw(maybe(small)),
        maximum=draw(maybe(small)),
        minimum_open=draw(st.booleans()),
        maximum_open=draw(st.booleans()),
        multiple_of=draw(maybe(st.sampled_from(multiples))),
        precision=precision,
        scale=draw(maybe(st.integers(0, precision or 2))),
        categories=tuple(draw(st.lists(small, max_size=3, unique=True))),
    )


def breakable(written, read, values):
    return any(keeps(value, written) and not keeps(value, read) for value in [None, *values])


def holds_law(written, read, tables):
    """Hold what fit says against all tables of a domain; return its answer."""
    found = fit(written, read)
    if any(not broken(table, written) and broken(table, read) for table in tables):
        assert found.answer != "fits"
    for misfit in found.misfits:
        assert misfit.rows or misfit.rule in {"min_rows", "max_rows"}
        if misfit.rows:
            assert not broken(misfit.rows, written)
            assert broken(misfit.rows, read)
    return found.answer


def broken(table, schema):
    return any(breaks_together(table, schema))


@given(columns(), columns())
@some
def test_integers_fit_as_trying_every_small_one_says(written, read):
    found = fit(TableSchema((written,)), TableSchema((read,)))
    assert found.answer == ("does not fit" if breakable(written, read, INTEGERS) else "fits")


@given(columns("number"), columns("number"))
@some
def test_numbers_fit_only_where_no_small_one_is_refused(written, read):
    tables = [[{"x": value}] for value in (None, *NUMBERS)]
    assert holds_law(TableSchema((written,)), TableSchema((read,)), tables) != "cannot tell"


@st.composite
def lists(draw):
    items = draw(maybe(columns(name="items")))
    least, most = draw(maybe(st.integers(0, 2))), draw(maybe(st.integers(0, 3)))
    return Column("x", "list", items=items, min_items=least, max_items=most)


LISTS = [list(items) for size in range(4) for items in product([None, 0, 1, 2], repeat=size)]


@given(lists(), lists())
@some
def test_lists_fit_only_where_no_short_one_is_refused(written, read):
    tables = [[{"x": value}] for value in LISTS]
    answer = holds_law(TableSchema((written,)), TableSchema((read,)), tables)
    assert answer != "cannot tell" or (written.items is None and read.items is not None)


@st.composite
def structs(draw):
    fields = [draw(columns(name=name)) for name in draw(st.sampled_from(["a", "ab", "b"]))]
    optional = Column("o", "integer", required=draw(st.booleans()))
    return Column("x", "struct", fields=(*fields, *draw(st.sampled_from([(), (optional,)]))))


STRUCTS = [
    {name: value for name, value in zip("abo", values, strict=True) if value != "absent"}
    for values in product([None, 0, 3, "absent"], repeat=3)
]


@given(structs(), structs())
@some
def test_structs_fit_only_where_no_small_one_is_refused(written, read):
    # What a producer does not list, it does not write.
    names = {field.name for field in written.fields}
    tables = [[{"x": value}] for value in STRUCTS if set(value) <= names]
    assert holds_law(TableSchema((written,)), TableSchema((read,)), tables) != "cannot tell"


@st.composite
def compared(draw):
    def column(name):
        bound = maybe(st.integers(0, 2))
        nullable = draw(st.booleans())
        return Column(name, "integer", nullable=nullable, minimum=draw(bound), maximum=draw(bound))

    names = st.sampled_from("abc")
    rules = st.builds(Comparison, names, st.sampled_from(OPERATORS), names)
    return TableSchema(
        tuple(map(column, "abc")), comparisons=tuple(draw(st.lists(rules, max_size=2, unique=True)))
    )


ROWS = [dict(zip("abc", values, strict=True)) for values in product([None, -1, 0, 1, 2, 3], repeat=3)]


@given(compared(), compared())
@some
def test_comparisons_fit_only_where_no_small_row_is_refused(written, read):
    holds_law(written, read, [[row] for row in ROWS])


@st.composite
def ordered_and_unique(draw):
    def column(name):
        kind, items = draw(st.sampled_from([("boolean", ()), ("integer", (0, 1)), ("integer", ())]))
        order = draw(maybe(st.sampled_from(["ascending", "descending"])))
        flags = [draw(st.booleans()) for _ in range(2)]
        limits = draw(st.sampled_from([(), (), (Limit("unique", rows=1),), (Limit("order", share=0.5),)]))
        return Column(name, kind, flags[0], flags[1], categories=items, order=order, limits=limits)

    key = draw(st.sampled_from([(), ("x",), ("y",), ("x", "y")]))
    limits = draw(st.sampled_from([(), (), (Limit("key", rows=1),)]))
    most = draw(st.sampled_from([None, None, 1, 2]))
    return TableSchema((column("x"), column("y")), key=key, limits=limits, max_rows=most)


def small_tables(rows, most):
    return [list(table) for size in range(most + 1) for table in product(rows, repeat=size)]


PAIRS = small_tables([{"x": x, "y": y} for x in (None, 0, 1, True, False) for y in (None, 0, 1, True)], 2)


@given(ordered_and_unique(), ordered_and_unique())
@some
def test_keys_and_orders_fit_only_where_no_small_table_is_refused(written, read):
    holds_law(written, read, PAIRS)


NAMES = ["missing", "distinct", "duplicates", "minimum", "maximum", "mean", "median", "std", "sum"]
MEASURES = st.sampled_from([*((name, None) for name in NAMES), ("quantile", 0.25), ("share", 1)])


@st.composite
def measured(draw):
    bound = maybe(st.integers(-1, 3))
    limits = draw(
        st.sampled_from(
            [(), (Limit("minimum", rows=1),), (Limit("maximum", share=0.5),), (Limit("nullable", rows=1),)]
        )
    )
    column = Column(
        "x", "integer", draw(st.booleans()), draw(st.booleans()), draw(bound), draw(bound), limits=limits
    )
    (what, of), low, high = (
        draw(MEASURES),
        draw(maybe(st.sampled_from([0, 0.5, 1, 2]))),
        draw(maybe(st.sampled_from([0, 0.5, 1]))),
    )
    statistics = (Statistic("x", what, low, high, of),) if draw(st.booleans()) else ()
    return TableSchema((column,), statistics=statistics, max_rows=draw(st.sampled_from([None, None, 2])))


TABLES = small_tables([{"x": x} for x in (None, -1, 0, 1, 3)], 2)
TABLES += [[{"x": x}, {"x": y}, {"x": y}] for x in (None, 0, 3) for y in (None, 0, 3)]


@given(measured(), measured())
@some
def test_statistics_and_limits_fit_only_where_no_small_table_is_refused(written, read):
    holds_law(written, read, TABLES)


@given(
    st.one_of(
        compared(),
        ordered_and_unique(),
        measured(),
        st.builds(lambda x: TableSchema((x,)), lists() | structs()),
    )
)
@some
def test_a_schema_fits_itself(schema):
    assert fit(schema, schema).answer == "fits"
