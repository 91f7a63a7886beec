"""Contracts as people write them, as pydantic models; nothing outside this folder sees them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from pipeproof.loading.strict import Name, Seconds, Spec
from pipeproof.model.contract import Enforce, Logical, Scalar

_PERCENT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*%")

TYPE_NAMES = {
    "str": "string",
    "text": "string",
    "varchar": "string",
    "object": "string",
    "category": "string",
    "int": "integer",
    "int64": "integer",
    "int32": "integer",
    "bigint": "integer",
    "long": "integer",
    "float": "number",
    "float64": "number",
    "float32": "number",
    "double": "number",
    "numeric": "number",
    "bool": "boolean",
    "datetime": "timestamp",
    "array": "list",
    "map": "struct",
}


def _logical(value: Any) -> Any:
    return TYPE_NAMES.get(value.lower(), value.lower()) if isinstance(value, str) else value


LogicalType = Annotated[Logical, BeforeValidator(_logical, json_schema_input_type=str)]


Count = Annotated[int, Field(ge=0)]


def _interval(value: Any) -> Any:
    """Return `[low, high]` as bounds by name."""
    if isinstance(value, list) and len(value) == 2:  # noqa: PLR2004 a low and a high one
        return {"min": value[0], "max": value[1]}
    return value


class BoundsSpec(Spec):
    """The bounds of a number, both allowed; `[low, high]` is the short form."""

    min: float | None = None
    """Least value."""
    max: float | None = None
    """Largest value."""

    @classmethod
    def _long(cls, value: Any) -> Any:
        return _interval(value)


class AgeSpec(Spec):
    """How old the newest value may be; a bare duration is the short form."""

    max: Seconds
    """Largest age: seconds, or 30m, 24h, 7d."""

    @classmethod
    def _long(cls, value: Any) -> Any:
        return value if isinstance(value, dict) else {"max": value}


class DistanceSpec(Spec):
    """How far the values may be from those in a stored profile."""

    to: str
    """File that `pipeproof data profile --json` wrote."""
    max: Annotated[float, Field(ge=0)]
    """Largest distance."""
    by: Literal["psi", "ks", "js"] = "psi"
    """How it is measured: population stability index, Kolmogorov-Smirnov or Jensen-Shannon."""


class StatisticsSpec(Spec):
    """Numbers measured over a column; `[low, high]` or {min: ..., max: ...}."""

    missing: BoundsSpec | None = None
    """Share of missing values, from 0 to 1."""
    distinct: BoundsSpec | None = None
    """Different values, as a share of the values."""
    duplicates: BoundsSpec | None = None
    """Values that came before, as a share of the values."""
    minimum: BoundsSpec | None = None
    """Smallest value."""
    maximum: BoundsSpec | None = None
    """Largest value."""
    mean: BoundsSpec | None = None
    """Mean."""
    median: BoundsSpec | None = None
    """Median."""
    std: BoundsSpec | None = None
    """Standard deviation."""
    sum: BoundsSpec | None = None
    """Sum."""
    quantiles: dict[float, BoundsSpec] = {}
    """Quantiles by level, such as 0.95: [0, 120]."""
    shares: dict[str | int | float | bool, BoundsSpec] = {}
    """Shares of values by value, such as EWR: [0.3, 0.4]."""
    age: AgeSpec | None = None
    """How old the newest value may be when the table is checked, such as 24h."""
    distance: DistanceSpec | None = None
    """How far the values may be from those in a stored profile."""


class LimitSpec(Spec):
    """How far a rule may be broken; a bare `1%` or a number of rows is the short form."""

    rows: Count = 0
    """How many rows may break it."""
    share: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Which share of the rows may break it, from 0 to 1."""
    severity: Literal["error", "warning"] = "error"
    """What a breach beyond that is."""

    @classmethod
    def _long(cls, value: Any) -> Any:
        if isinstance(value, str) and (match := _PERCENT.fullmatch(value.strip())):
            return {"share": float(Decimal(match[1]) / 100)}  # exact: 0.7 % of 1,000 rows are 7
        if isinstance(value, str) and value in {"error", "warning"}:
            return {"severity": value}
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return {"rows": value} if is_number else value


