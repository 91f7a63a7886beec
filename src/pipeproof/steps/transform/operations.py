"""The operations of a ``transform`` step, as values; nothing here imports an engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, get_args

from pipeproof.model.codec import to_plain
from pipeproof.model.contract import Logical, Scalar
from pipeproof.ports import ByType, option
from pipeproof.steps.transform.shapes import OneOrMany, TextOr, without_underscore

Names = Annotated[tuple[str, ...], OneOrMany()]
Fill = Literal["mean", "median", "min", "max", "mode", "forward", "backward"]
How = Literal["inner", "left", "right", "full", "semi", "anti", "cross"]
Function = Literal[
    "sum",
    "mean",
    "median",
    "min",
    "max",
    "count",
    "count_distinct",
    "std",
    "var",
    "first",
    "last",
    "any",
    "all",
]
WindowFunction = Literal[
    "row_number",
    "rank",
    "dense_rank",
    "lag",
    "lead",
    "cumsum",
    "cummin",
    "cummax",
    "rolling_mean",
    "rolling_sum",
    "rolling_min",
    "rolling_max",
    "sum",
    "mean",
    "min",
    "max",
    "count",
]
RANKS = frozenset({"row_number", "rank", "dense_rank"})
ROLLING = frozenset({"rolling_mean", "rolling_sum", "rolling_min", "rolling_max"})


@dataclass(frozen=True, slots=True)
class FillNulls:
    """Fill missing values; NaN counts as missing."""

    columns: Names = option((), doc="Columns to fill; all that can take the value unless given.")
    value: Any = option(None, doc="A value, or a mapping of columns to values; {parameter} is filled in.")
    strategy: Fill | None = option(
        None, doc="How to find the value: mean, median, min, max, mode, forward or backward."
    )
    type: Literal["fill_nulls"] = option("fill_nulls", doc="fill_nulls")


@dataclass(frozen=True, slots=True)
class AddColumn:
    """Add or replace a column by an SQL expression over the others."""

    name: str = option(doc="Name of the new column.")
    value: Any = option(doc="SQL expression, such as col1 + col2; {parameter} is bound, never pasted.")
    type: Literal["add_column"] = option("add_column", doc="add_column")


@dataclass(frozen=True, slots=True)
class Rename:
    """Rename columns."""

    columns: Mapping[str, str] = option(doc="Old name → new name.")
    type: Literal["rename"] = option("rename", doc="rename")


@dataclass(frozen=True, slots=True)
class Cast:
    """Change the types of columns."""

    columns: Mapping[str, Logical] = option(doc="Column → type, in the words of a contract.")
    strict: bool = option(default=True, doc="Fail at a value that does not fit; otherwise it becomes null.")
    type: Literal["cast"] = option("cast", doc="cast")


@dataclass(frozen=True, slots=True)
class Filter:
    """Keep the rows for which a condition is true."""

    condition: str = option(doc="SQL condition, such as amount > {limit}.")
    type: Literal["filter"] = option("filter", doc="filter")


@dataclass(frozen=True, slots=True)
class Select:
    """Keep columns, in this order."""

    columns: Names = option(doc="Columns to keep, in order.")
    type: Literal["select"] = option("select", doc="select")


@dataclass(frozen=True, slots=True)
class Drop:
    """Leave columns out."""

    columns: Names = option(doc="Columns to leave out.")
    type: Literal["drop"] = option("drop", doc="drop")


@dataclass(frozen=True, slots=True)
class Sort:
    """Sort rows; missing values come last, equal rows keep their order."""

    by: Names = option(doc="Columns to sort by, the most important first.")
    descending: Any = option(
        default=False, doc="true for largest first, or one true or false for each column."
    )
    type: Literal["sort"] = option("sort", doc="sort")


@dataclass(frozen=True, slots=True)
class Distinct:
    """Keep one row for each combination of values; the order stays."""

    columns: Names = option((), doc="Columns that tell rows apart; all unless given.")
    keep: Literal["first", "last", "none"] = option(
        "first", doc="Which of equal rows stays; none leaves all of them out."
    )
    type: Literal["distinct"] = option("distinct", doc="distinct")


@dataclass(frozen=True, slots=True)
class Join:
    """Join with another dataset; missing keys match nothing, as in SQL."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid", "alias_generator": without_underscore}

    with_: str = option(doc="The other dataset.")
    on: Names = option((), doc="Key columns that both have.")
    left_on: Names = option((), doc="Key columns of this table, when the names differ.")
    right_on: Names = option((), doc="Key columns of the other table.")
    how: How = option("inner", doc="inner, left, right, full, semi, anti or cross.")
    suffix: str = option("_right", doc="Put behind columns of the other table whose names are taken.")
    type: Literal["join"] = option("join", doc="join")


