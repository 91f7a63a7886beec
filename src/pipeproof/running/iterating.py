"""Loops that a later attempt goes on with: iterations and the checkpoints saved in them. Standard library only.

What is saved in an iteration counts when that iteration ends, in one commit with its number and with what
was logged in it. So an attempt that ends in the middle of an iteration leaves the state before it, and the
next attempt does the whole iteration again: none is done twice on the same state, none left out.
An iteration in which nothing was saved is done again too: its results were in memory alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from pipeproof.errors import ContractError, Finding
from pipeproof.running.checkpoints import Checkpoints
from pipeproof.running.logged import Entry, Kind, Logged

T = TypeVar("T")


@dataclass(slots=True)
class _Loop:
    """A loop that the code is in.

    Attributes:
        path: Its name, behind the name and number of each iteration that it stands in.
        number: The iteration, from 1.
        saved: Whether something was saved in this iteration.
        pending: Places of what was logged in iterations that are not committed yet.
        inner: Names of the loops that ran in this iteration.
    """

    path: str
    number: int = 0
    saved: bool = False
    pending: list[int] = field(default_factory=list)
    inner: set[str] = field(default_factory=set)


class Iterating:
    """The loops of one attempt, and when what is saved in them counts.

    Args:
        open_checkpoints: Returns the checkpoints of the step.
        logged: What the attempt logs.
        tell: Takes a note for the record.
    """

    def __init__(
        self, open_checkpoints: Callable[[], Checkpoints], logged: Logged, tell: Callable[[str], None]
    ) -> None:
        self._open, self._logged, self._tell = open_checkpoints, logged, tell
        self._loops: list[_Loop] = []
        self._left: list[_Loop] = []
        self._names: set[str] = set()
        self._known: set[int] = set()  # places of what is in the journal
        # What the code asked for decides what it saves, wherever it asked: before its first loop too.
        self._asked = {place for place, entry in enumerate(logged.entries) if entry[0] == "seen"}

    @property
    def number(self) -> int | None:
        """The number of the iteration that the code is in, of the innermost loop; None outside of loops."""
        return self._loops[-1].number if self._loops else None

    def log(self, kind: Kind, name: str, what: Any) -> None:
        """Log something, which belongs to the iteration that it is logged in."""
        place = self._logged.add(kind, name, what)
        if kind == "seen":
            self._asked.add(place)
        elif self._loops:
            self._loops[-1].pending.append(place)

    def restore(self, journal: Iterable[Entry]) -> None:
        """Take up what earlier attempts logged in iterations that are not run again."""
        for entry in journal:
            self._known.add(self._logged.add(*entry))

    def save(self, name: str, value: Any) -> None:
        """Save a checkpoint; it counts at once, or when the iteration ends."""
        self._open().save(name, value)
        if self._loops:
            self._loops[-1].saved = True
        else:
            self._commit([])

    def iterate(self, items: Iterable[T], name: str) -> Iterator[T]:
        """Yield the items after those whose iterations an earlier attempt finished and saved.

        Raises:
            ContractError: A loop of this name ran before.
        """
        loop = self._enter(name)
        loop.number, over = self._open().progress.get(loop.path, (0, False))
        if loop.number:
            self._tell(
                f"{loop.path}: went on after iteration {loop.number}, which an earlier attempt had saved"
            )
        try:
            for item in () if over else islice(items, loop.number, None):
                loop.number += 1
                loop.inner.clear()
                yield item
                self._finish(loop)
        finally:
            self._leave(loop)

    def _enter(self, name: str) -> _Loop:
        outer = self._loops[-1] if self._loops else None
        names = self._names if outer is None else outer.inner
        if name in names:
            fix = "give each loop a name: context.iterate(items, name=...)"
            raise ContractError(Finding("PPF264", f"a loop named {name!r} ran before in this step", fix=fix))
        names.add(name)
        loop = _Loop(name if outer is None else f"{outer.path}={outer.number}/{name}")
        self._loops.append(loop)
        return loop

    def _finish(self, loop: _Loop) -> None:
        """End an iteration; it counts if something was saved in it."""
        self._close_after(loop)
        if not loop.saved:
            return
        progress = self._open().progress
        for path in [path for path in progress if path.startswith(f"{loop.path}=")]:
            del progress[path]  # loops inside of an iteration that is over now
        progress[loop.path] = [loop.number, False]
        self._commit(loop.pending, loop)
        loop.saved, loop.pending = False, []
        if len(self._loops) > 1:
            self._loops[-2].saved = True

    def _leave(self, loop: _Loop) -> None:
        """Leave a loop: by its end, by `break`, or by an error that may end the attempt."""
        if loop not in self._loops:
            return
        self._close_after(loop)
        self._loops.pop()
        if loop.saved:  # the code goes on with what it saved before it broke off
            self._left.append(loop)
        if self._loops:
            self._loops[-1].saved |= loop.saved
            self._loops[-1].pending += [] if loop.saved else loop.pending

    def _close_after(self, loop: _Loop) -> None:
        """Leave loops inside of a loop that were broken off and are still held by somebody."""
        while self._loops[-1] is not loop:
            self._leave(self._loops[-1])

    def _commit(self, places: list[int], ended: _Loop | None = None) -> None:
        """Let what was saved count, with what was logged at these places.

        A loop that was left before is over, unless the iteration that it stood in is over itself.
        """
        checkpoints = self._open()
        for loop in self._left:
            if ended is None or not loop.path.startswith(f"{ended.path}="):
                checkpoints.progress[loop.path] = [loop.number, True]
            places = places + loop.pending
        self._left = []
        new = sorted((self._asked | set(places)) - self._known)
        self._known.update(new)
        self._asked.clear()
        checkpoints.commit([self._logged.entries[place] for place in new])
