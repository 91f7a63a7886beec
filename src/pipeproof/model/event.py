"""What happens in a run: small facts, each written down before anyone acts on it.

`seq` and `time` are added by whoever appends one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pipeproof.errors import Finding
from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import Scalar, frozen
from pipeproof.model.outcome import Checked, Metric, Outcome, Published
from pipeproof.model.trial import Trial


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run began."""

    run: str
    pipeline: str
    tasks: tuple[str, ...]
    kinds: Mapping[str, str]
    parameters: Mapping[str, Scalar] = field(default_factory=frozen)
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=frozen)
    reads: Mapping[str, tuple[str, ...]] = field(default_factory=frozen)
    about: Mapping[str, Any] = field(default_factory=frozen)
    notes: tuple[str, ...] = ()
    trials: tuple[Trial, ...] = ()


@dataclass(frozen=True, slots=True)
class RunResumed(RunStarted):
    """A run that was interrupted, or had failed, goes on; what it has done stands."""


@dataclass(frozen=True, slots=True)
class Iterated:
    """An iteration of a task ended, and another one follows since its condition does not hold yet."""

    outcome: Outcome
    number: int
    why: str


@dataclass(frozen=True, slots=True)
class Expanded:
    """The items of a task became known, and with them the tasks for each; the task itself gathers what they make."""

    task: str
    tasks: tuple[str, ...]
    kind: str
    needs: tuple[str, ...] = ()
    reads: Mapping[str, tuple[str, ...]] = field(default_factory=frozen)


@dataclass(frozen=True, slots=True)
class Reused:
    """A task was not run: what an earlier run made is taken, with what it logged and what was found in it."""

    task: str
    key: str
    why: str
    outputs: Mapping[str, Artifact]
    run: str
    static: str = ""
    metrics: tuple[Metric, ...] = ()
    params: Mapping[str, Scalar] = field(default_factory=frozen)
    findings: tuple[Finding, ...] = ()
    checked: tuple[Checked, ...] = ()
    artifacts: Mapping[str, Artifact] = field(default_factory=frozen)
    published: tuple[Published, ...] = ()


@dataclass(frozen=True, slots=True)
class Started:
    """An attempt at a task was handed out."""

    task: str
    attempt: int
    key: str = ""
    static: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class AttemptFailed:
    """An attempt failed and another will follow after `pause` seconds."""

    outcome: Outcome
    pause: float


@dataclass(frozen=True, slots=True)
class Finished:
    """The last attempt at a task ended, well or not.

    Attributes:
        outcome: How it ended.
        key: Digest of all that it depended on, with the content of its inputs.
        static: The same without its inputs; empty when no other run may take what it made.
        inputs: Local name → digest of what it read.
        excuse: Why the run goes on although it failed; empty when it does not.
        iterations: How often it was done, where that is again until a condition holds; else 0.
    """

    outcome: Outcome
    key: str = ""
    static: str = ""
    inputs: Mapping[str, str] = field(default_factory=frozen)
    excuse: str = ""
    iterations: int = 0


@dataclass(frozen=True, slots=True)
class Blocked:
    """A task was not run because something it waits for failed, or the run stopped."""

    task: str
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A task was not run, and that is no failure: the plan says so, or it waits for one of that kind."""

    task: str
    why: str


@dataclass(frozen=True, slots=True)
class RunFinished:
    """A run ended."""

    status: Literal["passed", "failed", "interrupted"]
    seconds: float = 0.0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What a run had published was taken back.

    Attributes:
        to: The run whose files stand in the targets again; empty when none had passed before.
        files: The files that were put back or removed.
        left: Files that were left as they are, each with why.
    """

    to: str
    files: tuple[Published, ...] = ()
    left: Mapping[str, str] = field(default_factory=frozen)


Event = (
    RunStarted
    | Expanded
    | Iterated
    | RunResumed
    | Reused
    | Started
    | AttemptFailed
    | Finished
    | Blocked
    | Skipped
    | RunFinished
    | RolledBack
)
