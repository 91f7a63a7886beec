"""What a step promises and needs: named inputs and outputs, variables, arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeVar, get_args

Scalar = str | int | float | bool | None
Logical = Literal[
    "string", "integer", "number", "decimal", "boolean", "date", "timestamp", "time", "list", "struct"
]
LOGICAL_TYPES: tuple[Logical, ...] = get_args(Logical)
TABLE_FORMATS = ("csv", "tsv", "parquet", "arrow", "jsonl")
FORMATS = (*TABLE_FORMATS, "file", "folder")
Enforce = Literal["fail", "warn", "quarantine", "off"]
Operator = Literal["<", "<=", "==", "!=", ">=", ">"]
Measure = Literal[
    "missing",
    "distinct",
    "duplicates",
    "minimum",
    "maximum",
    "mean",
    "median",
    "std",
    "sum",
    "quantile",
    "share",
    "age",
    "distance",
]
T = TypeVar("T")
EMPTY: Mapping[str, object] = MappingProxyType({})


def frozen(items: Mapping[str, T] | None = None) -> Mapping[str, T]:
    """Return a read-only copy of a mapping."""
    return MappingProxyType(dict(items or {}))


@dataclass(frozen=True, slots=True)
class Reference:
    """Where the values of a column come from: a column of another dataset.

    Attributes:
        dataset: The dataset.
        column: Its column.
        orphans: Whether there may be values that the other column has not.
    """

    dataset: str
    column: str
    orphans: bool = False


@dataclass(frozen=True, slots=True)
class RowsOf:
    """How many rows there are, as a share of those of an input.

    Attributes:
        input: The input of the step, by the name that the code uses or that of the dataset.
        least: Least share, 1 for all.
        most: Largest share, None for any.
    """

    input: str
    least: float = 1.0
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """How far one rule may be broken, and how bad it is when it is broken further.

    Attributes:
        rule: Name of the rule: `pattern`, `nullable`, or the name of a comparison, condition or statistic.
        severity: Whether a breach is an error or a warning.
        rows: How many rows may break it.
        share: Which share of the rows may break it, from 0 to 1; the larger of the two counts.
    """

    rule: str
    severity: Literal["error", "warning"] = "error"
    rows: int = 0
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two columns of which each row keeps an order; rows that miss one of the values keep it."""

    left: str
    operator: Operator
    right: str

    @property
    def name(self) -> str:
        """The comparison as people read it."""
        return f"{self.left} {self.operator} {self.right}"


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition in SQL that each row keeps; as in SQL, a row for which it is unknown keeps it."""

    name: str
    sql: str


@dataclass(frozen=True, slots=True)
class Query:
    """A query over the whole table, named `this_table` in it, whose single number lies between bounds."""

    name: str
    sql: str
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class Statistic:
    """A number measured over a column, which lies between bounds, both allowed.

    Attributes:
        column: The column.
        measure: `missing` is a share of the rows from 0 to 1; `distinct`, `duplicates` and `share` are
            shares of the values that are there; `age` is the seconds from the newest value to now;
            `distance` is that to the column in a stored profile. `contracts.statistics` defines them.
        minimum: Least value.
        maximum: Largest value.
        of: The level of a quantile, the category of a share, the metric of a distance (psi, ks or js).
        against: File of the stored profile, for a distance.
    """

    column: str
    measure: Measure
    minimum: float | None = None
    maximum: float | None = None
    of: Scalar = None
    against: str = ""

    @property
    def name(self) -> str:
        """The measure as people read it, such as `quantile 0.5`."""
        return self.measure if self.of is None else f"{self.measure} {self.of}"


@dataclass(frozen=True, slots=True)
class Column:
    """The rules of one column; bounds are inclusive unless marked open.

    Attributes:
        name: Name of the column.
        type: Logical type of its values.
        nullable: Whether values may be missing.
        unique: Whether no value comes twice.
        minimum: Smallest value.
        maximum: Largest value.
        minimum_open: Whether the smallest value itself is refused.
        maximum_open: Whether the largest value itself is refused.
        categories: The only values allowed; none for any.
        pattern: Regular expression that whole texts match.
        min_length: Fewest characters of a text.
        max_length: Most characters of a text.
        required: Whether the column must be there.
        description: What it holds.
        references: Where its values come from.
        format: Kind of text, one of `contracts.text_formats.TEXT_FORMATS`, such as email or uuid.
        multiple_of: What every number is a multiple of.
        precision: Most digits of a decimal in all.
        scale: Most digits of a decimal after the point.
        items: Rules of the elements of a list.
        min_items: Fewest elements of a list.
        max_items: Most elements of a list.
        fields: The fields of a struct.
        order: How the values follow each other from row to row; missing ones are passed over.
        privacy: Kind of personal data, `none` where it is known that there are none, empty where nothing is said.
        physical: Type in the system that holds the data, as its standard file says.
        generator: Pool of realistic values that made data draw from, such as city; empty for one by name.
        limits: How far rules may be broken.
    """

    name: str
    type: Logical | None = None
    nullable: bool = False
    unique: bool = False
    minimum: Scalar = None
    maximum: Scalar = None
    minimum_open: bool = False
    maximum_open: bool = False
    categories: tuple[Scalar, ...] = ()
    pattern: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    required: bool = True
    description: str = ""
    references: Reference | None = None
    format: str | None = None
    multiple_of: int | float | None = None
    precision: int | None = None
    scale: int | None = None
    items: Column | None = None
    min_items: int | None = None
    max_items: int | None = None
    fields: tuple[Column, ...] = ()
    order: Literal["ascending", "descending"] | None = None
    privacy: str = ""
    physical: str = ""
    generator: str = ""
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class TableSchema:
    """The columns of a table and what holds for its rows together."""

    columns: tuple[Column, ...] = ()
    key: tuple[str, ...] = ()
    min_rows: int = 0
    max_rows: int | None = None
    extra_columns: Literal["allow", "refuse"] = "allow"
    rows_of: RowsOf | None = None
    name: str = ""
    description: str = ""
    comparisons: tuple[Comparison, ...] = ()
    conditions: tuple[Condition, ...] = ()
    queries: tuple[Query, ...] = ()
    statistics: tuple[Statistic, ...] = ()
    limits: tuple[Limit, ...] = ()

    def __getitem__(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """The column names, in order."""
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True, slots=True)
class Port:
    """A named input or output of a step: where the code sees it, in which format, with which schema."""

    name: str
    format: str | None = None
    path: str | None = None
    schema: TableSchema | None = None
    required: bool = True
    enforce: Enforce | None = None


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable that the code reads."""

    name: str
    required: bool = True
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Argument:
    """A command-line argument that the code takes."""

    name: str
    type: Literal["string", "integer", "number", "boolean"] = "string"
    required: bool = False
    default: Scalar = None


@dataclass(frozen=True, slots=True)
class Contract:
    """All that a step promises and needs, and which bad inputs it refuses."""

    inputs: Mapping[str, Port] = field(default_factory=frozen)
    outputs: Mapping[str, Port] = field(default_factory=frozen)
    environment: tuple[Variable, ...] = ()
    arguments: tuple[Argument, ...] = ()
    refuses: tuple[str, ...] = ()
    enforce: Enforce = "fail"
