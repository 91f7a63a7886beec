"""What changed between two keys, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pipeproof.planning.keys import changed_parts

_LONGEST = 40  # characters of a value that is shown
_MOST = 3


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
            return f"{named}: {_short(self.before)} → {_short(self.after)}"
        return f"{named} {_VERBS[self.kind]}"


_WORDS = {
    "code": "code",
    "packages": "package",
    "environment": "variable",
    "contract": "its contract",
    "checks": "what is held against contracts",
    "parameters": "parameter",
    "files": "file",
    "python": "interpreter",
    "input": "input",
}
_VERBS = {"changed": "changed", "new": "is new", "gone": "is gone"}
_SHOWN = frozenset({"packages", "config", "parameters", "python", "seed", "pipeproof", "kind", "isolation"})
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
    return tuple(found.values())


def in_words(changes: Sequence[Change]) -> str:
    """Return changes as one line, the first few of them."""
    said = [change.says for change in changes[:_MOST]]
    rest = len(changes) - _MOST
    return ", ".join(said) + (f" and {rest} more" if rest > 0 else "")


def names_of(changes: Iterable[Change]) -> tuple[str, ...]:
    """Return the parts that changed, for those who want them as data."""
    return tuple(f"{change.part}.{change.name}".rstrip(".") for change in changes)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