class RuleSpec(Spec):
    """What each row keeps: a condition in SQL; a bare text is the short form."""

    sql: str
    """Condition over columns, such as arrival >= departure; a row for which it is unknown keeps it."""
    name: str = ""
    """What to call it; the condition itself unless given."""
    limit: LimitSpec | None = None
    """How far it may be broken."""

    @classmethod
    def _long(cls, value: Any) -> Any:
        return {"sql": value} if isinstance(value, str) else value


class QuerySpec(BoundsSpec):
    """A query over the whole table whose single number lies between bounds."""

    sql: str
    """Query over `this_table`, such as SELECT count(DISTINCT carrier) FROM this_table."""
    limit: LimitSpec | None = None
    """How bad a breach is."""


class ReferenceSpec(Spec):
    """Where the values of a column come from; `planes.tailnum` is the short form."""

    to: Annotated[str, Field(pattern=r"^.+\..+$")]
    """Dataset and column, such as planes.tailnum."""
    orphans: bool = False
    """Whether there may be values that the other column has not."""

    @classmethod
    def _long(cls, value: Any) -> Any:
        return {"to": value} if isinstance(value, str) else value


class ColumnSpec(Spec):
    """The rules of one column; a bare type such as `integer` or `number?` is the short form."""

    type: LogicalType | None = None
    """string, integer, number, decimal, boolean, date, timestamp, time, list or struct."""
    nullable: bool = False
    """Whether values may be missing; `number?` is short for type number, nullable."""
    unique: bool = False
    """Whether no value comes twice."""
    min: Scalar = None
    """Smallest value, itself allowed."""
    max: Scalar = None
    """Largest value, itself allowed."""
    above: Scalar = None
    """Every value is larger than this."""
    below: Scalar = None
    """Every value is smaller than this."""
    range: Annotated[list[Scalar], Field(min_length=2, max_length=2)] | None = None
    """Smallest and largest value, both allowed."""
    categories: Annotated[list[Scalar], Field(min_length=1)] | None = None
    """The only values allowed."""
    pattern: str | None = None
    """Regular expression that the whole text matches."""
    format: str | None = None
    """Kind of text: email, uuid, uri, hostname, ipv4, ipv6, phone, iban, country, currency or byte."""
    min_length: Count | None = None
    """Fewest characters."""
    max_length: Count | None = None
    """Most characters."""
    multiple_of: int | float | None = None
    """What every number is a multiple of."""
    precision: Annotated[int, Field(ge=1, le=38)] | None = None
    """Most digits in all."""
    scale: Annotated[int, Field(ge=0, le=38)] | None = None
    """Most digits after the point."""
    items: ColumnSpec | None = None
    """Rules of the elements of a list; a bare type is the short form."""
    min_items: Count | None = None
    """Fewest elements."""
    max_items: Count | None = None
    """Most elements."""
    fields: dict[str, ColumnSpec] = {}
    """Fields of a struct by name, each with the rules of a column."""
    order: Literal["ascending", "descending"] | None = None
    """How values follow each other from row to row."""
    required: bool = True
    """Whether the column must be there."""
    references: ReferenceSpec | None = None
    """Column of another dataset that the values come from, such as planes.tailnum."""
    description: str = ""
    """What it means."""
    privacy: str = ""
    """Kind of personal data, such as email or name; `none` where there is known to be none."""
    physical: str = ""
    """Type in the system that holds the data, such as VARCHAR(20)."""
    generator: str = ""
    """Pool of realistic values for made data, such as city."""
    statistics: StatisticsSpec = StatisticsSpec()
    """Numbers measured over the column."""
    limits: dict[str, LimitSpec] = {}
    """How far its rules may be broken, by rule: {pattern: 1%, nullable: warning}."""

    @classmethod
    def _long(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"type": value.rstrip("?"), "nullable": value.endswith("?")}
        return {} if value is None else value


