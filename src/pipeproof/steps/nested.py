"""``pipeline``: another pipeline file as a part of this one; the loader puts its steps in its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from pipeproof.errors import Finding
from pipeproof.model.contract import Contract
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.step import Step
from pipeproof.ports import Job, Objects, StepKind, Wiring, option


@dataclass(frozen=True, slots=True)
class NestedConfig:
    """What a pipeline within a pipeline needs."""

    file: str = option(doc="The other pipeline file.")
    inputs: Mapping[str, str] = option(
        factory=dict, doc="Source of the other pipeline → dataset of this one that stands for it."
    )
    outputs: Mapping[str, str] = option(
        factory=dict, doc="Dataset of the other pipeline → its name here; STEP.DATASET unless given."
    )
    parameters: Mapping[str, Any] = option(
        factory=dict, doc="Parameters of the other pipeline; {parameter} is one of this one."
    )


def _wire(_name: str, _config: Any, _contract: Contract) -> Wiring:
    return Wiring()


def _never(*_given: Any) -> NoReturn:
    raise AssertionError("a pipeline within a pipeline is its steps by now")


def _check(step: Step, _pipeline: Pipeline) -> Iterable[Finding]:
    yield Finding(
        "PPF571",
        f"step {step.name!r} is a whole pipeline, which only files can name",
        step=step.name,
        fix="in Python, write pipeline | other.under(name, inputs={...})",
    )


def _prepare(_job: Job, _objects: Objects) -> NoReturn:
    _never()


KIND = StepKind(
    name="pipeline",
    summary="another pipeline file, as a part of this one",
    config=NestedConfig,
    example="""\
- name: prepare
  type: pipeline
  config:
    file: prepare.yaml
    inputs: {raw: flights}
    outputs: {clean: clean_flights}
    parameters: {days: 30}
""",
    wire=_wire,
    prepare=_prepare,
    collect=_never,
    check=_check,
    paths={"file": "PPF571"},
)
