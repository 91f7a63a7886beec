"""The seams: what a store, a pool, a sink, a clock and a step kind must offer.

Each is a few methods or a frozen record of callables; one contract test suite stands for each and
runs against every adapter.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import MISSING, dataclass, field
from pathlib import Path
from typing import Annotated, Any, Protocol, TypeVar

from pipeproof.errors import Finding
from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import Contract, Scalar, frozen
from pipeproof.model.event import Event
from pipeproof.model.outcome import Failure, Metric, Outcome, Seen
from pipeproof.model.pipeline import Pipeline, Target
from pipeproof.model.plan import Task
from pipeproof.model.step import Effects, Isolation, Step

C = TypeVar("C")


class Ledger(Protocol):
    """Where events are kept, in order, before anyone acts on them."""

    def append(self, run: str, events: Sequence[Event], *, durable: bool = False) -> float:
        """Write a wave of events in one transaction and return the time (seconds since 1970) they got.

        `durable` survives power loss too.
        """

    def events(self, run: str) -> Iterator[tuple[float, Event]]:
        """Yield the events of a run in order, each with the time it was written."""

    def runs(self) -> Iterator[str]:
        """Yield the names of all runs, newest first."""


class Objects(Protocol):
    """Where content is kept under the digest of itself."""

    def add(self, path: Path, *, move: bool = True) -> tuple[str, int]:
        """Take a file or folder in and return its digest and size in bytes."""

    def path(self, digest: str) -> Path:
        """Return where a file stands; it must not be written to."""

    def lay_out(self, digest: str, to: Path) -> None:
        """Copy a file or folder out to `to`, which does not exist yet."""

    def has(self, artifact: Artifact) -> bool:
        """Say whether the content of an artifact is there, and that somebody needs it now."""

    def refuse_damaged(self, artifact: Artifact, *, thorough: bool = False) -> None:
        """Raise StoreError when the content of an artifact is not what its digest says."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a record must say of where content is kept, such as not where it was asked for."""


class KeyValue(Protocol):
    """Where small state is kept that runs and machines share: bytes under a namespace and a key.

    Namespaces never mix. An item may have an expiry, in seconds from now; it is gone for every reader
    once they are over. Each item is written whole; that several are written at once is not promised.
    Every method raises StoreError when the store cannot be reached, refuses, or is given what no store takes.
    """

    @property
    def address(self) -> str:
        """Where it is, for messages: without a password."""

    def get(self, namespace: str, key: str) -> bytes | None:
        """Return the value of a key, or None."""

    def get_many(self, namespace: str, keys: Iterable[str]) -> Mapping[str, bytes]:
        """Return the values of those keys that are there."""

    def put(self, namespace: str, key: str, value: bytes, *, expires: float | None = None) -> None:
        """Keep a value, for good or for some seconds; what was there goes, with its expiry."""

    def put_many(self, namespace: str, items: Mapping[str, bytes], *, expires: float | None = None) -> None:
        """Keep several values."""

    def swap(
        self, namespace: str, key: str, old: bytes | None, new: bytes | None, *, expires: float | None = None
    ) -> bool:
        """Replace a value if it is still `old`, as one step that nobody comes between; say whether it was.

        As `old`, None is a key that is not there; as `new`, it removes the key. After an error it is not
        known whether the value was replaced.
        """

    def delete(self, namespace: str, *keys: str) -> int:
        """Remove keys and return how many of them were there."""

    def keys(self, namespace: str, prefix: str = "") -> Iterator[str]:
        """Yield the keys that begin with a prefix, each once, in no promised order."""

    def close(self) -> None:
        """Let go of connections and files; a second time does nothing."""


class Sink(Protocol):
    """Whoever wants to see events as they happen; it must not raise and must be quick."""

    def __call__(self, events: Sequence[Event]) -> None:
        """Take a wave of events."""


class Clock(Protocol):
    """The time, so that tests can hold it."""

    def monotonic(self) -> float:
        """Seconds that only grow."""


