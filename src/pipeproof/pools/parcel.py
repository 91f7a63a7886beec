"""A job on its way to another process."""

from __future__ import annotations

import copyreg
import io
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module, metadata
from types import MappingProxyType
from typing import Any

from pipeproof.model.contract import frozen
from pipeproof.ports import Job


@dataclass(frozen=True, slots=True)
class Reference:
    """Something that another process makes for itself: a function or class by name, and what it is called with."""

    target: str
    arguments: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def make(self) -> Any:
        """Import what is named and call it."""
        module, _, name = self.target.partition(":")
        return getattr(import_module(module), name)(*self.arguments, **self.options)


@dataclass(frozen=True, slots=True)
class Place:
    """What a worker must know of a run to work on its jobs.

    Attributes:
        run: Folder of the run.
        lifeline: Folder that tells how the run stands; each part of a run that goes on has its own.
        launcher: Makes the launcher.
        objects: Makes the object store.
        kinds: Makes the mapping of step kinds.
    """

    run: str
    lifeline: str
    launcher: Reference
    objects: Reference
    kinds: Reference = Reference("pipeproof.plugins:Kinds")


@dataclass(frozen=True, slots=True)
class Parcel:
    """A job, packed. What is in it is in no `repr`: executors log the arguments of calls that fail.

    Attributes:
        task: Name of the task.
        attempt: Number of the attempt.
        number: Number of the job among all that the run hands out.
        place: What the worker must know of the run.
        version: The version of Pipeproof that packed it.
        job: The job without its secrets, as bytes.
        secrets: The job's secrets, as far as it holds them.
    """

    task: str
    attempt: int
    number: int
    place: Place = field(repr=False)
    version: str
    job: bytes = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)


def pack(job: Job, place: Place, number: int) -> Parcel:
    """Pack a job.

    A secret travels with the jobs that use it alone. The others are in the job only to be masked, which
    a worker does by itself with those of its own environment.

    Raises:
        Exception: Something in the job cannot be pickled.
    """
    buffer = io.BytesIO()
    pickler = pickle.Pickler(buffer, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = _TABLE
    pickler.dump(replace(job, secrets=()))
    body = buffer.getvalue()
    used = tuple(secret for secret in job.secrets if secret.encode("utf-8", "surrogatepass") in body)
    return Parcel(job.task.name, job.attempt, number, place, version(), body, used)


def unpack(parcel: Parcel) -> Job:
    """Return the job in a parcel.

    Raises:
        Exception: Its classes cannot be imported here.
    """
    # The executor has unpickled our function and this parcel, from the same sender, before.
    job: Job = pickle.loads(parcel.job)  # noqa: S301
    return job


@cache
def version() -> str:
    """Return the version of Pipeproof in this process."""
    return metadata.version("pipeproof")


def _thaw(mapping: MappingProxyType[str, Any]) -> tuple[Any, tuple[dict[str, Any]]]:
    return frozen, (dict(mapping),)


_TABLE = copyreg.dispatch_table | {MappingProxyType: _thaw}
"""How to pickle what is no class of ours, without changing that for the whole process."""
