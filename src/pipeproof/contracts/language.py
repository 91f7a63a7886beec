"""Texts that one contract allows and another refuses, found by walking two automata side by side.

The regular expressions are read by `interegular`. Its own automata are made whole before they are
used, which takes exponential time for patterns like ``.*x.{20}``; here states are made only as the
walk meets them (Thompson's construction and the subset construction, K. Thompson, "Regular Expression
Search Algorithm", CACM 11, 1968), and the walk gives up after a fixed amount of work.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from pipeproof.contracts.patterns import Chars, Repeats, Tree, parse
from pipeproof.contracts.text_formats import TEXT_FORMATS
from pipeproof.model.contract import Column

_MOST_STATES = 20_000
_MOST_WORK = 400_000
_NICE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:,; "
_OTHERS = "~§¿☃"
_NEVER = "[^\\s\\S]"  # what is no known format is kept by no text

States = frozenset[int]


class TooLargeError(Exception):
    """The question needs more work than a check may take; the answer stays open."""


@dataclass(slots=True)
class Automaton:
    """A nondeterministic automaton: for each state its moves on characters and its free moves."""

    moves: list[list[tuple[Chars, int]]] = field(default_factory=list)
    free: list[list[int]] = field(default_factory=list)
    final: int = 0

    def state(self) -> int:
        """Add a state and return its number.

        Raises:
            TooLargeError: There are too many.
        """
        if len(self.moves) >= _MOST_STATES:
            raise TooLargeError
        self.moves.append([])
        self.free.append([])
        return len(self.moves) - 1

    def closed(self, states: Sequence[int] | set[int]) -> States:
        """Return the states and all that free moves reach from them."""
        seen = set(states)
        waiting = list(states)
        while waiting:
            new = [to for to in self.free[waiting.pop()] if to not in seen]
            seen.update(new)
            waiting += new
        return frozenset(seen)

    def start(self) -> States:
        """Return where a walk begins."""
        return self.closed([0])

    def after(self, states: States, char: str) -> States:
        """Return where a walk stands after one more character."""
        return self.closed({to for state in states for chars, to in self.moves[state] if char in chars})


@dataclass(frozen=True, slots=True)
class Texts:
    """A set of texts: those that all automata accept, of a length from `least` to `most`.

    `exact` is false when a part of the contract could not be expressed and was left out, so that
    the set is too large.
    """

    automata: tuple[Automaton, ...] = ()
    least: int = 0
    most: int | None = None
    exact: bool = True
    nothing: bool = False

    def has_length(self, length: int) -> bool:
        """Return whether texts may be this long."""
        return length >= self.least and (self.most is None or length <= self.most)


NOTHING = Texts(nothing=True)


def texts(column: Column) -> Texts:
    """Return the texts that the rules of a column allow.

    Raises:
        TooLargeError: The pattern or the categories are too large to compare.
    """
    automata: list[Automaton] = []
    exact = column.minimum is None and column.maximum is None
    shape = None if column.format is None else TEXT_FORMATS.get(column.format, _NEVER)
    for pattern in (column.pattern, shape):
        if pattern is None:
            continue
        tree = parse(pattern)
        if tree is None:
            exact = False
        else:
            automata.append(automaton_of(tree))
    if column.categories:
        automata.append(_one_of([item for item in column.categories if isinstance(item, str)]))
    return Texts(tuple(automata), column.min_length or 0, column.max_length, exact)


def words(inside: Texts, outside: Texts, most: int = 1) -> Iterator[str]:
    """Yield short texts that `inside` has and `outside` has not, the shortest first.

    Not all of them: beginnings that no automaton tells apart are followed only once.

    Raises:
        TooLargeError: The search was given up.
    """
    if not inside.nothing:
        walk = _Walk(inside, outside)
        found = (text for text, standing in walk.texts() if walk.is_found(standing, len(text)))
        yield from itertools.islice(_once(found), most)


def _once(items: Iterable[str]) -> Iterator[str]:
    seen = set[str]()
    for item in items:
        if item not in seen:
            seen.add(item)
            yield item


@dataclass(frozen=True, slots=True)
class _Standing:
    """Where a walk stands: in one state of each automaton inside, in a set of states of each outside.

    One way to accept a text is enough inside, so its ways are walked one by one; outside, all ways
    must fail, so they are walked together.
    """

    inside: tuple[int, ...]
    outside: tuple[States, ...]
    length: int = 0


class _Walk:
    """A walk through the automata of two sets at once, counting the work it takes."""

    def __init__(self, inside: Texts, outside: Texts) -> None:
        self.inside, self.outside = inside, outside
        lengths = [inside.least, outside.least, inside.most, outside.most]
        # Beyond the last length that matters, all lengths are alike; without one, all are.
        matter = [length for length in lengths[:2] if length] + [n for n in lengths[2:] if n is not None]
        self.longest = max(matter) + 1 if matter else 0
        self.symbols = _symbols((*inside.automata, *outside.automata))
        self.work = 0
        self.ways = cache(self._ways)
        self.all_ways = cache(self._all_ways)

    def texts(self) -> Iterator[tuple[str, _Standing]]:
        """Yield texts that `inside` may begin with, each with where the walk stands after it."""
        waiting = deque(("", standing) for standing in self.starts())
        yield from waiting
        seen = {standing for _, standing in waiting}
        while waiting:
            text, standing = waiting.popleft()
            if self.inside.most is not None and len(text) >= self.inside.most:
                continue
            for char in self.symbols:
                for after in self.after(standing, char):
                    yield text + char, after
                    if after not in seen:
                        seen.add(after)
                        waiting.append((text + char, after))

    def starts(self) -> Iterator[_Standing]:
        """Yield where a walk may begin."""
        outside = tuple(automaton.start() for automaton in self.outside.automata)
        starts = [sorted(automaton.start()) for automaton in self.inside.automata]
        for inside in itertools.product(*starts):
            yield _Standing(inside, outside)

    def after(self, standing: _Standing, char: str) -> Iterator[_Standing]:
        """Yield where a walk may stand after one more character.

        Raises:
            TooLargeError: The walk has taken too long.
        """
        ways = [self.ways(number, state, char) for number, state in enumerate(standing.inside)]
        if not all(ways):
            return
        outside = tuple(self.all_ways(number, states, char) for number, states in enumerate(standing.outside))
        length = min(standing.length + 1, self.longest)
        for inside in itertools.product(*ways):
            self._count(1)
            yield _Standing(inside, outside, length)

    def is_found(self, standing: _Standing, length: int) -> bool:
        """Return whether the text read so far is allowed inside and refused outside."""
        pairs = zip(self.inside.automata, standing.inside, strict=True)
        if not self.inside.has_length(length) or any(a.final != state for a, state in pairs):
            return False
        if self.outside.nothing or not self.outside.has_length(length):
            return True
        others = zip(self.outside.automata, standing.outside, strict=True)
        return any(automaton.final not in states for automaton, states in others)

    def _ways(self, number: int, state: int, char: str) -> tuple[int, ...]:
        automaton = self.inside.automata[number]
        after = automaton.after(frozenset({state}), char)
        self._count(1 + len(after))
        return tuple(sorted(to for to in after if automaton.moves[to] or to == automaton.final))

    def _all_ways(self, number: int, states: States, char: str) -> States:
        self._count(1 + len(states))
        return self.outside.automata[number].after(states, char)

    def _count(self, work: int) -> None:
        self.work += work
        if self.work > _MOST_WORK:
            raise TooLargeError


def _symbols(automata: Sequence[Automaton]) -> list[str]:
    """Return one character for each set of characters that no automaton tells apart."""
    sets = {chars for automaton in automata for moves in automaton.moves for chars, _ in moves}
    named = set[str]().union(*(chars.chars for chars in sets))
    if len(named) * len(sets) > _MOST_WORK:
        raise TooLargeError
    kinds: dict[tuple[bool, ...], str] = {}
    for char in sorted(named, key=_plainness):
        kinds.setdefault(tuple(char in chars for chars in sets), char)
    other = next((char for char in (*_NICE, *_OTHERS) if char not in named), None)
    return [*kinds.values(), *([] if other is None else [other])]


def _plainness(char: str) -> tuple[int, str]:
    position = _NICE.find(char)
    return (position if position >= 0 else len(_NICE), char)


def automaton_of(tree: Tree) -> Automaton:
    """Return the automaton of a parsed pattern.

    Raises:
        TooLargeError: Its counted repeats make it too large.
    """
    automaton = Automaton()
    start = automaton.state()
    automaton.final = _add(automaton, tree, start)
    return automaton


def _add(automaton: Automaton, tree: Tree, start: int) -> int:
    """Add what reads `tree` from `start` on, and return the state in which it has been read."""
    if isinstance(tree, Chars):
        end = automaton.state()
        automaton.moves[start].append((tree, end))
        return end
    if isinstance(tree, Repeats):
        return _add_repeats(automaton, tree, start)
    if tree.choice:
        end = automaton.state()
        for part in tree.parts:
            first = automaton.state()
            automaton.free[start].append(first)
            automaton.free[_add(automaton, part, first)].append(end)
        return end
    for part in tree.parts:
        start = _add(automaton, part, start)
    return start


def _add_repeats(automaton: Automaton, tree: Repeats, start: int) -> int:
    if max(tree.least, tree.most or 0) > _MOST_STATES:
        raise TooLargeError
    for _ in range(tree.least):
        start = _add(automaton, tree.of, start)
    end = automaton.state()
    automaton.free[start].append(end)
    if tree.most is None:
        loop = automaton.state()
        automaton.free[start].append(loop)
        after = _add(automaton, tree.of, loop)
        automaton.free[after] += [loop, end]
        return end
    for _ in range(tree.most - tree.least):
        # A fresh state each, so that a way out is never a way back in.
        first = automaton.state()
        automaton.free[start].append(first)
        start = _add(automaton, tree.of, first)
        automaton.free[start].append(end)
    return end


def _one_of(items: Sequence[str]) -> Automaton:
    automaton = Automaton()
    first = automaton.state()
    automaton.final = automaton.state()
    for item in items:
        state = first
        for char in item:
            new = automaton.state()
            automaton.moves[state].append((Chars(frozenset(char)), new))
            state = new
        automaton.free[state].append(automaton.final)
    return automaton


def is_empty(column: Column) -> bool:
    """Return whether no text can keep the rules of a column; False when that cannot be told."""
    try:
        inside = texts(column)
        return inside.exact and next(words(inside, NOTHING), None) is None
    except TooLargeError:
        return False


@dataclass(frozen=True, slots=True)
class Between:
    """What is known of the texts between two columns.

    Attributes:
        found: Texts that the one may allow and the other may refuse; to be held against both.
        unknown: Why there may be others, empty when there are none.
    """

    found: tuple[str, ...] = ()
    unknown: str = ""


def between(inside: Column, outside: Column | None, most: int) -> Between:
    """Return texts that one column allows and another refuses, all that are needed to know whether there are any."""
    try:
        allowed = texts(inside)
        refused = NOTHING if outside is None else texts(_not_said_by(inside, outside))
        found = tuple(words(allowed, refused, most))
    except TooLargeError:
        return Between(unknown="the patterns are too large to be compared")
    if not refused.exact:
        return Between(found, "a pattern or a bound of texts cannot be compared")
    vague = bool(found) and not allowed.exact
    return Between(found, "what the pattern of the writer allows is not known" if vague else "")


def _not_said_by(inside: Column, outside: Column) -> Column:
    """Return a column with the rules of `outside` that `inside` does not keep already."""
    return replace(
        outside,
        pattern=None if inside.pattern == outside.pattern else outside.pattern,
        format=None if inside.format == outside.format else outside.format,
        minimum=None if _implies(inside, outside, "minimum") else outside.minimum,
        maximum=None if _implies(inside, outside, "maximum") else outside.maximum,
    )


def _implies(inside: Column, outside: Column, bound: str) -> bool:
    """Return whether the one column's bound of texts keeps the other's."""
    own, asked = getattr(inside, bound), getattr(outside, bound)
    if not isinstance(own, str) or not isinstance(asked, str):
        return False
    if own == asked:
        return bool(getattr(inside, f"{bound}_open")) or not getattr(outside, f"{bound}_open")
    return own > asked if bound == "minimum" else own < asked
