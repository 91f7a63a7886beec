"""From a step that is done for each of many items to a step for each item, and one that gathers what they make."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeproof.errors import ConfigError, Finding
from pipeproof.model.condition import references_of
from pipeproof.model.contract import Contract, Port, Scalar, TableSchema, frozen
from pipeproof.model.each import MOST_ITEMS, PARTS, Each, labels_of
from pipeproof.model.repeat import Repeat
from pipeproof.model.step import Retry, Step
from pipeproof.planning.templates import fill, fill_step
from pipeproof.ports import StepKind

GATHER, SPLIT = "gather", "split"
"""Hidden kinds: one puts together what the items made, the other takes a table apart."""
_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Gather:
    """What a gathering step needs.

    Attributes:
        labels: Names of the items, in their order.
        items: The items.
        column: Column of the gathered table that says which item a row is of.
        outputs: Names of the outputs, each of which every item has made.
    """

    labels: tuple[str, ...]
    items: tuple[Scalar, ...]
    column: str
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Split:
    """What a splitting step needs: the table's local name and the column whose values are the items."""

    table: str
    by: str


def items_of(step: Step, parameters: Mapping[str, Scalar]) -> tuple[Scalar, ...]:
    """Return the items of a step that are known before the run.

    Raises:
        ConfigError: They are no list of different values, or too many.
    """
    each = step.each
    assert each is not None  # noqa: S101 asked only of a step that has items
    parameters = {**parameters, **fill(dict(step.given), parameters)}
    if each.first:
        return checked(step, tuple(_days(step, each, parameters)))
    items = fill(each.items, parameters)
    if isinstance(items, str):
        items = [part.strip() for part in items.split(",") if part.strip()]
    return checked(step, items if isinstance(items, list | tuple) else [items])


def checked(step: Step, items: Any) -> tuple[Scalar, ...]:
    """Return items that can be those of a step.

    Raises:
        ConfigError: They cannot, with why.
    """
    if not isinstance(items, list | tuple):
        raise ConfigError(_wrong(step, f"they are no list, this is {items!r}"[:200]))
    if len(items) > MOST_ITEMS:
        raise ConfigError(_wrong(step, f"there are {len(items):,}, and {MOST_ITEMS:,} is the most"))
    for item in items:
        if item is not None and not isinstance(item, str | int | float | bool):
            raise ConfigError(_wrong(step, f"{item!r} is no single value"[:200]))
    if len({(type(item) is bool, item) for item in items}) < len(items):
        raise ConfigError(_wrong(step, "one of them stands twice"))
    return tuple(items)


def _wrong(step: Step, what: str) -> Finding:
    return Finding(
        "PPF568",
        f"the items of step {step.name!r}: {what}",
        step=step.name,
        path=("foreach",),
        fix="give a list of different texts, numbers or dates",
    )


