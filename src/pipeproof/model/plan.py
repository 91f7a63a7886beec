"""What a run would do: each step with its key and a decision, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pipeproof.model.contract import Enforce, Scalar, TableSchema, frozen
from pipeproof.model.order import PASSED, Lets
from pipeproof.model.outcome import Outcome
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.reuse import Behind
from pipeproof.model.step import Isolation, Step
from pipeproof.model.trial import Trial

Decision = Literal["run", "reuse", "skip", "undecided"]


@dataclass(frozen=True, slots=True)
class Check:
    """A schema that a dataset must keep on one edge, and what happens when it does not.

    `halts` says whether ``fail`` ends the step; a test of a whole pipeline looks further instead.
    """

    dataset: str
    port: str
    schema: TableSchema
    enforce: Enforce
    side: Literal["input", "output"]
    halts: bool = True


@dataclass(frozen=True, slots=True)
class Task:
    """A step with its keys and a decision.

    Attributes:
        step: The step, templates filled in.
        static: Digest of all that is known of it before it runs, but for the content of what it reads.
        decision: ``run``; ``reuse`` with what an earlier run made; ``skip``: not run, nor what waits for it;
            ``undecided``: that depends on what the tasks that it waits for make.
        why: The reason for the decision, for a person.
        key: Digest of `static` and the content of its inputs; empty until that is known.
        barrier: Why what it makes must not be taken again by another run; empty when it may.
        needs: Names of the tasks that must be finished before.
        checks: Contracts to enforce around the step.
        isolation: Where the code runs.
        reused: What an earlier run came to, for decision ``reuse``.
        reused_from: The run that made them.
        trial: The trial of a test that it belongs to; datasets of one trial are not seen by another.
        lets: Need → the ends of it that let the task go; those that are not here must have passed.
        asks: The condition that is still to be answered when all that it waits for has ended.
        excuse: Why the run goes on when the task fails; empty when it does not.
    """

    step: Step
    static: str
    decision: Decision
    why: str
    needs: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    isolation: Isolation = "thread"
    reused: Outcome | None = None
    reused_from: str = ""
    trial: str = ""
    key: str = ""
    barrier: str = ""
    lets: Lets = field(default_factory=frozen)
    asks: str = ""
    excuse: str = ""

    @property
    def is_left_out(self) -> bool:
        """Whether it is not among the steps chosen to run, and what an earlier run made stands in for it."""
        return self.decision == "reuse" and not self.key

    @property
    def looks_on(self) -> bool:
        """Whether it is about how others end, however that is: a failure is no reason to leave it out."""
        ends = [self.lets.get(need, PASSED) for need in self.needs]
        return bool(ends) and all({"failed", "blocked"} <= one for one in ends)

    @property
    def name(self) -> str:
        """The step's name, behind that of its trial."""
        return f"{self.trial}/{self.step.name}" if self.trial else self.step.name


@dataclass(frozen=True, slots=True)
class Plan:
    """Tasks in an order that can run, with the parameters they run with; those of a test belong to trials.

    `texts` says what the keys of its tasks are made of: digest → text, see `pipeproof.planning.keys`;
    `behind` which files are behind each static key; `keyed_at` is the
    time before the first of them was made, in seconds since 1970. `origin` is the file of the pipeline or another way to
    name it again, `choice` what of it was chosen: ``only``, ``since``, ``until``.
    """

    pipeline: Pipeline
    tasks: tuple[Task, ...]
    parameters: Mapping[str, Scalar] = field(default_factory=frozen)
    trials: tuple[Trial, ...] = ()
    texts: Mapping[str, str] = field(default_factory=frozen)
    behind: Mapping[str, Behind] = field(default_factory=frozen)
    keyed_at: float = 0.0
    origin: str = ""
    choice: Mapping[str, tuple[str, ...]] = field(default_factory=frozen)

    def __getitem__(self, name: str) -> Task:
        return next(task for task in self.tasks if task.name == name)
