"""One attempt at one task, on the host where its data are: check, prepare, launch, collect, check."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from pipeproof.data.check import enforce
from pipeproof.errors import Finding, PipeproofError
from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import frozen
from pipeproof.model.record import Failure, Measures, Outcome
from pipeproof.ports import Job, Objects, StepKind
from pipeproof.running import failures
from pipeproof.running.describe import describe
from pipeproof.running.here import Interrupted
from pipeproof.running.launch import Ended, Launcher
from pipeproof.running.redact import redactor


def worker_on(
    kinds: Mapping[str, StepKind], objects: Objects, launcher: Launcher
) -> Callable[[Job], Outcome]:
    """Return the function that works on jobs with these kinds, this store and this launcher."""
    # No function of its own around it: few frames of ours stand above the user's.
    return partial(work, kinds=kinds, objects=objects, launcher=launcher)


def work(job: Job, *, kinds: Mapping[str, StepKind], objects: Objects, launcher: Launcher) -> Outcome:
    """Work on one job; whatever happens comes back as an outcome, without the job's secrets."""
    kind = kinds[job.step.kind]
    started = time.perf_counter()
    ended, findings = Ended(), list[Finding]()
    outputs: Mapping[str, Artifact] = frozen()
    try:
        job, findings = _check_inputs(job, objects)
        ended = launcher.launch(kind.prepare(job, objects), job, job.task.isolation)
        failure = ended.failure
        findings += (replace(finding, step=job.step.name) for finding in ended.findings)
        if failure is None:
            made = kind.collect(job, ended.result, objects)
            outputs, found = _check_outputs(job, _by_dataset(job, made), objects)
            findings += found
    except PipeproofError as error:
        failure = failures.from_problem(error)
        findings += error.findings
    except Interrupted:  # the program had just ended when it was to be stopped
        failure = failures.INTERRUPTED
    except Exception as error:  # noqa: BLE001 a fault of ours must not take the run down either
        failure = from_fault(error)
    finally:
        if os.path.isdir(job.scratch_folder):  # noqa: PTH112 hot path
            shutil.rmtree(job.scratch_folder, ignore_errors=True)
    outcome = Outcome(
        job.step.name,
        job.attempt,
        outputs=outputs if failure is None else frozen(),
        metrics=ended.result.metrics,
        params=ended.result.params,
        # What a person waits for is the whole attempt, with laying out, taking in and checking of data.
        measures=Measures(time.perf_counter() - started, ended.measures.cpu_seconds, ended.measures.memory),
        findings=tuple(findings),
        failure=failure,
        log=job.log_file.rpartition("/")[2] if ended.printed else "",
        notes=ended.notes,
    )
    return redactor(job.secrets).redact(outcome)


def _by_dataset(job: Job, made: Mapping[str, Artifact]) -> dict[str, Artifact]:
    return {job.step.outputs[local]: artifact for local, artifact in made.items()}


def _check_inputs(job: Job, objects: Objects) -> tuple[Job, list[Finding]]:
    """Return the job, reading only the good rows where an edge says ``quarantine``, and the findings."""
    findings: list[Finding] = []
    inputs = dict(job.inputs)
    for check in job.task.checks:
        artifact = inputs.get(check.dataset)
        if check.side == "input" and artifact is not None:
            kept, found = enforce(artifact, check, job.step.name, objects)
            inputs[check.dataset] = kept.get(check.dataset, artifact)
            findings += found
    return (replace(job, inputs=frozen(inputs)) if findings else job), findings


def _check_outputs(
    job: Job,
    made: dict[str, Artifact],
    objects: Objects,
) -> tuple[Mapping[str, Artifact], list[Finding]]:
    findings: list[Finding] = []
    for check in job.task.checks:
        artifact = made.get(check.dataset)
        if check.side == "output" and artifact is not None:
            kept, found = enforce(artifact, check, job.step.name, objects)
            made |= kept
            findings += found
    return frozen(made), findings


def from_fault(error: BaseException) -> Failure:
    """Return the failure for an exception of our own code, which should not have been."""
    described = describe(error)
    return Failure(
        "internal",
        "PPF299",
        described["type"],
        described["message"],
        permanent=True,
        traceback=described["traceback"],
        fix="this is a fault of Pipeproof's: please report it with the log",
    )