def _days(step: Step, each: Each, parameters: Mapping[str, Scalar]) -> Iterator[str]:
    first, last = _moment(step, each.first, parameters), _moment(step, each.last, parameters)
    if last < first:
        raise ConfigError(
            _wrong(step, f"the last day, {last:%Y-%m-%d}, is before the first, {first:%Y-%m-%d}")
        )
    count = int((last - first).total_seconds() // each.every) + 1
    if count > MOST_ITEMS:
        raise ConfigError(_wrong(step, f"there are {count:,}, and {MOST_ITEMS:,} is the most"))
    whole = each.every % _DAY == 0 and first.time() == dt.time()
    for number in range(count):
        moment = first + dt.timedelta(seconds=each.every * number)
        yield moment.date().isoformat() if whole else moment.isoformat()


def _moment(step: Step, text: str, parameters: Mapping[str, Scalar]) -> dt.datetime:
    given = str(fill(text, parameters))
    try:
        return dt.datetime.fromisoformat(given).replace(tzinfo=None)
    except ValueError:
        raise ConfigError(_wrong(step, f"{given!r} is no day, such as 2026-01-31")) from None


def spread_all(
    steps: Iterable[Step], kinds: Mapping[str, StepKind], parameters: Mapping[str, Scalar]
) -> Iterator[Step]:
    """Yield steps with their templates filled in, one for each item where the items are known.

    Where only the run knows them, the step stays as it is, behind one that splits its table if it has one.
    """
    for step in steps:
        each = step.each
        if each is None:
            yield fill_step(step, kinds[step.kind], parameters)
        elif each.table:
            yield split_step(step)
            yield replace(_with_given(step, parameters), each=replace(each, dataset=parts_of(step)))
        elif each.dataset:
            yield _with_given(step, parameters)
        else:
            for one in spread(step, items_of(step, parameters)):
                yield fill_step(one, kinds[one.kind], parameters)


def _with_given(step: Step, parameters: Mapping[str, Scalar]) -> Step:
    return replace(step, given=frozen(fill(dict(step.given), parameters))) if step.given else step


def alone(step: Step) -> Step:
    """Return a step without its ties to others, and for its first item, as it is tried by itself."""
    free = replace(
        step,
        needs=(),
        when="",
        optional=False,
        on_failure="",
        lane=None,
        before=(),
        after=(),
        repeat=once(step.repeat),
    )
    each = step.each
    if each is None or no_sample(step):
        return free
    item = each.first or each.items[0]
    return replace(
        free,
        each=None,
        given=frozen({**step.given, "item": item}),
        contract=replace(step.contract, outputs=_ports_of_part(step.contract.outputs, each.said)),
    )


def once(repeat: Repeat | None) -> Repeat | None:
    """Return how a step is done again in a test: once, whatever its condition comes to."""
    return None if repeat is None else replace(repeat, at_most=1, otherwise="pass")


def no_sample(step: Step) -> str:
    """Return why a step cannot be tried for one of its items, or ''."""
    each = step.each
    if each is None or each.first or (isinstance(each.items, tuple) and each.items):
        return ""
    return "it is done for each item of a list that only a run knows"


def split_step(step: Step) -> Step:
    """Return the hidden step that splits the table of a step, and makes the list of its items."""
    each = step.each
    assert each is not None  # noqa: S101 asked only of a step that has items
    name = parts_of(step)
    return Step(
        name,
        SPLIT,
        Split(each.table, each.by),
        inputs=frozen({each.table: each.table}),
        outputs=frozen({PARTS: name}),
        needs=step.needs,
        when=step.when if "item" not in _alone(step.when) else "",
        optional=step.optional,
        retry=Retry(0),
        group=step.group,
        description=f"the parts of {each.table} by {each.by}",
    )


def parts_of(step: Step) -> str:
    """Return the name of the hidden step that splits the table of a step, and of the list that it makes."""
    return f"{step.name}@{PARTS}"


def spread(step: Step, items: Sequence[Scalar]) -> tuple[Step, ...]:
    """Return a step for each item and, last, the step that gathers what they make under the step's own name.

    Args:
        step: The step; its templates are not filled in yet.
        items: Its items.
    """
    labels = labels_of(items)
    one = [_for_item(step, item, label) for item, label in zip(items, labels, strict=True)]
    return (*one, gather_step(step, items, labels))


def gather_step(step: Step, items: Sequence[Scalar], labels: Sequence[str]) -> Step:
    """Return the step that puts together what the items made."""
    each = step.each
    assert each is not None  # noqa: S101 asked only of a step that has items
    pairs = [(local, dataset, label) for local, dataset in step.outputs.items() for label in labels]
    inputs = {part_name(local, label): part_name(dataset, label) for local, dataset, label in pairs}
    spared = {name: Port(name, required=False) for name in inputs} if _may_miss(step) else {}
    return Step(
        step.name,
        GATHER,
        Gather(tuple(labels), tuple(items), each.said, tuple(step.outputs)),
        inputs=frozen(inputs),
        outputs=step.outputs,
        contract=Contract(frozen(spared), step.contract.outputs, enforce=step.contract.enforce),
        needs=step.needs,
        when=step.when if "item" not in _alone(step.when) else "",
        optional=step.optional,
        on_failure=step.on_failure,
        retry=Retry(0),
        group=step.group,
        description=step.description,
        after=step.after,
    )


def _may_miss(step: Step) -> bool:
    """Say whether what one item makes may be missing: it may fail, or is not done under a condition."""
    return step.optional or "item" in _alone(step.when)


def _alone(condition: str) -> set[str]:
    return {item.asks for item in references_of(condition)}


def part_name(name: str, label: str) -> str:
    """Return the name of what belongs to one item."""
    return f"{name}[{label}]"


def _for_item(step: Step, item: Scalar, label: str) -> Step:
    each = step.each
    assert each is not None  # noqa: S101 asked only of a step that has items
    inputs = {
        local: part_name(f"{step.name}@{dataset}", label) if dataset == each.table and each.table else dataset
        for local, dataset in step.inputs.items()
    }
    return replace(
        step,
        name=part_name(step.name, label),
        inputs=frozen(inputs),
        outputs=frozen({local: part_name(dataset, label) for local, dataset in step.outputs.items()}),
        contract=_contract_of_part(step.contract, each.said),
        given=frozen({**step.given, "item": item}),
        lane=(step.name, each.at_once) if each.at_once else None,
        each=None,
        on_failure="",
    )


def _contract_of_part(contract: Contract, column: str) -> Contract:
    """Return the contract of one item: what is promised of all rows is asked of what is gathered."""
    ports = _ports_of_part(contract.outputs, column)
    return replace(
        contract, outputs=frozen({name: replace(port, enforce="off") for name, port in ports.items()})
    )


def _ports_of_part(ports: Mapping[str, Port], column: str) -> Mapping[str, Port]:
    return frozen({name: replace(port, schema=_without(port.schema, column)) for name, port in ports.items()})


def _without(schema: TableSchema | None, column: str) -> TableSchema | None:
    if schema is None:
        return None
    columns = tuple(one for one in schema.columns if one.name != column)
    return replace(schema, columns=columns, key=tuple(name for name in schema.key if name != column))