@dataclass(frozen=True, slots=True)
class Job:
    """One attempt at a task, with all that the place where it runs must know.

    Attributes:
        run: Name of the run.
        task: The task.
        attempt: Number of the attempt, from 1.
        inputs: Dataset → artifact.
        parameters: Parameters of the run.
        scratch_folder: Folder of this attempt's own; as text, since most small steps never touch it.
        log_file: File for what the code prints.
        root: Folder that relative paths of the pipeline start from.
        timeout: Seconds until the work is ended, or None.
        secrets: Values that must not reach a log.
        seed: Seed of this task.
        log_level: Least severity that the code logs, unless it sets logging up itself.
        targets: Where data may go out to, by name.
        sealed: Folder that all lands in which would go out, for a trial; empty for the world itself.
        real: Whether a sealed one reads real data, and has the variables and secrets of a run: one that is replayed.
        earlier: What the tasks upstream came to, by step, for code that asks its context; it may be worked
            out when it is first looked at.
        about: What a hook is told of the run.
        previous: What the iteration before made, where a step is done again: local name → artifact.
        checkpoints: Folder for what attempts at all steps leave to the next one; empty when nothing is kept.
        outbox: Folder that tells what is on its way to targets; empty when nothing goes out to the world.
        followed: Whether parsing could follow its code to the end.
    """

    run: str
    task: Task
    attempt: int
    inputs: Mapping[str, Artifact]
    parameters: Mapping[str, Scalar]
    scratch_folder: str
    log_file: str
    root: Path
    timeout: float | None = None
    secrets: tuple[str, ...] = ()
    seed: int = 0
    log_level: str = "INFO"
    targets: Mapping[str, Target] = field(default_factory=frozen)
    sealed: str = ""
    real: bool = False
    earlier: Mapping[str, Outcome] = field(default_factory=frozen)
    checkpoints: str = ""
    outbox: str = ""
    about: Mapping[str, Any] = field(default_factory=frozen)
    previous: Mapping[str, Artifact] = field(default_factory=frozen)
    followed: bool = True

    @property
    def scratch(self) -> Path:
        """The folder of this attempt's own."""
        return Path(self.scratch_folder)

    @property
    def step(self) -> Step:
        """The step of the task."""
        return self.task.step

    def given(self, local: str) -> Artifact:
        """Return what the step reads under a name of its own."""
        return self.inputs[self.step.inputs[local]]

    @property
    def reads_personal(self) -> bool:
        """Whether real data are read in which columns with personal data are known; a trial reads made ones."""
        return (self.real or not self.sealed) and any(artifact.is_private for artifact in self.may_be_private)

    @property
    def may_be_private(self) -> Iterator[Artifact]:
        """What the code can read that may hold personal data: inputs, and what it can ask its context for."""
        yield from self.inputs.values()
        if getattr(self.earlier, "private", True):  # most runs know of none at all
            for outcome in self.earlier.values():
                yield from outcome.outputs.values()


class Pool(Protocol):
    """Where jobs are worked on; an executor with a way to end what it runs."""

    @property
    def slots(self) -> int:
        """How many jobs run at once."""

    @property
    def executor(self) -> str:
        """What the workers belong to, where that is no part of this process."""

    def submit(self, job: Job) -> Future[Outcome]:
        """Start a job; the future always gets an outcome, never an exception of the user's code."""

    def stop(self) -> None:
        """End everything that runs, now."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """What a step reads and writes: local name → dataset."""

    inputs: Mapping[str, str] = field(default_factory=frozen)
    outputs: Mapping[str, str] = field(default_factory=frozen)


class Counterpart(Protocol):
    """What stands on this side for code that asks its context while it runs."""

    @property
    def committed(self) -> int:
        """When the code last saved what another attempt may go on from, in nanoseconds since 1970; 0 when it did not."""

    def compare_by(self, digest_today: Callable[[Seen], str]) -> None:
        """Take what tells how something is today that an earlier attempt used."""

    def answer(self, question: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the answer as plain data; what a person did wrong comes back as findings in it."""

    def close(self, ended: Failure | None, seen: tuple[Seen, ...]) -> tuple[Seen, ...]:
        """Let go of what was held for the attempt; return what was seen by all the attempts that it goes on from."""


