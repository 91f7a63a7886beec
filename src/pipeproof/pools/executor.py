"""A pool on any `concurrent.futures.Executor`: processes, threads, a Dask cluster."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from dataclasses import dataclass, replace
from queue import SimpleQueue

from pipeproof.errors import Finding, UsageError
from pipeproof.model.codec import from_plain
from pipeproof.model.outcome import Failure, Outcome
from pipeproof.pools.lifeline import Lifeline
from pipeproof.pools.parcel import Parcel, Place, pack
from pipeproof.pools.remote import work_remotely
from pipeproof.pools.threads import ThreadPool
from pipeproof.ports import Job
from pipeproof.running.failures import INTERRUPTED
from pipeproof.running.redact import redactor

OpenExecutor = Callable[[], Executor]
"""Makes an executor, and another one when that is broken."""
STAYED = "ran in the process of the run: no worker has a function of a notebook, a prompt or the main file"


@dataclass(frozen=True, slots=True)
class _Handed:
    """A job that an executor has: its number, where its outcome is awaited, the executor, and what that will say."""

    job: Job
    number: int
    future: Future[Outcome]
    executor: Executor | None
    said: Future[str]


def pool_on(
    executor: Executor | OpenExecutor, place: Place, *, here: ThreadPool, slots: int | None = None
) -> ExecutorPool:
    """Return a pool that works on jobs in the workers of an executor.

    Args:
        executor: An executor, which stays its maker's to shut down; or a function that makes one, which
            is then shut down with the pool, and replaced when it breaks.
        place: What a worker must know of the run.
        here: Where jobs run whose function only this process has.
        slots: How many jobs run at once; as many as the executor has workers unless given.

    Raises:
        UsageError: It is no executor, or one whose workers could hang.
    """
    if isinstance(executor, Executor):
        return ExecutorPool(_sound(executor), None, place, here, slots)
    if not callable(executor):
        raise UsageError(_no_executor(executor))
    return ExecutorPool(_sound(executor()), executor, place, here, slots)


class ExecutorPool:
    """Works on jobs in the workers of an executor.

    Whatever becomes of a worker, a job has an outcome: an executor that breaks, is shut down or loses
    its cluster fails the attempts that it had.

    Args:
        executor: Where jobs are handed in.
        replace: Makes another executor when this one is broken; then it is shut down with the pool.
        place: What a worker must know of the run.
        here: Where jobs run that cannot leave this process.
        slots: How many jobs run at once.
    """

    def __init__(
        self,
        executor: Executor,
        replace: OpenExecutor | None,
        place: Place,
        here: ThreadPool,
        slots: int | None,
    ) -> None:
        self.slots = slots or _workers_of(executor) or here.slots
        self.executor = type(executor).__name__
        self._executor: Executor | None = executor
        self._replace, self._place, self._here = replace, place, here
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._open: dict[int, _Handed] = {}
        self._settled: SimpleQueue[_Handed | None] = SimpleQueue()
        self._stopping = False
        self._lifeline = Lifeline(place.lifeline)
        self._lifeline.hold()
        threading.Thread(target=self._deliver, name="pipeproof executor", daemon=True).start()

    def submit(self, job: Job) -> Future[Outcome]:
        """Hand a job to the executor, or work on it here when its function cannot leave this process."""
        if str(getattr(job.step.config, "function", "")).startswith("local:"):
            return _noted(self._here.submit(job), STAYED)
        future: Future[Outcome] = Future()
        try:
            parcel = pack(job, self._place, next(self._numbers))
        except Exception as error:  # noqa: BLE001 whatever an object says to being pickled
            future.set_result(_failed(job, _unpackable(error)))
            return future
        handed = _Handed(job, parcel.number, future, *self._hand_in(parcel))
        with self._lock:
            self._open[handed.number] = handed
        # The executor calls back wherever it likes: in Dask's event loop, or under a lock of a process
        # pool that breaks. Whoever awaits the outcome submits the next job, and must not do so there.
        handed.said.add_done_callback(lambda _said: self._settled.put(handed))
        return future

    def stop(self) -> None:
        """End what runs; what has not begun never does."""
        self._stopping = True
        self._lifeline.stop()
        self._here.stop()
        with self._lock:
            still = list(self._open.values())
        for handed in still:
            # Dask forgets what runs when that is cancelled, and we want to hear how it ended.
            if not self._lifeline.has_begun(handed.number):
                handed.said.cancel()

    def close(self) -> None:
        """Let go of the executor, if it was made for the pool, and of all that workers keep for the run."""
        self._lifeline.cut()
        self._settled.put(None)
        self._here.close()
        if self._replace is not None and self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)

    def _hand_in(self, parcel: Parcel) -> tuple[Executor | None, Future[str]]:
        """Return the executor that has a parcel, and its future; one that refuses it says so in the future."""
        executor = None
        try:
            executor = self._opened()
            return executor, executor.submit(work_remotely, parcel)
        except Exception as error:  # noqa: BLE001 each executor has its own ways to say that it is broken or shut
            refused: Future[str] = Future()
            refused.set_exception(error)
            return executor, refused

    def _opened(self) -> Executor:
        """Return the executor, made anew after one that broke."""
        with self._lock:
            if self._executor is None:
                assert self._replace is not None, "only what can be replaced is let go"  # noqa: S101 a fault of ours
                self._executor = _sound(self._replace())
            return self._executor

    def _deliver(self) -> None:
        """Pass on what the executor says, in one thread."""
        while (handed := self._settled.get()) is not None:
            with self._lock:
                del self._open[handed.number]
            try:
                outcome = self._outcome(handed)
            except Exception as error:  # noqa: BLE001 whatever an executor answers with, the others are waiting
                handed.future.set_exception(error)
            else:
                handed.future.set_result(outcome)
                del outcome
            del handed  # an idle thread must not keep the last job alive

    def _outcome(self, handed: _Handed) -> Outcome:
        job, said = handed.job, handed.said
        error = CancelledError() if said.cancelled() else said.exception()
        if error is None:
            return from_plain(Outcome, json.loads(said.result()))
        return _failed(job, INTERRUPTED if self._stopping else self._lost(error, handed.executor))

    def _lost(self, error: BaseException, executor: Executor | None) -> Failure:
        """Return the failure of an attempt that an executor lost; one that is broken is let go."""
        broken = isinstance(error, BrokenExecutor)
        if broken and self._replace is not None:
            with self._lock:
                if self._executor is executor:
                    self._executor = None
        return Failure(
            "signal",
            "PPF558",
            type(error).__name__,
            f"{self.executor} lost the step: {str(error) or 'the call was cancelled'}",
            permanent=broken and self._replace is None,
            fix=_FRESH if broken and self._replace is None else _LOOK,
        )


_LOOK = "look at the executor's log, and compare the memory of the step with the machine's"
_FRESH = "hand in a function that makes the executor: a broken one is then replaced, and the step tried again"


def _failed(job: Job, failure: Failure) -> Outcome:
    """Return the outcome of a job that no worker answered for, without the job's secrets."""
    return redactor(job.secrets).redact(Outcome(job.task.name, job.attempt, failure=failure))


