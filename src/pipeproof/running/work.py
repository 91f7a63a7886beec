"""One attempt at one task, on the host where its data are: check, prepare, launch, collect, check."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

from pipeproof.data.checking.edges import Held, enforce
from pipeproof.data.checking.shares import with_share
from pipeproof.data.privacy.masking import private_of
from pipeproof.errors import ContractError, Finding, PipeproofError
from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import frozen
from pipeproof.model.outcome import Checked, Failure, Measures, Outcome
from pipeproof.model.plan import Check
from pipeproof.model.step import REJECTED, Step
from pipeproof.ports import Counterpart, Job, Objects, StepKind
from pipeproof.running import failures
from pipeproof.running.describe import describe
from pipeproof.running.here import Interrupted
from pipeproof.running.launch import Ended, Launcher
from pipeproof.running.publishing import published_by
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
    ended, checks = Ended(), Checks()
    failure: Failure | None = failures.INTERRUPTED
    outputs: Mapping[str, Artifact] = frozen()
    counterpart: Counterpart | None = None
    try:
        for artifact in job.inputs.values():
            objects.refuse_damaged(artifact)
        job = _check_inputs(job, objects, checks)
        program = kind.prepare(job, objects)
        counterpart = program.counterpart
        ended = launcher.launch(program, job, job.task.isolation)
        failure = failures.told_of_full_disk(ended.failure, job.scratch.parent.parent)
        checks.findings += (replace(finding, step=job.step.name) for finding in ended.findings)
        if failure is None:
            made = kind.collect(job, ended.result, objects)
            datasets = {**ended.result.stored, **_by_dataset(job, made, objects)}
            outputs = _check_outputs(job, datasets, objects, checks)
    except PipeproofError as error:
        failure = failures.from_problem(error)
        checks.findings += error.findings
    except Interrupted:  # the program had just ended when it was to be stopped
        failure = failures.INTERRUPTED
    except OSError as error:
        full = failures.from_full_disk(error, job.scratch.parent.parent)
        failure = full or from_fault(error)
    except Exception as error:  # noqa: BLE001 a fault of ours must not take the run down either
        failure = from_fault(error)
    finally:
        seen = ended.seen if counterpart is None else counterpart.close(failure, ended.seen)
        if os.path.isdir(job.scratch_folder):  # noqa: PTH112 hot path
            shutil.rmtree(job.scratch_folder, ignore_errors=True)
    outcome = Outcome(
        job.task.name,
        job.attempt,
        outputs=outputs if failure is None else frozen(),
        metrics=ended.result.metrics,
        params=ended.result.params,
        # What a person waits for is the whole attempt, with laying out, taking in and checking of data; but the
        # libraries of all steps are imported at the same moment, and whoever comes first did not cause that.
        measures=Measures(
            time.perf_counter() - started - ended.waited, ended.measures.cpu_seconds, ended.measures.memory
        ),
        findings=tuple(checks.findings),
        failure=failure,
        log=job.log_file.rpartition("/")[2] if ended.printed else "",
        notes=(*ended.notes, *_kept_elsewhere(outputs, objects)),
        checked=tuple(checks.done),
        asked=ended.asked,
        seen=seen,
        artifacts=ended.result.artifacts,
        published=published_by(job) if kind.redirects and job.outbox else (),
    )
    return redactor(job.secrets, personal=job.reads_personal).redact(outcome)


def _kept_elsewhere(outputs: Mapping[str, Artifact], objects: Objects) -> tuple[str, ...]:
    """Return what is to be said of where outputs are kept: that the place which was named could not be reached."""
    return () if all(made.is_inline for made in outputs.values()) else objects.notes


def _by_dataset(job: Job, made: Mapping[str, Artifact], objects: Objects) -> dict[str, Artifact]:
    """Return what was made by dataset, with the columns that hold personal data; made data hold none."""
    if job.sealed and not job.real:
        return {job.step.outputs.get(local, local): artifact for local, artifact in made.items()}
    given = tuple(job.may_be_private)
    schemas = {check.dataset: check.schema for check in job.task.checks if check.side == "output"}
    entry = job.step.kind == "source"  # what comes in is looked at once; further on, names tell
    return {
        # Parts of a table are no outputs that the plan knows: their names are their own.
        job.step.outputs.get(local, local): private_of(
            artifact,
            schemas.get(job.step.outputs.get(local, local)),
            given,
            objects.path(artifact.digest) if entry else None,
        )
        for local, artifact in made.items()
    }


@dataclass(slots=True)
class Checks:
    """What the checks of an attempt came to so far, kept when one of them ends it.

    Attributes:
        findings: What they found, and what else there is to say of the attempt.
        done: What was asked.
        aside: Rows of inputs that were set aside: dataset → table.
    """

    findings: list[Finding] = field(default_factory=list)
    done: list[Checked] = field(default_factory=list)
    aside: dict[str, Artifact] = field(default_factory=dict)


def _check_inputs(job: Job, objects: Objects, checks: Checks) -> Job:
    """Return the job, reading only the good rows where an edge says ``quarantine``.

    Raises:
        ContractError: With all that is wrong with all inputs.
    """
    inputs = dict(job.inputs)
    for check, held in _hold_all(job, "input", inputs, objects, checks):
        if held.good is not None:
            inputs[check.dataset] = held.good
        if held.rejected is not None:
            checks.aside[_name_aside(job.step, check, checks.aside)] = held.rejected
    return job if inputs == job.inputs else replace(job, inputs=frozen(inputs))


def _check_outputs(
    job: Job, made: Mapping[str, Artifact], objects: Objects, checks: Checks
) -> Mapping[str, Artifact]:
    """Return what the attempt made, good rows and rejected ones apart where an edge says ``quarantine``.

    Raises:
        ContractError: With all that is wrong with all outputs.
    """
    outputs = dict(made)
    for check, held in _hold_all(job, "output", outputs, objects, checks):
        if held.good is not None:
            outputs[check.dataset] = held.good
        if held.rejected is not None:
            outputs[check.dataset + REJECTED] = held.rejected
    return frozen({**outputs, **checks.aside})


def _hold_all(
    job: Job,
    side: Literal["input", "output"],
    given: Mapping[str, Artifact],
    objects: Objects,
    checks: Checks,
) -> Iterator[tuple[Check, Held]]:
    """Hold the datasets of one side against their schemas, and raise when all were looked at."""
    found: list[Finding] = []
    halting = False
    for check in job.task.checks:
        artifact = given.get(check.dataset)
        if check.side != side or artifact is None:
            continue
        held = enforce(artifact, check, job.step.name, objects, job.scratch / "checks")
        held = with_share(held, artifact, check, job)
        found += held.findings
        halting |= check.halts and any(finding.severity == "error" for finding in held.findings)
        if held.checked is not None:
            checks.done.append(held.checked)
        yield check, held
    if halting:
        raise ContractError(*sorted(found, key=lambda finding: finding.severity != "error"))
    checks.findings += found


def _name_aside(step: Step, check: Check, taken: Collection[str]) -> str:
    """Return the name for the rows of an input that were set aside; other consumers have their own."""
    name = f"{step.name}.{check.dataset}{REJECTED}"
    if name in taken or name in step.made:
        return f"{step.name}.input.{check.port}{REJECTED}"
    return name


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
