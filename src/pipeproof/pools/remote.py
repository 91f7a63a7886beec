"""The worker's side: jobs that arrive through an executor are worked on in its process."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from socket import gethostname

from pipeproof.errors import PipeproofError
from pipeproof.loading.private import secret_values
from pipeproof.model.codec import to_plain
from pipeproof.model.outcome import Failure, Outcome
from pipeproof.pools.lifeline import Lifeline
from pipeproof.pools.parcel import Parcel, Place, unpack, version
from pipeproof.ports import Job
from pipeproof.running.failures import INTERRUPTED, from_problem
from pipeproof.running.launch import Launcher
from pipeproof.running.work import worker_on

_LOOK = 0.1  # seconds between two looks at how a run stands
_lock = threading.Lock()
_benches: dict[str, Bench] = {}


class Bench:
    """What the jobs of one run share in one process: kinds, object store, launcher, and an eye on the run.

    Its launcher, with the fork server and the warm workers, ends as soon as the run has, whatever
    became of the process of the run.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self.lifeline = Lifeline(place.lifeline)
        self.secrets = tuple(secret_values(os.environ))
        self.launcher: Launcher = place.launcher.make()
        self.work: Callable[[Job], Outcome] = worker_on(
            place.kinds.make(), place.objects.make(), self.launcher
        )
        self.busy = 0
        # The main thread of a worker process takes calls; a thread may be one of the process of the run.
        self.alone = threading.current_thread() is threading.main_thread()

    def watch(self) -> None:
        """End what runs when the run is to end, and let everything go when it is over."""
        while (state := self.lifeline.state()) != "over":
            if state == "stopping":
                self.launcher.stop()
            time.sleep(_LOOK)
        self.launcher.stop()
        with _lock:
            del _benches[self.place.lifeline]
        while self.busy:
            time.sleep(_LOOK)
        self.launcher.close()
        if self.alone:
            _leave_with_parent()


def work_remotely(parcel: Parcel) -> str:
    """Work on a job, and return its outcome as JSON: what comes back must not be able to run code."""
    _leave_ctrl_c_alone()
    failure = _refused(parcel)
    try:
        if failure is None:
            with _bench(parcel.place) as bench:
                job = unpack(parcel)
                # Here and not in a function of its own: few frames of ours stand above the user's.
                outcome = bench.work(replace(job, secrets=(*parcel.secrets, *bench.secrets)))
    except PipeproofError as error:  # a store that the settings name cannot be had from here
        failure = from_problem(error)
    except Exception as error:  # noqa: BLE001 whatever it is that cannot be imported here
        failure = _unreadable(error)
    if failure is not None:
        outcome = Outcome(parcel.task, parcel.attempt, failure=failure)
    return json.dumps(to_plain(outcome))


def _refused(parcel: Parcel) -> Failure | None:
    """Return why a job must not be worked on here, or None."""
    lifeline = Lifeline(parcel.place.lifeline)
    if not os.path.isdir(parcel.place.run):  # noqa: PTH112 hot path
        return _elsewhere(parcel.place)
    if lifeline.state() != "alive":
        return INTERRUPTED
    if parcel.version != version():
        return _other_version(parcel.version)
    if not lifeline.begin(parcel.number):
        return LOST
    return None


@contextmanager
def _bench(place: Place) -> Iterator[Bench]:
    """Lend the bench of a run, made when its first job comes."""
    with _lock:
        bench = _benches.get(place.lifeline)
        if bench is None:
            bench = _benches[place.lifeline] = Bench(place)
            threading.Thread(target=bench.watch, name="pipeproof watch", daemon=True).start()
        bench.busy += 1
    try:
        yield bench
    finally:
        with _lock:
            bench.busy -= 1


def _leave_ctrl_c_alone() -> None:
    """Ignore Ctrl-C in a worker process: it reaches the whole terminal, and the process of the run decides."""
    if (
        multiprocessing.parent_process() is not None
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    ):
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _leave_with_parent() -> None:
    """End a worker process whose parent is dead: nobody can give it work, and nobody else would end it."""
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():
        os._exit(1)


LOST = Failure(
    "signal",
    "PPF558",
    "WorkerLost",
    "the worker process that had begun on the step died",
    fix="look at the executor's log, and compare the memory of the step with the machine's",
)
"""The failure of an attempt that an executor hands out again, as Dask does, after its worker has died."""


def _elsewhere(place: Place) -> Failure:
    return Failure(
        "internal",
        "PPF561",
        "NoSharedFolder",
        f"the worker on {gethostname()} does not see the folder of the run, {place.run}",
        permanent=True,
        fix="use workers on a file system that they share with the project, under the same path",
    )


def _other_version(packed: str) -> Failure:
    what = f"the worker on {gethostname()} has Pipeproof {version()}, the run was started by {packed}"
    return Failure(
        "internal",
        "PPF562",
        "OtherVersion",
        what,
        permanent=True,
        fix="install the same version for both, and start the workers anew",
    )


def _unreadable(error: Exception) -> Failure:
    what = f"the worker cannot read the job: {type(error).__name__}: {error}"
    return Failure(
        "internal",
        "PPF559",
        "UnreadableJob",
        what,
        permanent=True,
        fix="install on the workers what registers this kind of step",
    )
