"""One step of a pipeline, with everything that decides how it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pipeproof.model.contract import Contract, Scalar, frozen
from pipeproof.model.each import Each
from pipeproof.model.hook import Hook
from pipeproof.model.repeat import Repeat

Isolation = Literal["thread", "worker", "fresh", "environment", "container"]
Engine = Literal["auto", "podman", "docker", "bwrap"]
Effects = Literal["none", "external"]
REJECTED = ".rejected"
"""What follows a dataset's name in that of the rows its contract set aside (``enforce: quarantine``)."""


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and how soon a failed step is tried again.

    The pause before try n+1 is drawn uniformly from 0 to ``min(longest, first * factor**(n-1))``
    seconds: exponential backoff with full jitter, after Brooker, "Exponential Backoff and Jitter"
    (AWS Architecture Blog, 2015).
    """

    count: int = 3
    first: float = 1.0
    factor: float = 2.0
    longest: float = 60.0
    on: Literal["transient", "any"] = "transient"


@dataclass(frozen=True, slots=True)
class Resources:
    """Limits of a step and all that it starts.

    Attributes:
        memory: Bytes above the baseline.
        cpu_seconds: Processor time.
        cpus: Processors that it may use at once.
        processes: Processes at once, the step's own among them.
        open_files: Files that a process may have open at once.
        disk: Bytes of the largest file that it may write.
        network: Whether it may use the network.
    """

    memory: int | None = None
    cpu_seconds: float | None = None
    cpus: int | None = None
    processes: int | None = None
    open_files: int | None = None
    disk: int | None = None
    network: bool = True

    @property
    def limited(self) -> bool:
        """Whether anything is limited, which needs a process of its own."""
        return self != Resources()


@dataclass(frozen=True, slots=True)
class Container:
    """The container that a step's code runs in.

    Attributes:
        image: Image for podman or docker.
        rootfs: Folder with a root file system instead, for podman or bwrap.
        engine: What starts it; ``auto`` is the first of those that is installed and can.
        python: Interpreter in it.
        network: Whether the code may use the network.
    """

    image: str = ""
    rootfs: str = ""
    engine: Engine = "auto"
    python: str = "python3"
    network: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A step: its kind and config, the datasets it reads and writes, and how it is run.

    `inputs` and `outputs` map the name that the code uses to the name of a dataset. `config` is
    the frozen dataclass of the step's kind. `effects` is what the step says, or what its kind does:
    whether it touches the world outside the run. `python` is the interpreter of its environment (a path,
    or a version such as 3.12), `container` the container, when its code runs in one of these.

    `when` is a condition (`pipeproof.model.condition`); `on_failure` names the step that stands in
    for this one when it fails; an `optional` step may fail without failing the run. With `each` it is
    done for each of many items. `given` are placeholders of its own, over the parameters of the run;
    of the steps of one `lane`, only so many run at once. `before` and `after` are hooks around it.
    With `repeat` it is done again until a condition holds.
    """

    name: str
    kind: str
    config: object = None
    inputs: Mapping[str, str] = field(default_factory=frozen)
    outputs: Mapping[str, str] = field(default_factory=frozen)
    contract: Contract = field(default_factory=Contract)
    needs: tuple[str, ...] = ()
    retry: Retry = field(default_factory=Retry)
    timeout: float | None = None
    environment: Mapping[str, str] = field(default_factory=frozen)
    resources: Resources = field(default_factory=Resources)
    isolation: Isolation | None = None
    python: str = ""
    container: Container | None = None
    effects: Effects = "none"
    idempotent: bool = False
    cache: bool = True
    group: str = ""
    description: str = ""
    when: str = ""
    optional: bool = False
    on_failure: str = ""
    each: Each | None = None
    given: Mapping[str, Any] = field(default_factory=frozen)
    lane: tuple[str, int] | None = None
    repeat: Repeat | None = None
    before: tuple[Hook, ...] = ()
    after: tuple[Hook, ...] = ()

    @property
    def made(self) -> tuple[str, ...]:
        """All datasets that others may read: the outputs, and the rows that their contracts set aside."""
        aside = (
            dataset + REJECTED
            for local, dataset in self.outputs.items()
            if (port := self.contract.outputs.get(local)) is not None
            and port.schema is not None
            and (port.enforce or self.contract.enforce) == "quarantine"
        )
        return (*self.outputs.values(), *aside)

    @property
    def base(self) -> str:
        """The name of the step of the user's that it is, or is a part of: ``score`` of ``score[EWR]``."""
        return self.name.partition("[")[0].partition("@")[0]

    @property
    def spared(self) -> tuple[str, ...]:
        """The datasets that it can do without, as its contract says: ``required: false``."""
        ports = self.contract.inputs
        needed = {
            dataset for local, dataset in self.inputs.items() if local not in ports or ports[local].required
        }
        return tuple(dataset for dataset in self.inputs.values() if dataset not in needed)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that is given when a run starts; a test that is given none takes the example."""

    name: str
    type: Literal["string", "integer", "number", "boolean", "date"] = "string"
    default: Scalar = None
    required: bool = True
    description: str = ""
    example: Scalar = None
