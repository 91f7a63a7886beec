"""Show a past run, or one step of it with all that it logged and made."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeproof.cli.frame import PASSED
from pipeproof.cli.options import add_run
from pipeproof.cli.say import say_json, say_lines, style_for
from pipeproof.errors import Finding, UsageError, suggest

if TYPE_CHECKING:
    from pipeproof.model.artifact import Artifact
    from pipeproof.model.record import RunRecord
    from pipeproof.project import Project
    from pipeproof.report.style import Style
    from pipeproof.running.summary import StepSummary, Summary


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_run(parser, optional=True)
    parser.add_argument("step", metavar="STEP", nargs="?", help="one step, with all that it logged and made")


def run(options: argparse.Namespace) -> int:
    """Show a run of the project around the current folder."""
    from pipeproof.project import Project
    from pipeproof.report.document import run_document, step_document
    from pipeproof.running.summary import summarise

    project = Project.at(Path.cwd())
    record = project.record(options.run)
    if record.trials and not options.step:
        return _show_test(project, record, options.format)
    summary = summarise(record)
    style = style_for(sys.stdout)
    step = step_of(summary, options.step) if options.step else None
    if step is not None and record.trials:  # datasets of other trials have the same names
        step = _in_its_trial(step, record)
    if options.format == "json":
        say_json(run_document(summary) if step is None else step_document(step))
    else:
        say_lines(_run_lines(summary, style) if step is None else _step_lines(step, summary, style))
    return PASSED


def _run_lines(summary: Summary, style: Style) -> Iterator[str]:
    from pipeproof.report.made_with import made_with
    from pipeproof.report.text import run_lines

    yield from run_lines(summary, style)
    if summary.about.get("packages"):  # older runs have no more to say than `runs` does
        yield style("dim", f"made with {made_with(summary.about)}")


def _in_its_trial(step: StepSummary, record: RunRecord) -> StepSummary:
    """Return a step of a trial, with the rows of this trial alone."""
    from pipeproof.model.record import by_trial
    from pipeproof.running.summary import summarise

    for name, part in by_trial(record, record.trials).items():
        short = step.name.removeprefix(f"{name}/")
        if short in part.steps:
            return replace(step_of(summarise(part), short), name=step.name)
    return step


def _show_test(project: Project, record: RunRecord, form: str) -> int:
    """Show the verdict on a test rather than its hundred tasks."""
    from pipeproof.project.verdicts import verdict_of
    from pipeproof.report.test_document import test_document
    from pipeproof.report.verdict_text import verdict_lines

    verdict = verdict_of(project, record)
    if form == "json":
        say_json(test_document(verdict, record))
    else:
        say_lines(verdict_lines(verdict, style_for(sys.stdout)))
    return PASSED


def step_of(summary: Summary, name: str) -> StepSummary:
    """Return a step of a run.

    Raises:
        UsageError: It has no such step.
    """
    names = [step.name for step in summary.steps]
    if name not in names:
        what = f"the run {summary.run} has no step {name!r}"
        raise UsageError(Finding("PPF124", what, fix=suggest(name, names)))
    return summary.steps[names.index(name)]


def _step_lines(step: StepSummary, summary: Summary, style: Style) -> Iterator[str]:
    from pipeproof.report.findings import finding_lines
    from pipeproof.report.quantities import number
    from pipeproof.report.text import failure_lines, step_line, widths

    yield step_line(step, widths(summary), style)
    if step.why:
        yield f"  why     {step.why}"
    yield from _named("reads", dict.fromkeys(step.reads, ""))
    yield from _named("asked", dict.fromkeys(step.asked, ""))
    yield from _named("makes", {name: _artifact(artifact) for name, artifact in step.outputs.items()})
    yield from _checked(step)
    yield from _named("metric", {name: number(value) for name, value in step.metrics.items()})
    yield from _named("param", {name: str(value) for name, value in step.params.items()})
    yield from _named("kept", {name: _artifact(artifact) for name, artifact in step.artifacts.items()})
    yield from (f"  log     {log}" for log in step.logs)
    for finding in step.findings:
        yield from finding_lines(finding, style=style)
    if step.status == "failed":
        yield from failure_lines(step, summary.run, style)


def _checked(step: StepSummary) -> Iterator[str]:
    from pipeproof.report.quantities import count

    told = {
        (one.dataset, one.side): ", ".join(
            [one.side, count(one.rules, "rule")] + ([] if one.rows is None else [count(one.rows, "row")])
        )
        for one in step.checked
    }
    if not told and step.status in {"passed", "failed"}:
        yield "  checks  nothing: no contract stands on what it reads or makes"
    for (dataset, _), said in told.items():
        yield from _named("checks", {dataset: said})


def _named(label: str, items: dict[str, str]) -> Iterator[str]:
    from pipeproof.report.cells import clean, pad, width

    widest = max((width(clean(name)) for name in items), default=0)
    for name, text in items.items():
        yield f"  {label:<6}  {pad(clean(name), widest)}  {clean(text)}".rstrip()


def _artifact(artifact: Artifact) -> str:
    from pipeproof.contracts.personal_texts import mask_text
    from pipeproof.report.quantities import count, size

    about = [mask_text(f"{key}: {value}")[:120] for key, value in artifact.metadata.items()]
    if artifact.is_inline:
        return "  ".join([mask_text(f"{artifact.value!r}")[:120], *about])
    parts = [artifact.kind, size(artifact.size)]
    if artifact.rows is not None:
        parts.append(count(artifact.rows, "row"))
        parts.append(", ".join(f"{name} {kind}" for name, kind in artifact.columns))
    return "  ".join([*parts, *about])
