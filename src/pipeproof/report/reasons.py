"""Why steps were run although something was kept, a line for each reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeproof.planning.reuse import DONE
from pipeproof.report.cells import clean
from pipeproof.report.quantities import count
from pipeproof.report.style import PLAIN, Style
from pipeproof.running.summary import StepSummary, Summary, is_counted

_MOST_NAMES = 4
_MOST_REASONS = 4
_INPUTS = "what they read changed"


def reason_lines(summary: Summary, style: Style = PLAIN) -> Iterator[str]:
    """Yield why steps were run again; nothing where no step was taken from an earlier run.

    Steps that only follow, because what they read is another, share a line.
    """
    if not any(step.status == "reused" for step in summary.steps):
        return
    reasons: dict[str, list[str]] = {}
    for step in summary.steps:
        if step.status in {"passed", "failed"} and step.why not in {"", DONE} and is_counted(step.kind):
            reasons.setdefault(_INPUTS if _follows(step) else step.why, []).append(step.name)
    for why, names in list(reasons.items())[:_MOST_REASONS]:
        yield style("dim", f"run again: {_listed(names)} ({clean(why)})")
    if len(reasons) > _MOST_REASONS:
        yield style("dim", f"run again: for {count(len(reasons) - _MOST_REASONS, 'more reason')}")


def _follows(step: StepSummary) -> bool:
    """Say whether a step was run because its inputs are others."""
    names, mark, _ = step.why.rpartition(" changed")
    return bool(mark) and set(names.split(", ")) <= set(step.reads)


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - _MOST_NAMES
    return ", ".join(map(clean, names[:_MOST_NAMES])) + (f" and {rest} more" if rest > 0 else "")
