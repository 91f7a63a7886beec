"""A pool of threads in this process; the launcher decides what leaves it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from pipeproof.model.record import Outcome
from pipeproof.ports import Job


class ThreadPool:
    """Works on jobs in `slots` threads.

    Args:
        slots: How many jobs run at once.
        work: What is done with a job.
        stop_work: Ends all that runs.
    """

    def __init__(self, slots: int, work: Callable[[Job], Outcome], stop_work: Callable[[], None]) -> None:
        self.slots = slots
        self._work = work
        self._stop = stop_work
        self._executor = ThreadPoolExecutor(slots, thread_name_prefix="pipeproof")

    def submit(self, job: Job) -> Future[Outcome]:
        """Start a job when a thread is free."""
        return self._executor.submit(self._work, job)

    def stop(self) -> None:
        """End what runs; jobs that wait end at once when their turn comes."""
        self._stop()

    def close(self) -> None:
        """Let the threads go."""
        self._executor.shutdown(wait=False, cancel_futures=True)
