"""A ledger in memory: for runs that nobody looks at later, and for tests and benchmarks."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence

from pipeproof.model.event import Event, RunStarted


class MemoryLedger:
    """A ledger that lasts as long as the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: dict[str, list[tuple[float, Event]]] = {}
        self._started: list[str] = []

    def append(self, run: str, events: Sequence[Event], *, durable: bool = False) -> float:  # noqa: ARG002 nothing here survives anything
        """Keep a wave of events and return the time they got."""
        now = time.time()
        with self._lock:
            self._events.setdefault(run, []).extend((now, event) for event in events)
            self._started += [run for event in events if isinstance(event, RunStarted)]
        return now

    def events(self, run: str) -> Iterator[tuple[float, Event]]:
        """Yield the events of a run, in order."""
        with self._lock:
            kept = list(self._events.get(run, ()))
        yield from kept

    def runs(self) -> Iterator[str]:
        """Yield the names of all runs, newest first."""
        with self._lock:
            names = self._started[::-1]
        yield from names
