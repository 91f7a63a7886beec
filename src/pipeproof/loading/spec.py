"""The file format, as pydantic models; nothing outside this folder sees them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from pipeproof.loading.contract_spec import ContractSpec, TableSpec, from_default
from pipeproof.loading.strict import Bytes, Name, Seconds, Spec, VariableName
from pipeproof.model.contract import Scalar
from pipeproof.model.repeat import MOST_ITERATIONS
from pipeproof.model.step import Engine, Isolation


class ResourcesSpec(Spec):
    """Limits of a step; any of them gives it a process of its own."""

    memory: Bytes | None = None
    """Memory above the baseline, such as 2GB."""
    cpu_seconds: Annotated[float, Field(gt=0)] | None = None
    """Processor time."""
    cpus: Annotated[int, Field(ge=1)] | None = None
    """Processors used at once."""
    processes: Annotated[int, Field(ge=1)] | None = None
    """Processes at once, the step's own among them."""
    open_files: Annotated[int, Field(ge=16)] | None = None
    """Files open at once."""
    disk: Bytes | None = None
    """Size of the largest file that may be written, such as 1GB."""
    network: bool = True
    """Whether the code may use the network."""


class ContainerSpec(Spec):
    """The container that a step's code runs in; a bare image is the short form."""

    image: str = ""
    """Image for podman or docker."""
    rootfs: str = ""
    """Folder with a root file system instead, for podman or bwrap."""
    engine: Engine = "auto"
    """What starts it; auto is the first that is installed and can."""
    python: str = "python3"
    """Interpreter in the container, 3.9 or newer."""
    network: bool = False
    """Whether the code may use the network."""

    @classmethod
    def _long(cls, value: Any) -> Any:
        return {"image": value} if isinstance(value, str) else value


class HookSpec(Spec):
    """A function or script that is called around a run or a step; its reference is the short form."""

    function: str
    """The function, as path/to/file.py:function or module:function; or the path of a script."""
    arguments: dict[str, Any] = {}
    """Values of further parameters of the function; {parameter} is filled in."""
    required: bool | None = None
    """Whether its failure is one of the step or run; those before are, those after are not, unless given."""
    effects: Literal["none", "external"] = "external"
    """Whether it touches the world outside the run (`external`); a test runs only those that do not."""

    @classmethod
    def _long(cls, value: Any) -> Any:
        return {"function": value} if isinstance(value, str) else value


def _listed(value: Any) -> Any:
    return value if value is None or isinstance(value, list) else [value]


HookList = Annotated[
    list[HookSpec], BeforeValidator(_listed, json_schema_input_type=HookSpec | list[HookSpec])
]


class HooksSpec(Spec):
    """What is called around the run and each of its steps: one, or a list."""

    before_run: HookList = []
    """Called before anything else; nothing runs when it fails."""
    after_run: HookList = []
    """Called when all has ended."""
    before_step: HookList = []
    """Called before each step; the step does not run when it fails."""
    after_step: HookList = []
    """Called after each step that ran, however it ended."""
    on_failure: HookList = []
    """Called once when all has ended and the run has failed."""


class ForeachSpec(Spec):
    """What a step is done for, once each; a list, or the name of a dataset, is the short form."""

    items: list[Scalar] | str | None = None
    """The values; or a text with a {parameter} that holds them between commas."""
    dataset: str = ""
    """Dataset that is a list of values."""
    table: str = ""
    """Table that the step reads, and that is split; each item reads its own part."""
    by: str = ""
    """Column of the table, each of whose values is an item."""
    first: str = ""
    """First day of a range of days."""
    last: str = ""
    """Last day of the range."""
    every: Seconds = 86_400.0
    """From one day or time of the range to the next: 1d, 12h."""
    at_once: Annotated[int, Field(ge=1)] | None = None
    """How many items are worked on at once."""
    column: str = ""
    """Column of the gathered table that says which item a row is of."""

    @classmethod
    def _long(cls, value: Any) -> Any:
        if isinstance(value, list):
            return {"items": value}
        if isinstance(value, str):
            return {"items": value} if "{" in value else {"dataset": value}
        return value


class RepeatSpec(Spec):
    """How often a step is done again; a condition is the short form."""

    condition: str
    """Condition that ends it, asked after each iteration, such as metrics.train.loss < 0.1."""
    at_most: Annotated[int, Field(ge=1, le=MOST_ITERATIONS)] = 10
    """Iterations at most."""
    otherwise: Literal["fail", "pass"] = "fail"
    """What becomes of the step when the condition does not hold by then."""

    @classmethod
    def _long(cls, value: Any) -> Any:
        return {"condition": value} if isinstance(value, str) else value


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
    isolation: Isolation | None = None
    """Where the code runs; each kind has a default."""
    python: str = ""
    """Interpreter of another environment that the code runs in: a virtual environment's folder, a program, or a version."""
    container: ContainerSpec | None = None
    """Container that the code runs in: an image, or a folder with a root file system."""
    effects: Literal["none", "external"] | None = None
    """Whether the step touches the world outside the run (`external`); its kind's answer unless given."""
    idempotent: bool = False
    """Whether a step with effects outside may be done twice."""
    cache: bool = True
    """Whether a run may take what an earlier one made when nothing that the step depends on has changed."""
    group: str = ""
    """Group that --only, --from and --until accept in place of the step."""
    when: str | bool = ""
    """Condition under which the step runs, such as metrics.evaluate.auc > 0.75; else it is skipped."""
    optional: bool = False
    """Whether the run goes on, and passes, when the step fails; what needs its data is skipped."""
    on_failure: str = ""
    """Step that runs only if this one fails, and makes its datasets in its place."""
    foreach: ForeachSpec | None = None
    """What the step is done for, once each: a list of values, a range of days, a table split by a column."""
    repeat_until: RepeatSpec | None = None
    """Condition until which the step is done again."""
    before: HookList = []
    """Functions or scripts that are called before the step; it does not run when one fails."""
    after: HookList = []
    """Functions or scripts that are called after the step, however it ended."""


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
    hooks: HooksSpec = HooksSpec()
    """What is called around the run and each of its steps."""
    on_failure: Literal["", "rollback"] = ""
    """What becomes of targets when the run fails: rollback puts back what the last passed run had published."""
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
    version: Literal["content", "always", "never"] = "content"
    """How it is known whether the data are still the same: by the content of the file; they are read anew always; they never change."""
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
        return from_default(value)


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
