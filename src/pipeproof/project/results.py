"""A run and what it made, to be opened from Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.errors import Finding, UsageError, suggest
from pipeproof.model.artifact import Artifact
from pipeproof.model.record import RunRecord, StepRecord
from pipeproof.ports import Objects

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset that a run made."""

    name: str
    artifact: Artifact
    objects: Objects

    def table(self) -> pl.DataFrame:
        """Return a table as a Polars frame.

        Raises:
            UsageError: The dataset is no table.
        """
        return self.scan().collect()

    def scan(self) -> pl.LazyFrame:
        """Return a table as a lazy Polars frame.

        Raises:
            UsageError: The dataset is no table.
        """
        import polars as pl

        if self.artifact.kind != "table":
            what = f"{self.name} is a {self.artifact.kind}, no table"
            raise UsageError(
                Finding("PPF505", what, fix="use .value for a value, .save(path) for a file or folder")
            )
        return pl.scan_parquet(_standing(self.objects.path(self.artifact.digest)), glob=False)

    @property
    def value(self) -> Any:
        """The value of a dataset of kind ``value``; a large one is read now."""
        from pipeproof.data.artifacts import value_of

        return value_of(self.artifact, self.objects) if self.artifact.kind == "value" else None

    def save(self, path: str | Path) -> Path:
        """Copy a table (as Parquet), file or folder to `path` and return it."""
        target = Path(path)
        self.objects.lay_out(self.artifact.digest, target)
        return target


def _standing(path: Path) -> Path:
    """Return where a table stands; without the rows of persons that were forgotten since, if there were any."""
    if path.exists():
        return path
    from pipeproof.store.forgotten import tombstone_of

    root = path.parent.parent
    gone = tombstone_of(root.parent, path.parent.name + path.name)
    return root / gone.left[:2] / gone.left[2:] if gone is not None and gone.left else path


@dataclass(frozen=True, slots=True)
class StepResult:
    """One step of a run: its record, its metrics by name, its outputs by dataset."""

    record: StepRecord
    objects: Objects

    @property
    def status(self) -> str:
        """``passed``, ``failed``, ``blocked``, ``reused`` or ``interrupted``."""
        return self.record.status

    @property
    def metrics(self) -> Mapping[str, float]:
        """The last value of each metric."""
        return {metric.name: metric.value for metric in self.record.metrics}

    @property
    def outputs(self) -> Mapping[str, Dataset]:
        """The datasets that the step made."""
        return {name: Dataset(name, artifact, self.objects) for name, artifact in self.record.outputs.items()}

    @property
    def log(self) -> str:
        """What the last attempt printed."""
        return Path(self.record.logs[-1]).read_text("utf-8", "replace") if self.record.logs else ""


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run; true when it passed."""

    record: RunRecord
    objects: Objects

    def __bool__(self) -> bool:
        return self.record.status == "passed"

    def __repr__(self) -> str:
        return f"<Run {self.name} of {self.record.pipeline}: {self.status}, {len(self.record.steps)} tasks>"

    def __str__(self) -> str:
        """The run as the command line says it."""
        from pipeproof.report.text import run_lines
        from pipeproof.running.summary import summarise

        return "\n".join(run_lines(summarise(self.record)))

    def __getitem__(self, step: str) -> StepResult:
        if step not in self.record.steps:
            raise UsageError(
                Finding("PPF124", f"the run has no step {step!r}", fix=suggest(step, self.record.steps))
            )
        return StepResult(self.record.steps[step], self.objects)

    @property
    def name(self) -> str:
        """Name of the run."""
        return self.record.run

    @property
    def status(self) -> str:
        """``passed``, ``failed`` or ``interrupted``."""
        return self.record.status

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that was found on the way."""
        return self.record.findings
