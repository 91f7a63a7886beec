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
    misfits = {finding.edge for finding in static if finding.code == _MISFIT}
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
            fit = "differs" if (maker, step.name) in misfits else "fits" if comparable else "unknown"
            yield Edge(maker, step.name, dataset, fit, _seen(dataset, step.name, whole), rows.get(dataset))  # type: ignore[arg-type]  # the literals above


def _seen(dataset: str, reader: str, whole: RunRecord | None) -> str:
    if whole is None or reader not in whole.steps:
        return "unseen"
    step = whole.steps[reader]
    if any(finding.edge == (dataset, reader) and finding.severity == "error" for finding in step.findings):
        return "broken"
    held = any(checked.dataset == dataset and checked.side == "input" for checked in step.checked)
    made = any(
        checked.dataset == dataset and checked.side == "output"
        for other in whole.steps.values()
        for checked in other.checked
    )
    return "holds" if held or made or step.status == "passed" else "unseen"
