"""The edges of a pipeline: what contracts say of each, and what was seen on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeproof.errors import Finding
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.record import RunRecord
from pipeproof.model.trial import Edge
from pipeproof.planning.lint import promised

_MISFIT = "PPF152"  # contracts of two steps that do not fit


def edges_of(pipeline: Pipeline, static: Sequence[Finding], whole: RunRecord | None) -> Iterator[Edge]:
    """Yield every edge of a pipeline.

    Args:
        pipeline: The pipeline.
        static: What contracts told of each other.
        whole: The record of the trial of the whole, if there was one.
    """
    misfits = {
        (finding.edge, finding.dataset)
        for finding in static
        if finding.code == _MISFIT and finding.severity == "error"
    }
    rows = {
        dataset: made.rows
        for step in (whole.steps.values() if whole else ())
        for dataset, made in step.outputs.items()
    }
    for step in pipeline.steps:
        for local, dataset in step.inputs.items():
            maker = pipeline.makers.get(dataset) or pipeline.brought.get(dataset, dataset)
            port = step.contract.inputs.get(local)
            comparable = (
                port is not None and port.schema is not None and promised(dataset, pipeline) is not None
            )
            fit = (
                "differs" if ((maker, step.name), dataset) in misfits else "fits" if comparable else "unknown"
            )
            yield Edge(maker, step.name, dataset, fit, _seen(dataset, step.name, whole), rows.get(dataset))  # type: ignore[arg-type]  # the literals above


def _seen(dataset: str, reader: str, whole: RunRecord | None) -> str:
    """Say what became of a dataset on its way to a reader."""
    step = whole.steps.get(reader) if whole is not None else None
    if whole is None or step is None or step.status not in {"passed", "failed"}:
        return "unseen"
    met = [finding for one in whole.steps.values() for finding in one.findings if finding.severity == "error"]
    if any(
        finding.dataset == dataset and (finding.step == reader or finding.edge == (finding.step, dataset))
        for finding in met
    ):
        return "broken"
    rules = sum(
        checked.rules
        for one in whole.steps.values()
        for checked in one.checked
        if checked.dataset == dataset and (checked.side == "output" or one.name == reader)
    )
    return "holds" if rules else "unchecked"
