"""A test as it happens: a line for each step when the last of its trials has ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from pipeproof.model.contract import frozen
from pipeproof.model.event import AttemptFailed, Event, RunStarted, Started
from pipeproof.model.record import Folding, RunRecord, by_trial
from pipeproof.model.trial import Trial, TrialResult, Verdict
from pipeproof.project.prove import Test
from pipeproof.report.style import Style
from pipeproof.report.verdict_text import edges_line, layout_of, step_line
from pipeproof.testing.edges import edges_of
from pipeproof.testing.judge import judge_trial, without_echoes


class Trying:
    """A sink that says a line as soon as all trials of a step have ended.

    Args:
        say: Where a line goes.
        planned: The test.
        style: Colours.
    """

    def __init__(self, say: Callable[[str], None], planned: Test, style: Style) -> None:
        self._say, self._style = say, style
        self._pipeline, self._static = planned.examined.pipeline, planned.static
        self._trials = {trial.name: trial for trial in planned.plan.trials}
        self._tasks = {name: [] for name in self._trials}  # type: dict[str, list[str]]
        self._trial_of = {task.name: task.trial for task in planned.plan.tasks}
        for task in planned.plan.tasks:
            self._tasks[task.trial].append(task.name)
        self._left = Counter(task.trial for task in planned.plan.tasks)
        self._open = Counter(trial.step for trial in self._trials.values() if trial.step)
        self._layout = layout_of(self._open)
        self._results: dict[str, list[TrialResult]] = {step: [] for step in self._open}
        self._folding = Folding()
        self._said = False

    def __call__(self, events: Sequence[Event]) -> None:
        """Take a wave of events."""
        for event in events:
            self._folding.add(0.0, event)
            if isinstance(event, RunStarted):
                self._begin()
            elif (name := _ended(event)) is not None:
                self._end(self._trial_of[name])

    def _begin(self) -> None:
        edges = tuple(edges_of(self._pipeline, self._static, None))
        self._say(edges_line(Verdict("", "", edges=edges), self._style))
        for trial in self._trials.values():
            if trial.skipped and trial.step:
                self._add(trial)

    def _end(self, name: str) -> None:
        self._left[name] -= 1
        trial = self._trials[name]
        if not self._left[name] and trial.step:
            self._add(trial)

    def _add(self, trial: Trial) -> None:
        steps = {name: self._folding.step(name) for name in self._tasks[trial.name]}
        part = by_trial(RunRecord("", "", steps=frozen(steps)), [trial])[trial.name]
        results = self._results[trial.step]
        results.append(judge_trial(trial, part, self._pipeline)[0])
        self._open[trial.step] -= 1
        if not self._open[trial.step]:
            order = {name: number for number, name in enumerate(self._trials)}
            results.sort(key=lambda result: order[result.trial.name])
            self._say(
                step_line(
                    trial.step, without_echoes(results), self._layout, self._style, first=not self._said
                )
            )
            self._said = True


def _ended(event: Event) -> str | None:
    """Return the task that an event ends."""
    if isinstance(event, AttemptFailed | Started | RunStarted):
        return None
    outcome = getattr(event, "outcome", None)
    task: str | None = outcome.task if outcome is not None else getattr(event, "task", None)
    return task
