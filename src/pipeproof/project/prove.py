"""Testing a pipeline in its project: vary, run, judge, and keep the verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from pipeproof.errors import ConfigError, Finding, Location, UsageError, suggest
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.plan import Plan
from pipeproof.model.trial import Edge, Verdict
from pipeproof.planning.lint import placeholders, promised
from pipeproof.planning.parameters import bind, declared_parameters, stand_in
from pipeproof.ports import Sink
from pipeproof.project.examine import Examined, Target, examine, in_file
from pipeproof.project.execute import run_plan
from pipeproof.project.results import Run
from pipeproof.project.verdicts import NARROWS, keep_verdict
from pipeproof.testing.judge import judge, to_narrow
from pipeproof.testing.variant import plan_trials
from pipeproof.testing.vary import CODE_KINDS, Aim, aim_at, narrower, unknown_refusals, vary

_STATIC = frozenset({"PPF152"})
"""Findings on edges: a test judges them with all else."""
_MOST_NARROWED = 40  # columns of one trial


@dataclass(frozen=True, slots=True)
class Proof:
    """A finished test: its verdict and what was run for it; true when it passed."""

    verdict: Verdict
    run: Run

    def __bool__(self) -> bool:
        return bool(self.verdict)

    def __repr__(self) -> str:
        errors = len(self.verdict.errors)
        return f"<Proof {self.verdict.test} of {self.verdict.pipeline}: {'passed' if self else 'failed'}, {errors} problems>"

    def __str__(self) -> str:
        """The verdict as the command line says it."""
        from pipeproof.report.verdict_text import verdict_lines

        return "\n".join(verdict_lines(self.verdict))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong, or worth knowing."""
        return self.verdict.findings

    @property
    def document(self) -> dict[str, Any]:
        """The test as plain data, as `--json` writes it."""
        from pipeproof.report.test_document import test_document

        return test_document(self.verdict, self.run.record)


@dataclass(frozen=True, slots=True)
class Test:
    """A test that is about to be run.

    Attributes:
        examined: The pipeline.
        plan: All trials in one plan.
        static: What contracts told before anything ran.
        aim: What data are made for.
    """

    __test__ = False  # it is no test of this project's own suite

    examined: Examined
    plan: Plan
    static: tuple[Finding, ...]
    aim: Aim


def test(
    target: Target,
    steps: Sequence[str] = (),
    *,
    parameters: Mapping[str, object] | None = None,
    seed: int = 0,
    jobs: int | None = None,
    sinks: Sequence[Sink] = (),
) -> Proof:
    """Test a pipeline: each step alone on made data, and the whole on made sources.

    Args:
        target: A file, a folder, ``module:attribute``, a name in the project, or a pipeline.
        steps: Steps or groups to try alone; all of them, and the whole, unless given.
        parameters: Values of its parameters; those that are missing get their examples, or made ones.
        seed: Seed of the made data.
        jobs: Steps at once; the number of processors unless given.
        sinks: Called with every wave of events.

    Raises:
        ConfigError: The pipeline is wrong; nothing was run.
        UsageError: A parameter or step name is wrong; nothing was run.
    """
    return carry_out(prepare(target, steps, parameters or {}, seed), jobs=jobs, sinks=sinks)


test.__test__ = False  # type: ignore[attr-defined]  # the same


def prepare(
    target: Target, steps: Sequence[str] = (), parameters: Mapping[str, object] | None = None, seed: int = 0
) -> Test:
    """Return the test of a pipeline, nothing of it run yet.

    Raises:
        ConfigError: The pipeline is wrong.
        UsageError: A parameter or step name is wrong, or a step has no code to try.
    """
    examined = examine(target)
    pipeline, kinds = examined.pipeline, examined.project.kinds
    if errors := [finding for finding in examined.errors if not _is_judged(finding)]:
        raise ConfigError(*errors)
    used = placeholders(pipeline, kinds)
    declared = declared_parameters(pipeline, used)
    missing = {name: stand_in(parameter) for name, parameter in declared.items() if parameter.required}
    values = bind(pipeline, {**missing, **(parameters or {})}, used)
    chosen = _with_code(pipeline, steps)
    aim = aim_at(pipeline, values, seed)
    # The seed is that of the test: with it the record says all that makes it the same again.
    seeded = replace(pipeline, seed=seed)
    plan = plan_trials(seeded, vary(seeded, kinds, aim, chosen), kinds, values)
    static = tuple(
        finding
        for finding in examined.findings
        if finding.code in _STATIC and (not chosen or {*(finding.edge or ()), finding.step} & {*chosen})
    )
    return Test(examined, plan, (*static, *unknown_refusals(pipeline, chosen)), aim)


