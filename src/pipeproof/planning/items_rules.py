"""Static rules about steps that are done for each of many items."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from pipeproof.errors import ConfigError, Finding, suggest
from pipeproof.model.each import Each
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.step import Step
from pipeproof.planning.items import items_of
from pipeproof.planning.templates import names_in


def items_that_cannot_be(
    step: Step, pipeline: Pipeline, promised: Mapping[str, Collection[str]], guessed: Collection[str]
) -> Iterator[Finding]:
    """Yield what is wrong with the items of a step.

    Args:
        step: The step.
        pipeline: The pipeline.
        promised: Dataset → the columns that its contract names.
        guessed: Datasets that steps too broken to be built would have made.
    """
    each = step.each
    if each is None:
        return
    if step.on_failure:
        yield _wrong(
            step,
            "has a fallback, which cannot stand in for a part of its items",
            "on_failure",
            fix="mark the step `optional: true` to go on without the items that fail",
        )
    yield from _from_data(step, each, pipeline, promised, guessed)
    if not each.is_dynamic and not {*names_in([each.items, each.first, each.last])}:
        try:
            items_of(step, {})
        except ConfigError as error:
            yield from error.findings


def _from_data(
    step: Step,
    each: Each,
    pipeline: Pipeline,
    promised: Mapping[str, Collection[str]],
    guessed: Collection[str],
) -> Iterator[Finding]:
    known = {*pipeline.makers, *pipeline.brought, *guessed}
    if each.dataset and each.dataset not in known:
        yield _wrong(
            step,
            f"takes its items from {each.dataset!r}, which nobody makes",
            fix=suggest(each.dataset, known),
        )
    if each.table and each.table not in step.inputs.values():
        fix = suggest(each.table, step.inputs.values()) or f"let it read {each.table}"
        yield _wrong(step, f"splits the table {each.table!r}, which it does not read", fix=fix)
    columns = promised.get(each.table, ())
    if each.by and columns and each.by not in columns:
        yield _wrong(
            step, f"splits {each.table} by {each.by!r}, which it does not have", fix=suggest(each.by, columns)
        )


def _wrong(step: Step, what: str, *path: str, fix: str) -> Finding:
    return Finding("PPF568", f"step {step.name!r} {what}", step=step.name, path=path or ("foreach",), fix=fix)
