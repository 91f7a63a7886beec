"""What a step of a trial shows, alone or in the whole: failures, breaches of contracts, undeclared variables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from pipeproof.errors import Finding, Location
from pipeproof.model.outcome import Asked, Failure
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.record import StepRecord
from pipeproof.model.step import Step
from pipeproof.model.trial import Trial
from pipeproof.testing.blame import blame, correct
from pipeproof.testing.schemas import input_schema
from pipeproof.testing.seen import Seen

UNMADE = "no data could be made"
"""How the reason begins why a trial without data says nothing."""
_NUMBERS = re.compile(r"\d+")
_LONGEST = 160


def checks_of(tried: StepRecord) -> int:
    """Return how many rules were asked: that it runs at all, and those of its contracts."""
    return 1 + sum(checked.rules for checked in tried.checked)


def failed_on(trial: Trial, step: Step, failure: Failure, pipeline: Pipeline) -> Finding:
    """Return the finding for a step that failed where it should not."""
    failure = _not_for_memory(failure, step)
    schemas = (input_schema(step, local, pipeline) for local in step.inputs)
    about = blame(failure, trial.case, [schema for schema in schemas if schema is not None])
    on = "" if trial.case.scenario == "standard" else f" on {trial.case.says or trial.case.name}"
    frame = failure.frames[-1] if failure.frames else None
    return Finding(
        failure.code,
        f"{step.name} fails{on}: {said(failure)}",
        Location(frame.file, frame.line) if frame else None,
        step=step.name,
        column=about.column,
        evidence=frame.text.strip() if frame else "",
        fix=about.fix,
    )


def _not_for_memory(failure: Failure, step: Step) -> Failure:
    """Return a crash as a crash where only the test itself limits the memory, and amply."""
    if failure.kind != "memory" or not failure.type.startswith("SIG") or step.resources.memory:
        return failure
    return replace(
        failure, kind="signal", code="PPF203", message="the process crashed, most likely in C code", fix=""
    )


def failure_key(step: str, failure: Failure) -> tuple[str, ...]:
    """Return what is the same when a step fails twice in the same way."""
    frame = failure.frames[-1] if failure.frames else None
    where = f"{frame.file}:{frame.line}" if frame else _NUMBERS.sub("#", failure.message)[:_LONGEST]
    return ("failure", step, failure.code, failure.type, where)


def said(failure: Failure) -> str:
    """Return what a failure says, in one line."""
    first = failure.message.strip().splitlines()[0] if failure.message.strip() else ""
    text = f"{failure.type}: {first}" if failure.type and first else failure.type or first or failure.kind
    more = len(text) > _LONGEST or len(failure.message.strip().splitlines()) > 1
    return text[: _LONGEST - 1].rstrip(" .:") + "…" if more else text


def variables_seen(trial: Trial, tried: StepRecord, step: Step) -> list[Seen]:
    """Return the environment variables that the code asked for and nobody declared."""
    declared = {variable.name for variable in step.contract.environment} | set(step.environment)
    found = []
    for asked in tried.asked:
        # What a trial has undeclared, every process has: PATH, HOME.
        if asked.what != "variable" or asked.name in declared or asked.found:
            continue
        fatal = is_fatal(asked, tried.failure)
        declare = f"required: [{asked.name}]" if fatal else f"optional: {{{asked.name}: DEFAULT}}"
        finding = Finding(
            "PPF603",
            f"{step.name} reads the environment variable {asked.name}, which its contract does not name",
            Location(asked.file, asked.line),
            severity="error" if fatal else "warning",
            step=step.name,
            evidence="it has no value in a trial, which sets only what contracts name",
            fix=f"declare it: contract: environment: {declare}",
        )
        found.append(Seen(("variable", step.name, asked.name), finding, trial, always=True))
    return found


def is_fatal(asked: Asked, failure: Failure | None) -> bool:
    """Say whether a failure is that a variable was not there: where it was asked for, and by its name."""
    if failure is None or not failure.frames or failure.type != "KeyError":
        return False
    last = failure.frames[-1]
    return last.line == asked.line and last.file.endswith(asked.file) and asked.name in failure.message


def contract_seen(trial: Trial, step: str, findings: Iterable[Finding], pipeline: Pipeline) -> Iterator[Seen]:
    """Yield the breaches of contracts that a step met.

    When the maker of a dataset breaks a rule, and when its reader finds so, that is one and the same.
    """
    for finding in findings:
        dataset = finding.dataset or _dataset_of(finding, pipeline.by_name[step])
        reads = dataset in pipeline.by_name[step].inputs.values()
        maker = pipeline.makers.get(dataset, dataset)
        told = replace(
            finding,
            step=finding.step or step,
            fix=finding.fix or correct(finding.what),
            dataset=dataset,
            edge=(maker, step) if reads else None,
            path=finding.path or _place_of(pipeline.by_name[step], dataset, finding.column, reads=reads),
        )
        rule = finding.rule if finding.column else _NUMBERS.sub("#", finding.what)
        yield Seen(("contract", dataset or step, finding.column, finding.code, rule), told, trial)


def _place_of(step: Step, dataset: str, column: str, *, reads: bool) -> tuple[str | int, ...]:
    """Return where the contract of a step speaks of a column of a dataset."""
    ports = step.inputs if reads else step.outputs
    local = next((local for local, made in ports.items() if made == dataset), "")
    return ("contract", "inputs" if reads else "outputs", local, "columns", column)


def _dataset_of(finding: Finding, step: Step) -> str:
    """Return the dataset of a finding on an output that could not even be read: it has the place in the contract."""
    at = finding.path[2] if len(finding.path) > 2 else ""  # noqa: PLR2004 contract, outputs, name
    return step.outputs.get(str(at), "")