@dataclass(frozen=True, slots=True)
class Program:
    """Code to start: a function by name, and plain data for it.

    Attributes:
        target: ``module:function``; it is called with `args` and a context and returns plain data.
        args: Plain data (it travels to another process).
        path: Folder that is put first on the import path, the user's own.
        environment: Environment variables of the code; secrets are filled in when it starts.
        counterpart: Answers what the code asks its context; stays on this side.
    """

    target: str
    args: Mapping[str, Any]
    path: str = ""
    environment: Mapping[str, str] = field(default_factory=frozen)
    counterpart: Counterpart | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What a program gave back: its value, and what it logged.

    Attributes:
        value: What it returned, as plain data.
        metrics: Numbers that it logged.
        params: Settings that it logged.
        stored: Datasets that it stored besides its outputs.
        artifacts: Files and folders that it logged.
    """

    value: Any = None
    metrics: tuple[Metric, ...] = ()
    params: Mapping[str, Scalar] = field(default_factory=frozen)
    stored: Mapping[str, Artifact] = field(default_factory=frozen)
    artifacts: Mapping[str, Artifact] = field(default_factory=frozen)


@dataclass(frozen=True, slots=True)
class Code:
    """The code that a step reaches.

    Attributes:
        parts: Name of each part (``helpers.py:parse``) → its digest.
        packages: Distribution → version, of the packages of others.
        files: Paths of files that the code names.
        modules: Paths of the Python files that it imports on the way.
        followed: Whether parsing could follow all of it; else modules that it is seen to import count whole.
        unknown: Why it cannot be told; empty when it can.
    """

    parts: Mapping[str, str] = field(default_factory=frozen)
    packages: Mapping[str, str] = field(default_factory=frozen)
    files: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    followed: bool = True
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """Where the code of a step begins.

    Attributes:
        file: The Python file; None for a function that only this process has.
        function: The function in it; empty for the whole file.
    """

    file: Path | None
    function: str = ""


@dataclass(frozen=True, slots=True)
class StepKind:
    """A kind of step, as a record of callables; the parts before `prepare` import no engine.

    Attributes:
        name: What users write in ``type:``.
        summary: One line for ``pipeproof steps``.
        config: Frozen dataclass of the kind's ``config:`` block.
        example: YAML of one step, for help and docs; a test loads it.
        wire: (step name, config, contract) → what it reads and writes.
        settle: (step, names of all datasets) → local name → dataset, where what `wire` guessed from the
            code alone (a table of SQL, in upper case or with a schema) stands for a dataset of the pipeline.
        check: (step, pipeline) → findings, without running anything.
        code: (step, root) → Python files that the step's code begins in.
        entry: (step, root) → where in them; None for a kind that runs no code of the user's.
        files: (step, root) → other files and folders whose content decides what the step makes.
        takes: (step, root) → names of what its code is given if there is a parameter of that name.
        engines: Packages of others that do the kind's own work.
        barrier: step → why the same inputs may give another result tomorrow; empty when they do not.
        prepare: job → the program to start; lays inputs out in the job's scratch folder.
        collect: (job, result, objects) → local output name → artifact.
        asks: (step, root) → whether its code gets a context that it may ask for results and data upstream.
        preload: step → libraries worth importing before its process is forked, besides what `code` imports.
        isolation: step → where its code runs unless the pipeline says otherwise.
        effects: config → whether it touches the world outside the run.
        meaning: step → its config without what makes no difference, such as the layout of a query.
        templates: Fields of the config in which ``{parameter}`` is filled in.
        placeholders: config → names of parameters that it uses in its own way, besides `templates`.
        paths: Fields of the config that name files → the finding code when there is none.
        aliases: Other names that users may write, each with the config that it implies.
        draws: Whether what it makes may depend on the seed.
        redirects: Whether its external effects land in `Job.sealed` in a trial; others are not run there.
        spares: Whether its code can run without an input that the contract does not require.
        hidden: Not for users to write (sources become steps of a hidden kind).
    """

    name: str
    summary: str
    config: type
    example: str
    wire: Callable[[str, Any, Contract], Wiring]
    prepare: Callable[[Job, Objects], Program]
    collect: Callable[[Job, Result, Objects], Mapping[str, Artifact]]
    settle: Callable[[Step, Collection[str]], Mapping[str, str]] = lambda step, _datasets: step.inputs
    check: Callable[[Step, Pipeline], Iterable[Finding]] = lambda _step, _pipeline: ()
    code: Callable[[Step, Path], Iterable[Path]] = lambda _step, _root: ()
    entry: Callable[[Step, Path], Entry | None] = lambda _step, _root: None
    files: Callable[[Step, Path], Iterable[Path]] = lambda _step, _root: ()
    takes: Callable[[Step, Path], Collection[str]] = lambda _step, _root: ()
    engines: tuple[str, ...] = ()
    barrier: Callable[[Step], str] = lambda _step: ""
    asks: Callable[[Step, Path], bool] = lambda _step, _root: False
    preload: Callable[[Step], Iterable[str]] = lambda _step: ()
    isolation: Callable[[Step], Isolation] = lambda _step: "thread"
    effects: Callable[[Any], Effects] = lambda _config: "none"
    meaning: Callable[[Step], Any] = lambda step: step.config
    templates: tuple[str, ...] = ()
    placeholders: Callable[[Any], Iterable[str]] = lambda _config: ()
    paths: Mapping[str, str] = field(default_factory=frozen)
    aliases: Mapping[str, Mapping[str, Any]] = field(default_factory=frozen)
    draws: bool = True
    redirects: bool = False
    spares: bool = False
    hidden: bool = False


def config_of(of: Job | Step, kind: type[C]) -> C:
    """Return the config of a step (or of a job's step), which is of its kind's class."""
    config = (of.step if isinstance(of, Job) else of).config
    assert isinstance(config, kind), f"a config of {kind.__name__}"  # noqa: S101 the loader made it of this class
    return config


def option(default: Any = MISSING, *, doc: str, factory: Any = MISSING) -> Any:
    """Declare a field of a config dataclass with its documentation, for help and the JSON Schema."""
    metadata = {"doc": doc}
    if factory is not MISSING:
        return field(default_factory=factory, metadata=metadata)
    if default is MISSING:
        return field(metadata=metadata)
    return field(default=default, metadata=metadata)


class ByType:
    """Marks a union of config dataclasses that are told apart by their ``type``.

    It speaks to pydantic without importing it: ``Annotated[Fill | Rename, ByType()]``.
    """

    def __get_pydantic_core_schema__(self, source: Any, generate: Any) -> Any:
        from pydantic import Field

        return generate.generate_schema(Annotated[source, Field(discriminator="type")])
