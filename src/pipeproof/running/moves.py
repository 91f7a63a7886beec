"""What the machine of a run says: start this, wait so long, record that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import frozen
from pipeproof.model.event import Event
from pipeproof.model.outcome import Outcome
from pipeproof.model.plan import Task


@dataclass(frozen=True, slots=True)
class Start:
    """Start this attempt with these inputs (dataset → artifact), after what came to pass upstream (step → outcome).

    `about` is what a hook is told of the run; `iteration` counts from 1 where a step is done again, and `previous`
    is what the iteration before made (local name → artifact).
    """

    task: Task
    attempt: int
    inputs: Mapping[str, Artifact]
    earlier: Mapping[str, Outcome] = field(default_factory=frozen)
    about: Mapping[str, Any] = field(default_factory=frozen)
    iteration: int = 0
    previous: Mapping[str, Artifact] = field(default_factory=frozen)


@dataclass(frozen=True, slots=True)
class Pause:
    """Say `resume` of this task after so many seconds."""

    task: str
    seconds: float


@dataclass(slots=True)
class Advance:
    """What a wave of outcomes leads to: facts to record first, then attempts to start, and pauses."""

    events: list[Event] = field(default_factory=list)
    starts: list[Start] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
