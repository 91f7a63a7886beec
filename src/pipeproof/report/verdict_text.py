"""A test as lines of text: what was tried of each step, what was found, the verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pipeproof.errors import Finding, Severity
from pipeproof.model.trial import Scenario, TrialResult, TrialStatus, Verdict
from pipeproof.report.cells import clean, pad, width
from pipeproof.report.findings import place_of
from pipeproof.report.quantities import count, seconds
from pipeproof.report.style import PLAIN, Style, Tone

MARKS: dict[TrialStatus, tuple[str, Tone]] = {
    "passed": ("✓", "good"),
    "refused": ("✓", "good"),
    "noted": ("·", "dim"),
    "unsaid": ("·", "dim"),
    "failed": ("✗", "bad"),
    "skipped": ("-", "dim"),
}
_SCENARIOS: tuple[Scenario, ...] = ("standard", "edge", "malformed")
_TONES: dict[Severity, Tone] = {"error": "bad", "warning": "warn", "note": "dim"}
_PART = 11  # cells of the word that a line begins with
_NAMED = 3  # cases named on a line


@dataclass(frozen=True, slots=True)
class Layout:
    """Cells of the step's name."""

    name: int


def layout_of(names: Iterable[str]) -> Layout:
    """Return the cells that lines of these steps need."""
    return Layout(max((width(clean(name)) for name in names), default=0))


def verdict_lines(verdict: Verdict, style: Style = PLAIN) -> Iterator[str]:
    """Yield a test as lines."""
    yield edges_line(verdict, style)
    steps = list(dict.fromkeys(result.trial.step for result in verdict.results if result.trial.step))
    layout = layout_of(steps)
    for number, step in enumerate(steps):
        yield step_line(
            step, [r for r in verdict.results if r.trial.step == step], layout, style, first=not number
        )
    yield from whole_lines(verdict, style)
    yield from after_lines(verdict, style)


def after_lines(verdict: Verdict, style: Style = PLAIN) -> Iterator[str]:
    """Yield what follows the trials: findings, why something was skipped, the verdict."""
    for finding in verdict.findings:
        yield from finding_lines(finding, style)
    for why, results in _skipped(verdict).items():
        yield f"skipped: {', '.join(results)}: {clean(why)}"
    yield from (f"note: {clean(note)}" for note in verdict.notes)
    yield verdict_line(verdict, style)


def edges_line(verdict: Verdict, style: Style = PLAIN) -> str:
    """Return what contracts say of each other."""
    fits: Counter[str] = Counter(edge.fit for edge in verdict.edges)
    parts = [
        f"{fits[kind]} {word}"
        for kind, word in (
            ("fits", "fit"),
            ("differs", "do not fit"),
            ("unknown", "without a contract on both sides"),
        )
        if fits[kind]
    ]
    known = fits["fits"] + fits["differs"]
    mark = style(*_mark("failed" if fits["differs"] else "passed")) if known else ""
    return f"{pad('contracts', _PART)}{count(len(verdict.edges), 'edge')}: {', '.join(parts) or 'none'} {mark}".rstrip()


def step_line(
    step: str, results: Sequence[TrialResult], layout: Layout, style: Style = PLAIN, *, first: bool = False
) -> str:
    """Return what was tried of one step."""
    front = pad("isolation" if first else "", _PART) + pad(clean(step), layout.name)
    parts = [_scenario(scenario, _of(scenario, results), style) for scenario in _SCENARIOS]
    return "  ".join([front, *(part for part in parts if part)]).rstrip()


def whole_lines(verdict: Verdict, style: Style = PLAIN) -> Iterator[str]:
    """Yield what was tried of the whole pipeline."""
    for result in verdict.results:
        if result.trial.mode == "pipeline":
            seen = Counter(edge.seen for edge in verdict.edges)
            parts = [f"{pad('pipeline', _PART)}{result.trial.case.name} {style(*_mark(result.status))}"]
            hold = "holds" if seen["holds"] == 1 else "hold"
            parts += [f"{count(seen['holds'], 'edge')} {hold}"] if seen["holds"] else []
            parts += [style("bad", f"{seen['broken']} broken")] if seen["broken"] else []
            parts += [f"{seen['unchecked']} without rules"] if seen["unchecked"] else []
            parts += [f"{seen['unseen']} unseen"] if seen["unseen"] and result.status != "skipped" else []
            scores = [edge.quality for edge in verdict.edges if edge.quality is not None]
            parts += [f"quality {scores[0]:.2f} → {scores[-1]:.2f}"] if scores else []
            yield "  ".join(parts)


