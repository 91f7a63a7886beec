"""Timing a program on one core, in a process of its own: ours and those of rivals are held alike."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_THREADS = ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
_QUIET = ("NML_DISABLE_USAGE_LOGGING",)  # nannyml would call home
_ONE = dict.fromkeys((*_THREADS, *_QUIET), "1")


@dataclass(frozen=True)
class Took:
    """What some work took.

    Attributes:
        who: The program, with its version.
        seconds: Median of the repeats; reading the data is part of it, importing is not.
        peak: Most memory that the process held, in bytes; imports are part of it.
        rows: How many rows it worked on; a slow rival is given fewer.
    """

    who: str
    seconds: float
    peak: int
    rows: int

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds


def time_apart(program: Sequence[str | Path]) -> Took:
    """Run a program that ends with `tell`, on one core, and return what it told."""
    done = subprocess.run(
        [str(word) for word in program],
        env={**os.environ, **_ONE},
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        preexec_fn=_hold_to_one_core,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{Path(program[1]).name} {program[2]} ended with {done.returncode}; see above")
    return Took(**json.loads(done.stdout.decode().splitlines()[-1]))


def tell(who: str, work: Callable[[], object], rows: int, times: int = 3) -> None:
    """Do some work a few times and print what it took, for `time_apart`."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    print(json.dumps(Took(who, statistics.median(took), peak_memory(), rows).__dict__))


def peak_memory() -> int:
    """Return the most memory that this process has held, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # elsewhere the figure may begin with that of the parent
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _hold_to_one_core() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
