"""A pool of threads in this process; the launcher decides what leaves it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue

from pipeproof.model.record import Outcome
from pipeproof.ports import Job


class ThreadPool:
    """Works on jobs in `slots` threads.

    The threads are daemons, which those of `ThreadPoolExecutor` are not: a program that cannot be
    stopped must not keep the process from ending.

    Args:
        slots: How many jobs run at once.
        work: What is done with a job.
        stop_work: Ends all that runs.
    """

    def __init__(self, slots: int, work: Callable[[Job], Outcome], stop_work: Callable[[], None]) -> None:
        self.slots = slots
        self._work = work
        self._stop = stop_work
        self._waiting: SimpleQueue[tuple[Job, Future[Outcome]] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._unfinished = 0

    def submit(self, job: Job) -> Future[Outcome]:
        """Start a job when a thread is free."""
        future: Future[Outcome] = Future()
        with self._lock:
            self._unfinished += 1
            more = self._threads < min(self.slots, self._unfinished)
            self._threads += more
        self._waiting.put((job, future))
        if more:
            threading.Thread(target=self._run, name="pipeproof", daemon=True).start()
        return future

    def stop(self) -> None:
        """End what runs; jobs that wait end at once when their turn comes."""
        self._stop()

    def close(self) -> None:
        """Let the threads go."""
        for _ in range(self._threads):
            self._waiting.put(None)

    def _run(self) -> None:
        # One function, so that few frames of ours are above the user's when the code runs here.
        while (item := self._waiting.get()) is not None:
            job, future = item
            try:
                outcome = self._work(job)
            except BaseException as error:  # noqa: BLE001 whoever waits for the future must hear of it
                self._count_off()
                future.set_exception(error)
            else:
                self._count_off()
                future.set_result(outcome)
                del outcome
            del item, job, future  # an idle thread must not keep the last job alive

    def _count_off(self) -> None:
        # Before the future is set: what its callback submits is for this thread, not for a new one.
        with self._lock:
            self._unfinished -= 1