def finding_lines(finding: Finding, style: Style = PLAIN) -> Iterator[str]:
    """Yield a finding: what and where, what shows it, what to do."""
    word = "" if finding.severity == "error" else f"{finding.severity}: "
    mark = {"error": "✗", "warning": "!", "note": "·"}[finding.severity]
    tone = _TONES[finding.severity]
    yield f"{style(tone, mark)} {style(tone, finding.code)}  {word}{clean(' '.join(finding.what.splitlines()))}"
    if finding.severity != "note":  # nothing has to be done about it; the report has all of it
        if place := place_of(finding):
            yield f"    at     {place}"
        yield from map(_evidence_line, finding.evidence.splitlines())
    if finding.fix:
        yield f"    fix    {clean(finding.fix)}"


def _evidence_line(line: str) -> str:
    if line.startswith("cause: "):
        return f"    cause  {clean(line.removeprefix('cause: '))}"
    if line.startswith(("seen with ", "seen in ")):
        return f"    seen   {clean(line.removeprefix('seen '))}"
    return f"           {clean(line)}"


def verdict_line(verdict: Verdict, style: Style = PLAIN) -> str:
    """Return the last line of a test."""
    tone: Tone = "good" if verdict else "bad"
    steps = {finding.step for finding in verdict.errors if finding.step}
    within = f" in {count(len(steps), 'step')}" if steps else ""
    head = "passed" if verdict else f"failed: {count(len(verdict.errors), 'finding')}{within}"
    warnings = sum(finding.severity == "warning" for finding in verdict.findings)
    tried = len(verdict.results) - len(verdict.skipped)
    counts = f"{count(tried, 'scenario')}, {count(verdict.checks, 'check')}, {len(verdict.skipped)} skipped"
    parts = [
        style(tone, head),
        *([count(warnings, "warning")] if warnings else []),
        counts,
        seconds(verdict.seconds),
        *([] if verdict else [f"pipeproof report {verdict.test} --html report.html"]),
    ]
    return " · ".join(parts)


def _of(scenario: Scenario, results: Iterable[TrialResult]) -> list[TrialResult]:
    return [result for result in results if result.trial.case.scenario == scenario]


def _mark(status: TrialStatus) -> tuple[Tone, str]:
    mark, tone = MARKS[status]
    return tone, mark


def _scenario(scenario: Scenario, results: Sequence[TrialResult], style: Style) -> str:
    if not results:
        return ""
    if scenario != "malformed":
        marks = "".join(style(*_mark(result.status)) for result in results)
        return f"{scenario} {marks}{_named(results) if scenario == 'edge' else ''}"
    if all(result.status == "unsaid" for result in results):
        return f"malformed {style(*_mark('unsaid'))} says nothing"
    if all(result.status == "skipped" for result in results):
        return f"malformed {style(*_mark('skipped'))} skipped"
    statuses: Counter[str] = Counter(result.status for result in results)
    worst: TrialStatus = "failed" if statuses["failed"] else "passed"
    said = [
        f"{statuses[status]} {word}"
        for status, word in (
            ("refused", "refused"),
            ("noted", "let through"),
            ("failed", "not as it should"),
            ("skipped", "skipped"),
        )
        if statuses[status]
    ]
    return f"malformed {style(*_mark(worst))} {', '.join(said)}"


def _named(results: Sequence[TrialResult]) -> str:
    """Return which cases failed; nothing when all did, which says no more than the marks."""
    failed = list(dict.fromkeys(result.trial.case.name for result in results if result.status == "failed"))
    if not failed or all(result.status == "failed" for result in results):
        return ""
    more = f" and {len(failed) - _NAMED} more" if len(failed) > _NAMED else ""
    return f" ({', '.join(failed[:_NAMED])}{more})"


def _skipped(verdict: Verdict) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for result in verdict.skipped:
        name = result.trial.step or "the whole pipeline"
        found.setdefault(result.why, [])
        if name not in found[result.why]:
            found[result.why].append(name)
    return found
