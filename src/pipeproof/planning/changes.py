"""What changed between two keys, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from pipeproof.planning.keys import changed_parts

_LONGEST = 40  # characters of a value that is shown
_BEFORE = 8  # of them are what stands before the first difference
MOST = 3
"""Changes that fit into one line."""


@dataclass(frozen=True, slots=True)
class Change:
    """A part of a key that differs.

    Attributes:
        part: ``code``, ``packages``, ``config``, ``environment``, ``input``, ...
        name: What of it: ``helpers.py:parse``, ``pandas``, ``arguments.max-delay``.
        before: What it was, where that can be shown; empty for code, contracts and variables.
        after: What it is.
        kind: Whether it is new, gone or another.
    """

    part: str
    name: str
    before: str = ""
    after: str = ""
    kind: str = "changed"

    @property
    def says(self) -> str:
        """The change, in words."""
        what = _WORDS.get(self.part, self.part)
        named = f"{what} {self.name}".strip()
        if self.before and self.after:
            return f"{named}: {' → '.join(_shortened(self.before, self.after))}"
        value = self.before or self.after
        return f"{named} {_VERBS[self.kind]}{f': {_short(value)}' if value else ''}"


_WORDS = {
    "code": "code",
    "packages": "package",
    "environment": "variable",
    "around": "variable",
    "contract": "its contract",
    "checks": "what is held against contracts",
    "parameters": "parameter",
    "files": "file",
    "python": "interpreter",
    "input": "input",
    "elsewhere": "environment",
    "inputs": "what it reads:",
    "outputs": "what it makes:",
    "followed": "what parsing can follow of its code",
}
_VERBS = {"changed": "changed", "new": "is new", "gone": "is gone"}
_SHOWN = frozenset(
    {"packages", "config", "parameters", "python", "seed", "pipeproof", "kind", "elsewhere", "around"}
)
_FOLLOWED = ("followed", "")
_HELD = ("checks", "")
_WHOLE = frozenset({"contract", "checks"})  # whose parts have no names that say much to people


def changes_between(old: str, new: str, texts: Callable[[str], str]) -> tuple[Change, ...]:
    """Return what differs between two keys, by part.

    Args:
        old: Text of the key of then.
        new: Text of the key of today.
        texts: Digest → text of a part that several keys share, empty when it is not kept any more.
    """
    found: dict[tuple[str, str], Change] = {}
    for leaf, before, after in changed_parts(old, new, texts):
        part, _, name = leaf.partition(".")
        name = "" if part in _WHOLE else name
        shown = part in _SHOWN
        kind = "new" if before is None else "gone" if after is None else "changed"
        change = Change(part, name, (before or "") if shown else "", (after or "") if shown else "", kind)
        found.setdefault((part, name), change)
    if len(found) > 1:
        found.pop(_FOLLOWED, None)  # says nothing that the others do not
    if any(part == "contract" or (part == "config" and name.startswith("schema")) for part, name in found):
        found.pop(_HELD, None)  # follows from it
    return tuple(found.values())


def in_words(changes: Sequence[Change]) -> str:
    """Return changes as one line, the first few of them."""
    said = [change.says for change in changes[:MOST]]
    rest = len(changes) - MOST
    return ", ".join(said) + (f" and {rest} more" if rest > 0 else "")


def names_of(changes: Iterable[Change]) -> tuple[str, ...]:
    """Return the parts that changed, for those who want them as data."""
    return tuple(f"{change.part}.{change.name}".rstrip(".") for change in changes)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _shortened(before: str, after: str) -> tuple[str, str]:
    """Return two values, each cut to where they differ, with a little of what stands before that."""
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))
    if same <= _LONGEST // 2 or max(len(before), len(after)) <= _LONGEST:
        return _short(before), _short(after)
    start = same - _BEFORE
    return _short(f"…{before[start:]}"), _short(f"…{after[start:]}")
