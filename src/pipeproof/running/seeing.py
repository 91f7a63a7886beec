"""From what was seen of one attempt in a child to what its outcome says that it used."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Self

from pipeproof.model.outcome import Failure, Seen
from pipeproof.ports import Job, Program
from pipeproof.running.seen import digest_seen
from pipeproof.running.sightings import MOST, Sightings, settle, used_after

TraceLevel = Literal["kernel", "python"]
"""Who says what code uses: the kernel (and Python, where that cannot be had), or Python alone."""

ONLY_PYTHON = "only files that Python itself opens were seen: the kernel here cannot say what libraries open"
"""The note of an attempt for which the kernel should have reported, and could not."""


def digest_today(job: Job, salt: bytes, seen: Seen) -> str:
    """Return the digest that something has today which an earlier attempt at a job used.

    What parsing follows is in the job's key: a module of which it uses something may be another.
    """
    if job.followed and seen.what in {"module", "loaded"}:
        return seen.digest
    return digest_seen(seen, job.root, os.environ, job.parameters, salt=salt)


def matters_until(program: Program, failure: Failure | None) -> int | None:
    """Return up to when it matters what an attempt used; None for one that has passed, 0 when nobody goes on from it."""
    if failure is None:
        return None
    return program.counterpart.committed if program.counterpart is not None else 0


@dataclass(slots=True)
class Memory:
    """What earlier attempts in the same process may have left in its memory.

    A module is not read again. Whatever else was read or asked for could be anywhere, so a process that has
    done so takes no further attempt: what the next one used could not be told from what this one did.

    Attributes:
        modules: Modules of the project that were imported, as they were then, by their files.
        stained: Whether something else was read.
    """

    modules: dict[str, Seen] = field(default_factory=dict)
    stained: bool = False


@dataclass(frozen=True, slots=True)
class Sight:
    """The sight of one attempt: open before it begins, closed when it has ended.

    Attributes:
        job: The attempt.
        program: What it runs.
        salt: Key of the hashes of values.
        sightings: What is seen.
        started_ns: When it began, in nanoseconds since 1970.
    """

    job: Job
    program: Program
    salt: bytes
    sightings: Sightings
    started_ns: int

    @classmethod
    def open(cls, job: Job, program: Program, own: tuple[str, ...], salt: bytes) -> Self:
        """Return the sight of an attempt that begins now; `own` are folders of Pipeproof's."""
        root = str(job.root).rstrip("/") or "/"
        sightings = Sightings(root, (job.scratch_folder, job.log_file), (f"{root}/.pipeproof", *own))
        return cls(job, program, salt, sightings, time.time_ns())

    def close(
        self, traced: Mapping[str, Any], memory: Memory, *, listening: bool, until: int | None
    ) -> tuple[Seen, ...]:
        """Return what the attempt used, with digests, as far as somebody needs it.

        Args:
            traced: What the child itself says.
            memory: What earlier attempts left; what this one leaves is added.
            listening: Whether the kernel reported.
            until: When a failed attempt last saved what another one may go on from, in nanoseconds since 1970: what was
                first used later does not matter to that. 0 when it did not; None for one that has passed.
        """
        needed = until != 0
        late = used_after(self.sightings, until) if listening and until else ()
        if not listening:
            self._replay(traced.get("events", ()))
        asked = self._asked(traced, "variable")
        names = [
            *(("variable", name) for name in asked if name not in self._declared()),
            *(("parameter", name) for name in self._asked(traced, "parameter")),
            *((("too much", str(MOST)),) if traced.get("too_much") else ()),
        ]
        settled = settle(self.sightings, self.started_ns, names)
        seen = tuple(self._with_digest(item) for item in settled if needed or item.what == "module")
        loaded = tuple(memory.modules.values())
        memory.modules |= {item.name: replace(item, what="loaded") for item in seen if item.what == "module"}
        memory.stained |= self.sightings.keeps_state or bool(asked)
        return (*(item for item in seen if item.name not in late), *loaded) if needed else ()

    def _asked(self, traced: Mapping[str, Any], what: str) -> list[str]:
        """Return the variables or parameters that were asked for, by the child or processes that it forked."""
        by_others = sorted(name for sort, name in self.sightings.asked if sort == what)
        return list(dict.fromkeys((*traced.get(f"{what}s", ()), *by_others)))

    def _with_digest(self, seen: Seen) -> Seen:
        if seen.digest:
            return seen
        root = Path(self.sightings.root)
        return replace(
            seen, digest=digest_seen(seen, root, os.environ, self.job.parameters, salt=self.salt) or "never"
        )

    def _declared(self) -> frozenset[str]:
        """Return the variables that are part of the key already."""
        named = (variable.name for variable in self.job.step.contract.environment)
        return frozenset({*named, *self.program.environment})

    def _replay(self, events: Any) -> None:
        """Take what the interpreter heard; how files were then cannot be had any more."""
        for event, name, flags in events:
            if event == "opened":
                self.sightings.opened(name, flags)
            elif event == "probed":
                self.sightings.probed(name)
            elif event == "read_as_data":
                self.sightings.read_as_data(name)
            elif event == "connected":
                self.sightings.connected(name)
            else:
                self.sightings.unseen(name)