def carry_out(
    planned: Test,
    *,
    jobs: int | None = None,
    sinks: Sequence[Sink] = (),
) -> Proof:
    """Run a test and judge it."""
    examined = planned.examined
    pipeline, project = examined.pipeline, examined.project
    done = run_plan(planned.plan, project, keep_going=True, jobs=jobs, sinks=sinks)
    verdict = judge(done.record, pipeline, planned.static)
    narrowed = _narrow(planned, verdict, jobs)
    if narrowed is not None:  # as a run it has failed, as it should
        verdict = judge(done.record, pipeline, planned.static, narrowed.record)
    verdict = replace(
        verdict,
        seed=planned.aim.seed,
        findings=tuple(_placed(verdict.findings, examined)),
        edges=tuple(_with_quality(verdict.edges, done, pipeline)),
    )
    keep_verdict(project, verdict)
    return Proof(verdict, done)


def _is_judged(finding: Finding) -> bool:
    """Say whether a finding on the file is no reason not to test: an edge, or what a trial replaces anyway."""
    return finding.code in {*_STATIC, "PPF153"} or (
        finding.code == "PPF143" and finding.path[:1] == ("sources",)
    )


def _with_code(pipeline: Pipeline, steps: Sequence[str]) -> tuple[str, ...]:
    chosen = pipeline.select(steps)
    able = [step.name for step in pipeline.steps if step.kind in CODE_KINDS]
    problems = [
        Finding(
            "PPF124",
            f"{name} is a {pipeline.by_name[name].kind} step, which has no code to try alone",
            fix=suggest(name, able),
        )
        for name in chosen
        if name not in able
    ]
    if problems and len(problems) == len(chosen):
        raise UsageError(*problems)
    return tuple(name for name in chosen if name in able)


def _narrow(planned: Test, verdict: Verdict, jobs: int | None) -> Run | None:
    """Run the trials that tell which column is to blame, if any are needed."""
    failed = to_narrow(verdict.results)
    if not failed or any(finding.code == "PPF607" for finding in verdict.findings):
        return None
    pipeline, kinds = planned.examined.pipeline, planned.examined.project.kinds
    variants = [
        variant
        for trial in failed
        for variant in islice(narrower(trial, pipeline, planned.aim), _MOST_NARROWED)
    ]
    if not variants:
        return None
    plan = plan_trials(pipeline, variants, kinds, planned.plan.parameters)
    note = f"{NARROWS}{verdict.test}"
    plan = replace(plan, pipeline=replace(plan.pipeline, notes=(*plan.pipeline.notes, note)))
    return run_plan(plan, planned.examined.project, keep_going=True, jobs=jobs)


def _placed(findings: Iterable[Finding], examined: Examined) -> Iterator[Finding]:
    """Yield findings with the place of the user's line: in the code, or in the pipeline's file."""
    root = Path(examined.pipeline.root)
    locate: Callable[[Finding], Finding] = in_file(examined.loaded)
    for finding in findings:
        where = finding.where
        if where is not None and where.file and not where.file.startswith("/"):
            yield replace(finding, where=Location(str(root / where.file), where.line, where.column))
        else:
            yield locate(finding)


def _with_quality(edges: Iterable[Edge], done: Run, pipeline: Pipeline) -> Iterator[Edge]:
    from pipeproof.data.quality import assess

    made = {
        dataset: artifact
        for name, step in done.record.steps.items()
        if name.startswith("pipeline.standard/")
        for dataset, artifact in step.outputs.items()
    }
    known: dict[str, float | None] = {}
    for edge in edges:
        artifact = made.get(edge.dataset)
        if artifact is not None and artifact.kind == "table" and edge.dataset not in known:
            import polars as pl

            frame = pl.scan_parquet(done.objects.path(artifact.digest), glob=False)
            quality = assess(frame, promised(edge.dataset, pipeline))
            known[edge.dataset] = quality.score if quality else None
        yield replace(edge, quality=known.get(edge.dataset))
