"""What a test tries and what came of it: trials, their cases, verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pipeproof.errors import Finding

Scenario = Literal["standard", "edge", "malformed"]
Mode = Literal["isolation", "pipeline"]
Expect = Literal["pass", "refuse", "note"]
TrialStatus = Literal["passed", "refused", "noted", "failed", "unsaid", "skipped"]


@dataclass(frozen=True, slots=True)
class Case:
    """What is peculiar about the made data of one table.

    Attributes:
        scenario: ``standard``; ``edge`` (all that the contract allows and a sample would not show);
            ``malformed`` (one rule broken).
        name: Which edge (``nulls``, ``extremes``, ``empty``, ``one_row``, ``duplicates``, ``categories``)
            or how a rule is broken (``missing_column``, ``type``, ``nullable``, ``minimum``, ...).
        column: The only column that it is about; empty when it is about all for which it makes sense.
        says: The case in a few words, for a person: ``nulls in wind_gust``.
    """

    scenario: Scenario = "standard"
    name: str = "standard"
    column: str = ""
    says: str = ""


STANDARD = Case()
SIZES: Mapping[str, int] = {"small": 1_000, "medium": 100_000, "large": 10_000_000}
"""Rows of made tables in words."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A pipeline with some steps replaced, and what is expected of it; as plain as a record needs it.

    Attributes:
        name: Name within its test; the tasks of the trial begin with it.
        mode: One step alone, or the whole pipeline.
        step: The step that is tried alone.
        case: What is peculiar about the data.
        dataset: The input that the case is about; empty when it is about all.
        expect: ``pass``; ``refuse``: a clear failure; ``note``: either a failure or a good output.
        skipped: Why it is not run; empty when it is.
    """

    name: str
    mode: Mode
    step: str = ""
    case: Case = STANDARD
    dataset: str = ""
    expect: Expect = "pass"
    skipped: str = ""


@dataclass(frozen=True, slots=True)
class TrialResult:
    """What came of a trial.

    Attributes:
        trial: The trial.
        status: ``passed``; ``refused``: failed clearly, as it may; ``noted``: right, but worth knowing;
            ``failed``; ``unsaid``: it says nothing, as the step fails on ordinary data too; ``skipped``.
        why: The reason, for a person.
        seconds: Wall time of the steps that were tried.
        checks: How many rules were asked.
    """

    trial: Trial
    status: TrialStatus
    why: str = ""
    seconds: float = 0.0
    checks: int = 0


@dataclass(frozen=True, slots=True)
class Edge:
    """A dataset on its way from who makes it to a step that reads it.

    Attributes:
        maker: Step or source that makes it.
        reader: Step that reads it.
        dataset: The dataset.
        fit: What the contracts say of each other; ``unknown`` when one of them says nothing.
        seen: Whether what was written held against what is read; ``unchecked`` when no rule was asked,
            ``unseen`` when nothing came this way.
        rows: Rows that came this way.
        quality: Score of `data.quality`, from 0 to 1; None when it was no table.
    """

    maker: str
    reader: str
    dataset: str
    fit: Literal["fits", "differs", "unknown"] = "unknown"
    seen: Literal["holds", "broken", "unchecked", "unseen"] = "unseen"
    rows: int | None = None
    quality: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of a test; true when it passed.

    Attributes:
        test: Name of the run that it is about.
        pipeline: Name of the pipeline.
        results: What came of each trial.
        edges: What was seen on each edge.
        findings: What is wrong, each once, the gravest first; notes last.
        seconds: Wall time.
        notes: What else there is to say.
        seed: Seed of the made data.
    """

    test: str
    pipeline: str
    results: tuple[TrialResult, ...] = ()
    edges: tuple[Edge, ...] = ()
    findings: tuple[Finding, ...] = ()
    seconds: float = 0.0
    notes: tuple[str, ...] = field(default=())
    seed: int = 0

    def __bool__(self) -> bool:
        """Whether something was checked and nothing is wrong."""
        return self.checks > 0 and not self.errors

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that make it fail."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def checks(self) -> int:
        """How many rules were asked, of contracts and of data."""
        return sum(result.checks for result in self.results)

    @property
    def skipped(self) -> tuple[TrialResult, ...]:
        """The trials that were not run."""
        return tuple(result for result in self.results if result.status == "skipped")
