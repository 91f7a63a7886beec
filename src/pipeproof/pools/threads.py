"""A pool of threads in this process; the launcher decides what leaves it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

from pipeproof.model.outcome import Outcome
from pipeproof.ports import Job

# Waking another thread and passing it the interpreter's lock takes longer than a small step does. So
# a thread joins in only when a job has waited for this long; steps that matter never notice.
_PATIENCE = 0.001  # seconds

_Item = tuple[float, Job, Future[Outcome]]
"""When a job was handed in, the job, and where its outcome is awaited."""


class ThreadPool:
    """Works on jobs in up to `slots` threads.

    Its threads are daemons, which those of `ThreadPoolExecutor` are not: a program that cannot be
    stopped must not keep the process from ending.

    Args:
        slots: How many jobs run at once.
        work: What is done with a job.
        stop_work: Ends all that runs.
    """

    executor = ""

    def __init__(self, slots: int, work: Callable[[Job], Outcome], stop_work: Callable[[], None]) -> None:
        self.slots = slots
        self._work = work
        self._stop = stop_work
        self._change = threading.Condition(threading.Lock())
        self._waiting: deque[_Item] = deque()
        self._threads: set[threading.Thread] = set()
        self._idle = 0
        self._watched = False
        self._closed = False

    def submit(self, job: Job) -> Future[Outcome]:
        """Start a job when a thread is free."""
        future: Future[Outcome] = Future()
        with self._change:
            self._waiting.append((time.monotonic(), job, future))
            # A thread of ours that submits has just ended a job, and looks for the next one itself.
            if threading.current_thread() not in self._threads:
                self._rouse()
        return future

    def stop(self) -> None:
        """End what runs; jobs that wait end at once when their turn comes."""
        self._stop()

    def close(self) -> None:
        """Let the threads go."""
        with self._change:
            self._closed = True
            self._change.notify_all()

    def _run(self) -> None:
        # One function, so that few frames of ours are above the user's when the code runs here.
        item = self._take(eager=False)
        while item is not None:
            _, job, future = item
            began = time.monotonic()
            try:
                outcome = self._work(job)
            except BaseException as error:  # noqa: BLE001 whoever waits for the future must hear of it
                future.set_exception(error)
            else:
                future.set_result(outcome)
                del outcome
            del item, job, future  # an idle thread must not keep the last job alive
            item = self._take(eager=time.monotonic() - began >= _PATIENCE)

    def _take(self, *, eager: bool) -> _Item | None:
        """Wait for the next job and return it, or None when the pool is closed.

        Args:
            eager: Take what waits although other threads are at work; jobs that end at once are
                better left to one of them.
        """
        with self._change:
            self._idle += 1
            if not (eager and self._waiting):
                while not self._closed and not self._is_wanted():
                    self._watched = bool(self._waiting)
                    self._change.wait(self._patience())
                    self._watched = False
            self._idle -= 1
            if not self._waiting:
                return None
            item = self._waiting.popleft()
            if self._waiting:
                self._rouse()
            return item

    def _rouse(self) -> None:
        """Let one more thread look at what waits, if there is one to be had."""
        if self._watched:
            return
        if self._idle:
            self._watched = True
            self._change.notify()
        elif len(self._threads) < self.slots:
            thread = threading.Thread(target=self._run, name="pipeproof", daemon=True)
            self._threads.add(thread)
            thread.start()

    def _is_wanted(self) -> bool:
        """Say whether an idle thread should take what waits: nobody is at work, or it has waited long."""
        return bool(self._waiting) and (self._idle == len(self._threads) or self._patience() == 0)

    def _patience(self) -> float | None:
        """Return the seconds until the first job has waited long, or None when none waits."""
        if not self._waiting:
            return None
        return max(0.0, self._waiting[0][0] + _PATIENCE - time.monotonic())
