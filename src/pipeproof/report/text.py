"""A run as lines of text, for a terminal or a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeproof.errors import Finding
from pipeproof.loading.places import shorten
from pipeproof.model.outcome import Failure
from pipeproof.planning.hooks import HOOK
from pipeproof.report.cells import clean, cut, pad, width
from pipeproof.report.findings import finding_lines
from pipeproof.report.quantities import count, number, seconds, size
from pipeproof.report.reasons import reason_lines
from pipeproof.report.style import PLAIN, Style, Tone
from pipeproof.running.summary import SOURCE, StepSummary, Summary

MARKS: Mapping[str, tuple[str, Tone]] = {
    "passed": ("✓", "good"),
    "reused": ("✓", "good"),
    "failed": ("✗", "bad"),
    "excused": ("!", "warn"),
    "blocked": ("-", "dim"),
    "skipped": ("-", "dim"),
    "interrupted": ("!", "warn"),
    "running": ("▸", "warn"),
    "waiting": ("·", "dim"),
}
_WIDEST_NAME = 32
_MOST_METRICS = 3
_MOST_FINDINGS = 5
_MOST_FRAMES = 3
_MOST_LINES = 6  # of an error message; the log has all of it
_CAUSE_WIDTH = 86


@dataclass(frozen=True, slots=True)
class Widths:
    """The cells of the columns of a run: step name, kind, rows read and made."""

    name: int
    kind: int
    rows: int = 17  # six digits on both sides, for a run whose numbers are not known yet


def run_lines(summary: Summary, style: Style = PLAIN) -> Iterator[str]:
    """Yield a run as lines."""
    yield heading(summary, style)
    columns = widths(summary)
    for step in summary.steps:
        if step.status != "blocked" and not is_quiet(step):
            yield step_line(step, columns, style)
    yield from after_lines(summary, style)


def heading(summary: Summary, style: Style = PLAIN) -> str:
    """Return the first line of a run."""
    return heading_of(summary.pipeline, sum(step.counts for step in summary.steps), summary.run, style)


def heading_of(pipeline: str, steps: int, run: str, style: Style = PLAIN) -> str:
    """Return the first line of a run from its parts; what is reused is known at its end."""
    return " · ".join([style("bold", clean(pipeline)), count(steps, "step"), f"run {run}"])


def is_quiet(step: StepSummary) -> bool:
    """Say whether a step is a hook without news: all of these share a line."""
    return step.kind == HOOK and step.status in {"passed", "skipped"}


def after_lines(summary: Summary, style: Style = PLAIN) -> Iterator[str]:
    """Yield what follows the steps: hooks, notes, failures, what was blocked, the verdict."""
    yield from _hook_line(summary, style)
    yield from reason_lines(summary, style)
    yield from (f"note: {clean(note)}" for note in summary.notes)
    for step in summary.steps:
        yield from (f"note: {step.name}: {clean(note)}" for note in step.notes)
        for finding in step.findings if step.status == "passed" else ():
            yield from finding_lines(finding, style=style)
    yield from problem_lines(summary, style)
    yield verdict(summary, style)


def _hook_line(summary: Summary, style: Style) -> Iterator[str]:
    called = [step for step in summary.steps if is_quiet(step) and step.status == "passed"]
    if called:
        took = sum(step.seconds or 0 for step in called)
        yield style("dim", f"{count(len(called), 'hook')} called, {seconds(took)}")


def problem_lines(summary: Summary, style: Style = PLAIN) -> Iterator[str]:
    """Yield every failure and what it blocked."""
    for step in summary.having("failed"):
        yield from failure_lines(step, summary.run, style)
    if stopped := [step.name for step in summary.having("interrupted")]:
        yield f"interrupted: {', '.join(stopped)}"
    yield from _blocked_lines([step for step in summary.having("blocked") if step.kind != HOOK])


def _blocked_lines(blocked: Sequence[StepSummary]) -> Iterator[str]:
    """Yield what waits for a failure, and what has nothing to do with one but was not begun any more."""
    halted = {
        step.name: step.why
        for step in blocked
        if step.why.endswith(" failed") and not step.why.startswith("waits for ")
    }
    if waiting := [step.name for step in blocked if step.name not in halted]:
        yield f"blocked: {', '.join(waiting)}"
    for why in dict.fromkeys(halted.values()):
        names = ", ".join(name for name, its in halted.items() if its == why)
        yield clean(f"not started: {names} ({why}; --keep-going runs what does not wait for it)")


def verdict(summary: Summary, style: Style = PLAIN) -> str:
    """Return the last line of a run."""
    tone: Tone = {"passed": "good", "failed": "bad"}.get(summary.status, "warn")  # type: ignore[assignment]  # literals
    status = style(tone, summary.status)
    if summary.status in {"passed", "failed"} or summary.seconds:
        status += f" in {seconds(summary.seconds)}"
    steps = [step for step in summary.steps if step.counts]
    reused = sum(step.status == "reused" for step in steps)
    status += f" · {reused:,} of {len(steps):,} reused" if reused else ""
    again = f" · go on: pipeproof resume {summary.run}" if _may_go_on(summary) else ""
    return f"{status} · pipeproof show {summary.run}{again}"


def _may_go_on(summary: Summary) -> bool:
    """Say whether a run can go on and has something to go on from."""
    ended = summary.status in {"failed", "interrupted"} and summary.run.startswith("r-")
    return ended and any(
        step.status in {"passed", "reused"} and step.kind != SOURCE for step in summary.steps
    )


def widths(summary: Summary) -> Widths:
    """Return the widths that the columns of a finished run need."""
    base = widths_of((step.name for step in summary.steps), (step.kind for step in summary.steps))
    return Widths(base.name, base.kind, max((len(_rows_told(step)) for step in summary.steps), default=0))


def widths_of(names: Iterable[str], kinds: Iterable[str]) -> Widths:
    """Return the widths that can be known before a run: those of names and kinds."""
    name = max((width(clean(name)) for name in names), default=0)
    return Widths(min(name, _WIDEST_NAME), max(map(width, kinds), default=0))


def step_line(step: StepSummary, columns: Widths, style: Style = PLAIN) -> str:
    """Return the line of one step."""
    mark, tone = MARKS["excused" if step.excuse else step.status]
    name = pad(cut(clean(step.name), columns.name), columns.name)
    said = "   ".join(
        part
        for part in (_rows(step, columns), _made(step), _metrics(step), _tries(step), _left(step))
        if part
    )
    front = f"{name}  {pad(step.kind, columns.kind)}  {_took(step):>7}  {_memory(step):>7}"
    return f"  {style(tone, mark)} {front}  {said}".rstrip()


def _took(step: StepSummary) -> str:
    if step.status in {"passed", "failed"} and step.seconds is not None:
        return seconds(step.seconds)
    return step.status


def _memory(step: StepSummary) -> str:
    if step.memory is not None:
        return size(step.memory)
    return "—" if step.seconds is not None else ""


def _rows_told(step: StepSummary) -> str:
    if step.rows_out is None:
        return ""
    changed = step.rows_in not in {None, step.rows_out} and step.tables_in == 1
    return f"{step.rows_in:,} → {step.rows_out:,}" if changed else f"{step.rows_out:,}"


def _rows(step: StepSummary, columns: Widths) -> str:
    told = _rows_told(step)
    if not told:
        return ""
    text = f"{told:>{columns.rows}} {'row' if step.rows_out == 1 else 'rows'}"
    same = step.rows_in == step.rows_out and step.columns_out
    return f"{text}, {count(step.columns_out or 0, 'column')}" if same else text


def _made(step: StepSummary) -> str:
    if not step.files or step.size is None:
        return ""
    more = f" +{len(step.files) - 2}" if len(step.files) > 2 else ""  # noqa: PLR2004 two are shown
    return f"{', '.join(map(clean, step.files[:2]))}{more} {size(step.size)}"


def _metrics(step: StepSummary) -> str:
    shown = list(step.metrics.items())[:_MOST_METRICS]
    more = f"  +{len(step.metrics) - _MOST_METRICS}" if len(step.metrics) > _MOST_METRICS else ""
    return "  ".join(f"{clean(name)} {number(value)}" for name, value in shown) + more


def _tries(step: StepSummary) -> str:
    if step.iterations:
        return count(step.iterations, "iteration")
    return count(step.attempts, "try") if step.attempts > 1 else ""


def _left(step: StepSummary) -> str:
    """Return why a step was left out, or why the run went on although it failed."""
    return clean(step.why if step.status == "skipped" else step.excuse)


def failure_lines(step: StepSummary, run: str, style: Style = PLAIN, *, replays: str = "") -> Iterator[str]:
    """Yield a failure: the user's line first, then the error, the cause, what to do, the next command.

    Args:
        step: The step that failed.
        run: Name of the run.
        style: How it is shown.
        replays: The past run that the run replays a step of.
    """
    failure = step.failure
    assert failure is not None  # noqa: S101 a failed step has one
    mark, tone = MARKS["excused" if step.excuse else "failed"]
    took = f" after {seconds(step.seconds)}" if step.seconds is not None else ""
    yield f"{style(tone, f'{mark} {step.name} failed')}{took} ({_tries_told(step, failure)}){_goes_on(step)}"
    errors = [finding for finding in step.findings if finding.severity == "error"]
    told = _broken_rules(errors) if len(errors) > 1 else _what_happened(failure)
    yield from (f"  {line}" for line in told)
    for label, text in _labelled(step, failure, run, replays or run):
        yield f"  {style('dim', pad(label, 5))}  {text}"


def _goes_on(step: StepSummary) -> str:
    return f"; the run goes on: {clean(step.excuse)}" if step.excuse else ""


def _tries_told(step: StepSummary, failure: Failure) -> str:
    if step.iterations:
        return f"in iteration {step.iterations:,}"
    tries = count(step.attempts, "try")
    if not failure.permanent or step.attempts > 1:
        return tries
    reason = {
        "contract": "broken contracts",
        "import": "import errors",
        "memory": "memory limits",
        "timeout": "timeouts",
    }.get(failure.kind, "such errors")
    return f"{tries}; {reason} are not retried"


def _broken_rules(errors: Sequence[Finding]) -> Iterator[str]:
    """Yield several broken rules, each with its rows below; what they have in common is said once."""
    heads = {finding.what.partition(": ")[0] for finding in errors}
    shared = f"{heads.pop()}: " if len(heads) == 1 else ""
    if shared:
        yield clean(shared.rstrip())
    for finding in errors[:_MOST_FINDINGS]:
        yield clean(f"  {finding.what.removeprefix(shared)}")
        if finding.evidence:
            yield clean(f"    {finding.evidence}")
    if len(errors) > _MOST_FINDINGS:
        yield f"  and {len(errors) - _MOST_FINDINGS} more"


def _what_happened(failure: Failure) -> Iterator[str]:
    frames = failure.frames[-_MOST_FRAMES:][::-1]
    for frame in frames:
        called = "" if frame is frames[0] else "  called at "
        yield clean(f"{called}{shorten_text(frame.file)}:{frame.line}  {frame.text}".rstrip())
    first, *more = failure.message.rstrip().splitlines() or [""]
    said = f"{failure.type}: {first}" if failure.type and failure.kind != "contract" else first
    yield clean(said)
    yield from (f"  {clean(line)}" for line in more[: _MOST_LINES - 1] if line.strip())


def _labelled(step: StepSummary, failure: Failure, run: str, replays: str) -> Iterator[tuple[str, str]]:
    errors = [finding for finding in step.findings if finding.severity == "error"]
    if len(errors) == 1 and errors[0].evidence:
        yield "shows", clean(errors[0].evidence)
    if step.cause:
        yield "cause", f"{pad(clean(step.cause.what), _CAUSE_WIDTH)}  {step.cause.code}"
    fix = (step.cause.fix if step.cause else "") or failure.fix
    if fix:
        yield "fix", clean(fix)
    known = f"pipeproof help {(step.cause or failure).code}"
    logs = [f"pipeproof logs {run} {step.name}"] if step.log else []
    kept = bool(step.key) or replays != run  # without a key nothing can be run again
    again = _replay(step, failure, replays) if kept else ()
    yield "next", " · ".join([*again, *logs, known])


def _replay(step: StepSummary, failure: Failure, run: str) -> Iterator[str]:
    """Yield the command that stops where code of the user's failed; a test has tasks that are no steps."""
    if failure.frames and step.kind in {"python", "script"} and run.startswith("r-"):
        name = f"'{step.name}'" if "[" in step.name else step.name
        yield f"pipeproof replay {run} {name} --debug"


def retry_line(name: str, failure: Failure, attempt: int, pause: float, style: Style = PLAIN) -> str:
    """Return the line of an attempt that failed and will be followed by another."""
    said = clean((failure.message.splitlines() or [""])[0])
    why = f"{failure.type}: {said}" if failure.type else said
    return f"  {style('warn', '!')} {name}  try {attempt} failed, again in {seconds(pause)}  {why}"


def iteration_line(name: str, number: int, why: str, style: Style = PLAIN) -> str:
    """Return the line of an iteration that is followed by another."""
    return f"  {style('dim', '·')} {clean(name)}  iteration {number:,}: {clean(why)}"


def shorten_text(path: str) -> str:
    """Return a path relative to the current folder when it lies below it."""
    return shorten(Path(path)) if path.startswith("/") else path
