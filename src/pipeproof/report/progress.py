"""A run as it happens: events in, lines out; on a terminal, running steps with their time."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from pipeproof.model.artifact import Artifact
from pipeproof.model.event import (
    AttemptFailed,
    Blocked,
    Event,
    Expanded,
    Finished,
    Iterated,
    Reused,
    RunStarted,
    Skipped,
    Started,
)
from pipeproof.model.record import StepRecord, fold
from pipeproof.report.cells import clean, cut, pad
from pipeproof.report.quantities import seconds
from pipeproof.report.style import PLAIN, Style
from pipeproof.report.text import (
    MARKS,
    Widths,
    heading_of,
    is_quiet,
    iteration_line,
    retry_line,
    step_line,
    widths_of,
)
from pipeproof.running.summary import is_counted, summarise_step

if TYPE_CHECKING:
    from rich.console import ConsoleRenderable

_FRAMES_A_SECOND = 8
_MOST_RUNNING = 12  # lines of running steps at once; the last line counts the others


class Progress:
    """A sink that says each line of a run when it is known: the heading, then each step as it ends.

    Args:
        say: Prints a line.
        left_out: Steps that are not among those chosen to run.
        style: How it is shown.
    """

    def __init__(
        self, say: Callable[[str], None], *, left_out: Collection[str] = (), style: Style = PLAIN
    ) -> None:
        self.say, self.left_out, self.style = say, left_out, style
        self.columns = Widths(0, 0)
        self.total = self.ended = 0
        self.running: dict[str, float] = {}
        self._begun: RunStarted | None = None
        self._events: dict[str, list[Event]] = {}
        self._made: dict[str, Artifact] = {}

    def __call__(self, events: Sequence[Event]) -> None:
        """Take a wave of events."""
        for event in events:
            if isinstance(event, RunStarted):
                self._begin(event)
            elif isinstance(event, Iterated):
                self._note(event.outcome.task, event)
                self.say(iteration_line(event.outcome.task, event.number, event.why, self.style))
            elif isinstance(event, Expanded):
                self._expand(event)
            elif isinstance(event, Started):
                self._note(event.task, event)
                self.running.setdefault(event.task, time.monotonic())
            elif isinstance(event, AttemptFailed):
                self._note(event.outcome.task, event)
                self._retry(event)
            elif isinstance(event, Finished):
                self._end(event.outcome.task, event)
            elif isinstance(event, Reused | Skipped):
                self._end(event.task, event)
            elif isinstance(event, Blocked):
                self.ended += self.is_step(event.task)

    def is_step(self, task: str) -> bool:
        """Say whether a task is a step that a person counts."""
        return is_counted(self.kind(task)) and task not in self.left_out

    def kind(self, task: str) -> str:
        """Return the kind of a task."""
        return self._begun.kinds.get(task, "") if self._begun else ""

    def _begin(self, event: RunStarted) -> None:
        self._begun = event
        self.total = sum(map(self.is_step, event.tasks))
        self.columns = widths_of(event.tasks, event.kinds.values())
        self.say(heading_of(event.pipeline, self.total, event.run, self.style))

    def _expand(self, event: Expanded) -> None:
        """Take in the items of a step, now that they are known."""
        if self._begun is not None:
            kinds = {**self._begun.kinds, **dict.fromkeys(event.tasks, event.kind), event.task: "gather"}
            self._begun = replace(self._begun, kinds=kinds, reads={**self._begun.reads, **event.reads})
            self.total += len(event.tasks) - 1  # the step itself only gathers what they make
            self.columns = widths_of(kinds, kinds.values())  # lines from here on have room for their names

    def _note(self, task: str, event: Event) -> None:
        self._events.setdefault(task, []).append(event)

    def _end(self, task: str, event: Event) -> None:
        self._note(task, event)
        self.running.pop(task, None)
        self.ended += self.is_step(task)
        record = self._record(task)
        self._made.update(record.outputs)
        step = summarise_step(record, self._made)
        if not is_quiet(step):
            self.say(step_line(step, self.columns, self.style))

    def _retry(self, event: AttemptFailed) -> None:
        outcome = event.outcome
        if outcome.failure is not None:
            self.say(retry_line(outcome.task, outcome.failure, outcome.attempt, event.pause, self.style))

    def _record(self, task: str) -> StepRecord:
        """Return the record of one step: the fold of its own events, so that a wave costs no more in a long run."""
        begun = self._begun
        assert begun is not None  # noqa: S101 the first event of every run
        alone = RunStarted(
            begun.run,
            begun.pipeline,
            (task,),
            {task: self.kind(task)},
            reads={task: begun.reads.get(task, ())},
        )
        events = [alone, *self._events.pop(task)]
        return fold((0.0, event) for event in events)[task]


class Live:
    """Draws what is running below the lines of a `Progress`, on a terminal; a context manager.

    Rich draws on a thread of its own, so a long step is seen to go on.
    """

    def __init__(self, stream: TextIO, *, left_out: Collection[str] = (), style: Style = PLAIN) -> None:
        from rich.console import Console
        from rich.live import Live as Drawing

        self.console = Console(file=stream, highlight=False, no_color=not style.colour, soft_wrap=True)
        self.progress = Progress(self._say, left_out=left_out, style=style)
        self._style, self._began = style, time.monotonic()
        self._drawing = Drawing(
            console=self.console,
            get_renderable=self._draw,
            refresh_per_second=_FRAMES_A_SECOND,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> Progress:
        self._drawing.__enter__()
        return self.progress

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._drawing.__exit__(kind, error, trace)

    def _say(self, line: str) -> None:
        from rich.text import Text

        # A terminal that went away must not end the run.
        with contextlib.suppress(OSError):
            self.console.print(Text.from_ansi(line), soft_wrap=True)

    def _draw(self) -> ConsoleRenderable:
        from rich.text import Text

        lines = (cut(line, self.console.width) for line in self._lines(time.monotonic()))
        return Text("\n".join(lines), no_wrap=True)

    def _lines(self, now: float) -> Iterator[str]:
        progress = self.progress
        mark, _ = MARKS["running"]
        running = list(progress.running.items())
        for name, began in running[:_MOST_RUNNING]:
            shown = pad(cut(clean(name), progress.columns.name), progress.columns.name)
            yield f"  {mark} {shown}  {pad(progress.kind(name), progress.columns.kind)}  {seconds(now - began):>7}"
        if not progress.total:
            return
        more = len(running) - _MOST_RUNNING
        behind = f" · {more} more running" if more > 0 else ""
        yield f"  {progress.ended} of {progress.total} done · {seconds(now - self._began)}{behind}"