def _noted(future: Future[Outcome], note: str) -> Future[Outcome]:
    """Return a future of the same outcome with a note."""
    noted: Future[Outcome] = Future()

    def pass_on(done: Future[Outcome]) -> None:
        error = done.exception()
        if error is not None:
            noted.set_exception(error)
        else:
            noted.set_result(replace(done.result(), notes=(*done.result().notes, note)))

    future.add_done_callback(pass_on)
    return noted


def _sound(executor: Executor) -> Executor:
    """Return an executor whose workers can do our work.

    Raises:
        UsageError: It is no executor, or its workers are forks of this process.
    """
    if not isinstance(executor, Executor):
        raise UsageError(_no_executor(executor))
    context = getattr(executor, "_mp_context", None)
    if context is not None and context.get_start_method() == "fork":
        raise UsageError(
            Finding(
                "PPF560",
                f"the workers of this {type(executor).__name__} are forks of this process, in which queries of "
                "Polars and DuckDB can hang",
                fix='make it with mp_context=multiprocessing.get_context("spawn")',
            )
        )
    return executor


def _no_executor(given: object) -> Finding:
    return Finding(
        "PPF560",
        f"{type(given).__name__} is no executor",
        fix="give a concurrent.futures.Executor or a function that makes one; of a Dask client, client.get_executor()",
    )


def _workers_of(executor: Executor) -> int | None:
    """Return how many calls an executor works on at once, where that can be known."""
    workers = getattr(executor, "_max_workers", None)  # of the standard library, and of loky
    client = getattr(executor, "_client", None)  # of Dask
    if client is not None and hasattr(client, "nthreads"):
        workers = sum(client.nthreads().values())
    return workers if isinstance(workers, int) and workers > 0 else None


def _unpackable(error: Exception) -> Failure:
    return Failure(
        "internal",
        "PPF559",
        "UnpackableJob",
        f"the step cannot travel to a worker: {type(error).__name__}: {error}",
        permanent=True,
        fix="give plain values in `arguments`, or run without an executor",
    )
