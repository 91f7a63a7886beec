"""What steps wait for: by their data, their conditions, `depends_on`, and the steps that stand in for others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from typing import Literal

from pipeproof.errors import ConfigError, Finding
from pipeproof.model.condition import references_of
from pipeproof.model.step import Step

End = Literal["passed", "excused", "failed", "skipped", "blocked"]
"""How a task ended, for those that wait for it; excused is a failure that the run goes on after."""
Lets = Mapping[str, frozenset[End]]
"""Step → the ends of it that let another one go."""
ROLLBACK = "rollback"
"""What ``on_failure`` may say besides the name of a step."""
PASSED: frozenset[End] = frozenset({"passed"})
ANY: frozenset[End] = frozenset({"passed", "excused", "failed", "skipped", "blocked"})
_WITHOUT: frozenset[End] = frozenset({"passed", "excused", "skipped"})
_TRIED: frozenset[End] = frozenset({"passed", "excused"})
_NOT_NEEDED: frozenset[End] = frozenset({"passed", "skipped"})
_FAILED: frozenset[End] = frozenset({"excused"})


def stand_ins(steps: Iterable[Step]) -> dict[str, str]:
    """Return fallbacks: the step that stands in → the step that it stands in for."""
    return {step.on_failure: step.name for step in steps if step.on_failure not in {"", ROLLBACK, step.name}}


def makers(steps: Sequence[Step]) -> dict[str, str]:
    """Return dataset → the step that makes it; where one stands in for another, the other."""
    last = stand_ins(steps)
    found: dict[str, str] = {}
    for step in sorted(steps, key=lambda step: step.name in last):  # stable: fallbacks last
        for dataset in step.made:
            found.setdefault(dataset, step.name)
    return found


def waits(steps: Sequence[Step]) -> dict[str, Lets]:
    """Return, for each step, which steps it waits for and which of their ends let it go.

    - What it reads must have been made, by the step or by the one that stands in for it.
    - It can do without an input that its contract does not require.
    - A condition about metrics or data needs them; one about a `status` takes any end.
    - A step that stands in for another one waits until that has failed.
    """
    known = _Known(makers(steps), stand_ins(steps), {step.name: step for step in steps})
    found: dict[str, Lets] = {}
    for step in steps:
        lets: dict[str, frozenset[End]] = {}
        for name, ends in known.edges(step):
            lets[name] = lets.get(name, ANY) & ends
        found[step.name] = lets
    return found


@dataclass(frozen=True, slots=True)
class _Known:
    """All steps: by what they make, by whom they stand in for, by name."""

    made_by: Mapping[str, str]
    fallbacks: Mapping[str, str]
    by_name: Mapping[str, Step]

    def edges(self, step: Step) -> Iterator[tuple[str, frozenset[End]]]:
        """Yield what a step waits for, once for each reason."""
        spared = step.spared
        for dataset in step.inputs.values():
            yield from self.by_data(dataset, step, _WITHOUT if dataset in spared else PASSED)
        if step.each is not None and step.each.dataset:
            yield from self.by_data(step.each.dataset, step, PASSED)
        for item in references_of(step.when):
            if item.asks in {"rows", "value"} and item.of not in step.made:
                yield from self.by_data(item.of, step, PASSED)
            elif item.asks in {"metrics", "status"} and item.of != step.name:
                yield item.of, PASSED if item.asks == "metrics" else ANY
        for name in step.needs:
            yield from self.by_step(self.by_name.get(name), step, PASSED)
        if step.name in self.fallbacks:
            yield self.fallbacks[step.name], _FAILED

    def by_data(self, dataset: str, step: Step, ends: frozenset[End]) -> Iterator[tuple[str, frozenset[End]]]:
        """Yield who makes a dataset, and who does so in its place."""
        maker = self.by_name.get(self.made_by.get(dataset, ""))
        other = self.by_name.get(maker.on_failure) if maker is not None else None
        replaced = other is not None and dataset in other.made
        yield from self.by_step(maker, step, ends, replaced=replaced)

    def by_step(
        self, before: Step | None, step: Step, ends: frozenset[End], *, replaced: bool = True
    ) -> Iterator[tuple[str, frozenset[End]]]:
        """Yield a step that another one waits for, and who stands in for it."""
        if before is None:
            return
        other = before.on_failure
        if not replaced or other not in self.by_name or other == step.name:
            yield before.name, ends
        else:
            yield before.name, ends | _TRIED
            yield other, ends | _NOT_NEEDED


def groups_of(steps: Iterable[Step]) -> dict[str, list[str]]:
    """Return group → the steps of it."""
    groups: dict[str, list[str]] = {}
    for step in steps:
        if step.group:
            groups.setdefault(step.group, []).append(step.name)
    return groups


def with_groups(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Return the steps with every group that one depends on exchanged for the steps of that group."""
    groups, names = groups_of(steps), {step.name for step in steps}

    def expand(step: Step) -> Step:
        if names.issuperset(step.needs):
            return step
        found = [[need] if need in names else groups.get(need, [need]) for need in step.needs]
        # A step of the group itself waits for the others of it.
        needs = dict.fromkeys(name for part in found for name in part if name != step.name)
        return replace(step, needs=tuple(needs))

    return tuple(expand(step) for step in steps)


def closure(start: Iterable[str], edges: Mapping[str, Iterable[str]]) -> set[str]:
    """Return names and all that edges lead to from them."""
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += edges[name]
    return found


def in_order(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Return steps so that each follows what it waits for, otherwise as written.

    Raises:
        ConfigError: Steps wait for each other.
    """
    position = {step.name: index for index, step in enumerate(steps)}
    # A condition may name what is no step: that is told where conditions are looked at.
    before = {name: [need for need in lets if need in position] for name, lets in waits(steps).items()}
    sorter = TopologicalSorter(before)
    try:
        sorter.prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        raise ConfigError(_cycle_finding(circle, position)) from None
    ordered: list[Step] = []
    while sorter.is_active():
        # Sorting each wave by written position makes the order stable, whatever the hash seed.
        wave = sorted(sorter.get_ready(), key=position.__getitem__)
        ordered += [steps[position[name]] for name in wave]
        sorter.done(*wave)
    return tuple(ordered)


def _cycle_finding(circle: list[str], position: Mapping[str, int]) -> Finding:
    first = min(circle, key=position.__getitem__)
    start = circle.index(first)
    # From each step to the one that follows it, as everywhere else, beginning with the first in the file.
    path = " → ".join([*circle[start:-1], *circle[:start], first])
    return Finding(
        "PPF120",
        f"steps wait for each other: {path}",
        step=first,
        path=("workflow", "steps", position[first]),
        fix="let one of them read another dataset, or drop a depends_on",
    )
