"""The file format, as pydantic models; nothing outside this folder sees them."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from pipeproof.loading import units
from pipeproof.model.contract import Enforce, Logical, Scalar

Seconds = Annotated[float, BeforeValidator(units.seconds, json_schema_input_type=float | str)]
Bytes = Annotated[int, BeforeValidator(units.size, json_schema_input_type=int | str)]
_NAME = r"^[A-Za-z0-9_][A-Za-z0-9_.\-]*$"
SAFE_NAME = re.compile(_NAME)
"""What may be the name of a file or folder: it leads nowhere else and is not hidden."""
VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=_NAME)]

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
}


def _logical(value: Any) -> Any:
    return TYPE_NAMES.get(value.lower(), value.lower()) if isinstance(value, str) else value


LogicalType = Annotated[Logical, BeforeValidator(_logical, json_schema_input_type=str)]


class Spec(BaseModel):
    """Everything refuses unknown keys; the text below each field is its documentation.

    A key without a value counts as not written, so that a section whose lines are all commented out
    is no error.
    """

    model_config = ConfigDict(extra="forbid", defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, value: Any) -> Any:
        value = cls._long(value)
        if isinstance(value, dict) and None in value.values():
            return {
                key: item for key, item in value.items() if item is not None or key not in cls.model_fields
            }
        return value

    @classmethod
    def _long(cls, value: Any) -> Any:
        """Return the long form of a value that may be written in short."""
        return value


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
    """string, integer, number, decimal, boolean, date, timestamp or time."""
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
    min_length: Annotated[int, Field(ge=0)] | None = None
    """Fewest characters."""
    max_length: Annotated[int, Field(ge=0)] | None = None
    """Most characters."""
    required: bool = True
    """Whether the column must be there."""
    references: ReferenceSpec | None = None
    """Column of another dataset that the values come from, such as planes.tailnum."""
    description: str = ""
    """What it means."""

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

    columns: dict[str, ColumnSpec] = {}
    """Columns by name."""
    key: list[str] = []
    """Columns that together are unique."""
    rows: RowsSpec = RowsSpec()
    """How many rows there are."""
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


def _from_default(value: Any) -> Any:
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
        return _from_default(value)


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


class ResourcesSpec(Spec):
    """Limits of a step; any of them gives it a process of its own."""

    memory: Bytes | None = None
    """Memory above the baseline, such as 2GB."""
    cpu_seconds: Annotated[float, Field(gt=0)] | None = None
    """Processor time."""
    open_files: Annotated[int, Field(ge=16)] | None = None
    """Files open at once."""
    network: bool = True
    """Whether the code may use the network."""


class StepSpec(Spec):
    """One step."""

    name: Name
    """Name of the step, unique in the pipeline."""
    type: str
    """Kind of the step; `pipeproof steps` lists them."""
    config: dict[str, Any] = {}
    """What the kind needs; `pipeproof steps KIND` lists it."""
    description: str = ""
    """What the step is for."""
    depends_on: list[str] = []
    """Steps to wait for although no data come from them."""
    contract: ContractSpec | str | None = None
    """What the step promises and needs, inline or as a file."""
    timeout: Seconds | None = None
    """Time until the work is ended: seconds, or 10m, 1.5h."""
    retry_count: Annotated[int, Field(ge=0, le=100)] | None = None
    """Further tries after a failure that may pass by itself; 3 unless given."""
    retry_on: Literal["transient", "any"] = "transient"
    """Which failures are tried again."""
    retry_delay: Seconds = 1.0
    """Longest pause before the second try; it doubles with each further one."""
    env: dict[VariableName, str | int | float | bool] = {}
    """Environment variables of the step."""
    resources: ResourcesSpec = ResourcesSpec()
    """Limits."""
    isolation: Literal["thread", "worker", "fresh"] | None = None
    """Where the code runs; each kind has a default."""
    effects: Literal["none", "external"] | None = None
    """Whether the step touches the world outside the run (`external`); its kind's answer unless given."""
    idempotent: bool = False
    """Whether a step with effects outside may be done twice."""
    group: str = ""
    """Group that --only, --from and --until accept in place of the step."""


class LoggingSpec(Spec):
    """What is logged."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"
    """Least severity that is logged."""


class WorkflowSpec(Spec):
    """The workflow."""

    name: Name
    """Name of the pipeline."""
    description: str = ""
    """What it is for."""
    timeout: Seconds | None = None
    """Time until the whole run is ended."""
    seed: int = 0
    """Seed that all randomness of ours comes from."""
    steps: list[Any]
    """Steps; the order follows from data and depends_on."""


class SourceSpec(Spec):
    """Data from outside; a bare path is the short form."""

    path: str = ""
    """File or folder."""
    format: str | None = None
    """csv, tsv, parquet, arrow, jsonl, file or folder; known from the file's ending."""
    database: str = ""
    """Database to read from, such as sqlite:///data/shop.db or duckdb:///data/shop.duckdb."""
    table: str = ""
    """Table or view of the database."""
    contract: TableSpec | str | None = None
    """What the data promise, inline or as a file."""

    @classmethod
    def _long(cls, value: Any) -> Any:
        return {"path": value} if isinstance(value, str) else value


class TargetSpec(Spec):
    """A place outside that the pipeline writes to; a bare path is the short form."""

    path: str
    """File or folder."""
    contract: TableSpec | str | None = None
    """What is promised to its readers."""

    @classmethod
    def _long(cls, value: Any) -> Any:
        return {"path": value} if isinstance(value, str) else value


class ParameterSpec(Spec):
    """A value given when a run starts; a bare value is the short form of its default."""

    type: Literal["string", "integer", "number", "boolean", "date"] = "string"
    """Type of the value."""
    default: Scalar = None
    """Value when none is given; without it the parameter is required."""
    example: Scalar = None
    """Value that tests use when none is given."""
    description: str = ""
    """What it decides."""

    @classmethod
    def _long(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return value
        return _from_default(value)


class FileSpec(Spec):
    """A pipeline file."""

    workflow: dict[str, Any]
    """The workflow and its steps."""
    sources: dict[Name, Any] = {}
    """Data that come from outside, by dataset name."""
    targets: dict[Name, Any] = {}
    """Places that the pipeline writes to."""
    parameters: dict[Name, Any] = {}
    """Values given when a run starts."""
    snowpark: dict[str, Any] | None = None
    """Connection to Snowflake, nested under connection_parameters or flat."""
    logging: LoggingSpec = LoggingSpec()
    """What is logged."""
    extends: str | list[str] | None = None
    """Parent files; "<<" means the same."""
