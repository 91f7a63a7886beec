"""What came back from one attempt at a task: what it made, logged, was seen to use, and why it failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pipeproof.errors import Finding
from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import Scalar, frozen

Status = Literal["waiting", "running", "passed", "failed", "blocked", "reused", "interrupted", "skipped"]
FailureKind = Literal[
    "exception",
    "timeout",
    "signal",
    "exit",
    "memory",
    "contract",
    "output",
    "import",
    "interrupted",
    "internal",
]


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of the user's code in a traceback."""

    file: str
    line: int
    function: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed, as a value.

    Attributes:
        kind: What ended the attempt.
        code: Finding code that stands for it.
        type: Class name of the exception, or name of the signal.
        message: What it said.
        frames: The user's frames, outermost first; the last one is where it happened.
        permanent: Whether another try would end in the same way.
        traceback: The whole text of the traceback.
        fix: What to do, where it is known.
    """

    kind: FailureKind
    code: str
    type: str = ""
    message: str = ""
    frames: tuple[Frame, ...] = ()
    permanent: bool = False
    traceback: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Measures:
    """What an attempt took: wall and CPU seconds, peak memory in bytes above the baseline."""

    seconds: float = 0.0
    cpu_seconds: float | None = None
    memory: int | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """A number that a step logged."""

    name: str
    value: float
    step: int | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """A dataset that was held against a contract.

    Attributes:
        dataset: The dataset.
        side: Whether the step read or wrote it.
        rules: How many rules were asked; 0 says that the contract asks nothing, or nothing could be asked.
        rows: Rows of the table; None when it is none.
    """

    dataset: str
    side: Literal["input", "output"]
    rules: int
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What the code of a trial asked for: an environment variable, an argument, a file of the project.

    Attributes:
        name: The variable or argument, or the path of the file from the project's folder.
        file: The file that asked, from the project's folder.
        line: The line that asked.
        found: Whether it was there.
        what: What it is.
    """

    name: str
    file: str
    line: int
    found: bool
    what: Literal["variable", "argument", "file"] = "variable"


@dataclass(frozen=True, slots=True)
class Seen:
    """Something that an attempt used besides its inputs and its code, seen while it ran.

    Attributes:
        what: What it is.
        name: Path (from the project's folder if it lies there), name of a variable, parameter or dataset, host and port.
        digest: Digest of its content or value at that time; of a variable a keyed one.
    """

    what: Literal[
        "file",
        "folder",
        "missing",
        "variable",
        "parameter",
        "module",
        "dataset",
        "result",
        "names",
        "checkpoint",
        "program",
        "presence",
        "loaded",
        "unseen",
        "network",
        "changing",
        "too much",
    ]
    name: str
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Published:
    """A file that went out to a target.

    Attributes:
        path: The file, from the project's folder if it lies there.
        after: Digest of its content since then; empty when it was removed.
        before: Digest of what was there before; empty when nothing was.
    """

    path: str
    after: str
    before: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back from one attempt at a task."""

    task: str
    attempt: int
    outputs: Mapping[str, Artifact] = field(default_factory=frozen)
    metrics: tuple[Metric, ...] = ()
    params: Mapping[str, Scalar] = field(default_factory=frozen)
    measures: Measures = field(default_factory=Measures)
    findings: tuple[Finding, ...] = ()
    failure: Failure | None = None
    log: str = ""
    notes: tuple[str, ...] = ()
    checked: tuple[Checked, ...] = ()
    asked: tuple[Asked, ...] = ()
    seen: tuple[Seen, ...] = ()
    artifacts: Mapping[str, Artifact] = field(default_factory=frozen)
    published: tuple[Published, ...] = ()
