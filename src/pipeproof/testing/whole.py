"""What a whole pipeline on made sources showed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from pipeproof.errors import Finding
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.record import RunRecord, StepRecord
from pipeproof.model.step import REJECTED
from pipeproof.model.trial import Trial, TrialResult
from pipeproof.running.cause import find_cause
from pipeproof.testing.seen import UNKNOWN, Seen
from pipeproof.testing.showing import UNMADE, checks_of, contract_seen, failed_on, failure_key, variables_seen


def judge_whole(trial: Trial, part: RunRecord, pipeline: Pipeline) -> tuple[TrialResult, list[Seen]]:
    """Return what came of a trial of the whole, and what it showed."""
    unmade = [step for step in part.steps.values() if step.kind == "synthetic" and step.failure is not None]
    if unmade:
        why = f"{UNMADE} for {unmade[0].name}: {unmade[0].failure.message}"  # type: ignore[union-attr]  # filtered above
        return TrialResult(trial, "skipped", why), []
    seen = [item for step in part.steps.values() for item in _seen_in(step, trial, part, pipeline)]
    seen += _dried_up(trial, part)
    ran = [
        step
        for step in part.steps.values()
        if step.status in {"passed", "failed"} and step.kind != "synthetic"
    ]
    if not ran:
        return TrialResult(trial, "skipped", "none of its steps can be run in a trial"), seen
    checks = sum(checks_of(step) for step in ran)
    broken = [step.name for step in ran if step.status == "failed" or _errors(step)]
    seconds = sum(step.measures.seconds for step in ran)
    if broken:
        return TrialResult(trial, "failed", f"broken at {', '.join(broken)}", seconds, checks), seen
    return TrialResult(trial, "passed", "", seconds, checks), seen


def _dried_up(trial: Trial, part: RunRecord) -> Iterator[Seen]:
    """Yield the steps that read rows and wrote none: what follows them was tried on nothing."""
    rows = {name: made.rows for step in part.steps.values() for name, made in step.outputs.items()}
    for step in part.steps.values():
        read = max((rows.get(name) or 0 for name in step.reads), default=0)
        for name, made in step.outputs.items():
            if read and made.rows == 0 and not name.endswith(REJECTED):  # none set aside is as it should be
                finding = Finding(
                    "PPF608",
                    f"{step.name} made no rows of {name} from {read:,} made ones: what follows was tried on an empty table",
                    severity="note",
                    step=step.name,
                    edge=(step.name, name),
                    fix="say more in the contracts of the sources (ranges, categories, references), so that made rows come through",
                )
                yield Seen(("dry", step.name, name), finding, trial)


def _errors(step: StepRecord) -> list[Finding]:
    return [finding for finding in step.findings if finding.severity == "error"]


def _seen_in(step: StepRecord, trial: Trial, part: RunRecord, pipeline: Pipeline) -> Iterator[Seen]:
    name = step.name.partition("[")[0]  # of an item, the step of the user's
    if name not in pipeline.by_name:
        return
    yield from contract_seen(trial, name, step.findings, pipeline)
    asked = variables_seen(trial, step, pipeline.by_name[name])
    yield from asked
    failure = step.failure
    if any(item.finding.severity == "error" for item in asked):
        return
    if failure is None or (failure.kind == "contract" and step.findings):
        return
    cause = find_cause(step, part)
    upstream = _broken_before(name, pipeline, part.steps)
    if cause is None and (upstream or _errors(step)):
        return  # it got what was already found to be wrong
    finding = failed_on(trial, pipeline.by_name[name], failure, pipeline)
    finding = _with_cause(finding, cause)
    yield Seen(failure_key(name, failure), finding, trial)


def _with_cause(finding: Finding, cause: Finding | None) -> Finding:
    """Return a finding with what upstream is behind it, as far as that is known."""
    if cause is None:
        return replace(finding, evidence=f"{finding.evidence}\n{UNKNOWN}".strip())
    if cause.code == "PPF313" and finding.column not in {"", cause.column}:
        return finding  # what the error names is a value of a column, and no column
    told = f"{finding.evidence}\ncause: {cause.what}".strip()
    return replace(finding, evidence=told, fix=cause.fix or finding.fix)


def _broken_before(name: str, pipeline: Pipeline, steps: Mapping[str, StepRecord]) -> set[str]:
    """Return the steps before one at which something was found to be wrong."""
    before = {step.name for step in pipeline.upto(name).steps} - {name}
    return {one for one in before if one in steps and (_errors(steps[one]) or steps[one].status == "failed")}
