"""Static rules about what a run decides: conditions, optional steps and inputs, steps that stand in for others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from pipeproof.errors import ConfigError, Finding, Location, suggest
from pipeproof.model.condition import Reference, read_condition
from pipeproof.model.order import ROLLBACK
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.step import Parameter, Step
from pipeproof.ports import StepKind


def decisions_that_cannot_be(
    pipeline: Pipeline,
    kinds: Mapping[str, StepKind],
    declared: Mapping[str, Parameter],
    guessed: Collection[str] = (),
) -> Iterator[Finding]:
    """Yield what is wrong with conditions, fallbacks and inputs that steps can do without.

    Args:
        pipeline: The pipeline.
        kinds: Step kinds by name.
        declared: Its parameters, implied ones among them.
        guessed: Steps that are too broken to be built, and what they would have made.
    """
    conditions = _Conditions(pipeline, declared, guessed)
    for step in pipeline.steps:
        yield from conditions.findings(step, step.when, "when", ("item",) if step.each else ())
        if step.repeat is not None:
            alone = ("iteration", "item") if step.each else ("iteration",)
            yield from conditions.findings(step, step.repeat.condition, "repeat_until", alone)
        yield from _inputs_it_cannot_miss(step, kinds[step.kind])
        if step.on_failure and step.on_failure not in guessed:
            yield from _fallback_findings(step, pipeline)


@dataclass(frozen=True, slots=True)
class _Conditions:
    """What conditions are held against: see `decisions_that_cannot_be`."""

    pipeline: Pipeline
    declared: Mapping[str, Parameter]
    guessed: Collection[str]

    def findings(self, step: Step, text: str, key: str, alone: Collection[str] = ()) -> Iterator[Finding]:
        """Yield what is wrong with a condition.

        Args:
            step: The step that it belongs to.
            text: The condition; nothing is no condition.
            key: Where it stands in the step.
            alone: Which of ``item`` and ``iteration`` it may ask for.
        """
        try:
            references = read_condition(text).references if text else ()
        except ConfigError as error:
            yield from (replace(finding, step=step.name, path=(key,)) for finding in error.findings)
            return
        for item in references:
            found = self.unknown(item, step, alone)
            if found is not None and item.of not in self.guessed:
                what, fix = found
                where = Location("", item.line, item.column)
                says = f"the condition of step {step.name!r} asks for {item}: {what}"
                yield Finding("PPF564", says, where, step=step.name, path=(key,), fix=fix)

    def unknown(self, item: Reference, step: Step, alone: Collection[str]) -> tuple[str, str] | None:
        """Return what is wrong with something that is asked for, and what to do; None when nothing is."""
        if item.asks in {"item", "iteration"}:
            if item.asks in alone:
                return None
            key = {"item": "foreach", "iteration": "repeat_until"}[item.asks]
            return f"only steps with {key} have one", f"give the step a `{key}:`, or drop it"
        what = "there is no such step"
        known: Collection[str] = {name for name in self.pipeline.by_name if name != step.name}
        if item.asks == "parameters":
            known, what = {*self.declared, *step.given}, "there is no such parameter"
        elif item.asks in {"rows", "value"}:
            known, what = {*self.pipeline.makers, *self.pipeline.brought}, "nobody makes this dataset"
        elif item.asks == "metrics" and item.of != step.name and self._has_items(item.of):
            what = f"{item.of!r} is done for each of its items, and each of these has metrics of its own"
            return what, "let the step return what is to be compared, and ask for it: rows(...) or value(...)"
        elif item.of == step.name and "iteration" not in alone:
            what = "a step cannot wait for itself"
        if (
            "iteration" in alone and item.asks != "parameters"
        ):  # asked after each iteration: what has ended by then
            before = {step.name, *self.pipeline.upstream[step.name]}
            known = before if item.asks == "metrics" else {*step.made, *step.inputs.values()}
            what = (
                what
                if item.of not in {*self.pipeline.by_name, *self.pipeline.makers}
                else "the step does not wait for it"
            )
        return (
            None if item.of in known else (what, suggest(item.of, known) or "nothing of this kind is there")
        )

    def _has_items(self, name: str) -> bool:
        other = self.pipeline.by_name.get(name)
        return other is not None and other.each is not None


def _inputs_it_cannot_miss(step: Step, kind: StepKind) -> Iterable[Finding]:
    if kind.spares:
        return
    for local, dataset in step.inputs.items():
        if dataset in step.spared:
            yield Finding(
                "PPF567",
                f"step {step.name!r} is a {kind.name} step, which cannot run without its input {local!r}",
                step=step.name,
                path=("contract", "inputs", local, "required"),
                fix="drop `required: false`; only script and python steps can do without an input",
            )


def _fallback_findings(step: Step, pipeline: Pipeline) -> Iterator[Finding]:
    """Yield what keeps a step from standing in for one that failed."""

    def wrong(what: str, fix: str, *path: str) -> Finding:
        return Finding("PPF566", what, step=step.name, path=path or ("on_failure",), fix=fix)

    name = step.on_failure
    other = pipeline.by_name.get(name)
    if name == ROLLBACK:
        yield wrong(
            f"step {step.name!r}: `on_failure: rollback` is said of the workflow, and not of a step",
            "move it under `workflow:`, or name a step that stands in for this one",
        )
        return
    if other is None or other.name == step.name:
        is_itself = "itself" if other is not None else repr(name)
        known = [known for known in pipeline.by_name if known != step.name]
        yield wrong(
            f"step {step.name!r} names {is_itself} under on_failure, which is no other step",
            suggest(name, known),
        )
        return
    if step.optional:
        what = (
            f"step {step.name!r} is optional and has a fallback; only one of the two can answer its failure"
        )
        yield wrong(what, f"move `optional: true` to {name}", "optional")
    for key in ("when", "on_failure"):
        if getattr(other, key):
            what = f"step {name!r} stands in for {step.name!r} when that fails, and has `{key}` itself"
            yield wrong(what, f"drop `{key}` of {name}")
    first = next(one.name for one in pipeline.steps if one.on_failure == name)
    if first != step.name:
        what = f"step {name!r} stands in for {first!r} already, and {step.name!r} names it too"
        yield wrong(what, "give each its own fallback")
    yield from _datasets_of_fallback(step, other, pipeline)


def _datasets_of_fallback(step: Step, other: Step, pipeline: Pipeline) -> Iterator[Finding]:
    for dataset in sorted({*step.made} & {*other.inputs.values()}):
        yield Finding(
            "PPF566",
            f"step {other.name!r} stands in for {step.name!r} when that fails, and reads {dataset!r} of it",
            step=step.name,
            path=("on_failure",),
            fix="let it read what was there before",
        )
    for reader in pipeline.steps:
        for dataset in dict.fromkeys(reader.inputs.values()):
            if dataset in step.made and dataset not in {*other.made, *reader.spared} and reader != other:
                yield Finding(
                    "PPF566",
                    f"step {other.name!r} stands in for {step.name!r} when that fails, "
                    f"and does not make {dataset!r}, which {reader.name!r} reads",
                    step=step.name,
                    path=("on_failure",),
                    fix=f"let {other.name} make {dataset} too, or mark it `required: false` in {reader.name}",
                )
