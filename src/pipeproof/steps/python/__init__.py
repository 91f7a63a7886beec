"""``python``: a function, plain or async, whose parameters are named after the data it needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import Contract, frozen
from pipeproof.model.step import Isolation, Step
from pipeproof.ports import Entry, Job, Objects, Program, Result, StepKind, Wiring, config_of, option
from pipeproof.steps.counterpart import Counterpart
from pipeproof.steps.keeping import give, take
from pipeproof.steps.staging import previous_of


@dataclass(frozen=True, slots=True)
class PythonConfig:
    """What a python step needs."""

    function: str = option(doc="The function, as module:function or path/to/file.py:function.")
    inputs: Mapping[str, str] | list[str] = option(
        factory=dict,
        doc="Parameter of the function → dataset it gets; a list when the names are the same.",
    )
    outputs: Mapping[str, str] | list[str] = option(
        factory=dict,
        doc="Key of the returned dict → dataset; without it the whole result is one dataset.",
    )
    output_name: str = option("", doc="Dataset that the result makes; the step's name unless given.")
    arguments: Mapping[str, Any] = option(
        factory=dict, doc="Values of other parameters; {parameter} is filled in."
    )


def _wire(name: str, config: PythonConfig, _contract: Contract) -> Wiring:
    inputs = config.inputs if isinstance(config.inputs, Mapping) else {item: item for item in config.inputs}
    outputs = (
        config.outputs
        if isinstance(config.outputs, Mapping)
        else {item: f"{name}.{item}" for item in config.outputs}
    )
    single = config.output_name or name
    return Wiring(frozen(inputs), frozen(outputs or {single: single}))


def _prepare(job: Job, objects: Objects) -> Program:
    config = config_of(job, PythonConfig)
    own = job.task.isolation == "thread"
    return Program(
        "pipeproof.steps.calls.python:call_function",
        {
            "function": config.function,
            "root": str(job.root),
            "inputs": {
                name: give(job.inputs[dataset], objects, f"{job.scratch_folder}/input/{name}", own=own)
                for name, dataset in job.step.inputs.items()
                if dataset in job.inputs
            },
            "absent": [name for name, dataset in job.step.inputs.items() if dataset not in job.inputs],
            "offered": {
                name: {"value": None}
                if artifact is None
                else give(artifact, objects, f"{job.scratch_folder}/{name}", own=own)
                for name, artifact in previous_of(job).items()
            },
            "arguments": dict(config.arguments),
            "outputs": list(job.step.outputs),
            "datasets": dict(job.step.outputs),
            "split": bool(config.outputs),
            "into": f"{job.scratch_folder}/output",
        },
        path=str(job.root),
        environment=job.step.environment,
        counterpart=Counterpart(job, objects, outputs=True),
    )


def _collect(job: Job, result: Result, objects: Objects) -> Mapping[str, Artifact]:
    return {name: take(made, job.step, name, objects) for name, made in result.value.items()}


def _code(step: Step, root: Path) -> Iterable[Path]:
    file, mark, _ = config_of(step, PythonConfig).function.rpartition(":")
    if mark and file.endswith(".py"):
        yield root / file
    elif mark:
        candidate = root / (file.replace(".", "/") + ".py")
        if candidate.is_file():
            yield candidate


def _entry(step: Step, root: Path) -> Entry | None:
    from pipeproof.steps.python.found import entry_of

    return entry_of(config_of(step, PythonConfig).function, root)


def _takes(step: Step, root: Path) -> Collection[str]:
    from pipeproof.steps.python.found import takes

    return takes(config_of(step, PythonConfig).function, root)


def _asks(step: Step, root: Path) -> bool:
    from pipeproof.steps.python.found import takes_context

    return takes_context(config_of(step, PythonConfig).function, root)


def _meaning(step: Step) -> PythonConfig:
    """Return the config without the number that tells functions of this process apart: their code is in the key."""
    config = config_of(step, PythonConfig)
    if not config.function.startswith("local:"):
        return config
    return replace(config, function=config.function.rpartition(".")[0])


def _isolation(step: Step) -> Isolation:
    function = config_of(step, PythonConfig).function
    return "thread" if function.startswith("local:") else "worker"


KIND = StepKind(
    name="python",
    summary="a function, plain or async",
    config=PythonConfig,
    example="""\
- name: enrich
  type: python
  config:
    function: steps/enrich.py:enrich
    inputs: [flights]
    output_name: enriched
""",
    wire=_wire,
    prepare=_prepare,
    collect=_collect,
    code=_code,
    asks=_asks,
    entry=_entry,
    takes=_takes,
    meaning=_meaning,
    isolation=_isolation,
    templates=("arguments",),
    spares=True,
)
