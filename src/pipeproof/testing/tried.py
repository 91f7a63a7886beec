"""What a step that was tried alone showed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from pipeproof.errors import Finding, Location
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.record import Failure, RunRecord, StepRecord
from pipeproof.model.step import Step
from pipeproof.model.trial import Case, Trial, TrialResult, TrialStatus
from pipeproof.testing.blame import blame, correct
from pipeproof.testing.schemas import input_schema
from pipeproof.testing.seen import Seen

_REFUSALS = frozenset({"exception", "exit", "contract", "import"})
_BROKEN = frozenset({"contract", "output"})
_WHOSE = re.compile(r"^(?:.*?, written by \S+|output '.*?' of \S+): ")
_NUMBERS = re.compile(r"\d+")
_LONGEST = 160
_ABOUT_ROWS = r"\b(?:rows?|empty|duplicates?|duplicated|columns?|no data|keys?)\b"


def judge_alone(trial: Trial, part: RunRecord, pipeline: Pipeline) -> tuple[TrialResult, list[Seen]]:
    """Return what came of a trial of one step, and what it showed."""
    step = pipeline.by_name[trial.step]
    tried = part.steps.get(trial.step)
    unmade = next(
        (made for made in part.steps.values() if made.status == "failed" and made is not tried), None
    )
    if unmade is not None and unmade.failure is not None:
        return TrialResult(trial, "skipped", f"no data could be made: {unmade.failure.message}"), []
    if tried is None or tried.status not in {"passed", "failed"}:
        return TrialResult(trial, "skipped", tried.why if tried else "it was not planned"), []
    status, why, seen = _decide(trial, tried, step, pipeline)
    asked = variables_seen(trial, tried, step)
    if any(item.finding.severity == "error" for item in asked):
        seen = []  # it failed for want of a variable, which says more than the error does
    seen += asked
    if status == "passed" and any(item.finding.severity == "error" for item in seen):
        status, why = "failed", seen[0].finding.what
    return TrialResult(trial, status, why, tried.measures.seconds, checks_of(tried)), seen


def checks_of(tried: StepRecord) -> int:
    """Return how many rules were asked: that it runs at all, and those of its contracts."""
    return 1 + sum(checked.rules for checked in tried.checked)


def _decide(
    trial: Trial, tried: StepRecord, step: Step, pipeline: Pipeline
) -> tuple[TrialStatus, str, list[Seen]]:
    failure = tried.failure
    if failure is None:
        seen = list(contract_seen(trial, tried.name, tried.findings, pipeline))
        if trial.expect == "refuse":
            return "failed", "the contract says that it refuses this", [_accepted(trial, tried.name)]
        return (
            ("noted", "let through; the output keeps its contract", [])
            if trial.expect == "note"
            else ("passed", "", seen)
        )
    if failure.kind in _BROKEN and tried.findings:
        return _broken_output(trial, tried, step, pipeline)
    if trial.case.scenario == "malformed" and failure.kind in _REFUSALS:
        if trial.expect == "refuse" and not is_clear(failure, trial.case):
            return "failed", "refused, but not clearly", [_unclear(trial, tried.name, failure)]
        return "refused", said(failure), []
    seen = [Seen(failure_key(tried.name, failure), failed_on(trial, step, failure, pipeline), trial)]
    return "failed", said(failure), seen


def _broken_output(
    trial: Trial, tried: StepRecord, step: Step, pipeline: Pipeline
) -> tuple[TrialStatus, str, list[Seen]]:
    errors = [finding for finding in tried.findings if finding.severity == "error"]
    if trial.case.scenario != "malformed":
        return "failed", errors[0].what, list(contract_seen(trial, tried.name, errors, pipeline))
    finding = _silent(trial, tried.name, errors[0])
    if trial.expect != "refuse" and _is_guarded(trial, step):
        # In a run the contract of the input stops such rows before the code sees them.
        fix = (
            "a run stops such rows first (enforce: fail); check them in the code if it is used elsewhere too"
        )
        return "noted", finding.what, [_seen_silent(trial, replace(finding, severity="warning", fix=fix))]
    return "failed", finding.what, [_seen_silent(trial, finding)]


def _seen_silent(trial: Trial, finding: Finding) -> Seen:
    about = f"{trial.case.says or trial.case.name} → {finding.evidence}"
    same = ("silent", trial.step, trial.dataset, finding.severity)
    return Seen(same, replace(finding, evidence=""), trial, about)


def _is_guarded(trial: Trial, step: Step) -> bool:
    locals_ = [local for local, dataset in step.inputs.items() if dataset == trial.dataset]
    ports = [step.contract.inputs[local] for local in locals_ if local in step.contract.inputs]
    return all((port.enforce or step.contract.enforce) == "fail" for port in ports)


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
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def is_clear(failure: Failure, case: Case) -> bool:
    """Say whether a refusal tells a person what is wrong: it names the column, or what is the matter with the rows."""
    text = f"{failure.type} {failure.message}".lower()
    said_so = re.search(
        rf"(?<!\w){re.escape(case.column.lower())}(?!\w)" if case.column else _ABOUT_ROWS, text
    )
    return failure.kind in {"exception", "exit", "contract"} and said_so is not None


def variables_seen(trial: Trial, tried: StepRecord, step: Step) -> list[Seen]:
    """Return the environment variables that the code asked for and nobody declared."""
    declared = {variable.name for variable in step.contract.environment} | set(step.environment)
    found = []
    for asked in tried.variables:
        if (
            asked.name in declared or asked.found
        ):  # what a trial has undeclared, every process has (PATH, HOME)
            continue
        fatal = tried.failure is not None and any(
            frame.line == asked.line and frame.file.endswith(asked.file) for frame in tried.failure.frames
        )
        finding = Finding(
            "PPF603",
            f"{step.name} reads the environment variable {asked.name}, which its contract does not name",
            Location(asked.file, asked.line),
            severity="error" if fatal else "warning",
            step=step.name,
            evidence="it has no value in a trial, which sets only what contracts name",
            fix="declare it: contract: environment: "
            + (f"required: [{asked.name}]" if fatal else f"optional: {{{asked.name}: DEFAULT}}"),
        )
        found.append(Seen(("variable", step.name, asked.name), finding, trial, always=True))
    return found


def _contract_key(finding: Finding, step: str, pipeline: Pipeline) -> tuple[str, ...]:
    """Return what is the same when the maker of a dataset breaks its contract, and when its reader finds so."""
    dataset = finding.edge[0] if finding.edge is not None and finding.edge[1] == step else ""
    maker = pipeline.makers.get(dataset, dataset) or step
    return ("contract", maker, finding.column, finding.code, "" if finding.column else finding.what)


def contract_seen(trial: Trial, step: str, findings: Iterable[Finding], pipeline: Pipeline) -> Iterator[Seen]:
    """Yield the breaches of contracts that a step met."""
    for finding in findings:
        told = replace(finding, step=finding.step or step, fix=finding.fix or correct(finding.what))
        yield Seen(_contract_key(finding, step, pipeline), told, trial)


def _accepted(trial: Trial, step: str) -> Seen:
    finding = Finding(
        "PPF602",
        f"{step} accepts what its contract says it refuses: {trial.case.says or trial.case.name}",
        step=step,
        column=trial.case.column,
        edge=(trial.dataset, step),
        fix="let the code check it and raise an error that names the column, or take it out of `refuses`",
    )
    return Seen(("accepted", step, trial.dataset, trial.case.column, trial.case.name), finding, trial)


def _unclear(trial: Trial, step: str, failure: Failure) -> Seen:
    finding = Finding(
        "PPF606",
        f"{step} refuses {trial.case.says or trial.case.name}, but does not say why: {said(failure)}",
        step=step,
        column=trial.case.column,
        edge=(trial.dataset, step),
        fix="raise an error that names the column and what is wrong with it",
    )
    return Seen(("unclear", step, trial.dataset, trial.case.column, trial.case.name), finding, trial)


def _silent(trial: Trial, step: str, broken: Finding) -> Finding:
    return Finding(
        "PPF601",
        f"{step} takes bad rows of {trial.dataset} without a word, and writes data that break its own contract",
        step=step,
        column=trial.case.column,
        edge=(trial.dataset, step),
        evidence=_WHOSE.sub("", broken.what),
        fix="let the code check its input and raise an error that names the column",
    )
