"""What a step that was tried alone showed."""

from __future__ import annotations

import re
from dataclasses import replace

from pipeproof.errors import Finding
from pipeproof.model.outcome import Failure
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.record import RunRecord, StepRecord
from pipeproof.model.step import Step
from pipeproof.model.trial import Case, Trial, TrialResult, TrialStatus
from pipeproof.testing.seen import Seen
from pipeproof.testing.showing import (
    UNMADE,
    checks_of,
    contract_seen,
    failed_on,
    failure_key,
    said,
    variables_seen,
)

_REFUSALS = frozenset({"exception", "exit", "contract"})
_WORLD = frozenset({"PPF243", "PPF244"})  # to touch the world is no way to refuse
ECHO = "says nothing: the step fails on ordinary data too"
"""Why a step is not judged on bad data."""
_BROKEN = frozenset({"contract", "output"})
_WHOSE = re.compile(r"^(?:.*?, written by \S+|output '.*?' of \S+): ")
_ABOUT_ROWS = r"\b(?:rows?|empty|duplicates?|duplicated|columns?|no data|keys?)\b"


def judge_alone(trial: Trial, part: RunRecord, pipeline: Pipeline) -> tuple[TrialResult, list[Seen]]:
    """Return what came of a trial of one step, and what it showed."""
    step = pipeline.by_name[trial.step]
    tried = part.steps.get(trial.step)
    unmade = next(
        (made for made in part.steps.values() if made.status == "failed" and made is not tried), None
    )
    if unmade is not None and unmade.failure is not None:
        return TrialResult(trial, "skipped", f"{UNMADE} for {unmade.name}: {unmade.failure.message}"), []
    if tried is None or tried.status not in {"passed", "failed"}:
        return TrialResult(trial, "skipped", (tried.why if tried else "") or "the test was stopped"), []
    status, why, seen = _decide(trial, tried, step, pipeline)
    asked = variables_seen(trial, tried, step)
    if any(item.finding.severity == "error" for item in asked):
        seen = []  # it failed for want of a variable, which says more than the error does
    seen += asked
    if status == "passed" and any(item.finding.severity == "error" for item in seen):
        status, why = "failed", seen[0].finding.what
    return TrialResult(trial, status, why, tried.measures.seconds, checks_of(tried)), seen


def _decide(
    trial: Trial, tried: StepRecord, step: Step, pipeline: Pipeline
) -> tuple[TrialStatus, str, list[Seen]]:
    failure = tried.failure
    if failure is None:
        seen = list(contract_seen(trial, tried.name, tried.findings, pipeline))
        if trial.expect == "refuse":
            return "failed", "the contract says that it refuses this", [_accepted(trial, pipeline)]
        if trial.expect == "note":
            asked = sum(checked.rules for checked in tried.checked if checked.side == "output")
            kept = (
                "the output keeps its contract" if asked else "no contract says what the output must be like"
            )
            return "noted", f"let through; {kept}", []
        return "passed", "", seen
    if trial.case.scenario == "malformed" and any(f.what.startswith("input ") for f in tried.findings):
        return "skipped", tried.findings[0].what, []  # it could not even be laid out: the code never ran
    if failure.kind in _BROKEN and tried.findings:
        return _broken_output(trial, tried, step, pipeline)
    if trial.case.scenario == "malformed" and failure.kind in _REFUSALS and failure.code not in _WORLD:
        if trial.expect == "refuse" and not is_clear(failure, trial.case):
            return "failed", "refused, but not clearly", [_unclear(trial, failure, pipeline)]
        return "refused", said(failure), []
    seen = [Seen(failure_key(tried.name, failure), failed_on(trial, step, failure, pipeline), trial)]
    return "failed", said(failure), seen


def _broken_output(
    trial: Trial, tried: StepRecord, step: Step, pipeline: Pipeline
) -> tuple[TrialStatus, str, list[Seen]]:
    errors = [finding for finding in tried.findings if finding.severity == "error"]
    if trial.case.scenario != "malformed":
        return "failed", errors[0].what, list(contract_seen(trial, tried.name, errors, pipeline))
    finding = _silent(trial, errors[0], pipeline)
    if trial.expect != "refuse" and _is_guarded(trial, step):
        # In a run the contract of the input stops such rows before the code sees them.
        fix = (
            "a run stops such rows first (enforce: fail); check them in the code if it is used elsewhere too"
        )
        return "noted", finding.what, [_seen_silent(trial, replace(finding, severity="note", fix=fix))]
    return "failed", finding.what, [_seen_silent(trial, finding)]


def _seen_silent(trial: Trial, finding: Finding) -> Seen:
    about = f"{trial.case.says or trial.case.name} → {finding.evidence}"
    same = ("silent", trial.step, trial.dataset, finding.severity)
    return Seen(same, replace(finding, evidence=""), trial, about)


def _is_guarded(trial: Trial, step: Step) -> bool:
    locals_ = [local for local, dataset in step.inputs.items() if dataset == trial.dataset]
    ports = [step.contract.inputs[local] for local in locals_ if local in step.contract.inputs]
    return all((port.enforce or step.contract.enforce) == "fail" for port in ports)


def is_clear(failure: Failure, case: Case) -> bool:
    """Say whether a refusal tells a person what is wrong: it names the column, or what is the matter with the rows."""
    text = f"{failure.type} {failure.message}".lower()
    said_so = re.search(
        rf"(?<!\w){re.escape(case.column.lower())}(?!\w)" if case.column else _ABOUT_ROWS, text
    )
    return failure.kind in {"exception", "exit", "contract"} and said_so is not None


def _accepted(trial: Trial, pipeline: Pipeline) -> Seen:
    what = f"{trial.step} accepts what its contract says it refuses: {trial.case.says or trial.case.name}"
    fix = "let the code check it and raise an error that names the column, or take it out of `refuses`"
    return _seen_case(trial, _on_case(trial, "PPF602", what, fix, pipeline))


def _unclear(trial: Trial, failure: Failure, pipeline: Pipeline) -> Seen:
    case = trial.case.says or trial.case.name
    what = f"{trial.step} refuses {case}, but does not say why: {said(failure)}"
    fix = "raise an error that names the column and what is wrong with it"
    return _seen_case(trial, _on_case(trial, "PPF606", what, fix, pipeline))


def _silent(trial: Trial, broken: Finding, pipeline: Pipeline) -> Finding:
    what = (
        f"{trial.step} takes bad rows of {trial.dataset} without a word, "
        "and writes data that break its own contract"
    )
    fix = "let the code check its input and raise an error that names the column"
    finding = _on_case(trial, "PPF601", what, fix, pipeline)
    return replace(finding, evidence=_WHOSE.sub("", broken.what))


def _on_case(trial: Trial, code: str, what: str, fix: str, pipeline: Pipeline) -> Finding:
    """Return a finding on what a step does with the bad data of a trial."""
    return Finding(
        code,
        what,
        step=trial.step,
        column=trial.case.column,
        edge=(pipeline.makers.get(trial.dataset, trial.dataset), trial.step),
        dataset=trial.dataset,
        fix=fix,
    )


def _seen_case(trial: Trial, finding: Finding) -> Seen:
    return Seen((finding.code, trial.step, trial.dataset, trial.case.column, trial.case.name), finding, trial)
