"""What decides whether a step is run or what it made before is taken: keys in parts, and earlier results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pipeproof.model.contract import frozen
from pipeproof.model.outcome import Outcome, Seen

_UNKNOWABLE = {
    "network": "it asked {} over the network, whose answers have no version",
    "changing": "{} changed while it ran",
    "checkpoint": "it went on from a checkpoint, {}, and what that attempt had used cannot be seen",
    "unseen": "it used {}, which cannot be followed",
    "too much": "it used more than can be kept track of",
}


@dataclass(frozen=True, slots=True)
class Keyed:
    """All that is known of a step before it runs, but for the content of what it reads.

    Attributes:
        static: Digest of `text`; empty when no key can be had.
        text: All of it in parts, as JSON, see `pipeproof.planning.keys`.
        barrier: Why what it makes must not be taken again; empty when it may.
    """

    static: str = ""
    text: str = ""
    barrier: str = ""


@dataclass(frozen=True, slots=True)
class Behind:
    """The files that a key was made of.

    Attributes:
        modules: Python files that its code imports on the way, from the project's folder where they lie in it.
        files: Other files whose content is in the key.
        followed: Whether parsing could follow the code to its end, so that nothing counts in these files but the
            parts that are in the key.
    """

    modules: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    followed: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What a step came to in an earlier run.

    Attributes:
        key: Digest of its static key and the content of its inputs.
        run: The run.
        outcome: What it came to.
        inputs: Local name → digest of what it read.
    """

    key: str
    run: str
    outcome: Outcome
    inputs: Mapping[str, str] = field(default_factory=frozen)


def is_knowable(item: Seen) -> bool:
    """Say whether something that was used has a state that can be compared later."""
    return item.what not in _UNKNOWABLE


def barrier_of(seen: Iterable[Seen]) -> str:
    """Return why what an attempt made must not be taken again, for what it was seen to use; empty when it may."""
    return next((_says(item) for item in seen if not is_knowable(item)), "")


def _says(item: Seen) -> str:
    if item.what == "unseen" and item.name.startswith("what "):  # what other code used, as a whole
        return f"{item.name} cannot be seen, so it is run each time"
    return _UNKNOWABLE[item.what].format(item.name)