@dataclass(frozen=True, slots=True)
class Union:
    """Put the rows of other datasets below; columns are matched by name."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid", "alias_generator": without_underscore}

    with_: Names = option(doc="The other dataset, or several.")
    fill_missing: bool = option(default=False, doc="Fill columns that one of them does not have with nulls.")
    type: Literal["union"] = option("union", doc="union")


@dataclass(frozen=True, slots=True)
class Aggregation:
    """One figure of a group."""

    function: Function = option(doc="sum, mean, median, min, max, count, count_distinct, std, var, ...")
    column: str = option("", doc="Column to look at; count needs none.")


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One row for each group, in the order in which the groups first appear."""

    aggregations: Mapping[str, Annotated[str | Aggregation, TextOr()]] = option(
        doc="Name → an SQL aggregate such as sum(x), or {column, function}."
    )
    group_by: Names = option((), doc="Columns that make a group; the whole table unless given.")
    type: Literal["aggregate"] = option("aggregate", doc="aggregate")


@dataclass(frozen=True, slots=True)
class Window:
    """Add a column computed over the rows of a partition, in an order; the table keeps its own."""

    name: str = option(doc="Name of the new column.")
    function: WindowFunction | None = option(
        None, doc="row_number, rank, dense_rank, lag, lead, cumsum, rolling_mean, ...; rank for type rank."
    )
    column: str = option("", doc="Column to look at; ranks need none.")
    partition_by: Names = option((), doc="Columns that make a partition; the whole table unless given.")
    order_by: Names = option((), doc="Columns that order the rows; as they stand unless given.")
    descending: Any = option(
        default=False, doc="true for largest first, or one true or false for each column."
    )
    offset: int = option(1, doc="Rows back for lag, ahead for lead.")
    size: int | None = option(None, doc="Rows of a rolling window, this row included.")
    type: Literal["window", "rank"] = option("window", doc="window, or rank")


@dataclass(frozen=True, slots=True)
class Sample:
    """Keep rows by chance, the same ones every time; the order stays."""

    n: int | None = option(None, doc="Number of rows.")
    fraction: float | None = option(None, doc="Share of the rows, from 0 to 1.")
    seed: int | None = option(None, doc="Chooses the rows; the step's own seed unless given.")
    type: Literal["sample"] = option("sample", doc="sample")


Operation = (
    FillNulls
    | AddColumn
    | Rename
    | Cast
    | Filter
    | Select
    | Drop
    | Sort
    | Distinct
    | Join
    | Union
    | Aggregate
    | Window
    | Sample
)
AnyOperation = Annotated[Operation, ByType()]

KINDS: Mapping[str, type[Operation]] = {
    "fill_nulls": FillNulls,
    "add_column": AddColumn,
    "rename": Rename,
    "cast": Cast,
    "filter": Filter,
    "select": Select,
    "drop": Drop,
    "sort": Sort,
    "distinct": Distinct,
    "join": Join,
    "union": Union,
    "aggregate": Aggregate,
    "window": Window,
    "rank": Window,
    "sample": Sample,
}


def encode(operation: Operation) -> dict[str, Any]:
    """Return an operation as plain data that can travel to another process."""
    plain: dict[str, Any] = to_plain(operation)
    return {**plain, "type": operation.type}


def decode(plain: Mapping[str, Any]) -> Operation:
    """Return the operation that `encode` was given."""
    fields = dict(plain)
    if fields["type"] == "aggregate":
        fields["aggregations"] = {
            name: item if isinstance(item, str) else Aggregation(**item)
            for name, item in fields["aggregations"].items()
        }
    return KINDS[fields["type"]](**fields)


def names(given: str | tuple[str, ...] | list[str]) -> list[str]:
    """Return one name or many as a list."""
    return [given] if isinstance(given, str) else list(given)


def directions(descending: Any, count: int) -> list[bool]:
    """Return for each of `count` columns whether it is sorted downwards."""
    return [descending] * count if isinstance(descending, bool) else list(descending)


def others(operation: Operation) -> Iterator[str]:
    """Yield the datasets that an operation reads besides the one it works on."""
    if isinstance(operation, Join | Union):
        yield from names(operation.with_)


def keys(operation: Join) -> tuple[list[str], list[str]]:
    """Return the key columns of this and of the other table."""
    if operation.on:
        return names(operation.on), names(operation.on)
    return names(operation.left_on), names(operation.right_on)


def function_of(operation: Window) -> str:
    """Return the function of a window; type ``rank`` implies its own."""
    return operation.function or "rank"


def is_scalar(value: object) -> bool:
    """Say whether a value is one of YAML's plain values."""
    return isinstance(value, get_args(Scalar))