class ShareSpec(Spec):
    """A share of the rows of an input; a bare number is the short form of the least one."""

    min: Annotated[float, Field(ge=0)] = 1.0
    """Least share; 1 stands for all."""
    max: Annotated[float, Field(ge=0)] | None = None
    """Largest share."""

    @classmethod
    def _long(cls, value: Any) -> Any:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return {"min": value} if is_number else value


class RowsSpec(Spec):
    """How many rows a table has."""

    min: Annotated[int, Field(ge=0)] = 0
    """Fewest rows."""
    max: Annotated[int, Field(ge=0)] | None = None
    """Most rows."""
    of: str | None = None
    """Input of the step whose rows an output keeps, all of them unless `share` says otherwise."""
    share: ShareSpec | None = None
    """Which share of the rows of that input there are, such as 0.95 or {min: 0.9, max: 1}."""


class TableSpec(Spec):
    """The contract of one table."""

    name: str = ""
    """What to call the table; the name of the file unless given."""
    columns: dict[str, ColumnSpec] = {}
    """Columns by name."""
    key: list[str] = []
    """Columns that together are unique."""
    rows: RowsSpec = RowsSpec()
    """How many rows there are."""
    rules: list[RuleSpec] = []
    """What each row keeps, such as arrival >= departure, or any condition in SQL."""
    queries: dict[str, QuerySpec] = {}
    """Queries over the whole table, by name, each with bounds for its number."""
    limits: dict[str, LimitSpec] = {}
    """How far the rules of the table may be broken, by rule: {key: 10}."""
    extra_columns: Literal["allow", "refuse"] = "allow"
    """Whether columns that are not listed may be there."""
    enforce: Enforce | None = None
    """What happens when it does not hold: fail, warn, quarantine or off."""
    description: str = ""
    """What the table holds."""


class PortSpec(TableSpec):
    """A named input or output of a step."""

    format: str | None = None
    """How the code reads or writes it: csv, tsv, parquet, arrow, jsonl, file or folder."""
    path: str | None = None
    """File name, or folder (a path that ends in / or starts with one), that the code sees."""
    required: bool = True
    """Whether it must be there."""


class EnvironmentSpec(Spec):
    """Environment variables that the code reads."""

    required: list[str] = []
    """Names that must have a value."""
    optional: dict[str, str | int | float | bool | None] | list[str] = {}
    """Names with their defaults."""


def from_default(value: Any) -> Any:
    """Return the long form of a bare default, whose type it has."""
    if value is not None and not isinstance(value, str | int | float):
        return value
    kinds = {bool: "boolean", int: "integer", float: "number"}
    return {"default": value, "type": kinds.get(type(value), "string")}


class ArgumentSpec(Spec):
    """A command-line argument of the code; a bare value is the short form of its default."""

    type: Literal["string", "integer", "number", "boolean"] = "string"
    """Type of the value."""
    required: bool = False
    """Whether it must be given."""
    default: Scalar = None
    """Value when it is not given."""

    @classmethod
    def _long(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return value
        return from_default(value)


class ContractSpec(TableSpec):
    """What a step promises and needs. `columns`, `key` and `rows` are short for those of its only output."""

    inputs: dict[Name, PortSpec] = {}
    """Inputs by the name that the code uses."""
    outputs: dict[Name, PortSpec] = {}
    """Outputs by the name that the code uses."""
    environment: EnvironmentSpec = EnvironmentSpec()
    """Environment variables that the code reads."""
    arguments: dict[str, ArgumentSpec] = {}
    """Arguments that the code takes."""
    refuses: list[str] = []
    """Rules whose breach the code refuses with a clear error."""


class TablesSpec(Spec):
    """A file of contracts of several tables."""

    tables: dict[Name, TableSpec]
    """Contracts by the name of the table."""
