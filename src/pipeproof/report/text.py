"""A run as lines of text, for a terminal or a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pipeproof.errors import Finding
from pipeproof.loading.places import shorten
from pipeproof.running.summary import StepSummary, Summary

MARKS = {
    "passed": "✓",
    "reused": "✓",
    "failed": "✗",
    "blocked": "-",
    "interrupted": "!",
    "running": "▸",
    "waiting": "·",
}
_MOST_METRICS = 3


def run_lines(summary: Summary) -> Iterator[str]:
    """Yield a finished run as lines."""
    yield heading(summary)
    shown = [step for step in summary.steps if step.status != "blocked"]
    widths = column_widths(summary)
    for step in shown:
        yield step_line(step, widths)
    yield from after_lines(summary)


def heading(summary: Summary) -> str:
    """Return the first line of a run."""
    reused = len(summary.having("reused"))
    parts = [summary.pipeline, f"{len(summary.steps)} steps", f"run {summary.run}"]
    return " · ".join(parts + ([f"{reused} reused"] if reused else []))


def after_lines(summary: Summary) -> Iterator[str]:
    """Yield what follows the steps: notes, failures, what was blocked, the verdict."""
    for note in summary.notes:
        yield f"note: {note}"
    for step in summary.steps:
        for finding in step.findings if step.status == "passed" else ():
            yield from finding_lines(finding)
        yield from (f"note: {step.name} {note}" for note in step.notes)
    for step in summary.having("failed"):
        yield ""
        yield from failure_lines(step, summary)
    if blocked := [step.name for step in summary.having("blocked")]:
        yield f"blocked: {', '.join(blocked)}"
    yield verdict(summary)


def verdict(summary: Summary) -> str:
    """Return the last line of a run."""
    return f"{summary.status} in {seconds(summary.seconds)} · pipeproof show {summary.run}"


def column_widths(summary: Summary) -> tuple[int, int]:
    """Return the widths of the name and kind columns."""
    names = max((len(step.name) for step in summary.steps), default=0)
    kinds = max((len(step.kind) for step in summary.steps), default=0)
    return min(names, 32), kinds


def step_line(step: StepSummary, widths: tuple[int, int]) -> str:
    """Return the line of one step."""
    name, kind = widths
    took = (
        "reused"
        if step.status == "reused"
        else seconds(step.seconds)
        if step.seconds is not None
        else step.status
    )
    memory = size(step.memory) if step.memory else ""
    said = "   ".join(part for part in (_rows(step), _made(step), _metrics(step), _tries(step)) if part)
    line = f"  {MARKS[step.status]} {step.name:<{name}}  {step.kind:<{kind}}  {took:>7}  {memory:>7}  {said}"
    return line.rstrip()


def _rows(step: StepSummary) -> str:
    if step.rows_out is None:
        return ""
    if step.rows_in is not None and step.rows_in != step.rows_out:
        return f"{step.rows_in:,} → {step.rows_out:,} rows"
    columns = f", {step.columns_out} columns" if step.columns_out and step.rows_in is not None else ""
    return f"{step.rows_out:,} rows{columns}"


def _made(step: StepSummary) -> str:
    return f"{', '.join(step.files[:2])} {size(step.size)}" if step.files and step.size is not None else ""


def _metrics(step: StepSummary) -> str:
    shown = list(step.metrics.items())[:_MOST_METRICS]
    more = f"  +{len(step.metrics) - _MOST_METRICS}" if len(step.metrics) > _MOST_METRICS else ""
    return "  ".join(f"{name} {number(value)}" for name, value in shown) + more


def _tries(step: StepSummary) -> str:
    return f"{step.attempts} tries" if step.attempts > 1 else ""


def failure_lines(step: StepSummary, summary: Summary) -> Iterator[str]:
    """Yield a failure: the user's line first, then the error, the cause, what to do, the next command."""
    failure = step.failure
    assert failure is not None  # noqa: S101 a failed step has one
    tries = f"{step.attempts} {'try' if step.attempts == 1 else 'tries'}"
    again = "; this kind of error is not tried again" if failure.permanent and step.attempts == 1 else ""
    yield f"✗ {step.name} failed after {seconds(step.seconds or 0)} ({tries}{again})  {failure.code}"
    if failure.frames:
        last = failure.frames[-1]
        yield f"  {shorten_text(last.file)}:{last.line}  {last.text}".rstrip()
    shown = failure.message.splitlines() or [""]
    yield f"  {failure.type}: {shown[0]}" if failure.type else f"  {shown[0]}"
    yield from (f"    {line}" for line in shown[1:6])
    if step.cause:
        yield f"  cause  {step.cause.what}  {step.cause.code}"
    errors = [finding for finding in step.findings if finding.severity == "error"]
    for finding in errors[:5]:
        if finding.evidence:
            yield f"  shows  {finding.evidence}"
    fix = (step.cause.fix if step.cause else "") or failure.fix
    if fix:
        yield f"  fix    {fix}"
    if step.log:
        yield f"  log    pipeproof logs {summary.run} {step.name}"
    yield f"  help   pipeproof help {failure.code}"


def finding_lines(finding: Finding) -> Iterable[str]:
    """Return a finding as lines."""
    place = f"{finding.where}  " if finding.where else ""
    fix = f"; {finding.fix}" if finding.fix else ""
    yield f"{place}{finding.code} {finding.severity}: {finding.what}{fix}"
    if finding.evidence:
        yield f"    {finding.evidence}"


def shorten_text(path: str) -> str:
    """Return a path relative to the current folder when it lies below it."""
    from pathlib import Path

    return shorten(Path(path)) if path.startswith("/") else path


def seconds(value: float) -> str:
    """Return a duration as a person reads it."""
    if value < 60:  # noqa: PLR2004 a minute
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def size(value: int) -> str:
    """Return a size in bytes as a person reads it."""
    amount = float(value)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":  # noqa: PLR2004 decimal units
            return f"{amount:.0f} {unit}" if unit != "GB" else f"{amount:.1f} {unit}"
        amount /= 1000
    raise AssertionError


def number(value: float) -> str:
    """Return a metric as a person reads it: three significant digits, thousands separated."""
    if value == int(value) and abs(value) < 1e15:  # noqa: PLR2004 beyond, floats have no units place
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"  # noqa: PLR2004
